"""A park out of files: a source file and what it names, or one file whose columns are already ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyproj
import rasterio
from rasterio.errors import RasterioError

from geoplan.errors import CrsError, InputError, SchemaError
from geoplan.io._files import checksums, find_file, whole_file
from geoplan.io._mapping import MappedTable, mapped_table, numbered_ids, only_rows, with_shapes
from geoplan.io._osm import TAGS, with_tags
from geoplan.io._own_file import source_of_file
from geoplan.io._placing import Placed, placed_tables
from geoplan.io._tables import RawTable, read_table
from geoplan.io.sources import LayerSource, Source, read_source
from geoplan.model.answers import Problem, Raster
from geoplan.model.cells import id_text
from geoplan.model.names import missing_column, names_in_schema
from geoplan.model.park import Park
from geoplan.model.schema import LAYERS, needed_columns
from geoplan.model.telling import listed, shown
from geoplan.model.validate import checked_layers
from geoplan.spatial.crs import crs_name
from geoplan.words import Message, say

__all__ = ["read_park"]


def read_park(
    path: str | Path,
    *,
    data_root: str | Path | None = None,
    layers: Sequence[str] | None = None,
) -> Park:
    """Read a park and check it.

    A source file (``.yaml``) says which columns of which files are ours, in which units. Without one, a file is read
    whose layers and columns have the names, Chinese terms or aliases of the schema. Coordinates are brought into one
    CRS in metres; files are never changed. ``Park.problems`` tells everything that was done on the way.

    Parameters
    ----------
    path
        A source file; or a GeoPackage, GeoParquet, GeoJSON, Shapefile, or anything else that GDAL opens.
    data_root
        Where the files of a source file are looked for that are not beside it.
    layers
        Read only these besides the parcels.

    Raises
    ------
    ScenarioError
        The source file is wrong.
    InputError
        A file cannot be read, lacks what is needed (``SchemaError``) or has coordinates that cannot be trusted
        (``CrsError``); all problems at once.
    """
    path = Path(path)
    folders = [path.parent]
    problems: list[Problem] = []
    if path.suffix.lower() in {".yaml", ".yml"}:
        source = read_source(path)
        folders += [] if data_root is None else [Path(data_root)]
        inputs = dict(checksums(path, path.name))
    else:
        source, problems = source_of_file(find_file(str(path), [Path()]))
        inputs = {}
    reading = _Reading(source=source, folders=folders, problems=problems, inputs=inputs)
    reading.read(layers)
    tables, told = placed_tables(reading.tables, working_crs=source.working_crs)
    checked, found = checked_layers(dict(_joined(tables, source)))
    crs = _crs_of(checked)
    elevation, heights_told = _elevation(source, folders, crs, inputs)
    return Park(
        name={"en": source.name.get("en", ""), "zh": source.name.get("zh", "")},
        layers=checked,
        currency=source.currency,
        elevation=elevation,
        problems=(*reading.problems, *told, *found, *heights_told),
        inputs=reading.inputs,
        citation=source.citation,
    )


@dataclass(kw_only=True, eq=False)
class _Reading:
    """The tables of a source as they are read one by one; every table of a file is opened once."""

    source: Source
    folders: list[Path]
    problems: list[Problem]
    inputs: dict[str, str]
    tables: list[Placed] = field(default_factory=list)
    broken: list[Message] = field(default_factory=list)
    raw: dict[tuple[object, ...], RawTable] = field(default_factory=dict)
    used: dict[tuple[object, ...], set[str]] = field(default_factory=dict)

    def read(self, layers: Sequence[str] | None) -> None:
        """Read every table that is asked for, and raise once for all that cannot be read."""
        for layer, part in self.source.parts():
            if layers is not None and layer not in {"parcels", *layers}:
                continue
            for one, constants in _years(part):
                try:
                    self._read_one(layer, one, constants)
                except InputError as problem:
                    self.broken += [item for item in problem.problems if item not in self.broken]
        if self.broken:
            raise (
                SchemaError(self.broken + self._wrong_coordinates())
                if self.tables
                else InputError(self.broken)
            )
        self._tell_unused()

    def _wrong_coordinates(self) -> list[Message]:
        try:
            placed_tables(self.tables, working_crs=self.source.working_crs)
        except CrsError as error:
            return list(error.problems)
        return []

    def _read_one(self, layer: str, part: LayerSource, constants: Mapping[str, object]) -> None:
        key = (part.file, part.layer, part.encoding, part.header_row)
        if key not in self.raw:
            file = find_file(part.file, self.folders)
            self.raw[key] = read_table(
                file, layer=part.layer, encoding=part.encoding, header_row=part.header_row
            )
            self.inputs |= dict(checksums(file, part.file))
            self.problems += [replace(one, layer=layer) for one in self.raw[key].problems]
        raw, broken, left_out = only_rows(_tagged(self.raw[key], part), part, layer)
        self.problems += [] if broken else left_out
        raw, shapeless = with_shapes(raw, part, layer)
        broken += shapeless
        mapped = (
            mapped_table(raw, layer, columns=part.columns, constants=constants)
            if part.columns
            else _by_name(raw, layer, constants, is_numbered=part.duplicate_ids == "number")
        )
        self.broken += [*broken, *mapped.broken]
        self.problems += mapped.problems
        shapes = part.geometry if part.geometry is not None else ()
        names = {shapes} if isinstance(shapes, str) else set(shapes)
        self.used.setdefault(key, set()).update(mapped.used | names | {*part.only, TAGS})
        self.tables.append(
            Placed(
                layer=layer,
                table=mapped.table,
                said_crs=part.crs or self.source.crs,
                swap_axes=part.swap_axes or self.source.swap_axes,
            )
        )

    def _tell_unused(self) -> None:
        for key, raw in self.raw.items():
            shapes = {raw.frame.active_geometry_name} if _has_shapes(raw.frame) else set()
            used = self.used[key] | shapes
            unused = [str(name) for name in raw.frame.columns if name not in used]
            if unused:
                message = say(
                    "read.columns_not_read",
                    table=shown(raw.name),
                    count=len(unused),
                    columns=listed(unused, most=len(unused)),
                )
                self.problems.append(
                    Problem(severity="note", layer="", kind="columns_not_read", message=message)
                )


def _tagged(raw: RawTable, part: LayerSource) -> RawTable:
    """With a column for every tag that the source file names."""
    wanted = [*part.only, *(name for column in part.columns.values() for name in column.inputs)]
    return replace(raw, frame=with_tags(raw.frame, wanted))


def _has_shapes(frame: pd.DataFrame) -> bool:
    return isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None


def _years(part: LayerSource) -> Iterator[tuple[LayerSource, dict[str, object]]]:
    """The part itself, or one part for each of its years."""
    if not part.years:
        yield part, dict(part.constants)
    for year, one in sorted(part.years.items()):
        changes = {
            "file": one.file or part.file,
            "layer": one.layer or part.layer,
            "columns": {**part.columns, **one.columns},
        }
        yield part.model_copy(update=changes), {**part.constants, "year": year}


def _by_name(
    raw: RawTable, layer: str, constants: Mapping[str, object], *, is_numbered: bool
) -> MappedTable:
    """Keep the columns whose names the schema knows; the checks give them their own names."""
    frame = raw.frame
    known = list(names_in_schema(map(str, frame.columns), layer))
    used = frozenset(known)
    known += [str(frame.active_geometry_name)] if isinstance(frame, gpd.GeoDataFrame) else []
    keep = [name in known for name in frame.columns]
    ours = {*names_in_schema(known, layer).values(), *constants}
    ours |= {LAYERS[layer].id_column} if is_numbered else set()
    present = [str(name) for name in frame.columns if name != "geometry"]
    broken = [
        missing_column(name, layer, present) for name in needed_columns(layer) if name not in ours
    ]
    table = frame.loc[:, keep]
    for name, value in constants.items():
        table = table.assign(**{name: pd.Series([value] * len(table), index=table.index)})
    return MappedTable(table=table, used=used, broken=tuple(broken))


def _joined(
    tables: Sequence[tuple[str, pd.DataFrame]], source: Source
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The parts of each layer put together, with its classification and numbered ids where asked."""
    for layer in dict.fromkeys(layer for layer, _ in tables):
        parts = [table for own, table in tables if own == layer]
        is_numbered = any(part.duplicate_ids == "number" for part in source.layers[layer])
        if is_numbered and not LAYERS[layer].id_column:
            parts = [_with_numbered_keys(table, layer) for table in parts]
        table = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
        if layer == "parcels" and source.landuse_version is not None:
            stated = {"landuse_version": source.landuse_version}
            table = table if "landuse_version" in table.columns else table.assign(**stated)
        if is_numbered and LAYERS[layer].id_column:
            table = _with_numbered_ids(table, layer)
        yield layer, table


