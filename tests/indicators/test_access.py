"""Who reaches what: four blocks of homes along one street of a town that a reader can draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from towns import CRS, EAST, NORTH, park_of, street_of

from geoplan.evaluate import evaluate_park
from geoplan.indicators import measure_plan
from geoplan.model.answers import Indicator
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules

RULES = load_rules(["seed-practice", "plan-assumed", "space-assumed"])


def line(*xy: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in xy])


def streets(*lines: shapely.LineString) -> gpd.GeoDataFrame:
    ids = [f"R{i + 1}" for i in range(len(lines))]
    return gpd.GeoDataFrame({"road_class": "local"}, geometry=list(lines), index=ids, crs=CRS)


def places(**at: tuple[float, float]) -> gpd.GeoDataFrame:
    """One facility of each sort, metres from the corner of the town."""
    points = [shapely.Point(EAST + x, NORTH + y) for x, y in at.values()]
    table = {"kind": list(at), "status": "existing"}
    return gpd.GeoDataFrame(table, geometry=points, crs=CRS, index=[f"F{k}" for k in at])


#: Homes for 100, 100, 100 and 200 people (35 m2 a head) side by side, gates at 50, 150, 250 and 350 m of the street.
FLOOR_M2 = [3_500.0, 3_500.0, 3_500.0, 7_000.0]


def town(facilities: gpd.GeoDataFrame | None, **columns: Any) -> Park:
    parcels = street_of(4, use="0701", zone=["west", "west", "east", "east"], **columns)
    layers = {"roads": streets(line((0, -10), (400, -10)))}
    built = street_of(4)[["geometry"]].assign(
        parcel_id=parcels.index, floor_area_m2=FLOOR_M2, geometry=parcels.buffer(-20)
    )
    layers["buildings"] = built.rename_axis("building_id").set_index(built.index.map("B{}".format))
    if facilities is not None:
        layers["facilities"] = facilities
    return park_of(parcels, **layers)


def measured(park: Park, numbers: Mapping[str, float] | None = None) -> dict[str, Indicator]:
    rules = load_rules(
        ["seed-practice", "plan-assumed", "space-assumed"],
        overrides=dict(numbers or {}),
        overrides_source="a test",
    )
    told = measure_plan(park, evaluate_park(park, rules=rules), None, rules=rules)
    return {item.name: item for item in told}


SCHOOL = places(school=(0, -10))  # at the west end of the street


@pytest.mark.parametrize(
    ("limit_m", "percent"),
    [(59.9, 0), (60, 20), (160, 40), (260, 60), (360, 100)],  # 10 m to the street, then along it
)
def test_people_within_the_limit_are_counted_and_who_just_reaches_it_is_within(
    limit_m: float, percent: float
) -> None:
    found = measured(town(SCHOOL), {"services.school": limit_m})["near_school"]
    assert found.value == pytest.approx(percent)


def test_land_neighbourhoods_and_the_mean_way_are_told_beside_people() -> None:
    found = measured(town(SCHOOL), {"services.school": 160.0})["near_school"]
    assert found.details is not None
    assert found.details["share_of_land"] == pytest.approx(0.5)
    assert found.details["share_mean_neighbourhood"] == pytest.approx(
        0.5
    )  # all of west, none of east
    assert found.details["share_worst_neighbourhood"] == 0
    assert found.details["within_300_m"] == pytest.approx(0.6)
    # (100 x 60 + 100 x 160 + 100 x 260 + 200 x 360) / 500
    assert found.details["mean_walk_m"] == pytest.approx(240)
    assert found.note is not None
    assert found.note.text("en") == (
        "at most 160 m on foot (set by the scenario); the mean way is 240 m, 4.0 minutes at 60 m a minute; least in east: 0%"
    )


def test_a_home_that_no_way_leads_to_stays_in_the_share_and_spoils_the_mean() -> None:
    park = town(SCHOOL)
    cut = streets(line((0, -10), (220, -10)), line((310, -10), (400, -10)))
    apart = Park(name=park.name, layers={**park.layers, "roads": cut})
    found = measured(apart, {"services.school": 1000.0})["near_school"]
    assert found.value == pytest.approx(60)  # the 200 in the east are still among the 500
    assert found.details is not None
    assert "mean_walk_m" not in found.details
    assert found.details["people_without_way"] == 200
    assert found.note is not None
    assert "200 people reach none on foot" in found.note.text("en")


def test_a_sort_that_is_not_mapped_is_unknown_and_not_none() -> None:
    found = measured(town(SCHOOL))["near_clinic"]
    assert found.value is None
    assert found.note is not None
    assert "none is mapped" in found.note.text("en")


def test_planned_facilities_are_not_there_yet() -> None:
    later = SCHOOL.assign(status="planned")
    assert measured(town(later))["near_school"].value is None


def test_a_facility_past_the_boundary_counts() -> None:
    outside = places(school=(-100, -10))
    park = town(outside)
    longer = Park(
        name=park.name, layers={**park.layers, "roads": streets(line((-200, -10), (400, -10)))}
    )
    found = measured(longer, {"services.school": 160.0})["near_school"]
    assert found.value == pytest.approx(20)


def test_a_circle_needs_all_of_its_sorts() -> None:
    both = places(school=(0, -10), market=(400, -10), bus_stop=(200, -10), park=(200, -10))
    found = measured(
        town(both),
        {
            "services.school": 310.0,
            "services.market": 310.0,
            "services.bus_stop": 310.0,
            "services.park": 500.0,
        },
    )["circle_10"]
    # school within 310 m: P1, P2, P3; market: P2, P3, P4; both: P2 and P3 with 200 of 500 people
    assert found.value == pytest.approx(40)
    assert found.details is not None
    assert found.details["share_of_mapped"] == pytest.approx(0.4)
    assert found.details["share_worst_neighbourhood"] == pytest.approx(100 / 300)  # P3 of the east


def test_a_circle_with_a_sort_that_is_not_mapped_is_unknown() -> None:
    found = measured(town(SCHOOL))["circle_10"]
    assert found.value is None
    assert found.note is not None
    assert (
        "not mapped: bus stop, market, park; of those that are, 100% have all"
        in found.note.text("en")
    )
    assert found.details is not None
    assert found.details["share_of_mapped"] == pytest.approx(1.0)


def test_without_streets_nobody_knows() -> None:
    park = town(SCHOOL)
    bare = Park(name=park.name, layers={k: v for k, v in park.layers.items() if k != "roads"})
    told = measured(bare)
    assert told["near_school"].value is None
    assert told["street_density"].value is None


def test_without_people_nobody_knows() -> None:
    park = town(SCHOOL)
    empty = Park(name=park.name, layers={k: v for k, v in park.layers.items() if k != "buildings"})
    found = measured(empty)["near_school"]
    assert found.value is None
    assert found.note is not None
    assert "how many people" in found.note.text("en")


def squares(*shapes: shapely.Polygon) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"kind": "park"},
        geometry=list(shapes),
        crs=CRS,
        index=[f"G{i}" for i in range(len(shapes))],
    )


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


@pytest.mark.parametrize(
    ("park_shape", "percent"),
    [
        (box(-550, 0, -450, 50), 12.5),  # 5 000 m2 reach 500 m: 50 m of the 400
        (box(-550, 0, -450, 49.9), 0),  # 4 990 m2 reach 300 m: nothing
        (box(-350, 0, -250, 20), 12.5),  # 2 000 m2 reach 300 m
        (box(-350, 0, -250, 19.9), 0),
    ],
)
def test_green_reaches_as_far_as_its_size_says(park_shape: shapely.Polygon, percent: float) -> None:
    park = town(None)
    with_green = Park(name=park.name, layers={**park.layers, "green": squares(park_shape)})
    assert measured(with_green)["green_reach"].value == pytest.approx(percent, abs=1.0)


def test_parks_that_touch_count_as_one() -> None:
    halves = squares(box(-550, 0, -500, 50), box(-500, 0, -450, 50))
    park = town(None)
    with_green = Park(name=park.name, layers={**park.layers, "green": halves})
    assert measured(with_green)["green_reach"].value == pytest.approx(12.5, abs=1.0)


def test_streets_along_the_rim_count_half() -> None:
    # 400 m along the southern rim of 4 ha: 0.2 km over 0.04 km2
    assert measured(town(None))["street_density"].value == pytest.approx(0.2 / 0.04, rel=0.01)


def test_of_equal_parks_the_whole_is_the_same_in_any_order() -> None:
    park = town(SCHOOL)
    turned = Park(name=park.name, layers={**park.layers, "parcels": park.parcels.iloc[::-1]})
    one, other = measured(park), measured(turned)
    for name in ("near_school", "circle_10", "street_density", "green_reach"):
        assert one[name].value == other[name].value or np.isclose(
            one[name].value, other[name].value
        )
