"""The made-up park: its land, its ledger, and the figures of the newspaper page."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from pandas.testing import assert_frame_equal

from geoplan.evaluate import evaluate_park
from geoplan.io.sample import make_sample_park, write_sample
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.model.schema import columns_of
from geoplan.model.validate import check_park
from geoplan.units import mu_from_m2

PHASE_1 = ["XS10", "XS11", "XS12", "XS13", "XS14"]
YEARS = [2021, 2022, 2023, 2024, 2025]
OTHER_SEEDS = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]


@pytest.fixture(scope="module")
def park() -> Park:
    return make_sample_park()


@cache
def other_park(seed: int) -> Park:
    return make_sample_park(seed=seed)


def by_pencil(layers: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Output per m2 of every plot against the mean of the park, year by year, without geoplan.evaluate."""
    parcels, links, years = (layers[name] for name in ("parcels", "occupancy", "performance"))
    firms = layers["enterprises"]
    outside = firms.index[firms["is_industrial_use"] == 0]
    silent = set(outside) - set(years["enterprise_id"])  # such a tenant adds nothing
    area = parcels.geometry.area
    since = pd.to_datetime(links["from_date"]).dt.year.fillna(0)
    relative = {}
    for year in YEARS:
        here = links[since <= year]
        floor = here.groupby("parcel_id")["floor_area_m2"].transform("sum")
        share = here["land_share"].fillna(here["floor_area_m2"] / floor)
        land = share * here["parcel_id"].map(area)
        part = land / land.groupby(here["enterprise_id"]).transform("sum")
        output = years[years["year"] == year].set_index("enterprise_id")["output_amount"]
        amount = here["enterprise_id"].map(output) * part
        amount = amount[~here["enterprise_id"].isin(silent)]
        amount = amount.groupby(here["parcel_id"]).agg(lambda parts: parts.sum(skipna=False))
        amount = amount.dropna()
        mean = amount.sum() / area[amount.index].sum()
        relative[year] = amount / area[amount.index] / mean
    return pd.DataFrame(relative).reindex(parcels.index)


def poor_for_three_years(relative: pd.DataFrame) -> pd.Series:
    return (relative[[2023, 2024, 2025]] < 1).all(axis="columns")


# ---------------------------------------------------------------- the figures of the newspaper page


def test_a_few_lines_of_pandas_find_the_17_firms_in_the_shipped_files(project_root: Path) -> None:
    file = project_root / "data" / "gis" / "xinshe.gpkg"
    layers = {
        name: pyogrio.read_dataframe(file, layer=name) for name, _ in pyogrio.list_layers(file)
    }
    for name, key in (("parcels", "parcel_id"), ("enterprises", "enterprise_id")):
        layers[name] = layers[name].set_index(key)
    parcels, buildings = layers["parcels"], layers["buildings"]
    built = parcels.index.isin(buildings["parcel_id"])
    empty = parcels["is_vacant"] == 1
    acquire = (poor_for_three_years(by_pencil(layers)) & ~empty) | (empty & ~built)
    plots = parcels.index[acquire & parcels["block_id"].isin(PHASE_1)]
    firms = layers["occupancy"].query("parcel_id in @plots")["enterprise_id"].nunique()
    floor_m2 = buildings.query("parcel_id in @plots")["floor_area_m2"].sum()
    land_mu = mu_from_m2(parcels.geometry.area[plots].sum())
    assert firms == 17
    assert floor_m2 == pytest.approx(66_000, rel=0.01)
    assert land_mu == pytest.approx(73, abs=1)


def test_the_evaluation_finds_the_same_17(park: Park) -> None:
    found = evaluate_park(park, rules=load_rules(["seed-practice"])).parcels
    plots = found[(found["triage"] == "acquire") & found["block_id"].isin(PHASE_1)]
    links = park.layers["occupancy"]
    assert links[links["parcel_id"].isin(plots.index)]["enterprise_id"].nunique() == 17
    assert plots["existing_floor_area_m2"].sum() == pytest.approx(66_000, rel=0.01)
    assert mu_from_m2(plots.area.sum()) == pytest.approx(73, abs=1)


def test_the_17_stand_with_room_to_spare_on_both_sides(park: Park) -> None:
    parcels = park.parcels
    relative = by_pencil(dict(park.layers))[parcels["block_id"].isin(PHASE_1)]
    is_poor = poor_for_three_years(relative)
    others = relative[~is_poor].dropna(how="all")
    assert relative[is_poor & (relative[2025] > 0)][[2023, 2024, 2025]].max(axis=None) < 0.8
    assert others[[2023, 2024, 2025]].max(axis="columns").min() > 1.1
    assert len(others) >= 8  # plants in the area that are not acquired


