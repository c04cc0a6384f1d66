"""A source file says everything that is needed of a data set, and nothing it says wrong is passed over."""

import json
from pathlib import Path

import geopandas as gpd
import pytest

from geoplan.errors import ScenarioError
from geoplan.io.read import read_park
from geoplan.io.sources import Source, read_source

WRONG = """
name: Test
crs: EPSG:99999
layerz: 1
layers:
  parcel: {file: a.gpkg}
  parcels:
    file: x.gpkg
    columns:
      parcel_idd: A
      land_area_m2: {from: LOT, unit: sqftx}
      use: {values: {1: "0701"}}
      zone: {from: x, unit: mu}
  performance:
    - file: a.xlsx
      years: {2021: {columns: {outputs: a}}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "source.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_wrong_is_told_at_once_with_its_line_and_the_nearest_name(
    tmp_path: Path,
) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_source(written(tmp_path, WRONG))
    lines = [message.text() for message in caught.value.problems]
    for expected in (
        "source.yaml, line 3: crs: there is no coordinate system EPSG:99999",
        "source.yaml, line 4: layerz is not known; the nearest is layers",
        "source.yaml, line 6: there is no layer parcel; the nearest is parcels",
        "source.yaml, line 10: parcels has no column parcel_idd; the nearest is parcel_id",
        "source.yaml, line 11: layers.parcels.0.columns.land_area_m2.unit: there is no unit sqftx",
        "source.yaml, line 12: layers.parcels.0.columns.use needs exactly one of from, first, join, sum, difference",
        "source.yaml, line 13: zone is no quantity and has no unit",
        "source.yaml, line 16: performance has no column outputs; the nearest is output_amount",
    ):
        assert any(line.startswith(expected) for line in lines), expected
    assert len(lines) == 8
    assert "第 3 行" in caught.value.text("zh")


def test_codes_keep_their_zeros_and_a_name_alone_is_enough(tmp_path: Path) -> None:
    source = read_source(
        written(
            tmp_path,
            """
name: 新社工业区
layers:
  parcels:
    file: a.gpkg
    columns:
      parcel_id: 编号
      use: {from: kind, values: {1: 070102, false: 0901, "*": unknown}}
    constants: {zone: 007, is_vacant: true, phase: 2}
