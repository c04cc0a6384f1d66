"""Whether the layers and columns that a source file names are in the schema, and fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from geoplan.model.schema import LAYERS, columns_of
from geoplan.model.telling import nearest, shown
from geoplan.words import Message, say

__all__ = ["problems_of_names"]

Place = tuple[str | int, ...]
_MEASURED = {"number", "amount", "share", "count"}


def problems_of_names(tree: Mapping[str, Any]) -> Iterator[tuple[Place, Message]]:
    """Every layer or column that the schema does not have, with its place in the file and the nearest there is.

    Works on the file as it was read, so that it can be told together with what else is wrong.
    """
    layers = tree.get("layers")
    known = [name for name, layer in LAYERS.items() if layer.stage == "input"]
    for name, parts in layers.items() if isinstance(layers, Mapping) else ():
        if name not in known:
            yield (
                ("layers", name),
                say("yaml.source_layer", name=shown(name), near=nearest(name, known)),
            )
            continue
        several = isinstance(parts, Sequence) and not isinstance(parts, str)
        for number, part in enumerate(parts if several else [parts]):
            place: Place = ("layers", name, number) if several else ("layers", name)
            if isinstance(part, Mapping):
                yield from _columns(name, part, place)


def _columns(layer: str, part: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, Message]]:
    for group in ("columns", "constants"):
        if isinstance(names := part.get(group), Mapping):
            for name, origin in names.items():
                yield from _column(layer, name, origin, (*place, group, name))
    years = part.get("years")
    for year, one in years.items() if isinstance(years, Mapping) else ():
        if isinstance(one, Mapping) and isinstance(names := one.get("columns"), Mapping):
            for name, origin in names.items():
                yield from _column(layer, name, origin, (*place, "years", year, "columns", name))


def _column(
    layer: str, name: object, origin: object, place: Place
) -> Iterator[tuple[Place, Message]]:
    known = {n: item for n, item in columns_of(layer).items() if item.stage == "input"}
    if name not in known:
        yield (
            place,
            say("yaml.source_column", layer=layer, name=shown(name), near=nearest(name, known)),
        )
    elif (
        isinstance(origin, Mapping)
        and origin.get("unit")
        and known[str(name)].kind not in _MEASURED
    ):
        yield place, say("yaml.source_unit_of_text", name=str(name))
