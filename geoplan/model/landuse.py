"""The national land-use classification of 2023: codes, names, official colours, groups, and ways into it.

All of it comes from tables in ``geoplan/data`` (see the README there for their sources).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from geoplan.model._landuse_codes import LANDUSE_VERSIONS, LandUseVersion, to_mnr2023
from geoplan.model._landuse_table import LandUse, land_uses, rows_of
from geoplan.model.schema import UNKNOWN_USE
from geoplan.words import Language, catalogue

__all__ = [
    "LANDUSE_VERSIONS",
    "UNKNOWN_COLOUR",
    "LandUse",
    "LandUseVersion",
    "colour_of",
    "group_of",
    "is_home",
    "is_industrial",
    "is_open_green",
    "is_road",
    "is_storage",
    "is_vacant_land",
    "is_water",
    "land_uses",
    "level2_of",
    "name_of",
    "to_mnr2023",
]

#: Colour of land whose use is not known: a grey of our own, darker than every official grey, so that it stands out.
UNKNOWN_COLOUR = "#6E6E6E"


def name_of(code: str, language: Language) -> str:
    """Name of a class; of anything else, the words for an unknown use.

    Examples
    --------
    >>> name_of("1401", "en"), name_of("unknown", "en")
    ('parks', 'use unknown')
    """
    return catalogue()[f"landuse.{code if code in land_uses() else UNKNOWN_USE}"][language]


def colour_of(code: str) -> str:
    """Official colour of a class; of anything else :data:`UNKNOWN_COLOUR`.

    Examples
    --------
    >>> colour_of("0701"), colour_of("unknown")
    ('#FFFF2D', '#6E6E6E')
    """
    return land_uses()[code].colour if code in land_uses() else UNKNOWN_COLOUR


@cache
def _groups() -> Mapping[str, str]:
    return {row["prefix"]: row["group"] for row in rows_of("landuse_groups.csv")}


@cache
def group_of(code: str) -> str:
    """Group of uses that geoplan treats alike (``data/landuse_groups.csv``): the group of its longest listed prefix.

    A class of the first level counts with its main use: 07 is homes, 10 industry, 14 open green.

    Examples
    --------
    >>> [group_of(code) for code in ("100102", "1002", "0702", "2301", "unknown")]
    ['industrial', 'mining', 'public', 'vacant', 'unknown']
    """
    if code not in land_uses():
        return UNKNOWN_USE
    return next(_groups()[code[:n]] for n in (6, 4, 2) if code[:n] in _groups())


def _in_group(codes: pd.Series[str], group: str) -> pd.Series[bool]:
    members = [code for code in land_uses() if group_of(code) == group]
    return codes.isin(members)


def is_industrial(codes: pd.Series[str]) -> pd.Series[bool]:
    """Industry: 1001 and its grades (and 10, where a file says no more); not mining and salt pans."""
    return _in_group(codes, "industrial")


def is_storage(codes: pd.Series[str]) -> pd.Series[bool]:
    """Storage: 11 and all below."""
    return _in_group(codes, "storage")


def is_home(codes: pd.Series[str]) -> pd.Series[bool]:
    """Homes: 07, 0701 and 0703 with their grades; not the community services 0702 and 0704."""
    return _in_group(codes, "home")


def is_open_green(codes: pd.Series[str]) -> pd.Series[bool]:
    """Green and open space: 14, 1401 parks, 1402 protective green belts, 1403 squares."""
    return _in_group(codes, "open_green")


def is_water(codes: pd.Series[str]) -> pd.Series[bool]:
    """Inland water: 17 and all below."""
    return _in_group(codes, "water")


def is_road(codes: pd.Series[str]) -> pd.Series[bool]:
    """Transport land: 12 and all below."""
    return _in_group(codes, "road")


def is_vacant_land(codes: pd.Series[str]) -> pd.Series[bool]:
    """Land coded as vacant: 2301."""
    return _in_group(codes, "vacant")


def level2_of(codes: pd.Series[str]) -> pd.Series[str]:
    """Class of the second level that each code belongs to; a code of the first level, or unknown, stays as it is.

    Examples
    --------
    >>> level2_of(pd.Series(["100102", "1401", "14", "unknown"])).tolist()
    ['1001', '1401', '14', 'unknown']
    """
    return codes.where(codes == UNKNOWN_USE, codes.str[:4])
