"""Columns of sentences: one catalogue entry filled for many rows at once, in every language.

A million parcels have a million reasons; making a ``Message`` for each would take longer than the evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.words import LANGUAGES, Language, Message, catalogue

__all__ = ["Case", "Texts", "count_list", "fill", "joined", "phrases", "quantities", "year_lists"]

Strings = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The same column of text in every language."""

    by_language: Mapping[Language, Strings]

    def __getitem__(self, language: Language) -> Strings:
        return self.by_language[language]

    def take(self, rows: NDArray[Any]) -> Texts:
        """Some of the rows, by mask or position."""
        return Texts({language: column[rows] for language, column in self.by_language.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Rows to which one sentence of the catalogue applies, with its fields for all rows of the table."""

    rows: NDArray[np.bool_]
    key: str
    fields: Mapping[str, Any]


def fill(key: str, count: int, /, **fields: Any) -> Texts:
    """Say one sentence ``count`` times; a field is one value for all, an array, or ``Texts``.

    Examples
    --------
    >>> fill("common.count_parcels", 2, count=np.array([3, 4]))["en"].tolist()
    ['3 parcels', '4 parcels']
    """
    return Texts({language: _filled(key, language, count, fields) for language in LANGUAGES})


def phrases(count: int, *cases: Case) -> Texts:
    """One sentence for each row: that of the first case which names the row, else nothing."""
    columns: dict[Language, Strings] = {
        language: np.full(count, "", dtype=object) for language in LANGUAGES
    }
    free = np.ones(count, dtype=bool)
    for case in cases:
        rows = np.flatnonzero(case.rows & free)
        free[rows] = False
        if len(rows):
            said = fill(case.key, len(rows), **{k: _some(v, rows) for k, v in case.fields.items()})
            for language in LANGUAGES:
                columns[language][rows] = said[language]
    return Texts(columns)


def joined(*parts: Texts) -> Texts:
    """Texts written one after the other, row by row."""
    whole = {}
    for language in LANGUAGES:
        column = parts[0][language]
        for part in parts[1:]:
            column = column + part[language]
        whole[language] = column
    return Texts(whole)


def year_lists(flags: NDArray[np.bool_], years: NDArray[np.int64]) -> Texts:
    """The years that are marked in each row, as a list in words.

    Examples
    --------
    >>> marked = np.array([[True, False, True], [False, False, False]])
    >>> year_lists(marked, np.array([2023, 2024, 2025]))["en"].tolist()
    ['2023, 2025', '']
    """
    code = np.zeros(len(flags), dtype=np.int64)
    for column in flags.T:
        if len(code) and code.max() > 2**60:  # more years than bits: number the patterns anew
            code = np.unique(code, return_inverse=True)[1]
        code = 2 * code + column
    _, first, row = np.unique(code, return_index=True, return_inverse=True)
    named = [[str(year) for year in years[flags[position]]] for position in first]
    return Texts(
        {
            language: np.array([separator.join(names) for names in named], dtype=object)[row]
            for language, separator in _separators().items()
        }
    )


def count_list(rows: NDArray[np.int64], names: Strings, count: int, *, most: int = 3) -> Texts:
    """The names that belong to each of ``count`` rows, as a list in words; beyond ``most`` an ellipsis."""
    lists: list[list[str]] = [[] for _ in range(count)]
    for row, name in sorted(set(zip(rows.tolist(), names.tolist(), strict=True))):
        lists[row].append(name)
    shown = [items[:most] + ["..."] * (len(items) > most) for items in lists]
    return Texts(
        {
            language: np.array([separator.join(items) for items in shown], dtype=object)
            for language, separator in _separators().items()
        }
    )


def quantities(values: NDArray[np.float64]) -> Strings:
    """Numbers as people write them: three or four figures, none after the point above 100.

    Examples
    --------
    >>> quantities(np.array([1234.56, 12.345, 0.01234])).tolist()
    ['1,235', '12.3', '0.0123']
    """
    return np.array([_quantity(value) for value in values.tolist()], dtype=object)


def _quantity(value: float) -> str:
    size = abs(value)
    if size >= 100:  # noqa: PLR2004  (how numbers look, not a policy)
        return f"{value:,.0f}"
    return f"{value:.3g}" if size < 1 else f"{value:.{1 if size >= 10 else 2}f}"  # noqa: PLR2004


def _separators() -> dict[Language, str]:
    return {language: catalogue()["common.enumeration"][language] for language in LANGUAGES}


def _some(value: Any, rows: NDArray[np.int64]) -> Any:
    if isinstance(value, Texts):
        return value.take(rows)
    return value[rows] if isinstance(value, np.ndarray) else value


def _filled(key: str, language: Language, count: int, fields: Mapping[str, Any]) -> Strings:
    template = catalogue()[key][language]
    whole = {name: _spoken(value, language) for name, value in fields.items()}
    columns = {name: value for name, value in whole.items() if isinstance(value, np.ndarray)}
    if not columns:
        return np.full(count, template.format(**whole), dtype=object)
    single = {name: value for name, value in whole.items() if name not in columns}
    names = list(columns)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    filled = [template.format(**single, **dict(zip(names, row, strict=True))) for row in rows]
    return np.array(filled, dtype=object)


def _spoken(value: Any, language: Language) -> Any:
    if isinstance(value, Texts):
        return value[language]
    return value.text(language) if isinstance(value, Message) else value


def text_series(texts: Texts, language: Language, index: pd.Index) -> pd.Series:
    """One language of the texts as a column."""
    return pd.Series(texts[language], index=index, dtype="str")
