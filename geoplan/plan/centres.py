"""Where the service centres go, so that people walk as little as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.errors import PlanError
from geoplan.model.answers import Allocation, Centres, StageLeftOut
from geoplan.model.landuse import is_home
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.telling import nearest
from geoplan.optimise.location import p_median
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.proof import Proof
from geoplan.optimise.roles import sites_with_roles
from geoplan.spatial.access import walking_distances
from geoplan.words import Message, join, say

__all__ = ["CentreRole", "residents", "site_centres"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreRole:
    """The part that one centre plays, and where it may stand to play it.

    Attributes
    ----------
    name
        What the centre is called.
    zones
        Zones it may stand in; empty for all.
    streets, road_classes, products
        It stands within ``within_m`` of a street whose name holds one of ``streets``, or of a street of one of these
        classes, or of land that the plan gives to one of these products; all empty: anywhere.
    within_m
        Distance in a straight line from edge to edge.
    """

    name: Message
    zones: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    road_classes: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    within_m: float = 100.0


def site_centres(
    park: Park,
    allocation: Allocation,
    *,
    rules: Rules,
    count: int = 2,
    roles: Sequence[CentreRole] = (),
) -> Centres | StageLeftOut:
    r"""Choose the parcels of the service centres by p-median on walking distance.

    .. math:: \min \sum_i w_i \min_{j \in S} d_{ij}, \qquad |S| = count

    :math:`w_i` are the residents of parcel *i* (planned, and of today where homes stay), :math:`d_{ij}` is the walk
    along the streets [m]. Sites are the parcels planned as service centre; if these are fewer than ``count``, all
    candidates of at least ``centres.min_area_m2``. With ``roles`` there is one centre for each, on a site that fits it;
    a role that no planned centre fits may take any such candidate. Homes from which no site can be walked to, and
    where homes lie on more unconnected parts of the streets than there are centres those on the parts with fewer
    people, take no part in the choice; who cannot walk to a chosen centre is listed in the assignment without one.

    Returns
    -------
    Centres
        ``sites`` as layer ``centres``; ``assignment`` with a row per parcel with residents: ``parcel_id``,
        ``centre_id``, ``walk_m``, ``population`` and ``is_reachable``; ``changes``: what one centre more, or each one
        less, would do to the mean walk. Or why there are none.

    Raises
    ------
    PlanError
        A role names a street, class, zone or product that the park or plan does not have.

    References
    ----------
    Hakimi 1964, the p-median of a network.
    """
    roads = park.places("roads")
    if roads is None:
        return _none("plan.centres_no_roads")
    count = len(roles) or count
    parcels = allocation.parcels
    people = residents(allocation, rules=rules)
    homes = parcels[(people > 0).to_numpy()]
    sites, fits = _sites_and_roles(parcels, roads, rules, count, roles)
    if len(sites) < count and not roles:
        return _none("plan.centres_no_sites", count=count, found=len(sites))
    walk_m = walking_distances(roads, homes.geometry, sites.geometry)
    weight = people[homes.index].to_numpy(dtype=float)
    takes_part = _can_be_served(walk_m, weight, count)
    if not takes_part.any() and len(sites):
        return _none("plan.centres_no_homes")
    cost, asking = walk_m[takes_part], weight[takes_part]
    if roles:
        answer = _with_roles(cost, asking, fits, roles)
        if isinstance(answer, StageLeftOut):
            return answer
        chosen, proof = answer
    else:
        median = p_median(cost=cost, weight=asking, p=count)
        chosen, proof = np.sort(np.asarray(median.sites)), median.proof
    assignment = _assigned(homes, walk_m[:, chosen], weight)
    names = [role.name for role in roles] or [
        _name(i + 1, shape, roads) for i, shape in enumerate(sites.geometry.iloc[chosen])
    ]
    centres = _centre_table(sites.iloc[chosen], assignment, names)
    assignment["centre_id"] = assignment["centre_id"].map(pd.Series(centres.index))
    return Centres(
        sites=centres,
        assignment=assignment,
        proof=replace(proof, unit="person m"),
        changes=_changes(cost, asking, chosen, sites.index, centres.index),
    )


def _with_roles(
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    fits: NDArray[np.bool_],
    roles: Sequence[CentreRole],
) -> tuple[NDArray[np.int64], Proof] | StageLeftOut:
    try:
        answer = sites_with_roles(cost=cost, weight=weight, fits=fits)
    except NoAnswerError:
        counts = [
            say("plan.role_sites", role=role.name, count=int(own.sum()))
            for role, own in zip(roles, fits, strict=True)
        ]
        return _none("plan.centres_roles_quarrel", roles=join(counts))
    return np.asarray(answer.site_of_role, dtype=np.int64), answer.proof


def _changes(
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    chosen: NDArray[np.int64],
    site_ids: pd.Index,
    centre_ids: pd.Index,
) -> pd.DataFrame:
    """The mean walk with the best further site, and without each of those chosen; people without a way are told."""

    def row(change: str, name: str, sites: NDArray[np.int64]) -> dict[str, object]:
        nearest = cost[:, sites].min(axis=1) if len(sites) else np.full(len(cost), np.inf)
        lost = float(weight[~np.isfinite(nearest)].sum())
        own = np.where(np.isfinite(nearest), nearest, 0.0)
        mean_m = float((own * weight).sum() / weight.sum()) if lost == 0 else np.nan
        return {"change": change, "name": name, "mean_walk_m": mean_m, "people_without_way": lost}

    rows = [row("as_planned", "", chosen)]
    others = np.setdiff1d(np.arange(cost.shape[1]), chosen)
    if len(others):
        far_m = (
            float(cost[np.isfinite(cost)].max(initial=0.0)) + 1.0
        )  # who reaches none counts as further than all
        known = np.where(np.isfinite(cost), cost, far_m)
        now = known[:, chosen].min(axis=1)
        total = [float(np.minimum(now, known[:, site]) @ weight) for site in others]
        best = int(others[int(np.argmin(total))])
        rows.append(row("one_more", str(site_ids[best]), np.append(chosen, best)))
    rows += [
        row("without", str(centre_ids[place]), np.delete(chosen, place))
        for place in range(len(chosen))
    ]
    return pd.DataFrame(rows)


def residents(allocation: Allocation, *, rules: Rules) -> pd.Series:
    """People of each parcel: planned on candidates; on homes that stay their floor area over floor area a head.

    Homes that stay and whose floor area is unknown count nobody.
    """
    parcels = allocation.parcels
    planned: pd.Series = pd.to_numeric(parcels["planned_population"]).fillna(0.0)
    if "existing_floor_area_m2" not in parcels:
        return planned
    stays = is_home(parcels["use"]).to_numpy() & ~parcels["is_candidate"].to_numpy(dtype=bool)
    per_person = rules.value("population.existing_floor_area_m2_per_person")
    today = pd.to_numeric(parcels["existing_floor_area_m2"]).fillna(0.0) / per_person
    return pd.Series(np.where(stays, today, planned), index=parcels.index)


def _none(key: str, **values: object) -> StageLeftOut:
    return StageLeftOut(stage="centres", message=say(key, **values))


def _sites_and_roles(
    parcels: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    rules: Rules,
    count: int,
    roles: Sequence[CentreRole],
) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_]]:
    """Parcels that may hold a centre, and which of them fit each role."""
    keys = [key for key, row in rules.data("products").items() if row["role"] == "centre"]
    is_planned = parcels["product"].isin(keys).to_numpy()
    is_large = (parcels.area >= rules.value("centres.min_area_m2")).to_numpy()
    is_possible = is_large & parcels["is_candidate"].to_numpy(dtype=bool)
    if not roles:
        own = is_planned if is_planned.sum() >= count else is_possible
        return parcels[own], np.zeros((0, int(own.sum())), dtype=bool)
    _refuse_unknown(parcels, roads, roles)
    fits = np.array([_fits(parcels, roads, role) for role in roles])
    with_planned = (fits & is_planned).any(axis=1)
    fits &= np.where(with_planned[:, None], is_planned, is_possible)
    own = fits.any(axis=0)
    return parcels[own], fits[:, own]


def _fits(
    parcels: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, role: CentreRole
) -> NDArray[np.bool_]:
    fits = np.ones(len(parcels), dtype=bool)
    if role.zones:
        fits &= parcels["zone"].isin(role.zones).to_numpy(dtype=bool)
    if not (role.streets or role.road_classes or role.products):
        return fits
    on_street = np.zeros(len(roads), dtype=bool)
    for street in role.streets:
        on_street |= _street_names(roads).str.contains(street, regex=False).to_numpy(dtype=bool)
    on_street |= roads["road_class"].isin(role.road_classes).to_numpy(dtype=bool)
    on_land = parcels["product"].isin(role.products).to_numpy(dtype=bool)
    goals = np.concatenate(
        [np.asarray(roads.geometry[on_street]), np.asarray(parcels.geometry[on_land])]
    )
    near, _ = shapely.STRtree(goals).query(
        np.asarray(parcels.geometry), predicate="dwithin", distance=role.within_m
    )
    is_near = np.zeros(len(parcels), dtype=bool)
    is_near[near] = True
    return fits & is_near


def _street_names(roads: gpd.GeoDataFrame) -> pd.Series:
    return roads["name"].fillna("") if "name" in roads else pd.Series("", index=roads.index)


def _refuse_unknown(
    parcels: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, roles: Sequence[CentreRole]
) -> None:
    """What the roles name and the park does not have; all at once, with the nearest that it has."""
    streets = sorted(set(_street_names(roads)) - {""})
    classes = sorted(set(roads["road_class"].dropna().astype("str")))
    zones = sorted(set(parcels["zone"].dropna().astype("str"))) if "zone" in parcels else []
    products = sorted(set(parcels["product"].dropna().astype("str")) - {""})
    asked = [
        *(("street", name, streets) for role in roles for name in role.streets
          if not any(name in street for street in streets)),
        *(("class", name, classes) for role in roles for name in role.road_classes if name not in classes),
        *(("zone", name, zones) for role in roles for name in role.zones if name not in zones),
        *(("product", name, products) for role in roles for name in role.products if name not in products),
    ]  # fmt: skip
    if asked:
        raise PlanError(
            [
                say(f"plan.role_no_{sort}", name=name, near=nearest(name, known))
                for sort, name, known in dict.fromkeys(
                    (sort, name, tuple(known)) for sort, name, known in asked
                )
            ]
        )


def _can_be_served(
    walk_m: NDArray[np.float64], weight: NDArray[np.float64], count: int
) -> NDArray[np.bool_]:
    """Homes that ``count`` sites can reach: those on the unconnected parts of the streets with most people."""
    reaches = np.isfinite(walk_m)
    _, part = np.unique(reaches, axis=0, return_inverse=True)
    people = np.bincount(part, weights=np.where(reaches.any(axis=1), weight, 0.0))
    largest = np.argsort(-people, kind="stable")[:count]
    return np.asarray(np.isin(part, largest) & reaches.any(axis=1))


def _assigned(
    homes: gpd.GeoDataFrame, walk_m: NDArray[np.float64], weight: NDArray[np.float64]
) -> pd.DataFrame:
    """Each parcel with residents walks to its nearest centre; ``centre_id`` is still its number."""
    nearest = walk_m.argmin(axis=1)
    shortest_m = walk_m[np.arange(len(walk_m)), nearest]
    is_reachable = np.isfinite(shortest_m)
    return pd.DataFrame(
        {
            "parcel_id": homes.index,
            "centre_id": pd.array(np.where(is_reachable, nearest, -1), dtype="Int64"),
            "walk_m": np.where(is_reachable, shortest_m, np.nan),
            "population": weight,
            "is_reachable": pd.array(is_reachable, dtype="boolean"),
        }
    ).reset_index(drop=True)


def _centre_table(
    sites: gpd.GeoDataFrame, assignment: pd.DataFrame, names: Sequence[Message]
) -> gpd.GeoDataFrame:
    served = assignment[assignment["is_reachable"].to_numpy(dtype=bool)]
    person_m = (served["walk_m"] * served["population"]).groupby(served["centre_id"]).sum()
    people = served.groupby("centre_id")["population"].sum()
    worst_m = served.groupby("centre_id")["walk_m"].max()
    numbers = range(len(sites))
    table = pd.DataFrame(
        {
            "centre_id": [f"C{i + 1}" for i in numbers],
            "parcel_id": sites.index,
            "name_en": [name.text("en") for name in names],
            "name_zh": [name.text("zh") for name in names],
            "served_population": people.reindex(numbers).fillna(0.0),
            "mean_walk_m": (person_m / people).reindex(numbers),
            "worst_walk_m": worst_m.reindex(numbers),
        }
    )
    points = shapely.point_on_surface(np.asarray(sites.geometry))
    return gpd.GeoDataFrame(table, geometry=points, crs=sites.crs).set_index("centre_id")


def _name(number: int, site: shapely.Geometry, roads: gpd.GeoDataFrame) -> Message:
    """The centre's number, and the nearest street that has a name."""
    if "name" in roads:
        named = roads[(roads["name"].fillna("") != "").to_numpy()]
        if len(named):
            street = named["name"].iloc[int(named.distance(site).to_numpy().argmin())]
            return say("plan.centre_on_street", number=number, street=street)
    return say("plan.centre", number=number)
