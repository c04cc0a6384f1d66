"""The rules and objectives of a scenario's plan, in the planner's units: mu, metres, minutes.

Each key of the file is a list of small questions; each question turns into one of ``geoplan.plan``'s. An unknown key is
refused with the nearest known one.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import geopandas as gpd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from geoplan.errors import ScenarioError
from geoplan.model.checked_yaml import refuse
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.plan import asked
from geoplan.units import m2_from_mu
from geoplan.words import say

__all__ = ["Context", "Frozen", "ObjectiveModel", "WishesModel", "objectives_of", "wishes_of"]

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Products = tuple[str, ...]


class Frozen(BaseModel):
    """A part of a scenario: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Context(Frozen):
    """What the questions need beside the file: where it lies, who asks, the park's CRS, the rule packs."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    folder: Path
    source: str
    rules: Rules
    park: Park | None = None


class _Asked(Frozen):
    """One question with a name; it is printed with its source, the scenario where none is given."""

    name: str
    source: str = ""

    @field_validator(
        "products", "others", "homes", "road_classes", mode="before", check_fields=False
    )
    @classmethod
    def _one_or_more(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    def _said_by(self, context: Context) -> str:
        return self.source or context.source


class CountModel(_Asked):
    """How many parcels become some products: ``exactly`` so many, or ``min`` and ``max``."""

    products: Products
    exactly: Annotated[int, Field(ge=0)] | None = None
    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _says_how_many(self) -> CountModel:
        has_band = self.min is not None or self.max is not None
        if has_band == (self.exactly is not None):
            raise refuse("how_many", "give exactly, or min and max")
        return self

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        lower, upper = (
            (self.min, self.max) if self.exactly is None else (self.exactly, self.exactly)
        )
        return asked.CountTarget(
            name=self.name, products=self.products, lower=float(lower or 0),
            upper=inf if upper is None else float(upper), source=self._said_by(context),
        )  # fmt: skip


class FloorAreaModel(_Asked):
    """How much gross floor area some products have [m2]."""

    products: Products
    min_m2: Amount = 0.0
    max_m2: Amount | None = None

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        return asked.FloorAreaTarget(
            name=self.name, products=self.products, lower_m2=self.min_m2,
            upper_m2=inf if self.max_m2 is None else self.max_m2, source=self._said_by(context),
        )  # fmt: skip


class PopulationModel(_Asked):
    """How many people live in the plan, with the homes that stay."""

    name: str = "population"
    min: Amount = 0.0
    max: Amount | None = None

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        upper = inf if self.max is None else self.max
        return asked.PopulationTarget(
            name=self.name, lower=self.min, upper=upper, source=self._said_by(context)
        )


class PerPersonModel(_Asked):
    """Land or floor area of some products for each resident [m2]: schools, services and green sized to the people."""

    products: Products
    of: Literal["land", "floor_area"] = "land"
    min_m2: Amount

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        return asked.PerPerson(
            name=self.name, products=self.products, of=self.of, lower_m2=self.min_m2,
            source=self._said_by(context),
        )  # fmt: skip


class ConversionModel(_Asked):
    """What conversion may cost in all (currency of the park), how many months a parcel may take, what is permitted."""

    name: str = "conversion"
    max_amount: Amount | None = None
    max_months: Amount | None = None
    permitted_only: bool = False

    def asked_all(self, context: Context) -> Iterator[asked.Wish]:
        """The questions in the plan's words."""
        if self.permitted_only:
            yield asked.Permission()
        if self.max_amount is not None or self.max_months is not None:
            yield asked.Clearance(
                name=self.name,
                max_amount=inf if self.max_amount is None else self.max_amount,
                max_months=inf if self.max_months is None else self.max_months,
                source=self._said_by(context),
            )


class MinParcelModel(_Asked):
    """The smallest parcel that some products take, in mu."""

    products: Products
    min_mu: Amount

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        return asked.MinParcel(
            name=self.name, products=self.products, min_m2=m2_from_mu(self.min_mu),
            source=self._said_by(context),
        )  # fmt: skip


class MinCircleModel(_Asked):
    """The circle that a parcel must hold to take some products."""

    products: Products
    diameter_m: Amount

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        return asked.MinCircle(
            name=self.name, products=self.products, diameter_m=self.diameter_m,
            source=self._said_by(context),
        )  # fmt: skip


