"""A valid lower bound for Steiner trees, and what it rules out: Wong's dual ascent.

Every edge becomes two arcs; a tree is an arborescence from a root terminal. Every set of nodes that holds a terminal
but not the root must be entered by an arc; each such set may be paid as long as no arc pays more than its cost, and
the sum of payments is a lower bound (Wong, A dual ascent approach for Steiner tree problems on a directed graph,
Mathematical Programming 28, 1984; order of the sets as in Pajor, Uchoa & Werneck, A robust and scalable algorithm
for the Steiner problem in graphs, Mathematical Programming Computation 10, 2018).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from geoplan.optimise._steiner_net import Net

__all__ = ["Ascent", "ascend", "needed_arcs"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ascent:
    """The bound, the costs left on the arcs (edges forward, then backward), and the sets that were paid.

    ``cuts`` holds the arcs that enter each set.
    """

    root: int
    value: float
    reduced: Vector
    cuts: tuple[Indices, ...]


def ascend(net: Net, root: int) -> Ascent:
    """Pay sets around the terminals until each can be reached from the root over arcs without cost left."""
    n_edges = net.cost.size
    tails = np.concatenate([net.tail, net.head]).tolist()
    entering: list[list[int]] = [[] for _ in range(net.n)]
    for arc, head in enumerate(np.concatenate([net.head, net.tail]).tolist()):
        entering[head].append(arc)
    left = np.concatenate([net.cost, net.cost]).tolist()
    is_active = [False] * net.n
    for terminal in net.terminals.tolist():
        is_active[terminal] = True
    groups = {
        terminal: ({terminal}, list(entering[terminal]))
        for terminal in net.terminals.tolist()
        if terminal != root
    }
    queue = [(len(border), terminal) for terminal, (_, border) in sorted(groups.items())]
    heapq.heapify(queue)
    paid = 0.0
    cuts: list[Indices] = []
    while queue:
        size, terminal = heapq.heappop(queue)
        inside, border = groups[terminal]
        is_active[terminal] = False
        if _absorb(inside, border, tails, entering, left, is_active):
            continue
        is_active[terminal] = True
        border[:] = [arc for arc in border if tails[arc] not in inside]
        if len(border) > size and queue and len(border) > queue[0][0]:
            heapq.heappush(queue, (len(border), terminal))
            continue
        step = min(left[arc] for arc in border)
        for arc in border:
            left[arc] -= step
        paid += step
        cuts.append(np.array(border, dtype=np.int64))
        heapq.heappush(queue, (len(border), terminal))
    reduced = np.array(left, dtype=float).reshape(2 * n_edges)
    return Ascent(root, paid, np.maximum(reduced, 0.0), tuple(cuts))


def _absorb(  # noqa: PLR0913, PLR0917 - the state of the ascent
    inside: set[int],
    border: list[int],
    tails: list[int],
    entering: list[list[int]],
    left: list[float],
    is_active: list[bool],
) -> bool:
    """Let in all nodes that reach the set over arcs without cost left; true if one is the root or active."""
    waiting = [arc for arc in border if left[arc] <= 0.0]
    while waiting:
        node = tails[waiting.pop()]
        if node in inside:
            continue
        if is_active[node]:
            return True
        inside.add(node)
        for arc in entering[node]:
            if tails[arc] not in inside:
                border.append(arc)
                if left[arc] <= 0.0:
                    waiting.append(arc)
    return False


def needed_arcs(net: Net, ascent: Ascent, *, goal: float) -> Mask:
    """Arcs that a tree of cost at most ``goal`` may use.

    A tree that uses an arc pays, above the bound, the costs left on the way from the root to the arc, on the arc
    and from it on to some terminal.
    """
    n_edges = net.cost.size
    tail = np.concatenate([net.tail, net.head])
    head = np.concatenate([net.head, net.tail])
    graph = sp.csr_array((ascent.reduced, (tail, head)), shape=(net.n, net.n))
    from_root = dijkstra(graph, directed=True, indices=[ascent.root])[0]
    others = net.terminals[net.terminals != ascent.root]
    back = sp.csr_array((ascent.reduced, (head, tail)), shape=(net.n, net.n))
    to_terminal, _, _ = dijkstra(back, True, others, True, min_only=True)
    through = ascent.value + from_root[tail] + ascent.reduced + to_terminal[head]
    needed: Mask = through <= goal
    return needed.reshape(2 * n_edges)
