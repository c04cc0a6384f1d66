"""The chosen net as lines and land: what it follows, whom it serves, what it takes, how well it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.model.rulepack import Rules
from geoplan.optimise.ring import RingAnswer
from geoplan.optimise.steiner import TreeAnswer
from geoplan.plan._greenway_net import Net

__all__ = ["corridors", "land_taken", "measures_of", "net_lines", "reached"]

Numbers = NDArray[np.int64]
Bools = NDArray[np.bool_]

_WIDTH = "greenway.width."
#: Places whose ways and straight lines are compared; of more, the first.
_MOST_PLACES = 200


def net_lines(
    net: Net,
    answer: TreeAnswer,
    ring: RingAnswer | None,
    is_joined: Bools,
    rules: Rules,
) -> gpd.GeoDataFrame:
    """One row per uninterrupted stretch of a street, ring and branches apart, street by street in the order of the layer."""
    network, edges = net.network, np.asarray(answer.edges)
    on_ring = np.isin(edges, np.zeros(0) if ring is None else ring.edges)
    twice = np.isin(edges, np.zeros(0) if ring is None else ring.twice)
    serves = _served(net, edges, is_joined)
    stretches = gpd.GeoDataFrame(
        {
            "street": network.street[edges],
            "is_ring": on_ring,
            "is_walked_twice": twice,
            "serves": serves,
        },
        geometry=[network.line(int(edge)) for edge in edges],  # the few stretches of the net
        crs=network.streets.crs,
    )
    keys = ["street", "is_ring", "is_walked_twice", "serves"]
    merged = stretches.dissolve(keys).line_merge().explode(index_parts=False)
    rows = merged.index.get_level_values("street").to_numpy()
    streets = network.streets
    names = streets["name"].fillna("") if "name" in streets else pd.Series("", streets.index)
    classes = streets["road_class"].to_numpy()[rows]
    table = pd.DataFrame(
        {
            "greenway_id": [f"G{number + 1:03d}" for number in range(len(merged))],
            "length_m": merged.length.to_numpy(),
            "road_class": classes,
            "name": names.to_numpy()[rows],
            "is_ring": pd.array(merged.index.get_level_values("is_ring"), dtype="boolean"),
            "is_walked_twice": pd.array(
                merged.index.get_level_values("is_walked_twice"), dtype="boolean"
            ),
            "serves_count": pd.array(merged.index.get_level_values("serves"), dtype="Int64"),
            "width_m": _widths(classes, rules),
        }
    )
    lines = gpd.GeoDataFrame(table, geometry=merged.to_numpy(), crs=streets.crs)
    return lines.set_index("greenway_id")


def _widths(classes: NDArray[np.object_], rules: Rules) -> NDArray[np.float64]:
    """Width of the corridor along each class of street; unknown without a number."""
    known = {
        name.removeprefix(_WIDTH): number.value
        for name, number in rules.numbers.items()
        if name.startswith(_WIDTH)
    }
    other = known.get("other", np.nan)
    return np.array([known.get(str(name), other) for name in classes], dtype=float)


def _graph(net: Net, edges: Numbers) -> nx.Graph[int]:
    graph: nx.Graph[int] = nx.Graph()
    ends = net.network.edges[edges]
    graph.add_weighted_edges_from(
        (int(a), int(b), float(length))
        for (a, b), length in zip(ends, net.network.length_m[edges], strict=True)
    )
    return graph


def _served(net: Net, edges: Numbers, is_joined: Bools) -> Numbers:
    """How many places would be cut off from most others without each stretch; none on a ring."""
    graph = _graph(net, edges)
    held = np.bincount(net.network.entrances[is_joined], minlength=len(net.network.xy))
    total = int(held.sum())
    below: dict[tuple[int, int], int] = {}
    for start in (next(iter(part)) for part in nx.connected_components(graph)):
        order = list(nx.dfs_edges(graph, start))
        sums = held.copy()
        for parent, child in reversed(order):
            sums[parent] += sums[child]
            below[_pair(parent, child)] = int(min(sums[child], total - sums[child]))
    cuts = {_pair(*ends) for ends in _bridges(graph)}
    pairs = [_pair(int(one), int(other)) for one, other in net.network.edges[edges]]
    return np.array([below[pair] if pair in cuts else 0 for pair in pairs], dtype=np.int64)


def _bridges(graph: nx.Graph[int]) -> list[tuple[int, int]]:
    return cast("list[tuple[int, int]]", list(nx.bridges(graph)))


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def reached(
    net: Net, answer: TreeAnswer, places: gpd.GeoDataFrame, is_joined: Bools
) -> gpd.GeoDataFrame:
    """Each place where it is reached, and what the net would cost less without it."""
    network = net.network
    nodes = network.entrances
    points = np.full(len(places), None, dtype=object)
    known = nodes >= 0
    points[known] = shapely.points(network.xy[nodes[known]])
    table = places.drop(columns="geometry").assign(
        is_joined=pd.array(is_joined, dtype="boolean"),
        join_cost_m=_own_cost(net, np.asarray(answer.edges), nodes, is_joined),
    )
    return gpd.GeoDataFrame(table, geometry=points, crs=places.crs)


def _own_cost(net: Net, edges: Numbers, nodes: Numbers, is_joined: Bools) -> NDArray[np.float64]:
    """Cost of the branch that ends at a place and serves it alone; unknown for places not joined."""
    ends, cost = net.network.edges[edges], net.cost[edges]
    held = np.bincount(nodes[is_joined], minlength=len(net.network.xy))
    beside: dict[int, list[tuple[int, float]]] = {}
    for (a, b), own in zip(ends.tolist(), cost.tolist(), strict=True):
        beside.setdefault(a, []).append((b, own))
        beside.setdefault(b, []).append((a, own))
    result = np.full(len(nodes), np.nan)
    for place in np.flatnonzero(is_joined):
        node, total, before = int(nodes[place]), 0.0, -1
        while held[node] == (1 if before < 0 else 0):
            onward = [step for step in beside.get(node, []) if step[0] != before]
            if len(onward) != 1:
                break
            ((following, own),) = onward
            before, node, total = node, following, total + own
        result[place] = total
    return result


def corridors(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The land of each stretch: half its width on either side; stretches without a known width have none."""
    known = lines[(lines["width_m"] > 0).to_numpy(dtype=bool)]
    shapes = shapely.buffer(
        np.asarray(known.geometry), known["width_m"].to_numpy(dtype=float) / 2, cap_style="flat"
    )
    return gpd.GeoDataFrame(
        known.drop(columns="geometry")[["width_m", "is_ring"]], geometry=shapes, crs=lines.crs
    )


