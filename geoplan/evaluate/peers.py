"""Other averages than the area-weighted mean, each as the figure that counts for each parcel.

The mean of ratios, and the mean without the parcel itself, merge over partitions as the area-weighted mean does
(:func:`ratio_sums`, :func:`without_own`). Median and trimmed mean do not: they need all parcels of a group at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.evaluate._arrays import Bools, Floats
from geoplan.evaluate.averages import means, partial_sums
from geoplan.model.rulepack import Rules
from geoplan.words import Message, say

__all__ = [
    "AVERAGES",
    "Average",
    "Averaging",
    "averaging_problems",
    "other_average",
    "peer_average",
    "ratio_sums",
    "without_own",
]

Average = Literal["area_weighted", "mean_of_ratios", "median", "trimmed", "leave_one_out"]
AVERAGES: tuple[Average, ...] = (
    "area_weighted", "mean_of_ratios", "median", "trimmed", "leave_one_out",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaging:
    """Which average is taken, and how much it must speak for to be held against anybody.

    Attributes
    ----------
    trim_share
        Part of the parcels left out at either end; only for ``trimmed``.
    min_known_count
        Parcels, and firms, with figures that it takes; 0 where no rule pack asks.
    min_known_share
        Part of the assessed land with figures that it takes; 0 where no rule pack asks.
    """

    average: Average = "area_weighted"
    trim_share: float = 0.0
    min_known_count: float = 0.0
    min_known_share: float = 0.0

    @classmethod
    def by_rules(cls, average: str, rules: Rules) -> Averaging:
        """As the rule packs ask, once :func:`averaging_problems` has found none."""
        asked = {
            name: rules.value(f"average.{name}")
            for name in ("min_known_count", "min_known_share")
            if f"average.{name}" in rules.numbers
        }
        if average == "trimmed":
            asked["trim_share"] = rules.value("average.trim_share")
        return cls(average=next(name for name in AVERAGES if name == average), **asked)


def averaging_problems(average: str, rules: Rules) -> list[Message]:
    """Numbers of the rule packs that an average needs and that are missing, or can mean nothing."""
    needed = ["average.trim_share"] if average == "trimmed" else []
    missing = [name for name in needed if name not in rules.numbers]
    told = {
        name: rules.value(name)
        for name in (*needed, "average.min_known_count", "average.min_known_share")
        if name in rules.numbers
    }
    most = {
        "average.trim_share": 0.5,
        "average.min_known_count": 1e6,
        "average.min_known_share": 1.0,
    }
    return [
        *(say("evaluate.no_average_number", average=average, name=name) for name in missing),
        *(
            say("evaluate.number_beyond", name=name, value=f"{value:g}", most=f"{most[name]:g}")
            for name, value in told.items()
            if not 0 <= value <= most[name]
        ),
    ]


def ratio_sums(values: pd.DataFrame) -> pd.DataFrame:
    """Partial sums of a mean in which every parcel counts the same; they merge as those of ``averages`` do.

    Parameters
    ----------
    values
        As :func:`geoplan.evaluate.averages.partial_sums` wants them.

    Examples
    --------
    >>> town = pd.DataFrame(
    ...     {"group": "park", "year": 2025, "amount": [30.0, 10.0], "area_m2": [10.0, 20.0]})
    >>> means(ratio_sums(town))["mean_amount_per_m2"].tolist()
    [1.75]
    """
    return partial_sums(values.assign(amount=values["amount"] / values["area_m2"], area_m2=1.0))


def without_own(
    averages: pd.DataFrame, *, amount: Floats, area_m2: Floats, count: NDArray[np.int64]
) -> Floats:
    """Area-weighted mean of the others, from the average of all: one row of ``averages`` for each figure.

    Parameters
    ----------
    amount, area_m2, count
        What the parcel itself is of that average [currency/a, m2, 1]; 0 where it is no part of it.
    """
    all_m2 = averages["known_area_m2"].to_numpy(dtype=np.float64)
    all_amount = averages["mean_amount_per_m2"].to_numpy(dtype=np.float64) * all_m2
    others = averages["known_count"].to_numpy(dtype=np.float64) - count
    return _divided(all_amount - amount, np.where(others > 0, all_m2 - area_m2, 0.0))


def other_average(  # noqa: PLR0913  (each is named)
    averages: pd.DataFrame,
    values: pd.DataFrame,
    *,
    how: Averaging,
    per_m2: Floats,
    area_m2: Floats,
    group: NDArray[np.intp],
    names: tuple[str, ...],
    years: NDArray[np.int64],
    counts: Bools,
) -> tuple[pd.DataFrame, Floats]:
    """The table ``averages`` by another average, and the figure that counts for each parcel in each year.

    Under ``leave_one_out`` each parcel has its own figure; the table keeps that of all.

    Parameters
    ----------
    averages, values
        The area-weighted averages and what they were made of.
    names, years
        The groups, and the years of the columns of ``per_m2``.
    counts
        Parcels that are part of the average; the others are only held against it.
    """
    cells = pd.MultiIndex.from_product([names, years], names=["group", "year"])
    table = averages.set_index(["group", "year"]).reindex(cells)
    grid = (len(names), len(years))
    if how.average == "leave_one_out":
        rows = table.take((group[:, None] * len(years) + np.arange(len(years))).ravel().clip(min=0))
        is_known = counts[:, None] & ~np.isnan(per_m2)
        own_m2 = np.where(is_known, area_m2[:, None], 0.0)
        own = np.where(is_known, per_m2 * area_m2[:, None], 0.0)
        mean = without_own(
            rows, amount=own.ravel(), area_m2=own_m2.ravel(), count=is_known.ravel().astype(int)
        ).reshape(per_m2.shape)
        return averages, np.where(group[:, None] >= 0, mean, np.nan)
    if how.average == "mean_of_ratios":
        ratios = means(ratio_sums(values)).set_index(["group", "year"])["mean_amount_per_m2"]
        of_group = ratios.reindex(cells).to_numpy(dtype=np.float64).reshape(grid)
    else:
        of_parcel = peer_average(
            per_m2,
            area_m2=area_m2,
            group=group,
            average=how.average,
            trim_share=how.trim_share,
            counts=counts,
        )
        of_group = np.full(grid, np.nan)
        of_group[group[group >= 0]] = of_parcel[group >= 0]
    told = pd.Series(of_group.ravel(), index=cells)
    rows_told = told.reindex(pd.MultiIndex.from_frame(averages[["group", "year"]])).to_numpy()
    mean = np.vstack([of_group, np.full((1, len(years)), np.nan)])[group]
    return averages.assign(mean_amount_per_m2=rows_told), mean


def peer_average(  # noqa: PLR0913  (each is named)
    per_m2: Floats,
    *,
    area_m2: Floats,
    group: NDArray[np.intp],
    average: Average,
    trim_share: float = 0.0,
    counts: Bools | None = None,
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
    counts
        Parcels that are part of the average, all by default; the others are only held against it.

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
    part = np.ones(len(per_m2), dtype=bool) if counts is None else counts
    columns = [_of_year(year, area_m2, group, average, trim_share, part) for year in per_m2.T]
    return np.column_stack(columns) if columns else per_m2.copy()


def _of_year(  # noqa: PLR0913, PLR0917  (the parts of peer_average, one year)
    value: Floats,
    area_m2: Floats,
    group: NDArray[np.intp],
    average: Average,
    trim_share: float,
    counts: Bools,
) -> Floats:
    known = counts & (group >= 0) & ~np.isnan(value) & ~np.isnan(area_m2)
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
