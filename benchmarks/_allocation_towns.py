"""Made-up towns for the allocation of uses: parcels, what they are fit for, who borders whom, who serves whom.

The worth and the rules of a plan are worked out here, without geoplan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.spatial import Voronoi, cKDTree

__all__ = ["HOMES", "SERVICES", "Town", "adjacency_worth", "is_kept", "make_town", "worth"]

USES = ("homes", "greenway", "services", "industry", "school", "innovation")
HOMES, SERVICES = 0, 4
#: Land of each use, as a share of all, and how far it may be off.
SHARES = np.array([0.32, 0.16, 0.10, 0.26, 0.04, 0.12])
TOLERANCE = 0.03
#: Worth of a border beside that of one between equals: (use, use, worth).
BESIDE = ((0, 3, -0.6), (0, 1, 0.3), (0, 2, 0.2), (2, 3, -0.2), (0, 4, 0.3), (1, 3, -0.2))
PARCEL_M = 100.0
REACH_M = 300.0
#: Worth of a parcel of homes with a school in reach, per ha; of 100 m of border between equals.
SERVED = 0.1
COMPACTNESS = {"moderate": 0.06, "strong": 0.2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Town:
    """One question: n parcels, six uses.

    Attributes
    ----------
    score
        (n, 6) suitability (0 to 1) times area in ha.
    area_ha
        (n,).
    edges, border
        (m, 2) neighbours and the worth of their border.
    beside
        (6, 6) worth of two uses side by side.
    lower_ha, upper_ha
        Land of each use.
    reach
        (n, n), 1 where a school on one parcel serves homes on the other.
    served
        (n,) worth of being served, if homes.
    """

    score: np.ndarray
    area_ha: np.ndarray
    edges: np.ndarray
    border: np.ndarray
    beside: np.ndarray
    lower_ha: np.ndarray
    upper_ha: np.ndarray
    reach: sp.csr_array
    served: np.ndarray


def make_town(n: int, compactness: str) -> Town:
    """Random seeds and their Voronoi cells; suitability in bumps some parcels wide, with noise. The seed is n."""
    rng = np.random.default_rng(n)
    side = np.sqrt(n)
    at = rng.random((n, 2)) * side
    area, edges, length = _cells(at, side)
    fit = np.column_stack([_bumps(rng, at, side) for _ in USES])
    fit = 0.7 * fit + 0.3 * rng.random(fit.shape)
    beside = np.eye(len(USES))
    for one, two, value in BESIDE:
        beside[one, two] = beside[two, one] = value
    tree = cKDTree(at)
    near = tree.query_pairs(REACH_M / PARCEL_M, output_type="ndarray")
    pairs = np.concatenate([near, near[:, ::-1], np.repeat(np.arange(n)[:, None], 2, axis=1)])
    return Town(
        score=fit * area[:, None],
        area_ha=area,
        edges=edges,
        border=COMPACTNESS[compactness] * length,
        beside=beside,
        lower_ha=SHARES * area.sum() * (1 - TOLERANCE),
        upper_ha=SHARES * area.sum() * (1 + TOLERANCE),
        reach=sp.csr_array(sp.coo_array((np.ones(len(pairs)), pairs.T), shape=(n, n))),
        served=SERVED * area,
    )


def _cells(at: np.ndarray, side: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Areas, neighbours and lengths of shared borders of the cells within a square."""
    n = len(at)
    mirrored = [
        at * (-1, 1),
        at * (1, -1),
        (2 * side, 0) + at * (-1, 1),
        (0, 2 * side) + at * (1, -1),
    ]
    cells = Voronoi(np.concatenate([at, *mirrored]))
    area = np.zeros(n)
    for i in range(n):
        x, y = cells.vertices[cells.regions[cells.point_region[i]]].T
        area[i] = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    inside = (cells.ridge_points < n).all(axis=1)
    ends = cells.vertices[np.array(cells.ridge_vertices)[inside]]
    length = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    kept = length > 0.01  # a metre of shared border
    return area, np.sort(cells.ridge_points[inside][kept], axis=1), length[kept]


def _bumps(rng: np.random.Generator, at: np.ndarray, side: float) -> np.ndarray:
    count = max(4, len(at) // 50)
    middle, width = rng.random((count, 2)) * side, rng.uniform(3, 8, count)
    height = rng.normal(0, 1, count)
    fit = np.zeros(len(at))
    tree = cKDTree(at)
    for c in range(count):
        near = tree.query_ball_point(middle[c], 3 * width[c])
        fit[near] += height[c] * np.exp(
            -((at[near] - middle[c]) ** 2).sum(axis=1) / (2 * width[c] ** 2)
        )
    return (fit - fit.min()) / np.ptp(fit)


def adjacency_worth(town: Town, plan: np.ndarray) -> float:
    """Worth of all borders."""
    return float(town.border @ town.beside[plan[town.edges[:, 0]], plan[town.edges[:, 1]]])


def served_worth(town: Town, plan: np.ndarray) -> float:
    """Worth of the homes with a school in reach."""
    has = town.reach @ (plan == SERVICES) > 0
    return float(town.served[(plan == HOMES) & has].sum())


def worth(town: Town, plan: np.ndarray) -> float:
    """Worth of a plan: suitability, borders, service."""
    own = float(town.score[np.arange(plan.size), plan].sum())
    return own + adjacency_worth(town, plan) + served_worth(town, plan)


def excess_ha(town: Town, plan: np.ndarray) -> float:
    """Land by which the uses miss their limits."""
    land = np.bincount(plan, weights=town.area_ha, minlength=len(SHARES))
    return float(
        np.maximum(town.lower_ha - land, 0).sum() + np.maximum(land - town.upper_ha, 0).sum()
    )


def is_kept(town: Town, plan: np.ndarray) -> bool:
    """Whether the land of every use is within its limits."""
    return excess_ha(town, plan) <= 1e-6 * float(town.area_ha.sum())
