"""Two plans side by side, three ways in one table, and a front: on the terminal, in workbooks, as layers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from command import geoplan
from openpyxl import load_workbook
from towns import block_of

from geoplan.scenario.compare import PlanSide, compare_plans, read_side, side_of
from geoplan.scenario.read import read_scenario
from geoplan.scenario.run import run_scenario
from geoplan.units import mu_from_m2

SCENARIO = """\
name: town
date: 2026-11-24
park: town.gpkg
rules: [seed-practice, plan-assumed]
plan:
  candidates: {parcels: [P1, P2, P3, P4, P5, P6]}
  products: [park, talent_homes, service_centre]
  areas:
    - {name: green, products: park, min_mu: 30, max_mu: 45}
    - {name: homes, products: talent_homes, min_mu: 30}
pareto: {goals: [suitability, green], points: 3}
overrides:
  painted: {plan: {locks: {P1: service_centre}}}
  yearly: {plan: {way: simulate}, simulate: {years: 3, runs: 4}}
  tiny: {plan: {way: simulate}, simulate: {years: 2, runs: 2, show: 5}}
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Three by three squares; six of them become parks, homes and centres."""
    block_of(3, 3, is_vacant=[True, *[False] * 8]).to_file(tmp_path / "town.gpkg")
    (tmp_path / "town.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def side(town: Path, *overrides: str) -> PlanSide:
    scenario = read_scenario(town / "town.yaml", overrides=overrides)
    return side_of(run_scenario(scenario, folder=town))


def test_the_matrix_holds_all_land_and_its_diagonal_what_stays(town: Path) -> None:
    found = compare_plans(side(town), side(town, "painted"))
    assert found.transition["area_mu"].sum() == pytest.approx(9 * 15)
    assert found.transition["parcel_count"].sum() == 9
    stays = found.transition.query("use_before == use_after")["area_m2"].sum()
    moved = found.difference["area_m2"].sum()
    assert stays + moved == pytest.approx(90_000)
    assert found.difference.loc["P1", "use_after"] == "0901"
    assert (found.difference[["reason_before_en", "reason_after_zh"]] != "").all(axis=None)


def test_a_painted_parcel_costs_what_the_two_plans_are_apart(town: Path) -> None:
    before, after = side(town), side(town, "painted")
    low, high = compare_plans(before, after).price_m2
    apart = before.worth_m2[0] - after.worth_m2[0]
    assert 0 <= low <= apart + 1e-6
    assert low - 1e-6 <= apart <= high + 1e-6
    back = compare_plans(after, before).price_m2
    assert (back[0], back[1]) == (pytest.approx(-high), pytest.approx(-low, abs=20))


def test_a_plan_against_itself_has_no_difference(town: Path) -> None:
    found = compare_plans(side(town), side(town))
    assert found.difference.empty
    assert (found.indicators["change"].dropna() == 0).all()
    low, high = found.price_m2
    assert low == 0
    assert high >= 0


def test_a_file_is_compared_as_the_run_that_wrote_it(town: Path) -> None:
    assert geoplan("plan", "town.yaml", "--out", "out", folder=town).code == 0
    live, read = side(town), read_side(town / "out" / "town.gpkg")
    other = side(town, "painted")
    one, two = compare_plans(live, other), compare_plans(read, other)
    pd.testing.assert_frame_equal(one.transition, two.transition)
    assert one.difference.index.tolist() == two.difference.index.tolist()
    assert one.price_m2 == pytest.approx(two.price_m2)
    assert read.name == "town"


def test_what_only_one_plan_knows_is_told_and_listed(town: Path) -> None:
    whole = side(town)
    less = PlanSide(
        name="less", title=whole.title, parcels=whole.parcels.drop(index="P9"),
        indicators=whole.indicators, rules=whole.rules, provenance=whole.provenance,
    )  # fmt: skip
    found = compare_plans(less, whole)
    assert found.difference.index.tolist() == ["P9"]
    assert pd.isna(found.difference.loc["P9", "use_before"])
    assert found.transition["area_mu"].sum() == pytest.approx(8 * 15)
    assert [note.text("en") for note in found.notes] == [
        "only town knows 1 parcels, 15.0 mu: they are in the list, not in the matrix"
    ]


def test_a_plan_that_breaks_a_rule_has_no_price(town: Path) -> None:
    whole = side(town)
    broken = whole.rules.copy()
    broken.loc[broken["rule"] == "area.green", "is_kept"] = False
    other = PlanSide(
        name="bad", title=whole.title, parcels=whole.parcels, indicators=whole.indicators,
        rules=broken, provenance=whole.provenance,
    )  # fmt: skip
    found = compare_plans(whole, other)
    assert found.price_m2 is None
    assert "bad does not keep area.green" in found.notes[0].text("en")


@pytest.mark.parametrize(("lang", "word"), [("en", "to"), ("zh", "新用途")])
def test_the_command_shows_and_writes_the_difference(town: Path, lang: str, word: str) -> None:
    run = geoplan(
        "compare", "town.yaml", "--override", "painted", "--lang", lang, "--out", "out", folder=town
    )
    assert run.code == 0, run.error
    assert word in run.out
    assert "town-painted" in run.out
    layer = gpd.read_file(town / "out" / "town-to-town-painted.gpkg", layer="difference")
    assert "P1" in layer["parcel_id"].tolist()
    book = load_workbook(town / "out" / "town-to-town-painted.xlsx")
    assert {"转移矩阵", "Transition", "Indicators", "Parcels", "变化地块"} <= set(book.sheetnames)
    matrix = book["Transition"]
    assert matrix.cell(row=matrix.max_row, column=matrix.max_column).value == pytest.approx(135)


def test_the_same_comparison_is_the_same_bytes(town: Path) -> None:
    for folder in ("one", "two"):
        geoplan("compare", "town.yaml", "--override", "painted", "--out", folder, folder=town)
    for name in ("town-to-town-painted.xlsx", "town-to-town-painted.gpkg"):
        assert (town / "one" / name).read_bytes() == (town / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("town.gpkg", "town.yaml"), "has no layer plan: it is no result"),
        (("nowhere.gpkg", "town.yaml"), "cannot be read: compare takes"),
        (("town.yaml", "town.gpkg", "--override", "painted"), "it has no overrides"),
    ],
)
def test_what_cannot_be_compared_is_told(town: Path, arguments: tuple[str, ...], said: str) -> None:
    run = geoplan("compare", *arguments, "--lang", "en", folder=town)
    assert run.code == 3
    assert said in " ".join(run.error.split())


def test_one_scenario_alone_is_planned_in_three_ways(town: Path) -> None:
    run = geoplan("compare", "town.yaml", "--lang", "en", "--out", "out", folder=town)
    assert run.code == 0, run.error
    for word in ("optimal", "ranking", "simulation", "suitable area", "rules kept"):
        assert word in run.out
    for way in ("optimal", "rules", "simulate"):
        assert (town / "out" / f"town-{way}.html").exists()
        plan = gpd.read_file(town / "out" / f"town-{way}.gpkg", layer="plan")
        assert plan.area.sum() == pytest.approx(90_000)
    steps = gpd.read_file(town / "out" / "town-rules.gpkg", layer="plan_steps")
    assert set(steps["parcel_id"]) == {f"P{number}" for number in range(1, 7)}


def test_a_scenario_simulates_and_repeats_to_the_byte(town: Path) -> None:
    for folder in ("one", "two"):
        run = geoplan(
            "plan",
            "town.yaml",
            "--override",
            "yearly",
            "--lang",
            "en",
            "--out",
            folder,
            folder=town,
        )
        assert run.code == 0, run.error
    assert "Simulation: 4 runs from 2027 to 2029 (seed 2026)" in run.out
    one, two = (town / folder / "town-yearly.gpkg" for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    uses = gpd.read_file(one, layer="simulation_uses")
    assert uses.groupby(["parcel_id", "year"])["probability"].sum().tolist() == [1.0] * 18


def test_a_run_that_is_not_there_cannot_be_shown(town: Path) -> None:
    run = geoplan("plan", "town.yaml", "--override", "tiny", "--lang", "en", folder=town)
    assert run.code == 3
    assert "there is no run 5 to show: 2 runs" in run.error


def test_a_front_opens_on_the_map_and_goes_on_from_its_file(town: Path) -> None:
    first = geoplan("pareto", "town.yaml", "--lang", "en", "--out", "out", folder=town)
    assert first.code == 0, first.error
    assert "knee" in first.out
    kept = (town / "out" / "town-pareto.jsonl").read_bytes()
    points = gpd.read_file(town / "out" / "town-pareto.gpkg", layer="pareto_points")
    for number in points["point"].unique():
        assert (town / "out" / f"town-pareto-{number}.html").exists()
        plan = gpd.read_file(town / "out" / f"town-pareto-{number}.gpkg", layer="plan")
        green = plan[plan["planned_use"] == "1401"].area.sum()
        own = points.query(f"point == {number} and goal == 'green'")["value"].iloc[0]
        assert green == pytest.approx(own)
        assert 29.9 <= mu_from_m2(green) <= 45.1
    second = geoplan("pareto", "town.yaml", "--lang", "en", "--out", "out", folder=town)
    assert second.out == first.out
    assert (town / "out" / "town-pareto.jsonl").read_bytes() == kept


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("after_seconds", [0.0, 0.1, 0.4, 1.0, 2.0])
def test_ctrl_c_is_one_sentence_whenever_it_comes(town: Path, after_seconds: float) -> None:
    call = ["run", "town.yaml", "--lang", "en", "--override", "yearly"]
    code = f"import sys; from geoplan.__main__ import main; print('open', flush=True); sys.exit(main({call}))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=town, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"open"
    time.sleep(after_seconds)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert b"Traceback" not in error
    assert process.returncode in {0, 130}
    assert (b"interrupted" in error) == (process.returncode == 130)
    assert not list(town.rglob(".geoplan-*"))  # no draft is left


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, geoplan.cli; geoplan.cli.main(['--help']); print([m for m in ('pandas', 'shapely', 'highspy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().strip().endswith("[]")


def test_every_name_of_the_face_is_there() -> None:
    import geoplan as face  # noqa: PLC0415  (the face is what is tested)

    assert sorted(face._HOMES) == sorted(face.__all__)
    assert all(getattr(face, name) is not None for name in face.__all__)
    assert set(face.__all__) <= set(dir(face))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = face.nothing
