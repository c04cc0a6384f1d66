"""The cheapest way across ground without streets: a surface of costs by slope, cover and noise, and the route over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.features
import rasterio.warp
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.errors import InputError
from geoplan.spatial.raster import slope_of
from geoplan.words import say

__all__ = ["CostSurface", "Cover", "GroundRoute", "cost_surface", "cross_ground"]

Floats = NDArray[np.float64]

#: Steps from a cell: along rows and columns, across corners, and as a knight, so that ways are little longer than drawn.
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
#: Larger surfaces are refused: they would not fit into the memory of an office computer.
_MOST_CELLS = 25_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """Ground of one sort: where it is, and what a metre on it costs; infinite where nobody may go."""

    shapes: gpd.GeoSeries
    cost_per_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostSurface:
    """What a metre costs in each cell; rows from north to south.

    Attributes
    ----------
    cost_per_m
        Cost of a metre; infinite where nobody may go.
    west, north, cell_m
        Corner of the first cell, and the side of each.
    """

    cost_per_m: Floats
    west: float
    north: float
    cell_m: float

    def cells_of(self, shape: shapely.Geometry) -> NDArray[np.int64]:
        """Numbers of the cells that a shape touches, ascending."""
        rows, columns = self.cost_per_m.shape
        place = rasterio.Affine(self.cell_m, 0, self.west, 0, -self.cell_m, self.north)
        burnt = rasterio.features.rasterize(
            [(shape, 1)],
            out_shape=(rows, columns),
            transform=place,
            all_touched=True,
            dtype="uint8",
        )
        return np.flatnonzero(burnt)

    def centres(self, cells: NDArray[np.int64]) -> Floats:
        """Middles of cells, x and y [m]."""
        row, column = np.divmod(cells, self.cost_per_m.shape[1])
        east = self.west + (column + 0.5) * self.cell_m
        return np.column_stack([east, self.north - (row + 0.5) * self.cell_m])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroundRoute:
    """A way over the ground: its line, its length [m] and its cost (metres of ground that costs 1)."""

    line: shapely.LineString
    length_m: float
    cost: float


def cost_surface(  # noqa: PLR0913  (every choice is named)
    bounds: tuple[float, float, float, float],
    *,
    cell_m: float,
    covers: Sequence[Cover],
    elevation_path: str | None = None,
    cost_of_slope: float = 0.0,
    elsewhere_cost_per_m: float = 1.0,
) -> CostSurface:
    r"""Lay a grid over the ground and tell what a metre costs in each cell.

    .. math:: c = k \, (1 + a s)

    with the cost :math:`k` of the last cover that touches the cell, the slope :math:`s` [m/m] and ``cost_of_slope``
    :math:`a`. Noise is a cover: a belt along a trunk road that costs more. Our own definition.

    Parameters
    ----------
    bounds
        West, south, east, north [m].
    covers
        Later ones lie over earlier ones.
    elevation_path
        Raster of heights [m] in the same CRS; where it knows nothing the ground counts as level.

    Raises
    ------
    InputError
        A cost is below 0, a cell has no size, or the grid is too large.
    """
    west, south, east, north = bounds
    wrong = [c.cost_per_m for c in covers if not c.cost_per_m > 0]
    if wrong or not cell_m > 0 or not elsewhere_cost_per_m > 0 or cost_of_slope < 0:
        raise InputError([say("network.bad_surface", costs=", ".join(f"{c:g}" for c in wrong))])
    shape = (
        max(int(np.ceil((north - south) / cell_m)), 1),
        max(int(np.ceil((east - west) / cell_m)), 1),
    )
    if shape[0] * shape[1] > _MOST_CELLS:
        raise InputError(
            [say("network.large_surface", cells=shape[0] * shape[1], most=_MOST_CELLS)]
        )
    place = rasterio.Affine(cell_m, 0, west, 0, -cell_m, north)
    cost = np.full(shape, elsewhere_cost_per_m)
    for cover in covers:
        drawn = [s for s in cover.shapes if s is not None and not s.is_empty]
        if drawn:
            mask = rasterio.features.geometry_mask(
                drawn, out_shape=shape, transform=place, all_touched=True, invert=True
            )
            cost[mask] = cover.cost_per_m
    if elevation_path is not None and cost_of_slope > 0:
        cost *= 1 + cost_of_slope * _slope_on(elevation_path, shape, place)
    return CostSurface(cost_per_m=cost, west=west, north=north, cell_m=cell_m)


def _slope_on(path: str, shape: tuple[int, int], place: rasterio.Affine) -> Floats:
    with rasterio.open(path) as source:
        heights = source.read(1, masked=True).astype(float).filled(np.nan)
        own = slope_of(heights, cell_m=source.res)
        slope = np.full(shape, np.nan)
        rasterio.warp.reproject(
            own,
            slope,
            src_transform=source.transform,
            dst_transform=place,
            src_crs=source.crs or "EPSG:3857",
            dst_crs=source.crs or "EPSG:3857",
            src_nodata=np.nan,
            dst_nodata=np.nan,
            resampling=rasterio.warp.Resampling.bilinear,
        )
    return np.asarray(np.nan_to_num(slope, nan=0.0))


def cross_ground(
    surface: CostSurface, start: shapely.Geometry, end: shapely.Geometry
) -> GroundRoute | None:
    """The cheapest way from one shape to another; ``None`` where no way leads.

    A step from cell to cell costs its length times the mean of both; steps go to 16 neighbours, a knight's past the two
    cells between, neither of which may be closed. The cells that the shapes touch are open.

    Examples
    --------
    >>> level = cost_surface((0, 0, 50, 30), cell_m=10, covers=[])
    >>> way = cross_ground(level, shapely.Point(5, 15), shapely.Point(45, 15))
    >>> way.length_m, way.cost
    (40.0, 40.0)
    """
    begin, finish = surface.cells_of(start), surface.cells_of(end)
    if not len(begin) or not len(finish):
        return None
    cost = surface.cost_per_m.copy()
    for cells in (begin, finish):  # a place on closed ground, as a shore, is reached all the same
        flat = cost.reshape(-1)
        flat[cells] = np.where(np.isfinite(flat[cells]), flat[cells], _cheapest(surface))
    graph = _graph(cost, surface.cell_m)
    reached, before, _ = dijkstra(
        graph, directed=False, indices=begin, min_only=True, return_predecessors=True
    )
    last = int(finish[np.argmin(reached[finish])])
    if not np.isfinite(reached[last]):
        return None
    passed = [last]
    while before[passed[-1]] >= 0:
        passed.append(int(before[passed[-1]]))
    xy = surface.centres(np.array(passed[::-1], dtype=np.int64))
    line = shapely.LineString(xy if len(xy) > 1 else np.repeat(xy, 2, axis=0))
    return GroundRoute(line=line, length_m=float(line.length), cost=float(reached[last]))


def _cheapest(surface: CostSurface) -> float:
    open_ground = surface.cost_per_m[np.isfinite(surface.cost_per_m)]
    return float(open_ground.min()) if len(open_ground) else 1.0


def _graph(cost: Floats, cell_m: float) -> csr_array:
    """Cells as nodes, steps as edges."""
    rows, columns = cost.shape
    number = np.arange(cost.size).reshape(cost.shape)
    starts, ends, values = [], [], []
    for down, right in _STEPS:
        here = _window(rows, columns, down, right)
        there = _window(rows, columns, -down, -right)
        mean = (cost[here] + cost[there]) / 2
        if max(abs(down), abs(right)) > 1:  # a knight's step passes between two cells
            for passed in _passed(cost, down, right):
                mean = np.where(np.isfinite(passed), mean, np.inf)
        way = mean * np.hypot(down, right) * cell_m
        open_ = np.isfinite(way)
        starts.append(number[here][open_])
        ends.append(number[there][open_])
        values.append(way[open_])
    pair = (np.concatenate(starts), np.concatenate(ends))
    return coo_array((np.concatenate(values), pair), shape=(cost.size, cost.size)).tocsr()


def _window(rows: int, columns: int, down: int, right: int) -> tuple[slice, slice]:
    """Cells from which a step (down, right) stays on the grid."""
    return (
        slice(max(0, -down), rows - max(0, down)),
        slice(max(0, -right), columns - max(0, right)),
    )


def _passed(cost: Floats, down: int, right: int) -> list[Floats]:
    """The two cells between which each knight's step passes."""
    rows, columns = cost.shape
    sign = 1 if right > 0 else -1
    between = [(1, sign), (1, 0) if abs(down) > abs(right) else (0, sign)]
    here = _window(rows, columns, down, right)
    return [
        cost[
            slice(here[0].start + a, here[0].stop + a),
            slice(here[1].start + b, here[1].stop + b),
        ]
        for a, b in between
    ]
