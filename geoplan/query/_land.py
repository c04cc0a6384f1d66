"""What a query looks at: the layers of a park, and its parcels with all columns known so far."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import InputError, SchemaError
from geoplan.model.answers import Allocation, Evaluation
from geoplan.model.park import Park
from geoplan.model.schema import LAYERS, columns_of
from geoplan.words import Message, literal, name_in_both, say

__all__ = ["Land", "column_name", "known_one", "layer_name", "merged", "unit_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Land:
    """A park and its parcels with the columns of all results at hand."""

    park: Park
    parcels: gpd.GeoDataFrame

    @property
    def shapes(self) -> NDArray[np.object_]:
        """Polygons of the parcels; ``None`` where one has no shape."""
        shapes: NDArray[np.object_] = np.asarray(self.parcels.geometry.values, dtype=object)
        return shapes

    @property
    def ids(self) -> NDArray[np.object_]:
        """Names of the parcels."""
        return np.asarray(self.parcels.index, dtype=object)

    def column(self, name: str) -> pd.Series[Any]:
        """A column of the parcels."""
        values: pd.Series[Any] = self.parcels[name]
        return values

    def layer(self, name: str) -> pd.DataFrame:
        """A layer of the park."""
        return self.park.layers[name]

    def check(self, *, columns: Iterable[str] = (), layers: Iterable[str] = ()) -> None:
        """Refuse what the park does not have, all at once, with the nearest name."""
        problems = [p for name in columns if (p := self._missing_column(name)) is not None]
        problems += [p for name in layers if (p := self._missing_layer(name)) is not None]
        if problems:
            raise SchemaError(problems, headline=say("query.headline"))

    def _missing_column(self, name: str) -> Message | None:
        if name in self.parcels.columns:
            return None
        schema = columns_of("parcels")
        if name in schema:
            stage = schema[name].stage
            hint = say("query.hint_input") if stage == "input" else say("query.hint", stage=stage)
            return say("query.no_column", column=name, meaning=schema[name].meaning, hint=hint)
        near = _nearest(name, [*self.parcels.columns, *schema])
        return say("query.no_such_column", column=name, near=near)

    def _missing_layer(self, name: str) -> Message | None:
        if name in self.park:
            return None
        if name in LAYERS:
            return say("query.no_layer", layer=layer_name(name), meaning=LAYERS[name].meaning)
        return say("query.no_such_layer", layer=name, near=_nearest(name, list(LAYERS)))


def merged(park: Park, evaluation: Evaluation | None, allocation: Allocation | None) -> Land:
    """Parcels of the park with the columns that the results add, in the park's order."""
    parcels = park.parcels
    for result in (evaluation, allocation):
        if result is None:
            continue
        if not result.parcels.index.equals(parcels.index):
            raise InputError([say("query.other_parcels")], headline=say("query.headline"))
        new = result.parcels.columns.difference(parcels.columns, sort=False)
        parcels = parcels.assign(**{name: result.parcels[name] for name in new})
    return Land(park=park, parcels=parcels)


def known_one(kind: Message, values: Sequence[object], known: Sequence[object]) -> None:
    """Refuse values that are not among those known, with the nearest one."""
    wrong = [value for value in values if value not in known]
    if wrong:
        names = [str(value) for value in known]
        problems = [
            say("query.no_such_value", kind=kind, value=value, near=_nearest(str(value), names))
            for value in wrong
        ]
        raise InputError(problems, headline=say("query.headline"))


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    return near[0] if near else "-"


def column_name(name: str) -> Message:
    """A column as the planner calls it: its term in Chinese, its name in English."""
    schema = columns_of("parcels")
    return name_in_both({"en": name, "zh": schema[name].term if name in schema else name})


def layer_name(name: str) -> Message:
    """A layer as the planner calls it."""
    return name_in_both({"en": name, "zh": LAYERS[name].term if name in LAYERS else name})


def unit_of(name: str) -> Message:
    """Unit of a column in words; of one that the schema does not know, nothing."""
    unit = columns_of("parcels")[name].unit if name in columns_of("parcels") else ""
    return say(f"query.unit_{unit}") if unit in _SPOKEN_UNITS else literal(unit)


_SPOKEN_UNITS = ("m", "m2", "months", "a", "persons")
