"""Proving a p-median with capacities: knapsack bound, what it rules out, and HiGHS on what is left.

The rule that every point is served once is priced by multipliers; what is left is one knapsack per site (Beasley,
Lagrangean heuristics for location problems, European Journal of Operational Research 65, 1993; as strong as the
column generation of Ceselli & Righini, A branch-and-price algorithm for the capacitated p-median problem, Networks
45, 2005):

    L(u) = sum_i u_i + sum of the p smallest rho_j,
    rho_j = f_j - max { sum_i (u_i - c_ij) y_i : sum_i d_i y_i <= Q_j, y binary }
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise._capacity_columns import Bound, Master, cheapest
from geoplan.optimise._capacity_packing import ROUNDING, Packing, Sited, settle
from geoplan.optimise._goal import Goal, are_whole
from geoplan.optimise._highs import Programme, Solved, solve
from geoplan.optimise._knapsack import Knapsacks

__all__ = ["Proven", "prove"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Steps of the first bound.
STEPS = 60
#: Sets of open sites that are packed in a round, at most.
PACKED = 60
#: So many points are searched by branching on priced loads; a rest of more of them goes to HiGHS if it is not too large.
FEW_POINTS = 400
LARGE_REST = 150_000
#: Pairs that are settled by HiGHS while branching.
SMALL_REST = 350
#: After so many parts one is followed to the end.
DIVE_EVERY = 40
#: Shares nearer to 0 or 1 are whole.
PART = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Proven:
    """The best packing (None: none found), the bound, and whether nothing better than the gap is left.

    ``is_empty``: it is proven that there is no packing at all.
    """

    packing: Packing | None
    bound: float
    is_done: bool
    is_empty: bool = False


@dataclass(slots=True, eq=False)
class _Best:
    """The best packing so far; ``goal``: an answer above it is of no interest any more."""

    question: Sited
    aim: Goal
    packing: Packing | None
    cost: float

    def offer(self, packing: Packing | None) -> None:
        if packing is not None and self.question.total(packing) < self.cost:
            self.packing, self.cost = packing, self.question.total(packing)

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


def prove(
    question: Sited,
    packing: Packing | None,
    *,
    relative_gap: float,
    node_limit: int,
    deadline: float,
) -> Proven:
    """Bound the question from below, and better its packing on the way, until proven or out of work."""
    costs = np.concatenate([question.cost[np.isfinite(question.cost)], question.opening])
    best = _Best(question, Goal(is_whole=are_whole(costs), relative_gap=relative_gap), None, np.inf)
    best.offer(packing)
    knapsacks = Knapsacks.of(question.demand, question.capacity)
    bound = _raise(best, question, knapsacks, deadline)
    root = _Node(question, bound)
    if bound.value > best.goal or time.perf_counter() > deadline:
        return Proven(best.packing, best.safe(bound.value), is_done=bound.value > best.goal)
    if question.demand.size <= FEW_POINTS:
        return _Branching(best, Master(question, knapsacks), node_limit, deadline).run(bound)
    rest = _narrowed(best, root)
    if np.isfinite(rest.cost).sum() > LARGE_REST:
        return Proven(best.packing, best.safe(bound.value), is_done=False)
    found = _finish(best, rest, node_limit, deadline)
    lowest = best.safe(max(bound.value, min(found, best.past_goal)))
    is_done = found >= best.goal
    return Proven(best.packing, lowest, is_done=is_done, is_empty=found == np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A part of the question, and its bound."""

    rest: Sited
    bound: Bound


