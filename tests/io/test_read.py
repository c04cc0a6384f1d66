"""Tables come out of files as they went in, whatever wrote them."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyproj
import pytest
import rasterio
import shapely
from towns import CRS, EAST, NORTH, block_of, street_of

from geoplan.errors import CrsError, InputError, SchemaError
from geoplan.io.read import read_park
from geoplan.io.write import write_geopackage
from geoplan.model.park import Park
from geoplan.model.validate import check_park


def kinds(park: Park) -> list[str]:
    return [one.kind for one in park.problems]


def source(folder: Path, text: str) -> Path:
    path = folder / "source.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def saved(folder: Path, town: gpd.GeoDataFrame, file: str = "parcels.gpkg", **options: Any) -> Path:
    path = folder / file
    table = town.reset_index()
    if path.suffix == ".shp":  # field names of ten bytes: the national ones
        table = table.rename(
            columns={"parcel_id": "ZDDM", "landuse_version": "分类", "use": "DLBM"}
        )
        table = table.drop(columns="分类")
    table.to_file(path, **options)
    return path


# ---- without a source file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["land.gpkg", "land.geojson", "land.fgb", "land.parquet", "land.shp"]
)
def test_a_file_in_our_words_needs_no_source_file(tmp_path: Path, name: str) -> None:
    town = street_of(3, zone=["A", "A", "B"])
    path = tmp_path / name
    if name.endswith("parquet"):
        town.to_parquet(path)
    else:
        saved(tmp_path, town, name)
    park = read_park(path)
    assert sorted(park.parcels.index) == ["P1", "P2", "P3"]  # FlatGeobuf sorts by place
    assert park.parcels["zone"].sort_index().tolist() == ["A", "A", "B"]
    assert park.parcels["landuse_version"].tolist() == ["mnr2023"] * 3
    assert park.parcels.area.tolist() == pytest.approx([10_000] * 3)
    assert park.inputs[name] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert park.name["en"] == "land"


def test_geographic_files_come_into_the_zone_of_the_place(tmp_path: Path) -> None:
    park = read_park(saved(tmp_path, street_of(2).to_crs(4326), "land.geojson"))
    assert park.crs == pyproj.CRS(4548)
    assert park.parcels.area.tolist() == pytest.approx([10_000] * 2, rel=1e-6)
    assert kinds(park) == ["reprojected"]
    assert "in degrees, to EPSG:4548" in park.problems[0].message.text()


def test_web_mercator_is_left_for_a_true_crs(tmp_path: Path) -> None:
    park = read_park(saved(tmp_path, street_of(1).to_crs(3857)))
    assert park.crs == pyproj.CRS(4548)
    assert park.parcels.area.tolist() == pytest.approx([10_000], rel=1e-6)


def test_what_geoplan_writes_it_reads_again(tmp_path: Path) -> None:
    import datetime as dt  # noqa: PLC0415

    town = street_of(
        3, use=["M1", "R2", "?"], landuse_version="gb50137", is_vacant=[True, None, False]
    )
    first = Park.from_layers(
        parcels=town,
        performance=pd.DataFrame({"enterprise_id": ["E1"], "year": [2021], "tax_amount": [1.5]}),
        enterprises=pd.DataFrame(
            {"enterprise_id": ["E1"], "name": ["甲"], "operating_status": ["normal"]}
        ),
    )
    path = tmp_path / "park.gpkg"
    write_geopackage(
        path,
        layers={**first.layers, "findings": pd.DataFrame({"parcel_id": ["P1"]})},
        provenance={"park": "新社", "currency": "CNY", "citation": "made up"},
        date=dt.date(2026, 1, 1),
        crs=first.crs,
    )
    again = read_park(path)
    assert (again.name["zh"], again.currency, again.citation) == ("新社", "CNY", "made up")
    assert kinds(again) == ["layers_not_read", "use_unknown"]
    for name, table in first.layers.items():
        pd.testing.assert_frame_equal(
            pd.DataFrame(again.layers[name]), pd.DataFrame(table), check_like=True
        )


def test_a_layer_in_local_metres_survives_writing(tmp_path: Path) -> None:
    import datetime as dt  # noqa: PLC0415

    park = Park.from_layers(parcels=street_of(1).set_crs(None, allow_override=True))
    path = tmp_path / "park.gpkg"
    write_geopackage(
        path,
        layers=park.layers,
        provenance={"crs": "local metres"},
        date=dt.date(2026, 1, 1),
        crs=None,
    )
    assert read_park(path).crs is None


def test_columns_that_nothing_reads_are_named(tmp_path: Path) -> None:
    park = read_park(saved(tmp_path, street_of(1, colour="red", 备注="x")))
    (note,) = park.problems
    assert note.message.text() == "parcels: 2 columns are not read: colour, 备注"
    assert "colour" not in park.parcels


# ---- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", ["GBK", None, "UTF-8", "ISO-8859-1", "nonsense"])
def test_a_shapefile_in_gbk_is_read_whatever_its_cpg_says(
    tmp_path: Path, declared: str | None
) -> None:
    town = street_of(2, 坐落=["漳州市新社村", "上美湖路1号"])
    path = saved(tmp_path, town, "land.shp", encoding="GBK")
    path.with_suffix(".cpg").unlink()
    if declared:
        path.with_suffix(".cpg").write_text(declared)
    park = read_park(path)
    assert park.parcels["address"].tolist() == ["漳州市新社村", "上美湖路1号"]
    assert ("wrong_encoding" in kinds(park)) == (declared in {"UTF-8", "ISO-8859-1"})


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
def test_a_character_cut_off_at_the_end_of_a_field_is_dropped_and_spoils_nothing(
    tmp_path: Path, encoding: str
) -> None:
    path = saved(tmp_path, street_of(2, address=["漳" * 80, "州"]), "land.shp", encoding=encoding)
    path.with_suffix(".cpg").unlink()
    table = path.with_suffix(".dbf")
    whole = ("漳" * 80).encode(encoding)
    table.write_bytes(table.read_bytes().replace(whole, whole[:-1] + b" "))
    assert read_park(path).parcels["address"].tolist() == ["漳" * 79, "州"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_geojson_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = saved(tmp_path, street_of(1, 坐落="新社"), "land.geojson")
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert read_park(path).parcels["address"].tolist() == ["新社"]


def test_accents_are_not_taken_for_chinese(tmp_path: Path) -> None:
    town = street_of(2, address=["Rue de l'École", "Zürich"])
    path = saved(tmp_path, town, "land.shp", encoding="ISO-8859-1")
    assert read_park(path).parcels["address"].tolist() == ["Rue de l'École", "Zürich"]


# ---- coordinates ------------------------------------------------------------------------------------------------------

PLAIN = "name: x\nlayers: {parcels: {file: parcels.gpkg}}\n"


def test_layers_of_another_crs_are_brought_to_that_of_the_parcels(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    road = gpd.GeoDataFrame(
        {"road_id": ["R"], "road_class": "local"},
        geometry=[shapely.LineString([(EAST, NORTH), (EAST + 100, NORTH)])],
        crs=CRS,
    )
    road.to_crs(4326).to_file(tmp_path / "roads.geojson")
    text = "name: x\nlayers:\n  roads: {file: roads.geojson}\n  parcels: {file: parcels.gpkg}\n"
    park = read_park(source(tmp_path, text))
    roads = park.places("roads")
    assert roads is not None
    assert roads.crs == park.crs == pyproj.CRS(CRS)
    assert roads.length.iloc[0] == pytest.approx(100, abs=1e-3)


def wrong_prj(folder: Path) -> None:
    saved(folder, street_of(1).set_crs(4326, allow_override=True))


def swapped_axes(folder: Path) -> None:
    town = street_of(1)
    shapes = shapely.transform(town.geometry.array, lambda xy: xy[:, ::-1])
    saved(folder, town.set_geometry(gpd.GeoSeries(shapes, index=town.index, crs=CRS)))


def prefixed(folder: Path) -> None:
    town = street_of(1)
    saved(folder, town.set_geometry(town.translate(39_000_000, 0)))


@pytest.mark.parametrize(
    ("damage", "words", "cure", "kind"),
    [
        (wrong_prj, "EPSG:4326 .* What fits: .*EPSG:4548", "crs: EPSG:4548", "prj_contradicts"),
        (swapped_axes, "EPSG:4548 with the axes exchanged", "swap_axes: true", "axes_swapped"),
        (prefixed, "zone number 39 .* EPSG:4527", "crs: EPSG:4527", "prj_contradicts"),
    ],
)
def test_coordinates_that_contradict_their_crs_are_refused_until_the_source_file_says_more(
    tmp_path: Path, damage: Callable[[Path], None], words: str, cure: str, kind: str
) -> None:
    damage(tmp_path)
    with pytest.raises(CrsError, match=words):
        read_park(source(tmp_path, PLAIN))
    park = read_park(source(tmp_path, f"{cure}\n{PLAIN}"))
    assert kind in kinds(park)
    assert park.parcels.area.tolist() == pytest.approx([10_000])
    west, south = park.parcels.to_crs(4326).total_bounds[:2]
    assert (round(west, 2), round(south, 2)) == (117.0, 24.4)


def test_a_crs_that_the_coordinates_do_not_fit_is_not_believed(tmp_path: Path) -> None:
    wrong_prj(tmp_path)
    with pytest.raises(CrsError, match="declares EPSG:2263"):
        read_park(source(tmp_path, f"crs: EPSG:2263\n{PLAIN}"))
    saved(tmp_path, street_of(1).to_crs(4326))
    with pytest.raises(CrsError, match="local metres"):
        read_park(source(tmp_path, f"crs: local metres\n{PLAIN}"))


def test_a_layer_whose_own_crs_fits_keeps_it_beside_one_whose_does_not(tmp_path: Path) -> None:
    wrong_prj(tmp_path)
    saved(tmp_path, street_of(1).rename_axis("water_id").to_crs(4326), "lake.geojson")
    text = "name: x\ncrs: EPSG:4548\nlayers:\n  parcels: {file: parcels.gpkg}\n  water: {file: lake.geojson}\n"
    park = read_park(source(tmp_path, text))
    assert {"prj_contradicts", "declared_crs_used"} <= set(kinds(park))
    water = park.places("water")
    assert water is not None
    assert water.area.tolist() == pytest.approx([10_000], rel=1e-6)


def test_a_working_crs_must_measure_true_metres(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    park = read_park(source(tmp_path, f"working_crs: EPSG:4549\n{PLAIN}"))
    assert park.crs == pyproj.CRS(4549)
    for code in (3857, 4326, 2263):
        with pytest.raises(CrsError, match="use EPSG:4548"):
            read_park(source(tmp_path, f"working_crs: EPSG:{code}\n{PLAIN}"))


# ---- columns ----------------------------------------------------------------------------------------------------------


def test_columns_are_computed_as_the_source_file_says(tmp_path: Path) -> None:
    town = block_of(4, 1).reset_index(drop=True)
    town = town.assign(
        blk=["1", "1", "2", "2"],
        lot=[1.0, 2.0, 1.0, 2.0],
        kind=[1, 2, 9, None],
        total=[10.0, 20.0, 0.0, 40.0],
        land=[4.0, 5.0, 0.0, None],
        sqft=[100, 0, 200, 300],
        full=[35.0, 40.0, 0.0, 100.0],
        osm=["a", None, None, "d"],
        way=["x", "y", None, "z"],
    )
    town.drop(columns=["use", "landuse_version"]).to_file(tmp_path / "parcels.gpkg")
    park = read_park(
        source(
            tmp_path,
            """
