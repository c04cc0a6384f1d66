"""Indicators of people: residents, dwellings, green per head, firms and jobs."""

from __future__ import annotations

from geoplan.indicators._parts import known_sum, no_plan
from geoplan.indicators.facts import Facts
from geoplan.model.answers import Indicator
from geoplan.model.landuse import group_of
from geoplan.model.rulepack import RuleNumber
from geoplan.words import Message, join, say

__all__ = [
    "firms_moved",
    "jobs_kept",
    "jobs_moved",
    "planned_dwellings",
    "planned_population",
    "public_green",
    "public_green_per_head",
    "triaged_firms",
]

_PUBLIC_GREEN = ("1401", "1403")  # parks and squares; protective belts (1402) are no public green


def planned_population(facts: Facts) -> Indicator:
    """Residents of the plan, by the rule packs' floor area a head."""
    if not facts.has_plan:
        return no_plan("planned_population", "persons")
    return known_sum(
        "planned_population",
        facts.parcels.loc[facts.is_converted, "planned_population"],
        "persons",
        note=_assumption(facts, "floor_area_m2_per_person"),
    )


def planned_dwellings(facts: Facts) -> Indicator:
    """Dwellings of the plan, by the rule packs' size of a dwelling."""
    if not facts.has_plan:
        return no_plan("planned_dwellings", "dwellings")
    return known_sum(
        "planned_dwellings",
        facts.parcels.loc[facts.is_converted, "planned_dwelling_count"],
        "dwellings",
        note=_assumption(facts, "dwelling_m2"),
    )


def public_green(facts: Facts) -> Indicator:
    """Parks and squares when the plan is done, those that are there today among them."""
    if not facts.has_plan:
        return no_plan("public_green", "m2")
    is_green = facts.parcels["planned_use"].str.startswith(_PUBLIC_GREEN).fillna(False).astype(bool)
    return known_sum("public_green", facts.parcels.loc[is_green, "area_m2"], "m2")


def public_green_per_head(facts: Facts) -> Indicator:
    """Parks and squares, today's and planned, over the planned residents.

    Nobody counted who lives in the park today, so that they are missing below the line where homes stay.
    """
    unit = "m2/person"
    green, people = public_green(facts), planned_population(facts)
    if not facts.has_plan:
        return no_plan("public_green_per_head", unit)
    if not people.value or green.value is None:
        note = say("indicator_note.no_residents")
        return Indicator(name="public_green_per_head", value=None, unit=unit, note=note)
    stays = ~facts.is_converted & (facts.parcels["use"].map(group_of, na_action="ignore") == "home")
    key = "today_not_counted" if stays.any() else "only_planned"
    return Indicator(
        name="public_green_per_head",
        value=green.value / people.value,
        unit=unit,
        note=say(f"indicator_note.{key}", count=int(stays.sum())),
    )


def triaged_firms(facts: Facts, *, result: str) -> Indicator:
    """Firms on parcels with one result of the triage; each firm counts once, with the gravest of its parcels."""
    name = f"triage_firms_{result}"
    if facts.firms is None:
        return _no_ledger(name, "firms")
    count = float((facts.firms["triage"] == result).sum())
    return Indicator(name=name, value=count, unit="firms", note=say("indicator_note.firms_once"))


def firms_moved(facts: Facts) -> Indicator:
    """Firms with at least one plot on converted land, each counted once."""
    if facts.firms is None:
        return _no_ledger("firms_moved", "firms")
    if not facts.has_plan:
        return no_plan("firms_moved", "firms")
    return Indicator(
        name="firms_moved",
        value=float(facts.firms["is_moved"].sum()),
        unit="firms",
        note=say("indicator_note.moved_if_any_plot"),
    )


def jobs_moved(facts: Facts) -> Indicator:
    """Staff of the firms that have to move."""
    return _jobs("jobs_moved", facts, is_moved=True)


def jobs_kept(facts: Facts) -> Indicator:
    """Staff of the firms that stay where they are."""
    return _jobs("jobs_kept", facts, is_moved=False)


def _jobs(name: str, facts: Facts, *, is_moved: bool) -> Indicator:
    if facts.firms is None:
        return _no_ledger(name, "jobs")
    if not facts.has_plan:
        return no_plan(name, "jobs")
    staff = facts.firms.loc[facts.firms["is_moved"] == is_moved, "employee_count"]
    known = int(staff.notna().sum())
    note = say("indicator_note.staff_known", known=known, count=len(staff))
    value = None if len(staff) and not known else float(staff.sum())
    return Indicator(name=name, value=value, unit="jobs", note=note)


def _no_ledger(name: str, unit: str) -> Indicator:
    return Indicator(name=name, value=None, unit=unit, note=say("indicator_note.no_ledger"))


def _assumption(facts: Facts, number: str) -> Message:
    """The numbers of the rule packs that the products of the plan rest on, and their standing."""
    products = sorted(facts.parcels.loc[facts.is_converted, "product"].dropna().unique())
    known = facts.rules.numbers
    used = [known[key] for key in (f"products.{p}.{number}" for p in products) if key in known]
    if not used:
        return say("indicator_note.no_homes")
    return say("indicator_note.rests_on", numbers=join([_told(rule) for rule in used]))


def _told(rule: RuleNumber) -> Message:
    return say(
        "indicator_note.number",
        product=rule.name.split(".")[1],
        value=f"{rule.value:g}",
        standing=say(f"standing.{rule.standing}"),
    )
