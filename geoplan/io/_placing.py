"""All layers in one CRS in metres: what each file's coordinates are, and what was done with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geoplan.errors import CrsError
from geoplan.io.sources import LOCAL_METRES
from geoplan.model.answers import Problem
from geoplan.spatial.crs import (
    Bounds,
    Diagnosis,
    are_degrees,
    crs_name,
    diagnose,
    kind_of_crs,
    looks_like,
    metric_crs_for,
    to_wgs84,
)
from geoplan.words import Message, say

__all__ = ["Placed", "placed_tables"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A table of a layer, with what the source file says of its coordinates."""

    layer: str
    table: pd.DataFrame
    said_crs: str | None = None
    swap_axes: bool = False


def placed_tables(
    tables: Sequence[Placed], *, working_crs: str | None
) -> tuple[list[tuple[str, pd.DataFrame]], list[Problem]]:
    """Bring every table with shapes into the working CRS.

    Raises
    ------
    CrsError
        Coordinates have no CRS or contradict it, and the source file does not say what they are; of all layers at once.
    """
    problems: list[Problem] = []
    broken: list[Message] = []
    known: list[tuple[str, pd.DataFrame]] = []
    for one in tables:
        table = one.table
        if isinstance(table, gpd.GeoDataFrame) and len(table):
            table, wrong = _with_true_crs(one, table, problems)
            broken += wrong
        known.append((one.layer, table))
    if broken:
        raise CrsError(broken)
    working = _working_crs(known, working_crs)
    brought = [
        (n, _brought(n, t, working, problems) if isinstance(t, gpd.GeoDataFrame) else t)
        for n, t in known
    ]
    return brought, problems


def _bounds(table: gpd.GeoDataFrame) -> Bounds:
    """Bounds of those shapes whose coordinates are finite; the others are told by the checks."""
    each = table.geometry.bounds.to_numpy()
    each = each[np.isfinite(each).all(axis=1)]
    if not len(each):
        return (np.nan,) * 4
    west, south = each[:, :2].min(axis=0)
    east, north = each[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _with_true_crs(
    one: Placed, table: gpd.GeoDataFrame, problems: list[Problem]
) -> tuple[gpd.GeoDataFrame, list[Message]]:
    if one.swap_axes:
        shapes = shapely.transform(table.geometry.array, lambda xy: xy[:, ::-1])
        table = table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))
        problems.append(_problem("note", one.layer, "axes_swapped"))
    bounds = _bounds(table)
    if not np.isfinite(bounds).all():
        return table, []
    if one.said_crs == LOCAL_METRES:
        return _as_local(one.layer, table, bounds, problems)
    declared = diagnose(bounds, table.crs)
    if one.said_crs is None:
        return table, [] if declared.state == "fits" else [declared.told(one.layer)]
    return _as_said(one, table, declared, problems)


def _as_said(
    one: Placed, table: gpd.GeoDataFrame, declared: Diagnosis, problems: list[Problem]
) -> tuple[gpd.GeoDataFrame, list[Message]]:
    """Take the CRS of the source file where the coordinates fit it, else the declared one where they fit that."""
    said = pyproj.CRS.from_user_input(one.said_crs)
    found = diagnose(declared.bounds, said)
    names = {"declared": crs_name(table.crs), "said": crs_name(said)}
    if found.state != "fits":
        if declared.state != "fits":
            return table, [found.told(one.layer)]
        problems.append(_problem("note", one.layer, "declared_crs_used", **names))
        return table, []
    if table.crs is not None and table.crs != said:
        kind = "prj_contradicts" if declared.state == "contradicts" else "prj_replaced"
        looks = looks_like(declared.bounds)
        problems.append(_problem("warning", one.layer, kind, looks=looks, **names))
    return table.set_crs(said, allow_override=True), []


def _as_local(
    layer: str, table: gpd.GeoDataFrame, bounds: Bounds, problems: list[Problem]
) -> tuple[gpd.GeoDataFrame, list[Message]]:
    if are_degrees(bounds):
        return table, [say("read.local_in_degrees", layer=layer, looks=looks_like(bounds))]
    if table.crs is not None:
        problems.append(_problem("note", layer, "local_metres", declared=crs_name(table.crs)))
    return table.set_crs(None, allow_override=True), []


def _working_crs(known: Sequence[tuple[str, pd.DataFrame]], asked: str | None) -> pyproj.CRS | None:
    places = [
        (n, table) for n, table in known if isinstance(table, gpd.GeoDataFrame) and len(table)
    ]
    places.sort(key=lambda place: place[0] != "parcels")
    if not places or places[0][1].crs is None or places[0][1].crs.is_engineering:
        return None
    table = places[0][1]
    own_crs: pyproj.CRS = table.crs
    bounds = _bounds(table)
    if not np.isfinite(bounds).all():
        return own_crs
    corners = gpd.GeoDataFrame(geometry=[shapely.box(*bounds)], crs=table.crs)
    west, south, east, north = _bounds(to_wgs84(corners))
    local = metric_crs_for((west + east) / 2, (south + north) / 2)
    if asked is not None and asked != LOCAL_METRES:
        working = pyproj.CRS.from_user_input(asked)
        if kind_of_crs(working, _bounds(corners.to_crs(working))) != "metric":
            raise CrsError(
                [say("read.working_crs", asked=crs_name(working), fitting=crs_name(local))]
            )
        return working
    return own_crs if diagnose(bounds, own_crs).kind == "metric" else local


def _brought(
    layer: str, table: gpd.GeoDataFrame, working: pyproj.CRS | None, problems: list[Problem]
) -> gpd.GeoDataFrame:
    if table.crs is None or table.crs == working:
        return table
    if working is None:
        return _without_engineering_crs(table)
    measured = say(f"read.crs_{diagnose(_bounds(table), table.crs).kind}")
    problems.append(
        _problem(
            "note",
            layer,
            "reprojected",
            own=crs_name(table.crs),
            measured=measured,
            working=crs_name(working),
        )
    )
    return table.to_crs(working)


def _without_engineering_crs(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table.set_crs(None, allow_override=True) if table.crs.is_engineering else table


def _problem(severity: str, layer: str, kind: str, **values: object) -> Problem:
    message = say(f"read.{kind}", layer=layer, **values)
    return Problem(severity=severity, layer=layer, kind=kind, message=message)
