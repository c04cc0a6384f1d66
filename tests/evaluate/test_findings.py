from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from evaluated_towns import NAN, bools, firms, ledger, park_of
from towns import CRS, square, street_of

from geoplan.evaluate._texts import Found
from geoplan.evaluate.findings import non_industrial_lease, vacant
from geoplan.evaluate.land import read_land
from geoplan.evaluate.occupants import operating, read_ledger
from geoplan.model.park import Park

WORDS = {1: "yes", 0: "no", -1: "unknown"}


def said(found: Found) -> tuple[list[str], list[str]]:
    return [WORDS[int(code)] for code in found.verdict], found.reason["en"].to_pylist()


def leases(park: Park, *, min_share: float = 0.0) -> tuple[list[str], list[str]]:
    land = read_land(park)
    who = read_ledger(park, year=None)
    empty = vacant(land, ledger=who, min_months=12)
    return said(
        non_industrial_lease(land, ledger=who, is_vacant=empty.verdict, min_share=min_share)
    )


def emptiness(park: Park, *, min_months: float = 12.0) -> tuple[list[str], list[str]]:
    return said(vacant(read_land(park), ledger=read_ledger(park, year=None), min_months=min_months))


def shop_and_mill(
    *,
    floors: tuple[float, float] = (1000.0, 3000.0),
    shares: tuple[float, float] = (NAN, NAN),
    role: str | None = "tenant",
    industrial: bool | None = False,
) -> Park:
    """A shop beside a mill on one plot."""
    people = firms(shop="normal", mill="normal").assign(is_industrial_use=bools(industrial, True))
    links = ledger(("shop", "P1", role), ("mill", "P1", "owner")).assign(
        floor_area_m2=floors, land_share=shares
    )
    return park_of(street_of(1), enterprises=people, occupancy=links)


def test_any_floor_leased_out_of_industry_counts_by_default() -> None:
    verdict, reason = leases(shop_and_mill())
    assert verdict == ["yes"]
    assert reason == [
        "leased outside industry: Enterprise shop (25% of the occupied space; more than 0% counts)"
    ]


@pytest.mark.parametrize(("limit", "verdict"), [(0.24, "yes"), (0.25, "no"), (0.5, "no")])
def test_just_the_share_asked_passes(limit: float, verdict: str) -> None:
    assert leases(shop_and_mill(), min_share=limit)[0] == [verdict]


def test_where_floors_are_not_known_the_land_counts() -> None:
    park = shop_and_mill(floors=(NAN, 3000.0), shares=(0.4, 0.6))
    assert leases(park, min_share=0.3)[0] == ["yes"]
    assert leases(park, min_share=0.4)[0] == ["no"]


def test_where_neither_is_known_only_any_and_all_can_be_told() -> None:
    park = shop_and_mill(floors=(NAN, NAN))
    assert leases(park)[0] == ["yes"]
    assert leases(park, min_share=0.3) == (
        ["unknown"],
        [
            "leased outside industry: Enterprise shop, but the space is not measured (more than 30% counts)"
        ],
    )
    alone = park.with_layers(occupancy=park.layers["occupancy"].iloc[:1])
    assert leases(alone, min_share=0.3)[0] == ["yes"]


def test_an_owner_outside_industry_leases_to_nobody() -> None:
    assert leases(shop_and_mill(role="owner"))[0] == ["no"]


def test_a_tenant_nobody_knows_makes_unknown_only_what_it_could_decide() -> None:
    assert leases(shop_and_mill(industrial=None))[0] == ["unknown"]
    assert leases(shop_and_mill(industrial=None), min_share=0.25)[0] == ["no"]  # 25 % at most
    assert leases(shop_and_mill(role=None))[0] == ["unknown"]


def test_no_firm_is_unknown_unless_the_parcel_is_vacant() -> None:
    park = park_of(
        street_of(2, is_vacant=bools(None, True)),
        enterprises=firms(E1="normal"),
        occupancy=ledger(("E1", "elsewhere", "owner")),
    )
    assert leases(park)[0] == ["unknown", "no"]


def test_vacancy_is_what_the_survey_says_in_months() -> None:
    town = street_of(
        7,
        is_vacant=bools(True, True, True, None, None, False, False),
        vacancy_months=[12.0, 11.0, NAN, 12.0, 11.0, NAN, 24.0],
    )
    verdict, reason = emptiness(park_of(town))
    assert verdict == ["yes", "no", "yes", "yes", "no", "no", "unknown"]
    assert reason[1] == "empty for 11 months only (12 or more count)"
    assert "since when is not known" in reason[2]
    assert "contradicts itself" in reason[6]


