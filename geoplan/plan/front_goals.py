"""Goals of a plan, each by name: one short function that writes it over candidate x product.

A goal is linear in the choices, with columns of its own where a sum cannot say it (compactness). What is listed in
:data:`FRONT_GOALS` can stand in a scenario; another goal is another function there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.model.landuse import group_of
from geoplan.model.ledger import current_rows
from geoplan.optimise.front import Goal, alike_goal, sum_goal
from geoplan.plan.conversion import conversion_of
from geoplan.plan.question import Question
from geoplan.plan.suitability import facilities_of
from geoplan.spatial.access import walking_distances
from geoplan.words import Message, say

__all__ = ["FRONT_GOALS", "PlanGoal"]

_GREEN = ("park", "plaza", "green")
_KEEPS_JOBS = ("industry",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanGoal:
    """A goal and the unit it is counted in."""

    goal: Goal
    unit: str

    @property
    def title(self) -> Message:
        """Its name in words."""
        return say(f"front.{self.goal.name}")


def suitability(question: Question) -> PlanGoal | Message:
    r"""Suitable area, :math:`\max \sum_i A_i \sum_p s_{ip} x_{ip}` [m2]: what ``plan_land_use`` makes largest."""
    table = question.land.area_m2[:, None] * question.score
    return PlanGoal(goal=sum_goal("suitability", table), unit="m2")


def compactness(question: Question) -> PlanGoal | Message:
    r"""Length along which land of one group faces its like, :math:`\max \sum_{ij} l_{ij} [g(i) = g(j)]` [m].

    Two parcels face each other where the outline of one runs within ``goals.near_m`` of the other: a street between
    does not part them. Parcels that stay count as neighbours; groups are those of the land-use codes.
    """
    near_m = question.rules.value("goals.near_m")
    own = np.asarray(question.land.parcels.geometry)
    staying = question.park.parcels[~question.choice["is_candidate"].to_numpy(dtype=bool)]
    i, j = shapely.STRtree(own).query(own, predicate="dwithin", distance=near_m)
    once = i < j
    pairs = np.column_stack([i[once], j[once]])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    facing_m = _facing_m(own[pairs[:, 0]], own[pairs[:, 1]], near_m)
    groups = [group_of(product.use) for product in question.programme.products]
    names = sorted(set(groups))
    others = np.asarray(staying.geometry)
    i, j = shapely.STRtree(others).query(own, predicate="dwithin", distance=near_m)
    beside_m = _facing_m(own[i], others[j], near_m)
    kinds = staying["use"].map(group_of).to_numpy()
    alone: NDArray[np.float64] = np.stack(
        [
            np.bincount(i, weights=np.where(kinds[j] == group, beside_m, 0.0), minlength=len(own))
            for group in groups
        ],
        axis=1,
    )
    goal = alike_goal(
        "compactness", pairs, facing_m, np.array([names.index(group) for group in groups]),
        size=question.score.shape, alone=alone,
    )  # fmt: skip
    return PlanGoal(goal=goal, unit="m")


def _facing_m(
    one: NDArray[np.object_], other: NDArray[np.object_], near_m: float
) -> NDArray[np.float64]:
    """Length of each outline within reach of the other, the mean of both sides [m]."""

    def side(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.float64]:
        reach = shapely.buffer(second, near_m)
        return np.asarray(shapely.length(shapely.intersection(shapely.boundary(first), reach)))

    return (side(one, other) + side(other, one)) / 2


def walking_access(question: Question) -> PlanGoal | Message:
    r"""Residents, each counted with how near the nearest facility of today is on foot [persons].

    .. math:: \max \sum_{ip} n_{ip}\, \max(0, 1 - d_i / D)\, x_{ip}

    with residents n by the product's intensity, the walk d along the streets (straight where the park has none), and
    D = ``goals.walk_m``.
    """
    places = facilities_of(question.park, question.choice["is_candidate"])
    if isinstance(places, Message):
        return places
    parcels, roads = question.land.parcels, question.park.places("roads")
    if roads is None:
        tree = shapely.STRtree(np.asarray(places))
        walk_m = tree.query_nearest(
            np.asarray(parcels.geometry), return_distance=True, all_matches=False
        )[1]
    else:
        walk_m = walking_distances(roads, parcels.geometry, places).min(axis=1, initial=np.inf)
    near = np.maximum(1.0 - walk_m / question.rules.value("goals.walk_m"), 0.0)
    floor = np.array([product.floor_area_ratio for product in question.programme.products])
    head = np.array([product.floor_area_m2_per_person for product in question.programme.products])
    people = np.divide(floor, head, out=np.zeros_like(floor), where=head > 0)
    table = (question.land.area_m2 * near)[:, None] * people
    return PlanGoal(goal=sum_goal("walking_access", table), unit="persons")


def cost(question: Question) -> PlanGoal | Message:
    r"""What conversion costs, :math:`\min \sum_{ip} c_{ip} x_{ip}` [money]: ``conversion_of``."""
    conversion = conversion_of(question)
    if conversion.amount is None:
        return conversion.notes[0]
    goal = sum_goal("cost", conversion.amount, sense="min")
    return PlanGoal(goal=goal, unit=conversion.money)


def jobs_kept(question: Question) -> PlanGoal | Message:
    """Staff of the firms on land that stays, or becomes, industry [jobs]; a firm's staff goes by its floors."""
    firms, links = question.park.get("enterprises"), question.park.get("occupancy")
    if firms is None or links is None or "employee_count" not in firms:
        return say("front.no_ledger")
    years = question.evaluation.averages
    year = None if "year" not in years or years.empty else int(years["year"].max())
    now = links[current_rows(links, year=year).to_numpy()]
    floor = (
        pd.to_numeric(now["floor_area_m2"], errors="coerce").astype(float)
        if "floor_area_m2" in now
        else pd.Series(np.nan, index=now.index)
    )
    part = floor.fillna(0.0).to_numpy() + 1e-9  # a firm without floors is spread evenly
    whole = pd.Series(part).groupby(now["enterprise_id"].to_numpy()).transform("sum").to_numpy()
    staff = pd.to_numeric(now["enterprise_id"].map(firms["employee_count"]), errors="coerce")
    jobs = pd.Series(staff.astype(float).fillna(0.0).to_numpy() * part / whole)
    there = jobs.groupby(now["parcel_id"].to_numpy()).sum()
    own = there.reindex(question.land.parcels.index).fillna(0.0).to_numpy()
    keeps = np.array([product.role in _KEEPS_JOBS for product in question.programme.products])
    return PlanGoal(goal=sum_goal("jobs_kept", own[:, None] * keeps), unit="jobs")


def green(question: Question) -> PlanGoal | Message:
    r"""Land of parks, plazas and belts, :math:`\max \sum_i A_i \sum_{p \in G} x_{ip}` [m2]."""
    is_green = np.array([product.role in _GREEN for product in question.programme.products])
    return PlanGoal(goal=sum_goal("green", question.land.area_m2[:, None] * is_green), unit="m2")


#: Every goal by name; a message says why a park has none.
FRONT_GOALS: Mapping[str, Callable[[Question], PlanGoal | Message]] = MappingProxyType(
    {
        goal.__name__: goal
        for goal in (suitability, compactness, walking_access, cost, jobs_kept, green)
    }
)
