"""Sites: p-median, p-centre and covering against every choice of sites."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from geoplan.optimise import _median_proof
from geoplan.optimise._lagrange import Pairs, raise_bound
from geoplan.optimise._median_proof import Median, prove
from geoplan.optimise.covering import maximal_covering, p_centre, set_covering
from geoplan.optimise.location import p_median
from geoplan.optimise.no_answer import NoAnswerError

LINE = np.abs(np.subtract.outer(np.array([0, 1, 2, 10, 11]), np.array([0, 1, 2, 10, 11])))


def small_town(seed):
    """Random costs (whole or not, some out of reach), weights (some 0), p and fixed sites."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 10)), int(rng.integers(1, 8))
    cost = rng.integers(0, 9, (n, m)).astype(float) if rng.random() < 0.5 else rng.random((n, m))
    cost[rng.random((n, m)) < rng.choice([0.0, 0.4])] = np.inf
    weight = rng.integers(0, 3, n).astype(float)
    p = int(rng.integers(1, m + 1))
    fixed = sorted(rng.choice(m, min(p, int(rng.integers(0, 2))), replace=False).tolist())
    choices = [s for s in itertools.combinations(range(m), p) if set(fixed) <= set(s)]
    return cost, weight, p, fixed, [list(sites) for sites in choices]


def median_cost(cost, weight, sites):
    asks = weight > 0
    return float((weight[asks] * cost[asks][:, sites].min(axis=1)).sum())


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_the_median_is_the_best_of_all_choices(seed):
    cost, weight, p, fixed, choices = small_town(seed)
    best = min(median_cost(cost, weight, sites) for sites in choices)
    if np.isinf(best):
        with pytest.raises(NoAnswerError):
            p_median(cost=cost, weight=weight, p=p, fixed=fixed)
        return
    answer = p_median(cost=cost, weight=weight, p=p, fixed=fixed)
    assert answer.proof.objective == pytest.approx(best)
    assert answer.proof.bound <= best * (1 + 1e-12)
    assert answer.proof.status == "optimal"
    assert set(fixed) <= set(answer.sites.tolist())
    assert answer.sites.size == p
    served = answer.assigned_to >= 0
    assert served[weight > 0].all()
    assert np.isin(answer.assigned_to[served], answer.sites).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_a_search_that_stops_early_still_bounds(seed):
    cost, weight, p, fixed, choices = small_town(seed)
    cost = np.where(np.isfinite(cost), cost, 99.0) * weight[:, None]
    best = min(cost[:, sites].min(axis=1).sum() for sites in choices)
    stopped = Median(
        cost=cost, p=p, fixed=np.array(fixed, dtype=np.int64), relative_gap=0.0, node_limit=1,
        deadline=0.0,
    )  # fmt: skip
    proven = prove(stopped, np.array(choices[-1]))
    assert proven.bound <= best * (1 + 1e-9)


@pytest.mark.parametrize("few_sites", [0, 12])
@pytest.mark.parametrize("seed", range(40))
def test_the_proof_alone_finds_the_best_from_the_worst(seed, few_sites, monkeypatch):
    # a weak bound at the root leaves the work to the search (12) or to HiGHS (0)
    monkeypatch.setattr(_median_proof, "ROOT_ITERATIONS", 4)
    monkeypatch.setattr(_median_proof, "NODE_ITERATIONS", 3)
    monkeypatch.setattr(_median_proof, "FEW_SITES", few_sites)
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 30, (25, 10)).astype(float) if seed % 2 else rng.random((25, 10))
    fixed = np.arange(seed % 3 == 0, dtype=np.int64)
    choices = [
        np.array(sites)
        for sites in itertools.combinations(range(10), 4)
        if fixed.size == 0 or sites[0] == 0
    ]
    worth = [cost[:, sites].min(axis=1).sum() for sites in choices]
    question = Median(
        cost=cost, p=4, fixed=fixed, relative_gap=1e-9, node_limit=5_000, deadline=np.inf
    )
    proven = prove(question, choices[int(np.argmax(worth))])
    assert cost[:, proven.sites].min(axis=1).sum() == pytest.approx(min(worth))
    assert min(worth) - 1e-6 <= proven.bound <= min(worth) * (1 + 1e-12)
    assert proven.is_done


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32 - 1))
def test_what_the_bound_rules_out_is_in_no_better_answer(seed):
    rng = np.random.default_rng(seed)
    cost = rng.random((3, 6))
    choices = [np.array(sites) for sites in itertools.combinations(range(6), 2)]
    worth = np.array([cost[:, sites].min(axis=1).sum() for sites in choices])
    best_sites, second = choices[int(worth.argmin())], worth[worth > worth.min() + 1e-6].min()
    question = Median(
        cost=cost, p=2, fixed=np.zeros(0, np.int64), relative_gap=1e-9, node_limit=1, deadline=0.0
    )
    best = _median_proof._Best(question, question.aim, sites=best_sites, cost=second)
    pairs = Pairs.below(cost, np.full(3, np.inf))
    nowhere, anywhere = np.zeros(6, dtype=bool), np.ones(6, dtype=bool)
    bound = raise_bound(
        pairs, p=2, must=nowhere, may=anywhere, target=second, multiplier=rng.random(3),
        iterations=1,
    )  # fmt: skip
    node = _median_proof._narrowed(best, _median_proof._Node(nowhere, anywhere, bound))
    assert node.may[best_sites].all()
    assert set(np.flatnonzero(node.must)) <= set(best_sites.tolist())
    rest = _median_proof._rest(best, node)
    kept = set(zip(rest.level_row[rest.level].tolist(), rest.site.tolist(), strict=True))
    nearest = best_sites[cost[:, best_sites].argmin(axis=1)]
    assert {(row, int(site)) for row, site in enumerate(nearest)} <= kept


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1))
def test_centre_and_coverings_are_the_best_of_all_choices(seed):
    cost, weight, p, fixed, choices = small_town(seed)
    reaches = cost <= np.median(cost)
    farthest = min(cost[:, sites].min(axis=1).max() for sites in choices)
    if np.isinf(farthest):
        with pytest.raises(NoAnswerError):
            p_centre(cost=cost, p=p, fixed=fixed)
    else:
        proof = p_centre(cost=cost, p=p, fixed=fixed).proof
        assert proof.objective == proof.bound == farthest
    most = max(weight[reaches[:, sites].any(axis=1)].sum() for sites in choices)
    covering = maximal_covering(reaches=reaches, weight=weight, p=p, fixed=fixed)
    assert covering.proof.objective == pytest.approx(most)
    assert covering.proof.bound >= most - 1e-9
    fewest = [
        size
        for size in range(max(1, len(fixed)), cost.shape[1] + 1)
        for sites in itertools.combinations(range(cost.shape[1]), size)
        if set(fixed) <= set(sites) and reaches[:, list(sites)].any(axis=1).all()
    ]
    if fewest:
        assert set_covering(reaches=reaches, fixed=fixed).proof.objective == min(fewest)
    else:
        with pytest.raises(NoAnswerError):
            set_covering(reaches=reaches, fixed=fixed)


