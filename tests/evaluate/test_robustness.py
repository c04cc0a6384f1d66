from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, lantian, one_firm_each
from towns import street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate import evaluate_park
from geoplan.evaluate._arrays import verdict_words
from geoplan.evaluate.judgement import Figure, Judged
from geoplan.evaluate.kinds import asked_kinds
from geoplan.evaluate.peers import AVERAGES, peer_average
from geoplan.evaluate.robustness import assess_robustness
from geoplan.io import make_sample_park
from geoplan.model.answers import Evaluation, Robustness
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.model.schema import columns_of

RULES = load_rules(["seed-practice", "robustness-assumed"])
ZERO = np.zeros(5, dtype=np.intp)


FULL = load_rules(["seed-practice", "findings-assumed", "robustness-assumed"])


def assessed(park: Park, *, seed: int = 1, rules: Rules = RULES, **asked: Any) -> Robustness:
    evaluation = evaluate_park(park, rules=rules, **asked)
    return assess_robustness(evaluation, rules=rules, rng=np.random.default_rng(seed))


@cache
def sample() -> tuple[Evaluation, Robustness]:
    """The made-up park with every finding asked."""
    evaluation = evaluate_park(make_sample_park(), rules=FULL)
    return evaluation, assess_robustness(evaluation, rules=FULL, rng=np.random.default_rng(1))


def of_finding(answer: Robustness, finding: str) -> pd.DataFrame:
    table = answer.parcels[answer.parcels["finding"] == finding]
    return table.set_index("parcel_id")


def changes(row: pd.Series) -> set[str]:
    return set(filter(None, str(row["changed_by"]).split("; ")))


def street(*rows: list[float]) -> Park:
    return one_firm_each(street_of(len(rows)), {f"P{i + 1}": row for i, row in enumerate(rows)})


def test_a_clear_case_is_robust_a_near_one_borderline_and_a_gap_is_said():
    # means of 2021 to 2024: (20 + 9 + 1 + 9.9) / 4 = 9.975 million on 10 000 m2
    years = [1e6] * 4
    park = street([20 * y for y in years], [9 * y for y in years], years, [9.9 * y for y in years],
                  [NAN, NAN, NAN, NAN])  # fmt: skip
    told = of_finding(assessed(park), "below_mean")
    assert told["verdict"].tolist() == ["no", "yes", "yes", "yes", "unknown"]
    assert told["sureness"].tolist() == [
        "robust", "borderline", "robust", "borderline", "unknown_data",
    ]  # fmt: skip
    assert told["margin_share"].tolist()[:4] == pytest.approx(
        [20 / 9.975 - 1, 9 / 9.975 - 1, 1 / 9.975 - 1, 9.9 / 9.975 - 1]
    )
    assert told["margin_years"].tolist()[:4] == [-3, 1, 1, 1]
    # half a million more than the tenth: 9 * 1.1 = 9.9 stays below; the median (9.45) flags 9 and clears 9.9
    assert changes(told.loc["P4"]) >= {"higher_amount", "median"}
    assert "higher_amount" not in changes(told.loc["P2"])
    assert told.loc["P3", "flagged_probability"] == 1.0
    assert told.loc["P1", "flagged_probability"] == 0.0


def test_tables_are_those_of_the_schema_and_a_seed_repeats_them():
    one, same = assessed(lantian()), assessed(lantian())
    assert list(one.parcels) == list(columns_of("robustness"))
    assert list(one.triage) == list(columns_of("triage_robustness"))
    assert list(one.threshold_curve) == list(columns_of("threshold_curve"))
    pd.testing.assert_frame_equal(one.parcels, same.parcels)
    pd.testing.assert_frame_equal(one.triage, same.triage)
    assert one.triage["parcel_id"].tolist() == ["P1", "P2", "P3", "P4", "P5"]
    assert one.parcels["finding"].tolist() == ["below_mean", "non_industrial_lease", "vacant"] * 5
    for table in (one.parcels, one.triage):
        assert (table[["reason_en", "reason_zh"]] != "").all(axis=None)


def test_the_curve_flags_more_land_the_more_is_asked():
    curve = assessed(lantian()).threshold_curve
    share = curve[curve["threshold"] == "below_mean.share_of_mean"]
    assert share["flagged_area_m2"].is_monotonic_increasing
    years = curve[curve["threshold"] == "below_mean.min_years"].set_index("value")
    assert years["flagged_area_m2"].is_monotonic_decreasing
    assert years.loc[3.0, "flagged_area_m2"] == pytest.approx(10_000)  # P2 alone
    assert years.loc[1.0, "flagged_area_m2"] == pytest.approx(20_000)  # P2 and P3
    months = curve[curve["threshold"] == "vacant.min_months"].set_index("value")
    assert months["flagged_count"].tolist() == [1, 1, 1, 1, 1, 1, 0]  # P5 is empty for 30 months
    assert months.index[months["is_current"]].tolist() == [12.0]


