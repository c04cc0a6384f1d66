"""Indicators of the national evaluation of intensive land use in development zones, before and after the plan.

The formulas are those of TD/T 1029 as the software of a provincial evaluation implements them; the standard itself
was not read. Its ideal values are set region by region and are not known: nothing is scored.

Letters: A built-up urban land (A1 housing, A2 industry, mining and storage), B urban land not built up (B21 of it ready
for supply), D land supplied, G idle land. Built up is every parcel of an urban use that is not known to be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from geoplan.indicators._parts import no_plan
from geoplan.indicators._stock import Stock
from geoplan.indicators.facts import Facts
from geoplan.model.answers import Indicator
from geoplan.units import M2_PER_HA, mu_from_m2
from geoplan.words import Message, join, say

__all__ = [
    "INTENSITY",
    "WHEN",
    "building_density",
    "developed_share",
    "fixed_assets_per_area",
    "floor_area_ratio",
    "home_share",
    "idle_share",
    "industrial_coverage",
    "industrial_floor_area_ratio",
    "industry_share",
    "industry_tax_per_area",
    "land_built_share",
    "land_supply_share",
    "park_type",
    "population_density",
    "tax_per_area",
]

#: Before and after the plan.
WHEN = ("today", "planned")
_AMOUNT = 10_000.0
_PER_PERSON = "population.existing_floor_area_m2_per_person"
#: What a formula gives: a value or none, and what is to be said of it.
_Told = tuple[float | None, Sequence[Message]]


def land_supply_share(facts: Facts, *, when: str) -> Indicator:
    """Land supplied over land built up or ready for supply."""

    def formula(stock: Stock) -> _Told:
        supplied, notes = _supplied_m2(stock)
        return _over(supplied, _ready_m2(stock)), [*notes, *_readiness(stock)]

    return _share("supply", facts, when, formula)


def land_built_share(facts: Facts, *, when: str) -> Indicator:
    """Land built up over land supplied."""

    def formula(stock: Stock) -> _Told:
        supplied, notes = _supplied_m2(stock)
        return _over(stock.total(stock.is_built), supplied), notes

    return _share("built", facts, when, formula)


def industry_share(facts: Facts, *, when: str) -> Indicator:
    """Industry, mining and storage over land built up."""
    return _share("industry", facts, when, lambda stock: (_industry_and_home(stock)[0], ()))


def home_share(facts: Facts, *, when: str) -> Indicator:
    """Housing over land built up."""
    return _share("home", facts, when, lambda stock: (_industry_and_home(stock)[1], ()))


def floor_area_ratio(facts: Facts, *, when: str) -> Indicator:
    """Floor area over land built up."""

    def formula(stock: Stock) -> _Told:
        return _floor_over(stock, stock.is_built)

    return _told("floor_area_ratio", "m2/m2", facts, when, formula)


def industrial_floor_area_ratio(facts: Facts, *, when: str) -> Indicator:
    """Floor area on industry, mining and storage land over that land."""

    def formula(stock: Stock) -> _Told:
        return _floor_over(stock, stock.is_works)

    return _told("industry_floor_area_ratio", "m2/m2", facts, when, formula)


def building_density(facts: Facts, *, when: str) -> Indicator:
    """Footprints over land built up."""
    return _share("density", facts, when, lambda stock: _footprint_over(stock, stock.is_built))


def industrial_coverage(facts: Facts, *, when: str) -> Indicator:
    """Footprints on industry, mining and storage land over that land."""

    def formula(stock: Stock) -> _Told:
        value, notes = _footprint_over(stock, stock.is_works)
        return value, [*notes, say("intensity.buildings_only")]

    return _share("industry_coverage", facts, when, formula)


def fixed_assets_per_area(facts: Facts, *, when: str) -> Indicator:
    """Fixed assets of industrial firms so far over industry, mining and storage land."""

    def formula(stock: Stock) -> _Told:
        amount, notes = _reported(facts, "fixed_assets_amount", when, only_industry=True)
        return _over(amount, stock.total(stock.is_works)), notes

    return _money("investment", facts, when, formula)


def industry_tax_per_area(facts: Facts, *, when: str) -> Indicator:
    """Tax of industrial firms in the last year over industry, mining and storage land."""

    def formula(stock: Stock) -> _Told:
        amount, notes = _reported(facts, "tax_amount", when, only_industry=True)
        return _over(amount, stock.total(stock.is_works)), notes

    return _money("industry_tax", facts, when, formula)


def tax_per_area(facts: Facts, *, when: str) -> Indicator:
    """Tax of all firms in the last year over land built up."""

    def formula(stock: Stock) -> _Told:
        amount, notes = _reported(facts, "tax_amount", when, only_industry=False)
        return _over(amount, stock.total(stock.is_built)), notes

    return _money("tax", facts, when, formula)


def population_density(facts: Facts, *, when: str) -> Indicator:
    """Residents per hectare of land built up."""

    def formula(stock: Stock) -> _Told:
        people, notes = _residents(facts, stock, when)
        per_m2 = _over(people, stock.total(stock.is_built))
        return None if per_m2 is None else per_m2 * M2_PER_HA, notes

    return _told("population", "persons/ha", facts, when, formula)


def idle_share(facts: Facts, *, when: str) -> Indicator:
    """Idle land over land supplied."""

    def formula(stock: Stock) -> _Told:
        supplied, notes = _supplied_m2(stock)
        idle = None if stock.is_idle is None else stock.total(stock.is_idle)
        return _over(idle, supplied), notes

    return _share("idle", facts, when, formula)


def developed_share(facts: Facts, *, when: str) -> Indicator:
    """Land built up or ready for supply over land built up or not."""

    def formula(stock: Stock) -> _Told:
        urban = stock.total(stock.is_built) + stock.total(stock.is_open)
        return _over(_ready_m2(stock), urban), _readiness(stock)

    return _share("developed", facts, when, formula)


def park_type(facts: Facts, *, when: str) -> Indicator:
    """Type of the park: 1 industry-led, 2 industry and city, 3 other; unknown if land of unknown use decides it."""
    numbers = facts.rules.numbers
    limits = [numbers.get(f"intensity.{name}_share") for name in ("industry_led", "home")]
    name, unit = f"intensity_type_{when}", "park_type"
    if limits[0] is None or limits[1] is None:
        return Indicator(name=name, value=None, unit=unit, note=say("intensity.no_rules"))
    if when not in facts.stock:
        return no_plan(name, unit)
    industry_led, home = limits[0].value, limits[1].value
    stock = facts.stock[when]
    shares = _industry_and_home(stock)
    notes = [
        say("intensity.formula.type", industry_led=industry_led, home=home),
        say("intensity.standing"),
    ]
    if shares[0] is None or shares[1] is None:
        return Indicator(
            name=name, value=None, unit=unit, note=join([say("intensity.no_land"), *notes])
        )
    told = say("intensity.shares", industry=shares[0], home=shares[1])
    sides = {(x > industry_led, y >= home) for x, y in _extremes(stock)}
    if len(sides) > 1:
        note = join([say("intensity.undecided"), told, *_unknown_use(stock), *notes])
        return Indicator(name=name, value=None, unit=unit, note=note)
    kind = {(True, False): 1, (False, True): 2}.get(sides.pop(), 3)
    note = join([say(f"intensity.type.{kind}"), told, *_unknown_use(stock), *notes])
    return Indicator(name=name, value=float(kind), unit=unit, note=note)


#: All indicators of the evaluation, in the order of its table; each takes ``when``, one of ``WHEN``.
INTENSITY: tuple[Callable[..., Indicator], ...] = (
    land_supply_share,
    land_built_share,
    industry_share,
    home_share,
    floor_area_ratio,
    building_density,
    industrial_floor_area_ratio,
    industrial_coverage,
    fixed_assets_per_area,
    industry_tax_per_area,
    tax_per_area,
    population_density,
    idle_share,
    developed_share,
    park_type,
)


def _told(
    name: str, unit: str, facts: Facts, when: str, formula: Callable[[Stock], _Told]
) -> Indicator:
    """The value of a formula with all that is to be said of it: formula, standing, what is missing."""
    full = f"intensity_{name}_{when}"
    if when not in facts.stock:
        return no_plan(full, unit)
    stock = facts.stock[when]
    value, notes = formula(stock)
    if value is None and not notes:
        notes = [say("intensity.no_land")]
    if stock.unsure_built_count:
        notes = [*notes, say("intensity.maybe_built", count=stock.unsure_built_count)]
    said = [
        say(f"intensity.formula.{name}"),
        *notes,
        *_unknown_use(stock),
        say("intensity.standing"),
    ]
    return Indicator(name=full, value=value, unit=unit, note=join(said))


def _share(name: str, facts: Facts, when: str, formula: Callable[[Stock], _Told]) -> Indicator:
    def percent(stock: Stock) -> _Told:
        value, notes = formula(stock)
        return None if value is None else value * 100, notes

    return _told(name, "percent", facts, when, percent)


def _money(name: str, facts: Facts, when: str, formula: Callable[[Stock], _Told]) -> Indicator:
    def per_ha(stock: Stock) -> _Told:
        value, notes = formula(stock)
        return None if value is None else value * M2_PER_HA / _AMOUNT, notes

    unit = "10k_yuan/ha" if facts.park.currency == "CNY" else "10k/ha"
    return _told(name, unit, facts, when, per_ha)


def _over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or not bottom else top / bottom


def _unknown_use(stock: Stock) -> list[Message]:
    count = int(stock.is_unknown.sum())
    mu = mu_from_m2(stock.total(stock.is_unknown))
    return [say("intensity.unknown_use", count=count, mu=mu)] if count else []


def _supplied_m2(stock: Stock) -> tuple[float | None, list[Message]]:
    if stock.is_supplied is None:
        return None, [] if stock.supply_lacks is None else [stock.supply_lacks]
    unsure = stock.unsure_supply_count
    notes = [say("intensity.partly_tenure", count=unsure)] if unsure else []
    return stock.total(stock.is_supplied), notes


def _ready_m2(stock: Stock) -> float | None:
    """A + B21: known only where all urban land is built up."""
    return None if stock.is_open.any() else stock.total(stock.is_built)


def _readiness(stock: Stock) -> list[Message]:
    if not stock.is_open.any():
        return []
    return [say("intensity.not_ready", mu=mu_from_m2(stock.total(stock.is_open)))]


def _industry_and_home(stock: Stock) -> tuple[float | None, float | None]:
    built = stock.total(stock.is_built)
    return _over(stock.total(stock.is_works), built), _over(stock.total(stock.is_home), built)


def _extremes(stock: Stock) -> list[tuple[float, float]]:
    """Shares of industry and housing if land of unknown use is not urban, all industry, all homes, all something else."""
    built, unknown = stock.total(stock.is_built), stock.total(stock.is_unknown)
    works, homes = stock.total(stock.is_works), stock.total(stock.is_home)
    grown = built + unknown
    return [
        (works / built, homes / built),
        ((works + unknown) / grown, homes / grown),
        (works / grown, (homes + unknown) / grown),
        (works / grown, homes / grown),
    ]


def _floor_over(stock: Stock, rows: pd.Series[bool]) -> _Told:
    floor = stock.floor_m2[rows & stock.has_floors]
    unknown = int(floor.isna().sum())
    if unknown and unknown == len(floor):
        return None, [say("intensity.nothing_known", what=say("intensity.floor"))]
    notes = [say("intensity.floor_unknown", unknown=unknown, count=len(floor))] if unknown else []
    return _over(float(stock.floor_m2[rows].sum()), stock.total(rows)), notes


def _footprint_over(stock: Stock, rows: pd.Series[bool]) -> _Told:
    if stock.footprint_m2 is None:
        return None, [say("intensity.no_buildings")]
    ground = stock.footprint_m2[rows]
    unknown = int(ground.isna().sum())
    if unknown and unknown == len(ground):
        return None, [say("intensity.nothing_known", what=say("intensity.footprint"))]
    notes = [say("intensity.footprint_unknown", unknown=unknown)] if unknown else []
    return _over(float(ground.sum()), stock.total(rows)), notes


def _reported(
    facts: Facts, column: str, when: str, *, only_industry: bool
) -> tuple[float | None, list[Message]]:
    """What the firms that are there report for the last year; after the plan, only those that stay.

    A firm of which nobody knows whether it is industrial counts as industrial.
    """
    table, firms = facts.park.get("performance"), facts.firms
    if firms is None:
        return None, [say("indicator_note.no_ledger")]
    if table is None or column not in table or table[column].isna().all():
        return None, [say("intensity.not_reported")]
    year = int(table.loc[table[column].notna(), "year"].max())
    own = table[table["year"] == year].set_index("enterprise_id")[column].astype(float)
    stays = firms.index[~firms["is_moved"]] if when == "planned" else firms.index
    enterprises = facts.park.get("enterprises")
    if only_industry and enterprises is not None and "is_industrial_use" in enterprises:
        is_outside = (
            enterprises["is_industrial_use"].astype("boolean").reindex(stays).eq(other=False)
        )
        stays = stays[~is_outside.fillna(value=False).to_numpy(dtype=bool)]
    amounts = own[~own.index.duplicated()].reindex(stays)
    notes = [
        say("intensity.reported", known=int(amounts.notna().sum()), count=len(stays), year=year)
    ]
    if when == "planned":
        notes.append(say("intensity.who_stays"))
    nobody = len(stays) > 0 and amounts.isna().all()
    return (None if nobody else float(np.nansum(amounts))), notes


def _residents(facts: Facts, stock: Stock, when: str) -> tuple[float | None, list[Message]]:
    """Who lives in homes that stand today, by the floor area a head of the rules, and who comes with the plan."""
    moved = facts.is_converted if when == "planned" else facts.is_converted & False
    homes = stock.floor_m2[stock.is_home & ~moved]
    notes: list[Message] = []
    people = 0.0
    if when == "today" and homes.empty:
        return None, [say("intensity.no_census")]
    if len(homes):
        number = facts.rules.numbers.get(_PER_PERSON)
        if number is None or homes.isna().all():
            return None, [say("intensity.no_census")]
        people = float(homes.sum()) / number.value
        standing = say(f"standing.{number.standing}")
        notes.append(say("intensity.estimated", value=number.value, standing=standing))
        if unknown := int(homes.isna().sum()):
            notes.append(say("intensity.floor_unknown", unknown=unknown, count=len(homes)))
    if when == "planned":
        people += float(facts.parcels.loc[facts.is_converted, "planned_population"].sum())
    return people, notes
