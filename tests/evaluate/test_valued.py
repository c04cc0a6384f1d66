"""Assessed values: what stands on a parcel against its land, on both sides of every number."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, bools, park_of
from hypothesis import given
from hypothesis import strategies as st
from towns import street_of

from geoplan.evaluate import assess_robustness, evaluate_park
from geoplan.evaluate.behind import triage_of
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules

RULES = load_rules(
    ["seed-practice", "value-ratio"], overrides={"below_mean.min_years": 1}, overrides_source="test"
)


def valued(land: list[float], building: list[float], **columns: object) -> Park:
    """A street of squares with the values of 2024, and others a year before."""
    town = street_of(len(land), **columns)
    now = pd.DataFrame(
        {"parcel_id": town.index, "land_amount": land, "improvement_amount": building}
    )
    now["total_amount"] = now["land_amount"] + now["improvement_amount"]
    before = now.assign(year=2023, improvement_amount=7.0, land_amount=7.0, total_amount=14.0)
    return park_of(town, currency="USD", valuation=pd.concat([before, now.assign(year=2024)]))


def judged(park: Park, average_over: str = "park") -> Evaluation:
    return evaluate_park(park, rules=RULES, measure="improvement", average_over=average_over)


def verdicts(park: Park, finding: str, average_over: str = "park") -> list[str]:
    table = judged(park, average_over).findings
    return table.loc[table["finding"] == finding, "verdict"].tolist()


def test_a_building_worth_less_than_its_land_is_found_and_one_worth_as_much_is_not() -> None:
    park = valued([100.0, 100.0, NAN, 100.0], [99.0, 100.0, 50.0, NAN])
    assert verdicts(park, "value_ratio") == ["yes", "no", "unknown", "unknown"]
    [row] = (
        judged(park).findings.query("finding == 'value_ratio' and parcel_id == 'P1'").itertuples()
    )
    assert json.loads(row.evidence) == {"improvement_over_land": 0.99, "limit": 1}
    assert row.margin == pytest.approx(-0.01)


def test_depreciation_counts_whole_years_until_the_building_is_worth_less() -> None:
    # a building of 100 loses 2.5 a year: after ten years 75, below 76 but not below 75; land of nothing is never passed
    park = valued([76.0, 75.0, 0.0, 120.0, NAN], [100.0] * 5)
    assert verdicts(park, "depreciation") == ["yes", "no", "no", "yes", "unknown"]
    told = judged(park).findings.query("finding == 'depreciation'")
    years = [json.loads(text)["years_until_below_land"] for text in told["evidence"]]
    assert years == [10, 11, None, 0, None]
    assert (
        told["reason_en"]
        .iloc[2]
        .startswith("years until the building is worth less than its land: > 40")
    )


def test_land_that_grows_is_passed_sooner() -> None:
    grown = load_rules(
        ["seed-practice", "value-ratio"],
        overrides={"depreciation.land_growth_share": 0.01},
        overrides_source="test",
    )
    found = evaluate_park(valued([75.0], [100.0]), rules=grown, measure="improvement").findings
    [evidence] = found.loc[found["finding"] == "depreciation", "evidence"]
    # 100 x (1 - 7/40) = 82.5 against 75 x 1.01^7 = 80.4; a year later 80 against 81.2
    assert json.loads(evidence)["years_until_below_land"] == 8


def test_the_cheapest_quarter_is_one_of_four_and_equals_stand_together() -> None:
    assert verdicts(valued([1.0, 2.0, 3.0, 4.0], [0.0] * 4), "bottom_quantile") == [
        "yes",
        "no",
        "no",
        "no",
    ]
    assert verdicts(valued([1.0, 1.0, 3.0, 4.0], [0.0] * 4), "bottom_quantile") == ["no"] * 4
    assert verdicts(valued([1.0, NAN, 3.0, 4.0], [0.0] * 4), "bottom_quantile") == [
        "no",
        "unknown",
        "no",
        "no",
    ]


def test_the_cheapest_are_sought_in_the_own_zone() -> None:
    park = valued(
        [1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0], [0.0] * 8, zone=["west"] * 4 + ["east"] * 4
    )
    pooled, apart = (verdicts(park, "bottom_quantile", over) for over in ("park", "zone"))
    assert [place for place, verdict in enumerate(pooled) if verdict == "yes"] == [0, 1]
    assert [place for place, verdict in enumerate(apart) if verdict == "yes"] == [0, 4]


def test_without_a_figure_in_the_last_year_nothing_is_known() -> None:
    park = valued([NAN, NAN], [NAN, NAN])
    assert verdicts(park, "value_ratio") == ["unknown", "unknown"]


def test_public_land_is_never_acquired_and_idle_public_land_is_put_to_use() -> None:
    park = valued(
        [100.0] * 5, [0.0, 0.0, 10.0, 10.0, 400.0],
        is_vacant=bools(True, True, False, False, False),
        floor_area_m2=[0.0, 0.0, 900.0, 900.0, 900.0],
        is_public=bools(True, None, True, None, None),
    )  # fmt: skip
    evaluation = judged(park)
    assert evaluation.parcels["triage"].tolist() == [
        "revitalise",
        "acquire",
        "keep",
        "revitalise",
        "keep",
    ]
    told = [line.text("en") for line in triage_of(park, evaluation, "P1", rules=RULES)]
    assert (
        told[0]
        == "revitalise: line 1 of the triage table fits (vacant: yes, held by a public body: yes)"
    )
    assert not any("held by a public body: no" in line for line in told)  # no firm can change that


@given(
    st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 1e6)), min_size=1, max_size=6),
    st.sampled_from([0.5, 2.0, 1024.0]),
)
def test_another_price_level_moves_no_verdict(
    values: list[tuple[float, float]], factor: float
) -> None:
    land, building = map(list, zip(*values, strict=True))
    one = judged(valued(land, building)).findings
    other = judged(valued([v * factor for v in land], [v * factor for v in building])).findings
    kinds = ["value_ratio", "depreciation", "bottom_quantile"]
    assert (
        one.loc[one["finding"].isin(kinds), "verdict"].tolist()
        == other.loc[other["finding"].isin(kinds), "verdict"].tolist()
    )


def test_a_verdict_on_values_can_be_judged_again_with_other_figures() -> None:
    # 99 of 100 is less than the land; a tenth more is not; 89 with a tenth more (97.9) still is
    park = valued([100.0, 100.0, 100.0], [99.0, 89.0, 300.0])
    rules = load_rules(
        ["seed-practice", "value-ratio", "robustness-assumed"],
        overrides={"below_mean.min_years": 1},
        overrides_source="test",
    )
    evaluation = evaluate_park(park, rules=rules, measure="improvement")
    sure = assess_robustness(evaluation, rules=rules, rng=np.random.default_rng(1)).parcels
    own = sure[sure["finding"] == "value_ratio"].set_index("parcel_id")
    assert own.loc["P1", "sureness"] == "borderline"
    assert "building" in own.loc["P1", "changed_by"]
    assert own.loc["P2", "changed_by"] == ""
    assert own.loc["P3", "sureness"] == "robust"
    for name in ("value_ratio", "depreciation", "bottom_quantile"):
        told = evaluation.findings.query("finding == @name")["verdict"].tolist()
        again = evaluation.judged.findings[name].verdict()
        assert [("unknown", "no", "yes")[code + 1] for code in again] == told
