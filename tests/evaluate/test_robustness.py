from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, lantian, one_firm_each
from towns import street_of

from geoplan.evaluate import evaluate_park
from geoplan.evaluate.peers import AVERAGES, peer_average
from geoplan.evaluate.robustness import assess_robustness
from geoplan.model.answers import Robustness
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.model.schema import columns_of

RULES = load_rules(["seed-practice", "robustness-assumed"])
ZERO = np.zeros(5, dtype=np.intp)


def assessed(park: Park, *, seed: int = 1) -> Robustness:
    evaluation = evaluate_park(park, rules=RULES)
    return assess_robustness(evaluation, rules=RULES, rng=np.random.default_rng(seed))


def street(*rows: list[float]) -> Park:
    return one_firm_each(street_of(len(rows)), {f"P{i + 1}": row for i, row in enumerate(rows)})


def test_a_clear_case_is_robust_a_near_one_borderline_and_a_gap_is_said():
    # means of 2021 to 2024: (20 + 9 + 1 + 9.9) / 4 = 9.975 million on 10 000 m2
    years = [1e6] * 4
    park = street([20 * y for y in years], [9 * y for y in years], years, [9.9 * y for y in years],
                  [NAN, NAN, NAN, NAN])  # fmt: skip
    told = assessed(park).parcels.set_index("parcel_id")
    assert told["verdict"].tolist() == ["no", "yes", "yes", "yes", "unknown"]
    assert told["sureness"].tolist() == [
        "robust", "borderline", "robust", "borderline", "unknown_data",
    ]  # fmt: skip
    assert told["margin_share"].tolist()[:4] == pytest.approx(
        [20 / 9.975 - 1, 9 / 9.975 - 1, 1 / 9.975 - 1, 9.9 / 9.975 - 1]
    )
    assert told["margin_years"].tolist()[:4] == [-3, 1, 1, 1]
    # half a million more than the tenth: 9 * 1.1 = 9.9 stays below; the median (9.45) flags 9 and clears 9.9
    for change in ("higher_input", "median"):
        assert change in told.loc["P4", "changed_by"]
    assert "higher_input" not in told.loc["P2", "changed_by"]
    assert told.loc["P3", "flagged_probability"] == 1.0
    assert told.loc["P1", "flagged_probability"] == 0.0


def test_tables_are_those_of_the_schema_and_a_seed_repeats_them():
    one, same = assessed(lantian()), assessed(lantian())
    assert list(one.parcels) == list(columns_of("robustness"))
    assert list(one.threshold_curve) == list(columns_of("threshold_curve"))
    pd.testing.assert_frame_equal(one.parcels, same.parcels)
    assert one.parcels["parcel_id"].tolist() == ["P1", "P2", "P3", "P4", "P5"]
    assert (one.parcels[["reason_en", "reason_zh"]] != "").all(axis=None)


def test_the_curve_flags_more_land_the_more_is_asked():
    curve = assessed(lantian()).threshold_curve
    share = curve[curve["threshold"] == "share_of_mean"]
    assert share["flagged_area_m2"].is_monotonic_increasing
    years = curve[curve["threshold"] == "min_years"].set_index("value")
    assert years["flagged_area_m2"].is_monotonic_decreasing
    assert years.loc[3.0, "flagged_area_m2"] == pytest.approx(10_000)  # P2 alone
    assert years.loc[1.0, "flagged_area_m2"] == pytest.approx(20_000)  # P2 and P3
    months = curve[curve["threshold"] == "vacancy_months"].set_index("value")
    assert months["flagged_count"].tolist() == [1, 1, 1, 1, 1, 0]  # P5 is empty for 30 months


def test_nothing_measured_gives_empty_tables():
    answer = assessed(Park(name={"en": "bare"}, layers={"parcels": street_of(2)}))
    assert answer.parcels.empty
    assert list(answer.parcels) == list(columns_of("robustness"))


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
