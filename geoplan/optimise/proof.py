"""How good an answer is, and how good any answer could be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["Proof", "Status", "gap_share"]

#: ``optimal``: proven within the tolerance; ``feasible``: stopped by the limit of work; ``cut_by_time``: stopped by the clock;
#: ``interrupted``: stopped by hand.
Status = Literal["optimal", "feasible", "cut_by_time", "interrupted"]


def gap_share(objective: float, bound: float) -> float:
    """Relative distance of an answer from its bound, at least 0.

    Examples
    --------
    >>> gap_share(100.0, 98.0)
    0.02
    """
    if objective == bound:
        return 0.0
    return abs(objective - bound) / max(abs(objective), 1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an optimiser can say of its answer.

    Attributes
    ----------
    objective
        Worth of the answer, in ``unit``.
    bound
        No answer can be better than this.
    sense
        ``max`` or ``min``.
    status
        Why the search stopped.
    seconds
        How long it took; for logs, never written to a file.
    seed
        Of the random numbers, if any were used.
    method
        What was run, in one word or two.
    """

    objective: float
    bound: float
    sense: Literal["max", "min"]
    status: Status
    unit: str = ""
    seconds: float = 0.0
    seed: int = 0
    method: str = ""

    def __post_init__(self) -> None:
        beyond = (
            (self.objective - self.bound) if self.sense == "max" else (self.bound - self.objective)
        )
        if not math.isfinite(self.objective) or beyond > 1e-6 * max(1.0, abs(self.bound)):
            msg = f"the bound {self.bound} does not bound the objective {self.objective} ({self.sense})"
            raise ValueError(msg)

    @property
    def gap_share(self) -> float:
        """How far from the best possible the answer can be at most, as a share of its worth."""
        return gap_share(self.objective, self.bound)
