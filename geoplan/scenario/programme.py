"""A scenario's plan, in the words of the file, turned into the programme that the plan room understands."""

from __future__ import annotations

from math import inf
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from geoplan.errors import ScenarioError
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.plan import (
    AreaTarget,
    CandidateRule,
    Programme,
    Separation,
    ShareTarget,
    products_of,
)
from geoplan.scenario.model import AreaModel, PlanModel
from geoplan.scenario.wishes import Context, objectives_of, wishes_of
from geoplan.units import m2_from_mu
from geoplan.words import name_in_both, say

__all__ = ["programme_of"]


def programme_of(
    plan: PlanModel,
    *,
    rules: Rules,
    source: str,
    folder: Path | None = None,
    park: Park | None = None,
) -> Programme:
    """The programme that a scenario's plan asks for; areas leave mu for m2 here.

    Parameters
    ----------
    plan
        From the scenario file.
    rules
        They hold the products.
    source
        Who asks; it is printed with every target that names no source of its own.
    folder
        Where files that the plan names lie; the current folder by default.
    park
        Its CRS is that of overlays.

    Raises
    ------
    ScenarioError
        A product is not in the rule packs, or a file is not there or not as it should be.
    """
    asked = plan.candidates
    context = Context(folder=folder or Path(), source=source, rules=rules, park=park)
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
        locks=MappingProxyType({**plan.locks, **_painted(plan.painted, context.folder)}),
        phase_1_blocks=plan.phase_1_blocks,
        wishes=wishes_of(plan, context),
        objectives=objectives_of(plan.objectives, context),
        keeps_height_limits=plan.keep_height_limits,
    )


def _painted(file: str | None, folder: Path) -> dict[str, str]:
    """Parcels painted by hand: id to product."""
    if file is None:
        return {}
    path = folder / file
    if not path.exists():
        raise ScenarioError([say("scenario.no_painted", file=str(path))])
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if not {"parcel_id", "product"} <= set(table.columns):
        raise ScenarioError(
            [
                say(
                    "scenario.painted_columns",
                    file=str(path),
                    found=", ".join(map(str, table.columns)),
                )
            ]
        )
    return dict(zip(table["parcel_id"], table["product"], strict=True))


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
