"""A scenario's plan, in the words of the file, turned into the programme that the plan room understands."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from types import MappingProxyType

from geoplan.model.rulepack import Rules
from geoplan.plan import (
    AreaTarget,
    CandidateRule,
    CentreRole,
    FacilityAsk,
    Horizon,
    Programme,
    RingAsk,
    Separation,
    ShareTarget,
    products_of,
)
from geoplan.scenario.model import (
    AreaModel,
    CentresModel,
    FacilityModel,
    PlanModel,
    RingModel,
    SimulateModel,
)
from geoplan.units import m2_from_mu
from geoplan.words import name_in_both

__all__ = ["facilities_of", "horizon_of", "programme_of", "ring_of", "roles_of"]


def programme_of(plan: PlanModel, *, rules: Rules, source: str) -> Programme:
    """The programme that a scenario's plan asks for; areas leave mu for m2 here.

    Parameters
    ----------
    plan
        From the scenario file.
    rules
        They hold the products.
    source
        Who asks; it is printed with every target that names no source of its own.

    Raises
    ------
    ScenarioError
        A product is not in the rule packs.
    """
    asked = plan.candidates
    return Programme(
        products=products_of(rules, plan.products),
        candidates=CandidateRule(
            triage=asked.triage,
            has_vacant_land=asked.vacant_land,
            has_later_phases=asked.later_phases,
            uses=asked.uses,
            parcel_ids=asked.parcels,
            zones=asked.zones,
        ),
        area_targets=tuple(_target(area, source) for area in plan.areas),
        separations=tuple(
            Separation(grade=item.grade, products=item.products) for item in plan.separations
        ),
        locks=MappingProxyType(dict(plan.locks)),
        phase_1_blocks=plan.phase_1_blocks,
    )


def horizon_of(asked: SimulateModel, *, year: int) -> Horizon:
    """The horizon that a scenario asks for; areas leave mu for m2 here.

    Parameters
    ----------
    year
        Of the scenario's date: the simulation begins in the next, unless it names its first year.
    """
    first = year + 1 if asked.first_year is None else asked.first_year
    last = first + asked.years - 1
    paths = {
        key: path if isinstance(path, dict) else {last: path} for key, path in asked.demand.items()
    }
    budget = inf if asked.yearly_budget_amount is None else asked.yearly_budget_amount
    return Horizon(
        first_year=first,
        years=asked.years,
        runs=asked.runs,
        seed=asked.seed,
        demand_m2={
            key: {at: m2_from_mu(area) for at, area in path.items()} for key, path in paths.items()
        },
        budget_amount=budget,
    )


def _target(area: AreaModel, source: str) -> AreaTarget | ShareTarget:
    said_by = area.source or source
    title = name_in_both({"en": area.title.en or area.name, "zh": area.title.zh or area.name})
    if area.min_share is not None or area.max_share is not None:
        return ShareTarget(
            name=area.name,
            title=title,
            products=area.products,
            lower_share=area.min_share or 0.0,
            upper_share=1.0 if area.max_share is None else area.max_share,
            source=said_by,
        )
    return AreaTarget(
        name=area.name,
        title=title,
        products=area.products,
        lower_m2=m2_from_mu(area.min_mu or 0.0),
        upper_m2=inf if area.max_mu is None else m2_from_mu(area.max_mu),
        source=said_by,
    )


def roles_of(centres: CentresModel) -> tuple[CentreRole, ...]:
    """The parts that a scenario gives its service centres."""
    return tuple(
        CentreRole(
            name=name_in_both(role.name.as_dict()),
            zones=role.zones,
            streets=role.streets,
            road_classes=role.road_classes,
            products=role.products,
            within_m=role.within_m,
        )
        for role in centres.roles
    )


def facilities_of(facilities: Sequence[FacilityModel]) -> tuple[FacilityAsk, ...]:
    """The facilities that a scenario asks for; areas leave mu for m2 here."""
    return tuple(
        FacilityAsk(
            kind=item.kind,
            goal=item.goal,
            count=item.count,
            reach_m=item.reach_m,
            capacity_people=item.capacity_people,
            products=item.products,
            land_m2=m2_from_mu(item.land_mu),
            shares_site_with=item.shares_site_with,
            stages=tuple(sorted(item.stages.items())),
        )
        for item in facilities
    )


def ring_of(ring: RingModel) -> RingAsk:
    """The ring that a scenario asks for."""
    return RingAsk(
        through=ring.through,
        prizes=MappingProxyType({str(kind): worth for kind, worth in ring.prizes.items()}),
        min_length_m=ring.min_length_m,
        max_length_m=ring.max_length_m,
    )
