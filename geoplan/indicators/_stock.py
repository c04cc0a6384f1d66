"""The letters of TD/T 1029: what land a park has, before and after its plan, and what stands on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.model.landuse import group_of
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.words import Message, say

__all__ = ["Stock", "stock_of"]

_FLOORED = ("home", "public", "commerce", "industrial", "mining", "storage", "utility", "special")
_URBAN = (*_FLOORED, "road", "open_green")
_WORKS = ("industrial", "mining", "storage")
_EMPTY = ("reserve", "vacant")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stock:
    """One side of a park, parcel by parcel.

    Attributes
    ----------
    area_m2
        Area of each parcel.
    is_built, is_home, is_works
        Built-up urban land (A), housing (A1), industry, mining and storage (A2).
    is_open
        Urban land not built up (B).
    is_unknown
        Land whose use nobody knows.
    is_supplied, is_idle
        Supplied (D) and idle (G); ``None`` if tenure cannot be told.
    unsure_built_count, unsure_supply_count
        Vacant parcels that may hold a building, and parcels that may be supplied.
    has_floors
        Whether the use goes with buildings.
    floor_m2, footprint_m2
        What stands there; ``None`` if there is no layer of buildings.
    """

    area_m2: pd.Series[float]
    is_built: pd.Series[bool]
    is_home: pd.Series[bool]
    is_works: pd.Series[bool]
    is_open: pd.Series[bool]
    is_unknown: pd.Series[bool]
    is_supplied: pd.Series[bool] | None
    is_idle: pd.Series[bool] | None
    supply_lacks: Message | None
    unsure_built_count: int
    unsure_supply_count: int
    has_floors: pd.Series[bool]
    floor_m2: pd.Series[float]
    footprint_m2: pd.Series[float] | None

    def total(self, rows: pd.Series[bool]) -> float:
        """Area of some parcels [m2]."""
        return float(self.area_m2[rows].sum())


def stock_of(
    park: Park, parcels: gpd.GeoDataFrame, *, changed: pd.Series[bool], rules: Rules
) -> Stock:
    """Read the land of one side: as it is, and where it is changed as the plan has it."""
    use = parcels["use"]
    if changed.any():
        use = parcels["planned_use"].where(changed, use)
    group = use.map(group_of, na_action="ignore").fillna("unknown")
    floor = parcels["existing_floor_area_m2"].astype(float)
    vacant = (parcels["vacant"] == "yes") & ~changed
    is_urban = group.isin(_URBAN)
    is_empty = vacant & (floor == 0)
    is_built = is_urban & ~is_empty
    is_open = group.isin(_EMPTY) | (is_urban & is_empty)
    supplied, unsure, lacks = _supplied(parcels, rules)
    if supplied is not None:
        supplied = (supplied | (changed & is_built)) & (is_built | is_open)
        unsure = unsure & ~changed & (is_built | is_open)
    if changed.any():
        floor = floor.where(~changed, parcels["planned_floor_area_m2"].astype(float))
    return Stock(
        area_m2=parcels["area_m2"],
        is_built=is_built,
        is_home=is_built & (group == "home"),
        is_works=is_built & group.isin(_WORKS),
        is_open=is_open,
        is_unknown=group == "unknown",
        is_supplied=supplied,
        is_idle=None if supplied is None else supplied & is_open,
        supply_lacks=lacks,
        unsure_built_count=int((is_urban & vacant & floor.isna()).sum()),
        unsure_supply_count=int(unsure.sum()),
        has_floors=group.isin(_FLOORED),
        floor_m2=floor,
        footprint_m2=_footprints(park, parcels, changed=changed, rules=rules),
    )


def _supplied(
    parcels: gpd.GeoDataFrame, rules: Rules
) -> tuple[pd.Series[bool] | None, pd.Series[bool], Message | None]:
    """Land that the state has handed over, land of which that is not known, and why it cannot be told."""
    none = pd.Series(data=False, index=parcels.index)
    tenure = parcels.get("tenure_type", pd.Series(index=parcels.index, dtype="str")).astype("str")
    granted = parcels.get("grant_date", pd.Series(index=parcels.index, dtype="object")).notna()
    if not (tenure.notna().any() or granted.any()):
        return None, none, say("intensity.no_tenure")
    words = _tenure_words(rules)
    if words is None:
        return None, none, say("intensity.no_rules")
    plain = tenure.fillna("").str.casefold()
    is_kept, is_given = (_says(plain, words[name]) for name in ("not_supplied", "supplied"))
    supplied = (granted | is_given) & ~is_kept
    return supplied, ~supplied & ~is_kept, None


def _tenure_words(rules: Rules) -> Mapping[str, Sequence[str]] | None:
    """How ``tenure_type`` names land supplied and not; ``None`` if no rule pack says it."""
    if not any("tenure" in pack.data.get("intensity", {}) for pack in rules.packs):
        return None
    words: Mapping[str, Sequence[str]] = rules.data("intensity")["tenure"]
    return words


def _says(texts: pd.Series[str], words: Sequence[str]) -> pd.Series[bool]:
    found = pd.Series(data=False, index=texts.index)
    for word in words:  # a handful
        found |= texts.str.contains(word.casefold(), regex=False)
    return found


def _footprints(
    park: Park, parcels: gpd.GeoDataFrame, *, changed: pd.Series[bool], rules: Rules
) -> pd.Series[float] | None:
    """Ground that buildings cover on each parcel [m2]; by the coverage of the rule packs where the plan builds."""
    today = _standing_footprints(park)
    if today is None or not changed.any():
        return today
    share = {name: number.value for name, number in rules.numbers.items()}
    names = "products." + parcels.loc[changed, "product"].astype("str") + ".coverage_share"
    planned = names.map(share).astype(float) * parcels["area_m2"]
    return today.where(~changed, planned.reindex(today.index))


def _standing_footprints(park: Park) -> pd.Series[float] | None:
    buildings, parcels = park.places("buildings"), park.parcels
    if buildings is None:
        return None
    named = buildings.get("parcel_id", pd.Series(index=buildings.index, dtype="str"))
    at = parcels.index.get_indexer(pd.Index(named))
    shapes = np.asarray(buildings.geometry.values, dtype=object)
    lost = np.flatnonzero((at < 0) & ~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    if len(lost):
        points = shapely.point_on_surface(shapes[lost])
        point, parcel = parcels.sindex.query(points, predicate="intersects", sort=True)
        own, first = np.unique(point, return_index=True)  # on a border: the first parcel
        at[lost[own]] = parcel[first]
    inside = at >= 0
    area = np.nan_to_num(shapely.area(shapes))
    total = np.bincount(at[inside], weights=area[inside], minlength=len(parcels))
    return pd.Series(total, index=parcels.index)
