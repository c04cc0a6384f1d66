"""What a scenario asks of the area as a whole, and the grading of its firms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from geoplan.errors import ScenarioError, SchemaError
from geoplan.evaluate import (
    AREAS,
    AreaProfile,
    Clusters,
    Grading,
    Pockets,
    Services,
    area_profile,
    find_clusters,
    find_pockets,
    grade_layers,
    grade_years,
    service_distances,
)
from geoplan.model.answers import Evaluation, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.words import Message

__all__ = ["Area", "analyse_area", "area_layers", "grade_firms"]


#: Classes of the triage whose land changes hands or firms: what is worth assembling.
_ASSEMBLED = ("acquire", "swap", "revitalise")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Area:
    """The area as a whole; what was not asked for, or could not be told, is ``None``.

    Attributes
    ----------
    gradings
        The classes of the firms, by year.
    """

    profile: AreaProfile | None = None
    clusters: Clusters | None = None
    pockets: Pockets | None = None
    services: Services | None = None
    gradings: Mapping[int, Grading] | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is to be said of it, one after the other."""
        parts = (self.profile, self.clusters, self.pockets, self.services)
        return tuple(message for part in parts if part is not None for message in part.messages)


def grade_firms(
    park: Park, *, rules: Rules
) -> tuple[dict[int, Grading] | None, tuple[StageLeftOut, ...]]:
    """Grade the firms in every year if a rule pack has a table ``grading``; or say why that cannot be."""
    if not any("grading" in pack.data for pack in rules.packs):
        return None, ()
    try:
        return grade_years(park, rules=rules), ()
    except SchemaError as error:
        return None, _left_out("grading", error.problems)


def analyse_area(
    park: Park, evaluation: Evaluation, *, rules: Rules, asked: Sequence[str]
) -> tuple[Area, tuple[StageLeftOut, ...]]:
    """Tell what is asked of the area; what cannot be told comes back with the reason.

    Parameters
    ----------
    asked
        Any of ``profile``, ``clusters``, ``pockets`` (of land that the triage does not leave to its firms), ``services``.

    Raises
    ------
    ScenarioError
        The rule packs lack a number, or the extra ``space`` is missing.
    """
    profile, clusters, pockets, services = None, None, None, None
    left_out: tuple[StageLeftOut, ...] = ()
    if "profile" in asked:
        profile, left_out = _profile(park, rules)
    if "clusters" in asked:
        clusters = find_clusters(evaluation.parcels, rules=rules)
    if "pockets" in asked:
        chosen = evaluation.parcels["triage"].isin(_ASSEMBLED)
        pockets = find_pockets(park, evaluation, rules=rules, flagged=chosen)
    if "services" in asked:
        services = service_distances(park, rules=rules)
        if services.layer.empty:
            left_out = (*left_out, *_left_out("services", services.messages))
            services = None
    area = Area(profile=profile, clusters=clusters, pockets=pockets, services=services)
    return area, left_out


def area_layers(area: Area) -> dict[str, pd.DataFrame]:
    """The layers of what was told, by their names in the schema."""
    layers: dict[str, pd.DataFrame] = {}
    if area.gradings:
        layers |= grade_layers(area.gradings)
    if area.profile is not None:
        layers |= {"area_profile": area.profile.areas, "area_sectors": area.profile.sectors}
    for name, part in (
        ("clusters", area.clusters), ("pockets", area.pockets), ("services", area.services),
    ):  # fmt: skip
        if part is not None:
            layers[name] = part.layer
    return layers


def _profile(park: Park, rules: Rules) -> tuple[AreaProfile | None, tuple[StageLeftOut, ...]]:
    """The profile of the zones, or of the blocks where no parcel names a zone."""
    parts = [name for name in AREAS if name in park.parcels and park.parcels[name].notna().any()]
    try:
        profile = area_profile(park, rules=rules, by=parts[0] if parts else AREAS[0])
    except ScenarioError as error:
        if parts:
            raise
        return None, _left_out("profile", error.problems)
    if profile.areas.empty:
        return None, _left_out("profile", profile.messages)
    return profile, ()


def _left_out(stage: str, messages: Sequence[Message]) -> tuple[StageLeftOut, ...]:
    return tuple(StageLeftOut(stage=stage, message=message) for message in messages)
