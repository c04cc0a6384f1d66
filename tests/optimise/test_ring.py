"""Rings and nets with two ways: against every ring and every net of small graphs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.optimise.no_answer import DisconnectedError, NoAnswerError
from geoplan.optimise.ring import ring_through
from geoplan.optimise.two_ways import two_way_net


def random_graph(seed):
    """Connected, with loops and parallel edges, whole, broken and zero costs."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    m = int(rng.integers(n, 2 * n + 3))
    edges = np.vstack([rng.integers(0, n, (m, 2)), [(i, rng.integers(0, i)) for i in range(1, n)]])
    cost = rng.integers(0, 6, len(edges)) if seed % 2 else rng.random(len(edges))
    required = rng.choice(n, min(n, int(rng.integers(1, 5))), replace=False)
    return rng, n, edges, cost.astype(float), required


def all_rings(n, edges):
    """Every simple ring as its edges and its nodes; two parallel edges make one."""
    near = [[] for _ in range(n)]
    for edge, (one, two) in enumerate(edges.tolist()):
        if one != two:
            near[one].append((two, edge))
            near[two].append((one, edge))
    found = set()

    def walk(start, node, used, nodes):
        for other, edge in near[node]:
            if edge in used:
                continue
            if other == start and used:
                found.add((used | {edge}, nodes))
            elif other > start and other not in nodes:
                walk(start, other, used | {edge}, nodes | {other})

    for start in range(n):
        walk(start, start, frozenset(), frozenset({start}))
    return found


def walked(answer, edges):
    """The edges lead from node to node and back."""
    nodes = answer.nodes.tolist()
    return all(
        sorted((nodes[k], nodes[(k + 1) % len(nodes)])) == sorted(edges[edge].tolist())
        for k, edge in enumerate(answer.edges.tolist())
    )


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32 - 1))
def test_the_ring_is_the_best_of_all(seed):
    rng, n, edges, cost, required = random_graph(seed)
    prize = (rng.integers(0, 5, n) * (rng.random(n) < 0.4)).astype(float)
    length = rng.random(len(edges)) if seed % 3 == 0 else cost
    band = sorted(rng.random(2) * length.sum()) if seed % 4 == 0 else [0.0, np.inf]
    worth = [
        cost[list(own)].sum() + prize.sum() - prize[list(nodes)].sum()
        for own, nodes in all_rings(n, edges)
        if set(required.tolist()) <= nodes
        and band[0] - 1e-9 <= length[list(own)].sum() <= band[1] + 1e-9
    ]
    try:
        answer = ring_through(
            n_nodes=n, edges=edges, cost=cost, required=required, prize=prize, length=length,
            length_min=band[0], length_max=band[1],
        )  # fmt: skip
    except NoAnswerError:
        assert not worth
        return
    assert walked(answer, edges)
    assert set(required.tolist()) <= set(answer.nodes.tolist())
    told = cost[answer.edges].sum() + prize.sum() - prize[np.unique(answer.nodes)].sum()
    assert answer.proof.objective == pytest.approx(told, abs=1e-9)
    assert answer.length == pytest.approx(length[answer.edges].sum(), abs=1e-9)
    is_simple = answer.crossings.size == 0 and answer.twice.size == 0 and answer.nodes.size > 1
    assert is_simple == bool(worth)
    if worth:
        assert answer.proof.objective == pytest.approx(min(worth), abs=1e-9)
        assert answer.proof.bound <= min(worth) + 1e-9
        assert answer.proof.status == "optimal"


def test_two_squares_on_a_bridge_walk_only_the_bridge_twice():
    squares = [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4)]
    answer = ring_through(n_nodes=8, edges=[*squares, (0, 4)], cost=[1] * 8 + [5], required=[2, 6])
    assert answer.twice.tolist() == answer.unavoidable.tolist() == [8]
    assert answer.crossings.tolist() == [0, 4]
    assert (answer.proof.objective, answer.proof.bound) == (18.0, 18.0)  # 4 + 4 + 2 x 5


def test_where_no_ring_can_be_simple_it_is_walked_as_little_as_it_can():
    # five places, three of them between the other two: no ring passes all five once
    edges = [(0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4)]
    answer = ring_through(n_nodes=5, edges=edges, cost=[1] * 6, required=[0, 1, 2, 3, 4])
    assert set(answer.nodes.tolist()) == set(range(5))
    assert answer.proof.objective == 6.0
    assert answer.proof.bound <= 6.0
    assert answer.crossings.size


