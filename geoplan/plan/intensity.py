"""How densely each product is built on each parcel, so that floor area, people and dwellings follow."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.model.rulepack import Rules
from geoplan.plan.problem import Product
from geoplan.words import Message, say

__all__ = ["heights", "intensity_problems", "over", "people", "ratios"]

Floats = NDArray[np.float64]
_STOREY = "intensity.storey_height_m"
#: A storey that just fits does fit.
_SAME_SHARE = 1e-9


def ratios(parcels: gpd.GeoDataFrame, products: Sequence[Product], *, rules: Rules) -> Floats:
    r"""Candidate x product: floor area over land [m2/m2].

    .. math:: \min(F_p, \; C_p \lfloor \min(H_p, H_i) / h \rfloor)

    the product's floor area ratio F, unless the plan in force keeps the parcel lower (``max_height_m``) than it takes:
    then coverage C times the storeys of height h that fit. A parcel without a limit is not limited.

    Raises
    ------
    ScenarioError
        The rule packs have no storey height.
    """
    own = np.tile([product.floor_area_ratio for product in products], (len(parcels), 1))
    limit_m = _limits_m(parcels)
    storey_m = rules.value(_STOREY)
    cover = np.asarray([product.coverage_share for product in products])
    height_m = np.asarray([product.max_height_m for product in products])
    storeys = np.floor(np.minimum(limit_m[:, None], height_m[None, :]) / storey_m + _SAME_SHARE)
    is_known = np.isfinite(limit_m)[:, None] & np.isfinite(height_m)[None, :]
    reached = np.where(is_known, cover * storeys, np.inf)
    return np.asarray(np.minimum(own, reached))


def people(floor_area_m2: Floats, products: Sequence[Product]) -> Floats:
    """Candidate x product: residents, floor area over floor area a head; none where nobody lives."""
    return over(floor_area_m2, np.asarray([p.floor_area_m2_per_person for p in products]))


def over(floor_area_m2: Floats, each_m2: Floats) -> Floats:
    """Floor area over what each takes; none where that is 0."""
    each = np.broadcast_to(each_m2, floor_area_m2.shape)
    return np.divide(floor_area_m2, each, out=np.zeros(floor_area_m2.shape), where=each > 0)


def heights(
    parcels: gpd.GeoDataFrame, products: Sequence[Product], *, keeps_limits: bool
) -> Floats:
    """Candidate x product: the greatest height [m], by the product and, if asked, the plan in force."""
    own = np.asarray([product.max_height_m for product in products])
    limit_m = _limits_m(parcels) if keeps_limits else np.full(len(parcels), np.inf)
    lower = np.minimum(limit_m[:, None], own[None, :])
    return np.asarray(np.where(np.isfinite(lower), lower, np.nan))


def _limits_m(parcels: gpd.GeoDataFrame) -> Floats:
    if "max_height_m" not in parcels:
        return np.full(len(parcels), np.inf)
    known = pd.to_numeric(parcels["max_height_m"], errors="coerce")
    return np.asarray(known.fillna(np.inf), dtype=float)


def intensity_problems(products: Sequence[Product], *, rules: Rules) -> tuple[Message, ...]:
    r"""Products whose floor area cannot stand on their coverage under their height.

    .. math:: C_p \lfloor H_p / h \rfloor \ge F_p

    In words: coverage times the storeys that fit under the height limit reaches the floor area ratio.
    """
    if _STOREY not in rules.numbers:
        return ()
    storey_m = rules.value(_STOREY)
    problems = []
    for product in products:
        reached = product.coverage_share * np.floor(product.max_height_m / storey_m + _SAME_SHARE)
        if np.isfinite(reached) and reached < product.floor_area_ratio - _SAME_SHARE:
            problems.append(
                say(
                    "plan.intensity_too_high",
                    product=product.name,
                    ratio=product.floor_area_ratio,
                    reached=float(reached),
                    coverage=product.coverage_share,
                    height_m=product.max_height_m,
                    storey_m=storey_m,
                )
            )
    return tuple(problems)
