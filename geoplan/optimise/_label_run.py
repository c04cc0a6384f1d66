"""The course of a search for labels: exactly where the question is small, else bound and annealing side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import reverse_cuthill_mckee

from geoplan.errors import UnfinishedError
from geoplan.optimise._label_exact import n_columns, solve_exactly
from geoplan.optimise._label_field import Field, reordered

if TYPE_CHECKING:
    from geoplan.optimise._label_search import Search

__all__ = ["Moment", "Watch", "run"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Up to so many columns HiGHS is asked first, with so many nodes.
SMALL, SMALL_NODES = 1_500, 5_000
#: Rounds of the bound before the first labels, and beside each run of the search until it is settled.
BOUND_ROUNDS = 2
#: Moves per node of the first run, how often they double, and temperatures as shares of the spread of a node.
MOVES, DOUBLINGS = 50, 6
HOT, WARM, COLD = 0.1, 0.03, 0.002
#: A label is proposed if its belief is so near that of the best, as a share of the spread.
NEAR = 0.6
#: The penalty of a band is this many times its price, plus this share of the spread of a node per mean coefficient ...
PRICE, SPREAD = 1.2, 0.08
#: ... times a factor that begins here, grows while runs end outside the band and falls to the least while they end inside.
DEAR, DEARER, CHEAPER, LEAST = 3.0, 2.0, 0.6, 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """How far a search was.

    Attributes
    ----------
    labels, objective
        The best so far (None and ``-inf``: none yet).
    bound
        No labels are worth more.
    work, seconds
        Rounds done, and time passed.
    """

    labels: Indices | None
    objective: float
    bound: float
    work: int
    seconds: float


@dataclass(slots=True, eq=False)
class Watch:
    """Knows when to stop: at the deadline, when asked to, or at Ctrl-C."""

    began: float
    deadline: float
    stop: Callable[[], bool] | None
    was_cut: bool = False

    @classmethod
    def until(cls, began: float, limit: float | None, stop: Callable[[], bool] | None) -> Watch:
        """Stop ``limit`` seconds after ``began``."""
        return cls(began, np.inf if limit is None else began + limit, stop)

    @property
    def seconds_left(self) -> float | None:
        """Until the deadline, if there is one."""
        if self.deadline == np.inf:
            return None
        return max(0.0, self.deadline - time.perf_counter())

    def is_over(self) -> bool:
        """Whether to stop; may be asked by any thread."""
        self.was_cut = self.was_cut or time.perf_counter() >= self.deadline
        return self.was_cut

    def ask(self) -> bool:
        """Also ask whoever may stop the search; only from the thread of the caller."""
        if not self.was_cut and self.stop is not None and self.stop():
            self.was_cut = True
        return self.is_over()

    def all_of(self, tasks: Sequence[Callable[[], object]]) -> None:
        """Run tasks side by side until all are done; after Ctrl-C they are told that time is over."""
        with ThreadPoolExecutor(len(tasks)) as pool:
            futures: list[Future[object]] = [pool.submit(task) for task in tasks]
            try:
                while wait(futures, timeout=0.05).not_done:
                    self.ask()
            except KeyboardInterrupt:
                self.was_cut = True
        for future in futures:
            future.result()


@dataclass(slots=True, eq=False)
class Found:
    """The best labels and the lowest bound so far."""

    question: Field
    relative_gap: float
    watch: Watch
    progress: Callable[[Moment], None] | None
    best: Indices | None = None
    objective: float = -np.inf
    bound: float = np.inf
    method: str = ""
    trace: list[Moment] = field(default_factory=list)

    @property
    def labels(self) -> Indices:
        """The best labels."""
        if self.best is None:
            raise UnfinishedError([])
        return self.best

    @property
    def is_done(self) -> bool:
        """Whether the labels are proven as good as asked for."""
        near = self.relative_gap * abs(self.objective) + 1e-9
        return self.best is not None and self.bound - self.objective <= near

    def offer(self, labels: Indices | None) -> None:
        """Keep labels that keep all rules, if they are better."""
        if labels is None or not self.question.is_kept(labels):
            return
        objective = self.question.worth(labels)
        if objective > self.objective:
            self.best, self.objective = labels.copy(), objective

    def tell(self, work: int) -> None:
        """Note a moment, if anything is better than at the last."""
        last = self.trace[-1] if self.trace else None
        if last and last.objective == self.objective and last.bound == self.bound:
            return
        seconds = time.perf_counter() - self.watch.began
        moment = Moment(labels=self.best, objective=self.objective, bound=self.bound, work=work, seconds=seconds)  # fmt: skip
        self.trace.append(moment)
        if self.progress is not None:
            self.progress(moment)


def run(  # noqa: PLR0913 - a search has its settings
    question: Field,
    *,
    any_answer: Callable[[Vector], Indices | None],
    start: Indices | None,
    seed: int,
    relative_gap: float,
    work_limit: int,
    watch: Watch,
    progress: Callable[[Moment], None] | None,
) -> Found:
    """Search until the answer is proven, the work is done or the watch says stop.

    ``any_answer`` finds labels that keep the rules by a score of their own, or raises what tells who quarrels.
    """
    found = Found(question, relative_gap, watch, progress)
    if not question.allowed.any(axis=1).all():
        any_answer(np.zeros(question.unary.shape))
    if start is not None:
        found.offer(start)
    try:
        if question.n == 0 or n_columns(question) <= SMALL:
            _exactly(found, any_answer)
            found.tell(0)
        if question.n and not found.is_done and not watch.ask():
            _search(found, any_answer, start, seed, work_limit)
    except KeyboardInterrupt:  # between two rounds
        watch.was_cut = True
        if found.best is None:
            raise
    return found


def _exactly(found: Found, any_answer: Callable[[Vector], Indices | None]) -> None:
    outcome: list[str] = []

    def task() -> None:
        solved, labels = solve_exactly(
            found.question,
            relative_gap=found.relative_gap,
            node_limit=SMALL_NODES,
            time_limit_seconds=found.watch.seconds_left,
            stop=found.watch.is_over,
        )
        outcome.append(solved.outcome)
        if solved.outcome != "infeasible":
            found.bound = min(found.bound, solved.bound)
            found.offer(labels)

    found.method = "HiGHS branch and cut"
    found.watch.all_of([task])
    if outcome == ["infeasible"]:
        any_answer(np.zeros(found.question.unary.shape))


def _search(
    found: Found,
    any_answer: Callable[[Vector], Indices | None],
    start: Indices | None,
    seed: int,
    work_limit: int,
) -> None:
    found.method = "message passing, annealing"
    order = _order(found.question)
    sides = _Sides(found, reordered(found.question, order), order, seed)
    found.watch.all_of([sides.bound])
    sides.take_bound()
    labels = sides.dual.belief.argmax(axis=1) if start is None else start[order]
    found.offer(sides.back(labels))
    found.tell(1)
    for work in range(work_limit):
        if found.is_done or found.watch.ask():
            break
        labels = labels if found.best is None else found.best[order]
        labels = sides.advance(labels, sides.question.n * MOVES * 2 ** min(work, DOUBLINGS))
        if work == 0 and found.best is None and not found.watch.ask():
            found.offer(any_answer(sides.score()))
        found.tell(work + 1)


class _Sides:
    """The bound and two searches on the reordered question, advanced side by side."""

    def __init__(self, found: Found, question: Field, order: Indices, seed: int) -> None:
        # numba is loaded only where a question is large enough to need it
        from geoplan.optimise._label_bound import Dual  # noqa: PLC0415
        from geoplan.optimise._label_search import Search  # noqa: PLC0415

        self.found, self.question, self.order = found, question, order
        ends = question.ends.ravel()
        incident = np.argsort(ends, kind="stable") // 2
        first = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=question.n))])
        self.dual = Dual(question, first, incident)
        self._searches = [
            Search(question, first, incident, seed=2 * seed + side) for side in (0, 1)
        ]
        self._every = np.flatnonzero(question.allowed.ravel())
        self._dear = np.full(question.band_lower.size, DEAR)

    def back(self, labels: Indices) -> Indices:
        """The labels in the order of the question as it was asked."""
        asked = np.empty_like(labels)
        asked[self.order] = labels
        return asked

    def score(self) -> Vector:
        """The beliefs, in the order of the question as it was asked."""
        score = np.empty_like(self.dual.belief)
        score[self.order] = self.dual.belief
        return np.where(np.isfinite(score), score, 0.0)

    def bound(self) -> None:
        """Some rounds of the bound, as long as they help."""
        for _ in range(BOUND_ROUNDS):
            if not self.dual.is_settled and not self.found.watch.is_over():
                self.dual.improve(self.found.watch.is_over)

    def take_bound(self) -> None:
        """Hand the bound over."""
        self.found.bound = min(self.found.bound, self.dual.bound)

    def advance(self, labels: Indices, moves: int) -> Indices:
        """A hot run from these labels beside the bound, or beside a warm run once the bound is settled.

        Returns the labels at the end of the first run, which may break rules.
        """
        dual = self.dual
        near = dual.belief.max(axis=1, keepdims=True) - dual.belief <= NEAR * dual.unit
        price = self._dear * (
            PRICE * np.abs(dual.price) + _unit_price(self.question, SPREAD * dual.unit)
        )
        runs = [_Run(labels, price, moves, HOT * dual.unit, COLD * dual.unit, np.flatnonzero(near))]
        if dual.is_settled:
            runs.append(replace(runs[0], hot=WARM * dual.unit, literals=self._every))
        tasks = [
            partial(self._anneal, search, each)
            for search, each in zip(self._searches, runs, strict=False)
        ]
        self.found.watch.all_of([*tasks, *([] if dual.is_settled else [self.bound])])
        self.take_bound()
        for each in runs:
            self.found.offer(None if each.best is None else self.back(each.best))
            total, asked = self.question.totals(each.end), self.question
            too_small = total < asked.band_lower - asked.slack
            missed = too_small | (total > asked.band_upper + asked.slack)
            self._dear = np.maximum(self._dear * np.where(missed, DEARER, CHEAPER), LEAST)
        return runs[0].end

    def _anneal(self, search: Search, run: _Run) -> None:
        run.best, run.end = search.anneal(
            run.begin,
            penalty=run.penalty,
            hot=run.hot,
            cold=run.cold,
            moves=run.moves,
            literals=run.literals,
            is_over=self.found.watch.is_over,
        )


@dataclass(slots=True, eq=False)
class _Run:
    """One run of annealing: its settings, the best labels it met that keep all rules, and those at its end."""

    begin: Indices
    penalty: Vector
    moves: int
    hot: float
    cold: float
    literals: Indices
    best: Indices | None = None
    end: Indices = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def _order(question: Field) -> Indices:
    """Neighbours near each other: messages then travel far in one sweep, and memory is read in order."""
    m = question.ends.shape[0]
    one_way = sp.coo_array((np.ones(m), question.ends.T), shape=(question.n, question.n))
    graph = sp.csr_array(one_way + one_way.T)
    return reverse_cuthill_mckee(graph, symmetric_mode=True).astype(np.int64)


def _unit_price(question: Field, unit: float) -> Vector:
    """So much per mean coefficient of each band."""
    count = np.maximum(np.diff(question.band.start), 1)
    row = np.repeat(np.arange(count.size), np.diff(question.band.start))
    size = np.bincount(row, weights=np.abs(question.band.value), minlength=count.size) / count
    return np.where(size > 0, unit / np.where(size > 0, size, 1.0), 0.0)
