"""What would have to change for a better class: the fewest answers of the triage table that would have to flip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import Bools, Floats, patterns
from geoplan.evaluate._texts import Case, Found, Texts, joined, phrases, quantities
from geoplan.evaluate.triage import CONDITIONS, TriageLine
from geoplan.words import join, say

__all__ = ["BETTER", "line_of", "next_better", "other_ends"]

#: From least to most of what its firms may go on with; a survey only postpones the answer.
BETTER = ("acquire", "swap", "revitalise", "upgrade", "assist", "keep")
_MOST_CHANGES = 2
#: What a firm cannot do anything about.
_NOBODY_CHANGES = ("public",)
#: The answer that speaks for the firms; of any other test it is "no".
_GOOD = {"has_building": "yes", "operating": "normal"}


def next_better(
    lines: Sequence[TriageLine],
    answers: Mapping[str, pd.Categorical],
    *,
    found: Mapping[str, Found],
    only: Bools,
) -> Texts:
    """For each parcel the better class that is reached with the fewest changes, and how far each figure is from it.

    Parcels with the same answers are worked out once. Nothing is said of a parcel that is kept already, or for which
    two changes are not enough.
    """
    names = [name for name in answers if any(name in line.when for line in lines)]
    count = len(only)
    of_row, first = patterns([answers[name].codes for name in names], count)
    cases, tails = [], {name: np.zeros(count, dtype=bool) for name in names}
    for number, row in enumerate(first):
        own = {name: answers[name][row] for name in names}
        now = lines[line_of(lines, own)].result
        ends = list(other_ends(lines, own, now))
        if not ends:
            continue
        result, changes = ends[0]
        rows = np.asarray((of_row == number) & only)
        for name in changes:
            tails[name] |= rows
        cases.append(Case(rows, "evaluate.next.line", _fields(result, changes)))
    return joined(
        phrases(count, *cases), *(_distance(name, found.get(name), tails[name]) for name in names)
    )


def _fields(result: str, changes: Mapping[str, str]) -> dict[str, object]:
    asked = [TriageLine(result=result, when={name: (to,)}).asked for name, to in changes.items()]
    return {"result": say(f"triage.{result}"), "asked": join(asked, "evaluate.next.and")}


def _distance(name: str, found: Found | None, rows: Bools) -> Texts:
    """How far the figure of one test is from its threshold, where it falls short."""
    if found is None or found.margin is None:
        return phrases(len(rows))
    short: Floats = -found.margin
    fields = {"name": say(f"evaluate.condition.{name}"), "margin": quantities(short)}
    return phrases(len(rows), Case(rows & (short > 0), "evaluate.next.margin", fields))


def line_of(lines: Sequence[TriageLine], answers: Mapping[str, str]) -> int:
    """The first line that fits; the last catches what is left."""
    return next(
        number
        for number, line in enumerate(lines)
        if all(answers[name] in allowed for name, allowed in line.when.items())
    )


def other_ends(
    lines: Sequence[TriageLine], answers: Mapping[str, str], now: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """Results that few changed answers lead to, as few as possible, each with the first change found."""
    wanted = set(BETTER[BETTER.index(now) + 1 :] if now in BETTER else BETTER)
    choices = {
        name: _choices(name, answers[name], is_survey=now not in BETTER)
        for name in answers
        if any(name in line.when for line in lines)
    }
    for size in range(1, _MOST_CHANGES + 1):
        found: dict[str, dict[str, str]] = {}
        for names in combinations(choices, size):
            for choice in product(*(choices[name] for name in names)):
                changes = dict(zip(names, choice, strict=True))
                result = lines[line_of(lines, {**answers, **changes})].result
                if result in wanted:
                    found.setdefault(result, changes)
        if found:
            yield from sorted(found.items(), key=lambda item: BETTER.index(item[0]))
            return


def _choices(name: str, answer: str, *, is_survey: bool) -> tuple[str, ...]:
    """What an answer could be instead: the better one; of a parcel to be surveyed, whatever is found out."""
    if name in _NOBODY_CHANGES:
        return ()
    if is_survey and answer == "unknown":
        return tuple(other for other in CONDITIONS[name] if other != "unknown")
    better = _GOOD.get(name, "no")
    return () if is_survey or answer == better else (better,)
