"""Units that take a label of their own, year by year, as far as demand, money and neighbours allow.

In the tradition of CLUE-S (demand from outside, local competition), FLUS and PLUS (chance by roulette, neighbours), but
on units that are whole and of any size. One run is one pass over the years; runs share nothing but the question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sp

__all__ = ["SHORT_FOR", "Course", "YearlyQuestion", "run_years"]

#: Why a demand is short: position 0 is met; see :class:`Course`.
SHORT_FOR = ("", "land", "wait", "stock", "size", "apart", "budget")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class YearlyQuestion:
    """What every run shares: n units, k labels, g kinds of neighbours, t years.

    Attributes
    ----------
    size
        Size of each unit, (n,).
    appeal
        Logarithm of how well a label suits a unit by itself, neighbours that never change included, (n, k).
    first_year
        From which year on a unit may take a label; t for never, (n, k).
    cost
        What it costs, (n, k).
    near
        How much each unit counts as a neighbour of another, (n, n).
    draw
        What a neighbour of a kind means for a label, (g, k).
    kind_before, kind_of_label
        Kind of each unit before it takes a label, (n,), and of each label, (k,).
    demand, tolerance
        Size that each label is to have taken by the end of each year, never falling, (t, k); and how near is near
        enough, (k,).
    budget
        What may be spent in each year, (t,); what is left over goes on to the next.
    up_share
        How probable it is that a unit comes up in a year, at age 0 and at the end of its life, (n, 2).
    age, life
        Age of each unit at the start and its life, in years, (n,); an age that is not a number is drawn by each run.
    apart
        Rows ``(i, p, j, q)``: not both of unit i label p and unit j label q; k stands for a unit that has neither
        taken a label nor come up yet.
    chance
        Scale of the chance.
    """

    size: Floats
    appeal: Floats
    first_year: Ints
    cost: Floats
    near: sp.csr_array
    draw: Floats
    kind_before: Ints
    kind_of_label: Ints
    demand: Floats
    tolerance: Floats
    budget: Floats
    up_share: Floats
    age: Floats
    life: Floats
    apart: Ints
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One run.

    Attributes
    ----------
    label, year
        Label that each unit took, or -1, and in which year, or t.
    spent
        Money of each year, (t,).
    missing
        Demand less size taken at the end of each year, (t, k).
    reason
        Where more than the tolerance is missing, why (:data:`SHORT_FOR`), the hindrance that stood last: ``budget``
        (a unit was up, fitted and stood apart, but cost more than was left), ``apart`` (it would have stood too near
        something), ``size`` (units are whole: those left are more than twice as large as
        what is missing, or a larger one was nearer than none), ``stock`` (none came up in that year),
        ``wait`` (none may be converted so early), ``land`` (no unit is left that may take it), (t, k).
    """

    label: Ints
    year: Ints
    spent: Floats
    missing: Floats
    reason: Ints


