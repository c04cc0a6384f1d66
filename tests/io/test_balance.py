from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from geoplan.errors import InputError
from geoplan.io import write_land_balance
from geoplan.words import literal, name_in_both

DAY = dt.date(2026, 5, 1)
TITLE = name_in_both({"en": "Xinshe (made up)", "zh": "新社（虚构）"})


def balance_of(**changes: object) -> pd.DataFrame:
    """Two squares of industry become one of homes; a third stays a park: 3 ha, 45 mu."""
    columns = {
        "use": ["0701", "100102", "1401"],
        "name_en": ["urban homes", "industry, class 2", "parks"],
        "name_zh": ["城镇住宅用地", "二类工业用地", "公园绿地"],
        "before_m2": [0.0, 20_000.0, 10_000.0],
        "after_m2": [10_000.0, 10_000.0, 10_000.0],
    }
    return pd.DataFrame(columns | changes)


def write(path: Path, table: pd.DataFrame, **provenance: str) -> openpyxl.Workbook:
    write_land_balance(path, balance=table, provenance=provenance, date=DAY, title=TITLE)
    return openpyxl.load_workbook(path)


def cells(sheet: Worksheet) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_one_sheet_per_language_and_notes(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", balance_of(), inputs="park.gpkg")
    assert book.sheetnames == ["用地平衡表", "Land balance", "说明 Notes"]
    title, groups, units, *rows = cells(book["Land balance"])
    assert title[0] == "Xinshe (made up)"
    assert [group for group in groups if group] == [
        "Code",
        "Land use",
        "Today",
        "Planned",
        "Change",
    ]
    assert units == [None, None, *["m2", "mu", "ha", "share"] * 2, "m2", "mu", "ha"]
    third = pytest.approx(1 / 3)
    assert rows == [
        ["0701", "urban homes", 0, 0, 0, 0, 10_000, 15, 1, third, 10_000, 15, 1],
        [
            "100102",
            "industry, class 2",
            20_000,
            30,
            2,
            pytest.approx(2 / 3),
            10_000,
            15,
            1,
            third,
            -10_000,
            -15,
            -1,
        ],
        ["1401", "parks", 10_000, 15, 1, third, 10_000, 15, 1, third, 0, 0, 0],
        [None, "Total", 30_000, 45, 3, 1, 30_000, 45, 3, 1, 0, 0, 0],
    ]
    chinese = cells(book["用地平衡表"])
    assert chinese[0][0] == "新社（虚构）"
    assert [row[1] for row in chinese[3:]] == ["城镇住宅用地", "二类工业用地", "公园绿地", "合计"]
    assert [row[2:] for row in chinese[3:]] == [row[2:] for row in rows]
    notes = cells(book["说明 Notes"])
    assert ["inputs", "park.gpkg"] in notes
    assert not any("differ" in str(row[1]) for row in notes)


def test_areas_that_do_not_add_up_are_told(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", balance_of(after_m2=[9_000.0, 10_000.0, 10_000.0]))
    notes = [row[1] for row in cells(book["说明 Notes"])]
    assert "Areas today and planned differ by -1,000.0 m2." in notes


@pytest.mark.parametrize("after", [None, [float("nan")] * 3])
def test_without_a_plan_only_today_is_shown(tmp_path: Path, after: list[float] | None) -> None:
    table = balance_of(after_m2=after) if after else balance_of().drop(columns="after_m2")
    sheet = write(tmp_path / "a.xlsx", table.set_index("use"))["Land balance"]
    assert cells(sheet)[-1] == [None, "Total", 30_000, 45, 3, 1]


def test_what_is_unknown_stays_empty(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", balance_of(before_m2=[float("nan"), 20_000.0, 10_000.0]))
    assert cells(book["Land balance"])[3][2:6] == [None] * 4


def test_a_park_without_land_has_no_shares(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", balance_of().iloc[:0])
    assert cells(book["Land balance"])[3:] == [[None, "Total", 0, 0, 0, None]]


def test_text_is_never_a_formula(tmp_path: Path) -> None:
    hostile = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(1)"]
    book = write(
        tmp_path / "a.xlsx", balance_of(name_en=hostile, use=hostile), **{"-2+3": "=HYPERLINK(1)"}
    )
    seen = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in seen if isinstance(cell.value, str)} == {"s"}
    assert {"=1+1", "-2+3", "=HYPERLINK(1)"} <= {cell.value for cell in seen}


def test_text_that_no_cell_holds_is_escaped_or_continued(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", balance_of(), odd="a\x00b\ud800", long="业" * 70_000)
    notes = cells(book["说明 Notes"])
    assert ["odd", "a_x0000_b_xD800_"] in notes
    start = next(i for i, row in enumerate(notes) if row[0] == "long")
    assert "".join(str(row[1]) for row in notes[start:]) == "业" * 70_000
    assert [row[0] for row in notes[start + 1 :]] == [None, None]


def test_a_long_title_is_cut_on_the_sheet_and_whole_in_the_notes(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_land_balance(
        path, balance=balance_of(), provenance={}, date=DAY, title=literal("x" * 300)
    )
    book = openpyxl.load_workbook(path)
    assert cells(book["Land balance"])[0][0] == "x" * 200 + "…"
    assert cells(book["说明 Notes"])[0][1] == "x" * 300


def test_it_is_dressed_for_reading(tmp_path: Path) -> None:
    sheet = write(tmp_path / "a.xlsx", balance_of())["Land balance"]
    assert sheet.freeze_panes == "C4"
    assert [sheet.cell(4, column).number_format for column in range(3, 7)] == [
        "#,##0", "#,##0.0", "#,##0.00", "0.0%",
    ]  # fmt: skip
    assert sheet["A4"].fill.fgColor.rgb == "00FFFF2D"
    assert sheet.column_dimensions["B"].width == 34


def test_equal_runs_give_equal_bytes_that_bear_the_date_alone(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", balance_of(), a="b")
    write(tmp_path / "b.xlsx", balance_of(), a="b")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert book.properties.created == book.properties.modified == dt.datetime(2026, 5, 1)  # noqa: DTZ001
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        assert {part.date_time for part in parts.infolist()} == {(2026, 5, 1, 0, 0, 0)}


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the name must end in \.xlsx"):
        write(tmp_path / "a.xls", balance_of())
