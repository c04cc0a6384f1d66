"""Years in a row: which parcels stay below an average, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geoplan.evaluate._arrays import NO, UNKNOWN, YES, Bools, Codes, Floats, Ints

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
    reach
        Years that the current run reaches back, unknown ones among them.
    year_count
        Years there are.
    """

    verdict: Codes
    current: Ints
    longest: Ints
    reach: Ints
    year_count: int

    @property
    def is_in_run(self) -> Bools:
        """Parcel x year: the years of the current run, unknown ones among them."""
        return np.arange(self.year_count) >= self.year_count - self.reach[:, None]

    @property
    def begins_early(self) -> Bools:
        """Whether the run reaches back to where the figures begin."""
        return np.asarray(self.reach == self.year_count)


def below(per_m2: Floats, mean_per_m2: Floats) -> Codes:
    """Strictly below is yes (1), just reaching is no (0), either unknown is unknown (-1).

    Examples
    --------
    >>> below(np.array([4.9, 5.0, np.nan]), np.array([5.0, 5.0, 5.0])).tolist()
    [1, 0, -1]
    """
    short = mean_per_m2 - per_m2
    yes = short > _ROUNDING_SHARE * np.abs(mean_per_m2)
    return yes.view(np.int8) - np.isnan(short).view(np.int8)  # YES, NO and UNKNOWN are 1, 0 and -1


def runs_of(is_below: Codes, *, min_years: int, unknown_years: UnknownYears) -> Runs:
    """Judge the runs of each parcel.

    The run reaches back from the last year to the first year known not to be below. ``bridge``: an unknown year in
    it neither counts nor breaks it. ``strict``: only known years next to each other count. Either way the verdict is
    *unknown* where unknown years (also those before the figures begin) could fill the run up, *no* where they could
    not.

    Parameters
    ----------
    is_below
        Parcel x year: 1 below, 0 not below, -1 unknown; quickest where the parcels of a year stand together in memory.

    Examples
    --------
    >>> history = np.array([[1, 1, -1, 1], [0, 1, -1, 1], [1, 1, 0, 1]], dtype=np.int8)
    >>> runs_of(history, min_years=3, unknown_years="bridge").verdict.tolist()
    [1, -1, 0]
    >>> runs_of(history, min_years=3, unknown_years="strict").verdict.tolist()
    [-1, -1, 0]
    """
    count, year_count = is_below.shape
    current, longest, reach = np.zeros((3, count), dtype=np.int16)
    for year in is_below.T:  # years are few, parcels many
        holds = year != NO
        reach = (reach + 1) * holds
        current = (current + (year == YES)) * (holds if unknown_years == "bridge" else year == YES)
        np.maximum(longest, current, out=longest)
    could_be = (reach == year_count) | (reach >= min_years)
    verdict = np.where(current >= min_years, YES, np.where(could_be, UNKNOWN, NO))
    return Runs(
        verdict=verdict.astype(np.int8),
        current=current.astype(np.int64),
        longest=longest.astype(np.int64),
        reach=reach.astype(np.int64),
        year_count=year_count,
    )
