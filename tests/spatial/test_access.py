"""Tables of ways, nearest places and reach: by pencil, and beside another library."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS

from geoplan.spatial.access import nearest_places, reach_area, reach_lines, walk_table
from geoplan.spatial.network import StreetNetwork, from_networkx, street_network

STREET = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs=CRS)


def on_street(*along_m: float) -> StreetNetwork:
    """Places 10 m off one straight street."""
    places = gpd.GeoSeries([shapely.Point(at, 10) for at in along_m], crs=CRS)
    return street_network(STREET, entrances=places)


def test_a_table_holds_every_way_and_none_beyond_the_limit() -> None:
    network = on_street(0, 500, 1000)
    homes, shops = np.array([0]), np.array([1, 2])
    assert walk_table(network, origins=homes, targets=shops).tolist() == [[520, 1020]]
    assert walk_table(network, origins=homes, targets=shops, limit_m=520).tolist() == [
        [520, np.inf]
    ]
    assert walk_table(network, origins=homes, targets=shops, limit_m=519.9).tolist() == [
        [np.inf, np.inf]
    ]


def test_a_place_is_no_way_from_itself() -> None:
    network = on_street(0, 500)
    both = np.array([0, 1])
    assert walk_table(network, origins=both, targets=both).tolist() == [[0, 520], [520, 0]]
    found = nearest_places(network, origins=both, targets=np.array([1]))
    assert found.walk_m.tolist() == [[520], [0]]


def test_of_equally_near_places_the_one_named_first_is_nearer() -> None:
    network = on_street(500, 0, 1000)
    for count in (1, 2):
        for shops in ([1, 2], [2, 1]):
            found = nearest_places(
                network, origins=np.array([0]), targets=np.array(shops), count=count
            )
            assert found.place[0, 0] == 0
            assert found.walk_m[0, 0] == pytest.approx(520, abs=1e-9)


def test_the_nearest_two_are_told_in_order_and_who_is_too_far_is_none() -> None:
    network = on_street(0, 900, 100, 400)
    found = nearest_places(
        network, origins=np.array([0]), targets=np.array([1, 2, 3]), count=3, limit_m=420
    )
    assert found.place.tolist() == [[1, 2, -1]]
    assert found.walk_m.tolist() == [[120, 420, np.inf]]


def test_who_no_street_leads_to_has_no_nearest_place() -> None:
    two = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(0, 0), (10, 0)]), shapely.LineString([(0, 900), (10, 900)])],
        crs=CRS,
    )
    places = gpd.GeoSeries([shapely.Point(0, 0), shapely.Point(0, 900)], crs=CRS)
    network = street_network(two, entrances=places)
    for count in (1, 2):
        found = nearest_places(network, origins=np.array([0]), targets=np.array([1]), count=count)
        assert (found.place[0, 0], found.walk_m[0, 0]) == (-1, np.inf)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[nx.Graph, list[int], list[int]]:
    count = draw(st.integers(2, 12))
    graph = nx.Graph()
    for node in range(count):
        graph.add_node(node, x=float(node), y=0.0)
    nodes = st.integers(0, count - 1)
    for a, b, cost in draw(st.lists(st.tuples(nodes, nodes, st.integers(0, 20)), max_size=25)):
        graph.add_edge(a, b, length_m=float(cost))
    origins = draw(st.lists(nodes, min_size=1, max_size=6))
    return graph, origins, draw(st.lists(nodes, min_size=1, max_size=6))


@settings(max_examples=150, deadline=None)
@given(graphs(), st.sampled_from([np.inf, 10.0, 0.0]))
def test_every_way_is_as_long_as_another_library_says(
    case: tuple[nx.Graph, list[int], list[int]], limit_m: float
) -> None:
    graph, origins, targets = case
    network = from_networkx(graph, entrances=[*origins, *targets])
    start = np.arange(len(origins))
    end = len(origins) + np.arange(len(targets))
    table = walk_table(network, origins=start, targets=end, limit_m=limit_m)
    theirs = np.array(
        [
            [
                nx.single_source_dijkstra_path_length(graph, a, weight="length_m").get(b, np.inf)
                for b in targets
            ]
            for a in origins
        ],
        dtype=float,
    )
    theirs[theirs > limit_m] = np.inf
    np.testing.assert_allclose(table, theirs, atol=1e-9)
    one = nearest_places(network, origins=start, targets=end, limit_m=limit_m)
    all_of_them = nearest_places(
        network, origins=start, targets=end, count=len(targets) + 1, limit_m=limit_m
    )
    np.testing.assert_allclose(one.walk_m[:, 0], theirs.min(axis=1), atol=1e-9)
    assert one.place[:, 0].tolist() == all_of_them.place[:, 0].tolist()


def test_reach_ends_in_the_middle_of_a_street() -> None:
    network = on_street(500)
    lines = reach_lines(network, targets=np.array([0]), limit_m=210)  # 10 m to the street
    reached = shapely.union_all(lines)
    assert reached.length == pytest.approx(400)
    assert reached.bounds == pytest.approx((300, 0, 700, 0))
    area = reach_area(network, targets=np.array([0]), limit_m=210, width_m=50)
    assert area.area == pytest.approx(400 * 100 + np.pi * 50**2, rel=0.02)


def test_a_street_reached_from_both_ends_is_reached_whole() -> None:
    network = on_street(0, 1000)
    lines = reach_lines(network, targets=np.array([0, 1]), limit_m=510)
    assert shapely.union_all(lines).length == pytest.approx(1000)


def test_nothing_is_reached_without_streets_or_places() -> None:
    network = on_street(0)
    assert len(reach_lines(network, targets=np.zeros(0, dtype=np.int64), limit_m=100)) == 0
    assert reach_area(network, targets=np.zeros(0, dtype=np.int64), limit_m=100).is_empty
