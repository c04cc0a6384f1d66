"""Where streets are cut so that they meet: shared vertices, ends near another street, crossings; and what was mended."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

__all__ = ["REPAIRS", "cut_table", "cuts_of", "flag_of", "merged", "single_lines", "stretches"]

Shapes = NDArray[np.object_]

#: What is told of a repair: sort, the street and the other one [row numbers], how far [m], and where.
REPAIRS = ("kind", "street", "other", "move_m", "x", "y")
#: Nearer than this two points are the same, and nothing was mended.
_SAME_M = 1e-6


def flag_of(table: gpd.GeoDataFrame, name: str, *, default: bool) -> NDArray[np.bool_]:
    """A yes-or-no column; ``default`` where it is missing or unknown."""
    if name not in table:
        return np.full(len(table), default)
    return np.asarray(table[name].astype("boolean").fillna(default), dtype=bool)


def single_lines(
    roads: gpd.GeoDataFrame, *, barriers: Shapes, snap_m: float
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """The streets that may be walked, one line a row, and what had to be left out or cut.

    A street that is no bridge ends on both sides of a barrier that it crosses, further apart than what is snapped.
    """
    there = (~(roads.geometry.isna() | roads.geometry.is_empty)).to_numpy()
    number = np.arange(len(roads))
    gone = [_repairs("empty", number[~there])]
    kept = there & flag_of(roads, "is_walkable", default=True)
    walkable = roads.assign(_row=number)[kept]
    shapes = np.array(walkable.geometry, dtype=object)
    if len(barriers) and len(shapes):
        ground = np.flatnonzero(~flag_of(walkable, "is_bridge", default=False))
        line, barrier = shapely.STRtree(barriers).query(shapes[ground], predicate="crosses")
        own = np.unique(ground[line])
        points = shapely.centroid(shapely.intersection(shapes[ground][line], barriers[barrier]))
        gone.append(_repairs("barrier", walkable["_row"].to_numpy()[ground[line]], points=points))
        for row in own:  # the few streets that cross one
            hit = barriers[barrier[ground[line] == row]]
            wide = shapely.union_all(shapely.buffer(hit, 0.6 * snap_m, cap_style="square"))
            shapes[row] = shapely.difference(shapes[row], wide)
    singles = walkable.set_geometry(gpd.GeoSeries(shapes, walkable.index, crs=roads.crs)).explode(
        index_parts=False
    )
    has_length = np.asarray(singles.length > 0)
    gone.append(_repairs("empty", singles["_row"].to_numpy()[~has_length]))
    singles = singles[has_length]
    meets_itself = ~np.asarray(singles.is_simple) & ~flag_of(singles, "is_bridge", default=False)
    if meets_itself.any():
        shapes = np.array(singles.geometry)
        shapes[meets_itself] = shapely.node(
            shapes[meets_itself]
        )  # a loop that ends on its own stem
        singles = singles.set_geometry(
            gpd.GeoSeries(shapes, singles.index, crs=singles.crs)
        ).explode(index_parts=False)
    return singles, pd.concat(gone, ignore_index=True)


def cuts_of(
    lines: Shapes, is_bridge: NDArray[np.bool_], snap_m: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where each line is cut (``line``, ``along_m``, ``x``, ``y``; its two ends always), and the gaps closed."""
    if not len(lines):
        empty = np.zeros(0, dtype=np.int64)
        return cut_table(empty, lines, lines), _repairs("gap", empty)
    number = np.arange(len(lines))
    first: Shapes = np.asarray(shapely.get_point(lines, 0))
    last: Shapes = np.asarray(shapely.get_point(lines, -1))
    parts = [cut_table(number, lines, first, 0.0), cut_table(number, lines, last, None)]
    tree = shapely.STRtree(lines)
    closed = []
    for ends in (first, last):  # a street that ends on another, bridges only at their own ends
        i, j = tree.query(ends, predicate="dwithin", distance=snap_m)
        meets = (i != j) & ~is_bridge[j]
        i, j = i[meets], j[meets]
        parts.append(cut_table(j, lines, ends[i], np.nan))
        closed.append(_closed(lines, ends, i, j))
    parts.append(_shared_vertices(lines))
    i, j = tree.query(lines, predicate="intersects")
    both = (i < j) & ~is_bridge[i] & ~is_bridge[j]
    i, j = i[both], j[both]
    points, pair = _meeting_points(lines[i], lines[j])
    parts += [cut_table(side[pair], lines, points, np.nan) for side in (i, j)]
    return pd.concat(parts, ignore_index=True), _each_once(pd.concat(closed, ignore_index=True))


