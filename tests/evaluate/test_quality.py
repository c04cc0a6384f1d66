"""What the ledger does not know, what it can hardly mean, and what hangs on each: towns to check with a pencil."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from evaluated_towns import NAN, bools, firms, ledger, one_firm_each, park_of, reports
from towns import street_of

from geoplan.evaluate import evaluate_park, ledger_quality
from geoplan.evaluate.outliers import TESTS
from geoplan.model.answers import LedgerQuality
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.words import catalogue

SEED = load_rules(["seed-practice"])
RULES = load_rules(["seed-practice", "quality-assumed"])


def quality_of(park: Park, rules: Any = RULES) -> LedgerQuality:
    return ledger_quality(park, evaluate_park(park, rules=rules), rules=rules)


def gap(quality: LedgerQuality, column: str, year: int | None = None) -> dict[str, Any]:
    table = quality.gaps
    of_year = table["year"].isna() if year is None else (table["year"] == year).fillna(False)
    (row,) = table[(table["column"] == column) & of_year].to_dict("records")
    return row


def in_use(count: int = 4, **columns: Any) -> Any:
    return street_of(count, is_vacant=bools(*[False] * count), floor_area_m2=8e3, **columns)


def test_a_missing_figure_decides_only_where_the_years_asked_hang_on_it() -> None:
    # means are 7, 7, 7 million or near; P1 and P2 are below in the years they report
    park = one_firm_each(
        in_use(),
        {
            "P1": [1e6, 1e6, NAN],  # below twice, the third year decides: 3 years are asked
            "P2": [9e6, 9e6, NAN],  # above twice, one year below would be one only
            "P3": [9e6, 9e6, 9e6],
            "P4": [9e6, 9e6, 9e6],
        },
        first_year=2023,
    )
    quality = quality_of(park)
    row = gap(quality, "output_amount", 2025)
    assert (row["row_count"], row["unknown_count"], row["unknown_area_m2"]) == (4, 2, 20_000.0)
    assert (row["decided_count"], row["decided_area_m2"], row["verdict_count"]) == (1, 10_000.0, 1)
    assert row["triage_count"] == 1  # acquire or keep
    assert row["text_en"] == (
        "performance.output_amount (gross output) in 2025: not known in 2 of 4 rows, 30.0 mu; "
        "15.0 mu hang on it (parcels: 1, verdicts: 1, triage answers: 1)"
    )
    asked = quality.checks[quality.checks["column"] == "output_amount"]
    assert asked["row_id"].tolist() == ["E-P1"]
    assert asked["text_zh"].tolist() == [
        (
            "核实 E-P1 在 2025 年的总产值（performance.output_amount）；"
            "可决定或改变 15.0 亩（认定结论 1 项，处置建议 1 项）"
        )
    ]


def test_a_row_that_is_missing_altogether_is_a_gap_like_an_empty_cell() -> None:
    amounts = {"P1": [1e6, 1e6, NAN], "P2": [9e6] * 3, "P3": [9e6] * 3, "P4": [9e6] * 3}
    park = one_firm_each(in_use(), amounts, first_year=2023)
    short = park.with_layers(performance=park.layers["performance"].dropna(ignore_index=True))
    assert len(short.layers["performance"]) == 11
    one, other = quality_of(park), quality_of(short)
    assert gap(one, "output_amount", 2025)["decided_count"] == 1
    pd.testing.assert_frame_equal(one.gaps, other.gaps)
    pd.testing.assert_frame_equal(one.checks, other.checks)


def test_firms_that_lack_other_years_do_not_move_the_mean_for_each_other() -> None:
    # 2025: P2 has 4.2, the mean of what is known is 4.4 million; P1 would move it to 3.3 or 4.55. P2 lacks 2023 only,
    # where one year counts: whatever it was then, nothing hangs on it
    amounts = {"P1": [5e6, 5e6, NAN], "P2": [NAN, 4.2e6, 4.2e6], "P3": [4e6] * 3, "P4": [5e6] * 3}
    rules = load_rules(["seed-practice", "quality-assumed"], overrides={"below_mean.min_years": 1})
    quality = quality_of(one_firm_each(in_use(), amounts, first_year=2023), rules)
    asked = quality.checks[quality.checks["column"] == "output_amount"]
    assert asked["row_id"].tolist() == ["E-P1"]


def test_how_long_a_plant_in_use_is_empty_is_no_gap() -> None:
    park = one_firm_each(in_use(), {f"P{n}": [9e6] for n in range(1, 5)}, first_year=2025)
    quality = quality_of(park)
    assert "vacancy_months" not in set(quality.gaps["column"])
    empty = park.parcels.assign(is_vacant=bools(True, False, False, False))
    told = gap(quality_of(park.with_layers(parcels=empty)), "vacancy_months")
    assert (told["unknown_count"], told["decided_count"]) == (1, 1)  # short of 12 months, or not


def test_land_of_unknown_use_may_be_assessed_or_not() -> None:
    park = park_of(in_use(2, use=["unknown", "100102"]))
    row = gap(quality_of(park), "use")
    assert (row["unknown_count"], row["decided_area_m2"]) == (1, 10_000.0)
    assert row["triage_count"] == 1


def test_the_state_of_a_firm_decides_between_keep_and_assist() -> None:
    park = one_firm_each(in_use(), {f"P{n}": [9e6] for n in range(1, 5)}, first_year=2025)
    people = park.layers["enterprises"].assign(
        operating_status=["normal", None, "normal", "normal"]
    )
    rules = load_rules(["seed-practice", "quality-assumed"], overrides={"below_mean.min_years": 1})
    quality = quality_of(park.with_layers(enterprises=people), rules)
    row = gap(quality, "operating_status")
    assert (row["unknown_count"], row["decided_count"], row["triage_count"]) == (1, 1, 1)
    assert quality.checks["row_id"].tolist() == ["E-P2"]


def test_the_list_begins_with_what_changes_the_most_land() -> None:
    park = one_firm_each(in_use(), {f"P{n}": [9e6] for n in range(1, 5)}, first_year=2025)
    wide = park.parcels.copy()
    wide.geometry = wide.geometry.scale(1, 1)
    wide.loc["P3", "geometry"] = wide.loc["P3", "geometry"].buffer(20)
    states = park.layers["enterprises"].assign(operating_status=[None, None, None, "normal"])
    checks = quality_of(park.with_layers(parcels=wide, enterprises=states)).checks
    assert checks["row_id"].tolist() == ["E-P3", "E-P1", "E-P2"]
    assert checks["rank"].tolist() == [1, 2, 3]
    assert checks["changed_area_m2"].is_monotonic_decreasing


# ---- outliers --------------------------------------------------------------------------------------------------------


def figures(**columns: Any) -> pd.DataFrame:
    """One firm, four years."""
    return pd.DataFrame({"enterprise_id": "E1", "year": [2022, 2023, 2024, 2025], **columns})


def odd(park: Park) -> list[tuple[Any, ...]]:
    table = quality_of(park).outliers
    return list(table[["test", "row_id", "column"]].itertuples(index=False, name=None))


def firm_park(**columns: Any) -> Park:
    return park_of(
        in_use(1),
        enterprises=firms(E1="normal"),
        occupancy=ledger(("E1", "P1", "owner")),
        performance=figures(**columns),
    )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"output_amount": [9e6, 9e6, 9e9, 9e6]}, ("unit_own_years", "E1/2024", "output_amount")),
        ({"output_amount": [9e6, 9e6, 8.99e9, 9e6]}, None),  # 999 times
        ({"output_amount": [9e6, 9e6, 9e3, 9e6]}, ("unit_own_years", "E1/2024", "output_amount")),
        ({"output_amount": [NAN, NAN, 9e9, 9e6]}, None),  # which of two is wrong nobody can say
        ({"output_amount": [9e6, 9e6, 0, 9e6]}, None),  # nothing is no unit
        (
            {"tax_amount": [1e6, 1e6, 1e6, 2e6], "revenue_amount": [1e6, NAN, 1e6, 1e6]},
            ("tax_above_revenue", "E1/2025", "tax_amount"),
        ),
        (
            {"value_added_amount": [1e6, 1e6, 1e6, 2e6], "output_amount": [1e6] * 4},
            ("value_added_above_output", "E1/2025", "value_added_amount"),
        ),
        (
            {"average_staff_count": [30, 30, 30, 91]},
            ("staff_jump", "E1/2025", "average_staff_count"),
        ),
        ({"average_staff_count": [30, 30, 30, 90]}, None),  # just three times
        ({"average_staff_count": [10, 10, 10, 59]}, None),  # 49 more
        ({"average_staff_count": [30, NAN, 200, 200]}, None),  # two years lie between
    ],
)
def test_a_figure_that_can_hardly_be_right_is_named(columns: Any, told: Any) -> None:
    assert odd(firm_park(**columns)) == ([] if told is None else [told])


def test_a_firm_that_always_mixes_up_its_unit_is_found_by_its_trade() -> None:
    amounts = {f"P{n}": [9e6, 9e6, 9e6] for n in range(1, 8)} | {"P1": [9e2, 9e2, 9e2]}
    park = one_firm_each(in_use(7), amounts, first_year=2023)
    quality = quality_of(park)
    assert set(quality.outliers["test"]) == {"unit_trade"}
    assert quality.outliers["row_id"].tolist() == ["E-P1/2023", "E-P1/2024", "E-P1/2025"]
    first = quality.checks.iloc[0]  # at 9 million like the others it is not below the mean
    assert (first["row_id"], first["reason"], first["changed_area_m2"]) == (
        "E-P1",
        "unit_trade",
        10_000.0,
    )
    assert "(so in 2 more years)" in first["text_en"]
    few = one_firm_each(in_use(5), {k: v for k, v in amounts.items() if k < "P6"}, first_year=2023)
    assert quality_of(few).outliers.empty  # four others are too few


def test_an_outlier_is_tried_on_all_land_for_it_moves_the_mean() -> None:
    # 90 billion lift the mean of 2025, so that P2 to P6 fall below it in that year
    amounts = {f"P{n}": [9e6, 9e6, 9e6] for n in range(1, 7)} | {"P1": [9e6, 9e6, 9e10]}
    rules = load_rules(["seed-practice", "quality-assumed"], overrides={"below_mean.min_years": 1})
    quality = quality_of(one_firm_each(in_use(6), amounts, first_year=2023), rules)
    (check,) = quality.checks.to_dict("records")
    assert check["reason"] == "unit_own_years"
    assert (check["changed_count"], check["changed_area_m2"]) == (5, 50_000.0)


def test_land_floors_and_links_are_held_against_each_other() -> None:
    land = in_use(3, land_area_m2=[10_900.0, 11_100.0, 10_000.0]).assign(
        floor_area_m2=[8e3, 8e3, 100_001.0]
    )
    links = ledger(("E1", "P1", "owner"), ("E2", "P1", "tenant"), ("E3", "P2", "owner")).assign(
        land_share=[0.6, 0.6, 1.0], floor_area_m2=[4_000.0, 4_000.0, 8_900.0]
    )
    people = firms(E1="normal", E2="normal", E3="normal")
    assert odd(park_of(land, enterprises=people, occupancy=links)) == [
        ("shares_above_one", "E2/P1", "land_share"),  # 1.2
        ("occupied_floor", "E3/P2", "floor_area_m2"),  # 8 900 on 8 000: more than a tenth above
        ("area_differs", "P2", "land_area_m2"),  # 11 % above; P1 is 9 %
        ("high_ratio", "P3", "floor_area_m2"),  # just above 10
    ]


def test_shares_of_firms_that_followed_each_other_are_not_added_up() -> None:
    links = ledger(("E1", "P1", "tenant"), ("E2", "P1", "tenant")).assign(
        land_share=1.0,
        from_date=pd.to_datetime(["2020-01-01", "2024-01-01"]),
        to_date=pd.to_datetime(["2023-12-31", None]),
    )
    park = park_of(
        in_use(1),
        enterprises=firms(E1="normal", E2="normal"),
        occupancy=links,
        performance=reports(2024, E2=[9e6, 9e6]),
    )
    assert odd(park) == []


def test_storeys_and_floor_of_a_building_agree_within_a_half() -> None:
    land = in_use(2)
    houses = land.geometry.to_frame().assign(
        parcel_id=land.index, storey_count=[1.0, 1.0], floor_area_m2=[15_000.0, 15_001.0]
    )
    houses = houses.set_index(pd.Index(["B1", "B2"], name="building_id"))
    assert odd(park_of(land, buildings=houses)) == [("storeys_differ", "B2", "floor_area_m2")]


def test_an_empty_plant_that_reports_output_is_to_be_visited() -> None:
    park = firm_park(output_amount=[9e6] * 4)
    empty = park.with_layers(parcels=park.parcels.assign(is_vacant=bools(True)))
    quality = quality_of(empty)
    assert quality.outliers["test"].tolist() == ["vacant_with_output"]
    assert quality.outliers["text_en"].tolist() == [
        (
            "parcels.is_vacant (known to be empty) says that P1 is empty, and its firms report an "
            "output of 9,000,000 in the last year. Visit it"
        )
    ]
    check = quality.checks.set_index("reason").loc["vacant_with_output"]
    assert (check["verdict_count"], check["triage_count"]) == (1, 1)


def test_tests_run_only_where_a_pack_has_their_numbers() -> None:
    park = firm_park(output_amount=[9e6, 9e6, 9e10, 9e6])
    assert len(quality_of(park).outliers) == 1
    assert quality_of(park, SEED).outliers.empty


def test_every_test_has_words_and_rests_on_a_number_of_the_pack() -> None:
    for test in TESTS:
        assert f"quality.test.{test.name}" in catalogue()
        assert test.rule in RULES.numbers


def test_the_ledger_is_left_as_it_was() -> None:
    park = firm_park(output_amount=[9e6, 9e6, 9e10, NAN])
    before = {name: table.copy() for name, table in park.layers.items()}
    quality_of(park)
    for name, table in before.items():
        pd.testing.assert_frame_equal(park.layers[name], table)
