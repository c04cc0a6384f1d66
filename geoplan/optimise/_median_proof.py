"""Proving a p-median: what the bound rules out, a search over what is left, and HiGHS on a small rest."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise._goal import Goal, are_whole
from geoplan.optimise._highs import Programme, solve
from geoplan.optimise._interchange import total_cost
from geoplan.optimise._lagrange import Bound, Pairs, raise_bound

__all__ = ["Median", "Proven", "prove"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: So few open sites are searched first. A rest of so many rows goes straight to HiGHS else; one above the larger
#: number is not tried at all.
FEW_SITES = 12
SMALL_REST = 4_000
LARGE_REST = 60_000
ROOT_ITERATIONS = 1_000
NODE_ITERATIONS = 60
MIP_NODES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Median:
    """The question: weighted finite costs (n, m), how many sites, which are fixed, when to stop."""

    cost: Vector
    p: int
    fixed: Indices
    relative_gap: float
    node_limit: int
    deadline: float

    @property
    def aim(self) -> Goal:
        """Where all costs are whole, any better answer is better by 1 at least."""
        return Goal(is_whole=are_whole(self.cost), relative_gap=self.relative_gap)


@dataclass(frozen=True, slots=True, eq=False)
class Proven:
    """The best sites and the bound; ``is_done`` if nothing better than the gap is left."""

    sites: Indices
    bound: float
    is_done: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    must: Mask
    may: Mask
    bound: Bound


@dataclass(slots=True, eq=False)
class _Best:
    """The best sites so far; ``goal``: an answer above it is of no interest any more."""

    median: Median
    aim: Goal
    sites: Indices
    cost: float

    def offer(self, sites: Indices) -> None:
        cost = total_cost(self.median.cost, sites)
        if cost < self.cost:
            self.sites, self.cost = sites, cost

    @property
    def goal(self) -> float:
        return self.aim.of(self.cost)

    @property
    def past_goal(self) -> float:
        """No answer above the goal can be below this."""
        return self.aim.past(self.cost)

    def safe(self, bound: float) -> float:
        """The bound without what rounding may have added; never above the answer."""
        return min(self.cost, max(self.aim.safe(bound), 0.0))


def prove(median: Median, sites: Indices) -> Proven:
    """Bound the median from below, and better its sites on the way, until proven or out of work."""
    best = _Best(median, median.aim, sites, total_cost(median.cost, sites))
    m = median.cost.shape[1]
    must = np.zeros(m, dtype=bool)
    must[median.fixed] = True
    pairs = Pairs.below(median.cost, _cap(median, sites))
    start = np.sort(median.cost[:, sites], axis=1)[:, :2].mean(axis=1)
    nothing = Bound(-np.inf, start, np.zeros(0), np.zeros(0, dtype=np.int64))
    root = _bound(best, pairs, _Node(must, np.ones(m, dtype=bool), nothing), ROOT_ITERATIONS)
    if root.bound.value > best.goal or best.cost == 0:
        return Proven(best.sites, best.safe(root.bound.value), is_done=True)
    root = _narrowed(best, root)
    rest = _rest(best, root)
    n_choices = median.p - int(root.must.sum())
    if n_choices <= FEW_SITES or rest.n_rows > SMALL_REST:
        proven = _branch(best, pairs, root)
        if proven.is_done or rest.n_rows > LARGE_REST or time.perf_counter() > median.deadline:
            return proven
        return _finish(best, rest, proven.bound)
    return _finish(best, rest, root.bound.value)


def _cap(median: Median, sites: Indices) -> Vector:
    """Multipliers end up near the two nearest costs; a wide margin above loses nothing that matters."""
    two = np.partition(median.cost[:, sites], min(1, sites.size - 1), axis=1)[:, :2].max(axis=1)
    m = median.cost.shape[1]
    rank = min(m - 1, 2 * m // median.p)
    cap = np.maximum(2 * two, np.partition(median.cost, rank, axis=1)[:, rank])
    capped: Vector = np.minimum(cap, total_cost(median.cost, sites))
    return capped


def _bound(best: _Best, pairs: Pairs, node: _Node, iterations: int) -> _Node:
    kept = node.may[pairs.site]
    there = pairs if kept.all() else _kept(pairs, kept)
    bound = raise_bound(
        there,
        p=best.median.p,
        must=node.must,
        may=node.may,
        target=best.cost,
        multiplier=node.bound.multiplier,
        iterations=iterations,
    )
    best.offer(bound.opened)
    return _Node(node.must, node.may, bound)


def _kept(pairs: Pairs, kept: Mask) -> Pairs:
    """Those pairs whose mark is set."""
    return replace(pairs, row=pairs.row[kept], site=pairs.site[kept], cost=pairs.cost[kept])


def _narrowed(best: _Best, node: _Node) -> _Node:
    """Close sites that would cost too much to open, and open those too costly to close."""
    bound, goal = node.bound, best.goal
    is_open = np.zeros(node.may.size, dtype=bool)
    is_open[bound.opened] = True
    leavable, enterable = is_open & ~node.must, node.may & ~is_open
    if not leavable.any() or not enterable.any():
        return node
    worst_in, best_out = bound.rho[leavable].max(), bound.rho[enterable].min()
    closed = enterable & (bound.value + bound.rho - worst_in > goal)
    opened = leavable & (bound.value - bound.rho + best_out > goal)
    return _Node(node.must | opened, node.may & ~closed, bound)


def _branch(best: _Best, pairs: Pairs, root: _Node) -> Proven:
    """Open or close the site that saves most, best bound first, until nothing better can be left."""
    median = best.median
    heap: list[tuple[float, int, _Node]] = [(root.bound.value, 0, root)]
    made = 0
    while heap and heap[0][0] <= best.goal:
        if made >= median.node_limit or time.perf_counter() > median.deadline:
            return Proven(best.sites, best.safe(heap[0][0]), is_done=False)
        value, _, node = heapq.heappop(heap)
        node = _narrowed(best, node)
        free = node.bound.opened[~node.must[node.bound.opened]]
        if free.size == 0 or node.may.sum() == median.p:
            best.offer(np.flatnonzero(node.must if free.size == 0 else node.may))
            continue
        site = free[node.bound.rho[free].argmin()]
        for is_open in (True, False):
            made += 1
            must, may = node.must.copy(), node.may.copy()
            must[site], may[site] = is_open, is_open
            child = _bound(best, pairs, _Node(must, may, node.bound), NODE_ITERATIONS)
            worth = max(value, child.bound.value)
            if worth <= best.goal:
                heapq.heappush(heap, (worth, made, child))
    return Proven(best.sites, best.safe(best.past_goal), is_done=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Rest:
    """The rest as a programme of radii: what is still possible for each demand point, nearest first.

    ``level`` numbers the different costs of each point; z of a level is 1 if no site up to it is open.
    """

    site: Indices
    level: Indices
    level_row: Indices
    level_cost: Vector
    must: Mask
    may: Mask

    @property
    def n_rows(self) -> int:
        return int(self.level_row.size)


def _rest(best: _Best, node: _Node) -> _Rest:
    """Keep what can be part of a better answer: a pair whose cost above its multiplier breaks the goal cannot."""
    cost, bound = best.median.cost, node.bound
    reach = cost[:, node.must].min(axis=1) if node.must.any() else np.full(cost.shape[0], np.inf)
    slack = max(best.goal - bound.value, 0.0)
    keep = node.may & (cost <= np.minimum(reach, bound.multiplier + slack)[:, None])
    row, site = np.nonzero(keep)
    order = np.lexsort((cost[row, site], row))
    row, site = row[order], site[order]
    there = cost[row, site]
    is_new = np.r_[True, (row[1:] != row[:-1]) | (there[1:] != there[:-1])][: row.size]
    return _Rest(site, np.cumsum(is_new) - 1, row[is_new], there[is_new], node.must, node.may)


def _finish(best: _Best, rest: _Rest, bound: float) -> Proven:
    """Solve the rest exactly (Elloumi, A tighter formulation of the p-median problem, 2010)."""
    median = best.median
    if np.unique(rest.level_row).size < median.cost.shape[0]:
        return Proven(best.sites, best.safe(best.past_goal), is_done=True)
    programme, constant, columns = _radii(rest, median.p)
    left = median.deadline - time.perf_counter()
    solved = solve(
        programme,
        node_limit=MIP_NODES,
        relative_gap=median.relative_gap,
        absolute_gap=best.aim.absolute_gap,
        time_limit_seconds=left if np.isfinite(left) else None,
    )
    if solved.x is not None:
        opened = solved.x[: columns.size] > 0.5  # noqa: PLR2004 - half
        best.offer(columns[opened])
    found = np.inf if solved.outcome == "infeasible" else solved.bound + constant
    lowest = max(bound, min(found, best.past_goal))
    is_done = solved.outcome in {"optimal", "infeasible"}
    return Proven(best.sites, best.safe(lowest), is_done=is_done)


def _radii(rest: _Rest, p: int) -> tuple[Programme, float, Indices]:
    columns = np.flatnonzero(rest.may)
    n_levels = rest.n_rows
    is_first = np.r_[True, rest.level_row[1:] != rest.level_row[:-1]]
    is_last = np.r_[is_first[1:], True]
    z_of = np.full(n_levels, -1)
    z_of[~is_last] = columns.size + np.arange(int((~is_last).sum()))
    y_of = np.full(rest.may.size, -1)
    y_of[columns] = np.arange(columns.size)
    inner, later = np.flatnonzero(~is_last), np.flatnonzero(~is_first)
    row = np.concatenate([rest.level, inner, later, np.full(columns.size, n_levels)])
    column = np.concatenate(
        [y_of[rest.site], z_of[inner], z_of[later - 1], np.arange(columns.size)]
    )
    value = np.concatenate(
        [np.ones(rest.site.size + inner.size), -np.ones(later.size), np.ones(columns.size)]
    )
    n_columns = columns.size + inner.size
    rows = sp.coo_array((value, (row, column)), shape=(n_levels + 1, n_columns))
    steps = rest.level_cost[np.minimum(inner + 1, n_levels - 1)] - rest.level_cost[inner]
    lower = np.zeros(n_columns)
    lower[: columns.size] = rest.must[columns]
    programme = Programme(
        cost=np.concatenate([np.zeros(columns.size), steps]),
        rows=sp.csr_array(rows),
        row_lower=np.append(is_first.astype(float), float(p)),
        row_upper=np.append(np.full(n_levels, np.inf), float(p)),
        lower=lower,
        upper=np.ones(n_columns),
        is_integer=np.ones(n_columns, dtype=bool),
    )
    return programme, float(rest.level_cost[is_first].sum()), columns
