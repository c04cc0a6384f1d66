"""A question of labels as flat arrays: pair tables, bands, coverage, all checked and merged.

A literal is one choice "node i takes label a", numbered ``i * k + a``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from geoplan.optimise.assignment import Band, Conflict, Lock

__all__ = ["Coverage", "Field", "Rows", "field_of", "reordered", "spread_of", "with_weights"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coverage:
    """A reward for each point that has a node with one of ``labels`` within its reach.

    Attributes
    ----------
    name
        What is covered by what.
    labels
        The labels that serve.
    reaches
        (h, n), nonzero where node i, given one of ``labels``, serves point h.
    reward
        (h,) at least 0; earned once, however many nodes serve the point.
    nodes, asking
        The reward is earned only if the label of ``nodes[h]`` is one of ``asking``; without ``nodes`` always.
    """

    name: str
    labels: tuple[int, ...]
    reaches: sp.csr_array | sp.coo_array | NDArray[np.float64]
    reward: ArrayLike
    nodes: Sequence[int] | Indices | None = None
    asking: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Lists of literals with a value each: list r is ``literal[start[r]:start[r + 1]]``."""

    start: Indices
    literal: Indices
    value: Vector

    @classmethod
    def of(cls, table: sp.csr_array) -> Rows:
        """Rows of a sparse table whose columns are the literals."""
        table.sum_duplicates()
        return cls(
            start=table.indptr.astype(np.int64),
            literal=table.indices.astype(np.int64),
            value=table.data.astype(np.float64),
        )

    def table(self, n_literals: int) -> sp.csr_array:
        """The lists as a sparse table of its own: scipy sorts such tables in place."""
        parts = (self.value.copy(), self.literal.copy(), self.start.copy())
        return sp.csr_array(parts, shape=(self.start.size - 1, n_literals))

    def turned(self, n_literals: int) -> Rows:
        """For each literal the rows that hold it."""
        return Rows.of(sp.csr_array(self.table(n_literals).T.tocsr()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """The whole question; parallel edges are one, locks are part of ``allowed``.

    Attributes
    ----------
    unary
        (n, k), ``-inf`` where not allowed.
    ends, pair
        (m, 2) with the smaller node first; (m, k, k) worth by label of the first and of the second node.
        Forbidden pairs are in ``pair`` at a price that no gain around them outweighs.
    forbidden
        (m, k, k) marks of pairs that exclude each other, or (0, k, k) if there are none.
    band, band_lower, band_upper
        One row of literals per band.
    server, gate, reward
        Per point that wants to be covered: the literals that serve it, those of which one must hold (none: always).
    """

    n: int
    k: int
    unary: Vector
    ends: Indices
    pair: Vector
    forbidden: Mask
    band: Rows
    band_lower: Vector
    band_upper: Vector
    server: Rows
    gate: Rows
    reward: Vector

    @property
    def allowed(self) -> Mask:
        """Which labels a node may take."""
        return np.isfinite(self.unary)

    @property
    def slack(self) -> Vector:
        """How far each band may be missed by rounding: 1e-9 of its largest coefficient."""
        largest = np.zeros(self.band_lower.size)
        row = np.repeat(np.arange(largest.size), np.diff(self.band.start))
        np.maximum.at(largest, row, np.abs(self.band.value))
        return 1e-9 * largest

    def totals(self, labels: Indices) -> Vector:
        """Total of each band."""
        return _sums(self.band, self.chosen(labels))

    def chosen(self, labels: Indices) -> Mask:
        """Which literals hold."""
        mark = np.zeros(self.n * self.k, dtype=bool)
        mark[np.arange(self.n) * self.k + labels] = True
        return mark

    def is_kept(self, labels: Indices) -> bool:
        """Whether labels, bands and conflicts all hold."""
        total = self.totals(labels)
        within = (total >= self.band_lower - self.slack) & (total <= self.band_upper + self.slack)
        is_allowed = bool(self.allowed[np.arange(self.n), labels].all())
        one, two = labels[self.ends[:, 0]], labels[self.ends[:, 1]]
        edge = np.arange(self.forbidden.shape[0])
        quarrels = self.forbidden[edge, one[: edge.size], two[: edge.size]]
        return bool(within.all()) and is_allowed and not quarrels.any()

    def worth(self, labels: Indices) -> float:
        """Objective of labels that keep the rules."""
        own = self.unary[np.arange(self.n), labels].sum()
        edge = np.arange(self.ends.shape[0])
        pairs = self.pair[edge, labels[self.ends[:, 0]], labels[self.ends[:, 1]]].sum()
        chosen = self.chosen(labels)
        served = _sums(self.server, chosen) > 0
        asks = (_sums(self.gate, chosen) > 0) | (np.diff(self.gate.start) == 0)
        return float(own + pairs + self.reward[served & asks].sum())


def reordered(field: Field, order: Indices) -> Field:
    """The same question with node ``order[p]`` in place p."""
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    ends = place[field.ends]
    swapped = ends[:, 0] > ends[:, 1]
    ends = np.sort(ends, axis=1)
    rank = np.lexsort((ends[:, 1], ends[:, 0]))

    def turned(table: NDArray[T]) -> NDArray[T]:
        if table.shape[0] == 0:
            return table
        mirrored = table.copy()
        mirrored[swapped] = table[swapped].transpose(0, 2, 1)
        return mirrored[rank]

    def moved(rows: Rows) -> Rows:
        literal = place[rows.literal // field.k] * field.k + rows.literal % field.k
        return Rows(start=rows.start, literal=literal, value=rows.value)

    return replace(
        field,
        unary=field.unary[order],
        ends=ends[rank],
        pair=turned(field.pair),
        forbidden=turned(field.forbidden),
        band=moved(field.band),
        server=moved(field.server),
        gate=moved(field.gate),
    )


def _sums(rows: Rows, chosen: Mask) -> Vector:
    row = np.repeat(np.arange(rows.start.size - 1), np.diff(rows.start))
    held = chosen[rows.literal]
    return np.bincount(row[held], weights=rows.value[held], minlength=rows.start.size - 1).astype(
        np.float64
    )


def field_of(  # noqa: PLR0913 - the whole question
    *,
    score: ArrayLike,
    allowed: ArrayLike,
    weight: ArrayLike | None,
    edges: ArrayLike,
    edge_weight: ArrayLike | None,
    affinity: ArrayLike | None,
    edge_kind: ArrayLike | None,
    bands: Sequence[Band],
    conflicts: Sequence[Conflict],
    coverages: Sequence[Coverage],
    locks: Sequence[Lock],
) -> Field:
    """Check everything and lay it out; ``ValueError`` names what is broken."""
    scores, may = np.asarray(score, dtype=float), np.array(allowed, dtype=bool)
    if scores.ndim != 2 or scores.shape != may.shape:  # noqa: PLR2004 - a table
        raise ValueError(f"shapes do not fit: score {scores.shape}, allowed {may.shape}")
    n, k = scores.shape
    for lock in locks:
        rows, labels = _within(lock.rows, n, lock.name), _within(lock.labels, k, lock.name)
        np.logical_and.at(may, rows, np.arange(k) == labels[:, None])
    if not np.all(np.isfinite(scores[may])):
        raise ValueError("every score of an allowed label must be a number")
    ends, pair = _pairs(n, k, edges, edge_weight, affinity, edge_kind)
    unary = np.where(may, scores, -np.inf)
    ends, pair, forbidden = _with_conflicts(unary, ends, pair, conflicts)
    sizes = np.ones(n) if weight is None else np.asarray(weight, dtype=float)
    if sizes.shape != (n,) or not np.all(np.isfinite(sizes) & (sizes >= 0)):
        raise ValueError("weight must be one number of at least 0 per row")
    server, gate, reward = _coverage(n, k, coverages)
    return Field(
        n=n,
        k=k,
        unary=unary,
        ends=ends,
        pair=pair,
        forbidden=forbidden,
        band=Rows.of(_stacked([_band_row(n, k, sizes, band) for band in bands], n * k)),
        band_lower=np.array([band.lower for band in bands], dtype=float),
        band_upper=np.array([band.upper for band in bands], dtype=float),
        server=server,
        gate=gate,
        reward=reward,
    )


def _pairs(  # noqa: PLR0913, PLR0917 - what edges are made of
    n: int,
    k: int,
    edges: ArrayLike,
    edge_weight: ArrayLike | None,
    affinity: ArrayLike | None,
    edge_kind: ArrayLike | None,
) -> tuple[Indices, Vector]:
    """Edges with the smaller node first, parallel ones added up."""
    given = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    m = given.shape[0]
    sizes = np.ones(m) if edge_weight is None else np.asarray(edge_weight, dtype=float)
    kinds = np.zeros(m, np.int64) if edge_kind is None else np.asarray(edge_kind, dtype=np.int64)
    tables = np.zeros((1, k, k)) if affinity is None else np.asarray(affinity, dtype=float)
    tables = tables.reshape(-1, *tables.shape[-2:])
    if sizes.shape != (m,) or kinds.shape != (m,) or tables.shape[1:] != (k, k):
        msg = f"shapes do not fit: {m} edges, edge_weight {sizes.shape}, edge_kind {kinds.shape}, affinity {tables.shape}"
        raise ValueError(msg)
    if not (np.all(np.isfinite(sizes)) and np.all(np.isfinite(tables))):
        raise ValueError("every edge weight and affinity must be a number")
    if m and (given.min() < 0 or given.max() >= n or np.any(given[:, 0] == given[:, 1])):
        raise ValueError("an edge must join two different nodes that exist")
    pair = sizes[:, None, None] * tables[kinds]
    swapped = given[:, 0] > given[:, 1]
    pair[swapped] = pair[swapped].transpose(0, 2, 1)
    return _merged(np.sort(given, axis=1), pair)


def _merged(ends: Indices, pair: Vector) -> tuple[Indices, Vector]:
    unique, group = np.unique(ends, axis=0, return_inverse=True)
    total = np.zeros((unique.shape[0], *pair.shape[1:]))
    np.add.at(total, group.ravel(), pair)
    return unique.reshape(-1, 2), total


def _with_conflicts(
    unary: Vector, ends: Indices, pair: Vector, conflicts: Sequence[Conflict]
) -> tuple[Indices, Vector, Mask]:
    """Edges with the forbidden pairs at a price, and their marks."""
    n, k = unary.shape
    listed = [np.asarray(each.pairs, dtype=np.int64).reshape(-1, 4) for each in conflicts]
    pairs = np.concatenate([np.zeros((0, 4), np.int64), *listed])
    _within(pairs[:, [0, 2]], n, "conflicts")
    _within(pairs[:, [1, 3]], k, "conflicts")
    if pairs.size == 0:
        return ends, pair, np.zeros((0, k, k), dtype=bool)
    if np.any(pairs[:, 0] == pairs[:, 2]):
        raise ValueError("a row cannot be in conflict with itself")
    pairs = np.where((pairs[:, 0] > pairs[:, 2])[:, None], pairs[:, [2, 3, 0, 1]], pairs)
    asked = np.unique(pairs[:, [0, 2]], axis=0)
    ends, pair = _merged(
        np.concatenate([ends, asked]), np.concatenate([pair, np.zeros((len(asked), k, k))])
    )
    mark = np.zeros(pair.shape, dtype=bool)
    at = np.searchsorted(ends[:, 0] * n + ends[:, 1], pairs[:, 0] * n + pairs[:, 2])
    mark[at, pairs[:, 1], pairs[:, 3]] = True
    spread = spread_of(unary, np.isfinite(unary))
    np.add.at(spread, ends.ravel(), np.repeat(np.ptp(pair, axis=(1, 2)), 2))
    price = 1.0 + spread[ends[:, 0]] + spread[ends[:, 1]]
    return ends, pair - price[:, None, None] * mark, mark


def with_weights(band: Band, weight: ArrayLike | None, shape: tuple[int, ...]) -> Band:
    """The band with its weights written out as coefficients."""
    if band.coefficients is not None or weight is None:
        return band
    row = _band_row(shape[0], shape[1], np.asarray(weight, dtype=float), band)
    return replace(band, labels=(), rows=None, coefficients=row.toarray().reshape(shape))


def _within(numbers: ArrayLike, count: int, name: str) -> Indices:
    """The numbers of nodes or labels, if all of them exist."""
    given = np.asarray(numbers, dtype=np.int64)
    if given.size and (given.min() < 0 or given.max() >= count):
        raise ValueError(f"{name}: a number is not within 0 to {count - 1}")
    return given


def spread_of(values: Vector, may: Mask) -> Vector:
    """Largest less smallest value of each row among those that count; 0 if none does."""
    high = np.where(may, values, -np.inf).max(axis=1, initial=-np.inf)
    low = np.where(may, values, np.inf).min(axis=1, initial=np.inf)
    return np.where(may.any(axis=1), high - low, 0.0)


def _band_row(n: int, k: int, sizes: Vector, band: Band) -> sp.csr_array:
    if band.coefficients is None:
        rows = np.arange(n) if band.rows is None else np.unique(_within(band.rows, n, band.name))
        labels = np.unique(_within(band.labels, k, band.name))
        column = (rows[:, None] * k + labels).ravel()
        value = np.repeat(sizes[rows], labels.size)
    else:
        if band.coefficients.shape != (n, k):
            raise ValueError(f"band {band.name}: coefficients of shape {band.coefficients.shape}")
        value = np.asarray(band.coefficients, dtype=float).ravel()
        column = np.arange(n * k)
    if not np.all(np.isfinite(value)):
        raise ValueError(f"band {band.name}: a coefficient is not a number")
    kept = value != 0
    column, value = column[kept], value[kept]
    return sp.csr_array((value, column, [0, column.size]), shape=(1, n * k))


def _stacked(tables: Sequence[sp.csr_array], n_columns: int) -> sp.csr_array:
    empty = sp.csr_array((0, n_columns))
    return sp.csr_array(sp.vstack([empty, *tables], format="csr"))


def _coverage(n: int, k: int, coverages: Sequence[Coverage]) -> tuple[Rows, Rows, Vector]:
    servers, gates, rewards = [], [], [np.zeros(0)]
    for each in coverages:
        reach = sp.csr_array(each.reaches)
        reward = np.asarray(each.reward, dtype=float)
        if reach.shape != (reward.size, n):
            raise ValueError(
                f"coverage {each.name}: {reward.size} rewards, reaches of shape {reach.shape}"
            )
        if not np.all(np.isfinite(reward) & (reward >= 0)):
            raise ValueError(f"coverage {each.name}: a reward must be a number of at least 0")
        points = sp.coo_array(reach)
        kept = points.data != 0
        servers.append(
            _literals(points.row[kept], points.col[kept], each.labels, reward.size, n, k)
        )
        nodes = np.zeros(0, np.int64) if each.nodes is None else np.asarray(each.nodes, np.int64)
        if each.nodes is None and each.asking:
            raise ValueError(f"coverage {each.name}: asking needs nodes")
        if each.nodes is not None and nodes.shape != reward.shape:
            raise ValueError(f"coverage {each.name}: {nodes.size} nodes, {reward.size} rewards")
        gates.append(_literals(np.arange(nodes.size), nodes, each.asking, reward.size, n, k))
        if each.nodes is not None and not each.asking:
            reward = np.zeros_like(reward)  # nobody can ask
        rewards.append(reward)
    return (
        Rows.of(_stacked(servers, n * k)),
        Rows.of(_stacked(gates, n * k)),
        np.concatenate(rewards),
    )


def _literals(  # noqa: PLR0913, PLR0917 - points and nodes side by side
    point: Indices, node: Indices, labels: Sequence[int], h: int, n: int, k: int
) -> sp.csr_array:
    some = np.unique(_within(labels, k, "coverages"))
    _within(node, n, "coverages")
    row = np.repeat(point, some.size)
    column = (np.asarray(node, np.int64)[:, None] * k + some).ravel()
    table = sp.csr_array(sp.coo_array((np.ones(row.size), (row, column)), shape=(h, n * k)))
    table.data[:] = 1.0
    return table
