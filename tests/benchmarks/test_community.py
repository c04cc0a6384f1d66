"""The community benchmark: the scenario that ships is its requirements, and the checker scores as the authors do."""

from __future__ import annotations

import json
import math
from pathlib import Path

import community_checker
import geopandas as gpd
import pytest
import shapely
from plan_checker import check

from benchmarks import _community
from geoplan.scenario import Scenario, read_scenario, run_scenario
from geoplan.scenario.outputs import write_layers

HLG = "benchmarks/community_hlg"


@pytest.mark.data
def test_the_scenario_that_ships_asks_what_the_requirements_ask(
    data_root: Path, project_root: Path
) -> None:
    ours = read_scenario(project_root / "scenarios" / "community_hlg.yaml")
    tree = _community.scenario_of(data_root / HLG, source=ours.park, pack="community_products.toml")
    assert Scenario.model_validate(tree).plan == ours.plan


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
def test_the_checker_reproduces_the_published_score(data_root: Path) -> None:
    folder = data_root / HLG
    told = community_checker.score(folder, folder / "drl_plan.geojson")
    assert round(told["score"], 4) == 3.6366
    assert (round(told["service"], 4), round(told["ecology"], 4)) == (0.71, 0.7303)
    assert told["broken"] == []


def little_community(folder: Path) -> Path:
    """A home in the west, nine free squares of 100 m east of it; two shops and a school to place."""
    folder.mkdir(parents=True)
    rows = [{"id": 0, "type": "residential", "role": "fixed"}]
    rows += [{"id": i, "type": "feasible", "role": "free"} for i in range(1, 10)]
    shapes = [shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(10)]
    parcels = gpd.GeoDataFrame(rows, geometry=shapes)
    parcels["area_m2"] = parcels.area
    parcels.to_file(folder / "parcels_blank.geojson")
    asked = {
        "instance": "little",
        "require_count_to_place": {"business": 2, "school": 1},
        "require_area_to_place_m2": {"residential": 0.0},
        "constraints": {"min_area": {"business": 10_000, "school": 10_000}},
        "leftover_becomes": "green_s",
        "reward_weights": {"life_circle": 4.0, "greenness": 1.0, "weight_by_area": False},
        "metric": {
            "service_radius_m": {"r10": 500},
            "service_groups": {"shopping": ["business"], "education": ["school"]},
            "decentralisation_coef": 0.05,
            "decentralisation_ref_m": 1000.0,
            "green_types": ["green_l", "green_s"],
            "green_min_area_m2": 2000,
            "green_buffer_m": 300,
        },
    }
    (folder / "requirements.json").write_text(json.dumps(asked), encoding="utf-8")
    return folder


@pytest.mark.filterwarnings("ignore:.*crs. was not provided")
def test_a_community_of_any_name_is_found_planned_and_scored(tmp_path: Path) -> None:
    folder = little_community(tmp_path / "data" / "somewhere")
    assert _community.communities(tmp_path) == [folder]
    assert _community.communities(folder) == [folder]
    path, bound, _ = _community._planned(folder, tmp_path)
    told = community_checker.score(folder, path)
    # school and one shop within 500 m (parcels 1 to 5), the other shop in the far east: at best 800 m from the first
    assert told["broken"] == []
    assert (told["service"], told["ecology"]) == (1.0, 1.0)
    assert told["score"] == pytest.approx(4 * (1 + 0.05 * 0.8 / 2) + 1)
    assert bound == pytest.approx(told["score"], rel=1e-4)


@pytest.mark.filterwarnings("ignore:.*crs. was not provided")
def test_the_checker_names_what_a_plan_breaks(tmp_path: Path) -> None:
    folder = little_community(tmp_path / "town")
    plan = gpd.read_file(folder / "parcels_blank.geojson").astype({"id": str})
    plan["product"] = ["", "school", "business", "tower", *["green_s"] * 6]
    plan.drop(columns="id").assign(parcel_id=plan["id"]).to_file(
        tmp_path / "bad.gpkg", layer="plan"
    )
    told = community_checker.score(folder, tmp_path / "bad.gpkg")
    assert told["broken"] == ["1 business, not 2", "3: tower"]
    # home covered by both groups; one shop has no pair; the nearest green is 300 m from the home and covers none of it
    assert told["score"] == pytest.approx(4.0)
    assert math.isclose(told["spread"], 0.0)


@pytest.mark.data
def test_the_community_is_planned_above_the_known_near_optimum(
    data_root: Path, project_root: Path, tmp_path: Path
) -> None:
    scenario = project_root / "scenarios" / "community_hlg.yaml"
    result = run_scenario(scenario, data_root=data_root, until="plan")
    assert result.allocation is not None
    path = write_layers(result, tmp_path)
    told = community_checker.score(data_root / HLG, path)
    assert told["broken"] == []
    assert told["score"] >= 4.0979
    assert told["score"] == pytest.approx(result.allocation.proof.objective)
    assert check(path, lambda _: None) == []
