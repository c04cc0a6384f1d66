"""Proving the best Steiner tree of a small net: directed cuts, found by flows, in a linear programme that grows.

One variable per arc; every terminal is entered once, every other node at most once and not more often than it is
left (flow balance, Koch & Martin 1998); for every set of nodes with a terminal but without the root, some arc enters
(Wong 1984; separation with back cuts, creep flow and nested cuts as Koch & Martin, Solving Steiner tree problems in
graphs to optimality, Networks 32, 1998). Each optimum of the programme is a valid bound, whatever is still missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from geoplan.optimise._highs import GrowingProgramme, Programme, solve
from geoplan.optimise._steiner_net import Net

__all__ = ["CutSearch"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Flow is counted in these parts of an arc; every arc carries a little more than it should, so that cuts of few
#: arcs are found first: at most ``CREEP`` parts, and all arcs together at most ``CREEP_SHARE`` of one arc.
PARTS = 100_000_000
CREEP = 20
CREEP_SHARE = 0.005
#: A cut is violated below this; at most so many cuts are nested for one terminal.
ENOUGH = 0.99
NESTED = 8


@dataclass(slots=True, eq=False)
class CutSearch:
    """The programme of one net and root.

    Attributes
    ----------
    offer
        Told arc values that may lead to a good tree (the programme's, or an integral answer's).
    raise_bound
        Told every new bound.
    goal
        What an answer must not exceed to be of interest, at any time.
    """

    net: Net
    root: int
    cuts: list[Indices]
    is_needed: Mask
    offer: Callable[[Vector], None]
    raise_bound: Callable[[float], None]
    goal: Callable[[], float]
    work_limit: int
    deadline: float
    tail: Indices = field(init=False)
    head: Indices = field(init=False)
    cost: Vector = field(init=False)
    is_terminal: Mask = field(init=False)
    entered: sp.csr_array = field(init=False)
    followed: Indices = field(init=False)

    def __post_init__(self) -> None:
        self.tail = np.concatenate([self.net.tail, self.net.head])
        self.head = np.concatenate([self.net.head, self.net.tail])
        self.cost = np.concatenate([self.net.cost, self.net.cost])
        self.is_terminal = np.zeros(self.net.n, dtype=bool)
        self.is_terminal[self.net.terminals] = True
        arcs = np.arange(self.cost.size)
        self.entered = sp.csr_array(
            (np.ones(arcs.size), (self.head, arcs)), shape=(self.net.n, arcs.size)
        )
        self.followed = np.zeros(0, dtype=np.int64)

    def run(self) -> bool:
        """Add cuts until the question is settled (true) or the work is used up."""
        programme = GrowingProgramme(self._start())
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
            ruled_out = solved.bound + solved.reduced > self.goal()
            programme.fix_at_zero(np.flatnonzero(ruled_out & self.is_needed))
            self.is_needed &= ~ruled_out
            cuts, new = self._violated(solved.x), self._unfollowed(solved.x)
            if not cuts and not new.size:
                return self._branch()
            self.cuts.extend(cuts)
            self.followed = np.concatenate([self.followed, new])
            programme.add_rows(_rows_of(cuts, self.cost.size), 1.0, np.inf)
            programme.add_rows(self._follow(new), 0.0, np.inf)
        return False

    def _start(self) -> Programme:
        n, n_arcs = self.net.n, self.cost.size
        arcs = np.arange(n_arcs)
        left = sp.csr_array((np.ones(n_arcs), (self.tail, arcs)), shape=(n, n_arcs))
        others = np.flatnonzero(~self.is_terminal)
        at_least, at_most = self.is_terminal.astype(float), np.ones(n)
        at_least[self.root] = at_most[self.root] = 0.0
        balance = (left - self.entered)[others]
        follow = self._follow(self.followed)
        cuts = _rows_of(self.cuts, n_arcs)
        rows = sp.vstack([self.entered, balance, follow, cuts], format="csr")
        n_free = others.size + follow.shape[0]
        return Programme(
            cost=self.cost,
            rows=sp.csr_array(rows),
            row_lower=np.concatenate([at_least, np.zeros(n_free), np.ones(len(self.cuts))]),
            row_upper=np.concatenate([at_most, np.full(n_free + len(self.cuts), np.inf)]),
            lower=np.zeros(n_arcs),
            upper=self.is_needed.astype(float),
            is_integer=np.zeros(n_arcs, dtype=bool),
        )

    def _follow(self, out: Indices) -> sp.csr_array:
        """An arc out of a node that is no terminal needs another arc into it: entered - back - out >= 0."""
        row = np.arange(out.size)
        pick = sp.csr_array(
            (np.ones(2 * out.size), (np.tile(row, 2), np.concatenate([out, self._back(out)]))),
            shape=(out.size, self.cost.size),
        )
        return sp.csr_array(self.entered[self.tail[out]] - pick)

    def _back(self, arcs: Indices) -> Indices:
        n_edges = self.net.cost.size
        back: Indices = np.where(arcs < n_edges, arcs + n_edges, arcs - n_edges)
        return back

    def _unfollowed(self, x: Vector) -> Indices:
        """Arcs that carry more than arrives at their tail without coming back from their head."""
        out = np.flatnonzero(self.is_needed & ~self.is_terminal[self.tail])
        missing = x[out] + x[self._back(out)] - (self.entered @ x)[self.tail[out]]
        unfollowed: Indices = out[missing > 1 - ENOUGH]
        return unfollowed

    def _violated(self, x: Vector) -> list[Indices]:
        """Cuts that the arc values break, from both ends of each flow, several nested ones per terminal."""
        creep = min(CREEP, int(CREEP_SHARE * PARTS / max(1, x.size)))
        capacity = np.clip(np.round(x * PARTS), 0, PARTS).astype(np.int64) + creep
        capacity[~self.is_needed] = 0
        found: dict[bytes, Indices] = {}
        for terminal in self.net.terminals.tolist():
            if terminal == self.root:
                continue
            own = capacity.copy()
            for _ in range(NESTED):
                cut_pair = self._flow_cuts(own, terminal, x)
                if not cut_pair:
                    break
                for cut in cut_pair:
                    found[cut.tobytes()] = cut
                    own[cut] = PARTS
        return list(found.values())

    def _flow_cuts(self, capacity: Indices, terminal: int, x: Vector) -> list[Indices]:
        sink = self.net.n  # behind the terminal, so that no flow is larger than one arc
        graph = sp.csr_array(
            (
                np.append(capacity, PARTS).astype(np.int32),
                (np.append(self.tail, terminal), np.append(self.head, sink)),
            ),
            shape=(sink + 1, sink + 1),
        )
        result = maximum_flow(graph, self.root, sink)
        if result.flow_value >= ENOUGH * PARTS:
            return []
        residual = sp.csr_array(graph - result.flow)
        residual.eliminate_zeros()
        ahead = np.zeros(sink + 1, dtype=bool)
        ahead[breadth_first_order(residual, self.root, return_predecessors=False)] = True
        behind = np.zeros(sink + 1, dtype=bool)
        back = sp.csr_array(residual.T)
        behind[breadth_first_order(back, terminal, return_predecessors=False)] = True
        cuts = [
            np.flatnonzero(ahead[self.tail] & ~ahead[self.head] & self.is_needed),
            np.flatnonzero(~behind[self.tail] & behind[self.head] & self.is_needed),
        ]
        return [cut for cut in cuts if x[cut].sum() < ENOUGH]

    def _branch(self) -> bool:
        """No cut is broken: branch on the arcs, adding the cuts that whole answers break."""
        for _ in range(self.work_limit):
            left = self.deadline - time.perf_counter()
            start = self._start()
            solved = solve(
                Programme(
                    cost=start.cost,
                    rows=start.rows,
                    row_lower=start.row_lower,
                    row_upper=start.row_upper,
                    lower=start.lower,
                    upper=start.upper,
                    is_integer=np.ones(start.cost.size, dtype=bool),
                ),
                node_limit=self.work_limit,
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
            cuts = self._violated(solved.x)
            if solved.outcome != "optimal":
                return False
            if not cuts:
                return True
            self.cuts.extend(cuts)
        return False


def _rows_of(cuts: list[Indices], n_arcs: int) -> sp.csr_array:
    column = np.concatenate([np.zeros(0, dtype=np.int64), *cuts])
    row = np.repeat(np.arange(len(cuts)), [cut.size for cut in cuts])
    return sp.csr_array((np.ones(column.size), (row, column)), shape=(len(cuts), n_arcs))
