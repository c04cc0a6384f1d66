"""Trees: against the exact cost of tiny graphs, published optima, and everything a broken graph can hold."""

from __future__ import annotations

import csv

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.optimise._steiner_dual import ascend, needed_arcs
from geoplan.optimise._steiner_net import Distances, shrink, without_long_edges
from geoplan.optimise.no_answer import DisconnectedError
from geoplan.optimise.steiner import _checked, _net, steiner_tree


def random_graph(seed, *, is_joined=True):
    """Few nodes, parallel edges and loops, whole, equal, broken or zero costs."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 16)), int(rng.integers(1, 40))
    edges = rng.integers(0, n, (m, 2))
    if is_joined:
        edges = np.vstack([edges, [(i, rng.integers(0, i)) for i in range(1, n)]])
    size = len(edges)
    costs = (rng.integers(0, 4, size), np.ones(size), rng.random(size), rng.integers(0, 2, size) * rng.random(size))  # fmt: skip
    terminals = rng.integers(0, n, int(rng.integers(1, 6)))
    return n, edges, costs[seed % 4].astype(float), terminals


def exact_cost(n, edges, cost, terminals):
    """Cheapest tree by subsets of terminals (Dreyfus & Wagner, The Steiner problem in graphs, Networks 1, 1971)."""
    length = np.full((n, n), np.inf)
    np.fill_diagonal(length, 0.0)
    for (one, two), worth in zip(edges.tolist(), cost.tolist(), strict=True):
        length[one, two] = length[two, one] = min(length[one, two], worth)
    for middle in range(n):
        length = np.minimum(length, length[:, [middle]] + length[[middle]])
    wanted = sorted(set(terminals.tolist()))
    if len(wanted) == 1:
        return 0.0
    *some, last = wanted
    tree = {1 << i: length[terminal] for i, terminal in enumerate(some)}
    for group in range(1, 1 << len(some)):
        if group not in tree:
            best, part = np.full(n, np.inf), (group - 1) & group
            while part:
                best = np.minimum(best, tree[part] + tree[group ^ part])
                part = (part - 1) & group
            tree[group] = (best[:, None] + length).min(axis=0)
    return tree[(1 << len(some)) - 1][last]


def joined(n, edges, chosen, terminals):
    """Whether the chosen edges are a forest that joins the terminals."""
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges[chosen].tolist())
    part = nx.node_connected_component(graph, int(terminals[0]))
    return nx.is_forest(graph) and set(terminals.tolist()) <= part


@settings(deadline=None, max_examples=250)
@given(st.integers(0, 2**32 - 1))
def test_the_tree_is_the_cheapest(seed):
    n, edges, cost, terminals = random_graph(seed)
    optimum = exact_cost(n, edges, cost, terminals)
    answer = steiner_tree(n_nodes=n, edges=edges, cost=cost, terminals=terminals)
    assert joined(n, edges, answer.edges, terminals)
    assert answer.proof.objective == pytest.approx(optimum, abs=1e-12)
    assert answer.proof.objective == pytest.approx(cost[answer.edges].sum(), abs=1e-12)
    assert answer.proof.bound <= optimum + 1e-12
    assert answer.proof.status == "optimal"


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_no_part_of_the_proof_loses_the_cheapest_tree(seed):
    n, edges, cost, terminals = random_graph(seed)
    optimum = exact_cost(n, edges, cost, terminals)
    net = _net(n, *_checked(n, edges, cost, terminals))

    def left_of(smaller):
        ends = np.stack([smaller.tail, smaller.head], axis=1)
        return exact_cost(smaller.n, ends, smaller.cost, smaller.terminals)

    shrunk = shrink(net)
    bought = cost[list(shrunk.taken)].sum()
    assert bought + left_of(shrunk.net) == pytest.approx(optimum, abs=1e-12)
    if net.terminals.size > 1:
        assert left_of(without_long_edges(net, Distances.of(net))) == pytest.approx(optimum)
        for root in net.terminals.tolist():
            ascent = ascend(net, root)
            assert ascent.value <= optimum + 1e-12
            needed = needed_arcs(net, ascent, goal=optimum + 1e-9).reshape(2, -1).any(axis=0)
            assert left_of(net.only(needed)) == pytest.approx(optimum)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_a_search_cut_by_time_still_joins_and_bounds(seed):
    n, edges, cost, terminals = random_graph(seed)
    answer = steiner_tree(
        n_nodes=n, edges=edges, cost=cost, terminals=terminals, time_limit_seconds=0.0
    )
    assert joined(n, edges, answer.edges, terminals)
    assert answer.proof.bound <= exact_cost(n, edges, cost, terminals) + 1e-12


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_terminals_apart_are_told_by_group(seed):
    n, edges, cost, terminals = random_graph(seed, is_joined=False)
    graph = nx.Graph(edges.tolist())
    graph.add_nodes_from(range(n))
    groups = {
        frozenset(part & set(terminals.tolist()))
        for part in nx.connected_components(graph)
        if part & set(terminals.tolist())
    }
    if len(groups) == 1:
        steiner_tree(n_nodes=n, edges=edges, cost=cost, terminals=terminals)
        return
    with pytest.raises(DisconnectedError) as raised:
        steiner_tree(n_nodes=n, edges=edges, cost=cost, terminals=terminals)
    assert {frozenset(group) for group in raised.value.groups} == groups


def test_of_parallel_edges_the_cheapest_and_first_is_taken():
    answer = steiner_tree(
        n_nodes=2, edges=[(0, 1), (1, 0), (0, 1), (0, 0)], cost=[3, 2, 2, 0], terminals=[0, 1]
    )
    assert answer.edges.tolist() == [1]


@pytest.mark.parametrize("terminals", [[], [1], [1, 1, 1]])
def test_one_place_needs_no_way(terminals):
    answer = steiner_tree(n_nodes=3, edges=[(0, 1)], cost=[1], terminals=terminals)
    assert answer.edges.tolist() == []
    assert (answer.proof.objective, answer.proof.status) == (0.0, "optimal")


def test_apart_reads_as_a_sentence():
    with pytest.raises(DisconnectedError, match=r"nodes that no path joins: 0, 1 \| 3"):
        steiner_tree(n_nodes=4, edges=[(0, 1), (2, 3)], cost=[1, 1], terminals=[0, 1, 3])


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost": [-1.0, 1.0]},
        {"cost": [np.nan, 1.0]},
        {"cost": [np.inf, 1.0]},
        {"cost": [1.0]},
        {"terminals": [0, 3]},
        {"terminals": [-1]},
        {"edges": [(0, 1), (1, 3)]},
    ],
)
def test_broken_input_is_refused(wrong):
    question = {"n_nodes": 3, "edges": [(0, 1), (1, 2)], "cost": [1.0, 1.0], "terminals": [0, 2]}
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        steiner_tree(**{**question, **wrong})


@pytest.mark.data
@pytest.mark.parametrize("name", ["b01", "b06", "b13", "b18", "c07", "c12", "c13", "c18", "c20"])
def test_published_optima_are_found_and_proven(data_root, name):
    folder = data_root / "benchmarks/steinlib"
    with (folder / "optima.csv").open(encoding="utf-8") as file:
        optimum = {row["filename"]: float(row["opt"]) for row in csv.DictReader(file)}[f"{name}.stp"]  # fmt: skip
    words = [line.split() for line in (folder / f"{name}.stp").read_text("latin-1").splitlines()]
    links = np.array([word[1:4] for word in words if word[:1] == ["E"]], dtype=int)
    proof = steiner_tree(
        n_nodes=next(int(word[1]) for word in words if word[:1] == ["Nodes"]),
        edges=links[:, :2] - 1,
        cost=links[:, 2],
        terminals=[int(word[1]) - 1 for word in words if word[:1] == ["T"]],
    ).proof
    assert (proof.objective, proof.bound, proof.status) == (optimum, optimum, "optimal")
