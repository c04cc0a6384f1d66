"""Proving a p-median with capacities: knapsack bound, what it rules out, and HiGHS on what is left.

The rule that every point is served once is priced by multipliers; what is left is one knapsack per site (Beasley,
Lagrangean heuristics for location problems, European Journal of Operational Research 65, 1993; as strong as the
column generation of Ceselli & Righini, A branch-and-price algorithm for the capacitated p-median problem, Networks
45, 2005):

    L(u) = sum_i u_i + sum of the p smallest rho_j,
    rho_j = f_j - max { sum_i (u_i - c_ij) y_i : sum_i d_i y_i <= Q_j, y binary }
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise._capacity_packing import ROUNDING, Packing, Sited, settle
from geoplan.optimise._highs import Programme, Solved, solve
from geoplan.optimise._knapsack import Knapsacks, Packed

__all__ = ["Proven", "prove"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Whole costs: a bound so little above a whole number is not taken for more than it.
WHOLE = 1e-4
#: Rounds of raising the bound and ruling out, and their steps; a round that rules out less than this share is the last.
ROUNDS = 4
STEPS = 600
LITTLE = 0.02
#: Sets of open sites that are packed in a round, at most.
PACKED = 60
#: A larger rest is not given to HiGHS.
LARGE_REST = 150_000


@dataclass(frozen=True, slots=True, eq=False)
class Proven:
    """The best packing (None: none found), the bound, and whether nothing better than the gap is left.

    ``is_empty``: it is proven that there is no packing at all.
    """

    packing: Packing | None
    bound: float
    is_done: bool
    is_empty: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Bound:
    """The best value, its multipliers, the reduced costs of the sites, the open ones, and the packed knapsacks."""

    value: float
    multiplier: Vector
    rho: Vector
    opened: Indices
    packed: Packed


@dataclass(slots=True, eq=False)
class _Best:
    """The best packing so far; ``goal``: an answer above it is of no interest any more."""

    question: Sited
    relative_gap: float
    is_whole: bool
    packing: Packing | None
    cost: float

    def offer(self, packing: Packing | None) -> None:
        if packing is not None and self.question.total(packing) < self.cost:
            self.packing, self.cost = packing, self.question.total(packing)

    @property
    def goal(self) -> float:
        close = self.cost * (1 - self.relative_gap)
        return min(close, self.cost - 1 + WHOLE) if self.is_whole else close

    @property
    def past_goal(self) -> float:
        """No answer above the goal can be below this."""
        return float(np.floor(self.goal)) + 1 if self.is_whole else self.goal

    def safe(self, bound: float) -> float:
        """The bound: up to the next whole cost, or down by what rounding may have added; never above the answer."""
        safe = float(np.ceil(bound - WHOLE)) if self.is_whole else bound * (1 - 1e-12)
        return min(self.cost, max(safe, 0.0))


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
    best = _Best(question, relative_gap, bool(np.all(costs == np.round(costs))), None, np.inf)
    best.offer(packing)
    knapsacks = Knapsacks.of(question.demand, question.capacity)
    bound: _Bound | None = None
    rest = question
    for _ in range(ROUNDS):
        bound = _raise(best, rest, knapsacks, bound, deadline)
        if bound.value > best.goal or time.perf_counter() > deadline:
            break
        size = int(np.isfinite(rest.cost).sum())
        rest = _narrowed(best, rest, bound)
        if not np.isfinite(rest.cost).any(axis=1).all():
            return Proven(best.packing, best.safe(best.past_goal), is_done=True)
        if np.isfinite(rest.cost).sum() > (1 - LITTLE) * size:
            break
    assert bound is not None  # noqa: S101 - there is a first round
    if bound.value > best.goal or best.cost == 0:
        return Proven(best.packing, best.safe(bound.value), is_done=True)
    left = deadline - time.perf_counter()
    if left <= 0 or np.isfinite(rest.cost).sum() > LARGE_REST:
        return Proven(best.packing, best.safe(bound.value), is_done=False)
    return _finish(best, rest, bound.value, node_limit, left)


def _raise(
    best: _Best, rest: Sited, knapsacks: Knapsacks, before: _Bound | None, deadline: float
) -> _Bound:
    """Raise the bound by a deflected subgradient, packing the open sites it meets."""
    u = _first_multipliers(rest, best.packing) if before is None else before.multiplier
    found: _Bound | None = None
    step, quiet, direction, met = 1.0, 0, np.zeros_like(u), set[bytes]()
    for _ in range(STEPS):
        packed = knapsacks.pack(u[:, None] - rest.cost)
        rho = rest.opening - packed.best
        opened = _cheapest(rho, rest)
        value = float(u.sum() + rho[opened].sum())
        if found is None or value > found.value:
            is_gain = found is None or value > found.value + 1e-5 * abs(found.value)
            quiet = 0 if is_gain else quiet + 1
            found = _Bound(value, u.copy(), rho, opened, packed)
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


def _cheapest(rho: Vector, rest: Sited) -> Indices:
    free = np.flatnonzero(rest.may & ~rest.must)
    order = np.argsort(rho[free], kind="stable")[: rest.p - int(rest.must.sum())]
    return np.sort(np.concatenate([np.flatnonzero(rest.must), free[order]]))


def _narrowed(best: _Best, rest: Sited, bound: _Bound) -> Sited:
    """Rule out sites and pairs that no answer within the goal holds; open sites that all of them hold.

    A pair that is used pays its own reduced cost, and its site is packed around it.
    """
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


def _finish(best: _Best, rest: Sited, bound: float, node_limit: int, left: float) -> Proven:
    """Solve the rest exactly."""
    columns = np.flatnonzero(rest.may)
    point, position = np.nonzero(np.isfinite(rest.cost[:, columns]))
    solved = solve(
        _programme(rest, columns, point, position),
        node_limit=node_limit,
        relative_gap=best.relative_gap,
        absolute_gap=1 - WHOLE if best.is_whole else 0.0,
        time_limit_seconds=left if np.isfinite(left) else None,
    )
    packing = _read(best.question, solved, columns, point, position)
    best.offer(packing)
    if solved.outcome == "infeasible" and best.packing is None:
        return Proven(None, np.inf, is_done=True, is_empty=True)
    if solved.x is not None and packing is None:  # what does not hold proves nothing
        return Proven(best.packing, best.safe(bound), is_done=False)
    found = np.inf if solved.outcome == "infeasible" else solved.bound
    lowest = max(bound, min(found, best.past_goal))
    is_settled = solved.outcome in {"optimal", "infeasible"}
    is_done = is_settled and best.packing is not None and lowest >= best.goal * (1 - 1e-9)
    return Proven(best.packing, best.safe(lowest), is_done=is_done)


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
    low = [np.ones(n), np.full(k + pairs, -np.inf), [rest.p]]
    high = [np.ones(n), np.full(k, ROUNDING), np.zeros(pairs), [rest.p]]
    if np.isfinite(rest.need_limit):
        scale = max(rest.need_limit, 1e-12)
        blocks.append(sp.csr_array(np.concatenate([rest.need[columns] / scale, np.zeros(pairs)])[None, :]))  # fmt: skip
        low.append([-np.inf])
        high.append([rest.need_limit / scale + ROUNDING])
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
