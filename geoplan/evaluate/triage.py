"""What to do with each parcel, from keep to acquire, by the decision table of the rule packs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import Bools, categories
from geoplan.evaluate._texts import Case, Texts, phrases
from geoplan.model.schema import VERDICTS, column
from geoplan.words import LANGUAGES, Message, join, name_in_both, say

__all__ = ["CONDITIONS", "TriageLine", "decide", "results", "triage_table", "unasked_conditions"]

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
    """One line of the decision table: the result, and the answers it asks for; what it does not name may be anything.

    ``reason`` is why the pack decides so, in the languages it was written in; empty where it does not say.
    """

    result: str
    when: Mapping[str, tuple[str, ...]]
    reason: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def because(self) -> Message:
        """The result, with the reason of the pack where it gives one."""
        result = say(f"evaluate.result.{self.result}")
        if not self.reason:
            return result
        return say("evaluate.triage.because", result=result, reason=name_in_both(self.reason))

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
            reason=MappingProxyType(dict(line.get("reason", {}))),
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
    fits = _fits(lines, answers, count)
    reason = phrases(
        count,
        *(
            Case(
                fit,
                "evaluate.triage.line",
                {
                    "result": line.because,
                    "number": number,
                    "asked": line.asked,
                },
            )
            for number, (fit, line) in enumerate(zip(fits, lines, strict=True), start=1)
        ),
        only=only,
    )
    return results(lines, answers, count), reason


def results(
    lines: Sequence[TriageLine], answers: Mapping[str, pd.Categorical], count: int
) -> pd.Categorical:
    """The result of the first line that fits each of ``count`` parcels."""
    known = column("parcels", "triage").choices
    places = [known.index(line.result) for line in lines]
    return categories(np.select(_fits(lines, answers, count), places, -1), known)


def _fits(
    lines: Sequence[TriageLine], answers: Mapping[str, pd.Categorical], count: int
) -> list[Bools]:
    """Which parcels each line fits, whatever the lines before it say."""
    fits = []
    for line in lines:
        fit = np.ones(count, dtype=bool)
        for name, allowed in line.when.items():
            fit &= answers[name].isin(allowed)
        fits.append(fit)
    return fits


def _problems_of_line(number: int, line: Mapping[str, Any]) -> list[Message]:
    problems = _unknown_names(number, "line", list(line), ("result", "when", "reason"))
    results = column("parcels", "triage").choices
    problems += _unknown_names(number, "result", [line.get("result", "")], results)
    reason = line.get("reason")
    if reason is not None and not _is_in_words(reason):
        problems.append(say("evaluate.triage.no_reason", number=number))
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


def _is_in_words(reason: Any) -> bool:
    """Whether a reason is there in every language, and only there."""
    return (
        isinstance(reason, Mapping)
        and set(reason) == set(LANGUAGES)
        and all(isinstance(words, str) and words.strip() for words in reason.values())
    )


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
