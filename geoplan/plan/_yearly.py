"""Land, rules and packs turned into the question that ``optimise.reallocation`` answers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse as sp

from geoplan.model.landuse import group_of
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.reallocation import YearlyQuestion
from geoplan.plan.conversion import Conversion
from geoplan.plan.question import Question
from geoplan.plan.rules import pollution_grades
from geoplan.words import Message, say

_EMPTY = ("vacant", "reserve")
#: Appeal of a use that fits nowhere: possible, but after everything else.
_LEAST_SCORE = 1e-6


def yearly_question(
    question: Question,
    conversion: Conversion,
    *,
    demand_m2: NDArray[np.float64],
    horizon_budget: float,
    first_year: int,
) -> tuple[YearlyQuestion, tuple[Message, ...]]:
    """What the runs share, and what had to be assumed for it."""
    rules, years = question.rules, len(demand_m2)
    groups = [*question.use_today.map(group_of)]
    of_label = [group_of(product.use) for product in question.programme.products]
    staying = question.park.parcels[~question.choice["is_candidate"].to_numpy(dtype=bool)]
    of_staying = [*staying["use"].map(group_of)]
    kinds = sorted({*groups, *of_label, *of_staying})
    draw = _draw(kinds, question, rules)
    near, by_staying = _nearness(question.land.parcels, staying, rules)
    appeal = np.log(np.maximum(question.score, _LEAST_SCORE))
    appeal += by_staying @ draw[[kinds.index(kind) for kind in of_staying]]
    cost, budget = np.zeros(appeal.shape), np.full(years, np.inf)
    if conversion.amount is not None:
        cost, budget = conversion.amount, np.full(years, horizon_budget)
        appeal -= rules.value("simulate.weight.cost") * cost / max(float(cost.max()), 1.0)
    may = question.allowed & conversion.is_allowed
    age = _ages(question.park, question.land.parcels, first_year)
    is_empty = pd.Series(groups).isin(_EMPTY).to_numpy()
    share = rules.value
    up_share = np.tile(
        [share("simulate.stock.new_share"), share("simulate.stock.old_share")], (len(groups), 1)
    )
    up_share[is_empty] = share("simulate.stock.empty_share")
    unknown = int(np.isnan(age[~is_empty]).sum())
    return YearlyQuestion(
        size=question.land.area_m2,
        appeal=appeal,
        first_year=np.where(may, np.minimum(conversion.wait_years, years), years),
        cost=cost,
        near=near,
        draw=draw,
        kind_before=np.array([kinds.index(kind) for kind in groups], dtype=np.int64),
        kind_of_label=np.array([kinds.index(kind) for kind in of_label], dtype=np.int64),
        demand=demand_m2,
        tolerance=share("simulate.tolerance_share") * demand_m2[-1],
        budget=budget,
        up_share=up_share,
        age=age,
        life=np.full(len(groups), share("simulate.stock.life_years")),
        apart=np.vstack([_planned_apart(question), _standing_apart(question)]),
        chance=share("simulate.chance"),
    ), ((say("simulate.age_unknown", count=unknown),) if unknown else ())


def _draw(kinds: list[str], question: Question, rules: Rules) -> NDArray[np.float64]:
    """What a neighbour of each kind means for each product."""
    weight, numbers = rules.value("simulate.weight.neighbourhood"), rules.numbers
    names = [
        [f"simulate.neighbour.{kind}.{product.role}" for product in question.programme.products]
        for kind in kinds
    ]
    return weight * np.array(
        [[rules.value(name) if name in numbers else 0.0 for name in row] for row in names]
    )


def _nearness(
    candidates: gpd.GeoDataFrame, staying: gpd.GeoDataFrame, rules: Rules
) -> tuple[sp.csr_array, sp.csr_array]:
    """How much each candidate and each parcel that stays counts as a neighbour; each candidate's add up to 1.

    A neighbour counts with its land, fully where it touches, and nothing from the range on.
    """
    range_m = rules.value("simulate.neighbour.range_m")
    own = np.asarray(candidates.geometry)
    everybody = np.concatenate([own, np.asarray(staying.geometry)])
    i, j = shapely.STRtree(everybody).query(own, predicate="dwithin", distance=range_m)
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    i, j = i[i != j], j[i != j]
    weight = shapely.area(everybody[j]) * (1.0 - shapely.distance(own[i], everybody[j]) / range_m)
    total = np.bincount(i, weights=weight, minlength=len(own))
    weight = np.divide(weight, total[i], out=np.zeros_like(weight), where=total[i] > 0)
    table = sp.csr_array((weight, (i, j)), shape=(len(own), len(everybody)))
    return sp.csr_array(table[:, : len(own)]), sp.csr_array(table[:, len(own) :])


def _ages(park: Park, candidates: gpd.GeoDataFrame, first_year: int) -> NDArray[np.float64]:
    """Age of what stands on each candidate, by floor area; not a number where no building tells it."""
    unknown = np.full(len(candidates), np.nan)
    buildings = park.places("buildings")
    if buildings is None or "built_year" not in buildings:
        return unknown
    year = pd.to_numeric(buildings["built_year"], errors="coerce")
    if "floor_area_m2" in buildings:
        floor = pd.to_numeric(buildings["floor_area_m2"], errors="coerce").astype(float).fillna(1.0)
    else:
        floor = pd.Series(1.0, index=buildings.index)
    points = shapely.point_on_surface(np.asarray(buildings.geometry))
    number, row = shapely.STRtree(np.asarray(candidates.geometry)).query(
        points, predicate="intersects"
    )
    table = pd.DataFrame(
        {
            "row": row,
            "year": year.to_numpy(dtype=float, na_value=np.nan)[number],
            "floor": np.maximum(floor.to_numpy(dtype=float)[number], 1.0),
        }
    ).dropna()
    sums = table.assign(year=table["year"] * table["floor"]).groupby("row")[["year", "floor"]].sum()
    age = pd.Series(unknown).where(
        ~pd.RangeIndex(len(unknown)).isin(sums.index), first_year - sums["year"] / sums["floor"]
    )
    return np.maximum(np.asarray(age, dtype=np.float64), 0.0)


def _planned_apart(question: Question) -> NDArray[np.int64]:
    """Pairs of choices that exclude each other by the rules of the plan."""
    return np.vstack([np.zeros((0, 4), np.int64), *(table.pairs for table in question.tables)])


def _standing_apart(question: Question) -> NDArray[np.int64]:
    """What may not come near a polluting plant that is a candidate and still stands."""
    own = question.land.parcels
    grades = pollution_grades(
        question.park, is_candidate=pd.Series(False, index=question.park.parcels.index)
    ).reindex(own.index)
    shapes, none = np.asarray(own.geometry), len(question.keys)
    rows = [np.zeros((0, 4), dtype=np.int64)]
    for asked in question.programme.separations:
        plants = np.flatnonzero((grades == asked.grade).to_numpy(dtype=bool, na_value=False))
        distance_m = question.rules.value(f"separation.{asked.grade}_m")
        i, j = shapely.STRtree(shapes[plants]).query(
            shapes, predicate="dwithin", distance=distance_m
        )
        nearer = shapely.distance(shapes[i], shapes[plants[j]]) < distance_m
        i, j = i[nearer], plants[j[nearer]]
        i, j = i[i != j], j[i != j]
        for key in asked.products or question.programme.homes:
            label = question.keys.index(key)
            rows.append(
                np.column_stack([i, np.full(len(i), label), j, np.full(len(i), none)]).astype(
                    np.int64
                )
            )
    return np.vstack(rows)
