"""What pyogrio does not write into a GeoPackage: field comments and QGIS styles, as tables of the SQLite file."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from geoplan.io.styles import styles_of
from geoplan.model.schema import LAYERS, Column, columns_of

__all__ = ["add_descriptions", "add_styles", "close_tidily", "schema_layer"]

#: Result layers that hold the rows and columns of another layer of the schema.
_SAME_COLUMNS_AS = {"plan": "parcels"}

# GeoPackage 1.3, annex F.9 (schema extension)
_SCHEMA_TABLES = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_EXTENSIONS_TABLE = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
"""
_SCHEMA_DEFINITION = "http://www.geopackage.org/spec121/#extension_schema"

# the table that QGIS makes when it saves a style "in the database"
_STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME);
"""


@contextmanager
def close_tidily(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a GeoPackage for additions; when they are done, commit and pack its pages in one order."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        yield database
        database.execute("COMMIT")
        database.execute("VACUUM")


def schema_layer(name: str) -> str:
    """Layer of the schema whose columns a layer of the file has."""
    return _SAME_COLUMNS_AS.get(name, name)


def add_descriptions(database: sqlite3.Connection, tables: Mapping[str, pd.DataFrame]) -> None:
    """Say of every layer and column of the schema what it is, in Chinese and English."""
    for statement in (*_SCHEMA_TABLES.split(";\n"), _EXTENSIONS_TABLE):
        database.execute(statement)
    database.executemany(
        "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
        [
            (table, _SCHEMA_DEFINITION)
            for table in ("gpkg_data_columns", "gpkg_data_column_constraints")
        ],
    )
    database.executemany(
        "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)",
        [row for layer, table in tables.items() for row in _column_rows(layer, table)],
    )
    database.executemany(
        "UPDATE gpkg_contents SET description = ? WHERE table_name = ?",
        [
            (f"{LAYERS[name].term}: {LAYERS[name].meaning}", name)
            for name in tables
            if name in LAYERS
        ],
    )


def _column_rows(layer: str, table: pd.DataFrame) -> Iterator[tuple[str, str, str, str, str]]:
    known = columns_of(schema_layer(layer))
    for name in table.columns:
        if name in known:
            term = known[name].term
            yield layer, name, term, term, _description(known[name])


def _description(column: Column) -> str:
    return f"{column.meaning} [{column.unit}]" if column.unit else column.meaning


def add_styles(
    database: sqlite3.Connection, tables: Mapping[str, pd.DataFrame], date: dt.date
) -> None:
    """Store how QGIS draws each map layer."""
    day = f"{date.isoformat()}T00:00:00.000Z"
    database.execute(_STYLE_TABLE)
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
        (day,),
    )
    geometry_columns = dict(
        database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns")
    )
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
        "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
        "VALUES ('', '', ?, ?, ?, ?, '', ?, ?, 'geoplan', NULL, ?)",
        [
            (
                name,
                geometry_columns[name],
                style.name,
                style.qml,
                style.is_default,
                style.name,
                day,
            )
            for name, table in tables.items()
            if name in geometry_columns
            for style in styles_of(name, table)
        ],
    )
