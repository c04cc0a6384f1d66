"""Streets of the made-up town: centre lines between crossings, and the land between their red lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoplan.io._sample_shapes import noded_pieces, smooth_line
from geoplan.io._sample_sketch import sketch

__all__ = ["make_roads", "road_parcels", "street_surfaces"]

_CROSSING_M = 12.0
_SHORTEST_DEAD_END_M = 50.0
_SMALLEST_PIECE_M2 = 30.0


def make_roads(dry: BaseGeometry, lake: shapely.Polygon) -> gpd.GeoDataFrame:
    """Stretches between crossings, on dry land, without loose ends: ``street``, ``road_class``, ``redline_m``."""
    streets = [*sketch()["street"], *sketch()["path"]]
    lines = np.asarray([_line(street, lake) for street in streets], dtype=object)
    pieces = noded_pieces(list(lines))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    is_inside = shapely.dwithin(middles, dry, 0.5)
    owner = shapely.distance(middles[is_inside, None], lines[None, :]).argmin(axis=1)
    roads = gpd.GeoDataFrame(
        {
            "street": [streets[i]["name"] for i in owner],
            "road_class": [streets[i].get("class", "path") for i in owner],
            "redline_m": [float(streets[i].get("redline_m", np.nan)) for i in owner],
        },
        geometry=pieces[is_inside],
    )
    return _without_loose_ends(roads)


def _line(street: Mapping[str, Any], lake: shapely.Polygon) -> shapely.LineString:
    if "around" not in street:
        return smooth_line(street["through"])
    island_too = shapely.Polygon(lake.exterior)
    around = shapely.buffer(island_too, street["offset_m"], quad_segs=4)
    return shapely.LineString(shapely.get_coordinates(shapely.simplify(around, 0.4)))


def _without_loose_ends(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """What was drawn beyond the street it ends on goes; a long dead end stays."""
    while True:
        ends = np.round(
            [[piece.coords[0], piece.coords[-1]] for piece in roads.geometry], 3
        ).reshape(-1, 2)
        _, where, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
        is_loose = (count[where].reshape(-1, 2) == 1).any(axis=1)
        is_loose &= (roads.length < _SHORTEST_DEAD_END_M).to_numpy()
        if not is_loose.any():
            return roads.reset_index(drop=True)
        roads = roads[~is_loose]


def street_surfaces(roads: gpd.GeoDataFrame) -> dict[str, BaseGeometry]:
    """Land between the red lines of each street, crossings included; the widest street first, then by name."""
    streets = roads[roads["redline_m"].notna()]
    width = streets.groupby("street")["redline_m"].first()
    order = sorted(width.index, key=lambda street: (-width[street], street))
    return {
        str(street): shapely.buffer(
            shapely.line_merge(
                shapely.union_all(streets.geometry[streets["street"] == street].to_numpy())
            ),
            width[street] / 2,
            cap_style="flat",
            join_style="mitre",
        )
        for street in order
    }


def road_parcels(
    surfaces: Mapping[str, BaseGeometry], road_land: BaseGeometry
) -> list[dict[str, Any]]:
    """Road land street by street; where two cross, the first has the crossing."""
    rest = road_land
    parcels: list[dict[str, Any]] = []
    for street, surface in surfaces.items():
        reach = shapely.buffer(surface, _CROSSING_M, join_style="mitre")
        found: NDArray[np.object_] = shapely.get_parts(shapely.intersection(rest, reach))
        own = found[shapely.area(found) > _SMALLEST_PIECE_M2]
        parcels += [{"kind": "road", "street": street, "geometry": part} for part in own]
        rest = shapely.difference(rest, shapely.union_all(own))
    return parcels
