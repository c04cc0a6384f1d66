"""Centres on streets a reader can walk with a finger."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from planned_towns import RULES, allocation_of, park_of, street
from towns import CRS, EAST, NORTH, block_of, street_of

from geoplan.errors import PlanError
from geoplan.model.answers import Centres, StageLeftOut
from geoplan.plan import CentreRole, residents, site_centres
from geoplan.words import literal


def sited(town: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, count: int, **columns: Any) -> Centres:
    centres = site_centres(
        park_of(town, roads=roads), allocation_of(town, **columns), rules=RULES, count=count
    )
    assert isinstance(centres, Centres)
    return centres


def test_the_best_pair_of_all_pairs_is_chosen() -> None:
    people = [100, 0, 0, 0, 300, 50, 0, 200]
    town = street_of(8)
    roads = street(0, end=800)
    centres = sited(town, roads, 2, planned_population=people)
    # every parcel touches the street along its whole southern edge: walks are read from the answer's own table
    best = min(
        sum(w * min(abs(i - a), abs(i - b)) for i, w in enumerate(people))
        for a, b in itertools.combinations(range(8), 2)
    )
    chosen = [int(p[1:]) - 1 for p in centres.sites["parcel_id"]]
    assert sum(w * min(abs(i - c) for c in chosen) for i, w in enumerate(people)) == best
    assert centres.proof.unit == "person m"
    assert centres.proof.sense == "min"
    walks = centres.assignment
    assert (walks["walk_m"] * walks["population"]).sum() == pytest.approx(centres.proof.objective)
    assert centres.proof.bound == pytest.approx(centres.proof.objective)


def test_parcels_planned_as_centre_are_the_sites() -> None:
    rules_product = "centre"
    town = street_of(4)
    pack = RULES.packs[0].data["products"] | {rules_product: {"use": "0901", "role": "centre"}}
    rules = RULES.__class__(packs=(pack_with(pack),))
    plan = allocation_of(
        town, product=["centre", None, None, "centre"], planned_population=[0, 10, 10, 0]
    )
    centres = site_centres(park_of(town, roads=street(0)), plan, rules=rules, count=2)
    assert isinstance(centres, Centres)
    assert centres.sites["parcel_id"].tolist() == ["P1", "P4"]
    assert centres.sites["served_population"].tolist() == [10, 10]


def pack_with(products: dict[str, Any]) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    return replace(RULES.packs[0], data={"products": products})


def test_people_of_today_count_where_homes_stay() -> None:
    town = street_of(3, use=["070102", "070102", "100102"])
    plan = allocation_of(
        town,
        is_candidate=pd.array([False, True, True], dtype="boolean"),
        existing_floor_area_m2=[4000.0, 4000.0, 4000.0],
        planned_population=[np.nan, 7.0, 5.0],
    )
    assert residents(plan, rules=RULES).tolist() == [100.0, 7.0, 5.0]  # 4 000 / 40


def test_homes_nobody_can_walk_from_are_listed() -> None:
    town = block_of(3, 2)
    # the second row's street is an island: P4 to P6 lie on it alone; sites are the first row
    roads = street(0, 200, end=300)
    centres = sited(
        town, roads, 1,
        is_candidate=pd.array([True] * 3 + [False] * 3, dtype="boolean"),
        planned_population=[10, 10, 10, 3, 0, 0],
    )  # fmt: skip
    table = centres.assignment.set_index("parcel_id")
    assert table.index.tolist() == ["P1", "P2", "P3", "P4"]
    assert table["is_reachable"].tolist() == [True, True, True, False]
    assert table["centre_id"].isna().tolist() == [False, False, False, True]
    assert np.isnan(table.loc["P4", "walk_m"])
    assert centres.sites["served_population"].tolist() == [30]


def test_with_fewer_centres_than_islands_the_island_with_most_people_is_served() -> None:
    town = block_of(2, 2)
    centres = sited(town, street(0, 200, end=200), 1, planned_population=[1, 1, 5, 5])
    table = centres.assignment.set_index("parcel_id")
    assert table["is_reachable"].tolist() == [False, False, True, True]
    both = sited(town, street(0, 200, end=200), 2, planned_population=[1, 1, 5, 5])
    assert both.assignment["is_reachable"].all()


def test_a_centre_is_called_after_its_street() -> None:
    roads = street(0, name=["Longwen Road"])
    centres = sited(street_of(2), roads, 1, planned_population=[1, 0])
    assert centres.sites["name_en"].tolist() == ["service centre 1, Longwen Road"]
    assert centres.sites["name_zh"].tolist() == ["产城服务中心 1（Longwen Road）"]
    assert centres.sites.index.tolist() == ["C1"]
    assert centres.sites.crs == CRS


@pytest.mark.parametrize(
    ("layers", "people", "count", "key"),
    [
        ({}, [1, 1], 1, "plan.centres_no_roads"),
        ({"roads": street(0)}, [1, 1], 3, "plan.centres_no_sites"),
        ({"roads": street(0)}, [0, 0], 1, "plan.centres_no_homes"),
        ({"roads": street().iloc[:0]}, [1, 1], 1, "plan.centres_no_homes"),
    ],
)
def test_what_cannot_be_sited_says_why(
    layers: dict[str, Any], people: list[int], count: int, key: str
) -> None:
    town = street_of(2)
    plan = allocation_of(town, planned_population=people)
    answer = site_centres(park_of(town, **layers), plan, rules=RULES, count=count)
    assert isinstance(answer, StageLeftOut)
    assert (answer.stage, answer.message.key) == ("centres", key)


def role(name: str, **where: Any) -> CentreRole:
    return CentreRole(name=literal(name), **where)


PEOPLE = [100.0, 100.0, 0.0, 0.0, 0.0, 0.0, 100.0, 100.0]


def on_two_streets() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Eight squares on one street; a trunk road meets it behind P1."""
    town = street_of(8, zone=["west"] * 4 + ["east"] * 4)
    along = street(-10, start=-50, end=800, name="Long Street")
    across = gpd.GeoDataFrame(
        {"road_class": ["trunk"], "name": ["九龙大道 Great Road"]},
        geometry=[shapely.LineString([(EAST - 50, NORTH - 10), (EAST - 50, NORTH + 500)])],
        crs=CRS,
        index=["R9"],
    )
    return town, gpd.GeoDataFrame(pd.concat([along, across]), crs=CRS).rename_axis("road_id")


