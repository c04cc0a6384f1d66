"""Damaged input gives one clear error or is carried safely; nothing is lost, and no driver's traceback is seen."""

import json
import math
import struct
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from towns import EAST, NORTH, square, street_of

from geoplan.errors import CrsError, GeoplanError, InputError, ScenarioError, SchemaError
from geoplan.io.read import read_park
from geoplan.model.answers import problem_table
from geoplan.model.park import Park
from geoplan.model.validate import check_park

Damage = Callable[[Path], Path]


def saved(folder: Path, town: gpd.GeoDataFrame, name: str = "land.gpkg") -> Path:
    town.reset_index().to_file(folder / name)
    return folder / name


def shapefile(folder: Path) -> Path:
    town = street_of(3).reset_index().rename(columns={"parcel_id": "ZDDM", "use": "DLBM"})
    town.drop(columns="landuse_version").to_file(folder / "land.shp", encoding="UTF-8")
    return folder / "land.shp"


def with_ledger(folder: Path, name: str, raw: bytes, columns: str = "enterprise_id: 编号") -> Path:
    """A sound map, and a ledger of performance that is not."""
    saved(folder, street_of(1))
    (folder / name).write_bytes(raw)
    source = folder / "source.yaml"
    source.write_text(
        "name: x\ncurrency: CNY\nlayers:\n  parcels: {file: land.gpkg}\n  performance:\n"
        f"    file: {name}\n    columns: {{{columns}, year: 年份, output_amount: 产值}}\n",
        encoding="utf-8",
    )
    return source


def cut(path: Path, share: float) -> Path:
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    return path


def redrawn(town: gpd.GeoDataFrame, shapes: list[Any]) -> gpd.GeoDataFrame:
    return town.set_geometry(gpd.GeoSeries(shapes, index=town.index, crs=town.crs))


# ---- files that end, are empty, or are something else -----------------------------------------------------------------


def truncated_geopackage(folder: Path) -> Path:
    return cut(saved(folder, street_of(3)), 0.6)


def truncated_shapefile(folder: Path) -> Path:
    return cut(shapefile(folder), 0.7)


def truncated_dbf(folder: Path) -> Path:
    path = shapefile(folder)
    cut(path.with_suffix(".dbf"), 0.7)
    return path


def truncated_geojson(folder: Path) -> Path:
    return cut(saved(folder, street_of(3), "land.geojson"), 0.6)


def truncated_geoparquet(folder: Path) -> Path:
    street_of(3).to_parquet(folder / "land.parquet")
    return cut(folder / "land.parquet", 0.6)


def shapefile_without_its_table(folder: Path) -> Path:
    path = shapefile(folder)
    path.with_suffix(".dbf").unlink()
    return path


def zero_bytes(folder: Path) -> Path:
    (folder / "land.gpkg").touch()
    return folder / "land.gpkg"


def a_folder(folder: Path) -> Path:
    saved(folder, street_of(1))
    return folder


def another_kind_of_file(folder: Path) -> Path:
    (folder / "land.gpkg").write_bytes(b"%PDF-1.7 a scanned map")
    return folder / "land.gpkg"


def random_bytes(folder: Path) -> Path:
    (folder / "land.shp").write_bytes(np.random.default_rng(1).bytes(4096))
    (folder / "land.shx").write_bytes(b"x")
    (folder / "land.dbf").write_bytes(b"x")
    return folder / "land.shp"


def missing_file(folder: Path) -> Path:
    saved(folder, street_of(1))
    return folder / "lamd.gpkg"


# ---- layers -----------------------------------------------------------------------------------------------------------


def empty_layer(folder: Path) -> Path:
    return saved(folder, street_of(0))


def only_null_geometry(folder: Path) -> Path:
    return saved(folder, redrawn(street_of(2), [None, None]))


def points_as_parcels(folder: Path) -> Path:
    return saved(folder, street_of(2).set_geometry(street_of(2).centroid))


def missing_layer(folder: Path) -> Path:
    street_of(1).reset_index().to_file(folder / "land.gpkg", layer="lots")
    (folder / "source.yaml").write_text(
        "name: x\nlayers: {parcels: {file: land.gpkg, layer: lot}}\n", encoding="utf-8"
    )
    return folder / "source.yaml"


def several_layers_none_of_parcels(folder: Path) -> Path:
    for name in ("north", "south"):
        street_of(1).reset_index().to_file(folder / "land.gpkg", layer=name)
    return folder / "land.gpkg"


def same_id_twice(folder: Path) -> Path:
    return saved(folder, street_of(3).rename(index={"P3": "P1"}))


def no_use_column(folder: Path) -> Path:
    return saved(folder, street_of(1).drop(columns="use"))


def wrong_prj(folder: Path) -> Path:
    return saved(folder, street_of(1).set_crs(4326, allow_override=True))