def test_more_sites_never_cost_more():
    rng = np.random.default_rng(5)
    cost = rng.random((40, 15))
    costs = [p_median(cost=cost, weight=np.ones(40), p=p).proof.objective for p in range(1, 16)]
    assert all(one >= two - 1e-12 for one, two in itertools.pairwise(costs))
    assert costs[-1] == pytest.approx(cost.min(axis=1).sum())


def test_of_two_equally_near_sites_the_lower_serves():
    answer = p_median(cost=[[1, 1], [0, 5], [5, 0]], weight=[1, 1, 1], p=2)
    assert answer.assigned_to.tolist() == [0, 0, 1]


def test_points_out_of_reach_are_named():
    cost = np.array([[1, np.inf], [np.inf, np.inf], [np.inf, 1]])
    with pytest.raises(NoAnswerError) as raised:
        p_median(cost=cost, weight=[1, 1, 1], p=1)
    assert raised.value.rows == (1,)
    with pytest.raises(NoAnswerError, match="1 demand points cannot be served by 1 sites: 0"):
        p_median(cost=cost, weight=[2, 0, 1], p=1)
    answer = p_median(cost=cost, weight=[2, 0, 1], p=2)
    assert answer.assigned_to.tolist() == [0, -1, 1]


def test_nobody_asks_and_nothing_costs():
    answer = p_median(cost=LINE, weight=np.zeros(5), p=2)
    assert (answer.sites.size, answer.proof.objective, answer.proof.gap_share) == (2, 0.0, 0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"p": 6},
        {"p": 0},
        {"p": 1, "fixed": [0, 1]},
        {"fixed": [5]},
        {"fixed": [-1]},
        {"cost": -LINE},
        {"cost": np.full((5, 5), np.nan)},
        {"weight": [1, 1, 1, 1, -1]},
        {"weight": [1, 1]},
    ],
)
def test_broken_input_is_refused(wrong):
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        p_median(**{"cost": LINE, "weight": np.ones(5), "p": 2, **wrong})


@pytest.mark.data
@pytest.mark.parametrize(
    ("number", "optimum"), [(1, 5819), (2, 4093), (5, 1355), (6, 7824), (10, 1255), (15, 1729)]
)
def test_published_optima_are_found_and_proven(data_root, number, optimum):
    text = (data_root / "benchmarks/pmedian" / f"pmed{number}.txt").read_text().split()
    n, m, p = map(int, text[:3])
    links = {}
    for i, j, length in np.array(text[3 : 3 + 3 * m], dtype=int).reshape(-1, 3).tolist():
        links[min(i, j) - 1, max(i, j) - 1] = length  # the last cost of an edge counts
    graph = sp.csr_array((list(links.values()), tuple(zip(*links, strict=True))), shape=(n, n))
    proof = p_median(cost=dijkstra(graph, directed=False), weight=np.ones(n), p=p).proof
    assert (proof.objective, proof.bound, proof.status) == (optimum, optimum, "optimal")
