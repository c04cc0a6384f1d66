"""How far people walk: tables of ways, the nearest places, and what lies within reach."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from geoplan.spatial.network import SNAP_M, StreetNetwork, street_network

__all__ = [
    "NearestPlaces",
    "nearest_places",
    "reach_area",
    "reach_lines",
    "walk_table",
    "walking_distances",
]

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Of places whose ways differ by less, the one asked for first counts as nearer.
TIE_M = 1e-7
#: Columns of a table of all nodes that are held at once.
_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearestPlaces:
    """The nearest places of each origin, nearest first.

    Attributes
    ----------
    place
        Which of the targets asked for, a row per origin and a column per rank; -1 where there is none within the limit.
    walk_m
        How far it is; infinite where there is none.
    """

    place: Numbers
    walk_m: Floats


def walking_distances(
    roads: gpd.GeoDataFrame,
    origins: gpd.GeoSeries,
    targets: gpd.GeoSeries,
    *,
    barriers: gpd.GeoSeries | None = None,
    snap_m: float = SNAP_M,
) -> Floats:
    """Walking distance [m] from each origin to each target, along the streets.

    The way from a place straight to a street counts at both ends; a polygon is entered anywhere along its frontage
    (:func:`~geoplan.spatial.network.street_network`). Where no way leads along the streets the distance is infinite.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])])
    >>> home, centre = gpd.GeoSeries([shapely.Point(10, 5)]), gpd.GeoSeries([shapely.Point(90, 10)])
    >>> walking_distances(street, home, centre).tolist()  # 5 + 80 + 10
    [[95.0]]
    """
    both = gpd.GeoSeries([*origins, *targets], crs=origins.crs)
    network = street_network(roads, entrances=both, barriers=barriers, snap_m=snap_m)
    start, end = np.split(np.arange(len(both)), [len(origins)])
    return walk_table(network, origins=start, targets=end)


def walk_table(
    network: StreetNetwork, *, origins: Numbers, targets: Numbers, limit_m: float = np.inf
) -> Floats:
    """Ways [m] from origins to targets, each the number of an entrance of the network.

    Parameters
    ----------
    limit_m
        Longer ways are infinite: the smaller it is, the sooner the answer.

    Returns
    -------
    array
        A row per origin and a column per target; infinite where no way leads. A place that is both is 0 from itself.
    """
    if len(targets) > len(origins):  # Dijkstra runs once per target: from the fewer side
        return walk_table(network, origins=targets, targets=origins, limit_m=limit_m).T
    table = np.full((len(network.entrances), len(targets)), np.inf)
    graph, count = _with_sources(network, targets), len(network.xy)
    owner, node, way_m = _doors(network)
    for begin in range(0, len(targets), _AT_ONCE):
        some = np.arange(begin, min(begin + _AT_ONCE, len(targets)))
        reached = dijkstra(graph, directed=True, indices=count + some, limit=limit_m)
        for column, node_m in zip(some, reached[:, :count], strict=True):
            hit = np.flatnonzero(np.isfinite(node_m)[node])
            np.minimum.at(table[:, column], owner[hit], node_m[node[hit]] + way_m[hit])
    table = table[origins]
    table[table > limit_m] = np.inf
    table[np.asarray(origins)[:, None] == np.asarray(targets)[None, :]] = 0.0
    return table


def nearest_places(
    network: StreetNetwork,
    *,
    origins: Numbers,
    targets: Numbers,
    count: int = 1,
    limit_m: float = np.inf,
) -> NearestPlaces:
    """The nearest targets of each origin, each the number of an entrance of the network.

    Of targets equally far (to ``TIE_M`` times their number) the one named first is nearer.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])])
    >>> places = gpd.GeoSeries([shapely.Point(x, 5) for x in (10, 0, 90)])
    >>> network = street_network(street, entrances=places)
    >>> found = nearest_places(network, origins=np.array([0]), targets=np.array([1, 2]))
    >>> found.place.tolist(), found.walk_m.tolist()
    ([[0]], [[20.0]])
    """
    if count == 1 and len(targets):
        return _nearest_one(network, origins, targets, limit_m)
    table = walk_table(network, origins=origins, targets=targets, limit_m=limit_m)
    tied = table + TIE_M * np.arange(table.shape[1])
    order = np.argsort(tied, axis=1, kind="stable")[:, :count]
    walk_m = np.take_along_axis(table, order, axis=1)
    return NearestPlaces(place=np.where(np.isfinite(walk_m), order, -1), walk_m=walk_m)


def _nearest_one(
    network: StreetNetwork, origins: Numbers, targets: Numbers, limit_m: float
) -> NearestPlaces:
    """One run from all targets at once."""
    graph, count = _with_sources(network, targets, late_m=TIE_M), len(network.xy)
    node_m, _, source = dijkstra(
        graph,
        directed=True,
        indices=count + np.arange(len(targets)),
        limit=limit_m + TIE_M * len(targets),
        min_only=True,
        return_predecessors=True,
    )
    owner, node, way_m = _doors(network)
    way_m = node_m[node] + way_m
    best = np.lexsort((way_m, owner))
    first = best[np.unique(owner[best], return_index=True)[1]]
    walk_m, place = np.full(len(network.entrances), np.inf), np.full(len(network.entrances), -1)
    known = first[np.isfinite(way_m[first])]
    place[owner[known]] = source[node[known]] - count
    walk_m[owner[known]] = way_m[known] - TIE_M * place[owner[known]]
    rank = np.arange(len(targets))[::-1]
    walk_m[targets[rank]], place[targets[rank]] = 0.0, rank  # a target is its own nearest
    walk_m, place = walk_m[origins], place[origins]
    far = ~(walk_m <= limit_m)
    walk_m[far], place[far] = np.inf, -1
    return NearestPlaces(place=place[:, None], walk_m=walk_m[:, None])


def reach_lines(network: StreetNetwork, *, targets: Numbers, limit_m: float) -> NDArray[np.object_]:
    """The parts of the streets from which the nearest target is at most ``limit_m`` away, as lines."""
    if not len(network.edges) or not len(targets):
        return np.zeros(0, dtype=object)
    graph, count = _with_sources(network, targets), len(network.xy)
    sources = count + np.arange(len(targets))
    node_m = dijkstra(graph, directed=True, indices=sources, limit=limit_m, min_only=True)[:count]
    left_m = limit_m - node_m[network.edges]
    left_m = np.clip(np.where(np.isfinite(left_m), left_m, 0.0), 0.0, network.length_m[:, None])
    whole = left_m.sum(axis=1) >= network.length_m
    lines: list[shapely.Geometry] = [network.line(int(edge)) for edge in np.flatnonzero(whole)]
    for edge in np.flatnonzero(~whole & (left_m > 0).any(axis=1)):  # the rim of what is reached
        course = network.line(int(edge))
        begins = _begins(course, network.xy[network.edges[edge]])
        near_m, far_m = left_m[edge] if begins else left_m[edge][::-1]
        if near_m > 0:
            lines.append(substring(course, 0.0, float(near_m)))
        if far_m > 0:
            lines.append(substring(course, course.length - float(far_m), course.length))
    return np.array(lines, dtype=object)


def reach_area(
    network: StreetNetwork, *, targets: Numbers, limit_m: float, width_m: float = 50.0
) -> shapely.Geometry:
    """What lies within reach, for a map: the land up to ``width_m`` on either side of the streets reached, without holes
    smaller than a square of that width.
    """  # noqa: D205
    lines = reach_lines(network, targets=targets, limit_m=limit_m)
    area = shapely.union_all(shapely.buffer(lines, width_m, quad_segs=4))
    parts = [
        shapely.Polygon(
            part.exterior,
            [ring for ring in part.interiors if shapely.Polygon(ring).area >= width_m**2],
        )
        for part in shapely.get_parts(area)
    ]
    return shapely.union_all(parts)


def _begins(course: shapely.LineString, ends: Floats) -> bool:
    """Whether a course begins at the first of its two ends."""
    first_m, second_m = np.hypot(*(ends - shapely.get_coordinates(course)[0]).T)
    return bool(first_m <= second_m)


def _doors(network: StreetNetwork) -> tuple[Numbers, Numbers, Floats]:
    table = network.doors
    return (
        table["place"].to_numpy(dtype=np.int64),
        table["node"].to_numpy(dtype=np.int64),
        table["way_m"].to_numpy(dtype=float),
    )


def _with_sources(network: StreetNetwork, targets: Numbers, *, late_m: float = 0.0) -> csr_array:
    """The streets, and behind the nodes one source for each target with its ways in: none leads through it."""
    count = len(network.xy)
    owner, node, way_m = _doors(network)
    begin = np.searchsorted(owner, np.arange(len(network.entrances) + 1))  # doors are in this order
    doors = [np.arange(begin[place], begin[place + 1]) for place in targets.tolist()]
    rank = np.repeat(np.arange(len(targets)), [len(own) for own in doors])
    own = np.concatenate(doors) if doors else np.zeros(0, dtype=np.int64)
    low, high = network.edges[:, 0], network.edges[:, 1]
    rows = np.concatenate([low, high, count + rank])
    columns = np.concatenate([high, low, node[own]])
    values = np.concatenate([network.length_m, network.length_m, way_m[own] + late_m * rank])
    order = np.lexsort((values, columns, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    first = np.ones(len(rows), dtype=bool)  # of several doors at one node the shortest way
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    size = count + len(targets)
    return coo_array((values[first], (rows[first], columns[first])), shape=(size, size)).tocsr()
