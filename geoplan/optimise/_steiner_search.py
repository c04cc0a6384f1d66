"""The search for a Steiner tree: shrink the net, grow trees, raise the bound, rule out, and prove what is left."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise._goal import Goal, are_whole
from geoplan.optimise._steiner_cuts import CutSearch
from geoplan.optimise._steiner_dual import Ascent, ascend, needed_arcs
from geoplan.optimise._steiner_net import Distances, Net, shrink, without_long_edges
from geoplan.optimise._steiner_primal import best_tree, exchange_paths, grow, span

__all__ = ["Found", "search"]

#: Starts of the first trees, and roots of the dual ascent, in each round.
STARTS = 100
ROOTS = 10
ROUNDS = 20
#: Good trees whose edges are joined, and rounds of cuts for the net they make.
JOINED = 16
PART_WORK = 100
#: Another round is not worth it if more than this share of the edges is left.
LITTLE = 0.95
#: Starts of the trees that follow a linear programme.
FOLLOWED = 10


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Given edges of the best tree, and a bound on all trees."""

    edges: tuple[int, ...]
    bound: float
    is_done: bool


@dataclass(slots=True, eq=False)
class _Best:
    """The best tree so far as given edges, the best bound, and when an answer is of no more interest."""

    aim: Goal
    edges: tuple[int, ...] = ()
    cost: float = np.inf
    bound: float = 0.0

    @property
    def goal(self) -> float:
        return self.aim.of(self.cost)

    @property
    def is_done(self) -> bool:
        return self.bound >= self.goal

    def offer(self, edges: tuple[int, ...], cost: float) -> None:
        if cost < self.cost:
            self.edges, self.cost = edges, cost

    def raise_bound(self, bound: float) -> None:
        self.bound = min(max(self.bound, self.aim.safe(bound)), self.cost)

    def nothing_better(self) -> None:
        """All that could be at most the goal has been ruled out."""
        self.bound = min(max(self.bound, self.aim.past(self.cost)), self.cost)


def search(net: Net, *, seed: int, relative_gap: float, work_limit: int, deadline: float) -> Found:
    """Find and prove the best tree of a connected simple net."""
    best = _Best(Goal(is_whole=are_whole(net.cost), relative_gap=relative_gap))
    work = _Search(net, best, np.random.default_rng(seed), deadline)
    if work.narrow() == "open":
        work.prove(work_limit)
    return Found(best.edges, best.bound, best.is_done)


