"""Which land may change, and when."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from planned_towns import RULES, evaluated, everything, park_of
from towns import CRS, square, street_of

from geoplan.plan import KEEP, CandidateRule, candidate_parcels, products_of, targets_like_today

PRACTICE = CandidateRule(triage=("acquire",), has_vacant_land=True, has_later_phases=True)


def chosen(
    town: gpd.GeoDataFrame,
    *,
    rule: CandidateRule = PRACTICE,
    layers: dict[str, Any] | None = None,
    columns: dict[str, Any] | None = None,
    **asked: Any,
) -> pd.DataFrame:
    programme = everything(town, candidates=rule, **asked)
    park = park_of(town, **(layers or {}))
    return candidate_parcels(park, evaluated(town, **(columns or {})), programme=programme)


def test_acquired_land_counts_inside_the_first_phase_only() -> None:
    town = street_of(3, block_id=["A", "B", "A"])
    triage = {"triage": ["acquire", "acquire", "keep"]}
    choice = chosen(town, columns=triage, phase_1_blocks=("A",))
    assert choice["is_candidate"].tolist() == [True, False, False]
    assert choice["because"].tolist() == ["plan.because_acquire", "", ""]
    assert choice["planned_phase"].tolist()[0] == 1
    assert chosen(town, columns=triage)["is_candidate"].tolist() == [True, True, False]


def test_vacant_land_has_no_building_and_belongs_to_the_phase_of_its_block() -> None:
    town = street_of(
        6, block_id=["A", "B", "B", "B", "B", "B"],
        use=["2301", "2301", "100101", "100101", "100101", "100101"],
    )  # fmt: skip
    columns = {
        "vacant": ["no", "unknown", "yes", "yes", "yes", "no"],
        "existing_floor_area_m2": [0, float("nan"), 0, 500, float("nan"), 0],
    }
    building = gpd.GeoDataFrame(geometry=[square(4).buffer(-20)], crs=CRS, index=["B1"])
    choice = chosen(town, columns=columns, layers={"buildings": building}, phase_1_blocks=("A",))
    # open land whatever the verdict; vacant without floor area; P4 has floor area, P5 a building, P6 is in use
    assert choice["is_candidate"].tolist() == [True, True, True, False, False, False]
    assert choice["planned_phase"].tolist()[:3] == [1, 2, 2]


def test_parcels_marked_for_later_keep_their_phase() -> None:
    choice = chosen(street_of(4, phase=[1, 2, 3, None]))
    assert choice["is_candidate"].tolist() == [False, True, True, False]
    assert choice["planned_phase"].tolist()[1:3] == [2, 3]


def test_retained_land_fixed_facilities_and_kept_parcels_never_change() -> None:
    town = street_of(5, use="2301", retain_mode=["retain", None, None, None, "convert"])
    school = gpd.GeoDataFrame(
        {"kind": "school", "status": ["fixed", "existing"]},
        geometry=[square(1).centroid, square(2).centroid], crs=CRS, index=["F1", "F2"],
    )  # fmt: skip
    choice = chosen(town, layers={"facilities": school}, locks={"P4": KEEP})
    assert choice["is_candidate"].tolist() == [False, False, True, False, True]


def test_a_lock_to_a_product_is_stronger_than_what_holds_a_parcel() -> None:
    town = street_of(2, retain_mode="retain")
    choice = chosen(town, locks={"P2": "homes"})
    assert choice["is_candidate"].tolist() == [False, True]
    assert choice["because"].tolist()[1] == "plan.because_locked"


def test_uses_and_zones_choose_where_there_is_no_ledger() -> None:
    town = street_of(4, use=["070102", "0702", "1001", "07"], zone=["N", "N", "N", "S"])
    by_use = CandidateRule(uses=("07",), zones=("N",))
    assert chosen(town, rule=by_use)["is_candidate"].tolist() == [True, True, False, False]


def test_no_rule_chooses_no_parcel() -> None:
    town = street_of(2, use="2301", phase=2)
    choice = chosen(town, rule=CandidateRule(), columns={"triage": "acquire", "vacant": "yes"})
    assert choice["is_candidate"].tolist() == [False, False]


def test_targets_like_today_group_products_of_one_code() -> None:
    town = gpd.GeoDataFrame(
        {"use": ["070102", "070102", "1401"]},
        geometry=[square(0), square(1), shapely.box(0, 0, 10, 10)],
    )
    (homes,) = targets_like_today(
        town, products=products_of(RULES), tolerance_share=0.05, source="as today"
    )
    assert (homes.name, homes.products) == ("070102", ("homes",))
    assert (homes.lower_m2, homes.upper_m2) == pytest.approx((19_000, 21_000))
