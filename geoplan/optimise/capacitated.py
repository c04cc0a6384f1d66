"""Sites that hold only so much, and serve whole demand points at the least weighted cost: the capacitated p-median."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.errors import UnfinishedError
from geoplan.optimise._capacity_packing import ROUNDING, Packing, Sited, settle
from geoplan.optimise._capacity_proof import prove
from geoplan.optimise._interchange import open_greedily
from geoplan.optimise._sites import (
    LocationAnswer,
    allowed_sites,
    checked_amounts,
    checked_costs,
    checked_weights,
)
from geoplan.optimise.covering import told_points
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.proof import Proof, Status
from geoplan.words import Message, say

__all__ = ["capacitated_p_median"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


def capacitated_p_median(  # noqa: PLR0913 - every choice is named
    *,
    cost: ArrayLike,
    weight: ArrayLike,
    capacity: ArrayLike,
    p: int,
    demand: ArrayLike | None = None,
    fixed: Sequence[int] = (),
    forbidden: Sequence[int] = (),
    site_cost: ArrayLike | None = None,
    site_need: ArrayLike | None = None,
    need_limit: float = np.inf,
    seed: int = 0,
    kicks: int = 20,
    relative_gap: float = 1e-9,
    node_limit: int = 20_000,
    time_limit_seconds: float | None = None,
) -> LocationAnswer:
    r"""Open p sites and send each demand point, whole, to one of them, so that no site holds more than it can.

    .. math::
        \min_{|S| = p, F \subseteq S} \sum_{j \in S} f_j + \sum_i w_i c_{i, a(i)}, \quad
        \sum_{i: a(i) = j} d_i \le Q_j, \quad \sum_{j \in S} n_j \le N

    A site that is just full still fits. A point of weight and demand 0 asks for nothing. Found by packing the sites
    that a Lagrangian bound opens (regret, moves, exchanges, better middles), proven by that bound, the sites and
    pairs that it rules out, and HiGHS on the rest.

    Parameters
    ----------
    cost, weight
        (n, m), at least 0, ``inf`` where site j cannot serve point i; (n,), at least 0.
    capacity, demand
        (m,) what each site holds, and (n,) what each point takes of it; by default its weight.
    p, fixed, forbidden
        Number of open sites, those that are open anyway (they count towards p), those that cannot be.
    site_cost
        (m,) cost of opening a site, in the unit of weight times cost; 0 by default.
    site_need, need_limit
        (m,) what a site takes of something that all share (land), and how much of it there is.
    seed, kicks
        Of the heuristic: how many sets of sites are tried at random beside those of the bound.
    relative_gap
        Stop once the answer is proven this near the best.
    node_limit
        Limit of work of HiGHS.
    time_limit_seconds
        An extra stop; an answer cut by it says so.

    Returns
    -------
    LocationAnswer
        ``assigned_to`` keeps the capacities, so it is not always the nearest site; -1 for a point that asks for
        nothing. ``proof.bound`` is a valid lower bound whatever stopped the search.

    Raises
    ------
    NoAnswerError
        Points (``rows``) that no site reaches or holds; too little capacity or land in p sites; no packing at all.
    UnfinishedError
        The limits came before any answer.
    ValueError
        p above the number of sites, below the number of fixed ones or below 1, negative or missing numbers.

    References
    ----------
    Mulvey & Beck, Solving capacitated clustering problems, European Journal of Operational Research 18, 1984;
    Ceselli & Righini, A branch-and-price algorithm for the capacitated p-median problem, Networks 45, 2005.

    Examples
    --------
    Five houses on a line at 0, 1, 2, 10 and 11. Two centres for three houses each stand at 1 and 10; for houses
    as large as 2, 1, 1, 2 and 2 and centres of 4 they stay there, each just full.

    >>> at = np.array([0, 1, 2, 10, 11])
    >>> answer = capacitated_p_median(
    ...     cost=abs(at[:, None] - at), weight=np.ones(5), demand=[2, 1, 1, 2, 2], capacity=[4] * 5, p=2)
    >>> answer.sites.tolist(), answer.assigned_to.tolist(), answer.proof.objective, answer.proof.bound
    ([1, 3], [1, 1, 1, 3, 3], 3.0, 3.0)
    """
    began = time.perf_counter()
    deadline = np.inf if time_limit_seconds is None else began + time_limit_seconds
    costs = checked_costs(cost)
    n, m = costs.shape
    weights = checked_weights(weight, n)
    taken = weights if demand is None else checked_amounts(demand, n, "demand")
    asks = (weights > 0) | (taken > 0)
    must, may = allowed_sites(fixed, forbidden, m=m, p=p)
    question = Sited(
        cost=np.where(np.isfinite(costs[asks]), costs[asks], 0.0) * weights[asks, None]
        + np.where(np.isfinite(costs[asks]), 0.0, np.inf),
        demand=taken[asks],
        capacity=checked_amounts(capacity, m, "capacity"),
        opening=np.zeros(m) if site_cost is None else checked_amounts(site_cost, m, "site_cost"),
        need=np.zeros(m) if site_need is None else checked_amounts(site_need, m, "site_need"),
        need_limit=need_limit,
        p=p,
        must=must,
        may=may,
    )
    question = _within_reach(question, np.flatnonzero(asks))
    start = _first(question, np.random.default_rng(seed), kicks)
    proven = prove(
        question, start, relative_gap=relative_gap, node_limit=node_limit, deadline=deadline
    )
    if proven.packing is None:
        if proven.is_empty:
            raise NoAnswerError([say("optimise.no_packing", sites=p)], names=("capacity",))
        raise UnfinishedError([])
    assigned_to = np.full(n, -1)
    assigned_to[asks] = proven.packing.site_of
    objective = question.total(proven.packing)
    is_late = time.perf_counter() > deadline
    status: Status = "optimal" if proven.is_done else "cut_by_time" if is_late else "feasible"
    return LocationAnswer(
        sites=np.sort(proven.packing.sites),
        assigned_to=assigned_to,
        proof=Proof(
            objective=objective,
            bound=min(proven.bound, objective),
            sense="min",
            status=status,
            seconds=time.perf_counter() - began,
            seed=seed,
            method="packing, knapsack bound, HiGHS",
        ),
    )


def _within_reach(question: Sited, points: Indices) -> Sited:
    """Leave out pairs that cannot be; raise what makes any answer impossible, all at once."""
    fits = question.demand[:, None] <= question.capacity[None, :] * (1 + ROUNDING)
    reached = np.isfinite(question.cost) & question.may[None, :]
    problems: list[Message] = []
    names, rows = [], []
    if (alone := points[~reached.any(axis=1)]).size:
        problems.append(
            say("optimise.too_few_reached", count=int(alone.size), sites=int(question.may.sum()), points=told_points(alone))
        )  # fmt: skip
        rows += alone.tolist()
    if (large := points[reached.any(axis=1) & ~(reached & fits).any(axis=1)]).size:
        told = told_points(large)
        problems.append(say("optimise.too_large_for_any", count=int(large.size), points=told))
        names.append("capacity")
        rows += large.tolist()
    most = _best_sum(question.capacity, question, largest=True)
    asked = float(question.demand.sum())
    if asked > most * (1 + ROUNDING):
        problems.append(
            say("optimise.too_little_capacity", sites=question.p, capacity=f"{most:g}", demand=f"{asked:g}")
        )  # fmt: skip
        names.append("capacity")
    least = _best_sum(question.need, question, largest=False)
    if least > question.need_limit * (1 + ROUNDING):
        problems.append(
            say("optimise.too_little_land", sites=question.p, need=f"{least:g}", limit=f"{question.need_limit:g}")
        )  # fmt: skip
        names.append("site_need")
    if problems:
        raise NoAnswerError(problems, names=tuple(dict.fromkeys(names)), rows=rows)
    return replace(question, cost=np.where(reached & fits, question.cost, np.inf))


def _best_sum(amount: Vector, question: Sited, *, largest: bool) -> float:
    """The largest or least sum over p sites that may be open together."""
    free = np.sort(amount[question.may & ~question.must])
    count = question.p - int(question.must.sum())
    rest = free[::-1][:count] if largest else free[:count]
    return float(amount[question.must].sum() + rest.sum())


def _first(question: Sited, rng: np.random.Generator, kicks: int) -> Packing | None:
    """The best of a greedy opening, and of random ones, each settled."""
    finite = np.isfinite(question.cost)
    far = 2 * float(np.where(finite, question.cost, 0.0).max(initial=0.0)) + 1.0
    table = np.where(finite, question.cost, far)
    must, free = np.flatnonzero(question.must), np.flatnonzero(question.may & ~question.must)
    allowed = np.concatenate([must, free])
    greedy = allowed[open_greedily(table[:, allowed], p=question.p, fixed=np.arange(must.size))]
    tried = [np.sort(greedy)]
    for _ in range(kicks):
        some = rng.choice(free, question.p - must.size, replace=False)
        tried.append(np.sort(np.concatenate([must, some])))
    best: Packing | None = None
    for sites in tried:
        packing = question.packed(sites)
        if packing is not None:
            packing = settle(question, packing)
            if best is None or question.total(packing) < question.total(best):
                best = packing
    return best
