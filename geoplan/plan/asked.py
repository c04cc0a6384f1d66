"""What else can be asked of a plan: every kind of rule and objective as a frozen question, in square metres and metres.

The rule of each is one function of ``plan/amounts.py``, ``places.py``, ``neighbours.py`` or ``reach.py``; the objective
one of ``plan/goals.py``. Products are named by key. Numbers are the planner's own and bring their source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Literal

import geopandas as gpd

__all__ = [
    "AreaWithin",
    "Borders",
    "Clearance",
    "ConversionCost",
    "CountTarget",
    "Covered",
    "FloorAreaTarget",
    "ForbiddenNeighbours",
    "Frontage",
    "MinCircle",
    "MinParcel",
    "Objective",
    "Overlay",
    "Patches",
    "PerPerson",
    "Permission",
    "PopulationTarget",
    "Reach",
    "Spread",
    "Suitable",
    "ValueKept",
    "Wish",
]

Measure = Literal["straight", "network"]
Weigh = Literal["parcel", "area", "people"]


# ---- how much -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTarget:
    """Fewest and most candidates that become some products."""

    name: str
    products: tuple[str, ...]
    lower: float = 0.0
    upper: float = inf
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorAreaTarget:
    """Least and most gross floor area [m2] of some products."""

    name: str
    products: tuple[str, ...]
    lower_m2: float = 0.0
    upper_m2: float = inf
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationTarget:
    """Fewest and most residents: of the plan and, as far as it is known, of the homes that stay."""

    name: str
    lower: float = 0.0
    upper: float = inf
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PerPerson:
    """Land or floor area [m2] of some products for each resident; land of today counts, floor area of today does not."""

    name: str
    products: tuple[str, ...]
    of: Literal["land", "floor_area"] = "land"
    lower_m2: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """Most that may be spent on conversion (currency of the park), and most months any parcel may take."""

    name: str
    max_amount: float = inf
    max_months: float = inf
    source: str


# ---- where a product may stand at all --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MinParcel:
    """Least land [m2] of a parcel that becomes one of some products."""

    name: str
    products: tuple[str, ...]
    min_m2: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MinCircle:
    """Least diameter [m] of the largest circle in a parcel that becomes one of some products."""

    name: str
    products: tuple[str, ...]
    diameter_m: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontage:
    """Least outline [m] within ``within_m`` of the red line of streets of some classes."""

    name: str
    products: tuple[str, ...]
    road_classes: tuple[str, ...]
    min_m: float
    within_m: float = 5.0
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlay:
    """Land on which some products may not stand: flood, rail, heritage, red line.

    A parcel of which more than ``max_share`` lies in the shapes takes none of the products.
    """

    name: str
    products: tuple[str, ...]
    shapes: gpd.GeoSeries
    max_share: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Only conversions that the rule packs permit (``conversion.permitted``)."""

    name: str = "permission"


# ---- neighbours -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenNeighbours:
    """Products that may not share a border of ``min_border_m`` or more with some others, planned or there today."""

    name: str
    products: tuple[str, ...]
    others: tuple[str, ...]
    min_border_m: float = 0.0
    across_m: float = 0.0
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """Least and most land of a patch of some products, and most patches; 1 patch is one connected net.

    Parcels hang together if they touch, or lie within ``across_m``. With ``joins_today`` parcels that stay and are
    used so today join patches.
    """

    name: str
    products: tuple[str, ...]
    max_count: float = inf
    min_m2: float = 0.0
    max_m2: float = inf
    across_m: float = 0.0
    joins_today: bool = True
    source: str


# ---- reach ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Least share of homes (parcels, land or people) within ``radius_m`` of one of some products, planned or today."""

    name: str
    products: tuple[str, ...]
    homes: tuple[str, ...] = ()
    radius_m: float
    measure: Measure = "straight"
    weigh: Weigh = "parcel"
    min_share: float = 1.0
    source: str


Wish = (
    CountTarget
    | FloorAreaTarget
    | PopulationTarget
    | PerPerson
    | Clearance
    | MinParcel
    | MinCircle
    | Frontage
    | Overlay
    | Permission
    | ForbiddenNeighbours
    | Patches
    | Reach
)


# ---- objectives -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Suitable:
    """Mean suitability of the candidates' land, 0 to 1."""

    name: str = "suitability"
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """Worth of the candidates' borders, on average over their length.

    Attributes
    ----------
    same
        What a border between parcels of one product is worth: compactness.
    pairs
        Worth of a border between two products, wanted (above 0) or not (below).
    """

    name: str = "borders"
    weight: float = 1.0
    same: float = 0.0
    pairs: Mapping[tuple[str, str], float] = field(default_factory=lambda: MappingProxyType({}))
    across_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionCost:
    """What conversion costs, as a share of what the dearest plan would; its weight is best below 0."""

    name: str = "cost"
    weight: float = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueKept:
    """Existing floor area that the plan keeps in use, as a share of the candidates'."""

    name: str = "value_kept"
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """Share of homes (parcels, land or people) within ``radius_m`` of one of some products, planned or today."""

    name: str
    products: tuple[str, ...]
    homes: tuple[str, ...] = ()
    radius_m: float
    measure: Measure = "straight"
    weigh: Weigh = "parcel"
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaWithin:
    """Share of the homes' land within ``radius_m`` of parcels of some products that measure ``min_m2`` or more."""

    name: str
    products: tuple[str, ...]
    homes: tuple[str, ...] = ()
    radius_m: float
    min_m2: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean distance between the centroids of every pair of parcels of some products, as a share of ``reference_m``."""

    name: str
    products: tuple[str, ...]
    reference_m: float
    weight: float = 1.0


Objective = Suitable | Borders | ConversionCost | ValueKept | Covered | AreaWithin | Spread
