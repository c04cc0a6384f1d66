"""What cannot be had together: plans none of which is better in every goal, each proven, each a plan on the map."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geoplan.errors import InfeasibleError, PlanError, UnfinishedError
from geoplan.model.answers import Allocation, Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise import front as fronts
from geoplan.optimise.front import Front, Point, knee_of, trace_front
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.plan._kept import KeptAnswers
from geoplan.plan.allocate import plan_land_use
from geoplan.plan.front_goals import FRONT_GOALS, PlanGoal
from geoplan.plan.problem import Programme
from geoplan.plan.question import Question, pose_question
from geoplan.words import Message, say

__all__ = ["PlanFront", "plan_front"]

_FEWEST, _MOST = 2, 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanFront:
    """The front.

    Attributes
    ----------
    points
        Table ``pareto_points``: a row per plan and goal with its value, its unit, the bound of the first goal, whether
        it is proven, and whether the plan is the knee.
    knee
        Number of the plan at the knee, from 1: the largest sum of the goals, each scaled from the worst (0) to the
        best (1) on the front. For two goals it is the plan farthest from the straight line between the ends.
    plan_count, is_complete, has_all
        How many plans; whether the search was not interrupted; whether it is proven that there is no other (two goals).
    """

    points: pd.DataFrame
    knee: int
    plan_count: int
    is_complete: bool
    has_all: bool
    front: Front
    question: Question

    def plan(self, number: int) -> Allocation:
        """One plan of the front, numbered from 1 in the order of the first goal."""
        labels = self.front.points[number - 1].labels
        return self.question.allocation(
            labels, self.question.proof(labels, method=f"point {number} of the front")
        )


def plan_front(  # noqa: PLR0913 - every choice is named
    park: Park,
    evaluation: Evaluation,
    *,
    programme: Programme,
    rules: Rules,
    goals: Sequence[str],
    count: int = 9,
    relative_gap: float = 1e-4,
    range_gap: float = 0.005,
    node_limit: int | None = 2_000,
    resume: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PlanFront:
    """Find plans under all rules of the programme, none of which is better than another in every goal.

    Parameters
    ----------
    park, evaluation, programme
        As for ``plan_land_use``.
    rules
        Rule packs as for ``plan_land_use``, with ``goals-assumed`` for compactness and walking access, and
        ``simulate-assumed`` for cost, or others in their place.
    goals
        Two to four names of ``plan.front_goals.FRONT_GOALS``; the first is made best under limits on the others.
    count
        How many plans at most; for more than two goals about how many limits are tried.
    relative_gap, range_gap, node_limit
        How near the best a goal must be proven: at the ends as a share of its worth, between them as a share of its
        range; and the limit of work for each step. A plan says how near it came.
    resume
        A file that keeps every step; a search with the same question goes on from it.
    progress
        Is told how many plans there are, of how many.

    Returns
    -------
    PlanFront
        Interrupted (Ctrl-C), it holds what was found; the file goes on from there.

    Raises
    ------
    PlanError
        A goal does not exist, cannot be measured here, or is the same in every plan; all problems at once.
    InfeasibleError
        The rules of the programme cannot all hold.
    UnfinishedError
        It was interrupted before the first plan.
    """
    question = pose_question(park, evaluation, programme=programme, rules=rules)
    asked = _goals(question, goals)
    put = fronts.Question(
        allowed=np.ones(question.score.shape, dtype=bool),
        bands=[band for rule in question.plan_rules for band in rule.bands],
        conflicts=[conflict for rule in question.plan_rules for conflict in rule.conflicts],
        relative_gap=relative_gap,
        range_gap=range_gap,
        node_limit=node_limit,
    )
    kept = KeptAnswers(resume, _fingerprint(asked, put, question))
    try:
        found = trace_front(
            [item.goal for item in asked],
            put,
            count=count,
            known=kept.answers,
            keep=kept.keep,
            progress=progress,
        )
    except NoAnswerError as error:
        plan_land_use(park, evaluation, programme=programme, rules=rules)  # it says why
        raise InfeasibleError(error.problems) from error
    if not found.points:
        raise UnfinishedError([say("front.no_plan_yet")]) from KeyboardInterrupt()
    knee = knee_of(found, [item.goal for item in asked]) + 1
    return PlanFront(
        points=_table(found, asked, knee),
        knee=knee,
        plan_count=len(found.points),
        is_complete=found.is_complete,
        has_all=found.has_all,
        front=found,
        question=question,
    )


def _goals(question: Question, names: Sequence[str]) -> list[PlanGoal]:
    if not _FEWEST <= len(set(names)) == len(names) <= _MOST:
        raise PlanError([say("front.how_many", count=len(set(names)))])
    problems: list[Message] = []
    asked: list[PlanGoal] = []
    for name in names:
        if name not in FRONT_GOALS:
            problems.append(say("front.unknown", name=name, known=", ".join(FRONT_GOALS)))
            continue
        goal = FRONT_GOALS[name](question)
        title = say(f"front.{name}")
        if isinstance(goal, Message):
            problems.append(say("front.cannot", name=title, why=goal))
        elif _is_flat(goal):
            problems.append(say("front.flat", name=title))
        else:
            asked.append(goal)
    if problems:
        raise PlanError(problems)
    return asked


def _is_flat(goal: PlanGoal) -> bool:
    table = goal.goal.table
    return goal.goal.own is None and not np.ptp(table, axis=1).any()


def _fingerprint(goals: Sequence[PlanGoal], put: fronts.Question, question: Question) -> str:
    """A hash of everything the answers depend on; how many points are asked for is not part of it."""
    ids = [str(parcel) for parcel in question.land.parcels.index]
    digest = hashlib.sha256(
        json.dumps([ids, question.keys, put.relative_gap, put.range_gap, put.node_limit]).encode(
            "utf-8"
        )
    )
    for item in goals:
        digest.update(f"{item.goal.name} {item.goal.sense}".encode())
        digest.update(np.ascontiguousarray(item.goal.table).tobytes())
        if item.goal.own is not None:
            digest.update(item.goal.own.worth.tobytes())
            digest.update(item.goal.own.rows.indices.tobytes())
    for band in put.bands:
        digest.update(f"{band.name} {band.lower!r} {band.upper!r}".encode())
        digest.update(np.ascontiguousarray(band.coefficients).tobytes())
    for conflict in put.conflicts:
        digest.update(np.ascontiguousarray(conflict.pairs).tobytes())
    return digest.hexdigest()


def _table(found: Front, goals: Sequence[PlanGoal], knee: int) -> pd.DataFrame:
    rows = []
    for number, point in enumerate(found.points, start=1):
        for place, (item, value) in enumerate(zip(goals, point.values, strict=True)):
            rows.append(
                {
                    "point": number,
                    "goal": item.goal.name,
                    "name_en": item.title.text("en"),
                    "name_zh": item.title.text("zh"),
                    "value": value,
                    "unit": item.unit,
                    "limit": _limit(point, place),
                    "bound": point.bound if place == 0 else np.nan,
                    "is_proven": point.is_proven,
                    "is_knee": number == knee,
                }
            )
    return pd.DataFrame(rows).astype({"is_proven": "boolean", "is_knee": "boolean"})


def _limit(point: Point, place: int) -> float:
    """The limit that a goal behind the first had to keep; not a number where there was none."""
    limit = point.limits[place - 1] if place else np.nan
    return limit if np.isfinite(limit) else np.nan