def _closed(
    lines: Shapes, ends: Shapes, i: NDArray[np.int64], j: NDArray[np.int64]
) -> pd.DataFrame:
    """Ends that stop short of another street (gap) or reach a little beyond it (overshoot)."""
    move_m = shapely.distance(ends[i], lines[j])
    off = move_m > _SAME_M
    i, j, move_m = i[off], j[off], move_m[off]
    over = shapely.intersects(lines[i], lines[j])
    return _repairs(np.where(over, "overshoot", "gap"), i, other=j, move_m=move_m, points=ends[i])


def _each_once(table: pd.DataFrame) -> pd.DataFrame:
    """Two ends that miss each other are one gap: the street that comes first tells it."""
    table = table.sort_values("street", kind="stable")
    pair = {
        "low": table[["street", "other"]].min(axis=1),
        "high": table[["street", "other"]].max(axis=1),
    }
    key = pd.DataFrame({**pair, "move_m": table["move_m"].round(6)})
    return table[~key.duplicated()].reset_index(drop=True)


def _repairs(
    kind: object,
    street: NDArray[np.int64],
    *,
    other: object = -1,
    move_m: object = 0.0,
    points: Shapes | None = None,
) -> pd.DataFrame:
    xy = np.full((len(street), 2), np.nan)
    if points is not None and len(points):
        xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    table = {"kind": kind, "street": street, "other": other, "move_m": move_m}
    return pd.DataFrame(table, index=range(len(street))).assign(x=xy[:, 0], y=xy[:, 1])


def cut_table(
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
    return cut_table(shared["line"].to_numpy(dtype=np.int64), lines, points)


def _meeting_points(one: Shapes, other: Shapes) -> tuple[Shapes, NDArray[np.int64]]:
    """Points where pairs of lines meet (of a stretch in common: its ends), and the pair of each."""
    parts, pair = shapely.get_parts(shapely.intersection(one, other), return_index=True)
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    stretch, of = parts[~is_point], pair[~is_point]
    points = [parts[is_point], shapely.get_point(stretch, 0), shapely.get_point(stretch, -1)]
    return np.concatenate(points), np.concatenate([pair[is_point], of, of])


def merged(xy: NDArray[np.float64], snap_m: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One node for all points that lie within the tolerance of each other, in the order first seen."""
    if not len(xy):
        return np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    pairs = cKDTree(xy).query_pairs(snap_m, output_type="ndarray")
    near = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy)))
    _, labels = connected_components(near, directed=False)
    number, first = pd.factorize(labels)
    position = pd.Series(np.arange(len(xy))).groupby(number).first()
    return xy[position.to_numpy()[: len(first)]], np.asarray(number, dtype=np.int64)


def stretches(
    cuts: pd.DataFrame, cost_per_m: NDArray[np.float64]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stretches between neighbouring cuts of each line, of equal pairs of nodes the cheapest; and what is drawn twice."""
    ordered = cuts.sort_values(["line", "along_m"], kind="stable")
    after = ordered.shift(-1)
    table = pd.DataFrame(
        {
            "line": ordered["line"],
            "start_m": ordered["along_m"],
            "end_m": after["along_m"],
            "low": np.minimum(ordered["node"], after["node"]),
            "high": np.maximum(ordered["node"], after["node"]),
            "x": ordered["x"],
            "y": ordered["y"],
        }
    )[(ordered["line"] == after["line"]) & (ordered["node"] != after["node"])]
    table = table.assign(length_m=table["end_m"] - table["start_m"])
    cost = table["length_m"] * cost_per_m[table["line"].to_numpy(dtype=np.int64)]
    ordered = table.assign(cost=cost).sort_values(["low", "high", "cost", "line"])
    of_pair = ordered.groupby(["low", "high"], sort=False)
    best_line, best_m = of_pair["line"].transform("first"), of_pair["length_m"].transform("first")
    again = ordered.duplicated(["low", "high"])
    twice = (
        again & ((ordered["length_m"] - best_m).abs() < _SAME_M) & (ordered["line"] != best_line)
    )
    told = ordered[twice]
    repairs = _repairs("duplicate", told["line"].to_numpy(dtype=np.int64))
    repairs = repairs.assign(
        other=best_line[twice].to_numpy(), x=told["x"].to_numpy(), y=told["y"].to_numpy()
    )
    return ordered[~again], repairs
