"""Other averages than the area-weighted mean, each as the figure that counts for each parcel.

The mean of ratios, and the sums of a mean without the parcel itself, merge over partitions as the area-weighted mean
does. Median and trimmed mean do not: they need all parcels of a group at once.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geoplan.evaluate._arrays import Bools, Floats

__all__ = ["AVERAGES", "Average", "peer_average"]

Average = Literal["area_weighted", "mean_of_ratios", "median", "trimmed", "leave_one_out"]
AVERAGES: tuple[Average, ...] = (
    "area_weighted", "mean_of_ratios", "median", "trimmed", "leave_one_out",
)  # fmt: skip


def peer_average(
    per_m2: Floats,
    *,
    area_m2: Floats,
    group: NDArray[np.intp],
    average: Average,
    trim_share: float = 0.0,
) -> Floats:
    """The average of each parcel's group in each year.

    Only known figures count. A parcel without a group (-1), or whose group knows nothing, has no average; nor has the
    only known parcel of a group under ``leave_one_out``.

    Parameters
    ----------
    per_m2
        Parcel x year [currency/m2/a]; NaN where not known.
    trim_share
        Part of the parcels left out at either end, rounded down; only for ``trimmed``.

    Examples
    --------
    >>> per_m2, area = np.array([[1.0], [2.0], [9.0]]), np.array([10.0, 10.0, 20.0])
    >>> for name in ("area_weighted", "mean_of_ratios", "median", "leave_one_out"):
    ...     print(peer_average(per_m2, area_m2=area, group=np.zeros(3, int), average=name).ravel())
    [5.25 5.25 5.25]
    [4. 4. 4.]
    [2. 2. 2.]
    [6.66666667 6.33333333 1.5       ]
    """
    columns = [_of_year(year, area_m2, group, average, trim_share) for year in per_m2.T]
    return np.column_stack(columns) if columns else per_m2.copy()


def _of_year(
    value: Floats, area_m2: Floats, group: NDArray[np.intp], average: Average, trim_share: float
) -> Floats:
    known = (group >= 0) & ~np.isnan(value) & ~np.isnan(area_m2)
    if average in ("median", "trimmed"):
        return _by_rank(value, known, group, trim_share if average == "trimmed" else None)
    weight = np.where(known, 1.0 if average == "mean_of_ratios" else area_m2, 0.0)
    top, below = (_sum(weight * np.where(known, value, 0.0), group), _sum(weight, group))
    if average == "leave_one_out":
        top, below = top - weight * np.where(known, value, 0.0), below - weight
        count = _sum(known.astype(np.float64), group) - known
        below = np.where(count > 0, below, 0.0)
    return _divided(top, np.where(group >= 0, below, 0.0))


def _sum(values: Floats, group: NDArray[np.intp]) -> Floats:
    """Sum over each parcel's group; of no use where it has none."""
    return np.asarray(np.bincount(group + 1, weights=values)[group + 1])


def _by_rank(
    value: Floats, known: Bools, group: NDArray[np.intp], trim_share: float | None
) -> Floats:
    rows = np.flatnonzero(known)
    rows = rows[np.lexsort((value[rows], group[rows]))]
    count = np.bincount(group + 1, weights=known).astype(np.int64)
    rank = np.arange(len(rows)) - (np.cumsum(count) - count)[group[rows] + 1]
    of_row = count[group[rows] + 1]
    dropped = (of_row - 1) // 2 if trim_share is None else (of_row * trim_share).astype(np.int64)
    kept = rows[(rank >= dropped) & (rank < of_row - dropped)]
    inside = np.zeros(len(value))
    inside[kept] = 1.0
    top = _sum(np.where(inside > 0, value, 0.0), group)
    return _divided(top, np.where(group >= 0, _sum(inside, group), 0.0))


def _divided(top: Floats, below: Floats) -> Floats:
    return np.asarray(np.divide(top, below, out=np.full(len(top), np.nan), where=below > 0))
