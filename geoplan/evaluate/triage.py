"""What to do with each parcel: keep, assist, revitalise, acquire or survey, by the rule pack's decision table."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import Bools, categories
from geoplan.evaluate._texts import Case, Texts, phrases
from geoplan.model.schema import VERDICTS, column
from geoplan.words import Message, join, say

__all__ = ["CONDITIONS", "TriageLine", "decide", "triage_table", "unasked_conditions"]

#: What a line may ask for, and the answers there are.
CONDITIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "below_mean": VERDICTS,
        "non_industrial_lease": VERDICTS,
        "vacant": VERDICTS,
        **dict.fromkeys(column("findings", "finding").choices[3:], VERDICTS),
        "has_building": VERDICTS,
        "public": VERDICTS,
        "operating": ("normal", "reduced", "stopped", "unknown"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageLine:
    """One line of the decision table: the result, and the answers it asks for; what it does not name may be anything."""

    result: str
    when: Mapping[str, tuple[str, ...]]

    @property
    def asked(self) -> Message:
        """The conditions in words."""
        if not self.when:
            return say("evaluate.triage.anything")
        conditions = [
            say(
                "evaluate.triage.condition",
                name=say(f"evaluate.condition.{name}"),
                answers=join(
                    [say(f"evaluate.answer.{answer}") for answer in answers], "evaluate.triage.or"
                ),
            )
            for name, answers in self.when.items()
        ]
        return join(conditions, "common.enumeration")


def triage_table(lines: Any) -> tuple[TriageLine, ...]:
    """Check the decision table of a rule pack.

    Raises
    ------
    ScenarioError
        A line names a result, condition or answer that there is not, or the last line does not catch what is left; all
        problems at once, each with the nearest known name.

    Examples
    --------
    >>> triage_table([{"result": "keep", "when": {}}])[0].result
    'keep'
    """
    if not isinstance(lines, Sequence) or not all(isinstance(line, Mapping) for line in lines):
        raise ScenarioError([say("evaluate.triage.no_table")])
    problems: list[Message] = []
    for number, line in enumerate(lines, start=1):
        problems += _problems_of_line(number, line)
    if not lines or lines[-1].get("when"):
        problems.append(say("evaluate.triage.no_last_line"))
    if problems:
        raise ScenarioError(problems, headline=say("evaluate.triage.cannot_be_used"))
    return tuple(
        TriageLine(
            result=line["result"],
            when=MappingProxyType({k: tuple(v) for k, v in line.get("when", {}).items()}),
        )
        for line in lines
    )


def unasked_conditions(lines: Sequence[TriageLine], made: Sequence[str]) -> list[Message]:
    """Conditions on findings that no rule pack switches on, so that nobody answers them."""
    findings = column("findings", "finding").choices
    return [
        say("evaluate.triage.not_switched_on", number=number, name=name)
        for number, line in enumerate(lines, start=1)
        for name in line.when
        if name in findings and name not in made
    ]


def decide(
    lines: Sequence[TriageLine], answers: Mapping[str, pd.Categorical], *, only: Bools
) -> tuple[pd.Categorical, Texts]:
    """The result of the first line that fits each parcel, and for ``only`` some which line that was, in words."""
    count = len(only)
    fits = []
    for line in lines:
        fit = np.ones(count, dtype=bool)
        for name, allowed in line.when.items():
            fit &= answers[name].isin(allowed)
        fits.append(fit)
    known = column("parcels", "triage").choices
    result = np.select(fits, [known.index(line.result) for line in lines], -1)
    reason = phrases(
        count,
        *(
            Case(
                fit,
                "evaluate.triage.line",
                {
                    "result": say(f"evaluate.result.{line.result}"),
                    "number": number,
                    "asked": line.asked,
                },
            )
            for number, (fit, line) in enumerate(zip(fits, lines, strict=True), start=1)
        ),
        only=only,
    )
    return categories(result, known), reason


def _problems_of_line(number: int, line: Mapping[str, Any]) -> list[Message]:
    problems = _unknown_names(number, "line", list(line), ("result", "when"))
    results = column("parcels", "triage").choices
    problems += _unknown_names(number, "result", [line.get("result", "")], results)
    when = line.get("when", {})
    if not isinstance(when, Mapping):
        return [*problems, say("evaluate.triage.no_conditions", number=number)]
    problems += _unknown_names(number, "condition", list(when), tuple(CONDITIONS))
    for name, answers in when.items():
        if isinstance(answers, str) or not isinstance(answers, Sequence) or not answers:
            problems.append(say("evaluate.triage.not_a_list", number=number, name=name))
        elif name in CONDITIONS:
            problems += _unknown_names(number, "answer", list(answers), CONDITIONS[name])
    return problems


def _unknown_names(
    number: int, kind: str, names: Sequence[Any], known: Sequence[str]
) -> list[Message]:
    return [
        say(
            "evaluate.triage.unknown_name",
            number=number,
            kind=say(f"evaluate.triage.kind.{kind}"),
            name=str(name),
            near=next(iter(difflib.get_close_matches(str(name), known, n=1)), "-"),
            known=", ".join(known),
        )
        for name in names
        if name not in known
    ]
