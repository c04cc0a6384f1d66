"""Facilities on one street: eight squares of 100 m, gates in their middles, 10 m off the street."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from planned_towns import allocation_of, park_of, rules_with, street
from towns import CRS, EAST, NORTH, street_of

from geoplan.errors import PlanError
from geoplan.model.answers import Facilities, StageLeftOut
from geoplan.plan import FacilityAsk, site_facilities

PEOPLE = [100.0, 0.0, 0.0, 200.0, 0.0, 0.0, 0.0, 400.0]


def school_today(at_m: float) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"kind": ["school"], "status": ["existing"]},
        geometry=[shapely.Point(EAST + at_m, NORTH - 10)],
        crs=CRS,
        index=["F1"],
    )


def asked(
    *asks: FacilityAsk, numbers: dict[str, float] | None = None, **layers: Any
) -> tuple[Facilities, tuple[StageLeftOut, ...]]:
    town = street_of(8)
    planned = allocation_of(town, planned_population=PEOPLE)
    park = park_of(town, roads=street(-10, end=800), **layers)
    return site_facilities(park, planned, rules=rules_with(**(numbers or {})), asks=asks)


def parcels(facilities: Facilities) -> list[str]:
    return facilities.sites["parcel_id"].fillna("today").tolist()


def test_the_walks_of_all_are_shortest() -> None:
    found, left_out = asked(FacilityAsk(kind="school", count=2))
    assert left_out == ()
    # 400 people at P8 have their own; of the rest 200 at P4 outweigh 100 at P1
    assert parcels(found) == ["P4", "P8"]
    proof = found.proofs["school"]
    assert proof.bound == pytest.approx(proof.objective)
    assert proof.objective == pytest.approx(200 * 20 + 400 * 20 + 100 * 320)


def test_the_longest_walk_is_shortest() -> None:
    found, _ = asked(FacilityAsk(kind="school", count=1, goal="least_longest_walk"))
    assert set(parcels(found)) <= {"P4", "P5"}
    assert found.proofs["school"].objective == pytest.approx(420)


def test_as_many_people_as_possible_are_reached() -> None:
    found, _ = asked(FacilityAsk(kind="school", count=1, goal="most_reached", reach_m=420))
    assert found.proofs["school"].objective == 700  # P4 or P5 reaches P8 or P1 and P4
    walks = found.assignment
    assert walks.loc[walks["is_within_reach"], "population"].sum() == 700


@pytest.mark.parametrize(("reach_m", "count"), [(419.9, 2), (420.0, 1)])
def test_everybody_is_reached_with_as_few_as_can_be(reach_m: float, count: int) -> None:
    found, _ = asked(FacilityAsk(kind="school", goal="all_reached", reach_m=reach_m))
    assert len(found.sites) == count


def test_a_facility_of_today_stays_and_counts() -> None:
    found, _ = asked(FacilityAsk(kind="school", count=2), facilities=school_today(50))
    assert found.sites["is_existing"].tolist() == [True, False]
    assert found.sites["facility_id"].tolist()[0] == "F1"
    assert parcels(found)[1] == "P8"


def test_no_facility_holds_more_than_it_can() -> None:
    found, _ = asked(FacilityAsk(kind="clinic", count=2, capacity_people=400))
    assert found.sites["served_population"].max() <= 400
    everybody = found.assignment
    assert everybody["site_id"].notna().all()
    apart = everybody.set_index("parcel_id")["site_id"]
    assert apart["P8"] != apart["P4"]


def test_too_little_room_is_told() -> None:
    _, left_out = asked(FacilityAsk(kind="clinic", count=1, capacity_people=400))
    assert len(left_out) == 1
    assert "clinic not sited with 1" in left_out[0].message.text("en")


@pytest.mark.parametrize(("each", "count"), [(700.0, 1), (699.0, 2), (233.0, 4)])
def test_as_many_are_sited_as_the_people_need(each: float, count: int) -> None:
    found, _ = asked(FacilityAsk(kind="school"), numbers={"facility_people__school": each})
    assert len(found.sites) == count


def test_a_parcel_holds_one_sort_unless_they_share_it() -> None:
    one, other = FacilityAsk(kind="school", count=1), FacilityAsk(kind="market", count=1)
    apart, _ = asked(one, other)
    assert len(set(parcels(apart))) == 2
    shared, _ = asked(one, FacilityAsk(kind="market", count=1, shares_site_with=("school",)))
    assert len(set(parcels(shared))) == 1


def test_stages_open_one_after_the_other() -> None:
    found, _ = asked(FacilityAsk(kind="school", stages=((2027, 1), (2030, 3))))
    years = found.sites.set_index("parcel_id")["open_year"]
    assert sorted(years.tolist()) == [2027, 2030, 2030]
    # of the last three the one that serves best alone opens first
    best = min(
        years.index,
        key=lambda p: sum(w * abs(i + 1 - int(p[1:])) for i, w in enumerate(PEOPLE)),
    )
    assert years[best] == 2027


def test_only_planned_land_of_the_right_sort_is_taken() -> None:
    town = street_of(8)
    product = ["homes"] * 7 + ["works"]
    planned = allocation_of(town, planned_population=PEOPLE, product=product)
    park = park_of(town, roads=street(-10, end=800))
    found, left_out = site_facilities(
        park,
        planned,
        rules=rules_with(),
        asks=[FacilityAsk(kind="school", count=1, products=("works",))],
    )
    assert parcels(found) == ["P8"]
    assert left_out == ()


def test_land_that_is_too_small_is_not_taken() -> None:
    _, left_out = asked(FacilityAsk(kind="school", count=1, land_m2=10_001))
    assert "0 sites could hold one" in left_out[0].message.text("en")
    found, _ = asked(FacilityAsk(kind="school", count=1, land_m2=10_000))
    assert found.sites["land_m2"].tolist() == [10_000]


def test_asks_that_contradict_themselves_are_told_all_at_once() -> None:
    with pytest.raises(PlanError) as error:
        asked(
            FacilityAsk(kind="school", goal="most_reached", count=1, capacity_people=5),
            FacilityAsk(kind="market"),
            FacilityAsk(kind="clinic", stages=((2030, 2), (2027, 3)), count=4),
        )
    words = error.value.text("en")
    for part in (
        "facility school: a capacity goes with the goal least_walk",
        "facility school: say how far is near enough",
        "facility market: say how many",
        "facility clinic: years and numbers of the stages must ascend (2030: 2, 2027: 3)",
        "facility clinic: 4 are asked for, but the last stage has 3",
    ):
        assert part in words


def test_the_choice_is_the_best_of_all() -> None:
    found, _ = asked(FacilityAsk(kind="school", count=3))
    total = found.proofs["school"].objective
    best = min(
        sum(w * min(20 + 100 * abs(i - c) for c in chosen) for i, w in enumerate(PEOPLE))
        for chosen in itertools.combinations(range(8), 3)
    )
    assert total == pytest.approx(best)
    assert np.isclose((found.assignment["walk_m"] * found.assignment["population"]).sum(), best)