class FrontageModel(_Asked):
    """How many metres some products have along streets of some classes."""

    products: Products
    road_classes: tuple[str, ...]
    min_m: Amount
    within_m: Amount = 5.0

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        return asked.Frontage(
            name=self.name, products=self.products, road_classes=self.road_classes,
            min_m=self.min_m, within_m=self.within_m, source=self._said_by(context),
        )  # fmt: skip


class OverlayModel(_Asked):
    """Polygons (a file beside the scenario) on which some products may not stand: flood, rail, heritage, red line."""

    products: Products
    file: str
    layer: str | None = None
    max_share: Share = 0.0

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        path = context.folder / self.file
        if not path.exists():
            raise ScenarioError([say("scenario.no_overlay", name=self.name, file=str(path))])
        shapes = gpd.read_file(path, layer=self.layer).geometry
        crs = None if context.park is None else context.park.crs
        if crs is not None and shapes.crs is not None:
            shapes = shapes.to_crs(crs)
        return asked.Overlay(
            name=self.name, products=self.products, shapes=shapes, max_share=self.max_share,
            source=self._said_by(context),
        )  # fmt: skip


class ForbiddenNeighboursModel(_Asked):
    """Products that do not stand beside others; ``across_m`` also counts who faces across a street."""

    products: Products
    others: Products
    min_border_m: Amount = 0.0
    across_m: Amount = 0.0

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        return asked.ForbiddenNeighbours(
            name=self.name, products=self.products, others=self.others,
            min_border_m=self.min_border_m, across_m=self.across_m, source=self._said_by(context),
        )  # fmt: skip


class PatchesModel(_Asked):
    """How parcels of some products hang together: ``connected`` for one net, or a number and sizes of patches."""

    products: Products
    connected: bool = False
    max_count: Annotated[int, Field(ge=0)] | None = None
    min_mu: Amount = 0.0
    max_mu: Amount | None = None
    across_m: Amount = 0.0
    joins_today: bool = True

    @model_validator(mode="after")
    def _says_what(self) -> PatchesModel:
        if not (
            self.connected or self.max_count is not None or self.min_mu or self.max_mu is not None
        ):
            raise refuse("what_patches", "give connected, max_count, min_mu or max_mu")
        return self

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        count = inf if self.max_count is None else float(self.max_count)
        return asked.Patches(
            name=self.name, products=self.products, max_count=min(count, 1.0) if self.connected else count,
            min_m2=m2_from_mu(self.min_mu), max_m2=inf if self.max_mu is None else m2_from_mu(self.max_mu),
            across_m=self.across_m, joins_today=self.joins_today, source=self._said_by(context),
        )  # fmt: skip


class _Near(Frozen):
    """How near: metres, or minutes of walking along the streets."""

    radius_m: Amount | None = None
    minutes: Amount | None = None
    measure: Literal["straight", "network"] | None = None

    @model_validator(mode="after")
    def _says_how_near(self) -> _Near:
        if (self.radius_m is None) == (self.minutes is None):
            raise refuse("how_near", "give radius_m or minutes")
        return self

    def near_m(self, context: Context) -> float:
        """How near [m]."""
        if self.radius_m is not None:
            return self.radius_m
        return float(self.minutes or 0.0) * context.rules.value("walk.speed_m_per_minute")

    @property
    def along(self) -> Literal["straight", "network"]:
        """Minutes are walked along the streets unless said otherwise."""
        return self.measure or ("straight" if self.minutes is None else "network")


class ReachModel(_Asked, _Near):
    """Which share of the homes has one of some products near; all homes where none are named."""

    products: Products
    homes: Products = ()
    weigh: Literal["parcel", "area", "people"] = "parcel"
    min_share: Share = 1.0

    def asked(self, context: Context) -> asked.Wish:
        """The question in the plan's words."""
        return asked.Reach(
            name=self.name, products=self.products, homes=self.homes, radius_m=self.near_m(context),
            measure=self.along, weigh=self.weigh, min_share=self.min_share, source=self._said_by(context),
        )  # fmt: skip


class WishesModel(Frozen):
    """Every rule of a plan beyond areas, separations and locks."""

    counts: tuple[CountModel, ...] = ()
    floor_areas: tuple[FloorAreaModel, ...] = ()
    population: PopulationModel | None = None
    per_person: tuple[PerPersonModel, ...] = ()
    conversion: ConversionModel | None = None
    min_parcels: tuple[MinParcelModel, ...] = ()
    min_circles: tuple[MinCircleModel, ...] = ()
    frontages: tuple[FrontageModel, ...] = ()
    overlays: tuple[OverlayModel, ...] = ()
    forbidden_neighbours: tuple[ForbiddenNeighboursModel, ...] = ()
    patches: tuple[PatchesModel, ...] = ()
    reach: tuple[ReachModel, ...] = ()