def test_what_could_not_be_tested_is_decided_by_unknown_data():
    answer = assessed(Park(name={"en": "bare"}, layers={"parcels": street_of(2)}))
    assert of_finding(answer, "below_mean")["sureness"].tolist() == ["unknown_data"] * 2
    assert answer.triage["sureness"].tolist() == ["unknown_data"] * 2
    assert "below_mean" not in set(answer.threshold_curve["finding"])


def test_land_empty_for_just_the_months_asked_hangs_on_the_months():
    # 12 months asked: 13.4 * 0.9 = 12.06 still counts, 13.3 * 0.9 = 11.97 does not
    town = street_of(4, vacancy_months=[13.4, 13.3, 11.0, 10.9])  # 11.0 * 1.1 = 12.1, 10.9: 11.99
    told = of_finding(assessed(Park(name={"en": "t"}, layers={"parcels": town})), "vacant")
    assert told["verdict"].tolist() == ["yes", "yes", "no", "no"]
    assert [changes(row) for _, row in told.iterrows()] == [
        set(), {"lower_months"}, {"higher_months"}, set(),
    ]  # fmt: skip
    assert json.loads(told.loc["P2", "margins"]) == {"vacant.min_months": pytest.approx(-1.3)}
    assert told.loc["P2", "margin_share"] == pytest.approx(-1.3 / 12)


def test_floor_and_land_move_the_floor_area_ratio_each_in_its_way():
    # least 0.8: 7200 * 1.1 = 7920 < 8000, but over 0.9 ha it is just 0.8; 8800 * 0.9 = 7920
    town = street_of(3, floor_area_m2=[7200.0, 7300.0, 8800.0])
    park = Park(name={"en": "t"}, layers={"parcels": town})
    told = of_finding(assessed(park, rules=FULL), "low_floor_area_ratio")
    assert [changes(row) for _, row in told.iterrows()] == [
        {"lower_area"}, {"lower_area", "higher_floor"}, {"lower_floor"},
    ]  # fmt: skip


def test_a_let_share_never_exceeds_the_whole():
    figure = Figure(value=np.array([0.5, 0.95]), over=("space",), most=1.0)
    assert figure.times({"space": 1.1}).tolist() == pytest.approx([0.55, 1.0])


def test_every_verdict_follows_from_what_it_was_judged_by():
    answer, _ = sample()
    assert isinstance(answer.judged, Judged)
    assert list(answer.judged.findings) == ["below_mean", "non_industrial_lease", "vacant",
                                            *(kind.name for kind in asked_kinds(FULL))]  # fmt: skip
    told = answer.findings.pivot_table(
        index="parcel_id", columns="finding", values="verdict", aggfunc="first"
    )
    ids = answer.parcels.index[answer.judged.is_assessed]
    for name, judgement in answer.judged.findings.items():
        assert judgement is not None
        again = pd.Series(verdict_words(judgement.verdict()), index=answer.parcels.index)
        assert again[ids].tolist() == told.loc[ids, name].tolist()


def test_every_threshold_of_the_packs_has_a_curve_through_where_it_stands():
    evaluation, answer = sample()
    curve = answer.threshold_curve
    asked = {name for kind in asked_kinds(FULL) for name in kind.numbers} | {
        "below_mean.min_years", "non_industrial_lease.min_share", "vacant.min_months",
    }  # fmt: skip
    assert set(curve["threshold"]) == asked | {"below_mean.share_of_mean"}
    now = curve[curve["is_current"]].drop_duplicates("finding").set_index("finding")
    yes = evaluation.findings[evaluation.findings["verdict"] == "yes"]
    land = yes.groupby("finding")["parcel_id"].agg(
        lambda ids: evaluation.parcels.loc[list(ids), "area_m2"].sum()
    )
    for finding, row in now.iterrows():
        assert row["flagged_area_m2"] == pytest.approx(land.get(finding, 0.0))


def test_moving_a_threshold_is_running_again_with_it():
    park = make_sample_park()
    curve = sample()[1].threshold_curve.set_index(["threshold", "value"])
    for name, value in (("below_mean.min_years", 1), ("sublet.min_share", 0.3),
                        ("low_floor_area_ratio.double_storey_height_m", 4.8),
                        ("plan_mismatch.code_digits", 1)):  # fmt: skip
        rules = load_rules(
            ["seed-practice", "findings-assumed"], overrides={name: value}, overrides_source="t"
        )
        again = evaluate_park(park, rules=rules).findings
        yes = (again["finding"] == name.partition(".")[0]) & (again["verdict"] == "yes")
        assert curve.loc[(name, value), "flagged_count"] == yes.sum()


