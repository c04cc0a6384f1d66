"""A source file: what a data set is called, whose it is, and which of its columns are which of ours.

A source file is YAML and is all it takes to read a new city. It holds no code: a column is another column, a sum, a
difference, or several joined, with a unit and a map of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pyproj
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pyproj.exceptions import CRSError

from geoplan.errors import ScenarioError
from geoplan.io._source_names import problems_of_names
from geoplan.model.checked_yaml import YamlFile, checked, read_yaml, refuse
from geoplan.units import AMOUNT_UNITS, AREA_UNITS, LENGTH_UNITS, to_base
from geoplan.words import say

__all__ = [
    "LOCAL_METRES",
    "ColumnSource",
    "ElevationSource",
    "LayerSource",
    "Source",
    "YearSource",
    "read_source",
]

#: What a source file says in place of a CRS when the coordinates are metres of no place on Earth.
LOCAL_METRES = "local metres"

Cell = str | int | float | bool | None


def _unit(unit: str) -> str:
    try:
        to_base(unit)
    except KeyError as error:
        known = ", ".join((*AREA_UNITS, *LENGTH_UNITS, *AMOUNT_UNITS, "percent"))
        raise PydanticCustomError("source_unit", "no such unit", {"known": known}) from error
    return unit


def _crs(crs: str) -> str:
    if crs == LOCAL_METRES:
        return crs
    try:
        pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise refuse("source_crs", "no such CRS") from error
    return crs


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _key_text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else _as_text(value)


Crs = Annotated[str, BeforeValidator(_as_text), AfterValidator(_crs)]
Unit = Annotated[str, BeforeValidator(_as_text), AfterValidator(_unit)]
Columns = dict[str, "ColumnSource"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


#: A value as a table has it, whatever YAML takes it for.
CellText = Annotated[str, BeforeValidator(_key_text)]


class _OrName(_Frozen):
    """A model that may be written as one name."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(core)]}


class ColumnSource(_OrName):
    """Where a column comes from; written as a name alone, it is that column as it is.

    Attributes
    ----------
    from_
        ``from``: the file's column.
    first, join, sum, difference
        Instead: the first of several that is known, several joined by ``separator``, several added up, the first less
        the others. A sum or difference is unknown where one of them is.
    unit
        Unit of the file (``sqft_us``, ``mu``, ``10k``, ``10k/mu``, ``percent``, ...); ours if not said.
    zero_is_unknown
        Whether a 0 in the file means that nobody knows.
    meanings
        ``values``: what the file's values mean: old to new, ``null`` for unknown; ``"*"`` for every value not named. A land-use code
        that is not named is unknown.
    """

    from_: str | None = Field(default=None, alias="from")
    first: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    sum: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()
    separator: str = "-"
    unit: Unit | None = None
    zero_is_unknown: bool = False
    meanings: dict[CellText, Cell] = Field(default_factory=dict, alias="values")

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, given: Any) -> Any:
        return {"from": _as_text(given)} if isinstance(given, str | int | float) else given

    @model_validator(mode="after")
    def _has_one_origin(self) -> ColumnSource:
        given = [self.from_, self.first, self.join, self.sum, self.difference]
        if sum(bool(origin) for origin in given) != 1:
            raise refuse("source_origin", "one of from, first, join, sum, difference")
        return self

    @property
    def inputs(self) -> tuple[str, ...]:
        """The file's columns that it needs."""
        alone = (self.from_,) if self.from_ else ()
        return alone or self.first or self.join or self.sum or self.difference


class YearSource(_Frozen):
    """What is different in one year: another file, layer or columns."""

    file: str | None = None
    layer: str | None = None
    columns: Columns = Field(default_factory=dict)


