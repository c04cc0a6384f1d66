"""Indicators of the town of ``lantian``: what is flagged, and what a plan of it gives."""

from __future__ import annotations

import pandas as pd
import pytest
from evaluated_towns import NAN, firms, lantian, ledger, park_of
from towns import street_of

from geoplan.evaluate import evaluate_park
from geoplan.indicators import INDICATORS, indicator_table, measure_plan
from geoplan.model.answers import Allocation, Evaluation, Indicator
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.model.schema import columns_of
from geoplan.optimise.proof import Proof
from geoplan.words import catalogue

RULES = load_rules(["seed-practice", "plan-assumed"])
MU = 2000 / 3


def plan_of(park: Park, **rows: tuple[str, str, float, float, float]) -> Allocation:
    """A plan by parcel: product, use, floor area, dwellings, residents."""
    parcels = park.parcels
    names = ["product", "planned_use", "planned_floor_area_m2", "planned_dwelling_count"]
    names.append("planned_population")
    made = pd.DataFrame.from_dict(rows, orient="index", columns=names).reindex(parcels.index)
    made["planned_use"] = made["planned_use"].fillna(parcels["use"])
    return Allocation(
        parcels=parcels.join(made),
        suitability=pd.DataFrame(),
        rules=pd.DataFrame(),
        proof=Proof(objective=0.0, bound=0.0, sense="max", status="optimal"),
    )


def homes_and_park(park: Park) -> Allocation:
    """P2 becomes homes for 800, P5 a park; P4 stays a plant."""
    return plan_of(
        park,
        P2=("talent_homes", "070102", 28_000.0, 400.0, 800.0),
        P5=("park", "1401", 200.0, 0.0, 0.0),
    )


def measured(
    park: Park, allocation: Allocation | None, evaluation: Evaluation | None = None
) -> dict[str, Indicator]:
    judged = evaluate_park(park, rules=RULES) if evaluation is None else evaluation
    return {item.name: item for item in measure_plan(park, judged, allocation, rules=RULES)}


def test_what_the_evaluation_found_is_summed_by_test_and_by_triage() -> None:
    told = {name: item.value for name, item in measured(lantian(), None).items()}
    assert told["site_area"] == 60_000.0
    assert told["existing_floor_area"] == 32_000.0
    assert told["industry_land_today"] == 30_000.0  # P3 is storage
    # below the mean P2, let P4, vacant P5
    assert told["flagged_parcels_any"] == 3
    assert told["flagged_area_any"] == 30_000.0
    assert told["flagged_parcels_below_mean"] == 1
    assert told["flagged_parcels_non_industrial_lease"] == 1
    assert told["flagged_parcels_vacant"] == 1
    results = ("acquire", "revitalise", "survey", "assist", "keep")
    assert [told[f"triage_area_{name}"] for name in results] == [20e3, 10e3, 10e3, 0.0, 10e3]
    assert [told[f"triage_firms_{name}"] for name in results] == [1, 2, 1, 0, 1]


def test_without_a_plan_what_needs_one_is_unknown_and_says_so() -> None:
    told = measured(lantian(), None)
    for name in ("planned_population", "firms_moved", "home_land", "public_green_per_head"):
        assert told[name].value is None
        assert str(told[name].note) == "there is no plan"


def test_a_plan_is_measured_in_land_floors_people_and_jobs() -> None:
    park = lantian()
    told = measured(park, homes_and_park(park))
    value = {name: item.value for name, item in told.items()}
    assert value["land_changed"] == pytest.approx(30.0)  # 20 000 m2
    assert value["home_and_commerce_land"] == value["home_land"] == pytest.approx(10_000 / MU)
    assert value["commerce_land"] == 0.0
    assert value["industry_land_planned"] == 20_000.0  # P1 and P4
    assert value["floor_area_to_clear"] == 4_000.0
    assert value["planned_floor_area"] == 28_200.0
    assert value["planned_dwellings"] == 400.0
    assert value["planned_population"] == 800.0
    assert value["public_green"] == 10_000.0
    assert value["public_green_per_head"] == 12.5
    assert value["firms_moved"] == 1
    assert value["jobs_moved"] == 50.0
    assert value["jobs_kept"] == 125.0  # 100 + 20 + 5, and the lessor's are not known
    assert "staff known for 3 of 4 firms" in str(told["jobs_kept"].note)


