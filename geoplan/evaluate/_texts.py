"""Columns of sentences: one catalogue entry filled for many rows at once, in every language.

A million parcels have a million reasons; making a ``Message`` for each would take longer than the evaluation. The
columns are arrow text, which pandas takes over as it is.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geoplan.evaluate._arrays import UNKNOWN, Bools, Codes, Floats, Ints, Strings
from geoplan.model.telling import shown
from geoplan.words import LANGUAGES, Language, Message, catalogue

__all__ = [
    "Case",
    "Found",
    "Texts",
    "fill",
    "joined",
    "messages",
    "name_lists",
    "not_made",
    "percents",
    "phrases",
    "plain_numbers",
    "quantities",
    "records",
    "text_column",
    "year_lists",
]

_MOST_NAMES = 3
_TEXT = pa.large_string()


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The same column of text in every language."""

    by_language: Mapping[Language, pa.Array]

    def __getitem__(self, language: Language) -> pa.Array:
        return self.by_language[language]

    def take(self, rows: NDArray[np.intp]) -> Texts:
        """Rows by position, in any order."""
        return Texts({language: column.take(rows) for language, column in self.by_language.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Rows to which one sentence of the catalogue applies, with its fields for all rows of the table."""

    rows: Bools
    key: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What one test says of each parcel (1 yes, 0 no, -1 unknown), and why.

    Attributes
    ----------
    is_made
        Whether the test could be made.
    evidence
        The numbers it used.
    margin
        How far the parcel is from the threshold: below 0 it is flagged, by so much; none where there is no such number.
    """

    verdict: Codes
    reason: Texts
    is_made: bool = True
    evidence: Mapping[str, Floats] = field(default_factory=dict)
    margin: Floats | None = None


def not_made(why: Message | None, count: int) -> Found:
    """What a test says that could not be made: unknown everywhere, and why."""
    return Found(
        verdict=np.full(count, UNKNOWN, dtype=np.int8),
        reason=fill("common.joined", count, parts="" if why is None else why),
        is_made=False,
    )


def fill(key: str, count: int, /, **fields: Any) -> Texts:
    """Say one sentence ``count`` times; a field is one value for all, a column, or ``Texts``.

    Examples
    --------
    >>> fill("common.count_parcels", 2, count=np.array([3, 4]))["en"].to_pylist()
    ['3 parcels', '4 parcels']
    """
    return Texts({language: _filled(key, language, count, fields) for language in LANGUAGES})


def phrases(count: int, *cases: Case, only: Bools | None = None) -> Texts:
    """One sentence for each row (or for ``only`` some): that of the first case which names the row, else nothing."""
    order = np.zeros(
        count, dtype=np.int64
    )  # where each row's sentence stands in the pile; first "" for no case
    free = np.ones(count, dtype=bool) if only is None else only.copy()
    pile = [Texts({language: pa.array([""], _TEXT) for language in LANGUAGES})]
    height = 1
    for case in cases:
        rows = np.flatnonzero(case.rows & free)
        if len(rows):
            free[rows] = False
            order[rows] = np.arange(height, height + len(rows))
            height += len(rows)
            fields = {name: _some(value, rows) for name, value in case.fields.items()}
            pile.append(fill(case.key, len(rows), **fields))
    return _for_each(
        lambda language: pa.concat_arrays([part[language] for part in pile]).take(order)
    )


def joined(*parts: Texts) -> Texts:
    """Texts written one after the other, row by row."""
    return _for_each(lambda language: _beside([part[language] for part in parts]))


def text_column(texts: pa.Array) -> pd.api.extensions.ExtensionArray:
    """An arrow column of text as pandas has it."""
    dtype: Any = pd.StringDtype("pyarrow", na_value=np.nan)
    column: pd.api.extensions.ExtensionArray = dtype.__from_arrow__(texts)
    return column


def year_lists(flags: Bools, years: Ints) -> Texts:
    """The years that are marked in each row, as a list in words.

    Examples
    --------
    >>> marked = np.array([[True, False, True], [False, False, False]])
    >>> year_lists(marked, np.array([2023, 2024, 2025]))["en"].to_pylist()
    ['2023, 2025', '']
    """
    code = np.zeros(len(flags), dtype=np.int64)
    for column in flags.T:
        if len(code) and code.max() > 2**60:  # more years than bits: number the patterns anew
            code = np.unique(code, return_inverse=True)[1]
        code = 2 * code + column
    _, first, row = np.unique(code, return_index=True, return_inverse=True)
    return _lists([[str(year) for year in years[flags[position]]] for position in first]).take(row)


def name_lists(rows: Ints, names: Strings, count: int) -> Texts:
    """The names that belong to each of ``count`` rows, as a list in words; after three, dots.

    Examples
    --------
    >>> name_lists(np.array([1, 1]), np.array(["Mill", "Forge"], dtype=object), 2)["en"].to_pylist()
    ['', 'Forge, Mill']
    """
    lists: dict[int, list[str]] = {}
    for row, name in sorted(set(zip(rows.tolist(), names.tolist(), strict=True))):
        lists.setdefault(row, []).append(shown(name))
    few = [
        [*all_[:_MOST_NAMES], *(["..."] if all_[_MOST_NAMES:] else [])] for all_ in lists.values()
    ]
    place = np.zeros(count, dtype=np.intp)
    place[list(lists)] = np.arange(1, len(lists) + 1)
    return _lists([[], *few]).take(place)


def quantities(values: Floats) -> pa.Array:
    """Numbers as people write them: three or four figures, none after the point above 100.

    Examples
    --------
    >>> quantities(np.array([1234.56, 12.345, 0.01234])).to_pylist()
    ['1,235', '12.3', '0.0123']
    """
    return _each(values, _told(_quantity))


def plain_numbers(values: Floats) -> pa.Array:
    """Numbers as they are: 51, 0.5."""
    return _each(values, _told("{:g}".format))


def percents(shares: Floats) -> pa.Array:
    """Shares as whole percents."""
    return _each(shares, _told("{:.0%}".format))


def records(columns: Mapping[str, Floats], count: int) -> pa.Array:
    """One JSON object of numbers for each row; what is not known is null.

    Examples
    --------
    >>> records({"months": np.array([30.0, np.nan])}, 2).to_pylist()
    ['{"months": 30}', '{"months": null}']
    """
    parts: list[Any] = ["{"]
    for place, (name, values) in enumerate(columns.items()):
        parts += [f'{", " if place else ""}"{name}": ', _each(values, _json_number)]
    return _beside([*parts, "}"]) if columns else pa.repeat(pa.scalar("{}", _TEXT), count)


def _json_number(value: float) -> str:
    return f"{value:.10g}" if np.isfinite(value) else "null"


def _each(values: Floats, write: Callable[[float], str]) -> pa.Array:
    """Each different value is written once."""
    different, row = np.unique(values, return_inverse=True)
    return pa.array([write(value) for value in different.tolist()], _TEXT).take(row)


def _told(write: Callable[[float], str]) -> Callable[[float], str]:
    """A number as it is written, a question mark where it is not known."""
    return lambda value: "?" if np.isnan(value) else write(value)


def _quantity(value: float) -> str:
    size = abs(value)
    if size >= 100:  # noqa: PLR2004  (how numbers look, not a policy)
        return f"{value:,.0f}"
    return f"{value:.3g}" if size < 1 else f"{value:.{1 if size >= 10 else 2}f}"  # noqa: PLR2004


def messages(items: Sequence[Message]) -> Texts:
    """Messages as a column."""
    return _for_each(lambda language: pa.array([item.text(language) for item in items], _TEXT))


def _lists(items: list[list[str]]) -> Texts:
    separators = catalogue()["common.enumeration"]
    return _for_each(
        lambda lang: pa.array([separators[lang].join(names) for names in items], _TEXT)
    )


def _for_each(column: Callable[[Language], pa.Array]) -> Texts:
    return Texts({language: column(language) for language in LANGUAGES})


def _some(value: Any, rows: NDArray[np.intp]) -> Any:
    """The rows of a field that is a column; any other field as it is."""
    return value.take(rows) if isinstance(value, Texts | pa.Array | np.ndarray) else value


def _filled(key: str, language: Language, count: int, fields: Mapping[str, Any]) -> pa.Array:
    parts: list[Any] = []
    for before, name, _, _ in string.Formatter().parse(catalogue()[key][language]):
        parts.append(before)
        if name is not None:
            parts.append(_spoken(fields[name], language))
    if any(isinstance(part, pa.Array) for part in parts):
        return _beside(parts)
    return pa.repeat(pa.scalar("".join(parts), _TEXT), count)


def _beside(parts: list[Any]) -> pa.Array:
    return pc.binary_join_element_wise(*(_arrow(part) for part in parts), pa.scalar("", _TEXT))


def _arrow(part: Any) -> Any:
    return pa.scalar(part, _TEXT) if isinstance(part, str) else part


def _spoken(value: Any, language: Language) -> Any:
    """A field as text, or as a column of text."""
    if isinstance(value, Texts):
        return value[language]
    if isinstance(value, np.ndarray):
        return pa.array(value).cast(_TEXT)
    if isinstance(value, Message):
        return value.text(language)
    return value if isinstance(value, pa.Array) else str(value)
