"""Units that change year by year: on streets that a reader can follow, and what must always hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse as sp

from geoplan.optimise.reallocation import SHORT_FOR, Course, YearlyQuestion, run_years


def street(units: int, labels: int = 1, **asked: Any) -> YearlyQuestion:
    """Units of size 1 that are all up every year, without chance, money, neighbours or anything apart."""
    demand = np.asarray(asked.pop("demand"), dtype=float)
    given: dict[str, Any] = {
        "size": np.ones(units),
        "appeal": np.zeros((units, labels)),
        "first_year": np.zeros((units, labels), dtype=np.int64),
        "cost": np.zeros((units, labels)),
        "near": sp.csr_array((units, units)),
        "draw": np.zeros((labels + 1, labels)),
        "kind_before": np.full(units, labels, dtype=np.int64),
        "kind_of_label": np.arange(labels, dtype=np.int64),
        "demand": demand,
        "tolerance": np.zeros(labels),
        "budget": np.full(len(demand), np.inf),
        "up_share": np.ones((units, 2)),
        "age": np.zeros(units),
        "life": np.ones(units),
        "apart": np.zeros((0, 4), dtype=np.int64),
        "chance": 0.0,
    }
    return YearlyQuestion(**{**given, **asked})


def run(question: YearlyQuestion, **asked: Any) -> Course:
    return run_years(question, **{"seed": 1, "run": 0, "compiled": False, **asked})


def why(course: Course) -> list[list[str]]:
    return [[SHORT_FOR[number] for number in row] for row in course.reason.tolist()]


def test_the_units_that_suit_best_go_first() -> None:
    question = street(3, appeal=np.array([[1.0], [3.0], [2.0]]), demand=[[1], [2]])
    course = run(question)
    assert course.label.tolist() == [-1, 0, 0]
    assert course.year.tolist() == [2, 0, 1]


def test_neighbours_draw_in_the_year_after() -> None:
    # unit 1 goes first; the label draws its like, and unit 2 is its neighbour, unit 0 is not
    near = sp.csr_array(np.array([[0, 0, 0], [0, 0, 0], [0, 1.0, 0]]))
    question = street(
        3, appeal=np.array([[0.1], [1.0], [0.0]]), near=near, draw=np.array([[1.0], [0.0]]),
        demand=[[1], [2]],
    )  # fmt: skip
    assert run(question).year.tolist() == [2, 0, 1]
    assert run(replace(question, draw=np.zeros((2, 1)))).year.tolist() == [1, 0, 2]


def test_what_is_left_of_a_budget_goes_on_to_the_next_year() -> None:
    question = street(3, cost=np.full((3, 1), 2.0), budget=np.full(3, 1.0), demand=[[3], [3], [3]])
    course = run(question)
    assert course.spent.tolist() == [0, 2, 0]
    assert why(course) == [["budget"], ["budget"], ["budget"]]


def test_a_unit_waits_for_its_first_year_and_may_be_excluded_for_good() -> None:
    question = street(2, first_year=np.array([[1], [9]]), demand=[[1], [2], [2]])
    course = run(question)
    assert course.year.tolist() == [1, 3]
    assert why(course) == [["wait"], ["land"], ["land"]]


def test_a_unit_that_is_not_up_does_not_change() -> None:
    question = street(1, up_share=np.zeros((1, 2)), demand=[[1]])
    assert why(run(question)) == [["stock"]]


def test_units_are_whole_and_what_brings_the_demand_nearer_is_taken() -> None:
    size = np.array([3.0])
    assert why(run(street(1, size=size, demand=[[1.4]]))) == [["size"]]  # 3 is farther than 0
    near = run(street(1, size=size, demand=[[1.6]]))  # 3 exceeds by 1.4, less than 1.6
    assert near.label.tolist() == [0]
    assert near.missing.tolist() == [[pytest.approx(-1.4)]]
    assert why(near) == [["size"]]
    within = run(street(1, size=size, demand=[[2.5]], tolerance=np.array([0.5])))
    assert why(within) == [[""]]  # just within the tolerance


def test_one_that_fits_goes_before_a_better_one_that_exceeds() -> None:
    question = street(2, size=np.array([3.0, 2.0]), appeal=np.array([[9.0], [0.0]]), demand=[[2.0]])
    assert run(question).label.tolist() == [-1, 0]


def test_what_must_stay_apart_does() -> None:
    # labels 0 and 1 may not both stand on units 0 and 1; unit 2 is free
    apart = np.array([[0, 0, 1, 1], [0, 1, 1, 0]])
    question = street(2, 2, apart=apart, demand=[[1, 1]])
    course = run(question)
    assert sorted(course.label.tolist()) == [-1, 0]
    assert why(course) == [["", "apart"]]


def test_a_neighbour_that_has_not_come_up_yet_stands_in_the_way() -> None:
    # label 1 of unit 0 may not stand beside unit 1 as it is today, which never comes up
    question = street(
        2, apart=np.array([[0, 0, 1, 1]]), up_share=np.array([[1.0, 1.0], [0.0, 0.0]]),
        demand=[[1]],
    )  # fmt: skip
    assert why(run(question)) == [["apart"]]
    assert run(replace(question, up_share=np.ones((2, 2)))).label.tolist() == [0, -1]


def test_old_units_come_up_more_often_than_new_ones() -> None:
    units = 2_000
    question = street(
        units, up_share=np.tile([0.1, 0.9], (units, 1)), demand=[[units]],
        age=np.repeat([0.0, 30.0], units // 2), life=np.full(units, 30.0),
    )  # fmt: skip
    taken = run(question, compiled=True).label == 0
    new, old = taken[: units // 2].mean(), taken[units // 2 :].mean()
    assert new == pytest.approx(0.1, abs=0.03)
    assert old == pytest.approx(0.9, abs=0.03)


def test_chance_draws_in_proportion_to_probability() -> None:
    # e^0 : e^ln 3 = 1 : 3
    question = street(2, appeal=np.array([[0.0], [np.log(3)]]), chance=1.0, demand=[[1]])
    firsts = [run(question, run=number).label.tolist() == [0, -1] for number in range(2_000)]
    assert np.mean(firsts) == pytest.approx(0.25, abs=0.03)


def some_town(seed: int, *, labels: int = 3) -> YearlyQuestion:
    rng = np.random.default_rng(seed)
    units, years = 12, 4
    near = sp.csr_array(rng.random((units, units)) * (rng.random((units, units)) < 0.3))
    size = rng.uniform(1, 5, units)
    goal = rng.dirichlet(np.ones(labels)) * size.sum()
    pairs = rng.integers(0, [units, labels, units, labels + 1], (10, 4))
    return street(
        units, labels, size=size, appeal=rng.normal(size=(units, labels)),
        first_year=rng.integers(0, years + 1, (units, labels)), cost=rng.random((units, labels)),
        near=near, draw=rng.uniform(-1, 1, (labels + 1, labels)),
        demand=goal * np.linspace(0.25, 1, years)[:, None], tolerance=goal * 0.05,
        budget=np.full(years, 1.5), up_share=np.tile([0.3, 0.9], (units, 1)),
        age=np.where(rng.random(units) < 0.5, np.nan, 10.0), life=np.full(units, 30.0),
        apart=pairs[pairs[:, 0] != pairs[:, 2]], chance=0.5,
    )  # fmt: skip


@given(st.integers(0, 10_000), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_area_money_and_demand_hold_in_every_year(seed: int, number: int) -> None:
    question = some_town(seed)
    course = run(question, seed=seed, run=number, compiled=True)
    years = len(question.budget)
    assert np.array_equal(course.label < 0, course.year == years)  # each unit has one use
    for t in range(years):
        taken = np.array(
            [
                question.size[(course.label == p) & (course.year <= t)].sum()
                for p in range(question.demand.shape[1])
            ]
        )
        kept = question.size[course.year > t].sum()
        assert taken.sum() + kept == pytest.approx(question.size.sum())
        assert question.demand[t] - taken == pytest.approx(course.missing[t])
        is_met = np.abs(course.missing[t]) <= question.tolerance
        assert np.array_equal(is_met, course.reason[t] == 0)  # met, or it says why not
    assert np.all(np.cumsum(course.spent) <= np.cumsum(question.budget) + 1e-9)
    rows = np.flatnonzero(course.label >= 0)
    assert np.all(question.first_year[rows, course.label[rows]] <= course.year[rows])
    both = [course.label[i] == p and course.label[j] == q for i, p, j, q in question.apart.tolist()]
    assert not any(both)


def same(one: Course, other: Course) -> bool:
    fields = ("label", "year", "spent", "missing", "reason")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in fields)


@pytest.mark.parametrize("seed", range(5))
def test_machine_code_gives_the_same_run_to_the_bit(seed: int) -> None:
    question = some_town(seed)
    assert same(run(question, run=seed), run(question, run=seed, compiled=True))


def test_a_run_does_not_depend_on_the_runs_before_it() -> None:
    question = some_town(3)
    alone = run(question, run=7, compiled=True)
    others = [run(question, run=number, compiled=True) for number in (9, 7, 2)]
    assert same(alone, others[1])
    assert not same(alone, others[0])
    assert not same(alone, run(question, seed=2, run=7, compiled=True))
