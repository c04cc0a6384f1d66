"""A file's columns turned into ours, as a source file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.errors import GEOSException

from geoplan.io._tables import RawTable
from geoplan.io.sources import ColumnSource, LayerSource
from geoplan.model.answers import Problem
from geoplan.model.cells import id_text, written
from geoplan.model.schema import LAYERS, UNKNOWN_USE, Column, columns_of
from geoplan.model.telling import listed, nearest, shown
from geoplan.units import to_base
from geoplan.words import Message, say

__all__ = ["MappedTable", "mapped_table", "numbered_ids", "only_rows", "with_shapes"]

_OTHER = "*"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MappedTable:
    """A table with the schema's columns; ``broken`` says what the file lacks, ``used`` which columns were read."""

    table: pd.DataFrame
    used: frozenset[str]
    problems: tuple[Problem, ...] = ()
    broken: tuple[Message, ...] = field(default=())


def mapped_table(
    raw: RawTable,
    layer: str,
    *,
    columns: Mapping[str, ColumnSource],
    constants: Mapping[str, object],
) -> MappedTable:
    """Make one layer's columns out of a file's; everything that the file lacks is told at once."""
    used = {name for origin in columns.values() for name in origin.inputs}
    broken = [message for name in sorted(used) for message in _problems_of_column(raw, name, layer)]
    if broken:
        return MappedTable(table=raw.frame, used=frozenset(used), broken=tuple(broken))
    made: dict[str, pd.Series] = {}
    problems: list[Problem] = []
    for name, origin in columns.items():
        made[name], told = _made(raw.frame, origin, columns_of(layer)[name])
        problems += told
    for name, value in constants.items():
        made[name] = pd.Series([value] * len(raw.frame), index=raw.frame.index)
    table = pd.DataFrame(made, index=raw.frame.index)
    if isinstance(raw.frame, gpd.GeoDataFrame) and LAYERS[layer].geometry != "none":
        table = gpd.GeoDataFrame(table, geometry=raw.frame.geometry.array, crs=raw.frame.crs)
    return MappedTable(table=table, used=frozenset(used), problems=tuple(problems))


def _problems_of_column(raw: RawTable, name: str, layer: str) -> Iterable[Message]:
    present = [str(column) for column in raw.frame.columns if column != "geometry"]
    if present.count(name) > 1:
        yield say("check.repeated_column", layer=layer, columns=shown(name))
    elif name not in present:
        yield say(
            "read.no_column",
            layer=layer,
            table=shown(raw.name),
            column=shown(name),
            near=nearest(name, present),
            present=listed(present),
        )


def _made(
    frame: pd.DataFrame, origin: ColumnSource, column: Column
) -> tuple[pd.Series, list[Problem]]:
    values = _combined(frame, origin)
    problems: list[Problem] = []
    if origin.meanings:
        values, problems = _translated(values, origin, column)
    if origin.unit is not None:
        values = _in_our_unit(values, origin.unit)
    return values, problems


def _in_our_unit(values: pd.Series, unit: str) -> pd.Series:
    """Numbers times the unit; what is no number stays, for the checks to tell."""
    numbers = _quantity(values) * to_base(unit)
    is_text = numbers.isna() & values.notna()
    return numbers.astype(object).where(~is_text, values) if is_text.any() else numbers


def _combined(frame: pd.DataFrame, origin: ColumnSource) -> pd.Series:
    parts = [frame[name] for name in origin.inputs]
    if origin.zero_is_unknown:
        parts = [part.mask(_quantity(part) == 0) for part in parts]
    if origin.first:
        texts = [written(part) for part in parts]
        return reduce(lambda known, other: known.fillna(other), texts)
    if origin.join:
        texts = [id_text(part) for part in parts]
        return reduce(lambda left, right: left + origin.separator + right, texts)
    if origin.sum:
        return reduce(lambda left, right: left + right, map(_quantity, parts))
    if origin.difference:
        return reduce(lambda left, right: left - right, map(_quantity, parts))
    return parts[0]


