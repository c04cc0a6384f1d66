"""What all questions of siting share: the shape of the answer, and the checks at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.optimise.proof import Proof

__all__ = [
    "LocationAnswer",
    "allowed_sites",
    "checked_amounts",
    "checked_costs",
    "checked_sites",
    "checked_weights",
    "nearest_site",
]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocationAnswer:
    """The open sites, who goes where, and how good that is.

    Attributes
    ----------
    sites
        Indices of the open sites, ascending.
    assigned_to
        The site of each demand point: the nearest open one, the lower index if two are as near; -1 for a point
        that no open site reaches (only points of weight 0, or left out of a maximal covering).
    proof
        Objective and bound.
    """

    sites: Indices
    assigned_to: Indices
    proof: Proof


def checked_costs(cost: ArrayLike) -> Vector:
    """A table of points by sites without negative or missing numbers."""
    costs = np.asarray(cost, dtype=float)
    if costs.shape != (*costs.shape[:1], costs.shape[-1]):
        raise ValueError(f"cost is no table of points by sites: {costs.shape}")
    if not np.all(costs >= 0):
        raise ValueError("every cost must be at least 0, or inf where a site cannot serve a point")
    return costs


def checked_weights(weight: ArrayLike, n: int) -> Vector:
    """One finite weight of at least 0 for each point."""
    weights = np.asarray(weight, dtype=float)
    if weights.shape != (n,):
        raise ValueError(f"{n} weights are needed, not {weights.shape}")
    if not np.all(np.isfinite(weights) & (weights >= 0)):
        raise ValueError("every weight must be a number of at least 0")
    return weights


def checked_amounts(amount: ArrayLike, n: int, name: str) -> Vector:
    """One finite number of at least 0 for each of n points or sites."""
    amounts = np.asarray(amount, dtype=float)
    if amounts.shape != (n,):
        raise ValueError(f"{name}: {n} numbers are needed, not {amounts.shape}")
    if not np.all(np.isfinite(amounts) & (amounts >= 0)):
        raise ValueError(f"{name}: every number must be at least 0")
    return amounts


def allowed_sites(
    fixed: Sequence[int], forbidden: Sequence[int], *, m: int, p: int | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The marks of sites that are open in every answer, and of those that may be open; p of them must be possible."""
    closed = checked_sites(forbidden, m=m)
    opened = checked_sites(fixed, m=m)
    if both := np.intersect1d(opened, closed).tolist():
        raise ValueError(f"sites cannot be fixed and forbidden: {both}")
    must, may = np.zeros(m, dtype=bool), np.ones(m, dtype=bool)
    must[opened], may[closed] = True, False
    if p is not None and not max(1, opened.size) <= p <= int(may.sum()):
        raise ValueError(
            f"p = {p}, but {int(may.sum())} sites may be open and {opened.size} are fixed"
        )
    return must, may


def checked_sites(fixed: Sequence[int], *, m: int, p: int | None = None) -> Indices:
    """The fixed sites, ascending, each once; p of m sites must be possible with them."""
    sites = np.unique(np.asarray(fixed, dtype=np.int64))
    if sites.size and not (sites[0] >= 0 and sites[-1] < m):
        raise ValueError(f"fixed sites must be among the {m} sites: {sites.tolist()}")
    if p is not None and not max(1, sites.size) <= p <= m:
        raise ValueError(f"p = {p}, but there are {m} sites and {sites.size} fixed ones")
    return sites


def nearest_site(costs: Vector, sites: Indices) -> Indices:
    """The nearest of the sites for each point; the lower index if two are as near, -1 if none is reached."""
    among = costs[:, sites]
    position = among.argmin(axis=1)
    reached = np.isfinite(among[np.arange(position.size), position])
    return np.where(reached, sites[position], -1)
