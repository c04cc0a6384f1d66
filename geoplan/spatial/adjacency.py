"""Who touches whom, and along how many metres.

Survey borders are never exact: corners are a millimetre off, and one long border meets two short ones in a T. Edges
that are the same on both sides are found by hashing their corners; only what is left is laid edge on edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

__all__ = ["CORNER_TOLERANCES", "shared_borders"]

#: A contact up to this many tolerances long is a corner, not a border.
CORNER_TOLERANCES = 10.0
_SIDES = 2  # a border has two
_LEVEL_M = 1e-12  # edges that diverge by less are parallel

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Edges:
    """Straight pieces of outlines; every outline runs with its parcel on the left."""

    owner: _Ints  # rank of the parcel's id
    start: _Floats  # (n, 2), near the origin
    end: _Floats

    def take(self, rows: _Ints | _Bools) -> _Edges:
        return _Edges(owner=self.owner[rows], start=self.start[rows], end=self.end[rows])


def shared_borders(parcels: gpd.GeoDataFrame, *, tolerance_m: float = 0.01) -> pd.DataFrame:
    r"""Name every pair of parcels with a common border, and its length.

    A point of one outline lies on the border if an edge of the other outline runs beside it within ``tolerance_m``;
    the length is measured on the outline of the parcel with the lower id. A contact of up to ten tolerances (10 cm) is
    a corner and no border. Parcels without a shape touch nobody.

    Parameters
    ----------
    parcels
        Polygons in a metric CRS, each id once.
    tolerance_m
        How far apart two drawings of one border may be [m].

    Returns
    -------
    DataFrame
        ``left``, ``right`` (ids, ``left`` is the lower one) and ``border_m``; sorted by the ids.

    References
    ----------
    Our own definition. For an edge :math:`s` of length :math:`L` and an edge :math:`t` with ends at
    :math:`(a_i, d_i)` along and across :math:`s` [m], the border is the part of :math:`[0, L] \cap [a_1, a_2]` where
    the straight line through both ends has :math:`|d| \le` tolerance.

    Examples
    --------
    >>> from shapely import box
    >>> parcels = gpd.GeoDataFrame(
    ...     geometry=[box(0, 0, 100, 100), box(100, 0, 200, 40), box(100.002, 40, 200, 100)],
    ...     index=["P1", "P2", "P3"])
    >>> shared_borders(parcels).round(2)
      left right  border_m
    0   P1    P2      40.0
    1   P1    P3      60.0
    2   P2    P3     100.0
    """
    ids = pd.Index(sorted(parcels.index))
    edges = _edges(parcels.geometry.values, ids.get_indexer(parcels.index))
    same = _hashed(edges, tolerance_m)
    beside = _beside(edges, same, tolerance_m)
    pieces = np.concatenate([same[["left", "right", "metres"]].to_numpy(), beside])
    table = pd.DataFrame(pieces, columns=["left", "right", "border_m"])
    borders = table.groupby(["left", "right"], as_index=False, sort=True)["border_m"].sum()
    borders = borders[borders["border_m"] > CORNER_TOLERANCES * tolerance_m]
    return pd.DataFrame(
        {
            "left": ids[borders["left"].astype(int)],
            "right": ids[borders["right"].astype(int)],
            "border_m": borders["border_m"].to_numpy(),
        }
    )


def _edges(shapes: Any, ranks: _Ints) -> _Edges:
    """Edges of all rings, holes too, with the land on their left."""
    parts, owner = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    if len(points):
        points = points - np.floor(points.min(axis=0))
    follows = ring[1:] == ring[:-1]
    follows &= (points[1:] != points[:-1]).any(axis=1)
    return _Edges(
        owner=ranks[owner[part[ring[:-1][follows]]]].astype(np.int64),
        start=points[:-1][follows],
        end=points[1:][follows],
    )


def _hashed(edges: _Edges, tolerance_m: float) -> pd.DataFrame:
    """Pairs of edges with the same two corners, run in opposite directions by two parcels, and by nobody else."""
    start, end = (_corner_numbers(points, tolerance_m) for points in (edges.start, edges.end))
    low, high = np.minimum(start, end), np.maximum(start, end)
    key = low * (high.max(initial=0) + 1) + high
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(_opens(key))
    twice = first[np.diff(np.r_[first, len(key)]) == _SIDES]
    one, other = order[twice], order[twice + 1]
    fits = (start[one] == end[other]) & (start[one] != end[one])
    fits &= edges.owner[one] != edges.owner[other]
    one, other = one[fits], other[fits]
    is_swapped = edges.owner[one] > edges.owner[other]
    one, other = np.where(is_swapped, other, one), np.where(is_swapped, one, other)
    return pd.DataFrame(
        {
            "left": edges.owner[one],
            "right": edges.owner[other],
            "metres": np.hypot(*(edges.end[one] - edges.start[one]).T),
            "one": one,
            "other": other,
        }
    )


def _opens(values: _Ints) -> _Bools:
    """Whether each value is the first of a run of equal ones."""
    opens = np.ones(len(values), dtype=bool)
    opens[1:] = values[1:] != values[:-1]
    return opens


def _corner_numbers(points: _Floats, tolerance_m: float) -> _Ints:
    """One number for every cell of a grid so fine that two points of a cell lie within the tolerance."""
    cells = np.floor(points / (tolerance_m / np.sqrt(2))).astype(np.int64)
    flat = cells[:, 0] * (cells[:, 1].max(initial=0) + 1) + cells[:, 1]
    return np.unique(flat, return_inverse=True)[1].astype(np.int64)


def _beside(edges: _Edges, same: pd.DataFrame, tolerance_m: float) -> _Floats:
    """Rows left, right, metres of edges that run beside each other, for those that hashing did not pair."""
    partner = np.full(len(edges.owner), -1, dtype=np.int64)
    partner[same["one"]] = same["right"]
    partner[same["other"]] = same["left"]
    loose = np.flatnonzero(partner < 0)
    if not len(loose):
        return np.empty((0, 3))
    one, other = _near(edges, loose, tolerance_m)
    is_new = edges.owner[one] != edges.owner[other]
    is_new &= partner[other] != edges.owner[one]
    is_new &= (partner[other] >= 0) | (edges.owner[one] < edges.owner[other])  # each pair once
    one, other = one[is_new], other[is_new]
    is_swapped = edges.owner[one] > edges.owner[other]
    one, other = np.where(is_swapped, other, one), np.where(is_swapped, one, other)
    begin, finish = _overlap(edges.take(one), edges.take(other), tolerance_m)
    fits = finish > begin
    one, other, begin, finish = one[fits], other[fits], begin[fits], finish[fits]
    left, right = edges.owner[one], edges.owner[other]
    return np.column_stack([left, right, _each_metre_once(one, right, begin, finish)])


def _near(edges: _Edges, loose: _Ints, tolerance_m: float) -> tuple[_Ints, _Ints]:
    """Loose edges, and all edges whose boxes come within the tolerance of theirs."""
    low, high = np.minimum(edges.start, edges.end), np.maximum(edges.start, edges.end)
    tree = shapely.STRtree(_boxes(low, high))
    found, other = tree.query(_boxes(low[loose] - tolerance_m, high[loose] + tolerance_m))
    return loose[found], other


def _boxes(low: _Floats, high: _Floats) -> NDArray[np.object_]:
    return np.asarray(shapely.box(*low.T, *high.T), dtype=object)


def _overlap(edge: _Edges, other: _Edges, tolerance_m: float) -> tuple[_Floats, _Floats]:
    """Where along ``edge`` the other edge runs beside it: from, to [m]; empty if from >= to."""
    run = edge.end - edge.start
    length = np.hypot(*run.T)
    run = run / length[:, None]
    first, second = other.start - edge.start, other.end - edge.start
    along_1, along_2 = (first * run).sum(axis=1), (second * run).sum(axis=1)
    across_1, across_2 = _cross(run, first), _cross(run, second)
    begin, finish = np.minimum(along_1, along_2), np.maximum(along_1, along_2)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (across_2 - across_1) / (along_2 - along_1)
        bounds = [along_1 + (limit - across_1) / slope for limit in (-tolerance_m, tolerance_m)]
    is_level = np.abs(across_2 - across_1) < _LEVEL_M
    is_far = is_level & (np.abs(across_1) > tolerance_m)
    low = np.where(is_level, -np.inf, np.fmin(*bounds))
    high = np.where(is_level, np.inf, np.fmax(*bounds))
    begin = np.maximum.reduce([begin, low, np.zeros(len(length))])
    finish = np.minimum.reduce([finish, high, length])
    return begin, np.where(is_far, begin, finish)


def _cross(one: _Floats, other: _Floats) -> _Floats:
    crossed: _Floats = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return crossed


def _each_metre_once(edge: _Ints, neighbour: _Ints, begin: _Floats, finish: _Floats) -> _Floats:
    """Length of each stretch that no earlier stretch of the same edge and neighbour has covered."""
    order = np.lexsort((begin, neighbour, edge))
    opens = _opens(edge[order]) | _opens(neighbour[order])
    group = np.cumsum(opens)
    offset = group * (finish.max(initial=0.0) + 1.0)
    reached = np.maximum.accumulate(finish[order] + offset) - offset
    before = np.r_[0.0, reached[:-1]][: len(order)]
    covered = np.where(opens, begin[order], np.maximum(begin[order], before))
    metres = np.empty(len(order))
    metres[order] = np.maximum(finish[order] - covered, 0.0)
    return metres
