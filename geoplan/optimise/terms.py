"""Terms: what can be said of one label per row - its exact value, its value after one change, its linear form.

A term is written once and read three ways. Whoever checks a plan asks for :meth:`Term.value`; whoever improves one
asks for :meth:`Term.changes`; the mixed integer programme asks for :meth:`Term.form`. Terms that look at more than one
row at a time live in ``pairs.py``, ``cover.py`` and ``patches.py``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

__all__ = ["Columns", "Exclusion", "Form", "Goal", "Limit", "Sum", "Term"]

#: Values are the same below this share of what they are made of.
SAME_SHARE = 1e-9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The allowed choices (row, label) are the columns; ``number`` finds them, -1 where not allowed."""

    row: Ints
    label: Ints
    number: Ints

    @classmethod
    def of(cls, allowed: NDArray[np.bool_]) -> Columns:
        """Number the allowed choices row by row."""
        row, label = np.nonzero(allowed)
        number = np.full(allowed.shape, -1, dtype=np.int64)
        number[row, label] = np.arange(row.size)
        return cls(row, label, number)

    @property
    def count(self) -> int:
        """How many choices there are."""
        return int(self.row.size)

    def chosen(self, labels: Ints) -> Floats:
        """The columns of one label per row: 1 where chosen."""
        x = np.zeros(self.count)
        x[self.number[np.arange(labels.size), labels]] = 1.0
        return x

    def labels(self, x: Floats) -> Ints:
        """The label of each row from the columns."""
        chosen = np.flatnonzero(x[: self.count] > 0.5)  # noqa: PLR2004 - columns are 0 or 1
        labels = np.full(self.number.shape[0], -1, dtype=np.int64)
        labels[self.row[chosen]] = self.label[chosen]
        return labels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """A term as ``constant + choices @ x + own @ y``, with the rows that tie its own columns y to the choices x.

    Attributes
    ----------
    choices, own, constant
        What each column adds to the value.
    own_upper, is_integer
        Own columns lie between 0 and this; which of them are whole.
    rows, row_lower, row_upper
        Over the choices, then the own columns.
    """

    choices: Floats
    own: Floats = field(default_factory=lambda: np.zeros(0))
    constant: float = 0.0
    own_upper: Floats = field(default_factory=lambda: np.zeros(0))
    is_integer: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    rows: sp.csr_array | None = None
    row_lower: Floats = field(default_factory=lambda: np.zeros(0))
    row_upper: Floats = field(default_factory=lambda: np.zeros(0))