""",
        )
    )
    (part,) = source.layers["parcels"]
    assert source.name == {"en": "新社工业区", "zh": "新社工业区"}
    assert part.columns["parcel_id"].inputs == ("编号",)
    assert part.columns["use"].meanings == {"1": "070102", "false": "0901", "*": "unknown"}
    assert part.constants == {"zone": "007", "is_vacant": True, "phase": 2}


@pytest.mark.parametrize(
    "text", ["- a\n- b\n", "just words", "name: [1\n", "a: 1\na: 2\n", "", "\0"]
)
def test_what_is_no_mapping_is_refused_in_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScenarioError, match=r"source\.yaml"):
        read_source(written(tmp_path, text))


def test_a_source_file_may_be_written_in_gb18030_or_with_a_mark(tmp_path: Path) -> None:
    text = "name: 漳州\nlayers: {parcels: {file: a.gpkg}}\n"
    for encoding in ("gb18030", "utf-8-sig"):
        path = tmp_path / "source.yaml"
        path.write_bytes(text.encode(encoding))
        assert read_source(path).name["zh"] == "漳州"


def test_an_editor_can_check_a_source_file() -> None:
    schema = json.dumps(Source.model_json_schema())
    column = Source.model_json_schema()["$defs"]["ColumnSource"]["anyOf"]
    assert column[0] == {"type": "string"}
    assert all(word in schema for word in ("difference", "duplicate_ids", "working_crs"))


# ---- the source files that are shipped --------------------------------------------------------------------------------


def test_shipped_source_files_are_sound(project_root: Path) -> None:
    shipped = sorted((project_root / "data" / "gis" / "sources").glob("*.yaml"))
    assert {path.stem for path in shipped} >= {"nyc_ibz", "huizhou", "community_hlg"}
    for path in shipped:
        assert read_source(path).citation


@pytest.mark.data
def test_new_york_is_read_from_feet(project_root: Path, data_root: Path) -> None:
    park = read_park(project_root / "data/gis/sources/nyc_ibz.yaml", data_root=data_root)
    parcels, values = park.parcels, park.layers["valuation"]
    assert (len(parcels), len(values), park.currency) == (3772, 3772, "USD")
    assert park.crs is not None
    assert park.crs.to_epsg() == 26918
    assert (parcels["use"] == "1001").sum() == 1836  # SOURCE.txt
    assert parcels["is_vacant"].sum() == 267
    assert parcels["is_vacant"].isna().sum() == 182
    assert parcels["zone"].nunique() == 5
    drawn_m2 = gpd.read_file(data_root / "nyc_ibz/nyc_ibz_lots_24v1.gpkg").area * (1200 / 3937) ** 2
    assert parcels.area.to_numpy() == pytest.approx(drawn_m2.to_numpy(), rel=1e-3)
    assert (values["year"] == 2024).all()
    known = values.dropna()
    assert (known["improvement_amount"] == known["total_amount"] - known["land_amount"]).all()
    assert not (values["total_amount"] == 0).any()  # exempt lots are unknown, not worthless
    assert [one.kind for one in park.problems if one.severity == "warning"] == []


@pytest.mark.data
def test_the_wrong_prj_of_huizhou_is_caught_and_explained(
    project_root: Path, data_root: Path
) -> None:
    park = read_park(project_root / "data/gis/sources/huizhou.yaml", data_root=data_root)
    assert park.crs is not None
    assert park.crs.to_epsg() == 4547
    assert len(park.parcels) == 79
    assert park.parcels.area.sum() == pytest.approx(2_888_000, rel=1e-3)  # 288.8 ha
    assert park.parcels["use"].value_counts()[["070102", "0901"]].tolist() == [
        29,
        13,
    ]  # R2, B1 + B2
    (warning,) = [one for one in park.problems if one.severity == "warning"]
    assert warning.kind == "prj_contradicts"
    assert "the .prj contradicts the coordinates" in warning.message.text("en")
    assert set(park.inputs) >= {"huizhou_cn/raw/land.shp", "huizhou_cn/raw/land.prj"}


@pytest.mark.data
def test_the_community_is_in_local_metres(project_root: Path, data_root: Path) -> None:
    park = read_park(project_root / "data/gis/sources/community_hlg.yaml", data_root=data_root)
    assert park.crs is None
    assert park.parcels["retain_mode"].value_counts().to_dict() == {"convert": 41, "retain": 21}
    assert park.parcels.loc["183"].geometry.area == pytest.approx(170_025)


@pytest.mark.data
def test_another_city_needs_a_source_file_alone(tmp_path: Path, data_root: Path) -> None:
    path = written(
        tmp_path,
        """
name: Cambridge
currency: USD
landuse_version: mnr2023
layers:
  parcels:
    file: cambridge_ma/cambridge_parcels_fy13_fy14.gpkg
    layer: parcels_fy2014
    duplicate_ids: number
    columns:
      parcel_id: ML
      floor_area_m2: {from: GrossArea, unit: sqft, zero_is_unknown: true}
      use: {from: is_industrial, values: {true: "1001", false: unknown}}
  valuation:
    file: cambridge_ma/cambridge_parcels_fy13_fy14.gpkg
    columns: {parcel_id: ML, improvement_amount: BldgValue}
    duplicate_ids: number
    years: {2013: {layer: parcels_fy2013}, 2014: {layer: parcels_fy2014}}
  facilities:
    - file: cambridge_ma/cambridge_context.gpkg
      layer: public_schools
      columns: {facility_id: SITE_NAME}
      constants: {kind: school}
    - file: cambridge_ma/cambridge_context.gpkg
      layer: libraries
      columns: {facility_id: SITE_NAME}
      constants: {kind: library}
""",
    )
    park = read_park(path, data_root=data_root)
    assert park.crs is not None
    assert park.crs.to_epsg() == 32619
    assert len(park.parcels) == 13_116 - 1  # one row has no shape, and is told
    assert park.layers["valuation"].groupby("year").size().to_dict() == {2013: 13_153, 2014: 13_115}
    assert park.layers["facilities"]["kind"].value_counts().to_dict() == {
        "school": 18,
        "library": 7,
    }
    assert {"no_shape", "invalid_ring", "key_missing", "reprojected"} <= {
        one.kind for one in park.problems
    }
