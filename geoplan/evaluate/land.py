"""What the parcels themselves say, as arrays: area, floors, vacancy, and the zone whose mean counts."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.evaluate._arrays import (
    YES,
    Bools,
    Codes,
    Floats,
    Ints,
    floats_of,
    verdict_of,
    verdicts,
)
from geoplan.evaluate._texts import Texts, messages
from geoplan.model.landuse import is_industrial, is_storage, is_vacant_land
from geoplan.model.park import Park
from geoplan.model.schema import UNKNOWN_USE
from geoplan.words import Message

__all__ = ["Land", "Zones", "parcel_of_building", "read_land", "standing_floor"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Land:
    """The parcels, column by column.

    Attributes
    ----------
    area_m2
        Area of the polygon; NaN where it has none.
    floor_area_m2, has_building
        What stands there, and whether anything does.
    is_vacant, months
        What the survey says of vacancy.
    is_open
        Land coded as vacant (2301).
    is_assessed
        Industry, storage, vacant land, and whatever the survey knows to be vacant.
    is_use_unknown
        Land whose use nobody knows.
    is_public
        Whether a public body holds it.
    """

    area_m2: Floats
    floor_area_m2: Floats
    has_building: Codes
    is_vacant: Codes
    months: Floats
    is_open: Bools
    is_assessed: Bools
    is_use_unknown: Bools
    is_public: Codes

    def __len__(self) -> int:
        return len(self.area_m2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zones:
    """The group whose mean counts for each parcel: position in ``names``, -1 for none.

    Attributes
    ----------
    spoken
        Whose mean it is, group by group, and last that of a parcel without a group.
    kind
        What the groups are: ``park``, ``zone``, ``industry`` or ``scale``.
    """

    code: NDArray[np.intp]
    names: tuple[str, ...]
    spoken: tuple[Message, ...]
    kind: str

    def in_words(self) -> Texts:
        """Whose mean counts, parcel by parcel."""
        return messages(self.spoken).take(np.where(self.code < 0, len(self.names), self.code))


def read_land(park: Park) -> Land:
    """The parcels of a park, with the buildings that stand on them."""
    parcels = park.parcels
    use = parcels["use"].astype("str")
    is_vacant = verdict_of(parcels, "is_vacant")
    area = parcels.area.to_numpy()
    floor, has_building = standing_floor(park)
    is_open = is_vacant_land(use).to_numpy(dtype=bool)
    is_plant = (is_industrial(use) | is_storage(use)).to_numpy(dtype=bool)
    return Land(
        area_m2=np.where(area > 0, area, np.nan),
        floor_area_m2=floor,
        has_building=has_building,
        is_vacant=is_vacant,
        months=floats_of(parcels, "vacancy_months"),
        is_open=is_open,
        is_assessed=np.asarray(is_plant | is_open | (is_vacant == YES)),
        is_use_unknown=(use.isna() | (use == UNKNOWN_USE)).to_numpy(dtype=bool),
        is_public=verdict_of(parcels, "is_public"),
    )


def standing_floor(park: Park) -> tuple[Floats, Codes]:
    """Floor area that stands on each parcel [m2], and whether anything does.

    Counted from layer ``buildings`` (a building without ``floor_area_m2`` counts with its footprint times its storeys;
    one that names no parcel stands where its inner point lies), else taken from the parcel's own ``floor_area_m2``.
    """
    own = floats_of(park.parcels, "floor_area_m2")
    buildings = park.places("buildings")
    if buildings is None:
        return own, verdicts(own > 0, own == 0)
    at = parcel_of_building(buildings, park.parcels)
    inside = at >= 0
    floor = floats_of(buildings, "floor_area_m2")
    stacked = buildings.area.to_numpy() * floats_of(buildings, "storey_count")
    floor = np.where(np.isnan(floor), stacked, floor)
    count = len(park.parcels)
    total = np.bincount(at[inside], weights=floor[inside], minlength=count)
    number = np.bincount(at[inside], minlength=count)
    return np.where(np.isnan(total), own, total), verdicts(number > 0, number == 0)


def parcel_of_building(buildings: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> Ints:
    """Position of the parcel each building stands on, -1 where it stands on none."""
    named = buildings.get("parcel_id", pd.Series(index=buildings.index, dtype="str"))
    at: Ints = parcels.index.get_indexer(pd.Index(named)).astype(np.int64)
    lost = np.flatnonzero((at < 0) & ~buildings.geometry.is_empty.to_numpy())
    if len(lost):
        points = buildings.geometry.iloc[lost].representative_point().to_numpy()
        point, parcel = parcels.sindex.query(points, predicate="intersects", sort=True)
        first = np.unique(point, return_index=True)[1]  # on a border: the first parcel
        at[lost[point[first]]] = parcel[first]
    return at