def run_years(question: YearlyQuestion, *, seed: int, run: int, compiled: bool = True) -> Course:
    r"""Let the units take labels, year by year.

    In each year each unit comes up with a probability that grows with its age, straight from new to the end of its
    life. Those that are up compete: a pair of unit i and label p is the more probable the larger

    .. math:: a_{ip} + \sum_j N_{ij} D_{k(j) p} + c\, g_{ip}

    with appeal a, nearness N, draw D of the neighbour's kind as the year began, chance c and a Gumbel number g: with
    c = 1 a draw in proportion to :math:`e^{a + ND}`. Pairs are taken in this order if the label is still missing, the
    unit does not exceed its demand by more than the tolerance, money is left and nothing stands too near; then, where
    more than the tolerance is still missing, units that exceed it but bring it nearer. Equal questions, seeds and run numbers give equal runs to the bit, whatever else is run.

    Parameters
    ----------
    seed, run
        Together they name the random numbers.
    compiled
        Whether the pass runs as machine code (numba); the answer is the same.

    Examples
    --------
    Three units of 1; label 0 is wanted on one unit in the first year and on two in the second, and suits unit 2 best.

    >>> question = YearlyQuestion(
    ...     size=np.ones(3), appeal=np.array([[0.0], [1.0], [2.0]]), first_year=np.zeros((3, 1), int),
    ...     cost=np.zeros((3, 1)), near=sp.csr_array((3, 3)), draw=np.zeros((2, 1)),
    ...     kind_before=np.zeros(3, int), kind_of_label=np.ones(1, int), demand=np.array([[1.0], [2.0]]),
    ...     tolerance=np.zeros(1), budget=np.zeros(2), up_share=np.ones((3, 2)), age=np.zeros(3), life=np.ones(3),
    ...     apart=np.zeros((0, 4), int), chance=0.0)
    >>> course = run_years(question, seed=1, run=0, compiled=False)
    >>> course.label.tolist(), course.year.tolist()
    ([-1, 0, 0], [2, 1, 0])
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, run])))
    units, labels = question.appeal.shape
    years = len(question.budget)
    drawn = rng.random(units) * question.life
    age = np.where(np.isnan(question.age), drawn, question.age)
    worn = np.clip((age[None, :] + np.arange(years)[:, None]) / question.life[None, :], 0.0, 1.0)
    share = question.up_share
    is_up = rng.random((years, units)) < share[:, 0] + worn * (share[:, 1] - share[:, 0])
    chance = question.chance * rng.gumbel(size=(years, units, labels))
    near = question.near
    starts, others = _rivals(question.apart, units, labels)
    outcome = (_compiled() if compiled else _pass)(
        question.size, question.appeal, question.first_year, question.cost,
        near.indptr.astype(np.int64), near.indices.astype(np.int64), near.data, question.draw,
        question.kind_before, question.kind_of_label, question.demand, question.tolerance,
        question.budget, is_up, chance, starts, others,
    )  # fmt: skip
    label, year, spent, missing, reason = outcome
    return Course(label=label, year=year, spent=spent, missing=missing, reason=reason)


def _rivals(apart: Ints, units: int, labels: int) -> tuple[Ints, Ints]:
    """What must not be where, per unit and label: a list of (unit, label) behind one start for each."""
    both = np.vstack([apart, apart[:, [2, 3, 0, 1]]]) if len(apart) else np.zeros((0, 4), np.int64)
    both = both[both[:, 1] < labels]
    place = both[:, 0] * labels + both[:, 1]
    order = np.argsort(place, kind="stable")
    starts = np.zeros(units * labels + 1, dtype=np.int64)
    np.cumsum(np.bincount(place, minlength=units * labels), out=starts[1:])
    return starts, np.ascontiguousarray(both[order][:, 2:]).astype(np.int64)


@cache
def _compiled() -> Callable[..., Any]:
    """The pass as machine code, made when it is first needed."""
    import numba  # noqa: PLC0415  (heavy, imported where used)

    made: Callable[..., Any] = numba.njit(cache=True)(_pass)
    return made


def _pass(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one kernel, as flat as numba wants it
    size: Floats, appeal: Floats, first_year: Ints, cost: Floats,
    near_starts: Ints, near_units: Ints, near_weight: Floats, draw: Floats,
    kind_before: Ints, kind_of_label: Ints, demand: Floats, tolerance: Floats,
    budget: Floats, is_up: NDArray[np.bool_], chance: Floats, rival_starts: Ints, rivals: Ints,
) -> tuple[Ints, Ints, Floats, Floats, Ints]:  # fmt: skip
    years, units, labels = chance.shape
    label = np.full(units, -1, dtype=np.int64)
    year = np.full(units, years, dtype=np.int64)
    kind = kind_before.copy()
    spent = np.zeros(years)
    missing = np.zeros((years, labels))
    reason = np.zeros((years, labels), dtype=np.int64)
    taken = np.zeros(labels)
    has_come_up = np.zeros(units, dtype=np.bool_)
    purse = 0.0
    key = np.empty(units * labels)
    pair = np.empty(units * labels, dtype=np.int64)
    for t in range(years):
        purse += budget[t]
        has_come_up |= is_up[t]
        count = 0
        for i in range(units):
            if label[i] >= 0 or not is_up[t, i]:
                continue
            for p in range(labels):
                if first_year[i, p] > t or demand[t, p] - taken[p] <= 0.0:
                    continue
                worth = appeal[i, p] + chance[t, i, p]
                for place in range(near_starts[i], near_starts[i + 1]):
                    worth += near_weight[place] * draw[kind[near_units[place]], p]
                key[count] = -worth
                pair[count] = i * labels + p
                count += 1
        order = np.argsort(key[:count], kind="mergesort")
        for may_exceed in (False, True):
            for number in order:
                i = pair[number] // labels
                p = pair[number] % labels
                lacks = demand[t, p] - taken[p]
                over = size[i] - lacks
                if label[i] >= 0 or lacks <= 0.0 or over >= lacks:
                    continue
                if over > tolerance[p] and not (may_exceed and lacks > tolerance[p]):
                    continue
                if cost[i, p] > purse:
                    continue
                is_free = True
                for place in range(rival_starts[i * labels + p], rival_starts[i * labels + p + 1]):
                    j = rivals[place, 0]
                    q = rivals[place, 1]
                    if label[j] == q or (q == labels and label[j] < 0 and not has_come_up[j]):
                        is_free = False
                        break
                if not is_free:
                    continue
                label[i] = p
                year[i] = t
                taken[p] += size[i]
                purse -= cost[i, p]
                spent[t] += cost[i, p]
        for i in range(units):
            if year[i] == t:
                kind[i] = kind_of_label[label[i]]
        for p in range(labels):
            lacks = demand[t, p] - taken[p]
            missing[t, p] = lacks
            if abs(lacks) <= tolerance[p]:
                continue
            if lacks < 0.0:
                reason[t, p] = 4
                continue
            why = 1
            for i in range(units):
                if label[i] >= 0 or first_year[i, p] >= years:
                    continue
                here = 2
                if first_year[i, p] <= t:
                    here = 3
                    if is_up[t, i]:
                        here = 4
                        over = size[i] - lacks
                        if over < lacks:
                            here = 6 if cost[i, p] > purse else 5
                            for place in range(
                                rival_starts[i * labels + p], rival_starts[i * labels + p + 1]
                            ):
                                j = rivals[place, 0]
                                q = rivals[place, 1]
                                if label[j] == q or (
                                    q == labels and label[j] < 0 and not has_come_up[j]
                                ):
                                    here = 5
                                    break
                why = max(why, here)
            reason[t, p] = why
    return label, year, spent, missing, reason
