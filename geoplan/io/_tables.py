"""One table out of any file: what is in it, as it is, and what the reader had to say."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pyogrio
from openpyxl.utils.exceptions import InvalidFileException
from pyogrio import errors as gdal_errors
from shapely.errors import GEOSException

from geoplan.errors import InputError
from geoplan.io._encoding import decoded_text, shapefile_encoding, sound_texts
from geoplan.io._files import whole_file
from geoplan.io._osm import unpacked
from geoplan.model.answers import Problem
from geoplan.model.telling import listed, shown
from geoplan.words import Message, say

__all__ = ["RawTable", "layer_names", "read_table"]

_REFUSALS = (
    gdal_errors.DataSourceError,
    gdal_errors.DataLayerError,
    gdal_errors.CRSError,
    gdal_errors.FeatureError,
    gdal_errors.GeometryError,
    gdal_errors.FieldError,
    GEOSException,
    pa.ArrowException,
    zipfile.BadZipFile,
    InvalidFileException,
    UnicodeDecodeError,
    OSError,
    KeyError,
    ValueError,
    RuntimeError,
)
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """A table as the file has it; a ``GeoDataFrame`` where it has shapes."""

    frame: pd.DataFrame
    name: str
    problems: tuple[Problem, ...] = ()


def read_table(
    path: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    header_row: int = 1,
) -> RawTable:
    """Read one table of a file.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, Shapefile, OpenStreetMap extract (packed by bzip2 too) or anything else that GDAL opens;
        Parquet; CSV; Excel.
    layer
        Layer or sheet; may be left out where there is one only.
    encoding
        Of text, where it is known better than the file says.
    header_row
        Row of a sheet that holds the column names, from 1.

    Raises
    ------
    InputError
        The file is missing, empty, cut off or of no known form, or has no such layer.
    """
    whole_file(path)
    readers: dict[str, Callable[[], RawTable]] = {
        ".csv": lambda: _csv(path, encoding),
        ".tsv": lambda: _csv(path, encoding),
        ".txt": lambda: _csv(path, encoding),
        ".xlsx": lambda: _excel(path, layer, header_row),
        ".xlsm": lambda: _excel(path, layer, header_row),
        ".parquet": lambda: _parquet(path),
        ".geoparquet": lambda: _parquet(path),
    }
    with warnings.catch_warnings(record=True) as said, unpacked(path) as plain:
        warnings.simplefilter("always")
        read = readers.get(path.suffix.lower(), lambda: _gdal(plain, layer, encoding))
        try:
            raw = read()
        except InputError:
            raise
        except _REFUSALS as error:
            raise InputError([_refused(path, error)]) from error
    notes = [_note(path, str(one.message)) for one in said if _matters(one.category)]
    return RawTable(frame=raw.frame, name=raw.name, problems=(*raw.problems, *notes))


def layer_names(path: Path) -> list[str]:
    """Names of the layers of a file that GDAL opens.

    Raises
    ------
    InputError
        It cannot be opened.
    """
    whole_file(path)
    try:
        with unpacked(path) as plain:
            return [str(name) for name, _ in pyogrio.list_layers(plain)]
    except _REFUSALS as error:
        raise InputError([_refused(path, error)]) from error


def _refused(path: Path, error: BaseException) -> Message:
    reason = re.sub(r"\s+", " ", str(error)).replace(str(path), path.name)
    return say("read.refused", name=path.name, reason=reason[:_LONGEST_REASON])


def _matters(category: type[Warning]) -> bool:
    return not issubclass(
        category, DeprecationWarning | PendingDeprecationWarning | ResourceWarning
    )


def _note(path: Path, words: str) -> Problem:
    message = say("read.reader_said", name=path.name, words=words[:_LONGEST_REASON])
    return Problem(severity="note", layer="", kind="reader_said", message=message)


def _gdal(path: Path, layer: str | None, encoding: str | None) -> RawTable:
    name = _chosen(layer, layer_names(path), path)
    if path.suffix.lower() in {".geojson", ".json"}:
        words = decoded_text(path.read_bytes(), path.name, encoding)
        frame = pyogrio.read_dataframe(words.encode("utf-8"), use_arrow=True)
        return RawTable(frame=frame, name=name)
    problems: list[Problem] = []
    if path.suffix.lower() == ".shp" and encoding is None:
        encoding, wrong = shapefile_encoding(path)
        if wrong is not None:
            message = say("read.wrong_cpg", name=path.name, declared=wrong, encoding=encoding)
            problems.append(
                Problem(severity="note", layer="", kind="wrong_encoding", message=message)
            )
    try:
        frame = pyogrio.read_dataframe(path, layer=name, encoding=encoding, use_arrow=True)
    except gdal_errors.DataSourceError as error:
        if "use_arrow=False" not in str(error):
            raise
        frame = pyogrio.read_dataframe(path, layer=name, encoding=encoding)
    return RawTable(frame=_with_sound_text(frame), name=name, problems=tuple(problems))


def _with_sound_text(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Decode text that the file says is UTF-8 but is not; a character cut off at the end of a field goes."""
    for name in frame.columns:
        if not pd.api.types.is_string_dtype(frame[name]) or frame[name].dtype == object:
            continue
        cells = pa.array(frame[name])
        try:
            cells.validate(full=True)
        except pa.ArrowInvalid:
            texts = sound_texts(cells.cast(pa.large_binary()).to_pylist())
            frame[name] = pd.Series(texts, index=frame.index, dtype="str")
    return frame


