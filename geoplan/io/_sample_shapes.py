"""Shapes of the made-up town: smooth curves, plots cut by area, faces without gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import brentq
from shapely.geometry.base import BaseGeometry

__all__ = [
    "GRID_M",
    "cut_by_share",
    "faces_of",
    "noded_pieces",
    "opened",
    "own_angle",
    "smooth_line",
    "smooth_ring",
    "turned",
]

#: Corners of the town stand on a grid of one millimetre.
GRID_M = 0.001


def smooth_line(points: Sequence[Sequence[float]], *, step_m: float = 35.0) -> shapely.LineString:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, dtype=float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    return shapely.LineString(np.vstack([_curve(p, step_m), p[-2]]))


def smooth_ring(points: Sequence[Sequence[float]], *, step_m: float = 14.0) -> shapely.Polygon:
    """A closed Catmull-Rom curve through the points, as a polygon."""
    p = np.asarray(points, dtype=float)
    return shapely.Polygon(_curve(np.vstack([p[-1], p, p[0], p[1]]), step_m))


def _curve(p: NDArray[np.float64], step_m: float) -> NDArray[np.float64]:
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        count = max(2, int(np.hypot(*(c - b)) / step_m))
        t = np.linspace(0, 1, count, endpoint=False)[:, None]
        parts.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    return np.vstack(parts)


def turned(
    shapes: Sequence[BaseGeometry] | NDArray[np.object_],
    *,
    degrees: float,
    about: tuple[float, float],
) -> NDArray[np.object_]:
    """All shapes turned about one point, counter-clockwise."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = np.asarray(about)
    result: NDArray[np.object_] = shapely.transform(
        np.asarray(shapes, dtype=object), lambda xy: (xy - centre) @ turn + centre
    )
    return result


def own_angle(polygon: shapely.Polygon) -> float:
    """How far a polygon's longer sides are turned from east-west, -45 to 45 degrees."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(polygon))
    dx, dy = corners[1] - corners[0]
    return float((np.degrees(np.arctan2(dy, dx)) + 45) % 90 - 45)


def opened(shape: BaseGeometry, *, corner_m: float) -> BaseGeometry:
    """A shape without its thin parts, its outer corners cut off."""
    inner = shapely.buffer(shape, -corner_m, join_style="mitre", mitre_limit=3)
    outer = shapely.buffer(inner, corner_m, join_style="bevel")
    return shapely.intersection(outer, shape)


def cut_by_share(
    polygon: shapely.Polygon, shares: Sequence[float], *, across: bool
) -> list[shapely.Polygon]:
    """Cut a polygon into parts that hold the given shares of its area.

    Cuts run north-south (parts from west to east), or east-west if ``across`` (parts from south to north).
    """
    west, south, east, north = polygon.bounds
    low, high = (south, north) if across else (west, east)
    wanted = np.cumsum(shares)[:-1] / np.sum(shares) * polygon.area
    lines = [low - 1, *(_position(polygon, area, low, high, across=across) for area in wanted)]
    parts = []
    for start, end in zip(lines, [*lines[1:], high + 1], strict=True):
        box = (west - 1, start, east + 1, end) if across else (start, south - 1, end, north + 1)
        parts.append(_largest(shapely.intersection(polygon, shapely.box(*box))))
    return parts


def _position(
    polygon: shapely.Polygon, area: float, low: float, high: float, *, across: bool
) -> float:
    west, south, east, north = polygon.bounds

    def missing(at: float) -> float:
        box = (
            (west - 1, south - 1, east + 1, at) if across else (west - 1, south - 1, at, north + 1)
        )
        return float(shapely.intersection(polygon, shapely.box(*box)).area) - area

    return float(brentq(missing, low - 1, high + 1, xtol=1e-6))


def _largest(shape: BaseGeometry) -> shapely.Polygon:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    largest: shapely.Polygon = max(parts, key=lambda part: part.area)
    return largest


def noded_pieces(lines: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    """The lines cut at every crossing, corners on the grid."""
    return shapely.get_parts(shapely.union_all(np.asarray(lines, dtype=object), grid_size=GRID_M))


def faces_of(lines: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    """All faces between the lines; neighbours share every corner of their border."""
    return shapely.get_parts(shapely.polygonize(noded_pieces(lines)))
