"""The rules of a plan: each one short function, its inequality in symbols and in words.

Symbols: :math:`x_{ip}` is 1 if candidate *i* becomes product *p*, else 0; :math:`A_i` is the land of candidate *i* [m2].
A rule is written once, as terms between limits (``optimise/terms.py``); the solver, the table of rules and the search
for runners-up all read that. Here are the oldest: areas, shares, locks and separations; ``WISHES`` in ``wishes.py``
lists all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.model.park import Park
from geoplan.optimise.terms import Exclusion, Limit, Sum
from geoplan.plan.land import Land
from geoplan.plan.problem import INDUSTRY_GRADES, AreaTarget, Separation, ShareTarget, Target
from geoplan.units import mu_from_m2
from geoplan.words import Message, literal, say

__all__ = ["Rule", "area_band", "lock", "pollution_grades", "separation", "share_band"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A rule over the candidates, and its row in the table ``plan_rules``.

    Attributes
    ----------
    name, kind, unit, source
        Short name, kind as in the schema, unit of its limits, where it comes from.
    title, short
        The rule in words, and what to call it in passing.
    products, parcel_ids
        What it speaks of; products before a slash are kept away from those behind it.
    lower, upper
        Its limits as they are told, in ``unit``.
    limits
        The terms that must lie between limits; all bear the rule's name.
    told
        What a plan has of it, in ``unit``; by default the value of the first term.
    details
        What else one has to know to work its value out again.
    give_unit
        What it gives by if it cannot hold: ``m2``, ``parcels`` or the unit of its limits.
    """

    name: str
    kind: str
    title: Message
    short: Message
    unit: str
    source: str
    products: str
    lower: float
    upper: float
    limits: tuple[Limit, ...]
    parcel_ids: tuple[str, ...] = ()
    told: Callable[[NDArray[np.int64]], float] | None = None
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    give_unit: str = "parcels"

    def value(self, labels: NDArray[np.int64]) -> float:
        """What a plan has of it, in ``unit``; unknown where it speaks of nothing."""
        return self.limits[0].term.value(labels) if self.told is None else self.told(labels)

    def is_kept(self, labels: NDArray[np.int64]) -> bool:
        """Whether a plan keeps it; a value that just reaches a limit does."""
        return all(limit.is_kept(labels) for limit in self.limits)

    def breaks(self, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Candidate x product: whether the rule would break if only this candidate changed to this product."""
        broken = [limit.misses(limit.term.changes(labels)) > 0 for limit in self.limits]
        return np.asarray(np.any(broken, axis=0))

    def forbids(self, land: Land) -> NDArray[np.bool_]:
        """Candidate x product: what it forbids by itself, whatever the other candidates become."""
        forbidden = np.zeros((len(land.parcels), len(land.programme.products)), dtype=bool)
        for limit in self.limits:
            term = limit.term
            if not isinstance(term, Sum) or term.constant:
                continue
            if limit.upper == 0 and (term.coefficients >= 0).all():
                forbidden |= term.coefficients > 0
            if self.kind == "lock":
                rows = term.coefficients.any(axis=1)
                forbidden[rows] |= term.coefficients[rows] == 0
        return forbidden


def area_band(land: Land, *, target: AreaTarget) -> Rule:
    r"""Land of some products lies between two areas.

    .. math:: L \le \sum_i \sum_{p \in P} A_i x_{ip} \le U \quad [m^2]

    In words: the candidates that become one of the products P measure at least L and at most U together.
    """
    return Rule(
        name=f"area.{target.name}",
        kind="area",
        title=_band_title(land, target, target.lower_m2, target.upper_m2),
        short=_quoted(target),
        unit="m2",
        source=target.source,
        products=" ".join(target.products),
        lower=target.lower_m2,
        upper=target.upper_m2,
        limits=(
            Limit(
                name=f"area.{target.name}",
                term=Sum(coefficients=land.chosen(target.products) * land.area_m2[:, None]),
                lower=target.lower_m2,
                upper=target.upper_m2,
            ),
        ),
        give_unit="m2",
    )


def share_band(land: Land, *, target: ShareTarget) -> Rule:
    r"""Some products take between two shares of the land that is planned.

    .. math:: l \le \sum_i \sum_{p \in P} A_i x_{ip} \Big/ \sum_i A_i \le u

    In words: of all candidates' land, at least l and at most u becomes one of the products P.
    """
    total_m2, is_one = float(land.area_m2.sum()), land.is_one_of(target.products).astype(float)
    return Rule(
        name=f"share.{target.name}",
        kind="share_of_area",
        title=_band_title(land, target, target.lower_share, target.upper_share),
        short=_quoted(target),
        unit="share",
        source=target.source,
        products=" ".join(target.products),
        lower=target.lower_share,
        upper=target.upper_share,
        limits=(
            Limit(
                name=f"share.{target.name}",
                term=Sum(coefficients=land.chosen(target.products) * land.area_m2[:, None]),
                lower=target.lower_share * total_m2,
                upper=target.upper_share * total_m2,
            ),
        ),
        told=lambda labels: float(is_one[labels] @ land.area_m2) / total_m2,
        give_unit="m2",
    )


def lock(land: Land, *, parcel: str, product: str) -> Rule:
    r"""A parcel's product is decided.

    .. math:: x_{ip} = 1

    In words: parcel i becomes product p.
    """
    totals = np.zeros((len(land.parcels), len(land.programme.products)))
    totals[land.parcels.index == parcel] = land.chosen([product])[0]
    title = say("plan.rule_lock", parcel=parcel, product=land.names([product]))
    return Rule(
        name=f"lock.{parcel}",
        kind="lock",
        title=title,
        short=title,
        unit="count",
        source="programme",
        products=product,
        parcel_ids=(parcel,),
        lower=1.0,
        upper=1.0,
        limits=(Limit(name=f"lock.{parcel}", term=Sum(coefficients=totals), lower=1.0, upper=1.0),),
    )


def separation(land: Land, *, asked: Separation, polluting: gpd.GeoSeries) -> Rule:
    r"""Industry of one grade and some products lie a distance apart.

    .. math:: x_{ip} = 0 \;\text{if}\; d(i, S) < D, \qquad x_{ip} + x_{jq} \le 1 \;\text{if}\; d(i, j) < D

    for products p to keep away, parcels S of that grade that stay, and products q that are industry of that grade.
    In words: no such product nearer than D metres to polluting industry, be it there today or planned; exactly D is
    far enough. Distances run straight from edge to edge.

    Parameters
    ----------
    polluting
        Parcels of that grade that stay.
    """
    number = land.rules.number(f"separation.{asked.grade}_m")
    name = ".".join(["separation", asked.grade, *asked.products])
    away = asked.products or land.programme.homes
    makers = [p.key for p in land.programme.products if p.pollution_grade == asked.grade]
    is_away, is_maker = land.is_one_of(away), land.is_one_of(makers)
    own = np.asarray(land.parcels.geometry)
    is_too_near = _apart_m(own, np.asarray(polluting)) < number.value
    return Rule(
        name=name,
        kind="separation",
        title=say(
            "plan.rule_separation",
            products=land.names(away),
            distance_m=number.value,
            grade=say(f"plan.grade_{asked.grade}"),
        ),
        short=say(
            "plan.rule_separation_short",
            distance_m=number.value,
            grade=say(f"plan.grade_{asked.grade}"),
        ),
        unit="m",
        source=f"{number.source} ({number.standing}, {number.pack})",
        products=" ".join([*away, "/", *makers]),
        parcel_ids=tuple(polluting.index),
        lower=number.value,
        upper=np.inf,
        limits=(
            Limit(
                name=name,
                term=Sum(coefficients=land.chosen(away) * is_too_near[:, None]),
                upper=0.0,
            ),
            Limit(
                name=name,
                term=Exclusion(
                    pairs=_near_pairs(land, own, away, makers, number.value),
                    label_count=len(land.programme.products),
                ),
                upper=0.0,
            ),
        ),
        told=lambda labels: _least_apart_m(own, polluting, is_away[labels], is_maker[labels]),
    )


def _least_apart_m(
    own: NDArray[np.object_],
    polluting: gpd.GeoSeries,
    is_away: NDArray[np.bool_],
    is_maker: NDArray[np.bool_],
) -> float:
    """Least distance between what must stay apart; unknown where there is nothing."""
    others = np.concatenate([np.asarray(polluting), own[is_maker]])
    apart_m = _apart_m(own[is_away], others)
    return float(apart_m.min()) if len(others) and len(apart_m) else float("nan")


def _apart_m(own: NDArray[np.object_], others: NDArray[np.object_]) -> NDArray[np.float64]:
    """Distance of each shape to the nearest of the others [m]; infinite if there is none."""
    distance_m = np.full(len(own), np.inf)
    if len(own) and len(others):
        (rows, _), found = shapely.STRtree(others).query_nearest(
            own, return_distance=True, all_matches=False
        )
        distance_m[rows] = found
    return distance_m


def _near_pairs(
    land: Land,
    own: NDArray[np.object_],
    away: Sequence[str],
    makers: Sequence[str],
    distance_m: float,
) -> NDArray[np.int64]:
    keys = [product.key for product in land.programme.products]
    i, j = shapely.STRtree(own).query(own, predicate="dwithin", distance=distance_m)
    nearer = (i != j) & (shapely.distance(own[i], own[j]) < distance_m)
    rows = [
        np.column_stack(
            [i[nearer], np.full(k, keys.index(p)), j[nearer], np.full(k, keys.index(q))]
        )
        for p in away
        for q in makers
        for k in [int(nearer.sum())]
        if p != q
    ]
    return np.vstack(rows).astype(np.int64) if rows else np.zeros((0, 4), dtype=np.int64)


def _band_title(land: Land, target: Target, lower: float, upper: float) -> Message:
    share = isinstance(target, ShareTarget)
    most = 1.0 if share else np.inf
    key = "plan.rule_between"
    if upper >= most:
        key = "plan.rule_at_least"
    elif lower <= 0:
        key = "plan.rule_at_most"
    return say(
        key,
        name=_quoted(target),
        products=land.names(target.products),
        lower=_amount(lower, share=share),
        upper=_amount(upper, share=share),
    )


def _quoted(target: Target) -> Message:
    return say("plan.quoted", name=target.title or literal(target.name))


def _amount(value: float, *, share: bool) -> Message:
    if share:
        return say("plan.amount_share", percent=100 * value)
    return say("plan.amount_mu", area_mu=mu_from_m2(value))


def pollution_grades(park: Park, *, is_candidate: pd.Series) -> pd.Series:
    """Pollution grade of each parcel that stays; missing where it is unknown or there is no industry.

    The grade of a parcel is the worst of its firms; where no firm's grade is known, the class of its land-use code
    (100101 M1, 100102 M2, 100103 M3).
    """
    stays = park.parcels[~is_candidate.to_numpy(dtype=bool)]
    grades: pd.Series = stays["use"].map(INDUSTRY_GRADES)
    firms, links = park.get("enterprises"), park.get("occupancy")
    if firms is not None and links is not None and "pollution_grade" in firms:
        known = links["enterprise_id"].map(firms["pollution_grade"])
        worst = known.dropna().groupby(links["parcel_id"]).max()
        grades = stays.index.to_series().map(worst).fillna(grades)
    return grades
