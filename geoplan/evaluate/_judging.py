"""How a finding is put together: verdict, evidence, margin, and the sentence of each answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from geoplan.evaluate._arrays import NO, UNKNOWN, YES, Codes, Floats, verdicts
from geoplan.evaluate._texts import Case, Found, Texts, phrases, quantities
from geoplan.evaluate.ground import Ground

__all__ = ["below", "everywhere", "judged"]


def below(  # noqa: PLR0913, PLR0917  (what is held against what)
    ground: Ground, name: str, what: str, own: Floats, limit: Floats, per: Floats | float = 1.0
) -> Found:
    """Strictly below the limit is a yes; what just reaches it passes.

    Where the rule is a share of something, ``per`` is that, and the margin is such a share.
    """
    return judged(
        ground,
        name,
        verdicts(own < limit, own >= limit),
        {what: own, "limit": limit},
        value=quantities(own),
        limit=quantities(limit),
        margin=(own - limit) / np.where(np.asarray(per) > 0, per, np.nan),
    )


def judged(  # noqa: PLR0913  (what a finding says, part by part)
    ground: Ground,
    name: str,
    verdict: Codes,
    evidence: Mapping[str, Floats],
    *,
    value: object,
    limit: object,
    margin: Floats,
) -> Found:
    """A finding with its sentence in every language; ``value`` and ``limit`` are what the sentence quotes."""
    fields = {"value": value, "limit": limit}
    reason: Texts = phrases(
        len(verdict),
        Case(verdict == YES, f"evaluate.kind.{name}.yes", fields),
        Case(verdict == NO, f"evaluate.kind.{name}.no", fields),
        Case(verdict == UNKNOWN, f"evaluate.kind.{name}.unknown", {}),
        only=ground.land.is_assessed,
    )
    return Found(verdict=verdict, reason=reason, evidence=evidence, margin=margin)


def everywhere(ground: Ground, value: float) -> Floats:
    """The same number for every parcel."""
    return np.full(len(ground.land), float(value))
