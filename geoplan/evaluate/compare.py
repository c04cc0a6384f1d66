"""Two evaluations of the same land, side by side: which verdicts changed, and why."""

from __future__ import annotations

import pandas as pd

from geoplan.model.answers import Evaluation

__all__ = ["answers_of", "compare_evaluations"]

_KEYS = ["parcel_id", "finding"]


def compare_evaluations(before: Evaluation, after: Evaluation) -> pd.DataFrame:
    """List the verdicts that changed, parcel by parcel in the order of their ids, with the new reason.

    A test that only one of the two made has no verdict in the other.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``finding``, ``verdict_before``, ``verdict_after``, ``reason_en``, ``reason_zh``; the reason is
        the later one, or the earlier where the test is no longer made.
    """
    wanted = [*_KEYS, "verdict", "reason_en", "reason_zh"]
    both = before.findings[wanted].merge(
        after.findings[wanted], on=_KEYS, how="outer", suffixes=("_before", "_after"), sort=True
    )
    changed = both[both["verdict_before"].fillna("") != both["verdict_after"].fillna("")]
    reasons = {
        name: changed[f"{name}_after"].fillna(changed[f"{name}_before"])
        for name in ("reason_en", "reason_zh")
    }
    told = changed[[*_KEYS, "verdict_before", "verdict_after"]].assign(**reasons)
    return told.reset_index(drop=True)


def answers_of(findings: pd.DataFrame, parcels: pd.DataFrame) -> pd.Series:
    """All that was said of the parcels: verdict by parcel and finding, and the triage as a finding called ``triage``.

    Parameters
    ----------
    findings
        Layer ``findings``.
    parcels
        Index ``parcel_id``, with ``triage``.

    Returns
    -------
    Series
        Text, index ``parcel_id`` and ``finding``; a parcel that is not assessed has no rows.
    """
    tests = findings[[*_KEYS, "verdict"]].astype(object)
    triage = parcels["triage"].astype(object).dropna()
    results = pd.DataFrame(
        {"parcel_id": triage.index.astype(object), "finding": "triage", "verdict": triage.array}
    )
    every = pd.concat([tests, results], ignore_index=True)
    return every.set_index(_KEYS)["verdict"]
