"""Tables and shapes as a page carries them: columns with dictionaries, coordinates as small steps, deflated once.

Nothing here knows what a parcel is. What is packed comes out of :func:`unpack_page` equal to what went in, so that tests
and other programs can read a page.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

__all__ = [
    "Grid",
    "encode_numbers",
    "encode_points",
    "encode_shapes",
    "encode_texts",
    "grid_of",
    "pack",
    "unpack_page",
]

_STEP_DEGREES = 1e-7  # about 1 cm
_STEP_METRES = 1e-2
_WGS84 = 4326
_KINDS = {0: "point", 1: "line", 2: "line", 3: "polygon"}  # GEOS type of a single part


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where the coordinates of a page are counted from, in which steps.

    Attributes
    ----------
    crs
        ``wgs84`` (x is longitude, y is latitude) or ``local`` (metres of a park without a CRS).
    west, south
        The origin.
    east, north
        The opposite corner.
    step
        One unit of the integers.
    """

    crs: str
    west: float
    south: float
    east: float
    north: float
    step: float


def grid_of(layer: gpd.GeoDataFrame) -> Grid:
    """The grid of a page that shows this layer whole; empty layers get a grid around nothing."""
    west, south, east, north = np.nan_to_num(_on_page(layer).total_bounds, nan=0.0).tolist()
    local = layer.crs is None
    return Grid(
        crs="local" if local else "wgs84",
        west=west,
        south=south,
        east=east,
        north=north,
        step=_STEP_METRES if local else _STEP_DEGREES,
    )


def encode_shapes(layer: gpd.GeoDataFrame, *, grid: Grid) -> dict[str, Any]:
    """Geometries of a layer, by kind: which row a ring belongs to, how many vertices it has, and the steps between them.

    Returns
    -------
    dict
        For each of ``polygon``, ``line`` and ``point`` that occurs: ``rows``, ``sizes`` and ``xy`` (dx, dy, dx, dy, ...;
        the first vertex counted from the origin of the grid). Rings are left open. Exteriors run against the clock,
        holes with it.

    Examples
    --------
    >>> town = gpd.GeoSeries([shapely.box(0, 0, 1, 1)])
    >>> encode_shapes(town, grid=grid_of(town))["polygon"]["sizes"]
    [4]
    """
    shapes = _on_page(layer).geometry.to_numpy()
    parts, rows = shapely.get_parts(shapes, return_index=True)
    kinds = shapely.get_type_id(parts)
    encoded = {}
    for kind in ("polygon", "line", "point"):
        chosen = np.isin(kinds, [key for key, name in _KINDS.items() if name == kind])
        if chosen.any():
            encoded[kind] = _encode_parts(parts[chosen], rows[chosen], kind, grid)
    return encoded


def encode_points(layer: gpd.GeoDataFrame, *, grid: Grid) -> dict[str, Any]:
    """One point inside each geometry of a layer, where a label can stand."""
    inner = _on_page(layer).geometry.representative_point()
    return encode_shapes(gpd.GeoDataFrame(geometry=inner, crs=inner.crs), grid=grid)


def _on_page(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return layer if layer.crs is None else layer.to_crs(_WGS84)


def _encode_parts(
    parts: NDArray[np.object_], rows: NDArray[np.int64], kind: str, grid: Grid
) -> dict[str, Any]:
    rings = parts
    if kind == "polygon":
        rings, at = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
        rows = rows[at]
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if kind == "polygon":
        is_last = np.append(ring[1:] != ring[:-1], True)[: len(ring)]
        xy, ring = xy[~is_last], ring[~is_last]
    whole = np.rint((xy - (grid.west, grid.south)) / grid.step).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return {
        "rows": rows.tolist(),
        "sizes": np.bincount(ring, minlength=len(rings)).tolist(),
        "xy": steps.ravel().tolist(),
    }


def encode_texts(column: pd.Series) -> dict[str, Any]:
    """A column of words as a dictionary and places in it; -1 where there is none.

    Examples
    --------
    >>> encode_texts(pd.Series(["a", None, "a"]))
    {'words': ['a'], 'at': [0, -1, 0]}
    """
    at, words = pd.factorize(column.astype(object).where(column.notna(), None), sort=False)
    return {"words": [str(word) for word in words], "at": at.tolist()}


def encode_numbers(column: pd.Series, *, digits: int = 0) -> list[float | None]:
    """A column of numbers, rounded; ``None`` where a number is not known.

    Examples
    --------
    >>> encode_numbers(pd.Series([1.26, float("nan")]), digits=1)
    [1.3, None]
    """
    values = column.to_numpy(dtype=float, na_value=np.nan).round(digits)
    shown = values.tolist() if digits else [int(v) if np.isfinite(v) else v for v in values]
    return [value if np.isfinite(value) else None for value in shown]


def pack(data: Mapping[str, Any]) -> str:
    """Data as JSON text that stands safely inside a ``script`` element: only letters, digits and a few signs."""
    raw = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    plain = raw.encode("utf-8", errors="replace")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(plain) + deflate.flush()
    return json.dumps({"bytes": len(plain), "deflated": base64.b64encode(packed).decode("ascii")})


def unpack_page(page: str) -> dict[str, Any]:
    """What a page drawn by geoplan carries, read back from its text."""
    found = re.search(r'<script type="application/json" id="geoplan-data">(.*?)</script>', page)
    if found is None:
        msg = "this page carries no data of geoplan"
        raise ValueError(msg)
    packed = json.loads(found.group(1))
    plain = zlib.decompress(base64.b64decode(packed["deflated"]), -15)
    data: dict[str, Any] = json.loads(plain)
    return data
