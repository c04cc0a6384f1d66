"""What a scenario asks of the area as a whole: layers, summary, explanation, page and workbook, or why not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from evaluated_towns import firms, ledger, park_of, reports
from towns import CRS, EAST, NORTH, street_of

from geoplan.errors import ScenarioError
from geoplan.model.park import Park
from geoplan.render.embed import unpack_page
from geoplan.scenario import explain_parcel, result_layers, summary_lines, write_result
from geoplan.scenario import run as running
from geoplan.scenario.area import analyse_area
from geoplan.scenario.model import EvaluateModel, Scenario
from geoplan.scenario.run import Result, run_scenario

PACKS = ("seed-practice", "findings-assumed", "space-assumed", "huangyan-2022")
ALL = ("profile", "clusters", "pockets", "services")


def town() -> Park:
    """Six squares in a street: E1 to E6 on one each; E1 and E2 pay no tax in two years; a school at the west end."""
    parcels = street_of(6, zone=["west"] * 3 + ["east"] * 3)
    names = [f"E{number}" for number in range(1, 7)]
    people = firms(**dict.fromkeys(names, "normal")).assign(
        industry_code=["C33"] * 3 + ["C26"] * 3,
        is_above_scale=pd.array([False] * 6, dtype="boolean"),
    )
    figures = pd.concat(
        reports(2024, **{name: [1e6 * number] * 2}) for number, name in enumerate(names, start=1)
    )
    figures = figures.assign(
        tax_amount=[0.0 if name in {"E1", "E2"} else 2e5 for name in figures["enterprise_id"]],
        electricity_kwh=1e5,
    )
    school = gpd.GeoDataFrame(
        {"kind": ["school"], "name": ["East School"]},
        geometry=[shapely.Point(EAST - 100, NORTH + 50)],
        index=pd.Index(["F1"], name="facility_id"), crs=CRS,
    )  # fmt: skip
    links = ledger(*[(name, f"P{number}", "owner") for number, name in enumerate(names, start=1)])
    return park_of(
        parcels, enterprises=people, occupancy=links, performance=figures, facilities=school
    )


def run(
    monkeypatch: pytest.MonkeyPatch, park: Park, *, packs: tuple[str, ...] = PACKS, **evaluate: Any
) -> Result:
    scenario = Scenario(
        name="town", date=dt.date(2026, 5, 1), park="sample", rules=packs,
        numbers={"below_mean.min_years": 2, "grading.quota.c": 60, "grading.quota.b": 40, "grading.quota.a": 20}
        if "huangyan-2022" in packs else {},
        evaluate=EvaluateModel(**evaluate),
    )  # fmt: skip
    monkeypatch.setattr(running, "load_park", lambda *_, **__: park)
    return run_scenario(scenario, until="evaluate")


def told(result: Result) -> list[str]:
    return [line.text("en") for line in summary_lines(result)]


def test_nothing_is_analysed_that_was_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, town(), packs=("seed-practice",))
    names = set(result_layers(result))
    assert not names & {"clusters", "pockets", "services", "area_profile", "grades"}
    assert not [line for line in told(result) if line.startswith(("Area:", "Grades"))]


def test_every_analysis_becomes_a_layer_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, town(), analyses=ALL)
    layers = result_layers(result)
    assert {
        "clusters",
        "pockets",
        "services",
        "area_profile",
        "area_sectors",
        "grades",
        "grade_items",
    } <= set(layers)
    assert layers["services"]["straight_m"].tolist() == [100, 200, 300, 400, 500, 600]
    lines = told(result)
    assert any(line.startswith("Area: low land among low:") for line in lines)
    assert any(
        line.startswith("Area: pockets of at least 15 mu: 1, together 45.0 mu") for line in lines
    )
    assert any(line.startswith("  grade D for years: 30.0 mu in 2 parcels") for line in lines)


def test_a_pack_that_grades_reaches_the_finding_grade_d_in_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # no tax: the two worst of six; four of six score better, which is more than the 60 percent that reach C
    result = run(monkeypatch, town())
    assert result.area is not None
    assert result.area.gradings is not None
    assert list(result.area.gradings) == [2024, 2025]
    assert result.area.gradings[2025].firms["grade"].tolist() == ["D", "D", "A", "A", "A", "A"]
    assert result.evaluation is not None
    found = result.evaluation.findings.query("finding == 'grade_d_run'")
    assert found["verdict"].tolist() == ["yes", "yes", "no", "no", "no", "no"]


def test_what_cannot_be_told_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = park_of(street_of(3))
    result = run(monkeypatch, bare, analyses=("profile", "services"))
    why = {item.stage: item.message.text("en") for item in result.left_out}
    assert why["grading"] == "grading needs the missing layers enterprises, occupancy, performance"
    assert (
        why["services"]
        == "there is no layer of facilities: distances to services were not measured"
    )
    assert why["profile"].startswith("the profile needs the column zone of the parcels")
    assert not {"grades", "services", "area_profile"} & set(result_layers(result))
    zoned = park_of(street_of(3, block_id="B1"))
    result = run(monkeypatch, zoned, analyses=("profile",))
    why = {item.stage: item.message.text("en") for item in result.left_out}
    assert (
        why["profile"]
        == "trades, export and innovation need the missing layers occupancy, enterprises"
    )


def test_an_analysis_without_its_numbers_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ScenarioError, match=r"pockets\."):
        run(monkeypatch, town(), packs=("seed-practice",), analyses=("pockets",))


def test_a_word_that_is_no_analysis_is_refused() -> None:
    with pytest.raises(ValueError, match="analyses"):
        EvaluateModel(analyses=("cluster",))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_parcel_is_told_its_grade_its_neighbours_and_its_services(
    monkeypatch: pytest.MonkeyPatch, language: Any
) -> None:
    result = run(monkeypatch, town(), analyses=ALL)
    assert result.evaluation is not None
    explanation = explain_parcel(
        result.park, result.evaluation, "P1", rules=result.rules, area=result.area
    )
    text = explanation.text(language)
    wanted = {
        "en": (
            "Grade of 2025, and what brought the points", "Enterprise E1: D: rank 5 of 6 below scale, 0 points",
            "tax per land: 0 against 11.6 10k yuan/mu: 0 of 50 points",
            "in pocket K1 of flagged land: 3 parcels, 45.0 mu",
            "school: East School, 100 m in a straight line, near enough: unknown (up to 500 m)",
        ),
        "zh": ("2025 年评级及分项得分", "D 类", "权重 50", "属连片低效用地 K1：3 个地块，45.0 亩", "小学：East School，直线 100 米"),
    }[language]  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    assert "against its neighbours" in text or language == "zh"
    assert "<table" in explanation.page(language)


def test_the_page_the_layers_and_the_workbook_hold_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = run(monkeypatch, town(), analyses=ALL)
    write_result(replace(result, land_balance=None), tmp_path)
    data = unpack_page((tmp_path / "town.html").read_text(encoding="utf-8"))
    assert [view["name"] for view in data["views"]] == ["today", "findings", "clusters", "services"]
    assert data["places"]["pockets"]["names"]["words"] == ["K1"]
    assert data["grades"]["year"] == 2025
    assert data["area"]["area"]["words"] == ["park", "east", "west"]
    layers = {str(row[0]) for row in pyogrio.list_layers(tmp_path / "town.gpkg")}
    assert {
        "clusters",
        "pockets",
        "services",
        "area_profile",
        "area_sectors",
        "grades",
        "grade_items",
    } <= layers
    styles = gpd.read_file(tmp_path / "town.gpkg", layer="layer_styles", use_arrow=True)
    assert {"clusters", "pockets", "services"} <= set(styles["f_table_name"])
    book = openpyxl.load_workbook(tmp_path / "town-findings.xlsx")
    sheets = {name.split()[-1] for name in book.sheetnames}
    assert {
        "clusters",
        "pockets",
        "services",
        "area_profile",
        "area_sectors",
        "grades",
        "grade_items",
        "grade_d_run",
    } <= sheets
    kinds = {cell.value for cell in book["服务设施距离 services"]["B"][3:]}
    assert kinds == {"小学 school"}


def test_land_that_is_kept_is_in_no_pocket(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, town())
    assert result.evaluation is not None
    triage = ["keep", "assist", "acquire", "revitalise", "survey", "upgrade"]
    parcels = result.evaluation.parcels.assign(triage=triage)
    area, left_out = analyse_area(
        result.park,
        replace(result.evaluation, parcels=parcels),
        rules=result.rules,
        asked=("pockets",),
    )
    assert area.pockets is not None
    assert area.pockets.layer["parcel_ids"].tolist() == ["P3; P4"]
    assert left_out == ()
