"""What each candidate parcel becomes, so that land fits its use as well as the rules allow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import InfeasibleError, PlanError
from geoplan.model.answers import Allocation, Evaluation, StageLeftOut
from geoplan.model.landuse import is_industrial
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.assignment import LabelAnswer, assign_labels
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.plan.candidates import candidate_parcels, impossible_targets, problems_of
from geoplan.plan.explain import told
from geoplan.plan.problem import KEEP, AreaTarget, Programme
from geoplan.plan.rules import (
    Land,
    Rule,
    area_band,
    lock,
    pollution_grades,
    separation,
    share_band,
)
from geoplan.plan.suitability import Suitability, score_products
from geoplan.units import mu_from_m2
from geoplan.words import Message, say

__all__ = ["plan_land_use"]


def plan_land_use(
    park: Park,
    evaluation: Evaluation,
    *,
    programme: Programme,
    rules: Rules,
    relative_gap: float = 1e-4,
) -> Allocation:
    r"""Give every candidate parcel the product that makes suitable area largest.

    .. math:: \max \sum_i A_i \sum_p s_{ip} x_{ip}, \qquad \sum_p x_{ip} = 1, \qquad x_{ip} \in \{0, 1\}

    under the rules of the programme (``plan/rules.py``); :math:`A_i` is the polygon's area [m2] and :math:`s_{ip}`
    the suitability (0 to 1). Solved exactly. A parcel that is no candidate keeps its use. Areas that just reach a
    target, and distances that just reach a separation, are kept.

    Parameters
    ----------
    park
        Reads parcels, and for suitability and separations whatever else there is of water, green, roads,
        facilities, buildings, enterprises, occupancy and elevation.
    evaluation
        Which parcels are to be converted; its columns are handed on.
    programme
        What is asked.
    rules
        Rule packs with products, suitability and separations, for example ``plan-assumed``.
    relative_gap
        Stop once no plan can be better by more than this share; the proof says how near it came.

    Returns
    -------
    Allocation
        All parcels in the order given with the columns that the schema marks ``plan``. ``runner_up`` is the best
        other product that keeps every rule if this parcel alone changed, and its price the suitable area lost;
        where no other product does, both are unknown and the reason names the rule that stands against it.

    Raises
    ------
    PlanError
        The programme names what does not exist; all problems at once.
    InfeasibleError
        The rules cannot all hold: the smallest set of them that cannot, and how far each would have to give way.
    """
    if problems := problems_of(programme, park):
        raise PlanError(problems)
    choice = candidate_parcels(park, evaluation, programme=programme)
    land, plan_rules = _question(park, choice, programme=programme, rules=rules)
    fit = score_products(
        park, is_candidate=choice["is_candidate"], products=programme.products, rules=rules
    )
    answer = _solved(land, plan_rules, fit, relative_gap)
    return Allocation(
        parcels=_planned(evaluation, choice, told(land, plan_rules, fit, answer.labels, choice)),
        suitability=_suitability_table(plan_rules, fit),
        rules=_rule_table(land, plan_rules, fit, answer),
        proof=replace(answer.proof, unit="m2"),
        left_out=(*fit.left_out, *_grades_unknown(park, choice, programme)),
    )


def _question(
    park: Park, choice: pd.DataFrame, *, programme: Programme, rules: Rules
) -> tuple[Land, tuple[Rule, ...]]:
    is_candidate = choice["is_candidate"]
    parcels = park.parcels[is_candidate.to_numpy(dtype=bool)]
    area_m2 = parcels.area
    locks = pd.Series(
        {p: product for p, product in sorted(programme.locks.items()) if product != KEEP},
        dtype=object,
    )
    if problems := impossible_targets(programme, area_m2=area_m2, locks=locks):
        raise InfeasibleError(problems)
    land = Land(parcels=parcels, area_m2=area_m2.to_numpy(), programme=programme)
    bands = [
        area_band(land, target=target)
        if isinstance(target, AreaTarget)
        else share_band(land, target=target)
        for target in programme.area_targets
    ]
    locked = [lock(land, parcel=str(p), product=product) for p, product in locks.items()]
    grades = pollution_grades(park, is_candidate=is_candidate)
    staying = park.parcels.geometry[grades.index]
    apart = [
        separation(land, asked=asked, polluting=staying[grades == asked.grade], rules=rules)
        for asked in programme.separations
    ]
    return land, (*bands, *locked, *apart)


def _grades_unknown(
    park: Park, choice: pd.DataFrame, programme: Programme
) -> tuple[StageLeftOut, ...]:
    """Industry that stays and whose grade nobody knows: no distance is kept from it, and that is said."""
    grades = pollution_grades(park, is_candidate=choice["is_candidate"])
    count = int((is_industrial(park.parcels["use"][grades.index]) & grades.isna()).sum())
    if not programme.separations or not count:
        return ()
    return (StageLeftOut(stage="separation", message=say("plan.grade_unknown", count=count)),)


def _solved(
    land: Land, plan_rules: Sequence[Rule], fit: Suitability, relative_gap: float
) -> LabelAnswer:
    score = fit.score.to_numpy()
    try:
        return assign_labels(
            score=score,
            allowed=np.ones(score.shape, dtype=bool),
            weight=land.area_m2,
            bands=[band for rule in plan_rules for band in rule.bands],
            conflicts=[conflict for rule in plan_rules for conflict in rule.conflicts],
            relative_gap=relative_gap,
        )
    except NoAnswerError as error:
        by_name = {rule.name: rule for rule in plan_rules}
        raise InfeasibleError(
            [_quarrel(by_name[name], land, error.gives[name]) for name in error.names]
        ) from error


def _quarrel(rule: Rule, land: Land, give: float) -> Message:
    """A rule of the set that cannot hold together, and how far it would have to give way alone."""
    if not np.isfinite(give):
        return say("plan.quarrel_helpless", rule=rule.title)
    if rule.kind in ("area", "share_of_area"):
        give_m2 = give * (land.area_m2.sum() if rule.kind == "share_of_area" else 1.0)
        return say("plan.quarrel_area", rule=rule.title, give_mu=mu_from_m2(float(give_m2)))
    return say("plan.quarrel_parcels", rule=rule.title, count=round(give))


def _planned(
    evaluation: Evaluation, choice: pd.DataFrame, answers: pd.DataFrame
) -> gpd.GeoDataFrame:
    """All parcels with the columns of the plan; who is no candidate keeps its use."""
    parcels = evaluation.parcels
    columns = answers.reindex(parcels.index)
    return parcels.assign(
        is_candidate=choice["is_candidate"],
        planned_phase=choice["planned_phase"],
        **{str(name): columns[name] for name in columns},
    ).assign(planned_use=columns["planned_use"].fillna(parcels["use"]))


def _rules_allow(plan_rules: Sequence[Rule], fit: Suitability) -> NDArray[np.bool_]:
    """Candidate x product: what no rule forbids by itself, whatever the other parcels become."""
    allowed = np.ones(fit.score.shape, dtype=bool)
    for rule in plan_rules:
        if rule.kind == "lock":
            rows = rule.totals.any(axis=1)
            allowed[rows] &= rule.totals[rows] > 0
        elif rule.kind == "separation":
            allowed &= rule.totals == 0
    return allowed


def _suitability_table(plan_rules: Sequence[Rule], fit: Suitability) -> pd.DataFrame:
    count, products = len(fit.score), fit.score.columns
    return pd.DataFrame(
        {
            "parcel_id": np.repeat(fit.score.index.to_numpy(), len(products)),
            "product": np.tile(products.to_numpy(), count),
            "score": fit.score.to_numpy().ravel(),
            "is_allowed": pd.array(_rules_allow(plan_rules, fit).ravel(), dtype="boolean"),
            "parts": fit.parts_text().to_numpy().ravel(),
        }
    )


def _rule_table(
    land: Land, plan_rules: Sequence[Rule], fit: Suitability, answer: LabelAnswer
) -> pd.DataFrame:
    """Every rule with its limits and value, such that the plan can be checked without geoplan."""
    count = float(len(land.parcels))
    keys = " ".join(fit.score.columns)
    head = [
        {
            "rule": "objective", "kind": "objective", "products": keys, "parcel_ids": _listed(()),
            "lower": np.nan, "upper": answer.proof.bound, "value": answer.proof.objective,
            "unit": "m2", "is_kept": True, "source": "suitability_score times area, summed",
        },
        {
            "rule": "candidates", "kind": "candidates", "products": keys,
            "parcel_ids": _listed(land.parcels.index), "lower": count, "upper": count,
            "value": count, "unit": "count", "is_kept": True,
            "source": "each candidate becomes one product, every other parcel keeps its use",
        },
    ]  # fmt: skip
    rows = [
        {
            "rule": rule.name, "kind": rule.kind, "products": rule.products,
            "parcel_ids": _listed(rule.parcel_ids),
            "lower": rule.lower if rule.lower > -np.inf else np.nan,
            "upper": rule.upper if rule.upper < np.inf else np.nan,
            "value": rule.value(land, answer.labels), "unit": rule.unit,
            "is_kept": rule.is_kept(answer.labels), "source": rule.source,
        }
        for rule in plan_rules
    ]  # fmt: skip
    return pd.DataFrame(head + rows).astype({"is_kept": "boolean"})


def _listed(parcel_ids: Iterable[str]) -> str:
    """Parcel ids as a JSON list: an id may hold any character."""
    return json.dumps(list(parcel_ids), ensure_ascii=False)
