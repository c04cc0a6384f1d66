"""The scenario file: one frozen, checked question.

A scenario is a YAML file with a base and named overrides. Areas are written in mu, because that is what the planning
document says; they are m2 inside. An unknown key is refused with the nearest known one.
"""

from __future__ import annotations

import datetime as dt
from math import inf
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from geoplan.model.checked_yaml import refuse

__all__ = [
    "AreaModel",
    "CandidatesModel",
    "CentresModel",
    "EvaluateModel",
    "FacilityModel",
    "GreenwayModel",
    "Names",
    "OutputsModel",
    "ParetoModel",
    "PlanModel",
    "RingModel",
    "RoleModel",
    "Scenario",
    "SeparationModel",
    "SimulateModel",
    "asking_for_quality",
]

Share = Annotated[float, Field(ge=0, le=1)]
AreaMu = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Names(_Frozen):
    """A name in both languages; one alone stands for both."""

    en: str = ""
    zh: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_for_both(cls, given: Any) -> Any:
        return {"en": given, "zh": given} if isinstance(given, str) else given

    def as_dict(self) -> dict[str, str]:
        """Both names; a missing one is filled by the other."""
        return {"en": self.en or self.zh, "zh": self.zh or self.en}


class EvaluateModel(_Frozen):
    """How the land is judged; the policy numbers themselves are in the rule packs.

    Attributes
    ----------
    robustness
        Whether it is told how sure each verdict is.
    other_packs
        Lists of rule packs by a name of their own, each as ``rules``: would these give the same verdicts?
    analyses
        What to tell of the area as a whole, by numbers such as those of the pack ``space-assumed``: ``profile`` (trades,
        export, innovation), ``clusters`` of poor land (slow, and needs the extra ``space``), ``pockets`` worth
        assembling, distance to ``services``. Firms are graded where a rule pack has a table ``grading``.
    """

    measure: str = "output"
    average_over: Literal["park", "zone", "industry", "scale"] = "park"
    average: Literal["area_weighted", "mean_of_ratios", "median", "trimmed", "leave_one_out"] = (
        "area_weighted"
    )
    unknown_years: Literal["bridge", "strict"] = "bridge"
    robustness: bool = False
    analyses: tuple[Literal["profile", "clusters", "pockets", "services"], ...] = ()
    quality: bool = False
    other_packs: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_how_sure(self) -> EvaluateModel:
        if self.other_packs and not self.robustness:
            raise refuse("other_packs", "other_packs needs robustness: true")
        return self


class CandidatesModel(_Frozen):
    """Which parcels the plan may change; a parcel that one line names is a candidate.

    Attributes
    ----------
    triage
        Classes of the triage whose land is converted, inside the phase-1 area.
    vacant_land
        Land without a building that is vacant or open, anywhere.
    later_phases
        Parcels marked for phase 2 or later.
    uses
        Beginnings of land-use codes, for parks without a ledger.
    parcels
        Parcels by id.
    zones
        Only parcels of these zones; none for all.
    """

    triage: tuple[str, ...] = ()
    vacant_land: bool = False
    later_phases: bool = False
    uses: tuple[str, ...] = ()
    parcels: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


