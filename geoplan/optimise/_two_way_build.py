"""Building nets with two ways: pairs of disjoint ways to one node after the other, then out with what is not needed."""

from __future__ import annotations

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from geoplan.optimise._two_way_cuts import Links

__all__ = ["build", "thinned"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


def build(links: Links, order: Indices, price: Vector) -> Indices:
    """Edges of a net that joins the first node by two ways to each other one, bought edges being free.

    Two disjoint ways of least price (Suurballe & Tarjan, Networks 14, 1984).
    """
    m = links.cost.size
    tail = np.concatenate([links.tail, links.head])
    head = np.concatenate([links.head, links.tail])
    graph = sp.csr_array((np.arange(1, 2 * m + 1), (tail, head)), shape=(links.n, links.n))
    arc = graph.data.astype(np.int64) - 1
    position = np.empty(2 * m, dtype=np.int64)
    position[arc] = np.arange(2 * m)
    of = {(one, two): k for k, (one, two) in enumerate(zip(tail.tolist(), head.tolist(), strict=True))}  # fmt: skip
    left = np.concatenate([price, price])
    bought = np.zeros(m, dtype=bool)
    root = int(order[0])

    def search(weight: Vector) -> tuple[Vector, Indices]:
        table = sp.csr_array((weight, graph.indices, graph.indptr), shape=graph.shape)
        away, before = dijkstra(
            table, directed=True, indices=np.array([root]), return_predecessors=True
        )
        return away[0], before[0].astype(np.int64)

    def arcs_to(target: int, before: Indices) -> list[int]:
        node, found = target, []
        while node != root:
            found.append(of[int(before[node]), node])
            node = int(before[node])
        return found

    for target in order[1:].tolist():
        away, before = search(left[arc])
        first = arcs_to(target, before)
        with np.errstate(invalid="ignore"):
            reduced = left[arc] + away[tail[arc]] - away[head[arc]]
        reduced = np.where(np.isfinite(reduced), np.maximum(reduced, 0.0), np.inf)
        reduced[position[first]] = np.inf
        reduced[position[[(k + m) % (2 * m) for k in first]]] = 0.0
        _, before = search(reduced)
        second = arcs_to(target, before)
        undone = {(k + m) % (2 * m) for k in second} & set(first)
        used = [k % m for k in first if k not in undone]
        used += [k % m for k in second if (k + m) % (2 * m) not in undone]
        bought[used] = True
        left[used] = 0.0
        left[[k + m for k in used]] = 0.0
    return np.flatnonzero(bought)


def thinned(links: Links, required: Indices, edges: Indices) -> Indices:
    """Leave out edges, the dearest first, as long as two ways are left to every required node."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_edges_from((int(links.tail[e]), int(links.head[e])) for e in edges)
    wanted = required.tolist()
    for edge in edges[np.argsort(-links.cost[edges], kind="stable")].tolist():
        pair = int(links.tail[edge]), int(links.head[edge])
        if not graph.has_edge(*pair):
            continue
        graph.remove_edge(*pair)
        if not _are_joined(graph, wanted):
            graph.add_edge(*pair)
    kept = [e for e in edges.tolist() if graph.has_edge(int(links.tail[e]), int(links.head[e]))]
    return np.array(kept, dtype=np.int64)


def _are_joined(graph: nx.Graph[int], wanted: list[int]) -> bool:
    """Whether no bridge, and no gap, parts the wanted nodes."""
    root = wanted[0]
    order, parent, low = {root: 0}, {root: root}, {root: 0}
    is_wanted = set(wanted)
    holds = {root: True}
    stack = [(root, iter(graph.adj[root]))]
    while stack:  # depth first without recursion; low points by Tarjan
        node, others = stack[-1]
        for other in others:
            if other not in order:
                order[other] = low[other] = len(order)
                parent[other], holds[other] = node, other in is_wanted
                stack.append((other, iter(graph.adj[other])))
                break
            if other != parent[node]:
                low[node] = min(low[node], order[other])
        else:
            stack.pop()
            if node != root:
                above = parent[node]
                if low[node] > order[above] and holds[node]:
                    return False
                low[above] = min(low[above], low[node])
                holds[above] = holds[above] or holds[node]
    return all(node in order for node in wanted)
