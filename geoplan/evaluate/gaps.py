"""What the ledger does not know, column by column and year by year, and every way in which a gap could be filled.

Only columns that evaluation reads are listed, and only cells that are missing there: how long a plant in use has been
empty, or the floor of the only firm on a plot, nobody needs to know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import UNKNOWN, YES, Bools, Floats, floats_of
from geoplan.evaluate._ratios import land_of_firms
from geoplan.evaluate.land import Land, read_land
from geoplan.evaluate.measures import Measure
from geoplan.evaluate.occupants import Ledger, read_ledger
from geoplan.model.park import Park
from geoplan.model.schema import UNKNOWN_USE, columns_of

__all__ = ["Gap", "find_gaps", "with_every_year"]

_MUCH = 1e9  # more than any threshold: floor, storeys, months, money per m2
_DAYS = (pd.Timestamp(1900, 1, 1), pd.Timestamp(2200, 1, 1))
_USES = ("100102", "070102")  # industry, which is assessed, and housing, which is not
_YEARLY = ("performance", "valuation")
#: Columns that only further findings read, and which.
_READ_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "zoned_use": ("plan_mismatch",),
        "expiry_date": ("lease_expired",),
        "contract_investment_amount_per_m2": ("low_investment", "unfinished"),
        "contract_floor_area_ratio": ("unfinished",),
        "industry_code": ("banned_trade",),
        "output_amount": ("stopped",),
        "tax_amount": ("low_tax",),
        "fixed_assets_amount": ("low_investment", "unfinished"),
    }
)
#: Who has the figures of a year.
_OWNERS = {"performance": "enterprise_id", "valuation": "parcel_id"}
_FIGURES = ("output_amount", "tax_amount", "fixed_assets_amount")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """Unknown cells of one column that are filled together: those of one year, or (``None``) of all.

    Figures of all years come in several parts, each of the rows that lack the same years.

    Attributes
    ----------
    rows
        Rows of the layer whose cell is missing.
    row_count
        Rows that should know it.
    fills
        What the cells could be: each an array for those rows; none where no test reads them.
    """

    layer: str
    column: str
    year: int | None
    rows: Bools
    row_count: int
    fills: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    park: Park
    land: Land
    ledger: Ledger | None
    banned: tuple[str, ...]

    def in_use(self) -> Bools:
        ledger = self.ledger
        if ledger is None:
            return np.zeros(len(self.land), dtype=bool)
        return ledger.count(ledger.is_current & ~ledger.is_empty) > 0


def find_gaps(
    park: Park,
    *,
    measure: Measure,
    year: int | None,
    tests: Collection[str],
    banned: tuple[str, ...] = (),
) -> list[Gap]:
    """All gaps of a park whose years are complete (:func:`with_every_year`), figures of years last.

    Parameters
    ----------
    tests
        Further findings that the rule packs ask for; a column that only others read has no ``fills``.
    banned
        Codes of trades that the rule packs ban.
    """
    ledger = read_ledger(park, year=year)
    facts = _Facts(park=park, land=read_land(park), ledger=ledger, banned=banned)
    gaps: list[Gap] = []
    for (layer, column), matters in _MATTERS.items():
        table = park.get(layer)
        if table is None:
            continue
        asked = matters(facts)
        rows = asked & _is_unknown(table, layer, column)
        if rows.any():
            ways = _ways(layer, column, facts) if _is_read(column, tests) else ()
            fills = tuple(np.full(rows.sum(), value) for value in ways)
            gaps.append(
                Gap(layer=layer, column=column, year=None, rows=rows,
                    row_count=int(asked.sum()), fills=fills)
            )  # fmt: skip
    for layer in _YEARLY:
        if layer in park:
            gaps += _yearly_gaps(facts, layer, measure, tests)
    return gaps


def with_every_year(park: Park, *, year: int | None) -> Park:
    """The same park with a row for every firm in every year in which it was on a parcel, and figures exist of others."""
    table, ledger = park.get("performance"), read_ledger(park, year=year)
    if table is None or ledger is None:
        return park
    known = table[["enterprise_id", "year"]].dropna().astype({"year": int})
    years = np.unique(known["year"])
    there = {
        (str(ledger.firm_ids[firm]), int(one))
        for one in years
        for firm in np.unique(
            ledger.firm[ledger.is_active(int(one)) & (ledger.parcel < ledger.parcel_count)]
        )
    }
    lost = sorted(there - set(known.itertuples(index=False, name=None)))
    if not lost:
        return park
    rows = pd.DataFrame(lost, columns=["enterprise_id", "year"])
    rows = rows.astype({name: table[name].dtype for name in rows})
    return park.with_layers(performance=pd.concat([table, rows], ignore_index=True))


def _is_read(column: str, tests: Collection[str]) -> bool:
    readers = _READ_BY.get(column)
    return readers is None or any(name in tests for name in readers)


def _is_unknown(table: pd.DataFrame, layer: str, column: str) -> Bools:
    if column not in table:
        return np.ones(len(table), dtype=bool)
    cells = table[column]
    empty = cells.isna()
    if columns_of(layer)[column].kind == "code":
        empty |= cells.astype("str") == UNKNOWN_USE
    return np.asarray(empty, dtype=bool)


def _ways(layer: str, column: str, facts: _Facts) -> tuple[object, ...]:
    """The ends between which the truth must lie, or every choice there is."""
    item = columns_of(layer)[column]
    if column == "industry_code":
        return ("0000", *facts.banned[:1])
    ways: dict[str, tuple[object, ...]] = {
        "bool": (False, True),
        "choice": item.choices,
        "date": _DAYS,
        "code": _USES,
        "share": (0.0, 1.0),
    }
    return ways.get(item.kind, (0.0, _MUCH))


# ---- where a cell is needed ------------------------------------------------------------------------------------------


def _assessed(facts: _Facts) -> Bools:
    return facts.land.is_assessed


def _use(facts: _Facts) -> Bools:
    return facts.land.is_assessed | facts.land.is_use_unknown


def _perhaps_empty(facts: _Facts) -> Bools:
    """Parcels of which neither the survey nor the ledger says that they are used."""
    land = facts.land
    return np.asarray(land.is_assessed & np.isnan(land.months) & ~facts.in_use(), dtype=bool)


def _since_when(facts: _Facts) -> Bools:
    land = facts.land
    said_empty = land.is_vacant == YES
    silent = (land.is_vacant == UNKNOWN) & ~facts.in_use()
    return np.asarray(land.is_assessed & (said_empty | silent), dtype=bool)


def _no_buildings(facts: _Facts) -> Bools:
    return facts.land.is_assessed & (facts.park.places("buildings") is None)


def _unmeasured(facts: _Facts) -> Bools:
    table = facts.park.layers["buildings"]
    return np.isnan(floats_of(table, "storey_count"))


def _firms_here(facts: _Facts) -> Bools:
    """Firms that are on an assessed parcel now."""
    ledger, table = facts.ledger, facts.park.layers["enterprises"]
    if ledger is None:
        return np.zeros(len(table), dtype=bool)
    assessed = np.append(facts.land.is_assessed, False)[ledger.parcel]
    here = np.unique(ledger.firm[ledger.is_current & assessed])
    return np.isin(np.arange(len(table)), here)


def _links(facts: _Facts) -> Bools:
    ledger = facts.ledger
    if ledger is None:
        return np.zeros(0, dtype=bool)
    assessed = np.append(facts.land.is_assessed, False)[ledger.parcel]
    return np.asarray(assessed & ledger.is_current, dtype=bool)


def _shared_links(facts: _Facts) -> Bools:
    """Links on plots of several firms whose part of the plot is not said otherwise."""
    ledger = facts.ledger
    if ledger is None:
        return np.zeros(0, dtype=bool)
    firms = np.append(ledger.count(ledger.is_current), 0)[ledger.parcel]
    return _links(facts) & (firms > 1) & np.isnan(ledger.land_share) & np.isnan(ledger.floor_m2)


#: The columns that evaluation reads beside the figures of years, and the rows that need them.
_MATTERS: Mapping[tuple[str, str], Callable[[_Facts], Bools]] = MappingProxyType(
    {
        ("parcels", "use"): _use,
        ("parcels", "zoned_use"): _assessed,
        ("parcels", "expiry_date"): _assessed,
        ("parcels", "contract_investment_amount_per_m2"): _assessed,
        ("parcels", "contract_floor_area_ratio"): _assessed,
        ("parcels", "floor_area_m2"): _no_buildings,
        ("parcels", "is_vacant"): _perhaps_empty,
        ("parcels", "vacancy_months"): _since_when,
        ("enterprises", "operating_status"): _firms_here,
        ("enterprises", "is_industrial_use"): _firms_here,
        ("enterprises", "industry_code"): _firms_here,
        ("occupancy", "role"): _links,
        ("occupancy", "floor_area_m2"): _shared_links,
        ("occupancy", "land_share"): _shared_links,
        ("buildings", "floor_area_m2"): _unmeasured,
    }
)


# ---- figures of years ------------------------------------------------------------------------------------------------


def _yearly_gaps(
    facts: _Facts, layer: str, measure: Measure, tests: Collection[str]
) -> Iterator[Gap]:
    """Each column of figures in each year; then, for all years, those together whose rows lack the same years.

    A figure could be nothing, or as much per land as the best known in that year; what is more than that would only move
    the mean. Rows that lack other years are left alone, for they would move the mean of years that are known.
    """
    table = facts.park.layers[layer]
    years = floats_of(table, "year")
    land = _land_of_rows(facts, layer, years)
    asked = land > 0
    wanted = dict.fromkeys(_FIGURES if layer == "performance" else ())
    if measure.layer == layer:
        wanted = {measure.column: None, **wanted}
    for column in wanted:
        is_read = column == measure.column or _is_read(column, tests)
        unknown = asked & _is_unknown(table, layer, column)
        most = _best(floats_of(table, column), land, years) * land
        for year in np.unique(years[unknown]):
            rows = unknown & (years == year)
            count = int((asked & (years == year)).sum())
            yield Gap(layer=layer, column=column, year=int(year), rows=rows, row_count=count,
                      fills=_none_or(most[rows]) if is_read else ())  # fmt: skip
        for rows in _alike(table[_OWNERS[layer]], years, unknown):
            yield Gap(layer=layer, column=column, year=None, rows=rows,
                      row_count=int(asked.sum()), fills=_none_or(most[rows]) if is_read else ())  # fmt: skip


def _alike(owners: pd.Series, years: Floats, unknown: Bools) -> Iterator[Bools]:
    """The unknown rows in groups: those of owners that lack the same years."""
    lost = pd.DataFrame({"owner": owners.to_numpy()[unknown], "year": years[unknown]})
    pattern = {owner: tuple(sorted(own)) for owner, own in lost.groupby("owner")["year"]}
    for same in sorted(set(pattern.values())):
        alike = [owner for owner, lacks in pattern.items() if lacks == same]
        yield unknown & owners.isin(alike).to_numpy(dtype=bool)


def _none_or(most: Floats) -> tuple[np.ndarray, ...]:
    return (np.zeros(len(most)), most)


def _best(values: Floats, land: Floats, years: Floats) -> Floats:
    """The most per land that is known in the year of each row; 1 where nothing is."""
    rate = np.divide(values, land, out=np.full(len(values), np.nan), where=land > 0)
    best = pd.Series(rate).groupby(years).transform("max").to_numpy(dtype=np.float64)
    return np.where(best > 0, best, 1.0)


def _land_of_rows(facts: _Facts, layer: str, years: Floats) -> Floats:
    """Land that each row speaks of [m2], 0 where it speaks of none that is assessed."""
    table = facts.park.layers[layer]
    area = np.where(facts.land.is_assessed, np.nan_to_num(facts.land.area_m2), 0.0)
    if layer == "valuation":
        at = facts.park.parcels.index.get_indexer(pd.Index(table["parcel_id"]))
        return np.asarray(np.append(area, 0.0)[at], dtype=np.float64)
    ledger = facts.ledger
    if ledger is None:
        return np.zeros(len(table))
    firm = ledger.firm_ids.get_indexer(pd.Index(table["enterprise_id"]))
    own = np.zeros(len(table))
    for year in np.unique(years[~np.isnan(years)]):
        active = ledger.is_active(int(year)) & (np.append(area, 0.0)[ledger.parcel] > 0)
        here = np.isin(firm, np.unique(ledger.firm[active]))
        land = land_of_firms(ledger, area_m2=facts.land.area_m2, year=int(year)).area_m2
        land = np.where(np.isnan(land) | (land <= 0), float(np.median(area[area > 0])), land)
        rows = (years == year) & here
        own[rows] = land[firm[rows]]
    return own