def test_phase_1_holds_an_idle_plant_that_is_not_acquired(park: Park) -> None:
    found = evaluate_park(park, rules=load_rules(["seed-practice"])).parcels
    assert "revitalise" in set(found[found["block_id"].isin(PHASE_1)]["triage"])


def test_the_land_for_the_plan_can_hold_865_mu_of_homes_and_commerce(park: Park) -> None:
    found = evaluate_park(park, rules=load_rules(["seed-practice"])).parcels
    is_first = (found["triage"] == "acquire") & found["block_id"].isin(PHASE_1)
    is_open = (found["vacant"] == "yes") & ~(found["existing_floor_area_m2"] > 0)
    is_later = found["phase"].ge(2).fillna(value=False)
    land_mu = mu_from_m2(found[is_first | is_open | is_later].area.sum())
    assert 865 * 1.3 < land_mu < 865 * 1.6  # a third as much again for parks, schools, work


def test_nothing_in_it_says_which_parcels_are_poor(park: Park) -> None:
    for name, table in park.layers.items():
        schema = columns_of(name)
        assert all(
            schema[column].stage == "input" for column in table.columns if column != "geometry"
        )
    poor = park.parcels.index[poor_for_three_years(by_pencil(dict(park.layers)))]
    links = park.layers["occupancy"]
    of_poor = links["parcel_id"].isin(poor)
    numbers = links["enterprise_id"].str[1:].astype(int)
    assert abs(numbers[of_poor].mean() - numbers[~of_poor].mean()) < 15  # numbered in any order


# ---------------------------------------------------------------- the land


def test_the_park_is_as_large_as_it_should_be(park: Park) -> None:
    assert 2.8e6 < park.parcels.area.sum() < 3.3e6
    assert 180 <= len(park.parcels) <= 230
    assert 105 <= len(park.layers["enterprises"]) <= 115
    assert sorted(park.layers["performance"]["year"].unique()) == YEARS
    assert park.crs is not None
    assert park.crs.to_epsg() == 4548
    longitude, latitude = park.parcels.to_crs(4490).union_all().centroid.coords[0]
    assert (longitude, latitude) == pytest.approx((117.70, 24.53), abs=0.005)


def test_the_parcels_tile_the_site(park: Park) -> None:
    shapes = park.parcels.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    site = shapely.coverage_union_all(shapes)
    assert site.geom_type == "Polygon"
    assert not site.interiors
    assert site.area == pytest.approx(park.parcels.area.sum(), rel=1e-12)
    assert park.parcels.area.min() > 500  # no slivers


def test_roads_water_and_green_belong_to_the_land(park: Park) -> None:
    area = park.parcels.area.groupby(park.parcels["use"]).sum() / park.parcels.area.sum()
    assert 0.12 < area["1207"] < 0.22
    assert set(area.index) >= {"1701", "1702", "1705", "1401", "1402", "1403", "080403", "2301"}
    lake = park.layers["water"].query("kind == 'lake'").geometry.iloc[0]
    own = park.parcels.query("use == '1702'").union_all()
    assert lake.symmetric_difference(own).area < 1


def test_streets_meet_at_crossings_and_hang_together(park: Park) -> None:
    roads = park.layers["roads"]
    assert {"trunk", "arterial", "secondary", "local", "green_street", "path"} == set(
        roads["road_class"]
    )
    ends = [(line.coords[0], line.coords[-1]) for line in roads.geometry]
    assert nx.is_connected(nx.Graph(ends))
    crossing = roads.sindex.query(roads.geometry, predicate="crosses")
    assert crossing.shape[1] == 0
    names = " ".join(roads["name"])
    assert all(name in names for name in ("龙文路", "龙江路", "九龙大道", "Jiulong Avenue"))


def test_the_school_of_2019_stays(park: Park) -> None:
    school = park.layers["facilities"].query("kind == 'school'").iloc[0]
    assert (school["status"], school["open_year"]) == ("fixed", 2019)
    plot = park.parcels[park.parcels.contains(school.geometry)]
    assert plot["use"].tolist() == ["080403"]


def test_buildings_stand_inside_their_plots(park: Park) -> None:
    buildings = park.layers["buildings"]
    plots = park.parcels.geometry.reindex(buildings["parcel_id"]).to_numpy()
    assert shapely.covers(plots, buildings.geometry.to_numpy()).all()
    assert buildings.sindex.query(buildings.geometry, predicate="overlaps").shape[1] == 0
    floors = buildings.area * buildings["storey_count"]
    assert np.allclose(floors, buildings["floor_area_m2"], atol=0.06)
    tall = buildings["height_m"] / buildings["storey_count"] > 8
    assert (tall == buildings["is_double_counted"]).all()
    assert 0 < tall.sum() < len(buildings) / 10


# ---------------------------------------------------------------- the ledger


