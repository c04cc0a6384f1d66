"""Where schools, clinics, markets and other facilities go: as near as can be, as many as needed, none overfull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.errors import PlanError
from geoplan.model.answers import Allocation, Facilities, StageLeftOut
from geoplan.model.facilities import are_there
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.telling import listed
from geoplan.optimise.capacitated import capacitated_p_median
from geoplan.optimise.covering import maximal_covering, p_centre, set_covering
from geoplan.optimise.location import p_median
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.proof import Proof
from geoplan.plan.centres import residents
from geoplan.spatial.access import walking_distances
from geoplan.words import Message, say

__all__ = ["GOALS", "FacilityAsk", "Goal", "site_facilities"]

Goal = Literal["least_walk", "least_longest_walk", "most_reached", "all_reached"]
GOALS: tuple[Goal, ...] = get_args(Goal)

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_UNITS: Mapping[Goal, str] = {
    "least_walk": "person m",
    "least_longest_walk": "m",
    "most_reached": "persons",
    "all_reached": "facilities",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityAsk:
    """One sort of facility that is asked for.

    Attributes
    ----------
    kind
        Sort, as in the layer facilities: ``school``, ``clinic``, ...
    goal
        ``least_walk``: the walks of all people together are shortest; ``least_longest_walk``: the longest is; ``most_reached``:
        as many people as possible within ``reach_m``; ``all_reached``: everybody, with as few facilities as can be.
    count
        How many there are then, those of today included; ``None`` as many as the people need (number ``facility_people.KIND``
        of the rules). Not used by ``all_reached``.
    reach_m
        How far is near enough; ``None`` for the number ``services.KIND`` of the rules.
    capacity_people
        How many people one of them serves; a parcel goes there whole. Only with ``least_walk``; ``None`` for no limit.
    products
        It stands on land planned for one of these; empty for any candidate.
    land_m2
        Land that one of them takes.
    shares_site_with
        Sorts asked for before it on whose parcels it may stand as well; other parcels taken are not to be had.
    stages
        How many are there in which year, ascending; the last number is the count.
    """

    kind: str
    goal: Goal = "least_walk"
    count: int | None = None
    reach_m: float | None = None
    capacity_people: float | None = None
    products: tuple[str, ...] = ()
    land_m2: float = 0.0
    shares_site_with: tuple[str, ...] = ()
    stages: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Question:
    """Homes, possible sites (those there today first), and the ways between them."""

    ask: FacilityAsk
    sites: gpd.GeoDataFrame
    existing: int
    walk_m: Floats
    people: Floats
    reach_m: float | None
    count: int


def site_facilities(
    park: Park, allocation: Allocation, *, rules: Rules, asks: Sequence[FacilityAsk]
) -> tuple[Facilities, tuple[StageLeftOut, ...]]:
    """Site facilities of several sorts, one after the other in the order asked, each proven for itself.

    Facilities that are there today stay and count. Each new one takes a parcel whole from those that follow, unless they
    share it. Homes that no site of a sort can be walked to are listed as unreachable and take no part in its choice.

    Parameters
    ----------
    park, allocation
        Streets and facilities; parcels with planned residents.
    rules
        Numbers ``services.KIND`` [m] and ``facility_people.KIND`` [people per facility] where an ask leaves them open.
    asks
        What is asked for.

    Returns
    -------
    tuple
        ``sites`` as layer ``sited_facilities``, ``assignment`` with a row per sort and parcel with residents, ``proofs`` by
        sort; and what could not be sited, with the reason.

    Raises
    ------
    PlanError
        An ask contradicts itself, or a number is missing; all problems at once.
    """
    if problems := [problem for ask in asks for problem in _problems_of(ask, rules)]:
        raise PlanError(problems)
    roads = park.places("roads")
    tables, walks, proofs, left_out = [], [], {}, []
    taken: dict[str, set[str]] = {}
    people = residents(allocation, rules=rules)
    homes = allocation.parcels[(people > 0).to_numpy()]
    weight = people[homes.index].to_numpy(dtype=float)
    for ask in asks:  # a handful
        if roads is None or homes.empty:
            left_out.append(_none(ask, "no_roads" if roads is None else "no_homes"))
            continue
        blocked = {
            p for kind, own in taken.items() if kind not in ask.shares_site_with for p in own
        }
        sites, existing = _sites_of(park, allocation, ask, blocked)
        count = _count_of(ask, weight.sum(), rules, existing)
        question = _Question(
            ask=ask,
            sites=sites,
            existing=existing,
            walk_m=walking_distances(roads, homes.geometry, sites.geometry),
            people=weight,
            reach_m=_reach_of(ask, rules),
            count=count,
        )
        answer = _answered(question)
        if isinstance(answer, StageLeftOut):
            left_out.append(answer)
            continue
        chosen, assigned, proof = answer
        years = _years_of(question, chosen)
        table, walk = _tables(question, homes, chosen, assigned, years)
        taken.setdefault(ask.kind, set()).update(table["parcel_id"].dropna().astype("str"))
        tables.append(table)
        walks.append(walk)
        proofs[ask.kind] = replace(proof, unit=_UNITS[ask.goal])
    return _joined(park, tables, walks, proofs), tuple(left_out)


def _problems_of(ask: FacilityAsk, rules: Rules) -> list[Message]:
    def problem(key: str, **values: object) -> Message:
        return say(f"plan.facility_{key}", kind=ask.kind, **values)

    found = []
    if ask.capacity_people is not None and ask.goal != "least_walk":
        found.append(problem("capacity_goal", goal=ask.goal))
    needs_reach = ask.goal in ("most_reached", "all_reached")
    if needs_reach and ask.reach_m is None and f"services.{ask.kind}" not in rules.numbers:
        found.append(problem("no_reach"))
    needs_count = ask.goal != "all_reached" and ask.count is None and not ask.stages
    if needs_count and f"facility_people.{ask.kind}" not in rules.numbers:
        found.append(problem("no_count"))
    years, counts = [y for y, _ in ask.stages], [c for _, c in ask.stages]
    if years != sorted(set(years)) or counts != sorted(counts):
        found.append(problem("stages", stages=listed([f"{y}: {c}" for y, c in ask.stages])))
    if ask.stages and ask.count is not None and ask.count != counts[-1]:
        found.append(problem("stages_count", count=ask.count, last=counts[-1]))
    return found


def _none(ask: FacilityAsk, key: str, **values: object) -> StageLeftOut:
    message = say(f"plan.facility_{key}", kind=ask.kind, **values)
    return StageLeftOut(stage="facilities", message=message)


def _reach_of(ask: FacilityAsk, rules: Rules) -> float | None:
    number = rules.numbers.get(f"services.{ask.kind}")
    return ask.reach_m if ask.reach_m is not None else None if number is None else number.value


def _count_of(ask: FacilityAsk, people: float, rules: Rules, existing: int) -> int:
    """Asked for, or as many as the people need; never fewer than there are."""
    if ask.stages:
        return max(ask.stages[-1][1], existing)
    if ask.count is not None:
        return max(ask.count, existing)
    number = rules.numbers.get(f"facility_people.{ask.kind}")
    return max(1 if number is None else ceil(people / number.value - 1e-9), existing, 1)


def _sites_of(
    park: Park, allocation: Allocation, ask: FacilityAsk, blocked: set[str]
) -> tuple[gpd.GeoDataFrame, int]:
    """Facilities of today, then the parcels that may hold one; and how many the former are."""
    parcels = allocation.parcels
    own = gpd.GeoDataFrame({"facility_id": [], "parcel_id": []}, geometry=[], crs=parcels.crs)
    layer = park.places("facilities")
    if layer is not None and "kind" in layer:
        there = layer[(layer["kind"] == ask.kind).to_numpy(dtype=bool) & are_there(layer)]
        there = there[~(there.geometry.isna() | there.geometry.is_empty)]
        own = gpd.GeoDataFrame(
            {"facility_id": there.index.astype("str"), "parcel_id": None},
            geometry=there.geometry.to_numpy(),
            crs=parcels.crs,
        )
    may = parcels["is_candidate"].to_numpy(dtype=bool) & (parcels.area >= ask.land_m2).to_numpy()
    if ask.products:
        may &= parcels["product"].isin(ask.products).to_numpy(dtype=bool)
    may &= ~parcels.index.isin(list(blocked))
    may &= ~_holds_one(parcels, own)
    new = gpd.GeoDataFrame(
        {"facility_id": None, "parcel_id": parcels.index[may].astype("str")},
        geometry=parcels.geometry[may].to_numpy(),
        crs=parcels.crs,
    )
    both = pd.concat([own.astype({"parcel_id": object}), new], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=parcels.crs), len(own)


def _holds_one(parcels: gpd.GeoDataFrame, own: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Parcels on which a facility of this sort stands today."""
    held = np.zeros(len(parcels), dtype=bool)
    if len(own):
        points = shapely.point_on_surface(np.asarray(own.geometry))
        _, parcel = parcels.sindex.query(points, predicate="intersects")
        held[parcel] = True
    return held


