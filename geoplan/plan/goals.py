"""The objectives of a plan: each one short function, in symbols and in words, as a share or score of about 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise import pairs
from geoplan.optimise.terms import Goal, Sum
from geoplan.plan.asked import (
    AreaWithin,
    Borders,
    ConversionCost,
    CountTarget,
    Covered,
    Objective,
    Spread,
    Suitable,
    ValueKept,
)
from geoplan.plan.conversion import conversion_amount, existing_floor_area, keeps_use
from geoplan.plan.land import Land
from geoplan.plan.problem import Programme
from geoplan.plan.reach import area_cover, cover, reach_details
from geoplan.plan.suitability import Suitability

__all__ = ["PlanGoal", "exact_count", "goal_of", "suitable_area"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanGoal:
    """An objective and its row in the table ``plan_rules``."""

    kind: str
    goal: Goal
    unit: str
    products: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def suitable_area(land: Land, fit: Suitability) -> PlanGoal:
    r"""Suitable area, where nothing else is asked.

    .. math:: \sum_i A_i \sum_p s_{ip} x_{ip} \quad [m^2]

    In words: each candidate's land, times how well what it becomes fits there.
    """
    worth = fit.score.to_numpy() * land.area_m2[:, None]
    return PlanGoal(
        kind="suitable_area",
        goal=Goal(name="suitable_area", term=Sum(coefficients=worth)),
        unit="m2",
    )


def suitable(land: Land, fit: Suitability, asked: Suitable) -> PlanGoal:
    r"""Mean suitability of the candidates' land.

    .. math:: \sum_i A_i \sum_p s_{ip} x_{ip} \Big/ \sum_i A_i

    In words: how well what the land becomes fits, on average over the land.
    """
    worth = fit.score.to_numpy() * (land.area_m2 / land.area_m2.sum())[:, None]
    return _goal(asked, "suitability", Sum(coefficients=worth))


def borders(land: Land, _: Suitability, asked: Borders) -> PlanGoal:
    r"""Worth of borders, on average over their length.

    .. math:: \sum_{ij} b_{ij} W_{p(i) p(j)} \Big/ \sum_{ij} b_{ij}

    with the shared border b [m] of each pair of which one at least is a candidate, and the worth W of the pair of products;
    a parcel that stays counts as the first product of its use, or as none. In words: like beside like (compactness), wanted
    neighbours together, unwanted ones apart.
    """
    edges, length_m = land.borders(asked.across_m)
    n, keys = len(land.parcels), [product.key for product in land.programme.products]
    own = edges[:, 0] < n
    edges, length_m = edges[own], length_m[own] / (float(length_m[own].sum()) or 1.0)
    worth = asked.same * np.eye(len(keys))
    for (one, other), value in asked.pairs.items():
        worth[keys.index(one), keys.index(other)] = worth[keys.index(other), keys.index(one)] = (
            value
        )
    there = _products_there(land)
    alone = np.zeros((n, len(keys)))
    beside = (edges[:, 1] >= n) & (
        there[np.maximum(edges[:, 1] - n, 0)] >= 0 if there.size else False
    )
    np.add.at(alone, edges[beside, 0], length_m[beside, None] * worth[there[edges[beside, 1] - n]])
    among = edges[:, 1] < n
    term = pairs.Borders(edges=edges[among], weight=length_m[among], worth=worth, alone=alone)
    named = {f"{one} {other}": value for (one, other), value in asked.pairs.items()}
    details = {"same": asked.same, "pairs": named, "across_m": asked.across_m,
               "uses": {product.key: product.use for product in land.programme.products}}  # fmt: skip
    return _goal(asked, "borders", term, details=details)


def _products_there(land: Land) -> NDArray[np.int64]:
    """Per parcel that stays: the first product of its use, -1 for none."""
    found = np.full(len(land.staying), -1, dtype=np.int64)
    for number, product in reversed(list(enumerate(land.programme.products))):
        found[land.staying["use"].astype(str).str.startswith(product.use).to_numpy()] = number
    return found


def conversion_cost(land: Land, _: Suitability, asked: ConversionCost) -> PlanGoal:
    r"""Cost of conversion, as a share of the dearest plan's.

    .. math:: \sum_{ip} c_{ip} x_{ip} \Big/ \sum_i \max_p c_{ip}

    In words: what clearing and soil surveys cost; numbers by the rule packs.
    """
    cost = conversion_amount(land)
    return _goal(asked, "cost", Sum(coefficients=cost / (float(cost.max(axis=1).sum()) or 1.0)),
                 details={"reference_amount": float(cost.max(axis=1).sum())})  # fmt: skip


def value_kept(land: Land, _: Suitability, asked: ValueKept) -> PlanGoal:
    r"""Existing floor area that stays in use.

    .. math:: \sum_i G_i k_{i p(i)} \Big/ \sum_i G_i

    with the floor area G [m2] that stands there and k = 1 where the use stays. In words: of the buildings on the
    candidates, the share that the plan keeps.
    """
    floor_area = existing_floor_area(land)
    kept = keeps_use(land) * (floor_area / (float(floor_area.sum()) or 1.0))[:, None]
    return _goal(asked, "value_kept", Sum(coefficients=kept))


def covered(land: Land, _: Suitability, asked: Covered) -> PlanGoal:
    r"""Share of homes within reach of a facility.

    .. math:: \sum_d w_d c_d \Big/ \sum_d w_d

    over homes d, planned and of today, with weight w (1, land [m2] or people); c = 1 if one of the products lies within
    the radius. In words: how many of the homes have it near.
    """
    return _goal(asked, "covered", cover(land, asked, is_share=True),
                 products=asked.products, details=reach_details(land, asked))  # fmt: skip


def area_within(land: Land, _: Suitability, asked: AreaWithin) -> PlanGoal:
    r"""Share of the homes' land within reach of some products.

    .. math:: \left| \bigcup_h h \cap \bigcup_j B(j, r) \right| \Big/ \sum_h |h|

    over homes h and parcels j of the products, planned and of today, of at least the area asked. In words: how much of the
    housing land has, for example, a park near.
    """
    homes = asked.homes or land.programme.homes
    details = {"radius_m": asked.radius_m, "min_m2": asked.min_m2, "homes": list(homes),
               "uses": [land.programme.product(key).use for key in asked.products],
               "staying_homes": land.staying.index[land.is_there(homes)].tolist()}  # fmt: skip
    return _goal(
        asked, "area_within", area_cover(land, asked), products=asked.products, details=details
    )


def spread(land: Land, _: Suitability, asked: Spread) -> PlanGoal:
    r"""Mean distance between the parcels of some products.

    .. math:: \frac{2}{N (N - 1)} \sum_{i < j} d_{ij} \Big/ d_{ref}

    between centroids [m], planned and of today. In words: how evenly a facility is spread; its count must be exact.
    """
    n = len(land.parcels)
    there = n + np.flatnonzero(land.is_there(asked.products))
    nodes = np.r_[np.arange(n), there]
    count = exact_count(land.programme, asked.products) or 0
    term = pairs.Spread(
        distance=land.distance_m(nodes, nodes, measure="straight") / asked.reference_m,
        is_member=land.is_one_of(asked.products),
        count=count + there.size,
    )
    details = {"reference_m": asked.reference_m,
               "uses": [land.programme.product(key).use for key in asked.products]}  # fmt: skip
    return _goal(asked, "spread", term, products=asked.products, details=details)


def exact_count(programme: Programme, products: tuple[str, ...]) -> int | None:
    """How many candidates become these products in every plan, by exact counts; None if that is not fixed."""
    left, total = set(products), 0.0
    for wish in programme.wishes:
        if (
            isinstance(wish, CountTarget)
            and wish.lower == wish.upper
            and set(wish.products) <= left
        ):
            left -= set(wish.products)
            total += wish.lower
    return None if left else round(total)


def _goal(
    asked: Objective,
    kind: str,
    term: Any,
    *,
    products: tuple[str, ...] = (),
    details: Mapping[str, Any] = MappingProxyType({}),
) -> PlanGoal:
    goal = Goal(name=asked.name, term=term, weight=asked.weight)
    return PlanGoal(
        kind=kind, goal=goal, unit="share", products=" ".join(products), details=details
    )


_MAKERS: Mapping[type, Callable[..., PlanGoal]] = MappingProxyType(
    {
        Suitable: suitable,
        Borders: borders,
        ConversionCost: conversion_cost,
        ValueKept: value_kept,
        Covered: covered,
        AreaWithin: area_within,
        Spread: spread,
    }
)


def goal_of(land: Land, fit: Suitability, asked: Objective) -> PlanGoal:
    """The objective that was asked for."""
    return _MAKERS[type(asked)](land, fit, asked)
