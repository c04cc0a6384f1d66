"""Area-weighted averages as partial sums that merge: one park, or a country in partitions."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["means", "merge_sums", "partial_sums"]

_KEYS = ["group", "year"]
_SUMS = ["amount", "known_area_m2", "assessed_area_m2", "known_count"]


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
        Index group and year; columns ``amount``, ``known_area_m2``, ``assessed_area_m2``, ``known_count``.
    """
    known = values["amount"].notna()
    parts = pd.DataFrame(
        {
            "group": values["group"],
            "year": values["year"],
            "amount": values["amount"].where(known, 0.0),
            "known_area_m2": values["area_m2"].where(known, 0.0),
            "assessed_area_m2": values["area_m2"],
            "known_count": known.astype(np.int64),
        }
    )
    return parts.groupby(_KEYS, observed=True, sort=True)[_SUMS].sum()


def merge_sums(*parts: pd.DataFrame) -> pd.DataFrame:
    """Sums of the whole from the sums of its partitions, in any split.

    Examples
    --------
    >>> west = pd.DataFrame({"group": "park", "year": 2025, "amount": [30.0], "area_m2": [10.0]})
    >>> east = pd.DataFrame({"group": "park", "year": 2025, "amount": [10.0], "area_m2": [10.0]})
    >>> means(merge_sums(partial_sums(west), partial_sums(east)))["mean_amount_per_m2"].tolist()
    [2.0]
    """
    return pd.concat(parts).groupby(level=_KEYS, sort=True).sum()


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
    known, assessed = table["known_area_m2"], table["assessed_area_m2"]
    return pd.DataFrame(
        {
            "group": table["group"].astype("str"),
            "year": table["year"].astype("Int64"),
            "mean_amount_per_m2": (table["amount"] / known).where(known > 0),
            "known_area_m2": known,
            "assessed_area_m2": assessed,
            "known_share": (known / assessed).where(assessed > 0),
            "known_count": table["known_count"].astype("Int64"),
        }
    )
