"""Who touches whom, along how many metres."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS, EAST, NORTH, block_of, square, street_of

from geoplan.spatial.adjacency import shared_borders


def borders(parcels: gpd.GeoDataFrame, **options: float) -> dict[tuple[str, str], float]:
    table = shared_borders(parcels, **options)
    return {
        (left, right): round(metres, 3)
        for left, right, metres in table.itertuples(index=False, name=None)
    }


def town_of(*shapes: shapely.Geometry | None) -> gpd.GeoDataFrame:
    ids = [f"P{i + 1}" for i in range(len(shapes))]
    return gpd.GeoDataFrame(geometry=list(shapes), index=ids, crs=CRS)


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def test_neighbours_in_a_street_share_one_side() -> None:
    assert borders(street_of(3)) == {("P1", "P2"): 100, ("P2", "P3"): 100}


def test_corners_are_no_borders() -> None:
    #  P3 P4
    #  P1 P2    P1-P4 and P2-P3 meet in the middle only
    assert borders(block_of(2, 2)) == {
        ("P1", "P2"): 100,
        ("P1", "P3"): 100,
        ("P2", "P4"): 100,
        ("P3", "P4"): 100,
    }


def test_one_long_side_meets_two_short_ones() -> None:
    town = town_of(box(0, 0, 100, 100), box(100, 0, 200, 40), box(100, 40, 200, 100))
    assert borders(town) == {("P1", "P2"): 40, ("P1", "P3"): 60, ("P2", "P3"): 100}


def test_a_millimetre_of_jitter_changes_nothing() -> None:
    town = town_of(box(0, 0, 99.999, 100), box(100.001, -0.001, 200, 40), box(100, 40, 200, 100))
    found = borders(town)
    assert found == pytest.approx({("P1", "P2"): 40, ("P1", "P3"): 60, ("P2", "P3"): 100}, abs=0.01)


def test_a_gap_wider_than_the_tolerance_is_no_border() -> None:
    town = town_of(box(0, 0, 100, 100), box(100.02, 0, 200, 100))
    assert borders(town) == {}
    assert borders(town, tolerance_m=0.02 + 1e-6) == {("P1", "P2"): 100}


def test_a_contact_of_ten_tolerances_is_still_a_corner() -> None:
    just_not = town_of(box(0, 0, 100, 100), box(100, 99.91, 200, 200))
    just = town_of(box(0, 0, 100, 100), box(100, 99.89, 200, 200))
    assert borders(just_not) == {}
    assert borders(just) == {("P1", "P2"): 0.11}


def test_a_parcel_in_a_hole_touches_the_one_around_it() -> None:
    yard = box(40, 40, 60, 60)
    town = town_of(shapely.difference(box(0, 0, 100, 100), yard), yard)
    assert borders(town) == {("P1", "P2"): 80}


def test_two_parts_of_one_parcel_count_together() -> None:
    arms = shapely.multipolygons([box(-100, 0, 0, 100), box(100, 0, 200, 30)])
    assert borders(town_of(arms, square(0))) == {("P1", "P2"): 130}


def test_doubled_parcels_touch_each_other_and_their_neighbour() -> None:
    assert borders(town_of(square(0), square(0), square(1))) == {
        ("P1", "P2"): 400,
        ("P1", "P3"): 100,
        ("P2", "P3"): 100,
    }


@pytest.mark.parametrize("reach_m", [0, 10])
def test_a_parcel_that_lies_on_itself_has_each_metre_once(reach_m: float) -> None:
    folded = shapely.multipolygons([box(100, 0, 200, 100), box(100, 0, 150, 80)])
    town = town_of(box(0, -reach_m, 100, 100 + reach_m), folded)
    assert borders(town) == {("P1", "P2"): 100}


def test_the_way_a_ring_is_drawn_does_not_matter() -> None:
    town = street_of(2)
    assert borders(town.set_geometry(shapely.reverse(town.geometry.values), crs=CRS)) == {
        ("P1", "P2"): 100
    }


@pytest.mark.parametrize("shapes", [[], [None, None], [square(0)], [square(0), None]])
def test_where_nobody_has_a_neighbour_the_table_is_empty(shapes: list[object]) -> None:
    found = shared_borders(town_of(*shapes))
    assert found.empty
    assert list(found.columns) == ["left", "right", "border_m"]


def test_the_input_is_left_as_it_was() -> None:
    town = street_of(3)
    before = town.copy(deep=True)
    shared_borders(town)
    assert before.equals(town)


@st.composite
def fabrics(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Blocks of uneven lots in two rows that do not meet corner to corner, jittered, in any order."""
    rows = [
        np.cumsum([0, *draw(st.lists(st.integers(5, 60), min_size=1, max_size=5))])
        for _ in range(2)
    ]
    lots = [
        box(west, 50.0 * row, east, 50.0 * row + 50)
        for row, cuts in enumerate(rows)
        for west, east in pairwise(cuts)
    ]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    jitter = draw(st.sampled_from([0.0, 0.001, 0.004]))
    corners = [shapely.get_coordinates(lot)[:-1] for lot in lots]
    town = town_of(*(shapely.Polygon(c + rng.uniform(-jitter, jitter, c.shape)) for c in corners))
    return town.iloc[rng.permutation(len(town))]


@settings(max_examples=60, deadline=None)
@given(fabrics())
def test_it_agrees_with_laying_every_outline_on_every_other(town: gpd.GeoDataFrame) -> None:
    tolerance_m = 0.01
    outline = town.boundary
    expected = {}
    for left in town.index:
        for right in town.index:
            near = outline[left].intersection(outline[right].buffer(tolerance_m, cap_style="flat"))
            if left < right and near.length > 0.5:  # borders are whole metres
                expected[left, right] = near.length
    found = borders(town)
    assert {pair: metres for pair, metres in found.items() if metres > 0.5} == pytest.approx(
        expected, abs=0.06
    )


@settings(max_examples=30, deadline=None)
@given(fabrics(), st.integers(-1000, 1000))
def test_order_and_place_do_not_matter(town: gpd.GeoDataFrame, shift_m: int) -> None:
    moved = (
        town.sort_index().translate(shift_m, -shift_m).to_frame("geometry").set_geometry("geometry")
    )
    assert borders(moved) == pytest.approx(borders(town), abs=0.002)
