"""Who touches whom: squares exact, jittered by a millimetre, and meeting in T-junctions, against the usual ways.

``score`` is the share of the common borders found, in metres: 1 is all of them, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely

from benchmarks._form import Row, parse, report
from geoplan.spatial.adjacency import shared_borders

SIDE_M = 100.0
JITTER_M = 0.001
TOLERANCE_M = 0.01


def main() -> None:
    options = parse(__doc__ or "")
    count = 60 if options.quick else 316
    sides = {
        "geoplan": lambda parcels: float(shared_borders(parcels)["border_m"].sum()),
        "shapely intersection": lambda parcels: _by_intersection(parcels, 0.0),
        "shapely buffer": lambda parcels: _by_intersection(parcels, TOLERANCE_M),
    }
    rows = []
    for case, (jitter_m, offset_m) in {
        "exact": (0.0, 0.0),
        "jitter": (JITTER_M, 0.0),
        "jitter and T-junctions": (JITTER_M, 37.0),
    }.items():
        parcels, border_m = chessboard(count, jitter_m, offset_m)
        for side, measure in sides.items():
            rows += _rows(f"{count**2:,} squares, {case}", side, measure, parcels, border_m)
    report(rows, options=options, packages=("shapely", "geopandas", "numpy"))


def _rows(
    case: str,
    side: str,
    measure: Callable[[gpd.GeoDataFrame], float],
    parcels: gpd.GeoDataFrame,
    border_m: float,
) -> list[Row]:
    begin = time.perf_counter()
    found_m = measure(parcels)
    seconds = time.perf_counter() - begin
    return [
        Row(case=case, side=side, metric="seconds", value=seconds, unit="s"),
        Row(case=case, side=side, metric="score", value=found_m / border_m, unit="share"),
    ]


def chessboard(count: int, jitter_m: float, offset_m: float) -> tuple[gpd.GeoDataFrame, float]:
    """Squares, every second column moved north by the offset; and how many metres they share."""
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(count), np.arange(count)))
    south = row * SIDE_M + (column % 2) * offset_m
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * SIDE_M
    points = np.stack([column * SIDE_M, south], axis=1)[:, None, :] + corners
    rng = np.random.default_rng(2026)
    points = points + rng.uniform(-jitter_m, jitter_m, points.shape)
    ids = [f"P{number}" for number in range(count**2)]
    parcels = gpd.GeoDataFrame(geometry=shapely.polygons(points), index=ids, crs=4548)
    across = count * (count - 1) * SIDE_M
    return parcels, 2 * across - (count - 1) * offset_m


def _by_intersection(parcels: gpd.GeoDataFrame, tolerance_m: float) -> float:
    """Pairs from an STRtree, then the length of the outlines' intersection, as most code has it."""
    shapes = np.asarray(parcels.geometry.values)
    outlines = shapely.boundary(shapes)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=tolerance_m)
    left, right = left[left < right], right[left < right]
    other = shapely.buffer(outlines[right], tolerance_m) if tolerance_m else outlines[right]
    length_m = shapely.length(shapely.intersection(outlines[left], other))
    return float(length_m[length_m > 10 * tolerance_m].sum())


if __name__ == "__main__":
    main()
