"""Terms over pairs of rows: what neighbours are worth to each other, and how far a group is spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise.terms import Columns, Form

__all__ = ["Borders", "Spread"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Borders:
    r"""What neighbours are worth to each other.

    .. math:: \sum_{(i, j) \in E} w_{ij} W_{l_i l_j} + \sum_i u_{i l_i}

    Attributes
    ----------
    edges, weight
        Pairs of rows, each once, and their weights (at least 0).
    worth
        Label x label, symmetrical.
    alone
        Row x label: what neighbours whose label is given are worth.
    """

    edges: Ints
    weight: Floats
    worth: Floats
    alone: Floats

    def value(self, labels: Ints) -> float:
        """The value of one label per row."""
        i, j = self.edges.T
        among = self.weight @ self.worth[labels[i], labels[j]]
        return float(among + self.alone[np.arange(labels.size), labels].sum())

    def changes(self, labels: Ints) -> Floats:
        """Row x label: the value if this row alone took this label."""
        own = self._beside(labels)
        return self.value(labels) - own[np.arange(labels.size), labels][:, None] + own

    def _beside(self, labels: Ints) -> Floats:
        """Row x label: what the row adds, its neighbours as they are."""
        i, j = self.edges.T
        both = (np.concatenate([i, j]), np.concatenate([j, i]))
        weights = sp.coo_array((np.tile(self.weight, 2), both), shape=(labels.size, labels.size))
        return np.asarray(weights.tocsr() @ self.worth[:, labels].T + self.alone)

    def form(self, columns: Columns, push: int) -> Form:
        """One own column per edge and pair of labels with a worth; labels with the same worths share them."""
        classes, which = np.unique(self.worth, axis=0, return_inverse=True)
        first = np.asarray([np.flatnonzero(which == c)[0] for c in range(len(classes))])
        worth = self.worth[np.ix_(first, first)]
        a, b = np.nonzero(worth)
        n, m = len(self.edges), a.size
        edge, a, b = np.repeat(np.arange(n), m), np.tile(a, n), np.tile(b, n)
        value = self.weight[edge] * worth[a, b]
        i, j = self.edges[edge, 0], self.edges[edge, 1]
        kept = (value != 0) & self._possible(columns, which, i, a)
        kept &= self._possible(columns, which, j, b)
        edge, a, b, value, i, j = (each[kept] for each in (edge, a, b, value, i, j))
        up = value * push > 0 if push else np.ones(value.size, dtype=bool)
        down = value * push < 0 if push else np.ones(value.size, dtype=bool)
        k = len(classes)
        tables = [
            *_at_most_one_side(columns, which, edge * k + a, i, a, up),
            *_at_most_one_side(columns, which, edge * k + b, j, b, up),
            *_at_least_both(columns, which, (i, a), (j, b), down),
        ]
        rows = [part for part, _, _ in tables]
        return Form(
            choices=self.alone[columns.row, columns.label],
            own=value,
            own_upper=np.ones(value.size),
            is_integer=np.zeros(value.size, dtype=bool),
            rows=sp.csr_array(sp.vstack(rows)) if rows else None,
            row_lower=np.concatenate([np.zeros(0), *(lower for _, lower, _ in tables)]),
            row_upper=np.concatenate([np.zeros(0), *(upper for _, _, upper in tables)]),
        )

    @staticmethod
    def _possible(columns: Columns, which: Ints, row: Ints, of: Ints) -> NDArray[np.bool_]:
        there = np.zeros((columns.number.shape[0], which.max(initial=0) + 1), dtype=bool)
        there[columns.row, which[columns.label]] = True
        return np.asarray(there[row, of])


Part = tuple[sp.csr_array, Floats, Floats]


def _class_rows(columns: Columns, which: Ints, row: Ints, of: Ints) -> sp.csr_array:
    """A row per (row, class): 1 at the choices of that row whose label is of that class."""
    n = columns.number.shape[0]
    k = int(which.max(initial=0)) + 1
    group = columns.row * k + which[columns.label]
    table = sp.csr_array(
        sp.coo_array(
            (np.ones(columns.count), (group, np.arange(columns.count))),
            shape=(n * k, columns.count),
        )
    )
    return sp.csr_array(table[row * k + of])


def _at_most_one_side(  # noqa: PLR0913, PLR0917 - one row of the programme, part by part
    columns: Columns, which: Ints, group: Ints, row: Ints, of: Ints, taken: NDArray[np.bool_]
) -> list[Part]:
    """The own columns of one edge and one side's class together are at most that side's choice."""
    own = np.flatnonzero(taken)
    if not own.size:
        return []
    _, first, number = np.unique(group[own], return_index=True, return_inverse=True)
    lead = own[first]
    sums = sp.coo_array((np.ones(own.size), (number, own)), shape=(lead.size, taken.size))
    rows = sp.csr_array(sp.hstack([-_class_rows(columns, which, row[lead], of[lead]), sums]))
    return [(rows, np.full(lead.size, -np.inf), np.zeros(lead.size))]


def _at_least_both(
    columns: Columns,
    which: Ints,
    one: tuple[Ints, Ints],
    other: tuple[Ints, Ints],
    taken: NDArray[np.bool_],
) -> list[Part]:
    """An own column is at least both sides' choices less 1."""
    own = np.flatnonzero(taken)
    if not own.size:
        return []
    sides = [_class_rows(columns, which, row[own], of[own]) for row, of in (one, other)]
    pick = sp.coo_array(
        (np.ones(own.size), (np.arange(own.size), own)), shape=(own.size, taken.size)
    )
    rows = sp.csr_array(sp.hstack([sides[0] + sides[1], -pick]))
    return [(rows, np.full(own.size, -np.inf), np.ones(own.size))]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    r"""The mean distance between all pairs of a group; 0 where it has fewer than two members.

    .. math:: \frac{2}{N (N - 1)} \sum_{i < j} d_{ij}

    Attributes
    ----------
    distance
        Between rows, and behind them members whose label is given: square, symmetrical.
    is_member
        Which labels make a row a member.
    count
        How many members every labelling that is looked for has; the linear form is right for these only.
    """

    distance: Floats
    is_member: NDArray[np.bool_]
    count: int

    def value(self, labels: Ints) -> float:
        """The value of one label per row."""
        inside = self._inside(labels)
        n = int(inside.sum())
        return float(inside @ self.distance @ inside / (n * (n - 1))) if n > 1 else 0.0

    def changes(self, labels: Ints) -> Floats:
        """Row x label: the value if this row alone took this label."""
        inside = self._inside(labels)
        n = int(inside.sum())
        reach = self.distance @ inside
        total = float(inside @ reach) / 2
        rows = labels.size
        own = reach[:rows]
        joins = (total + own) / max(n * (n + 1) / 2, 1.0)
        leaves = (total - own) / max((n - 1) * (n - 2) / 2, 1.0)
        now = np.full(rows, total / max(n * (n - 1) / 2, 1.0))
        is_in = inside[:rows] > 0
        with_it, without_it = np.where(is_in, now, joins), np.where(is_in, leaves, now)
        return np.where(self.is_member[None, :], with_it[:, None], without_it[:, None])

    def form(self, columns: Columns, push: int) -> Form:  # noqa: ARG002 - exact either way
        """One own column per pair; with N members each member is in N - 1 pairs (Adams & Sherali 1986)."""
        n = columns.number.shape[0]
        fixed = self.distance.shape[0] - n
        joined = sp.coo_array(
            (self.is_member[columns.label].astype(float), (columns.row, np.arange(columns.count))),
            shape=(n, columns.count),
        ).tocsr()
        able = np.flatnonzero(np.asarray(joined.sum(axis=1)).ravel() > 0)
        i, j = (able[part] for part in np.triu_indices(able.size, 1))
        m = i.size
        pairs = max(self.count * (self.count - 1) / 2, 1.0)
        number = np.arange(m)
        ends = sp.coo_array((np.ones(2 * m), (np.r_[i, j], np.r_[number, number])), shape=(n, m))
        eye = sp.eye_array(m)
        each = sp.hstack([(1 + fixed - self.count) * joined[able], ends.tocsr()[able]])
        rows = [each, sp.hstack([-joined[i], eye]), sp.hstack([-joined[j], eye])]
        alone = self.distance[:n, n:].sum(axis=1)
        return Form(
            choices=np.asarray(joined.T @ alone) / pairs,
            own=self.distance[i, j] / pairs,
            constant=float(np.triu(self.distance[n:, n:], 1).sum()) / pairs,
            own_upper=np.ones(m),
            is_integer=np.zeros(m, dtype=bool),
            rows=sp.csr_array(sp.vstack(rows)),
            row_lower=np.concatenate([np.zeros(able.size), np.full(2 * m, -np.inf)]),
            row_upper=np.zeros(able.size + 2 * m),
        )

    def _inside(self, labels: Ints) -> Floats:
        fixed = self.distance.shape[0] - labels.size
        return np.concatenate([self.is_member[labels], np.ones(fixed, dtype=bool)]).astype(float)
