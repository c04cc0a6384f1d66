"""Terms of patches: rows of some labels that hang together over the edges of a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from geoplan.optimise.terms import Columns, Form

__all__ = ["Patches"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patches:
    """Number, least size or greatest size of the patches that hold at least one row.

    A patch is a largest connected set of members. Members whose label is given stand behind the rows: they join
    patches and add to their size, but a patch of them alone is not counted.

    Attributes
    ----------
    edges
        Pairs of nodes that touch; nodes are the rows, then the given members.
    size
        Of each node.
    is_member
        Labels that make a row a member.
    measure
        ``count``, ``smallest`` (infinite where there is no patch) or ``largest`` (0 where there is none).
    """

    edges: Ints
    size: Floats
    is_member: NDArray[np.bool_]
    measure: Literal["count", "smallest", "largest"]

    def value(self, labels: Ints) -> float:
        """The value of one label per row."""
        return self._told(self._sizes(self._inside(labels), labels.size))

    def changes(self, labels: Ints) -> Floats:
        """Row x label: the value if this row alone took this label."""
        inside, rows = self._inside(labels), labels.size
        now = self._told(self._sizes(inside, rows))
        other = np.full(rows, now)
        for row in range(
            rows
        ):  # joining or leaving can split and join patches; each is looked at by itself
            inside[row] = not inside[row]
            other[row] = self._told(self._sizes(inside, rows))
            inside[row] = not inside[row]
        stays = inside[:rows, None] == self.is_member[None, :]
        return np.where(stays, now, other[:, None])

    def patches(self, labels: Ints) -> list[Ints]:
        """The nodes of each patch, in the order of its first node."""
        inside = self._inside(labels)
        number = self._numbers(inside)
        found = [np.flatnonzero(number == c) for c in range(number.max(initial=-1) + 1)]
        return [nodes for nodes in found if (nodes < labels.size).any()]

    def form(self, columns: Columns, push: int) -> Form:
        """Each patch is fed from roots of its own: one flow over the edges that only members pass.

        Only the number of patches is a linear form, and only as it is pushed down.
        """
        if self.measure != "count" or push >= 0:
            raise ValueError("only the number of patches, pushed down, has a linear form")
        flow = _Flow(self, columns)
        return flow.form(np.r_[np.zeros(flow.arcs + flow.n + flow.fixed), np.ones(flow.n)])

    def at_least(self, columns: Columns, lower: float) -> tuple[Form, sp.csr_array, float]:
        """A form with rows over it, each at most 0, under which every patch measures at least ``lower``.

        Also what one unit of those rows is.
        """
        flow = _Flow(self, columns)
        return (
            flow.form(np.zeros(flow.own)),
            flow.feeds_at_least(lower),
            float(self.size.sum()) or 1.0,
        )

    def cuts(self, labels: Ints, columns: Columns, upper: float) -> tuple[sp.csr_array, Floats]:
        """Rows, each with its greatest value, that forbid patches greater than ``upper``: not all of a set."""
        neighbours = self._neighbours()
        sets = [
            self._too_large(nodes, neighbours, upper)
            for nodes in self.patches(labels)
            if self.size[nodes].sum() > upper
        ]
        sets = [nodes[nodes < labels.size] for nodes in sets]
        row = np.repeat(np.arange(len(sets)), [nodes.size for nodes in sets])
        taken = self.active(columns)[np.concatenate([np.zeros(0, dtype=np.int64), *sets])]
        pick = sp.coo_array(
            (np.ones(row.size), (row, np.arange(row.size))), shape=(len(sets), row.size)
        )
        return sp.csr_array(pick.tocsr() @ taken), np.asarray([nodes.size - 1.0 for nodes in sets])

    def _too_large(self, nodes: Ints, neighbours: sp.csr_array, upper: float) -> Ints:
        """A connected part of a patch that is just too large: grown from its first node, nearest first."""
        inside = set(nodes.tolist())
        order = [int(nodes[0])]
        seen, total = {order[0]}, 0.0
        for at in order:
            total += float(self.size[at])
            if total > upper:
                return np.asarray(order[: order.index(at) + 1], dtype=np.int64)
            for other in neighbours.indices[
                neighbours.indptr[at] : neighbours.indptr[at + 1]
            ].tolist():
                if other in inside and other not in seen:
                    seen.add(other)
                    order.append(other)
        return nodes

    def active(self, columns: Columns) -> sp.csr_array:
        """Row x choice: the choices that make a row a member."""
        taken = np.flatnonzero(self.is_member[columns.label])
        shape = (columns.number.shape[0], columns.count)
        return sp.coo_array((np.ones(taken.size), (columns.row[taken], taken)), shape=shape).tocsr()

    def _inside(self, labels: Ints) -> NDArray[np.bool_]:
        fixed = self.size.size - labels.size
        return np.concatenate([self.is_member[labels], np.ones(fixed, dtype=bool)])

    def _neighbours(self) -> sp.csr_array:
        i, j = self.edges.T
        n = self.size.size
        both = (np.concatenate([i, j]), np.concatenate([j, i]))
        return sp.coo_array((np.ones(2 * i.size), both), shape=(n, n)).tocsr()

    def _numbers(self, inside: NDArray[np.bool_]) -> Ints:
        """Number of each node's patch, -1 outside."""
        kept = self.edges[inside[self.edges].all(axis=1)]
        n = inside.size
        graph = sp.coo_array((np.ones(len(kept)), tuple(kept.T)), shape=(n, n))
        _, part = connected_components(graph, directed=False)
        number = np.full(n, -1, dtype=np.int64)
        number[inside] = np.unique(part[inside], return_inverse=True)[1]
        return number

    def _sizes(self, inside: NDArray[np.bool_], rows: int) -> Floats:
        """Size of each patch that holds a row."""
        number = self._numbers(inside)
        count = int(number.max(initial=-1)) + 1
        size = np.bincount(number[inside], weights=self.size[inside], minlength=count)
        own = np.bincount(number[:rows][inside[:rows]], minlength=count)
        return np.asarray(size[own > 0], dtype=float)

    def _told(self, sizes: Floats) -> float:
        if self.measure == "count":
            return float(sizes.size)
        return float(
            sizes.min(initial=np.inf) if self.measure == "smallest" else sizes.max(initial=0.0)
        )