def _chosen(asked: str | None, names: list[str], path: Path) -> str:
    if asked is None and len(names) == 1:
        return names[0]
    if asked not in names:
        key = "read.which_layer" if asked is None else "read.no_layer"
        raise InputError([say(key, name=path.name, layer=shown(asked or ""), names=listed(names))])
    return asked


def _parquet(path: Path) -> RawTable:
    has_shapes = b"geo" in (pa.parquet.read_schema(path).metadata or {})
    frame = gpd.read_parquet(path) if has_shapes else pd.read_parquet(path)
    index = [name for name in frame.index.names if name is not None]
    return RawTable(frame=frame.reset_index(drop=not index), name=path.stem)


def _csv(path: Path, encoding: str | None) -> RawTable:
    """Every cell as text; ragged rows are refused, all at once."""
    words = decoded_text(path.read_bytes(), path.name, encoding)
    raw = words.encode("utf-8")
    ragged: list[str] = []

    def refuse(row: Any) -> str:
        ragged.append(f"{row.number} ({row.actual_columns}/{row.expected_columns})")
        return "skip"

    options = {
        "read_options": pa.csv.ReadOptions(use_threads=False, block_size=len(raw) + 1),
        "parse_options": pa.csv.ParseOptions(
            delimiter=_delimiter(words), newlines_in_values=True, invalid_row_handler=refuse
        ),
    }
    names = pa.csv.open_csv(io.BytesIO(raw), **options).schema.names
    ragged.clear()
    table = pa.csv.read_csv(
        io.BytesIO(raw),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
        **options,
    )
    if ragged:
        raise InputError(
            [say("read.ragged", name=path.name, count=len(ragged), rows=listed(ragged))]
        )
    columns = {i: table.column(i).to_pandas() for i in range(table.num_columns)}
    frame = pd.DataFrame(columns).set_axis([name.strip() for name in names], axis="columns")
    return RawTable(frame=frame, name=path.stem)


def _delimiter(words: str) -> str:
    head = re.sub(r'"[^"]*"', "", words.lstrip().partition("\n")[0])
    return max(",;\t|", key=head.count)


def _excel(path: Path, layer: str | None, header_row: int) -> RawTable:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheets = {
            sheet.title: list(sheet.iter_rows(min_row=header_row, values_only=True))
            for sheet in book.worksheets
            if layer is None or sheet.title == layer
        }
        filled = [name for name, rows in sheets.items() if any(map(_has_cells, rows))]
        names = filled if layer is None else book.sheetnames
    finally:
        book.close()
    if not names:
        raise InputError([say("read.no_table", name=path.name, row=header_row)])
    name = _chosen(layer, names, path)
    head, *rows = [row for row in sheets[name] if _has_cells(row)] or [()]
    wide = max(map(len, (head, *rows)))
    titles = [str(cell).strip() if cell is not None else "" for cell in head]
    titles += [""] * (wide - len(titles))
    frame = pd.DataFrame(
        [(*row, *[None] * (wide - len(row))) for row in rows], columns=titles, dtype=object
    )
    return RawTable(frame=frame.loc[:, [title != "" for title in titles]], name=name)


def _has_cells(row: tuple[Any, ...]) -> bool:
    return any(cell is not None and cell != "" for cell in row)
