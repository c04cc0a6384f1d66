"""The labels of a small field as a mixed integer programme over the local polytope.

With x_ia = 1 if node i takes label a, and y of each edge the share of each pair of labels,

    max sum u x + sum R y,  sum_b y_ab <= x_ia,  sum_a y_ab <= x_jb,  y >= 0,

where a table is split into a part of each node and a rest R >= 0 with many zeros: what has no rest needs no y, and
since R >= 0 the sums may stay below x (Wainwright & Jordan, Graphical models, exponential families, and variational
inference, 2008, chapter 8, for the polytope).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise._highs import Programme, Solved, solve
from geoplan.optimise._label_field import Field

__all__ = ["n_columns", "solve_exactly"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class _Writer:
    """Collects rows of a programme."""

    rows: list[Indices]
    columns: list[Indices]
    values: list[Vector]
    lower: list[Vector]
    upper: list[Vector]
    n_rows: int = 0

    def add(  # noqa: PLR0913, PLR0917 - one block of rows
        self, row: Indices, column: Indices, value: Vector, n: int, lower: Vector, upper: Vector
    ) -> None:
        self.rows.append(row + self.n_rows)
        self.columns.append(column)
        self.values.append(value)
        self.lower.append(lower)
        self.upper.append(upper)
        self.n_rows += n


def _split(field: Field, may: Mask) -> tuple[Vector, Vector, Vector, Mask]:
    """Parts of the first and second node, and a rest of at least 0 with many zeros; pairs that are forbidden."""
    one, two = field.ends.T
    both = may[one][:, :, None] & may[two][:, None, :]
    forbidden = np.zeros_like(both)
    forbidden[: field.forbidden.shape[0]] = field.forbidden
    forbidden &= both
    both &= ~forbidden
    table = np.where(both, field.pair, np.inf)
    first = table.min(axis=2)
    first = np.where(np.isfinite(first), first, 0.0)
    table = table - first[:, :, None]
    second = table.min(axis=1)
    second = np.where(np.isfinite(second), second, 0.0)
    rest = np.where(both, table - second[:, None, :], 0.0)
    return first, second, rest, forbidden


def n_columns(field: Field) -> int:
    """Columns of the programme, for who wants to know whether it is small."""
    may = field.allowed
    return int(may.sum() + (_split(field, may)[2] > 0).sum() + field.reward.size)


def solve_exactly(
    field: Field,
    *,
    relative_gap: float,
    node_limit: int | None,
    time_limit_seconds: float | None,
    stop: Callable[[], bool] | None,
) -> tuple[Solved, Indices | None]:
    """Solve; the labels found, if any, keep all rules."""
    programme, column = _programme(field, field.allowed)
    solved = solve(
        programme,
        relative_gap=relative_gap,
        node_limit=node_limit,
        time_limit_seconds=time_limit_seconds,
        stop=stop,
    )
    if solved.x is None:
        return solved, None
    taken = np.full(field.n * field.k, -1.0)
    taken[column >= 0] = solved.x[column[column >= 0]]
    return solved, taken.reshape(field.n, field.k).argmax(axis=1).astype(np.int64)


def _programme(field: Field, may: Mask) -> tuple[Programme, Indices]:
    """The programme, and the column of each literal (-1: not allowed)."""
    column = np.full(field.n * field.k, -1, dtype=np.int64)
    column[may.ravel()] = np.arange(int(may.sum()))
    writer = _Writer([], [], [], [], [])
    literal = np.flatnonzero(may.ravel())
    writer.add(
        literal // field.k, column[literal], np.ones(literal.size), field.n,
        np.ones(field.n), np.ones(field.n),
    )  # fmt: skip
    _write_bands(writer, field, column)
    unary = np.where(may, field.unary, 0.0)
    pair_cost = _write_pairs(writer, field, may, column, unary)
    _write_coverage(writer, field, column, literal.size + pair_cost.size)
    cost = np.concatenate([unary.ravel()[literal], pair_cost, field.reward])
    row, col = np.concatenate(writer.rows), np.concatenate(writer.columns)
    table = sp.coo_array(
        (np.concatenate(writer.values), (row, col)), shape=(writer.n_rows, cost.size)
    )
    return (
        Programme(
            cost=cost,
            rows=sp.csr_array(table),
            row_lower=np.concatenate(writer.lower),
            row_upper=np.concatenate(writer.upper),
            lower=np.zeros(cost.size),
            upper=np.ones(cost.size),
            is_integer=np.ones(
                cost.size, dtype=bool
            ),  # the presolve of HiGHS is right for pure ones
            sense="max",
        ),
        column,
    )


def _write_bands(writer: _Writer, field: Field, column: Indices) -> None:
    rows = field.band
    band = np.repeat(np.arange(rows.start.size - 1), np.diff(rows.start))
    unit = np.where(field.slack > 0, field.slack * 1e9, 1.0)
    kept = column[rows.literal] >= 0
    writer.add(
        band[kept], column[rows.literal[kept]], rows.value[kept] / unit[band[kept]], unit.size,
        field.band_lower / unit, field.band_upper / unit,
    )  # fmt: skip


def _write_pairs(
    writer: _Writer, field: Field, may: Mask, column: Indices, unary: Vector
) -> Vector:
    """Rows of the edges; their parts for single nodes go into ``unary``; returns the costs of the new columns."""
    one, two = field.ends.T
    first, second, rest, forbidden = _split(field, may)
    np.add.at(unary, one, first)
    np.add.at(unary, two, second)
    edge, a, b = np.nonzero(rest > 0)
    new = int(may.sum()) + np.arange(edge.size)
    for end, label in ((one, a), (two, b)):
        key = edge * field.k + label
        used, row = np.unique(key, return_inverse=True)
        owner = column[end[used // field.k] * field.k + used % field.k]
        n = used.size
        writer.add(
            np.concatenate([row.ravel(), np.arange(n)]),
            np.concatenate([new, owner]),
            np.concatenate([np.ones(new.size), -np.ones(n)]),
            n, np.full(n, -np.inf), np.zeros(n),
        )  # fmt: skip
    edge_f, a_f, b_f = np.nonzero(forbidden)
    n = edge_f.size
    writer.add(
        np.tile(np.arange(n), 2),
        np.concatenate([column[one[edge_f] * field.k + a_f], column[two[edge_f] * field.k + b_f]]),
        np.ones(2 * n), n, np.full(n, -np.inf), np.ones(n),
    )  # fmt: skip
    return rest[edge, a, b]


def _write_coverage(writer: _Writer, field: Field, column: Indices, first: int) -> None:
    """A column per point from column ``first`` on, 1 if it is served and asks."""
    h = field.reward.size
    point = first + np.arange(h)
    for rows, is_always in ((field.server, False), (field.gate, True)):
        n_listed = np.diff(rows.start)
        row = np.repeat(np.arange(h), n_listed)
        kept = column[rows.literal] >= 0
        upper = np.where(is_always & (n_listed == 0), 1.0, 0.0)
        writer.add(
            np.concatenate([row[kept], np.arange(h)]),
            np.concatenate([column[rows.literal[kept]], point]),
            np.concatenate([-np.ones(int(kept.sum())), np.ones(h)]),
            h, np.full(h, -np.inf), upper,
        )  # fmt: skip
