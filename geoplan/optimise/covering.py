"""Sites that reach demand points: all with the fewest sites, the most with p sites, the worst one as near as can be.

Each is solved exactly by HiGHS, after points and sites that another one makes superfluous are left out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from geoplan.errors import UnfinishedError
from geoplan.optimise._highs import Programme, Solved, solve
from geoplan.optimise._interchange import open_greedily
from geoplan.optimise._sites import (
    LocationAnswer,
    checked_costs,
    checked_sites,
    checked_weights,
    nearest_site,
)
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.proof import Proof, Status
from geoplan.words import say

__all__ = ["maximal_covering", "p_centre", "set_covering", "told_points", "unreached"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

STATUS: dict[str, Status] = {"optimal": "optimal", "work": "feasible", "time": "cut_by_time"}
#: So many points are named in an error.
TOLD_POINTS = 10


def set_covering(
    *,
    reaches: ArrayLike,
    fixed: Sequence[int] = (),
    node_limit: int | None = 10_000,
    time_limit_seconds: float | None = None,
) -> LocationAnswer:
    r"""Reach every point with as few sites as possible.

    .. math:: \min |S|, \quad F \subseteq S, \quad \forall i \, \exists j \in S: a_{ij}

    Parameters
    ----------
    reaches
        (n, m), true where site j reaches point i.
    fixed
        Sites that are open anyway; they count.
    node_limit, time_limit_seconds
        Limits of work and time.

    Returns
    -------
    LocationAnswer
        ``assigned_to`` is the lowest open site that reaches the point; objective: number of sites.

    Raises
    ------
    NoAnswerError
        Points (``rows``) that no site reaches.

    References
    ----------
    Toregas, Swain, ReVelle & Bergman, The location of emergency service facilities, Operations Research 19, 1971.

    Examples
    --------
    >>> set_covering(reaches=[[1, 0, 0], [0, 1, 1], [0, 0, 1]]).sites.tolist()
    [0, 2]
    """
    began = time.perf_counter()
    table = np.asarray(reaches, dtype=bool)
    kept_open = checked_sites(fixed, m=table.shape[1])
    alone = np.flatnonzero(~table.any(axis=1))
    if alone.size:
        raise unreached(alone, sites=table.shape[1])
    solved = _fewest(table, kept_open, node_limit, time_limit_seconds)
    if solved.x is None:
        raise UnfinishedError([])
    sites = np.flatnonzero(solved.x)
    bound = min(float(sites.size), float(np.ceil(solved.bound - 1e-6)))
    return LocationAnswer(
        sites=sites,
        assigned_to=nearest_site(np.where(table, 0.0, np.inf), sites),
        proof=Proof(
            objective=float(sites.size),
            bound=bound,
            sense="min",
            status="optimal" if bound == sites.size else STATUS[solved.outcome],
            seconds=time.perf_counter() - began,
            method="HiGHS branch and cut",
        ),
    )


def _fewest(
    table: Mask, fixed: Indices, node_limit: int | None, time_limit_seconds: float | None
) -> Solved:
    n, m = table.shape
    lower = np.zeros(m)
    lower[fixed] = 1.0
    return solve(
        Programme(
            cost=np.ones(m),
            rows=sp.csr_array(table.astype(float)),
            row_lower=np.ones(n),
            row_upper=np.full(n, np.inf),
            lower=lower,
            upper=np.ones(m),
            is_integer=np.ones(m, dtype=bool),
        ),
        absolute_gap=1 - 1e-6,
        node_limit=node_limit,
        time_limit_seconds=time_limit_seconds,
    )


def maximal_covering(  # noqa: PLR0913 - every choice is named
    *,
    reaches: ArrayLike,
    weight: ArrayLike,
    p: int,
    fixed: Sequence[int] = (),
    relative_gap: float = 1e-9,
    node_limit: int | None = 10_000,
    time_limit_seconds: float | None = None,
) -> LocationAnswer:
    r"""Reach as much weight as possible with p sites.

    .. math:: \max_{|S| = p, F \subseteq S} \sum_i w_i [\exists j \in S: a_{ij}]

    Parameters
    ----------
    reaches, weight
        (n, m), true where site j reaches point i; (n,), at least 0.
    p, fixed
        Number of open sites, and those that are open anyway.
    relative_gap, node_limit, time_limit_seconds
        When to stop.

    Returns
    -------
    LocationAnswer
        ``assigned_to`` is -1 for points left out; objective: weight reached.

    References
    ----------
    Church & ReVelle, The maximal covering location problem, Papers of the Regional Science Association 32, 1974.

    Examples
    --------
    >>> answer = maximal_covering(reaches=[[1, 0], [1, 0], [0, 1]], weight=[1, 1, 3], p=1)
    >>> answer.sites.tolist(), answer.assigned_to.tolist(), answer.proof.objective
    ([1], [-1, -1, 1], 3.0)
    """
    began = time.perf_counter()
    table = np.asarray(reaches, dtype=bool)
    n, m = table.shape
    weights = checked_weights(weight, n)
    kept_open = checked_sites(fixed, m=m, p=p)
    kinds, kind_of = np.unique(table, axis=0, return_inverse=True)
    worth = np.bincount(kind_of.ravel(), weights=weights, minlength=kinds.shape[0])
    lower = np.zeros(m + kinds.shape[0])
    lower[kept_open] = 1.0
    covered = sp.hstack([sp.csr_array(kinds.astype(float)), -sp.eye_array(kinds.shape[0])])
    count = sp.csr_array((np.arange(m + kinds.shape[0]) < m).astype(float)[None, :])
    solved = solve(
        Programme(
            cost=np.concatenate([np.zeros(m), worth]),
            rows=sp.csr_array(sp.vstack([covered, count])),
            row_lower=np.append(np.zeros(kinds.shape[0]), p),
            row_upper=np.append(np.full(kinds.shape[0], np.inf), p),
            lower=lower,
            upper=np.ones(m + kinds.shape[0]),
            is_integer=np.ones(m + kinds.shape[0], dtype=bool),
            sense="max",
        ),
        relative_gap=relative_gap,
        node_limit=node_limit,
        time_limit_seconds=time_limit_seconds,
    )
    if solved.x is None:
        raise UnfinishedError([])
    sites = np.flatnonzero(solved.x[:m])
    assigned_to = nearest_site(np.where(table, 0.0, np.inf), sites)
    objective = float(weights[assigned_to >= 0].sum())
    return LocationAnswer(
        sites=sites,
        assigned_to=assigned_to,
        proof=Proof(
            objective=objective,
            bound=max(solved.bound, objective),
            sense="max",
            status=STATUS[solved.outcome],
            seconds=time.perf_counter() - began,
            method="HiGHS branch and cut",
        ),
    )


def p_centre(
    *,
    cost: ArrayLike,
    p: int,
    fixed: Sequence[int] = (),
    node_limit: int | None = 10_000,
    time_limit_seconds: float | None = None,
) -> LocationAnswer:
    r"""Open p sites so that the farthest point is as near as possible.

    .. math:: \min_{|S| = p, F \subseteq S} \max_i \min_{j \in S} c_{ij}

    Halves the list of different costs: can p sites reach everyone within this cost? Sites beyond those that are
    needed for that are opened where they help the mean, the lower index first.

    Parameters
    ----------
    cost
        (n, m), at least 0; ``inf`` where site j cannot serve point i.
    p, fixed
        Number of open sites, and those that are open anyway.
    node_limit, time_limit_seconds
        Limits of work of each step, and of time in all.

    Returns
    -------
    LocationAnswer
        Objective: the cost of the farthest point.

    Raises
    ------
    NoAnswerError
        Points that p sites cannot reach.
    UnfinishedError
        The limit came before any answer.

    References
    ----------
    Minieka, The m-center problem, SIAM Review 12, 1970; Daskin, Network and Discrete Location, 1995.

    Examples
    --------
    >>> at = np.array([0, 1, 2, 10, 11])
    >>> answer = p_centre(cost=abs(at[:, None] - at), p=2)
    >>> answer.proof.objective, answer.sites.tolist()
    (1.0, [1, 4])
    """
    began = time.perf_counter()
    deadline = np.inf if time_limit_seconds is None else began + time_limit_seconds
    costs = checked_costs(cost)
    kept_open = checked_sites(fixed, m=costs.shape[1], p=p)
    found = _smallest_radius(costs, p, kept_open, node_limit, deadline)
    sites = _filled(costs, found.sites, p)
    objective = float(costs[:, sites].min(axis=1).max(initial=0.0))
    is_late = time.perf_counter() > deadline
    bound = min(found.bound, objective)
    return LocationAnswer(
        sites=sites,
        assigned_to=nearest_site(costs, sites),
        proof=Proof(
            objective=objective,
            bound=bound,
            sense="min",
            status="optimal" if bound == objective else "cut_by_time" if is_late else "feasible",
            seconds=time.perf_counter() - began,
            method="halving, set covering by HiGHS",
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Radius:
    """Sites within the smallest radius found, and the radius below which there is proven to be nothing."""

    sites: Indices
    bound: float


def _smallest_radius(
    costs: Vector, p: int, fixed: Indices, node_limit: int | None, deadline: float
) -> _Radius:
    """Halve the radii between the nearest site of the worst point and the largest cost."""
    alone = np.flatnonzero(~np.isfinite(costs).any(axis=1))
    if alone.size:
        raise unreached(alone, sites=p)
    radii = np.unique(costs[np.isfinite(costs)])
    if costs.shape[0] == 0:
        return _Radius(fixed, 0.0)
    low = proven = int(np.searchsorted(radii, costs.min(axis=1).max()))
    high, middle = radii.size - 1, radii.size - 1  # everything at first: can all be reached at all?
    sites: Indices | None = None
    while low <= high:
        left = deadline - time.perf_counter()
        solved = _fewest(costs <= radii[middle], fixed, node_limit, left if np.isfinite(left) else None)  # fmt: skip
        if solved.x is not None and solved.x.sum() <= p:
            sites, high = np.flatnonzero(solved.x), middle - 1
        elif solved.bound > p + 1e-6 and middle == radii.size - 1:
            raise unreached(_left_out(np.isfinite(costs), p, fixed), sites=p)
        else:
            proven = middle + 1 if solved.bound > p + 1e-6 and proven == low else proven
            low = middle + 1
        middle = (low + high) // 2
    if sites is None:
        raise UnfinishedError([])
    return _Radius(sites, float(radii[min(proven, radii.size - 1)]))


def _left_out(reaches: Mask, p: int, fixed: Indices) -> Indices:
    best = maximal_covering(
        reaches=reaches, weight=np.ones(reaches.shape[0]), p=p, fixed=fixed.tolist()
    )
    return np.flatnonzero(best.assigned_to < 0)


def _filled(costs: Vector, sites: Indices, p: int) -> Indices:
    finite = np.where(np.isfinite(costs), costs, 2 * costs[np.isfinite(costs)].max(initial=1.0))
    return np.sort(open_greedily(finite, p=p, fixed=sites))


def told_points(points: Indices) -> str:
    """The first few points, for an error."""
    told = ", ".join(str(point) for point in points[:TOLD_POINTS])
    return told + (" ..." if points.size > TOLD_POINTS else "")


def unreached(points: Indices, *, sites: int) -> NoAnswerError:
    """The error that names the points left out."""
    told = told_points(points)
    problem = say("optimise.too_few_reached", count=int(points.size), sites=sites, points=told)
    return NoAnswerError([problem], rows=points.tolist())
