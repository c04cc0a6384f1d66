"""Bands and conflicts over one label per unit, as rows of a linear programme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise._highs import Programme
from geoplan.optimise.assignment import Band, Conflict

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choices:
    """The allowed choices (unit, label) are the columns; ``number`` finds them, -1 where not allowed."""

    unit: Ints
    label: Ints
    number: Ints

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.unit.size)

    def labels(self, x: Floats) -> Ints:
        """The label of each unit from the columns."""
        labels = np.full(self.number.shape[0], -1, dtype=np.int64)
        chosen = x[: self.count] > 0.5  # noqa: PLR2004 - columns are 0 or 1
        labels[self.unit[chosen]] = self.label[chosen]
        return labels


def choice_programme(
    allowed: NDArray[np.bool_], bands: Sequence[Band], conflicts: Sequence[Conflict]
) -> tuple[Choices, Programme]:
    """One label per unit under bands (with coefficients) and conflicts; the cost is left at nothing."""
    unit, label = np.nonzero(allowed)
    number = np.full(allowed.shape, -1, dtype=np.int64)
    number[unit, label] = np.arange(unit.size)
    choices = Choices(unit=unit, label=label, number=number)
    units, ones = allowed.shape[0], np.ones(choices.count)
    rows = [sp.csr_array((ones, (unit, np.arange(unit.size))), shape=(units, unit.size))]
    lower, upper = [np.ones(units)], [np.ones(units)]
    for band in bands:
        value = np.asarray(band.coefficients, dtype=float)[unit, label]
        scale = float(np.abs(value).max(initial=0.0)) or 1.0
        rows.append(sp.csr_array(value[None, :] / scale))
        lower.append(np.array([band.lower / scale]))
        upper.append(np.array([band.upper / scale]))
    for conflict in conflicts:
        pairs = np.asarray(conflict.pairs, dtype=np.int64).reshape(-1, 4)
        one, other = number[pairs[:, 0], pairs[:, 1]], number[pairs[:, 2], pairs[:, 3]]
        both = np.column_stack([one, other])[(one >= 0) & (other >= 0)]
        place = np.repeat(np.arange(len(both)), 2)
        shape = (len(both), unit.size)
        rows.append(sp.csr_array((np.ones(place.size), (place, both.ravel())), shape=shape))
        lower.append(np.full(len(both), -np.inf))
        upper.append(np.ones(len(both)))
    return choices, Programme(
        cost=np.zeros(unit.size),
        rows=sp.csr_array(sp.vstack(rows)),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        lower=np.zeros(unit.size),
        upper=ones,
        is_integer=np.ones(unit.size, dtype=bool),
        sense="max",
    )
