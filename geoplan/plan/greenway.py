"""A greenway that ties parks, plazas, school and shore together along the streets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.errors import PlanError
from geoplan.model.answers import Allocation, Greenway, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.steiner import steiner_tree
from geoplan.spatial.network import StreetNetwork, street_network
from geoplan.words import say

__all__ = ["PLACE_KINDS", "route_greenway"]

#: What a greenway can join: beginnings of the land-use codes, and kinds in the layers green and facilities.
PLACE_KINDS = MappingProxyType(
    {
        "park": (("1401",), ("park",)),
        "plaza": (("1403",), ("plaza", "square")),
        "school": (("080403",), ("school", "primary_school", "middle_school")),
        "shore": ((), ()),
    }
)


def route_greenway(
    park: Park,
    allocation: Allocation,
    *,
    rules: Rules,
    join: Sequence[str] = ("park", "plaza", "school", "shore"),
) -> Greenway | StageLeftOut:
    r"""Join places along the streets by the cheapest tree.

    .. math:: \min \sum_{e \in T} c_{class(e)} \, l_e

    over trees T of streets that reach every place; :math:`l_e` is the length of a stretch [m] and :math:`c` the cost
    of a metre of its class (rule pack, ``greenway.cost``). A place is reached at the point of the nearest street
    that is nearest to it; the shore, where a street comes nearest to each water. Places that no street connects to
    most of the others are listed with ``is_joined`` no.

    Parameters
    ----------
    join
        Sorts of places, of ``PLACE_KINDS``.

    Returns
    -------
    Greenway
        ``lines`` as layer ``greenway``, one row per stretch of a street; ``places`` with ``kind``, ``name``,
        ``source`` (the row of the park it is), ``is_joined`` and the point where it is reached. Or why there is none.

    Raises
    ------
    PlanError
        ``join`` names a sort of place that does not exist.

    References
    ----------
    The Steiner tree in a graph; see ``optimise/steiner.py``.
    """
    if unknown := [kind for kind in join if kind not in PLACE_KINDS]:
        known = ", ".join(PLACE_KINDS)
        raise PlanError([say("plan.greenway_kind", kind=kind, known=known) for kind in unknown])
    roads = park.places("roads")
    if roads is None:
        return _none("plan.greenway_no_roads")
    places = _places(park, allocation, join)
    cost_per_m = _cost_per_m(roads, rules)
    network = street_network(roads, entrances=places.geometry, cost_per_m=cost_per_m)
    part = _largest_part(network)
    is_joined = _parts_of(network) == part
    terminals = np.unique(network.entrances[is_joined])
    if part < 0 or len(terminals) < 2:  # noqa: PLR2004  (one place needs no way)
        return _none("plan.greenway_no_places", count=len(places))
    cost = network.length_m * cost_per_m[network.streets.index].to_numpy()[network.street]
    answer = steiner_tree(
        edges=network.edges, cost=cost, terminals=terminals, n_nodes=len(network.xy)
    )
    return Greenway(
        lines=_lines(network, np.asarray(answer.edges)),
        places=_reached(places, network, is_joined),
        proof=replace(answer.proof, unit="m of local street"),
    )


def _none(key: str, **values: object) -> StageLeftOut:
    return StageLeftOut(stage="greenway", message=say(key, **values))


def _places(park: Park, allocation: Allocation, join: Sequence[str]) -> gpd.GeoDataFrame:
    """What is to be joined: parcels by planned use, then what other layers add that is not on such a parcel."""
    found = [gpd.GeoDataFrame({"kind": [], "source": [], "name": []}, geometry=[], crs=park.crs)]
    for kind in join:
        if kind == "shore":
            found.append(_rows(park.places("water"), kind, "water"))
            continue
        codes, words = PLACE_KINDS[kind]
        planned = allocation.parcels
        own = planned[planned["planned_use"].astype(str).str.startswith(codes).to_numpy()]
        parcels = _rows(own, kind, "parcels")
        found.append(parcels)
        for layer in ("green", "facilities"):
            table = park.places(layer)
            if table is not None and "kind" in table:
                others = _rows(table[table["kind"].isin(words).to_numpy()], kind, layer)
                found.append(others[_apart(others, parcels)])
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=park.crs)


def _rows(table: gpd.GeoDataFrame | None, kind: str, layer: str) -> gpd.GeoDataFrame:
    if table is None:
        return gpd.GeoDataFrame({"kind": [], "source": [], "name": []}, geometry=[])
    name = table["name"].fillna("") if "name" in table else pd.Series("", index=table.index)
    sources = [f"{layer}/{row}" for row in table.index]
    rows = pd.DataFrame({"kind": kind, "source": sources, "name": name.to_numpy()})
    return gpd.GeoDataFrame(rows, geometry=np.asarray(table.geometry), crs=table.crs)


def _apart(rows: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Rows that do not lie on one of the others."""
    inside = shapely.point_on_surface(np.asarray(rows.geometry))
    on, _ = shapely.STRtree(np.asarray(others.geometry)).query(inside, predicate="intersects")
    apart = np.ones(len(rows), dtype=bool)
    apart[on] = False
    return apart


def _parts_of(network: StreetNetwork) -> NDArray[np.int64]:
    """Connected part of the streets that each place is reached from; -1 if there is no street."""
    if not len(network.xy):
        return np.full(len(network.entrances), -1)
    return np.where(network.entrances >= 0, network.component[network.entrances], -1)


def _largest_part(network: StreetNetwork) -> int:
    """The part of the streets with most places; ties go to the larger part."""
    parts = _parts_of(network)
    counts = np.bincount(parts[parts >= 0])
    return int(counts.argmax()) if len(counts) else -1


def _cost_per_m(roads: gpd.GeoDataFrame, rules: Rules) -> pd.Series:
    """What a metre of each street costs, by its class."""
    prefix = "greenway.cost."
    costs = {
        name.removeprefix(prefix): number.value
        for name, number in rules.numbers.items()
        if name.startswith(prefix)
    }
    per_m: pd.Series = roads["road_class"].map(costs).fillna(costs["other"])
    return per_m.astype(float)


def _lines(network: StreetNetwork, edges: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """One row per uninterrupted stretch of a street, street by street in the order of the layer."""
    streets = network.streets
    stretches = gpd.GeoDataFrame(
        {"street": network.street[edges]},
        geometry=[network.line(int(edge)) for edge in edges],  # the few stretches of the tree
        crs=streets.crs,
    )
    merged = stretches.dissolve("street").line_merge().explode(index_parts=False)
    rows = merged.index.to_numpy()
    names = streets["name"].fillna("") if "name" in streets else pd.Series("", streets.index)
    table = pd.DataFrame(
        {
            "greenway_id": [f"G{number + 1:03d}" for number in range(len(merged))],
            "length_m": merged.length.to_numpy(),
            "road_class": streets["road_class"].to_numpy()[rows],
            "name": names.to_numpy()[rows],
        }
    )
    lines = gpd.GeoDataFrame(table, geometry=merged.to_numpy(), crs=streets.crs)
    return lines.set_index("greenway_id")


def _reached(
    places: gpd.GeoDataFrame, network: StreetNetwork, is_joined: NDArray[np.bool_]
) -> gpd.GeoDataFrame:
    points = shapely.points(network.xy[network.entrances])
    table = places.drop(columns="geometry").assign(is_joined=pd.array(is_joined, dtype="boolean"))
    return gpd.GeoDataFrame(table, geometry=points, crs=places.crs)
