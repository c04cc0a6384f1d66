"""Loads of single sites as columns of a growing programme: the prices of points that give the best knapsack bound.

Each column is a site with the points it holds; the programme picks p columns that hold every point. Its prices lead
to the loads that would help most (knapsacks), smoothed towards the prices of the best bound (Wentges, Weighted
Dantzig-Wolfe decomposition for mixed integer programming, International Transactions in Operational Research 4,
1997). The bound itself is counted from the knapsacks alone, so that it holds for any prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise._capacity_packing import Packing, Sited
from geoplan.optimise._highs import ColumnProgramme
from geoplan.optimise._knapsack import Knapsacks, Packed

__all__ = ["Bound", "Master", "cheapest"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: How far prices follow the programme, the rest staying with those of the best bound.
FOLLOWS = 0.4
#: New loads in one step, at most.
NEW = 30
STEPS = 300
#: The bound is as good as the programme if it is nearer than this share.
NEAR = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """The best value, its multipliers, the reduced costs of the sites, the open ones, and the packed knapsacks.

    ``share`` (n, m): how much of each point the programme sends to each site; None if it was not asked.
    """

    value: float
    multiplier: Vector
    rho: Vector
    opened: Indices
    packed: Packed
    share: Vector | None = None


def cheapest(rho: Vector, rest: Sited) -> Indices:
    """The p sites of least reduced cost that may be open together."""
    free = np.flatnonzero(rest.may & ~rest.must)
    order = np.argsort(rho[free], kind="stable")[: rest.p - int(rest.must.sum())]
    return np.sort(np.concatenate([np.flatnonzero(rest.must), free[order]]))


class Master:
    """The programme of loads of one question; the rests of the question use the loads met by others."""

    def __init__(self, question: Sited, knapsacks: Knapsacks) -> None:
        self.question = question
        self.knapsacks = knapsacks
        n, m = question.cost.shape
        self.known: set[tuple[int, bytes]] = set()
        self.site: list[int] = []
        self.holds: list[Mask] = []
        self.cost: list[float] = []
        self.programme = ColumnProgramme(*self._limits(question))
        finite = question.cost[np.isfinite(question.cost)]
        self.dear = 10.0 * float(finite.max(initial=0.0) + question.opening.max(initial=0.0)) + 10.0
        for point in range(n):  # a point that no load holds pays dearly
            self._add(-1, np.arange(n) == point, self.dear)
        for site in range(m):
            self._add(site, np.zeros(n, dtype=bool), float(question.opening[site]))

    def add(self, packing: Packing) -> None:
        """The loads of a packing."""
        for site in packing.sites.tolist():
            self._load(site, packing.site_of == site)

    def bound(self, rest: Sited, start: Vector, goal: float) -> Bound:
        """Raise the bound of a rest of the question until the programme says no more, or it passes the goal."""
        n = rest.demand.size
        self._allow(rest)
        best = self._at(rest, start)
        self._keep(rest, best)
        for _ in range(STEPS):
            if best.value > goal:
                return best
            solved = self.programme.solve()
            if solved is None:
                return best
            x, price, optimum = solved
            follows = FOLLOWS
            own = price[:n]
            while True:
                tried = self._at(rest, follows * own + (1 - follows) * best.multiplier)
                if tried.value > best.value:
                    best = tried
                is_new = self._keep(rest, tried)
                if is_new or follows == 1.0:
                    break
                follows = 1.0
            if not is_new or optimum - best.value <= NEAR * max(1.0, optimum):
                return Bound(
                    best.value, best.multiplier, best.rho, best.opened, best.packed, self._share(x)
                )
        return best

    def _limits(self, rest: Sited) -> tuple[Vector, Vector]:
        n = rest.demand.size
        low = np.concatenate([np.ones(n), [rest.p], rest.must.astype(float)])
        high = np.concatenate([np.full(n, np.inf), [rest.p], rest.may.astype(float)])
        return low, high

    def _add(self, site: int, holds: Mask, cost: float) -> None:
        n = holds.size
        rows = np.flatnonzero(holds)
        if site >= 0:
            rows = np.concatenate([rows, [n, n + 1 + site]])
        self.site.append(site)
        self.holds.append(holds)
        self.cost.append(cost)
        self.programme.add(cost, rows)

    def _load(self, site: int, holds: Mask) -> bool:
        key = (site, holds.tobytes())
        if key in self.known:
            return False
        self.known.add(key)
        question = self.question
        self._add(site, holds, float(question.cost[holds, site].sum() + question.opening[site]))
        return True

    def _fits(self, rest: Sited) -> Mask:
        site, holds = np.array(self.site), np.array(self.holds)
        broken = (holds & ~np.isfinite(rest.cost[:, site]).T).any(axis=1)
        fits: Mask = (site < 0) | ~broken
        return fits

    def _allow(self, rest: Sited) -> None:
        self.programme.allow(self._fits(rest), *self._limits(rest))

    def _at(self, rest: Sited, multiplier: Vector) -> Bound:
        packed = self.knapsacks.pack(multiplier[:, None] - rest.cost)
        rho = rest.opening - packed.best
        opened = cheapest(rho, rest)
        return Bound(float(multiplier.sum() + rho[opened].sum()), multiplier, rho, opened, packed)

    def _keep(self, rest: Sited, bound: Bound) -> bool:
        """Add the loads of the sites of least reduced cost; false if all are known."""
        may = np.flatnonzero(rest.may)
        sites = may[np.argsort(bound.rho[may], kind="stable")[: max(NEW, 2 * rest.p)]]
        items = bound.packed.items(sites)
        added = [self._load(site, items[:, k].copy()) for k, site in enumerate(sites.tolist())]
        return any(added)

    def _share(self, x: Vector) -> Vector:
        n, m = self.question.cost.shape
        share = np.zeros((n, m))
        for column in np.flatnonzero(x > 1e-9).tolist():  # noqa: PLR2004 - rounding
            if self.site[column] >= 0:
                share[self.holds[column], self.site[column]] += x[column]
        return share
