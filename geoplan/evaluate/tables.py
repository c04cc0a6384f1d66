"""The tables that the evaluation hands back: columns of the parcels, and one row per test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import (
    NO,
    UNKNOWN,
    YES,
    Bools,
    Floats,
    Ints,
    categories,
    verdict_words,
)
from geoplan.evaluate._texts import (
    Case,
    Found,
    Texts,
    joined,
    phrases,
    records,
    stacked,
    text_column,
)
from geoplan.evaluate.better import next_better
from geoplan.evaluate.land import Land
from geoplan.evaluate.shortfall import History
from geoplan.evaluate.triage import TriageLine, decide
from geoplan.words import LANGUAGES

__all__ = ["FINDINGS", "RULE_OF", "finding_table", "parcel_columns", "yearly_table"]

#: The number of the rule packs that each test rests on, in the order in which tests are told.
RULE_OF: Mapping[str, str] = {
    "below_mean": "below_mean.min_years",
    "non_industrial_lease": "non_industrial_lease.min_share",
    "vacant": "vacant.min_months",
}
#: The tests.
FINDINGS = tuple(RULE_OF)


def parcel_columns(  # noqa: PLR0913  (every part is named)
    land: Land,
    *,
    found: Mapping[str, Found],
    history: History | None,
    lines: Sequence[TriageLine],
    how_run: pd.Categorical,
    help_of: Callable[[Bools], Texts],
) -> dict[str, object]:
    """The columns of ``parcels`` that the schema marks ``evaluate``."""
    told = {name: verdict_words(test.verdict) for name, test in found.items()}
    answers = told | {
        "has_building": verdict_words(land.has_building),
        "public": verdict_words(land.is_public),
        "operating": how_run,
    }
    result, decided = decide(lines, answers, only=land.is_assessed)
    reason = joined(_reason(land, found, decided), help_of(result == "assist"))
    better = next_better(lines, answers, found=found, only=land.is_assessed)
    assessed = land.is_assessed
    flagged = np.sum([test.verdict == YES for test in found.values()], axis=0)
    return {
        "area_m2": np.nan_to_num(land.area_m2),
        "existing_floor_area_m2": land.floor_area_m2,
        "is_assessed": pd.array(assessed, dtype="boolean"),
        **_history_columns(history, assessed),
        **{name: _where(assessed, told[name]) for name in FINDINGS},
        "finding_count": _counts(assessed, flagged),
        "triage": _where(assessed, result),
        **{f"reason_{language}": text_column(reason[language]) for language in LANGUAGES},
        **{f"triage_next_{language}": text_column(better[language]) for language in LANGUAGES},
    }


def finding_table(
    ids: pd.Index, *, is_assessed: Bools, found: Mapping[str, Found], rules: Mapping[str, str]
) -> pd.DataFrame:
    """Layer ``findings``: the tests of each assessed parcel, parcel by parcel."""
    rows = np.flatnonzero(is_assessed)
    count = len(is_assessed)
    # test by test below each other; the order picks them parcel by parcel
    order = (rows[:, None] + count * np.arange(len(found))).ravel()
    tests = list(found.values())
    verdict = verdict_words(np.concatenate([test.verdict for test in tests])[order])
    reason = stacked(*(test.reason for test in tests)).take(order)
    evidence = stacked(*(records(test.evidence, count) for test in tests)).take(order)
    return pd.DataFrame(
        {
            "parcel_id": ids[np.repeat(rows, len(found))].astype("str"),
            "finding": _tiled(tuple(found), len(rows)),
            "verdict": _words(verdict),
            **{f"reason_{language}": text_column(reason[language]) for language in LANGUAGES},
            "rule": _tiled(tuple(rules[name] for name in found), len(rows)),
            "evidence": text_column(evidence[LANGUAGES[0]]),  # the same in all of them
            "margin": np.concatenate([_margin(test, count) for test in tests])[order],
        }
    )


def _margin(test: Found, count: int) -> Floats:
    return np.full(count, np.nan) if test.margin is None else test.margin


def yearly_table(ids: pd.Index, *, is_assessed: Bools, history: History | None) -> pd.DataFrame:
    """Layer ``yearly``: each assessed parcel in each year beside its average; empty where no measure could be read."""
    rows = np.flatnonzero(is_assessed)[: None if history is not None else 0]
    years = np.arange(0) if history is None else history.measured.years
    empty = np.full((0, 0), np.nan)
    verdict = verdict_words(
        np.zeros(0, dtype=np.int8) if history is None else history.is_below[rows].ravel()
    )
    return pd.DataFrame(
        {
            "parcel_id": ids[np.repeat(rows, len(years))].astype("str"),
            "year": pd.array(np.tile(years, len(rows)), dtype="Int64"),
            "amount_per_m2": (empty if history is None else history.per_m2[rows]).ravel(),
            "mean_amount_per_m2": (empty if history is None else history.mean_per_m2[rows]).ravel(),
            "verdict": _words(verdict),
            "group": _groups(history, rows, len(years)),
        }
    )


def _groups(history: History | None, rows: Ints, years: int) -> pd.api.extensions.ExtensionArray:
    """Whose average counts, missing where it is nobody's."""
    names = () if history is None else history.groups.names
    code = np.zeros(0, dtype=np.intp) if history is None else history.groups.code[rows]
    return pd.array(names, dtype="str").take(np.repeat(code, years), allow_fill=True)


