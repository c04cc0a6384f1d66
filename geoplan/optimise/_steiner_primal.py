"""Good trees at once: shortest paths from many starts, spanning tree and pruning, one node more or less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree

from geoplan.optimise._steiner_net import Distances, Net

__all__ = ["Tree", "best_tree", "grow", "span"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Edges of the net that join all terminals, and what they cost."""

    edges: Indices
    cost: float


def best_tree(net: Net, distances: Distances, *, starts: Indices) -> Tree:
    """The best of the trees grown from each start."""
    trees = (span(net, grow(net, distances, int(start))) for start in starts)
    return min(trees, key=lambda tree: tree.cost)


def grow(net: Net, distances: Distances, start: int) -> Mask:
    """Nodes of a tree grown from ``start``: the nearest terminal joins along its shortest path, again and again.

    Takahashi & Matsuyama, An approximate solution for the Steiner problem in graphs, Mathematica Japonica 24, 1980.
    """
    inside = np.zeros(net.n, dtype=bool)
    inside[start] = True
    away = distances.length[:, start].copy()
    entry = np.full(away.size, start)
    for _ in range(away.size):
        nearest = int(away.argmin())
        node, target = int(entry[nearest]), int(net.terminals[nearest])
        before, path = distances.before[nearest], []
        while node != target:
            node = int(before[node])
            if not inside[node]:
                inside[node] = True
                path.append(node)
        away[nearest] = np.inf
        if path:
            to_path = distances.length[:, path]
            position = to_path.argmin(axis=1)
            shortest = to_path[np.arange(away.size), position]
            closer = shortest < away
            away[closer] = shortest[closer]
            entry[closer] = np.array(path)[position[closer]]
        away[inside[net.terminals]] = np.inf
        if np.isinf(away).all():
            break
    return inside


def span(net: Net, inside: Mask) -> Tree:
    """Minimum spanning tree of the nodes, without the branches that end in no terminal."""
    edges = np.flatnonzero(inside[net.tail] & inside[net.head])
    rank = np.empty(edges.size)
    rank[np.argsort(net.cost[edges], kind="stable")] = np.arange(1, edges.size + 1)
    ranks = sp.csr_array((rank, (net.tail[edges], net.head[edges])), shape=(net.n, net.n))
    chosen = np.sort(minimum_spanning_tree(ranks).data.astype(np.int64)) - 1
    kept = prune(net, edges[np.argsort(net.cost[edges], kind="stable")[chosen]])
    return Tree(np.sort(kept), float(net.cost[kept].sum()))


def prune(net: Net, edges: Indices) -> Indices:
    """Cut branches that end in no terminal, and parts without terminals."""
    is_terminal = np.zeros(net.n, dtype=bool)
    is_terminal[net.terminals] = True
    while True:
        degree = np.bincount(np.concatenate([net.tail[edges], net.head[edges]]), minlength=net.n)
        loose = (degree == 1) & ~is_terminal
        kept = edges[~(loose[net.tail[edges]] | loose[net.head[edges]])]
        if kept.size == edges.size:
            return edges
        edges = kept
