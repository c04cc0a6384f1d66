"""Good simple rings at once: a tour of the required nodes, laid along ways that keep out of each other's way.

The tour is one of shortest paths (insertion, two- and three-exchanges). Its legs are routed again and again, nodes that
two legs want growing dearer, until none is wanted twice (McMurchie & Ebeling, PathFinder: a negotiation-based
performance-driven router, 1995). Then legs are shortened, exchanged and moved, and detours made for prizes or length.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from geoplan.optimise._two_way_cuts import Links

__all__ = ["Ringed", "Router"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
Leg = list[int]

#: Rounds in which nodes wanted twice grow dearer; after it the tour is given up.
NEGOTIATIONS = 40
#: An improvement below this share is rounding.
ROUNDING = 1e-9
#: What walking an edge without cost again costs.
LEAST = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Ringed:
    """Legs from key node to key node, each with both ends; together they close. ``miss``: how far the length is off."""

    legs: tuple[Leg, ...]
    value: float
    miss: float

    @property
    def nodes(self) -> list[int]:
        """The nodes in order, the first not repeated."""
        return [node for leg in self.legs for node in leg[:-1]]

    @property
    def keys(self) -> list[int]:
        """Where the legs meet."""
        return [leg[0] for leg in self.legs]

    def betters(self, other: Ringed | None) -> bool:
        """Nearer to the wanted length, or as near and of less cost."""
        if other is None or self.miss < other.miss * (1 - ROUNDING) - ROUNDING:
            return True
        is_as_near = self.miss <= other.miss * (1 + ROUNDING) + ROUNDING
        return is_as_near and self.value < other.value - ROUNDING * max(1.0, abs(other.value))


class Router:
    """Ways in a simple graph, and the rings made of them; counts the shortest-path searches as work."""

    def __init__(  # noqa: PLR0913 - what a ring depends on
        self,
        links: Links,
        *,
        required: Indices,
        prize: Vector,
        length: Vector,
        band: tuple[float, float],
        work_limit: int,
    ) -> None:
        self.links, self.required, self.prize, self.length, self.band = (
            links,
            required,
            prize,
            length,
            band,
        )
        m = links.cost.size
        tail = np.concatenate([links.tail, links.head])
        head = np.concatenate([links.head, links.tail])
        graph = sp.csr_array(
            (np.tile(np.arange(1, m + 1), 2), (tail, head)), shape=(links.n, links.n)
        )
        self.edge = graph.data.astype(np.int64) - 1
        self.indptr, self.indices = graph.indptr, graph.indices
        self.edge_of = {
            pair: edge
            for edge, pair in enumerate(zip(links.tail.tolist(), links.head.tolist(), strict=True))
        }
        self.is_required = np.zeros(links.n, dtype=bool)
        self.is_required[required] = True
        self.work = 0
        self.work_limit = work_limit

    # --- ways

    def _search(
        self, start: int, weight: Vector, blocked: Mask | None = None
    ) -> tuple[Vector, Indices]:
        """Distances and predecessors over arcs of this weight, never into a blocked node."""
        self.work += 1
        data = weight if blocked is None else np.where(blocked[self.indices], np.inf, weight)
        graph = sp.csr_array((data, self.indices, self.indptr), shape=(self.links.n, self.links.n))
        away, before = dijkstra(
            graph, directed=True, indices=np.array([start]), return_predecessors=True
        )
        return away[0], before[0].astype(np.int64)

    def _way(self, start: int, end: int, weight: Vector, blocked: Mask) -> Leg | None:
        was = blocked[end]
        blocked[end] = False
        away, before = self._search(start, weight, blocked)
        blocked[end] = was
        return _walk_back(before, start, end) if np.isfinite(away[end]) else None

    def _over(self, leg: Leg, node: int, arcs: Vector, blocked: Mask) -> list[Leg] | None:
        """Two legs over a node instead of one; ``blocked`` is changed."""
        there = self._way(leg[0], node, arcs, blocked)
        if there is None:
            return None
        blocked[there] = True
        back = self._way(node, leg[-1], arcs, blocked)
        return None if back is None else [there, back]

    def edges(self, walk: Sequence[int]) -> list[int]:
        """The edges of a way."""
        return [
            self.edge_of[one, two] if (one, two) in self.edge_of else self.edge_of[two, one]
            for one, two in itertools.pairwise(walk)
        ]

    def ring(self, legs: Sequence[Leg]) -> Ringed:
        """Legs as a ring: cost, prizes left out, and how far its length is off the band."""
        edges = [edge for leg in legs for edge in self.edges(leg)]
        visited = np.unique([node for leg in legs for node in leg])
        left_out = float(self.prize.sum() - self.prize[visited].sum())
        length = float(self.length[edges].sum())
        low, high = self.band
        miss = max(low - length, length - high, 0.0)
        return Ringed(tuple(legs), float(self.links.cost[edges].sum()) + left_out, miss)

    # --- a first ring

    def first(self, weight: Vector, *, starts: Sequence[int], tours: int) -> Ringed | None:
        """The best ring laid along good tours, by edge weights that may differ from the costs."""
        arcs = weight[self.edge]
        if self.required.size == 1:
            loop = self._loop(int(self.required[0]), arcs)
            return None if loop is None else self.ring(loop)
        searched = [self._search(int(node), arcs) for node in self.required]
        metric = np.array([away[self.required] for away, _ in searched])
        best: Ringed | None = None
        orders: dict[tuple[int, ...], None] = {}
        for start in starts:
            orders[_canonical(_tour(metric, start % self.required.size))] = None
        ranked = sorted(orders, key=lambda order: (_tour_length(metric, order), order))
        for order in ranked[:tours]:
            legs = self.lay([int(self.required[i]) for i in order], arcs)
            if legs is not None:
                ring = self.ring(legs)
                best = ring if ring.betters(best) else best
            if self.work > self.work_limit:
                break
        return best

    def _loop(self, node: int, arcs: Vector) -> list[Leg] | None:
        """The shortest ring through one node: two branches of its shortest-path tree, joined by an edge."""
        away, before = self._search(node, arcs)
        branch = np.full(self.links.n, -1)
        for other in np.argsort(away, kind="stable").tolist():
            if np.isfinite(away[other]) and other != node:
                branch[other] = other if before[other] == node else branch[before[other]]
        tail, head = self.links.tail, self.links.head
        joins = (branch[tail] >= 0) & (branch[head] >= 0) & (branch[tail] != branch[head])
        total = np.where(joins, away[tail] + away[head] + self.links.cost, np.inf)
        edge = int(total.argmin()) if total.size else -1
        if edge < 0 or not np.isfinite(total[edge]):
            return None
        there = _walk_back(before, node, int(tail[edge]))
        back = _walk_back(before, node, int(head[edge]))[::-1]
        return [there, [there[-1], *back]] if len(there) > 1 else None

    def lay(self, order: Sequence[int], arcs: Vector) -> list[Leg] | None:
        """Legs between the nodes in this order that share no node; None if the negotiation does not end."""
        n, k = self.links.n, len(order)
        mean = float(arcs[np.isfinite(arcs)].mean()) if arcs.size else 0.0
        history, present = np.zeros(n), 0.5
        legs: list[Leg] = [[] for _ in range(k)]
        blocked = np.zeros(n, dtype=bool)
        blocked[list(order)] = True
        wanted = np.zeros(n)
        busy = list(range(k))
        for _ in range(NEGOTIATIONS):
            for i in busy:
                wanted[legs[i][1:-1]] -= 1
                weight = arcs + (history + present * mean * wanted)[self.indices]
                if k == 2 and len(legs[1 - i]) == 2:  # noqa: PLR2004 - the only edge two legs could share
                    used = self.edges(legs[1 - i])[0]
                    weight = np.where(self.edge == used, np.inf, weight)
                way = self._way(order[i], order[(i + 1) % k], weight, blocked)
                if way is None:
                    return None
                legs[i] = way
                wanted[way[1:-1]] += 1
            shared = wanted > 1
            if not shared.any():
                return legs
            if self.work > self.work_limit:
                return None
            busy = [i for i in range(k) if shared[legs[i][1:-1]].any()]
            history[shared] += 0.5 * mean
            present *= 1.3
        return None

    def closed_walk(self, start: int, *, again: float) -> list[int]:
        """Edges of a walk round a tour from this start, one walked again costing more; each twice at most."""
        arcs = self.links.cost[self.edge]
        metric = np.array(
            [self._search(int(node), arcs)[0][self.required] for node in self.required]
        )
        times = np.zeros(self.links.cost.size, dtype=np.int64)
        order = [int(self.required[i]) for i in _tour(metric, start)]
        if len(order) == 1:
            order.append(int(self.indices[self.indptr[order[0]]]))
        for one, two in itertools.pairwise([*order, order[0]]):
            weight = np.where(times > 0, again * (self.links.cost + LEAST), self.links.cost)
            _, before = self._search(one, weight[self.edge])
            np.add.at(times, self.edges(_walk_back(before, one, two)), 1)
        times = np.where(times > 2, 2 - times % 2, times)  # noqa: PLR2004 - as often as keeps the walk closed
        edges = np.arange(times.size)
        return [*edges[times > 0].tolist(), *edges[times == 2].tolist()]  # noqa: PLR2004

    # --- a better ring

    def improve(self, ring: Ringed) -> Ringed:
        """Shorten, exchange and move legs, make and drop detours, while that pays and work is left."""
        arcs = self.links.cost[self.edge]
        while self.work <= self.work_limit:
            better = (
                self._shortened(ring, arcs)
                or self._dropped(ring, arcs)
                or self._exchanged(ring, arcs)
                or self._moved(ring, arcs)
                or self._detoured(ring, arcs)
            )
            if better is None:
                return ring
            ring = better
        return ring

    def _blocked(self, ring: Ringed, *without: int) -> Mask:
        blocked = np.zeros(self.links.n, dtype=bool)
        for i, leg in enumerate(ring.legs):
            blocked[leg[:1] if i in without else leg[:-1]] = True
        return blocked

    def _shortened(self, ring: Ringed, arcs: Vector) -> Ringed | None:
        if len(ring.legs) < 3:  # noqa: PLR2004 - two legs may share an edge
            return None
        best = ring
        for i in range(len(ring.legs)):
            old = best.legs[i]
            way = self._way(old[0], old[-1], arcs, self._blocked(best, i))
            if way is not None and way != old:
                tried = self.ring([*best.legs[:i], way, *best.legs[i + 1 :]])
                best = tried if tried.betters(best) else best
        return best if best is not ring else None

    def _dropped(self, ring: Ringed, arcs: Vector) -> Ringed | None:
        """Without one of the key nodes that need not be there."""
        legs = ring.legs
        for i in range(len(legs)):
            if self.is_required[legs[i][0]] or len(legs) < 4:  # noqa: PLR2004
                continue
            blocked = self._blocked(ring, i - 1, i)
            blocked[legs[i][0]] = False
            way = self._way(legs[i - 1][0], legs[i][-1], arcs, blocked)
            if way is not None:
                rest = [legs[j] for j in range(len(legs)) if j not in {i, (i - 1) % len(legs)}]
                turned = [*rest, way] if i == 0 else [*legs[: i - 1], way, *legs[i + 1 :]]
                tried = self.ring(turned)
                if tried.betters(ring):
                    return tried
        return None

    def _exchanged(self, ring: Ringed, arcs: Vector) -> Ringed | None:
        """Two legs a-b and c-d become a-c and b-d, what lies between turned round."""
        k = len(ring.legs)
        if k < 4:  # noqa: PLR2004 - nothing to turn
            return None
        away = self._metric(ring, arcs)
        cost = [float(self.links.cost[self.edges(leg)].sum()) for leg in ring.legs]
        moves = [
            (away[i, j] + away[(i + 1) % k, (j + 1) % k] - cost[i] - cost[j], i, j)
            for i in range(k)
            for j in range(i + 2, k)
            if (j + 1) % k != i
        ]
        for saves, i, j in sorted(moves):
            if saves >= 0 or self.work > self.work_limit:
                return None
            one, two = ring.legs[i], ring.legs[j]
            blocked = self._blocked(ring, i, j)
            first = self._way(one[0], two[0], arcs, blocked)
            if first is None:
                continue
            blocked[first] = True
            second = self._way(one[-1], two[-1], arcs, blocked)
            if second is None:
                continue
            turned = [leg[::-1] for leg in ring.legs[i + 1 : j]][::-1]
            tried = self.ring([*ring.legs[:i], first, *turned, second, *ring.legs[j + 1 :]])
            if tried.betters(ring):
                return tried
        return None

    def _moved(self, ring: Ringed, arcs: Vector) -> Ringed | None:
        """One key node moves into another leg."""
        k = len(ring.legs)
        if k < 4:  # noqa: PLR2004
            return None
        away = self._metric(ring, arcs)
        cost = np.array([self.links.cost[self.edges(leg)].sum() for leg in ring.legs])
        here, after = np.arange(k), (np.arange(k) + 1) % k
        leaves = away[here - 1, after] - cost[here - 1] - cost  # node i goes
        enters = away.T + away[:, after] - cost[None, :]  # into leg j
        for saves, i, j in sorted(
            (float(leaves[i] + enters[i, j]), i, j) for i in range(k) for j in range(k) if j not in {i, (i - 1) % k}
        ):  # fmt: skip
            if saves >= 0 or self.work > self.work_limit:
                return None
            node, before = ring.legs[i][0], (i - 1) % k
            blocked = self._blocked(ring, before, i, j)
            straight = self._way(ring.legs[before][0], ring.legs[i][-1], arcs, blocked)
            if straight is None:
                continue
            blocked[straight] = True
            detour = self._over(ring.legs[j], node, arcs, blocked)
            if detour is None:
                continue
            new: dict[int, list[Leg]] = {before: [straight], i: [], j: detour}
            tried = self.ring([leg for w in range(k) for leg in new.get(w, [ring.legs[w]])])
            if tried.betters(ring):
                return tried
        return None

    def _metric(self, ring: Ringed, arcs: Vector) -> Vector:
        keys = ring.keys
        return np.array([self._search(key, arcs)[0][keys] for key in keys])

    def _detoured(self, ring: Ringed, arcs: Vector) -> Ringed | None:
        """A detour in one leg, to a prize or to grow towards the wanted length."""
        if not self.prize.any() and self.ring(ring.legs).miss <= 0:
            return None
        seen = np.zeros(self.links.n, dtype=bool)
        seen[ring.nodes] = True
        edges = [edge for leg in ring.legs for edge in self.edges(leg)]
        length = float(self.length[edges].sum())
        is_short = length < self.band[0] * (1 - ROUNDING)
        goals = np.flatnonzero(~seen & ((self.prize > 0) | is_short))
        moves: list[tuple[float, float, int, int]] = []
        for i, leg in enumerate(ring.legs):
            blocked = self._blocked(ring, i)
            blocked[leg[-1]] = False
            out, _ = self._search(leg[0], arcs, blocked)
            blocked[leg[0]] = False
            home, _ = self._search(leg[-1], arcs, blocked)
            own = self.edges(leg)
            reached = np.isfinite(out[goals] + home[goals])
            aims = goals[reached]
            through = out[aims] + home[aims]
            more = through - float(self.links.cost[own].sum())
            longer = self._as_length(through) - float(self.length[own].sum())
            total = length + longer
            miss = np.maximum(np.maximum(self.band[0] - total, total - self.band[1]), 0.0)
            worth = more - self.prize[aims]
            good = np.flatnonzero((worth < 0) | is_short)
            good = good[np.lexsort((worth[good], miss[good]))][:FEW]
            moves += [(float(miss[g]), float(worth[g]), i, int(aims[g])) for g in good.tolist()]
        for _, _, i, aim in sorted(moves)[: FEW * 4]:
            leg = ring.legs[i]
            blocked = self._blocked(ring, i)
            blocked[leg[-1]] = True
            detour = self._over(leg, aim, arcs, blocked)
            if detour is None:
                continue
            tried = self.ring([*ring.legs[:i], *detour, *ring.legs[i + 1 :]])
            if tried.betters(ring):
                return tried
        return None

    def _as_length(self, cost: Vector) -> Vector:
        """About how long ways of this cost are."""
        whole = float(self.links.cost.sum())
        return cost * (float(self.length.sum()) / whole) if whole > 0 else cost


#: Detours that are tried in one leg.
FEW = 6


def _walk_back(before: Indices, start: int, end: int) -> Leg:
    way = [end]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    return way[::-1]


def _canonical(order: list[int]) -> tuple[int, ...]:
    """The same tour always written the same way."""
    at = order.index(0)
    turned = order[at:] + order[:at]
    if len(turned) > 2 and turned[1] > turned[-1]:  # noqa: PLR2004
        turned = [turned[0], *turned[:0:-1]]
    return tuple(turned)


def _tour_length(metric: Vector, order: Sequence[int]) -> float:
    return float(sum(metric[order[i - 1], order[i]] for i in range(len(order))))


def _tour(metric: Vector, start: int) -> list[int]:
    """A tour by farthest insertion from one start, improved by turning and moving parts."""
    k = metric.shape[0]
    order, inside = [start], np.zeros(k, dtype=bool)
    inside[start] = True
    near = metric[start].copy()
    while len(order) < k:
        new = int(np.where(inside, -np.inf, near).argmax())
        cost = [metric[order[i - 1], new] + metric[new, order[i]] - metric[order[i - 1], order[i]] for i in range(len(order))]  # fmt: skip
        order.insert(int(np.argmin(cost)), new)
        inside[new] = True
        near = np.minimum(near, metric[new])
    while (better := _better_tour(metric, order)) is not None:
        order = better
    return order


def _better_tour(metric: Vector, order: list[int]) -> list[int] | None:
    """The first shorter tour by turning a part round, or moving up to three nodes elsewhere."""
    k = len(order)
    tour = np.array(order)
    eps = ROUNDING * max(1.0, float(np.where(np.isfinite(metric), metric, 0).max(initial=0.0)))
    for i in range(k - 1):
        a, b = tour[i - 1], tour[i]
        ends = tour[i + 1 :]
        after = tour[(np.arange(i + 1, k) + 1) % k]
        change = metric[a, ends] + metric[b, after] - metric[a, b] - metric[ends, after]
        change[(after == a) | (after == b)] = 0.0
        j = int(change.argmin())
        if change[j] < -eps:
            stop = i + 1 + j
            return [*order[:i], *order[i : stop + 1][::-1], *order[stop + 1 :]]
    for size in (1, 2, 3):
        for i in range(k):
            if k < size + 3:
                break
            turned = order[i:] + order[:i]
            part, rest = turned[:size], turned[size:]
            saved = (
                metric[rest[-1], part[0]] + metric[part[-1], rest[0]] - metric[rest[-1], rest[0]]
            )
            here, there = np.array(rest[:-1]), np.array(rest[1:])
            gap = metric[here, there]
            for piece in (part, part[::-1]):
                added = metric[here, piece[0]] + metric[piece[-1], there] - gap
                j = int(added.argmin())
                if added[j] < saved - eps:
                    return [*rest[: j + 1], *piece, *rest[j + 1 :]]
    return None
