"""Where the service centres go, so that people walk as little as possible."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.model.answers import Allocation, Centres, StageLeftOut
from geoplan.model.landuse import is_home
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.location import p_median
from geoplan.spatial.access import walking_distances
from geoplan.words import Message, say

__all__ = ["residents", "site_centres"]


def site_centres(
    park: Park, allocation: Allocation, *, rules: Rules, count: int = 2
) -> Centres | StageLeftOut:
    r"""Choose the parcels of the service centres by p-median on walking distance.

    .. math:: \min \sum_i w_i \min_{j \in S} d_{ij}, \qquad |S| = count

    :math:`w_i` are the residents of parcel *i* (planned, and of today where homes stay), :math:`d_{ij}` is the walk
    along the streets [m]. Sites are the parcels planned as service centre; if these are fewer than ``count``, all
    candidates of at least ``centres.min_area_m2``. Homes from which no site can be walked to, and where homes lie on
    more unconnected parts of the streets than there are centres those on the parts with fewer people, take no part
    in the choice; who cannot walk to a chosen centre is listed in the assignment without one.

    Returns
    -------
    Centres
        ``sites`` as layer ``centres``; ``assignment`` with a row per parcel with residents: ``parcel_id``,
        ``centre_id``, ``walk_m``, ``population`` and ``is_reachable``. Or why there are none.

    References
    ----------
    Hakimi 1964, the p-median of a network.
    """
    roads = park.places("roads")
    if roads is None:
        return _none("plan.centres_no_roads")
    parcels = allocation.parcels
    people = residents(allocation, rules=rules)
    homes = parcels[(people > 0).to_numpy()]
    sites = _possible_sites(parcels, rules, count)
    if len(sites) < count:
        return _none("plan.centres_no_sites", count=count, found=len(sites))
    walk_m = walking_distances(roads, homes.geometry, sites.geometry)
    weight = people[homes.index].to_numpy(dtype=float)
    takes_part = _can_be_served(walk_m, weight, count)
    if not takes_part.any():
        return _none("plan.centres_no_homes")
    answer = p_median(cost=walk_m[takes_part], weight=weight[takes_part], p=count)
    chosen = np.sort(np.asarray(answer.sites))
    assignment = _assigned(homes, walk_m[:, chosen], weight)
    centres = _centre_table(sites.iloc[chosen], assignment, roads)
    names = pd.Series(centres.index, index=range(count))
    assignment["centre_id"] = assignment["centre_id"].map(names)
    return Centres(
        sites=centres, assignment=assignment, proof=replace(answer.proof, unit="person m")
    )


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


def _possible_sites(parcels: gpd.GeoDataFrame, rules: Rules, count: int) -> gpd.GeoDataFrame:
    keys = [key for key, row in rules.data("products").items() if row["role"] == "centre"]
    planned = parcels[parcels["product"].isin(keys).to_numpy()]
    if len(planned) >= count:
        return planned
    is_large = (parcels.area >= rules.value("centres.min_area_m2")).to_numpy()
    return parcels[is_large & parcels["is_candidate"].to_numpy(dtype=bool)]


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
    sites: gpd.GeoDataFrame, assignment: pd.DataFrame, roads: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    served = assignment[assignment["is_reachable"].to_numpy(dtype=bool)]
    person_m = (served["walk_m"] * served["population"]).groupby(served["centre_id"]).sum()
    people = served.groupby("centre_id")["population"].sum()
    worst_m = served.groupby("centre_id")["walk_m"].max()
    numbers = range(len(sites))
    names = [_name(i + 1, shape, roads) for i, shape in enumerate(sites.geometry)]
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