class LayerSource(_Frozen):
    """One table of a file as (part of) one layer of a park.

    Attributes
    ----------
    file, layer
        The file, and its layer or sheet where it has several.
    encoding
        Only if the text comes out wrong: it is found out by itself.
    header_row
        Row of a sheet that holds the column names.
    geometry
        For tables without shapes: a column of WKT, or ``[x, y]``.
    crs, swap_axes
        What the coordinates are where the file is wrong or silent, and whether they stand as north, east.
    only
        Rows to read: a column of the file to the values it must have, ``"*"`` for any value at all.
    columns
        Our names to the file's. In an OpenStreetMap extract every tag is a column.
    constants
        Columns that are the same in every row.
    years
        Tables that hold years side by side, in columns or in files: each becomes rows of its own with that ``year``.
    duplicate_ids
        ``refuse`` a table with an id twice or none, or tell them apart by a ``number``.
    """

    file: str
    layer: str | None = None
    encoding: str | None = None
    header_row: Annotated[int, Field(ge=1)] = 1
    geometry: str | tuple[str, str] | None = None
    crs: Crs | None = None
    swap_axes: bool = False
    only: dict[str, tuple[CellText, ...]] = Field(default_factory=dict)
    columns: Columns = Field(default_factory=dict)
    constants: dict[str, Cell] = Field(default_factory=dict)
    years: dict[int, YearSource] = Field(default_factory=dict)
    duplicate_ids: Literal["refuse", "number"] = "refuse"


class _OneOrMore:
    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        several = handler(core)
        return {"anyOf": [several["items"], several]}


def _in_a_tuple(given: Any) -> Any:
    return (given,) if isinstance(given, Mapping) else given


Parts = Annotated[tuple[LayerSource, ...], BeforeValidator(_in_a_tuple), _OneOrMore()]


class ElevationSource(_OrName):
    """A raster of heights, in the park's CRS."""

    file: str
    unit: Literal["m"] = "m"

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, given: Any) -> Any:
        return {"file": given} if isinstance(given, str) else given


class Source(_Frozen):
    """A data set: name, owner, coordinates, money, and its layers.

    Attributes
    ----------
    name
        By language; one alone stands for both.
    citation, licence
        Whose data it is; printed under every map.
    crs, swap_axes
        What the coordinates are, where a file is wrong or silent: ``EPSG:4547``, or ``local metres``.
    working_crs
        In what geoplan measures; by default that of the parcels if it is in metres, else a local one.
    currency
        Three letters.
    landuse_version
        Classification of the land-use codes, after ``values`` have been applied.
    layers
        Our layers, each from one table or from several put together.
    elevation
        A raster of heights.
    """

    name: dict[Literal["en", "zh"], str]
    citation: str = ""
    licence: str = ""
    crs: Crs | None = None
    swap_axes: bool = False
    working_crs: Crs | None = None
    currency: Annotated[str, Field(pattern="^([A-Z]{3})?$")] = ""
    landuse_version: Literal["mnr2023", "mnr2020", "gb50137"] | None = None
    layers: Annotated[dict[str, Parts], Field(min_length=1)]
    elevation: ElevationSource | None = None

    @field_validator("name", mode="before")
    @classmethod
    def _one_for_both(cls, given: Any) -> Any:
        return {"en": given, "zh": given} if isinstance(given, str) else given

    def parts(self) -> Iterator[tuple[str, LayerSource]]:
        """Every table with the layer it belongs to."""
        return ((layer, part) for layer, parts in self.layers.items() for part in parts)


def read_source(path: str | Path) -> Source:
    """Read and check a source file.

    Raises
    ------
    ScenarioError
        It cannot be read, or says what cannot be; every problem with its line.
    """
    file = read_yaml(path)
    return _checked(file)


def _checked(file: YamlFile) -> Source:
    problems = [
        say("yaml.problem", path=file.path.name, line=file.line_of(place), problem=problem)
        for place, problem in problems_of_names(file.tree)
    ]
    headline = say("read.source_headline", name=file.path.name)
    try:
        source = checked(Source, file)
    except ScenarioError as error:
        raise ScenarioError([*error.problems, *problems], headline=headline) from error
    if problems:
        raise ScenarioError(problems, headline=headline)
    return source
