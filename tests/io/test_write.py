from __future__ import annotations

import datetime as dt
import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from towns import CRS, EAST, NORTH, block_of, square, street_of

from geoplan.errors import CrsError, InputError
from geoplan.io import atomic_path, write_geopackage
from geoplan.model.answers import problem_table

DAY = dt.date(2026, 5, 1)


def write(path: Path, crs: object = CRS, **layers: pd.DataFrame) -> Path:
    write_geopackage(path, layers=layers, provenance={"made": "up"}, date=DAY, crs=crs)  # type: ignore[arg-type]
    return path


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---- what is written is what is read --------------------------------------------------------------------------------


def test_every_kind_of_column_comes_back(tmp_path: Path) -> None:
    town = street_of(
        3,
        is_vacant=pd.array([True, None, False], dtype="boolean"),
        phase=pd.array([1, None, 2], dtype="Int64"),
        score=[0.25, np.nan, np.inf],
        name=["漳州·蓝田\U0001f3ed", None, ""],
        grant_date=[dt.date(1996, 2, 29), None, dt.date(2026, 1, 1)],
        seen=pd.to_datetime(["2026-01-01 10:30", None, "1999-12-31 00:00"]),
        mix=[{"0701": 0.5}, None, ["业", 1]],
        grade=pd.Categorical(["a", "b", "a"]),
        is_sure=[True, False, True],
        empty=[None, None, None],
    )
    path = write(tmp_path / "park.gpkg", parcels=town)
    read = pyogrio.read_dataframe(path, layer="parcels", use_arrow=True).set_index("parcel_id")
    assert read.index.tolist() == ["P1", "P2", "P3"]
    assert read["is_vacant"].tolist() == [True, None, False]
    assert read["phase"].astype("Int64").tolist() == [1, pd.NA, 2]
    assert read["score"].tolist()[::2] == [0.25, np.inf]
    assert np.isnan(read["score"].iloc[1])
    assert read["name"].fillna("-").tolist() == ["漳州·蓝田\U0001f3ed", "-", ""]
    assert read["grant_date"].tolist() == [dt.date(1996, 2, 29), None, dt.date(2026, 1, 1)]
    assert read["seen"].tolist() == [
        pd.Timestamp("2026-01-01 10:30"),
        pd.NaT,
        pd.Timestamp("1999-12-31"),
    ]
    assert read["mix"].fillna("").tolist() == ['{"0701": 0.5}', "", '["业", 1]']
    assert read["grade"].tolist() == ["a", "b", "a"]
    assert read["is_sure"].tolist() == [True, False, True]
    assert read["empty"].isna().all()
    assert read.crs == town.crs
    assert shapely.equals(read.geometry.array, town.geometry.array).all()


def test_tables_and_the_index_come_back(tmp_path: Path) -> None:
    firms = pd.DataFrame({"name": ["甲"]}, index=pd.Index(["E1"], name="enterprise_id"))
    years = pd.DataFrame({"enterprise_id": ["E1", "E1"], "year": [2024, 2025], "big": [2**62, -1]})
    path = write(tmp_path / "park.gpkg", parcels=street_of(1), enterprises=firms, performance=years)
    assert rows(path, "SELECT enterprise_id, name FROM enterprises") == [("E1", "甲")]
    assert rows(path, "SELECT enterprise_id, year, big FROM performance") == [
        ("E1", 2024, 2**62),
        ("E1", 2025, -1),
    ]
    assert rows(path, "SELECT item, value FROM provenance") == [("made", "up")]


def test_dates_of_the_schema_are_days(tmp_path: Path) -> None:
    town = street_of(3, as_of=pd.to_datetime(["2026-01-01", None, "2026-12-31"]))
    path = write(tmp_path / "a.gpkg", parcels=town)
    assert rows(path, "SELECT as_of FROM parcels") == [("2026-01-01",), (None,), ("2026-12-31",)]


