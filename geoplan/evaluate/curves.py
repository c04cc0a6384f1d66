"""How the flagged land moves as each threshold moves, the others held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import UNKNOWN, YES
from geoplan.evaluate.judgement import Judged, Judgement
from geoplan.model.rulepack import Rules

__all__ = ["threshold_curve"]

#: Where a threshold is tried; it is always tried where it stands.
_TENTHS = tuple(tenth / 10 for tenth in range(11))
_SHARES_OF = tuple(tenth / 10 for tenth in range(1, 16))
_MONTHS = (0.0, 3.0, 6.0, 12.0, 18.0, 24.0, 36.0)
_TIMES = tuple(tenth / 10 for tenth in range(5, 16))
_LEAST_STEPS = 5

_COLUMNS = (
    "finding", "threshold", "value", "unit", "is_current", "flagged_area_m2", "flagged_count",
    "unknown_area_m2", "unknown_count",
)  # fmt: skip


def threshold_curve(judged: Judged, *, rules: Rules) -> pd.DataFrame:
    """Layer ``threshold_curve``: every threshold of every finding, in the order of the findings.

    Parameters
    ----------
    rules
        For the units of the thresholds.
    """
    area_m2 = np.nan_to_num(judged.area_m2)[judged.is_assessed]
    rows: list[tuple[object, ...]] = []
    made = {name: item for name, item in judged.findings.items() if item is not None}
    for finding, judgement in made.items():
        for name, current, value in _places(judgement):
            verdict = judgement.verdict({name: value})[judged.is_assessed]
            yes, unknown = verdict == YES, verdict == UNKNOWN
            rows.append(
                (
                    finding,
                    name,
                    value,
                    rules.number(name).unit if name in rules.numbers else "1",
                    value == current,
                    float(area_m2[yes].sum()),
                    int(yes.sum()),
                    float(area_m2[unknown].sum()),
                    int(unknown.sum()),
                )
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"is_current": "boolean"})


def _places(judgement: Judgement) -> Iterator[tuple[str, float, float]]:
    """Each threshold, where it stands, and each place where it is tried."""
    for name, current in judgement.limits.items():
        for value in sorted({float(current), *_tried(name, current, judgement)}):
            yield name, current, value


def _tried(name: str, current: float, judgement: Judgement) -> tuple[float, ...]:
    last = name.rpartition(".")[2]
    if last.endswith(("_years", "_digits")):
        known = [
            figure.value.shape[1] for figure in judgement.figures.values() if figure.value.ndim > 1
        ]
        most = max(known, default=max(_LEAST_STEPS, int(current) + 1))
        return tuple(float(step) for step in range(1, most + 1))
    if last.endswith("_months"):
        return _MONTHS
    if "share_of" in last:
        return _SHARES_OF
    if last.endswith("_share"):
        return _TENTHS
    return tuple(current * times for times in _TIMES)