class AreaModel(_Frozen):
    """How much land one use, or several together, may take; in mu, or as a share of all candidates."""

    name: str
    title: Names = Names()
    products: tuple[str, ...]
    min_mu: AreaMu | None = None
    max_mu: AreaMu | None = None
    min_share: Share | None = None
    max_share: Share | None = None
    source: str = ""

    @field_validator("products", mode="before")
    @classmethod
    def _one_or_more(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _says_how_much(self) -> AreaModel:
        in_mu = self.min_mu is not None or self.max_mu is not None
        in_shares = self.min_share is not None or self.max_share is not None
        if in_mu == in_shares:
            raise refuse("how_much", "give min_mu or max_mu, or min_share or max_share")
        return self


class SeparationModel(_Frozen):
    """What stays away from industry of one pollution grade; the distance is a number of the rule packs."""

    grade: Literal["M1", "M2", "M3"]
    products: tuple[str, ...] = ()


class PlanModel(_Frozen):
    """What the land may become.

    ``way`` is how it is planned: ``optimal`` (proven), ``rules`` (ranking and thresholds) or ``simulate`` (year by
    year); all answer the same question.
    """

    way: Literal["optimal", "rules", "simulate"] = "optimal"
    phase_1_blocks: tuple[str, ...] = ()
    candidates: CandidatesModel = CandidatesModel()
    products: tuple[str, ...]
    areas: tuple[AreaModel, ...] = ()
    separations: tuple[SeparationModel, ...] = ()
    locks: dict[str, str] = Field(default_factory=dict)


class RoleModel(_Frozen):
    """The part that one service centre plays: its name, and where it may stand.

    Attributes
    ----------
    zones
        Zones it may stand in; none for all.
    streets, road_classes, products
        It stands near a street whose name holds one of these words, a street of one of these classes, or land planned for
        one of these products; none for anywhere.
    within_m
        How near.
    """

    name: Names
    zones: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    road_classes: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    within_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 100.0


class SimulateModel(_Frozen):
    """How the land is reallocated year by year; the policy numbers are in the rule packs.

    Attributes
    ----------
    first_year
        By default the year after the scenario's date.
    demand
        Land that each product is to have taken [mu]: at the end of the last year, or by year; straight in between.
        Without it, what the optimal plan builds.
    yearly_budget_amount
        What may be spent in a year, in the park's currency.
    show
        The plan that is shown: the most typical run, the most probable plan, or a run by number (from 0).
    """

    first_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    years: Annotated[int, Field(ge=1, le=100)] = 15
    runs: Annotated[int, Field(ge=1, le=100_000)] = 100
    seed: Annotated[int, Field(ge=0)] = 2026
    demand: dict[str, AreaMu | dict[int, AreaMu]] = Field(default_factory=dict)
    yearly_budget_amount: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    show: Literal["typical", "probable"] | Annotated[int, Field(ge=0)] = "typical"


class ParetoModel(_Frozen):
    """Goals that cannot be had together, and how many plans to look for; the first goal is made best."""

    goals: tuple[str, ...] = ("suitability", "compactness")
    points: Annotated[int, Field(ge=2)] = 9


class CentresModel(_Frozen):
    """How many service centres, or one for each role; and how many neighbourhoods of planned workplaces around them."""

    count: Annotated[int, Field(ge=1)] = 2
    roles: tuple[RoleModel, ...] = ()
    neighbourhoods: Annotated[int, Field(ge=1)] | None = None


class FacilityModel(_Frozen):
    """One sort of facility to site, after the plan of the land.

    Attributes
    ----------
    goal
        ``least_walk``, ``least_longest_walk``, ``most_reached`` or ``all_reached``.
    count
        How many, those of today included; none for as many as the people need.
    reach_m, capacity_people, land_mu
        How far is near enough, how many people one serves, how much land it takes.
    products
        The planned land it may stand on; none for any candidate.
    shares_site_with
        Sorts above it in the list on whose parcels it may stand too.
    stages
        Year to number.
    """

    kind: str
    goal: Literal["least_walk", "least_longest_walk", "most_reached", "all_reached"] = "least_walk"
    count: Annotated[int, Field(ge=1)] | None = None
    reach_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    capacity_people: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    products: tuple[str, ...] = ()
    land_mu: AreaMu = 0.0
    shares_site_with: tuple[str, ...] = ()
    stages: dict[int, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    @field_validator("products", mode="before")
    @classmethod
    def _one_or_more(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given


PlaceKind = Literal["park", "plaza", "school", "shore"]


class RingModel(_Frozen):
    """A ring that the greenway is to have.

    Attributes
    ----------
    through
        Sorts of places that it must pass.
    prizes
        Sorts of places that it passes if the detour costs no more than this, in metres of local street.
    min_length_m, max_length_m
        How long it is to be.
    """

    through: tuple[PlaceKind, ...] = ("park",)
    prizes: dict[PlaceKind, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict
    )
    min_length_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    max_length_m: Annotated[float, Field(gt=0)] = inf


class GreenwayModel(_Frozen):
    """What the greenway joins, and how.

    Attributes
    ----------
    join
        Sorts of places.
    ring
        A ring, with branches to the places that are not on it; none for a tree.
    avoid_classes
        Classes of street that it does not follow.
    new_paths
        Whether places that no street reaches are joined over open ground.
    """

    join: tuple[PlaceKind, ...] = ("park", "plaza", "school", "shore")
    ring: RingModel | None = None
    avoid_classes: tuple[str, ...] = ()
    new_paths: bool = False


class OutputsModel(_Frozen):
    """Where results go, beside the folder given on the command line, and in which language they open."""

    folder: str = "maps"
    language: Literal["en", "zh"] = "zh"


class Scenario(_Frozen):
    """One question: a park, the rules it is judged by, what it may become, and where the answer goes.

    Attributes
    ----------
    name
        Short name; result files are called after it.
    park
        A source file or data file, relative to the scenario file; ``sample`` is the made-up park that geoplan ships.
    corrections
        A table of corrections from the field (CSV or Excel), relative to the scenario file, laid over the park.
    previous
        Last time's result (GeoPackage): the verdicts that changed since are listed, with why.
    rules
        Rule packs, the last on top: shipped names, or TOML files relative to the scenario file.
    numbers
        Single policy numbers that replace those of the packs.
    overrides
        Named changes: each a part of a scenario that is laid over this one when asked for.
    """

    name: Annotated[str, Field(pattern=r"^[\w\-]+$")]
    title: Names = Names()
    date: dt.date
    park: str
    corrections: str | None = None
    previous: str | None = None
    rules: tuple[str, ...]
    numbers: dict[str, float] = Field(default_factory=dict)
    evaluate: EvaluateModel = EvaluateModel()
    plan: PlanModel | None = None
    simulate: SimulateModel | None = None
    pareto: ParetoModel | None = None
    centres: CentresModel | None = None
    facilities: tuple[FacilityModel, ...] = ()
    greenway: GreenwayModel | None = None
    outputs: OutputsModel = OutputsModel()
    overrides: dict[str, dict[str, Any]] = Field(default_factory=dict)


def asking_for_quality(scenario: Scenario) -> Scenario:
    """The same question, with a report on the quality of the ledger; the shipped limits lie beneath its own rules."""
    evaluate = scenario.evaluate.model_copy(update={"quality": True})
    rules = tuple(dict.fromkeys(("quality-assumed", *scenario.rules)))
    return scenario.model_copy(update={"evaluate": evaluate, "rules": rules})
