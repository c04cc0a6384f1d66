"""Streets as a graph: where they meet, who can walk where, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree
from shapely.ops import substring

__all__ = ["StreetNetwork", "from_networkx", "street_network", "to_networkx", "walking_distances"]

Shapes = NDArray[np.object_]

#: Ends nearer than this meet: surveys and map files miss each other by centimetres.
SNAP_M = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetNetwork:
    """Junctions and the stretches of street between them.

    Attributes
    ----------
    xy
        Junctions, entrances and ends of streets, one row each [m].
    edges
        Stretches: a row per stretch with its two nodes; of stretches between the same two nodes only the shortest.
    length_m
        Length of each stretch along the street.
    street
        The row of ``streets`` a stretch belongs to.
    along_m
        Where on that street it begins and ends.
    component
        Number of the connected part each node lies in; 0 is the part with most nodes.
    streets
        The streets as given, one line a row; one that meets itself is several rows of the same id.
    entrances
        Node of each entrance asked for, -1 where there is no street at all.
    access_m
        Straight distance from each entrance's place to its node; infinite where there is no street at all.
    """

    xy: NDArray[np.float64]
    edges: NDArray[np.int64]
    length_m: NDArray[np.float64]
    street: NDArray[np.int64]
    along_m: NDArray[np.float64]
    component: NDArray[np.int64]
    streets: gpd.GeoDataFrame
    entrances: NDArray[np.int64]
    access_m: NDArray[np.float64]

    def matrix(self) -> csr_array:
        """The stretches as a symmetric matrix of lengths."""
        return _symmetric(self.edges, self.length_m, len(self.xy))

    def shortest_m(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        """Shortest way between nodes, a row per start and a column per end; infinite where there is none."""
        if not len(start) or not len(end) or not len(self.edges):
            same = np.asarray(start)[:, None] == np.asarray(end)[None, :]
            return np.where(same, 0.0, np.inf)
        if len(end) < len(start):  # Dijkstra runs once per row: from the fewer side
            return self.shortest_m(end, start).T
        return np.asarray(dijkstra(self.matrix(), directed=False, indices=start))[:, end]

    def line(self, edge: int) -> shapely.LineString:
        """The course of one stretch."""
        start_m, end_m = self.along_m[edge]
        whole = self.streets.geometry.iloc[int(self.street[edge])]
        return shapely.LineString(substring(whole, float(start_m), float(end_m)).coords)


def street_network(
    roads: gpd.GeoDataFrame,
    *,
    entrances: gpd.GeoSeries | None = None,
    cost_per_m: pd.Series | None = None,
    snap_m: float = SNAP_M,
) -> StreetNetwork:
    """Join streets into a graph.

    Streets meet where they share a vertex, where one ends within ``snap_m`` of the other, and where they cross;
    a street with ``is_bridge`` meets what it crosses at its ends only. Streets that may not be walked
    (``is_walkable`` no) are left out. Of several stretches between the same two nodes the shortest stays, and a
    stretch from a node back to itself is left out: neither is ever on a shortest way.

    Parameters
    ----------
    roads
        Lines; reads ``is_bridge`` and ``is_walkable`` where present.
    entrances
        Places (points or polygons) to join: each becomes a node at the nearest point of the nearest street that is
        no bridge.
    cost_per_m
        What a metre of each street costs, by its id; of parallel stretches the cheapest stays then.
    snap_m
        How near counts as meeting.

    References
    ----------
    Own definition; the noding of a planar graph, with bridges kept out of it.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> cross = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 50), (100, 50)]),
    ...                                    shapely.LineString([(50, 0), (50, 100)])])
    >>> network = street_network(cross)
    >>> len(network.xy), len(network.edges), float(network.length_m.sum())
    (5, 4, 200.0)
    """
    streets = _single_lines(roads)
    lines = np.asarray(streets.geometry)
    is_bridge = _flag(streets, "is_bridge", default=False)
    cuts = _cuts(lines, is_bridge, snap_m)
    places = np.asarray(entrances) if entrances is not None else np.zeros(0, dtype=object)
    doors, access_m = _entrances(lines, is_bridge, places)
    cuts = pd.concat([cuts, doors.assign(entrance=np.arange(len(doors)))], ignore_index=True)
    is_cut = cuts["line"] >= 0
    node = np.full(len(cuts), -1, dtype=np.int64)
    xy, node[is_cut.to_numpy()] = _merged(cuts.loc[is_cut, ["x", "y"]].to_numpy(), snap_m)
    cuts["node"] = node
    table = _stretches(cuts[is_cut], _of_streets(streets, cost_per_m))
    edges = table[["low", "high"]].to_numpy(dtype=np.int64)
    return StreetNetwork(
        xy=xy,
        edges=edges,
        length_m=table["length_m"].to_numpy(dtype=float),
        street=table["line"].to_numpy(dtype=np.int64),
        along_m=table[["start_m", "end_m"]].to_numpy(dtype=float),
        component=_components(edges, len(xy)),
        streets=streets,
        entrances=cuts.loc[cuts["entrance"].notna(), "node"].to_numpy(dtype=np.int64),
        access_m=access_m,
    )


def walking_distances(
    roads: gpd.GeoDataFrame,
    origins: gpd.GeoSeries,
    targets: gpd.GeoSeries,
    *,
    snap_m: float = SNAP_M,
) -> NDArray[np.float64]:
    """Walking distance [m] from each origin to each target, along the streets.

    The way from a place straight to the nearest point of the nearest street counts at both ends. Where no way leads
    along the streets the distance is infinite.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])])
    >>> home, centre = gpd.GeoSeries([shapely.Point(10, 5)]), gpd.GeoSeries([shapely.Point(90, 10)])
    >>> walking_distances(street, home, centre).tolist()  # 5 + 80 + 10
    [[95.0]]
    """
    both = gpd.GeoSeries([*origins, *targets], crs=origins.crs)
    network = street_network(roads, entrances=both, snap_m=snap_m)
    if not len(network.xy):
        return np.full((len(origins), len(targets)), np.inf)
    start, end = np.split(network.entrances, [len(origins)])
    access_start, access_end = np.split(network.access_m, [len(origins)])
    return np.asarray(
        access_start[:, None] + network.shortest_m(start, end) + access_end[None, :], dtype=float
    )


def to_networkx(network: StreetNetwork) -> nx.Graph[int]:
    """The network as a graph: nodes with ``x`` and ``y``, edges with ``length_m`` and ``street``."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from((i, {"x": float(x), "y": float(y)}) for i, (x, y) in enumerate(network.xy))
    names = network.streets.index
    graph.add_edges_from(
        (int(a), int(b), {"length_m": float(length), "street": names[street]})
        for (a, b), length, street in zip(
            network.edges, network.length_m, network.street, strict=True
        )
    )
    return graph