def test_any_geometry_is_carried(tmp_path: Path) -> None:
    point, line = shapely.Point(EAST, NORTH), shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH)])
    mixed = gpd.GeoDataFrame(
        {"kind": ["a", "b", "c", "d"]}, geometry=[point, line, square(0), None], crs=CRS
    )
    empty = problem_table([], crs=CRS)
    no_buildings = street_of(1).iloc[:0]
    path = write(tmp_path / "a.gpkg", facilities=mixed, problems=empty, buildings=no_buildings)
    read = gpd.read_file(path, layer="facilities")
    assert read.geom_type.fillna("-").tolist() == ["Point", "LineString", "Polygon", "-"]
    kinds = dict(rows(path, "SELECT table_name, geometry_type_name FROM gpkg_geometry_columns"))
    assert kinds == {"facilities": "GEOMETRY", "problems": "GEOMETRY", "buildings": "POLYGON"}


def test_local_metres_have_no_crs(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gpkg", crs=None, parcels=street_of(2).set_crs(None, allow_override=True)
    )
    assert gpd.read_file(path, layer="parcels").crs is None


def test_columns_may_be_named_like_those_of_the_file(tmp_path: Path) -> None:
    town = street_of(2, fid=["7", "7"], geom=["x", "y"])
    path = write(tmp_path / "a.gpkg", parcels=town)
    read = gpd.read_file(path, layer="parcels")
    assert read["fid"].tolist() == ["7", "7"]
    assert read["geom"].tolist() == ["x", "y"]


HOSTILE = [
    "<script>alert(1)</script>", "${7*7}", "`rm -rf`", "'; DROP TABLE parcels; --", '"quoted"',
    "\u202egnp.exe", "a\u200bb", "=1+1", "\n\t\r", "\\..\\..",
]  # fmt: skip


def test_hostile_text_is_carried_as_it_is(tmp_path: Path) -> None:
    town = block_of(5, 2, name=HOSTILE)
    odd = pd.DataFrame({name: [name] for name in HOSTILE[:6]})
    layers = {"parcels": town, "x'; DROP TABLE x; --": odd}
    path = tmp_path / "漳州 <a> 'b'.gpkg"
    write_geopackage(path, layers=layers, provenance=dict.fromkeys(HOSTILE, "x"), date=DAY, crs=CRS)
    assert gpd.read_file(path, layer="parcels")["name"].tolist() == HOSTILE
    read = pyogrio.read_dataframe(path, layer="x'; DROP TABLE x; --")
    assert read.columns.tolist() == HOSTILE[:6] == read.iloc[0].tolist()
    assert [row[0] for row in rows(path, "SELECT item FROM provenance")] == HOSTILE


