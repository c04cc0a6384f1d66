"""What one column's cells are, by the kind the schema gives them; what they cannot be becomes unknown and is told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from geoplan.model.answers import Problem
from geoplan.model.schema import Column
from geoplan.model.telling import listed
from geoplan.words import LANGUAGES, catalogue, say

__all__ = ["id_text", "typed", "written"]

#: Text longer than this is carried, and told: it may be a damaged cell.
_LONG_TEXT = 10_000
_DATE = re.compile(r"\s*(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})(?!\d)|\s*(\d{4})(\d{2})(\d{2})\s*$")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?:\D.*)?$", re.DOTALL)


def written(values: pd.Series) -> pd.Series[str]:
    """Write cells as text without blanks around it; whole numbers without decimals; empty cells are unknown."""
    if pd.api.types.is_float_dtype(values) or values.dtype == object:
        cells = [_text(value) for value in values]
        return pd.Series(cells, index=values.index, name=values.name, dtype="str")
    text: pd.Series[str] = values.astype("str").where(values.notna()).str.strip()
    return text.mask(text == "")


def id_text(values: pd.Series) -> pd.Series[str]:
    """Write ids as text: leading zeros stay, ``12.0`` is ``12``."""
    return written(values).str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def _text(value: object) -> object:
    if isinstance(value, str):
        return value.strip() or np.nan
    if isinstance(value, list | tuple | dict | np.ndarray):
        return str(value)
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124  (NaN is not itself)
        return np.nan
    if isinstance(value, float | np.floating) and np.isfinite(value) and value == int(value):
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip() or np.nan
    return str(value).strip() or np.nan


def typed(values: pd.Series, column: Column, rows: pd.Index) -> tuple[pd.Series, list[Problem]]:
    """Bring a column to its kind.

    Parameters
    ----------
    values
        Cells as the file has them.
    column
        What the schema says of them.
    rows
        Names of the rows, for the sentences.

    Returns
    -------
    Series, list
        The same index; number, amount, share and count as ``float64``, years as ``Int64``, dates as ``datetime64``,
        bool as ``boolean``, anything else as text. Cells that cannot be of that kind are unknown, and told.
    """
    if column.kind in {"number", "amount", "share", "count"}:
        return _numbers(values, column, rows)
    convert: dict[str, Callable[[pd.Series], pd.Series]] = {
        "year": _years,
        "date": _dates,
        "bool": _bools,
        "choice": lambda cells: _choices(cells, column),
        "id": id_text,
    }
    known = values.notna() & (written(values).notna() if values.dtype == object else True)
    if column.kind in convert:
        result = convert[column.kind](values)
        problems = _told(known & result.isna(), f"check.not_{column.kind}", values, column, rows)
        if column.kind == "year":
            return _within_limits(result, column, rows, problems)
        return result, problems
    text = id_text(values) if column.name.endswith("_id") else written(values)
    return text, _told(text.str.len() > _LONG_TEXT, "check.long_text", text, column, rows)


def _numbers(values: pd.Series, column: Column, rows: pd.Index) -> tuple[pd.Series, list[Problem]]:
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        numbers = values.astype("Float64" if values.hasnans else "float64").astype("float64")
        problems: list[Problem] = []
    else:
        text = written(values)
        plain = text.map(_plain_number, na_action="ignore")
        numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
        is_said_unknown = text.str.lower().isin(["nan", "null", "none"])
        is_wrong = text.notna() & numbers.isna() & ~is_said_unknown
        problems = _told(is_wrong, "check.not_number", text, column, rows)
    endless = numbers.abs() == np.inf
    problems += _told(endless, "check.not_finite", values, column, rows)
    return _within_limits(numbers.mask(endless), column, rows, problems)


def _plain_number(text: str) -> str:
    """Write full-width digits as plain ones, and drop the commas between thousands."""
    return re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", unicodedata.normalize("NFKC", text))


def _within_limits(
    numbers: pd.Series, column: Column, rows: pd.Index, problems: list[Problem]
) -> tuple[pd.Series, list[Problem]]:
    too_low = numbers < column.minimum if column.minimum is not None else numbers.isna() & False
    too_high = numbers > column.maximum if column.maximum is not None else numbers.isna() & False
    outside = (too_low | too_high).fillna(value=False).astype(bool)
    key = "check.outside_share" if column.kind == "share" else "check.outside"
    problems = problems + _told(outside, key, numbers, column, rows)
    return numbers.mask(outside), problems


def _years(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        years: pd.Series = values.dt.year.astype("Int64")
        return years
    first = written(values).str.extract(_YEAR, expand=False)
    return pd.to_numeric(first, errors="coerce").astype("Int64")


def _dates(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        days: pd.Series = values.dt.tz_localize(None).dt.normalize()
        return days
    parts = written(values).str.extract(_DATE)
    year, month, day = (parts[i].fillna(parts[i + 3]) for i in range(3))
    joined = year + "-" + month + "-" + day
    return pd.to_datetime(joined, format="%Y-%m-%d", errors="coerce")


@cache
def _words_of(answer: str) -> frozenset[str]:
    entry = catalogue()[f"check.means_{answer}"]
    return frozenset(word for language in LANGUAGES for word in entry[language].split())


def _bools(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean")
    text = written(values).str.lower()
    answer = pd.Series(pd.NA, index=values.index, dtype="boolean", name=values.name)
    return answer.mask(text.isin(_words_of("yes")), True).mask(text.isin(_words_of("no")), False)


def _choices(values: pd.Series, column: Column) -> pd.Series:
    text = written(values)
    lookup = {choice.lower(): choice for choice in column.choices}
    for choice in column.choices:
        entry = catalogue().get(f"choice.{choice}", {})
        lookup |= {name.lower(): choice for name in entry.values()}
    return text.str.lower().map(lookup).astype(text.dtype)


def _told(
    mask: pd.Series, key: str, values: pd.Series, column: Column, rows: pd.Index
) -> list[Problem]:
    """Tell one problem for all cells of a column that share it."""
    wrong = mask.fillna(value=False).to_numpy(dtype=bool)
    if not wrong.any():
        return []
    cells = list(dict.fromkeys(values[wrong].astype("str")))
    where = list(rows[wrong])
    message = say(
        key,
        layer=column.layer,
        column=column.name,
        count=len(where),
        values=listed(cells),
        rows=listed(where),
        low="-∞" if column.minimum is None else f"{column.minimum:g}",
        high="∞" if column.maximum is None else f"{column.maximum:g}",
        choices=", ".join(column.choices),
    )
    return [
        Problem(
            severity="warning",
            layer=column.layer,
            column=column.name,
            row=str(where[0]) if len(where) == 1 else "",
            kind=key.removeprefix("check."),
            message=message,
        )
    ]
