"""The made-up town as land: blocks, plots, road land and water that tile the site.

The sketch stands in ``geoplan/data/sample/xinshe.toml``. Shares of plots in their rows vary a little with the seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoplan.io._sample_shapes import (
    cut_by_share,
    faces_of,
    opened,
    own_angle,
    smooth_line,
    smooth_ring,
    turned,
)
from geoplan.io._sample_sketch import sketch
from geoplan.io._sample_streets import make_roads, road_parcels, street_surfaces

__all__ = ["Town", "make_town"]

_CORNER_CUT_M = 8.0
_SMALLEST_BLOCK_M2 = 200.0
_WEIGHTS_VARY = (0.9, 1.1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Town:
    """What the sketch becomes, in the metres of the sketch.

    Attributes
    ----------
    plots
        One row per parcel: ``kind``, ``block_id``, ``zone``, ``phase``, ``street`` and, for plots with figures of their
        own, ``floor_area_m2``, ``firms``, ``shares_firm``.
    roads
        Stretches between crossings: ``street``, ``road_class``, ``redline_m``.
    lake, river, channel
        The water.
    site
        All of it.
    """

    plots: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    lake: shapely.Polygon
    river: BaseGeometry
    channel: BaseGeometry
    site: shapely.Polygon


def make_town(rng: np.random.Generator) -> Town:
    """Lay out the whole town."""
    site, river = _site_and_river()
    dry = shapely.difference(site, river)
    lake = _lake()
    roads = make_roads(dry, lake)
    surfaces = street_surfaces(roads)
    between = shapely.difference(dry, shapely.union_all(list(surfaces.values())))
    built = shapely.union_all(
        [opened(part, corner_m=_CORNER_CUT_M) for part in shapely.get_parts(between)]
    )
    channel, belt = (shape.difference(lake) for shape in _channel())
    inside = {
        "lake": lake,
        "channel": shapely.intersection(channel, built),
        "channel_belt": shapely.intersection(belt, built),
    }
    free = shapely.get_parts(shapely.difference(built, shapely.union_all(list(inside.values()))))
    labelled = [
        *_plots(free[shapely.area(free) > _SMALLEST_BLOCK_M2], rng),
        {"kind": "river", "geometry": river},
        *({"kind": kind, "geometry": shape} for kind, shape in inside.items()),
        *road_parcels(surfaces, shapely.difference(dry, built)),
    ]
    return Town(
        plots=_without_gaps(labelled, site),
        roads=roads,
        lake=lake,
        river=river,
        channel=channel,
        site=site,
    )


def _site_and_river() -> tuple[shapely.Polygon, BaseGeometry]:
    """The face between the streets at the edge and a line in the river; and its part beyond the bank."""
    edges: list[BaseGeometry] = [
        smooth_line(street["through"]) for street in sketch()["street"] if street.get("edge")
    ]
    water = sketch()["water"]
    middle = shapely.Point(sketch()["frame"]["turn_about_m"])
    site, dry = (
        next(face for face in faces_of([*edges, smooth_line(end)]) if face.contains(middle))
        for end in (water["far_side"], water["bank"])
    )
    return site, shapely.difference(site, dry)


def _lake() -> shapely.Polygon:
    water = sketch()["water"]
    return shapely.Polygon(
        smooth_ring(water["lake"]).exterior, [smooth_ring(water["island"]).exterior]
    )


def _channel() -> tuple[BaseGeometry, BaseGeometry]:
    """The channel, and the green beside it."""
    water = sketch()["water"]
    line = smooth_line(water["channel"])
    half = water["channel_width_m"] / 2
    channel, wide = (
        line.buffer(width, cap_style="flat") for width in (half, half + water["channel_belt_m"])
    )
    return channel, wide.difference(channel)


def _plots(blocks: NDArray[np.object_], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Plots of every block of the sketch; blocks on the ground and in the sketch are the same."""
    plots: list[dict[str, Any]] = []
    claimed = set()
    for block in sketch()["block"]:
        (number,) = np.flatnonzero(shapely.contains_xy(blocks, *block["at"]))
        claimed.add(int(number))
        where = {key: block.get(key) for key in ("zone", "phase")} | {"block_id": block["id"]}
        cut = _cut_by_lines if "cuts" in block else _cut_in_rows
        plots += [where | plot for plot in cut(block, blocks[number], rng)]
    if len(claimed) != len(blocks):
        open_land = [block.centroid.wkt for i, block in enumerate(blocks) if i not in claimed]
        msg = f"the sketch says nothing about the blocks at {open_land}"
        raise ValueError(msg)
    return plots


