"""Indicators of land and floors."""

from __future__ import annotations

import pandas as pd

from geoplan.indicators._parts import known_sum, no_plan
from geoplan.indicators.facts import Facts
from geoplan.model.answers import Indicator
from geoplan.model.landuse import group_of
from geoplan.units import mu_from_m2
from geoplan.words import say

__all__ = [
    "existing_floor_area",
    "flagged_area",
    "flagged_parcels",
    "floor_area_to_clear",
    "industry_land_planned",
    "industry_land_today",
    "land_changed",
    "planned_floor_area",
    "planned_land",
    "site_area",
    "triaged_area",
]

_TESTS = ("below_mean", "non_industrial_lease", "vacant")


def site_area(facts: Facts) -> Indicator:
    """Area of all parcels."""
    note = say("common.count_parcels", count=len(facts.parcels))
    return known_sum("site_area", facts.parcels["area_m2"], "m2", note=note)


def existing_floor_area(facts: Facts) -> Indicator:
    """Floor area that stands today."""
    return known_sum("existing_floor_area", facts.parcels["existing_floor_area_m2"], "m2")


def flagged_area(facts: Facts, *, finding: str) -> Indicator:
    """Area of the parcels that one test flags, or (``any``) at least one of them."""
    flagged, unknown = _flagged(facts, finding)
    return Indicator(
        name=f"flagged_area_{finding}",
        value=float(facts.parcels.loc[flagged, "area_m2"].sum()),
        unit="m2",
        note=say("indicator_note.unknown_parcels", count=unknown),
    )


def flagged_parcels(facts: Facts, *, finding: str) -> Indicator:
    """Number of parcels that one test flags, or (``any``) at least one of them."""
    flagged, unknown = _flagged(facts, finding)
    return Indicator(
        name=f"flagged_parcels_{finding}",
        value=float(flagged.sum()),
        unit="parcels",
        note=say("indicator_note.unknown_parcels", count=unknown),
    )


def triaged_area(facts: Facts, *, result: str) -> Indicator:
    """Area of the parcels with one result of the triage."""
    area = facts.parcels.loc[facts.parcels["triage"] == result, "area_m2"]
    note = say("common.count_parcels", count=len(area))
    return known_sum(f"triage_area_{result}", area, "m2", note=note)


def industry_land_today(facts: Facts) -> Indicator:
    """Industrial land today."""
    is_industry = _in_groups(facts.parcels["use"], ("industrial",))
    return known_sum("industry_land_today", facts.parcels.loc[is_industry, "area_m2"], "m2")


def industry_land_planned(facts: Facts) -> Indicator:
    """Industrial land when the plan is done."""
    if not facts.has_plan:
        return no_plan("industry_land_planned", "m2")
    is_industry = _in_groups(facts.parcels["planned_use"], ("industrial",))
    return known_sum("industry_land_planned", facts.parcels.loc[is_industry, "area_m2"], "m2")


def land_changed(facts: Facts) -> Indicator:
    """Land of which the plan makes something."""
    if not facts.has_plan:
        return no_plan("land_changed", "mu")
    return _in_mu("land_changed", facts, facts.is_converted)


def planned_land(facts: Facts, *, name: str, groups: tuple[str, ...]) -> Indicator:
    """Converted land that gets a use of one of the groups (``geoplan.model.landuse.group_of``)."""
    if not facts.has_plan:
        return no_plan(name, "mu")
    return _in_mu(
        name, facts, facts.is_converted & _in_groups(facts.parcels["planned_use"], groups)
    )


def floor_area_to_clear(facts: Facts) -> Indicator:
    """Floor area that stands today on converted land."""
    if not facts.has_plan:
        return no_plan("floor_area_to_clear", "m2")
    floor = facts.parcels.loc[facts.is_converted, "existing_floor_area_m2"]
    return known_sum("floor_area_to_clear", floor, "m2")


def planned_floor_area(facts: Facts) -> Indicator:
    """Floor area of the plan."""
    if not facts.has_plan:
        return no_plan("planned_floor_area", "m2")
    floor = facts.parcels.loc[facts.is_converted, "planned_floor_area_m2"]
    return known_sum(
        "planned_floor_area", floor, "m2", note=say("indicator_note.intensity_of_rules")
    )


def _flagged(facts: Facts, finding: str) -> tuple[pd.Series[bool], int]:
    """Parcels flagged, and on how many of the others it is not known."""
    tests = list(_TESTS) if finding == "any" else [finding]
    verdicts = facts.parcels[tests]
    flagged = (verdicts == "yes").any(axis=1)
    return flagged, int(((verdicts == "unknown").any(axis=1) & ~flagged).sum())


def _in_groups(codes: pd.Series[str], groups: tuple[str, ...]) -> pd.Series[bool]:
    return codes.map(group_of, na_action="ignore").isin(groups)


def _in_mu(name: str, facts: Facts, rows: pd.Series[bool]) -> Indicator:
    area = facts.parcels.loc[rows, "area_m2"]
    return Indicator(
        name=name,
        value=mu_from_m2(float(area.sum())),
        unit="mu",
        note=say("common.count_parcels", count=len(area)),
    )
