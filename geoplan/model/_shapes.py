"""Geometry of one layer: what cannot be used is set aside, broken rings are repaired in memory, and all of it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoplan.model.answers import Problem
from geoplan.model.schema import LAYERS
from geoplan.model.telling import listed, shown
from geoplan.words import Message, say

__all__ = ["MOST_TOLD", "CheckedShapes", "checked_shapes"]

#: How many rows of one sort are told one by one; the rest is told in one sentence.
MOST_TOLD = 100

Mask = NDArray[np.bool_]
_TYPES = {"point": (0, 4), "line": (1, 2, 5), "polygon": (3, 6)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckedShapes:
    """A layer whose every row can be drawn; ``broken`` says why there is none."""

    table: gpd.GeoDataFrame
    problems: tuple[Problem, ...]
    broken: tuple[Message, ...] = ()


def checked_shapes(table: gpd.GeoDataFrame, layer: str) -> CheckedShapes:
    """Check and repair the geometry of one layer.

    Heights and measures are dropped with a note. A row without geometry, with coordinates that are no numbers or with a
    geometry of the wrong sort is set aside with a warning. An invalid ring is repaired as the areas it encloses, told
    with its area before and after. The table given stays as it is.
    """
    shapes = np.asarray(table.geometry.array)
    problems: list[Problem] = []
    shapes = _flat(shapes, layer, problems)
    wanted = LAYERS[layer].geometry
    if wanted == "polygon":
        shapes = _areas_of_collections(shapes, table, layer, problems)
    reasons = _reasons_to_set_aside(shapes, wanted)
    leaving = np.zeros(len(table), dtype=bool)
    for kind, mask in reasons.items():
        rows = mask & ~leaving
        leaving |= mask
        problems += _one_for_all(rows, table, layer, kind)
    shapes = _repaired(shapes, ~leaving, table, layer, problems)
    collapsed = ~leaving & shapely.is_empty(shapes)
    problems += _one_for_all(collapsed, table, layer, "no_area")
    leaving |= collapsed
    kept = table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))[~leaving]
    if leaving.any() and not len(kept):
        found = ", ".join(sorted({str(name) for name in table.geom_type.dropna().unique()})) or "-"
        broken = say(
            "check.no_usable_shape", layer=layer, wanted=say(f"check.shape_{wanted}"), found=found
        )
        return CheckedShapes(table=kept, problems=(), broken=(broken,))
    return CheckedShapes(table=kept, problems=tuple(problems))


def _flat(shapes: NDArray[np.object_], layer: str, problems: list[Problem]) -> NDArray[np.object_]:
    has_height = shapely.has_z(shapes) | shapely.has_m(shapes)
    if not has_height.any():
        return shapes
    message = say("check.heights_dropped", layer=layer, count=int(has_height.sum()))
    problems.append(Problem(severity="note", layer=layer, kind="heights_dropped", message=message))
    return shapely.force_2d(shapes)


def _areas_of_collections(
    shapes: NDArray[np.object_], table: gpd.GeoDataFrame, layer: str, problems: list[Problem]
) -> NDArray[np.object_]:
    is_collection = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    if not is_collection.any():
        return shapes
    shapes = shapes.copy()
    for i in np.flatnonzero(is_collection):  # few rows: each has its own parts
        parts = shapely.get_parts(shapes[i])
        areas = parts[np.isin(shapely.get_type_id(parts), _TYPES["polygon"])]
        if len(areas):
            shapes[i] = shapely.union_all(shapely.make_valid(areas, method="structure"))
            problems.append(_problem(table, layer, int(i), "collection", geometry=shapes[i]))
    return shapes


def _reasons_to_set_aside(shapes: NDArray[np.object_], wanted: str) -> dict[str, Mask]:
    is_missing = shapely.is_missing(shapes)
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    not_finite = np.zeros(len(shapes), dtype=bool)
    not_finite[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    types = shapely.get_type_id(shapes)
    wrong_type = ~np.isin(types, _TYPES[wanted]) if wanted in _TYPES else types > 7  # noqa: PLR2004  (curves)
    return {
        "no_shape": is_missing | (shapely.is_empty(shapes) & ~is_missing),
        "broken_coordinates": not_finite,
        "wrong_shape": wrong_type & ~is_missing,
    }


def _repaired(
    shapes: NDArray[np.object_],
    usable: Mask,
    table: gpd.GeoDataFrame,
    layer: str,
    problems: list[Problem],
) -> NDArray[np.object_]:
    is_area = usable & np.isin(shapely.get_type_id(shapes), _TYPES["polygon"])
    invalid = is_area & ~shapely.is_valid(shapes)
    if not invalid.any():
        return shapes
    shapes = shapes.copy()
    before = shapely.area(shapes)
    reasons = shapely.is_valid_reason(shapes[invalid])
    shapes[invalid] = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
    after = shapely.area(shapes)
    rows = np.flatnonzero(invalid)
    has_area = ~shapely.is_empty(shapes[rows])  # what encloses nothing is told as such
    rows, reasons = rows[has_area], reasons[has_area]
    for i, reason in list(zip(rows, reasons, strict=True))[:MOST_TOLD]:
        problems.append(
            _problem(
                table,
                layer,
                int(i),
                "invalid_ring",
                geometry=shapes[i],
                reason=reason,
                before=float(before[i]),
                after=float(after[i]),
            )
        )
    problems += _rest(rows.tolist(), table, layer, "invalid_ring")
    return shapes


def _problem(
    table: gpd.GeoDataFrame,
    layer: str,
    position: int,
    kind: str,
    *,
    geometry: BaseGeometry,
    **values: object,
) -> Problem:
    row = str(table.index[position])
    message = say(f"check.{kind}", layer=layer, row=shown(row), **values)
    return Problem(
        severity="warning", layer=layer, kind=kind, row=row, message=message, geometry=geometry
    )


def _rest(rows: Sequence[int], table: gpd.GeoDataFrame, layer: str, kind: str) -> list[Problem]:
    names = table.index[list(rows[MOST_TOLD:])]
    if not len(names):
        return []
    message = say(f"check.{kind}_rest", layer=layer, count=len(names), rows=listed(names))
    return [Problem(severity="warning", layer=layer, kind=kind, message=message)]


def _one_for_all(mask: Mask, table: gpd.GeoDataFrame, layer: str, kind: str) -> list[Problem]:
    if not mask.any():
        return []
    names = list(table.index[mask])
    wanted = say(f"check.shape_{LAYERS[layer].geometry}")
    message = say(f"check.{kind}", layer=layer, count=len(names), rows=listed(names), wanted=wanted)
    row = str(names[0]) if len(names) == 1 else ""
    return [Problem(severity="warning", layer=layer, kind=kind, row=row, message=message)]
