"""Small pieces that indicators are made of."""

from __future__ import annotations

import pandas as pd

from geoplan.model.answers import Indicator
from geoplan.words import Message, say

__all__ = ["known_sum", "no_plan"]


def no_plan(name: str, unit: str) -> Indicator:
    """An indicator that needs a plan where there is none."""
    return Indicator(name=name, value=None, unit=unit, note=say("indicator_note.no_plan"))


def known_sum(
    name: str, values: pd.Series[float], unit: str, *, note: Message | None = None
) -> Indicator:
    """Sum of what is known; on how many parcels it is not known is said, and if it is on all, there is no value."""
    unknown = int(values.isna().sum())
    if unknown and unknown == len(values):
        return Indicator(name=name, value=None, unit=unit, note=say("indicator_note.nowhere_known"))
    if unknown:
        note = say("indicator_note.partly_known", unknown=unknown, count=len(values))
    return Indicator(name=name, value=float(values.sum()), unit=unit, note=note)
