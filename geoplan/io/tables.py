"""Tables as a workbook: each a sheet in Chinese and one in English, numbers as numbers, text never a formula."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from geoplan.io._workbook import (
    BOLD,
    HEADER_FILL,
    LANGUAGE_ORDER,
    check_suffix,
    empty_book,
    in_both,
    put,
    put_pairs,
    put_title,
    save_book,
)
from geoplan.words import Language, Message

__all__ = ["SheetTable", "write_tables"]

Cell = Message | str | float | int | None
_HEADER_ROW = 2
_WIDEST, _NARROWEST = 60, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTable:
    """A table to be read: its name on the tab, its heading, its columns and rows; words in both languages."""

    name: Message
    heading: Message
    columns: Sequence[Message | str]
    rows: Sequence[Sequence[Cell]]


def write_tables(
    path: str | Path,
    *,
    tables: Sequence[SheetTable],
    notes: Sequence[Message],
    provenance: Mapping[str, str],
    date: dt.date,
) -> None:
    """Write tables to an Excel workbook, first all in Chinese, then all in English, and a sheet of notes.

    Equal input gives an equal file, byte for byte.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    check_suffix(path)
    book = empty_book()
    for language in LANGUAGE_ORDER:
        for table in tables:
            sheet = book.create_sheet(table.name.text(language))
            put_title(sheet, table.heading.text(language))
            for number, column in enumerate(table.columns, start=1):
                cell = put(sheet, _HEADER_ROW, number, _said(column, language))
                cell.font, cell.fill = BOLD, HEADER_FILL
                texts = [str(_said(row[number - 1], language) or "") for row in table.rows]
                longest = max(map(len, [str(cell.value or ""), *texts]), default=0)
                width = min(max(longest + 2, _NARROWEST), _WIDEST)
                sheet.column_dimensions[get_column_letter(number)].width = width
            for place, row in enumerate(table.rows, start=_HEADER_ROW + 1):
                for number, value in enumerate(row, start=1):
                    cell = put(sheet, place, number, _said(value, language))
                    cell.alignment = Alignment(wrap_text=True, vertical="top")
                    if isinstance(value, float):
                        cell.number_format = "#,##0.0##"
            sheet.freeze_panes = sheet.cell(row=_HEADER_ROW + 1, column=2)
    sheet = book.create_sheet(in_both("write.balance.notes"))
    spoken = [note.text(language) for note in notes for language in LANGUAGE_ORDER]
    put_pairs(sheet, [*(("", words) for words in dict.fromkeys(spoken)), *provenance.items()])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 32, 100
    save_book(path, book, date=date)


def _said(value: Cell, language: Language) -> str | float | int | None:
    return value.text(language) if isinstance(value, Message) else value
