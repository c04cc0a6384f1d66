"""The layers of one park, checked together and frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import pyproj

from geoplan.errors import SchemaError
from geoplan.model.answers import Problem, Raster
from geoplan.model.schema import LAYERS
from geoplan.words import Message, name_in_both, say

__all__ = ["Park"]

_NO_TABLES: Mapping[str, pd.DataFrame] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Park:
    """One industrial park: its layers by name, one working CRS, one currency.

    Attributes
    ----------
    name
        What people call it, by language (``{"en": ..., "zh": ...}``).
    layers
        Tables by layer name (``parcels``, ``enterprises``, ...), each as the schema has it: index is the layer's id
        column where it has one, geometries in the park's CRS.
    currency
        Three letters; empty if the park has no money columns.
    elevation
        Heights in metres, if there are any.
    problems
        What reading and checking found; nothing was dropped for it.
    inputs
        Checksums of the files read: name to SHA-256.
    citation
        Whose data it is, for the title block of a map.
    """

    name: Mapping[str, str]
    layers: Mapping[str, pd.DataFrame]
    currency: str = ""
    elevation: Raster | None = None
    problems: tuple[Problem, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    citation: str = ""

    def __post_init__(self) -> None:
        unknown = [name for name in self.layers if name not in LAYERS]
        problems: list[Message] = [
            say("park.unknown_layer", layer=name, known=", ".join(LAYERS)) for name in unknown
        ]
        if "parcels" not in self.layers:
            problems.append(say("park.no_parcels"))
        else:
            crs = self._crs_of("parcels")
            for name, table in self.layers.items():
                if isinstance(table, gpd.GeoDataFrame) and self._crs_of(name) != crs:
                    problems.append(
                        say("park.mixed_crs", layer=name, own=str(table.crs), other=str(crs))
                    )
        if problems:
            raise SchemaError(problems)
        object.__setattr__(self, "layers", MappingProxyType(dict(self.layers)))

    @classmethod
    def from_layers(cls, *, name: str = "", currency: str = "", **layers: pd.DataFrame) -> Park:
        """Make a park of tables at hand: ``Park.from_layers(parcels=..., roads=...)``.

        Tables are checked as files are; their index may be the id column or hold it as a column.

        Raises
        ------
        SchemaError, CrsError
            A table lacks what the schema asks for, or its coordinates cannot be used; all problems at once.
        """
        from geoplan.model.validate import checked_layers  # noqa: PLC0415  (validate needs Park's types)

        tables, problems = checked_layers(layers)
        return cls(
            name={"en": name, "zh": name}, layers=tables, currency=currency, problems=problems
        )

    def _crs_of(self, layer: str) -> pyproj.CRS | None:
        table = self.layers[layer]
        return table.crs if isinstance(table, gpd.GeoDataFrame) else None

    @property
    def parcels(self) -> gpd.GeoDataFrame:
        """The parcels, index ``parcel_id``."""
        return cast("gpd.GeoDataFrame", self.layers["parcels"])

    @property
    def crs(self) -> pyproj.CRS | None:
        """The working CRS; ``None`` for a park in local metres."""
        crs: pyproj.CRS | None = self.parcels.crs
        return crs

    def __contains__(self, layer: object) -> bool:
        return layer in self.layers

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def get(self, layer: str) -> pd.DataFrame | None:
        """A layer, or ``None`` if the park does not have it."""
        return self.layers.get(layer)

    def places(self, layer: str) -> gpd.GeoDataFrame | None:
        """A layer with geometry, or ``None`` if the park does not have it."""
        table = self.layers.get(layer)
        return table if isinstance(table, gpd.GeoDataFrame) else None

    def with_layers(self, **layers: pd.DataFrame) -> Park:
        """The same park with some layers replaced."""
        return self._replaced(layers={**self.layers, **layers})

    def title(self) -> Message:
        """Its name as a message."""
        return name_in_both(self.name)

    def _replaced(self, **changes: Any) -> Park:
        return replace(self, **changes)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{len(table):,}</td></tr>"
            for name, table in self.layers.items()
        )
        return f"<table><tr><th>layer</th><th>rows</th></tr>{rows}</table>"