def _history_columns(history: History | None, assessed: Bools) -> dict[str, object]:
    """The measure of the last year, and runs of years where at least one year is known."""
    count = len(assessed)
    if history is None:
        zero = np.zeros(count, dtype=np.int64)
        per_m2, known, current, longest = np.full(count, np.nan), assessed & False, zero, zero
    else:
        per_m2 = history.per_m2[:, -1]
        known = assessed & (history.is_below != UNKNOWN).any(axis=1)
        current, longest = history.runs.current, history.runs.longest
    return {
        "measure_amount_per_m2": per_m2,
        "below_mean_run_years": _counts(known, current),
        "below_mean_longest_years": _counts(known, longest),
    }


def _reason(land: Land, found: Mapping[str, Found], decided: Texts) -> Texts:
    """Which line decided, why a test says yes, and why one is unknown - not of vacant land, where it is plain.

    A test that could not be made for the whole park is told once, in ``left_out``.
    """
    count = len(land)
    made = [name for name, test in found.items() if test.is_made]
    is_vacant = found["vacant"].verdict == YES
    parts = [decided]
    for name in made:
        verdict, reason = found[name].verdict, {"reason": found[name].reason}
        if name not in FINDINGS:  # of the many others only what was found
            parts.append(phrases(count, Case(verdict == YES, "evaluate.tail_of", reason)))
            continue
        parts.append(
            phrases(
                count,
                Case(verdict == YES, f"evaluate.summary.{name}.yes", reason),
                Case((verdict == UNKNOWN) & ~is_vacant, f"evaluate.summary.{name}.unknown", reason),
                only=land.is_assessed,
            )
        )
    passes = np.logical_and.reduce([found[name].verdict == NO for name in made])
    parts.append(phrases(count, Case(passes, "evaluate.summary.passes", {"count": len(made)})))
    return phrases(
        count,
        Case(land.is_assessed, "common.joined", {"parts": joined(*parts)}),
        Case(land.is_use_unknown, "evaluate.summary.use_unknown", {}),
    )


def _tiled(names: tuple[str, ...], times: int) -> pd.Series[str]:
    return pd.Series(pd.array(names, dtype="str").take(np.tile(np.arange(len(names)), times)))


def _where(rows: Bools, words: pd.Categorical) -> pd.api.extensions.ExtensionArray:
    """The words on some rows, missing on the others."""
    return _words(categories(np.where(rows, words.codes, -1), list(words.categories)))


def _words(words: pd.Categorical) -> pd.api.extensions.ExtensionArray:
    return pd.array(list(words.categories), dtype="str").take(words.codes, allow_fill=True)


def _counts(rows: Bools, values: Ints) -> pd.api.extensions.ExtensionArray:
    return pd.arrays.IntegerArray(values.astype(np.int64), mask=~rows)
