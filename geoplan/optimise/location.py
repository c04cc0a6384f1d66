"""Sites that serve demand points at the least weighted cost: the p-median.

Costs are a table of demand points by sites, ``inf`` where a site cannot serve a point. Every answer comes with a
bound that no choice of sites can beat.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.optimise._interchange import good_sites
from geoplan.optimise._median_proof import Median, prove
from geoplan.optimise._sites import (
    LocationAnswer,
    checked_costs,
    checked_sites,
    checked_weights,
    nearest_site,
)
from geoplan.optimise.covering import maximal_covering, unreached
from geoplan.optimise.proof import Proof, Status

__all__ = ["LocationAnswer", "p_median"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


def p_median(  # noqa: PLR0913 - every choice is named
    *,
    cost: ArrayLike,
    weight: ArrayLike,
    p: int,
    fixed: Sequence[int] = (),
    seed: int = 0,
    kicks: int = 20,
    relative_gap: float = 1e-9,
    node_limit: int = 2_000,
    time_limit_seconds: float | None = None,
) -> LocationAnswer:
    r"""Open p sites so that the weighted cost of everyone's way to the nearest is smallest.

    .. math:: \min_{|S| = p, F \subseteq S} \sum_i w_i \min_{j \in S} c_{ij}

    A point of weight 0 asks for nothing. Found by greedy opening and interchange with seeded kicks, proven by
    a Lagrangian bound, the sites that it rules out, a search over the others and, where the rest is small, HiGHS.

    Parameters
    ----------
    cost
        (n, m), at least 0; ``inf`` where site j cannot serve point i.
    weight
        (n,), at least 0.
    p, fixed
        Number of open sites, and those that are open anyway (they count towards p).
    seed, kicks
        Of the heuristic: how many times it is disturbed and improved again.
    relative_gap
        Stop once the answer is proven this near the best.
    node_limit
        Limit of work of the search.
    time_limit_seconds
        An extra stop for the proof; an answer cut by it says so.

    Returns
    -------
    LocationAnswer
        ``proof.bound`` is a valid lower bound whatever stopped the search.

    Raises
    ------
    NoAnswerError
        Points (``rows``) that no site reaches, or that p sites cannot reach all.
    ValueError
        p above the number of sites, below the number of fixed ones or below 1, negative or missing numbers.

    References
    ----------
    Teitz & Bart, Heuristic methods for estimating the generalized vertex median, Operations Research 16, 1968.
    Whitaker, A fast algorithm for the greedy interchange for large-scale clustering and median location problems,
    INFOR 21, 1983. Resende & Werneck, A fast swap-based local search procedure for location problems, Annals of
    Operations Research 150, 2007. Beasley, A note on solving large p-median problems, European Journal of
    Operational Research 21, 1985. Elloumi, A tighter formulation of the p-median problem, Journal of
    Combinatorial Optimization 19, 2010.

    Examples
    --------
    Five houses on a line at 0, 1, 2, 10 and 11; any of them may be a centre.

    >>> at = np.array([0, 1, 2, 10, 11])
    >>> answer = p_median(cost=abs(at[:, None] - at), weight=np.ones(5), p=2)
    >>> answer.sites.tolist(), answer.proof.objective, answer.proof.bound
    ([1, 3], 3.0, 3.0)
    """
    began = time.perf_counter()
    costs = checked_costs(cost)
    weights = checked_weights(weight, costs.shape[0])
    kept_open = checked_sites(fixed, m=costs.shape[1], p=p)
    asks = weights > 0
    table, far = _weighted(costs[asks], weights[asks])
    sites = good_sites(table, p=p, fixed=kept_open, kicks=kicks, seed=seed)
    if (table[:, sites].min(axis=1) >= far).any():
        sites = _reaching_sites(costs, asks, p=p, fixed=kept_open)
    median = Median(
        cost=table,
        p=p,
        fixed=kept_open,
        relative_gap=relative_gap,
        node_limit=node_limit,
        deadline=np.inf if time_limit_seconds is None else began + time_limit_seconds,
    )
    proven = prove(median, sites)
    opened = np.sort(proven.sites)
    assigned_to = nearest_site(costs, opened)
    objective = float(table[:, opened].min(axis=1).sum())
    is_late = time.perf_counter() > median.deadline
    status: Status = "optimal" if proven.is_done else "cut_by_time" if is_late else "feasible"
    return LocationAnswer(
        sites=opened,
        assigned_to=assigned_to,
        proof=Proof(
            objective=objective,
            bound=min(proven.bound, objective),
            sense="min",
            status=status,
            seconds=time.perf_counter() - began,
            seed=seed,
            method="interchange, Lagrangian search, HiGHS",
        ),
    )


def _weighted(costs: Vector, weights: Vector) -> tuple[Vector, float]:
    """Weighted costs with a finite stand-in for inf: more than any answer that reaches everyone."""
    table = costs * weights[:, None]
    reached = np.isfinite(table)
    far = float(np.ceil(np.where(reached, table, 0.0).max(axis=1, initial=0.0).sum())) + 1.0
    return np.where(reached, table, far), far


def _reaching_sites(costs: Vector, asks: NDArray[np.bool_], *, p: int, fixed: Indices) -> Indices:
    """P sites that reach every point that asks, if there are such."""
    reaches = np.isfinite(costs)
    alone = np.flatnonzero(asks & ~reaches.any(axis=1))
    if alone.size == 0:
        reaches = reaches[asks]
        cover = maximal_covering(
            reaches=reaches, weight=np.ones(reaches.shape[0]), p=p, fixed=fixed.tolist()
        )
        if cover.proof.objective == reaches.shape[0]:
            return np.concatenate([fixed, np.setdiff1d(cover.sites, fixed)])
        alone = np.flatnonzero(asks)[cover.assigned_to < 0]
    raise unreached(alone, sites=p)