def with_roles(*roles: CentreRole, **columns: Any) -> Centres | StageLeftOut:
    town, roads = on_two_streets()
    planned = allocation_of(town, planned_population=PEOPLE, **columns)
    return site_centres(park_of(town, roads=roads), planned, rules=RULES, roles=roles)


def test_each_role_stands_where_it_fits_and_the_rest_is_as_near_as_can_be() -> None:
    region = role("region", streets=("九龙大道",), within_m=60)  # P1 is 50 m off, P2 150 m
    east = role("east", zones=("east",))
    centres = with_roles(region, east)
    assert isinstance(centres, Centres)
    assert centres.sites["parcel_id"].tolist() == [
        "P1",
        "P7",
    ]  # P7 and P8 are alike: 100 people each
    assert centres.sites["name_en"].tolist() == ["region", "east"]
    assert centres.proof.bound == pytest.approx(centres.proof.objective)
    assert centres.proof.objective == pytest.approx(
        (centres.assignment["walk_m"] * centres.assignment["population"]).sum()
    )


@pytest.mark.parametrize(("within_m", "stands"), [(150.0, True), (149.9, False)])
def test_just_near_enough_is_near(within_m: float, stands: bool) -> None:  # noqa: FBT001
    other = role("other", zones=("east",))
    centres = with_roles(role("trunk", road_classes=("trunk",), within_m=within_m), other)
    assert isinstance(centres, Centres)
    first = set(centres.sites["parcel_id"].iloc[:1])
    assert first <= {"P1", "P2"}
    assert (stands and first == {"P2"}) or (not stands and first == {"P1"})


def test_a_role_may_stand_near_what_the_plan_builds() -> None:
    works = ["works" if number == 3 else "homes" for number in range(8)]
    centres = with_roles(role("works", products=("works",), within_m=1.0), product=works)
    assert isinstance(centres, Centres)
    assert centres.sites["parcel_id"].tolist()[0] in {"P3", "P4", "P5"}


def test_roles_that_want_the_same_parcel_are_told_and_nothing_is_sited() -> None:
    only = role("one", streets=("Great Road",), within_m=60)
    other = role("two", streets=("Great Road",), within_m=60)
    left_out = with_roles(only, other)
    assert isinstance(left_out, StageLeftOut)
    assert "(one: 1; two: 1)" in left_out.message.text("en")


def test_what_a_role_names_and_the_park_has_not_is_told_all_at_once() -> None:
    with pytest.raises(PlanError) as error:
        with_roles(role("x", streets=("Grand Road",), zones=("wset",), road_classes=("trunc",)))
    words = error.value.text("en")
    assert "the street Grand Road, which is not in the data; the nearest is" in words
    assert "the nearest is west" in words
    assert "the nearest is trunk" in words


def test_one_centre_more_or_less_is_told() -> None:
    town, roads = on_two_streets()
    planned = allocation_of(town, planned_population=PEOPLE)
    centres = site_centres(park_of(town, roads=roads), planned, rules=RULES, count=2)
    assert isinstance(centres, Centres)
    changes = centres.changes.set_index(["change", "name"])["mean_walk_m"]
    walks = centres.assignment
    now = (walks["walk_m"] * walks["population"]).sum() / walks["population"].sum()
    assert changes["as_planned", ""] == pytest.approx(now)
    assert changes["one_more"].iloc[0] < now
    assert all(changes["without"] > now)
    assert centres.changes["people_without_way"].tolist() == [0, 0, 0, 0]
