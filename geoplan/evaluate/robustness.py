"""How sure each verdict and each triage is: under other figures, averages, years and rule packs, and with errors drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import (
    NO,
    UNKNOWN,
    YES,
    Codes,
    Floats,
    Ints,
    categories,
    some,
    verdict_words,
)
from geoplan.evaluate._sureness import (
    BORDERLINE,
    ROBUST,
    SURENESS,
    UNKNOWN_DATA,
    Check,
    beside,
    told_of,
)
from geoplan.evaluate._texts import Case, percents, phrases, records, text_column
from geoplan.evaluate._triage_sureness import TRIAGE_COLUMNS, sureness_of_triage, triage_by
from geoplan.evaluate.curves import threshold_curve
from geoplan.evaluate.judgement import INPUTS, Judged, Judgement
from geoplan.evaluate.peers import AVERAGES
from geoplan.evaluate.trials import draw_trials
from geoplan.model.answers import Evaluation, Robustness
from geoplan.model.rulepack import Rules
from geoplan.words import LANGUAGES, Message, say

__all__ = ["SURENESS", "assess_robustness"]


def assess_robustness(
    evaluation: Evaluation,
    *,
    rules: Rules,
    rng: np.random.Generator,
    others: Mapping[str, Evaluation] | None = None,
) -> Robustness:
    """Tell for each assessed parcel how sure each of its verdicts is, and what to do with it.

    One thing is changed at a time: each input of the parcel's own figures up and down (the mean held), the average, the
    years asked, the handling of unknown years, the rule packs. Then all figures are drawn anew with the stated errors,
    the averages with them, and it is counted how often the parcel is flagged. *Robust*: no change gives another
    verdict and the trials agree; *borderline*: one does; *decided by unknown data*: the verdict is unknown, or an
    unknown answer could change the triage.

    Parameters
    ----------
    evaluation
        An answer of :func:`geoplan.evaluate.evaluate_park`.
    rules
        The rule packs it was made with, and the numbers ``robustness.*``.
    rng
        Where the trials draw from; the same seed gives the same answer.
    others
        The same park evaluated with other rule packs, by the name of these.

    Returns
    -------
    Robustness
        Layers ``robustness`` and ``triage_robustness`` (in the order of the parcels), and ``threshold_curve``.

    Raises
    ------
    ScenarioError
        No pack has the numbers ``robustness.*``, or one can mean nothing; all problems at once.
    ValueError
        The evaluation does not say how it was judged.

    References
    ----------
    Our own definition.
    """
    judged = evaluation.judged
    if not isinstance(judged, Judged):
        msg = "the evaluation does not say how it was judged: it must come from evaluate_park"
        raise ValueError(msg)  # noqa: TRY004  (the type is right, it lacks a part)
    if problems := _bad_numbers(rules):
        raise ScenarioError(problems)
    count = len(judged.area_m2)
    unknown = np.full(count, UNKNOWN, dtype=np.int8)
    base = {
        name: unknown if judgement is None else judgement.verdict()
        for name, judgement in judged.findings.items()
    }
    todo = triage_by(judged, base)
    checks = [
        *(
            Check(name=name, words=words, verdicts=told, triage=triage_by(judged, {**base, **told}))
            for name, words, told in _changes(judged, rules)
            if told
        ),
        *_other_packs(evaluation, others or {}),
    ]
    trials = draw_trials(
        judged, todo=todo, rules=rules, rng=rng, triage=lambda told: triage_by(judged, told)
    )
    certain = rules.value("robustness.certain_share")
    rows = np.flatnonzero(judged.is_assessed)
    ids = evaluation.parcels.index[rows].astype("str")
    tables = [
        _of_finding(name, verdict, judged.findings[name], checks, trials.flagged[name], certain)
        for name, verdict in base.items()
    ]
    return Robustness(
        parcels=_parcel_by_parcel(tables, rows, ids),
        triage=sureness_of_triage(judged, base, todo, checks, trials.same, certain)
        .take(rows)
        .reset_index(drop=True)
        .assign(parcel_id=ids)[["parcel_id", *TRIAGE_COLUMNS]],
        threshold_curve=threshold_curve(judged, rules=rules),
    )


#: The numbers it takes, and the most that each can be.
_NUMBERS: Mapping[str, float] = {
    "input_share": 1.0,
    "amount_error_share": 1.0,
    "area_error_share": 1.0,
    "floor_error_share": 1.0,
    "months_error_share": 1.0,
    "certain_share": 1.0,
    "trim_share": 0.5,
    "draws": 100_000.0,
}


def _bad_numbers(rules: Rules) -> list[Message]:
    names = {f"robustness.{name}": most for name, most in _NUMBERS.items()}
    told = {name: rules.value(name) for name in names if name in rules.numbers}
    return [
        *(say("robust.no_number", name=name) for name in names if name not in told),
        *(
            say("evaluate.number_beyond", name=name, value=f"{value:g}", most=f"{names[name]:g}")
            for name, value in told.items()
            if not 0 <= value <= names[name]
        ),
    ]


def _changes(judged: Judged, rules: Rules) -> Iterator[tuple[str, Message, dict[str, Codes]]]:
    """Each thing changed: its name, in words, and the verdicts of the findings it has a say in."""
    made = {name: item for name, item in judged.findings.items() if item is not None}
    share, trim = rules.value("robustness.input_share"), rules.value("robustness.trim_share")
    for used in INPUTS:
        having = {name: item for name, item in made.items() if used in item.inputs}
        for which, factor in (("lower", 1 - share), ("higher", 1 + share)):
            words = say(f"robust.check.{which}", input=say(f"robust.input.{used}"), share=share)
            told = {name: item.with_inputs({used: factor}) for name, item in having.items()}
            yield f"{which}_{used}", words, told
    for average in AVERAGES:
        told = {
            name: item.with_average(average, trim_share=trim)
            for name, item in made.items()
            if item.peers is not None and item.peers.how.average != average
        }
        yield average, say(f"robust.check.{average}"), told
    for name, step in (("fewer_years", -1.0), ("more_years", 1.0)):
        told = {
            finding: item.verdict(asked)
            for finding, item in made.items()
            if (asked := _years_asked(item, step))
        }
        yield name, say(f"robust.check.{name}"), told
    policy = {"bridge": "strict", "strict": "bridge"}
    told = {
        name: item.verdict({"unknown_years": policy[item.facts["unknown_years"]]})
        for name, item in made.items()
        if "unknown_years" in item.facts
    }
    yield "unknown_years", say("robust.check.unknown_years"), told


def _years_asked(judgement: Judgement, step: float) -> dict[str, float]:
    """The thresholds in years, one more or less; a year less than one is not asked."""
    asked = {name: value for name, value in judgement.limits.items() if name.endswith("_years")}
    return {name: value + step for name, value in asked.items() if value + step >= 1}


def _other_packs(evaluation: Evaluation, others: Mapping[str, Evaluation]) -> Iterator[Check]:
    ids = evaluation.parcels.index
    codes = {"yes": YES, "no": NO, "unknown": UNKNOWN}
    for name, other in others.items():
        table = other.findings.assign(code=other.findings["verdict"].map(codes))
        wide = table.pivot_table(index="parcel_id", columns="finding", values="code")
        wide = wide.reindex(ids).fillna(UNKNOWN).astype(np.int8)
        shared = [kind for kind in wide if kind in set(evaluation.findings["finding"])]
        todo = other.parcels["triage"].reindex(ids)
        yield Check(
            name=f"packs {name}",
            words=say("robust.check.packs", packs=name),
            verdicts={str(kind): wide[kind].to_numpy(dtype=np.int8) for kind in shared},
            triage=pd.Categorical(todo),
        )


def _of_finding(  # noqa: PLR0913, PLR0917  (what a row says, part by part)
    name: str,
    verdict: Codes,
    judgement: Judgement | None,
    checks: Sequence[Check],
    probability: Floats,
    certain: float,
) -> dict[str, Any]:
    """The columns of one finding, for all parcels."""
    count = len(verdict)
    having = [check for check in checks if name in check.verdicts]
    changed = beside([check.verdicts[name] != verdict for check in having], count)
    agrees = np.where(verdict == YES, probability >= certain, probability <= 1 - certain)
    sureness = np.where(
        verdict == UNKNOWN,
        UNKNOWN_DATA,
        np.where(some(changed) | ~agrees, BORDERLINE, ROBUST),
    )
    share = percents(probability)
    names, spoken = told_of(changed, having)
    reason = phrases(
        count,
        Case(sureness == ROBUST, "robust.holds", {"probability": share}),
        Case(sureness == UNKNOWN_DATA, "robust.unknown", {}),
        Case(some(changed), "robust.hangs", {"checks": spoken, "probability": share}),
        Case(np.ones(count, dtype=bool), "robust.trials", {"probability": share}),
    )
    margins = {} if judgement is None else dict(judgement.margins)
    limits = {} if judgement is None else judgement.limits
    years = [-margin for threshold, margin in margins.items() if threshold.endswith("_years")]
    return {
        "finding": pa.repeat(pa.scalar(name, pa.large_string()), count),
        "verdict": np.asarray(verdict_words(verdict)),
        "margins": records(margins, count)[LANGUAGES[0]],  # the same in all of them
        "margin_share": _nearest(margins, limits, count),
        "margin_years": years[0] if years else np.full(count, np.nan),
        "flagged_probability": probability,
        "changed_by": names,
        "sureness": np.asarray(categories(sureness, SURENESS)),
        "reason_en": reason["en"],
        "reason_zh": reason["zh"],
    }


def _nearest(margins: Mapping[str, Floats], limits: Mapping[str, float], count: int) -> Floats:
    """The smallest margin over its threshold (1 where that is a share of something); none of thresholds at 0."""
    nearest = np.full(count, np.nan)
    for name, margin in margins.items():
        if name.endswith("_years") or not (limit := limits.get(name, 1.0)):
            continue
        share = margin / limit
        closer = np.isnan(nearest) | (np.abs(share) < np.abs(nearest))
        nearest = np.where(closer & ~np.isnan(share), share, nearest)
    return nearest


def _parcel_by_parcel(
    tables: Sequence[Mapping[str, Any]], rows: Ints, ids: pd.Index
) -> pd.DataFrame:
    """Table ``robustness``: the findings of each assessed parcel, parcel by parcel."""
    count = len(tables)
    order = (np.arange(count) * len(rows) + np.arange(len(rows))[:, None]).ravel()
    columns: dict[str, object] = {"parcel_id": ids[np.repeat(np.arange(len(ids)), count)]}
    for name in tables[0]:
        parts = [table[name] for table in tables]
        if isinstance(parts[0], pa.Array):
            chosen = pa.concat_arrays([part.take(rows) for part in parts])
            columns[name] = text_column(chosen.take(order))
        else:
            column = np.concatenate([np.asarray(part)[rows] for part in parts])[order]
            columns[name] = pd.Series(column, dtype="str" if column.dtype == object else None)
    return pd.DataFrame(columns)