name: x
landuse_version: mnr2023
currency: USD
layers:
  parcels:
    file: parcels.gpkg
    columns:
      parcel_id: {join: [blk, lot], separator: "/"}
      use: {from: kind, values: {1: 0901, 2: "1001"}}
      is_vacant: {from: kind, values: {9: true, "*": false}}
      floor_area_m2: {from: sqft, unit: sqft_us, zero_is_unknown: true}
      max_coverage_share: {from: full, unit: percent}
      name: {first: [osm, way]}
    constants: {zone: north}
  valuation:
    file: parcels.gpkg
    columns:
      parcel_id: {join: [blk, lot], separator: "/"}
      total_amount: {from: total, unit: 10k}
      land_amount: {sum: [land, total]}
      improvement_amount: {difference: [total, land], zero_is_unknown: true}
    constants: {year: 2024}
""",
        )
    )
    parcels, values = park.parcels, park.layers["valuation"]
    assert parcels.index.tolist() == ["1/1", "1/2", "2/1", "2/2"]
    assert parcels["use"].tolist() == ["0901", "1001", "unknown", "unknown"]
    assert parcels["is_vacant"].tolist()[:3] == [False, False, True]
    assert parcels["is_vacant"].isna().tolist() == [False, False, False, True]
    assert parcels["floor_area_m2"].tolist()[0] == pytest.approx(100 * (1200 / 3937) ** 2)
    assert parcels["floor_area_m2"].isna().tolist() == [False, True, False, False]
    assert parcels["max_coverage_share"].tolist() == pytest.approx([0.35, 0.4, 0.0, 1.0])
    assert parcels["name"].tolist()[:2] == ["a", "y"]
    assert parcels["zone"].tolist() == ["north"] * 4
    assert values["total_amount"].tolist() == [1e5, 2e5, 0, 4e5]
    assert values["land_amount"].tolist()[:3] == [14, 25, 0]
    assert values["improvement_amount"].isna().tolist() == [False, False, True, True]
    assert values["improvement_amount"].tolist()[:2] == [6, 15]
    assert set(values["year"]) == {2024}
    named = [one for one in park.problems if one.kind == "value_not_named"]
    assert [one.column for one in named] == ["use"]  # kind 9 is no use that the map names


def test_years_side_by_side_become_rows(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    ledger = pd.DataFrame(
        {"编号": ["007", "008"], "产值2021": [1.5, None], "产值2022": [2.0, "停产"]}
    )
    ledger.to_excel(tmp_path / "台账.xlsx", index=False)
    park = read_park(
        source(
            tmp_path,
            """
