"""A scenario names other packs, and its verdicts are held against theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoplan.errors import ScenarioError
from geoplan.scenario.outputs import result_layers
from geoplan.scenario.run import Result, run_scenario

SCENARIO = """
name: held-against
date: 2026-11-25
park: sample
rules: [seed-practice, robustness-assumed]
evaluate: {{robustness: true, other_packs: {packs}}}
"""
PACK = """
[pack]
name = "five-years"
version = "1"
date = 2026-11-25
title = {{ en = "Five years", zh = "五年" }}
extends = "seed-practice"

[below_mean.min_years]
value = {years}
unit = "a"
source = "a test"
standing = "assumed"
"""


def run(folder: Path, packs: str) -> Result:
    (folder / "five.toml").write_text(PACK.format(years=5), encoding="utf-8")
    (folder / "half.toml").write_text(PACK.format(years=2.5), encoding="utf-8")
    path = folder / "held.yaml"
    path.write_text(SCENARIO.format(packs=packs), encoding="utf-8")
    return run_scenario(path, until="evaluate")


def test_a_parcel_that_another_pack_would_not_flag_says_so(tmp_path: Path) -> None:
    result = run(tmp_path, "{five years: [five.toml]}")
    assert result.evaluation is not None
    assert result.robustness is not None
    table = result.robustness.parcels
    table = table[table["finding"] == "below_mean"].set_index("parcel_id")
    runs = result.evaluation.parcels["below_mean_run_years"]
    below = table["verdict"] == "yes"  # three years asked here, five there; five are on record
    fewer = runs.reindex(table.index).fillna(0) < 5
    named = table["changed_by"].str.contains("packs five years")
    assert named[below].tolist() == fewer[below].tolist()
    assert named.any()
    layers = result_layers(result)
    assert {"robustness", "triage_robustness", "threshold_curve"} <= set(layers)


def test_packs_that_cannot_be_used_are_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        run(tmp_path, "{one: [no-such-pack], two: [none.toml]}")
    told = [str(problem) for problem in caught.value.problems]
    assert [line.split(":")[0] for line in told] == ["other_packs one", "other_packs two"]
    assert "other_packs“one”" in caught.value.text("zh")
    with pytest.raises(ScenarioError, match=r"other_packs bad: .*whole number of years"):
        run(tmp_path, "{bad: [half.toml]}")


def test_other_packs_without_robustness_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    text = SCENARIO.format(packs="{a: [seed-practice]}").replace("robustness: true, ", "")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="robustness: true"):
        run_scenario(path, until="evaluate")


def test_an_average_or_group_that_there_is_not_is_refused_by_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    text = SCENARIO.format(packs="{}").replace(
        "robustness: true", "robustness: true, average: medain, average_over: trade"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        run_scenario(path, until="evaluate")
    assert len(caught.value.problems) == 2