def from_networkx(graph: nx.Graph[Any], *, crs: object = None) -> StreetNetwork:
    """A network of a graph whose nodes have ``x`` and ``y``; edges are straight unless they have ``geometry``.

    An edge without ``length_m`` is as long as its line.
    """
    numbers = {node: number for number, node in enumerate(graph.nodes)}
    points = np.array([(row["x"], row["y"]) for _, row in graph.nodes(data=True)], dtype=float)
    ends = np.array([(numbers[a], numbers[b]) for a, b in graph.edges], dtype=np.int64)
    xy, ends = points.reshape(-1, 2), ends.reshape(-1, 2)
    rows = [row for _, _, row in graph.edges(data=True)]
    lines = [
        row.get("geometry") or shapely.LineString(xy[pair])
        for row, pair in zip(rows, ends, strict=True)
    ]
    whole_m = shapely.length(np.asarray(lines, dtype=object))
    given_m = [row.get("length_m", own_m) for row, own_m in zip(rows, whole_m, strict=True)]
    return StreetNetwork(
        xy=xy,
        edges=ends,
        length_m=np.asarray(given_m, dtype=float),
        street=np.arange(len(ends)),
        along_m=np.column_stack([np.zeros(len(ends)), whole_m]),
        component=_components(ends, len(xy)),
        streets=gpd.GeoDataFrame(geometry=lines, crs=crs),
        entrances=np.zeros(0, dtype=np.int64),
        access_m=np.zeros(0),
    )


