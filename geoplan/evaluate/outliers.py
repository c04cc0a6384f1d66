"""Figures of the ledger that can hardly be right: named tests, each with its numbers in a rule pack and its evidence.

A test runs where the rule packs have its numbers. It names the cell, what the cell is held against, and what the cell
would be if the suspicion is right, so that the rest can be tried; nothing is changed in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import YES, Bools, Floats, floats_of, strings_of, verdict_of
from geoplan.evaluate._ratios import land_of_firms
from geoplan.evaluate.land import Land, parcel_of_building, read_land
from geoplan.evaluate.measures import Measure, last_year, measure_parcels, missing_for
from geoplan.evaluate.occupants import Ledger, read_ledger
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import columns_of

__all__ = ["TESTS", "Odd", "OddTest", "find_odd"]

_SLIP = 10_000.0  # wan: what 10,000 yuan are called, so what a figure is off by
_OUTPUT = Measure(name="output", layer="performance", column="output_amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """One suspicious cell.

    Attributes
    ----------
    row
        Its place in the layer.
    value, expected, limit
        What the ledger says, what it is held against, and the number of the rule packs.
    mended
        What the cell would be; NaN for unknown, ``None`` where the verdicts do not read it.
    """

    test: str
    layer: str
    row: int
    column: str
    value: float
    expected: float
    limit: float
    mended: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OddTest:
    """A named test: who finds, and the numbers it needs, the first of them the limit."""

    name: str
    find: Callable[[_Facts], Iterator[Odd]]
    numbers: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The number it rests on."""
        return f"quality.{self.name}.{self.numbers[0]}"

    def is_asked(self, rules: Rules) -> bool:
        """Whether the packs loaded switch it on."""
        return all(f"quality.{self.name}.{name}" in rules.numbers for name in self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    park: Park
    rules: Rules
    land: Land
    ledger: Ledger | None
    year: int | None

    def limit(self, name: str) -> float:
        return self.rules.value(f"quality.{name}")


def find_odd(park: Park, *, rules: Rules, measure: Measure) -> list[Odd]:
    """All suspicious cells, test by test, each cell with the first test that names it."""
    year = None if missing_for(park, measure) else last_year(park, measure)
    facts = _Facts(
        park=park, rules=rules, land=read_land(park), ledger=read_ledger(park, year=year), year=year
    )
    found: dict[tuple[str, int, str], Odd] = {}
    for test in TESTS:
        if test.is_asked(rules):
            for odd in test.find(facts):
                found.setdefault((odd.layer, odd.row, odd.column), odd)
    return list(found.values())


def unit_own_years(facts: _Facts) -> Iterator[Odd]:
    """A figure thousands of times the median of the same firm's other years, or that small a part of it."""
    table = facts.park.get("performance")
    if table is None:
        return
    factor = facts.limit("unit_own_years.min_factor")
    least = facts.limit("unit_own_years.min_other_years")
    for column in _figures(table):
        value = pd.Series(floats_of(table, column))
        known = value[value > 0]
        for _, own in known.groupby(table["enterprise_id"].to_numpy()[known.index]):
            if len(own) <= least:
                continue
            for row, figure in own.items():
                others = float(own.drop(index=row).median())
                yield from _slip(
                    "unit_own_years", int(str(row)), column,
                    value=figure, expected=others, factor=factor,
                )  # fmt: skip


def unit_trade(facts: _Facts) -> Iterator[Odd]:
    """A figure per land thousands of times the median of its trade in the year, or that small a part of it."""
    table, ledger = facts.park.get("performance"), facts.ledger
    if table is None or ledger is None:
        return
    factor, least = facts.limit("unit_trade.min_factor"), facts.limit("unit_trade.min_peers")
    firm = ledger.firm_ids.get_indexer(pd.Index(table["enterprise_id"]))
    trade = _trades(facts.park, ledger)
    years = floats_of(table, "year")
    for year in np.unique(years[~np.isnan(years)]):
        land = land_of_firms(ledger, area_m2=facts.land.area_m2, year=int(year)).area_m2
        rows = np.flatnonzero((years == year) & (firm >= 0))
        for column in _figures(table):
            value = floats_of(table, column)[rows]
            per_m2 = value / land[firm[rows]]
            use = np.isfinite(per_m2) & (value > 0)
            for at in np.flatnonzero(use):
                others = use.copy()
                others[at] = False
                own_trade = others & (trade[firm[rows]] == trade[firm[rows[at]]])
                peers = own_trade if own_trade.sum() >= least else others
                if peers.sum() >= least:
                    expected = float(np.median(per_m2[peers])) * land[firm[rows[at]]]
                    yield from _slip(
                        "unit_trade", int(rows[at]), column,
                        value=value[at], expected=expected, factor=factor,
                    )  # fmt: skip


def _slip(  # noqa: PLR0913  (each is a part of what the cell is told by)
    test: str, row: int, column: str, *, value: float, expected: float, factor: float
) -> Iterator[Odd]:
    if value >= expected * factor or value * factor <= expected:
        mended = value / _SLIP if value > expected else value * _SLIP
        yield Odd(
            test=test, layer="performance", row=row, column=column, value=float(value),
            expected=expected, limit=factor, mended=float(mended),
        )  # fmt: skip


def _figures(table: pd.DataFrame) -> list[str]:
    known = columns_of("performance")
    return [name for name in known if known[name].kind in {"amount", "number"} and name in table]


def _trades(park: Park, ledger: Ledger) -> np.ndarray:
    """Division of GB/T 4754 of each firm; empty where it is not known."""
    table = park.get("enterprises")
    if table is None:
        return np.full(len(ledger.firm_ids), "", dtype=object)
    codes = pd.Series(strings_of(table, "industry_code"), index=table.index, dtype="str")
    division = codes.str.extract(r"^\s*[A-T]?(\d{2})", expand=False).fillna("")
    return division.reindex(ledger.firm_ids).fillna("").to_numpy(dtype=object)


def tax_above_revenue(facts: _Facts) -> Iterator[Odd]:
    """More tax than revenue."""
    limit = facts.limit("tax_above_revenue.max_share")
    yield from _part_above_whole(facts, "tax_above_revenue", "tax_amount", "revenue_amount", limit)


def value_added_above_output(facts: _Facts) -> Iterator[Odd]:
    """More value added than output."""
    limit = facts.limit("value_added_above_output.max_share")
    name = "value_added_above_output"
    yield from _part_above_whole(facts, name, "value_added_amount", "output_amount", limit)


def _part_above_whole(
    facts: _Facts, test: str, part: str, whole: str, limit: float
) -> Iterator[Odd]:
    table = facts.park.get("performance")
    if table is None:
        return
    above, below = floats_of(table, part), floats_of(table, whole)
    yield from _each(
        test, "performance", part,
        is_odd=above > limit * below, value=above, expected=below, limit=limit, mended=np.nan,
    )  # fmt: skip


def staff_jump(facts: _Facts) -> Iterator[Odd]:
    """Staff that grows or shrinks by a factor, and by many, from one year to the next."""
    table = facts.park.get("performance")
    if table is None or "average_staff_count" not in table:
        return
    factor = facts.limit("staff_jump.max_factor")
    least = facts.limit("staff_jump.min_change")
    rows = pd.DataFrame(
        {
            "firm": table["enterprise_id"].to_numpy(),
            "year": floats_of(table, "year"),
            "staff": floats_of(table, "average_staff_count"),
        }
    ).sort_values(["firm", "year"], kind="stable")
    before = rows.groupby("firm")["staff"].shift()
    follows = rows.groupby("firm")["year"].diff() == 1
    ratio = rows["staff"] / before
    jumps = follows & ((ratio > factor) | (ratio < 1 / factor))
    jumps &= (rows["staff"] - before).abs() >= least
    for row in rows.index[jumps]:
        yield Odd(
            test="staff_jump", layer="performance", row=int(row), column="average_staff_count",
            value=float(rows.loc[row, "staff"]), expected=float(before[row]), limit=factor, mended=None,
        )  # fmt: skip


def shares_above_one(facts: _Facts) -> Iterator[Odd]:
    """Shares of the land of one parcel that add up to more than the parcel in the last year with figures."""
    ledger = facts.ledger
    if ledger is None:
        return
    limit = facts.limit("shares_above_one.max_share")
    now = ledger.is_current if facts.year is None else ledger.is_active(facts.year)
    now = now & ~np.isnan(ledger.land_share)
    total = ledger.total(now, ledger.land_share)
    for parcel in np.flatnonzero(total > limit + 1e-6):
        row = int(np.flatnonzero(now & (ledger.parcel == parcel))[-1])
        rest = float(total[parcel] - ledger.land_share[row])
        yield Odd(
            test="shares_above_one", layer="occupancy", row=row, column="land_share",
            value=float(total[parcel]), expected=limit, limit=limit, mended=max(limit - rest, 0.0),
        )  # fmt: skip


def occupied_floor(facts: _Facts) -> Iterator[Odd]:
    """Firms that use more floor than stands on the parcel."""
    ledger = facts.ledger
    if ledger is None:
        return
    limit = facts.limit("occupied_floor.max_share")
    now = ledger.is_current & ~np.isnan(ledger.floor_m2)
    used, stands = ledger.total(now, ledger.floor_m2), facts.land.floor_area_m2
    for parcel in np.flatnonzero(used > limit * stands):
        row = int(np.flatnonzero(now & (ledger.parcel == parcel))[-1])
        yield Odd(
            test="occupied_floor", layer="occupancy", row=row, column="floor_area_m2",
            value=float(used[parcel]), expected=float(stands[parcel]), limit=limit, mended=np.nan,
        )  # fmt: skip


def area_differs(facts: _Facts) -> Iterator[Odd]:
    """An area by document that is not that of the polygon; the polygon counts, so no verdict reads it."""
    limit = facts.limit("area_differs.max_share")
    document, drawn = floats_of(facts.park.parcels, "land_area_m2"), facts.land.area_m2
    is_odd = np.abs(document - drawn) > limit * drawn
    yield from _each(
        "area_differs", "parcels", "land_area_m2",
        is_odd=is_odd, value=document, expected=drawn, limit=limit, mended=None,
    )  # fmt: skip


def storeys_differ(facts: _Facts) -> Iterator[Odd]:
    """Floor area of a building that is far from its footprint times its storeys."""
    table = facts.park.places("buildings")
    if table is None:
        return
    limit = facts.limit("storeys_differ.max_factor")
    floor = floats_of(table, "floor_area_m2")
    stacked = table.area.to_numpy() * floats_of(table, "storey_count")
    is_odd = (floor > limit * stacked) | (floor * limit < stacked)
    yield from _each(  # left unknown, the footprint times the storeys counts
        "storeys_differ", "buildings", "floor_area_m2",
        is_odd=is_odd, value=floor, expected=stacked, limit=limit, mended=np.nan,
    )  # fmt: skip


def high_ratio(facts: _Facts) -> Iterator[Odd]:
    """More floor on the land than any plant has."""
    limit = facts.limit("high_ratio.max_ratio")
    buildings, land = facts.park.places("buildings"), facts.land
    ratio = land.floor_area_m2 / land.area_m2
    if buildings is None:
        own = floats_of(facts.park.parcels, "floor_area_m2")
        yield from _each(
            "high_ratio", "parcels", "floor_area_m2", is_odd=ratio > limit, value=own,
            expected=limit * land.area_m2, limit=limit, mended=np.nan,
        )  # fmt: skip
        return
    at = parcel_of_building(buildings, facts.park.parcels)
    floor = floats_of(buildings, "floor_area_m2")
    for parcel in np.flatnonzero(ratio > limit):
        here = np.flatnonzero((at == parcel) & ~np.isnan(floor))
        if len(here):
            row = int(here[np.argmax(floor[here])])
            yield Odd(
                test="high_ratio", layer="buildings", row=row, column="floor_area_m2",
                value=float(floor[row]), expected=float(limit * land.area_m2[parcel]), limit=limit,
                mended=np.nan,
            )  # fmt: skip


def vacant_with_output(facts: _Facts) -> Iterator[Odd]:
    """Land recorded as vacant whose firms report output in the last year with figures."""
    if facts.ledger is None or missing_for(facts.park, _OUTPUT) is not None:
        return
    limit = facts.limit("vacant_with_output.min_amount_per_m2")
    area = facts.land.area_m2
    amount = measure_parcels(facts.park, measure=_OUTPUT, ledger=facts.ledger, area_m2=area).amount[
        :, -1
    ]
    is_vacant = verdict_of(facts.park.parcels, "is_vacant") == YES
    for parcel in np.flatnonzero(is_vacant & (amount / area > limit)):
        yield Odd(
            test="vacant_with_output", layer="parcels", row=int(parcel), column="is_vacant",
            value=1.0, expected=float(amount[parcel]), limit=limit, mended=0.0,
        )  # fmt: skip


def _each(  # noqa: PLR0913  (each is a part of what the cells are told by)
    test: str,
    layer: str,
    column: str,
    *,
    is_odd: Bools,
    value: Floats,
    expected: Floats,
    limit: float,
    mended: float | None,
) -> Iterator[Odd]:
    for row in np.flatnonzero(is_odd):
        yield Odd(
            test=test, layer=layer, row=int(row), column=column, value=float(value[row]),
            expected=float(expected[row]), limit=limit, mended=mended,
        )  # fmt: skip


#: All tests, in the order in which a cell takes the first that names it.
TESTS: tuple[OddTest, ...] = (
    OddTest(name="unit_own_years", find=unit_own_years, numbers=("min_factor", "min_other_years")),
    OddTest(name="unit_trade", find=unit_trade, numbers=("min_factor", "min_peers")),
    OddTest(name="tax_above_revenue", find=tax_above_revenue, numbers=("max_share",)),
    OddTest(name="value_added_above_output", find=value_added_above_output, numbers=("max_share",)),
    OddTest(name="staff_jump", find=staff_jump, numbers=("max_factor", "min_change")),
    OddTest(name="shares_above_one", find=shares_above_one, numbers=("max_share",)),
    OddTest(name="occupied_floor", find=occupied_floor, numbers=("max_share",)),
    OddTest(name="area_differs", find=area_differs, numbers=("max_share",)),
    OddTest(name="storeys_differ", find=storeys_differ, numbers=("max_factor",)),
    OddTest(name="high_ratio", find=high_ratio, numbers=("max_ratio",)),
    OddTest(name="vacant_with_output", find=vacant_with_output, numbers=("min_amount_per_m2",)),
)
