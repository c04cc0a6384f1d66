"""What a query did, step by step, in words."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoplan.units import mu_from_m2
from geoplan.words import Language, Message, say

__all__ = ["Explanation", "StepCount"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """One step: of the parcels left before it, how many stay, fall out, or cannot be told.

    Attributes
    ----------
    title
        What the step asks for.
    left_count, out_count, unknown_count
        They add up to what was left before.
    """

    title: Message
    left_count: int
    out_count: int
    unknown_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How a query came to its parcels.

    Attributes
    ----------
    start_count
        Parcels of the park.
    steps
        What each step did.
    unknown_count
        Parcels that no step rules out but at least one cannot tell; they are not among those returned.
    area_m2
        Area of the parcels returned.
    """

    start_count: int
    steps: tuple[StepCount, ...]
    unknown_count: int
    area_m2: float

    @property
    def left_count(self) -> int:
        """Parcels returned."""
        return self.steps[-1].left_count if self.steps else self.start_count

    def text(self, language: Language = "en") -> str:
        """The whole story in one language, one line a step."""
        lines = [say("query.start", count=self.start_count)]
        lines += [_line(step) for step in self.steps]
        lines.append(
            say(
                "query.end",
                count=self.left_count,
                area_m2=self.area_m2,
                area_mu=mu_from_m2(self.area_m2),
            )
        )
        if self.unknown_count:
            lines.append(say("query.end_unknown", count=self.unknown_count))
        return "\n".join(line.text(language) for line in lines)

    def table(self, language: Language = "en") -> pd.DataFrame:
        """The same as a table: ``step, left_count, out_count, unknown_count``."""
        return pd.DataFrame(
            {
                "step": [step.title.text(language) for step in self.steps],
                "left_count": [step.left_count for step in self.steps],
                "out_count": [step.out_count for step in self.steps],
                "unknown_count": [step.unknown_count for step in self.steps],
            }
        )


def _line(step: StepCount) -> Message:
    key = "query.step_unknown" if step.unknown_count else "query.step"
    counts = {"left": step.left_count, "out": step.out_count}
    if step.unknown_count:
        counts["unknown"] = step.unknown_count
    return say(key, title=step.title, **counts)
