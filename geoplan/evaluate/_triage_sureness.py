"""How sure it is what to do with each parcel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import Bools, Codes, Floats, categories, some, verdict_words
from geoplan.evaluate._sureness import (
    BORDERLINE,
    ROBUST,
    SURENESS,
    UNKNOWN_DATA,
    Check,
    Named,
    beside,
    told_of,
)
from geoplan.evaluate._texts import Case, percents, phrases, text_column
from geoplan.evaluate.judgement import Judged
from geoplan.evaluate.triage import CONDITIONS, results
from geoplan.words import LANGUAGES, say

__all__ = ["TRIAGE_COLUMNS", "sureness_of_triage", "triage_by"]


def triage_by(judged: Judged, verdicts: Mapping[str, Codes]) -> pd.Categorical:
    """The triage of other verdicts."""
    asked = {name for line in judged.lines for name in line.when}
    told = {name: verdict_words(code) for name, code in verdicts.items() if name in asked}
    return results(judged.lines, {**judged.answers, **told}, len(judged.area_m2))


TRIAGE_COLUMNS = (
    "triage", "same_probability", "changed_by", "unknown_tests", "sureness",
    "reason_en", "reason_zh",
)  # fmt: skip


def sureness_of_triage(  # noqa: PLR0913, PLR0917  (what a row says, part by part)
    judged: Judged,
    base: Mapping[str, Codes],
    todo: pd.Categorical,
    checks: Sequence[Check],
    same: Floats,
    certain: float,
) -> pd.DataFrame:
    """Table ``triage_robustness`` for all parcels."""
    count = len(todo)
    result = np.asarray(todo, dtype=object)
    changed = beside([np.asarray(check.triage, dtype=object) != result for check in checks], count)
    open_tests = _open_tests(judged, base, todo)
    hangs = beside(list(open_tests.values()), count)
    is_open = some(hangs) | (result == "survey")
    sureness = np.where(
        is_open, UNKNOWN_DATA, np.where(some(changed) | (same < certain), BORDERLINE, ROBUST)
    )
    share = percents(same)
    names, spoken = told_of(changed, checks)
    tests = [Named(name, say(f"evaluate.condition.{name}")) for name in open_tests]
    unknown_names, unknown_spoken = told_of(hangs, tests)
    reason = phrases(
        count,
        Case(some(hangs), "robust.triage.unknown", {"tests": unknown_spoken}),
        Case(is_open, "robust.triage.survey", {}),
        Case(sureness == ROBUST, "robust.triage.holds", {"probability": share}),
        Case(some(changed), "robust.triage.hangs", {"checks": spoken, "probability": share}),
        Case(np.ones(count, dtype=bool), "robust.triage.trials", {"probability": share}),
    )
    return pd.DataFrame(
        {
            "triage": pd.Series(result, dtype="str"),
            "same_probability": same,
            "changed_by": text_column(names),
            "unknown_tests": text_column(unknown_names),
            "sureness": categories(sureness, SURENESS).astype("str"),
            **{f"reason_{language}": text_column(reason[language]) for language in LANGUAGES},
        }
    )


def _open_tests(
    judged: Judged, base: Mapping[str, Codes], todo: pd.Categorical
) -> dict[str, Bools]:
    """Answers the triage asks for that are unknown, where one of their other answers gives another result."""
    asked = [name for name in CONDITIONS if any(name in line.when for line in judged.lines)]
    answers: dict[str, pd.Categorical] = dict(judged.answers)
    answers |= {name: verdict_words(code) for name, code in base.items()}
    told: dict[str, Bools] = {}
    for name in asked:
        own = answers[name]
        is_unknown = np.asarray(own == "unknown")
        hangs = np.zeros(len(todo), dtype=bool)
        if is_unknown.any():
            for code in range(len(own.categories)):
                other = categories(np.where(is_unknown, code, own.codes), list(own.categories))
                given = results(judged.lines, {**answers, name: other}, len(todo))
                hangs |= is_unknown & (given.codes != todo.codes)
        told[name] = hangs
    return told
