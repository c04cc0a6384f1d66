"""Every term read three ways says the same, and the answer is the best of all labellings."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.optimise._highs import Programme, solve
from geoplan.optimise.choose import choose_labels
from geoplan.optimise.cover import Cover
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.pairs import Borders, Spread
from geoplan.optimise.patches import Patches
from geoplan.optimise.terms import Columns, Exclusion, Goal, Limit, Sum, Term

K = 3
seeds = st.integers(0, 2**32 - 1)


def edges_of(rng: np.random.Generator, n: int) -> np.ndarray:
    pairs = np.array(list(itertools.combinations(range(n), 2)), dtype=np.int64).reshape(-1, 2)
    return pairs[rng.random(len(pairs)) < 0.45]


def sum_of(rng: np.random.Generator, n: int) -> Sum:
    return Sum(coefficients=rng.integers(-3, 6, (n, K)).astype(float), constant=2.0)


def exclusion_of(rng: np.random.Generator, n: int) -> Exclusion:
    pairs = [(i, rng.integers(K), j, rng.integers(K)) for i, j in edges_of(rng, n)]
    return Exclusion(pairs=np.array(pairs, dtype=np.int64).reshape(-1, 4), label_count=K)


def borders_of(rng: np.random.Generator, n: int) -> Borders:
    edges, worth = edges_of(rng, n), rng.integers(-2, 3, (K, K)).astype(float)
    alone = rng.integers(-2, 3, (n, K)).astype(float)
    weight = rng.integers(0, 4, len(edges)).astype(float)
    return Borders(edges=edges, weight=weight, worth=worth + worth.T, alone=alone)


def spread_of(rng: np.random.Generator, n: int, count: int = 2) -> Spread:
    at = rng.random((n + 1, 2))
    distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    return Spread(distance=distance, is_member=np.array([True, False, True]), count=count)


def cover_of(rng: np.random.Generator, n: int) -> Cover:
    """Every row owns two demands, and three more are given."""
    owner = np.r_[np.tile(np.arange(n), 2), -1, -1, -1]
    reach = rng.random((owner.size, n)) < 0.4
    reach[np.arange(2 * n), owner[: 2 * n]] = False
    return Cover(
        reach=sp.csr_array(reach.astype(float)),
        is_supplier=np.array([True, False, False]),
        is_covered=rng.random(owner.size) < 0.2,
        given=np.r_[np.zeros(2 * n), rng.integers(0, 4, 3)].astype(float),
        owner=owner,
        weight=np.c_[np.zeros(n), rng.integers(0, 4, (n, 2))].astype(float),
        part=np.r_[np.full(n, 0.25), np.full(n, 0.75), np.ones(3)],
        less_share=float(rng.choice([0.0, 0.5, 1.0])),
    )


def share_of(rng: np.random.Generator, n: int) -> Cover:
    return replace(cover_of(rng, n), is_share=True, less_share=0.0)


def patches_of(rng: np.random.Generator, n: int, measure: Any = "count") -> Patches:
    fixed = int(rng.integers(0, 3))
    return Patches(
        edges=edges_of(rng, n + fixed),
        size=rng.integers(1, 4, n + fixed).astype(float),
        is_member=np.array([True, True, False]),
        measure=measure,
    )


MAKERS = {
    "sum": sum_of, "exclusion": exclusion_of, "borders": borders_of, "spread": spread_of, "cover": cover_of, "share": share_of,
    "count": patches_of,
    "smallest": lambda rng, n: patches_of(rng, n, "smallest"),
    "largest": lambda rng, n: patches_of(rng, n, "largest"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MAKERS)
@settings(deadline=None, max_examples=15)
@given(seeds)
def test_a_change_is_worth_what_the_changed_labels_are(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    term, labels = MAKERS[kind](rng, n), rng.integers(0, K, n)
    told = term.changes(labels)
    assert told.shape == (n, K)
    for i, label in itertools.product(range(n), range(K)):
        changed = labels.copy()
        changed[i] = label
        assert told[i, label] == pytest.approx(term.value(changed)), (i, label)


def pushed(term: Term, labels: np.ndarray, push: int) -> float:
    """The value of the linear form at given choices, own columns pushed up or down."""
    columns = Columns.of(np.ones((labels.size, K), dtype=bool))
    form = term.form(columns, push)
    x = columns.chosen(labels)
    if not form.own.size:
        return form.constant + float(form.choices @ x)
    rows = form.rows
    assert rows is not None
    given_part = rows[:, : columns.count] @ x
    solved = solve(
        Programme(
            cost=form.own,
            rows=sp.csr_array(rows[:, columns.count :]),
            row_lower=form.row_lower - given_part,
            row_upper=form.row_upper - given_part,
            lower=np.zeros(form.own.size),
            upper=form.own_upper,
            is_integer=form.is_integer,
            sense="max" if push > 0 else "min",
        )
    )
    assert solved.x is not None
    return form.constant + float(form.choices @ x) + float(form.own @ solved.x)


@pytest.mark.parametrize(
    ("kind", "push"),
    [(kind, push) for kind in ("sum", "borders", "cover") for push in (1, -1)]
    + [("exclusion", -1), ("count", -1)],
)
@settings(deadline=None, max_examples=15)
@given(seeds)
def test_the_rows_of_a_term_give_its_value(kind: str, push: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    term, labels = MAKERS[kind](rng, n), rng.integers(0, K, n)
    if kind == "exclusion":  # labels of one row with the same enemies share a row
        assert (pushed(term, labels, push) > 0) == (term.value(labels) > 0)
    else:
        assert pushed(term, labels, push) == pytest.approx(term.value(labels), abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_a_spread_is_right_both_ways_for_as_many_as_it_is_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, K, 5)
    term = spread_of(rng, 5, count=int(np.isin(labels, [0, 2]).sum()) + 1)
    for push in (1, -1):
        assert pushed(term, labels, push) == pytest.approx(term.value(labels), abs=1e-6)


def best_of_all(n: int, goals: list[Goal], limits: list[Limit]) -> float | None:
    worth = [
        sum(goal.weight * goal.term.value(labels) for goal in goals)
        for labels in map(np.array, itertools.product(range(K), repeat=n))
        if all(limit.is_kept(labels) for limit in limits)
    ]
    return max(worth, default=None)


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_the_answer_is_the_best_of_all_labellings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    weight = lambda: float(rng.choice([-1.0, 0.5, 2.0]))  # noqa: E731
    goals = [Goal(name="sum", term=sum_of(rng, n))]
    goals += [Goal(name="borders", term=borders_of(rng, n), weight=weight())]
    goals += [Goal(name="cover", term=cover_of(rng, n), weight=weight())]
    goals += [Goal(name="share", term=share_of(rng, n), weight=3.0)] * int(rng.integers(0, 2))
    lower = float(rng.integers(1, 4))
    possible = [
        Limit(name="few patches", term=patches_of(rng, n), upper=float(rng.integers(0, 3))),
        Limit(name="no small patch", term=patches_of(rng, n, "smallest"), lower=lower),
        Limit(name="no large patch", term=patches_of(rng, n, "largest"), upper=lower),
        Limit(name="covered", term=cover_of(rng, n), lower=float(rng.integers(-1, 3))),
        Limit(name="not too covered", term=cover_of(rng, n), upper=float(rng.integers(-1, 3))),
        Limit(name="apart", term=exclusion_of(rng, n), upper=0.0),
        Limit(name="borders", term=borders_of(rng, n), lower=-2.0, upper=4.0),
        Limit(name="sum", term=sum_of(rng, n), lower=0.0, upper=9.0),
    ]
    limits = [limit for limit in possible if rng.random() < 0.4]
    best = best_of_all(n, goals, limits)
    question: dict[str, Any] = {"allowed": np.ones((n, K), bool), "goals": goals, "limits": limits}
    if best is None:
        with pytest.raises(NoAnswerError) as raised:
            choose_labels(**question)
        kept = [limit for limit in limits if limit.name in raised.value.names]
        assert best_of_all(n, goals, kept) is None  # they cannot hold together
        for limit in kept:  # and each of them is needed
            assert best_of_all(n, goals, [one for one in kept if one is not limit]) is not None
        return
    for rounds in (0, 5):
        answer = choose_labels(**question, search_rounds=rounds)
        assert answer.proof.objective == pytest.approx(best)
        assert answer.proof.bound >= best - 1e-6
        assert answer.proof.status == "optimal"
        assert all(limit.is_kept(answer.labels) for limit in limits)


def row_of_plots(measure: Any) -> Patches:
    """Five plots of size 1 in a row; label 0 makes a patch."""
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    member = np.array([True, False])
    return Patches(edges=edges, size=np.ones(5), is_member=member, measure=measure)


#: Plots 0, 2 and 4 would rather be in the patch, by 3, 2 and 1.
WISHES = Goal(name="wish", term=Sum(coefficients=np.array([[3, 0], [0, 1.5], [2, 0], [0, 1.5], [1.0, 0]])))  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "labels"),
    [
        (None, [0, 1, 0, 1, 0]),
        (Limit(name="one patch", term=row_of_plots("count"), upper=1), [0, 0, 0, 1, 1]),
        (Limit(name="three together", term=row_of_plots("smallest"), lower=3), [0, 0, 0, 1, 1]),
        (Limit(name="at most one", term=row_of_plots("largest"), upper=1), [0, 1, 0, 1, 0]),
    ],
)
def test_patches_cost_what_the_pencil_says(limit: Limit | None, labels: list[int]) -> None:
    # together: 0 to 2 is 3 + 2 + 1.5 (plot 3) = 6.5; all five 3 + 2 + 1 = 6; none 3
    answer = choose_labels(
        allowed=np.ones((5, 2), bool), goals=[WISHES], limits=[] if limit is None else [limit]
    )
    assert answer.labels.tolist() == labels


def test_a_number_of_patches_gives_by_patches_and_a_size_by_land() -> None:
    ends = Sum(coefficients=np.array([[1.0, 0], [0, 0], [0, 0], [0, 0], [1, 0]]))
    middle = Sum(coefficients=np.array([[0, 0], [1.0, 0], [0, 0], [1, 0], [0, 0]]))
    held = [Limit(name="ends", term=ends, lower=2), Limit(name="gap", term=middle, upper=0)]
    for measure, limits, give in (("count", {"upper": 1}, 1.0), ("smallest", {"lower": 2}, 2.0)):
        asked = Limit(name="patches", term=row_of_plots(measure), **limits)
        with pytest.raises(NoAnswerError) as raised:
            choose_labels(allowed=np.ones((5, 2), bool), goals=[WISHES], limits=[*held, asked])
        assert raised.value.names == ("ends", "gap", "patches")
        # the middle plot cannot join: two patches of one plot each, one short each
        assert raised.value.gives["patches"] == pytest.approx(give)


def test_patches_that_are_too_large_can_only_be_lifted() -> None:
    all_in = Sum(coefficients=np.tile([1.0, 0.0], (5, 1)))
    limits = [
        Limit(name="all", term=all_in, lower=5),
        Limit(name="small", term=row_of_plots("largest"), upper=2),
    ]
    with pytest.raises(NoAnswerError, match="small: would have to go") as raised:
        choose_labels(allowed=np.ones((5, 2), bool), goals=[WISHES], limits=limits)
    assert raised.value.gives["all"] == pytest.approx(1.0)  # the middle plot
