"""Terms of reach: how much of a demand has a supplier near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise.terms import Columns, Form, Sum

__all__ = ["Cover"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    r"""Weight of the demand that is covered, less a share of all demand.

    .. math:: \sum_d w_d (c_d - s), \qquad c_d = 1 \;\text{if a supplier reaches}\; d

    Demand that is given has a weight of its own; demand of a row is weighed by the row's label.

    Attributes
    ----------
    reach
        Demand x row: which rows could cover it as suppliers; a row never covers its own demand.
    is_supplier
        Labels that make a row a supplier.
    is_covered
        Demand that is covered whatever is chosen.
    given
        Weight of demand that is there whatever is chosen.
    owner
        The row whose label weighs a demand; -1 where the weight is given.
    weight
        Row x label: demand of a row with this label, for each of its demands times ``part``.
    part
        Part of its row's weight that falls to each demand.
    less_share
        The share s.
    is_share
        Tell the covered share of all demand instead; 1 where there is none.
    most
        Most demand of the labellings that a share is asked for; by default the most there can be.
    """

    reach: sp.csr_array
    is_supplier: NDArray[np.bool_]
    is_covered: NDArray[np.bool_]
    given: Floats
    owner: Ints
    weight: Floats
    part: Floats
    less_share: float = 0.0
    is_share: bool = False
    most: float = np.inf

    def value(self, labels: Ints) -> float:
        """The value of one label per row."""
        covered, every = self.covered(labels)
        return float(self._told(np.asarray(covered), np.asarray(every)))

    def covered(self, labels: Ints) -> tuple[float, float]:
        """Weight that is covered, and all weight."""
        weights = self._weights(labels)
        return float(weights @ self._is_reached(labels)), float(weights.sum())

    def _told(self, covered: Floats, every: Floats) -> Floats:
        if self.is_share:
            covered, every = np.broadcast_arrays(covered, every)
            return np.divide(covered, every, out=np.ones(np.shape(covered)), where=every > 0)
        return np.asarray(covered - self.less_share * every)

    def changes(self, labels: Ints) -> Floats:
        """Row x label: the value if this row alone took this label."""
        rows = np.arange(labels.size)
        weights, count = self._weights(labels), self._suppliers(labels)
        open_demand = ~self.is_covered
        gained = self.reach.T @ (weights * (open_demand & (count == 0)))
        lost = self.reach.T @ (weights * (open_demand & (count == 1)))
        supplies = self.is_supplier[labels]
        becomes = np.where(supplies, 0.0, gained)[:, None] * self.is_supplier
        ceases = np.where(supplies, lost, 0.0)[:, None] * ~self.is_supplier
        owned = self.owner >= 0
        more = self.weight - self.weight[rows, labels][:, None]
        covered, every = self.covered(labels)
        reached = self.part[owned] * self._is_reached(labels)[owned]
        own_reached = np.bincount(self.owner[owned], weights=reached, minlength=labels.size)
        own_part = np.bincount(self.owner[owned], weights=self.part[owned], minlength=labels.size)
        return self._told(
            covered + becomes - ceases + more * own_reached[:, None],
            every + more * own_part[:, None],
        )

    def form(self, columns: Columns, push: int) -> Form:
        """An own column per demand and distinct weight: at most its demand, at most its suppliers.

        A share is told by the uncovered part of the most demand there can be: exact where all demand is given, else
        never less than the share, so that a bound from it holds.
        """
        if self.is_share and push <= 0:
            raise ValueError("a share has a linear form only as it is pushed up")
        less, scale = (1.0, 1.0 / self.most_demand) if self.is_share else (self.less_share, 1.0)
        supply = self.reach @ _rows_of(columns, self.is_supplier.astype(float)[columns.label])
        parts = [_Part(columns, supply, *piece) for piece in self._pieces(columns)]
        rows = [part.rows(push) for part in parts]
        n = sum(part.n for part in parts)
        before = np.cumsum([0, *(part.n for part in parts)])
        tables = [
            sp.hstack([table[:, : columns.count], _shifted(table[:, columns.count :], start, n)])
            for (table, _, _), start in zip(rows, before, strict=False)
        ]
        choices = np.zeros(columns.count)
        for part in parts:
            choices -= less * (part.demand.T @ part.weight)
        fixed = self.owner < 0
        constant = float(self.given[fixed] @ (self.is_covered[fixed] - less))
        return Form(
            choices=choices * scale,
            own=np.concatenate([np.zeros(0), *(part.weight for part in parts)]) * scale,
            constant=constant * scale + float(self.is_share),
            own_upper=np.ones(n),
            is_integer=np.zeros(n, dtype=bool),
            rows=sp.csr_array(sp.vstack(tables)),
            row_lower=np.concatenate([np.zeros(0), *(lower for _, lower, _ in rows)]),
            row_upper=np.concatenate([np.zeros(0), *(upper for _, _, upper in rows)]),
        )

    @property
    def demand(self) -> Sum:
        """All demand, as a term."""
        owned = self.owner >= 0
        part = np.bincount(self.owner[owned], weights=self.part[owned], minlength=len(self.weight))
        return Sum(
            coefficients=self.weight * part[:, None], constant=float(self.given[~owned].sum())
        )

    @property
    def most_demand(self) -> float:
        """The most demand that any labelling has."""
        top = self.demand.coefficients.max(axis=1, initial=0.0).sum() + self.demand.constant
        return min(float(top), self.most) or 1.0

    def _pieces(
        self, columns: Columns
    ) -> list[tuple[Ints, Floats, sp.csr_array, NDArray[np.bool_]]]:
        """Demands, their weights, their choices, whether they are covered anyway; given demand, then each weight."""
        open_given = np.flatnonzero((self.owner < 0) & ~self.is_covered & (self.given > 0))
        none = sp.csr_array((open_given.size, columns.count))
        pieces = [(open_given, self.given[open_given], none, np.zeros(open_given.size, dtype=bool))]
        owned = np.flatnonzero(self.owner >= 0)
        own_weight = self.weight[columns.row, columns.label]
        rank = np.zeros(columns.count, dtype=np.int64)
        for row in np.unique(self.owner[owned]):  # few distinct weights a row; one piece for each
            mine = columns.row == row
            rank[mine] = np.unique(own_weight[mine], return_inverse=True)[1]
        for r in range(int(rank.max(initial=-1)) + 1):
            chosen = (rank == r) & (own_weight > 0)
            demand = sp.csr_array(_rows_of(columns, chosen.astype(float))[self.owner[owned]])
            top = np.zeros(self.weight.shape[0])
            np.maximum.at(top, columns.row[chosen], own_weight[chosen])
            weight = self.part[owned] * top[self.owner[owned]]
            some = weight > 0
            pieces.append((owned[some], weight[some], demand[some], self.is_covered[owned[some]]))
        return pieces

    def _weights(self, labels: Ints) -> Floats:
        own = self.weight[self.owner, labels[self.owner]] * self.part if labels.size else self.given
        return np.asarray(np.where(self.owner >= 0, own, self.given))

    def _suppliers(self, labels: Ints) -> Floats:
        return np.asarray(self.reach @ self.is_supplier[labels].astype(float))

    def _is_reached(self, labels: Ints) -> NDArray[np.bool_]:
        return np.asarray(self.is_covered | (self._suppliers(labels) > 0))


class _Part:
    """Own columns for some demands: how much of each is covered."""

    def __init__(  # noqa: PLR0913, PLR0917 - one piece of the form
        self,
        columns: Columns,
        supply: sp.csr_array,
        which: Ints,
        weight: Floats,
        demand: sp.csr_array,
        is_covered: NDArray[np.bool_],
    ) -> None:
        self.n, self.weight, self.demand = which.size, weight, demand
        self._supply, self._is_covered, self._columns = supply[which], is_covered, columns

    def rows(self, push: int) -> tuple[sp.csr_array, Floats, Floats]:
        """Rows over the choices and these own columns."""
        eye = sp.csr_array(sp.eye_array(self.n))
        is_given = np.diff(self.demand.indptr) == 0
        has_demand, is_open = np.flatnonzero(~is_given), np.flatnonzero(~self._is_covered)
        tables = [
            sp.hstack([-self.demand[has_demand], eye[has_demand]]),
            sp.hstack([-self._supply[is_open], eye[is_open]]),
        ]
        lower = [np.full(has_demand.size + is_open.size, -np.inf)]
        upper = [np.zeros(has_demand.size + is_open.size)]
        if push <= 0:  # covered where any one supplier is there
            demand, column = self._supply.nonzero()
            pick = sp.coo_array((np.ones(column.size), (np.arange(column.size), column)),
                                shape=(column.size, self._columns.count)).tocsr()  # fmt: skip
            both = pick + self.demand[demand]
            tables.append(sp.hstack([both, -eye[demand]]))
            lower.append(np.full(demand.size, -np.inf))
            upper.append(np.where(is_given[demand], 0.0, 1.0))
            sure = np.flatnonzero(self._is_covered)
            tables.append(sp.hstack([self.demand[sure], -eye[sure]]))
            lower.append(np.full(sure.size, -np.inf))
            upper.append(np.zeros(sure.size))
        return sp.csr_array(sp.vstack(tables)), np.concatenate(lower), np.concatenate(upper)


def _rows_of(columns: Columns, value: Floats) -> sp.csr_array:
    """Row x choice: the values, each in the row it belongs to."""
    n = columns.number.shape[0]
    table = sp.coo_array((value, (columns.row, np.arange(columns.count))), shape=(n, columns.count))
    found = table.tocsr()
    found.eliminate_zeros()
    return sp.csr_array(found)


def _shifted(table: sp.csr_array, start: int, n: int) -> sp.csr_array:
    """A table of some own columns among all."""
    found = table.tocoo()
    return sp.csr_array(
        sp.coo_array(
            (found.data, (found.coords[0], found.coords[1] + start)), shape=(table.shape[0], n)
        )
    )
