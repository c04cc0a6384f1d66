"""The rules of a plan: each one short function, its inequality in symbols and in words.

Symbols: :math:`x_{ip}` is 1 if candidate *i* becomes product *p*, else 0; :math:`A_i` is the land of candidate *i* [m2].
A rule is written once, as totals over candidate x product between two limits and as pairs that exclude each other;
the solver, the table of rules and the search for runners-up all read that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.assignment import Band, Conflict
from geoplan.plan.problem import (
    INDUSTRY_GRADES,
    AreaTarget,
    Programme,
    Separation,
    ShareTarget,
    Target,
)
from geoplan.units import mu_from_m2
from geoplan.words import Message, join, literal, say

__all__ = ["Land", "Rule", "area_band", "lock", "pollution_grades", "separation", "share_band"]

#: Sums of areas are the same below this share of the largest of them.
_SAME_SHARE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Land:
    """The candidates and what can be built on them: what every rule is written over.

    Attributes
    ----------
    parcels
        The candidates, index ``parcel_id``; rows of every table below.
    area_m2
        Their land.
    programme
        Its products are the columns of every table below.
    """

    parcels: gpd.GeoDataFrame
    area_m2: NDArray[np.float64]
    programme: Programme

    def chosen(self, products: Sequence[str]) -> NDArray[np.float64]:
        """1 in the columns of these products, 0 elsewhere: candidate x product."""
        is_one = [product.key in products for product in self.programme.products]
        return np.tile(np.asarray(is_one, dtype=float), (len(self.parcels), 1))

    def names(self, products: Sequence[str]) -> Message:
        """Names of products, one after the other."""
        return join([self.programme.product(key).name for key in products], "common.enumeration")


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
    totals, total_lower, total_upper
        Candidate x product, and the limits of their sum over the plan.
    pairs
        Rows ``(i, p, j, q)``: not both of candidate i product p and candidate j product q.
    polluting
        Parcels that stay and must be kept away from.
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
    totals: NDArray[np.float64]
    total_lower: float
    total_upper: float
    parcel_ids: tuple[str, ...] = ()
    pairs: NDArray[np.int64] | None = None
    polluting: gpd.GeoSeries | None = None

    @property
    def bands(self) -> tuple[Band, ...]:
        """The totals for the solver; none where they bind nothing."""
        if not self.totals.any() and self.total_lower <= 0 <= self.total_upper:
            return ()
        band = Band(
            name=self.name,
            coefficients=self.totals,
            lower=self.total_lower,
            upper=self.total_upper,
        )
        return (band,)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The pairs for the solver."""
        if self.pairs is None or not len(self.pairs):
            return ()
        return (Conflict(name=self.name, pairs=self.pairs),)

    def value(self, land: Land, labels: NDArray[np.int64]) -> float:
        """What a plan has of it, in ``unit``; unknown where nothing is planned that must stay apart."""
        if self.polluting is None:
            return self.total(labels)
        away, _, makers = (part.split() for part in self.products.partition("/"))
        keys = np.asarray([product.key for product in land.programme.products])[labels]
        own = np.asarray(land.parcels.geometry)
        others = np.concatenate([np.asarray(self.polluting), own[np.isin(keys, makers)]])
        apart_m = _apart_m(own[np.isin(keys, away)], others)
        return float(apart_m.min()) if len(others) and len(apart_m) else float("nan")

    def total(self, labels: NDArray[np.int64]) -> float:
        """The sum of the totals over a plan."""
        return float(self.totals[np.arange(labels.size), labels].sum())

    def is_kept(self, labels: NDArray[np.int64]) -> bool:
        """Whether a plan keeps it; a total that just reaches a limit does."""
        total, spare = self.total(labels), self.spare
        both = [bool(labels[i] == p and labels[j] == q) for i, p, j, q in self._pairs.tolist()]
        return self.total_lower - spare <= total <= self.total_upper + spare and not any(both)

    def breaks(self, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Candidate x product: whether the rule would break if only this candidate changed to this product."""
        own = self.totals[np.arange(labels.size), labels]
        total = own.sum() - own[:, None] + self.totals
        spare = self.spare
        broken = (total < self.total_lower - spare) | (total > self.total_upper + spare)
        i, p, j, q = self._pairs.T
        broken[i[labels[j] == q], p[labels[j] == q]] = True
        broken[j[labels[i] == p], q[labels[i] == p]] = True
        return np.asarray(broken)

    @property
    def spare(self) -> float:
        """Totals that differ by less are the same."""
        return _SAME_SHARE * float(self.totals.max(axis=1, initial=0.0).sum())

    @property
    def _pairs(self) -> NDArray[np.int64]:
        return np.zeros((0, 4), dtype=np.int64) if self.pairs is None else self.pairs


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
        totals=land.chosen(target.products) * land.area_m2[:, None],
        total_lower=target.lower_m2,
        total_upper=target.upper_m2,
    )


def share_band(land: Land, *, target: ShareTarget) -> Rule:
    r"""Some products take between two shares of the land that is planned.

    .. math:: l \le \sum_i \sum_{p \in P} A_i x_{ip} \Big/ \sum_i A_i \le u

    In words: of all candidates' land, at least l and at most u becomes one of the products P.
    """
    total_m2 = float(land.area_m2.sum())
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
        totals=land.chosen(target.products) * land.area_m2[:, None] / total_m2,
        total_lower=target.lower_share,
        total_upper=target.upper_share,
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
        totals=totals,
        total_lower=1.0,
        total_upper=1.0,
    )


def separation(land: Land, *, asked: Separation, polluting: gpd.GeoSeries, rules: Rules) -> Rule:
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
    number = rules.number(f"separation.{asked.grade}_m")
    away = asked.products or land.programme.homes
    makers = [p.key for p in land.programme.products if p.pollution_grade == asked.grade]
    own = np.asarray(land.parcels.geometry)
    is_too_near = _apart_m(own, np.asarray(polluting)) < number.value
    return Rule(
        name=".".join(["separation", asked.grade, *asked.products]),
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
        totals=land.chosen(away) * is_too_near[:, None],
        total_lower=0.0,
        total_upper=0.0,
        polluting=polluting,
        pairs=_near_pairs(land, own, away, makers, number.value),
    )


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
