"""Rules of where a product may stand at all: each forbids it on some candidates, whatever the others become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.optimise.terms import Limit, Sum
from geoplan.plan.amounts import quoted
from geoplan.plan.asked import Frontage, MinCircle, MinParcel, Overlay, Permission
from geoplan.plan.conversion import is_permitted
from geoplan.plan.land import Land
from geoplan.plan.rules import Rule
from geoplan.words import Message, say

__all__ = ["frontage", "min_circle", "min_parcel", "overlay", "permission"]

#: A circle is found to within this [m]; one that just fits fits.
CIRCLE_TOLERANCE_M = 0.001


def min_parcel(land: Land, asked: MinParcel) -> Rule:
    r"""Some products take a parcel of some size.

    .. math:: x_{ip} = 0 \;\text{if}\; A_i < m \quad [m^2], \; p \in P

    In words: none of the products P stands on a parcel smaller than m; exactly m is enough.
    """
    spare = 1e-9 * asked.min_m2
    return _nowhere_on(
        land, "min_parcel", asked.name, asked.products, land.area_m2 < asked.min_m2 - spare, asked.source,
        say("plan.rule_min_parcel", name=quoted(asked.name), products=land.names(asked.products), min_m2=asked.min_m2),
        {"min_m2": asked.min_m2},
    )  # fmt: skip


def min_circle(land: Land, asked: MinCircle) -> Rule:
    r"""Some products take a parcel of some width.

    .. math:: x_{ip} = 0 \;\text{if}\; 2 r_i < d \quad [m], \; p \in P

    with the radius r of the largest circle inside parcel i, found to a millimetre. In words: none of the products P stands
    on a parcel that holds no circle of diameter d; exactly d is enough.
    """
    shapes = np.asarray(land.parcels.geometry)
    radius_m = shapely.length(shapely.maximum_inscribed_circle(shapes, CIRCLE_TOLERANCE_M))
    too_narrow = 2 * radius_m < asked.diameter_m - 2 * CIRCLE_TOLERANCE_M
    return _nowhere_on(
        land, "min_circle", asked.name, asked.products, too_narrow, asked.source,
        say("plan.rule_min_circle", name=quoted(asked.name), products=land.names(asked.products),
            diameter_m=asked.diameter_m),
        {"diameter_m": asked.diameter_m},
    )  # fmt: skip


def frontage(land: Land, asked: Frontage) -> Rule:
    r"""Some products front a street of some class.

    .. math:: x_{ip} = 0 \;\text{if}\; |\partial i \cap B(S, b)| < f \quad [m], \; p \in P

    with the part of the outline of i that lies within b of the red lines of the streets S; a street without a recorded red
    line is its centre line. In words: each of the products P has at least f metres along such a street.
    """
    roads = land.park.places("roads")
    front_m = np.zeros(len(land.parcels))
    if roads is not None:
        streets = roads[roads["road_class"].isin(asked.road_classes).to_numpy()]
        half = 0.0
        if "redline_m" in streets:
            half = streets["redline_m"].astype(float).fillna(0.0).to_numpy() / 2
        belt = shapely.union_all(
            shapely.buffer(np.asarray(streets.geometry), half + asked.within_m, cap_style="flat")
        )
        front_m = shapely.length(
            shapely.intersection(shapely.boundary(np.asarray(land.parcels.geometry)), belt)
        )
    return _nowhere_on(
        land, "frontage", asked.name, asked.products, front_m < asked.min_m, asked.source,
        say("plan.rule_frontage", name=quoted(asked.name), products=land.names(asked.products), min_m=asked.min_m,
            classes=", ".join(asked.road_classes)),
        {"road_classes": list(asked.road_classes), "min_m": asked.min_m, "within_m": asked.within_m},
    )  # fmt: skip


def overlay(land: Land, asked: Overlay) -> Rule:
    r"""Some products keep off land under a constraint.

    .. math:: x_{ip} = 0 \;\text{if}\; |i \cap C| > s A_i, \; p \in P

    with the shapes C of the constraint. In words: none of the products P stands on a parcel of which more than the share s
    lies in the flood area, rail strip, heritage site or behind the red line.
    """
    shapes = np.asarray(land.parcels.geometry)
    inside_m2 = shapely.area(
        shapely.intersection(shapes, shapely.union_all(np.asarray(asked.shapes)))
    )
    is_under = inside_m2 > asked.max_share * land.area_m2 + 1e-9 * land.area_m2
    return _nowhere_on(
        land, "overlay", asked.name, asked.products, is_under, asked.source,
        say("plan.rule_overlay", name=quoted(asked.name), products=land.names(asked.products),
            percent=100 * asked.max_share),
        {"max_share": asked.max_share},
    )  # fmt: skip


def permission(land: Land, asked: Permission) -> Rule:
    r"""Only permitted conversions.

    .. math:: x_{ip} = 0 \;\text{if the packs do not permit role}(p) \;\text{on land used as}\; i

    In words: what the conversion matrix of the rule packs does not permit does not happen.
    """
    forbidden = ~is_permitted(land)
    pairs = {
        product.key: land.parcels.index[forbidden[:, p]].tolist()
        for p, product in enumerate(land.programme.products)
        if forbidden[:, p].any()
    }
    return _nowhere(
        "permission", asked.name, [product.key for product in land.programme.products], forbidden,
        "conversion.permitted", say("plan.rule_permission"), {"forbidden": pairs},
    )  # fmt: skip


def _nowhere_on(  # noqa: PLR0913, PLR0917 - one rule, part by part
    land: Land,
    kind: str,
    name: str,
    products: Sequence[str],
    rows: NDArray[np.bool_],
    source: str,
    title: Message,
    details: Mapping[str, Any],
) -> Rule:
    forbidden = land.chosen(products).astype(bool) & np.asarray(rows)[:, None]
    listed = {"forbidden_on": land.parcels.index[np.asarray(rows)].tolist()}
    return _nowhere(kind, name, products, forbidden, source, title, {**details, **listed})


def _nowhere(  # noqa: PLR0913, PLR0917 - one rule, part by part
    kind: str,
    name: str,
    products: Sequence[str],
    forbidden: NDArray[np.bool_],
    source: str,
    title: Message,
    details: Mapping[str, Any],
) -> Rule:
    full = kind if kind == "permission" else f"{kind}.{name}"
    return Rule(
        name=full,
        kind=kind,
        title=title,
        short=title if kind == "permission" else quoted(name),
        unit="count",
        source=source,
        products=" ".join(products),
        lower=0.0,
        upper=0.0,
        limits=(Limit(name=full, term=Sum(coefficients=forbidden.astype(float)), upper=0.0),),
        details=details,
    )