def _quantity(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").astype("float64")


def _translated(
    values: pd.Series, origin: ColumnSource, column: Column
) -> tuple[pd.Series, list[Problem]]:
    """Say the file's values in ours; a code that the map does not name is unknown, and told."""
    text = written(values)
    is_bool = pd.api.types.is_bool_dtype(values)
    keys = text.str.lower() if is_bool else text
    named = keys.isin(list(origin.meanings))
    other = keys.notna() & ~named
    result = keys.map({old: new for old, new in origin.meanings.items() if old != _OTHER})
    result = result.astype(object).where(named, np.nan)
    if _OTHER in origin.meanings:
        return result.mask(other, origin.meanings[_OTHER]), []
    if column.kind != "code":
        return result.where(~other, values), []
    result = result.where(result.notna(), UNKNOWN_USE)
    if not other.any():
        return result, []
    message = say(
        "read.value_not_named",
        layer=column.layer,
        column=column.name,
        values=listed(sorted(set(text[other]))),
        count=int(other.sum()),
    )
    problem = Problem(
        severity="warning",
        layer=column.layer,
        column=column.name,
        kind="value_not_named",
        message=message,
    )
    return result, [problem]


def with_shapes(raw: RawTable, part: LayerSource, layer: str) -> tuple[RawTable, list[Message]]:
    """Give a table of text its shapes, from well-known text or from two columns of coordinates."""
    if part.geometry is None:
        return raw, []
    names = (part.geometry,) if isinstance(part.geometry, str) else part.geometry
    broken = [message for name in names for message in _problems_of_column(raw, name, layer)]
    if broken:
        return raw, broken
    cells = [raw.frame[name] for name in names]
    if len(names) == 1:
        text = written(cells[0]).astype(object)
        try:
            shapes = np.asarray(shapely.from_wkt(text.where(text.notna(), None)))
        except GEOSException:
            return raw, [say("read.no_wkt", layer=layer, column=shown(names[0]))]
    else:
        east, north = (_quantity(values).to_numpy() for values in cells)
        shapes = np.asarray(shapely.points(east, north))
        shapes[np.isnan(east) | np.isnan(north)] = None
    frame = gpd.GeoDataFrame(raw.frame.drop(columns=list(names)), geometry=shapes)
    return RawTable(frame=frame, name=raw.name, problems=raw.problems), []


def only_rows(
    raw: RawTable, part: LayerSource, layer: str
) -> tuple[RawTable, list[Message], list[Problem]]:
    """The rows that a source file asks for; how many are left out is told."""
    wanted = part.only
    broken = [message for name in wanted for message in _problems_of_column(raw, name, layer)]
    if broken or not wanted:
        return raw, broken, []
    kept = pd.Series(data=True, index=raw.frame.index)
    for name, values in wanted.items():
        text = written(raw.frame[name])
        kept &= text.notna() if _OTHER in values else text.isin(values)
    left = int((~kept).sum())
    told = say(
        "read.rows_not_asked",
        table=shown(raw.name),
        layer=layer,
        count=left,
        kept=int(kept.sum()),
        columns=listed(list(wanted)),
    )
    problem = Problem(severity="note", layer=layer, kind="rows_not_asked", message=told)
    frame = raw.frame[kept].reset_index(drop=True)
    return RawTable(frame=frame, name=raw.name, problems=raw.problems), [], [problem] * (left > 0)


def numbered_ids(ids: pd.Series) -> pd.Series:
    """Tell equal ids apart by a number: ``A, A, A`` is ``A, A#2, A#3``; a row without an id is ``row 7``.

    Examples
    --------
    >>> numbered_ids(pd.Series(["A", "A", "A#2", None])).tolist()
    ['A', 'A#3', 'A#2', 'row 4']
    """
    taken = set(ids.dropna())
    seen: dict[object, int] = {}
    result: list[str] = []
    for number, one in enumerate(ids, start=1):
        name = f"row {number}" if pd.isna(one) else str(one)
        count = seen.get(name, 0) + 1
        own = name
        while count > 1 and own in taken:
            own = f"{name}#{count}"
            count += own in taken
        seen[name] = count
        taken.add(own)
        result.append(own)
    return pd.Series(result, index=ids.index, name=ids.name, dtype="str")
