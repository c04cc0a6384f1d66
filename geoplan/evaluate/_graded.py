"""The classes of the firms of one year, group by group, and the items behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import Bools, Floats, Ints, some
from geoplan.evaluate._firms import Firms
from geoplan.evaluate._grading_rules import GRADES, GROUPS, GradingRules, Item
from geoplan.evaluate._scores import Points, classes, points, ranks

__all__ = ["NOT_GRADED", "NOT_SUITED_GRADE", "Graded", "GroupItems", "grade_firms", "item_table"]

#: Positions after those of ``GRADES``: class T, and no class.
NOT_SUITED_GRADE = len(GRADES)
NOT_GRADED = len(GRADES) + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupItems:
    """What the ranked firms of one group (``rows``) are graded by, firm x item: figures and baselines in base units."""

    rows: Ints
    items: tuple[Item, ...]
    value: Floats
    baseline: Floats
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graded:
    """Firm by firm.

    Attributes
    ----------
    score, rank
        NaN and 0 where a firm is not ranked.
    peers
        How many firms are ranked in its group.
    by_score, grade
        Position in ``GRADES``, ``NOT_SUITED_GRADE`` or ``NOT_GRADED``: before vetoes and owners, and after.
    groups
        What is behind the scores.
    """

    score: Floats
    rank: Ints
    peers: Ints
    by_score: Ints
    grade: Ints
    groups: tuple[GroupItems, ...]


def grade_firms(firms: Firms, *, before: Firms | None, rules: GradingRules) -> Graded:
    """Grade the firms of a year; ``before`` are the same firms a year earlier, where baselines look back."""
    count = len(firms.ids)
    suited = ~some(firms.not_suited)
    ranked = suited & ~firms.is_small & (firms.owner < 0) & ~firms.in_circle
    score, rank = np.full(count, np.nan), np.zeros(count, dtype=np.int64)
    peers, grade = np.zeros(count, dtype=np.int64), np.full(count, NOT_GRADED)
    groups = []
    for name, items in rules.groups.items():
        behind = _group(firms, before, ranked & (firms.group == GROUPS.index(name)), items, rules)
        rows, own = behind.rows, behind.points.score
        score[rows], rank[rows] = own, ranks(own)
        peers[rows] = (rank[rows] > 0).sum()
        decided = classes(own, rules)
        grade[rows] = np.where(decided < 0, NOT_GRADED, decided)
        groups.append(behind)
    by_score = np.where(suited, grade, NOT_SUITED_GRADE)
    capped = np.where(by_score < len(GRADES), np.maximum(by_score, firms.worst), by_score)
    owned = suited & (firms.owner >= 0)
    return Graded(
        score=score,
        rank=rank,
        peers=peers,
        by_score=by_score,
        grade=np.where(owned, capped[firms.owner], capped),
        groups=tuple(groups),
    )


def item_table(ids: pd.Index, groups: Sequence[GroupItems]) -> pd.DataFrame:
    """One row for each ranked firm and indicator, firms in the ledger's order within each group."""
    tables = [_items_of(ids, group) for group in groups]
    return pd.concat(tables, ignore_index=True)


def _group(
    firms: Firms, before: Firms | None, chosen: Bools, items: tuple[Item, ...], rules: GradingRules
) -> GroupItems:
    rows = np.flatnonzero(chosen)
    value = np.column_stack([firms.ratio(item.ratio.name)[rows] for item in items])
    baseline = np.array([_baseline(item, before, rows) for item in items])
    ratio = value / np.where(baseline > 0, baseline, np.nan)
    return GroupItems(
        rows=rows,
        items=items,
        value=value,
        baseline=baseline,
        points=points(ratio, items=items, least_ratio=rules.least_ratio),
    )


def _baseline(item: Item, before: Firms | None, rows: Ints) -> float:
    """The baseline in base units; by rule, a multiple of what the same firms had together in the year before.

    The mean is that of sums: all tax over all land of the firms of which both are known. NaN where there is none.
    """
    if item.baseline is not None:
        return item.baseline * item.per_base
    if before is None or item.times_last_mean is None:
        return float("nan")
    ratio = item.ratio
    above = before.figures[ratio.above][rows]
    below = (before.figures[ratio.below] if ratio.below else before.land.area_m2)[rows]
    known = ~np.isnan(above) & (below > 0)
    total = below[known].sum()
    return float(item.times_last_mean * above[known].sum() / total) if total > 0 else float("nan")


def _items_of(ids: pd.Index, group: GroupItems) -> pd.DataFrame:
    firms, items = group.value.shape
    per_base = np.array([item.per_base for item in group.items])
    caps = [np.nan if item.cap is None else item.cap for item in group.items]
    is_missing = group.points.is_missing
    left_out = np.isnan(group.points.contribution)
    policy = np.array([item.missing for item in group.items], dtype=object)
    filled = np.where(is_missing, np.where(left_out, "exclude", policy[None, :]), "")

    def tiled(values: Sequence[str]) -> pd.Series[str]:
        return pd.Series(list(values) * firms, dtype="str")

    return pd.DataFrame(
        {
            "enterprise_id": ids[np.repeat(group.rows, items)].astype("str"),
            "indicator": tiled([item.ratio.name for item in group.items]),
            "value": (group.value / per_base).ravel(),
            "unit": tiled([item.unit for item in group.items]),
            "baseline": np.tile(group.baseline / per_base, firms),
            "weight": group.points.weight.ravel(),
            "contribution": group.points.contribution.ravel(),
            "cap": np.tile(caps, firms),
            "is_missing": pd.array(is_missing.ravel(), dtype="boolean"),
            "filled": pd.array(filled.ravel(), dtype="str"),
        }
    )