class Term(Protocol):
    """Something that a labelling has a value of."""

    def value(self, labels: Ints) -> float:
        """The value of one label per row."""

    def changes(self, labels: Ints) -> Floats:
        """Row x label: the value if this row alone took this label."""

    def form(self, columns: Columns, push: int) -> Form:
        """The linear form; ``push`` is 1 if the value is only ever pushed up, -1 if down, 0 if both must be right."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Goal:
    """A term to be made large, times a weight; a negative weight makes it small."""

    name: str
    term: Term
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limit:
    """A term that must lie between two values, both included."""

    name: str
    term: Term
    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self) -> None:
        if np.isnan(self.lower) or np.isnan(self.upper):
            raise ValueError(f"limit {self.name}: a limit is not a number")

    def misses(self, value: ArrayLike) -> Floats:
        """How far values lie outside, 0 within; what just reaches a limit is within."""
        values = np.asarray(value, dtype=float)
        with np.errstate(invalid="ignore"):  # what is infinite does not miss an infinite limit
            outside = np.fmax(np.fmax(self.lower - values, values - self.upper), 0.0)
        return np.asarray(np.where(outside <= SAME_SHARE * self.scale, 0.0, outside))

    def is_kept(self, labels: Ints) -> bool:
        """Whether a labelling keeps it."""
        return bool(self.misses(self.term.value(labels)) == 0)

    @property
    def scale(self) -> float:
        """What its values are made of: the sum of the largest coefficients, or its greater limit."""
        if isinstance(self.term, Sum):
            return float(np.abs(self.term.coefficients).max(axis=1, initial=0.0).sum()) or 1.0
        finite = [abs(each) for each in (self.lower, self.upper) if np.isfinite(each)]
        return max([1.0, *finite])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sum:
    """The sum of ``coefficients[i, label of i]`` over all rows, plus a constant."""

    coefficients: Floats
    constant: float = 0.0

    def value(self, labels: Ints) -> float:
        """The value of one label per row."""
        return self.constant + float(self.coefficients[np.arange(labels.size), labels].sum())

    def changes(self, labels: Ints) -> Floats:
        """Row x label: the value if this row alone took this label."""
        own = self.coefficients[np.arange(labels.size), labels]
        return np.asarray(self.constant + own.sum() - own[:, None] + self.coefficients)

    def form(self, columns: Columns, push: int) -> Form:  # noqa: ARG002 - exact either way
        """The linear form, exact either way."""
        return Form(choices=self.coefficients[columns.row, columns.label], constant=self.constant)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exclusion:
    """How many pairs of choices ``(i, label of i, j, label of j)``, i and j different, meet that should not."""

    pairs: ArrayLike
    label_count: int

    def value(self, labels: Ints) -> float:
        """The value of one label per row."""
        i, p, j, q = self._pairs.T
        return float(np.count_nonzero((labels[i] == p) & (labels[j] == q)))

    def changes(self, labels: Ints) -> Floats:
        """Row x label: the value if this row alone took this label."""
        i, p, j, q = self._pairs.T
        met = np.zeros((labels.size, self.label_count))
        np.add.at(met, (i, p), labels[j] == q)
        np.add.at(met, (j, q), labels[i] == p)
        own = met[np.arange(labels.size), labels]
        return self.value(labels) - own[:, None] + met

    def form(self, columns: Columns, push: int) -> Form:  # noqa: ARG002 - broken pairs are only ever too many
        """One row per pair of rows and set of labels: labels of i with the same enemies at j share it."""
        members = _cliques(columns, self._pairs)
        row = np.repeat(np.arange(len(members)), [len(each) for each in members])
        column = np.concatenate([np.zeros(0, dtype=np.int64), *members])
        n = len(members)
        met = sp.coo_array((np.ones(column.size), (row, column)), shape=(n, columns.count))
        return Form(
            choices=np.zeros(columns.count),
            own=np.ones(n),
            own_upper=np.ones(n),
            is_integer=np.zeros(n, dtype=bool),
            rows=sp.csr_array(sp.hstack([met, -sp.eye_array(n)])),
            row_lower=np.full(n, -np.inf),
            row_upper=np.ones(n),
        )

    @property
    def _pairs(self) -> Ints:
        return np.asarray(self.pairs, dtype=np.int64).reshape(-1, 4)


def _cliques(columns: Columns, pairs: Ints) -> list[Ints]:
    """Columns of which at most one may be chosen."""
    one = columns.number[pairs[:, 0], pairs[:, 1]]
    other = columns.number[pairs[:, 2], pairs[:, 3]]
    enemies: dict[tuple[int, int, int], set[int]] = defaultdict(set)
    for i, label, j, enemy in pairs[(one >= 0) & (other >= 0)].tolist():
        first, second = ((i, label), (j, enemy)) if i < j else ((j, enemy), (i, label))
        enemies[first[0], second[0], first[1]].add(second[1])
    cliques: dict[tuple[int, int, tuple[int, ...]], list[int]] = defaultdict(list)
    for (i, j, label), others in sorted(enemies.items()):
        cliques[i, j, tuple(sorted(others))].append(label)
    return [
        columns.number[[i] * len(labels) + [j] * len(others), [*labels, *others]]
        for (i, j, others), labels in cliques.items()
    ]
