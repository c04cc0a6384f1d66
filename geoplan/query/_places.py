"""Conditions on where a parcel lies: how far from a place, in it, along its border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.query._land import Land
from geoplan.query._verdicts import NO, UNKNOWN, YES, State, answers
from geoplan.spatial.adjacency import CORNER_TOLERANCES, shared_borders

__all__ = ["Place", "inside", "nearest", "shapes_of", "touching", "within"]

#: Distances that differ by less than this are equal [m].
EDGE_M = 1e-6
TOLERANCE_M = 0.01

_Shapes = NDArray[np.object_]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """What a parcel is near to: shapes that are surely part of it, and shapes that may be.

    Attributes
    ----------
    certain, possible
        Shapes in the park's CRS.
    members
        Where the place is made of this park's own parcels: whether each belongs to it.
    """

    certain: _Shapes
    possible: _Shapes
    members: State | None = None


def within(land: Land, place: Place, distance_m: float) -> State:
    """Whether some point of the parcel is so near to the place; just as far counts."""
    near, maybe = (
        _distance_m(land.shapes, shapes) <= distance_m + EDGE_M
        for shapes in (place.certain, place.possible)
    )
    return answers(near, (~near & maybe) | _has_no_shape(land.shapes))


def nearest(land: Land, place: Place, count: int, state: State) -> State:
    """The ``count`` parcels left that lie nearest to the place, ties by id.

    A parcel that is unknown so far stays unknown if it lies nearer than the last one taken, or if too few are left.
    """
    distance_m = np.round(_distance_m(land.shapes, place.certain) / EDGE_M)  # equal ones tie
    order = np.lexsort((np.argsort(np.argsort(land.ids)), distance_m))
    order = order[np.isfinite(distance_m[order])]
    taken = order[state[order] == YES][:count]
    last = np.flatnonzero(order == taken[-1])[0] if len(taken) == count else len(order)
    is_so = np.zeros(len(state), dtype=bool)
    is_so[order[: last + 1]] = True
    is_so[state == YES] = False
    is_so[taken] = True
    return answers(is_so, _has_no_shape(land.shapes))


def inside(land: Land, place: Place, least_share: float) -> State:
    """Whether at least so large a share of the parcel's area lies in the place."""
    everything = np.concatenate([place.certain, place.possible])
    least = least_share - EDGE_M
    sure, maybe = (_share(land.shapes, shapes) >= least for shapes in (place.certain, everything))
    return answers(sure, (~sure & maybe) | _has_no_shape(land.shapes))


def touching(land: Land, place: Place) -> State:
    """Whether the parcel and the place run along each other; a corner alone does not count."""
    if place.members is not None:
        return _touching_parcels(land.parcels, place.members)
    sure, maybe = (_runs_along(land.shapes, shapes) for shapes in (place.certain, place.possible))
    return answers(sure, (~sure & maybe) | _has_no_shape(land.shapes))


def _touching_parcels(parcels: gpd.GeoDataFrame, members: State) -> State:
    """Whether a parcel has a border with another one that belongs."""
    borders = shared_borders(parcels[[parcels.geometry.name]], tolerance_m=TOLERANCE_M)
    belongs = pd.Series(members, index=parcels.index)
    pairs = pd.concat([borders, borders.rename(columns={"left": "right", "right": "left"})])
    neighbour = pd.Series(belongs.loc[pairs["right"]].to_numpy(), index=pairs["left"].to_numpy())
    best = neighbour.groupby(level=0).max().reindex(parcels.index, fill_value=NO)
    unknown = _has_no_shape(np.asarray(parcels.geometry.values, dtype=object))
    return np.where(unknown, UNKNOWN, best.to_numpy(dtype=np.int8))


def _has_no_shape(shapes: _Shapes) -> _Bools:
    return np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes), dtype=bool)


def _distance_m(shapes: _Shapes, others: _Shapes) -> NDArray[np.float64]:
    """Planar distance from each shape to the nearest other; infinite where there is none."""
    distance_m = np.full(len(shapes), np.inf)
    tree = shapely.STRtree(others)
    if len(others):
        (rows, _), found = tree.query_nearest(shapes, return_distance=True, all_matches=False)
        distance_m[rows] = found
    return distance_m


def _share(shapes: _Shapes, others: _Shapes) -> NDArray[np.float64]:
    """Share of each shape's area that lies in the others; land under two of them counts once."""
    shapes, others = shapely.make_valid(shapes), shapely.make_valid(others)
    rows, found = shapely.STRtree(others).query(shapes, predicate="intersects")
    order = np.argsort(rows, kind="stable")
    rows, pieces = rows[order], shapely.intersection(shapes[rows[order]], others[found[order]])
    covered = np.zeros(len(shapes))
    owners, firsts = np.unique(rows, return_index=True)
    for row, own in zip(owners, np.split(pieces, firsts[1:]), strict=False):
        covered[row] = shapely.area(shapely.union_all(own))  # few pieces; no whole-array form
    area = shapely.area(shapes)
    return np.divide(covered, area, out=np.zeros(len(shapes)), where=area > 0)


def _runs_along(shapes: _Shapes, others: _Shapes) -> _Bools:
    """Whether an outline or line of the others runs along or through the shape, or covers it; a point lies in it."""
    tree = shapely.STRtree(others)
    rows, found = tree.query(shapes, predicate="dwithin", distance=TOLERANCE_M)
    near, other = shapely.buffer(shapes[rows], TOLERANCE_M), others[found]
    dimension = shapely.get_dimensions(other)
    lines = np.where(dimension == _AREA, shapely.boundary(other), other)
    is_along = shapely.length(shapely.intersection(near, lines)) > CORNER_TOLERANCES * TOLERANCE_M
    is_along |= (dimension == 0) | shapely.covers(other, shapes[rows])
    touched = np.zeros(len(shapes), dtype=bool)
    touched[rows[is_along]] = True
    return touched


_AREA = 2  # dimension of a polygon


def shapes_of(table: gpd.GeoDataFrame, rows: Any = slice(None)) -> _Shapes:
    """Shapes of a table, without those that are missing or empty."""
    shapes: _Shapes = np.asarray(table.geometry.values, dtype=object)[rows]
    return shapes[~_has_no_shape(shapes)]
