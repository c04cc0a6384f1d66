"""How far each parcel is from the nearest school, clinic, market, ...: straight, and along the streets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.evaluate._arrays import Floats, strings_of
from geoplan.evaluate._neighbours import EDGE_M, has_shape, shapes_of
from geoplan.model.facilities import are_there
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import columns_of
from geoplan.model.telling import listed
from geoplan.spatial.access import walking_distances
from geoplan.words import Message, say

__all__ = ["Services", "service_distances"]

_PREFIX = "services."
_COLUMNS = tuple(columns_of("services"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Services:
    """Layer ``services`` of the schema: one row per parcel and kind, and what is to be said of it."""

    layer: gpd.GeoDataFrame
    messages: tuple[Message, ...]


def service_distances(park: Park, *, rules: Rules) -> Services:
    """Tell the nearest facility of each kind for each parcel, how far it is, and whether that is near enough.

    Distances run from the parcel's edge. Along the streets the way from the parcel to the nearest point of the nearest
    street counts, at both ends. ``is_near`` compares the way along the streets with the number ``services.KIND`` of
    the rules; just as far is near. Without streets the straight line can only say no: whoever is too far in a straight
    line is too far on foot, whoever is not stays unknown. A kind without a number is unknown.

    Only facilities of the park's own layer count: those outside may be nearer, and what is planned or proposed does not
    count as there.

    Parameters
    ----------
    park
        Reads ``parcels``, ``facilities`` (``kind``, ``status``, ``name``) and, where there are, ``roads``.
    rules
        Numbers ``services.KIND`` [m].

    Returns
    -------
    Services
        Kind by kind in alphabetical order, parcels in the order given; of equally near facilities the lowest id.
    """
    wanted = {name.removeprefix(_PREFIX) for name in rules.numbers if name.startswith(_PREFIX)}
    facilities = park.places("facilities")
    if facilities is None or facilities.empty:
        return Services(layer=_layer(park, []), messages=(say("space.no_facilities"),))
    waits = ~are_there(facilities)
    there = facilities[~waits & has_shape(shapes_of(facilities))].sort_index()
    kinds = sorted(there["kind"].dropna().astype(str).unique())
    straight, walk = _distances(park, there)
    parts = []
    for kind in kinds:  # few kinds, each with its own facilities
        own = (there["kind"] == kind).to_numpy(dtype=bool)
        max_m = rules.value(_PREFIX + kind) if kind in wanted else np.nan
        way = None if walk is None else walk[:, own]
        rows = _nearest(there[own], straight[:, own], way)
        parts.append(_table(park, rows.assign(kind=kind, max_m=max_m)))
    return Services(
        layer=_layer(park, parts),
        messages=_about(kinds, wanted, waits=int(waits.sum()), has_streets=walk is not None),
    )


def _distances(park: Park, there: gpd.GeoDataFrame) -> tuple[Floats, Floats | None]:
    """From each parcel to each facility, straight and along the streets; NaN for a parcel without shape."""
    shapes, targets = shapes_of(park.parcels), shapes_of(there)
    known = has_shape(shapes)
    straight = np.full((len(shapes), len(targets)), np.nan)
    straight[known] = shapely.distance(shapes[known][:, None], targets[None, :])
    roads = park.places("roads")
    if roads is None or roads.empty or not len(targets):
        return straight, None
    walk = np.full(straight.shape, np.nan)
    walk[known] = walking_distances(roads, park.parcels.geometry[known], there.geometry)
    return straight, np.where(straight <= EDGE_M, straight, walk)


def _nearest(own: gpd.GeoDataFrame, straight: Floats, walk: Floats | None) -> pd.DataFrame:
    """The nearest facility of each parcel: along the streets where they lead to one, else in a straight line."""
    walk_m = np.full(len(straight), np.nan) if walk is None else walk.min(axis=1)
    ways = straight if walk is None else np.where(np.isfinite(walk_m)[:, None], walk, straight)
    rounded = np.where(np.isnan(ways), np.inf, np.round(ways / EDGE_M))  # equal ones tie
    first = rounded.argmin(axis=1)
    return pd.DataFrame(
        {
            "facility_id": own.index.to_numpy(dtype=object)[first],
            "facility_name": strings_of(own, "name")[first],
            "straight_m": straight.min(axis=1),
            "walk_m": walk_m,
        }
    )


def _table(park: Park, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one kind as the schema has them."""
    straight_m, walk_m, max_m = rows["straight_m"], rows["walk_m"], rows["max_m"]
    too_far = (straight_m > max_m + EDGE_M) | (walk_m > max_m + EDGE_M)
    is_near = np.where(too_far, "no", np.where(walk_m <= max_m + EDGE_M, "yes", "unknown"))
    known = straight_m.notna()
    rows = rows.assign(
        parcel_id=park.parcels.index.to_numpy(),
        walk_m=walk_m.where(np.isfinite(walk_m)),
        is_near=is_near,
        **{name: rows[name].where(known) for name in ("facility_id", "facility_name")},
    )[list(_COLUMNS)]
    return rows.astype({name: "str" for name in _COLUMNS if not name.endswith("_m")})


def _layer(park: Park, parts: Sequence[pd.DataFrame]) -> gpd.GeoDataFrame:
    if not parts:
        empty = pd.DataFrame({name: pd.Series(dtype="str") for name in _COLUMNS})
        return gpd.GeoDataFrame(empty, geometry=[], crs=park.crs)
    shapes = np.tile(shapes_of(park.parcels), len(parts))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry=shapes, crs=park.crs)


def _about(
    kinds: list[str], wanted: set[str], *, waits: int, has_streets: bool
) -> tuple[Message, ...]:
    told = [say("space.services_own_layer_only")]
    if waits:
        told.append(say("space.services_planned", count=waits))
    if not has_streets:
        told.append(say("space.services_no_streets"))
    if missing := sorted(wanted - set(kinds)):
        told.append(say("space.services_missing", kinds=listed(missing)))
    if unruled := sorted(set(kinds) - wanted):
        told.append(say("space.services_no_number", kinds=listed(unruled)))
    return tuple(told)
