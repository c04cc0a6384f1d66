"""Grading by pencil: squares of 10 000 m2 (15 mu), one firm each unless told otherwise; 15 yuan/m2 is 10k yuan/mu."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, bools, firms, ledger, park_of
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import street_of

from geoplan.errors import ScenarioError, SchemaError
from geoplan.evaluate.grading import (
    Grading,
    grade_enterprises,
    grade_runs,
    grade_table,
    score_of,
)
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules

HUANGYAN = load_rules(["huangyan-2022"])
HUAIAN = load_rules(["huaian-2024"])
SIX = {
    "tax_per_land": 12,
    "value_added_per_land": 80,
    "value_added_per_energy": 2.0,
    "value_added_per_emission": 3000,
    "value_added_per_staff": 15,
    "rd_share": 0.02,
}
NUMBER = 'value = {value}, unit = "{unit}", source = "us", standing = "assumed"'


def number(value: float | str, unit: str = "points") -> str:
    return "{ " + NUMBER.format(value=value, unit=unit) + " }"


#: One indicator that counts all: tax per mu, 100 points at 10 (10k yuan/mu): 1.5 million yuan on a square.
PLAIN = f"""
[pack]
name = "plain"
version = "1"
date = 2026-01-01
title = {{ en = "plain", zh = "简" }}

[grading]
currency = "CNY"
missing = "peer_mean"

[grading.quota]
a = {number(20, "percent")}
b = {number(60, "percent")}
c = {number(95, "percent")}

[grading.indicators.all.tax_per_land]
weight = {number(100)}
baseline = {number(10, "10k/mu")}
"""
#: Two of them: tax per mu and sales per mu, 60 and 40 points.
TWO = (
    PLAIN.replace(f"weight = {number(100)}", f"weight = {number(60)}")
    + f"""
