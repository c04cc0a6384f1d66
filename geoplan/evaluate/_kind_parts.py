"""What the findings share: a figure against a number, and how a judgement is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from geoplan.evaluate._arrays import NO, UNKNOWN, YES, Codes, Floats, verdicts
from geoplan.evaluate._texts import Case, Found, Texts, percents, phrases, quantities
from geoplan.evaluate.ground import Ground
from geoplan.evaluate.judgement import Figure, Judgement
from geoplan.evaluate.runs import below

__all__ = ["below_limits", "below_number", "everywhere", "judged", "part_of", "share_used"]


def share_used(  # noqa: PLR0913, PLR0917  (the parts of one sort of finding)
    ground: Ground, name: str, what: str, number: str, least: Floats, most: Floats
) -> Found:
    """At least a share of the parcel is used so: surely, or at most."""
    limit = ground.rules.value(number)
    return judged(
        ground,
        name,
        Judgement(
            judge=partial(_used, number),
            figures={
                "least": Figure(value=least, over=("space",), most=1.0),
                "most": Figure(value=most, over=("space",), most=1.0),
            },
            limits={number: limit},
            margins={number: limit - least},
        ),
        {what: least, "min_share": everywhere(ground, limit)},
        value=percents(least),
        limit=f"{limit:.0%}",
    )


def _used(number: str, told: Mapping[str, Any]) -> Codes:
    least, most, limit = told["least"], told["most"], told[number]
    return verdicts((least >= limit) & (least > 0), most < limit)


def below_number(  # noqa: PLR0913  (each is named)
    ground: Ground,
    number: str,
    what: str,
    own: Floats,
    *,
    over: tuple[str, ...] = (),
    under: tuple[str, ...] = (),
) -> Found:
    """Strictly below a number of the rule packs is a yes; what just reaches it passes.

    Parameters
    ----------
    number
        Its name; what stands before the first dot is the finding.
    what, own
        The figure, as the evidence names it.
    over, under
        The inputs it grows with, and those it shrinks with (:data:`geoplan.evaluate.judgement.INPUTS`).
    """
    limit = ground.rules.value(number)
    judgement = Judgement(
        judge=partial(_is_below, number),
        figures={"own": Figure(value=own, over=over, under=under)},
        limits={number: limit},
        margins={number: own - limit},
    )
    finding = number.partition(".")[0]
    return below_limits(ground, finding, what, own, everywhere(ground, limit), judgement)


def _is_below(number: str, told: Mapping[str, Any]) -> Codes:
    return below(told["own"], told[number])


def below_limits(  # noqa: PLR0913, PLR0917  (the parts of one sort of finding)
    ground: Ground,
    name: str,
    what: str,
    own: Floats,
    limit: Floats,
    judgement: Judgement,
    *,
    per: Floats | float = 1.0,
) -> Found:
    """A figure against the limit of each parcel, in words.

    Where the rule is a share of something, ``per`` is that, and the margin is such a share.
    """
    return judged(
        ground,
        name,
        judgement,
        {what: own, "limit": limit},
        value=quantities(own),
        limit=quantities(limit),
        margin=(own - limit) / np.where(np.asarray(per) > 0, per, np.nan),
    )


def judged(  # noqa: PLR0913  (what a finding says, part by part)
    ground: Ground,
    name: str,
    judgement: Judgement,
    evidence: Mapping[str, Floats],
    *,
    value: object,
    limit: object,
    margin: Floats | None = None,
) -> Found:
    """Put a judgement into words; the margin is that of its only threshold where none is given."""
    verdict = judgement.verdict()
    fields = {"value": value, "limit": limit}
    reason: Texts = phrases(
        len(verdict),
        Case(verdict == YES, f"evaluate.kind.{name}.yes", fields),
        Case(verdict == NO, f"evaluate.kind.{name}.no", fields),
        Case(verdict == UNKNOWN, f"evaluate.kind.{name}.unknown", {}),
        only=ground.land.is_assessed,
    )
    own = next(iter(judgement.margins.values()), np.full(len(verdict), np.nan))
    return Found(
        verdict=verdict,
        reason=reason,
        evidence=evidence,
        margin=own if margin is None else margin,
        judgement=judgement,
    )


def everywhere(ground: Ground, value: float) -> Floats:
    """The same number for every parcel."""
    return np.full(len(ground.land), float(value))


def part_of(part: Floats, whole: Floats) -> Floats:
    """A part over its whole; not known where there is no whole."""
    return np.asarray(
        np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0), dtype=np.float64
    )