def _answered(question: _Question) -> tuple[Numbers, Numbers, Proof] | StageLeftOut:
    """The sites chosen, the site that serves each home (-1: none), and the proof."""
    ask, cost = question.ask, question.walk_m
    fixed = list(range(question.existing))
    if not cost.shape[1] or (question.count > cost.shape[1] and ask.goal != "all_reached"):
        return _none(ask, "no_sites", count=question.count, found=cost.shape[1])
    asks = np.isfinite(cost).any(axis=1)
    reach_m = question.reach_m if question.reach_m is not None else np.inf
    people, known = question.people[asks], cost[asks]
    try:
        if ask.goal == "all_reached":
            answer = set_covering(reaches=known <= reach_m, fixed=fixed)
        elif ask.goal == "most_reached":
            answer = maximal_covering(
                reaches=known <= reach_m, weight=people, p=question.count, fixed=fixed
            )
        elif ask.goal == "least_longest_walk":
            answer = p_centre(cost=known, p=question.count, fixed=fixed)
        elif ask.capacity_people is not None:
            answer = capacitated_p_median(
                cost=known,
                weight=people,
                capacity=np.full(known.shape[1], ask.capacity_people),
                p=question.count,
                fixed=fixed,
            )
        else:
            answer = p_median(cost=known, weight=people, p=question.count, fixed=fixed)
    except NoAnswerError as error:
        return _none(ask, "no_answer", why=error.problems[0], count=question.count)
    chosen = np.sort(np.asarray(answer.sites, dtype=np.int64))
    assigned = np.full(len(cost), -1, dtype=np.int64)
    if ask.capacity_people is not None:
        assigned[asks] = answer.assigned_to
    else:  # whoever is served walks to the nearest
        nearest = chosen[cost[:, chosen].argmin(axis=1)]
        assigned = np.where(np.isfinite(cost[:, chosen].min(axis=1)), nearest, -1)
    return chosen, assigned, answer.proof


