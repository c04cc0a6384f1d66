"""Good trees at once: shortest paths from many starts, spanning tree and pruning, one node more or less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree

from geoplan.optimise._steiner_net import Distances, Net

__all__ = ["Tree", "best_tree", "exchange_paths", "grow", "span"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: A gain below this share is rounding.
ROUNDING = 1e-12


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


def exchange_paths(net: Net, tree: Tree) -> Tree:
    """Take out a path without branches and join the two halves by the shortest way, the dearest first, while that pays.

    Uchoa & Werneck, Fast local search for the Steiner problem in graphs, ACM Journal of Experimental Algorithmics
    17, 2012 (key-path exchange).
    """
    matrix = net.matrix()
    position = sp.csr_array(
        (np.arange(1, net.cost.size + 1), (net.tail, net.head)), shape=(net.n, net.n)
    )
    position = sp.csr_array(position + position.T)
    tried: set[tuple[int, ...]] = set()
    while True:
        better = next(_exchanges(net, tree, matrix, position, tried), None)
        if better is None:
            return tree
        tree = better


def _exchanges(
    net: Net, tree: Tree, matrix: sp.csr_array, position: sp.csr_array, tried: set[tuple[int, ...]]
) -> Iterator[Tree]:
    """Trees that are cheaper by one path; ``tried`` holds the paths that no way betters."""
    for path in sorted(_paths(net, tree.edges), key=lambda path: (-net.cost[path].sum(), path)):
        if tuple(path) in tried:
            continue
        cost = float(net.cost[path].sum())
        rest = np.setdiff1d(tree.edges, path)
        graph = sp.csr_array(
            (np.ones(rest.size), (net.tail[rest], net.head[rest])), shape=(net.n, net.n)
        )
        _, part = connected_components(graph, directed=False)
        ends = np.concatenate([net.tail[path], net.head[path]])
        is_inside = np.zeros(net.n, dtype=bool)
        is_inside[net.tail[rest]] = is_inside[net.head[rest]] = is_inside[net.terminals] = True
        halves = np.unique(part[ends[is_inside[ends]]])
        sides = [np.flatnonzero(is_inside & (part == half)) for half in halves]
        small, large = sorted(sides, key=lambda side: side.size)
        away, before, _ = dijkstra(
            matrix, indices=small, min_only=True, limit=cost, return_predecessors=True
        )
        end = int(large[away[large].argmin()])
        if away[end] >= cost * (1 - ROUNDING):
            tried.add(tuple(path))
            continue
        way = [end]
        while before[way[-1]] >= 0:
            way.append(int(before[way[-1]]))
        added = np.array([position[one, two] - 1 for one, two in pairwise(way)], dtype=np.int64)
        inside = is_inside.copy()
        inside[net.tail[added]] = inside[net.head[added]] = True
        new = span(net, inside)
        if new.cost < tree.cost * (1 - ROUNDING):
            yield new
        tried.add(tuple(path))


def _paths(net: Net, edges: Indices) -> list[list[int]]:
    """The paths of a tree between terminals and branching nodes, each as ascending edges."""
    near: dict[int, list[tuple[int, int]]] = {}
    for edge in edges.tolist():
        tail, head = int(net.tail[edge]), int(net.head[edge])
        near.setdefault(tail, []).append((head, edge))
        near.setdefault(head, []).append((tail, edge))
    keys = set(net.terminals.tolist()) | {n for n, others in near.items() if len(others) > 2}  # noqa: PLR2004
    paths: set[tuple[int, ...]] = set()
    for key in sorted(keys & set(near)):
        for first, own in near[key]:
            node, path = first, [own]
            while node not in keys:
                node, next_edge = next(step for step in near[node] if step[1] != path[-1])
                path.append(next_edge)
            paths.add(tuple(sorted(path)))
    return [list(path) for path in sorted(paths)]
