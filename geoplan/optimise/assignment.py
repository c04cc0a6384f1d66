"""One label for each row, best in total, with the totals kept within bands.

A generalised assignment: one label per row, every named total between a lower and an upper value, some pairs
of labels forbidden. Solved exactly; if nothing satisfies all, the constraints that quarrel are named.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from geoplan.errors import UnfinishedError
from geoplan.optimise._highs import Programme, solve
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.proof import Proof, Status
from geoplan.words import Message, say

__all__ = ["Band", "Conflict", "LabelAnswer", "Lock", "assign_labels"]


#: How exactly it is told what a constraint would have to give, as a share of that amount.
GIVE_GAP = 1e-3


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelAnswer:
    """One label per row, and how good the whole is."""

    labels: NDArray[np.int64]
    proof: Proof


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The rows that one name writes into the programme; ``unit`` is what one scaled unit of them is."""

    name: str
    rows: sp.csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    unit: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Choices:
    """The allowed (row, label) pairs are the columns; ``number`` finds them, -1 where not allowed."""

    row: NDArray[np.int64]
    label: NDArray[np.int64]
    number: NDArray[np.int64]
    worth: NDArray[np.float64] = field(repr=False)

    def matrix(
        self, row: NDArray[np.int64], column: NDArray[np.int64], value: NDArray[np.float64], n: int
    ) -> sp.csr_array:
        return sp.csr_array(sp.coo_array((value, (row, column)), shape=(n, self.row.size)))


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
    KeyboardInterrupt
        Ctrl-C came before any answer was found; after that, the best answer so far comes back with its bound.

    Examples
    --------
    Three plots of 2, 1 and 1; label 1 is better everywhere, but at most 2 units may take it.

    >>> answer = assign_labels(
    ...     score=[[0, 5], [0, 3], [0, 4]], allowed=np.ones((3, 2), bool), weight=[2, 1, 1],
    ...     bands=[Band(name="at most 2", labels=(1,), upper=2)])
    >>> answer.labels.tolist(), answer.proof.objective, answer.proof.status
    ([1, 0, 0], 10.0, 'optimal')
    """
    began = time.perf_counter()
    choices, sizes = _checked(score, allowed, weight)
    blocks = _blocks(choices, sizes, bands, conflicts, locks)
    solved = solve(
        _programme(choices, blocks),
        relative_gap=relative_gap,
        node_limit=node_limit,
        time_limit_seconds=time_limit_seconds,
        keeps_interrupted=True,
    )
    if solved.outcome == "infeasible":
        raise _quarrel(choices, blocks, node_limit)
    if solved.x is None:
        if solved.outcome == "interrupted":
            raise KeyboardInterrupt
        raise UnfinishedError([])
    chosen = solved.x.astype(bool)
    objective = float(choices.worth[chosen].sum())
    statuses: dict[str, Status] = {
        "optimal": "optimal", "work": "feasible", "time": "cut_by_time", "interrupted": "interrupted"
    }  # fmt: skip
    labels = np.full(sizes.size, -1, dtype=np.int64)
    labels[choices.row[chosen]] = choices.label[chosen]
    return LabelAnswer(
        labels=labels,
        proof=Proof(
            objective=objective,
            bound=max(solved.bound, objective),
            sense="max",
            status=statuses[solved.outcome],
            seconds=time.perf_counter() - began,
            method="HiGHS branch and cut",
        ),
    )


def _checked(
    score: ArrayLike, allowed: ArrayLike, weight: ArrayLike
) -> tuple[_Choices, NDArray[np.float64]]:
    scores = np.asarray(score, dtype=float)
    may = np.asarray(allowed, dtype=bool)
    sizes = np.asarray(weight, dtype=float)
    if scores.shape != may.shape or (*sizes.shape, scores.shape[-1]) != scores.shape:
        msg = f"shapes do not fit: score {scores.shape}, allowed {may.shape}, weight {sizes.shape}"
        raise ValueError(msg)
    if not np.all(np.isfinite(sizes) & (sizes >= 0)):
        raise ValueError("every weight must be a number of at least 0")
    if not np.all(np.isfinite(scores[may])):
        raise ValueError("every score of an allowed label must be a number")
    empty = np.flatnonzero(~may.any(axis=1))
    if empty.size:
        problems = [say("optimise.row_without_label", row=int(row)) for row in empty]
        raise NoAnswerError(problems, rows=[int(row) for row in empty])
    row, label = np.nonzero(may)
    number = np.full(may.shape, -1, dtype=np.int64)
    number[row, label] = np.arange(row.size)
    worth = (scores * sizes[:, None])[row, label]
    return _Choices(row=row, label=label, number=number, worth=worth), sizes


def _blocks(
    choices: _Choices,
    sizes: NDArray[np.float64],
    bands: Sequence[Band],
    conflicts: Sequence[Conflict],
    locks: Sequence[Lock],
) -> dict[str, list[_Block]]:
    blocks = [_band_block(choices, sizes, band) for band in bands]
    blocks += [_conflict_block(choices, conflict) for conflict in conflicts]
    blocks += [_lock_block(choices, lock) for lock in locks]
    by_name: dict[str, list[_Block]] = defaultdict(list)
    for block in blocks:
        by_name[block.name].append(block)
    return dict(by_name)


def _band_block(choices: _Choices, sizes: NDArray[np.float64], band: Band) -> _Block:
    if band.coefficients is not None:
        if band.coefficients.shape != choices.number.shape:
            raise ValueError(f"band {band.name}: coefficients of shape {band.coefficients.shape}")
        table = np.asarray(band.coefficients, dtype=float)
    else:
        table = np.zeros(choices.number.shape)
        rows = np.arange(sizes.size) if band.rows is None else np.asarray(band.rows, dtype=np.int64)
        table[rows[:, None], np.asarray(band.labels, dtype=np.int64)] = sizes[rows][:, None]
    value = table[choices.row, choices.label]
    if not np.all(np.isfinite(value)):
        raise ValueError(f"band {band.name}: a coefficient is not a number")
    unit = float(np.abs(value).max(initial=0.0)) or 1.0
    column = np.flatnonzero(value)
    matrix = choices.matrix(np.zeros_like(column), column, value[column] / unit, 1)
    return _Block(
        band.name, matrix, np.array([band.lower / unit]), np.array([band.upper / unit]), unit
    )


def _conflict_block(choices: _Choices, conflict: Conflict) -> _Block:
    """One row per pair of rows and set of labels: labels of i with the same enemies at j share it."""
    pairs = np.asarray(conflict.pairs, dtype=np.int64).reshape(-1, 4)
    if np.any(pairs[:, 0] == pairs[:, 2]):
        raise ValueError(f"conflict {conflict.name}: a row cannot be in conflict with itself")
    one = choices.number[pairs[:, 0], pairs[:, 1]]
    other = choices.number[pairs[:, 2], pairs[:, 3]]
    pairs = pairs[(one >= 0) & (other >= 0)]
    enemies: dict[tuple[int, int, int], set[int]] = defaultdict(set)
    for i, label, j, enemy in pairs.tolist():
        first, second = ((i, label), (j, enemy)) if i < j else ((j, enemy), (i, label))
        enemies[first[0], second[0], first[1]].add(second[1])
    cliques: dict[tuple[int, int, tuple[int, ...]], list[int]] = defaultdict(list)
    for (i, j, label), others in sorted(enemies.items()):
        cliques[i, j, tuple(sorted(others))].append(label)
    members = [
        choices.number[[i] * len(labels) + [j] * len(others), [*labels, *others]]
        for (i, j, others), labels in cliques.items()
    ]
    row = np.repeat(np.arange(len(members)), [len(each) for each in members])
    column = np.concatenate([np.zeros(0, dtype=np.int64), *members])
    matrix = choices.matrix(row, column, np.ones(column.size), len(members))
    return _Block(conflict.name, matrix, np.full(len(members), -np.inf), np.ones(len(members)))


def _lock_block(choices: _Choices, lock: Lock) -> _Block:
    rows = np.asarray(lock.rows, dtype=np.int64)
    column = choices.number[rows, np.asarray(lock.labels, dtype=np.int64)]
    there = column >= 0
    matrix = choices.matrix(
        np.flatnonzero(there), column[there], np.ones(int(there.sum())), rows.size
    )
    return _Block(lock.name, matrix, np.ones(rows.size), np.full(rows.size, np.inf))


def _programme(
    choices: _Choices, blocks: dict[str, list[_Block]], *, elastic: str | None = None
) -> Programme:
    """The whole problem; with ``elastic``, the least amount by which that name alone must give."""
    n_rows = int(choices.row[-1]) + 1 if choices.row.size else 0
    one_each = choices.matrix(
        choices.row, np.arange(choices.row.size), np.ones(choices.row.size), n_rows
    )
    hard = [block for name, group in blocks.items() for block in group if name != elastic]
    soft = blocks.get(elastic, []) if elastic is not None else []
    everything = [*hard, *soft]
    rows = sp.vstack([one_each, *(block.rows for block in everything)], format="csr")
    units = np.concatenate([np.full(b.lower.size, b.unit) for b in soft]) if soft else np.zeros(0)
    if soft:
        slack = sp.vstack(
            [sp.csr_array((rows.shape[0] - units.size, units.size)), sp.eye_array(units.size)]
        )
        rows = sp.hstack([rows, slack, -slack], format="csr")
    n_slack = 2 * units.size
    ones = np.ones(n_rows)
    return Programme(
        cost=np.concatenate([np.zeros(choices.row.size), units, units]) if soft else choices.worth,
        rows=sp.csr_array(rows),
        row_lower=np.concatenate([ones, *(block.lower for block in everything)]),
        row_upper=np.concatenate([ones, *(block.upper for block in everything)]),
        lower=np.zeros(choices.row.size + n_slack),
        upper=np.concatenate([np.ones(choices.row.size), np.full(n_slack, np.inf)]),
        is_integer=np.arange(choices.row.size + n_slack) < choices.row.size,
        sense="min" if soft else "max",
    )


def _quarrel(
    choices: _Choices, blocks: dict[str, list[_Block]], node_limit: int | None
) -> NoAnswerError:
    """Find a minimal set of names without an answer, and what each of them would have to give.

    Deletion filter: leave a name out; if there is still no answer, it was not needed (Chinneck, Feasibility
    and Infeasibility in Optimization, 2008, section 6.2). A name is left out only if that is proven.
    """
    kept = dict(blocks)
    for name in list(blocks):
        fewer = {other: group for other, group in kept.items() if other != name}
        if _is_infeasible(choices, fewer, node_limit):
            kept = fewer
    gives = {name: _least_give(choices, blocks, name, node_limit) for name in kept}
    problems = [_told(name, amount) for name, amount in gives.items()]
    return NoAnswerError(problems, names=list(kept), gives=gives)


def _is_infeasible(
    choices: _Choices, blocks: dict[str, list[_Block]], node_limit: int | None
) -> bool:
    programme = _programme(choices, blocks)
    any_answer = Programme(
        cost=np.zeros_like(programme.cost),
        rows=programme.rows,
        row_lower=programme.row_lower,
        row_upper=programme.row_upper,
        lower=programme.lower,
        upper=programme.upper,
        is_integer=programme.is_integer,
    )
    return solve(any_answer, node_limit=node_limit).outcome == "infeasible"


def _least_give(
    choices: _Choices, blocks: dict[str, list[_Block]], name: str, node_limit: int | None
) -> float:
    programme = _programme(choices, blocks, elastic=name)
    solved = solve(programme, relative_gap=GIVE_GAP, node_limit=node_limit)
    return float("inf") if solved.x is None else solved.objective


def _told(name: str, amount: float) -> Message:
    if np.isinf(amount):
        return say("optimise.not_enough", name=name)
    return say("optimise.must_give", name=name, amount=f"{amount:.6g}")