def land_taken(parcels: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """What the corridor takes from which parcel [m2], and which share of it; land that overlaps counts once."""
    own = np.asarray(parcels.geometry)
    whole = shapely.union_all(np.asarray(areas.geometry)) if len(areas) else shapely.Polygon()
    shapely.prepare(whole)
    hit = np.flatnonzero(shapely.intersects(own, whole))
    taken_m2 = shapely.area(shapely.intersection(own[hit], whole))
    hit, taken_m2 = hit[taken_m2 > 0], taken_m2[taken_m2 > 0]
    return pd.DataFrame(
        {
            "parcel_id": parcels.index.to_numpy()[hit].astype(str),
            "taken_m2": taken_m2,
            "taken_share": taken_m2 / shapely.area(own[hit]),
        }
    ).astype({"parcel_id": "str"})


def measures_of(
    net: Net, answer: TreeAnswer, ring: RingAnswer | None, is_joined: Bools
) -> Mapping[str, float]:
    r"""How well the net is connected, by the usual indices of graphs.

    With stretches between junctions and ends as edges :math:`e`, these as nodes :math:`v` and :math:`p` parts:
    :math:`\alpha = (e - v + p) / (2 v - 5p)`, :math:`\beta = e / v`, :math:`\gamma = e / 3 (v - 2p)` (planar graphs);
    the detour is the mean of way over straight line between the places. Our own words; Kansky 1963 has the indices.
    """
    edges = np.asarray(answer.edges)
    graph = _graph(net, edges)
    keep = {n for n, degree in graph.degree() if degree != 2}  # noqa: PLR2004  (junctions and ends)
    e = sum(degree for n, degree in graph.degree() if n in keep) // 2
    parts = nx.number_connected_components(graph)
    v = len(keep)
    if v == 0:  # a ring and nothing else
        e = v = parts
    cut = _bridges(graph)
    bridge_m = sum(graph[one][other]["weight"] for one, other in cut)
    length_m = float(net.network.length_m[edges].sum())
    told = {
        "length_m": length_m,
        "ring_length_m": 0.0 if ring is None else float(ring.length),
        "components": float(parts),
        "junctions": float(v),
        "stretches": float(e),
        "bridge_share": bridge_m / length_m if length_m > 0 else 0.0,
        "beta": e / v,
    }
    if 2 * v - 5 * parts > 0:
        told |= {"alpha": (e - v + parts) / (2 * v - 5 * parts), "gamma": e / (3 * (v - 2 * parts))}
    detour = _detour(net, graph, np.unique(net.network.entrances[is_joined])[:_MOST_PLACES])
    return told if np.isnan(detour) else {**told, "detour": detour}


def _detour(net: Net, graph: nx.Graph[int], nodes: Numbers) -> float:
    ratios = []
    xy = net.network.xy
    for node in nodes.tolist():
        ways = nx.single_source_dijkstra_path_length(graph, node)
        for other in nodes.tolist():
            straight_m = float(np.hypot(*(xy[node] - xy[other])))
            if other > node and other in ways and straight_m > 0:
                ratios.append(ways[other] / straight_m)
    return float(np.mean(ratios)) if ratios else float("nan")
