"""A file that needs no source file: its layers and columns are already called as ours are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from geoplan.errors import SchemaError
from geoplan.io._tables import layer_names, read_table
from geoplan.io.sources import LOCAL_METRES, LayerSource, Source
from geoplan.model.answers import Problem
from geoplan.model.names import layer_named
from geoplan.model.telling import listed
from geoplan.words import say

__all__ = ["source_of_file"]

_SHEETS = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet", ".geoparquet"}


def source_of_file(path: Path) -> tuple[Source, list[Problem]]:
    """What a source file of one file would say whose layers and columns are ours."""
    if path.suffix.lower() in _SHEETS:
        return _plain_source(path, {"parcels": None}, {}), []
    names = layer_names(path)
    ours = {ours: name for name in reversed(names) if (ours := layer_named(name)) is not None}
    if "parcels" not in ours and len(names) == 1:
        ours = {"parcels": names[0]}
    if "parcels" not in ours:
        raise SchemaError([say("read.no_parcels_layer", name=path.name, names=listed(names))])
    origin: dict[str, str] = {}
    if "provenance" in names:
        items = read_table(path, layer="provenance").frame.astype("str")
        origin = dict(zip(items["item"], items["value"], strict=True))
    others = [name for name in names if name not in {*ours.values(), "provenance", "layer_styles"}]
    problems = []
    if others:
        message = say("read.layers_not_read", name=path.name, names=listed(others))
        problems.append(Problem(severity="note", layer="", kind="layers_not_read", message=message))
    return _plain_source(path, dict(ours), origin), problems


def _plain_source(
    path: Path, layers: Mapping[str, str | None], origin: Mapping[str, str]
) -> Source:
    name = origin.get("park", path.stem)
    return Source(
        name={"en": origin.get("park_en", name), "zh": origin.get("park_zh", name)},
        citation=origin.get("citation", ""),
        currency=origin.get("currency", ""),
        crs=LOCAL_METRES if origin.get("crs") == LOCAL_METRES else None,
        layers={ours: (LayerSource(file=path.name, layer=its),) for ours, its in layers.items()},
    )
