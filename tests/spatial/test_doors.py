"""Streets that miss each other, gates of parcels, and what nobody walks through."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from towns import CRS

from geoplan.errors import InputError
from geoplan.spatial.access import walking_distances
from geoplan.spatial.network import StreetNetwork, from_networkx, street_network

Line = list[tuple[float, float]]
EAST_WEST: Line = [(0.0, 50.0), (100.0, 50.0)]


def streets(*lines: Line, **columns: object) -> gpd.GeoDataFrame:
    ids = [f"R{number + 1}" for number in range(len(lines))]
    return gpd.GeoDataFrame(
        columns, geometry=[shapely.LineString(line) for line in lines], index=ids, crs=CRS
    )


def places(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapes, crs=CRS)


def told(network: StreetNetwork) -> list[tuple[str, str, str, float]]:
    table = network.repairs
    return list(
        zip(table["kind"], table["street"], table["other"], table["move_m"].round(3), strict=True)
    )


def test_a_gap_that_is_closed_is_listed_and_one_that_is_not_is_not() -> None:
    near, far = [(50.0, 50.4), (50.0, 100.0)], [(70.0, 50.6), (70.0, 100.0)]
    assert told(street_network(streets(EAST_WEST, near, far))) == [("gap", "R2", "R1", 0.4)]


def test_two_ends_that_miss_each_other_are_one_gap() -> None:
    assert told(street_network(streets(EAST_WEST, [(100.3, 50.0), (200.0, 50.0)]))) == [
        ("gap", "R1", "R2", 0.3)
    ]


def test_an_overshoot_is_cut_and_listed() -> None:
    beyond = [(50.0, 49.7), (50.0, 100.0)]
    network = street_network(streets(EAST_WEST, beyond))
    assert told(network) == [("overshoot", "R2", "R1", 0.3)]
    assert sorted(network.length_m.round(6)) == [50.0, 50.0, 50.0]  # no stub of 0.3 m


def test_a_street_drawn_twice_counts_once_and_is_listed() -> None:
    network = street_network(streets(EAST_WEST, EAST_WEST[::-1]))
    assert told(network) == [("duplicate", "R2", "R1", 0.0)]
    assert network.length_m.tolist() == [100.0]


def test_streets_without_a_course_are_listed() -> None:
    roads = streets(EAST_WEST, EAST_WEST, [(1.0, 1.0), (1.0, 1.0)])
    roads.loc["R2", "geometry"] = None
    network = street_network(roads)
    assert told(network) == [("empty", "R2", "", 0.0), ("empty", "R3", "", 0.0)]


def test_clean_streets_need_no_repair() -> None:
    assert street_network(streets(EAST_WEST, [(50.0, 0.0), (50.0, 100.0)])).repairs.empty


RIVER = places(shapely.box(40, 0, 60, 200))


def test_a_street_ends_at_the_water_and_a_bridge_crosses_it() -> None:
    ford, bridge = EAST_WEST, [(0.0, 150.0), (100.0, 150.0)]
    banks = [(0.0, 50.0), (0.0, 150.0)], [(100.0, 50.0), (100.0, 150.0)]
    roads = streets(ford, bridge, *banks, is_bridge=[False, True, False, False])
    west, east = places(shapely.Point(0, 50)), places(shapely.Point(100, 50))
    assert walking_distances(roads, west, east).tolist() == [[100.0]]
    walk_m = walking_distances(roads, west, east, barriers=RIVER)
    assert walk_m.tolist() == [[100.0 + 100.0 + 100.0]]
    assert told(street_network(roads, barriers=RIVER)) == [("barrier", "R1", "", 0.0)]


def test_a_street_drawn_across_the_water_may_be_taken_for_a_bridge() -> None:
    house = places(shapely.Point(30, 80))  # its own side of the water
    network = street_network(
        streets(EAST_WEST, [(65.0, 50.0), (65.0, 80.0)]),
        entrances=house,
        barriers=RIVER,
        are_streets_cut=False,
    )
    assert network.component.max() == 0
    assert network.access_m.tolist() == [30.0]


def test_a_wall_is_not_walked_through_and_not_around_its_end_by_snapping() -> None:
    wall = places(shapely.LineString([(50, 0), (50, 100)]))
    network = street_network(streets(EAST_WEST), barriers=wall)
    assert network.component.max() == 1


def test_a_street_along_the_water_is_not_cut() -> None:
    shore = [(40.0, 0.0), (40.0, 200.0)]
    assert street_network(streets(shore), barriers=RIVER).repairs.empty


def test_no_place_is_joined_across_a_wall() -> None:
    near, far = [(0.0, 0.0), (100.0, 0.0)], [(0.0, 300.0), (100.0, 300.0)]
    wall = places(shapely.LineString([(-50, 20), (150, 20)]))
    home = places(shapely.Point(50, 40))
    assert street_network(streets(near, far), entrances=home).access_m.tolist() == [40.0]
    behind = street_network(streets(near, far), entrances=home, barriers=wall)
    assert behind.access_m.tolist() == [260.0]
    shut = street_network(streets(near), entrances=home, barriers=wall)
    assert (shut.entrances.tolist(), shut.access_m.tolist()) == ([-1], [np.inf])


def gates(network: StreetNetwork) -> list[tuple[float, float]]:
    return sorted(tuple(xy) for xy in network.xy[network.doors["node"].to_numpy()].tolist())


BLOCK = [
    [(0.0, 0.0), (200.0, 0.0)],
    [(0.0, 100.0), (200.0, 100.0)],
    [(0.0, 0.0), (0.0, 100.0)],
    [(200.0, 0.0), (200.0, 100.0)],
]


def test_a_parcel_has_a_gate_in_the_middle_of_each_frontage() -> None:
    parcel = places(shapely.box(20, 10, 180, 90))  # 20 m off the sides, 10 m off front and back
    network = street_network(streets(*BLOCK), entrances=parcel)
    assert gates(network) == [(0, 50), (100, 0), (100, 100), (200, 50)]
    assert sorted(network.doors["way_m"]) == [10, 10, 20, 20]


@pytest.mark.parametrize(("off_m", "count"), [(30.0, 2), (30.1, 1)])
def test_a_street_further_than_half_a_wide_red_line_is_no_frontage(
    off_m: float, count: int
) -> None:
    roads = streets([(0.0, 0.0), (100.0, 0.0)], [(0.0, 50 + off_m), (100.0, 50 + off_m)])
    network = street_network(roads, entrances=places(shapely.box(20, 10, 80, 50)))
    assert len(network.doors) == count


def test_a_street_behind_the_neighbour_is_no_frontage() -> None:
    front, back = [(0.0, 0.0), (100.0, 0.0)], [(0.0, 40.0), (100.0, 40.0)]
    south, north = shapely.box(0, 5, 100, 20), shapely.box(0, 20, 100, 35)
    network = street_network(streets(front, back), entrances=places(south, north))
    owner = network.doors["place"].tolist()
    assert owner == [0, 1]  # each its own street, although the other is only 20 m away


@pytest.mark.parametrize(("long_m", "count"), [(200.0, 1), (200.1, 2), (600.0, 3)])
def test_a_long_frontage_has_several_gates(long_m: float, count: int) -> None:
    road = streets([(-10.0, 0.0), (700.0, 0.0)])
    network = street_network(road, entrances=places(shapely.box(0, 5, long_m, 50)))
    assert len(network.doors) == count
    assert gates(network)[0] == pytest.approx((long_m / count / 2, 0))


def test_who_crosses_the_block_does_not_walk_through_a_parcel() -> None:
    around = streets(
        [(0.0, 0.0), (100.0, 0.0)], [(0.0, 60.0), (100.0, 60.0)], [(0.0, 0.0), (0.0, 60.0)]
    )
    block = shapely.box(80, 5, 100, 55)  # gates at (90, 0) and (90, 60)
    ends = places(shapely.Point(90, 0), shapely.Point(90, 60))
    both = gpd.GeoSeries([*ends, block], crs=CRS)
    network = street_network(around, entrances=both)
    assert len(network.doors) == 4
    from geoplan.spatial.access import walk_table  # noqa: PLC0415

    ways = walk_table(network, origins=np.array([0]), targets=np.array([1, 2]))
    assert ways.tolist() == [[90 + 60 + 90, 5]]


def test_a_broken_graph_is_refused_with_everything_that_is_wrong() -> None:
    graph = nx.Graph()
    graph.add_node("a", x=0, y=0)
    graph.add_node("b", x="east", y=0)
    graph.add_edge("a", "c", length_m=-1.0)
    with pytest.raises(InputError) as error:
        from_networkx(graph, entrances=["z"])
    assert error.value.text("en").splitlines()[1:] == [
        "  - 2 nodes have no x and y that are numbers: b, c",
        "  - 1 edges have a length_m that is not a number of 0 or more: a - c; correct it, or leave it out to take the length of the line",
        "  - 1 entrances are no node of the graph: z",
    ]


def test_of_parallel_edges_of_a_multigraph_the_shortest_stays() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node(1, x=0, y=0)
    graph.add_node(2, x=10, y=0)
    graph.add_edges_from(
        [(1, 2, {"length": 12.0}), (2, 1, {"length": 11.0}), (1, 1, {"length": 5.0})]
    )
    network = from_networkx(graph, length="length", entrances=[1, 2])
    assert network.length_m.tolist() == [11.0]
