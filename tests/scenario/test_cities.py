"""Two real cities judged by assessed values; skipped where their data is absent."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

from geoplan.scenario import Result, run_scenario

pytestmark = pytest.mark.data
#: Industrial by the state's class, but networks of power, gas and telephone, or land that cannot be built on.
NOT_ASSESSED = {422, 424, 428, 430, 442}


def ran(name: str, project_root: Path, data_root: Path) -> Result:
    return run_scenario(
        project_root / "scenarios" / f"{name}.yaml", data_root=data_root, until="evaluate"
    )


@pytest.fixture(scope="module")
def cambridge(project_root: Path, data_root: Path) -> Result:
    return ran("cambridge", project_root, data_root)


@pytest.fixture(scope="module")
def new_york(project_root: Path, data_root: Path) -> Result:
    return ran("nyc_ibz", project_root, data_root)


@pytest.fixture(scope="module")
def roll(data_root: Path) -> gpd.GeoDataFrame:
    """The tax roll of Cambridge as it was published: industrial lots of 2014 that are judged."""
    path = data_root / "cambridge_ma" / "cambridge_parcels_fy13_fy14.gpkg"
    lots = gpd.read_file(path, layer="parcels_fy2014", ignore_geometry=True, use_arrow=True)
    return lots[lots["is_industrial"] & ~lots["UseCode"].isin(NOT_ASSESSED)].set_index("ML")


def found(result: Result, finding: str) -> set[str]:
    assert result.evaluation is not None
    table = result.evaluation.findings
    return set(table.loc[(table["finding"] == finding) & (table["verdict"] == "yes"), "parcel_id"])


def test_industrial_lots_are_those_of_the_state_class(
    cambridge: Result, roll: gpd.GeoDataFrame
) -> None:
    assert cambridge.evaluation is not None
    parcels = cambridge.evaluation.parcels
    assert set(parcels.index[parcels["is_assessed"]]) == set(roll.index)
    assert len(roll) == 169


def test_every_row_of_the_roll_is_there_and_repeated_ones_have_a_number(cambridge: Result) -> None:
    # 13 116 rows; one lot has no shape and is set aside, which the check tells
    assert len(cambridge.park.parcels) == 13_115
    assert [p.row for p in cambridge.problems if "no shape" in p.message.text("en")] == ["238-80"]
    assert {"---", "---#2", "268B-41#3"} <= set(cambridge.park.parcels.index)


def test_two_fiscal_years_speak(cambridge: Result) -> None:
    assert cambridge.evaluation is not None
    assert cambridge.evaluation.averages["year"].tolist() == [2013, 2014]


def test_buildings_worth_less_than_their_land_are_those_of_the_roll(
    cambridge: Result, roll: gpd.GeoDataFrame
) -> None:
    assert found(cambridge, "value_ratio") == set(roll.index[roll["BldgValue"] < roll["LandValue"]])
    # 40 years straight down: after ten a quarter is gone
    ripe = roll["BldgValue"] * 0.75 < roll["LandValue"]
    assert found(cambridge, "depreciation") == set(roll.index[ripe])


def test_the_worst_of_cambridge_are_open_land_and_sheds_on_it(cambridge: Result) -> None:
    assert cambridge.evaluation is not None
    parcels = cambridge.evaluation.parcels
    worst = ["267.3-268", "267.3-277", "267.3-278", "1A-67", "261-85"]
    assert parcels.loc[worst, "triage"].tolist() == ["acquire"] * 5
    assert (
        parcels.loc[worst, "existing_floor_area_m2"] < 0.2 * parcels.loc[worst, "area_m2"]
    ).all()


def test_no_public_land_of_new_york_is_to_be_acquired(new_york: Result) -> None:
    assert new_york.evaluation is not None
    parcels = new_york.evaluation.parcels
    to_acquire = parcels[parcels["triage"] == "acquire"]
    assert len(to_acquire) > 100
    assert not to_acquire["is_public"].fillna(value=False).any()
    assert set(to_acquire["zone"]) == set(parcels["zone"])  # each zone is held against itself


def test_the_cheapest_of_each_zone_are_at_most_a_quarter_of_it(new_york: Result) -> None:
    assert new_york.evaluation is not None
    parcels = new_york.evaluation.parcels.query("is_assessed")
    is_cheap = parcels.index.isin(found(new_york, "bottom_quantile"))
    shares = parcels.assign(is_cheap=is_cheap).groupby("zone")["is_cheap"].mean()
    assert ((shares > 0.2) & (shares <= 0.25)).all()
