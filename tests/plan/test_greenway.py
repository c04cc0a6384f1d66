"""Greenways on a small grid of streets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from planned_towns import RULES, park_of
from towns import CRS, EAST, NORTH, block_of, square

from geoplan.errors import PlanError
from geoplan.model.answers import Allocation, Greenway, StageLeftOut
from geoplan.optimise.proof import Proof
from geoplan.plan import route_greenway
from geoplan.spatial.network import street_network, to_networkx

NAMES = ["south", "middle", "north", "west", "centre", "east"]


def streets(**columns: Any) -> gpd.GeoDataFrame:
    """Three streets from west to east and three from south to north, 100 m apart: a grid of four squares."""
    lines = [[(0, y), (200, y)] for y in (0, 100, 200)] + [
        [(x, 0), (x, 200)] for x in (0, 100, 200)
    ]
    shapes = [shapely.LineString([(EAST + x, NORTH + y) for x, y in line]) for line in lines]
    index = pd.Index([f"R{i + 1}" for i in range(6)], name="road_id")
    columns = {"road_class": "local", "name": NAMES, **columns}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS, index=index)


def points(kind: str, *xy: tuple[float, float]) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(EAST + x, NORTH + y) for x, y in xy]
    index = pd.Index([f"F{i + 1}" for i in range(len(xy))], name="facility_id")
    return gpd.GeoDataFrame({"kind": kind, "name": ""}, geometry=shapes, crs=CRS, index=index)


def planned(town: gpd.GeoDataFrame, uses: list[str] | None = None) -> Allocation:
    proof = Proof(objective=0.0, bound=0.0, sense="max", status="optimal")
    parcels = town.assign(planned_use=uses or town["use"])
    none = pd.DataFrame()
    return Allocation(parcels=parcels, suitability=none, rules=none, proof=proof)


def routed(roads: gpd.GeoDataFrame, join: tuple[str, ...] = ("school",), **layers: Any) -> Greenway:
    town = block_of(2, 2)
    answer = route_greenway(
        park_of(town, roads=roads, **layers), planned(town), rules=RULES, join=join
    )
    assert isinstance(answer, Greenway)
    return answer


def test_two_places_are_joined_by_the_shortest_way() -> None:
    way = routed(streets(), facilities=points("school", (0, 0), (200, 100)))
    assert way.lines["length_m"].sum() == pytest.approx(300)
    assert way.proof.objective == pytest.approx(300)
    assert way.proof.bound == pytest.approx(300)
    assert way.places["is_joined"].all()


def test_a_green_street_is_worth_a_detour_and_a_trunk_road_is_not() -> None:
    # 200 m of trunk cost 1 000; round by the green north 200 + 100 + 200, by the middle 100 + 200 + 100
    classes = ["trunk", "local", "green_street", "local", "local", "local"]
    corners = points("school", (0, 0), (200, 0))
    way = routed(streets(road_class=classes), facilities=corners)
    assert way.proof.objective == pytest.approx(400)
    assert way.lines["length_m"].sum() == pytest.approx(400)
    assert sorted(way.lines["name"]) == ["east", "middle", "west"]
    greener = ["trunk", "trunk", "green_street", "green_street", "trunk", "green_street"]
    round_the_north = routed(streets(road_class=greener), facilities=corners)
    assert round_the_north.proof.objective == pytest.approx(300)  # 600 m at half price


def test_a_class_that_has_no_price_costs_as_much_as_any_other() -> None:
    way = routed(streets(road_class="goat path"), facilities=points("school", (0, 0), (200, 0)))
    assert way.proof.objective == pytest.approx(200)


def test_three_corners_meet_at_a_junction() -> None:
    corners = points("school", (0, 0), (200, 0), (100, 200))
    way = routed(streets(), facilities=corners)
    # 200 along the south and 200 up the centre street
    assert way.proof.objective == pytest.approx(400)
    assert way.lines.set_index("name")["length_m"].to_dict() == {"south": 200, "centre": 200}
    assert way.lines.index.tolist() == ["G001", "G002"]


def test_of_two_stretches_between_the_same_junctions_the_cheaper_is_taken() -> None:
    roads = streets()
    arc = shapely.LineString([(EAST, NORTH), (EAST + 100, NORTH - 50), (EAST + 200, NORTH)])
    detour = gpd.GeoDataFrame(
        {"road_class": ["green_street"], "name": ["arc"]}, geometry=[arc], crs=CRS, index=["R7"]
    )
    south = roads[roads["name"] == "south"]
    both = gpd.GeoDataFrame(pd.concat([south, detour]), crs=CRS)
    way = routed(both, facilities=points("school", (0, 0), (200, 0)))
    assert way.lines["name"].tolist() == ["arc"]  # 223.6 m at half price


def test_parks_plazas_school_and_shore_are_found_where_the_plan_puts_them() -> None:
    town = block_of(2, 2)
    uses = ["1401", "1403", "070102", "080403"]
    layers = {
        "roads": streets(),
        "water": gpd.GeoDataFrame(
            {"name": ["lake"]}, geometry=[square(-1, 1)], crs=CRS, index=["W1"]
        ),
        "facilities": points(
            "school", (150, 150)
        ),  # stands on P4, which is a school by its use: once
        "green": gpd.GeoDataFrame(
            {"kind": ["park", "belt"]},
            geometry=[square(2, 0), square(2, 1)],
            crs=CRS,
            index=["G1", "G2"],
        ),
    }
    way = route_greenway(park_of(town, **layers), planned(town, uses), rules=RULES)
    assert isinstance(way, Greenway)
    assert way.places["source"].tolist() == [
        "parcels/P1", "green/G1", "parcels/P2", "parcels/P4", "water/W1",
    ]  # fmt: skip
    assert way.places["kind"].tolist() == ["park", "park", "plaza", "school", "shore"]
    assert way.places["is_joined"].all()


def test_every_joined_place_lies_on_one_connected_greenway() -> None:
    rng = np.random.default_rng(7)
    spots = [(float(x), float(y)) for x, y in rng.uniform(0, 200, (9, 2))]
    way = routed(streets(), facilities=points("school", *spots))
    union = shapely.union_all(way.lines.geometry.to_numpy())
    assert way.places.distance(union).max() < 0.5
    graph = to_networkx(street_network(way.lines))
    assert nx.is_connected(graph)
    assert nx.is_tree(graph)


def test_an_island_is_listed_and_not_joined() -> None:
    roads = streets()
    far = shapely.LineString([(EAST + 900, NORTH), (EAST + 950, NORTH)])
    island = gpd.GeoDataFrame(
        {"road_class": ["local"], "name": [""]}, geometry=[far], crs=CRS, index=["R9"]
    )
    both = gpd.GeoDataFrame(pd.concat([roads, island]), crs=CRS)
    way = routed(both, facilities=points("school", (0, 0), (200, 0), (910, 0)))
    assert way.places["is_joined"].tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("layers", "key"),
    [
        ({}, "plan.greenway_no_roads"),
        ({"roads": streets()}, "plan.greenway_no_places"),
        ({"roads": streets(), "facilities": points("school", (0, 0))}, "plan.greenway_no_places"),
        ({"roads": streets().iloc[:0], "facilities": points("school", (0, 0), (9, 9))}, "plan.greenway_no_places"),
    ],
)  # fmt: skip
def test_what_cannot_be_routed_says_why(layers: dict[str, Any], key: str) -> None:
    town = block_of(2, 2)
    answer = route_greenway(park_of(town, **layers), planned(town), rules=RULES)
    assert isinstance(answer, StageLeftOut)
    assert (answer.stage, answer.message.key) == ("greenway", key)


def test_an_unknown_sort_of_place_is_refused() -> None:
    town = block_of(2, 2)
    with pytest.raises(
        PlanError, match="cannot join castle; it can join park, plaza, school, shore"
    ):
        route_greenway(park_of(town), planned(town), rules=RULES, join=("castle",))


@pytest.mark.data
def test_a_greenway_through_the_port_of_baltimore(data_root: Path) -> None:
    roads = gpd.read_file(data_root / "osm" / "baltimore_port.gpkg", layer="streets").to_crs(26985)
    roads = roads.assign(road_class=roads["highway"].where(roads["highway"] != "footway", "local"))
    roads.index = pd.Index([f"R{i}" for i in range(len(roads))], name="road_id")
    spots = roads.geometry.iloc[::400].interpolate(0.5, normalized=True)
    schools = gpd.GeoDataFrame(
        {"kind": "school"}, geometry=spots.to_numpy(), crs=26985,
        index=[f"F{i}" for i in range(len(spots))],
    )  # fmt: skip
    town = gpd.GeoDataFrame(
        {"use": ["100102"]}, geometry=[shapely.box(*roads.total_bounds)], crs=26985, index=["P1"]
    )
    park = park_of(town, roads=roads, facilities=schools)
    way = route_greenway(park, planned(town), rules=RULES, join=("school",))
    assert isinstance(way, Greenway)
    assert way.proof.gap_share < 0.01
    assert way.places["is_joined"].sum() >= len(spots) - 1