name: x
currency: CNY
layers:
  parcels: {file: parcels.gpkg}
  performance:
    file: 台账.xlsx
    columns: {enterprise_id: 编号}
    years:
      2021: {columns: {output_amount: {from: 产值2021, unit: 10k}}}
      2022: {columns: {output_amount: {from: 产值2022, unit: 10k}}}
""",
        )
    )
    rows = park.layers["performance"]
    assert rows["enterprise_id"].tolist() == ["007", "008", "007", "008"]
    assert rows["year"].tolist() == [2021, 2021, 2022, 2022]
    assert rows["output_amount"].fillna(-1).tolist() == [15_000, -1, 20_000, -1]
    assert [one.row for one in park.problems if one.kind == "not_number"] == ["008 2022"]


def test_ids_that_stand_twice_can_be_numbered(tmp_path: Path) -> None:
    saved(
        tmp_path,
        street_of(4).set_axis(["A", "A", "A#2", None], axis="index").rename_axis("parcel_id"),
    )
    with pytest.raises(SchemaError, match=r"stand more than once \(A\)") as caught:
        read_park(source(tmp_path, PLAIN))
    assert "parcel_id is empty in 1 rows (row 4)" in str(caught.value)
    text = "name: x\nlayers: {parcels: {file: parcels.gpkg, duplicate_ids: number}}\n"
    park = read_park(source(tmp_path, text))
    assert park.parcels.index.tolist() == ["A", "A#3", "A#2", "row 4"]


def test_a_sheet_below_a_title_and_points_from_a_table(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["设施一览表"])
    sheet.append(["编号", "类型", "东", "北"])
    sheet.append(["S1", "school", EAST + 5, NORTH + 5])
    sheet.append(["S2", "clinic", None, None])
    book.create_sheet("empty")
    book.save(tmp_path / "facilities.xlsx")
    park = read_park(
        source(
            tmp_path,
            """