def test_zero_months_say_nothing_of_a_parcel_however_low_the_limit() -> None:
    assert emptiness(park_of(street_of(1, vacancy_months=[0.0])), min_months=0)[0] == ["unknown"]


def test_the_ledger_tells_use_and_emptiness_where_the_survey_is_silent() -> None:
    town = street_of(4, use=["100102", "100102", "2301", "2301"])
    park = park_of(
        town,
        enterprises=firms(E1="stopped", E2="vacant", E3="normal", E4="unbuilt"),
        occupancy=ledger(
            ("E1", "P1", "owner"),
            ("E2", "P2", "owner"),
            ("E3", "P3", "owner"),
            ("E4", "P4", "owner"),
        ),
    )
    verdict, reason = emptiness(park)
    assert verdict == [
        "no",
        "yes",
        "no",
        "yes",
    ]  # stopped is not gone; idle land in use is not idle
    assert reason[1] == "every firm on it is recorded as vacant or not yet built"


def test_idle_land_is_vacant_and_bare_land_only_where_both_layers_could_say_otherwise() -> None:
    town = street_of(2, use=["2301", "100102"], floor_area_m2=[NAN, 0.0])
    assert emptiness(park_of(town))[0] == ["yes", "unknown"]
    with_ledger = park_of(
        town,
        enterprises=firms(E1="normal"),
        occupancy=ledger(("E1", "elsewhere", "owner")),
    )
    assert emptiness(with_ledger)[0] == ["yes", "yes"]


def test_buildings_stand_where_they_say_or_where_they_lie() -> None:
    parcels = street_of(4, floor_area_m2=[1.0, 2.0, 3.0, 4.0])
    buildings = gpd.GeoDataFrame(
        {
            "parcel_id": ["P1", None, None],
            "storey_count": [NAN, 3.0, 2.0],
            "floor_area_m2": [500.0, NAN, 700.0],
        },
        geometry=[
            square(1, size=10),
            shapely.box(*square(1).centroid.buffer(10).bounds),
            square(9),
        ],
        index=pd.Index(["B1", "B2", "B3"], name="building_id"),
        crs=CRS,
    )
    land = read_land(park_of(parcels, buildings=buildings))
    assert land.has_building.tolist() == [1, 1, 0, 0]
    # B2 is 20 m x 20 m with three storeys; the layer, not the parcel's own column, counts
    assert land.floor_area_m2.tolist() == [500.0, pytest.approx(1200.0), 0.0, 0.0]
    none = read_land(park_of(street_of(3, floor_area_m2=[0.0, 5.0, NAN])))
    assert none.has_building.tolist() == [0, 1, -1]


def test_how_firms_run_is_the_worst_of_them() -> None:
    people = firms(a="normal", b="reduced", c="stopped", d="half_stopped", e="vacant")
    rows = {
        "P1": ["a"],
        "P2": ["a", "b"],
        "P3": ["c", "e"],
        "P4": ["a", "c"],
        "P5": ["d"],
        "P6": [],
        "P7": ["a", "nobody knows"],
        "P8": ["b", "nobody knows"],
    }
    links = ledger(*[(firm, plot, "owner") for plot, names in rows.items() for firm in names])
    park = park_of(street_of(8), enterprises=people, occupancy=links)
    assert list(operating(read_ledger(park, year=None), 8)) == [
        "normal",
        "reduced",
        "stopped",
        "reduced",
        "reduced",
        "unknown",
        "unknown",
        "reduced",
    ]
    assert list(operating(None, 2)) == ["unknown", "unknown"]


def test_who_has_left_does_not_count_any_more() -> None:
    people = firms(shop="normal", mill="normal").assign(is_industrial_use=bools(False, True))
    links = ledger(("shop", "P1", "tenant"), ("mill", "P1", "owner")).assign(
        floor_area_m2=1.0, to_date=["2024-06-30", None]
    )
    park = park_of(street_of(1), enterprises=people, occupancy=links)
    who, land = read_ledger(park, year=2025), read_land(park)
    found = non_industrial_lease(
        land, ledger=who, is_vacant=np.zeros(1, dtype=np.int8), min_share=0.0
    )
    assert said(found)[0] == ["no"]