class _Search:
    """The net as it shrinks, and the edges bought on the way."""

    def __init__(self, net: Net, best: _Best, rng: np.random.Generator, deadline: float) -> None:
        self.net = net
        self.best = best
        self.rng = rng
        self.deadline = deadline
        self.given_cost = {
            edge: cost for (edge,), cost in zip(net.origin, net.cost.tolist(), strict=True)
        }
        self.taken: tuple[int, ...] = ()
        self.ascent: Ascent | None = None

    @property
    def base(self) -> float:
        """Cost of the edges bought."""
        return float(sum(self.given_cost[edge] for edge in self.taken))

    def narrow(self, *, is_joined: bool = False) -> Literal["open", "done"]:
        """Shrink, grow, bound and rule out, round after round, while that helps; join good trees once on the way."""
        for _ in range(ROUNDS):
            if self._shrink():
                return "done"
            size = self.net.cost.size
            self._grow()
            self._bound()
            if self.best.is_done or time.perf_counter() > self.deadline:
                return "done"
            if self.net.cost.size > LITTLE * size:
                if is_joined:
                    break
                is_joined = True
                self._join_trees()
        return "done" if self._shrink() else "open"

    def prove(self, work_limit: int) -> None:
        """Cuts in HiGHS on what is left."""
        roots = self.net.terminals[:ROOTS].tolist()
        ascents = [ascend(self.net, root) for root in roots]
        ascent = max(ascents, key=lambda one: one.value)
        cuts = CutSearch(
            net=self.net,
            root=ascent.root,
            cuts=list(ascent.cuts),
            is_needed=needed_arcs(self.net, ascent, goal=self.best.goal - self.base),
            offer=self._follow,
            raise_bound=lambda bound: self.best.raise_bound(self.base + bound),
            goal=lambda: self.best.goal - self.base,
            work_limit=work_limit,
            deadline=self.deadline,
        )
        if cuts.run():
            self.best.nothing_better()

    def _follow(self, x: NDArray[np.float64]) -> None:
        """Grow trees that like the arcs of the programme."""
        used = x.reshape(2, -1).sum(axis=0)
        cost = self.net.cost * np.maximum(1 - used, 0.0)
        distances = Distances.of(self.net, cost)
        tree = best_tree(self.net, distances, starts=self.net.terminals[:FOLLOWED])
        self.offer(self.net, tree.edges)

    def offer(self, net: Net, edges: NDArray[np.int64]) -> None:
        """A tree of the net, as given edges."""
        given = [*self.taken, *(edge for one in edges.tolist() for edge in net.origin[one])]
        self.best.offer(tuple(given), sum(self.given_cost[edge] for edge in given))

    def _shrink(self) -> bool:
        """Make the net smaller; true if that settles the question."""
        if not self.net.joins_terminals():
            self.best.nothing_better()
            return True
        shrunk = shrink(self.net)
        self.taken += shrunk.taken
        self.net = shrunk.net
        if self.net.terminals.size > 1:
            return False
        self.offer(self.net, np.zeros(0, dtype=np.int64))
        self.best.nothing_better()
        return True

    def _grow(self) -> None:
        distances = Distances.of(self.net)
        self.net = without_long_edges(self.net, distances)
        starts = self.net.terminals
        if starts.size > STARTS // 2:
            starts = self.rng.choice(starts, STARTS // 2, replace=False)
        others = self.rng.choice(self.net.n, min(self.net.n, STARTS // 2), replace=False)
        tree = best_tree(self.net, distances, starts=np.unique(np.concatenate([starts, others])))
        self.offer(self.net, tree.edges)

    def _join_trees(self) -> None:
        """Exchange paths of good trees, and search the small net of all their edges.

        Pajor, Uchoa & Werneck, A robust and scalable algorithm for the Steiner problem in graphs, Mathematical
        Programming Computation 10, 2018 (recombination of solutions).
        """
        net = self.net
        distances = Distances.of(net)
        starts = self.rng.permutation(net.terminals)[:STARTS]
        trees = {
            tree.edges.tobytes(): tree
            for tree in (span(net, grow(net, distances, start)) for start in starts.tolist())
        }
        used = np.zeros(net.cost.size, dtype=bool)
        for tree in sorted(trees.values(), key=lambda tree: tree.cost)[:JOINED]:
            better = exchange_paths(net, tree)
            self.offer(net, better.edges)
            used[better.edges] = True
            if time.perf_counter() > self.deadline:
                break
        edges = np.flatnonzero(used)
        part = net.only(used)
        part = replace(part, origin=tuple((edge,) for edge in edges.tolist()))
        best = _Best(self.best.aim)
        work = _Search(part, best, self.rng, self.deadline)
        if work.narrow(is_joined=True) == "open":
            work.prove(PART_WORK)
        if best.edges:
            self.offer(net, np.array(best.edges, dtype=np.int64))

    def _bound(self) -> None:
        roots = self.rng.permutation(self.net.terminals)[:ROOTS]
        kept = np.ones(self.net.cost.size, dtype=bool)
        for root in roots.tolist():
            ascent = ascend(self.net, root)
            self.best.raise_bound(self.base + ascent.value)
            if self.ascent is None or ascent.value > self.ascent.value:
                self.ascent = ascent
            cheap = ascent.reduced.reshape(2, -1).min(axis=0) <= 0.0
            light = self.net.only(cheap)
            tree = best_tree(light, Distances.of(light), starts=roots)
            self.offer(light, tree.edges)
            if self.best.is_done or time.perf_counter() > self.deadline:
                return
            needed = needed_arcs(self.net, ascent, goal=self.best.goal - self.base)
            kept &= needed.reshape(2, -1).any(axis=0)
        self.net = self.net.only(kept)
