"""Good sites at once: greedy opening and the fast interchange of sites.

Profit of opening a while closing r (Resende & Werneck, A fast swap-based local search procedure for location
problems, Annals of Operations Research 150, 2007; after Whitaker 1983 and Teitz & Bart 1968):

    profit(a, r) = gain(a) - loss(r) + extra(a, r)

gain: what a saves with all others open; loss: what closing r costs those it serves; extra: how much of that
loss a itself prevents. After a swap only the demand points whose two nearest sites changed are summed again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Swaps", "good_sites", "open_greedily", "total_cost"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Profit below this share of the objective is rounding, not gain.
ROUNDING = 1e-12


def total_cost(cost: Vector, sites: Indices) -> float:
    """What it costs if each demand point goes to its nearest of the sites."""
    return float(cost[:, sites].min(axis=1).sum())


def good_sites(cost: Vector, *, p: int, fixed: Indices, kicks: int, seed: int) -> Indices:
    """Greedy opening, interchange to a local optimum, then kicks: a few sites swapped at random, improved, kept if better.

    ``cost`` is weighted and finite, (n, m); ``fixed`` sites are open whatever happens.
    """
    rng = np.random.default_rng(seed)
    best = improve(cost, open_greedily(cost, p=p, fixed=fixed), n_fixed=fixed.size)
    best_cost = total_cost(cost, best)
    n_free, closed_count = p - fixed.size, cost.shape[1] - p
    if n_free == 0 or closed_count == 0:
        return best
    for kick in range(kicks):
        size = min(n_free, closed_count, 1 + max(1, n_free // 8) * (kick % 3 + 1))
        if kick % 4 == 3:  # noqa: PLR2004 - every fourth kick starts afresh
            size = min(n_free, closed_count)
        tried = best.copy()
        closed = np.setdiff1d(np.arange(cost.shape[1]), best)
        leaving = fixed.size + rng.choice(n_free, size=size, replace=False)
        tried[leaving] = rng.choice(closed, size=size, replace=False)
        tried = improve(cost, tried, n_fixed=fixed.size)
        tried_cost = total_cost(cost, tried)
        if tried_cost < best_cost * (1 - ROUNDING):
            best, best_cost = tried, tried_cost
    return best


def open_greedily(cost: Vector, *, p: int, fixed: Indices) -> Indices:
    """Open the site that saves most, again and again; the fixed ones come first in the answer."""
    n = cost.shape[0]
    sites = fixed.tolist()
    nearest = cost[:, fixed].min(axis=1) if fixed.size else cost.max(axis=1)
    saved = np.maximum(nearest[:, None] - cost, 0.0).sum(axis=0)
    saved[fixed] = -np.inf
    while len(sites) < p:
        site = int(saved.argmax())
        sites.append(site)
        changed = np.flatnonzero(cost[:, site] < nearest)
        rows = cost[changed]
        if changed.size < n // 2:
            saved -= np.maximum(nearest[changed, None] - rows, 0.0).sum(axis=0)
            nearest[changed] = rows[:, site]
            saved += np.maximum(nearest[changed, None] - rows, 0.0).sum(axis=0)
        else:
            nearest[changed] = rows[:, site]
            saved = np.maximum(nearest[:, None] - cost, 0.0).sum(axis=0)
        saved[sites] = -np.inf
    return np.array(sites, dtype=np.int64)


def improve(cost: Vector, sites: Indices, *, n_fixed: int) -> Indices:
    """Swap one open for one closed site while that pays; the first ``n_fixed`` sites stay."""
    if n_fixed == sites.size or sites.size == cost.shape[1]:
        return sites
    swaps = Swaps.of(cost, sites, n_fixed=n_fixed)
    while (swap := swaps.best()) is not None:
        was_fresh = swaps.is_fresh
        if not swaps.make(*swap) and was_fresh:
            break
    return swaps.sites


@dataclass(slots=True, eq=False)
class Swaps:
    """The profit of every swap, kept up to date; changed in place by :meth:`make`."""

    cost: Vector
    sites: Indices
    n_fixed: int
    first: Vector
    second: Vector
    server: Indices
    gain: Vector
    extra: Vector
    is_fresh: bool

    @classmethod
    def of(cls, cost: Vector, sites: Indices, *, n_fixed: int) -> Swaps:
        """Sum all profits from the start."""
        n, m = cost.shape
        swaps = cls(
            cost=cost,
            sites=sites.copy(),
            n_fixed=n_fixed,
            first=np.zeros(n),
            second=np.zeros(n),
            server=np.zeros(n, dtype=np.int64),
            gain=np.zeros(m),
            extra=np.zeros((sites.size, m)),
            is_fresh=True,
        )
        swaps._sum_all()
        return swaps

    def best(self) -> tuple[int, int] | None:
        """Position to close and site to open with the largest profit, or None if no swap pays."""
        loss = np.bincount(self.server, weights=self.second - self.first, minlength=self.sites.size)
        profit = self.extra - loss[:, None] + self.gain[None, :]
        profit[:, self.sites] = -np.inf
        profit[: self.n_fixed] = -np.inf
        position, site = divmod(int(profit.argmax()), profit.shape[1])
        if profit[position, site] > ROUNDING * max(1.0, float(self.first.sum())):
            return position, site
        if self.is_fresh:
            return None
        self._sum_all()  # sums kept up to date gather rounding: look again before giving up
        return self.best()

    def make(self, position: int, site: int) -> bool:
        """Close the site at ``position``, open ``site``; undone, answering False, if only rounding made it pay."""
        old = (self.first, self.second, self.server)
        before, leaving = float(self.first.sum()), self.sites[position]
        self.sites[position] = site
        self._find_nearest()
        if float(self.first.sum()) >= before:
            self.sites[position] = leaving
            self._sum_all()
            return False
        first, second, server = old
        changed = np.flatnonzero(
            (first != self.first) | (second != self.second) | (server != self.server)
        )
        if 2 * changed.size > self.cost.shape[0]:
            self._sum_all()
        else:
            self._count(changed, first, second, server, sign=-1.0)
            self._count(changed, self.first, self.second, self.server, sign=1.0)
            self.is_fresh = False
        return True

    def _sum_all(self) -> None:
        self._find_nearest()
        self.gain[:] = 0.0
        self.extra[:] = 0.0
        everyone = np.arange(self.cost.shape[0])
        self._count(everyone, self.first, self.second, self.server, sign=1.0)
        self.is_fresh = True

    def _find_nearest(self) -> None:
        among = self.cost[:, self.sites]
        rows = np.arange(among.shape[0])
        self.server = among.argmin(axis=1)
        self.first = among[rows, self.server]
        among[rows, self.server] = np.inf
        self.second = among.min(axis=1) if self.sites.size > 1 else self.cost.max(axis=1)

    def _count(
        self, rows: Indices, first: Vector, second: Vector, server: Indices, *, sign: float
    ) -> None:
        if rows.size == 0:
            return
        rows = rows[np.argsort(server[rows], kind="stable")]
        cost = self.cost[rows]
        first, second, server = first[rows, None], second[rows, None], server[rows]
        self.gain += sign * np.maximum(first - cost, 0.0).sum(axis=0)
        starts = np.flatnonzero(np.diff(server, prepend=-1))
        prevented = np.maximum(second - np.maximum(cost, first), 0.0)
        self.extra[server[starts]] += sign * np.add.reduceat(prevented, starts, axis=0)