def _single_lines(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    there = ~(roads.geometry.isna() | roads.geometry.is_empty)
    walkable = roads[there.to_numpy() & _flag(roads, "is_walkable", default=True)]
    singles = walkable.explode(index_parts=False)
    singles = singles[np.asarray(singles.length > 0)]
    meets_itself = ~np.asarray(singles.is_simple) & ~_flag(singles, "is_bridge", default=False)
    if not meets_itself.any():
        return singles
    shapes = np.array(singles.geometry)
    shapes[meets_itself] = shapely.node(shapes[meets_itself])  # a loop that ends on its own stem
    return singles.set_geometry(gpd.GeoSeries(shapes, singles.index, crs=singles.crs)).explode(
        index_parts=False
    )


def _flag(table: gpd.GeoDataFrame, name: str, *, default: bool) -> NDArray[np.bool_]:
    if name not in table:
        return np.full(len(table), default)
    return np.asarray(table[name].astype("boolean").fillna(default), dtype=bool)


def _cuts(lines: Shapes, is_bridge: NDArray[np.bool_], snap_m: float) -> pd.DataFrame:
    """Where each line is cut: ``line``, ``along_m``, ``x``, ``y``; its two ends always."""
    if not len(lines):
        return _cut_table(np.zeros(0, dtype=np.int64), lines, lines)
    number = np.arange(len(lines))
    first: Shapes = np.asarray(shapely.get_point(lines, 0))
    last: Shapes = np.asarray(shapely.get_point(lines, -1))
    parts = [_cut_table(number, lines, first, 0.0), _cut_table(number, lines, last, None)]
    tree = shapely.STRtree(lines)
    for ends in (first, last):  # a street that ends on another, bridges only at their own ends
        i, j = tree.query(ends, predicate="dwithin", distance=snap_m)
        meets = (i != j) & ~is_bridge[j]
        parts.append(_cut_table(j[meets], lines, ends[i[meets]], np.nan))
    parts.append(_shared_vertices(lines))
    i, j = tree.query(lines, predicate="intersects")
    both = (i < j) & ~is_bridge[i] & ~is_bridge[j]
    i, j = i[both], j[both]
    points, pair = _meeting_points(lines[i], lines[j])
    parts += [_cut_table(side[pair], lines, points, np.nan) for side in (i, j)]
    return pd.concat(parts, ignore_index=True)


def _cut_table(
    number: NDArray[np.int64],
    lines: Shapes,
    points: Shapes,
    along_m: float | None = np.nan,
) -> pd.DataFrame:
    """Cuts of the lines with these numbers at these points; ``None`` is the end, NaN the nearest place on the line."""
    own = lines[number]
    if along_m is None:
        where = shapely.length(own)
    elif np.isnan(along_m):
        where = shapely.line_locate_point(own, points)
    else:
        where = np.full(len(own), along_m)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(own, where))
    return pd.DataFrame({"line": number, "along_m": where, "x": xy[:, 0], "y": xy[:, 1]})


def _shared_vertices(lines: Shapes) -> pd.DataFrame:
    """Cuts at every vertex that two lines have in common; bridges too: who draws a vertex means a junction."""
    xy, number = shapely.get_coordinates(lines, return_index=True)
    vertices = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "line": number}).drop_duplicates()
    shared = vertices[vertices.duplicated(["x", "y"], keep=False)]
    points: Shapes = np.asarray(shapely.points(shared[["x", "y"]].to_numpy()))
    return _cut_table(shared["line"].to_numpy(dtype=np.int64), lines, points)


def _meeting_points(one: Shapes, other: Shapes) -> tuple[Shapes, NDArray[np.int64]]:
    """Points where pairs of lines meet (of a stretch in common: its ends), and the pair of each."""
    parts, pair = shapely.get_parts(shapely.intersection(one, other), return_index=True)
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    stretches, of = parts[~is_point], pair[~is_point]
    points = [parts[is_point], shapely.get_point(stretches, 0), shapely.get_point(stretches, -1)]
    return np.concatenate(points), np.concatenate([pair[is_point], of, of])


