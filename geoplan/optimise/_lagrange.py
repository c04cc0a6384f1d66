"""A valid lower bound for the p-median, and what it rules out.

The rule that every demand point is served once is priced by multipliers; what is left falls apart into one sum
per site (Cornuejols, Fisher & Nemhauser 1977; Beasley 1993):

    L(u) = sum_i u_i + sum of the p smallest rho_j,   rho_j = sum_i min(0, c_ij - u_i)

L(u) is a lower bound for every u. Only pairs with c_ij < u_i count, so u_i is held below a cap and pairs beyond
the cap are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bound", "Pairs", "raise_bound"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The pairs of demand point and site below the cap of the point."""

    row: Indices
    site: Indices
    cost: Vector
    cap: Vector
    n_sites: int

    @classmethod
    def below(cls, cost: Vector, cap: Vector) -> Pairs:
        """Keep the pairs cheaper than the cap."""
        row, site = np.nonzero(cost < cap[:, None])
        return cls(row=row, site=site, cost=cost[row, site], cap=cap, n_sites=cost.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """The best bound, its multipliers and the reduced costs ``rho`` of the sites; ``sites`` is the best answer met."""

    value: float
    multiplier: Vector
    rho: Vector
    opened: Indices


def raise_bound(  # noqa: PLR0913 - a search has its settings
    pairs: Pairs,
    *,
    p: int,
    must: NDArray[np.bool_],
    may: NDArray[np.bool_],
    target: float,
    multiplier: Vector,
    iterations: int,
) -> Bound:
    """Raise the bound by a deflected subgradient until it reaches ``target`` or the iterations are used up.

    ``must`` and ``may`` mark the sites that are open in every answer, and those that can be open at all.
    """
    u = np.minimum(multiplier, pairs.cap)
    best: Bound | None = None
    step, quiet, direction = 1.0, 0, np.zeros_like(u)
    for _ in range(iterations):
        reduced = pairs.cost - u[pairs.row]
        saves = reduced < 0
        rho = np.bincount(
            pairs.site[saves], weights=reduced[saves], minlength=pairs.n_sites
        ).astype(float)
        opened = _cheapest(rho, p=p, must=must, may=may)
        value = float(u.sum() + rho[opened].sum())
        if best is None or value > best.value:
            quiet = 0 if best is None or value > best.value + 1e-5 * abs(best.value) else quiet + 1
            best = Bound(value, u.copy(), rho, opened)
        else:
            quiet += 1
        if best.value >= target:
            break
        if quiet >= 15:  # noqa: PLR2004 - patience before the step is halved
            step, quiet, u = step / 2, 0, best.multiplier.copy()
            direction = np.zeros_like(u)
            if step < 1e-4:  # noqa: PLR2004 - no more to gain
                break
            continue
        is_open = np.zeros(pairs.n_sites, dtype=bool)
        is_open[opened] = True
        served = np.bincount(pairs.row[saves & is_open[pairs.site]], minlength=u.size)
        direction = (1.0 - served) + 0.3 * direction
        length = float(direction @ direction)
        if length == 0:
            break
        u = np.minimum(u + step * (target - value) / length * direction, pairs.cap)
    assert best is not None  # noqa: S101 - iterations >= 1
    return best


def _cheapest(rho: Vector, *, p: int, must: NDArray[np.bool_], may: NDArray[np.bool_]) -> Indices:
    free = np.flatnonzero(may & ~must)
    n_free = p - int(must.sum())
    order = np.argsort(rho[free], kind="stable")[:n_free]
    return np.sort(np.concatenate([np.flatnonzero(must), free[order]]))