[grading.indicators.all.revenue_per_land]
weight = {number(40)}
baseline = {number(100, "10k/mu")}
"""
)


@pytest.fixture
def pack(tmp_path: Path) -> Any:
    """Rules of one pack, written down."""

    def load(words: str) -> Rules:
        path = tmp_path / "own.toml"
        path.write_text(words, encoding="utf-8")
        return load_rules([path])

    return load


def town(
    tax: list[float], *, firm_columns: Mapping[str, Any] | None = None, **figures: list[float]
) -> Park:
    """A street of squares, firm E1 on P1, ...; what each paid in 2025, in yuan."""
    count = len(tax)
    names = [f"E{i + 1}" for i in range(count)]
    people = firms(**dict.fromkeys(names, "normal")).assign(**(firm_columns or {}))
    links = ledger(*[(f"E{i + 1}", f"P{i + 1}", "owner") for i in range(count)])
    table = pd.DataFrame({"enterprise_id": names, "year": 2025, "tax_amount": tax, **figures})
    return park_of(street_of(count), enterprises=people, occupancy=links, performance=table)


def letters(grading: Grading) -> str:
    return " ".join(letter or "-" for letter in grading.firms["grade"])


# --- golden values (domain notes, 3.1) -------------------------------------------------------------------------------


def test_golden_scores() -> None:
    below = {"tax_per_land": 8, "tax_per_electricity": 0.2}
    earlier = load_rules(["huangyan-2021"])
    assert score_of(SIX, rules=HUANGYAN) == pytest.approx(62.515, abs=1e-3)
    assert score_of(SIX, rules=earlier) == pytest.approx(63.010, abs=1e-3)
    assert score_of(below, rules=HUANGYAN, group="below_scale") == pytest.approx(77.020, abs=1e-3)


def test_a_firm_with_the_golden_ratios_has_the_golden_score() -> None:
    # 15 mu: 12 x 15 = 180 (10k yuan) of tax, 80 x 15 = 1200 of value added over 600 tce, 0.4 t, 80 people;
    # R&D is 2 % of a revenue of 5000
    park = town(
        [1.8e6],
        firm_columns={"is_above_scale": bools(True)},
        value_added_amount=[12e6],
        energy_tce=[600.0],
        emission_t=[0.4],
        average_staff_count=[80.0],
        rd_expense_amount=[1e6],
        revenue_amount=[50e6],
    )
    grading = grade_enterprises(park, rules=HUANGYAN)
    assert grading.firms["score"].tolist() == pytest.approx([62.515], abs=1e-3)
    items = grading.items.set_index("indicator")
    assert items["value"].to_dict() == pytest.approx(SIX)
    assert items["contribution"].sum() == pytest.approx(62.515, abs=1e-3)
    assert items.loc["tax_per_land", ["unit", "baseline", "weight"]].tolist() == [
        "10k/mu",
        24.097,
        30,
    ]


def test_a_baseline_by_rule_is_twice_last_years_mean() -> None:
    # means of the year before 10, 200, 1: baselines 20, 400, 2; half of each earns half of 100 points
    means = {"tax_per_land": 10, "revenue_per_land": 200, "tax_per_energy": 1}
    assert score_of(means, rules=HUAIAN, group="all", means=means) == pytest.approx(50)
    with pytest.raises(ScenarioError, match="multiple of the mean of the year before"):
        score_of(means, rules=HUAIAN, group="all")


def test_the_mean_of_the_year_before_is_that_of_sums() -> None:
    # 2024: 1.5 and 0.3 million on 15 mu each: 180 / 30 = 6 (10k/mu), baseline 12; 2025: 1.8 million = 12 of 12
    park = town([1.8e6, 0.0], revenue_amount=[1e6, 1e6], energy_tce=[1.0, 1.0])
    last = pd.DataFrame({"enterprise_id": ["E1", "E2"], "year": 2024, "tax_amount": [1.5e6, 0.3e6]})
    both = pd.concat([park.layers["performance"], last], ignore_index=True)
    grading = grade_enterprises(park.with_layers(performance=both), rules=HUAIAN)
    tax = grading.items[grading.items["indicator"] == "tax_per_land"]
    assert tax["baseline"].tolist() == pytest.approx([12, 12])
    # sales and energy have no year before: left out for both firms, and tax weighs 100
    assert tax["weight"].tolist() == pytest.approx([100, 100])
    assert grading.firms["score"].tolist() == pytest.approx([100, 0])


# --- points ----------------------------------------------------------------------------------------------------------


def test_points_are_the_ratio_to_the_baseline(pack: Any) -> None:
    grading = grade_enterprises(town([1.5e6, 0.75e6, 3e6]), rules=pack(PLAIN))
    assert grading.firms["score"].tolist() == pytest.approx([100, 50, 200])
    assert grading.firms["rank"].tolist() == [2, 3, 1]


def test_a_cap_holds_points_down_and_only_above_it(pack: Any) -> None:
    words = PLAIN + f"cap = {number(1.5, 'x baseline')}\n"
    grading = grade_enterprises(town([2.25e6, 2.3e6, 2.2e6]), rules=pack(words))
    assert grading.firms["score"].tolist() == pytest.approx([150, 150, 2.2e6 / 1.5e4])


def test_a_negative_figure_earns_nothing_and_takes_nothing(pack: Any) -> None:
    grading = grade_enterprises(town([-1e6, 1.5e6], revenue_amount=[15e6, 15e6]), rules=pack(TWO))
    assert grading.firms["score"].tolist() == pytest.approx([40, 100])


@pytest.mark.parametrize(
    ("policy", "score", "filled"),
    [("peer_mean", 60 + 20, "peer_mean"), ("zero", 60, "zero"), ("exclude", 100, "exclude")],
)
def test_a_missing_item_is_filled_as_the_pack_says(
    pack: Any, policy: str, score: float, filled: str
) -> None:
    # E1: tax 60 of 60, sales not reported; its peers have 40 and 0 of 40 points for sales
    park = town([1.5e6, 1.5e6, 1.5e6], revenue_amount=[NAN, 15e6, 0.0])
    rules = pack(TWO.replace('missing = "peer_mean"', f'missing = "{policy}"'))
    grading = grade_enterprises(park, rules=rules)
    assert grading.firms["score"].tolist() == pytest.approx([score, 100, 60])
    row = grading.items.query("enterprise_id == 'E1' and indicator == 'revenue_per_land'").iloc[0]
    assert row["is_missing"]
    assert row["filled"] == filled
    assert "not reported" in grading.firms["reason_en"].iloc[0]
    assert "sales per land" in grading.firms["reason_en"].iloc[0]
    assert "not reported" not in grading.firms["reason_en"].iloc[1]


def test_one_item_may_have_its_own_policy(pack: Any) -> None:
    park = town([1.5e6, 1.5e6], revenue_amount=[NAN, 15e6])
    grading = grade_enterprises(park, rules=pack(TWO + 'missing = "zero"\n'))
    assert grading.firms["score"].tolist() == pytest.approx([60, 100])


@pytest.mark.parametrize("policy", ["peer_mean", "zero", "exclude"])
def test_a_firm_of_which_nothing_is_known_is_not_graded(pack: Any, policy: str) -> None:
    words = TWO.replace('missing = "peer_mean"', f'missing = "{policy}"')
    park = town([NAN, 1.5e6], revenue_amount=[NAN, 15e6])
    grading = grade_enterprises(park, rules=pack(words))
    assert letters(grading) == "- A"
    assert np.isnan(grading.firms["score"].iloc[0])
    assert grading.firms["reason_en"].iloc[0] == "not graded: none of its indicators is known"


def test_nothing_over_nothing_is_nothing_and_not_the_peers_mean() -> None:
    # a stopped firm: no tax, no energy; 0 of 20 points, not the mean
    rules = load_rules(
        ["huaian-2024"],
    )
    last = pd.DataFrame(
        {
            "enterprise_id": ["E1", "E2"],
            "year": 2024,
            "tax_amount": 1.5e6,
            "revenue_amount": 15e6,
            "energy_tce": 100.0,
        }
    )
    park = town([1.5e6, 0.0], revenue_amount=[15e6, 0.0], energy_tce=[100.0, 0.0])
    both = pd.concat([park.layers["performance"], last], ignore_index=True)
    grading = grade_enterprises(park.with_layers(performance=both), rules=rules)
    assert grading.firms["score"].tolist() == pytest.approx([50, 0])
    assert not grading.items["is_missing"].any()


# --- classes ---------------------------------------------------------------------------------------------------------


def test_quotas_of_twenty_firms(pack: Any) -> None:
    # 20 %: 4 firms A; up to 60 %: 8 B; up to 95 %: 7 C; the last of twenty D
    grading = grade_enterprises(town([float(20 - i) * 1e5 for i in range(20)]), rules=pack(PLAIN))
    assert letters(grading) == " ".join("A" * 4 + "B" * 8 + "C" * 7 + "D")


@pytest.mark.parametrize(
    ("count", "expected"),
    # the share that scores better decides: of 19 the last has 18/19 = 94.7 % before it, of 21 the last 95.2 %
    [(1, "A"), (5, "ABBCC"), (6, "AABBCC"), (19, "AAAABBBBBBBBCCCCCCC"), (21, "A" * 5 + "B" * 8 + "C" * 7 + "D")],
)  # fmt: skip
def test_borders_go_to_the_better_class(pack: Any, count: int, expected: str) -> None:
    park = town([float(count - i) * 1e5 for i in range(count)])
    assert letters(grade_enterprises(park, rules=pack(PLAIN))) == " ".join(expected)


def test_ties_share_the_better_rank_and_class(pack: Any) -> None:
    # five firms: one A; the second and third are equal; the last two are equal
    grading = grade_enterprises(town([5e5, 4e5, 4e5, 1e5, 1e5]), rules=pack(PLAIN))
    assert grading.firms["rank"].tolist() == [1, 2, 2, 4, 4]
    assert letters(grading) == "A B B C C"
    alike = grade_enterprises(town([4e5] * 20), rules=pack(PLAIN))
    assert letters(alike) == " ".join("A" * 20)


def test_a_class_may_ask_for_a_score_instead(pack: Any) -> None:
    quota = PLAIN[PLAIN.index("[grading.quota]") : PLAIN.index("[grading.indicators")]
    least = f"[grading.least_score]\na = {number(100)}\nb = {number(60)}\nc = {number(20)}\n\n"
    rules = pack(PLAIN.replace(quota, least))
    park = town([1.5e6, 1.49e6, 0.9e6, 0.89e6, 0.3e6, 0.29e6])  # 100, 99.3, 60, 59.3, 20, 19.3
    assert letters(grade_enterprises(park, rules=rules)) == "A B B C C D"


VETOES = """
[[grading.vetoes]]
column = "has_safety_accident"
class = "D"
source = "us"
standing = "assumed"

