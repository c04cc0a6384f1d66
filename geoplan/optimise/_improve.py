"""A local search over labels: one row changes, or two rows exchange theirs, as long as that helps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise.terms import Goal, Limit

__all__ = ["improve"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Exchanges that look best by their single changes are measured exactly.
_TRIED = 40
#: Beyond this many rows exchanges are looked for among a sample of them.
_SAMPLE = 400
#: Rows that a kick changes.
_KICK = 3
#: How often a kicked row takes any label, rather than another's.
_TAKES_ANY = 0.3
_EASE = 1e-12


def improve(  # noqa: PLR0913 - every choice is named
    labels: Ints,
    *,
    allowed: NDArray[np.bool_],
    goals: Sequence[Goal],
    limits: Sequence[Limit],
    rounds: int,
    rng: np.random.Generator,
) -> Ints | None:
    """Improve labels by descent, kick the best a little and descend again; None if the limits were never kept.

    A labelling is better if it misses its limits by less, or equally and is worth more (iterated local search,
    Lourenco, Martin & Stuetzle 2003).
    """
    search = _Search(allowed, goals, limits, rng)
    best = search.descend(labels.copy())
    rank = search.rank(best)
    for _ in range(rounds):
        found = search.descend(search.kicked(best))
        new = search.rank(found)
        if _is_better(new, rank):
            best, rank = found, new
    return best if rank[0] == 0 else None


Rank = tuple[float, float]


def _is_better(one: Rank, other: Rank) -> bool:
    """Whether one misses less, or equally and is worth more."""
    ease = _EASE * max(abs(other[1]), 1.0)
    if one[0] < other[0] - _EASE:
        return True
    return one[0] <= other[0] + _EASE and one[1] > other[1] + ease


class _Search:
    def __init__(
        self,
        allowed: NDArray[np.bool_],
        goals: Sequence[Goal],
        limits: Sequence[Limit],
        rng: np.random.Generator,
    ) -> None:
        self.allowed, self.goals, self.limits, self.rng = allowed, goals, limits, rng

    def rank(self, labels: Ints) -> Rank:
        """By how much the limits are missed, in shares of each, and what it is worth."""
        missed = sum(float(b.misses(b.term.value(labels))) / b.scale for b in self.limits)
        return missed, sum(goal.weight * goal.term.value(labels) for goal in self.goals)

    def descend(self, labels: Ints) -> Ints:
        """Take the best change, or else the best exchange, until there is none."""
        rank = self.rank(labels)
        while True:
            goals = [goal.term.changes(labels) for goal in self.goals]
            limits = [limit.term.changes(labels) for limit in self.limits]
            found = self._best_change(labels, goals, limits)
            new = self.rank(found)
            if not _is_better(new, rank):
                found, new = self._best_exchange(labels, goals, limits, rank)
                if not _is_better(new, rank):
                    return labels
            labels, rank = found, new

    def kicked(self, labels: Ints) -> Ints:
        """A few rows exchange their labels with others, or take any that they may."""
        found = labels.copy()
        for _ in range(_KICK):
            i, j = self.rng.integers(0, labels.size, 2)
            if self.rng.random() < _TAKES_ANY:
                found[i] = self.rng.choice(np.flatnonzero(self.allowed[i]))
            elif self.allowed[i, found[j]] and self.allowed[j, found[i]]:
                found[i], found[j] = found[j], found[i]
        return found

    def _best_change(self, labels: Ints, goals: list[Floats], limits: list[Floats]) -> Ints:
        missed, worth = self._told(goals, limits, self.allowed.shape)
        i, label = np.unravel_index(_best(missed, worth, self.allowed), self.allowed.shape)
        found = labels.copy()
        found[i] = label
        return found

    def _best_exchange(
        self, labels: Ints, goals: list[Floats], limits: list[Floats], rank: Rank
    ) -> tuple[Ints, Rank]:
        """Exchanges are ranked as if both changes simply added up, then the first are measured."""
        rows = np.arange(labels.size)
        if labels.size > _SAMPLE:
            rows = np.sort(self.rng.choice(labels.size, _SAMPLE, replace=False))
        n = rows.size

        def both(change: Floats) -> Floats:
            now = change[rows, labels[rows]]
            one = change[rows][:, labels[rows]]
            with np.errstate(invalid="ignore"):  # a smallest patch may be infinite
                return np.asarray(one + one.T - now[:, None])

        missed, worth = self._told([both(c) for c in goals], [both(c) for c in limits], (n, n))
        may = self.allowed[rows][:, labels[rows]]
        may = may & may.T & (labels[rows][:, None] != labels[rows][None, :])
        may &= np.tri(n, k=-1, dtype=bool)
        pairs = np.flatnonzero(may)
        order = np.lexsort((pairs, -worth.ravel()[pairs], np.round(missed.ravel()[pairs], 9)))
        best = labels
        for pair in pairs[order[:_TRIED]]:
            i, j = (rows[side] for side in np.unravel_index(pair, (n, n)))
            found = labels.copy()
            found[i], found[j] = found[j], found[i]
            new = self.rank(found)
            if _is_better(new, rank):
                best, rank = found, new
        return best, rank

    def _told(
        self, goals: list[Floats], limits: list[Floats], shape: tuple[int, ...]
    ) -> tuple[Floats, Floats]:
        missed, worth = np.zeros(shape), np.zeros(shape)
        for limit, change in zip(self.limits, limits, strict=True):
            missed += np.nan_to_num(limit.misses(change)) / limit.scale
        for goal, change in zip(self.goals, goals, strict=True):
            worth += goal.weight * change
        return missed, worth


def _best(missed: Floats, worth: Floats, may: NDArray[np.bool_]) -> int:
    """The place that misses least, of these the one worth most, of these the first."""
    least = missed[may].min()
    near = may & (missed <= least + _EASE)
    return int(np.where(near, worth, -np.inf).argmax())
