"""The classes of the national land-use classification of 2023, from ``geoplan/data``."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from geoplan.words import catalogue

__all__ = ["LandUse", "land_uses", "rows_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LandUse:
    """One class of the classification.

    Attributes
    ----------
    code
        Two digits per level.
    level, parent
        1 to 3; the code above it, or ``""``.
    colour
        Official colour, ``#RRGGBB``.
    gb50137
        Codes of GB 50137-2011 that stand for it, and whether each stands for this class only in part.
    """

    code: str
    name_zh: str
    name_en: str
    level: int
    parent: str
    colour: str
    gb50137: tuple[tuple[str, bool], ...]


@cache
def land_uses() -> Mapping[str, LandUse]:
    """Every class by code, in the order of the standard.

    Examples
    --------
    >>> land_uses()["100102"].colour, land_uses()["100102"].parent
    ('#BB9674', '1001')
    """
    return MappingProxyType({row["code"]: _land_use(row) for row in rows_of("landuse_2023.csv")})


def rows_of(name: str) -> list[dict[str, str]]:
    """Rows of one of the tables in ``geoplan/data``."""
    text = (files("geoplan") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _land_use(row: Mapping[str, str]) -> LandUse:
    cell = row["gb50137_2011"]
    is_part = cell.endswith("(part)")
    letters = [code.strip() for code in re.split("[;/]", cell.removesuffix("(part)"))]
    return LandUse(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=catalogue()[f"landuse.{row['code']}"]["en"],
        level=int(row["level"]),
        parent=row["parent"],
        colour=row["hex"],
        gb50137=tuple((code, is_part) for code in letters if code),
    )
