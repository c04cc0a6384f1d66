"""Centres on streets a reader can walk with a finger."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from planned_towns import RULES, park_of
from towns import CRS, EAST, NORTH, block_of, street_of

from geoplan.model.answers import Allocation, Centres, StageLeftOut
from geoplan.optimise.proof import Proof
from geoplan.plan import residents, site_centres


def street(*ys: float, start: float = 0, end: float = 1000, **columns: Any) -> gpd.GeoDataFrame:
    """Streets from west to east, ``ys`` metres from the southern edge of the town."""
    lines = [shapely.LineString([(EAST + start, NORTH + y), (EAST + end, NORTH + y)]) for y in ys]
    columns = {"road_class": "local", **columns}
    names = pd.Index([f"R{i + 1}" for i in range(len(ys))], name="road_id")
    return gpd.GeoDataFrame(columns, geometry=lines, crs=CRS, index=names)


def allocation_of(town: gpd.GeoDataFrame, **columns: Any) -> Allocation:
    nothing = {
        "is_candidate": pd.array([True] * len(town), dtype="boolean"), "product": None,
        "planned_use": town["use"], "planned_population": 0.0,
    }  # fmt: skip
    proof = Proof(objective=0.0, bound=0.0, sense="max", status="optimal")
    none = pd.DataFrame()
    return Allocation(
        parcels=town.assign(**{**nothing, **columns}), suitability=none, rules=none, proof=proof
    )


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