def test_firms_share_plots_and_plots_share_firms(park: Park) -> None:
    links = park.layers["occupancy"]
    assert (links.groupby("parcel_id")["enterprise_id"].nunique() > 2).sum() >= 3
    assert links.groupby("enterprise_id")["parcel_id"].nunique().ge(2).sum() >= 5
    assert links.groupby("parcel_id")["land_share"].sum().max() <= 1
    assert links["land_share"].isna().sum() >= 3  # some were never written down
    assert set(links["enterprise_id"]) == set(park.layers["enterprises"].index)


def test_figures_go_together_and_some_are_unknown(park: Park) -> None:
    years = park.layers["performance"]
    known = years[["output_amount", "revenue_amount", "tax_amount", "average_staff_count"]]
    assert known.corr("spearman", min_periods=100).min(axis=None) > 0.7
    assert (years["tax_amount"] <= years["revenue_amount"]).all()
    assert 0.02 < years["rd_expense_amount"].isna().mean() < 0.3
    assert 0 < years["output_amount"].isna().sum() < 20
    firms = park.layers["enterprises"]
    silent = firms.index.difference(years["enterprise_id"])
    assert 3 <= len(silent) <= 12
    assert {"normal", "reduced", "stopped", "unbuilt"} <= set(firms["operating_status"])
    assert 4 <= (~firms["is_industrial_use"]).sum() <= 20


def test_the_checks_have_nothing_to_object(park: Park) -> None:
    assert not park.problems
    assert {problem.severity for problem in check_park(park)} <= {"note"}


# ---------------------------------------------------------------- other seeds, same seed


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_findings_follow_the_data_in_any_other_park(seed: int, park: Park) -> None:
    other = other_park(seed)
    assert shapely.coverage_is_valid(other.parcels.geometry.to_numpy())
    assert shapely.is_valid(other.parcels.geometry.to_numpy()).all()
    assert not [p for p in (*other.problems, *check_park(other)) if p.severity != "note"]
    relative = by_pencil(dict(other.layers))
    found = evaluate_park(other, rules=load_rules(["seed-practice"])).parcels
    last = relative[[2023, 2024, 2025]].dropna()
    expected = (last < 1).all(axis="columns").map({True: "yes", False: "no"})
    assert found.loc[last.index, "below_mean"].tolist() == expected.tolist()
    shipped = by_pencil(dict(park.layers))
    assert abs(relative[2025].mean() - shipped[2025].mean()) > 1e-6


def test_ten_seeds_give_ten_different_lists() -> None:
    lists = set()
    for seed in OTHER_SEEDS:
        poor = poor_for_three_years(by_pencil(dict(other_park(seed).layers)))
        lists.add(tuple(poor.index[poor]))
    assert len(lists) == len(OTHER_SEEDS)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "a folder 漳州"]
    for folder in folders:
        write_sample(folder)
    for name in ("xinshe.gpkg", "xinshe_elevation.tif"):
        one, two = ((folder / name).read_bytes() for folder in folders)
        assert one == two


def test_the_shipped_files_hold_what_the_code_makes(park: Park, project_root: Path) -> None:
    file = project_root / "data" / "gis" / "xinshe.gpkg"
    for name, table in park.layers.items():
        shipped = pyogrio.read_dataframe(file, layer=name)
        assert len(shipped) == len(table), name
        if isinstance(table, gpd.GeoDataFrame):
            assert np.allclose(shipped.total_bounds, table.total_bounds, atol=0.002), name
    years = pyogrio.read_dataframe(file, layer="performance")
    numbers = years.select_dtypes("number").columns
    assert_frame_equal(years[numbers], park.layers["performance"][numbers], check_dtype=False)


def test_the_heights_cover_the_site(tmp_path: Path, project_root: Path) -> None:
    park = make_sample_park(raster_folder=tmp_path)
    assert park.elevation is not None
    shipped = project_root / "data" / "gis" / "xinshe_elevation.tif"
    assert 10_000 < shipped.stat().st_size < 80_000
    with rasterio.open(park.elevation.path) as made, rasterio.open(shipped) as old:
        assert made.crs.to_epsg() == 4548
        assert made.res == (10, 10)
        assert shapely.box(*made.bounds).contains(shapely.box(*park.parcels.total_bounds))
        heights = made.read(1)
        assert np.allclose(heights, old.read(1), atol=0.11)
    assert 0 < heights.min() < heights.max() < 60
    assert np.isfinite(heights).all()


def test_the_readme_tells_the_checksum_of_every_file(project_root: Path) -> None:
    folder = project_root / "data" / "gis"
    text = (folder / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([^`]+)` .*\| `([0-9a-f]{64})` \|$", text, flags=re.MULTILINE))
    files = [file for file in folder.iterdir() if file.is_file() and file.name != "README.md"]
    assert told == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)
    }
    for source in (folder / "sources").glob("*.yaml"):
        assert f"`{source.name}`" in text
