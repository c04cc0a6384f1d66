"""What lies within reach of homes: the rule that says how many must be covered, and the terms the objectives share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from shapely.ops import polygonize

from geoplan.optimise.cover import Cover
from geoplan.optimise.terms import Limit
from geoplan.plan.amounts import quoted
from geoplan.plan.asked import AreaWithin, Covered, Reach
from geoplan.plan.land import Land
from geoplan.plan.rules import Rule
from geoplan.words import say

__all__ = ["area_cover", "cover", "reach", "reach_details"]

Floats = NDArray[np.float64]

#: A distance that just reaches the radius counts.
_SAME_SHARE = 1e-9
#: Quarter of a circle in as many straight pieces.
QUARTER = 16


def reach(land: Land, asked: Reach) -> Rule:
    r"""Homes lie within reach of a facility.

    .. math:: \sum_d w_d c_d \ge s \sum_d w_d, \qquad c_d \le \sum_{j : d_{dj} \le r} \sum_{p \in P} x_{jp}

    over homes d, planned and of today, with weight w (1, land [m2] or people) and distance d [m]. In words: at least the
    share s of the homes has one of the products P, planned or there today, within r metres; exactly r counts.
    """
    name = f"reach.{asked.name}"
    term = cover(land, asked, less_share=asked.min_share)

    def told(labels: NDArray[np.int64]) -> float:
        covered, every = term.covered(labels)
        return covered / every if every else float("nan")

    return Rule(
        name=name,
        kind="reach",
        title=say("plan.rule_reach", name=quoted(asked.name), products=land.names(asked.products),
                  percent=100 * asked.min_share, radius_m=asked.radius_m, weigh=say(f"plan.weigh_{asked.weigh}"),
                  measure=say(f"plan.measure_{asked.measure}")),
        short=quoted(asked.name),
        unit="share",
        source=asked.source,
        products=" ".join(asked.products),
        lower=asked.min_share,
        upper=1.0,
        limits=(Limit(name=name, term=term, lower=0.0),),
        told=told,
        details=reach_details(land, asked),
        give_unit={"parcel": "parcels", "area": "m2", "people": "persons"}[asked.weigh],
    )  # fmt: skip


def reach_details(land: Land, asked: Reach | Covered) -> dict[str, object]:
    """What a checker needs to work coverage out again."""
    homes = _homes(land, asked.homes)
    return {
        "radius_m": asked.radius_m, "measure": asked.measure, "weigh": asked.weigh, "homes": list(homes),
        "uses": [land.programme.product(key).use for key in asked.products],
        "staying_homes": land.staying.index[land.is_there(homes)].tolist(),
    }  # fmt: skip


def _homes(land: Land, homes: Sequence[str]) -> tuple[str, ...]:
    return tuple(homes) or land.programme.homes


def cover(
    land: Land, asked: Reach | Covered, *, less_share: float = 0.0, is_share: bool = False
) -> Cover:
    """Homes within reach of some products, as a term."""
    n = len(land.parcels)
    homes = _homes(land, asked.homes)
    able = np.flatnonzero(np.full(n, land.is_one_of(homes).any()))
    there = n + np.flatnonzero(land.is_there(homes))
    demand = np.r_[able, there]
    suppliers = n + np.flatnonzero(land.is_there(asked.products))
    limit_m = asked.radius_m * (1 + _SAME_SHARE)
    near = land.distance_m(demand, np.arange(n), measure=asked.measure) <= limit_m
    near[np.arange(able.size), able] = False
    is_covered = np.any(
        land.distance_m(demand, suppliers, measure=asked.measure) <= limit_m, axis=1
    )
    return Cover(
        reach=sp.csr_array(near.astype(float)),
        is_supplier=land.is_one_of(asked.products),
        is_covered=np.asarray(is_covered, dtype=bool),
        given=np.r_[np.zeros(able.size), _weights_there(land, asked.weigh)[there - n]],
        owner=np.r_[able, np.full(there.size, -1)],
        weight=land.chosen(homes) * _weights(land, asked.weigh),
        part=np.ones(demand.size),
        less_share=less_share,
        is_share=is_share,
    )


def _weights(land: Land, weigh: str) -> Floats:
    if weigh == "people":
        return land.people
    return land.area_m2[:, None] if weigh == "area" else np.ones((len(land.parcels), 1))


def _weights_there(land: Land, weigh: str) -> Floats:
    if weigh == "people":
        return land.people_staying
    return np.asarray(land.staying.area) if weigh == "area" else np.ones(len(land.staying))


def area_cover(land: Land, asked: AreaWithin) -> Cover:
    """Land of homes within reach of some products, as a term: homes are cut into cells by who reaches them.

    Within reach means inside the parcel's outline widened by the radius (a quarter of a circle in 16 pieces).
    """
    n = len(land.parcels)
    homes = _homes(land, asked.homes)
    is_large = np.asarray(land.everything.area) >= asked.min_m2 * (1 - _SAME_SHARE)
    widened = shapely.buffer(
        np.asarray(land.everything.geometry), asked.radius_m, quad_segs=QUARTER
    )
    there = n + np.flatnonzero(land.is_there(asked.products))
    always = shapely.union_all(widened[there[is_large[there]]])
    able = (
        np.flatnonzero(is_large[:n])
        if land.is_one_of(asked.products).any()
        else np.zeros(0, dtype=int)
    )
    tree = shapely.STRtree(widened[able])
    demand = [
        *(range(n) if land.is_one_of(homes).any() else ()),
        *(n + np.flatnonzero(land.is_there(homes))).tolist(),
    ]
    owner: list[int] = []
    given: list[float] = []
    part: list[float] = []
    covered: list[bool] = []
    row: list[int] = []
    column: list[int] = []
    for home in demand:  # each home is cut by its own suppliers
        shape = land.everything.geometry.iloc[home]
        near = able[np.sort(tree.query(shape, predicate="intersects"))]
        for who, area_m2 in _cells(shape, always, widened, near[near != home]):
            row += [len(owner)] * len(who or ())
            column += list(who or ())
            covered.append(who is None)
            owner.append(home if home < n else -1)
            given.append(area_m2 if home >= n else 0.0)
            part.append(area_m2 / shape.area)
    count = len(owner)
    return Cover(
        reach=sp.csr_array(sp.coo_array((np.ones(len(row)), (row, column)), shape=(count, n))),
        is_supplier=land.is_one_of(asked.products),
        is_covered=np.asarray(covered, dtype=bool),
        given=np.asarray(given, dtype=float),
        owner=np.asarray(owner, dtype=np.int64),
        weight=land.chosen(homes) * land.area_m2[:, None],
        part=np.asarray(part, dtype=float),
        is_share=True,
    )


def _cells(
    shape: shapely.Geometry,
    always: shapely.Geometry,
    widened: NDArray[np.object_],
    near: NDArray[np.int64],
) -> list[tuple[tuple[int, ...] | None, float]]:
    """Who could reach each part of a home, and its land [m2]; None for what is within reach anyway."""
    rest = shapely.difference(shape, always)
    found: dict[tuple[int, ...], float] = {}
    lines = [
        shapely.boundary(rest),
        *shapely.boundary(widened[near]),
    ]  # whole, so that all ends meet
    cells = np.asarray(list(polygonize(shapely.union_all(lines))), dtype=object)
    points = shapely.point_on_surface(cells)
    is_inside = shapely.contains(rest, points)
    within = shapely.contains(widened[near][:, None], points[None, :])
    for cell in np.flatnonzero(is_inside):
        who = tuple(near[within[:, cell]].tolist())
        found[who] = found.get(who, 0.0) + float(cells[cell].area)
    own: list[tuple[tuple[int, ...] | None, float]] = [
        (None, float(shapely.area(shape) - shapely.area(rest)))
    ]
    return [each for each in [*own, *sorted(found.items())] if each[1] > 0]
