"""A table of corrections from the field, read with the number of each line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from geoplan.errors import InputError
from geoplan.io._encoding import decoded_text
from geoplan.io._files import whole_file
from geoplan.io._tables import _REFUSALS, _delimiter, _has_cells, _refused
from geoplan.model.names import names_in_schema
from geoplan.words import say

__all__ = ["read_corrections"]

_BOOKS = {".xlsx", ".xlsm"}
_LINE = "line"


def read_corrections(path: str | Path) -> pd.DataFrame:
    r"""Read corrections from a CSV file or the first filled sheet of an Excel workbook, headings in English or Chinese.

    Lines without a cell are passed over. A table without the column of layers speaks of parcels.

    Returns
    -------
    DataFrame
        The columns of layer ``corrections`` that the file has, every cell as it stands, and ``line``: its line.

    Raises
    ------
    InputError
        The file is missing or cannot be read, has no correction, or a line has more cells than there are headings.

    Examples
    --------
    >>> path = getfixture("tmp_path") / "corrections.csv"
    >>> _ = path.write_text("parcel,field,value,who,date,reason\nP1,is_vacant,no,Lin,2026-03-01,seen", encoding="utf-8")
    >>> read_corrections(path)[["line", "layer", "row_id", "column", "value"]].to_numpy().tolist()
    [[2, 'parcels', 'P1', 'is_vacant', 'no']]
    """
    path = Path(path)
    headline = say("correct.headline", name=path.name)
    whole_file(path)
    try:
        lines = list(_sheet(path) if path.suffix.lower() in _BOOKS else _lines(path))
    except InputError:
        raise
    except (*_REFUSALS, csv.Error) as error:
        raise InputError([_refused(path, error)], headline=headline) from error
    filled = [(number, row) for number, row in lines if _has_cells(tuple(row))]
    if len(filled) < 2:  # noqa: PLR2004  (headings, and one line)
        raise InputError([say("correct.empty")], headline=headline)
    (_, head), *rows = filled
    titles = ["" if cell is None else str(cell).strip() for cell in head]
    ragged = [
        say("correct.ragged", number=number, count=len(row), wanted=len(titles))
        for number, row in rows
        if any(cell not in (None, "") for cell in row[len(titles) :])
    ]
    if ragged:
        raise InputError(ragged, headline=headline)
    table = pd.DataFrame(
        [[*row, *[None] * len(titles)][: len(titles)] for _, row in rows],
        columns=titles,
        dtype=object,
    )
    names = {
        old: new for old, new in names_in_schema(titles, "corrections").items() if new != _LINE
    }
    table = table[list(names)].rename(columns=names)
    if "layer" not in table:
        table = table.assign(layer="parcels")
    return table.assign(**{_LINE: [number for number, _ in rows]})


def _lines(path: Path) -> Iterator[tuple[int, list[Any]]]:
    words = decoded_text(path.read_bytes(), path.name, None)
    reader = csv.reader(io.StringIO(words, newline=""), delimiter=_delimiter(words))
    start = 1
    for row in reader:
        yield start, row
        start = reader.line_num + 1


def _sheet(path: Path) -> Iterator[tuple[int, list[Any]]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = [list(row) for row in sheet.iter_rows(values_only=True)]
            if any(_has_cells(tuple(row)) for row in rows):
                yield from enumerate(rows, start=1)
                return
    finally:
        book.close()