class _Flow:
    r"""A flow from roots to members; its own columns are arcs, feeds, what given members take, and roots.

    .. math::
        g_i + \sum f_{ji} - \sum f_{ij} = s_i a_i, \quad 0 \le f_{ij} \le a_i, a_j, \quad g_i \le r_i, \quad
        r_i \le a_i

    with sizes scaled to 1 in all; given members take what they like, up to their size.
    """

    def __init__(self, patches: Patches, columns: Columns) -> None:
        self._columns, self._total = columns, float(patches.size.sum()) or 1.0
        n = columns.number.shape[0]
        self.n, self.fixed = n, patches.size.size - n
        self._active = patches.active(columns)
        able = np.concatenate(
            [np.asarray(self._active.sum(axis=1)).ravel() > 0, np.ones(self.fixed, bool)]
        )
        edges = patches.edges[able[patches.edges].all(axis=1)]
        self._from = np.concatenate([edges[:, 0], edges[:, 1]])
        self._to = np.concatenate([edges[:, 1], edges[:, 0]])
        self.arcs = self._from.size
        self.own = self.arcs + 2 * n + self.fixed
        self._size = patches.size / self._total

    def form(self, own: Floats) -> Form:
        """The flow, with what its own columns are worth."""
        arcs, n, fixed = self.arcs, self.n, self.fixed
        number = np.arange(arcs)
        net = sp.coo_array(
            (
                np.r_[np.ones(arcs), -np.ones(arcs)],
                (np.r_[self._to, self._from], np.r_[number, number]),
            ),
            shape=(n + fixed, arcs),
        ).tocsr()
        eye = sp.eye_array(n)
        none = sp.csr_array((n, fixed))
        takes = sp.diags_array(self._size[:n]) @ self._active
        blocks = [
            sp.hstack([-takes, net[:n], eye, none, sp.csr_array((n, n))]),
            sp.hstack([sp.csr_array((fixed, self._columns.count)), net[n:], sp.csr_array((fixed, n)),
                       -sp.eye_array(fixed), sp.csr_array((fixed, n))]),
            *(self._passes(ends) for ends in (self._from, self._to)),
            sp.hstack([sp.csr_array((n, self._columns.count + arcs)), eye, none, -eye]),
            sp.hstack([-self._active, sp.csr_array((n, arcs + n)), none, eye]),
        ]  # fmt: skip
        lower = [np.zeros(n + fixed), *(np.full(b.shape[0], -np.inf) for b in blocks[2:])]
        upper = [np.zeros(b.shape[0]) for b in blocks]
        whole = np.zeros(self.own, dtype=bool)
        whole[-n:] = True
        return Form(
            choices=np.zeros(self._columns.count),
            own=own,
            own_upper=np.concatenate([np.ones(arcs + n), self._size[n:], np.ones(n)]),
            is_integer=whole,
            rows=sp.csr_array(sp.vstack(blocks)),
            row_lower=np.concatenate(lower),
            row_upper=np.concatenate(upper),
        )

    def feeds_at_least(self, lower: float) -> sp.csr_array:
        """Rows over the choices and own columns, each at most 0: what a root feeds is no less than ``lower``."""
        eye = sp.eye_array(self.n)
        before = sp.csr_array((self.n, self._columns.count + self.arcs))
        none = sp.csr_array((self.n, self.fixed))
        return sp.csr_array(sp.hstack([before, -eye, none, lower / self._total * eye]))

    def _passes(self, ends: Ints) -> sp.csr_array:
        """A flow passes only where that end is a member."""
        free = np.flatnonzero(ends < self.n)
        arc = sp.coo_array(
            (np.ones(free.size), (np.arange(free.size), free)), shape=(free.size, self.arcs)
        )
        rest = sp.csr_array((free.size, self.own - self.arcs))
        return sp.csr_array(sp.hstack([-self._active[ends[free]], arc, rest]))
