"""Who uses each parcel, and what stands on it: the ledger as arrays, read once for all tests."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.model.ledger import dates_of
from geoplan.model.park import Park

__all__ = [
    "NO",
    "UNKNOWN",
    "YES",
    "Ledger",
    "operating",
    "read_ledger",
    "standing_floor",
]

Codes = NDArray[np.int8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

YES, NO, UNKNOWN = 1, 0, -1

_NOT_RUNNING = ("stopped", "vacant", "unbuilt")
_EMPTY = ("vacant", "unbuilt")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ledger:
    """The link of firms and parcels, row by row of ``occupancy``.

    Attributes
    ----------
    parcel
        Position of the parcel; the number of parcels where the row names none of them.
    firm
        Position in ``firm_ids``.
    floor_m2, land_share
        What the row says, NaN where it says nothing.
    is_tenant, is_industrial
        1 yes, 0 no, -1 unknown.
    status
        ``operating_status`` of the firm, empty where unknown.
    first_year, last_year
        Years in which the firm came and left; without a date it was always there, and still is.
    firm_ids, firm_names
        The firms: those of ``enterprises`` first, then those only ``occupancy`` knows.
    parcel_count
        How many parcels there are.
    """

    parcel: Ints
    firm: Ints
    floor_m2: Floats
    land_share: Floats
    is_tenant: Codes
    is_industrial: Codes
    status: NDArray[np.object_]
    first_year: Floats
    last_year: Floats
    firm_ids: pd.Index
    firm_names: NDArray[np.object_]
    parcel_count: int

    def is_active(self, year: int) -> Bools:
        """Rows in force at some time of a year."""
        return np.asarray((self.first_year <= year) & (self.last_year >= year))

    def count(self, rows: Bools) -> Ints:
        """How many of these rows each parcel has."""
        chosen = self.parcel[rows]
        return np.bincount(chosen, minlength=self.parcel_count + 1)[: self.parcel_count]

    def total(self, rows: Bools, values: Floats) -> Floats:
        """Sum of values over these rows, by parcel; NaN where one is unknown."""
        sums = np.bincount(self.parcel[rows], weights=values[rows], minlength=self.parcel_count + 1)
        return sums[: self.parcel_count]


def read_ledger(park: Park) -> Ledger | None:
    """The ledger of a park; ``None`` without layer ``occupancy``."""
    occupancy = park.get("occupancy")
    if occupancy is None:
        return None
    enterprises = park.get("enterprises")
    known = pd.Index([]) if enterprises is None else enterprises.index
    ids = pd.Index(occupancy["enterprise_id"])
    firm_ids = known.append(ids.difference(known)) if len(known) else ids.unique().sort_values()
    firms = pd.DataFrame(index=firm_ids) if enterprises is None else enterprises.reindex(firm_ids)
    firm = firm_ids.get_indexer(ids)
    parcel = park.parcels.index.get_indexer(pd.Index(occupancy["parcel_id"]))
    begins, leaves = dates_of(occupancy, "from_date"), dates_of(occupancy, "to_date")
    return Ledger(
        parcel=np.where(parcel < 0, len(park.parcels), parcel).astype(np.int64),
        firm=firm.astype(np.int64),
        floor_m2=floats_of(occupancy, "floor_area_m2"),
        land_share=floats_of(occupancy, "land_share"),
        is_tenant=_tenancy(occupancy),
        is_industrial=verdict_of(firms, "is_industrial_use")[firm],
        status=_strings(firms, "operating_status")[firm],
        first_year=begins.dt.year.fillna(-np.inf).to_numpy(dtype=float),
        last_year=leaves.dt.year.fillna(np.inf).to_numpy(dtype=float),
        firm_ids=firm_ids,
        firm_names=_names(firms),
        parcel_count=len(park.parcels),
    )


def operating(ledger: Ledger | None, current: Bools | None, count: int) -> NDArray[np.object_]:
    """How the firms on each parcel run, the worst counting: normal, reduced, stopped or unknown.

    All stopped (or empty) is stopped; any that does not run normally is reduced; all normal is normal; a parcel
    without firms, or with normal firms and some nobody knows of, is unknown.
    """
    summary = np.full(count, "unknown", dtype=object)
    if ledger is None or current is None:
        return summary
    here = ledger.count(current)
    stopped = ledger.count(current & np.isin(ledger.status, _NOT_RUNNING))
    normal = ledger.count(current & (ledger.status == "normal"))
    named = ledger.count(current & (ledger.status != ""))
    summary[(here > 0) & (normal == here)] = "normal"
    summary[named > normal] = "reduced"
    summary[(here > 0) & (stopped == here)] = "stopped"
    return summary


def empty_rows(ledger: Ledger) -> Bools:
    """Rows whose firm is recorded as vacant or not built yet: it holds the land and does not use it."""
    return np.isin(ledger.status, _EMPTY)


def standing_floor(park: Park) -> tuple[Floats, Codes]:
    """Floor area that stands on each parcel [m2], and whether anything does (1 yes, 0 no, -1 unknown).

    Counted from layer ``buildings`` (a building without ``floor_area_m2`` counts with its footprint times its storeys;
    one that names no parcel stands where its inner point lies), else taken from the parcel's own ``floor_area_m2``.
    """
    own = floats_of(park.parcels, "floor_area_m2")
    buildings = park.places("buildings")
    if buildings is None:
        return own, _verdicts(own > 0, own == 0)
    at = _parcel_of_building(buildings, park.parcels)
    inside = at >= 0
    floor = floats_of(buildings, "floor_area_m2")
    stacked = buildings.area.to_numpy() * floats_of(buildings, "storey_count")
    floor = np.where(np.isnan(floor), stacked, floor)
    count = len(park.parcels)
    total = np.bincount(at[inside], weights=floor[inside], minlength=count)
    number = np.bincount(at[inside], minlength=count)
    return np.where(np.isnan(total), own, total), _verdicts(number > 0, number == 0)


def verdict_of(table: pd.DataFrame, column: str) -> Codes:
    """A yes-or-no column as 1, 0, -1 unknown; all unknown where the table lacks it."""
    if column not in table:
        return np.full(len(table), UNKNOWN, dtype=np.int8)
    flags = table[column].astype("boolean")
    return flags.astype("Int8").fillna(UNKNOWN).to_numpy(dtype=np.int8)


def _parcel_of_building(buildings: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> Ints:
    named = buildings.get("parcel_id", pd.Series(index=buildings.index, dtype="str"))
    at = parcels.index.get_indexer(pd.Index(named)).astype(np.int64)
    lost = np.flatnonzero((at < 0) & ~buildings.geometry.is_empty.to_numpy())
    if len(lost):
        points = buildings.geometry.iloc[lost].representative_point().to_numpy()
        point, parcel = parcels.sindex.query(points, predicate="intersects", sort=True)
        first = np.unique(point, return_index=True)[1]  # on a border: the first parcel
        at[lost[point[first]]] = parcel[first]
    return at


def _verdicts(yes: Bools, no: Bools) -> Codes:
    return np.where(yes, YES, np.where(no, NO, UNKNOWN)).astype(np.int8)


def _tenancy(occupancy: pd.DataFrame) -> Codes:
    role = _strings(occupancy, "role")
    return _verdicts(role == "tenant", role == "owner")


def floats_of(table: pd.DataFrame, column: str) -> Floats:
    if column not in table:
        return np.full(len(table), np.nan)
    values = table[column].to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _strings(table: pd.DataFrame, column: str) -> NDArray[np.object_]:
    if column not in table:
        return np.full(len(table), "", dtype=object)
    return table[column].astype(object).where(table[column].notna(), "").to_numpy(dtype=object)


def _names(firms: pd.DataFrame) -> NDArray[np.object_]:
    names = _strings(firms, "name")
    return np.where(names == "", firms.index.to_numpy(dtype=object), names)
