"""From ratios to points: shares of the baseline, caps, missing items, ranks and classes. Arrays only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoplan.evaluate._arrays import Bools, Floats, Ints
from geoplan.evaluate._grading_rules import GRADES, GradingRules, Item

__all__ = ["Points", "classes", "points", "ranks"]

#: Scores closer than this are equal.
_TIE_POINTS = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """Firm x item.

    Attributes
    ----------
    contribution
        Points of each item; they add to the score. NaN where the item is left out.
    weight
        What the item weighs for this firm: more than its own weight where others are left out.
    is_missing
        Not reported, or without a baseline.
    """

    contribution: Floats
    weight: Floats
    is_missing: Bools

    @property
    def score(self) -> Floats:
        """Points of each firm; NaN where none of its items is known."""
        score = np.nansum(self.contribution, axis=1)
        return np.where(self.is_missing.all(axis=1), np.nan, score)


def points(ratio_to_baseline: Floats, *, items: Sequence[Item], least_ratio: float) -> Points:
    r"""Points of each item for each firm of one group.

    .. math:: s_i = \sum_k w_k \, \min(\max(x_{ik} / b_k, r), c_k)

    with weight :math:`w_k` [points], figure :math:`x_{ik}` over baseline :math:`b_k`, least ratio :math:`r` and cap
    :math:`c_k`. An item that a firm did not report brings the mean of its peers' points, none, or is left out while the
    other weights grow to 100; an item that no peer reported is left out for all.
    """
    weight = np.array([item.weight for item in items])
    caps = np.array([np.inf if item.cap is None else item.cap for item in items])
    is_missing = np.isnan(ratio_to_baseline)
    own = weight * np.clip(ratio_to_baseline, least_ratio, caps)
    known = (~is_missing).sum(axis=0)
    mean = np.divide(
        np.nansum(own, axis=0), known, out=np.full(len(items), np.nan), where=known > 0
    )
    instead = np.array(
        [
            {"peer_mean": peers, "zero": 0.0 if some else np.nan, "exclude": np.nan}[item.missing]
            for item, peers, some in zip(items, mean, known > 0, strict=True)
        ]
    )
    contribution = np.where(is_missing, instead, own)
    counted = np.where(np.isnan(contribution), np.nan, weight)
    total = np.nansum(counted, axis=1, keepdims=True)
    grown = np.divide(weight.sum(), total, out=np.ones_like(total), where=total > 0)
    return Points(contribution=contribution * grown, weight=counted * grown, is_missing=is_missing)


def ranks(score: Floats) -> Ints:
    """How many firms score better, plus one; equal scores share the better rank; 0 for no score.

    Examples
    --------
    >>> ranks(np.array([50.0, 70.0, 50.0, np.nan, 40.0])).tolist()
    [2, 1, 2, 0, 4]
    """
    known = np.sort(score[~np.isnan(score)])
    better = len(known) - np.searchsorted(known, score + _TIE_POINTS, side="right")
    return np.where(np.isnan(score), 0, better + 1).astype(np.int64)


def classes(score: Floats, rules: GradingRules) -> Ints:
    """Position in ``GRADES``, -1 for no score.

    By quota a firm is in the best class of which the share is larger than the share of its peers that score better: so
    borders and ties go to the better class. By least score it is in the best class of which it reaches the score.
    """
    rank = ranks(score)
    count = max(int((rank > 0).sum()), 1)
    if rules.is_by_quota:
        in_class = [(rank - 1) / count < limit - _TIE_POINTS for limit in rules.limits]
    else:
        in_class = [score >= limit - _TIE_POINTS for limit in rules.limits]
    return np.where(rank == 0, -1, np.select(in_class, [0, 1, 2], len(GRADES) - 1))
