"""A street between a lake and nothing, for the ways to plan it: the little pack over the shipped ones."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from planned_towns import evaluated, everything, lake, park_of, rules_with, trunk_in_the_west
from towns import street_of

from geoplan.model.rulepack import Rules, load_rules
from geoplan.plan import AreaTarget

SHIPPED = ("ranking-assumed", "simulate-assumed", "goals-assumed")


def rules(**numbers: float) -> Rules:
    """Ranking, simulation and goals as shipped, under the pencil pack; ``__`` in a name stands for a dot."""
    return Rules(packs=(*load_rules(SHIPPED).packs, *rules_with(**numbers).packs))


def question(count: int = 5, town: gpd.GeoDataFrame | None = None, **asked: Any) -> dict[str, Any]:
    """Park, evaluation, programme and rules of a street of squares.

    Homes score 1.0, 0.8, 0.6, 0.4, 0.2 from west to east, works 0.0, 0.2, 0.4, 0.6, 0.8, reserve 0.5 everywhere.
    """
    land = street_of(count) if town is None else town
    park = park_of(land, water=lake(), roads=trunk_in_the_west())
    numbers = asked.pop("numbers", {})
    return {
        "park": park,
        "evaluation": evaluated(land, existing_floor_area_m2=10_000.0),
        "programme": everything(land, **asked),
        "rules": rules(**numbers),
    }


def target(name: str, *keys: str, lower: float = 0.0, upper: float = float("inf")) -> AreaTarget:
    return AreaTarget(name=name, products=keys, lower_m2=lower, upper_m2=upper, source="test")