def _entrances(
    lines: Shapes, is_bridge: NDArray[np.bool_], places: Shapes
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """A cut of the nearest street for each place, and how far the place is from it."""
    ground = np.flatnonzero(~is_bridge)
    cuts = pd.DataFrame(
        {"line": -1, "along_m": 0.0, "x": 0.0, "y": 0.0}, index=np.arange(len(places))
    )
    access_m = np.full(len(places), np.inf)
    if not len(ground) or not len(places):
        return cuts, access_m
    tree = shapely.STRtree(lines[ground])
    (rows, found), distance_m = tree.query_nearest(places, return_distance=True, all_matches=True)
    nearest = pd.DataFrame({"row": rows, "line": ground[found], "distance_m": distance_m})
    nearest = nearest.sort_values(["row", "line"]).drop_duplicates("row")  # ties: the first street
    rows, line = nearest["row"].to_numpy(), nearest["line"].to_numpy(dtype=np.int64)
    ways = shapely.shortest_line(lines[line], places[rows])
    doors: Shapes = np.asarray(shapely.get_point(ways, 0))
    cuts.iloc[rows] = _cut_table(line, lines, doors).to_numpy()
    access_m[rows] = nearest["distance_m"]
    return cuts.astype({"line": np.int64}), access_m


def _merged(
    xy: NDArray[np.float64], snap_m: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One node for all points that lie within the tolerance of each other, in the order first seen."""
    if not len(xy):
        return np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    pairs = cKDTree(xy).query_pairs(snap_m, output_type="ndarray")
    near = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy)))
    _, labels = connected_components(near, directed=False)
    number, first = pd.factorize(labels)
    position = pd.Series(np.arange(len(xy))).groupby(number).first()
    return xy[position.to_numpy()[: len(first)]], np.asarray(number, dtype=np.int64)


def _of_streets(streets: gpd.GeoDataFrame, cost_per_m: pd.Series | None) -> NDArray[np.float64]:
    if cost_per_m is None:
        return np.ones(len(streets))
    return np.asarray(cost_per_m[streets.index].to_numpy(dtype=float))


def _stretches(cuts: pd.DataFrame, cost_per_m: NDArray[np.float64]) -> pd.DataFrame:
    """Stretches between neighbouring cuts of each line; of equal pairs of nodes the cheapest."""
    ordered = cuts.sort_values(["line", "along_m"], kind="stable")
    after = ordered.shift(-1)
    table = pd.DataFrame(
        {
            "line": ordered["line"],
            "start_m": ordered["along_m"],
            "end_m": after["along_m"],
            "low": np.minimum(ordered["node"], after["node"]),
            "high": np.maximum(ordered["node"], after["node"]),
        }
    )[(ordered["line"] == after["line"]) & (ordered["node"] != after["node"])]
    table = table.assign(length_m=table["end_m"] - table["start_m"])
    cost = table["length_m"] * cost_per_m[table["line"].to_numpy(dtype=np.int64)]
    ordered = table.assign(cost=cost).sort_values(["low", "high", "cost", "line"])
    return ordered.drop_duplicates(["low", "high"])


def _components(edges: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Number of the connected part of each node, largest part first, ties by lowest node."""
    if not count:
        return np.zeros(0, dtype=np.int64)
    _, labels = connected_components(_symmetric(edges, np.ones(len(edges)), count), directed=False)
    sizes = np.bincount(labels)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((np.arange(len(sizes)), -sizes))] = np.arange(len(sizes))
    return rank[labels]


def _symmetric(
    edges: NDArray[np.int64], values: Sequence[float] | NDArray[np.float64], count: int
) -> csr_array:
    low, high = edges[:, 0], edges[:, 1]
    both = (np.concatenate([low, high]), np.concatenate([high, low]))
    return coo_array((np.concatenate([values, values]), both), shape=(count, count)).tocsr()
