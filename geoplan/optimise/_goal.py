"""When an answer is good enough, and how far a bound may be trusted after rounding: the same in every search for a least cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["WHOLE", "Goal", "are_whole"]

#: Where all costs are whole, a bound so little above a whole number is not taken for more than it.
WHOLE = 1e-4
#: Rounding may have added this share to a bound.
_ROUNDING = 1e-12


def are_whole(costs: NDArray[np.float64]) -> bool:
    """Whether all costs are whole numbers, so that every answer costs a whole number."""
    return bool(np.all(costs == np.round(costs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a search for the least cost aims at.

    Examples
    --------
    >>> whole = Goal(is_whole=True, relative_gap=1e-9)
    >>> whole.of(10.0), whole.past(10.0), whole.safe(8.2)
    (9.0001, 10.0, 9.0)
    """

    is_whole: bool
    relative_gap: float

    def of(self, cost: float) -> float:
        """An answer above this is of no more interest once one of this cost is known."""
        close = cost * (1 - self.relative_gap)
        return min(close, cost - 1 + WHOLE) if self.is_whole else close

    def past(self, cost: float) -> float:
        """No answer above the goal can cost less than this."""
        goal = self.of(cost)
        return float(np.floor(goal)) + 1 if self.is_whole else goal

    def safe(self, bound: float) -> float:
        """The bound: up to the next whole cost, or down by what rounding may have added."""
        return float(np.ceil(bound - WHOLE)) if self.is_whole else bound - _ROUNDING * abs(bound)

    @property
    def absolute_gap(self) -> float:
        """Answers that differ by no more than this are equally good."""
        return 1 - WHOLE if self.is_whole else 0.0
