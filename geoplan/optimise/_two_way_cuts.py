"""Bounds and proofs for rings and for nets with two ways: cuts of a graph, in a linear programme that grows.

One variable per edge. Every set of nodes that holds some but not all required nodes is left by two edges at least; a
required node of a ring has exactly two, any other node of a ring at most two. No edge ends at a node where nothing
goes on. Rows are added once they are broken (Groetschel, Monma & Stoer, Computational results with a cutting plane
algorithm for designing communication networks with low-connectivity constraints, Operations Research 40, 1992;
Fischetti, Salazar & Toth, Solving the orienteering problem through branch-and-cut, INFORMS Journal on Computing 10,
1998). Each optimum of the programme is a valid bound, whatever is still missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

from geoplan.optimise._highs import GrowingProgramme, Programme, solve
from geoplan.optimise._steiner_dual import ascend
from geoplan.optimise._steiner_net import Net

__all__ = ["Links", "TwoWayCuts"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Flow is counted in these parts of an edge; a row is broken by more than ``BROKEN``.
PARTS = 10_000_000
BROKEN = 0.01
#: Rows of one kind that are added in one round.
MANY = 3_000
#: Rounds without a better bound than by this share end the linear part.
PATIENCE = 12
GAIN = 1e-5
#: Nodes of HiGHS for every round of work.
NODES = 50


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """A graph with parallel edges: ends and cost of each edge."""

    n: int
    tail: Indices
    head: Indices
    cost: Vector

    def ends(self) -> sp.csr_array:
        """(n, m): ones where an edge ends at a node."""
        m = self.cost.size
        edges = np.tile(np.arange(m), 2)
        both = np.concatenate([self.tail, self.head])
        return sp.csr_array((np.ones(2 * m), (both, edges)), shape=(self.n, m))


@dataclass(slots=True, eq=False)
class TwoWayCuts:
    """The programme of one question.

    Attributes
    ----------
    cost
        Of the programme: that of the links, less what a ring collects on its way.
    is_ring
        A simple ring; else a net in which two edge-disjoint ways join required nodes.
    upper
        How often an edge may be used.
    extra, extra_lower, extra_upper
        One more row (the length), or none.
    offer, raise_bound, goal
        Told edge values that may lead to a good answer, told every bound; what an answer must not exceed.
    """

    links: Links
    cost: Vector
    required: Indices
    is_ring: bool
    upper: Vector
    offer: Callable[[Vector], None]
    raise_bound: Callable[[float], None]
    goal: Callable[[], float]
    work_limit: int
    deadline: float
    extra: Vector | None = None
    extra_lower: float = -np.inf
    extra_upper: float = np.inf
    ends: sp.csr_array = field(init=False)
    is_required: Mask = field(init=False)
    is_needed: Mask = field(init=False)
    rows: list[sp.csr_array] = field(init=False)
    low: list[Vector] = field(init=False)
    high: list[Vector] = field(init=False)

    def __post_init__(self) -> None:
        self.ends = self.links.ends()
        self.is_required = np.zeros(self.links.n, dtype=bool)
        self.is_required[self.required] = True
        self.is_needed = self.upper > 0
        count = self.required.size
        self.rows = [sp.csr_array(self.ends[self.required])]
        self.low = [np.full(count, 2.0)]
        self.high = [np.full(count, 2.0 if self.is_ring else np.inf)]
        if count > 1:
            cuts = self._first_cuts()
            self.rows.append(cuts)
            self.low.append(np.full(cuts.shape[0], 2.0))
            self.high.append(np.full(cuts.shape[0], np.inf))
        if self.extra is not None:
            scale = max(float(np.abs(self.extra).max(initial=0.0)), 1e-12)
            self.rows.append(sp.csr_array(self.extra[None, :] / scale))
            self.low.append(np.array([self.extra_lower / scale]))
            self.high.append(np.array([self.extra_upper / scale]))

    def _first_cuts(self) -> sp.csr_array:
        """The cuts that a dual ascent pays for; nodes without a prize and length alone count."""
        links = self.links
        net = Net(
            links.n,
            links.tail,
            links.head,
            links.cost,
            self.required,
            tuple(() for _ in links.cost),
        )
        borders = {cut.tobytes(): cut % links.cost.size for cut in ascend(net, int(self.required[0])).cuts}  # fmt: skip
        edges = list(borders.values())
        row = np.repeat(np.arange(len(edges)), [cut.size for cut in edges])
        column = np.concatenate([np.zeros(0, dtype=np.int64), *edges])
        return sp.csr_array(
            (np.ones(column.size), (row, column)), shape=(len(edges), links.cost.size)
        )

    def relax(self) -> None:
        """Raise the bound by rows alone, edges staying divisible."""
        self._grow()

    def run(self) -> bool:
        """Add rows, then branch, until the question is settled (true) or the work is used up."""
        settled = self._grow()
        return self._branch() if settled is None else settled

    def _grow(self) -> bool | None:
        """Add rows; None once no row is broken or the bound stands still."""
        programme = GrowingProgramme(self._programme(is_whole=False))
        quiet, last = 0, -np.inf
        for _ in range(self.work_limit):
            left = self.deadline - time.perf_counter()
            solved = programme.solve(time_limit_seconds=left if np.isfinite(left) else None)
            if solved.outcome == "infeasible":
                return True
            self.raise_bound(solved.bound)
            if solved.x is None or solved.outcome != "optimal":
                return False
            if solved.bound > self.goal():
                return True
            self.offer(solved.x)
            ruled_out = self.is_needed & (solved.bound + solved.reduced > self.goal())
            programme.fix_at_zero(np.flatnonzero(ruled_out))
            self.is_needed &= ~ruled_out
            new = self._broken(solved.x)
            quiet = 0 if solved.bound > last + GAIN * abs(last) else quiet + 1
            last = max(last, solved.bound)
            if new is None or quiet > PATIENCE:
                return None
            self._keep(*new)
            programme.add_rows(new[0], new[1], new[2])
        return False

    def _programme(self, *, is_whole: bool) -> Programme:
        m = self.cost.size
        return Programme(
            cost=self.cost,
            rows=sp.csr_array(sp.vstack(self.rows, format="csr")),
            row_lower=np.concatenate(self.low),
            row_upper=np.concatenate(self.high),
            lower=np.zeros(m),
            upper=np.where(self.is_needed, self.upper, 0.0),
            is_integer=np.full(m, is_whole),
        )

    def _keep(self, rows: sp.csr_array, low: Vector, high: Vector) -> None:
        self.rows.append(rows)
        self.low.append(low)
        self.high.append(high)

    def _branch(self) -> bool:
        """Whole edges: branch in HiGHS, adding the rows that its answers break."""
        for _ in range(self.work_limit):
            left = self.deadline - time.perf_counter()
            if left <= 0:
                return False
            solved = solve(
                self._programme(is_whole=True),
                node_limit=NODES * self.work_limit,
                time_limit_seconds=left if np.isfinite(left) else None,
            )
            if solved.outcome == "infeasible":
                return True
            self.raise_bound(solved.bound)
            if solved.bound > self.goal():
                return True
            if solved.x is None:
                return False
            self.offer(solved.x)
            new = self._broken(solved.x)
            if new is None:
                return solved.outcome == "optimal"
            self._keep(*new)
        return False

    def _broken(self, x: Vector) -> tuple[sp.csr_array, Vector, Vector] | None:
        """Rows that the edge values break; None if there is none."""
        cuts = self._cuts(x)
        rows = [sp.csr_array(np.array(cuts, dtype=float).reshape(-1, x.size))]
        low = [np.full(len(cuts), 2.0)]
        high = [np.full(len(cuts), np.inf)]
        others = [self._loose_ends(x)]
        if self.is_ring:
            others.append(self._apart(x))
            crossed = self._crossed(x)
            rows.append(crossed)
            low.append(np.full(crossed.shape[0], -np.inf))
            high.append(np.full(crossed.shape[0], 2.0))
        for more in others:
            rows.append(more)
            low.append(np.zeros(more.shape[0]))
            high.append(np.full(more.shape[0], np.inf))
        table = sp.csr_array(sp.vstack(rows, format="csr"))
        if table.shape[0] == 0:
            return None
        return table, np.concatenate(low), np.concatenate(high)

    def _crossed(self, x: Vector) -> sp.csr_array:
        """Nodes that a ring would pass more than once."""
        broken = (self.ends @ x > 2 + BROKEN) & ~self.is_required
        return sp.csr_array(self.ends[np.flatnonzero(broken)[:MANY]])

    def _loose_ends(self, x: Vector) -> sp.csr_array:
        """An edge into a node goes on: the others at the node carry as much."""
        degree = self.ends @ x
        edge = np.tile(np.arange(x.size), 2)
        node = np.concatenate([self.links.tail, self.links.head])
        lacks = np.where(self.is_required[node], 0.0, 2 * x[edge] - degree[node])
        broken = np.flatnonzero(lacks > BROKEN)
        broken = broken[np.argsort(-lacks[broken], kind="stable")][:MANY]
        pick = sp.csr_array(
            (np.full(broken.size, 2.0), (np.arange(broken.size), edge[broken])),
            shape=(broken.size, x.size),
        )
        return sp.csr_array(self.ends[node[broken]] - pick)

    def _apart(self, x: Vector) -> sp.csr_array:
        """A loop that holds no required node: as much leaves it as its largest edge carries twice."""
        part, required_parts = self._parts(x)
        used = np.flatnonzero(x > BROKEN)
        rows = []
        of_edge = part[self.links.tail[used]]
        for which in np.setdiff1d(of_edge, required_parts).tolist():
            inside = part == which
            row = (inside[self.links.tail] != inside[self.links.head]).astype(float)
            own = used[of_edge == which]
            row[own[x[own].argmax()]] -= 2.0
            rows.append(row)
        return sp.csr_array(np.array(rows).reshape(-1, x.size))

    def _parts(self, x: Vector) -> tuple[Indices, Indices]:
        used = np.flatnonzero(x > 1e-6)  # noqa: PLR2004 - rounding
        tail, head = self.links.tail[used], self.links.head[used]
        graph = sp.csr_array((np.ones(used.size), (tail, head)), shape=(self.links.n, self.links.n))
        _, part = connected_components(graph, directed=False)
        return part.astype(np.int64), np.unique(part[self.required])

    def _cuts(self, x: Vector) -> list[Vector]:
        """Cuts between required nodes that less than two edges cross."""
        part, required_parts = self._parts(x)
        found: dict[bytes, Vector] = {}
        if required_parts.size > 1:
            for which in required_parts.tolist():
                self._add_cut(found, part == which, x)
            return list(found.values())
        used = np.flatnonzero(x > 1e-6)  # noqa: PLR2004 - rounding
        nodes, number = np.unique(
            np.concatenate([self.links.tail[used], self.links.head[used]]), return_inverse=True
        )
        tail, head = number[: used.size], number[used.size :]
        amount = np.round(np.minimum(x[used], 2) * PARTS)
        size = nodes.size
        graph = sp.csr_array(
            (np.tile(amount, 2), (np.concatenate([tail, head]), np.concatenate([head, tail]))),
            shape=(size, size),
        ).astype(np.int32)
        place = np.searchsorted(nodes, self.required)
        settled = np.zeros(size, dtype=bool)
        for target in place[1:].tolist():
            if settled[target]:
                continue
            result = maximum_flow(graph, place[0], target)
            if result.flow_value >= (2 - BROKEN) * PARTS:
                continue
            residual = sp.csr_array(graph - result.flow)
            residual.eliminate_zeros()
            for start, matrix in ((place[0], residual), (target, sp.csr_array(residual.T))):
                side = np.zeros(self.links.n, dtype=bool)
                reached = breadth_first_order(matrix, start, return_predecessors=False)
                side[nodes[reached]] = True
                self._add_cut(found, side, x)
                if start == target:
                    settled[reached] = True
        return list(found.values())

    def _add_cut(self, found: dict[bytes, Vector], side: Mask, x: Vector) -> None:
        row = (side[self.links.tail] != side[self.links.head]).astype(float)
        if row @ x < 2 - BROKEN / 2:
            found[np.packbits(row > 0).tobytes()] = row
