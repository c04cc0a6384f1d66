"""Who goes where if every open site holds only so much: a first packing, repaired and improved by moves and exchanges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROUNDING", "Packing", "Sited", "pack", "settle"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Fits if it is no fuller than this share above the capacity: rounding of sums.
ROUNDING = 1e-9
#: Exchanges are looked for among at most so many points.
EXCHANGED = 1_500
#: Passes of moving sites and points.
PASSES = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sited:
    """The question: weighted costs (n, m), what points need and sites hold, and which sites can be open together.

    ``must`` and ``may`` mark the sites that are open in every answer, and those that can be; the ``need`` of the
    open sites may not exceed ``need_limit``.
    """

    cost: Vector
    demand: Vector
    capacity: Vector
    opening: Vector
    need: Vector
    need_limit: float
    p: int
    must: Mask
    may: Mask

    def packed(self, sites: Indices) -> Packing | None:
        """Send every point to one of the sites, if they may be open together and a packing is found."""
        if self.need[sites].sum() > self.need_limit * (1 + ROUNDING):
            return None
        return pack(self.cost, self.demand, self.capacity, sites)

    def total(self, packing: Packing) -> float:
        """Weighted cost and that of opening the sites."""
        return packing.cost + float(self.opening[packing.sites].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """The open sites, the site of each point, and the weighted cost without that of opening sites."""

    sites: Indices
    site_of: Indices
    cost: float


def pack(cost: Vector, demand: Vector, capacity: Vector, sites: Indices) -> Packing | None:
    """Send every point to one of the sites; None if no packing was found.

    Points that lose most by their second best site choose first (regret), then moves and exchanges make it cheaper.
    """
    among = cost[:, sites]
    k = sites.size
    two = np.partition(among, min(1, k - 1), axis=1)[:, :2]
    regret = np.minimum(two[:, -1], 1e300) - np.minimum(two[:, 0], 1e300)
    for order in (
        np.lexsort((-demand, -regret)),
        np.lexsort((-regret, -demand)),
        np.lexsort((-regret * demand,)),
    ):
        place = _place(among, demand, capacity[sites], order)
        if place is not None:
            place = _improve(among, demand, capacity[sites], place)
            worth = float(among[np.arange(place.size), place].sum())
            return Packing(sites, sites[place], worth)
    return None


def _place(among: Vector, demand: Vector, capacity: Vector, order: Indices) -> Indices | None:
    """One point after the other to the cheapest site with room; one that finds none pushes another out."""
    left = capacity * (1 + ROUNDING)
    place = np.full(demand.size, -1)
    for point in order.tolist():  # each choice depends on those before
        fits = np.where(left >= demand[point], among[point], np.inf)
        site = int(fits.argmin())
        if not np.isfinite(fits[site]):
            continue
        place[point] = site
        left[site] -= demand[point]
    for point in np.flatnonzero(place < 0).tolist():
        if not _push_in(among, demand, left, place, point):
            return None
    return place


def _push_in(among: Vector, demand: Vector, left: Vector, place: Indices, point: int) -> bool:
    """Make room for a point by moving one other to a third site, or exchanging two others."""
    best: tuple[float, int, int, int] | None = None
    for site in np.flatnonzero(np.isfinite(among[point])).tolist():
        lacks = demand[point] - left[site]
        if lacks <= 0:
            place[point] = site
            left[site] -= demand[point]
            return True
        others = np.flatnonzero((place == site) & (demand >= lacks))
        for other in others.tolist():
            room = np.where(left >= demand[other], among[other], np.inf)
            room[site] = np.inf
            third = int(room.argmin())
            worth = among[point, site] + room[third] - among[other, site]
            if np.isfinite(worth) and (best is None or worth < best[0]):
                best = (float(worth), site, other, third)
    if best is None:
        return _exchange_in(among, demand, left, place, point)
    _, site, other, third = best
    left[site] += demand[other] - demand[point]
    left[third] -= demand[other]
    place[other], place[point] = third, site
    return True


def _exchange_in(among: Vector, demand: Vector, left: Vector, place: Indices, point: int) -> bool:
    """Exchange a large point of a site for a smaller one of another, so that ``point`` fits beside it."""
    placed = np.flatnonzero(place >= 0)
    for site in np.argsort(among[point], kind="stable").tolist():
        if not np.isfinite(among[point, site]):
            break
        lacks = demand[point] - left[site]
        inside = placed[place[placed] == site]
        outside = placed[place[placed] != site]
        frees = demand[inside, None] - demand[None, outside]
        holds = frees <= left[place[outside]][None, :]
        change = (
            among[inside[:, None], place[outside][None, :]]
            + among[outside, site][None, :]
            - among[inside, site][:, None]
            - among[outside, place[outside]][None, :]
        )
        change = np.where((frees >= lacks) & holds, change, np.inf)
        if change.size and np.isfinite(change.min()):
            one, two = divmod(int(change.argmin()), outside.size)
            leaves, comes = inside[one], outside[two]
            other = place[comes]
            left[site] += demand[leaves] - demand[comes] - demand[point]
            left[other] += demand[comes] - demand[leaves]
            place[leaves], place[comes], place[point] = other, site, site
            return True
    return False


def _improve(among: Vector, demand: Vector, capacity: Vector, place: Indices) -> Indices:
    """Move one point or exchange two while that pays."""
    everyone = np.arange(place.size)
    left = capacity * (1 + ROUNDING) - np.bincount(place, weights=demand, minlength=capacity.size)
    while place.size:
        here = among[everyone, place]
        change = np.where(demand[:, None] <= left[None, :], among, np.inf) - here[:, None]
        point, site = divmod(int(change.argmin()), capacity.size)
        if change[point, site] < -ROUNDING * max(1.0, here[point]):
            left[place[point]] += demand[point]
            left[site] -= demand[point]
            place[point] = site
            continue
        swap = _best_exchange(among, demand, left, place)
        if swap is None:
            return place
        one, two = swap
        left[place[one]] += demand[one] - demand[two]
        left[place[two]] += demand[two] - demand[one]
        place[one], place[two] = place[two], place[one]
    return place


def _best_exchange(
    among: Vector, demand: Vector, left: Vector, place: Indices
) -> tuple[int, int] | None:
    """The two points whose exchange saves most."""
    here = among[np.arange(place.size), place]
    wish = here - among.min(axis=1)
    some = np.argsort(-wish, kind="stable")[:EXCHANGED]
    some = some[wish[some] > 0]
    others = np.arange(place.size) if place.size <= EXCHANGED else some
    if not some.size:
        return None
    there = among[some[:, None], place[others][None, :]]
    back = among[others[None, :], place[some][:, None]]
    change = there + back - here[some][:, None] - here[others][None, :]
    grows = demand[some][:, None] - demand[others][None, :]
    holds = (grows <= left[place[others]][None, :]) & (-grows <= left[place[some]][:, None])
    change = np.where(holds, change, np.inf)
    one, two = divmod(int(change.argmin()), others.size)
    if change[one, two] >= -ROUNDING * max(1.0, float(here[some[one]])):
        return None
    return int(some[one]), int(others[two])


def settle(question: Sited, packing: Packing) -> Packing:
    """Move each site to where it serves its points best, and pack again, while that pays."""
    best = packing
    for _ in range(PASSES):
        tried = question.packed(_recentred(question, best))
        if tried is None or question.total(tried) >= question.total(best) * (1 - ROUNDING):
            return best
        best = tried
    return best


def _recentred(question: Sited, packing: Packing) -> Indices:
    """Each site where it would serve the points that it serves now at the least cost."""
    sites = packing.sites.copy()
    capacity = question.capacity * (1 + ROUNDING)
    load = np.bincount(packing.site_of, weights=question.demand, minlength=capacity.size)
    for position, site in enumerate(sites.tolist()):
        if question.must[site]:
            continue
        served = question.cost[packing.site_of == site].sum(axis=0) + question.opening
        served[~question.may | (capacity < load[site])] = np.inf
        served[np.delete(sites, position)] = np.inf
        new = int(served.argmin())
        if served[new] < served[site]:
            sites[position] = new
    return np.sort(sites)
