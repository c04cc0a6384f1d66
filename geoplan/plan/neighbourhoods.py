"""Innovation neighbourhoods: the planned workplaces in groups that one walks through, each with its centre."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.model.answers import Allocation, Centres, Neighbourhoods, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.location import p_median
from geoplan.spatial.access import walking_distances
from geoplan.words import say

__all__ = ["group_neighbourhoods"]


def group_neighbourhoods(
    park: Park, allocation: Allocation, centres: Centres | None, *, rules: Rules, count: int
) -> Neighbourhoods | StageLeftOut:
    r"""Put the parcels planned for innovation into neighbourhoods with the shortest ways within.

    .. math:: \min_{|M| = count} \sum_i A_i \min_{j \in M} d_{ij}

    over the middle parcels M of the neighbourhoods; :math:`A_i` is the area of a parcel [m2], :math:`d_{ij}` the walk
    along the streets [m]. Parcels are those of products with the role ``work``. A parcel that no street joins to a
    middle belongs to none, and is named.

    Parameters
    ----------
    count
        Neighbourhoods asked for.
    centres
        The service centre of a neighbourhood is the one nearest to its middle.

    Returns
    -------
    Neighbourhoods
        ``areas`` as layer ``neighbourhoods``; ``members`` with a row per parcel. Or why there are none.

    References
    ----------
    Hakimi 1964, the p-median of a network.
    """
    keys = [key for key, row in rules.data("products").items() if row["role"] == "work"]
    parcels = allocation.parcels
    members = parcels[parcels["product"].isin(keys).to_numpy(dtype=bool)]
    roads = park.places("roads")
    if roads is None or len(members) < count:
        key = "no_roads" if roads is None else "too_few"
        message = say(f"plan.neighbourhoods_{key}", count=count, found=len(members))
        return StageLeftOut(stage="neighbourhoods", message=message)
    walk_m = walking_distances(roads, members.geometry, members.geometry)
    np.fill_diagonal(walk_m, 0.0)
    largest = _largest_part(walk_m)
    joined = members[largest]
    if len(joined) < count:
        message = say("plan.neighbourhoods_too_few", count=count, found=len(joined))
        return StageLeftOut(stage="neighbourhoods", message=message)
    area_m2 = joined.area.to_numpy()
    answer = p_median(cost=walk_m[np.ix_(largest, largest)], weight=area_m2, p=count)
    middles = np.asarray(answer.sites)
    own_m = walk_m[np.ix_(largest, largest)][:, middles]
    group = own_m.argmin(axis=1)
    table = pd.DataFrame(
        {
            "parcel_id": members.index.astype("str"),
            "neighbourhood_id": pd.Series(pd.NA, index=range(len(members)), dtype="str"),
            "walk_m": np.nan,
        }
    )
    table.loc[largest, "neighbourhood_id"] = [f"N{number + 1}" for number in group]
    table.loc[largest, "walk_m"] = own_m[np.arange(len(joined)), group]
    areas = _areas(joined, group, joined.iloc[middles], centres, roads)
    return Neighbourhoods(areas=areas, members=table, proof=replace(answer.proof, unit="m2 m"))


def _largest_part(
    walk_m: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Parcels of the part of the streets that holds most of them; ties go to the first."""
    reached = np.isfinite(walk_m)
    return np.asarray(reached[int(np.argmax(reached.sum(axis=1)))])


def _areas(
    members: gpd.GeoDataFrame,
    group: np.ndarray[tuple[int], np.dtype[np.int64]],
    middles: gpd.GeoDataFrame,
    centres: Centres | None,
    roads: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    numbers = range(len(middles))
    by_group = members.groupby(group)
    shapes = [shapely.union_all(np.asarray(members.geometry[group == n])) for n in numbers]
    centre = [""] * len(middles)
    walk_m = np.full(len(middles), np.nan)
    if centres is not None:
        ways = walking_distances(roads, middles.geometry, centres.sites.geometry)
        nearest = ways.argmin(axis=1)
        walk_m = np.where(np.isfinite(ways.min(axis=1)), ways.min(axis=1), np.nan)
        centre = centres.sites.index.astype("str").to_numpy()[nearest].tolist()
    floor = pd.to_numeric(members["planned_floor_area_m2"], errors="coerce").groupby(group).sum()
    table = pd.DataFrame(
        {
            "neighbourhood_id": [f"N{number + 1}" for number in numbers],
            "name_en": [say("plan.neighbourhood", number=n + 1).text("en") for n in numbers],
            "name_zh": [say("plan.neighbourhood", number=n + 1).text("zh") for n in numbers],
            "middle_parcel_id": middles.index.astype("str"),
            "parcel_count": by_group.size().reindex(numbers).to_numpy(),
            "land_area_m2": members.area.groupby(group).sum().reindex(numbers).to_numpy(),
            "floor_area_m2": floor.reindex(numbers).to_numpy(dtype=float),
            "centre_id": pd.Series(centre, dtype="str"),
            "walk_to_centre_m": walk_m,
        }
    ).astype({"parcel_count": "Int64"})
    return gpd.GeoDataFrame(table, geometry=shapes, crs=members.crs).set_index("neighbourhood_id")
