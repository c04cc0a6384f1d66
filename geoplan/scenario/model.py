"""The scenario file: one frozen, checked question.

A scenario is a YAML file with a base and named overrides. Areas are written in mu, because that is what the planning
document says; they are m2 inside. An unknown key is refused with the nearest known one.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from geoplan.model.checked_yaml import refuse
from geoplan.scenario.wishes import Frozen as _Frozen
from geoplan.scenario.wishes import ObjectiveModel, WishesModel

__all__ = [
    "AreaModel",
    "CandidatesModel",
    "CentresModel",
    "EvaluateModel",
    "GreenwayModel",
    "Names",
    "OutputsModel",
    "PlanModel",
    "Scenario",
    "SeparationModel",
]

Share = Annotated[float, Field(ge=0, le=1)]
AreaMu = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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
    """How the land is judged; the policy numbers themselves are in the rule packs."""

    measure: str = "output"
    average_over: Literal["park", "zone"] = "park"
    unknown_years: Literal["bridge", "strict"] = "bridge"
    robustness: bool = False


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


class PlanModel(WishesModel):
    """What the land may become.

    Attributes
    ----------
    locks
        Parcels decided already: id to product, or to ``keep``.
    painted
        A CSV with ``parcel_id`` and ``product``, beside the scenario: parcels painted on the map, laid over ``locks``.
    objectives
        What is made large, by weight; none for suitable area.
    keep_height_limits
        Whether the heights of the plan in force bind what is built.
    """

    phase_1_blocks: tuple[str, ...] = ()
    candidates: CandidatesModel = CandidatesModel()
    products: tuple[str, ...]
    areas: tuple[AreaModel, ...] = ()
    separations: tuple[SeparationModel, ...] = ()
    locks: dict[str, str] = Field(default_factory=dict)
    painted: str | None = None
    objectives: tuple[ObjectiveModel, ...] = ()
    keep_height_limits: bool = False


class CentresModel(_Frozen):
    """How many service centres."""

    count: Annotated[int, Field(ge=1)] = 2


class GreenwayModel(_Frozen):
    """What the greenway joins."""

    join: tuple[Literal["park", "plaza", "school", "shore"], ...] = (
        "park",
        "plaza",
        "school",
        "shore",
    )


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
    rules: tuple[str, ...]
    numbers: dict[str, float] = Field(default_factory=dict)
    evaluate: EvaluateModel = EvaluateModel()
    plan: PlanModel | None = None
    centres: CentresModel | None = None
    greenway: GreenwayModel | None = None
    outputs: OutputsModel = OutputsModel()
    overrides: dict[str, dict[str, Any]] = Field(default_factory=dict)
