"""Buildings of the made-up town: rows of rectangles inside their plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.io._sample_shapes import own_angle, turned
from geoplan.io._sample_sketch import sketch

__all__ = ["make_buildings"]

_STYLE_OF_KIND: Mapping[str, str] = {
    "old_light": "old",
    "community": "small",
    "hall": "small",
    "clinic": "small",
    "nursery": "small",
    "elderly": "small",
    "fire": "small",
    "bus": "works",
    "power": "works",
    "sewage": "works",
    "waste": "works",
}
_EAST_WEST = frozenset({"homes", "tower", "village", "school", "small"})
_DOUBLE_COUNTED_STOREY_M = 8.0
_LONG = 1.25  # a plot that much longer from south to north has its rows that way


def make_buildings(plots: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Buildings of all plots, in the metres of the sketch; ``plot`` is the row of ``plots``."""
    rows: list[dict[str, Any]] = []
    for number, kind in enumerate(plots["kind"]):
        name = _STYLE_OF_KIND.get(kind, kind)
        if name in sketch()["building"]:
            style = sketch()["building"][name] | {"is_east_west": name in _EAST_WEST}
            wanted = plots["floor_area_m2"].iloc[number]
            built = _on_plot(plots.geometry.iloc[number], style, wanted, rng)
            rows += [{"plot": number} | building for building in built]
    table = pd.DataFrame(rows)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=table["geometry"].to_numpy())


def _on_plot(
    plot: shapely.Polygon, style: Mapping[str, Any], wanted_m2: float, rng: np.random.Generator
) -> list[dict[str, Any]]:
    angle = own_angle(plot)
    about = (plot.centroid.x, plot.centroid.y)
    straight = turned([plot], degrees=-angle, about=about)[0]
    west, south, east, north = straight.bounds
    if not style["is_east_west"] and north - south > _LONG * (east - west):
        angle += 90
        straight = turned([straight], degrees=-90, about=about)[0]
    footprints = _rows(straight, style, rng)
    low, high = style["storeys"]
    storeys = rng.integers(low, high + 1, size=len(footprints))
    if wanted_m2 > 0:
        footprints, storeys = _of_floor_area(footprints, storeys, wanted_m2)
    else:
        kept = rng.random(len(footprints)) < style["built"]
        kept[:1] = True
        footprints, storeys = footprints[kept], storeys[kept]
    year = int(rng.integers(style["years"][0], style["years"][1] + 1))
    late = rng.integers(0, 4, size=len(footprints)) * (style["years"][1] > style["years"][0])
    shapes = turned(np.asarray(shapely.box(*footprints.T)), degrees=angle, about=about)
    return [
        {
            "geometry": shape,
            "storey_count": float(count),
            "storey_m": style["storey_m"],
            "structure": style["structure"],
            "built_year": year + int(later),
            "is_double_counted": bool(style["storey_m"] > _DOUBLE_COUNTED_STOREY_M),
        }
        for shape, count, later in zip(shapes, storeys, late, strict=True)
    ]


def _rows(
    plot: shapely.Polygon, style: Mapping[str, Any], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Rectangles (west, south, east, north) in rows from south to north, well inside the plot."""
    inside = shapely.buffer(plot, -style["border"], join_style="mitre")
    if inside.is_empty or inside.geom_type != "Polygon":
        inside = shapely.buffer(plot, -2.0, join_style="mitre")
    edges = shapely.get_coordinates(inside.exterior)
    south, north = _wide_part(edges)
    depth = min(rng.uniform(*style["depth"]), north - south)
    count = max(1, int((north - south + style["gap"]) // (depth + style["gap"])))
    step = (north - south - depth) / max(count - 1, 1)
    starts = south + step * np.arange(count) if count > 1 else [(south + north - depth) / 2]
    found = [box for start in starts for box in _row(edges, start, start + depth, style)]
    boxes = np.asarray(found, dtype=float).reshape(-1, 4)
    inside_only: NDArray[np.float64] = boxes[shapely.covers(plot, shapely.box(*boxes.T))]
    return inside_only


def _wide_part(edges: NDArray[np.float64]) -> tuple[float, float]:
    """From where to where a ring is wide enough to build on: slanted ends are left as yards."""
    low, high = edges[:, 1].min(), edges[:, 1].max()
    heights = np.linspace(low, high, 42)[1:-1]
    widths = np.asarray([east - west for west, east in (_span(edges, y) for y in heights)])
    wide = heights[widths >= 0.7 * np.median(widths)]
    return float(wide.min()), float(wide.max())


def _row(
    edges: NDArray[np.float64], low: float, high: float, style: Mapping[str, Any]
) -> list[tuple[float, float, float, float]]:
    margin = (high - low) * 0.02
    spans = [_span(edges, y) for y in (low + margin, (low + high) / 2, high - margin)]
    west, east = max(span[0] for span in spans), min(span[1] for span in spans)
    if east - west < style["depth"][0] * 0.7:
        return []
    count = max(1, round((east - west + style["end_gap"]) / (style["length"] + style["end_gap"])))
    length = (east - west - (count - 1) * style["end_gap"]) / count
    starts = west + (length + style["end_gap"]) * np.arange(count)
    return [(float(start), low, float(start + length), high) for start in starts]


def _span(edges: NDArray[np.float64], y: float) -> tuple[float, float]:
    """Where a ring is crossed at height ``y``: westmost and eastmost."""
    (x0, y0), (x1, y1) = edges[:-1].T, edges[1:].T
    hit = (y0 <= y) != (y1 <= y)
    if not hit.any():
        return (0.0, 0.0)
    x = x0[hit] + (y - y0[hit]) / (y1[hit] - y0[hit]) * (x1[hit] - x0[hit])
    return float(x.min()), float(x.max())


def _of_floor_area(
    footprints: NDArray[np.float64], storeys: NDArray[np.int64], wanted_m2: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The same buildings, a storey higher where needed and then shortened until the floor area fits."""
    area = (footprints[:, 2] - footprints[:, 0]) * (footprints[:, 3] - footprints[:, 1])
    storeys = storeys.copy()
    while area @ storeys < wanted_m2:
        storeys[np.argmin(storeys)] += 1
    share = wanted_m2 / float(area @ storeys)
    shorter = footprints.copy()
    shorter[:, 2] = shorter[:, 0] + (shorter[:, 2] - shorter[:, 0]) * share
    return shorter, storeys
