"""Columns of sentences: one catalogue entry filled for many rows at once, in every language.

A million parcels have a million reasons, many of them the same. A column is therefore kept as its different texts and
the number of the one that each row has; only when a table is made is it written out, as arrow text, which pandas takes
over as it is.
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

from geoplan.evaluate._arrays import UNKNOWN, Bools, Codes, Floats, Ints, Strings, patterns
from geoplan.evaluate.judgement import Judgement
from geoplan.model.telling import shown
from geoplan.words import LANGUAGES, Language, Message, catalogue, literal

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
    "stacked",
    "text_column",
    "year_lists",
]

_MOST_NAMES = 3
_TEXT = pa.large_string()


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The same column of text in every language: its different texts, and the position of that of each row."""

    different: Mapping[Language, pa.Array]
    code: NDArray[np.intp]

    def __getitem__(self, language: Language) -> pa.Array:
        return self.different[language].take(self.code)

    def take(self, rows: NDArray[np.intp]) -> Texts:
        """Rows by position, in any order."""
        return Texts(self.different, self.code[rows])


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
    judgement
        How it was judged; none where the test could not be made.
    """

    verdict: Codes
    reason: Texts
    is_made: bool = True
    evidence: Mapping[str, Floats] = field(default_factory=dict)
    margin: Floats | None = None
    judgement: Judgement | None = None


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
    spoken = {name: _spoken(value) for name, value in fields.items()}
    parts = {
        language: _parts(catalogue()[key][language], language, spoken) for language in LANGUAGES
    }
    return _written(parts, count)


def phrases(count: int, *cases: Case, only: Bools | None = None) -> Texts:
    """One sentence for each row (or for ``only`` some): that of the first case which names the row, else nothing."""
    order = np.zeros(count, dtype=np.intp)  # where each row's sentence stands in the pile
    free = np.ones(count, dtype=bool) if only is None else only.copy()
    pile = [messages([literal("")])]  # no case, no sentence
    height = 1
    for case in cases:
        rows = np.flatnonzero(case.rows & free)
        if len(rows):
            free[rows] = False
            order[rows] = np.arange(height, height + len(rows))
            height += len(rows)
            fields = {name: _some(value, rows) for name, value in case.fields.items()}
            pile.append(fill(case.key, len(rows), **fields))
    return stacked(*pile).take(order)


def stacked(*parts: Texts) -> Texts:
    """Columns one below the other."""
    begins = np.cumsum([0, *(len(part.different[LANGUAGES[0]]) for part in parts)])
    return Texts(
        {
            language: pa.concat_arrays([part.different[language] for part in parts])
            for language in LANGUAGES
        },
        np.concatenate([part.code + begin for part, begin in zip(parts, begins[:-1], strict=True)]),
    )


def joined(*parts: Texts) -> Texts:
    """Texts written one after the other, row by row."""
    return _written(dict.fromkeys(LANGUAGES, parts), len(parts[0].code))


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
    row, first = patterns(list(flags.T), len(flags))
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


def quantities(values: Floats) -> Texts:
    """Numbers as people write them: three or four figures, none after the point above 100.

    Examples
    --------
    >>> quantities(np.array([1234.56, 12.345, 0.01234]))["en"].to_pylist()
    ['1,235', '12.3', '0.0123']
    """
    return _each(_rounded(values), _told(_quantity))


def plain_numbers(values: Floats) -> Texts:
    """Numbers as they are: 51, 0.5."""
    return _each(values, _told("{:g}".format))


def percents(shares: Floats) -> Texts:
    """Shares as whole percents."""
    return _each(shares, _told("{:.0%}".format))


def records(columns: Mapping[str, Floats], count: int) -> Texts:
    """One JSON object of numbers for each row; what is not known is null.

    Examples
    --------
    >>> records({"months": np.array([30.0, np.nan])}, 2)["en"].to_pylist()
    ['{"months": 30}', '{"months": null}']
    """
    parts: list[Texts | str] = ["{"]
    for place, (name, values) in enumerate(columns.items()):
        parts += [f'{", " if place else ""}"{name}": ', _each(values, _json_number)]
    return _written(dict.fromkeys(LANGUAGES, (*parts, "}")), count)


def _json_number(value: float) -> str:
    return f"{value:.10g}" if np.isfinite(value) else "null"


def _each(values: Floats, write: Callable[[float], str]) -> Texts:
    """Each different value is written once."""
    code, different = pd.factorize(values + 0.0, use_na_sentinel=False)  # -0 is 0
    written = pa.array([write(value) for value in different.tolist()], _TEXT)
    return Texts(dict.fromkeys(LANGUAGES, written), code)


def _told(write: Callable[[float], str]) -> Callable[[float], str]:
    """A number as it is written, a question mark where it is not known."""
    return lambda value: "?" if np.isnan(value) else write(value)


def _quantity(value: float) -> str:
    size = abs(value)
    if size >= 100:  # noqa: PLR2004  (how numbers look, not a policy)
        return f"{value:,.0f}"
    return f"{value:.3g}" if size < 1 else f"{value:.{1 if size >= 10 else 2}f}"  # noqa: PLR2004


def _rounded(values: Floats) -> Floats:
    """Rounded to the digits that ``_quantity`` shows, unless that could change what it shows."""
    scale = _shown_per_unit(values)
    steps = np.rint(values * scale)
    rounded = steps / scale
    is_sure = (np.abs(values * scale - steps) < 0.499) & (_shown_per_unit(rounded) == scale)  # noqa: PLR2004
    return np.where(is_sure, rounded, values)


def _shown_per_unit(values: Floats) -> Floats:
    """How many of the smallest steps that ``_quantity`` shows make up 1; NaN where it depends on the value."""
    size = np.abs(values)
    return np.select(
        [size >= edge for edge in (100, 10, 1, 0.1)], [1.0, 10.0, 100.0, 1000.0], np.nan
    )


def messages(items: Sequence[Message]) -> Texts:
    """Messages as a column."""
    return _column(lambda language: [item.text(language) for item in items], len(items))


def _lists(items: list[list[str]]) -> Texts:
    separators = catalogue()["common.enumeration"]
    return _column(
        lambda language: [separators[language].join(names) for names in items], len(items)
    )


def _column(texts: Callable[[Language], list[str]], count: int) -> Texts:
    return Texts(
        {language: pa.array(texts(language), _TEXT) for language in LANGUAGES}, np.arange(count)
    )


def _some(value: Any, rows: NDArray[np.intp]) -> Any:
    """The rows of a field that is a column; any other field as it is."""
    return value.take(rows) if isinstance(value, Texts | np.ndarray) else value


def _spoken(value: Any) -> Texts | Message | str:
    """A field as a column of text, or as the same text for all rows."""
    if isinstance(value, np.ndarray):
        code, different = pd.factorize(value)
        written = pa.array(different).cast(_TEXT)
        return Texts(dict.fromkeys(LANGUAGES, written), code)
    return value if isinstance(value, Texts | Message) else str(value)


def _parts(
    sentence: str, language: Language, fields: Mapping[str, Texts | Message | str]
) -> list[Texts | str]:
    """A sentence of the catalogue, piece by piece."""
    parts: list[Texts | str] = []
    for before, name, _, _ in string.Formatter().parse(sentence):
        parts.append(before)
        if name is not None:
            field = fields[name]
            parts.append(field.text(language) if isinstance(field, Message) else field)
    return parts


def _written(parts: Mapping[Language, Sequence[Texts | str]], count: int) -> Texts:
    """Pieces one after the other; each different row is written once."""
    columns = {id(part): part for of in parts.values() for part in of if isinstance(part, Texts)}
    code, first = patterns([column.code for column in columns.values()], count)
    rows = {name: column.take(first) for name, column in columns.items()}

    def pieces(language: Language) -> list[Any]:
        return [
            rows[id(part)][language] if isinstance(part, Texts) else pa.scalar(part, _TEXT)
            for part in parts[language]
        ]

    return Texts({language: _beside(pieces(language), len(first)) for language in LANGUAGES}, code)


def _beside(pieces: list[Any], count: int) -> pa.Array:
    start = pa.repeat(
        pa.scalar("", _TEXT), count
    )  # makes a column of pieces that are the same for all
    return pc.binary_join_element_wise(start, *pieces, pa.scalar("", _TEXT))