name: x
crs: EPSG:4548
layers:
  parcels: {file: parcels.gpkg}
  facilities:
    file: facilities.xlsx
    header_row: 2
    geometry: [东, 北]
    columns: {facility_id: 编号, kind: 类型}
""",
        )
    )
    facilities = park.places("facilities")
    assert facilities is not None
    assert facilities.geometry.to_wkt().to_dict() == {"S1": "POINT (500005 2700005)"}
    assert [one.row for one in park.problems if one.kind == "no_shape"] == ["S2"]


def test_a_layer_without_ids_is_numbered_where_asked(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    gpd.GeoDataFrame({"name": ["lake"]}, geometry=street_of(1).geometry.array, crs=4548).to_file(
        tmp_path / "water.gpkg"
    )
    text = "name: x\nlayers: {parcels: {file: parcels.gpkg}, water: {file: water.gpkg}}\n"
    with pytest.raises(SchemaError, match=r"have the rows numbered there"):
        read_park(source(tmp_path, text))
    numbered = text.replace("water.gpkg", "water.gpkg, duplicate_ids: number")
    water = read_park(source(tmp_path, numbered)).places("water")
    assert water is not None
    assert water.index.tolist() == ["row 1"]


def test_a_sheet_without_its_heading_says_so(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    pd.DataFrame({"编号": ["S1"], "类型": ["school"]}).to_excel(tmp_path / "f.xlsx", index=False)
    columns = "{facility_id: 编号, kind: 类型}"
    facilities = f"{{file: f.xlsx, header_row: 9, columns: {columns}}}"
    text = f"name: x\nlayers: {{parcels: {{file: parcels.gpkg}}, facilities: {facilities}}}\n"
    with pytest.raises(InputError, match=r"f\.xlsx has nothing from row 9 on"):
        read_park(source(tmp_path, text))


def test_parcels_from_well_known_text(tmp_path: Path) -> None:
    town = street_of(2)
    table = pd.DataFrame(
        {"ZDDM": ["01", "02"], "DLBM": "1001", "shape": town.geometry.to_wkt().tolist()}
    )
    table.to_csv(tmp_path / "parcels.csv", index=False, sep=";", encoding="gb18030")
    park = read_park(
        source(
            tmp_path,
            "name: x\ncrs: EPSG:4548\nlayers: {parcels: {file: parcels.csv, geometry: shape, columns: "
            "{parcel_id: ZDDM, use: DLBM}}}\n",
        )
    )
    assert park.parcels.index.tolist() == ["01", "02"]
    assert park.parcels.area.tolist() == [10_000, 10_000]


def test_everything_missing_from_all_files_is_told_at_once(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1).set_crs(4326, allow_override=True))
    text = """