def _with_numbered_ids(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    id_column = LAYERS[layer].id_column
    name = next(
        (
            old
            for old, new in names_in_schema(map(str, table.columns), layer).items()
            if new == id_column
        ),
        id_column,
    )
    ids = table.get(name, pd.Series(index=table.index, dtype="str"))
    return table.assign(**{name: numbered_ids(id_text(ids))})


def _with_numbered_keys(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Number what stands twice in one year, in the order of the file, as the parcels or firms themselves are."""
    key = LAYERS[layer].key_columns[0]
    if not {key, "year"} <= set(table.columns):
        return table
    ids = id_text(table[key])
    known = ids[ids.notna()]
    numbered = known.groupby(table.loc[known.index, "year"], dropna=False).transform(numbered_ids)
    return table.assign(**{key: ids.mask(ids.notna(), numbered)})


def _crs_of(layers: Mapping[str, pd.DataFrame]) -> pyproj.CRS | None:
    parcels = layers.get("parcels")
    return parcels.crs if isinstance(parcels, gpd.GeoDataFrame) else None


def _elevation(
    source: Source, folders: Sequence[Path], crs: pyproj.CRS | None, inputs: dict[str, str]
) -> tuple[Raster | None, list[Problem]]:
    """The raster of heights; one in another CRS is left out with a warning."""
    if source.elevation is None:
        return None, []
    path = whole_file(find_file(source.elevation.file, folders))
    inputs |= dict(checksums(path, source.elevation.file))
    try:
        with rasterio.open(path) as raster:
            own = None if raster.crs is None else pyproj.CRS.from_wkt(raster.crs.to_wkt())
    except RasterioError as error:
        raise InputError(
            [say("read.refused", name=path.name, reason=str(error).replace(str(path.parent), ""))]
        ) from error
    if own == crs:
        return Raster(path=str(path), unit=source.elevation.unit), []
    message = say(
        "read.elevation_elsewhere", name=path.name, own=crs_name(own), working=crs_name(crs)
    )
    return None, [
        Problem(severity="warning", layer="", kind="elevation_elsewhere", message=message)
    ]