def test_another_pack_that_says_otherwise_is_named():
    park = street([1e6, 9e6, 1e6], [5e6, 1e6, 9e6], [9e6, 9e6, 9e6])
    base = evaluate_park(park, rules=RULES)
    other = evaluate_park(
        park,
        rules=load_rules(
            ["seed-practice"], overrides={"below_mean.min_years": 1}, overrides_source="t"
        ),
    )
    answer = assess_robustness(
        base, rules=RULES, rng=np.random.default_rng(1), others={"strict": other}
    )
    # below in the last of three years only: P1; the triage goes with it
    told = of_finding(answer, "below_mean")
    assert ["packs strict" in changes(row) for _, row in told.iterrows()] == [True, False, False]
    triage = answer.triage.set_index("parcel_id")
    assert ["packs strict" in changes(row) for _, row in triage.iterrows()] == [True, False, False]
    assert "the rule packs strict" in triage.loc["P1", "reason_en"]


def test_the_triage_hangs_on_an_unknown_answer_only_where_it_decides():
    # P1 never reported: below or not decides; P2 is vacant: whatever the mean says, it is revitalised or acquired
    town = street_of(4, vacancy_months=[0.0, 30.0, 0.0, 0.0], is_vacant=[False, True, False, False])
    amounts = {"P1": [NAN] * 4, "P2": [NAN] * 4, "P3": [9e6] * 4, "P4": [1e6] * 4}
    told = assessed(one_firm_each(town, amounts)).triage.set_index("parcel_id")
    assert told["sureness"].tolist() == ["unknown_data", "unknown_data", "robust", "robust"]
    assert told["unknown_tests"].tolist() == ["below_mean", "has_building", "", ""]
    assert "查明以下事项" in told.loc["P1", "reason_zh"]


def test_errors_that_are_nothing_flag_as_the_verdict_says():
    nothing = {
        f"robustness.{name}_error_share": 0.0 for name in ("amount", "area", "floor", "months")
    }
    rules = load_rules(
        ["seed-practice", "findings-assumed", "robustness-assumed"],
        overrides={**nothing, "robustness.draws": 3},
        overrides_source="t",
    )
    answer = assessed(make_sample_park(), rules=rules)
    flagged = answer.parcels["flagged_probability"]
    assert (flagged == (answer.parcels["verdict"] == "yes")).all()
    assert (answer.triage["same_probability"] == 1).all()


def test_figures_on_the_threshold_are_flagged_in_half_of_the_trials():
    # two parcels of the same: errors of 10 % put one below their mean as often as the other
    one = load_rules(
        ["seed-practice", "robustness-assumed"],
        overrides={"below_mean.min_years": 1, "robustness.draws": 2000},
        overrides_source="t",
    )
    told = of_finding(assessed(street([5e6], [5e6]), rules=one), "below_mean")
    assert told["verdict"].tolist() == ["no", "no"]
    assert told["flagged_probability"].tolist() == pytest.approx([0.5, 0.5], abs=0.04)
    assert told["flagged_probability"].sum() == pytest.approx(1.0)


def test_numbers_that_are_missing_or_mean_nothing_are_told_at_once():
    evaluation = evaluate_park(street([1e6]), rules=RULES)
    with pytest.raises(ScenarioError) as caught:
        assess_robustness(
            evaluation, rules=load_rules(["seed-practice"]), rng=np.random.default_rng(1)
        )
    assert len(caught.value.problems) == 8
    bad = load_rules(
        ["seed-practice", "robustness-assumed"],
        overrides={"robustness.input_share": 1.5, "robustness.trim_share": -1},
        overrides_source="t",
    )
    with pytest.raises(ScenarioError) as caught:
        assess_robustness(evaluation, rules=bad, rng=np.random.default_rng(1))
    assert [str(problem) for problem in caught.value.problems] == [
        "robustness.input_share is 1.5: it must lie between 0 and 1",
        "robustness.trim_share is -1: it must lie between 0 and 0.5",
    ]
    with pytest.raises(ValueError, match="judged"):
        assess_robustness(replace(evaluation, judged=None), rules=RULES,
                          rng=np.random.default_rng(1))  # fmt: skip


@pytest.mark.parametrize("average", AVERAGES)
def test_land_without_figures_or_group_counts_in_no_average(average):
    per_m2 = np.array([[1.0], [3.0], [np.nan], [5.0], [99.0]])
    area = np.full(5, 100.0)
    group = np.array([0, 0, 0, 0, -1])
    told = peer_average(per_m2, area_m2=area, group=group, average=average).ravel()
    assert np.isnan(told[4])
    assert told[2] == pytest.approx(3.0)
    alone = peer_average(per_m2[:1], area_m2=area[:1], group=group[:1], average=average)
    assert np.isnan(alone[0, 0]) == (average == "leave_one_out")


def test_a_trimmed_mean_leaves_out_both_ends():
    per_m2 = np.array([[0.0], [4.0], [5.0], [6.0], [1000.0]])
    told = peer_average(per_m2, area_m2=np.ones(5), group=ZERO, average="trimmed", trim_share=0.2)
    assert told.ravel().tolist() == [5.0] * 5
