"""A greenway that ties parks, plazas, school and shore together along the streets, with a ring if one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from geoplan.optimise.ring import RingAnswer
from geoplan.plan._greenway_answer import corridors, land_taken, measures_of, net_lines, reached
from geoplan.plan._greenway_net import Net, joined_by_tree, ring_of
from geoplan.plan._greenway_paths import with_new_paths
from geoplan.spatial.network import StreetNetwork, street_network
from geoplan.words import say

__all__ = ["PLACE_KINDS", "RingAsk", "route_greenway"]

#: What a greenway can join: beginnings of the land-use codes, and kinds in the layers green and facilities.
PLACE_KINDS = MappingProxyType(
    {
        "park": (("1401",), ("park",)),
        "plaza": (("1403",), ("plaza", "square")),
        "school": (("080403",), ("school", "primary_school", "middle_school")),
        "shore": ((), ()),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAsk:
    """A ring that is asked for.

    Attributes
    ----------
    through
        Sorts of places, of ``PLACE_KINDS``, that it must pass; places with ``is_ring_member`` yes as well.
    prizes
        Sorts of places that it passes if the detour costs no more than this [m of local street].
    min_length_m, max_length_m
        How long it is to be.
    """

    through: tuple[str, ...] = ("park",)
    prizes: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    min_length_m: float = 0.0
    max_length_m: float = np.inf


def route_greenway(  # noqa: PLR0913  (every choice is named)
    park: Park,
    allocation: Allocation,
    *,
    rules: Rules,
    join: Sequence[str] = ("park", "plaza", "school", "shore"),
    ring: RingAsk | None = None,
    avoid_classes: Sequence[str] = (),
    has_new_paths: bool = False,
) -> Greenway | StageLeftOut:
    r"""Join places along the streets by the cheapest net: a tree, or a ring with branches.

    .. math:: \min \sum_{e \in T} c_{class(e)} \, l_e + X \, n_{trunk}

    over trees T of streets that reach every place; :math:`l_e` is the length of a stretch [m], :math:`c` the cost of a
    metre of its class (rule pack, ``greenway.cost``), :math:`X` that of crossing a trunk road
    (``greenway.trunk_crossing_m``, if the pack has it; half of it is borne by each stretch that leaves such a crossing). A
    place is reached where its gate or the nearest street is; the shore, where a street comes nearest to each water. With
    a ring, the ring comes first, and the branches are the cheapest given the ring. Places that no street connects to
    most of the others are listed with ``is_joined`` no, unless new paths may be laid to them.

    Parameters
    ----------
    join
        Sorts of places, of ``PLACE_KINDS``.
    ring
        The ring, if there is to be one.
    avoid_classes
        Classes of street that are not used.
    has_new_paths
        Whether places that no street reaches are joined by a path over open ground.

    Returns
    -------
    Greenway
        ``lines`` as layer ``greenway``, one row per stretch of a street; ``places`` with ``kind``, ``name``, ``source`` (the
        row of the park it is), ``is_joined``, ``join_cost_m`` (what the net would cost less without it) and the point where
        it is reached; ``areas`` the corridor, ``land`` what it takes from which parcel, ``measures`` of connection; the
        proofs of the branches and of the ring. Or why there is none.

    Raises
    ------
    PlanError
        ``join`` or the ring name a sort of place that does not exist.

    References
    ----------
    The Steiner tree and the Steiner cycle in a graph; see ``optimise/steiner.py`` and ``optimise/ring.py``.
    """
    wanted = [*join, *(() if ring is None else (*ring.through, *ring.prizes))]
    if unknown := [kind for kind in dict.fromkeys(wanted) if kind not in PLACE_KINDS]:
        known = ", ".join(PLACE_KINDS)
        raise PlanError([say("plan.greenway_kind", kind=kind, known=known) for kind in unknown])
    roads = park.places("roads")
    if roads is None:
        return _none("plan.greenway_no_roads")
    roads = roads[~roads["road_class"].isin(avoid_classes).to_numpy(dtype=bool)]
    places = _places(park, allocation, tuple(dict.fromkeys(wanted)))
    if has_new_paths:
        roads = with_new_paths(park, roads, places, rules=rules)
    cost_per_m = _cost_per_m(roads, rules)
    network = street_network(roads, entrances=places.geometry, cost_per_m=cost_per_m)
    part = _largest_part(network)
    is_joined = _parts_of(network) == part
    if part < 0 or len(np.unique(network.entrances[is_joined])) < 2:  # noqa: PLR2004  (one place needs no way)
        return _none("plan.greenway_no_places", count=len(places))
    net = Net.of(network, cost_per_m, rules)
    first: RingAnswer | None = None
    if ring is not None:
        found = ring_of(
            net,
            places,
            is_joined,
            ring.through,
            ring.prizes,
            (ring.min_length_m, ring.max_length_m),
        )
        if isinstance(found, StageLeftOut):
            return found
        first = found
    answer = joined_by_tree(net, network.entrances[is_joined], first)
    lines = net_lines(net, answer, first, is_joined, rules)
    areas = corridors(lines)
    return Greenway(
        lines=lines,
        places=reached(net, answer, places, is_joined),
        proof=replace(answer.proof, unit="m of local street"),
        ring_proof=None if first is None else replace(first.proof, unit="m of local street"),
        areas=areas,
        land=land_taken(park.parcels, areas),
        measures=measures_of(net, answer, first, is_joined),
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
    rows["is_ring_member"] = False
    if "is_ring_member" in table:
        rows["is_ring_member"] = np.asarray(table["is_ring_member"].fillna(value=False), dtype=bool)
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
