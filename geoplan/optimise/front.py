"""What cannot be had together: labellings none of which is better in every goal, each proven, spread over the front.

The epsilon-constraint way: one goal is made as good as it can be while the others keep a limit, and the limits walk
along the front (Haimes et al. 1971; Mavrotas, AUGMECON, 2009; both recalled). Arrays in, points out.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise._choice_rows import Choices, choice_programme
from geoplan.optimise._highs import Programme, Solved, solve
from geoplan.optimise.assignment import Band, Conflict
from geoplan.optimise.no_answer import NoAnswerError

__all__ = [
    "Front",
    "Goal",
    "Own",
    "Point",
    "Question",
    "alike_goal",
    "knee_of",
    "sum_goal",
    "trace_front",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Sums are the same below this share of what they are made of.
SAME_SHARE = 1e-9
#: Points of the front nearer than this share of its range count as one.
STEP_SHARE = 1e-6
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Own:
    """Columns that a goal brings along: their worth, their upper limit (lower 0), and the rows that tie them.

    ``rows`` run over n x k choices, row by row, then over the own columns.
    """

    worth: Floats
    upper: Floats
    rows: sp.csr_array
    row_lower: Floats
    row_upper: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Goal:
    """A goal in linear form: the sum of ``table[i, label of i]``, plus its own columns at their best.

    Attributes
    ----------
    name, sense
        What it is called, and whether more is better.
    table
        (n, k).
    own
        Columns that the sum alone cannot say; they must go to the side of the goal by themselves.
    value
        What a labelling is worth, exactly.
    """

    name: str
    table: Floats
    value: Callable[[Ints], float]
    sense: Literal["max", "min"] = "max"
    own: Own | None = None

    @property
    def sign(self) -> float:
        """1 where more is better, else -1."""
        return 1.0 if self.sense == "max" else -1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """The labellings there are: which labels, which totals, which pairs; and how hard to look.

    ``relative_gap`` is how near the best a goal must be proven at the ends, as a share of its worth, ``range_gap``
    between them, as a share of its range on the front. As much may be given up again for the goals that come after it.
    """

    allowed: NDArray[np.bool_]
    bands: Sequence[Band] = ()
    conflicts: Sequence[Conflict] = ()
    relative_gap: float = 1e-9
    range_gap: float = 0.0
    node_limit: int | None = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """A labelling of the front.

    Attributes
    ----------
    values
        Of each goal.
    limits
        What the goals behind the first had to keep, (m - 1,); minus (or plus) infinity for nothing.
    bound
        No labelling that keeps those limits is better in the first goal.
    is_proven
        Whether the first goal is within the gap asked for of that bound.
    """

    labels: Ints
    values: tuple[float, ...]
    limits: tuple[float, ...]
    bound: float
    is_proven: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Front:
    """Points in the order of the first goal, best first; ``is_complete`` if it was not interrupted.

    ``has_all`` is true where it is proven that there is no further point (two goals).
    """

    points: tuple[Point, ...]
    ideal: tuple[float, ...]
    nadir: tuple[float, ...]
    is_complete: bool
    has_all: bool


def sum_goal(name: str, table: Floats, *, sense: Literal["max", "min"] = "max") -> Goal:
    """A goal that is nothing but the sum of its table."""
    rows = np.arange(len(table))
    return Goal(
        name=name, table=table, sense=sense, value=lambda labels: float(table[rows, labels].sum())
    )


def alike_goal(  # noqa: PLR0913 - every choice is named
    name: str, pairs: Ints, weight: Floats, group: Ints, *, size: tuple[int, int], alone: Floats
) -> Goal:
    r"""Neighbours that are alike, by weight: more is better.

    .. math:: \sum_{(i, j)} w_{ij} \sum_g \min\Big(\sum_{l \in g} x_{il}, \sum_{l \in g} x_{jl}\Big) + \sum_i a_{i l_i}

    Parameters
    ----------
    pairs, weight
        Neighbours, each pair once, and their weights (at least 0).
    group
        Group of each label; labels of one group are alike, -1 is like nothing.
    alone
        What each label is worth to neighbours that never change, (n, k).
    """
    units, labels = size
    groups = np.unique(group[group >= 0])
    count = len(pairs) * len(groups)
    row, column, value = [], [], []
    for number, (pair, one) in enumerate(itertools.product(range(len(pairs)), groups.tolist())):
        for side in (0, 1):  # y <= sum of the group's choices of this side
            members = np.flatnonzero(group == one)
            row += [2 * number + side] * (len(members) + 1)
            column += [
                *(int(pairs[pair, side]) * labels + members).tolist(), units * labels + number
            ]  # fmt: skip
            value += [1.0] * len(members) + [-1.0]
    rows = sp.csr_array(
        sp.coo_array((value, (row, column)), shape=(2 * count, units * labels + count))
    )
    own = Own(
        worth=np.repeat(weight, len(groups)), upper=np.ones(count), rows=rows,
        row_lower=np.zeros(2 * count), row_upper=np.full(2 * count, np.inf),
    )  # fmt: skip

    def worth(chosen: Ints) -> float:
        kind = group[chosen]
        is_alike = (kind[pairs[:, 0]] == kind[pairs[:, 1]]) & (kind[pairs[:, 0]] >= 0)
        return float(weight[is_alike].sum() + alone[np.arange(units), chosen].sum())

    return Goal(name=name, table=alone, own=own, value=worth)


def knee_of(front: Front, goals: Sequence[Goal]) -> int:
    """The point that gives up least: the largest sum of the goals, each scaled from worst (0) to best (1) on the front.

    For two goals it is the point farthest from the straight line between the two ends, on the good side of it. The
    first of equals.
    """
    table = _scaled(front, goals)
    return int(table.sum(axis=1).argmax())


def _scaled(front: Front, goals: Sequence[Goal]) -> Floats:
    sign = np.array([goal.sign for goal in goals])
    best, worst = np.array(front.ideal) * sign, np.array(front.nadir) * sign
    values = np.array([point.values for point in front.points]) * sign
    span = np.where(best > worst, best - worst, 1.0)
    return np.asarray((values - worst) / span)


def trace_front(  # noqa: PLR0913 - every choice is named
    goals: Sequence[Goal],
    question: Question,
    *,
    count: int,
    known: Mapping[str, Any] | None = None,
    keep: Callable[[str, Any], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Front:
    """Find up to ``count`` points of the front, spread evenly.

    With two goals: first the two ends, each the best of one goal and then of the other; then always the middle of the
    widest gap that may still hold a point, until there are ``count`` or none is left. With three or four: an even grid
    of limits between the worst and the best of each further goal on the ends, about ``count`` in all. Each point is the
    best of the first goal under its limits, then of the second without loss in the first, and so on, so that no
    labelling is better in every goal; points that another one dominates, or that come twice, are left out.

    Parameters
    ----------
    known, keep
        Answers of an earlier, interrupted search by name of the step, and what to do with each new one: a search that
        is given what it kept goes on where it stopped, and ends as if it had never been interrupted.
    progress
        Is told how many points there are, of how many.

    Returns
    -------
    Front
        Interrupted (Ctrl-C), it holds what was found.

    Raises
    ------
    NoAnswerError
        There is no labelling.
    """
    if not _TWO <= len(goals) <= 4:  # noqa: PLR2004 (two to four goals)
        raise ValueError(f"a front has two to four goals, not {len(goals)}")
    search = _Search(goals, question, known or {}, keep or (lambda _name, _answer: None))
    search.tell = lambda: (progress or (lambda _done, _of: None))(len(search.points), count)
    has_all, is_complete = False, True
    try:
        search.ends()
        has_all = search.gaps(count) if len(goals) == _TWO else search.grid(count)
    except KeyboardInterrupt:
        is_complete = False
    return search.front(is_complete=is_complete, has_all=has_all)


class _Search:
    """The programme, the answers so far, and the points they make."""

    def __init__(
        self,
        goals: Sequence[Goal],
        question: Question,
        known: Mapping[str, Any],
        keep: Callable[[str, Any], None],
    ) -> None:
        self.goals, self.question, self.known, self.keep = goals, question, known, keep
        self.points: list[Point] = []
        self.range = [0.0] * len(goals)
        self.tell: Callable[[], None] = lambda: None
        labels = question.allowed.shape[1]
        choices, base = choice_programme(question.allowed, question.bands, question.conflicts)
        owns = [goal.own for goal in goals]
        counts = [0 if own is None else own.worth.size for own in owns]
        starts = np.cumsum([choices.count, *counts])
        blocks = [sp.hstack([base.rows, sp.csr_array((base.rows.shape[0], sum(counts)))])]
        lower, upper = [base.row_lower], [base.row_upper]
        for start, own in zip(starts, owns, strict=False):
            if own is not None:
                blocks.append(_placed(own, choices, labels, int(start), int(starts[-1])))
                lower.append(own.row_lower)
                upper.append(own.row_upper)
        self.worth = [
            _worth(goal, choices, int(start), int(starts[-1]))
            for goal, start in zip(goals, starts, strict=False)
        ]
        self.choices = choices
        own_upper = np.concatenate(
            [np.ones(choices.count), *(own.upper for own in owns if own is not None)]
        )
        self.programme = Programme(
            cost=np.zeros(int(starts[-1])),
            rows=sp.csr_array(sp.vstack(blocks)),
            row_lower=np.concatenate(lower),
            row_upper=np.concatenate(upper),
            lower=np.zeros(int(starts[-1])),
            upper=own_upper,
            is_integer=np.arange(int(starts[-1])) < choices.count,
            sense="max",
        )
        self.slack = [
            SAME_SHARE * max(float(np.abs(worth).sum()) / max(labels, 1), 1e-12)
            for worth in self.worth
        ]

    def ends(self) -> None:
        """The best of each goal, and then of the others in turn, as far as the first does not suffer."""
        names = range(len(self.goals))
        nothing = (-np.inf,) * len(self.goals)
        alone = [self.step((goal,), nothing) for goal in names]
        if any(answer["labels"] is None for answer in alone):
            raise NoAnswerError([])
        table = np.array([[self.inner_value(goal, answer) for goal in names] for answer in alone])
        self.range = np.ptp(table, axis=0).tolist()
        self.corners = []
        for goal in names:
            best = table[goal, goal]
            floor = best - self.may_lose(goal, best)
            limits = tuple(floor if other == goal else -np.inf for other in names)
            order = tuple(other for other in names if other != goal)
            answer = self.step(order, limits)
            if goal == 0:
                answer = {**alone[0], "labels": answer["labels"]}
            point = self.point(answer)
            if point is None:
                raise NoAnswerError([])
            self.corners.append(point)
            self.add(point)
        values = np.array([self.inner(point) for point in self.corners])
        self.range = np.ptp(values, axis=0).tolist()

    def gaps(self, count: int) -> bool:
        """Points in the middle of the widest gap; whether none is left."""
        one, other = (self.inner(point) for point in self.corners)
        span = (max(one[0] - other[0], 1e-300), max(other[1] - one[1], 1e-300))
        step = max(STEP_SHARE * span[1], 4 * self.slack[1])

        def width(low: tuple[float, ...], high: tuple[float, ...], top: float) -> float:
            return max((low[0] - high[0]) / span[0], (top - low[1]) / span[1])

        open_gaps: list[tuple[float, float, tuple[float, ...], tuple[float, ...], float]] = []

        def push(low: tuple[float, ...], high: tuple[float, ...], top: float) -> None:
            if top - low[1] > step:
                heapq.heappush(open_gaps, (-width(low, high, top), low[1], low, high, top))

        push(one, other, other[1])
        while open_gaps and len(self.points) < count:
            _, _, low, high, top = heapq.heappop(open_gaps)
            is_first = top == high[1]
            limit = (low[1] + top) / 2 if is_first else low[1] + step
            point = self.best((0, 1), (-np.inf, limit))
            if point is None:
                continue  # only where the limit is above the end by rounding
            found = self.inner(point)
            if found[1] >= high[1] - step or found[0] <= high[0] + self.slack[0]:  # the end again
                if is_first:
                    push(low, high, limit)
                continue
            self.add(point)
            push(found, high, top)
            if is_first:
                push(low, found, limit)
        return not open_gaps

    def grid(self, count: int) -> bool:
        """Points under an even grid of limits."""
        others = len(self.goals) - 1
        corners = np.array([self.inner(point) for point in self.corners])
        levels = max(round(count ** (1 / others)), 2)
        axes = [
            np.linspace(corners[:, goal].min(), corners[:, goal].max(), levels).tolist()
            for goal in range(1, others + 1)
        ]
        for limits in itertools.product(*axes):
            point = self.best(tuple(range(others + 1)), (-np.inf, *limits))
            if point is not None:
                self.add(point)
        return False

    def best(self, order: tuple[int, ...], limits: tuple[float, ...]) -> Point | None:
        """The best of the goals in turn under limits (all as if more were better); ``None`` if nothing keeps them."""
        return self.point(self.step(order, limits))

    def step(self, order: tuple[int, ...], limits: tuple[float, ...]) -> Any:
        """The answer of one step: known already, or worked out and kept."""
        name = json.dumps([order, [None if np.isinf(limit) else limit for limit in limits]])
        if name in self.known:
            return self.known[name]
        floors = list(limits)
        answer: Any = {"labels": None}
        start: Floats | None = None
        was_proven = True
        for goal in order:
            solved = self.solve(goal, floors, start)
            if solved.x is None:
                break
            start = solved.x
            answer["labels"] = self.choices.labels(start).tolist()
            own = self.inner_value(goal, answer)
            was_proven = was_proven and solved.outcome == "optimal"
            if goal == 0:
                answer["bound"] = max(solved.bound, own)
                answer["limits"] = [None if np.isinf(floor) else floor for floor in floors[1:]]
                answer["is_proven"] = was_proven
            floors[goal] = max(floors[goal], own - self.may_lose(goal, own))
        self.keep(name, answer)
        return answer

    def may_lose(self, goal: int, value: float) -> float:
        """How much of a goal may be given up for those that come after it."""
        least: float = 2 * self.slack[goal]
        return max(self.question.relative_gap * abs(value), self.spare(goal), least)

    def inner_value(self, goal: int, answer: Any) -> float:
        """What an answer has of a goal, as if more were better."""
        labels = np.array(answer["labels"], dtype=np.int64)
        return float(self.goals[goal].sign * self.goals[goal].value(labels))

    def point(self, answer: Any) -> Point | None:
        if answer.get("bound") is None:
            return None
        labels = np.array(answer["labels"], dtype=np.int64)
        sign = [goal.sign for goal in self.goals]
        return Point(
            labels=labels,
            values=tuple(goal.value(labels) for goal in self.goals),
            limits=tuple(
                s * (-np.inf if limit is None else limit)
                for s, limit in zip(sign[1:], answer["limits"], strict=True)
            ),
            bound=sign[0] * answer["bound"],
            is_proven=answer["is_proven"],
        )

    def solve(self, goal: int, floors: Sequence[float], start: Floats | None) -> Solved:
        """Make one goal as good as it can be while all keep their floors."""
        asked = [number for number, floor in enumerate(floors) if np.isfinite(floor)]
        scale = [float(np.abs(self.worth[number]).max(initial=0.0)) or 1.0 for number in asked]
        rows = [
            sp.csr_array(self.worth[number][None, :] / unit)
            for number, unit in zip(asked, scale, strict=True)
        ]
        least = [
            (floors[number] - SAME_SHARE * unit) / unit
            for number, unit in zip(asked, scale, strict=True)
        ]
        programme = replace(
            self.programme,
            cost=self.worth[goal],
            rows=sp.csr_array(sp.vstack([self.programme.rows, *rows])),
            row_lower=np.concatenate([self.programme.row_lower, least]),
            row_upper=np.concatenate([self.programme.row_upper, np.full(len(asked), np.inf)]),
        )
        return solve(
            programme,
            relative_gap=self.question.relative_gap,
            absolute_gap=self.spare(goal),
            node_limit=self.question.node_limit,
            start=start,
        )

    def spare(self, goal: int) -> float:
        """How much of a goal nobody looks at, once its range is known."""
        return self.question.range_gap * self.range[goal]

    def inner(self, point: Point) -> tuple[float, ...]:
        """Its values, as if more were better."""
        return tuple(
            goal.sign * value for goal, value in zip(self.goals, point.values, strict=True)
        )

    def add(self, point: Point) -> None:
        """Keep a point unless one that is there is as good in every goal; drop those that it beats."""
        new = np.array(self.inner(point))
        slack = np.array(self.slack)
        held = [np.array(self.inner(other)) for other in self.points]
        if not any(np.all(other >= new - slack) for other in held):
            self.points = [
                other
                for other, values in zip(self.points, held, strict=True)
                if not np.all(new >= values - slack)
            ]
            self.points.append(point)
        self.tell()

    def front(self, *, is_complete: bool, has_all: bool) -> Front:
        points = sorted(self.points, key=lambda point: tuple(-v for v in self.inner(point)))
        table = (
            np.array([point.values for point in points])
            if points
            else np.zeros((0, len(self.goals)))
        )
        sign = np.array([goal.sign for goal in self.goals])
        best = (table * sign).max(axis=0, initial=-np.inf) * sign
        worst = (table * sign).min(axis=0, initial=np.inf) * sign
        return Front(
            points=tuple(points),
            ideal=tuple(best.tolist()),
            nadir=tuple(worst.tolist()),
            is_complete=is_complete,
            has_all=has_all,
        )


def _worth(goal: Goal, choices: Choices, start: int, total: int) -> Floats:
    """What each column is worth for a goal, as if more were better."""
    worth = np.zeros(total)
    worth[: choices.count] = goal.sign * goal.table[choices.unit, choices.label]
    if goal.own is not None:
        worth[start : start + goal.own.worth.size] = goal.sign * goal.own.worth
    return worth


def _placed(own: Own, choices: Choices, labels: int, start: int, total: int) -> sp.csr_array:
    """Rows of a goal's own columns, over the columns of the whole programme; a label not allowed is 0."""
    table = sp.coo_array(own.rows)
    units = choices.number.shape[0]
    number = choices.number.ravel()
    is_choice = table.col < units * labels
    column = np.where(
        is_choice,
        number[np.minimum(table.col, units * labels - 1)],
        table.col - units * labels + start,
    )
    there = column >= 0
    return sp.csr_array(
        sp.coo_array(
            (table.data[there], (table.row[there], column[there])), shape=(table.shape[0], total)
        )
    )
