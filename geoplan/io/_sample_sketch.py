"""The sketch of the made-up town, and the way from its metres to the working CRS and back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoplan.io._sample_shapes import turned

__all__ = ["crs_of_sketch", "from_the_ground", "on_the_ground", "sketch"]

_DECIMALS = 3  # millimetres, as the grid of the shapes


@cache
def sketch() -> Mapping[str, Any]:
    """The sketch of the town as it stands in its file."""
    file = files("geoplan") / "data" / "sample" / "xinshe.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def crs_of_sketch() -> int:
    """EPSG code of the working CRS."""
    return int(sketch()["frame"]["crs"])


def on_the_ground(shapes: Iterable[BaseGeometry]) -> NDArray[np.object_]:
    """Shapes of the sketch, turned and moved into the working CRS, corners on the grid."""
    degrees, about, corner = _frame()
    there = turned(np.asarray(list(shapes), dtype=object), degrees=degrees, about=about)
    result: NDArray[np.object_] = shapely.transform(
        there, lambda xy: np.round(xy + corner, _DECIMALS)
    )
    return result


def from_the_ground(spots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates of the working CRS, moved and turned back into the sketch."""
    degrees, about, corner = _frame()
    back = turned(np.asarray(shapely.points(spots - corner)), degrees=-degrees, about=about)
    return np.asarray(shapely.get_coordinates(back), dtype=float)


def _frame() -> tuple[float, tuple[float, float], NDArray[np.float64]]:
    frame = sketch()["frame"]
    east, north = frame["turn_about_m"]
    return frame["turn_degrees"], (east, north), np.asarray(frame["corner_m"], dtype=float)
