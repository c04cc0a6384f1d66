"""Sites with roles of their own: the p-median in which each site fits the part it plays."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from geoplan.errors import UnfinishedError
from geoplan.optimise._highs import Programme, solve
from geoplan.optimise._sites import checked_costs, checked_weights, nearest_site
from geoplan.optimise.covering import STATUS, unreached
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.proof import Proof
from geoplan.words import say

__all__ = ["RoleAnswer", "sites_with_roles"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoleAnswer:
    """The site of each role, which of them serves each point (-1: none), and how good the whole is."""

    site_of_role: Indices
    assigned_to: Indices
    proof: Proof


def sites_with_roles(  # noqa: PLR0913 - every choice is named
    *,
    cost: ArrayLike,
    weight: ArrayLike,
    fits: ArrayLike,
    relative_gap: float = 1e-9,
    node_limit: int | None = 10_000,
    time_limit_seconds: float | None = None,
) -> RoleAnswer:
    r"""Give each role a site of its own that fits it, so that the weighted cost of everyone's way is smallest.

    .. math:: \min \sum_i w_i \min_r c_{i, s(r)}, \quad f_{r, s(r)}, \quad s(r) \ne s(q)

    Exact by HiGHS; points in the same place for every site are added up first. A point of weight 0 asks for nothing.

    Parameters
    ----------
    cost
        (n, m), at least 0; ``inf`` where site j cannot serve point i.
    weight
        (n,), at least 0.
    fits
        (roles, m), true where a site fits a role.
    relative_gap, node_limit, time_limit_seconds
        When to stop; ``proof.bound`` is a valid lower bound whatever stopped the search.

    Raises
    ------
    NoAnswerError
        A role that no site fits, roles that want the same sites, points (``rows``) that cannot all be reached.
    UnfinishedError
        The limits were reached before any answer was found.

    Examples
    --------
    Houses at 0, 1, 10 and 11; the first role wants a site in the west, and only the site at 1 is there.

    >>> at, sites = np.array([0, 1, 10, 11]), np.array([1, 10, 11])
    >>> answer = sites_with_roles(cost=abs(at[:, None] - sites), weight=[1, 1, 1, 2],
    ...                           fits=[[1, 0, 0], [1, 1, 1]])
    >>> answer.site_of_role.tolist(), answer.proof.objective, answer.proof.bound
    ([0, 2], 2.0, 2.0)
    """
    began = time.perf_counter()
    costs = checked_costs(cost)
    weights = checked_weights(weight, costs.shape[0])
    fitting = np.asarray(fits, dtype=bool)
    if fitting.ndim != 2 or fitting.shape[1] != costs.shape[1]:  # noqa: PLR2004
        raise ValueError(f"fits must have a column for each of {costs.shape[1]} sites")
    _refuse_hopeless(fitting)
    asks = np.flatnonzero(weights > 0)
    alone = asks[~np.isfinite(costs[asks][:, fitting.any(axis=0)]).any(axis=1)]
    if alone.size:
        raise unreached(alone, sites=costs.shape[1])
    rows, of_point = np.unique(costs[asks], axis=0, return_inverse=True)
    size = np.bincount(of_point.reshape(-1), weights=weights[asks], minlength=len(rows))
    programme = _programme(
        np.asarray(rows, dtype=np.float64), np.asarray(size, dtype=np.float64), fitting
    )
    solved = solve(
        programme,
        relative_gap=relative_gap,
        node_limit=node_limit,
        time_limit_seconds=time_limit_seconds,
    )
    if solved.outcome == "infeasible":
        raise unreached(asks, sites=len(fitting))
    if solved.x is None:
        raise UnfinishedError([])
    plays = solved.x[: fitting.size].reshape(fitting.shape) > 0.5  # noqa: PLR2004
    site_of_role = np.argmax(plays, axis=1)
    chosen = np.sort(site_of_role)
    objective = float((costs[asks][:, chosen].min(axis=1) * weights[asks]).sum())
    return RoleAnswer(
        site_of_role=site_of_role,
        assigned_to=nearest_site(costs, chosen),
        proof=Proof(
            objective=objective,
            bound=min(solved.bound, objective),
            sense="min",
            status=STATUS[solved.outcome],
            seconds=time.perf_counter() - began,
            method="HiGHS branch and cut",
        ),
    )


def _refuse_hopeless(fitting: NDArray[np.bool_]) -> None:
    """Roles without a site, and roles that have fewer sites than they are."""
    matched = sp.csgraph.maximum_bipartite_matching(sp.csr_array(fitting), perm_type="column")
    lost = np.flatnonzero(matched < 0)
    if lost.size:
        raise NoAnswerError(
            [say("optimise.no_site_for_role", roles=", ".join(str(role) for role in lost))],
            rows=tuple(int(role) for role in lost),
        )


def _programme(costs: Vector, weight: Vector, fitting: NDArray[np.bool_]) -> Programme:
    """Columns: role x site, then point x site where it can be served; rows: roles, sites, points, ways."""
    roles, sites = fitting.shape
    points = len(costs)
    point, site = np.nonzero(np.isfinite(costs) & fitting.any(axis=0))
    plays = roles * sites
    ways = plays + np.arange(len(point))
    role_of, site_of = np.divmod(np.arange(plays), sites)
    blocks = [
        (role_of, np.arange(plays), np.ones(plays)),  # each role once
        (roles + site_of, np.arange(plays), np.ones(plays)),  # each site at most once
        (roles + sites + point, ways, np.ones(len(point))),  # each point once
    ]
    first = roles + sites + points  # a way leads to an open site only
    number = first + np.arange(len(point))
    blocks.append((number, ways, np.ones(len(point))))
    closed = -np.ones(len(point))
    blocks += [(number, role * sites + site, closed) for role in range(roles)]
    row, column, value = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    count = first + len(point)
    width = plays + len(point)
    lower = np.concatenate(
        [np.ones(roles), np.zeros(sites), np.ones(points), np.full(len(point), -np.inf)]
    )
    upper = np.concatenate([np.ones(roles + sites + points), np.zeros(len(point))])
    return Programme(
        cost=np.concatenate([np.zeros(plays), costs[point, site] * weight[point]]),
        rows=sp.csr_array(sp.coo_array((value, (row, column)), shape=(count, width))),
        row_lower=lower,
        row_upper=upper,
        lower=np.zeros(width),
        upper=np.concatenate([fitting.reshape(-1).astype(float), np.ones(len(point))]),
        is_integer=np.arange(width) < plays,
    )