class _Branching:
    """Send a point to one half of its sites or to the other until nothing better can be left.

    The best bound comes first; now and then the better children are followed to the end, for good packings.
    """

    def __init__(self, best: _Best, master: Master, node_limit: int, deadline: float) -> None:
        self.best, self.master, self.node_limit, self.deadline = best, master, node_limit, deadline
        self.heap: list[tuple[float, int, _Node]] = []
        self.made = 0

    def run(self, first: Bound) -> Proven:
        """Search all parts of the question."""
        best = self.best
        if best.packing is not None:
            self.master.add(best.packing)
        self._push(self._node(best.question, first))
        dives = 0
        while self.heap and self.heap[0][0] <= best.goal:
            if self._is_over():
                return Proven(best.packing, best.safe(self.heap[0][0]), is_done=False)
            node: _Node | None = heapq.heappop(self.heap)[2]
            is_dive = self.made >= dives * DIVE_EVERY
            dives += is_dive
            while node is not None:
                children = self._branch(node)
                node = children.pop(0) if children and is_dive and not self._is_over() else None
                for child in children:
                    self._push(child)
        is_empty = best.packing is None
        return Proven(best.packing, best.safe(best.past_goal), is_done=True, is_empty=is_empty)

    def _is_over(self) -> bool:
        return self.made >= self.node_limit or time.perf_counter() > self.deadline

    def _push(self, node: _Node) -> None:
        heapq.heappush(self.heap, (node.bound.value, self.made, node))
        self.made += 1

    def _node(self, rest: Sited, before: Bound) -> _Node:
        """Bound a part; its bound is no lower than that of the whole it is part of."""
        bound = self.master.bound(rest, before.multiplier, self.best.goal)
        bound = replace(bound, value=max(bound.value, before.value))
        if bound.value <= self.best.goal:
            opened = bound.opened
            if bound.share is not None:
                often = np.argsort(-bound.share.sum(axis=0), kind="stable")
                opened = np.sort(often[: rest.p])
            for part in (rest, self.best.question):
                packing = part.packed(opened)
                if packing is not None:
                    self.best.offer(settle(self.best.question, packing))
        return _Node(rest, bound)

    def _branch(self, node: _Node) -> list[_Node]:
        """The parts of a node that may hold something better, the better first; a small one is settled at once."""
        best = self.best
        rest = _narrowed(best, node)
        if not np.isfinite(rest.cost).any(axis=1).all():
            return []
        if np.isfinite(rest.cost).sum() <= SMALL_REST or node.bound.share is None:
            found = _finish(best, rest, self.node_limit, self.deadline)
            if found < best.goal:  # cut
                raised = replace(node.bound, value=max(node.bound.value, found))
                self._push(_Node(rest, raised))
            return []
        nodes = [self._node(part, node.bound) for part in _halves(rest, node.bound.share)]
        nodes = [child for child in nodes if child.bound.value <= best.goal]
        return sorted(nodes, key=lambda child: child.bound.value)


def _halves(rest: Sited, share: Vector) -> list[Sited]:
    """The two parts in which the point that is split over most sites goes to one half of its sites, or to the other."""
    is_part = (share > PART) & (share < 1 - PART)
    point = int(np.lexsort((-rest.demand, -is_part.sum(axis=1)))[0])
    order = np.lexsort((rest.cost[point], -share[point]))
    order = order[np.isfinite(rest.cost[point, order])]
    parts = []
    for half in (order[::2], order[1::2]):
        cost = rest.cost.copy()
        cost[point] = np.inf
        cost[point, half] = rest.cost[point, half]
        parts.append(replace(rest, cost=cost))
    return parts


def _raise(best: _Best, rest: Sited, knapsacks: Knapsacks, deadline: float) -> Bound:
    """Raise the bound by a deflected subgradient, packing the open sites it meets."""
    u = _first_multipliers(rest, best.packing)
    found: Bound | None = None
    step, quiet, direction, met = 1.0, 0, np.zeros_like(u), set[bytes]()
    for _ in range(STEPS):
        packed = knapsacks.pack(u[:, None] - rest.cost)
        rho = rest.opening - packed.best
        opened = cheapest(rho, rest)
        value = float(u.sum() + rho[opened].sum())
        if found is None or value > found.value:
            is_gain = found is None or value > found.value + 1e-5 * abs(found.value)
            quiet = 0 if is_gain else quiet + 1
            found = Bound(value, u.copy(), rho, opened, packed)
        else:
            quiet += 1
        if opened.tobytes() not in met and len(met) < PACKED:
            met.add(opened.tobytes())
            packing = best.question.packed(opened)
            best.offer(None if packing is None else settle(best.question, packing))
        if found.value > best.goal or time.perf_counter() > deadline:
            break
        if quiet >= 15:  # noqa: PLR2004 - patience before the step is halved
            step, quiet, u = step / 2, 0, found.multiplier.copy()
            direction = np.zeros_like(u)
            if step < 1e-3:  # noqa: PLR2004 - no more to gain
                break
            continue
        served = packed.items(opened).sum(axis=1)
        direction = (1.0 - served) + 0.3 * direction
        length = float(direction @ direction)
        if length == 0:
            break
        target = best.cost if np.isfinite(best.cost) else 1.05 * found.value + 1.0
        u = u + step * (target - value) / length * direction
    assert found is not None  # noqa: S101 - there is a first step
    return found


def _first_multipliers(rest: Sited, packing: Packing | None) -> Vector:
    """What a point would pay for its second best site."""
    among = rest.cost if packing is None else rest.cost[:, packing.sites]
    finite = np.where(np.isfinite(among), among, among[np.isfinite(among)].max(initial=0.0))
    second: Vector = np.partition(finite, min(1, finite.shape[1] - 1), axis=1)[:, :2].mean(axis=1)
    return second


