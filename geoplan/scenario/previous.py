"""What changed since last time: the verdicts and triage answers that are not what they were, and why.

Why is found out by trial. The land is judged again with one thing put back as it was - the corrections, the figures, the
links of firms and parcels, the new year, the numbers of the rules - and what alone brings the old answer back is a cause.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from geoplan.errors import InputError
from geoplan.evaluate.compare import answers_of
from geoplan.io import read_layer, read_park
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import columns_of
from geoplan.scenario._put_back import Previous, Trials
from geoplan.words import LANGUAGES, join, say

__all__ = ["Previous", "read_previous", "rule_table", "verdict_changes"]

Judge = Callable[[Park, Rules], Evaluation]


def rule_table(rules: Rules) -> pd.DataFrame:
    """The numbers that count, as layer ``rule_numbers``."""
    names = list(columns_of("rule_numbers"))
    rows = [(n.name, n.value, n.unit, n.standing, n.source, n.pack) for n in rules.numbers.values()]
    return pd.DataFrame(rows, columns=names)


def read_previous(path: Path) -> Previous:
    """Read last time's result.

    Raises
    ------
    InputError
        The file cannot be read, or holds no findings.
    """
    headline = say("previous.headline", name=path.name)
    try:
        park = read_park(path)
        findings, parcels = (read_layer(path, name) for name in ("findings", "parcels"))
        numbers, corrections = (
            read_layer(path, name, if_missing=pd.DataFrame(columns=list(columns_of(name))))
            for name in ("rule_numbers", "corrections")
        )
    except InputError as error:
        raise InputError([*error.problems, say("previous.what")], headline=headline) from error
    if "triage" not in parcels:
        raise InputError([say("previous.what")], headline=headline)
    return Previous(
        park=park,
        answers=answers_of(findings, parcels.set_index("parcel_id")),
        numbers=dict(zip(numbers["rule"].astype(str), numbers["value"].astype(float), strict=True)),
        corrections=corrections,
    )


def verdict_changes(  # noqa: PLR0913  (every part is named)
    previous: Previous,
    park: Park,
    evaluation: Evaluation,
    *,
    as_read: Park,
    rules: Rules,
    judge: Judge,
) -> pd.DataFrame:
    """List what is said of the land otherwise than last time, with why.

    Parameters
    ----------
    previous
        Last time's result.
    park, evaluation, rules
        What was judged now, the answer, and the rules.
    as_read
        The park before corrections.
    judge
        Judges a park by rules, in the way of the scenario.

    Returns
    -------
    DataFrame
        Layer ``verdict_changes``, by parcel and finding. ``causes`` names what alone, put back as it was, would bring the
        old answer back: ``correction``, ``figures``, ``link``, ``new_year``, ``rules``; or ``new_parcel``,
        ``gone_parcel``, ``new_test``, ``gone_test``; or ``together`` where no single one does.
    """
    now = answers_of(evaluation.findings, evaluation.parcels)
    both = pd.DataFrame({"before": previous.answers, "after": now})
    changed = both[both["before"].fillna("") != both["after"].fillna("")].sort_index()
    if changed.empty:
        return pd.DataFrame(
            {name: pd.Series(dtype="str") for name in columns_of("verdict_changes")}
        )
    trials = Trials(previous, park, as_read, rules)
    answers = {
        cause: answers_of(told.findings, told.parcels)
        for cause, (other, others_rules) in trials.put_back().items()
        for told in [judge(other, others_rules)]
    }
    rows = []
    for parcel, finding, before, after in changed.reset_index().itertuples(index=False):
        old = None if pd.isna(before) else before
        causes = _not_in_both(previous, park, now, (parcel, finding)) or [
            name for name, told in answers.items() if told.get((parcel, finding)) == old
        ]
        causes = causes or ["together"]
        why = join([trials.told(cause, str(parcel), str(finding)) for cause in causes])
        told = [why.text(language) for language in LANGUAGES]
        rows.append((parcel, finding, before, after, "; ".join(causes), *told))
    table = pd.DataFrame(rows, columns=list(columns_of("verdict_changes")))
    return table.astype("str").where(table.notna())


def _not_in_both(previous: Previous, park: Park, now: pd.Series, key: tuple[str, str]) -> list[str]:
    """Of a parcel or test that only one of the two has, that."""
    parcel, finding = key
    tests = [answers.index.get_level_values("finding") for answers in (previous.answers, now)]
    cases = {
        "new_parcel": parcel not in previous.park.parcels.index,
        "gone_parcel": parcel not in park.parcels.index,
        "new_test": finding not in tests[0],
        "gone_test": finding not in tests[1],
    }
    return [name for name, holds in cases.items() if holds][:1]
