"""Ways over open ground: by pencil on a few cells, and beside another library."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS

from geoplan.errors import InputError
from geoplan.spatial.ground import CostSurface, Cover, cost_surface, cross_ground

FIELD = (0.0, 0.0, 100.0, 100.0)
WEST, EAST = shapely.Point(5, 45), shapely.Point(95, 45)


def cover(cost_per_m: float, *shapes: shapely.Geometry) -> Cover:
    return Cover(shapes=gpd.GeoSeries(shapes, crs=CRS), cost_per_m=cost_per_m)


def test_level_ground_is_crossed_straight() -> None:
    way = cross_ground(cost_surface(FIELD, cell_m=10, covers=[]), WEST, EAST)
    assert way is not None
    assert (way.length_m, way.cost) == (90.0, 90.0)


def test_a_wall_is_walked_around() -> None:
    wall = cover(np.inf, shapely.box(50, 10, 59, 100))  # open in the southernmost row only
    way = cross_ground(cost_surface(FIELD, cell_m=10, covers=[wall]), WEST, EAST)
    assert way is not None
    assert way.line.distance(shapely.Point(55, 5)) == 0
    assert not way.line.crosses(shapely.box(51, 11, 58, 100))


def test_there_is_no_way_through_a_closed_wall() -> None:
    wall = cover(np.inf, shapely.box(50, 0, 59, 100))
    assert cross_ground(cost_surface(FIELD, cell_m=10, covers=[wall]), WEST, EAST) is None


def test_a_way_follows_the_shore_where_that_is_cheaper() -> None:
    shore = cover(0.1, shapely.box(0, 71, 100, 79))
    surface = cost_surface(FIELD, cell_m=10, covers=[shore])
    way = cross_ground(surface, shapely.Point(5, 65), shapely.Point(95, 65))
    assert way is not None
    assert way.line.bounds[3] == 75
    assert way.cost < 30


def test_noise_is_a_belt_that_costs_more() -> None:
    belt = cover(5.0, shapely.box(0, 31, 60, 59))
    way = cross_ground(cost_surface(FIELD, cell_m=10, covers=[belt]), WEST, EAST)
    assert way is not None
    inside = shapely.intersection(way.line, shapely.box(0, 31, 60, 59)).length
    assert inside < 45  # straight through would be 60


def test_a_place_on_closed_ground_is_reached_at_its_rim() -> None:
    lake = shapely.box(61, 31, 99, 59)
    way = cross_ground(cost_surface(FIELD, cell_m=10, covers=[cover(np.inf, lake)]), WEST, lake)
    assert way is not None
    assert way.length_m == 60


def test_steep_ground_is_avoided(tmp_path: Path) -> None:
    heights = np.zeros((10, 10), dtype="float32")
    heights[2:8, 4:6] = 20.0  # a ridge across the straight way
    path = tmp_path / "heights.tif"
    place = rasterio.Affine(10, 0, 0, 0, -10, 100)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=10,
        width=10,
        count=1,
        dtype="float32",
        crs=CRS,
        transform=place,
    ) as out:
        out.write(heights, 1)
    flat = cost_surface(FIELD, cell_m=10, covers=[], elevation_path=str(path))
    steep = cost_surface(FIELD, cell_m=10, covers=[], elevation_path=str(path), cost_of_slope=20)
    straight, around = cross_ground(flat, WEST, EAST), cross_ground(steep, WEST, EAST)
    assert straight is not None
    assert around is not None
    assert straight.length_m == 90
    assert around.line.intersects(shapely.box(40, 0, 60, 12)) or around.line.intersects(
        shapely.box(40, 88, 60, 100)
    )


def test_costs_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="given: -1, 0"):
        cost_surface(FIELD, cell_m=10, covers=[cover(-1.0, WEST), cover(0.0, EAST)])


def test_a_grid_that_is_too_fine_is_refused() -> None:
    with pytest.raises(InputError, match="take larger cells"):
        cost_surface((0, 0, 1e6, 1e6), cell_m=1, covers=[])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([1.0, 2.0, 5.0, np.inf]), min_size=12, max_size=12),
)
def test_no_way_on_a_king_walk_is_cheaper(costs: list[float]) -> None:
    """Another library on the eight neighbours gives an upper limit; both agree on whether there is a way."""
    cost = np.array(costs).reshape(3, 4)
    cost[0, 0] = cost[2, 3] = 1.0
    surface = CostSurface(cost_per_m=cost, west=0, north=3, cell_m=1)
    graph = nx.Graph()
    graph.add_nodes_from([(0, 0), (2, 3)])
    for row in range(3):
        for column in range(4):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                other = (row + down, column + right)
                if other[0] < 3 and 0 <= other[1] < 4:
                    mean = (cost[row, column] + cost[other]) / 2
                    if np.isfinite(mean):
                        graph.add_edge((row, column), other, weight=mean * np.hypot(down, right))
    way = cross_ground(surface, shapely.Point(0.5, 2.5), shapely.Point(3.5, 0.5))
    if not nx.has_path(graph, (0, 0), (2, 3)):
        assert way is None
        return
    assert way is not None
    theirs = nx.shortest_path_length(graph, (0, 0), (2, 3), weight="weight")
    assert way.cost <= theirs + 1e-9
    assert way.cost >= 0.97 * way.length_m
