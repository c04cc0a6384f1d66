"""Workplaces in groups, on one street that a reader can walk with a finger."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from planned_towns import PRODUCTS, RULES, allocation_of, park_of, street
from towns import street_of

from geoplan.model.answers import Neighbourhoods, StageLeftOut
from geoplan.model.rulepack import Rules
from geoplan.plan import group_neighbourhoods


def rules_with_lab() -> Rules:
    """The pencil rules with one product more, in which people work."""
    pack = RULES.packs[0]
    lab = {"use": "0802", "role": "work"}
    data = {**pack.data, "products": {**PRODUCTS, "lab": lab}}
    return Rules(packs=(type(pack)(name=pack.name, version=pack.version, date=pack.date, title=pack.title, numbers=pack.numbers, data=data),))  # fmt: skip


def grouped(
    labs: list[int], count: int, roads: gpd.GeoDataFrame | None = None
) -> Neighbourhoods | StageLeftOut:
    town = street_of(8)
    product = ["lab" if number + 1 in labs else "homes" for number in range(8)]
    floor = [100.0 * (number + 1) for number in range(8)]
    planned = allocation_of(town, product=product, planned_floor_area_m2=floor)
    streets = street(-10, end=800) if roads is None else roads
    park = park_of(town, roads=streets)
    return group_neighbourhoods(park, planned, None, rules=rules_with_lab(), count=count)


def test_parcels_that_lie_together_are_one_neighbourhood() -> None:
    groups = grouped([1, 2, 3, 7, 8], 2)
    assert isinstance(groups, Neighbourhoods)
    members = groups.members.set_index("parcel_id")["neighbourhood_id"]
    assert members["P1"] == members["P2"] == members["P3"] != members["P7"]
    assert members["P7"] == members["P8"]
    areas = groups.areas
    assert areas["middle_parcel_id"].tolist()[0] == "P2"
    assert areas["land_area_m2"].tolist() == [30_000, 20_000]
    assert areas["floor_area_m2"].tolist() == [100 + 200 + 300, 700 + 800]
    # P1 and P3 walk 100 m and twice 10 m to the middle, one of P7 and P8 too
    assert groups.proof.objective == pytest.approx(3 * 120 * 10_000)
    assert groups.proof.bound == pytest.approx(groups.proof.objective)


def test_fewer_parcels_than_neighbourhoods_are_none() -> None:
    left_out = grouped([1], 2)
    assert isinstance(left_out, StageLeftOut)
    assert "2 asked for, 1 parcels" in left_out.message.text("en")


def test_a_parcel_that_no_street_joins_belongs_to_none() -> None:
    west, east = street(-10, end=300), street(-10, start=500, end=800)
    east.index = ["R2"]
    groups = grouped([1, 2, 8], 1, gpd.GeoDataFrame(pd.concat([west, east]), crs=west.crs))
    assert isinstance(groups, Neighbourhoods)
    members = groups.members.set_index("parcel_id")["neighbourhood_id"]
    assert members[["P1", "P2"]].tolist() == ["N1", "N1"]
    assert members.isna()["P8"]
