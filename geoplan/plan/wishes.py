"""Which function writes which rule: a new kind of rule is a question in ``asked.py``, a function, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from geoplan.plan.amounts import clearance, count_band, floor_area_band, per_person, population_band
from geoplan.plan.asked import (
    Clearance,
    CountTarget,
    FloorAreaTarget,
    ForbiddenNeighbours,
    Frontage,
    MinCircle,
    MinParcel,
    Overlay,
    Patches,
    Permission,
    PerPerson,
    PopulationTarget,
    Reach,
    Wish,
)
from geoplan.plan.land import Land
from geoplan.plan.neighbours import forbidden_neighbours, patches
from geoplan.plan.places import frontage, min_circle, min_parcel, overlay, permission
from geoplan.plan.reach import reach
from geoplan.plan.rules import Rule

__all__ = ["WISHES", "rule_of"]

WISHES: Mapping[type, Callable[..., Rule]] = MappingProxyType(
    {
        CountTarget: count_band,
        FloorAreaTarget: floor_area_band,
        PopulationTarget: population_band,
        PerPerson: per_person,
        Clearance: clearance,
        MinParcel: min_parcel,
        MinCircle: min_circle,
        Frontage: frontage,
        Overlay: overlay,
        Permission: permission,
        ForbiddenNeighbours: forbidden_neighbours,
        Patches: patches,
        Reach: reach,
    }
)


def rule_of(land: Land, asked: Wish) -> Rule:
    """The rule that was asked for."""
    return WISHES[type(asked)](land, asked)
