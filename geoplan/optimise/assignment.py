"""One label for each row, best in total, with the totals kept within bands.

A generalised assignment: one label per row, every named total between a lower and an upper value, some pairs
of labels forbidden. Solved exactly; if nothing satisfies all, the constraints that quarrel are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.optimise.choose import LabelAnswer, choose_labels
from geoplan.optimise.terms import Exclusion, Goal, Limit, Sum

__all__ = ["Band", "Conflict", "LabelAnswer", "Lock", "assign_labels"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """A total that must lie between two values, both included.

    The total is the sum of ``coefficients[i, label of i]`` over all rows; without coefficients it is the sum
    of the weights of those ``rows`` (all if None) whose label is one of ``labels``.
    """

    name: str
    labels: tuple[int, ...] = ()
    rows: Sequence[int] | NDArray[np.int64] | None = None
    coefficients: NDArray[np.float64] | None = None
    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self) -> None:
        if np.isnan(self.lower) or np.isnan(self.upper):
            raise ValueError(f"band {self.name}: a limit is not a number")
        if self.coefficients is not None and (self.labels or self.rows is not None):
            raise ValueError(f"band {self.name}: coefficients and labels exclude each other")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conflict:
    """Pairs of choices that exclude each other: rows ``(i, label of i, j, label of j)``, i and j different."""

    name: str
    pairs: ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lock:
    """Rows whose label is given."""

    name: str
    rows: Sequence[int] | NDArray[np.int64]
    labels: Sequence[int] | NDArray[np.int64]


def assign_labels(  # noqa: PLR0913 - every choice is named
    *,
    score: ArrayLike,
    allowed: ArrayLike,
    weight: ArrayLike,
    bands: Sequence[Band] = (),
    conflicts: Sequence[Conflict] = (),
    locks: Sequence[Lock] = (),
    relative_gap: float = 1e-6,
    node_limit: int | None = 10_000,
    time_limit_seconds: float | None = None,
) -> LabelAnswer:
    r"""Give every row the label that makes the weighted score of all largest.

    .. math::
        \max \sum_i w_i \sum_l s_{il} x_{il}, \quad \sum_l x_{il} = 1, \quad
        L_b \le \sum_{il} a^b_{il} x_{il} \le U_b, \quad x_{il} + x_{jm} \le 1, \quad x_{il} \in \{0, 1\}

    A total that just reaches a limit is within it (to 1e-9 of the largest coefficient). Labels that are not
    allowed do not exist, also not for a lock. Equal inputs give equal labels: HiGHS runs on one thread with a
    fixed seed and a limit of nodes. Among equally good answers the one found first is kept.

    Parameters
    ----------
    score
        Worth of each label per unit of weight, (n, k); read only where allowed.
    allowed
        Which labels a row may take, (n, k).
    weight
        Size of each row, (n,), not negative.
    bands, conflicts, locks
        What must hold, by name. Bands, conflicts or locks of the same name count as one in an error.
    relative_gap
        Stop once the answer is proven this near the best.
    node_limit
        Limit of work: nodes of the search tree.
    time_limit_seconds
        An extra stop; an answer cut by it says so and may differ from run to run.

    Returns
    -------
    LabelAnswer
        ``proof.bound`` is the best that any labelling can reach.

    Raises
    ------
    NoAnswerError
        Nothing satisfies all: names a set that cannot hold together, and how much each would have to give.
    UnfinishedError
        The limit was reached before any answer was found.

    Examples
    --------
    Three plots of 2, 1 and 1; label 1 is better everywhere, but at most 2 units may take it.

    >>> answer = assign_labels(
    ...     score=[[0, 5], [0, 3], [0, 4]], allowed=np.ones((3, 2), bool), weight=[2, 1, 1],
    ...     bands=[Band(name="at most 2", labels=(1,), upper=2)])
    >>> answer.labels.tolist(), answer.proof.objective, answer.proof.status
    ([1, 0, 0], 10.0, 'optimal')
    """
    may = np.asarray(allowed, dtype=bool)
    worth, sizes = _checked(np.asarray(score, dtype=float), may, np.asarray(weight, dtype=float))
    limits = [_band_limit(band, sizes, may.shape) for band in bands]
    limits += [_conflict_limit(conflict, may.shape[1]) for conflict in conflicts]
    limits += [_lock_limit(lock, may.shape) for lock in locks]
    return choose_labels(
        allowed=may,
        goals=[Goal(name="score", term=Sum(coefficients=worth))],
        limits=limits,
        relative_gap=relative_gap,
        node_limit=node_limit,
        time_limit_seconds=time_limit_seconds,
    )


def _checked(
    scores: NDArray[np.float64], may: NDArray[np.bool_], sizes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if scores.shape != may.shape or (*sizes.shape, scores.shape[-1]) != scores.shape:
        msg = f"shapes do not fit: score {scores.shape}, allowed {may.shape}, weight {sizes.shape}"
        raise ValueError(msg)
    if not np.all(np.isfinite(sizes) & (sizes >= 0)):
        raise ValueError("every weight must be a number of at least 0")
    if not np.all(np.isfinite(scores[may])):
        raise ValueError("every score of an allowed label must be a number")
    return np.where(may, scores, 0.0) * sizes[:, None], sizes


def _band_limit(band: Band, sizes: NDArray[np.float64], shape: tuple[int, ...]) -> Limit:
    if band.coefficients is not None:
        table = np.asarray(band.coefficients, dtype=float)
        if table.shape != shape:
            raise ValueError(f"band {band.name}: coefficients of shape {table.shape}")
    else:
        table = np.zeros(shape)
        rows = np.arange(sizes.size) if band.rows is None else np.asarray(band.rows, dtype=np.int64)
        table[rows[:, None], np.asarray(band.labels, dtype=np.int64)] = sizes[rows][:, None]
    if not np.all(np.isfinite(table)):
        raise ValueError(f"band {band.name}: a coefficient is not a number")
    return Limit(name=band.name, term=Sum(coefficients=table), lower=band.lower, upper=band.upper)


def _conflict_limit(conflict: Conflict, label_count: int) -> Limit:
    pairs = np.asarray(conflict.pairs, dtype=np.int64).reshape(-1, 4)
    if np.any(pairs[:, 0] == pairs[:, 2]):
        raise ValueError(f"conflict {conflict.name}: a row cannot be in conflict with itself")
    term = Exclusion(pairs=pairs, label_count=label_count)
    return Limit(name=conflict.name, term=term, upper=0.0)


def _lock_limit(lock: Lock, shape: tuple[int, ...]) -> Limit:
    table = np.zeros(shape)
    rows = np.asarray(lock.rows, dtype=np.int64)
    table[rows, np.asarray(lock.labels, dtype=np.int64)] = 1.0
    return Limit(name=lock.name, term=Sum(coefficients=table), lower=float(rows.size))
