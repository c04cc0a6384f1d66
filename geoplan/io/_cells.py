"""Tables as a file can hold them: plain columns, text that every program can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api import types

from geoplan.words import Message, say

__all__ = ["plain_table", "problems_of_text"]

_KIND_OF_OBJECTS = {
    "integer": "Int64",
    "boolean": "boolean",
    "empty": "str",
    "floating": "float64",
    "mixed-integer-float": "float64",
    "decimal": "float64",
}


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """Make a table of columns that GDAL stores: a named index becomes a column, lists and dicts become JSON."""
    has_name = any(name is not None for name in table.index.names)
    flat = pd.DataFrame(table.reset_index(drop=not has_name))
    geometry = table.active_geometry_name if isinstance(table, gpd.GeoDataFrame) else None
    columns = [i for i, name in enumerate(flat.columns) if geometry is None or name != geometry]
    plain = pd.DataFrame({i: _plain_column(flat.iloc[:, i]) for i in columns}, index=flat.index)
    plain.columns = pd.Index([str(flat.columns[i]) for i in columns], dtype=object)
    if not isinstance(table, gpd.GeoDataFrame) or geometry is None:
        return plain
    places: pd.DataFrame = gpd.GeoDataFrame(plain, geometry=table.geometry.array, crs=table.crs)
    return places


def _plain_column(column: pd.Series[Any]) -> pd.Series[Any]:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        column = column.astype(dtype.categories.dtype)
    if types.is_object_dtype(column.dtype):
        return _plain_objects(column)
    if types.is_unsigned_integer_dtype(column.dtype):
        return _as_kind(column, "Int64")
    is_plain = (
        types.is_bool_dtype(column.dtype)
        or types.is_signed_integer_dtype(column.dtype)
        or types.is_datetime64_any_dtype(column.dtype)
        or isinstance(column.dtype, pd.StringDtype)
    )
    if is_plain:
        return column
    return _as_kind(column, "float64") if types.is_float_dtype(column.dtype) else _as_text(column)


def _plain_objects(column: pd.Series[Any]) -> pd.Series[Any]:
    kind = types.infer_dtype(column, skipna=True)
    if kind in {"date", "string"}:
        return column
    if kind in {"datetime", "datetime64"}:
        return pd.to_datetime(column)
    return (
        _as_kind(column, _KIND_OF_OBJECTS[kind]) if kind in _KIND_OF_OBJECTS else _as_text(column)
    )


def _as_kind(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Make a column of one kind; of text, if its numbers are too large for that."""
    try:
        return pd.Series(column, dtype=types.pandas_dtype(kind))
    except (OverflowError, TypeError, ValueError):
        return _as_text(column)


def _as_text(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series([_text_of(cell) for cell in column], index=column.index, dtype=object)


def _text_of(cell: Any) -> str | None:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, set | frozenset):
        cell = sorted(cell, key=str)
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    if isinstance(cell, dict | list | tuple):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return None if pd.isna(cell) else str(cell)


def problems_of_text(layer: str, table: pd.DataFrame) -> Iterator[Message]:
    """Find names and cells that no file can carry: NUL, half a surrogate pair; and columns of one name."""
    seen: set[str] = set()
    for name in table.columns:
        if not name or not _is_sound(name):
            yield say("write.bad_name", layer=layer, name=_shown(name))
        if name.casefold() in seen:
            yield say("write.same_name", layer=layer, name=name)
        seen.add(name.casefold())
    for position, name in enumerate(table.columns):
        column = table.iloc[:, position]
        if types.is_object_dtype(column.dtype) or isinstance(column.dtype, pd.StringDtype):
            yield from _unsound_cells(layer, name, column)


def _unsound_cells(layer: str, name: str, column: pd.Series[Any]) -> Iterator[Message]:
    texts = [cell if isinstance(cell, str) else "" for cell in column]
    if not _is_sound(
        "".join(texts)
    ):  # one look at the whole column; cell by cell only if there is something
        for row, cell in enumerate(texts, start=1):
            if not _is_sound(cell):
                yield say("write.bad_text", layer=layer, column=_shown(name), row=row)


def _shown(name: str) -> str:
    return name if _is_sound(name) else ascii(name)


def _is_sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
