"""Whether coordinates fit a CRS: the arithmetic behind :mod:`geoplan.spatial.crs`."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyproj
from pyproj.exceptions import ProjError

__all__ = [
    "FIRST_MERIDIAN",
    "LAST_MERIDIAN",
    "MARGIN_DEGREES",
    "WGS84",
    "Bounds",
    "are_degrees",
    "area_error_share",
    "centre_of",
    "fits",
    "gauss_kruger",
    "is_inside",
    "prefixed_code",
    "swapped",
]

#: West, south, east, north: x and y as the file has them.
Bounds = tuple[float, float, float, float]

WGS84 = "EPSG:4326"
#: A zone is often used somewhat beyond its edge; further out than this no surveyor would use it.
MARGIN_DEGREES = 5.0
# Further from the equator than this there is no city: coordinates that land there are exchanged.
_LAST_CITY_LATITUDE = 75.0
# CGCS2000, 3-degree Gauss-Kruger: plain eastings by central meridian, prefixed ones by zone; 6-degree by zone.
_FIRST_3_DEGREE, FIRST_MERIDIAN, LAST_MERIDIAN = 4534, 75, 135
_FIRST_PREFIXED, _FIRST_ZONE, _LAST_ZONE = 4513, 25, 45
_FIRST_PREFIXED_6, _FIRST_ZONE_6, _LAST_ZONE_6 = 4491, 13, 23


def swapped(bounds: Bounds) -> Bounds:
    """Bounds with x and y exchanged."""
    west, south, east, north = bounds
    return south, west, north, east


def are_degrees(bounds: Bounds) -> bool:
    """Whether coordinates can be longitude and latitude."""
    west, south, east, north = bounds
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90  # noqa: PLR2004  (the globe)


def centre_of(bounds: Bounds, crs: pyproj.CRS) -> tuple[float, float] | None:
    """Longitude and latitude of the middle, or ``None`` if the CRS cannot hold these coordinates."""
    if not np.isfinite(bounds).all():
        return None
    west, south, east, north = bounds
    eastings = [west, east, west, east, (west + east) / 2]
    northings = [south, south, north, north, (south + north) / 2]
    longitude, latitude = _to_degrees(crs).transform(eastings, northings)
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        return None
    return float(longitude[-1]), float(latitude[-1])


@cache
def _to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)


@cache
def _projection(crs: pyproj.CRS) -> pyproj.Proj:
    return pyproj.Proj(crs)


def fits(bounds: Bounds, crs: pyproj.CRS, margin: float) -> bool:
    """Whether the CRS puts coordinates within ``margin`` degrees of the area it is meant for."""
    if crs.is_projected == are_degrees(bounds):
        return False
    centre = centre_of(bounds, crs)
    if centre is None or abs(centre[1]) > _LAST_CITY_LATITUDE:
        return False
    return is_inside(*centre, crs, margin=margin)


def is_inside(longitude: float, latitude: float, crs: pyproj.CRS, *, margin: float) -> bool:
    """Whether a place lies within ``margin`` degrees of the area that a CRS is meant for."""
    area = crs.area_of_use
    if area is None and (code := crs.to_epsg(min_confidence=25)) is not None:
        area = pyproj.CRS.from_epsg(code).area_of_use
    if area is None:  # a CRS of the file's own making: it is meant for where it keeps areas
        return abs(_areal_scale(crs, longitude, latitude) - 1) <= 0.1 or not crs.is_projected  # noqa: PLR2004
    return (
        area.west - margin <= longitude <= area.east + margin
        or area.west > area.east  # across the date line
    ) and area.south - margin <= latitude <= area.north + margin


def _areal_scale(crs: pyproj.CRS, longitude: float, latitude: float) -> float:
    try:
        return float(_projection(crs).get_factors(longitude, latitude).areal_scale)
    except ProjError:
        return float("inf")


def area_error_share(crs: pyproj.CRS, bounds: Bounds) -> float:
    """By which share areas are wrong in the middle of the bounds."""
    centre = centre_of(bounds, crs)
    if centre is None or not fits(bounds, crs, MARGIN_DEGREES):
        return 0.0  # cannot be told here; ``diagnose`` says that it contradicts
    return abs(_areal_scale(crs, *centre) - 1)


@cache
def gauss_kruger(meridian: int) -> pyproj.CRS:
    """CGCS2000 3-degree zone by its central meridian."""
    return pyproj.CRS.from_epsg(_FIRST_3_DEGREE + (meridian - FIRST_MERIDIAN) // 3)


def prefixed_code(bounds: Bounds) -> int | None:
    """EPSG code of the zone that stands in front of the easting, if one does."""
    zone = int(bounds[0] // 1e6)
    if _FIRST_ZONE <= zone <= _LAST_ZONE:
        return _FIRST_PREFIXED + zone - _FIRST_ZONE
    if _FIRST_ZONE_6 <= zone <= _LAST_ZONE_6:
        return _FIRST_PREFIXED_6 + zone - _FIRST_ZONE_6
    return None