def _years_of(question: _Question, chosen: Numbers) -> dict[int, int]:
    """The year in which each new site opens: an earlier stage has those of the next that serve best by themselves."""
    years: dict[int, int] = {}
    left = chosen.tolist()
    stages = question.ask.stages
    befores = [(0, question.existing), *stages[:-1]][: len(stages)]
    for (year, _), (_, before) in zip(reversed(stages), reversed(befores), strict=True):
        kept = _best_of(question, left, max(before, question.existing))
        years |= dict.fromkeys([site for site in left if site not in kept], year)
        left = kept
    return years


def _best_of(question: _Question, sites: list[int], count: int) -> list[int]:
    """So many of some sites, those of today among them, from which the walks of all are shortest."""
    today = [place for place, site in enumerate(sites) if site < question.existing]
    if count >= len(sites) or count <= len(today):
        return sites if count >= len(sites) else [sites[place] for place in today]
    walk_m = question.walk_m[:, sites]
    asks = np.isfinite(walk_m).all(axis=1)
    best = p_median(cost=walk_m[asks], weight=question.people[asks], p=count, fixed=today)
    return [sites[place] for place in best.sites]


def _tables(
    question: _Question,
    homes: gpd.GeoDataFrame,
    chosen: Numbers,
    assigned: Numbers,
    years: Mapping[int, int],
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    kind, walk_m, people = question.ask.kind, question.walk_m, question.people
    own_m = np.where(
        assigned >= 0, walk_m[np.arange(len(assigned)), np.maximum(assigned, 0)], np.nan
    )
    names = {site: f"{kind}-{number + 1}" for number, site in enumerate(chosen.tolist())}
    walk = pd.DataFrame(
        {
            "kind": kind,
            "parcel_id": homes.index.astype("str"),
            "site_id": [names.get(site) for site in assigned.tolist()],
            "walk_m": own_m,
            "population": people,
            "is_within_reach": _within(own_m, question.reach_m),
        }
    )
    served = walk[walk["site_id"].notna()]
    by_site = served.groupby("site_id")
    total = by_site["population"].sum()
    person_m = (served["walk_m"] * served["population"]).groupby(served["site_id"]).sum()
    ids = list(names.values())
    rows = question.sites.iloc[chosen]
    table = gpd.GeoDataFrame(
        {
            "site_id": ids,
            "kind": kind,
            "is_existing": pd.array(chosen < question.existing, dtype="boolean"),
            "facility_id": rows["facility_id"].to_numpy(dtype=object),
            "parcel_id": rows["parcel_id"].to_numpy(dtype=object),
            "open_year": pd.array([years.get(site) for site in chosen.tolist()], dtype="Int64"),
            "land_m2": np.where(chosen < question.existing, 0.0, question.ask.land_m2),
            "served_population": total.reindex(ids).fillna(0.0).to_numpy(),
            "mean_walk_m": (person_m / total).reindex(ids).to_numpy(),
            "worst_walk_m": by_site["walk_m"].max().reindex(ids).to_numpy(),
        },
        geometry=shapely.point_on_surface(np.asarray(rows.geometry)),
        crs=homes.crs,
    )
    return table, walk


def _within(walk_m: Floats, reach_m: float | None) -> pd.Series:
    """Whether each way is short enough; unknown without a number, no where there is no way."""
    if reach_m is None:
        return pd.Series(pd.array([None] * len(walk_m), dtype="boolean"))
    return pd.Series(pd.array(walk_m <= reach_m, dtype="boolean"))


def _joined(
    park: Park,
    tables: Sequence[gpd.GeoDataFrame],
    walks: Sequence[pd.DataFrame],
    proofs: Mapping[str, Proof],
) -> Facilities:
    if not tables:
        empty = gpd.GeoDataFrame({"site_id": []}, geometry=[], crs=park.crs).set_index("site_id")
        return Facilities(sites=empty, assignment=pd.DataFrame(), proofs={})
    sites = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=park.crs)
    for name in ("facility_id", "parcel_id"):
        sites[name] = sites[name].astype("str")
    return Facilities(
        sites=sites.set_index("site_id"),
        assignment=pd.concat(walks, ignore_index=True),
        proofs=dict(proofs),
    )
