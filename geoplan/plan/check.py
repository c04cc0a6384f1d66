"""What a programme asks that cannot be: names that do not exist, limits upside down, layers and numbers that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.plan.asked import Borders, Clearance, ConversionCost, Frontage, Permission, Spread
from geoplan.plan.goals import exact_count
from geoplan.plan.problem import Programme
from geoplan.words import Message, say

__all__ = ["wish_problems"]

#: Numbers that a conversion needs, in the rule packs.
CONVERSION = (
    "conversion.clearing_amount_per_m2",
    "conversion.clearing_months",
    "conversion.soil_survey_amount_per_m2",
    "conversion.soil_survey_months",
)


def wish_problems(programme: Programme, park: Park, *, rules: Rules) -> tuple[Message, ...]:
    """Every problem of the rules and objectives beyond areas, shares, locks and separations; all at once."""
    asked = [*programme.wishes, *programme.objectives]
    problems = [
        *_twice(programme),
        *(p for one in asked for p in _unknown_products(one, programme)),
    ]
    for one in asked:
        if getattr(one, "measure", "") == "network" and park.places("roads") is None:
            problems.append(say("plan.wish_no_roads", name=one.name))
        if isinstance(one, Frontage):
            problems += _frontage_problems(one, park)
        if isinstance(one, Spread) and exact_count(programme, one.products) is None:
            problems.append(say("plan.spread_count", name=one.name))
        for low, high in (("lower", "upper"), ("lower_m2", "upper_m2"), ("min_m2", "max_m2")):
            lower, upper = getattr(one, low, None), getattr(one, high, None)
            if lower is not None and upper is not None and lower > upper:
                problems.append(
                    say("plan.target_upside_down", target=one.name, lower=lower, upper=upper)
                )
    if any(isinstance(one, (Clearance, ConversionCost, Permission)) for one in asked):
        missing = [name for name in CONVERSION if name not in rules.numbers]
        problems += [say("plan.no_conversion", name=name) for name in missing]
    return tuple(problems)


def _twice(programme: Programme) -> list[Message]:
    problems = []
    for group in (programme.wishes, programme.objectives):
        names = [(type(one).__name__, one.name) for one in group]
        problems += [
            say("plan.target_twice", target=name)
            for kind, name in sorted(set(names))
            if names.count((kind, name)) > 1
        ]
    return problems


def _unknown_products(one: Any, programme: Programme) -> list[Message]:
    known = [product.key for product in programme.products]
    named: Sequence[str] = [
        *getattr(one, "products", ()),
        *getattr(one, "others", ()),
        *getattr(one, "homes", ()),
        *(key for pair in (one.pairs if isinstance(one, Borders) else ()) for key in pair),
    ]
    return [
        say("plan.target_product", target=one.name, product=key, known=", ".join(known))
        for key in dict.fromkeys(named)
        if key not in known
    ]


def _frontage_problems(one: Frontage, park: Park) -> list[Message]:
    roads = park.places("roads")
    if roads is None:
        return [say("plan.wish_no_roads", name=one.name)]
    there = sorted(set(roads["road_class"].dropna().astype(str)))
    return [
        say("plan.frontage_class", name=one.name, road_class=name, known=", ".join(there))
        for name in one.road_classes
        if name not in there
    ]
