"""Streets as a graph: where they meet, and how places are joined to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from shapely.ops import substring

from geoplan.errors import InputError
from geoplan.spatial._doors import doors_of
from geoplan.spatial._noding import REPAIRS, cuts_of, flag_of, merged, single_lines, stretches
from geoplan.words import say

__all__ = ["SNAP_M", "StreetNetwork", "from_networkx", "street_network", "to_networkx"]

#: Ends nearer than this meet: surveys and map files miss each other by centimetres.
SNAP_M = 0.5
_DOORS = ("place", "node", "way_m")
#: As many are named in an error.
_MOST_NAMED = 5


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
        Node of each entrance asked for, the nearest where there are several; -1 where there is no way to a street.
    access_m
        Straight distance from each entrance's place to its node; infinite where there is no way to a street.
    doors
        Every way in: ``place`` (number of the entrance asked for), ``node`` and ``way_m``; a polygon has several.
    repairs
        What was mended or left out: ``kind`` (``gap``, ``overshoot``, ``duplicate``, ``barrier``, ``empty``), ids of
        the ``street`` and of the ``other`` one, ``move_m`` and the place ``x``, ``y``.
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
    doors: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(_DOORS)))
    repairs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REPAIRS)))

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


def street_network(  # noqa: PLR0913  (every choice is named)
    roads: gpd.GeoDataFrame,
    *,
    entrances: gpd.GeoSeries | None = None,
    cost_per_m: pd.Series | None = None,
    barriers: gpd.GeoSeries | None = None,
    are_streets_cut: bool = True,
    snap_m: float = SNAP_M,
) -> StreetNetwork:
    """Join streets into a graph.

    Streets meet where they share a vertex, where one ends within ``snap_m`` of the other, and where they cross;
    a street with ``is_bridge`` meets what it crosses at its ends only. Streets that may not be walked
    (``is_walkable`` no) are left out; one-way streets are walked both ways. Of several stretches between the same two
    nodes the shortest stays, and a stretch from a node back to itself is left out: neither is ever on a shortest way.
    Gaps closed, overshoots cut, stretches drawn twice and streets cut by a barrier are listed in ``repairs``.

    Parameters
    ----------
    roads
        Lines; reads ``is_bridge`` and ``is_walkable`` where present.
    entrances
        Places to join. A polygon has a gate in the middle of its frontage on each street nearer than 30 m (one for each
        200 m begun); a point, or a polygon without frontage, is joined to the nearest point of the nearest street
        that is no bridge.
    cost_per_m
        What a metre of each street costs, by its id; of parallel stretches the cheapest stays then.
    barriers
        What nobody walks through: lines (rail, wall) or areas (water). A street that crosses one and is no bridge ends
        on both sides of it; no place is joined across one. To touch a barrier is not to cross it.
    are_streets_cut
        ``False`` takes every street that is drawn across a barrier for a bridge or a passage: for surveys that do not
        say which streets are bridges.
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
    walls = _solid(barriers)
    cut_by = walls if are_streets_cut else walls[:0]
    streets, gone = single_lines(roads, barriers=cut_by, snap_m=snap_m)
    lines = np.asarray(streets.geometry)
    is_bridge = flag_of(streets, "is_bridge", default=False)
    cuts, closed = cuts_of(lines, is_bridge, snap_m)
    places = np.asarray(entrances) if entrances is not None else np.zeros(0, dtype=object)
    doors = doors_of(lines, is_bridge, places, barriers=walls)
    cuts = pd.concat([cuts, doors[["line", "along_m", "x", "y"]]], ignore_index=True)
    xy, node = merged(cuts[["x", "y"]].to_numpy(), snap_m)
    cuts["node"] = node
    doors = doors.assign(node=node[len(cuts) - len(doors) :])[list(_DOORS)]
    table, twice = stretches(cuts, _of_streets(streets, cost_per_m))
    edges = table[["low", "high"]].to_numpy(dtype=np.int64)
    entrance, access_m = _first_doors(doors, len(places))
    return StreetNetwork(
        xy=xy,
        edges=edges,
        length_m=table["length_m"].to_numpy(dtype=float),
        street=table["line"].to_numpy(dtype=np.int64),
        along_m=table[["start_m", "end_m"]].to_numpy(dtype=float),
        component=_components(edges, len(xy)),
        streets=streets.drop(columns="_row"),
        entrances=entrance,
        access_m=access_m,
        doors=doors,
        repairs=_by_id(gone, roads, [closed, twice], streets),
    )


def _solid(barriers: gpd.GeoSeries | None) -> NDArray[np.object_]:
    shapes = np.zeros(0, dtype=object) if barriers is None else np.asarray(barriers, dtype=object)
    return np.asarray(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])


