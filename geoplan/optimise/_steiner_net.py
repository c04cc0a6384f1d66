"""The graph of a Steiner tree problem, and what can be taken out of it without losing the best tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra

__all__ = ["Distances", "Net", "Shrunk", "shrink", "without_long_edges"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Link = tuple[float, tuple[int, ...]]

#: How many near terminals of a node are looked at when an edge is judged.
NEAR_TERMINALS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """A simple connected graph: edges ``tail`` - ``head`` with their cost and the given edges they stand for."""

    n: int
    tail: Indices
    head: Indices
    cost: Vector
    terminals: Indices
    origin: tuple[tuple[int, ...], ...]

    def matrix(self, cost: Vector | None = None) -> sp.csr_array:
        """The graph both ways, as scipy reads it."""
        value = self.cost if cost is None else cost
        both = (np.concatenate([self.tail, self.head]), np.concatenate([self.head, self.tail]))
        return sp.csr_array((np.concatenate([value, value]), both), shape=(self.n, self.n))

    def only(self, kept: NDArray[np.bool_]) -> Net:
        """The net of those edges; nodes keep their numbers."""
        chosen = np.flatnonzero(kept)
        origin = tuple(self.origin[edge] for edge in chosen.tolist())
        return Net(
            self.n, self.tail[chosen], self.head[chosen], self.cost[chosen], self.terminals, origin
        )

    def joins_terminals(self) -> bool:
        """Whether some path joins all terminals."""
        _, part = connected_components(self.matrix(np.ones(self.cost.size)), directed=False)
        return bool(np.unique(part[self.terminals]).size <= 1)


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """From every terminal to every node: lengths and the node before on a shortest path."""

    length: Vector
    before: Indices

    @classmethod
    def of(cls, net: Net, cost: Vector | None = None) -> Distances:
        """Measure them; with ``cost``, by other costs than the net's."""
        length, before = dijkstra(
            net.matrix(cost), directed=True, indices=net.terminals, return_predecessors=True
        )
        return cls(np.atleast_2d(length), np.atleast_2d(before))


@dataclass(frozen=True, slots=True, eq=False)
class Shrunk:
    """A smaller net, and the given edges that are in some best tree anyway."""

    net: Net
    taken: tuple[int, ...]


def shrink(net: Net) -> Shrunk:
    """Take out dead ends, join edges at a node without choice, and buy edges that cost nothing to decide.

    Repeated until nothing changes:

    * a node of degree 1 that is no terminal goes; a terminal of degree 1 takes its edge;
    * a node of degree 2 that is no terminal becomes one edge;
    * a terminal whose cheapest edge leads to a terminal takes it;
    * of two edges between the same nodes the cheaper stays.

    References
    ----------
    Duin & Volgenant, Reduction tests for the Steiner problem in graphs, Networks 19, 1989.
    """
    work = _Shrinking(net)
    work.run()
    return work.result(net)


