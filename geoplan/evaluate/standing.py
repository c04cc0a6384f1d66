"""Each parcel against the mean of its group, year by year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.evaluate._arrays import Codes, Floats
from geoplan.evaluate.runs import below

__all__ = ["Standing", "stand_against"]

#: Parcels worked on at once, so that they stay in the processor's cache.
_BLOCK = 2**14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Parcel x year, the parcels of a year together in memory.

    Attributes
    ----------
    per_m2, mean_per_m2
        The parcel's own figure and the mean that counts for it [currency/m2/a]; NaN where not known.
    is_below
        1 below, 0 not below, -1 unknown.
    """

    per_m2: Floats
    mean_per_m2: Floats
    is_below: Codes


def stand_against(
    mean_per_m2: Floats, *, amount: Floats, area_m2: Floats, group: NDArray[np.intp]
) -> Standing:
    """Set each parcel against the mean of its group; one without a group has no mean.

    Parameters
    ----------
    mean_per_m2
        Group x year, as :attr:`geoplan.evaluate.averages.GridSums.mean_per_m2`.
    amount
        Parcel x year [currency/a].
    group
        Position of each parcel's group; -1 for none.

    Examples
    --------
    >>> mean, amount = np.array([[2.0]]), np.array([[10.0], [30.0], [10.0]])
    >>> area, group = np.array([10.0, 10.0, 10.0]), np.array([0, 0, -1])
    >>> stand_against(mean, amount=amount, area_m2=area, group=group).is_below.ravel().tolist()
    [1, 0, -1]
    """
    count, year_count = amount.shape
    per_m2, mean_of = np.empty((2, year_count, count))
    is_below = np.empty((year_count, count), dtype=np.int8)
    means = np.vstack([mean_per_m2, np.full((1, year_count), np.nan)])  # the last for no group
    for begin in range(0, count, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        for year in range(year_count):
            own, mean = per_m2[year, rows], mean_of[year, rows]
            np.divide(amount[rows, year], area_m2[rows], out=own)
            np.take(means[:, year], group[rows], out=mean, mode="wrap")
            is_below[year, rows] = below(own, mean)
    return Standing(per_m2=per_m2.T, mean_per_m2=mean_of.T, is_below=is_below.T)
