"""Which coordinates these are, and whether they fit what the file says.

Areas and distances are computed in one projected CRS in metres. Files come in degrees, feet, Web Mercator, with axes
exchanged, with the zone number in front of the easting, or with a declared CRS that their own coordinates contradict.
Each is recognised here; none is put right by guessing. Axes are always x = east, y = north.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import pyproj

from geoplan.errors import CrsError
from geoplan.spatial._crs_fit import (
    FIRST_MERIDIAN,
    LAST_MERIDIAN,
    MARGIN_DEGREES,
    WGS84,
    Bounds,
    are_degrees,
    area_error_share,
    centre_of,
    fits,
    gauss_kruger,
    is_inside,
    prefixed_code,
    swapped,
)
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

CrsKind = Literal["metric", "degrees", "feet", "distorted", "local"]

_NARROW_MARGIN_DEGREES = 0.5
# A declared CRS of a smaller area says at least where on Earth to look.
_WIDEST_HINT_DEGREES = 30.0
# A metric CRS in use where it was made for keeps areas within 0.5 %; Web Mercator is 21 % off in Fujian.
_AREA_TOLERANCE_SHARE = 0.01


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
        state = "fits" if fits(bounds, crs, MARGIN_DEGREES) else "contradicts"
    return Diagnosis(state=state, kind=kind, bounds=bounds, declared=crs)


def kind_of_crs(crs: pyproj.CRS | None, bounds: Bounds) -> CrsKind:
    """Tell whether a CRS measures in metres, degrees or feet, or in metres that areas cannot be taken from here."""
    if crs is None or crs.is_engineering:
        return "local"
    if not crs.is_projected:
        return "degrees"
    if abs(crs.axis_info[0].unit_conversion_factor - 1) > 1e-9:  # noqa: PLR2004  (not metres)
        return "feet"
    if crs.to_epsg() == 3857 or area_error_share(crs, bounds) > _AREA_TOLERANCE_SHARE:  # noqa: PLR2004  (Web Mercator)
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
    if FIRST_MERIDIAN <= meridian <= LAST_MERIDIAN:
        zone = gauss_kruger(meridian)
        if is_inside(longitude, latitude, zone, margin=0.0):
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
    elif are_degrees(swapped(bounds)):
        key = "check.looks_degrees_swapped"
    elif prefixed_code(bounds):
        key = "check.looks_prefixed"
    elif prefixed_code(swapped(bounds)) or (abs(west) > 1e6 > abs(south) > 1e5):  # noqa: PLR2004  (northing in front)
        key = "check.looks_swapped"
    else:
        key = "check.looks_metres"
    told = (west, south, east, north) if "degrees" in key else tuple(map(round, bounds))
    names = ("west", "south", "east", "north")
    return say(key, **dict(zip(names, told, strict=True)), zone=int(west // 1e6))


def _candidates(bounds: Bounds, declared: pyproj.CRS | None) -> Iterator[Candidate]:
    for is_swapped, seen in ((False, bounds), (True, swapped(bounds))):
        codes = list(_codes_that_may_fit(seen, declared))
        if is_swapped and declared is not None and fits(seen, declared, _NARROW_MARGIN_DEGREES):
            codes = [code for code in (declared.to_epsg(),) if code is not None]
        for code in codes:
            crs = pyproj.CRS.from_epsg(code)
            centre = centre_of(seen, crs)
            if centre is not None and fits(seen, crs, _NARROW_MARGIN_DEGREES):
                yield Candidate(
                    crs=f"EPSG:{code}",
                    is_swapped=is_swapped,
                    longitude=round(centre[0], 4),
                    latitude=round(centre[1], 4),
                )


def _codes_that_may_fit(bounds: Bounds, declared: pyproj.CRS | None) -> Iterator[int]:
    if are_degrees(bounds):
        yield 4326
        return
    prefixed = prefixed_code(bounds)
    if prefixed is not None:
        yield prefixed
        return
    area = None if declared is None else declared.area_of_use
    if declared is not None and area is not None and area.east - area.west < _WIDEST_HINT_DEGREES:
        local = metric_crs_for((area.west + area.east) / 2, (area.south + area.north) / 2)
        centre = centre_of(bounds, local)
        if centre is not None and is_inside(*centre, declared, margin=0.0):
            yield local.to_epsg() or 0
            return
    west, south, east, north = bounds
    if 2e5 < west <= east < 8e5 and 1.9e6 < south <= north < 6e6:  # noqa: PLR2004  (eastings and northings of China)
        yield from _zones_of_china(bounds)


def _zones_of_china(bounds: Bounds) -> Iterator[int]:
    """Zones whose part of China holds the coordinates: every zone puts them equally far from its own meridian."""
    first = centre_of(bounds, gauss_kruger(FIRST_MERIDIAN))
    if first is None:
        return
    for meridian in range(FIRST_MERIDIAN, LAST_MERIDIAN + 1, 3):
        zone = gauss_kruger(meridian)
        longitude = first[0] + meridian - FIRST_MERIDIAN
        if is_inside(longitude, first[1], zone, margin=_NARROW_MARGIN_DEGREES):
            yield zone.to_epsg() or 0
