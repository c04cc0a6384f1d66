"""The demo: what a new user sees first, and the figures of the newspaper page in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from command import Run, geoplan
from plan_checker import check

MU = 2000 / 3


def layer(demo: Run, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(demo.folder / "maps" / "xinshe.gpkg", layer=name, use_arrow=True)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "maps").iterdir())
    }


def test_it_writes_four_files_and_says_where(demo: Run):
    assert demo.code == 0, demo.error
    assert [path.name for path in sorted((demo.folder / "maps").iterdir())] == [
        "xinshe-findings.xlsx",
        "xinshe.gpkg",
        "xinshe.html",
        "xinshe.xlsx",
    ]
    for name in ("xinshe.html", "xinshe.gpkg", "xinshe.xlsx", "xinshe-findings.xlsx"):
        assert name in demo.out
    for words in ("Flagged:", "below the mean", "Triage:", "Plan:", "Greenway:", "assumed"):
        assert words in demo.out


def test_it_takes_less_than_15_seconds(demo: Run):
    assert demo.seconds < 15


def test_phase_1_holds_17_firms_66_000_m2_on_73_mu(demo: Run):
    parcels, plan = layer(demo, "parcels"), layer(demo, "plan")
    cleared = parcels[(parcels["triage"] == "acquire") & (plan["planned_phase"] == 1)]
    occupancy = layer(demo, "occupancy")
    firms = occupancy.loc[occupancy["parcel_id"].isin(cleared["parcel_id"]), "enterprise_id"]
    with_firms = cleared[cleared["parcel_id"].isin(occupancy["parcel_id"])]
    assert firms.nunique() == 17
    assert cleared["existing_floor_area_m2"].sum() == pytest.approx(66_000, rel=0.01)
    assert with_firms.area.sum() / MU == pytest.approx(73, abs=1)


def test_the_whole_plan_holds_865_mu_of_housing_and_commerce(demo: Run):
    plan = layer(demo, "plan")
    sold = plan[plan["is_candidate"] & plan["planned_use"].str.startswith(("07", "09"))]
    assert sold.area.sum() / MU == pytest.approx(865, rel=0.02)


def test_no_land_is_lost_between_before_and_after(demo: Run):
    balance = layer(demo, "land_balance")
    assert balance["before_m2"].sum() == pytest.approx(balance["after_m2"].sum(), rel=1e-9)
    assert balance["before_m2"].sum() == pytest.approx(layer(demo, "parcels").area.sum(), rel=1e-9)


def test_the_workbook_adds_up_to_the_same_area(demo: Run):
    book = openpyxl.load_workbook(demo.folder / "maps" / "xinshe.xlsx", data_only=True)
    numbers = [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
    total_m2 = layer(demo, "parcels").area.sum()
    assert any(isinstance(n, float) and n == pytest.approx(total_m2, rel=1e-6) for n in numbers)


def test_a_second_run_writes_equal_bytes(demo: Run, tmp_path: Path):
    again = geoplan("demo", "--lang", "zh", folder=tmp_path, PYTHONHASHSEED="7", TZ="Asia/Shanghai")
    assert again.code == 0, again.error
    assert digests(again.folder) == digests(demo.folder)


def test_the_result_says_what_it_rests_on(demo: Run):
    provenance = dict(layer(demo, "provenance").set_index("item")["value"])
    assert provenance["scenario"] == "xinshe"
    assert provenance["rules seed-practice"].startswith("2026.1")
    assert "illustrative" in provenance["citation"] or "made up" in provenance["citation"]


def test_every_layer_of_the_issue_is_there(demo: Run):
    names = {str(row[0]) for row in pyogrio.list_layers(demo.folder / "maps" / "xinshe.gpkg")}
    wanted = {"parcels", "plan", "findings", "averages", "suitability", "plan_rules", "centres"}
    assert (
        wanted | {"greenway", "land_balance", "indicators", "layer_styles", "provenance"} <= names
    )


def test_an_independent_checker_agrees_with_every_rule_of_the_written_plan(demo: Run):
    assert list(check(demo.folder / "maps" / "xinshe.gpkg")) == []
