"""One label for each node of a graph: own worth, worth of neighbours, coverage, and totals kept within bands.

Knows no land: arrays in, labels out, with a bound that no labelling can beat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.errors import UnfinishedError
from geoplan.optimise._label_field import Coverage, field_of, with_weights
from geoplan.optimise._label_run import Moment, Watch, run
from geoplan.optimise.assignment import Band, Conflict, Lock, assign_labels
from geoplan.optimise.proof import Proof, Status

__all__ = ["Coverage", "Labelling", "Moment", "label_nodes"]


#: Where the search meets no labels that keep all rules, HiGHS is asked for some: how good, at how many nodes.
ROUGH_GAP, ROUGH_NODES = 1e-2, 1_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelling:
    """One label per node, how good the whole is, and how it came about (each moment at which it became better)."""

    labels: NDArray[np.int64]
    proof: Proof
    trace: tuple[Moment, ...]


def label_nodes(  # noqa: PLR0913 - every choice is named
    *,
    score: ArrayLike,
    allowed: ArrayLike,
    edges: ArrayLike = (),
    edge_weight: ArrayLike | None = None,
    affinity: ArrayLike | None = None,
    edge_kind: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    bands: Sequence[Band] = (),
    conflicts: Sequence[Conflict] = (),
    coverages: Sequence[Coverage] = (),
    locks: Sequence[Lock] = (),
    start: ArrayLike | None = None,
    seed: int = 0,
    relative_gap: float = 1e-6,
    work_limit: int = 7,
    time_limit_seconds: float | None = None,
    progress: Callable[[Moment], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Labelling:
    r"""Give every node the label that makes the worth of all, with their neighbours, largest.

    .. math::
        \max \sum_i s_{i l_i} + \sum_{e = ij} w_e C_{l_i l_j} + \sum_h r_h [h \text{ is served}], \quad
        L_b \le \sum_i a^b_{i l_i} \le U_b

    A total that just reaches a limit is within it (to 1e-9 of the largest coefficient). Equal inputs give equal
    labels as long as work, not the clock or ``stop``, ends the search.

    Parameters
    ----------
    score
        (n, k) worth of each label; read only where allowed.
    allowed
        (n, k), which labels a node may take.
    edges, edge_weight
        (m, 2) nodes of each edge and (m,) its weight (1 if None), of any sign. Parallel edges add up.
    affinity
        (k, k) worth of the labels of both ends per unit of edge weight, first label that of the first node; or
        (g, k, k), of which ``edge_kind`` (m,) picks one per edge. A positive diagonal rewards compactness.
    weight
        (n,) what bands without coefficients add up; 1 if None.
    bands, conflicts, coverages, locks
        What must hold and what is rewarded, by name.
    start
        (n,) labels to begin from, if there are any; they need not keep the rules.
    seed
        Of the search.
    relative_gap
        Stop once the answer is proven this near the best.
    work_limit
        Rounds of search and bound; each takes about twice the time of the one before, up to the seventh.
    time_limit_seconds, stop
        Extra stops; ``stop`` is asked now and then. So is Ctrl-C: the answer is the best so far, ``cut_by_time``.
    progress
        Called whenever labels or bound have become better.

    Returns
    -------
    Labelling
        ``proof.bound`` is at least the worth of every labelling that keeps the rules, whatever ended the search.

    Raises
    ------
    NoAnswerError
        Nothing satisfies all: names a set that cannot hold together, and how much each would have to give.
    UnfinishedError
        The search was stopped before any answer was found.
    ValueError
        Broken input, named.

    Examples
    --------
    Four plots in a row. The ends prefer label 0 and 1, like neighbours are worth 1, two plots must take label 1.

    >>> answer = label_nodes(
    ...     score=[[3, 0], [0, 0], [0, 0], [0, 3]], allowed=np.ones((4, 2), bool),
    ...     edges=[(0, 1), (1, 2), (2, 3)], affinity=np.eye(2),
    ...     bands=[Band(name="two", labels=(1,), lower=2, upper=2)])
    >>> answer.labels.tolist(), answer.proof.objective, answer.proof.bound
    ([0, 0, 1, 1], 8.0, 8.0)
    """
    began = time.perf_counter()
    field = field_of(
        score=score,
        allowed=allowed,
        weight=weight,
        edges=edges,
        edge_weight=edge_weight,
        affinity=affinity,
        edge_kind=edge_kind,
        bands=bands,
        conflicts=conflicts,
        coverages=coverages,
        locks=locks,
    )
    watch = Watch.until(began, time_limit_seconds, stop)
    found = run(
        field,
        any_answer=lambda score: _any_labels(
            score, allowed, weight, bands, conflicts, locks, watch
        ),
        start=None if start is None else _checked_start(start, field.n, field.k),
        seed=seed,
        relative_gap=relative_gap,
        work_limit=work_limit,
        watch=watch,
        progress=progress,
    )
    labels = found.labels
    status: Status = "cut_by_time" if watch.was_cut else "feasible"
    proof = Proof(
        objective=found.objective,
        bound=_no_less(found.bound, found.objective),
        sense="max",
        status="optimal" if found.is_done else status,
        seconds=time.perf_counter() - began,
        seed=seed,
        method=found.method,
    )
    return Labelling(labels=labels, proof=proof, trace=tuple(found.trace))


def _checked_start(start: ArrayLike, n: int, k: int) -> NDArray[np.int64]:
    labels = np.array(start, dtype=np.int64)
    if labels.shape != (n,) or (n and (labels.min() < 0 or labels.max() >= k)):
        raise ValueError(f"start must be one label of 0 to {k - 1} per row")
    return labels


def _no_less(bound: float, objective: float) -> float:
    """The bound, if it is below by no more than the rounding of a sum; a bound that is wrong is left to be seen."""
    return objective if 0 < objective - bound <= 1e-9 * max(1.0, abs(objective)) else bound


def _any_labels(  # noqa: PLR0913, PLR0917 - the rules of the question
    score: NDArray[np.float64],
    allowed: ArrayLike,
    weight: ArrayLike | None,
    bands: Sequence[Band],
    conflicts: Sequence[Conflict],
    locks: Sequence[Lock],
    watch: Watch,
) -> NDArray[np.int64] | None:
    """Labels that keep all rules, good by score alone; who quarrels is named. None if none were found in time."""
    try:
        answer = assign_labels(
            score=score,
            allowed=allowed,
            weight=np.ones(score.shape[0]),
            bands=[with_weights(band, weight, score.shape) for band in bands],
            conflicts=conflicts,
            locks=locks,
            relative_gap=ROUGH_GAP,
            node_limit=ROUGH_NODES,
            time_limit_seconds=watch.seconds_left,
        )
    except UnfinishedError:
        return None
    return answer.labels
