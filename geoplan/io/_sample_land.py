"""The made-up town as land: streets, blocks, plots and water that tile the site.

The sketch stands in ``geoplan/data/sample/xinshe.toml``. Shares of plots in their rows vary a little with the seed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
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
    noded_pieces,
    opened,
    own_angle,
    smooth_line,
    smooth_ring,
    turned,
)

__all__ = ["Town", "from_the_ground", "make_town", "on_the_ground", "sketch"]

_CORNER_CUT_M = 8.0
_CROSSING_M = 12.0
_SHORTEST_DEAD_END_M = 50.0
_SMALLEST_BLOCK_M2 = 200.0


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
    river: shapely.Polygon
    channel: BaseGeometry
    site: shapely.Polygon


@cache
def sketch() -> Mapping[str, Any]:
    """The sketch of the town as it stands in its file."""
    file = files("geoplan") / "data" / "sample" / "xinshe.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def on_the_ground(shapes: Iterable[BaseGeometry], site: shapely.Polygon) -> NDArray[np.object_]:
    """Shapes of the sketch, moved and turned into the working CRS."""
    frame = sketch()["frame"]
    centre = site.centroid
    shapes = turned(
        np.asarray(list(shapes), dtype=object),
        degrees=frame["turn_degrees"],
        about=(centre.x, centre.y),
    )
    moved = shapely.transform(shapes, lambda xy: xy + np.asarray(frame["corner_m"], dtype=float))
    result: NDArray[np.object_] = shapely.transform(moved, lambda xy: np.round(xy, 3))
    return result


def make_town(rng: np.random.Generator) -> Town:
    """Lay out the whole town."""
    plan = sketch()
    site, river = _site_and_river(plan)
    lake = _lake(plan)
    channel_line = smooth_line(plan["water"]["channel"])
    channel = channel_line.buffer(plan["water"]["channel_width_m"] / 2, cap_style="flat")
    belt = channel_line.buffer(
        plan["water"]["channel_width_m"] / 2 + plan["water"]["channel_belt_m"], cap_style="flat"
    )
    dry = shapely.difference(site, river)
    roads = _roads(plan, dry, lake)
    surface = _surface(roads)
    between = shapely.difference(dry, shapely.union_all(list(surface.values())))
    blocks = [opened(part, corner_m=_CORNER_CUT_M) for part in shapely.get_parts(between)]
    built = shapely.union_all(blocks)
    road_land = shapely.difference(dry, built)
    wet = {"lake": lake, "channel": shapely.intersection(channel, built).difference(lake)}
    green = {"channel_belt": shapely.intersection(belt, built).difference(channel).difference(lake)}
    free = shapely.difference(built, shapely.union_all([*wet.values(), *green.values()]))
    plots = _plots(plan, [p for p in shapely.get_parts(free) if p.area > _SMALLEST_BLOCK_M2], rng)
    labelled = [
        *plots,
        *({"kind": "river", "geometry": river} for _ in range(1)),
        *({"kind": name, "geometry": shape} for name, shape in wet.items()),
        *({"kind": name, "geometry": shape} for name, shape in green.items()),
        *_road_parcels(surface, road_land, roads),
    ]
    return Town(
        plots=_without_gaps(labelled, site),
        roads=roads,
        lake=lake,
        river=river,
        channel=channel,
        site=site,
    )


def from_the_ground(spots: NDArray[np.float64], site: shapely.Polygon) -> NDArray[np.float64]:
    """Coordinates of the working CRS, moved and turned back into the sketch."""
    frame = sketch()["frame"]
    points = shapely.points(spots - np.asarray(frame["corner_m"], dtype=float))
    centre = site.centroid
    back = turned(points, degrees=-frame["turn_degrees"], about=(centre.x, centre.y))
    return shapely.get_coordinates(back)


def _site_and_river(plan: Mapping[str, Any]) -> tuple[shapely.Polygon, shapely.Polygon]:
    edges: list[BaseGeometry] = [
        smooth_line(street["through"]) for street in plan["street"] if street.get("edge")
    ]
    far_side = smooth_line(plan["water"]["far_side"])
    bank = smooth_line(plan["water"]["bank"])
    middle = shapely.Point(1000, 700)
    site = next(face for face in faces_of([*edges, far_side]) if face.contains(middle))
    dry = next(face for face in faces_of([*edges, bank]) if face.contains(middle))
    return site, shapely.difference(site, dry)


def _lake(plan: Mapping[str, Any]) -> shapely.Polygon:
    return shapely.difference(
        smooth_ring(plan["water"]["lake"]), smooth_ring(plan["water"]["island"])
    )


def _roads(plan: Mapping[str, Any], dry: BaseGeometry, lake: shapely.Polygon) -> gpd.GeoDataFrame:
    """Centre lines between crossings, inside the site, without loose ends."""
    rows = [(street, smooth_line(street["through"])) for street in plan["street"]]
    for path in plan["path"]:
        line = (
            shapely.Polygon(lake.exterior)
            .buffer(path["offset_m"], quad_segs=4)
            .simplify(0.4)
            .exterior
            if "around" in path
            else smooth_line(path["through"])
        )
        rows.append((path, line))
    lines = np.asarray([line for _, line in rows], dtype=object)
    pieces = noded_pieces(list(lines))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    pieces, middles = (part[shapely.dwithin(middles, dry, 0.5)] for part in (pieces, middles))
    owner = shapely.distance(middles[:, None], lines[None, :]).argmin(axis=1)
    roads = gpd.GeoDataFrame(
        {
            "street": [rows[i][0]["name"] for i in owner],
            "road_class": [rows[i][0].get("class", "path") for i in owner],
            "redline_m": [float(rows[i][0].get("redline_m", np.nan)) for i in owner],
        },
        geometry=pieces,
    )
    return _without_loose_ends(roads)


def _without_loose_ends(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    while True:
        ends = np.round(
            [[piece.coords[0], piece.coords[-1]] for piece in roads.geometry], 3
        ).reshape(-1, 2)
        _, where, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
        loose = (count[where].reshape(-1, 2) == 1).any(axis=1)
        loose &= (roads.length < _SHORTEST_DEAD_END_M).to_numpy()
        if not loose.any():
            return roads.reset_index(drop=True)
        roads = roads[~loose]


def _surface(roads: gpd.GeoDataFrame) -> dict[str, BaseGeometry]:
    """Land between the red lines of each street."""
    streets = roads[roads["redline_m"].notna()]
    return {
        str(name): shapely.buffer(
            shapely.line_merge(shapely.union_all(part.geometry.to_numpy())),
            part["redline_m"].iloc[0] / 2,
            cap_style="flat",
            join_style="mitre",
        )
        for name, part in streets.groupby("street", sort=False)
    }


def _road_parcels(
    surface: Mapping[str, BaseGeometry], road_land: BaseGeometry, roads: gpd.GeoDataFrame
) -> list[dict[str, Any]]:
    """Road land street by street; where two cross, the wider one has the crossing."""
    width = roads.groupby("street")["redline_m"].first()
    rest = road_land
    parcels = []
    for name in sorted(surface, key=lambda street: (-width[street], street)):
        reach = shapely.buffer(surface[name], _CROSSING_M, join_style="mitre")
        own = [
            part for part in shapely.get_parts(shapely.intersection(rest, reach)) if part.area > 30
        ]
        parcels += [{"kind": "road", "street": name, "geometry": part} for part in own]
        rest = shapely.difference(rest, shapely.union_all(own))
    return parcels


def _plots(
    plan: Mapping[str, Any], blocks: Sequence[shapely.Polygon], rng: np.random.Generator
) -> list[dict[str, Any]]:
    marks = np.asarray([shapely.Point(block["at"]) for block in plan["block"]], dtype=object)
    plots: list[dict[str, Any]] = []
    for block, mark in zip(plan["block"], marks, strict=True):
        (shape,) = (shape for shape in blocks if shape.contains(mark))
        where = {key: block.get(key) for key in ("zone", "phase")} | {"block_id": block["id"]}
        cut = _cut_by_lines if "cuts" in block else _cut_in_rows
        plots += [where | plot for plot in cut(block, shape, rng)]
    found = shapely.union_all([plot["geometry"] for plot in plots])
    for shape in blocks:  # land between streets that no block of the sketch claims
        if shape.representative_point().distance(found) > 0:
            plots.append({"kind": "belt", "geometry": shape})
    return plots


def _cut_by_lines(
    block: Mapping[str, Any], shape: shapely.Polygon, _: np.random.Generator
) -> list[dict[str, Any]]:
    lines = [shape.boundary, *(shapely.LineString(cut) for cut in block["cuts"])]
    faces = [face for face in faces_of(lines) if shape.contains(face.representative_point())]
    return [
        {
            "kind": plot["kind"],
            "geometry": next(f for f in faces if f.contains(shapely.Point(plot["at"]))),
        }
        for plot in block["plots"]
    ]


def _cut_in_rows(
    block: Mapping[str, Any], shape: shapely.Polygon, rng: np.random.Generator
) -> list[dict[str, Any]]:
    angle = own_angle(shape)
    about = (shape.centroid.x, shape.centroid.y)
    straight = turned(np.asarray([shape], dtype=object), degrees=-angle, about=about)[0]
    depth = block.get("depth", [1.0] * len(block["rows"]))
    plots: list[dict[str, Any]] = []
    for row, part in zip(block["rows"], cut_by_share(straight, depth, across=True), strict=True):
        wanted = [_plot(item) for item in row]
        shares = _shares(wanted, part.area, rng)
        pieces = cut_by_share(part, shares, across=False)
        plots += [plot | {"geometry": piece} for plot, piece in zip(wanted, pieces, strict=True)]
    back = turned(
        np.asarray([p["geometry"] for p in plots], dtype=object), degrees=angle, about=about
    )
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
    varied = [plot.get("weight", 0.0) * rng.uniform(0.9, 1.1) for plot in plots]
    rest = (area_m2 - given) / sum(varied) if any(varied) else 0.0
    return [
        plot["area_m2"] if "area_m2" in plot else weight * rest
        for plot, weight in zip(plots, varied, strict=True)
    ]


def _without_gaps(labelled: Sequence[dict[str, Any]], site: shapely.Polygon) -> gpd.GeoDataFrame:
    """Parcels whose borders share every corner: all lines noded together, each face given to its plot."""
    shapes = np.asarray([row["geometry"] for row in labelled], dtype=object)
    faces = faces_of([site.boundary, *shapely.boundary(shapes)])
    faces = faces[shapely.dwithin(shapely.point_on_surface(faces), site, 0)]
    owner = np.asarray([_owner(face, shapes) for face in faces])
    rows = pd.DataFrame(labelled).drop(columns=["geometry", "weight", "area_m2"], errors="ignore")
    tiles = gpd.GeoDataFrame({"plot": owner}, geometry=faces).dissolve("plot", method="coverage")
    plots = gpd.GeoDataFrame(rows, geometry=tiles.geometry.reindex(rows.index).to_numpy())
    return _streets_in_one(plots)


def _owner(face: shapely.Polygon, shapes: NDArray[np.object_]) -> int:
    """The plot that holds most of a face; a sliver that rounding left goes to its nearest."""
    return int(shapely.distance(face.representative_point(), shapes).argmin())


def _streets_in_one(plots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    key = plots["street"].where(plots["street"].notna(), plots.index.to_series().astype(str))
    one = plots.assign(key=key).dissolve("key", sort=False, method="coverage", aggfunc="first")
    return one.reset_index(drop=True)
