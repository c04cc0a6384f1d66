"""Who is where now: the rows of ``occupancy`` that still count."""

from __future__ import annotations

import pandas as pd

__all__ = ["current_rows", "dates_of"]


def dates_of(table: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """A date column as timestamps; missing where the table lacks it or a cell holds no date (a mere number is none).

    Examples
    --------
    >>> rows = pd.DataFrame({"to_date": ["2024-06-30", "2024/7/1", "soon", None]})
    >>> dates_of(rows, "to_date").dt.month.tolist()
    [6.0, 7.0, nan, nan]
    """
    if column not in table or pd.api.types.is_numeric_dtype(table[column]):
        return pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns]")
    return pd.to_datetime(table[column], errors="coerce", format="mixed")


def current_rows(occupancy: pd.DataFrame, *, year: int | None) -> pd.Series[bool]:
    """Whether each row is still in force on the last day of a year, the last one with figures.

    A row without an end is; a firm that came later counts as well, for the ledger is newer than the figures. Without
    figures (``None``) every row counts.

    Examples
    --------
    >>> rows = pd.DataFrame({"to_date": ["2024-06-30", "2025-12-31", None]})
    >>> current_rows(rows, year=2025).tolist()
    [False, True, True]
    """
    if year is None:
        return pd.Series(data=True, index=occupancy.index)
    leaves = dates_of(occupancy, "to_date")
    return leaves.isna() | (leaves >= pd.Timestamp(year, 12, 31))