name: x
layers:
  parcels: {file: parcels.gpkg, columns: {parcel_id: PARCEL_ID, use: nutzung}}
  roads: {file: streets.gpkg}
  green: {file: parcels.gpkg, layer: park}
"""
    with pytest.raises(InputError) as caught:
        read_park(source(tmp_path, text))
    words = str(caught.value)
    assert "no column PARCEL_ID; the nearest is parcel_id" in words
    assert "no column nutzung" in words
    assert "no file streets.gpkg" in words
    assert "parcels.gpkg has no layer park; it has parcels" in words
    assert "the file declares EPSG:4326" in words
    assert tmp_path.name not in words.replace(tmp_path.as_posix(), "")


def test_only_the_layers_asked_for_are_read(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    text = "name: x\nlayers:\n  parcels: {file: parcels.gpkg}\n  roads: {file: nowhere.gpkg}\n"
    assert list(read_park(source(tmp_path, text), layers=["water"])) == ["parcels"]


def test_files_are_looked_for_beside_the_source_file_first_then_in_the_data_root(
    tmp_path: Path,
) -> None:
    here, root = tmp_path / "新 here", tmp_path / "root"
    here.mkdir()
    root.mkdir()
    saved(root, street_of(2))
    path = source(here, PLAIN)
    with pytest.raises(InputError, match=r"no file parcels\.gpkg"):
        read_park(path)
    assert len(read_park(path, data_root=root).parcels) == 2
    saved(here, street_of(1))
    assert len(read_park(path, data_root=root).parcels) == 1


def test_heights_belong_to_the_park_if_they_are_in_its_crs(tmp_path: Path) -> None:
    saved(tmp_path, street_of(1))
    for name, code in (("here.tif", 4548), ("there.tif", 4549)):
        with rasterio.open(
            tmp_path / name,
            "w",
            driver="GTiff",
            width=2,
            height=2,
            count=1,
            dtype="float32",
            crs=f"EPSG:{code}",
            transform=rasterio.Affine(50, 0, EAST, 0, -50, NORTH + 100),
        ):
            pass
    park = read_park(source(tmp_path, f"elevation: here.tif\n{PLAIN}"))
    assert park.elevation is not None
    assert park.elevation.unit == "m"
    assert "here.tif" in park.inputs
    park = read_park(source(tmp_path, f"elevation: there.tif\n{PLAIN}"))
    assert park.elevation is None
    assert kinds(park) == ["elevation_elsewhere"]


def test_input_files_stay_as_they_were(tmp_path: Path) -> None:
    saved(tmp_path, street_of(2), "land.shp")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    read_park(tmp_path / "land.shp")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.data
def test_new_york_is_read_and_checked_in_a_few_seconds(project_root: Path, data_root: Path) -> None:
    start = time.perf_counter()
    park = read_park(project_root / "data/gis/sources/nyc_ibz.yaml", data_root=data_root)
    found = check_park(park)
    assert time.perf_counter() - start < 6  # 1.4 s alone on two cores
    assert {one.kind for one in found} == {"area_differs", "gap"}
