"""Every small front is found by walking through all labellings; a killed search ends as if it had not been."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from geoplan.optimise import front as fronts
from geoplan.optimise.assignment import Band, Conflict
from geoplan.optimise.front import Goal, Question, alike_goal, knee_of, sum_goal, trace_front
from geoplan.optimise.no_answer import NoAnswerError


def inner(goals: list[Goal], labels: np.ndarray) -> tuple[float, ...]:
    return tuple(round(goal.sign * goal.value(labels), 6) for goal in goals)


def keeps(question: Question, labels: np.ndarray) -> bool:
    rows = np.arange(labels.size)
    if not question.allowed[rows, labels].all():
        return False
    for band in question.bands:
        if not band.lower - 1e-9 <= band.coefficients[rows, labels].sum() <= band.upper + 1e-9:
            return False
    pairs = [pair for conflict in question.conflicts for pair in np.asarray(conflict.pairs)]
    return not any(labels[i] == p and labels[j] == q for i, p, j, q in pairs)


def all_efficient(goals: list[Goal], question: Question) -> list[tuple[float, ...]]:
    """What no labelling beats, by trying every one."""
    units, labels = question.allowed.shape
    tried = [np.array(one) for one in itertools.product(range(labels), repeat=units)]
    values = sorted({inner(goals, one) for one in tried if keeps(question, one)})
    table = np.array(values)
    return [
        one
        for one in values
        if not any((other >= one).all() and (other > np.array(one)).any() for other in table)
    ]


def town(seed: int) -> tuple[list[Goal], Question]:
    """Six units, three labels, two goals; every other town asks for neighbours that are alike."""
    rng = np.random.default_rng(seed)
    size = (6, 3)
    goals = [sum_goal("one", rng.integers(0, 20, size).astype(float))]
    if seed % 2:
        street = np.array([(i, i + 1) for i in range(5)])
        weight, alone = rng.integers(1, 9, 5).astype(float), rng.integers(0, 3, size).astype(float)
        goals.append(
            alike_goal("alike", street, weight, np.array([0, 1, 1]), size=size, alone=alone)
        )
    else:
        goals.append(sum_goal("cost", rng.integers(0, 20, size).astype(float), sense="min"))
    allowed = rng.random(size) < 0.9
    allowed[:, 0] = True
    count = np.zeros(size)
    count[:, 0] = 1
    return goals, Question(
        allowed=allowed,
        bands=[Band(name="few", coefficients=count, lower=1, upper=4)],
        conflicts=[Conflict(name="apart", pairs=[(0, 0, 1, 0)])],
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_front_of_two_goals_is_the_whole_one(seed: int) -> None:
    goals, question = town(seed)
    found = trace_front(goals, question, count=1_000)
    assert found.has_all
    assert sorted(inner(goals, point.labels) for point in found.points) == all_efficient(
        goals, question
    )
    assert all(point.is_proven for point in found.points)


@pytest.mark.parametrize("seed", range(4))
def test_no_point_of_a_front_of_three_goals_is_beaten(seed: int) -> None:
    goals, question = town(seed)
    rng = np.random.default_rng(100 + seed)
    goals.append(sum_goal("third", rng.integers(0, 20, (6, 3)).astype(float)))
    efficient = set(all_efficient(goals, question))
    found = trace_front(goals, question, count=9)
    assert len(found.points) > 2
    assert {inner(goals, point.labels) for point in found.points} <= efficient


def test_the_bound_of_a_point_holds_for_every_labelling_that_keeps_its_limits() -> None:
    goals, question = town(2)
    tried = [np.array(one) for one in itertools.product(range(3), repeat=6)]
    values = [inner(goals, one) for one in tried if keeps(question, one)]
    for point in trace_front(goals, question, count=5).points:
        limit = -point.limits[0]  # the second goal is a cost
        assert max(one for one, other in values if other >= limit - 1e-6) <= point.bound + 1e-6


def test_points_are_spread_over_the_widest_gap_first() -> None:
    # ten units that are each worth 1 to one of two goals: 11 points on a line, from (10, 0) to (0, 10)
    table = np.tile([1.0, 0.0], (10, 1))
    goals = [sum_goal("left", table), sum_goal("right", 1.0 - table)]
    found = trace_front(goals, Question(allowed=np.ones((10, 2), bool)), count=5)
    assert [point.values[0] for point in found.points] == [10, 7, 5, 2, 0]
    assert not found.has_all
    whole = trace_front(goals, Question(allowed=np.ones((10, 2), bool)), count=99)
    assert [point.values[0] for point in whole.points] == list(range(10, -1, -1))
    assert whole.has_all


def test_the_knee_is_farthest_from_the_line_between_the_ends() -> None:
    # two units: (10, 0), (9, 9), (0, 10); the middle gives up a tenth of each
    table = np.array([[5.0, 4.5, 0.0], [5.0, 4.5, 0.0]])
    other = np.array([[0.0, 4.5, 5.0], [0.0, 4.5, 5.0]])
    goals = [sum_goal("left", table), sum_goal("right", other)]
    found = trace_front(goals, Question(allowed=np.ones((2, 3), bool)), count=9)
    assert found.points[knee_of(found, goals)].values == (9, 9)


class Killed(BaseException):
    """The machine goes down."""


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_killed_search_goes_on_and_ends_as_if_it_had_not_been(after: int) -> None:
    goals, question = town(1)
    whole: dict[str, Any] = {}
    wanted = trace_front(goals, question, count=99, keep=whole.__setitem__)
    kept: dict[str, Any] = {}

    def keep(name: str, answer: Any) -> None:
        kept[name] = answer
        if len(kept) == after:
            raise Killed

    with pytest.raises(Killed):
        trace_front(goals, question, count=99, keep=keep)
    more: dict[str, Any] = {}
    found = trace_front(goals, question, count=99, known=dict(kept), keep=more.__setitem__)
    assert [point.values for point in found.points] == [point.values for point in wanted.points]
    assert list((kept | more).items()) == list(whole.items())


def test_ctrl_c_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    goals, question = town(1)
    calls = itertools.count()
    solve = fronts.solve

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == 7:
            raise KeyboardInterrupt
        return solve(*args, **kwargs)

    monkeypatch.setattr(fronts, "solve", interrupted)
    found = trace_front(goals, question, count=99)
    assert not found.is_complete
    assert 2 <= len(found.points) < len(all_efficient(goals, question))


def test_where_nothing_is_allowed_there_is_no_front() -> None:
    goals, _ = town(0)
    band = Band(name="too many", coefficients=np.ones((6, 3)), lower=7)
    with pytest.raises(NoAnswerError):
        trace_front(goals, Question(allowed=np.ones((6, 3), bool), bands=[band]), count=3)


def test_a_front_needs_two_goals() -> None:
    goals, question = town(0)
    with pytest.raises(ValueError, match="two to four goals, not 1"):
        trace_front(goals[:1], question, count=3)