def _narrowed(best: _Best, node: _Node) -> Sited:
    """Rule out sites and pairs that no answer within the goal holds; open sites that all of them hold.

    A pair that is used pays its own reduced cost, and its site is packed around it.
    """
    rest, bound = node.rest, node.bound
    rho, goal = bound.rho, best.goal
    is_open = np.zeros(rho.size, dtype=bool)
    is_open[bound.opened] = True
    leavable, enterable = is_open & ~rest.must, rest.may & ~is_open
    worst_in = rho[leavable].max() if leavable.any() else np.inf
    best_out = rho[enterable].min() if enterable.any() else np.inf
    makes_room = np.where(is_open, rho, worst_in)  # who leaves if this one has to be open
    if not leavable.any():
        makes_room = np.where(is_open, rho, -np.inf)  # then nobody can
    closed = enterable & (bound.value + rho - makes_room > goal)
    opened = leavable & (bound.value - rho + best_out > goal)
    own = rest.cost - bound.multiplier[:, None]
    used = rest.opening + own - bound.packed.within(bound.packed.size)
    kept = (rest.may & ~closed)[None, :] & (bound.value - makes_room + used <= goal)
    return replace(
        rest,
        cost=np.where(kept, rest.cost, np.inf),
        must=rest.must | opened,
        may=rest.may & ~closed,
    )


def _finish(best: _Best, rest: Sited, node_limit: int, deadline: float) -> float:
    """Solve a rest exactly, and answer what none of its packings goes below; ``inf`` if it has none."""
    left = deadline - time.perf_counter()
    columns = np.flatnonzero(rest.may)
    point, position = np.nonzero(np.isfinite(rest.cost[:, columns]))
    solved = solve(
        _programme(rest, columns, point, position),
        node_limit=node_limit,
        relative_gap=best.aim.relative_gap,
        absolute_gap=best.aim.absolute_gap,
        time_limit_seconds=left if np.isfinite(left) else None,
    )
    if solved.outcome == "infeasible":
        return np.inf
    packing = _read(best.question, solved, columns, point, position)
    best.offer(packing)
    if solved.x is not None and packing is None:  # what does not hold proves nothing
        return -np.inf
    if solved.outcome == "optimal" and packing is not None:
        return max(solved.bound, best.goal)
    return solved.bound


def _programme(rest: Sited, columns: Indices, point: Indices, position: Indices) -> Programme:
    n, k, pairs = rest.demand.size, columns.size, point.size
    pair = k + np.arange(pairs)
    held = np.maximum(rest.capacity[columns], 1e-12)
    one = np.ones(pairs)
    blocks = [
        sp.csr_array((one, (point, pair)), shape=(n, k + pairs)),
        sp.csr_array(
            (
                np.concatenate([rest.demand[point] / held[position], -np.ones(k)]),
                (np.concatenate([position, np.arange(k)]), np.concatenate([pair, np.arange(k)])),
            ),
            shape=(k, k + pairs),
        ),
        sp.csr_array(
            (
                np.concatenate([one, -one]),
                (np.tile(np.arange(pairs), 2), np.concatenate([pair, position])),
            ),
            shape=(pairs, k + pairs),
        ),
        sp.csr_array(np.concatenate([np.ones(k), np.zeros(pairs)])[None, :]),
    ]
    count = np.array([float(rest.p)])
    low = [np.ones(n), np.full(k + pairs, -np.inf), count]
    high = [np.ones(n), np.full(k, ROUNDING), np.zeros(pairs), count]
    if np.isfinite(rest.need_limit):
        scale = max(rest.need_limit, 1e-12)
        blocks.append(sp.csr_array(np.concatenate([rest.need[columns] / scale, np.zeros(pairs)])[None, :]))  # fmt: skip
        low.append(np.array([-np.inf]))
        high.append(np.array([rest.need_limit / scale + ROUNDING]))
    return Programme(
        cost=np.concatenate([rest.opening[columns], rest.cost[point, columns[position]]]),
        rows=sp.csr_array(sp.vstack(blocks, format="csr")),
        row_lower=np.concatenate(low),
        row_upper=np.concatenate(high),
        lower=np.concatenate([rest.must[columns].astype(float), np.zeros(pairs)]),
        upper=np.ones(k + pairs),
        is_integer=np.ones(k + pairs, dtype=bool),
    )


def _read(
    question: Sited, solved: Solved, columns: Indices, point: Indices, position: Indices
) -> Packing | None:
    """The packing of a solved programme, counted again; None if it does not hold."""
    if solved.x is None:
        return None
    sites = columns[solved.x[: columns.size] > 0.5]  # noqa: PLR2004 - half
    chosen = solved.x[columns.size :] > 0.5  # noqa: PLR2004
    site_of = np.full(question.demand.size, -1)
    site_of[point[chosen]] = columns[position[chosen]]
    load = np.bincount(site_of[site_of >= 0], weights=question.demand[site_of >= 0], minlength=question.capacity.size)  # fmt: skip
    holds = (
        sites.size == question.p
        and np.isin(site_of, sites).all()
        and np.all(load <= question.capacity * (1 + 2 * ROUNDING))
        and question.need[sites].sum() <= question.need_limit * (1 + 2 * ROUNDING)
    )
    if not holds:
        return None
    cost = float(question.cost[np.arange(site_of.size), site_of].sum())
    return Packing(sites, site_of, cost)