def test_a_ring_makes_a_detour_for_a_prize_that_is_worth_it():
    # a square 0 1 2 3; between 0 and 1 a detour over 4 costs 2 instead of 1
    graph = {
        "n_nodes": 5,
        "edges": [(0, 1), (1, 2), (2, 3), (3, 0), (0, 4), (4, 1)],
        "cost": [1] * 6,
    }
    small = ring_through(**graph, required=[0, 2], prize=[0, 0, 0, 0, 0.5])
    large = ring_through(**graph, required=[0, 2], prize=[0, 0, 0, 0, 1.5])
    assert (small.left_out.tolist(), small.proof.objective) == ([4], 4.5)
    assert (large.left_out.tolist(), large.proof.objective) == ([], 5.0)


def test_a_ring_that_must_be_longer_takes_the_detour():
    graph = {
        "n_nodes": 5,
        "edges": [(0, 1), (1, 2), (2, 3), (3, 0), (0, 4), (4, 1)],
        "cost": [1] * 6,
    }
    answer = ring_through(**graph, required=[0, 2], length_min=5, length_max=5)
    assert answer.length == 5.0
    with pytest.raises(NoAnswerError, match="no ring is between 6 and 7 long") as raised:
        ring_through(**graph, required=[0, 2], length_min=6, length_max=7)
    assert raised.value.names == ("length",)


def test_places_apart_are_told_by_group():
    for ask in (ring_through, two_way_net):
        with pytest.raises(DisconnectedError, match=r"nodes that no path joins: 0, 1 \| 3"):
            ask(n_nodes=4, edges=[(0, 1), (2, 3)], cost=[1, 1], required=[0, 1, 3])


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost": [-1.0, 1.0]},
        {"cost": [np.nan, 1.0]},
        {"cost": [1.0]},
        {"required": [0, 3]},
        {"edges": [(0, 1), (1, -3)]},
    ],
)
def test_broken_input_is_refused(wrong):
    question = {"n_nodes": 3, "edges": [(0, 1), (1, 2)], "cost": [1.0, 1.0], "required": [0, 2]}
    for ask in (ring_through, two_way_net):
        with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
            ask(**{**question, **wrong})


def test_a_ring_needs_a_place_and_a_range():
    question = {"n_nodes": 2, "edges": [(0, 1)], "cost": [1.0]}
    with pytest.raises(ValueError, match="at least one required node"):
        ring_through(**question, required=[])
    with pytest.raises(ValueError, match="no length lies between 2 and 1"):
        ring_through(**question, required=[0], length_min=2, length_max=1)


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 2**32 - 1))
def test_the_net_with_two_ways_is_the_cheapest(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    edges = np.vstack([rng.integers(0, n, (5, 2)), [(i, rng.integers(0, i)) for i in range(1, n)]])
    size = len(edges)
    cost = (rng.integers(0, 6, size) if seed % 2 else rng.random(size)).astype(float)
    required = sorted(set(rng.choice(n, min(n, int(rng.integers(1, 5))), replace=False).tolist()))
    sides = [np.array(side) for side in itertools.product([False, True], repeat=n)]
    parting = [side for side in sides if 0 < side[required].sum() < len(required)]
    cuts = [np.flatnonzero(side[edges[:, 0]] != side[edges[:, 1]]) for side in parting]

    bridges = {int(cut[0]) for cut in cuts if cut.size == 1}

    def holds(chosen):
        """Each set that parts required nodes is left twice, or by a bridge of the graph."""
        crossing = [cut[np.isin(cut, chosen)] for cut in cuts]
        return all(left.size > 1 or set(left.tolist()) & bridges for left in crossing)

    answer = two_way_net(n_nodes=n, edges=edges, cost=cost, required=required)
    assert holds(answer.edges)
    nets = ((np.arange(1 << size)[:, None] >> np.arange(size)) & 1).astype(bool)
    totals = nets @ cost
    best = next(
        totals[k]
        for k in np.argsort(totals, kind="stable").tolist()
        if holds(np.flatnonzero(nets[k]))
    )
    assert answer.proof.objective == pytest.approx(best, abs=1e-9)
    assert answer.proof.bound <= best + 1e-9
    assert answer.proof.status == "optimal"


def test_a_street_without_a_second_way_is_told():
    answer = two_way_net(
        n_nodes=4, edges=[(0, 1), (1, 2), (2, 0), (2, 3)], cost=[1, 1, 1, 4], required=[0, 3]
    )
    assert answer.bridges.tolist() == [3]
    assert answer.edges.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("required", [[], [1], [1, 1]])
def test_one_place_needs_no_net(required):
    answer = two_way_net(n_nodes=3, edges=[(0, 1)], cost=[1], required=required)
    assert answer.edges.tolist() == []
    assert (answer.proof.objective, answer.proof.status) == (0.0, "optimal")


def test_equal_questions_have_equal_answers():
    _, n, edges, cost, required = random_graph(11)
    for ask in (ring_through, two_way_net):
        one, two = (ask(n_nodes=n, edges=edges, cost=cost, required=required) for _ in range(2))
        assert one.edges.tolist() == two.edges.tolist()
        assert one.proof.bound == two.proof.bound
