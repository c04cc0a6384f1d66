from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geoplan.errors import ScenarioError
from geoplan.evaluate.triage import CONDITIONS, TriageLine, decide, triage_table
from geoplan.model.rulepack import load_rules
from geoplan.words import catalogue

SEED = triage_table(load_rules(["seed-practice"]).data("triage"))


def result_of(lines: Sequence[TriageLine] = SEED, **answers: str) -> tuple[str, str]:
    every = dict.fromkeys(CONDITIONS, "no") | {"operating": "normal"} | answers
    result, reason = decide(
        lines, {k: pd.Categorical([v]) for k, v in every.items()}, only=np.array([True])
    )
    return result[0], reason["en"][0].as_py()


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ({"vacant": "yes"}, "acquire"),  # vacant and not built on
        ({"vacant": "yes", "has_building": "yes"}, "revitalise"),
        ({"vacant": "yes", "has_building": "unknown"}, "revitalise"),
        ({"below_mean": "yes", "operating": "stopped"}, "acquire"),
        ({"non_industrial_lease": "yes"}, "revitalise"),
        ({"operating": "reduced"}, "assist"),
        ({"operating": "stopped", "below_mean": "unknown"}, "assist"),
        ({"below_mean": "unknown"}, "survey"),
        ({"vacant": "unknown"}, "survey"),
        ({}, "keep"),
        ({"operating": "unknown"}, "keep"),
    ],
)
def test_the_first_line_that_fits_decides(answers: dict[str, str], result: str) -> None:
    assert result_of(**answers)[0] == result


def test_the_reason_says_which_line_decided_and_what_it_asked() -> None:
    assert result_of(operating="reduced")[1] == (
        "assist (line 5 of the triage table: its firms run: below capacity or not at all)"
    )
    assert result_of()[1] == "keep (line 8 of the triage table: whatever is left)"


def test_a_wrong_table_is_refused_with_every_problem_and_the_nearest_name() -> None:
    with pytest.raises(ScenarioError) as caught:
        triage_table(
            [
                {"result": "aquire", "when": {"vacant": ["yes"]}},
                {"result": "keep", "when": {"below_meen": ["yes"], "vacant": ["maybe"]}},
                {"result": "keep", "when": {"vacant": "yes"}, "because": "so"},
            ]
        )
    names = ", ".join(CONDITIONS)
    assert str(caught.value).splitlines() == [
        "the triage table cannot be used:",
        "  - line 1: there is no result aquire; known are keep, assist, upgrade, revitalise, swap, acquire, survey; the nearest is acquire",
        f"  - line 2: there is no condition below_meen; known are {names}; the nearest is below_mean",
        "  - line 2: there is no answer maybe; known are yes, no, unknown; the nearest is -",
        "  - line 3: there is no entry because; known are result, when, reason; the nearest is -",
        "  - line 3: vacant must be a list of answers",
        "  - the last line must have an empty when, so that every parcel gets a result",
    ]


@pytest.mark.parametrize(
    "table", [[], None, {"when": {}}, ["keep"], [{"result": "keep", "when": 3}]]
)
def test_what_is_no_table_is_refused(table: Any) -> None:
    with pytest.raises(ScenarioError):
        triage_table(table)


def test_unknown_fits_a_line_only_if_the_line_lists_it() -> None:
    lines = triage_table(
        [{"result": "acquire", "when": {"vacant": ["no"]}}, {"result": "keep", "when": {}}]
    )
    assert result_of(lines, vacant="unknown")[0] == "keep"
    wider = triage_table(
        [
            {"result": "acquire", "when": {"vacant": ["no", "unknown"]}},
            {"result": "keep", "when": {}},
        ]
    )
    assert result_of(wider, vacant="unknown")[0] == "acquire"


def test_every_condition_and_answer_has_words() -> None:
    for name, answers in CONDITIONS.items():
        assert f"evaluate.condition.{name}" in catalogue()
        assert all(f"evaluate.answer.{answer}" in catalogue() for answer in answers)
