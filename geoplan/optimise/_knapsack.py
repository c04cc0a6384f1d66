"""The best load of every site at once: knapsacks that share their items, one per site.

Each item i has one size and a profit per site; the load of site j may not exceed its capacity. Sizes that are whole
and small are packed exactly on a grid of cells; else sizes are rounded down to cells, so that the profit is never told
too low: what is wanted is a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Knapsacks", "Packed"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Cells of the largest site; whole sizes up to it are exact.
CELLS = 512
#: Decisions held at once: items times sites times cells.
ROOM = 60_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Profit of each site by cells used, and which items it holds.

    ``profit[j, q]`` is the best profit of site j within q cells; ``taken`` the decisions that led there.
    """

    profit: Vector
    taken: Mask
    size: Indices
    cells: Indices

    @property
    def best(self) -> Vector:
        """Profit of each site with all its cells."""
        full: Vector = self.profit[np.arange(self.cells.size), self.cells]
        return full

    def items(self, sites: Indices) -> Mask:
        """(n, k): the items that each of the sites holds."""
        left, chosen = self.cells[sites].copy(), np.zeros((self.size.size, sites.size), dtype=bool)
        for item in range(self.size.size - 1, -1, -1):  # back through the decisions
            chosen[item] = self.taken[item, sites, left]
            left -= self.size[item] * chosen[item]
        return chosen

    def within(self, size: Indices) -> Vector:
        """(n, m): profit of site j once an item of this size is in it, that item left out; -inf if it cannot be."""
        left = self.cells[None, :] - size[:, None]
        profit = self.profit[np.arange(self.cells.size)[None, :], np.maximum(left, 0)]
        return np.where(left >= 0, profit, -np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Knapsacks:
    """Sizes and capacities in cells."""

    size: Indices
    cells: Indices

    @classmethod
    def of(cls, size: Vector, capacity: Vector) -> Knapsacks:
        """Measure sizes and capacities in cells, both rounded so that whatever fits still fits."""
        largest = float(min(capacity.max(initial=0.0), size.sum()))
        room = max(8, min(CELLS, ROOM // max(1, size.size * capacity.size)))
        is_whole = bool(np.all(size == np.round(size))) and largest <= room
        cell = 1.0 if is_whole or largest == 0 else largest / room
        held = np.minimum(np.floor(capacity / cell), np.ceil(size.sum() / cell))
        return cls(np.floor(size / cell).astype(np.int64), held.astype(np.int64))

    def pack(self, profit: Vector) -> Packed:
        """Pack every site; items without profit at a site stay out."""
        n, m = profit.shape
        width = int(self.cells.max(initial=0)) + 1
        best = np.zeros((m, width))
        taken = np.zeros((n, m, width), dtype=bool)
        for item in range(n):  # one item after the other, all sites at once
            size = int(self.size[item])
            sites = np.flatnonzero((profit[item] > 0) & (self.cells >= size))
            if not sites.size:
                continue
            rows = best[sites]
            packed = rows[:, : width - size] + profit[item, sites, None]
            better = packed > rows[:, size:]
            rows[:, size:] = np.where(better, packed, rows[:, size:])
            best[sites] = rows
            taken[item, sites, size:] = better
        return Packed(best, taken, self.size, self.cells)
