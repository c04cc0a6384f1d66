"""One parcel explained: everything a firm's lawyer may ask for stands there, in both languages, and harms no page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import geoplan
from evaluated_towns import NAN, lantian, one_firm_each, park_of
from towns import street_of

from geoplan.errors import InputError
from geoplan.evaluate import assess_robustness, evaluate_park
from geoplan.model.explanation import Explanation
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.scenario import explain_parcel

RULES = load_rules(["seed-practice"])


def explained(park: Park, parcel_id: str) -> Explanation:
    evaluation = evaluate_park(park, rules=RULES)
    return explain_parcel(park, evaluation, parcel_id, rules=RULES)


def lines_under(told: Explanation, heading: str) -> list[str]:
    [part] = [part for part in told.parts if part.heading.text("en").startswith(heading)]
    return [line.text("en") for line in part.lines]


def test_the_years_stand_against_the_mean() -> None:
    # 15 mu each; means: 2023 (8+2+5)/45 mu = 33.3, 2024 the same, 2025 (9+1+4+6)/60 mu = 33.3 (10k yuan per mu)
    told = explained(lantian(), "P2")
    assert lines_under(told, "output against the park's mean, 10,000 yuan per mu") == [
        "2023: 13.3 against 33.3: below",
        "2024: 13.3 against 33.3: below",
        "2025: 6.67 against 33.3: below",
        "land counted: land by the ledger's shares",
    ]
    assert told.chart is not None
    assert told.chart.years == (2023, 2024, 2025)
    assert told.chart.values == pytest.approx((200 / 15, 200 / 15, 100 / 15))  # noqa: PD011  (no table)
    assert told.chart.is_below == (True, True, True)


def test_only_the_last_five_years_are_drawn() -> None:
    park = one_firm_each(street_of(2), {"P1": [1e6] * 7, "P2": [2e6] * 7}, first_year=2019)
    chart = explained(park, "P1").chart
    assert chart is not None
    assert chart.years == (2021, 2022, 2023, 2024, 2025)


def test_a_parcel_that_just_reaches_the_mean_is_not_below() -> None:
    park = one_firm_each(street_of(3), {"P1": [1e6], "P2": [2e6], "P3": [3e6]})
    chart = explained(park, "P2").chart
    assert chart is not None
    assert chart.is_below == (False,)


def test_an_unknown_year_is_said_and_marked() -> None:
    told = explained(lantian(), "P3")
    assert "2023: unknown against 33.3: not known" in told.text("en")
    assert told._repr_html_().count(">?</text>") == 2


def test_each_finding_has_verdict_evidence_rule_unit_source_and_standing() -> None:
    told = explained(lantian(), "P2")
    found = lines_under(told, "What was found")
    assert found[0].startswith("below the mean for years: yes - output per mu was below")
    rules = [line for line in found if line.startswith("rule: ")]
    assert rules[0].startswith("rule: below_mean.min_years = 3 a (assumed; ")
    assert "Lantian zone" in rules[0]
    assert len(rules) == 3


def test_a_margin_is_told_where_it_is_known() -> None:
    park = lantian()
    evaluation = evaluate_park(park, rules=RULES)
    margins = [-1.0 if kind == "below_mean" else NAN for kind in evaluation.findings["finding"]]
    measured = replace(evaluation, findings=evaluation.findings.assign(margin=margins))
    told = explain_parcel(park, measured, "P2", rules=RULES).text("en")
    assert told.count("margin to the threshold: -1 a (below 0 falls short)") == 1
    assert told.count("margin to the threshold") == 1


def test_firms_stand_with_status_role_and_floor() -> None:
    assert lines_under(explained(lantian(), "P4"), "Firms on it") == [
        "Enterprise lessor: running, owner, 3,000 m2 of floor, 60% of the land",
        "Enterprise gym: running, tenant, outside industry, 2,000 m2 of floor, 40% of the land",
    ]
    assert lines_under(explained(lantian(), "P5"), "Firms on it") == ["the ledger names none"]


@pytest.mark.parametrize(
    ("parcel_id", "lines"),
    [
        (
            "P2",  # below the mean, its firm below capacity
            [
                "acquire: line 3 of the triage table fits (below the mean for years: yes)",
                "it would be 'assist' if this held: below the mean for years: no",
            ],
        ),
        (
            "P5",  # empty land without a building
            [
                "acquire: line 1 of the triage table fits (vacant: yes, built on: no)",
                "it would be 'revitalise' if this held: built on: yes",
            ],
        ),
        (
            "P3",  # one known year
            [
                "survey first: line 6 of the triage table fits (below the mean for years: unknown)",
                "it would be 'acquire' if this held: below the mean for years: yes",
                "it would be 'keep' if this held: below the mean for years: no",
            ],
        ),
        ("P1", ["keep: line 8 of the triage table fits (whatever is left)"]),
    ],
)
def test_what_would_have_to_change_is_said(parcel_id: str, lines: list[str]) -> None:
    assert lines_under(explained(lantian(), parcel_id), "What to do") == lines


def test_the_line_told_is_the_triage_given() -> None:
    park = lantian()
    evaluation = evaluate_park(park, rules=RULES)
    spoken = {"survey": "survey first"}
    for parcel_id, result in evaluation.parcels["triage"].dropna().items():
        told = explain_parcel(park, evaluation, str(parcel_id), rules=RULES)
        assert lines_under(told, "What to do")[0].startswith(f"{spoken.get(result, result)}: line")


def test_a_parcel_that_is_not_assessed_says_so() -> None:
    told = explained(lantian(), "P6")
    assert "not assessed" in told.text("en")
    assert told.chart is None


def test_a_park_without_a_ledger_is_explained() -> None:
    told = explained(park_of(street_of(1)), "P1")
    assert "the test against the mean was not made" in told.text("en")
    assert told.chart is None


def test_an_unknown_parcel_names_the_nearest() -> None:
    with pytest.raises(InputError, match="there is no parcel P9; the nearest are P"):
        explained(lantian(), "P9")


def test_both_languages_say_the_same_number_of_lines() -> None:
    told = explained(lantian(), "P4")
    assert len(told.text("en").splitlines()) == len(told.text("zh").splitlines())
    assert "园区均值" in told.text("zh")


def test_hostile_names_stay_text_and_the_drawing_is_whole() -> None:
    park = lantian()
    evil = '<script>alert(1)</script>"&'
    people = park.layers["enterprises"].assign(name=evil)
    parcels = park.parcels.assign(name=evil)
    told = explained(park.with_layers(enterprises=people, parcels=parcels), "P4")
    markup = told._repr_html_()
    assert "<script" not in markup
    assert "&lt;script&gt;" in markup
    root = ET.fromstring(markup)  # noqa: S314  (our own page; well-formed or it raises)
    [drawing] = root.iter("{http://www.w3.org/2000/svg}svg")
    kinds = [item.tag.rpartition("}")[2] for item in drawing]
    assert kinds.count("rect") == kinds.count("line") == 3


def test_the_same_parcel_gives_the_same_page() -> None:
    assert explained(lantian(), "P4").page("zh") == explained(lantian(), "P4").page("zh")


SCENARIO = """\
name: town
date: 2026-11-24
park: town.gpkg
rules: [seed-practice, plan-assumed]
plan:
  candidates: {parcels: [P1]}
  products: [park, talent_homes]
  areas:
    - {name: green, products: park, min_mu: 15, max_mu: 15}
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    street_of(2, is_vacant=pd.array([True, False], dtype="boolean")).to_file(tmp_path / "town.gpkg")
    (tmp_path / "town.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def test_the_command_prints_it_and_writes_a_page(town: Path) -> None:
    run = geoplan("explain", "town.yaml", "P1", "--lang", "en", "--out", "out/P1.html", folder=town)
    assert run.code == 0, run.error
    assert "P1: industry, class 2, 15.0 mu" in run.out
    assert "parks (1401), phase 1" in run.out
    assert "<h4>What was found</h4>" in (town / "out" / "P1.html").read_text(encoding="utf-8")


def test_the_command_explains_without_a_plan_that_cannot_be(town: Path) -> None:
    words = SCENARIO + "    - {name: homes, products: talent_homes, min_mu: 30}\n"
    (town / "town.yaml").write_text(words, encoding="utf-8")
    run = geoplan("explain", "town.yaml", "P2", "--lang", "en", folder=town)
    assert run.code == 0, run.error
    assert "no plan is told: " in run.out
    assert "homes" in run.out


def test_the_command_with_an_unknown_parcel_is_one_clear_error(town: Path) -> None:
    run = geoplan("explain", "town.yaml", "P11", "--lang", "zh", folder=town)
    assert run.code == 3
    assert "最接近的是 P1" in run.error


def test_each_zone_has_its_own_mean() -> None:
    park = one_firm_each(
        street_of(4, zone=["west", "west", "east", "east"]),
        {"P1": [1e6], "P2": [3e6], "P3": [9e6], "P4": [7e6]},
    )
    evaluation = evaluate_park(park, rules=RULES, average_over="zone")
    told = explain_parcel(park, evaluation, "P3", rules=RULES)
    assert lines_under(told, "output against the mean of east") == [
        "2021: 60 against 53.3: not below",  # 9e6 / 15 mu; (9e6 + 7e6) / 30 mu
        "land counted: land: the whole plot, only one firm",
        "the average of 2021 speaks for little: known of few (parcels: 2, firms: 2)",
    ]


def test_how_sure_each_verdict_is_is_told_with_its_margins() -> None:
    rules = load_rules(["seed-practice", "robustness-assumed"])
    park = lantian()
    evaluation = evaluate_park(park, rules=rules)
    sure = assess_robustness(evaluation, rules=rules, rng=np.random.default_rng(1))
    told = explain_parcel(park, evaluation, "P5", rules=rules, robustness=sure)
    lines = lines_under(told, "How sure it is")
    assert len(lines) == 4  # the triage and three tests
    assert lines[0].startswith("What to do: robust: no check made changes what to do")
    # empty for 30 months where 12 are asked
    assert lines[3] == (
        "vacant: robust: no check made changes the verdict (flagged in 100% of the trials); "
        "margins (below 0 falls short): vacant.min_months -18"
    )
    assert "结论稳健性" in told.text("zh")
    assert "土地空置：稳健" in told.text("zh")


def test_a_trade_has_its_own_average_and_one_of_two_firms_is_said() -> None:
    park = one_firm_each(street_of(3), {"P1": [1e6], "P2": [3e6], "P3": [9e6]})
    people = park.layers["enterprises"].assign(industry_code=["C26", "C26", "C34"])
    park = Park(name=park.name, layers={**park.layers, "enterprises": people}, currency="CNY")
    evaluation = evaluate_park(park, rules=RULES, average_over="industry", average="median")
    told = explain_parcel(park, evaluation, "P1", rules=RULES)
    [part] = [p for p in told.parts if p.heading.text("en").startswith("output against")]
    assert part.heading.text("en").startswith("output against the median of the trade 26 ")
    assert part.lines[-1].text("en") == (
        "the average of 2021 speaks for little: known of few (parcels: 2, firms: 2)"
    )
    assert "代表性不足" in part.lines[-1].text("zh")
