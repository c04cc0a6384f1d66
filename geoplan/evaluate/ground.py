"""What the findings stand on: land, ledger and figures of one park, each worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import (
    NO,
    YES,
    Bools,
    Floats,
    Ints,
    Strings,
    floats_of,
    strings_of,
    verdict_of,
)
from geoplan.evaluate.findings import share_of
from geoplan.evaluate.land import Land, parcel_of_building
from geoplan.evaluate.measures import Measure, measure_parcels, missing_for
from geoplan.evaluate.occupants import Ledger, operating
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules

__all__ = ["Ground"]

_TAX = Measure(name="tax", layer="performance", column="tax_amount")
_OUTPUT = Measure(name="output", layer="performance", column="output_amount")
_ASSETS = Measure(name="fixed_assets", layer="performance", column="fixed_assets_amount")


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """One park as the findings read it; by parcel, NaN where something is not known.

    Attributes
    ----------
    year
        The last year with figures of the scenario's measure.
    gradings
        Long table of ``enterprise_id``, ``year``, ``grade``; ``None`` where nobody graded.
    zone_of
        Whose mean counts for each parcel, as a number, -1 for none; all together if not given.
    """

    park: Park
    rules: Rules
    land: Land
    ledger: Ledger | None
    year: int | None
    gradings: pd.DataFrame | None = None
    zone_of: Ints | None = None

    @property
    def group(self) -> Ints:
        """The group that each parcel is compared in; -1 for none."""
        return np.zeros(len(self.land), dtype=np.int64) if self.zone_of is None else self.zone_of

    def assessed_amount(self, what: str) -> Floats:
        """Assessed value of ``land``, ``improvement`` or ``total`` in the last year of layer ``valuation``."""
        measure = Measure(name=what, layer="valuation", column=f"{what}_amount")
        if missing_for(self.park, measure) is not None:
            return np.full(len(self.land), np.nan)
        measured = measure_parcels(
            self.park, measure=measure, ledger=None, area_m2=self.land.area_m2
        )
        is_last = measured.years == int(self.park.layers["valuation"]["year"].max())
        return measured.amount[:, -1] if is_last[-1] else np.full(len(self.land), np.nan)

    def parcel_number(self, column: str) -> Floats:
        """A column of the parcels."""
        return floats_of(self.park.parcels, column)

    def codes(self, column: str) -> Strings:
        """A column of codes of the parcels; empty where unknown."""
        return strings_of(self.park.parcels, column)

    @cached_property
    def operating(self) -> Strings:
        """How the firms run: normal, reduced, stopped, unknown."""
        return np.asarray(operating(self.ledger, len(self.land)), dtype=object)

    @cached_property
    def firms_in_use(self) -> Ints:
        """Entries of the ledger that use the parcel."""
        ledger = self.ledger
        if ledger is None:
            return np.zeros(len(self.land), dtype=np.int64)
        return ledger.count(ledger.is_current & ~ledger.is_empty)

    def _history(self, measure: Measure) -> tuple[Floats, Floats]:
        """A measure by parcel and year, and the years; one unknown year where there are no figures."""
        if self.ledger is None or missing_for(self.park, measure) is not None:
            return np.full((len(self.land), 1), np.nan), np.array([np.nan])
        measured = measure_parcels(
            self.park, measure=measure, ledger=self.ledger, area_m2=self.land.area_m2
        )
        return measured.amount, measured.years.astype(np.float64)

    @cached_property
    def invested_per_m2(self) -> Floats:
        """Fixed assets over land, of the last year that knows them."""
        amount, _ = self._history(_ASSETS)
        last = pd.DataFrame(amount).ffill(axis="columns").iloc[:, -1].to_numpy(dtype=np.float64)
        return np.asarray(last / self.land.area_m2)

    @cached_property
    def tax_per_m2(self) -> tuple[Floats, Floats]:
        """Tax over land in the last year with tax figures, and its area-weighted mean over the assessed land."""
        amount = self._history(_TAX)[0][:, -1]
        known = self.land.is_assessed & ~np.isnan(amount) & ~np.isnan(self.land.area_m2)
        area = self.land.area_m2[known].sum()
        mean = amount[known].sum() / area if area > 0 else np.nan
        return amount / self.land.area_m2, np.full(len(amount), mean)

    @cached_property
    def years_without_output(self) -> tuple[Floats, Floats]:
        """Years in a row without output up to the last year: those known, and those there could be."""
        amount, _ = self._history(_OUTPUT)
        back = amount[:, ::-1]
        known = np.logical_and.accumulate(back == 0, axis=1).sum(axis=1)
        perhaps = np.logical_and.accumulate((back == 0) | np.isnan(back), axis=1)
        could = np.where(perhaps.all(axis=1), np.inf, perhaps.sum(axis=1))
        return known.astype(np.float64), could

    def shares_of(self, status: str) -> tuple[Floats, Floats]:
        """Part of each parcel that firms of one state use: surely, and at most."""
        ledger = self.ledger
        if ledger is None:
            return self._nothing_known()
        sure = ledger.is_current & (ledger.status == status)
        return self._shares(ledger, sure, sure | (ledger.is_current & (ledger.status == "")))

    @cached_property
    def let_shares(self) -> tuple[Floats, Floats]:
        """Part of each parcel that tenants use: surely, and at most."""
        ledger = self.ledger
        if ledger is None:
            return self._nothing_known()
        now = ledger.is_current
        return self._shares(ledger, now & (ledger.is_tenant == YES), now & (ledger.is_tenant != NO))

    def _shares(self, ledger: Ledger, sure: Bools, perhaps: Bools) -> tuple[Floats, Floats]:
        here = ledger.count(ledger.is_current) > 0
        least, _ = share_of(ledger, sure, unmeasured=np.nan)
        most, _ = share_of(ledger, perhaps, unmeasured=np.nan)
        return np.where(here, least, np.nan), np.where(here, most, np.nan)

    def _nothing_known(self) -> tuple[Floats, Floats]:
        nothing = np.full(len(self.land), np.nan)
        return nothing, nothing

    @cached_property
    def _buildings(self) -> tuple[pd.DataFrame, Ints] | None:
        """Buildings that stand on a parcel, with footprint and floors, and which parcel that is."""
        table = self.park.places("buildings")
        if table is None:
            return None
        at = parcel_of_building(table, self.park.parcels)
        footprint = table.area.to_numpy()
        storeys = floats_of(table, "storey_count")
        floor = floats_of(table, "floor_area_m2")
        facts = pd.DataFrame(
            {
                "footprint": footprint,
                "floor": np.where(np.isnan(floor), footprint * storeys, floor),
                "storey_m": floats_of(table, "height_m") / np.where(storeys > 0, storeys, np.nan),
                "is_double": verdict_of(table, "is_double_counted"),
            }
        )
        return facts[at >= 0], at[at >= 0]

    def counted_floor_m2(self, high_m: float) -> Floats:
        """Floor area that counts: double where a storey is higher than ``high_m``, or the survey says so."""
        if self._buildings is None:
            return self.land.floor_area_m2
        facts, at = self._buildings
        is_high = (facts["is_double"] == YES) | (
            (facts["is_double"] != NO) & (facts["storey_m"] > high_m)
        )
        floor = (facts["floor"] * np.where(is_high, 2.0, 1.0)).to_numpy()
        count = len(self.land)
        total = np.bincount(at, weights=floor, minlength=count).astype(np.float64)
        return np.where(np.isnan(total), self.land.floor_area_m2, total)

    @cached_property
    def covered_m2(self) -> Floats:
        """Ground under buildings; not known without layer ``buildings``."""
        count = len(self.land)
        if self._buildings is None:
            return np.where(self.land.has_building == NO, 0.0, np.nan)
        facts, at = self._buildings
        return np.bincount(at, weights=facts["footprint"], minlength=count).astype(np.float64)

    def firms_in_trades(self, codes: tuple[str, ...]) -> tuple[Ints, Ints, Ints]:
        """Firms on each parcel whose industry code begins with one of these, whose code is unknown, and all."""
        nobody = np.zeros(len(self.land), dtype=np.int64)
        ledger, table = self.ledger, self.park.get("enterprises")
        if ledger is None or table is None:
            return nobody, nobody, nobody
        trade = pd.Series(strings_of(table, "industry_code"), index=table.index, dtype=object)
        own = trade.reindex(ledger.firm_ids).fillna("").to_numpy(dtype=object)[ledger.firm]
        plain = [str(code).strip().lstrip("ABCDEFGHIJKLMNOPQRST") for code in own]
        is_banned = np.array([code.startswith(codes) for code in plain], dtype=bool)
        # a shorter code ("26") may stand for a banned one ("2614")
        is_open = np.array(
            [not code or any(one.startswith(code) for one in codes) for code in plain], dtype=bool
        )
        now = ledger.is_current
        return (
            ledger.count(now & is_banned),
            ledger.count(now & is_open & ~is_banned),
            ledger.count(now),
        )

    @cached_property
    def years_of_grade_d(self) -> tuple[Floats, Bools]:
        """Longest run of grade D, up to the last graded year, of the firms on each parcel; whether all are graded."""
        count, ledger = len(self.land), self.ledger
        if self.gradings is None or ledger is None or self.gradings.empty:
            return np.full(count, np.nan), np.zeros(count, dtype=bool)
        wide = self.gradings.pivot_table(
            index="enterprise_id", columns="year", values="grade", aggfunc="last"
        )
        years = range(int(wide.columns.min()), int(wide.columns.max()) + 1)
        wide = wide.reindex(index=ledger.firm_ids, columns=list(years))
        is_d = (wide == "D").to_numpy()[:, ::-1]
        run = np.logical_and.accumulate(is_d, axis=1).sum(axis=1)[ledger.firm]
        graded = wide.notna().to_numpy()[:, -1][ledger.firm]
        now, inside = ledger.is_current, ledger.parcel < count
        longest = np.zeros(count, dtype=np.int64)
        np.maximum.at(longest, ledger.parcel[now & inside], run[now & inside])
        here = ledger.count(now)
        return longest.astype(np.float64), (here > 0) & (ledger.count(now & ~graded) == 0)