def no_crs(folder: Path) -> Path:
    path = shapefile(folder)
    path.with_suffix(".prj").unlink()
    return path


def broken_prj(folder: Path) -> Path:
    path = shapefile(folder)
    path.with_suffix(".prj").write_text('PROJCS["half of')
    return path


# ---- ledgers ----------------------------------------------------------------------------------------------------------


def ragged_csv(folder: Path) -> Path:
    return with_ledger(
        folder, "t.csv", "编号,年份,产值\nE1,2021,1\nE2,2021\nE3,2021,1,2,3\n".encode()
    )


def csv_without_the_column(folder: Path) -> Path:
    return with_ledger(folder, "t.csv", "企业,年份,产值\nE1,2021,1\n".encode())


def csv_with_a_column_twice(folder: Path) -> Path:
    return with_ledger(folder, "t.csv", "编号,年份,产值,产值\nE1,2021,1,2\n".encode())


def csv_of_no_known_encoding(folder: Path) -> Path:
    return with_ledger(folder, "t.csv", b"\xff\x80\x81,\xff\n\x80,\xff\xff\n")


def empty_csv(folder: Path) -> Path:
    return with_ledger(folder, "t.csv", b"\n\n")


def excel_that_is_none(folder: Path) -> Path:
    return with_ledger(folder, "t.xlsx", b"PK\x03\x04 and then nothing")


def excel_without_the_column(folder: Path) -> Path:
    pd.DataFrame({"企业": ["E1"], "年份": [2021], "产值": [1]}).to_excel(
        folder / "s.xlsx", index=False
    )
    return with_ledger(folder, "t.xlsx", (folder / "s.xlsx").read_bytes())


def excel_with_two_sheets(folder: Path) -> Path:
    book = openpyxl.Workbook()
    for name in ("2021", "2022"):
        book.create_sheet(name).append(["编号"])
    book.save(folder / "s.xlsx")
    return with_ledger(folder, "t.xlsx", (folder / "s.xlsx").read_bytes())


def one_firm_twice_in_a_year(folder: Path) -> Path:
    return with_ledger(folder, "t.csv", "编号,年份,产值\nE1,2021,1\nE1,2021,2\n".encode())


# ---- source files -----------------------------------------------------------------------------------------------------


def broken_yaml(folder: Path) -> Path:
    (folder / "source.yaml").write_text("name: x\nlayers: {parcels: [\n", encoding="utf-8")
    return folder / "source.yaml"


def yaml_list(folder: Path) -> Path:
    (folder / "source.yaml").write_text("- name: x\n", encoding="utf-8")
    return folder / "source.yaml"


def yaml_of_bytes(folder: Path) -> Path:
    (folder / "source.yaml").write_bytes(b"\xff\xfe\x00\x80\x81")
    return folder / "source.yaml"


REFUSED: list[tuple[Damage, type[GeoplanError], str]] = [
    (truncated_geopackage, InputError, r"land\.gpkg is cut off"),
    (truncated_shapefile, InputError, r"land\.shp is cut off"),
    (truncated_dbf, InputError, r"land\.dbf is cut off"),
    (truncated_geojson, InputError, r"land\.geojson cannot be read"),
    (truncated_geoparquet, InputError, r"land\.parquet cannot be read"),
    (shapefile_without_its_table, InputError, r"without \.dbf"),
    (zero_bytes, InputError, r"land\.gpkg is empty"),
    (a_folder, InputError, r"is a folder: name a file in it \(land\.gpkg\)"),
    (another_kind_of_file, InputError, r"land\.gpkg cannot be read"),
    (random_bytes, InputError, r"land\.shp is not what its ending says"),
    (missing_file, InputError, r"the nearest beside it is land\.gpkg"),
    (empty_layer, SchemaError, "parcels has no rows"),
    (only_null_geometry, SchemaError, r"parcels needs areas \(polygons\)"),
    (points_as_parcels, SchemaError, "the file holds Point"),
    (missing_layer, InputError, r"has no layer lot; it has lots"),
    (several_layers_none_of_parcels, SchemaError, r"no layer parcels: it has north, south"),
    (same_id_twice, SchemaError, r"stand more than once \(P1\)"),
    (no_use_column, SchemaError, r"the column use \(现状用地代码\) is missing"),
    (wrong_prj, CrsError, "the file declares EPSG:4326"),
    (no_crs, CrsError, "no coordinate system is declared"),
    (broken_prj, InputError, r"land\.prj cannot be understood"),
    (ragged_csv, InputError, r"2 lines have another number of cells .* 3 \(2/3\), 4 \(5/3\)"),
    (csv_without_the_column, SchemaError, "has no column 编号; .* it has 企业, 年份, 产值"),
    (csv_with_a_column_twice, SchemaError, "产值 stands more than once"),
    (csv_of_no_known_encoding, InputError, "the text is not in UTF-8, GB 18030"),
    (empty_csv, InputError, r"t\.csv cannot be read"),
    (excel_that_is_none, InputError, r"t\.xlsx cannot be read"),
    (excel_without_the_column, SchemaError, "has no column 编号"),
    (excel_with_two_sheets, InputError, r"has several layers: say which \(2021, 2022\)"),
    (one_firm_twice_in_a_year, SchemaError, "E1 2021"),
    (broken_yaml, ScenarioError, r"source\.yaml, line"),
    (yaml_list, ScenarioError, "holds no mapping"),
    (yaml_of_bytes, ScenarioError, r"source\.yaml"),
]