def _cut_by_lines(
    block: Mapping[str, Any], shape: shapely.Polygon, _: np.random.Generator
) -> list[dict[str, Any]]:
    lines = [shape.boundary, *(shapely.LineString(cut) for cut in block["cuts"])]
    faces = faces_of(lines)
    return [
        {
            "kind": plot["kind"],
            "geometry": faces[shapely.contains_xy(faces, *plot["at"])][0],
        }
        for plot in block["plots"]
    ]


def _cut_in_rows(
    block: Mapping[str, Any], shape: shapely.Polygon, rng: np.random.Generator
) -> list[dict[str, Any]]:
    angle = own_angle(shape)
    about = (shape.centroid.x, shape.centroid.y)
    straight = turned([shape], degrees=-angle, about=about)[0]
    depth = block.get("depth", [1.0] * len(block["rows"]))
    plots: list[dict[str, Any]] = []
    shapes: list[shapely.Polygon] = []
    for row, part in zip(block["rows"], cut_by_share(straight, depth, across=True), strict=True):
        wanted = [_plot(item) for item in row]
        shapes += cut_by_share(part, _shares(wanted, part.area, rng), across=False)
        plots += wanted
    back = turned(shapes, degrees=angle, about=about)
    return [plot | {"geometry": shape} for plot, shape in zip(plots, back, strict=True)]


def _plot(item: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(item, str):
        kind, weight = item.split()
        return {"kind": kind, "weight": float(weight)}
    return dict(item)


def _shares(
    plots: Sequence[Mapping[str, Any]], area_m2: float, rng: np.random.Generator
) -> list[float]:
    """Areas of the plots of a row: those given first, the rest by weight, varied a little."""
    given = sum(plot.get("area_m2", 0.0) for plot in plots)
    varied = [plot.get("weight", 0.0) * rng.uniform(*_WEIGHTS_VARY) for plot in plots]
    rest = (area_m2 - given) / sum(varied)
    return [plot.get("area_m2", weight * rest) for plot, weight in zip(plots, varied, strict=True)]


def _without_gaps(labelled: Sequence[dict[str, Any]], site: shapely.Polygon) -> gpd.GeoDataFrame:
    """Parcels whose borders share every corner, one for each plot and each street.

    All lines are noded together; a face belongs to the plot it lies in, a sliver of rounding to the nearest.
    """
    shapes = np.asarray([row["geometry"] for row in labelled], dtype=object)
    faces = faces_of([site.boundary, *shapely.boundary(shapes)])
    spots = shapely.point_on_surface(faces)
    is_inside = shapely.dwithin(spots, site, 0)
    faces, spots = faces[is_inside], spots[is_inside]
    owner = shapely.STRtree(shapes).nearest(spots)
    rows = pd.DataFrame(labelled).drop(columns=["geometry", "weight", "area_m2"])
    key = rows["street"].fillna(rows.index.to_series().astype(str))
    tiles = gpd.GeoDataFrame(rows.assign(key=key).loc[owner], geometry=faces)
    tiles = tiles.reset_index(names="order").sort_values("order", kind="stable")
    plots = tiles.dissolve("key", sort=False, method="coverage")
    return plots.drop(columns="order").reset_index(drop=True)
