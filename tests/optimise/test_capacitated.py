"""Sites that hold only so much: against every choice of sites and every way to send the points."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.optimise import _capacity_proof
from geoplan.optimise._knapsack import Knapsacks
from geoplan.optimise.capacitated import capacitated_p_median
from geoplan.optimise.no_answer import NoAnswerError

LINE = np.abs(np.subtract.outer(np.array([0, 1, 2, 10, 11]), np.array([0, 1, 2, 10, 11])))


def small_town(seed):
    """Few points and sites, whole or broken numbers, some pairs out of reach, all options at times."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 7)), int(rng.integers(1, 5))
    is_whole = rng.random() < 0.5
    cost = rng.integers(0, 9, (n, m)).astype(float) if is_whole else rng.random((n, m))
    cost[rng.random((n, m)) < rng.choice([0.0, 0.3])] = np.inf
    demand = rng.integers(0, 5, n).astype(float) if is_whole else rng.random(n)
    p = int(rng.integers(1, m + 1))
    free = rng.permutation(m)
    town = {
        "cost": cost,
        "weight": rng.integers(0, 3, n).astype(float),
        "demand": demand,
        "capacity": rng.uniform(0.5, 2.0, m).round(1) * demand.sum() / p,
        "p": p,
        "fixed": free[: int(rng.integers(0, 2))].tolist(),
        "site_cost": rng.integers(0, 4, m) if rng.random() < 0.5 else None,
        "site_need": rng.integers(1, 4, m),
        "need_limit": float(rng.integers(2, 9)) if rng.random() < 0.3 else np.inf,
    }
    return town, m


