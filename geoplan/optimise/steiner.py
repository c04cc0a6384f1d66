"""The cheapest tree that joins given nodes of a graph (Steiner tree), and how near the cheapest it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from geoplan.optimise._steiner_net import Net
from geoplan.optimise._steiner_search import search
from geoplan.optimise.no_answer import DisconnectedError
from geoplan.optimise.proof import Proof, Status
from geoplan.words import say

__all__ = ["TreeAnswer", "steiner_tree"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreeAnswer:
    """The chosen edges, as ascending positions in the given list, and how good they are."""

    edges: Indices
    proof: Proof


def steiner_tree(  # noqa: PLR0913 - every choice is named
    *,
    n_nodes: int,
    edges: ArrayLike,
    cost: ArrayLike,
    terminals: ArrayLike,
    seed: int = 0,
    relative_gap: float = 1e-9,
    node_limit: int = 1_000,
    time_limit_seconds: float | None = None,
) -> TreeAnswer:
    r"""Join all terminals by the cheapest tree.

    .. math:: \min \sum_{e \in T} c_e, \quad T \subseteq E \text{ connects all terminals}

    Loops are never used, of parallel edges the cheapest (the first of equals). One terminal, or none, needs no
    edge. Found by shortest paths from many starts, improved by spanning trees and exchanges of nodes; proven by
    reductions, dual ascent and, for what is left, directed cuts in HiGHS.

    Parameters
    ----------
    n_nodes
        Nodes are 0 to n_nodes - 1.
    edges
        (m, 2) nodes of each undirected edge.
    cost
        (m,) at least 0.
    terminals
        Nodes to join; one named twice counts once.
    seed
        Of the order in which starts are tried.
    relative_gap
        Stop once the tree is proven this near the cheapest.
    node_limit
        Limit of work of the exact part: rounds of cuts, and nodes of HiGHS.
    time_limit_seconds
        An extra stop; an answer cut by it says so.

    Returns
    -------
    TreeAnswer
        ``proof.bound`` is a valid lower bound whatever stopped the search.

    Raises
    ------
    DisconnectedError
        Terminals that no path joins, by group.
    ValueError
        A negative or missing cost, or a node that does not exist.

    References
    ----------
    Koch & Martin, Solving Steiner tree problems in graphs to optimality, Networks 32, 1998; the parts name theirs.

    Examples
    --------
    A star is cheaper than two sides of the triangle around it.

    >>> answer = steiner_tree(
    ...     n_nodes=4, edges=[(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)],
    ...     cost=[5, 5, 5, 3, 3, 3], terminals=[0, 1, 2])
    >>> answer.edges.tolist(), answer.proof.objective, answer.proof.bound
    ([3, 4, 5], 9.0, 9.0)
    """
    began = time.perf_counter()
    ends, costs, wanted = _checked(n_nodes, edges, cost, terminals)
    net = _net(n_nodes, ends, costs, wanted)
    found = search(
        net,
        seed=seed,
        relative_gap=relative_gap,
        work_limit=node_limit,
        deadline=np.inf if time_limit_seconds is None else began + time_limit_seconds,
    )
    chosen = np.sort(np.array(found.edges, dtype=np.int64))
    objective = float(costs[chosen].sum())
    is_late = time_limit_seconds is not None and time.perf_counter() > began + time_limit_seconds
    status: Status = "optimal" if found.is_done else "cut_by_time" if is_late else "feasible"
    return TreeAnswer(
        edges=chosen,
        proof=Proof(
            objective=objective,
            bound=min(found.bound, objective),
            sense="min",
            status=status,
            seconds=time.perf_counter() - began,
            seed=seed,
            method="shortest paths, dual ascent, directed cuts",
        ),
    )


def _checked(
    n_nodes: int, edges: ArrayLike, cost: ArrayLike, terminals: ArrayLike
) -> tuple[Indices, Vector, Indices]:
    ends = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    costs = np.asarray(cost, dtype=float)
    wanted = np.unique(np.asarray(terminals, dtype=np.int64))
    if costs.shape != ends.shape[:1]:
        raise ValueError(f"{ends.shape[0]} edges, but {costs.shape} costs")
    if not np.all(np.isfinite(costs) & (costs >= 0)):
        raise ValueError("every edge must cost a number of at least 0")
    named = np.concatenate([ends.ravel(), wanted])
    if named.size and not (named.min() >= 0 and named.max() < n_nodes):
        raise ValueError(f"nodes go from 0 to {n_nodes - 1}, not to {named.max()}")
    return ends, costs, wanted


def _net(n_nodes: int, ends: Indices, costs: Vector, terminals: Indices) -> Net:
    """The part that holds the terminals, as a simple graph."""
    graph = sp.csr_array((np.ones(costs.size), (ends[:, 0], ends[:, 1])), shape=(n_nodes, n_nodes))
    _, part = connected_components(graph, directed=False)
    groups = [terminals[part[terminals] == which] for which in np.unique(part[terminals])]
    if len(groups) > 1:
        ordered = sorted((tuple(group.tolist()) for group in groups), key=lambda g: (-len(g), g))
        told = " | ".join(", ".join(map(str, group)) for group in ordered)
        raise DisconnectedError([say("optimise.not_joined", groups=told)], groups=ordered)
    here = np.zeros(n_nodes, dtype=bool)
    if terminals.size:
        here = part == part[terminals[0]]
    low, high = ends.min(axis=1), ends.max(axis=1)
    kept = np.flatnonzero(here[low] & (low != high))
    kept = kept[np.lexsort((kept, costs[kept], high[kept], low[kept]))]
    pair = low[kept] * n_nodes + high[kept]
    kept = kept[np.r_[True, pair[1:] != pair[:-1]][: kept.size]]
    number = np.cumsum(here) - 1
    return Net(
        n=int(here.sum()),
        tail=number[low[kept]],
        head=number[high[kept]],
        cost=costs[kept],
        terminals=number[terminals],
        origin=tuple((edge,) for edge in kept.tolist()),
    )