class _Shrinking:
    """Adjacency as dictionaries, changed in place until nothing more can go."""

    def __init__(self, net: Net) -> None:
        self.near: list[dict[int, Link]] = [{} for _ in range(net.n)]
        self.is_terminal = np.zeros(net.n, dtype=bool)
        self.is_terminal[net.terminals] = True
        self.n_terminals = int(self.is_terminal.sum())
        self.taken: list[int] = []
        self.queue = list(range(net.n - 1, -1, -1))
        self.waits = [True] * net.n
        for tail, head, cost, origin in zip(
            net.tail.tolist(), net.head.tolist(), net.cost.tolist(), net.origin, strict=True
        ):
            self._join(tail, head, (cost, origin))

    def run(self) -> None:
        while self.queue and self.n_terminals > 1:
            node = self.queue.pop()
            self.waits[node] = False
            if self.is_terminal[node]:
                self._try_terminal(node)
            else:
                self._try_other(node)

    def result(self, net: Net) -> Shrunk:
        nodes = [node for node in range(net.n) if self.near[node] or self.is_terminal[node]]
        if self.n_terminals <= 1:
            nodes = [node for node in nodes if self.is_terminal[node]]
        number = {node: i for i, node in enumerate(nodes)}
        links = [
            (number[node], number[other], link)
            for node in nodes
            for other, link in sorted(self.near[node].items())
            if other in number and node < other
        ]
        small = Net(
            n=len(nodes),
            tail=np.array([tail for tail, _, _ in links], dtype=np.int64),
            head=np.array([head for _, head, _ in links], dtype=np.int64),
            cost=np.array([link[0] for _, _, link in links], dtype=float),
            terminals=np.array([number[n] for n in nodes if self.is_terminal[n]], dtype=np.int64),
            origin=tuple(link[1] for _, _, link in links),
        )
        return Shrunk(small, tuple(self.taken))

    def _try_other(self, node: int) -> None:
        near = self.near[node]
        if len(near) == 1:
            (other,) = near
            self._cut(node, other)
        elif len(near) == 2:  # noqa: PLR2004 - a node between two
            (one, first), (two, second) = sorted(near.items())
            self._cut(node, one)
            self._cut(node, two)
            self._join(one, two, (first[0] + second[0], first[1] + second[1]))

    def _try_terminal(self, node: int) -> None:
        near = self.near[node]
        nearest = min(near, key=lambda other: (near[other][0], not self.is_terminal[other], other))
        if len(near) == 1 or self.is_terminal[nearest]:
            self._take(node, nearest)

    def _take(self, node: int, other: int) -> None:
        """Buy the edge and melt ``node`` into ``other``."""
        self.taken.extend(self.near[node][other][1])
        self._cut(node, other)
        for third, link in sorted(self.near[node].items()):
            self._cut(node, third)
            self._join(other, third, link)
        self.is_terminal[node] = False
        if self.is_terminal[other]:
            self.n_terminals -= 1
        self.is_terminal[other] = True
        self._wake(other)

    def _cut(self, one: int, two: int) -> None:
        del self.near[one][two], self.near[two][one]
        self._wake(one)
        self._wake(two)

    def _join(self, one: int, two: int, link: Link) -> None:
        if one != two and (two not in self.near[one] or link < self.near[one][two]):
            self.near[one][two] = self.near[two][one] = link
            self._wake(one)
            self._wake(two)

    def _wake(self, node: int) -> None:
        if not self.waits[node]:
            self.waits[node] = True
            self.queue.append(node)


def without_long_edges(net: Net, distances: Distances) -> Net:
    """Leave out edges that a way over terminals beats in every leg.

    An edge is not needed if its cost is above the bottleneck distance of its ends: the longest leg of the best
    way over terminals (Duin & Volgenant 1989), here from above by the nearest terminals of each end.
    """
    length = distances.length
    between = _bottlenecks(length[:, net.terminals])
    k = min(NEAR_TERMINALS, net.terminals.size)
    nearest = np.argsort(length, axis=0, kind="stable")[:k]
    away = np.take_along_axis(length, nearest, axis=0)
    legs = np.full(net.cost.size, np.inf)
    for i in range(k):
        for j in range(k):
            middle = between[nearest[i, net.tail], nearest[j, net.head]]
            ends = np.maximum(away[i, net.tail], away[j, net.head])
            legs = np.minimum(legs, np.maximum(middle, ends))
    return net.only(net.cost <= legs * (1 + 1e-12))


def _bottlenecks(length: Vector) -> Vector:
    """Longest edge on the way between two terminals in the minimum spanning tree of their distances (Prim)."""
    t = length.shape[0]
    between = np.zeros((t, t))
    inside = [0]
    best, source = length[0].copy(), np.zeros(t, dtype=np.int64)
    best[0] = np.inf
    for _ in range(t - 1):
        new = int(best.argmin())
        step = best[new]
        between[new, inside] = between[inside, new] = np.maximum(between[source[new], inside], step)
        inside.append(new)
        closer = length[new] < best
        closer[inside] = False
        source[closer] = new
        best = np.where(closer, length[new], best)
        best[new] = np.inf
    return between
