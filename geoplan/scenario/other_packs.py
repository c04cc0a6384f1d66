"""The rule packs a scenario is judged by, and the other packs that its verdicts are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from geoplan.errors import ScenarioError
from geoplan.model.answers import Evaluation
from geoplan.model.rulepack import Rules, load_rules
from geoplan.scenario.model import Scenario
from geoplan.words import Message, say

__all__ = ["evaluate_by_others", "load_all_rules"]


def load_all_rules(
    scenario: Scenario, *, folder: Path, beneath: Sequence[str] = ()
) -> tuple[Rules, Mapping[str, Rules]]:
    """The rules of a scenario, and those of ``evaluate.other_packs`` by name; paths are relative to ``folder``.

    The packs ``beneath`` lie under those of the scenario. The scenario's own ``numbers`` lie over the other packs too, where these have them: they are the planner's choice.

    Raises
    ------
    ScenarioError
        Packs are missing or broken, or a number replaces none; all problems at once.
    """
    source = f"scenario {scenario.name}"
    problems: list[Message] = []
    rules = Rules(packs=())
    try:
        rules = load_rules(
            [*beneath, *_paths(scenario.rules, folder)],
            overrides=scenario.numbers,
            overrides_source=source,
        )
    except ScenarioError as error:
        problems += error.problems
    others: dict[str, Rules] = {}
    for name, packs in scenario.evaluate.other_packs.items():
        try:
            plain = load_rules(_paths(packs, folder))
            own = {key: value for key, value in scenario.numbers.items() if key in plain.numbers}
            others[name] = load_rules(_paths(packs, folder), overrides=own, overrides_source=source)
        except ScenarioError as error:
            problems += _of(name, error)
    if problems:
        raise ScenarioError(problems)
    return rules, others


def evaluate_by_others(
    judge: Callable[[Rules], Evaluation], others: Mapping[str, Rules]
) -> dict[str, Evaluation]:
    """The same park judged by each of the other packs.

    Raises
    ------
    ScenarioError
        A set of packs cannot judge this park; all problems of all sets at once.
    """
    problems: list[Message] = []
    told: dict[str, Evaluation] = {}
    for name, rules in others.items():
        try:
            told[name] = judge(rules)
        except ScenarioError as error:
            problems += _of(name, error)
    if problems:
        raise ScenarioError(problems)
    return told


def _of(name: str, error: ScenarioError) -> list[Message]:
    return [say("scenario.other_packs", name=name, problem=problem) for problem in error.problems]


def _paths(packs: Sequence[str], folder: Path) -> list[str | Path]:
    return [folder / pack if pack.endswith(".toml") else pack for pack in packs]
