"""Which coordinates these are, and whether they fit what the file says.

Areas and distances are computed in one projected CRS in metres. Files come in degrees, feet, Web Mercator, with axes
exchanged, with the zone number in front of the easting, or with a declared CRS that their own coordinates contradict.
Each is recognised here; none is put right by guessing. Axes are always x = east, y = north.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import geopandas as gpd
import numpy as np
import pyproj
from pyproj.exceptions import ProjError

from geoplan.errors import CrsError
from geoplan.words import Message, join, say

__all__ = [
    "Bounds",
    "Candidate",
    "Diagnosis",
    "are_degrees",
    "crs_name",
    "diagnose",
    "kind_of_crs",
    "looks_like",
    "metric_crs_for",
    "to_wgs84",
]

#: West, south, east, north: x and y as the file has them.
Bounds = tuple[float, float, float, float]
CrsKind = Literal["metric", "degrees", "feet", "distorted", "local"]

WGS84 = "EPSG:4326"
# A zone is often used somewhat beyond its edge; further out than this no surveyor would use it.
_MARGIN_DEGREES = 5.0
_NARROW_MARGIN_DEGREES = 0.5
# Further from the equator than this there is no city: coordinates that land there are exchanged.
_LAST_CITY_LATITUDE = 75.0
# A metric CRS in use where it was made for keeps areas within 0.5 %; Web Mercator is 21 % off in Fujian.
_AREA_TOLERANCE_SHARE = 0.01
# CGCS2000, 3-degree Gauss-Kruger: plain eastings by central meridian, prefixed ones by zone; 6-degree by zone.
_FIRST_3_DEGREE, _FIRST_MERIDIAN, _LAST_MERIDIAN = 4534, 75, 135
_FIRST_PREFIXED, _FIRST_ZONE, _LAST_ZONE = 4513, 25, 45
_FIRST_PREFIXED_6, _FIRST_ZONE_6, _LAST_ZONE_6 = 4491, 13, 23


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A CRS in which the coordinates would make sense, and where they would be."""

    crs: str
    is_swapped: bool
    longitude: float
    latitude: float

    @property
    def told(self) -> Message:
        """The candidate in words."""
        key = "check.crs_candidate_swapped" if self.is_swapped else "check.crs_candidate"
        return say(
            key,
            crs=self.crs,
            longitude=self.longitude,
            latitude=self.latitude,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Whether coordinates fit their CRS.

    Attributes
    ----------
    state
        ``fits``, ``missing`` (no CRS is declared) or ``contradicts``.
    kind
        What sort of CRS is declared: ``metric``, ``degrees``, ``feet``, ``distorted`` (metres, but areas are wrong by
        more than 1 % here, as in Web Mercator) or ``local`` (metres of no place on Earth).
    bounds, declared
        What was looked at.
    """

    state: Literal["fits", "missing", "contradicts"]
    kind: CrsKind
    bounds: Bounds
    declared: pyproj.CRS | None

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every common CRS that would fit, if the declared one does not."""
        return () if self.state == "fits" else tuple(_candidates(self.bounds, self.declared))

    def told(self, layer: str) -> Message:
        """What is wrong with the coordinates of a layer, what would fit, and how to say so."""
        if self.state == "missing":
            return say(
                "check.crs_missing", layer=layer, looks=looks_like(self.bounds), fitting=self._fit()
            )
        return say(
            "check.crs_contradicts",
            layer=layer,
            declared=crs_name(self.declared),
            looks=looks_like(self.bounds),
            fitting=self._fit(),
        )

    def _fit(self) -> Message:
        candidates = self.candidates
        if not candidates:
            return say("check.crs_no_candidate")
        return say(
            "check.crs_candidates",
            candidates=join([candidate.told for candidate in candidates]),
            crs=candidates[0].crs if len(candidates) == 1 else "EPSG:....",
        )


def diagnose(bounds: Bounds, crs: pyproj.CRS | None) -> Diagnosis:
    """Tell whether coordinates fit the CRS that their file declares.

    A CRS fits if it puts the coordinates within 5 degrees of the area it is meant for.

    Parameters
    ----------
    bounds
        Smallest and largest x and y, as the file has them.
    crs
        What the file declares.

    Returns
    -------
    Diagnosis
        With the kind of CRS, and every CRS that would fit where the declared one does not.

    Examples
    --------
    Metres that claim to be degrees:

    >>> found = diagnose((532_189, 2_545_681, 533_924, 2_547_982), pyproj.CRS(4326))
    >>> found.state, "EPSG:4547" in [candidate.crs for candidate in found.candidates]
    ('contradicts', True)
    """
    kind = kind_of_crs(crs, bounds)
    if crs is not None and kind == "local":
        state: Literal["fits", "missing", "contradicts"] = "fits"
    elif crs is None:
        state = "missing"
    else:
        state = "fits" if _fits(bounds, crs, _MARGIN_DEGREES) else "contradicts"
    return Diagnosis(state=state, kind=kind, bounds=bounds, declared=crs)


def kind_of_crs(crs: pyproj.CRS | None, bounds: Bounds) -> CrsKind:
    """Tell whether a CRS measures in metres, degrees or feet, or in metres that areas cannot be taken from here."""
    if crs is None or crs.is_engineering:
        return "local"
    if not crs.is_projected:
        return "degrees"
    if abs(crs.axis_info[0].unit_conversion_factor - 1) > 1e-9:  # noqa: PLR2004  (not metres)
        return "feet"
    if crs.to_epsg() == 3857 or _area_error_share(crs, bounds) > _AREA_TOLERANCE_SHARE:  # noqa: PLR2004  (Web Mercator)
        return "distorted"
    return "metric"


def metric_crs_for(longitude: float, latitude: float) -> pyproj.CRS:
    """Choose a CRS in metres for a place: the CGCS2000 3-degree zone in China, elsewhere the UTM zone.

    Examples
    --------
    >>> metric_crs_for(117.65, 24.5).to_epsg(), metric_crs_for(-73.9, 40.7).to_epsg()
    (4548, 32618)
    """
    meridian = 3 * round(longitude / 3)
    if _FIRST_MERIDIAN <= meridian <= _LAST_MERIDIAN:
        zone = _gauss_kruger(meridian)
        if _inside(longitude, latitude, zone, margin=0.0):
            return zone
    number = min(int((longitude + 180) // 6) + 1, 60)
    return pyproj.CRS.from_epsg((32600 if latitude >= 0 else 32700) + number)


def to_wgs84(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bring a layer to longitude and latitude (EPSG:4326), x = longitude.

    Raises
    ------
    CrsError
        The layer is in local metres: it has no place on Earth.
    """
    if places.crs is None or places.crs.is_engineering:
        raise CrsError([say("check.crs_local_has_no_place")])
    return places.to_crs(WGS84)


def crs_name(crs: pyproj.CRS | None) -> str:
    """Code and name of a CRS, for a sentence."""
    if crs is None:
        return "-"
    authority = crs.to_authority(min_confidence=70)
    return f"{':'.join(authority)} ({crs.name})" if authority else str(crs.name)


def looks_like(bounds: Bounds) -> Message:
    """What coordinates look like to a surveyor."""
    west, south, east, north = bounds
    if are_degrees(bounds):
        key = "check.looks_degrees"
    elif are_degrees(_swapped(bounds)):
        key = "check.looks_degrees_swapped"
    elif _prefixed_code(bounds):
        key = "check.looks_prefixed"
    elif _prefixed_code(_swapped(bounds)) or (abs(west) > 1e6 > abs(south) > 1e5):  # noqa: PLR2004  (northing in front)
        key = "check.looks_swapped"
    else:
        key = "check.looks_metres"
    return say(key, west=west, south=south, east=east, north=north, zone=int(west // 1e6))


def _swapped(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    return south, west, north, east


def are_degrees(bounds: Bounds) -> bool:
    """Whether coordinates can be longitude and latitude."""
    west, south, east, north = bounds
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90  # noqa: PLR2004  (the globe)


def _corners(bounds: Bounds) -> tuple[Sequence[float], Sequence[float]]:
    west, south, east, north = bounds
    return (west, east, west, east, (west + east) / 2), (
        south,
        south,
        north,
        north,
        (south + north) / 2,
    )


def _centre(bounds: Bounds, crs: pyproj.CRS) -> tuple[float, float] | None:
    """Longitude and latitude of the middle, or ``None`` if the CRS cannot hold these coordinates."""
    if not np.isfinite(bounds).all():
        return None
    longitude, latitude = _to_degrees(crs).transform(*_corners(bounds))
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        return None
    return float(longitude[-1]), float(latitude[-1])


@cache
def _to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)


@cache
def _projection(crs: pyproj.CRS) -> pyproj.Proj:
    return pyproj.Proj(crs)


def _fits(bounds: Bounds, crs: pyproj.CRS, margin: float) -> bool:
    if crs.is_projected == are_degrees(bounds):
        return False
    centre = _centre(bounds, crs)
    if centre is None or abs(centre[1]) > _LAST_CITY_LATITUDE:
        return False
    return _inside(*centre, crs, margin=margin)


def _inside(longitude: float, latitude: float, crs: pyproj.CRS, *, margin: float) -> bool:
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


def _area_error_share(crs: pyproj.CRS, bounds: Bounds) -> float:
    centre = _centre(bounds, crs)
    if centre is None or not _fits(bounds, crs, _MARGIN_DEGREES):
        return 0.0  # cannot be told here; ``diagnose`` says that it contradicts
    return abs(_areal_scale(crs, *centre) - 1)


@cache
def _gauss_kruger(meridian: int) -> pyproj.CRS:
    return pyproj.CRS.from_epsg(_FIRST_3_DEGREE + (meridian - _FIRST_MERIDIAN) // 3)


def _prefixed_code(bounds: Bounds) -> int | None:
    """EPSG code of the zone that stands in front of the easting, if one does."""
    zone = int(bounds[0] // 1e6)
    if _FIRST_ZONE <= zone <= _LAST_ZONE:
        return _FIRST_PREFIXED + zone - _FIRST_ZONE
    if _FIRST_ZONE_6 <= zone <= _LAST_ZONE_6:
        return _FIRST_PREFIXED_6 + zone - _FIRST_ZONE_6
    return None


def _candidates(bounds: Bounds, declared: pyproj.CRS | None) -> Iterator[Candidate]:
    for is_swapped, seen in ((False, bounds), (True, _swapped(bounds))):
        codes = list(_codes_that_may_fit(seen))
        if is_swapped and declared is not None and _fits(seen, declared, _NARROW_MARGIN_DEGREES):
            codes = [code for code in (declared.to_epsg(),) if code is not None]
        for code in codes:
            crs = pyproj.CRS.from_epsg(code)
            centre = _centre(seen, crs)
            if centre is not None and _fits(seen, crs, _NARROW_MARGIN_DEGREES):
                yield Candidate(
                    crs=f"EPSG:{code}",
                    is_swapped=is_swapped,
                    longitude=round(centre[0], 4),
                    latitude=round(centre[1], 4),
                )


def _codes_that_may_fit(bounds: Bounds) -> Iterator[int]:
    if are_degrees(bounds):
        yield 4326
        return
    prefixed = _prefixed_code(bounds)
    if prefixed is not None:
        yield prefixed
        return
    west, south, east, north = bounds
    if 2e5 < west <= east < 8e5 and 1.9e6 < south <= north < 6e6:  # noqa: PLR2004  (eastings and northings of China)
        zones = (_gauss_kruger(m) for m in range(_FIRST_MERIDIAN, _LAST_MERIDIAN + 1, 3))
        yield from (code for zone in zones if (code := zone.to_epsg()))