def test_the_assumption_behind_the_population_is_told_with_its_standing() -> None:
    park = lantian()
    note = measured(park, homes_and_park(park))["planned_population"].note
    assert note is not None
    assert note.text("en") == "rests on m2 of floor: talent_homes 35 (assumed)"
    assert note.text("zh") == "测算依据（建筑面积，平方米）：talent_homes 35（假定值）"


def test_todays_green_counts_and_todays_residents_are_said_to_be_missing() -> None:
    park = park_of(street_of(4, use=["100102", "1403", "1402", "070102"]))
    told = measured(park, plan_of(park, P1=("talent_homes", "070102", 28e3, 400.0, 500.0)))
    assert told["home_land"].value == pytest.approx(15.0)  # P1 only: P4 has been homes before
    assert told["public_green"].value == 10_000.0  # the square; the belt (1402) is not public
    assert told["public_green_per_head"].value == 20.0
    assert "who lives on the 1 housing parcels that stay was not counted" in str(
        told["public_green_per_head"].note
    )


def test_green_per_head_of_nobody_is_unknown() -> None:
    park = lantian()
    told = measured(park, plan_of(park, P5=("park", "1401", 200.0, 0.0, 0.0)))
    assert told["planned_population"].value == 0.0
    assert str(told["planned_population"].note) == "the plan has no homes"
    assert told["public_green_per_head"].value is None


def test_a_firm_on_two_parcels_counts_once_with_the_gravest() -> None:
    park = lantian()
    links = park.layers["occupancy"]
    more = pd.DataFrame({"enterprise_id": ["good"], "parcel_id": ["P2"], "role": ["tenant"]})
    park = park.with_layers(occupancy=pd.concat([links, more], ignore_index=True))
    told = measured(park, homes_and_park(park), evaluate_park(lantian(), rules=RULES))
    assert told["triage_firms_acquire"].value == 2  # poor, and good with P2
    assert told["triage_firms_keep"].value == 0
    assert told["firms_moved"].value == 2
    assert told["jobs_moved"].value == 150.0


def test_who_has_left_neither_moves_nor_counts() -> None:
    park = lantian()
    links = park.layers["occupancy"].assign(to_date=[None, "2024-12-31", None, None, None])
    park = park.with_layers(occupancy=links)
    told = measured(park, homes_and_park(park), evaluate_park(lantian(), rules=RULES))
    assert told["firms_moved"].value == 0


def test_jobs_of_firms_whose_staff_nobody_knows_are_unknown_not_zero() -> None:
    park = park_of(
        street_of(1),
        enterprises=firms(E1="normal").assign(employee_count=[NAN]),
        occupancy=ledger(("E1", "P1", "owner")),
    )
    told = measured(park, plan_of(park, P1=("park", "1401", 0.0, 0.0, 0.0)))
    assert told["jobs_moved"].value is None
    assert told["jobs_kept"].value == 0.0  # no firm stays
    bare = park_of(street_of(1))
    assert measured(bare, homes_and_park(bare))["firms_moved"].value is None


def test_floor_area_known_in_part_says_so() -> None:
    park = park_of(street_of(3, floor_area_m2=[100.0, NAN, 50.0]))
    told = measured(park, None)["existing_floor_area"]
    assert told.value == 150.0
    assert str(told.note) == "sum of what is known; not known on 1 of 3 parcels"


def test_the_table_is_that_of_the_schema_and_every_name_and_unit_has_words() -> None:
    items = measure_plan(
        lantian(), evaluate_park(lantian(), rules=RULES), homes_and_park(lantian()), rules=RULES
    )
    table = indicator_table(items)
    assert list(table) == list(columns_of("indicators"))
    assert len(table) == len(INDICATORS) == table["indicator"].nunique()
    assert table["name_zh"].iloc[0] == "地块总面积"
    for item in items:
        assert f"indicator_unit.{item.unit}" in catalogue()
