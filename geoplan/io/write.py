"""Results to one GeoPackage: every layer, what its columns mean, how QGIS draws it, and where it comes from."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
from pandas.api import types
from pyogrio import errors

from geoplan.errors import CrsError
from geoplan.files import atomic_path, cannot_write
from geoplan.io._cells import plain_table, problems_of_text
from geoplan.io._geopackage import add_descriptions, add_styles, close_tidily, schema_layer
from geoplan.model.schema import LAYERS, columns_of
from geoplan.words import Message, say

__all__ = ["write_geopackage"]

_REFUSALS = (
    errors.DataSourceError,
    errors.DataLayerError,
    errors.CRSError,
    errors.FeatureError,
    errors.GeometryError,
    errors.FieldError,
)
_GEOMETRY_OF_SCHEMA = {"polygon": "Polygon", "line": "LineString", "point": "Point"}


def write_geopackage(
    path: str | Path,
    *,
    layers: Mapping[str, pd.DataFrame],
    provenance: Mapping[str, str],
    date: dt.date,
    crs: pyproj.CRS | str | int | None,
) -> None:
    """Write layers to a GeoPackage that QGIS opens in the official colours.

    Tables with geometry become map layers, others attribute tables; a named index becomes a column. Cells that hold
    lists or dicts are written as JSON. Columns of the schema carry their Chinese term and meaning; every layer that
    geoplan knows how to draw carries a style. Equal input gives an equal file, byte for byte: it bears ``date``, not the
    time of day. An older file of that name is replaced only when the new one is whole.

    Parameters
    ----------
    path
        Ends in ``.gpkg``; a missing folder is made.
    layers
        By name, in the order in which they are written.
    provenance
        Becomes table ``provenance``: item and value, in the order given.
    date
        The day the file bears.
    crs
        CRS of all map layers; ``None`` for local metres.

    Raises
    ------
    CrsError
        A layer is in another CRS.
    InputError
        The file cannot be written, or a text cannot be stored; all problems at once.
    """
    target = Path(path)
    _check_file(target)
    common = None if crs is None else pyproj.CRS.from_user_input(crs)
    _check_crs(target, layers, common)
    tables = {name: _with_days(name, plain_table(table)) for name, table in layers.items()}
    tables["provenance"] = pd.DataFrame(
        {"item": list(provenance), "value": list(provenance.values())}, dtype=object
    )
    if problems := _problems(tables):
        raise cannot_write(target, *problems)
    with atomic_path(target) as draft:
        try:
            with _gdal_of(date):
                for name, table in tables.items():
                    _write_layer(draft, name, table, common)
        except _REFUSALS as error:
            raise cannot_write(target, say("write.refused", reason=str(error))) from error
        with close_tidily(draft) as database:
            add_descriptions(database, tables)
            add_styles(database, tables, date)


def _check_file(path: Path) -> None:
    if path.suffix.lower() != ".gpkg":
        raise cannot_write(path, say("write.wrong_suffix", suffix=".gpkg"))
    # SQLite would play a log left by another program into the new file and ruin it.
    for sidecar in (path.with_name(path.name + end) for end in ("-wal", "-journal")):
        if sidecar.is_file() and sidecar.stat().st_size:
            raise cannot_write(path, say("write.in_use", sidecar=sidecar.name))


def _check_crs(path: Path, layers: Mapping[str, pd.DataFrame], crs: pyproj.CRS | None) -> None:
    others = {
        name: table.crs
        for name, table in layers.items()
        if isinstance(table, gpd.GeoDataFrame) and table.crs is not None and table.crs != crs
    }
    if others:
        raise CrsError(
            [
                say("write.mixed_crs", layer=name, own=own.name, other=crs.name if crs else "-")
                for name, own in others.items()
            ],
            headline=say("write.headline", path=str(path)),
        )


def _with_days(layer: str, table: pd.DataFrame) -> pd.DataFrame:
    """Store what the schema calls a date as a day, without a time of day."""
    known = columns_of(schema_layer(layer))
    days = [
        name
        for name in table.columns
        if name in known
        and known[name].kind == "date"
        and types.is_datetime64_any_dtype(table[name].dtype)
    ]
    return table.assign(
        **{name: table[name].dt.date.where(table[name].notna(), None) for name in days}
    )


def _problems(tables: Mapping[str, pd.DataFrame]) -> list[Message]:
    problems = [
        message for name, table in tables.items() for message in problems_of_text(name, table)
    ]
    seen: set[str] = set()
    for name in tables:
        if name.casefold() in seen:
            problems.append(say("write.same_layer", name=name))
        seen.add(name.casefold())
    return problems


def _write_layer(path: Path, name: str, table: pd.DataFrame, crs: pyproj.CRS | None) -> None:
    geometry_type = None
    options = {"FID": _free_name("fid", table)}
    if isinstance(table, gpd.GeoDataFrame):
        options["GEOMETRY_NAME"] = _free_name("geom", table)
        table = table.set_crs(crs) if crs is not None else table
        if table.geometry.isna().all():
            kind = LAYERS[name].geometry if name in LAYERS else "any"
            geometry_type = _GEOMETRY_OF_SCHEMA.get(kind, "Unknown")
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="'crs' was not provided"
        )  # local metres have none
        pyogrio.write_dataframe(
            table,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=geometry_type,
            use_arrow=True,
            dataset_options={"VERSION": "1.3"},  # older programs warn of newer ones
            layer_options=options,
        )


def _free_name(wanted: str, table: pd.DataFrame) -> str:
    taken = {str(name).casefold() for name in table.columns}
    while wanted in taken:
        wanted += "_"
    return wanted


@contextmanager
def _gdal_of(date: dt.date) -> Iterator[None]:
    """Have GDAL believe that it is midnight of ``date``; the draft need not be safe from power cuts."""
    options = {
        "OGR_CURRENT_DATE": f"{date.isoformat()}T00:00:00.000Z",
        "OGR_SQLITE_SYNCHRONOUS": "OFF",
    }
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
