"""Why a parcel becomes what it becomes, what else it could be, and what stands on it then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.plan.goals import PlanGoal
from geoplan.plan.intensity import heights, over
from geoplan.plan.land import Land
from geoplan.plan.rules import Rule
from geoplan.plan.suitability import Suitability
from geoplan.words import LANGUAGES, Message, join, say

__all__ = ["told"]


def told(  # noqa: PLR0913, PLR0917 - the plan, part by part
    land: Land,
    plan_rules: Sequence[Rule],
    goals: Sequence[PlanGoal],
    fit: Suitability,
    labels: NDArray[np.int64],
    choice: pd.DataFrame,
) -> pd.DataFrame:
    """The answer for each candidate: product, use, score, runner-up and its price, floor area, people, reasons.

    The price is what the objectives lose if this candidate alone became its runner-up, the best other product that
    breaks no rule then; it is below 0 where a plan that is not proven best can be bettered. The first product of the
    programme settles ties. Floor area is land times floor area ratio; people are floor area over floor area a head,
    dwellings floor area over dwelling, not rounded.
    """
    rows = np.arange(labels.size)
    score = fit.score.to_numpy()
    keys = fit.score.columns.to_numpy()
    worth = sum(one.goal.weight * one.goal.term.changes(labels) for one in goals) + np.zeros(
        score.shape
    )
    broken_by = _broken_by(plan_rules, labels, score.shape)
    others = np.where(broken_by < 0, worth, -np.inf)
    others[rows, labels] = -np.inf
    runner_up = others.argmax(axis=1)
    has_one = np.isfinite(others[rows, runner_up])
    price = np.where(has_one, worth[rows, labels] - worth[rows, runner_up], np.nan)
    is_area = not land.programme.objectives
    answers = pd.DataFrame(
        {
            "product": keys[labels],
            "planned_use": np.asarray([product.use for product in land.programme.products])[labels],
            "suitability_score": score[rows, labels],
            "runner_up": np.where(has_one, keys[runner_up], None),
            "runner_up_price_m2": price if is_area else np.nan,
            "runner_up_price_score": np.nan if is_area else price,
            **_intensity(land, labels),
        },
        index=land.parcels.index,
    )
    reasons = [
        join([say(because), _reason(land, plan_rules, fit, answers.loc[parcel], broken)])
        for parcel, because, broken in zip(
            answers.index, choice["because"].reindex(answers.index), broken_by, strict=True
        )
    ]  # one sentence per candidate
    texts = {
        f"plan_reason_{language}": [reason.text(language) for reason in reasons]
        for language in LANGUAGES
    }
    return answers.assign(**texts)


def _intensity(land: Land, labels: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    rows, programme = np.arange(labels.size), land.programme
    floor_area_m2 = land.floor_area_m2[rows, labels]
    dwelling = np.asarray([product.dwelling_m2 for product in programme.products])[labels]
    cover = np.asarray([product.coverage_share for product in programme.products])[labels]
    height_m = heights(land.parcels, programme.products, keeps_limits=programme.keeps_height_limits)
    return {
        "planned_floor_area_m2": floor_area_m2,
        "planned_floor_area_ratio": floor_area_m2 / land.area_m2,
        "planned_coverage_share": np.where(np.isfinite(cover), cover, np.nan),
        "planned_height_m": height_m[rows, labels],
        "planned_dwelling_count": over(floor_area_m2, dwelling),
        "planned_population": land.people[rows, labels],
    }


def _broken_by(
    plan_rules: Sequence[Rule], labels: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.int64]:
    """Candidate x product: the first rule that a change of this candidate alone would break, or -1."""
    first = np.full(shape, -1, dtype=np.int64)
    for number, rule in enumerate(plan_rules):
        first[(first < 0) & rule.breaks(labels)] = number
    return first


def _reason(
    land: Land,
    plan_rules: Sequence[Rule],
    fit: Suitability,
    answer: pd.Series,
    broken_by: NDArray[np.int64],
) -> Message:
    """Why this product: how well it fits, what would fit better and what stands against it, the next best."""
    parcel, product = str(answer.name), str(answer["product"])
    sentences = [
        say(
            "plan.reason",
            product=land.names([product]),
            score=float(answer["suitability_score"]),
            parts=fit.reason(parcel, product),
        ),
    ]
    score = fit.score.T[parcel]
    best = str(score.idxmax())
    against = int(broken_by[score.index.get_loc(best)])
    if score[best] > score[product] and against >= 0:
        sentences.append(
            say(
                "plan.reason_better",
                product=land.names([best]),
                score=float(score[best]),
                rule=plan_rules[against].short,
            )
        )
    sentences.append(_next_best(land, plan_rules, answer, broken_by))
    return join(sentences)


def _next_best(
    land: Land, plan_rules: Sequence[Rule], answer: pd.Series, broken_by: NDArray[np.int64]
) -> Message:
    if pd.notna(answer["runner_up"]):
        product = land.names([str(answer["runner_up"])])
        if land.programme.objectives:
            price = float(answer["runner_up_price_score"])
            return say("plan.reason_runner_up_score", product=product, price=price)
        price_m2 = float(answer["runner_up_price_m2"])
        return say("plan.reason_runner_up", product=product, price_m2=price_m2)
    against = sorted(set(broken_by[broken_by >= 0].tolist()))
    if not against:
        return say("plan.reason_only_product")
    short = [plan_rules[number].short for number in against]
    return say("plan.reason_no_runner_up", rules=join(short, "common.enumeration"))
