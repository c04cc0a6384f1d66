"""The land balance as a workbook that a planner pastes into a report: one sheet per language, and notes."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geoplan.files import atomic_path, cannot_write
from geoplan.model.landuse import colour_of
from geoplan.units import ha_from_m2, mu_from_m2
from geoplan.words import Language, Message, say, text

__all__ = ["write_land_balance"]

_FORMATS = {"m2": "#,##0", "mu": "#,##0.0", "ha": "#,##0.00", "share": "0.0%"}
_SHEETS: tuple[Language, ...] = ("zh", "en")
_HEADER_ROWS = 3  # title, group, unit
_MAX_CELL = 32_000  # a cell of a workbook holds 32,767 characters
_MAX_TITLE = 200
_BOLD = Font(bold=True)
_HEADER_FILL = PatternFill("solid", fgColor="DDE5EC")
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
    if Path(path).suffix.lower() != ".xlsx":
        raise cannot_write(path, say("write.wrong_suffix", suffix=".xlsx"))
    table = balance.reset_index() if balance.index.name == "use" else balance
    book = Workbook()
    book.remove(book.active)
    for language in _SHEETS:
        _add_balance(book, table, title, language)
    _add_notes(book, table, title, provenance)
    with atomic_path(path) as draft:
        draft.write_bytes(_bytes_of(book, date))


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
        _put(sheet, 2, number, text(f"write.balance.{block}", language) if is_first else None)
        _put(sheet, 3, number, text(f"write.balance.{unit}", language) if unit else None)
        sheet.column_dimensions[get_column_letter(number)].width = {"code": 12, "name": 34}.get(
            block, 13
        )
    _colour_codes(sheet, table["use"])
    _dress(sheet, len(columns), len(table))
    heading = title.text(language)
    _put(sheet, 1, 1, heading if len(heading) <= _MAX_TITLE else heading[:_MAX_TITLE] + "…")
    sheet["A1"].font = Font(bold=True, size=14)


def _fill_column(sheet: Worksheet, number: int, unit: str, cells: Sequence[object]) -> None:
    for row, value in enumerate(cells, start=_HEADER_ROWS + 1):
        cell = _put(sheet, row, number, value)
        if unit:
            cell.number_format = _FORMATS[unit]


def _put(sheet: Worksheet, row: int, column: int, value: Any) -> Cell:
    """Put a value into a cell: text as text whatever it begins with, an unknown number as nothing."""
    cell: Cell = sheet.cell(row=row, column=column)
    if isinstance(value, str):
        cell.value = _storable(value)
        cell.data_type = "s"
    elif value is not None and not pd.isna(value):
        cell.value = value
    return cell


def _storable(words: str) -> str:
    """Escape characters that XML cannot hold, in the way workbooks do (``_x0007_``)."""
    return re.sub(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]",
        lambda m: f"_x{ord(m[0]):04X}_",
        words,
    )


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
            cell.font, cell.fill = _BOLD, _HEADER_FILL
            cell.alignment = Alignment(horizontal="center")
        sheet.cell(row=3, column=column).border = Border(bottom=_LINE)
        sheet.cell(row=last, column=column).font = _BOLD
        sheet.cell(row=last, column=column).border = Border(top=_LINE)
    sheet.freeze_panes = sheet.cell(row=_HEADER_ROWS + 1, column=3)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _add_notes(
    book: Workbook, table: pd.DataFrame, title: Message, provenance: Mapping[str, str]
) -> None:
    sheet = book.create_sheet(_in_both("write.balance.notes"))
    sentences = [title, say("write.balance.counting")]
    difference_m2 = _blocks(table).get("change", [0.0])[-1]
    if abs(difference_m2) > 0.05:  # noqa: PLR2004 (it is shown with one decimal)
        sentences.append(say("write.balance.difference", difference_m2=difference_m2))
    spoken = [sentence.text(language) for sentence in sentences for language in _SHEETS]
    rows = [("", sentence) for sentence in dict.fromkeys(spoken)]
    rows += [("", ""), (_in_both("write.balance.item"), _in_both("write.balance.value"))]
    header = len(rows)
    rows += [(str(item), str(value)) for item, value in provenance.items()]
    for row, (item, value) in enumerate(_split_long(rows), start=1):
        _put(sheet, row, 1, item)
        _put(sheet, row, 2, value).alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[header]:
        cell.font = _BOLD
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 32, 100


def _in_both(key: str) -> str:
    return f"{text(key, 'zh')} {text(key, 'en')}"


def _split_long(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
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