@pytest.mark.parametrize(
    ("damage", "error", "words"), REFUSED, ids=lambda one: getattr(one, "__name__", "")
)
def test_what_cannot_be_used_gives_one_clear_error(
    tmp_path: Path, damage: Damage, error: type[GeoplanError], words: str
) -> None:
    path = damage(tmp_path)
    with pytest.raises(error, match=words) as caught:
        read_park(path)
    assert str(tmp_path) not in "".join(
        message.text() for message in caught.value.problems
    ).replace(f"looked in {tmp_path.as_posix()}", "")
    assert "Traceback" not in caught.value.text("zh")
    assert len(caught.value.problems) == 1
    assert traceback.format_exception_only(caught.value)


# ---- what is carried --------------------------------------------------------------------------------------------------


def kinds(park: Park) -> set[str]:
    return {one.kind for one in park.problems}


def bow_tie(folder: Path) -> Path:
    west = EAST + 100
    tie = [(west, NORTH), (west + 100, NORTH + 100), (west + 100, NORTH), (west, NORTH + 100)]
    return saved(folder, redrawn(street_of(2), [square(0), shapely.Polygon(tie)]))


def geometry_collection(folder: Path) -> Path:
    mixed = shapely.GeometryCollection([square(1), shapely.Point(EAST, NORTH)])
    return saved(folder, redrawn(street_of(2), [square(0), mixed]))


def heights(folder: Path) -> Path:
    return saved(folder, redrawn(street_of(2), [shapely.force_3d(square(i), 7) for i in range(2)]))


def infinite_and_missing_values(folder: Path) -> Path:
    town = street_of(2, floor_area_m2=[math.inf, math.nan], max_coverage_share=[-0.5, 30.0])
    return saved(folder, town)


def text_in_a_number_column(folder: Path) -> Path:
    return saved(folder, street_of(2, floor_area_m2=["about 5", "1,200"]))


def ten_megabytes_in_a_field(folder: Path) -> Path:
    return saved(folder, street_of(2, address=["x" * 10_000_000, "y"]))


def unknown_codes(folder: Path) -> Path:
    return saved(folder, street_of(2, use=["9999", "x" * 5000]))


def parcels_drawn_twice(folder: Path) -> Path:
    return saved(folder, redrawn(street_of(2), [square(0), square(0)]))


def layers_in_two_crs(folder: Path) -> Path:
    saved(folder, street_of(2))
    saved(folder, street_of(1).rename_axis("water_id").to_crs(4326), "lake.geojson")
    (folder / "source.yaml").write_text(
        "name: x\nlayers: {parcels: {file: land.gpkg}, water: {file: lake.geojson}}\n",
        encoding="utf-8",
    )
    return folder / "source.yaml"


def csv_with_a_mark_and_semicolons(folder: Path) -> Path:
    return with_ledger(folder, "t.csv", "﻿编号;年份;产值\n007;2021;1\n".encode())


def csv_in_cp936(folder: Path) -> Path:
    return with_ledger(folder, "t.csv", "编号\t年份\t产值\n007\t2021\t1\n".encode("cp936"))


CARRIED: list[tuple[Damage, str]] = [
    (bow_tie, "invalid_ring"),
    (geometry_collection, "collection"),
    (heights, "heights_dropped"),
    (infinite_and_missing_values, "not_finite"),
    (text_in_a_number_column, "not_number"),
    (ten_megabytes_in_a_field, "long_text"),
    (unknown_codes, "code_unknown"),
    (parcels_drawn_twice, "identical"),
    (layers_in_two_crs, "reprojected"),
]


@pytest.mark.parametrize(("damage", "kind"), CARRIED, ids=lambda one: getattr(one, "__name__", ""))
def test_what_can_be_used_is_carried_and_told(tmp_path: Path, damage: Damage, kind: str) -> None:
    park = read_park(damage(tmp_path))
    found = (*park.problems, *check_park(park))
    assert kind in {one.kind for one in found}
    assert len(park.parcels) == 2
    assert park.parcels.geometry.is_valid.all()
    assert not np.isinf(park.parcels.select_dtypes("number")).any().any()
    told = problem_table(found, crs=park.crs)
    assert told["text_en"].str.len().max() < 1500  # 10 MB stay in the field


