"""What each candidate parcel becomes, so that land fits its use as well as the rules allow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.errors import InfeasibleError, PlanError
from geoplan.model.answers import Allocation, Evaluation, StageLeftOut
from geoplan.model.landuse import is_industrial
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.choose import LabelAnswer, choose_labels
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.plan.candidates import candidate_parcels, impossible_targets, problems_of
from geoplan.plan.explain import told
from geoplan.plan.goals import PlanGoal, goal_of, suitable_area
from geoplan.plan.land import Land
from geoplan.plan.problem import KEEP, AreaTarget, Programme
from geoplan.plan.rules import Rule, area_band, lock, pollution_grades, separation, share_band
from geoplan.plan.suitability import Suitability, score_products
from geoplan.plan.wishes import rule_of
from geoplan.units import mu_from_m2
from geoplan.words import Message, say

__all__ = ["plan_land_use"]


def plan_land_use(  # noqa: PLR0913 - every choice is named
    park: Park,
    evaluation: Evaluation,
    *,
    programme: Programme,
    rules: Rules,
    relative_gap: float = 1e-4,
    node_limit: int | None = None,
    time_limit_seconds: float | None = None,
    seed: int = 0,
) -> Allocation:
    r"""Give every candidate parcel the product that makes the objectives largest.

    .. math:: \max \sum_g w_g T_g(x), \qquad \sum_p x_{ip} = 1, \qquad x_{ip} \in \{0, 1\}

    under the rules of the programme (``plan/rules.py``, ``plan/wishes.py``) and with its objectives (``plan/goals.py``);
    without any, suitable area :math:`\sum_i A_i \sum_p s_{ip} x_{ip}` with the polygon's area :math:`A_i` [m2] and the
    suitability s (0 to 1). A parcel that is no candidate keeps its use. What just reaches a limit is within it.

    Parameters
    ----------
    park
        Reads parcels, and for suitability, separations and the other rules whatever else there is of water, green,
        roads, facilities, buildings, enterprises, occupancy and elevation.
    evaluation
        Which parcels are to be converted; its columns are handed on.
    programme
        What is asked.
    rules
        Rule packs with products, suitability and separations, for example ``plan-assumed``.
    relative_gap
        Stop once no plan can be better by more than this share; the proof says how near it came.
    node_limit
        Limit of work: nodes of the search tree; by default 10,000, fewer where rules or objectives look at several parcels
        at a time.
    time_limit_seconds
        An extra stop; a plan cut by it says so and may differ from run to run.
    seed
        Of the local search that finds a first plan where rules look at several parcels at a time.

    Returns
    -------
    Allocation
        All parcels in the order given with the columns that the schema marks ``plan``. ``runner_up`` is the best
        other product that keeps every rule if this parcel alone changed, and its price what the objectives lose by
        exactly that change; where no other product does, both are unknown and the reason names the rule that stands
        against it.

    Raises
    ------
    PlanError
        The programme names what does not exist; all problems at once.
    InfeasibleError
        The rules cannot all hold: the smallest set of them that cannot, and how far each would have to give way.
    """
    if problems := problems_of(programme, park, rules=rules):
        raise PlanError(problems)
    choice = candidate_parcels(park, evaluation, programme=programme)
    land, plan_rules = _question(park, choice, programme=programme, rules=rules)
    fit = score_products(
        park, is_candidate=choice["is_candidate"], products=programme.products, rules=rules
    )
    goals = [goal_of(land, fit, asked) for asked in programme.objectives] or [
        suitable_area(land, fit)
    ]
    try:
        answer = choose_labels(
            allowed=np.ones(fit.score.shape, dtype=bool),
            goals=[one.goal for one in goals],
            limits=[limit for rule in plan_rules for limit in rule.limits],
            relative_gap=relative_gap,
            node_limit=node_limit,
            time_limit_seconds=time_limit_seconds,
            seed=seed,
        )
    except NoAnswerError as error:
        by_name = {rule.name: rule for rule in plan_rules}
        raise InfeasibleError(
            [_quarrel(by_name[name], error.gives[name]) for name in error.names]
        ) from error
    unit = "score" if programme.objectives else "m2"
    return Allocation(
        parcels=_planned(
            evaluation, choice, told(land, plan_rules, goals, fit, answer.labels, choice)
        ),
        suitability=_suitability_table(land, plan_rules, fit),
        rules=_rule_table(land, plan_rules, goals, answer, unit),
        proof=replace(answer.proof, unit=unit),
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
    staying = park.parcels[~is_candidate.to_numpy(dtype=bool)]
    land = Land(park=park, rules=rules, parcels=parcels, staying=staying, programme=programme)
    bands = [
        area_band(land, target=target)
        if isinstance(target, AreaTarget)
        else share_band(land, target=target)
        for target in programme.area_targets
    ]
    locked = [lock(land, parcel=str(p), product=product) for p, product in locks.items()]
    grades = pollution_grades(park, is_candidate=is_candidate)
    there = park.parcels.geometry[grades.index]
    apart = [
        separation(land, asked=asked, polluting=there[grades == asked.grade])
        for asked in programme.separations
    ]
    wishes = [rule_of(land, asked) for asked in programme.wishes]
    return land, (*bands, *locked, *apart, *wishes)


def _grades_unknown(
    park: Park, choice: pd.DataFrame, programme: Programme
) -> tuple[StageLeftOut, ...]:
    """Industry that stays and whose grade nobody knows: no distance is kept from it, and that is said."""
    grades = pollution_grades(park, is_candidate=choice["is_candidate"])
    count = int((is_industrial(park.parcels["use"][grades.index]) & grades.isna()).sum())
    if not programme.separations or not count:
        return ()
    return (StageLeftOut(stage="separation", message=say("plan.grade_unknown", count=count)),)


def _quarrel(rule: Rule, give: float) -> Message:
    """A rule of the set that cannot hold together, and how far it would have to give way alone."""
    if np.isnan(give):
        return say("plan.quarrel_lifted", rule=rule.title)
    if not np.isfinite(give):
        return say("plan.quarrel_helpless", rule=rule.title)
    if rule.give_unit == "m2":
        return say("plan.quarrel_area", rule=rule.title, give_mu=mu_from_m2(float(give)))
    if rule.give_unit == "parcels":
        return say("plan.quarrel_parcels", rule=rule.title, count=round(give))
    return say(
        "plan.quarrel_amount", rule=rule.title, give=give, unit=say(f"plan.unit_{rule.give_unit}")
    )


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


def _suitability_table(land: Land, plan_rules: Sequence[Rule], fit: Suitability) -> pd.DataFrame:
    count, products = len(fit.score), fit.score.columns
    allowed = np.ones(fit.score.shape, dtype=bool)
    for rule in plan_rules:
        allowed &= ~rule.forbids(land)
    return pd.DataFrame(
        {
            "parcel_id": np.repeat(fit.score.index.to_numpy(), len(products)),
            "product": np.tile(products.to_numpy(), count),
            "score": fit.score.to_numpy().ravel(),
            "is_allowed": pd.array(allowed.ravel(), dtype="boolean"),
            "parts": fit.parts_text().to_numpy().ravel(),
        }
    )


def _rule_table(
    land: Land,
    plan_rules: Sequence[Rule],
    goals: Sequence[PlanGoal],
    answer: LabelAnswer,
    unit: str,
) -> pd.DataFrame:
    """Every rule with its limits and value, such that the plan can be checked without geoplan."""
    count = float(len(land.parcels))
    keys = " ".join(product.key for product in land.programme.products)
    told = (
        {one.goal.name: {"kind": one.kind, "weight": one.goal.weight} for one in goals}
        if unit == "score"
        else {}
    )
    head = [
        {
            "rule": "objective", "kind": "objective", "products": keys, "parcel_ids": _listed(()),
            "lower": np.nan, "upper": answer.proof.bound, "value": answer.proof.objective,
            "unit": unit, "is_kept": True, "source": _SOURCES[unit], "details": _json(told),
        },
        *(
            {
                "rule": f"goal.{one.goal.name}", "kind": "goal", "products": one.products,
                "parcel_ids": _listed(()), "lower": np.nan, "upper": np.nan,
                "value": one.goal.term.value(answer.labels), "unit": one.unit, "is_kept": True,
                "source": "programme",
                "details": _json({"kind": one.kind, "weight": one.goal.weight, **one.details}),
            }
            for one in goals if unit == "score"
        ),
        {
            "rule": "candidates", "kind": "candidates", "products": keys,
            "parcel_ids": _listed(land.parcels.index), "lower": count, "upper": count,
            "value": count, "unit": "count", "is_kept": True,
            "source": "each candidate becomes one product, every other parcel keeps its use",
            "details": _json({}),
        },
    ]  # fmt: skip
    rows = [
        {
            "rule": rule.name, "kind": rule.kind, "products": rule.products,
            "parcel_ids": _listed(rule.parcel_ids),
            "lower": rule.lower if rule.lower > -np.inf else np.nan,
            "upper": rule.upper if rule.upper < np.inf else np.nan,
            "value": rule.value(answer.labels), "unit": rule.unit,
            "is_kept": rule.is_kept(answer.labels), "source": rule.source,
            "details": _json(rule.details),
        }
        for rule in plan_rules
    ]  # fmt: skip
    return pd.DataFrame(head + rows).astype({"is_kept": "boolean"})


_SOURCES = {
    "m2": "suitability_score times area, summed",
    "score": "weight times value of each goal, summed",
}


def _json(details: Mapping[str, Any]) -> str:
    return json.dumps(dict(details), ensure_ascii=False, sort_keys=True)


def _listed(parcel_ids: Iterable[str]) -> str:
    """Parcel ids as a JSON list: an id may hold any character."""
    return json.dumps(list(parcel_ids), ensure_ascii=False)
