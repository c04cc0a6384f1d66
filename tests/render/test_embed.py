from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st
from towns import street_of

from geoplan.render.embed import (
    Grid,
    encode_numbers,
    encode_shapes,
    encode_texts,
    grid_of,
    pack,
    unpack_page,
)


def vertices(encoded: dict, grid: Grid) -> np.ndarray:
    """Undo the steps, as the page does."""
    steps = np.array(encoded["xy"]).reshape(-1, 2)
    return np.array([grid.west, grid.south]) + steps.cumsum(axis=0) * grid.step


def test_a_park_in_metres_keeps_its_centimetres() -> None:
    town = gpd.GeoDataFrame(geometry=[shapely.box(10.25, -3.5, 20.75, 4.111)])
    grid = grid_of(town)
    encoded = encode_shapes(town, grid=grid)["polygon"]
    assert grid.crs == "local"
    assert encoded["sizes"] == [4]  # the ring is left open
    expected = {(10.25, -3.5), (20.75, -3.5), (20.75, 4.11), (10.25, 4.11)}
    assert {tuple(v) for v in vertices(encoded, grid).round(2)} == expected


def test_a_projected_park_stands_at_its_longitude_and_latitude_within_a_centimetre() -> None:
    town = street_of(3)
    grid = grid_of(town)
    shown = vertices(encode_shapes(town, grid=grid)["polygon"], grid)
    true = (
        shapely.get_coordinates(shapely.orient_polygons(town.to_crs(4326).geometry.to_numpy()))
        .reshape(3, 5, 2)[:, :4]
        .reshape(-1, 2)
    )
    assert np.abs(shown - true).max() < 1e-7


def test_holes_and_many_parts_stay_with_their_row() -> None:
    holed = shapely.box(0, 0, 10, 10) - shapely.box(4, 4, 6, 6)
    apart = shapely.MultiPolygon([shapely.box(20, 0, 21, 1), shapely.box(30, 0, 31, 1)])
    town = gpd.GeoDataFrame(geometry=[holed, None, apart])
    encoded = encode_shapes(town, grid=grid_of(town))["polygon"]
    assert encoded["rows"] == [0, 0, 2, 2]
    assert encoded["sizes"] == [4, 4, 4, 4]


def test_exteriors_run_against_the_clock_however_the_file_had_them() -> None:
    clockwise = shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])
    town = gpd.GeoDataFrame(geometry=[clockwise])
    grid = grid_of(town)
    ring = vertices(encode_shapes(town, grid=grid)["polygon"], grid)
    assert shapely.is_ccw(shapely.linearrings([*ring, ring[0]]))


def test_an_empty_layer_has_no_shapes() -> None:
    town = street_of(1).iloc[:0]
    assert encode_shapes(town, grid=grid_of(town)) == {}


def test_unknown_numbers_and_words_stay_unknown() -> None:
    assert encode_numbers(pd.Series([1.0, np.nan, np.inf])) == [1, None, None]
    assert encode_numbers(pd.Series([None, 2], dtype="Int64")) == [None, 2]
    assert encode_texts(pd.Series([None, "x", np.nan, "x"])) == {
        "words": ["x"],
        "at": [-1, 0, -1, 0],
    }


@given(st.lists(st.text(), max_size=5))
def test_any_text_is_carried_safely_and_comes_back(words: list[str]) -> None:
    page = f'<script type="application/json" id="geoplan-data">{pack({"words": words})}</script>'
    inside = page.split(">", 1)[1].rsplit("</script>", 1)[0]
    assert set(inside) <= set(
        'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/={}":, '
    )
    carried = [word.encode("utf-8", errors="replace").decode() for word in words]
    assert unpack_page(page)["words"] == carried