def test_a_text_of_ten_megabytes_is_carried(tmp_path: Path) -> None:
    long = "地" * (10_000_000 // 3)
    path = write(tmp_path / "a.gpkg", parcels=street_of(1, name=[long]))
    assert gpd.read_file(path, layer="parcels")["name"].tolist() == [long]


def test_what_no_file_can_carry_is_told_all_at_once(tmp_path: Path) -> None:
    town = street_of(3)
    town["name"] = pd.Series(["a\0b", "fine", "\ud800"], dtype=object, index=town.index)
    table = pd.DataFrame({"Item": ["x"], "item": ["y"]})
    path = tmp_path / "a.gpkg"
    with pytest.raises(InputError) as caught:
        write(path, parcels=town, indicators=table)
    assert str(caught.value).splitlines() == [
        f"{path} cannot be written:",
        "  - parcels, column name, row 1: the text holds a character that no file can carry (NUL or half a character): remove it",
        "  - parcels, column name, row 3: the text holds a character that no file can carry (NUL or half a character): remove it",
        "  - indicators: there are two columns item (capitals do not count): rename one",
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_tables_given_are_left_as_they_were(tmp_path: Path) -> None:
    town = street_of(2, mix=[["0701"], None])
    before = town.copy(deep=True)
    write(tmp_path / "a.gpkg", parcels=town)
    pd.testing.assert_frame_equal(town, before)


# ---- equal input, equal bytes ---------------------------------------------------------------------------------------

_RERUN = """
import datetime as dt, sys
from towns import block_of
from geoplan.io import write_geopackage
town = block_of(20, 20, name="x", triage="keep")
write_geopackage(sys.argv[1], layers={"parcels": town, "findings": town.drop(columns="geometry")},
                 provenance={"a": "b"}, date=dt.date(2026, 5, 1), crs=4548)
"""


def test_equal_runs_give_equal_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one.gpkg", "two.gpkg"):
        environment = os.environ | {
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "PYTHONHASHSEED": str(len(digests)),
            "TZ": ("UTC", "Asia/Shanghai")[len(digests)],
        }
        subprocess.run([sys.executable, "-c", _RERUN, tmp_path / name], check=True, env=environment)
        digests.append(digest(tmp_path / name))
    assert digests[0] == digests[1]


def test_nothing_but_the_date_given_is_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", parcels=street_of(2))
    assert {row[0] for row in rows(path, "SELECT last_change FROM gpkg_contents")} == {
        "2026-05-01T00:00:00.000Z"
    }
    assert {row[0] for row in rows(path, "SELECT update_time FROM layer_styles")} == {
        "2026-05-01T00:00:00.000Z"
    }


def test_settings_of_gdal_are_put_back(tmp_path: Path) -> None:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2020-01-01T00:00:00.000Z"})
    try:
        write(tmp_path / "a.gpkg", parcels=street_of(1))
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == "2020-01-01T00:00:00.000Z"
        assert pyogrio.get_gdal_config_option("OGR_SQLITE_SYNCHRONOUS") is None
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


# ---- whole or not at all --------------------------------------------------------------------------------------------


def _write_half_and(path: Path, interruption: type[BaseException]) -> None:
    with atomic_path(path) as draft:
        draft.write_text("half")
        raise interruption


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(interruption):
        _write_half_and(target, interruption)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_inside_the_geopackage_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.gpkg", parcels=street_of(1))
    before = digest(path)
    with monkeypatch.context() as patch:
        patch.setattr("geoplan.io.write.add_styles", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write(path, parcels=street_of(2))
    assert digest(path) == before
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    assert write(tmp_path / "一 二" / "三" / "a.gpkg", parcels=street_of(1)).is_file()


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", parcels=street_of(3), roads=street_of(1))
    write(path, parcels=street_of(2))
    assert len(gpd.read_file(path, layer="parcels")) == 2
    assert "roads" not in {name for name, _ in pyogrio.list_layers(path)}


@pytest.mark.parametrize(
    ("name", "prepare", "words"),
    [
        ("a.gpkg", lambda path: path.mkdir(), "there is a folder of that name"),
        ("a.gpkg", lambda path: (path.write_text("x"), path.chmod(stat.S_IREAD)), "write-protected"),
        ("a.shp", lambda _: None, r"the name must end in \.gpkg"),
        ("file/a.gpkg", lambda path: path.parent.write_text("x"), "choose another folder"),
        ("a.gpkg", lambda path: path.with_name("a.gpkg-wal").write_text("x"), "open in another program"),
    ],
)  # fmt: skip
def test_a_target_that_cannot_be_written_is_told(
    tmp_path: Path, name: str, prepare: Any, words: str
) -> None:
    prepare(tmp_path / name)
    with pytest.raises(InputError, match=words):
        write(tmp_path / name, parcels=street_of(1))


def test_what_gdal_refuses_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    layers = {"gpkg_contents": pd.DataFrame({"a": [1]})}
    with pytest.raises(InputError, match="the file format refuses it"):
        write_geopackage(path, layers=layers, provenance={}, date=DAY, crs=CRS)
    assert list(tmp_path.iterdir()) == []


def test_layers_of_another_crs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CrsError, match="roads is in WGS 84 / UTM zone 50N, the file is in CGCS2000"
    ):
        write(tmp_path / "a.gpkg", parcels=street_of(1), roads=street_of(1).to_crs(32650))


def test_two_layers_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two layers Parcels"):
        write(tmp_path / "a.gpkg", parcels=street_of(1), Parcels=street_of(1))


# ---- meanings and styles --------------------------------------------------------------------------------------------


def test_columns_bear_their_chinese_term_and_meaning(tmp_path: Path) -> None:
    town = street_of(1, area_m2=[1.0], own_column=["x"])
    path = write(tmp_path / "a.gpkg", parcels=town, plan=town)
    told = rows(path, "SELECT table_name, column_name, title, description FROM gpkg_data_columns")
    assert ("parcels", "area_m2", "面积", "area of the polygon in the working CRS [m2]") in told
    assert ("plan", "area_m2", "面积", "area of the polygon in the working CRS [m2]") in told
    assert "own_column" not in {row[1] for row in told}
    extensions = rows(
        path, "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'"
    )
    assert sorted(extensions) == [("gpkg_data_column_constraints",), ("gpkg_data_columns",)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def categories_of(path: Path, layer: str, style: str) -> dict[str, tuple[str, str]]:
    """Value of each category to its label and colour, as QGIS will read them."""
    (qml,) = rows(
        path,
        f"SELECT styleQML FROM layer_styles WHERE f_table_name = '{layer}' AND styleName = '{style}'",  # noqa: S608
    )[0]
    root = ET.fromstring(qml.split("\n", 1)[1])  # noqa: S314
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == style
    colours = {
        symbol.get("name"): next(p.get("v") for p in symbol.iter("prop") if p.get("k") == "color")
        for symbol in renderer.iter("symbol")
    }
    return {
        category.get("value", ""): (category.get("label", ""), str(colours[category.get("symbol")]))
        for category in renderer.iter("category")
    }


def test_parcels_and_plan_are_drawn_in_the_official_colours(tmp_path: Path) -> None:
    town = street_of(
        4,
        use=["100102", "1401", "unknown", "100102"],
        planned_use=["0701", "1401", None, None],
        triage=["acquire", "keep", None, "acquire"],
    )
    path = write(tmp_path / "a.gpkg", parcels=town, plan=town)
    assert categories_of(path, "parcels", "use") == {
        "100102": ("100102 二类工业用地 Industry, class 2", "187,150,116,255"),
        "1401": ("1401 公园绿地 Parks", "0,255,0,255"),
        "unknown": ("用途不详 Use unknown", "110,110,110,255"),
    }
    assert categories_of(path, "plan", "planned_use") == {
        "0701": ("0701 城镇住宅用地 Urban homes", "255,255,45,255"),
        "1401": ("1401 公园绿地 Parks", "0,255,0,255"),
        "": ("未定 not decided", "245,245,245,255"),
    }
    assert categories_of(path, "parcels", "triage") == {
        "keep": ("保留 keep", "0,158,115,255"),
        "acquire": ("收储 acquire", "213,94,0,255"),
        "": ("不参评 not assessed", "233,228,216,255"),
    }
    styles = rows(
        path, "SELECT f_table_name, styleName, f_geometry_column, useAsDefault FROM layer_styles"
    )
    assert styles == [
        ("parcels", "use", "geom", 1),
        ("parcels", "triage", "geom", 0),
        ("plan", "planned_use", "geom", 1),
        ("plan", "triage", "geom", 0),
    ]


def test_lines_and_points_have_symbols_of_their_kind(tmp_path: Path) -> None:
    line = shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH)])
    greenway = gpd.GeoDataFrame({"greenway_id": ["G1"]}, geometry=[line], crs=CRS)
    centres = gpd.GeoDataFrame({"centre_id": ["C1"]}, geometry=[line.centroid], crs=CRS)
    tables = {"greenway": greenway, "centres": centres, "roads": greenway.iloc[:0]}
    path = write(tmp_path / "a.gpkg", **tables)
    found = dict(rows(path, "SELECT f_table_name, styleQML FROM layer_styles"))
    assert sorted(found) == ["centres", "greenway"]
    assert 'class="SimpleLine"' in found["greenway"]
    assert 'class="SimpleMarker"' in found["centres"]


@pytest.mark.data
def test_new_york_is_written_in_time(tmp_path: Path, data_root: Path) -> None:
    lots = gpd.read_file(data_root / "nyc_ibz" / "nyc_ibz_lots_24v1.gpkg").rename_axis("parcel_id")
    assert lots.shape[0] == 3772
    start = time.perf_counter()
    write_geopackage(
        tmp_path / "a.gpkg", layers={"parcels": lots}, provenance={}, date=DAY, crs=lots.crs
    )
    assert time.perf_counter() - start < 1.5
    read = gpd.read_file(tmp_path / "a.gpkg", layer="parcels")
    assert (read.area == lots.area).all()
