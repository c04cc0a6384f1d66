"""Streets a reader can draw: which of them meet, and how far one walks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS

from geoplan.spatial.access import walking_distances
from geoplan.spatial.network import from_networkx, street_network, to_networkx


def streets(*lines: list[tuple[float, float]], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(line) for line in lines], crs=CRS)


def points(*xy: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.Point(pair) for pair in xy], crs=CRS)


EAST_WEST, NORTH_SOUTH = [(0.0, 50.0), (100.0, 50.0)], [(50.0, 0.0), (50.0, 100.0)]


def walk(roads: gpd.GeoDataFrame, start: tuple[float, float], end: tuple[float, float]) -> float:
    return float(walking_distances(roads, points(start), points(end))[0, 0])


def test_streets_that_cross_meet() -> None:
    assert walk(streets(EAST_WEST, NORTH_SOUTH), (0, 50), (50, 100)) == pytest.approx(100)


def test_a_bridge_does_not_meet_what_it_crosses() -> None:
    roads = streets(EAST_WEST, NORTH_SOUTH, is_bridge=[True, False])
    network = street_network(roads)
    assert (len(network.xy), len(network.edges)) == (4, 2)
    assert np.isinf(network.shortest_m(np.array([0]), np.array([1]))[0, 0])
    assert sorted(network.component.tolist()) == [0, 0, 1, 1]


def test_a_street_that_ends_under_a_bridge_does_not_meet_it() -> None:
    roads = streets(EAST_WEST, [(50.0, 0.0), (50.0, 50.0)], is_bridge=[True, False])
    assert sorted(street_network(roads).component.tolist()) == [0, 0, 1, 1]


def test_a_bridge_meets_the_street_on_which_it_ends() -> None:
    bridge = [(50.0, 50.0), (50.0, 100.0)]
    roads = streets(
        EAST_WEST, bridge, [(0.0, 100.0), (100.0, 100.0)], is_bridge=[False, True, False]
    )
    assert walk(roads, (0, 50), (0, 100)) == pytest.approx(150)


def test_a_vertex_in_common_is_a_junction_on_a_bridge_too() -> None:
    over = [(0.0, 50.0), (50.0, 50.0), (100.0, 50.0)]
    under = [(50.0, 0.0), (50.0, 50.0), (50.0, 100.0)]
    network = street_network(streets(over, under, is_bridge=[True, False]))
    assert (len(network.xy), len(network.edges)) == (5, 4)


@pytest.mark.parametrize(("gap_m", "meets"), [(0.0, True), (0.49, True), (0.51, False)])
def test_ends_meet_within_the_tolerance(gap_m: float, meets: bool) -> None:  # noqa: FBT001
    side = [(50.0, 50.0 + gap_m), (50.0, 100.0)]
    assert np.isfinite(walk_between_ends(streets(EAST_WEST, side))) == meets


def walk_between_ends(roads: gpd.GeoDataFrame) -> float:
    network = street_network(roads)
    start = np.flatnonzero((network.xy == (0.0, 50.0)).all(axis=1))
    end = np.flatnonzero((network.xy == (50.0, 100.0)).all(axis=1))
    return float(network.shortest_m(start, end)[0, 0])


def test_of_parallel_stretches_the_shortest_stays() -> None:
    straight, detour = [(0.0, 0.0), (100.0, 0.0)], [(0.0, 0.0), (50.0, 80.0), (100.0, 0.0)]
    network = street_network(streets(detour, straight))
    assert network.length_m.tolist() == [100.0]
    assert network.street.tolist() == [1]


def test_a_loop_that_ends_on_its_own_stem_can_be_walked_both_ways() -> None:
    stem_and_loop = [
        (0.0, 0.0),
        (50.0, 0.0),
        (50.0, 50.0),
        (100.0, 50.0),
        (100.0, 0.0),
        (50.0, 0.0),
    ]
    network = street_network(streets(stem_and_loop), entrances=points((50, 40), (100, 10)))
    assert sorted(network.length_m) == [40, 50, 60, 100]
    assert walk(streets(stem_and_loop), (0, 0), (100, 10)) == pytest.approx(50 + 60)


def test_streets_that_overlap_count_once() -> None:
    network = street_network(streets([(0.0, 0.0), (60.0, 0.0)], [(40.0, 0.0), (100.0, 0.0)]))
    assert sorted(network.length_m) == [20.0, 40.0, 40.0]


def test_who_may_not_be_walked_is_left_out() -> None:
    roads = streets(EAST_WEST, NORTH_SOUTH, is_walkable=[True, False])
    assert len(street_network(roads).edges) == 1


def test_a_street_of_several_parts_and_an_empty_one_lose_nothing() -> None:
    two = shapely.MultiLineString([EAST_WEST, [(0, 80), (100, 80)]])
    roads = gpd.GeoDataFrame(geometry=[two, shapely.LineString(), None], crs=CRS)
    network = street_network(roads)
    assert network.length_m.tolist() == [100.0, 100.0]


def test_no_streets_is_no_way() -> None:
    none = gpd.GeoDataFrame(geometry=[], crs=CRS)
    assert len(street_network(none, entrances=points((0, 0))).xy) == 0
    assert walking_distances(none, points((0, 0)), points((1, 1))).tolist() == [[np.inf]]


def test_the_way_to_the_street_counts_at_both_ends() -> None:
    assert walk(streets(EAST_WEST), (10, 60), (90, 30)) == pytest.approx(10 + 80 + 20)


def test_a_polygon_enters_at_its_edge() -> None:
    home = gpd.GeoSeries([shapely.box(20, 60, 40, 80)], crs=CRS)
    distance_m = walking_distances(streets(EAST_WEST), home, points((90, 50)))[0, 0]
    assert 10 + 50 <= distance_m <= 10 + 70  # any point of its southern edge is nearest


def test_nobody_enters_from_a_bridge() -> None:
    roads = streets(EAST_WEST, [(0.0, 60.0), (100.0, 60.0)], is_bridge=[False, True])
    network = street_network(roads, entrances=points((50, 60)))
    assert network.access_m.tolist() == [10.0]


def test_parts_of_the_streets_that_nothing_joins_are_numbered_by_size() -> None:
    network = street_network(streets([(0.0, 0.0), (1.0, 0.0)], EAST_WEST, NORTH_SOUTH))
    assert np.bincount(network.component).tolist() == [5, 2]


def test_the_course_of_a_stretch_follows_the_street() -> None:
    bend = [(0.0, 0.0), (50.0, 0.0), (50.0, 100.0)]
    network = street_network(streets(bend, [(50.0, 50.0), (90.0, 50.0)]))
    line = network.line(int(np.argmax(network.length_m)))
    assert list(line.coords) == [(0, 0), (50, 0), (50, 50)]


def test_there_and_back_through_networkx() -> None:
    network = street_network(streets(EAST_WEST, NORTH_SOUTH))
    graph = to_networkx(network)
    assert nx.shortest_path_length(graph, 0, 1, weight="length_m") == pytest.approx(
        network.shortest_m(np.array([0]), np.array([1]))[0, 0]
    )
    again = from_networkx(graph)
    assert sorted(again.length_m) == sorted(network.length_m)
    assert again.xy.tolist() == network.xy.tolist()


def rounded(pair: Any) -> tuple[float, float]:
    """The same node although the last digits differ."""
    return round(pair[0], 4) + 0.0, round(pair[1], 4) + 0.0


cells = st.integers(0, 6).map(lambda value: value * 10.0)


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(
        st.lists(st.tuples(cells, cells), min_size=2, max_size=3, unique=True),
        min_size=1,
        max_size=5,
    )
)
def test_every_way_is_as_long_as_on_a_graph_noded_by_another_tool(
    lines: list[list[tuple[float, float]]],
) -> None:
    roads = streets(*lines)
    noded = shapely.node(shapely.union_all(roads.geometry.to_numpy()))
    graph = nx.Graph()
    for part in shapely.get_parts(noded):
        for a, b in zip(part.coords[:-1], part.coords[1:], strict=True):
            graph.add_edge(
                rounded(a), rounded(b), length=shapely.Point(a).distance(shapely.Point(b))
            )
    network = street_network(roads, snap_m=1e-6)
    places = [rounded(pair) for pair in network.xy.tolist()]
    ours = network.shortest_m(np.arange(len(places)), np.arange(len(places)))
    for i, start in enumerate(places):
        theirs = nx.single_source_dijkstra_path_length(graph, start, weight="length")
        for j, end in enumerate(places):
            assert ours[i, j] == pytest.approx(theirs.get(end, np.inf), abs=1e-4)


@pytest.mark.data
def test_the_port_of_baltimore_is_one_network(data_root: Path) -> None:
    roads = gpd.read_file(data_root / "osm" / "baltimore_port.gpkg", layer="streets").to_crs(26985)
    network = street_network(roads)
    assert np.bincount(network.component)[0] > 0.99 * len(network.xy)
    assert network.length_m.sum() == pytest.approx(roads.length.sum(), rel=0.03)
