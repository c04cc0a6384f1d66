"""All problems of a park's layers, told at once.

:func:`checked_layers` is the door: it brings tables to the schema and refuses what is broken. :func:`check_park` looks
deeper, at what cannot be seen in one row: overlaps, ledger rows without a parcel, shares above one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from geoplan.errors import CrsError, SchemaError
from geoplan.model._codes import with_national_codes
from geoplan.model._columns import checked_columns
from geoplan.model._coverage import coverage_problems
from geoplan.model._ledger import ledger_problems
from geoplan.model._shapes import checked_shapes
from geoplan.model.answers import Problem
from geoplan.model.schema import LAYERS
from geoplan.model.telling import nearest
from geoplan.spatial.crs import (
    Bounds,
    are_degrees,
    crs_name,
    diagnose,
    looks_like,
    metric_crs_for,
    to_wgs84,
)
from geoplan.words import Message, say

if TYPE_CHECKING:
    from geoplan.model.park import Park

__all__ = ["check_park", "checked_layers"]


def checked_layers(
    layers: Mapping[str, pd.DataFrame],
) -> tuple[dict[str, pd.DataFrame], tuple[Problem, ...]]:
    """Bring the layers of a park to the schema, and refuse what cannot be used.

    Columns get the schema's names (Chinese terms and aliases are known), ids become text and the index, cells get their
    kind, land-use codes are said in the classification of 2023, broken rings are repaired. What a cell cannot be is
    unknown; a row that cannot be drawn or named is set aside; both are told. A layer without rows is left out with a
    note. Columns that the schema does not have stay as they are.

    Parameters
    ----------
    layers
        Tables by layer name; those with geometry all in one projected CRS in metres, or all without CRS (local metres).

    Returns
    -------
    dict, tuple of Problem
        New tables in the order of the schema; the tables given stay as they were.

    Raises
    ------
    SchemaError
        A layer lacks a needed column or holds an id twice; all such problems at once.
    CrsError
        Coordinates are in degrees, feet or Web Mercator, differ between layers, or contradict their CRS.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> parcels = gpd.GeoDataFrame(
    ...     {"ZDDM": [1.0, 2.0], "DLBM": ["100102", "1401"], "landuse_version": "mnr2023"},
    ...     geometry=[shapely.box(500_000 + x, 2_700_000, 500_100 + x, 2_700_100) for x in (0, 100)],
    ...     crs=4548)
    >>> tables, problems = checked_layers({"parcels": parcels})
    >>> tables["parcels"]["use"].to_dict(), problems
    ({'1': '100102', '2': '1401'}, ())
    """
    broken = _unknown_layers(layers)
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name in LAYERS:
        if name not in layers:
            continue
        if not len(layers[name]) and name != "parcels":
            problems.append(_note(name, "empty_layer"))
            continue
        table, told, wrong = _checked_layer(layers[name], name)
        broken += wrong
        problems += told
        if not wrong:
            tables[name] = table
    crs_broken, crs_told = _crs_problems(tables)
    if broken:
        raise SchemaError([*broken, *crs_broken])
    if crs_broken:
        raise CrsError(crs_broken)
    return tables, tuple(problems + crs_told)


def _unknown_layers(layers: Mapping[str, pd.DataFrame]) -> list[Message]:
    unknown = [name for name in layers if name not in LAYERS]
    known = [name for name, layer in LAYERS.items() if layer.stage == "input"]
    return [
        say(
            "check.unknown_layer",
            layer=name,
            near=nearest(name, known),
            known=", ".join(known),
        )
        for name in unknown
    ]


def _note(layer: str, kind: str) -> Problem:
    message = say(f"check.{kind}", layer=layer)
    return Problem(severity="note", layer=layer, kind=kind, message=message)


def _checked_layer(
    table: pd.DataFrame, layer: str
) -> tuple[pd.DataFrame, list[Problem], list[Message]]:
    if not len(table):
        return table, [], [say("check.empty_parcels")]
    wants_shapes = LAYERS[layer].geometry != "none"
    has_shapes = isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None
    if wants_shapes and not has_shapes:
        return table, [], [say("check.no_geometry", layer=layer)]
    if has_shapes and not wants_shapes:
        table = pd.DataFrame(table.drop(columns=table.active_geometry_name))
    elif has_shapes and table.active_geometry_name != "geometry":
        table = gpd.GeoDataFrame(table).rename_geometry("geometry")
    named = checked_columns(table, layer)
    problems = list(named.problems)
    if named.broken:
        return named.table, problems, list(named.broken)
    result = named.table
    if layer == "parcels":
        result, told = with_national_codes(result)
        problems += told
    if wants_shapes:
        shapes = checked_shapes(gpd.GeoDataFrame(result, crs=table.crs), layer)
        return shapes.table, [*problems, *shapes.problems], list(shapes.broken)
    return result, problems, []


def _crs_problems(tables: Mapping[str, pd.DataFrame]) -> tuple[list[Message], list[Problem]]:
    """One CRS for all, in metres, that its coordinates do not contradict."""
    places = {n: table for n, table in tables.items() if isinstance(table, gpd.GeoDataFrame)}
    if not places:
        return [], []
    reference_layer = "parcels" if "parcels" in places else next(iter(places))
    reference = places[reference_layer].crs
    broken: list[Message] = []
    for name, table in places.items():
        if table.crs != reference:
            broken.append(
                say(
                    "park.mixed_crs", layer=name, own=crs_name(table.crs), other=crs_name(reference)
                )
            )
        else:
            broken += _crs_problem(name, _bounds(table), table.crs)
    if broken or (reference is not None and not reference.is_engineering):
        return broken, []
    return [], [_note(reference_layer, "local_metres")]


def _bounds(table: gpd.GeoDataFrame) -> Bounds:
    west, south, east, north = (float(value) for value in table.total_bounds)
    return west, south, east, north


def _crs_problem(layer: str, bounds: Bounds, crs: pyproj.CRS | None) -> list[Message]:
    if not np.isfinite(bounds).all():
        return []
    found = diagnose(bounds, crs)
    if found.state == "missing":  # local metres, unless they are degrees
        return [found.told(layer)] if are_degrees(bounds) else []
    if found.state == "contradicts":
        return [found.told(layer)]
    if found.kind in {"metric", "local"}:
        return []
    centre = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    place = to_wgs84(gpd.GeoDataFrame(geometry=gpd.points_from_xy(*zip(centre), crs=crs)))
    fitting = metric_crs_for(place.geometry.x.iloc[0], place.geometry.y.iloc[0])
    return [
        say(
            f"check.crs_in_{found.kind}",
            layer=layer,
            crs=crs_name(crs),
            looks=looks_like(bounds),
            fitting=crs_name(fitting),
            code=fitting.to_epsg(),
        )
    ]


def check_park(park: Park) -> tuple[Problem, ...]:
    """Look for what cannot be seen in one row.

    Identical parcels, overlaps and slivers; areas of the documents that differ from the polygons; ledger rows without a
    parcel and parcels without a row; shares above one; taxes above revenue. Nothing is changed.
    """
    return (*coverage_problems(park.parcels), *ledger_problems(park.layers))
