"""The workbook of the findings, read back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from evaluated_towns import firms, lantian, ledger, one_firm_each, park_of
from openpyxl.worksheet.worksheet import Worksheet
from towns import street_of

from geoplan.errors import InputError
from geoplan.evaluate import assess_robustness, evaluate_park
from geoplan.io import write_evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.words import name_in_both

DAY = dt.date(2026, 5, 1)
TITLE = name_in_both({"en": "Lantian (made up)", "zh": "蓝田（虚构）"})
RULES = load_rules(["seed-practice"])


def write(path: Path, park: Park, **provenance: str) -> openpyxl.Workbook:
    evaluation = evaluate_park(park, rules=RULES)
    write_evaluation(
        path, evaluation=evaluation, park=park, rules=RULES, provenance=provenance, date=DAY,
        title=TITLE,
    )  # fmt: skip
    return openpyxl.load_workbook(path)


def cells(sheet: Worksheet) -> list[tuple[object, ...]]:
    return list(sheet.iter_rows(values_only=True))


def texts(sheet: Worksheet) -> list[object]:
    return [value for row in cells(sheet) for value in row if value is not None]


def test_a_cover_a_sheet_for_each_test_the_averages_and_the_rules(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", lantian(), ledger="town.gpkg")
    tests = ["below_mean", "non_industrial_lease", "vacant"]
    names = [name.split()[-1] for name in book.sheetnames]
    assert [name for name in names if name in tests] == tests
    assert (names[0], names[-2:]) == ("Cover", ["Averages", "Rules"])


def test_the_parcels_found_come_first_with_firms_reason_and_rule(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", lantian())
    _, _, heads, *rows = cells(book["连续低于均值 below_mean"])
    assert heads[0] == "地块编号 Parcel"
    assert [row[0] for row in rows] == ["P2", "P3", "P5", "P1", "P4"]  # yes, two unknown, two no
    poor = dict(zip(heads, rows[0], strict=True))
    assert poor["结论 Verdict"] == "是 yes"
    assert poor["面积（亩） Area (mu)"] == pytest.approx(15)
    assert poor["企业 Firms"] == "Enterprise poor"
    assert poor["依据 Rule"] == "below_mean.min_years = 3 a"
    assert poor["处置建议 Triage"] == "收储 acquire"
    assert "2023, 2024, 2025" in str(poor["理由（英文） Reason (English)"])
    assert "2023、2024、2025" in str(poor["理由（中文） Reason (Chinese)"])


def test_the_cover_counts_land_and_states_rule_source_and_standing(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", lantian(), ledger="town.gpkg")
    cover = cells(book["封面 Cover"])
    assert cover[0][0] == "蓝田（虚构）：低效用地认定 Lantian (made up): findings"
    assert cover[1][0] == "2026-05-01"
    counts = {str(row[0]).split()[0]: row[1:6] for row in cover if isinstance(row[1], int)}
    assert counts["连续低于均值"] == (1, pytest.approx(15), 2, pytest.approx(30), 2)
    [rule] = [row for row in cover if row[0] == "below_mean.min_years"]
    assert rule[1:4] == (3, "a", "假定值 assumed")
    assert "Lantian zone" in str(rule[4])
    assert ("ledger", "town.gpkg") in [row[:2] for row in cover]


def test_a_test_that_could_not_be_made_is_told_on_the_cover(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", park_of(street_of(2)))
    assert any(
        str(text).startswith("Not made: the measure output") for text in texts(book.worksheets[0])
    )


def test_a_firm_that_left_is_not_named(tmp_path: Path) -> None:
    park = park_of(
        street_of(1), enterprises=firms(gone="normal", here="normal"),
        occupancy=ledger(
            ("gone", "P1", "owner", "2020-06-30"), ("here", "P1", "owner", None),
            columns="enterprise_id parcel_id role to_date",
        ),
        performance=lantian().layers["performance"].replace({"enterprise_id": {"good": "here"}}),
    )  # fmt: skip
    sheet = write(tmp_path / "a.xlsx", park)["土地空置 vacant"]
    assert "Enterprise here" in texts(sheet)


def test_text_is_never_a_formula(tmp_path: Path) -> None:
    park = lantian()
    people = park.layers["enterprises"].assign(name="=HYPERLINK(1)")
    parcels = park.parcels.assign(name="+cmd|' /C calc'!A0")
    book = write(tmp_path / "a.xlsx", park.with_layers(enterprises=people, parcels=parcels))
    seen = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in seen if isinstance(cell.value, str)} == {"s"}
    assert "=HYPERLINK(1)" in {cell.value for cell in seen}


def test_equal_runs_give_equal_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", lantian(), a="b")
    write(tmp_path / "b.xlsx", lantian(), a="b")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_park_without_assessed_land_has_a_cover_only(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", park_of(street_of(1, use="0701")))
    assert [name.split()[-1] for name in book.sheetnames] == ["Cover", "Averages", "Rules"]


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the name must end in \.xlsx"):
        write(tmp_path / "a.xls", lantian())


def test_how_sure_each_finding_is_stands_beside_it_with_a_chart_for_each_threshold(
    tmp_path: Path,
) -> None:
    rules = load_rules(["seed-practice", "robustness-assumed"])
    park = lantian()
    evaluation = evaluate_park(park, rules=rules, average="median")
    sure = assess_robustness(evaluation, rules=rules, rng=np.random.default_rng(1))
    for name in ("a.xlsx", "b.xlsx"):
        write_evaluation(
            tmp_path / name, evaluation=evaluation, park=park, rules=rules, provenance={}, date=DAY,
            title=TITLE, robustness=sure,
        )  # fmt: skip
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    _, _, heads, *rows = cells(book["土地空置 vacant"])
    first = dict(zip(heads, rows[0], strict=True))
    assert (first["地块编号 Parcel"], first["稳健程度 How sure"]) == ("P5", "稳健 robust")
    assert "模拟中被认定的比例为 100%" in str(first["稳健性说明（中文） How sure (Chinese)"])
    curves = book["阈值曲线 Thresholds"]
    assert len(curves._charts) == sure.threshold_curve["threshold"].nunique() == 4
    assert len(cells(curves)) == 3 + len(sure.threshold_curve)
    triage = cells(book["处置稳健性 Triage"])
    assert triage[3][0] == "P3"  # decided by unknown data: told first
    cover = texts(book.worksheets[0])
    assert "稳健程度 How sure" in cover
    assert "Each parcel is held against the median of the park." in cover


def test_an_average_that_speaks_for_little_is_told_on_the_cover(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", one_firm_each(street_of(1), {"P1": [1e6]}))
    told = [str(cell) for cell in texts(book.worksheets[0])]
    assert (
        "averages that speak for little - the park's mean (2021): one parcel only: it is held against itself"
        in told
    )
    heads = cells(book["均值 Averages"])[2]
    assert "说明 note_zh" in heads


def test_the_years_stand_beside_the_mean_with_a_chart(tmp_path: Path) -> None:
    # 15 mu each, 10 000 yuan per mu: means 33.3 in every year; P2, found below it, 13.3, 13.3 and 6.67
    sheet = write(tmp_path / "a.xlsx", lantian())["逐年对比 Years"]
    _, _, heads, mean, of_found, *rows = cells(sheet)
    assert heads[2:] == ("2023", "2024", "2025")
    assert mean[2:] == pytest.approx((100 / 3, 100 / 3, 100 / 3))
    assert of_found[1:] == pytest.approx((15, 200 / 15, 200 / 15, 100 / 15))
    assert [row[0] for row in rows] == ["P1", "P2", "P3", "P4", "P5"]
    assert rows[2][2:] == (None, None, pytest.approx(400 / 15))
    [chart] = sheet._charts
    assert len(chart.series) == 2


def test_a_single_year_has_no_chart(tmp_path: Path) -> None:
    park = lantian()
    last = park.layers["performance"].query("year == 2025")
    book = write(tmp_path / "a.xlsx", park.with_layers(performance=last))
    assert "逐年对比 Years" not in book.sheetnames


def test_layers_become_sheets_of_the_last_year_and_the_assessed_parcels(tmp_path: Path) -> None:
    evaluation = evaluate_park(lantian(), rules=RULES)
    grades = pd.DataFrame(
        {"enterprise_id": ["good", "good"], "year": [2024, 2025], "grade": ["B", "A"]}
    )
    services = pd.DataFrame({"parcel_id": ["P1", "P6"], "kind": "school", "is_near": "yes"})
    path = tmp_path / "a.xlsx"
    write_evaluation(
        path, evaluation=evaluation, park=lantian(), rules=RULES, provenance={}, date=DAY, title=TITLE,
        layers={"grades": grades, "services": services, "pockets": services.iloc[:0]},
    )  # fmt: skip
    book = openpyxl.load_workbook(path)
    assert cells(book["亩均评价 grades"])[3:] == [("good", 2025, "A")]
    assert cells(book["服务设施距离 services"])[3:] == [("P1", "小学 school", "是 yes")]
    assert not any("pockets" in name for name in book.sheetnames)