def _first_doors(doors: pd.DataFrame, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest door of each place."""
    node, way_m = np.full(count, -1, dtype=np.int64), np.full(count, np.inf)
    first = doors.drop_duplicates("place")
    node[first["place"].to_numpy()] = first["node"]
    way_m[first["place"].to_numpy()] = first["way_m"]
    return node, way_m


def _by_id(
    gone: pd.DataFrame, roads: gpd.GeoDataFrame, rest: list[pd.DataFrame], streets: gpd.GeoDataFrame
) -> pd.DataFrame:
    """All repairs, with the ids of the streets instead of their numbers."""
    tables = [gone.assign(street=roads.index[gone["street"]].astype("str"), other="")]
    names = np.append(streets.index.astype("str").to_numpy(dtype=object), "")
    tables += [
        table.assign(street=names[table["street"]], other=names[table["other"]]) for table in rest
    ]
    told = pd.concat(tables, ignore_index=True)
    order = {
        kind: rank
        for rank, kind in enumerate(("gap", "overshoot", "duplicate", "barrier", "empty"))
    }
    rank = told["kind"].map(order)
    ordered = told.assign(_rank=rank).sort_values(["_rank", "street", "other", "x", "y"])
    return ordered[list(REPAIRS)].astype({"street": "str", "other": "str"}).reset_index(drop=True)


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


def from_networkx(
    graph: nx.Graph[Any],
    *,
    entrances: Sequence[object] = (),
    length: str = "length_m",
    crs: object = None,
) -> StreetNetwork:
    """A network of a graph whose nodes have ``x`` and ``y`` [m]; edges are straight unless they have ``geometry``.

    Directions are ignored: who walks goes both ways. Of edges between the same two nodes the shortest stays, and an edge
    from a node to itself is left out.

    Parameters
    ----------
    entrances
        Nodes of the graph from and to which ways are asked.
    length
        Where an edge has its length [m]; without it an edge is as long as its line.

    Raises
    ------
    InputError
        Nodes without a place, edges whose length is no number or below 0, entrances that are no node; all at once.
    """
    _refuse_broken(graph, entrances, length)
    numbers = {node: number for number, node in enumerate(graph.nodes)}
    xy = np.array([(row["x"], row["y"]) for _, row in graph.nodes(data=True)], dtype=float)
    xy = xy.reshape(-1, 2)
    rows = list(graph.edges(data=True))
    ends = np.array([(numbers[a], numbers[b]) for a, b, _ in rows], dtype=np.int64).reshape(-1, 2)
    lines = [
        row.get("geometry") or shapely.LineString(xy[pair])
        for (_, _, row), pair in zip(rows, ends, strict=True)
    ]
    whole_m = shapely.length(np.asarray(lines, dtype=object))
    given_m = np.array(
        [row.get(length, own_m) for (_, _, row), own_m in zip(rows, whole_m, strict=True)],
        dtype=float,
    )
    kept = _shortest_of_each_pair(ends, given_m)
    doors = np.array([numbers[node] for node in entrances], dtype=np.int64)
    return StreetNetwork(
        xy=xy,
        edges=ends[kept],
        length_m=given_m[kept],
        street=kept,
        along_m=np.column_stack([np.zeros(len(kept)), whole_m[kept]]),
        component=_components(ends, len(xy)),
        streets=gpd.GeoDataFrame(geometry=lines, crs=crs),
        entrances=doors,
        access_m=np.zeros(len(doors)),
        doors=pd.DataFrame({"place": np.arange(len(doors)), "node": doors, "way_m": 0.0}),
    )


def _shortest_of_each_pair(
    ends: NDArray[np.int64], length_m: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Rows that stay, in their order."""
    low, high = np.sort(ends, axis=1).T
    order = np.lexsort((length_m, high, low))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    return np.sort(order[first & (low != high)[order]])


def _of_streets(streets: gpd.GeoDataFrame, cost_per_m: pd.Series | None) -> NDArray[np.float64]:
    if cost_per_m is None:
        return np.ones(len(streets))
    return np.asarray(cost_per_m[streets.index].to_numpy(dtype=float))


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


def _refuse_broken(graph: nx.Graph[Any], entrances: Sequence[object], length: str) -> None:
    def is_number(value: object) -> bool:
        return isinstance(value, Real) and bool(np.isfinite(float(value)))

    def listed(items: Sequence[object]) -> str:
        return ", ".join(map(str, items[:_MOST_NAMED]))

    lost = [n for n, row in graph.nodes(data=True) if not all(is_number(row.get(k)) for k in "xy")]
    broken = [
        f"{a} - {b}"
        for a, b, row in graph.edges(data=True)
        if not (is_number(row.get(length, 0.0)) and row.get(length, 0.0) >= 0)
    ]
    unknown = [node for node in entrances if node not in graph]
    problems = [
        say(f"network.{key}", count=len(items), items=listed(items), length=length)
        for key, items in (("no_place", lost), ("bad_length", broken), ("no_node", unknown))
        if items
    ]
    if problems:
        raise InputError(problems)