[[grading.vetoes]]
column = "has_pollution_fine"
class = "C"
source = "us"
standing = "assumed"
"""


def test_vetoes_cap_and_do_not_lift(pack: Any) -> None:
    flags = {
        "has_safety_accident": bools(False, True, None, True, False),
        "has_pollution_fine": bools(True, True, None, False, True),
    }
    park = town([5e5, 4e5, 3e5, 2e5, 1e5], firm_columns=flags)
    grading = grade_enterprises(park, rules=pack(PLAIN + VETOES))
    assert letters(grading) == "C D B D C"  # without: A B B C C; an unknown vetoes nothing
    assert grading.firms["reason_en"].iloc[0].startswith("C: rank 1 of 5 firms")
    assert "would be A, no better than C" in grading.firms["reason_en"].iloc[0]
    assert "是否受环保处罚" in grading.firms["reason_zh"].iloc[0]
    assert "would be" not in grading.firms["reason_en"].iloc[4]


# --- who is graded, and with whom ------------------------------------------------------------------------------------


def test_above_and_below_scale_are_ranked_apart() -> None:
    told = {"is_above_scale": bools(True, False, None, None, None)}
    park = town([1e6] * 5, firm_columns=told, revenue_amount=[1e6, 9e7, 2e7, 1.9999e7, NAN])
    grading = grade_enterprises(park, rules=HUANGYAN)
    groups = ["above_scale", "below_scale", "above_scale", "below_scale", ""]
    assert grading.firms["group"].tolist() == groups  # just 20 million is above
    assert grading.firms["rank"].max() == 1
    assert letters(grading) == "A A A A -"
    assert "whether above scale is not known" in grading.firms["reason_en"].iloc[4]


NOT_SUITED = f"""
[grading.not_suited]
utility_divisions = ["44", "45", "46"]
utilities = {number(1, "1 yes, 0 no")}
outside_industry = {number(1, "1 yes, 0 no")}
min_production_years = {number(2, "a")}
will_move = {number(1, "1 yes, 0 no")}
relocated_up_to_phase = {number(1, "phase")}
"""


def test_who_is_not_suited_is_t_with_its_reason(pack: Any) -> None:
    told = {
        "industry_code": ["D4411", "C3511", "4620", None, "C26", "C26", "C26"],
        "is_industrial_use": bools(True, False, True, True, True, True, None),
        "production_start_year": pd.array(
            [2000, 2000, 2000, 2024, 2023, None, None], dtype="Int64"
        ),
        "will_move": bools(False, False, False, False, False, True, None),
    }
    park = town([1e6] * 7, firm_columns=told)
    grading = grade_enterprises(park, rules=pack(PLAIN + NOT_SUITED))
    assert letters(grading) == "T T T T A T A"  # 2023 to 2025 is two years: graded
    assert grading.firms["reason_en"].tolist()[:6] == [
        "T, not suited: a utility",
        "T, not suited: not industry",
        "T, not suited: a utility",
        "T, not suited: less than 2 years in production",
        grading.firms["reason_en"].iloc[4],
        "T, not suited: willing to move",
    ]
    assert grading.firms["rank"].isna().sum() == 5
    assert set(grading.items["enterprise_id"]) == {"E5", "E7"}


def test_a_firm_on_land_of_phase_one_is_not_suited(pack: Any) -> None:
    park = town([1e6] * 3)
    parcels = park.parcels.assign(phase=pd.array([1, 2, None], dtype="Int64"))
    grading = grade_enterprises(park.with_layers(parcels=parcels), rules=pack(PLAIN + NOT_SUITED))
    assert letters(grading) == "T A A"


def test_small_firms_below_scale_are_not_graded() -> None:
    # shares of a square of 15 mu: 0.2 is 3 mu, 0.19 is 2.85 mu
    park = town([1e5] * 4, revenue_amount=[1e6, 1e6, 9e7, 1e6], energy_tce=[1.0] * 4)
    links = park.layers["occupancy"].assign(land_share=[0.2, 0.19, 0.19, 1.0])
    last = park.layers["performance"].assign(year=2024)
    both = pd.concat([last, park.layers["performance"]], ignore_index=True)
    grading = grade_enterprises(park.with_layers(occupancy=links, performance=both), rules=HUAIAN)
    assert (grading.firms["grade"] == "").tolist() == [False, True, False, False]
    assert grading.firms["reason_en"].iloc[1] == (
        "not graded: below scale, and less land than 3 mu"
    )


TENANTS = PLAIN + f"\n[grading.group]\ntenants_take_owner_grade = {number(1, '1 yes, 0 no')}\n"
TENANTS = TENANTS.replace("indicators.all", "indicators.below_scale") + (
    f"\n[grading.indicators.above_scale.tax_per_land]\nweight = {number(100)}\n"
    f"baseline = {number(10, '10k/mu')}\n"
)


def test_tenants_below_scale_take_the_class_of_the_owner(pack: Any) -> None:
    # P1: owner E1 with tenants E2 (below scale) and E3 (above); P2: E4 lets to E5, which names another landlord;
    # E6 rents from nobody known; E7 rents from E2, itself a tenant
    names = [f"E{i}" for i in range(1, 8)]
    people = firms(**dict.fromkeys(names, "normal")).assign(
        is_above_scale=bools(False, False, True, False, False, False, False),
        landlord_id=[None, None, None, None, "E1", "nobody", "E2"],
    )
    links = ledger(
        ("E1", "P1", "owner"),
        ("E2", "P1", "tenant"),
        ("E3", "P1", "tenant"),
        ("E4", "P2", "owner"),
        ("E5", "P2", "tenant"),
        ("E6", "P3", "tenant"),
        ("E7", "P4", "tenant"),
    ).assign(land_share=[0.5, 0.3, 0.2, 0.5, 0.5, 1.0, 1.0])
    figures = pd.DataFrame(
        {"enterprise_id": names, "year": 2025, "tax_amount": [1e6, 9e6, 9e6, 5e6, 9e6, 1e5, 9e6]}
    )
    park = park_of(street_of(4), enterprises=people, occupancy=links, performance=figures)
    grading = grade_enterprises(park, rules=pack(TENANTS))
    # ranked below scale: E4 5e6 / 7.5 mu, E1 1e6 / 7.5 mu, E6 1e5 / 15 mu: better are 0, 1/3, 2/3
    assert grading.firms["rank"].tolist() == [2, pd.NA, 1, 1, pd.NA, 3, pd.NA]
    assert letters(grading) == "B B A A B C B"
    assert grading.firms["reason_en"].iloc[1] == (
        "B: a tenant below scale takes the class of Enterprise E1"
    )


def test_landlords_in_a_circle_give_no_class(pack: Any) -> None:
    people = firms(E1="normal", E2="normal").assign(
        is_above_scale=bools(False, False), landlord_id=["E2", "E1"]
    )
    links = ledger(("E1", "P1", "tenant"), ("E2", "P2", "tenant"))
    figures = pd.DataFrame({"enterprise_id": ["E1", "E2"], "year": 2025, "tax_amount": 1e6})
    park = park_of(street_of(2), enterprises=people, occupancy=links, performance=figures)
    grading = grade_enterprises(park, rules=pack(TENANTS))
    assert letters(grading) == "- -"
    assert "in a circle" in grading.firms["reason_en"].iloc[0]


# --- land ------------------------------------------------------------------------------------------------------------


def test_each_denominator_is_told(pack: Any) -> None:
    # E1: a quarter of P1 by share and all of P2; E2: 3000 of 4000 m2 of floor on P3; E3 the rest; E4 is nowhere
    people = firms(E1="normal", E2="normal", E3="normal", E4="normal")
    links = ledger(
        ("E1", "P1", "owner"), ("E1", "P2", "owner"), ("E2", "P3", "owner"), ("E3", "P3", "tenant")
    ).assign(land_share=[0.25, NAN, NAN, NAN], floor_area_m2=[NAN, NAN, 3000.0, 1000.0])
    figures = pd.DataFrame(
        {"enterprise_id": ["E1", "E2", "E3", "E4"], "year": 2025, "tax_amount": 1.5e6}
    )
    park = park_of(street_of(3), enterprises=people, occupancy=links, performance=figures)
    grading = grade_enterprises(park, rules=pack(PLAIN))
    assert grading.firms["land_area_m2"].tolist() == pytest.approx(
        [12_500, 7_500, 2_500, NAN], nan_ok=True
    )
    assert grading.firms["score"].tolist() == pytest.approx([80, 400 / 3, 400, NAN], nan_ok=True)
    reasons = grading.firms["reason_en"].tolist()
    assert "18.8 mu, land by the ledger's shares, land: the whole plot, only one firm" in reasons[0]
    assert "11.2 mu, land by floor used over all occupied floor" in reasons[1]


def test_the_year_asked_for_is_graded(pack: Any) -> None:
    park = town([1.5e6, 3e6])
    last = park.layers["performance"].assign(year=2024, tax_amount=[3e6, 1.5e6])
    both = park.with_layers(performance=pd.concat([park.layers["performance"], last]))
    assert grade_enterprises(both, rules=pack(PLAIN)).year == 2025
    earlier = grade_enterprises(both, rules=pack(PLAIN), year=2024)
    assert earlier.firms["rank"].tolist() == [1, 2]
    assert letters(grade_enterprises(both, rules=pack(PLAIN), year=2000)) == "- -"


# --- what must always hold -------------------------------------------------------------------------------------------

TAXES = st.lists(st.integers(0, 40), min_size=2, max_size=12)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    path = tmp_path_factory.mktemp("packs") / "plain.toml"
    path.write_text(PLAIN, encoding="utf-8")
    return load_rules([path])


@settings(max_examples=15, deadline=None)
@given(tax=TAXES, factor=st.sampled_from([0.001, 0.5, 3.0, 1e4]))
def test_scaling_every_firm_moves_no_class(plain: Rules, tax: list[int], factor: float) -> None:
    one = grade_enterprises(town([t * 1e5 for t in tax]), rules=plain)
    other = grade_enterprises(town([t * 1e5 * factor for t in tax]), rules=plain)
    assert letters(one) == letters(other)


@settings(max_examples=15, deadline=None)
@given(tax=TAXES, data=st.data())
def test_row_order_does_not_matter(plain: Rules, tax: list[int], data: st.DataObject) -> None:
    park = town([t * 1e5 for t in tax])
    order = data.draw(st.permutations(range(len(tax))))
    mixed = park.with_layers(
        enterprises=park.layers["enterprises"].iloc[order],
        performance=park.layers["performance"].iloc[order[::-1]].reset_index(drop=True),
        occupancy=park.layers["occupancy"].iloc[order].reset_index(drop=True),
    )
    one = grade_enterprises(park, rules=plain).firms
    other = grade_enterprises(mixed, rules=plain).firms
    pd.testing.assert_frame_equal(one, other.loc[one.index])
    assert other.index.tolist() == mixed.layers["enterprises"].index.tolist()


@settings(max_examples=15, deadline=None)
@given(tax=TAXES, more=st.integers(1, 50))
def test_paying_more_never_lowers_the_class(plain: Rules, tax: list[int], more: int) -> None:
    amounts = [t * 1e5 for t in tax]
    before = letters(grade_enterprises(town(amounts), rules=plain)).split()[0]
    after = letters(grade_enterprises(town([amounts[0] + more * 1e5, *amounts[1:]]), rules=plain))
    assert after.split()[0] <= before


@settings(max_examples=15, deadline=None)
@given(tax=TAXES)
def test_d_is_never_more_than_its_quota(plain: Rules, tax: list[int]) -> None:
    grades = letters(grade_enterprises(town([t * 1e5 for t in tax]), rules=plain)).split()
    assert grades.count("D") <= 0.05 * len(tax)


def test_inputs_are_left_as_they_were(pack: Any) -> None:
    park = town([1e6, 2e6])
    before = {name: table.copy() for name, table in park.layers.items()}
    grade_enterprises(park, rules=pack(PLAIN))
    for name, table in before.items():
        pd.testing.assert_frame_equal(park.layers[name], table)


# --- years -----------------------------------------------------------------------------------------------------------


def graded(year: int, **grades: str) -> Grading:
    table = pd.DataFrame({"grade": grades}, dtype="str").rename_axis("enterprise_id")
    return Grading(year=year, firms=table, items=pd.DataFrame())


def test_years_of_class_d_in_a_row() -> None:
    gradings = {
        2023: graded(2023, E1="D", E2="D", E3="D", E4="A"),
        2024: graded(2024, E1="D", E2="C", E3="T", E4="D"),
        2025: graded(2025, E1="D", E2="D", E3="D", E4=""),
    }
    runs = grade_runs(gradings, min_years=2)
    assert runs["verdict"].to_dict() == {"E1": "yes", "E2": "no", "E3": "yes", "E4": "unknown"}
    assert runs["current_years"].tolist() == [3, 1, 2, 1]
    assert runs["longest_years"].tolist() == [3, 1, 2, 1]
    strict = grade_runs(gradings, min_years=2, unknown_years="strict")
    assert strict["verdict"].to_dict() == {
        "E1": "yes",
        "E2": "no",
        "E3": "unknown",
        "E4": "unknown",
    }


def test_a_year_nobody_graded_is_unknown() -> None:
    runs = grade_runs({2023: graded(2023, E1="D"), 2025: graded(2025, E1="D", E2="D")}, min_years=3)
    assert runs["verdict"].to_dict() == {"E1": "unknown", "E2": "unknown"}


def test_the_long_table_of_classes_has_no_class_for_unknown() -> None:
    table = grade_table({2024: graded(2024, E1="D", E2=""), 2023: graded(2023, E1="A")})
    assert table["year"].tolist() == [2023, 2024, 2024]
    assert table["grade"].isna().tolist() == [False, False, True]


# --- wrong and hostile packs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (f"weight = {number(60)}", f"weight = {number(55)}", "the weights of all add to 95, not to 100: 55 + 40"),
        (f"weight = {number(60)}", f"weight = {number(-60)}", "must not be below 0"),
        ("tax_per_land]", "tax_per_lend]", "there is no tax_per_lend; known are"),
        ("indicators.all.", "indicators.everybody.", "the nearest is"),
        ('missing = "peer_mean"', 'missing = "peer_main"', "the nearest is peer_mean"),
        ('missing = "peer_mean"', "", "there is no ;"),
        ("[grading]\n", "[grading]\nbonus = 3\n", "there is no bonus"),
        (number(10, "10k/mu"), number(10, "10k/tce"), "cannot be told in 10k/tce"),
        (number(10, "10k/mu"), number(10, "stones"), "cannot be told in stones"),
        (number(10, "10k/mu"), number(0, "10k/mu"), "must be above 0"),
        (f"baseline = {number(10, '10k/mu')}\n", "", "needs a baseline"),
        (number(60, "percent"), number(10, "percent"), "needs a, b and c in order"),
        (number(95, "percent"), number(195, "percent"), "needs a, b and c in order"),
        (f"b = {number(60, 'percent')}\n", "", "needs a, b and c in order"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_one_clear_error(pack: Any, old: str, new: str, told: str) -> None:
    assert old in TWO
    rules = pack(TWO.replace(old, new))
    with pytest.raises(ScenarioError) as caught:
        grade_enterprises(town([1e6, 2e6]), rules=rules)
    assert str(caught.value).startswith("the table grading of the rule packs cannot be used:")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("veto", "told"),
    [
        ('column = "has_acident"\nclass = "D"\nsource = "us"\nstanding = "assumed"', "there is no has_acident"),
        ('column = "name"\nclass = "D"\nsource = "us"\nstanding = "assumed"', "there is no name"),
        ('column = "will_move"\nclass = "A"\nsource = "us"\nstanding = "assumed"', "there is no A"),
        ('column = "will_move"\nclass = "D"', "needs column, class, source and standing"),
    ],
)  # fmt: skip
def test_a_wrong_veto_is_one_clear_error(pack: Any, veto: str, told: str) -> None:
    rules = pack(f"{PLAIN}\n[[grading.vetoes]]\n{veto}\n")
    with pytest.raises(ScenarioError, match=told):
        grade_enterprises(town([1e6]), rules=rules)


@pytest.mark.parametrize(
    "words",
    [
        PLAIN.replace("[grading]", "[grading]\nvetoes = 3"),
        PLAIN.replace("[grading]", '[grading]\nvetoes = ["x"]'),
        PLAIN.replace("[grading]", "[grading]\nnot_suited = 3"),
        PLAIN + f"[grading.not_suited]\nwill_moves = {number(1)}\n",
        PLAIN + f"[grading.group]\nbelow_scale_min_land = {number(1, 'acres')}\n",
        PLAIN.replace("[grading]", "[grading]\nnot_suited = { utility_divisions = 44 }"),
        PLAIN[: PLAIN.index("[grading]")] + "[grading]\nindicators = 3\n",
        PLAIN[: PLAIN.index("[grading]")] + "[grading]\nindicators = { all = 3 }\n",
        PLAIN[: PLAIN.index("[grading]")] + "[grading]\nindicators = { all = { rd_share = 3 } }\n",
        "grading = 3\n" + PLAIN[: PLAIN.index("[grading]")],
        PLAIN[: PLAIN.index("[grading]")],
    ],
)
def test_a_hostile_table_is_one_clear_error(pack: Any, words: str) -> None:
    with pytest.raises(ScenarioError):
        grade_enterprises(town([1e6]), rules=pack(words))


def test_wrong_names_of_ratios_and_groups_name_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="the nearest is tax_per_land"):
        score_of({"tax_per_lnd": 1}, rules=HUANGYAN)
    with pytest.raises(ScenarioError, match="the nearest is above_scale"):
        score_of(SIX, rules=HUANGYAN, group="above")


def test_other_money_is_refused(pack: Any) -> None:
    park = Park(name={"en": "Town"}, layers=town([1e6]).layers, currency="USD")
    with pytest.raises(ScenarioError, match="take a pack of that currency"):
        grade_enterprises(park, rules=pack(PLAIN))


def test_a_park_without_a_ledger_is_told_what_is_missing(pack: Any) -> None:
    with pytest.raises(SchemaError, match="enterprises, occupancy, performance"):
        grade_enterprises(park_of(street_of(2)), rules=pack(PLAIN))
    with pytest.raises(SchemaError, match="no figures to grade by"):
        grade_enterprises(town([NAN]), rules=pack(PLAIN))


def test_a_scenario_may_override_a_weight_and_must_keep_the_sum() -> None:
    name = "grading.indicators.below_scale.{}.weight"
    changed = {name.format("tax_per_land"): 100.0, name.format("tax_per_electricity"): 0.0}
    rules = load_rules(["huangyan-2022"], overrides=changed, overrides_source="us")
    assert score_of({"tax_per_land": 11.5932}, rules=rules, group="below_scale") == 100
    broken = load_rules(
        ["huangyan-2022"], overrides={name.format("tax_per_land"): 45.0}, overrides_source="us"
    )
    with pytest.raises(ScenarioError, match="add to 95"):
        score_of({}, rules=broken)
