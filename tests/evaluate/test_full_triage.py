"""The shipped full table: each line with a parcel that it decides, its reason, and the way to a better class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, bools, firms, ledger, park_of, reports
from towns import street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate import evaluate_park
from geoplan.evaluate.better import BETTER
from geoplan.evaluate.triage import CONDITIONS, decide, triage_table
from geoplan.model.rulepack import load_rules
from geoplan.model.schema import column
from geoplan.words import text

RULES = load_rules(["seed-practice", "triage-assumed"])
LINES = triage_table(RULES.data("triage"))
GOOD = dict.fromkeys(CONDITIONS, "no") | {"has_building": "yes", "operating": "normal"}


def result_of(**answers: str) -> tuple[str, str, str]:
    every = {k: pd.Categorical([v]) for k, v in (GOOD | answers).items()}
    result, reason = decide(LINES, every, only=np.array([True]))
    return result[0], *(reason[language][0].as_py() for language in ("en", "zh"))


@pytest.mark.parametrize(
    ("answers", "result", "words"),
    [
        ({"vacant": "yes", "has_building": "no"}, "acquire", "take the land back"),
        ({"idle_land": "yes"}, "acquire", "idle beyond the time allowed"),
        ({"grade_d_run": "yes"}, "acquire", "graded last"),
        ({"below_mean": "yes", "plan_mismatch": "yes"}, "acquire", "the plan in force"),
        ({"below_mean": "yes", "lease_expired": "yes"}, "acquire", "do not renew it"),
        ({"below_mean": "yes", "low_tax": "yes"}, "acquire", "pays little tax"),
        ({"banned_trade": "yes"}, "swap", "its trade may not stay"),
        ({"plan_mismatch": "yes"}, "swap", "swap it for land"),
        ({"vacant": "yes"}, "revitalise", "find it a new tenant"),
        ({"stopped": "yes", "operating": "stopped"}, "revitalise", "stopped too long"),
        ({"unfinished": "yes", "operating": "stopped"}, "revitalise", "an investor to finish it"),
        ({"non_industrial_lease": "yes"}, "revitalise", "bring industry back"),
        ({"low_floor_area_ratio": "yes", "low_coverage": "yes"}, "upgrade", "split off"),
        ({"low_floor_area_ratio": "yes"}, "upgrade", "add floors"),
        ({"low_investment": "yes"}, "upgrade", "new equipment"),
        ({"operating": "stopped"}, "assist", "start again"),
        ({"operating": "reduced"}, "assist", "orders, staff or money"),
        ({"below_mean": "yes", "low_tax": "unknown"}, "survey", "ask the tax office"),
        ({"below_mean": "unknown"}, "survey", "complete its figures"),
        ({"vacant": "unknown"}, "survey", "visit it first"),
        ({"below_mean": "yes"}, "assist", "yield little for years"),
        ({"low_tax": "yes"}, "assist", "pay little tax"),
        ({}, "keep", "no test gives a reason"),
    ],
)
def test_each_line_decides_a_parcel_and_says_why(
    answers: dict[str, str], result: str, words: str
) -> None:
    told, english, chinese = result_of(**answers)
    assert told == result
    assert words in english
    number = english.partition("(line ")[2].partition(" ")[0]
    line = LINES[int(number) - 1]
    assert chinese.startswith(
        f"{text(f'evaluate.result.{result}', 'zh')}：{line.reason['zh']}（处置表第 {number} 条"
    )


def test_every_line_is_reached_and_every_class_is_given() -> None:
    assert {line.result for line in LINES} == set(column("parcels", "triage").choices)
    assert all(line.reason["en"] and line.reason["zh"] for line in LINES)


def town() -> pd.DataFrame:
    """Five squares of 10 000 m2: a poor one, few floors, against the plan, empty plant, a good one."""
    return street_of(
        5,
        use="100102",
        zoned_use=["100102", "100102", "070102", "100102", "100102"],
        floor_area_m2=[9_000.0, 7_900.0, 9_000.0, 9_000.0, 8_000.0],
        is_vacant=bools(False, False, False, True, False),
        vacancy_months=[NAN, NAN, NAN, 20.0, NAN],
    )


def test_the_land_of_a_small_town_is_sorted_and_each_knows_its_next_better_class() -> None:
    names = {f"E{n}": "normal" for n in (1, 2, 3, 5)}
    figures = reports(2023, E1=[1e6] * 3, E2=[9e6] * 3, E3=[9e6] * 3, E5=[9e6] * 3)
    park = park_of(
        town(),
        enterprises=firms(**names),
        occupancy=ledger(*[(f"E{n}", f"P{n}", "owner") for n in (1, 2, 3, 5)]),
        performance=figures.assign(tax_amount=figures["output_amount"] / 10),
    )
    parcels = evaluate_park(park, rules=RULES).parcels
    assert parcels["triage"].tolist() == ["acquire", "upgrade", "swap", "revitalise", "keep"]
    assert parcels["triage_next_en"].tolist() == [
        "assist if below the mean for years: no",
        "keep if low floor area ratio: no (low floor area ratio: short by 0.01)",
        "keep if against the plan: no",
        "keep if below the mean for years: no and vacant: no (vacant: short by 8.00)",
        "",
    ]
    assert BETTER.index("swap") < BETTER.index("upgrade") < BETTER.index("keep")


@pytest.mark.parametrize("reason", ["so", {"en": "so"}, {"en": "so", "zh": " "}])
def test_a_reason_is_given_in_both_languages_or_not_at_all(reason: object) -> None:
    with pytest.raises(ScenarioError) as caught:
        triage_table([{"result": "keep", "when": {}, "reason": reason}])
    told = 'line 1: reason must be given in both languages: { en = "...", zh = "..." }'
    assert told in caught.value.text("en")
    assert "第 1 条：理由 reason 须以两种语言给出" in caught.value.text("zh")
