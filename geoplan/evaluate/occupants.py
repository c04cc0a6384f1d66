"""Who uses each parcel: the ledger of firms as arrays, read once for all tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import (
    Bools,
    Codes,
    Floats,
    Ints,
    Strings,
    categories,
    floats_of,
    strings_of,
    sum_where,
    verdict_of,
    verdicts,
)
from geoplan.evaluate.land import standing_floor
from geoplan.model.ledger import current_rows, dates_of
from geoplan.model.park import Park

__all__ = ["Ledger", "operating", "read_ledger"]

_EMPTY = ("vacant", "unbuilt")
_NOT_RUNNING = ("stopped", *_EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ledger:
    """The link of firms and parcels, row by row of ``occupancy``.

    Attributes
    ----------
    parcel
        Position of the parcel; ``parcel_count`` where the park has no such parcel.
    firm
        Position in ``firm_ids``.
    floor_m2, land_share
        What the row says, NaN where it says nothing.
    is_tenant, is_industrial
        1 yes, 0 no, -1 unknown.
    status
        ``operating_status`` of the firm, empty where unknown.
    is_current
        Whether the row still counts (:func:`geoplan.model.ledger.current_rows`).
    first_year, last_year
        Years in which the firm came and left; without a date it was always there, and still is.
    firm_ids, firm_names
        The firms: those of ``enterprises`` first, then those only ``occupancy`` knows.
    parcel_count
        How many parcels there are.
    plot_floor_m2
        Floor area that stands on each parcel, NaN where unknown.
    """

    parcel: Ints
    firm: Ints
    floor_m2: Floats
    land_share: Floats
    is_tenant: Codes
    is_industrial: Codes
    status: Strings
    is_current: Bools
    first_year: Floats
    last_year: Floats
    firm_ids: pd.Index
    firm_names: Strings
    parcel_count: int
    plot_floor_m2: Floats

    @property
    def is_empty(self) -> Bools:
        """Rows whose firm is recorded as vacant or not built yet: it holds the land and does not use it."""
        return np.isin(self.status, _EMPTY)

    def is_active(self, year: int) -> Bools:
        """Rows in force at some time of a year."""
        return np.asarray((self.first_year <= year) & (self.last_year >= year))

    def count(self, rows: Bools) -> Ints:
        """How many of these rows each parcel has."""
        return np.bincount(self.parcel[rows], minlength=self.parcel_count + 1)[:-1]

    def total(self, rows: Bools, values: Floats) -> Floats:
        """Sum of values over these rows, by parcel; NaN where one is unknown, 0 where there are none."""
        return sum_where(rows, values, self.parcel, self.parcel_count + 1, empty=0.0)[:-1]


def read_ledger(park: Park, *, year: int | None) -> Ledger | None:
    """The ledger of a park, current at the end of a year; ``None`` without layer ``occupancy``."""
    occupancy = park.get("occupancy")
    if occupancy is None:
        return None
    enterprises = park.get("enterprises")
    ids = pd.Index(occupancy["enterprise_id"])
    known = ids[:0] if enterprises is None else enterprises.index
    others = ids[known.get_indexer(ids) < 0]
    firm_ids = known.append(others.difference(known)) if len(others) else known
    firms = pd.DataFrame(index=firm_ids) if enterprises is None else enterprises.reindex(firm_ids)
    firm = firm_ids.get_indexer(ids).astype(np.int64)
    parcel = park.parcels.index.get_indexer(pd.Index(occupancy["parcel_id"])).astype(np.int64)
    role, names = strings_of(occupancy, "role"), strings_of(firms, "name")
    return Ledger(
        parcel=np.where(parcel < 0, len(park.parcels), parcel),
        firm=firm,
        floor_m2=floats_of(occupancy, "floor_area_m2"),
        land_share=floats_of(occupancy, "land_share"),
        is_tenant=verdicts(role == "tenant", role == "owner"),
        is_industrial=verdict_of(firms, "is_industrial_use")[firm],
        status=strings_of(firms, "operating_status")[firm],
        is_current=current_rows(occupancy, year=year).to_numpy(dtype=bool),
        first_year=_years(occupancy, "from_date", otherwise=-np.inf),
        last_year=_years(occupancy, "to_date", otherwise=np.inf),
        firm_ids=firm_ids,
        firm_names=np.where(names == "", firm_ids.to_numpy(dtype=object), names),
        parcel_count=len(park.parcels),
        plot_floor_m2=standing_floor(park)[0],
    )


def operating(ledger: Ledger | None, count: int) -> pd.Categorical:
    """How the firms on each parcel run, the worst counting: normal, reduced, stopped or unknown.

    All stopped (or empty) is stopped; any that does not run normally is reduced; all normal is normal; a parcel
    without firms, or with normal firms and some nobody knows of, is unknown.
    """
    summary = np.zeros(count, dtype=np.int8)
    if ledger is None:
        return _how(summary)
    now = ledger.is_current
    here = ledger.count(now)
    stopped = ledger.count(now & np.isin(ledger.status, _NOT_RUNNING))
    normal = ledger.count(now & (ledger.status == "normal"))
    named = ledger.count(now & (ledger.status != ""))
    summary[(here > 0) & (normal == here)] = 1
    summary[named > normal] = 2
    summary[(here > 0) & (stopped == here)] = 3
    return _how(summary)


def _how(code: Codes) -> pd.Categorical:
    return categories(code, ("unknown", "normal", "reduced", "stopped"))


def _years(table: pd.DataFrame, column: str, *, otherwise: float) -> Floats:
    years = dates_of(table, column).dt.year.astype(np.float64)
    return np.where(years.isna(), otherwise, years.to_numpy(dtype=np.float64))
