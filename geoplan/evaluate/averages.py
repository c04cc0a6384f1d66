"""Area-weighted averages as partial sums that merge: one park, or a country in partitions.

Sums are free of rounding (:mod:`geoplan.evaluate._exact`): any split into partitions, in any order, gives the same
average to the last bit, and so the same verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import SchemaError
from geoplan.evaluate._arrays import Floats, Ints, Strings
from geoplan.evaluate._exact import MOST, Limbs, carried, floats_of_limbs, is_summable, limb_sums
from geoplan.words import say

__all__ = ["GridSums", "grid_sums", "means", "merge_sums", "partial_sums"]

_KEYS = ["group", "year"]
_SUMMED = ("amount", "known_area_m2", "assessed_area_m2")
_LIMBS = ("", "_parts", "_shreds")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridSums:
    """Partial sums as arrays: limbs x group x year, and counts of rows by group x year.

    Those of two partitions merge by adding them up, array by array.
    """

    amount: Limbs
    known_area_m2: Limbs
    assessed_area_m2: Limbs
    known_count: Ints
    assessed_count: Ints

    @property
    def mean_per_m2(self) -> Floats:
        """Group x year; NaN where nothing is known."""
        return _divided(floats_of_limbs(self.amount), floats_of_limbs(self.known_area_m2))

    def __add__(self, other: GridSums) -> GridSums:
        limbs = {}
        for name in _SUMMED:
            own, more = getattr(self, name), getattr(other, name)
            _refuse_large(name, np.abs([own[0], more[0]]).sum(axis=0, dtype=np.float64))
            limbs[name] = carried(own + more)
        return GridSums(
            **limbs,
            known_count=self.known_count + other.known_count,
            assessed_count=self.assessed_count + other.assessed_count,
        )

    def means(self, groups: Sequence[str], years: Sequence[int]) -> pd.DataFrame:
        """Layer ``averages`` of the schema, without cells that have no row."""
        group, year = np.nonzero(self.assessed_count > 0)
        sums = {name: floats_of_limbs(getattr(self, name)[:, group, year]) for name in _SUMMED}
        return _averages(
            np.asarray(groups, dtype=object)[group],
            np.asarray(years)[year],
            sums,
            self.known_count[group, year],
        )


def grid_sums(
    amount: Floats, *, area_m2: Floats, group: NDArray[np.intp], group_count: int
) -> GridSums:
    """Sum up a grid of parcel x year, group by group and year by year.

    Parameters
    ----------
    amount
        Parcel x year [currency/a], NaN where not known; quickest where the parcels of a year stand together in memory.
    area_m2
        Of each parcel. One whose area is not known is in no average.
    group
        Position of each parcel's group; -1 for none.

    Raises
    ------
    SchemaError
        The figures are too large to be sums of money or land.
    """
    chosen = np.flatnonzero((group >= 0) & ~np.isnan(area_m2))
    if len(chosen) < len(group):
        amount, area_m2, group = amount[chosen], area_m2[chosen], group[chosen]
    land = _summed("area_m2", area_m2, group, group_count)
    rows = np.bincount(group, minlength=group_count)
    shape = (group_count, amount.shape[1])
    paid, silent = np.zeros((2, 3, *shape), dtype=np.int64)
    count = np.zeros(shape, dtype=np.int64)
    for number, column in enumerate(amount.T):
        known = ~np.isnan(column)
        paid[..., number] = _summed("amount", np.where(known, column, 0.0), group, group_count)
        unknown = np.flatnonzero(~known)
        silent[..., number] = limb_sums(area_m2[unknown], group[unknown], group_count)
        count[:, number] = rows - np.bincount(group[unknown], minlength=group_count)
    assessed = np.repeat(land[..., None], shape[1], axis=2)
    return GridSums(
        amount=paid,
        known_area_m2=carried(assessed - silent),
        assessed_area_m2=assessed,
        known_count=count,
        assessed_count=np.repeat(rows[:, None], shape[1], axis=1),
    )


def partial_sums(values: pd.DataFrame) -> pd.DataFrame:
    """Sum up one partition, group by group and year by year.

    Parameters
    ----------
    values
        One row per parcel and year: ``group``, ``year``, ``amount`` (NaN: not known) and ``area_m2``. Rows without a
        group, year or area belong to no average.

    Returns
    -------
    DataFrame
        Index group and year; for ``amount``, ``known_area_m2`` and ``assessed_area_m2`` the whole units, and beside
        them the parts of 2**-40 (``amount_parts``, ...) and of 2**-80 (``amount_shreds``, ...); ``known_count``.

    Raises
    ------
    SchemaError
        The figures are too large to be sums of money or land.
    """
    group, groups = pd.factorize(values["group"], sort=True)
    year, years = pd.factorize(values["year"], sort=True)
    cell = np.where((group < 0) | (year < 0), -1, group * len(years) + year)
    sums = grid_sums(
        values["amount"].to_numpy(dtype=np.float64, na_value=np.nan)[:, None],
        area_m2=values["area_m2"].to_numpy(dtype=np.float64, na_value=np.nan),
        group=cell,
        group_count=len(groups) * len(years),
    )
    filled = sums.assessed_count[:, 0] > 0
    group, year = np.divmod(np.flatnonzero(filled), max(len(years), 1))
    limbs = {
        name + end: getattr(sums, name)[place, filled, 0]
        for name in _SUMMED
        for place, end in enumerate(_LIMBS)
    }
    index = pd.MultiIndex.from_arrays([groups[group], years[year]], names=_KEYS)
    return pd.DataFrame({**limbs, "known_count": sums.known_count[filled, 0]}, index=index)


def merge_sums(*parts: pd.DataFrame) -> pd.DataFrame:
    """Sums of the whole from the sums of its partitions, in any split.

    Raises
    ------
    SchemaError
        The sums are too large to be sums of money or land.

    Examples
    --------
    >>> west = pd.DataFrame({"group": "park", "year": 2025, "amount": [30.0], "area_m2": [10.0]})
    >>> east = pd.DataFrame({"group": "park", "year": 2025, "amount": [10.0], "area_m2": [10.0]})
    >>> means(merge_sums(partial_sums(west), partial_sums(east)))["mean_amount_per_m2"].tolist()
    [2.0]
    """
    table = pd.concat(parts)
    for name in _SUMMED:
        sizes = table[name].abs().astype(np.float64).groupby(level=_KEYS).sum()
        _refuse_large(name, np.asarray(sizes, dtype=np.float64))
    merged = table.groupby(level=_KEYS, sort=True, observed=True).sum()
    limbs = {name: carried(_limbs_of(merged, name)) for name in _SUMMED}
    return merged.assign(
        **{name + end: limbs[name][place] for name in limbs for place, end in enumerate(_LIMBS)}
    )


def means(sums: pd.DataFrame) -> pd.DataFrame:
    r"""Area-weighted means with the land they speak for.

    .. math:: \bar x_{g,t} = \frac{\sum_i a_{i,t}}{\sum_i A_i}

    over the parcels :math:`i` of group :math:`g` whose amount :math:`a_{i,t}` [currency/a] is known in year :math:`t`;
    :math:`A_i` is their area [m2]. Our own definition of the practice's "park mean".

    Returns
    -------
    DataFrame
        Layer ``averages`` of the schema, ordered by group and year.
    """
    floats = {name: floats_of_limbs(_limbs_of(sums, name)) for name in _SUMMED}
    group, year = (sums.index.get_level_values(name).to_numpy() for name in _KEYS)
    return _averages(group, year, floats, sums["known_count"].to_numpy())


def _averages(
    group: Strings, year: Ints, sums: Mapping[str, Floats], known_count: Ints
) -> pd.DataFrame:
    amount, known, assessed = (sums[name] for name in _SUMMED)
    return pd.DataFrame(
        {
            "group": pd.Series(group, dtype="str"),
            "year": pd.array(year, dtype="Int64"),
            "mean_amount_per_m2": _divided(amount, known),
            "known_area_m2": known,
            "assessed_area_m2": assessed,
            "known_share": _divided(known, assessed),
            "known_count": pd.array(known_count, dtype="Int64"),
        }
    )


def _divided(part: Floats, whole: Floats) -> Floats:
    share = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return np.asarray(share, dtype=np.float64)


def _limbs_of(table: pd.DataFrame, name: str) -> Limbs:
    return np.stack([table[name + end].to_numpy(dtype=np.int64) for end in _LIMBS])


def _summed(name: str, values: Floats, group: NDArray[np.intp], count: int) -> Limbs:
    if not is_summable(values):
        raise SchemaError([say("evaluate.too_large", column=name)])
    return limb_sums(values, group, count)


def _refuse_large(name: str, sizes: Floats) -> None:
    """Sums of one cell that may not fit its integer."""
    if not (sizes < MOST).all():
        raise SchemaError([say("evaluate.too_large", column=name)])