@pytest.mark.parametrize("damage", [csv_with_a_mark_and_semicolons, csv_in_cp936])
def test_a_csv_is_read_however_an_office_saved_it(tmp_path: Path, damage: Damage) -> None:
    rows = read_park(damage(tmp_path)).layers["performance"]
    assert rows.to_numpy().tolist() == [["007", 2021, 1.0]]


def test_ten_megabytes_come_through_whole(tmp_path: Path) -> None:
    park = read_park(ten_megabytes_in_a_field(tmp_path))
    assert park.parcels["address"].str.len().tolist() == [10_000_000, 1]


def test_a_hand_written_geojson_with_nan_coordinates_keeps_its_other_rows(tmp_path: Path) -> None:
    ring = [[117.0, 24.4], [117.001, 24.4], [117.001, 24.401], [117.0, 24.4]]
    features = [
        {
            "type": "Feature",
            "properties": {"parcel_id": name, "use": "1001", "landuse_version": "mnr2023"},
            "geometry": {"type": "Polygon", "coordinates": [coordinates]},
        }
        for name, coordinates in (("A", ring), ("B", [ring[0], [math.nan, 24.4], *ring[2:]]))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (tmp_path / "land.geojson").write_text(text, encoding="utf-8")
    park = read_park(tmp_path / "land.geojson")
    assert park.parcels.index.tolist() == ["A"]
    (told,) = [one for one in park.problems if one.kind == "broken_coordinates"]
    assert told.row == "B"


def test_lists_and_mappings_in_cells_are_carried_as_text(tmp_path: Path) -> None:
    cells = {"parcel_id": [1, 2], "use": {"a": 1}, "is_vacant": [True], "floor_area_m2": [3]}
    shape = json.loads(shapely.to_geojson(shapely.box(117.0, 24.4, 117.001, 24.401)))
    feature = {"type": "Feature", "properties": cells, "geometry": shape}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (tmp_path / "land.geojson").write_text(text, encoding="utf-8")
    park = read_park(tmp_path / "land.geojson")
    assert park.parcels.index.tolist() == ["[1 2]"]
    assert park.parcels["use"].tolist() == ["unknown"]
    assert {"code_unknown", "not_bool", "not_number"} <= kinds(park)


def test_a_file_that_says_it_is_longer_than_it_is_is_refused(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[24:28] = struct.pack(">i", len(raw))  # half of what it then promises
    path.write_bytes(raw)
    with pytest.raises(InputError, match="cut off"):
        read_park(path)


# ---- hostile names ----------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "${7*7}",
    "`rm -rf /`",
    "safe\u202e\u2066gpj.exe",
    "\"quoted\" 'twice'",
    "../../etc/passwd",
    "bell\x07 escape\x1b[31m\x01",
    "{0} {__class__} {}",
    "x" * 3000,
    "🏭🏞️ 漳州",
    "'; DROP TABLE parcels; --",
    "%s %(name)s \\n",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_carried_as_they_are_and_shown_harmlessly(
    tmp_path: Path, name: str
) -> None:
    # as an id, a name, a code, a choice, and in a column heading
    town = street_of(2, name=name, address=name).rename(index={"P1": name})
    town = town.assign(use=["1001", name], soil_status=[name, "clean"], land_area_m2=[name, 1.0])
    town["land_area_m2"] = town["land_area_m2"].astype("str")
    town.reset_index().to_parquet(tmp_path / "land.parquet")
    park = read_park(tmp_path / "land.parquet")
    assert park.parcels.index.tolist() == [name, "P2"]
    assert park.parcels["name"].tolist() == [name, name]
    assert park.parcels["use"].tolist() == ["1001", "unknown"]
    assert park.parcels["use_original"].tolist() == ["1001", name]
    table = problem_table((*park.problems, *check_park(park)), crs=park.crs)
    assert {"code_unknown", "not_choice", "not_number"} <= set(table["kind"])
    for text in (*table["text_en"], *table["text_zh"]):
        assert text.isprintable()  # neither control characters nor turned writing reach a screen
        assert len(text) < 1500


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_in_a_source_file_give_one_error_in_words(tmp_path: Path, name: str) -> None:
    saved(tmp_path, street_of(1))
    quoted = json.dumps(name)
    (tmp_path / "source.yaml").write_text(
        f"name: x\nlayers: {{parcels: {{file: land.gpkg, columns: {{parcel_id: {quoted}, use: {quoted}}}}}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(SchemaError, match="has no column") as caught:
        read_park(tmp_path / "source.yaml")
    assert all(message.text("zh").isprintable() for message in caught.value.problems)
