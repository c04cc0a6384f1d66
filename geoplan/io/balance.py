"""The land balance as a workbook that a planner pastes into a report: one sheet per language, and notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

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
from geoplan.model.landuse import colour_of
from geoplan.units import ha_from_m2, mu_from_m2
from geoplan.words import Language, Message, say, text

__all__ = ["write_land_balance"]

_FORMATS = {"m2": "#,##0", "mu": "#,##0.0", "ha": "#,##0.00", "share": "0.0%"}
_HEADER_ROWS = 3  # title, group, unit
_LINE = Side(style="thin", color="808080")


def write_land_balance(
    path: str | Path,
    *,
    balance: pd.DataFrame,
    provenance: Mapping[str, str],
    date: dt.date,
    title: Message,
) -> None:
    """Write the land balance to an Excel workbook, in Chinese and in English.

    Each use has its area today and planned in m2, mu, ha and as a share of all land, and the change; the last row is the
    total. What is not known, or not planned, stays empty. Text is always text, never a formula. Equal input gives an
    equal file, byte for byte.

    Parameters
    ----------
    path
        Ends in ``.xlsx``; a missing folder is made.
    balance
        Layer ``land_balance`` of the schema, in the order to be shown; without ``after_m2`` (or with nothing in it) only
        today is shown.
    provenance
        Item and value, for the notes: inputs, rule packs and what their numbers rest on, versions.
    date
        The day the file bears.
    title
        What the table is of.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    check_suffix(path)
    table = balance.reset_index() if balance.index.name == "use" else balance
    book = empty_book()
    for language in LANGUAGE_ORDER:
        _add_balance(book, table, title, language)
    _add_notes(book, table, title, provenance)
    save_book(path, book, date=date)


def _blocks(table: pd.DataFrame) -> dict[str, list[float]]:
    """Areas [m2] to show, by the word above them; the last of each is the total."""
    before_m2 = table["before_m2"]
    blocks = {"before": [*before_m2, before_m2.sum()]}
    if "after_m2" in table.columns and table["after_m2"].notna().any():
        after_m2 = table["after_m2"]
        blocks["after"] = [*after_m2, after_m2.sum()]
        blocks["change"] = [*(after_m2 - before_m2), after_m2.sum() - before_m2.sum()]
    return blocks


def _columns_of(block: str, areas_m2: list[float]) -> dict[str, list[float]]:
    """Columns of a block by unit."""
    area_m2 = np.array(areas_m2, dtype="float64")
    columns = {"m2": area_m2, "mu": mu_from_m2(area_m2), "ha": ha_from_m2(area_m2)}
    if block != "change":
        columns["share"] = area_m2 / (area_m2[-1] or np.nan)
    return {unit: column.tolist() for unit, column in columns.items()}


def _add_balance(book: Workbook, table: pd.DataFrame, title: Message, language: Language) -> None:
    sheet = book.create_sheet(text("write.balance.sheet", language))
    total = text("write.balance.total", language)
    columns: list[tuple[str, str, Sequence[object]]] = [
        ("code", "", [*table["use"], ""]),
        ("name", "", [*table[f"name_{language}"], total]),
    ]
    for block, areas_m2 in _blocks(table).items():
        columns += [(block, unit, cells) for unit, cells in _columns_of(block, areas_m2).items()]
    for number, (block, unit, cells) in enumerate(columns, start=1):
        _fill_column(sheet, number, unit, cells)
        is_first = number == 1 or columns[number - 2][0] != block
        put(sheet, 2, number, text(f"write.balance.{block}", language) if is_first else None)
        put(sheet, 3, number, text(f"write.balance.{unit}", language) if unit else None)
        sheet.column_dimensions[get_column_letter(number)].width = {"code": 12, "name": 34}.get(
            block, 13
        )
    _colour_codes(sheet, table["use"])
    _dress(sheet, len(columns), len(table))
    put_title(sheet, title.text(language))


def _fill_column(sheet: Worksheet, number: int, unit: str, cells: Sequence[object]) -> None:
    for row, value in enumerate(cells, start=_HEADER_ROWS + 1):
        cell = put(sheet, row, number, value)
        if unit:
            cell.number_format = _FORMATS[unit]


def _colour_codes(sheet: Worksheet, uses: pd.Series[str]) -> None:
    for row, use in enumerate(uses, start=_HEADER_ROWS + 1):
        colour = colour_of(use).removeprefix("#")
        red, green, blue = bytes.fromhex(colour)
        is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128  # noqa: PLR2004 (luma of ITU-R BT.601, half of 256)
        cell = sheet.cell(row=row, column=1)
        cell.fill = PatternFill("solid", fgColor=colour)
        cell.font = Font(color="FFFFFF" if is_dark else "000000")


def _dress(sheet: Worksheet, column_count: int, row_count: int) -> None:
    """Header and total stand out; the header stays in view; it prints on one page's width."""
    last = _HEADER_ROWS + row_count + 1
    for column in range(1, column_count + 1):
        for row in (2, 3):
            cell = sheet.cell(row=row, column=column)
            cell.font, cell.fill = BOLD, HEADER_FILL
            cell.alignment = Alignment(horizontal="center")
        sheet.cell(row=3, column=column).border = Border(bottom=_LINE)
        sheet.cell(row=last, column=column).font = BOLD
        sheet.cell(row=last, column=column).border = Border(top=_LINE)
    sheet.freeze_panes = sheet.cell(row=_HEADER_ROWS + 1, column=3)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _add_notes(
    book: Workbook, table: pd.DataFrame, title: Message, provenance: Mapping[str, str]
) -> None:
    sheet = book.create_sheet(in_both("write.balance.notes"))
    sentences = [title, say("write.balance.counting")]
    difference_m2 = _blocks(table).get("change", [0.0])[-1]
    if abs(difference_m2) > 0.05:  # noqa: PLR2004 (it is shown with one decimal)
        sentences.append(say("write.balance.difference", difference_m2=difference_m2))
    spoken = [sentence.text(language) for sentence in sentences for language in LANGUAGE_ORDER]
    rows = [("", sentence) for sentence in dict.fromkeys(spoken)]
    rows += [("", ""), (in_both("write.balance.item"), in_both("write.balance.value"))]
    header = len(rows)
    rows += [(str(item), str(value)) for item, value in provenance.items()]
    put_pairs(sheet, rows)
    for cell in sheet[header]:
        cell.font = BOLD
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 32, 100
