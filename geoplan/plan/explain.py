"""Why a parcel becomes what it becomes, what else it could be, and what stands on it then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.plan.rules import Land, Rule
from geoplan.plan.suitability import Suitability
from geoplan.words import LANGUAGES, Message, join, say

__all__ = ["told"]


def told(
    land: Land,
    plan_rules: Sequence[Rule],
    fit: Suitability,
    labels: NDArray[np.int64],
    choice: pd.DataFrame,
) -> pd.DataFrame:
    """The answer for each candidate: product, use, score, runner-up and its price, floor area, people, reasons.

    .. math:: price_i = A_i (s_{ip} - s_{iq})

    for the chosen product p and the best other product q that breaks no rule if this candidate alone changed; the
    first product of the programme settles ties. Floor area is land times floor area ratio; people are floor area
    over floor area a head, dwellings floor area over dwelling, not rounded.
    """
    rows = np.arange(labels.size)
    score = fit.score.to_numpy()
    keys = fit.score.columns.to_numpy()
    broken_by = _broken_by(plan_rules, labels, score.shape)
    others = np.where(broken_by < 0, score, -np.inf)
    others[rows, labels] = -np.inf
    runner_up = others.argmax(axis=1)
    has_one = np.isfinite(others[rows, runner_up])
    price_m2 = land.area_m2 * (score[rows, labels] - score[rows, runner_up])
    answers = pd.DataFrame(
        {
            "product": keys[labels],
            "planned_use": np.asarray([product.use for product in land.programme.products])[labels],
            "suitability_score": score[rows, labels],
            "runner_up": np.where(has_one, keys[runner_up], None),
            "runner_up_price_m2": np.where(has_one, price_m2, np.nan),
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
    products = land.programme.products
    ratio = np.asarray([product.floor_area_ratio for product in products])[labels]
    per_person = np.asarray([product.floor_area_m2_per_person for product in products])[labels]
    dwelling = np.asarray([product.dwelling_m2 for product in products])[labels]
    floor_area_m2 = land.area_m2 * ratio
    return {
        "planned_floor_area_m2": floor_area_m2,
        "planned_dwelling_count": _over(floor_area_m2, dwelling),
        "planned_population": _over(floor_area_m2, per_person),
    }


def _over(floor_area_m2: NDArray[np.float64], each_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Floor area over what each takes; none where nobody lives."""
    return np.divide(floor_area_m2, each_m2, out=np.zeros_like(each_m2), where=each_m2 > 0)


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
        return say(
            "plan.reason_runner_up",
            product=land.names([str(answer["runner_up"])]),
            price_m2=float(answer["runner_up_price_m2"]),
        )
    against = sorted(set(broken_by[broken_by >= 0].tolist()))
    if not against:
        return say("plan.reason_only_product")
    short = [plan_rules[number].short for number in against]
    return say("plan.reason_no_runner_up", rules=join(short, "common.enumeration"))
