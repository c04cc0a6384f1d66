"""Area-weighted averages as partial sums that merge: one park, or a country in partitions.

Sums are free of rounding: each figure is split once into whole units and parts of 2**-40, and both are added up as
integers. Any split into partitions, in any order, so gives the same average to the last bit, and the same verdicts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoplan.errors import SchemaError
from geoplan.words import say

__all__ = ["means", "merge_sums", "partial_sums"]

_KEYS = ["group", "year"]
_SUMMED = ("amount", "known_area_m2", "assessed_area_m2")
_PART_BITS = 40
#: Beyond this, whole units could overflow their integers.
_MOST = 2.0**62


def partial_sums(values: pd.DataFrame) -> pd.DataFrame:
    """Sum up one partition, group by group and year by year.

    Parameters
    ----------
    values
        One row per parcel and year: ``group``, ``year``, ``amount`` (NaN: not known) and ``area_m2``. Rows without a
        group belong to no average.

    Returns
    -------
    DataFrame
        Index group and year; for ``amount``, ``known_area_m2`` and ``assessed_area_m2`` the whole units, and beside
        them the parts of 2**-40 (``amount_parts``, ...); ``known_count``.

    Raises
    ------
    SchemaError
        The figures are too large to be sums of money or land.
    """
    known = values["amount"].notna()
    figures = {
        "amount": values["amount"].where(known, 0.0),
        "known_area_m2": values["area_m2"].where(known, 0.0),
        "assessed_area_m2": values["area_m2"],
    }
    parts = {"group": values["group"], "year": values["year"]}
    for name, column in figures.items():
        numbers = column.to_numpy(dtype=np.float64)
        if np.abs(numbers).sum() >= _MOST:
            raise SchemaError([say("evaluate.too_large", column=name)])
        whole = np.floor(numbers)
        parts[name] = whole.astype(np.int64)
        parts[f"{name}_parts"] = np.rint((numbers - whole) * 2**_PART_BITS).astype(np.int64)
    parts["known_count"] = known.astype(np.int64)
    return _carried(
        pd.DataFrame(parts, index=values.index).groupby(_KEYS, observed=True, sort=True).sum()
    )


def merge_sums(*parts: pd.DataFrame) -> pd.DataFrame:
    """Sums of the whole from the sums of its partitions, in any split.

    Examples
    --------
    >>> west = pd.DataFrame({"group": "park", "year": 2025, "amount": [30.0], "area_m2": [10.0]})
    >>> east = pd.DataFrame({"group": "park", "year": 2025, "amount": [10.0], "area_m2": [10.0]})
    >>> means(merge_sums(partial_sums(west), partial_sums(east)))["mean_amount_per_m2"].tolist()
    [2.0]
    """
    return _carried(pd.concat(parts).groupby(level=_KEYS, sort=True).sum())


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
    table = sums.reset_index()
    amount, known, assessed = (table[n] + table[f"{n}_parts"] / 2**_PART_BITS for n in _SUMMED)
    return pd.DataFrame(
        {
            "group": table["group"].astype("str"),
            "year": table["year"].astype("Int64"),
            "mean_amount_per_m2": (amount / known).where(known > 0),
            "known_area_m2": known,
            "assessed_area_m2": assessed,
            "known_share": (known / assessed).where(assessed > 0),
            "known_count": table["known_count"].astype("Int64"),
        }
    )


def _carried(sums: pd.DataFrame) -> pd.DataFrame:
    """Parts that make up whole units are moved there, so that they never overflow and equal sums look equal."""
    parts = {name: sums[f"{name}_parts"] for name in _SUMMED}
    return sums.assign(
        **{name: sums[name] + part // 2**_PART_BITS for name, part in parts.items()},
        **{f"{name}_parts": part % 2**_PART_BITS for name, part in parts.items()},
    )
