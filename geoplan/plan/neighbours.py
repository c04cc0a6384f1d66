"""Rules of neighbourhood: who may not stand beside whom, and how parcels of one kind hang together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise import patches as terms
from geoplan.optimise.terms import Exclusion, Limit, Sum
from geoplan.plan.amounts import quoted
from geoplan.plan.asked import ForbiddenNeighbours, Patches
from geoplan.plan.land import Land
from geoplan.plan.rules import Rule
from geoplan.units import mu_from_m2
from geoplan.words import Message, join, say

__all__ = ["forbidden_neighbours", "patches"]


def forbidden_neighbours(land: Land, asked: ForbiddenNeighbours) -> Rule:
    r"""Some products share no border with some others.

    .. math:: x_{ip} + x_{jq} \le 1 \;\text{if}\; b_{ij} > 0, \; b_{ij} \ge b, \qquad
              x_{ip} = 0 \;\text{if a parcel of } Q \text{ that stays lies beside } i

    for p in P, q in Q and the shared border :math:`b_{ij}` [m]. In words: no product of P stands beside one of Q, planned or
    there today, along b metres or more.
    """
    edges, length_m = land.borders(asked.across_m)
    edges = edges[length_m >= asked.min_border_m]
    n, name = len(land.parcels), f"neighbours.{asked.name}"
    among = edges[edges[:, 1] < n]
    pairs = np.vstack([
        _pairs(land, among, asked.products, asked.others), _pairs(land, among, asked.others, asked.products)
    ])  # fmt: skip
    pairs = np.unique(pairs, axis=0)
    beside = sum(
        _beside(land, edges, one).astype(float)[:, None] * land.chosen(other)
        for one, other in ((asked.others, asked.products), (asked.products, asked.others))
    )
    is_one, is_other = land.is_one_of(asked.products), land.is_one_of(asked.others)
    one_there, other_there = land.is_there(asked.products), land.is_there(asked.others)
    met = edges[(edges[:, 0] < n)]

    def told(labels: NDArray[np.int64]) -> float:
        one, other = np.r_[is_one[labels], one_there], np.r_[is_other[labels], other_there]
        i, j = met.T
        return float(np.count_nonzero((one[i] & other[j]) | (other[i] & one[j])))

    return Rule(
        name=name,
        kind="neighbours",
        title=say("plan.rule_neighbours", name=quoted(asked.name), products=land.names(asked.products),
                  others=land.names(asked.others), min_m=asked.min_border_m),
        short=quoted(asked.name),
        unit="count",
        source=asked.source,
        products=" ".join([*asked.products, "/", *asked.others]),
        lower=0.0,
        upper=0.0,
        limits=(
            Limit(name=name, term=Sum(coefficients=np.asarray(beside)), upper=0.0),
            Limit(name=name, term=Exclusion(pairs=pairs, label_count=len(land.programme.products)), upper=0.0),
        ),
        told=told,
        details={"min_border_m": asked.min_border_m, "across_m": asked.across_m,
                 "uses": _uses(land, asked.products), "other_uses": _uses(land, asked.others)},
    )  # fmt: skip


def patches(land: Land, asked: Patches) -> Rule:
    r"""Parcels of some products hang together in few patches, none too small, none too large.

    .. math:: |\mathcal{C}| \le K, \qquad m \le \sum_{i \in c} A_i \le M \quad [m^2] \quad \text{for every patch } c

    Patches are largest sets of parcels of the products that touch, or lie within a distance of each other; parcels that stay
    and are used so join them (``joins_today``), but a patch without a candidate is not looked at. In words: at most K
    patches - 1 is a connected net - each with at least m and at most M of land.
    """
    edges, _ = land.borders(asked.across_m)
    n = len(land.parcels)
    there = (
        np.flatnonzero(land.is_there(asked.products))
        if asked.joins_today
        else np.zeros(0, dtype=int)
    )
    number = np.full(len(land.everything), -1, dtype=np.int64)
    number[:n] = np.arange(n)
    number[n + there] = n + np.arange(there.size)
    kept = number[edges][(number[edges] >= 0).all(axis=1)]
    size = np.asarray(land.everything.area)[np.r_[np.arange(n), n + there]]
    member = land.is_one_of(asked.products)
    name = f"patches.{asked.name}"

    def term(measure: str) -> terms.Patches:
        return terms.Patches(edges=kept, size=size, is_member=member, measure=measure)  # type: ignore[arg-type]

    limits = []
    if np.isfinite(asked.max_count):
        limits.append(Limit(name=name, term=term("count"), upper=asked.max_count))
    if asked.min_m2 > 0:
        limits.append(Limit(name=name, term=term("smallest"), lower=asked.min_m2))
    if np.isfinite(asked.max_m2):
        limits.append(Limit(name=name, term=term("largest"), upper=asked.max_m2))
    return Rule(
        name=name,
        kind="patches",
        title=say("plan.rule_patches", name=quoted(asked.name), products=land.names(asked.products),
                  parts=_asked_parts(asked)),
        short=quoted(asked.name),
        unit="count",
        source=asked.source,
        products=" ".join(asked.products),
        lower=0.0,
        upper=asked.max_count,
        limits=tuple(limits),
        told=term("count").value,
        details={"min_m2": asked.min_m2, "max_m2": asked.max_m2 if np.isfinite(asked.max_m2) else None,
                 "across_m": asked.across_m, "uses": _uses(land, asked.products) if asked.joins_today else []},
        give_unit="m2" if not np.isfinite(asked.max_count) else "count",
    )  # fmt: skip


def _asked_parts(asked: Patches) -> Message:
    parts = []
    if np.isfinite(asked.max_count):
        parts.append(say("plan.patches_count", count=round(asked.max_count)))
    if asked.min_m2 > 0:
        parts.append(say("plan.patches_min", area_mu=mu_from_m2(asked.min_m2)))
    if np.isfinite(asked.max_m2):
        parts.append(say("plan.patches_max", area_mu=mu_from_m2(asked.max_m2)))
    return join(parts, "common.enumeration")


def _uses(land: Land, products: Sequence[str]) -> list[str]:
    return [land.programme.product(key).use for key in products]


def _pairs(
    land: Land, edges: NDArray[np.int64], products: Sequence[str], others: Sequence[str]
) -> NDArray[np.int64]:
    """Rows i, p, j, q for every edge and pair of products."""
    p, q = np.flatnonzero(land.is_one_of(products)), np.flatnonzero(land.is_one_of(others))
    p, q = np.repeat(p, q.size), np.tile(q, p.size)
    i, j = np.repeat(edges[:, 0], p.size), np.repeat(edges[:, 1], p.size)
    return np.column_stack([i, np.tile(p, len(edges)), j, np.tile(q, len(edges))]).astype(np.int64)


def _beside(land: Land, edges: NDArray[np.int64], products: Sequence[str]) -> NDArray[np.bool_]:
    """Per candidate: whether a parcel that stays and is used as one of the products lies beside it."""
    n = len(land.parcels)
    there = np.r_[np.zeros(n, dtype=bool), land.is_there(products)]
    i, j = edges[:, 0], edges[:, 1]
    beside = np.zeros(n, dtype=bool)
    beside[i[(i < n) & there[j]]] = True
    return beside
