"""Why a firm has its class, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoplan.evaluate._arrays import Bools, Ints, some
from geoplan.evaluate._firms import NOT_SUITED, Firms
from geoplan.evaluate._graded import NOT_GRADED, NOT_SUITED_GRADE, Graded, GroupItems
from geoplan.evaluate._grading_rules import GRADES, GROUPS, MISSING, GradingRules
from geoplan.evaluate._texts import (
    Case,
    Texts,
    joined,
    messages,
    phrases,
    plain_numbers,
    quantities,
    stacked,
)
from geoplan.evaluate.measures import BASES
from geoplan.model.schema import columns_of
from geoplan.model.telling import shown
from geoplan.units import mu_from_m2
from geoplan.words import Message, catalogue, join, literal, name_in_both, say

__all__ = ["reasons_of"]

_LETTERS = (*GRADES, "T", "-")


def reasons_of(firms: Firms, graded: Graded, rules: GradingRules) -> Texts:
    """One sentence for each firm: class, rank and score, the weakest item, what was filled, vetoes, whose land."""
    count = len(firms.ids)
    is_ranked = (graded.rank > 0) & (graded.by_score < NOT_SUITED_GRADE)
    letters = messages([literal(letter) for letter in _LETTERS])
    fields = {
        "grade": letters.take(graded.grade),
        "rank": graded.rank,
        "count": graded.peers,
        "group": _pick([say(f"grade.group.{name}") for name in GROUPS], firms.group),
        "score": plain_numbers(np.round(graded.score, 2)),
    }
    return joined(
        phrases(
            count,
            Case(is_ranked, "grade.graded", fields),
            *_of_owners(firms, graded, letters),
            Case(some(firms.not_suited), "grade.not_suited", {"why": _not_suited(firms, rules)}),
            *_not_graded(firms, rules),
        ),
        *(_of_items(group, count) for group in graded.groups),
        _capped(firms, graded, rules, is_ranked, letters),
        _land(firms, is_ranked),
    )


def _of_owners(firms: Firms, graded: Graded, letters: Texts) -> tuple[Case, ...]:
    owned = (firms.owner >= 0) & ~some(firms.not_suited)
    fields = {
        "grade": letters.take(graded.grade),
        "owner": np.array([shown(name) for name in firms.names[firms.owner]], dtype=object),
    }
    open_ = owned & (graded.grade == NOT_GRADED)
    return (
        Case(open_, "grade.of_owner_open", {"owner": fields["owner"]}),
        Case(owned, "grade.of_owner", fields),
    )


def _not_suited(firms: Firms, rules: GradingRules) -> Texts:
    years, phase = f"{rules.min_production_years:g}", f"{rules.relocated_up_to_phase:g}"
    why = {
        "utility": say("grade.why.utility"),
        "outside_industry": say("grade.why.outside_industry"),
        "new": say("grade.why.new", years=years),
        "will_move": say("grade.why.will_move"),
        "phase": say("grade.why.phase", phase=phase),
    }
    return _listed(firms.not_suited, [why[name] for name in NOT_SUITED])


def _not_graded(firms: Firms, rules: GradingRules) -> tuple[Case, ...]:
    limit = f"{mu_from_m2(rules.min_land_m2):g}"
    rest = np.ones(len(firms.ids), dtype=bool)
    return tuple(
        Case(rows, "grade.not_graded", {"why": why})
        for rows, why in (
            (firms.group < 0, say("grade.why.no_group")),
            (firms.is_small, say("grade.why.small", limit=limit)),
            (firms.in_circle, say("grade.why.circle")),
            (rest, say("grade.why.no_items")),
        )
    )


def _of_items(group: GroupItems, count: int) -> Texts:
    """The item that lost most points, and the items that were filled, of the ranked firms of a group."""
    firms = len(group.rows)
    is_ranked = ~group.points.is_missing.all(axis=1)
    worst, lost = _weakest(group)
    words = [phrases(firms, Case(is_ranked & (worst >= 0), "grade.least", lost))]
    left_out = np.isnan(group.points.contribution)
    for how in MISSING:
        policy = np.array([item.missing == how for item in group.items])
        is_so = group.points.is_missing & np.where(left_out, how == "exclude", policy & ~left_out)
        names = _listed(is_so, [_name(item.ratio.name) for item in group.items])
        fields = {"how": say(f"grade.fill.{how}"), "names": names}
        words.append(phrases(firms, Case(is_ranked & some(is_so), "grade.filled", fields)))
    return _on_rows(joined(*words), group.rows, count)


def _weakest(group: GroupItems) -> tuple[Ints, dict[str, object]]:
    """Which reported item lost most points against its baseline, -1 for none, and what is said of it."""
    weight = np.array([item.weight for item in group.items])
    lost = np.where(
        group.points.is_missing, -np.inf, group.points.weight - group.points.contribution
    )
    worst = np.argmax(lost, axis=1)
    rows = np.arange(len(worst))
    per_base = np.array([item.per_base for item in group.items])
    is_lost = lost[rows, worst] > weight.sum() * 1e-12
    fields: dict[str, object] = {
        "indicator": messages([_name(item.ratio.name) for item in group.items]).take(worst),
        "value": quantities((group.value / per_base)[rows, worst]),
        "baseline": quantities((group.baseline / per_base)[worst]),
        "unit": messages([_unit(item.unit) for item in group.items]).take(worst),
    }
    return np.where(is_lost, worst, -1), fields


def _capped(
    firms: Firms, graded: Graded, rules: GradingRules, is_ranked: Bools, letters: Texts
) -> Texts:
    columns = columns_of("enterprises")
    named = [
        name_in_both({"en": rule.column, "zh": columns[rule.column].term}) for rule in rules.vetoes
    ]
    fields = {
        "grade": letters.take(graded.by_score),
        "worst": letters.take(graded.grade),
        "column": _pick(named, firms.veto),
    }
    rows = is_ranked & (graded.grade != graded.by_score)
    return phrases(len(firms.ids), Case(rows, "grade.capped", fields))


def _land(firms: Firms, is_ranked: Bools) -> Texts:
    known = ~np.isnan(firms.land.area_m2)
    basis = [say(f"evaluate.basis.{name}") for name in BASES[: firms.land.basis.shape[1]]]
    land = {
        "land": quantities(mu_from_m2(firms.land.area_m2)),
        "basis": _listed(firms.land.basis, basis),
    }
    return phrases(
        len(firms.ids),
        Case(is_ranked & known, "grade.land", land),
        Case(is_ranked, "grade.land_unknown", {}),
    )


def _name(indicator: str) -> Message:
    return say(f"grade.indicator.{indicator}")


def _pick(words: Sequence[Message], position: Ints) -> Texts:
    """Words by position; nothing for -1."""
    return messages([*words, literal("")]).take(np.where(position < 0, len(words), position))


def _unit(unit: str) -> Message:
    key = f"grade.unit.{unit}"
    return say(key) if key in catalogue() else literal(unit)


def _listed(flags: Bools, words: Sequence[Message]) -> Texts:
    """What is marked in each row, as a list in words."""
    code = flags @ (1 << np.arange(len(words)))
    patterns, row = np.unique(code, return_inverse=True)
    lists = [
        join([word for bit, word in enumerate(words) if pattern >> bit & 1], "common.enumeration")
        for pattern in patterns.tolist()
    ]
    return messages(lists).take(row)


def _on_rows(texts: Texts, rows: Ints, count: int) -> Texts:
    """Texts of some rows as a column of all; the other rows are empty."""
    place = np.full(count, len(rows))
    place[rows] = np.arange(len(rows))
    return stacked(texts, messages([literal("")])).take(place)