def best_cost(town, m):
    """Walk through all choices."""
    asks = (town["weight"] > 0) | (town["demand"] > 0)
    weight, demand = town["weight"][asks], town["demand"][asks]
    cost = town["cost"][asks]
    opening = np.zeros(m) if town["site_cost"] is None else town["site_cost"]
    best = np.inf
    for sites in itertools.combinations(range(m), town["p"]):
        if not set(town["fixed"]) <= set(sites):
            continue
        if town["site_need"][list(sites)].sum() > town["need_limit"]:
            continue
        for place in itertools.product(sites, repeat=int(asks.sum())):
            load = np.bincount(place, weights=demand, minlength=m) if place else np.zeros(m)
            away = cost[np.arange(len(place)), list(place)]
            if np.isfinite(away).all() and np.all(load <= town["capacity"] * (1 + 1e-9)):
                best = min(best, float(weight @ away + opening[list(sites)].sum()))
    return best


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_the_packing_is_the_best_of_all(seed):
    town, m = small_town(seed)
    best = best_cost(town, m)
    if np.isinf(best):
        with pytest.raises(NoAnswerError):
            capacitated_p_median(**town)
        return
    answer = capacitated_p_median(**town)
    assert answer.proof.objective == pytest.approx(best)
    assert answer.proof.bound <= best * (1 + 1e-12)
    assert answer.proof.status == "optimal"
    served = answer.assigned_to >= 0
    load = np.bincount(answer.assigned_to[served], weights=town["demand"][served], minlength=m)
    assert np.all(load <= town["capacity"] * (1 + 1e-8))
    assert served[(town["weight"] > 0) | (town["demand"] > 0)].all()
    assert set(town["fixed"]) <= set(answer.sites.tolist())


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["few_points", "no_small_rest"]))
def test_each_way_to_the_proof_finds_the_best(seed, way):
    town, m = small_town(seed)
    best = best_cost(town, m)
    if np.isinf(best):
        return
    with pytest.MonkeyPatch.context() as patch:
        if way == "few_points":
            patch.setattr(_capacity_proof, "FEW_POINTS", 0)  # HiGHS alone
        else:
            patch.setattr(_capacity_proof, "SMALL_REST", 0)  # branching alone
        patch.setattr(_capacity_proof, "STEPS", 3)
        answer = capacitated_p_median(**town, kicks=0)
    assert answer.proof.objective == pytest.approx(best)
    assert answer.proof.bound <= best * (1 + 1e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_knapsacks_hold_the_best_load(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    size, capacity = rng.integers(0, 6, n).astype(float), rng.integers(0, 12, m).astype(float)
    profit = rng.normal(size=(n, m))
    packed = Knapsacks.of(size, capacity).pack(profit)
    chosen = packed.items(np.arange(m))
    for site in range(m):
        loads = [np.array(load) for load in itertools.product([0, 1], repeat=n)]
        best = max(load @ profit[:, site] for load in loads if load @ size <= capacity[site])
        assert packed.best[site] == pytest.approx(best)
        assert chosen[:, site] @ profit[:, site] == pytest.approx(best)
        assert chosen[:, site] @ size <= capacity[site]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_coarse_cells_never_tell_too_little_profit(seed):
    rng = np.random.default_rng(seed)
    size, capacity = rng.random(6) * 1_000, rng.random(2) * 2_000
    profit = rng.random((6, 2))
    packed = Knapsacks.of(size, capacity).pack(profit)
    for site in range(2):
        loads = [np.array(load) for load in itertools.product([0, 1], repeat=6)]
        best = max(load @ profit[:, site] for load in loads if load @ size <= capacity[site])
        assert packed.best[site] >= best - 1e-12


def test_too_little_capacity_and_land_are_named_at_once():
    with pytest.raises(NoAnswerError) as raised:
        capacitated_p_median(
            cost=LINE, weight=np.ones(5), capacity=[2] * 5, p=2, site_need=[3] * 5, need_limit=5
        )
    assert raised.value.names == ("capacity", "site_need")
    assert "2 sites hold at most 4, but 5 is asked for" in str(raised.value)
    assert "2 sites need at least 6, but only 5 is given" in str(raised.value)


def test_a_point_larger_than_any_site_is_named():
    with pytest.raises(NoAnswerError, match="1 demand points are larger than any site") as raised:
        capacitated_p_median(cost=LINE, weight=[1, 1, 1, 1, 4], capacity=[3] * 5, p=4)
    assert raised.value.rows == (4,)


def test_points_that_cannot_be_divided_may_not_fit():
    # three points of 2 and two sites of 3: enough in all, but only two points fit
    with pytest.raises(NoAnswerError, match="no 2 sites can hold all demand points"):
        capacitated_p_median(cost=np.ones((3, 2)), weight=[2, 2, 2], capacity=[3, 3], p=2)


def test_forbidden_sites_stay_closed():
    answer = capacitated_p_median(
        cost=LINE, weight=np.ones(5), capacity=[3] * 5, p=2, forbidden=[1, 3]
    )
    assert answer.sites.tolist() == [0, 4] or answer.sites.tolist() == [2, 4]
    assert answer.proof.objective == 4.0  # 0 1 2 from 0 or 2: 3; 10 11 from 11: 1
    with pytest.raises(ValueError, match=r"fixed and forbidden: \[1\]"):
        capacitated_p_median(
            cost=LINE, weight=np.ones(5), capacity=[3] * 5, p=2, fixed=[1], forbidden=[1]
        )


def test_a_search_cut_by_time_says_so_and_bounds():
    rng = np.random.default_rng(1)
    at = rng.random((40, 2)) * 100
    cost = np.hypot(at[:, None, 0] - at[:, 0], at[:, None, 1] - at[:, 1])
    question = {"cost": cost, "weight": np.ones(40), "capacity": [9] * 40, "p": 5}
    whole = capacitated_p_median(**question, relative_gap=0.02)
    cut = capacitated_p_median(**question, time_limit_seconds=0.0)
    assert cut.proof.status in {"cut_by_time", "optimal"}
    assert cut.proof.bound <= whole.proof.objective + 1e-9
    assert whole.proof.bound <= cut.proof.objective + 1e-9


def test_equal_questions_have_equal_answers():
    rng = np.random.default_rng(8)
    town = {"cost": rng.random((12, 6)), "weight": rng.random(12), "capacity": [3.5] * 6, "p": 3}
    one, two = capacitated_p_median(**town), capacitated_p_median(**town)
    assert one.assigned_to.tolist() == two.assigned_to.tolist()
    assert one.proof.objective == two.proof.objective
    assert one.proof.bound == two.proof.bound


@pytest.mark.data
@pytest.mark.parametrize(("number", "optimum"), [(1, 713), (2, 740), (4, 651), (6, 778)])
def test_published_optima_are_found_and_proven(data_root, number, optimum):
    words = (data_root / "benchmarks/pmedian/pmedcap1.txt").read_text().split()
    at = 1
    for _ in range(number):
        n, p, capacity = map(int, words[at + 2 : at + 5])
        table = np.array(words[at + 5 : at + 5 + 4 * n], dtype=float).reshape(n, 4)
        at += 5 + 4 * n
    away = np.hypot(table[:, None, 1] - table[:, 1], table[:, None, 2] - table[:, 2])
    proof = capacitated_p_median(
        cost=np.floor(away), weight=np.ones(n), demand=table[:, 3], capacity=[capacity] * n, p=p
    ).proof
    assert (proof.objective, proof.bound, proof.status) == (optimum, optimum, "optimal")
