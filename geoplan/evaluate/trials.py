"""Trials: all figures drawn anew with their stated errors, again and again, and every verdict judged again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import UNKNOWN, YES, Codes, Floats
from geoplan.evaluate.judgement import INPUTS, Judged
from geoplan.model.rulepack import Rules

__all__ = ["Trials", "draw_trials"]

#: The number that states the error of each input; what a contract asks for has none.
_ERROR_OF: Mapping[str, str] = {
    "amount": "robustness.amount_error_share",
    "tax": "robustness.amount_error_share",
    "assets": "robustness.amount_error_share",
    "area": "robustness.area_error_share",
    "floor": "robustness.floor_error_share",
    "footprint": "robustness.floor_error_share",
    "space": "robustness.floor_error_share",
    "months": "robustness.months_error_share",
    "building": "robustness.amount_error_share",
    "land": "robustness.amount_error_share",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """Part of the trials that flag each parcel, finding by finding, and that give it the same triage."""

    flagged: Mapping[str, Floats]
    same: Floats


def draw_trials(
    judged: Judged,
    *,
    todo: pd.Categorical,
    rules: Rules,
    rng: np.random.Generator,
    triage: Callable[[Mapping[str, Codes]], pd.Categorical],
) -> Trials:
    """Draw the figures, judge, and count. Errors are independent; an area errs by a factor, as it cannot be negative.

    An input has one error per parcel and trial, the same in all findings (an amount one per year); what is unknown
    stays so.

    Parameters
    ----------
    todo
        The triage as it stands.
    triage
        The triage of other verdicts.
    """
    count, draws = len(judged.area_m2), int(rules.value("robustness.draws"))
    made = {name: item for name, item in judged.findings.items() if item is not None}
    errors = {
        name: rules.value(_ERROR_OF[name])
        for name in INPUTS
        if name in _ERROR_OF and any(name in item.inputs for item in made.values())
    }
    years = max(
        (
            figure.value.shape[1]
            for item in made.values()
            for figure in item.figures.values()
            if figure.value.ndim > 1
        ),
        default=1,
    )
    verdicts = {
        name: np.full(count, UNKNOWN, dtype=np.int8) if item is None else item.verdict()
        for name, item in judged.findings.items()
    }
    moving = {name: item for name, item in made.items() if set(item.inputs) & set(errors)}
    flagged = {name: np.zeros(count) for name in verdicts}
    same = np.zeros(count)
    for _ in range(draws):
        factors = {
            name: _factor(
                rng.standard_normal((count, years) if name == "amount" else count), error, name
            )
            for name, error in errors.items()
        }
        verdicts |= {name: item.drawn(factors) for name, item in moving.items()}
        for name, verdict in verdicts.items():
            flagged[name] += verdict == YES
        same += triage(verdicts).codes == todo.codes
    most = max(draws, 1)
    return Trials(flagged={name: hits / most for name, hits in flagged.items()}, same=same / most)


def _factor(drawn: Floats, error: float, name: str) -> Floats:
    if name == "area":
        return np.asarray(np.exp(error * drawn))
    return np.maximum(1 + error * drawn, 0.0)
