"""Columns as plain arrays, and verdicts as small numbers: 1 yes, 0 no, -1 unknown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "NO",
    "UNKNOWN",
    "YES",
    "Bools",
    "Codes",
    "Floats",
    "Ints",
    "Strings",
    "any_where",
    "categories",
    "every",
    "floats_of",
    "patterns",
    "some",
    "strings_of",
    "sum_where",
    "verdict_of",
    "verdict_words",
    "verdicts",
]

Codes = NDArray[np.int8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.object_]

YES, NO, UNKNOWN = 1, 0, -1


def verdicts(yes: Bools, no: Bools) -> Codes:
    """Yes where it is, no where it is not, unknown elsewhere."""
    verdict = np.full(len(yes), UNKNOWN, dtype=np.int8)
    verdict[no] = NO
    verdict[yes] = YES
    return verdict


def verdict_words(verdict: Codes) -> pd.Categorical:
    """Verdicts as the schema writes them."""
    return categories(verdict + 1, ("unknown", "no", "yes"))


def categories(codes: NDArray[np.integer], words: Sequence[str]) -> pd.Categorical:
    """Words by their position, -1 for none."""
    chosen: pd.Categorical = pd.Categorical.from_codes(codes, dtype=_kind(tuple(words)))
    return chosen


@lru_cache(maxsize=32)
def _kind(words: tuple[str, ...]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(list(words))


def verdict_of(table: pd.DataFrame, column: str) -> Codes:
    """A yes-or-no column as verdicts; all unknown where the table lacks it."""
    if column not in table:
        return np.full(len(table), UNKNOWN, dtype=np.int8)
    flags = table[column].astype("boolean")
    return verdicts(
        flags.fillna(False).to_numpy(dtype=bool), (~flags).fillna(False).to_numpy(dtype=bool)
    )


def floats_of(table: pd.DataFrame, column: str) -> Floats:
    """A column of numbers; NaN where nothing finite is known, or the table lacks it."""
    if column not in table:
        return np.full(len(table), np.nan)
    values = table[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def strings_of(table: pd.DataFrame, column: str) -> Strings:
    """A column of text; empty where nothing is known, or the table lacks it."""
    if column not in table:
        return np.full(len(table), "", dtype=object)
    return table[column].astype(object).where(table[column].notna(), "").to_numpy(dtype=object)


def every(flags: Bools) -> Bools:
    """Whether all columns of a row are marked."""
    return np.asarray(flags.all(axis=1))


def some(flags: Bools) -> Bools:
    """Whether a column of a row is marked."""
    return np.asarray(flags.any(axis=1))


def patterns(
    columns: Sequence[NDArray[Any]], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number the different rows of columns of codes, none negative; and where each of them comes first.

    Examples
    --------
    >>> number, first = patterns([np.array([5, 0, 5, 5]), np.array([1, 1, 1, 0])], 4)
    >>> number.tolist(), first.tolist()
    ([2, 0, 2, 1], [1, 3, 0])
    """
    number = np.zeros(count, dtype=np.intp)
    for column in columns:
        number = _renumbered(number * (int(column.max(initial=-1)) + 1) + column)
    first = np.empty(int(number.max(initial=-1)) + 1, dtype=np.intp)
    first[number[::-1]] = np.arange(count)[::-1]
    return number, first


def _renumbered(code: NDArray[np.integer]) -> NDArray[np.intp]:
    """Codes without gaps, none negative."""
    limit = int(code.max(initial=-1)) + 1
    if limit > 2 * len(code):
        return pd.factorize(code)[0]
    is_there = np.zeros(limit, dtype=bool)
    is_there[code] = True
    place: NDArray[np.intp] = np.cumsum(is_there)[code] - 1
    return place


def sum_where(
    rows: Bools, values: Floats, group: NDArray[np.integer], count: int, *, empty: float = np.nan
) -> Floats:
    """Sums by group over some rows: NaN where a value is NaN, ``empty`` where a group has no row."""
    chosen = group[rows]
    sums = np.bincount(chosen, weights=values[rows], minlength=count).astype(np.float64)
    return np.where(np.bincount(chosen, minlength=count) > 0, sums, empty)


def any_where(rows: Bools, group: NDArray[np.integer], count: int) -> Bools:
    """Whether each group has one of the rows."""
    return np.asarray(np.bincount(group[rows], minlength=count) > 0)
