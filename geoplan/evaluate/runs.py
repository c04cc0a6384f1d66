"""Years in a row: which parcels stay below an average, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geoplan.evaluate._arrays import NO, UNKNOWN, YES, Bools, Codes, Floats, Ints, every

__all__ = ["UNKNOWN_YEARS", "Runs", "UnknownYears", "below", "runs_of"]

UnknownYears = Literal["bridge", "strict"]
UNKNOWN_YEARS: tuple[UnknownYears, ...] = ("bridge", "strict")

#: Differences smaller than this part of the average are rounding of sums, not a shortfall.
_ROUNDING_SHARE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Runs of years below the average.

    Attributes
    ----------
    verdict
        1 yes, 0 no, -1 unknown: below for as many years in a row as asked, up to the last year.
    current, longest
        Years known to be below in the run that reaches the last year, and in the longest run.
    is_in_run
        Parcel x year: the years of the current run, unknown ones among them.
    begins_early
        Whether the run reaches back to where the figures begin.
    """

    verdict: Codes
    current: Ints
    longest: Ints
    is_in_run: Bools
    begins_early: Bools


def below(per_m2: Floats, mean_per_m2: Floats) -> Codes:
    """Strictly below is yes (1), just reaching is no (0), either unknown is unknown (-1).

    Examples
    --------
    >>> below(np.array([4.9, 5.0, np.nan]), np.array([5.0, 5.0, 5.0])).tolist()
    [1, 0, -1]
    """
    short = mean_per_m2 - per_m2
    verdict = np.where(short > _ROUNDING_SHARE * np.abs(mean_per_m2), YES, NO)
    return np.where(np.isnan(short), UNKNOWN, verdict).astype(np.int8)


def runs_of(is_below: Codes, *, min_years: int, unknown_years: UnknownYears) -> Runs:
    """Judge the runs of each parcel.

    The run reaches back from the last year to the first year known not to be below. ``bridge``: an unknown year in
    it neither counts nor breaks it. ``strict``: only known years next to each other count. Either way the verdict is
    *unknown* where unknown years (also those before the figures begin) could fill the run up, *no* where they could
    not.

    Parameters
    ----------
    is_below
        Parcel x year: 1 below, 0 not below, -1 unknown.

    Examples
    --------
    >>> history = np.array([[1, 1, -1, 1], [0, 1, -1, 1], [1, 1, 0, 1]], dtype=np.int8)
    >>> runs_of(history, min_years=3, unknown_years="bridge").verdict.tolist()
    [1, -1, 0]
    >>> runs_of(history, min_years=3, unknown_years="strict").verdict.tolist()
    [-1, -1, 0]
    """
    is_in_run = np.logical_and.accumulate(is_below[:, ::-1] != NO, axis=1)[:, ::-1]
    counted = is_in_run & (is_below == YES)
    if unknown_years == "strict":
        counted = np.logical_and.accumulate(counted[:, ::-1], axis=1)[:, ::-1]
    current = counted.sum(axis=1)
    begins_early = every(is_in_run)
    could_be = begins_early | (is_in_run.sum(axis=1) >= min_years)
    verdict = np.where(current >= min_years, YES, np.where(could_be, UNKNOWN, NO))
    return Runs(
        verdict=verdict.astype(np.int8),
        current=current,
        longest=_longest(is_below, unknown_years),
        is_in_run=is_in_run,
        begins_early=begins_early,
    )


def _longest(is_below: Codes, unknown_years: UnknownYears) -> Ints:
    breaks = (NO,) if unknown_years == "bridge" else (NO, UNKNOWN)
    running = np.zeros(len(is_below), dtype=np.int64)
    longest = running
    for year in is_below.T:
        running = np.where(np.isin(year, breaks), 0, running + (year == YES))
        longest = np.maximum(longest, running)
    return longest
