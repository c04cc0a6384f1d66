"""What every workbook of geoplan shares: text that is never a formula, both languages, the same bytes each time."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from geoplan.files import atomic_path, cannot_write
from geoplan.words import Language, say, text

#: The order in which a workbook speaks.
LANGUAGE_ORDER: tuple[Language, ...] = ("zh", "en")
BOLD = Font(bold=True)
HEADER_FILL = PatternFill("solid", fgColor="DDE5EC")
_MAX_CELL = 32_000  # a cell of a workbook holds 32,767 characters
_MAX_TITLE = 200


def check_suffix(path: str | Path) -> None:
    """Refuse a name that does not end in ``.xlsx``."""
    if Path(path).suffix.lower() != ".xlsx":
        raise cannot_write(path, say("write.wrong_suffix", suffix=".xlsx"))


def empty_book() -> Workbook:
    """A workbook without a sheet."""
    book = Workbook()
    book.remove(book.active)
    return book


def save_book(path: str | Path, book: Workbook, *, date: dt.date) -> None:
    """Write a workbook at once; equal books give equal bytes."""
    with atomic_path(path) as draft:
        draft.write_bytes(_bytes_of(book, date))


def put(sheet: Worksheet, row: int, column: int, value: Any) -> Cell:
    """Put a value into a cell: text as text whatever it begins with, an unknown number as nothing."""
    cell: Cell = sheet.cell(row=row, column=column)
    if isinstance(value, str):
        cell.value = _storable(value)
        cell.data_type = "s"
    elif value is not None and not pd.isna(value):
        cell.value = value
    return cell


def put_title(sheet: Worksheet, heading: str) -> None:
    """The title of a sheet, in its first cell."""
    put(sheet, 1, 1, heading if len(heading) <= _MAX_TITLE else heading[:_MAX_TITLE] + "…")
    sheet["A1"].font = Font(bold=True, size=14)


def put_pairs(sheet: Worksheet, rows: Sequence[tuple[str, str]]) -> None:
    """Items and their values from the first row on; a long value goes on in further rows."""
    for row, (item, value) in enumerate(split_long(rows), start=1):
        put(sheet, row, 1, item)
        put(sheet, row, 2, value).alignment = Alignment(wrap_text=True, vertical="top")


def in_both(key: str) -> str:
    """An entry of the catalogue in both languages, side by side."""
    return f"{text(key, 'zh')} {text(key, 'en')}"


def _storable(words: str) -> str:
    """Escape characters that XML cannot hold, in the way workbooks do (``_x0007_``)."""
    return re.sub(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]",
        lambda m: f"_x{ord(m[0]):04X}_",
        words,
    )


def split_long(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Go on in further rows where a text is longer than a cell may be."""
    for item, value in rows:
        for start in range(0, max(len(value), 1), _MAX_CELL):
            yield item if start == 0 else "", value[start : start + _MAX_CELL]


def _bytes_of(book: Workbook, date: dt.date) -> bytes:
    """Pack the workbook with ``date`` wherever the time of day would stand."""
    day = dt.datetime.combine(date, dt.time())
    book.properties.creator, book.properties.created = "geoplan", day
    raw, packed = io.BytesIO(), io.BytesIO()
    book.save(raw)
    stamp = (max(date.year, 1980), date.month, date.day, 0, 0, 0)  # the zip format begins in 1980
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "docProps/core.xml":
                part = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*",
                    rb"\g<1>" + f"{day.isoformat()}Z".encode(),
                    part,
                )
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            target.writestr(entry, part)
    return packed.getvalue()