def wishes_of(plan: WishesModel, context: Context) -> tuple[asked.Wish, ...]:
    """The rules that a scenario's plan asks for, in a fixed order."""
    listed = (
        *plan.counts, *plan.floor_areas, *(() if plan.population is None else (plan.population,)),
        *plan.per_person, *plan.min_parcels, *plan.min_circles, *plan.frontages, *plan.overlays,
        *plan.forbidden_neighbours, *plan.patches, *plan.reach,
    )  # fmt: skip
    conversion = () if plan.conversion is None else tuple(plan.conversion.asked_all(context))
    return (*(one.asked(context) for one in listed), *conversion)


class SuitabilityModel(Frozen):
    """Mean suitability."""

    kind: Literal["suitability"]
    name: str = "suitability"
    weight: Number = 1.0

    def asked(self, _: Context) -> asked.Objective:
        """The objective in the plan's words."""
        return asked.Suitable(name=self.name, weight=self.weight)


class PairModel(Frozen):
    """What a border between two products is worth."""

    products: tuple[str, str]
    worth: Number


class BordersModel(Frozen):
    """Compactness and neighbours by shared border length."""

    kind: Literal["borders"]
    name: str = "borders"
    weight: Number = 1.0
    same: Number = 0.0
    pairs: tuple[PairModel, ...] = ()
    across_m: Amount = 0.0

    def asked(self, _: Context) -> asked.Objective:
        """The objective in the plan's words."""
        worth = MappingProxyType({pair.products: pair.worth for pair in self.pairs})
        return asked.Borders(
            name=self.name, weight=self.weight, same=self.same, pairs=worth, across_m=self.across_m
        )


class CostModel(Frozen):
    """Cost of conversion; its weight is below 0."""

    kind: Literal["cost"]
    name: str = "cost"
    weight: Number = -1.0

    def asked(self, _: Context) -> asked.Objective:
        """The objective in the plan's words."""
        return asked.ConversionCost(name=self.name, weight=self.weight)


class ValueKeptModel(Frozen):
    """Existing floor area kept in use."""

    kind: Literal["value_kept"]
    name: str = "value_kept"
    weight: Number = 1.0

    def asked(self, _: Context) -> asked.Objective:
        """The objective in the plan's words."""
        return asked.ValueKept(name=self.name, weight=self.weight)


class CoveredModel(_Asked, _Near):
    """Share of homes near some products."""

    kind: Literal["covered"]
    products: Products
    homes: Products = ()
    weigh: Literal["parcel", "area", "people"] = "parcel"
    weight: Number = 1.0

    def asked(self, context: Context) -> asked.Objective:
        """The objective in the plan's words."""
        return asked.Covered(
            name=self.name, products=self.products, homes=self.homes, radius_m=self.near_m(context),
            measure=self.along, weigh=self.weigh, weight=self.weight,
        )  # fmt: skip


class AreaWithinModel(_Asked):
    """Share of housing land near some products."""

    kind: Literal["area_within"]
    products: Products
    homes: Products = ()
    radius_m: Amount
    min_mu: Amount = 0.0
    weight: Number = 1.0

    def asked(self, _: Context) -> asked.Objective:
        """The objective in the plan's words."""
        return asked.AreaWithin(
            name=self.name, products=self.products, homes=self.homes, radius_m=self.radius_m,
            min_m2=m2_from_mu(self.min_mu), weight=self.weight,
        )  # fmt: skip


class SpreadModel(_Asked):
    """Mean distance between parcels of some products, against a reference."""

    kind: Literal["spread"]
    products: Products
    reference_m: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    weight: Number = 1.0

    def asked(self, _: Context) -> asked.Objective:
        """The objective in the plan's words."""
        return asked.Spread(
            name=self.name, products=self.products, reference_m=self.reference_m, weight=self.weight
        )


ObjectiveModel = Annotated[
    SuitabilityModel | BordersModel | CostModel | ValueKeptModel | CoveredModel | AreaWithinModel | SpreadModel,
    Field(discriminator="kind"),
]  # fmt: skip


def objectives_of(
    listed: tuple[ObjectiveModel, ...], context: Context
) -> tuple[asked.Objective, ...]:
    """The objectives that a scenario's plan asks for."""
    return tuple(one.asked(context) for one in listed)
