"""What all questions about nets share: checks at the door, and a graph without loops and parallel edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from geoplan.optimise._two_way_cuts import Links
from geoplan.optimise.no_answer import DisconnectedError
from geoplan.words import say

__all__ = [
    "Given",
    "checked_amounts",
    "checked_graph",
    "checked_prizes",
    "joined_or_raise",
    "part_of",
    "simple_links",
]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A checked graph: nodes of each edge, cost of each, and the nodes that are asked for, ascending."""

    n: int
    ends: Indices
    cost: Vector
    nodes: Indices


def checked_graph(n_nodes: int, edges: ArrayLike, cost: ArrayLike, nodes: ArrayLike) -> Given:
    """Edges between nodes that exist, each with a finite cost of at least 0."""
    ends = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    costs = np.asarray(cost, dtype=float)
    wanted = np.unique(np.asarray(nodes, dtype=np.int64))
    if costs.shape != ends.shape[:1]:
        raise ValueError(f"{ends.shape[0]} edges, but {costs.shape} costs")
    if not np.all(np.isfinite(costs) & (costs >= 0)):
        wrong = np.flatnonzero(~(np.isfinite(costs) & (costs >= 0)))[:10].tolist()
        raise ValueError(f"every edge must cost a number of at least 0; not so: edges {wrong}")
    named = np.concatenate([ends.ravel(), wanted])
    if named.size and not (named.min() >= 0 and named.max() < n_nodes):
        wrong = np.unique(named[(named < 0) | (named >= n_nodes)])[:10].tolist()
        raise ValueError(f"nodes go from 0 to {n_nodes - 1}; not so: {wrong}")
    return Given(n_nodes, ends, costs, wanted)


def checked_amounts(amount: ArrayLike, m: int, name: str) -> Vector:
    """One finite number of at least 0 for each."""
    amounts = np.asarray(amount, dtype=float)
    if amounts.shape != (m,) or not np.all(np.isfinite(amounts) & (amounts >= 0)):
        raise ValueError(f"{name}: {m} numbers of at least 0 are needed")
    return amounts


def checked_prizes(prize: ArrayLike | None, n: int) -> Vector:
    """A prize of at least 0 for each node; none without."""
    return np.zeros(n) if prize is None else checked_amounts(prize, n, "prize")


def part_of(n: int, ends: Indices) -> Indices:
    """The number of the connected part of each node."""
    graph = sp.csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, part = connected_components(graph, directed=False)
    numbers: Indices = part.astype(np.int64)
    return numbers


def joined_or_raise(part: Indices, nodes: Indices) -> None:
    """Raise the groups of nodes that no path joins."""
    groups = [nodes[part[nodes] == which] for which in np.unique(part[nodes])]
    if len(groups) > 1:
        ordered = sorted((tuple(group.tolist()) for group in groups), key=lambda g: (-len(g), g))
        told = " | ".join(", ".join(map(str, group)) for group in ordered)
        raise DisconnectedError([say("optimise.not_joined", groups=told)], groups=ordered)


def simple_links(given: Given) -> tuple[Links, Indices]:
    """The graph without loops, a node put on every parallel edge but the cheapest, and the given edge of each link.

    Of a divided edge the first half bears the cost, and both halves the number.
    """
    low, high = given.ends.min(axis=1), given.ends.max(axis=1)
    order = np.lexsort((np.arange(low.size), given.cost, high, low))
    order = order[(low != high)[order]]
    pair = low[order] * given.n + high[order]
    is_first = np.r_[True, pair[1:] != pair[:-1]][: order.size]
    first, more = np.sort(order[is_first]), np.sort(order[~is_first])
    extra = given.n + np.arange(more.size)
    tail = np.concatenate([low[first], low[more], high[more]])
    head = np.concatenate([high[first], extra, extra])
    cost = np.concatenate([given.cost[first], given.cost[more], np.zeros(more.size)])
    origin = np.concatenate([first, more, more])
    return Links(given.n + more.size, tail, head, cost), origin
