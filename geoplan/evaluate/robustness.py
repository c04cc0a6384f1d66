"""How sure a verdict below the mean is: under other figures, averages and years, and as thresholds move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.evaluate._arrays import (
    NO,
    UNKNOWN,
    YES,
    Bools,
    Codes,
    Floats,
    Ints,
    categories,
    floats_of,
    verdict_words,
)
from geoplan.evaluate._texts import Case, Texts, percents, phrases, text_column
from geoplan.evaluate.peers import peer_average
from geoplan.evaluate.runs import UnknownYears, below, runs_of
from geoplan.model.answers import Evaluation, Robustness
from geoplan.model.rulepack import Rules
from geoplan.words import LANGUAGES, join, say

__all__ = ["SURENESS", "assess_robustness"]

#: How sure a verdict can be.
SURENESS = ("robust", "borderline", "unknown_data")
_SHARES_OF_MEAN = tuple(tenth / 10 for tenth in range(5, 16))
_MONTHS = (3, 6, 12, 18, 24, 36)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """What the test below the mean was made of: parcel x year, and what was asked."""

    ids: pd.Index
    per_m2: Floats
    mean_per_m2: Floats
    area_m2: Floats
    group: NDArray[np.intp]
    min_years: int
    unknown_years: UnknownYears

    def verdict(
        self,
        per_m2: Floats | None = None,
        mean_per_m2: Floats | None = None,
        *,
        min_years: int | None = None,
        unknown_years: UnknownYears | None = None,
    ) -> Codes:
        """The verdict with one thing changed."""
        own = self.per_m2 if per_m2 is None else per_m2
        mean = self.mean_per_m2 if mean_per_m2 is None else mean_per_m2
        return runs_of(
            below(own, mean),
            min_years=self.min_years if min_years is None else min_years,
            unknown_years=unknown_years or self.unknown_years,
        ).verdict


def assess_robustness(
    evaluation: Evaluation,
    *,
    rules: Rules,
    rng: np.random.Generator,
    unknown_years: UnknownYears = "bridge",
) -> Robustness:
    """Tell for each assessed parcel how sure its verdict below the mean is.

    One thing is changed at a time: the parcel's own figures up and down (the mean held), the average, the years asked,
    the handling of unknown years. Then figures and areas of all parcels are drawn anew with the stated errors, the
    area-weighted mean with them, and it is counted how often the parcel is flagged. *Robust*: no change gives another
    verdict and the trials agree; *borderline*: one does; *decided by unknown data*: the verdict is unknown.

    Parameters
    ----------
    evaluation
        An answer of :func:`geoplan.evaluate.evaluate_park`; reads ``yearly``, ``averages`` and ``parcels``.
    rules
        ``below_mean.min_years`` and the numbers ``robustness.*``.
    rng
        Where the trials draw from; the same seed gives the same answer.
    unknown_years
        As the evaluation was asked.

    Returns
    -------
    Robustness
        Layers ``robustness`` (in the order of the parcels) and ``threshold_curve``.

    References
    ----------
    Our own definition.
    """
    case = _case(evaluation, rules, unknown_years)
    base = case.verdict()
    changed = {name: other != base for name, other in _others(case, rules).items()}
    probability = _flagged_share(case, rules, rng)
    certain = rules.value("robustness.certain_share")
    agrees = np.where(base == YES, probability >= certain, probability <= 1 - certain)
    any_changed = np.logical_or.reduce(list(changed.values()))
    sureness = np.where(base == UNKNOWN, 2, np.where(any_changed | ~agrees, 1, 0))
    runs = runs_of(
        below(case.per_m2, case.mean_per_m2),
        min_years=case.min_years,
        unknown_years=case.unknown_years,
    )
    reason = _reason(sureness, changed, probability)
    table = pd.DataFrame(
        {
            "parcel_id": case.ids.astype("str"),
            "finding": pd.Series("below_mean", index=range(len(base)), dtype="str"),
            "verdict": verdict_words(base).astype("str"),
            "margin_share": _last_known(case.per_m2 / case.mean_per_m2 - 1),
            "margin_years": pd.array(runs.current - case.min_years, dtype="Int64"),
            "flagged_probability": probability,
            "changed_by": _names(changed, len(base)),
            "sureness": categories(sureness, SURENESS).astype("str"),
            **{f"reason_{language}": text_column(reason[language]) for language in LANGUAGES},
        }
    )
    return Robustness(parcels=table, threshold_curve=_curve(case, evaluation))


def _case(evaluation: Evaluation, rules: Rules, unknown_years: UnknownYears) -> _Case:
    yearly = evaluation.yearly
    years = max(yearly["year"].nunique(), 1)
    ids = pd.Index(yearly["parcel_id"].to_numpy()[::years])
    land = pd.DataFrame(evaluation.parcels).loc[ids]
    groups = pd.Index(evaluation.averages["group"].unique())
    if groups.tolist() == ["park"]:
        group = np.zeros(len(ids), dtype=np.intp)
    else:
        zones = land["zone"] if "zone" in land else pd.Series(index=ids, dtype="str")
        group = groups.get_indexer(pd.Index(zones))
    area = land["area_m2"].to_numpy(dtype=np.float64)
    grid = (len(ids), years)
    return _Case(
        ids=ids,
        per_m2=yearly["amount_per_m2"].to_numpy(dtype=np.float64).reshape(grid),
        mean_per_m2=yearly["mean_amount_per_m2"].to_numpy(dtype=np.float64).reshape(grid),
        area_m2=np.where(area > 0, area, np.nan),
        group=group,
        min_years=int(rules.value("below_mean.min_years")),
        unknown_years=unknown_years,
    )


def _others(case: _Case, rules: Rules) -> Mapping[str, Codes]:
    """Verdicts with one thing changed, by the name of the change."""
    share, trim = rules.value("robustness.input_share"), rules.value("robustness.trim_share")
    others = {
        "lower_input": case.verdict(case.per_m2 * (1 - share)),
        "higher_input": case.verdict(case.per_m2 * (1 + share)),
    }
    for average in ("mean_of_ratios", "median", "trimmed", "leave_one_out"):
        mean = peer_average(
            case.per_m2,
            area_m2=case.area_m2,
            group=case.group,
            average=average,
            trim_share=trim,
        )
        others[average] = case.verdict(mean_per_m2=mean)
    if case.min_years > 1:
        others["fewer_years"] = case.verdict(min_years=case.min_years - 1)
    others["more_years"] = case.verdict(min_years=case.min_years + 1)
    policy: UnknownYears = "strict" if case.unknown_years == "bridge" else "bridge"
    others["unknown_years"] = case.verdict(unknown_years=policy)
    return others


def _flagged_share(case: _Case, rules: Rules, rng: np.random.Generator) -> Floats:
    """Part of the trials that flag each parcel; figures that are unknown stay so."""
    amount_error = rules.value("robustness.amount_error_share")
    area_error = rules.value("robustness.area_error_share")
    draws = int(rules.value("robustness.draws"))
    amount = case.per_m2 * case.area_m2[:, None]
    flagged = np.zeros(len(amount))
    for _ in range(draws):
        area = case.area_m2 * np.exp(area_error * rng.standard_normal(len(amount)))
        drawn = amount * (1 + amount_error * rng.standard_normal(amount.shape)) / area[:, None]
        mean = peer_average(drawn, area_m2=area, group=case.group, average="area_weighted")
        flagged += case.verdict(drawn, mean) == YES
    return flagged / max(draws, 1)


def _last_known(values: Floats) -> Floats:
    """The last known figure of each row."""
    return pd.DataFrame(values).ffill(axis=1).iloc[:, -1].to_numpy(dtype=np.float64)


def _reason(sureness: Ints, changed: Mapping[str, Bools], probability: Floats) -> Texts:
    share = percents(probability)
    names = list(changed)
    code = np.column_stack(list(changed.values())) @ (1 << np.arange(len(names)))
    hanging = []
    for pattern in np.unique(code[(sureness == 1) & (code > 0)]).tolist():
        told = [say(f"robust.check.{name}") for bit, name in enumerate(names) if pattern >> bit & 1]
        fields = {"checks": join(told, "common.enumeration"), "probability": share}
        hanging.append(Case((sureness == 1) & (code == pattern), "robust.hangs", fields))
    return phrases(
        len(sureness),
        Case(sureness == 0, "robust.holds", {"probability": share}),
        Case(sureness == 2, "robust.unknown", {}),  # noqa: PLR2004  (position in SURENESS)
        *hanging,
        Case(np.ones(len(sureness), dtype=bool), "robust.trials", {"probability": share}),
    )


def _names(changed: Mapping[str, Bools], count: int) -> pd.Series[str]:
    """The changes that give another verdict, by name."""
    lists = ["; ".join(name for name, rows in changed.items() if rows[row]) for row in range(count)]
    return pd.Series(lists, dtype="str")


def _curve(case: _Case, evaluation: Evaluation) -> pd.DataFrame:
    """Layer ``threshold_curve``: the flagged land as one threshold moves, the others held."""
    area = np.nan_to_num(case.area_m2)
    rows: list[tuple[str, float, str, Codes]] = [
        ("share_of_mean", share, "1", case.verdict(mean_per_m2=case.mean_per_m2 * share))
        for share in _SHARES_OF_MEAN
    ]
    rows += [
        ("min_years", years, "a", case.verdict(min_years=years))
        for years in range(1, case.per_m2.shape[1] + 1)
    ]
    land = pd.DataFrame(evaluation.parcels).loc[case.ids]
    months, vacant = floats_of(land, "vacancy_months"), land["vacant"].to_numpy(dtype=object)
    if (months >= 0).any():
        told = np.where(vacant == "yes", YES, np.where(vacant == "no", NO, UNKNOWN))
        rows += [
            ("vacancy_months", asked, "months",
             np.where(months > 0, np.where(months >= asked, YES, NO), told).astype(np.int8))
            for asked in _MONTHS
        ]  # fmt: skip
    return pd.DataFrame(
        [
            (name, float(value), unit,
             float(area[told == YES].sum()), int((told == YES).sum()),
             float(area[told == UNKNOWN].sum()), int((told == UNKNOWN).sum()))
            for name, value, unit, told in rows
        ],
        columns=["threshold", "value", "unit", "flagged_area_m2", "flagged_count",
                 "unknown_area_m2", "unknown_count"],
    )  # fmt: skip
