"""Which of the schema's layers and columns a name in a file stands for."""

from __future__ import annotations

from collections.abc import Iterable

from geoplan.model.schema import LAYERS, Column, columns_of
from geoplan.model.telling import listed, nearest
from geoplan.words import Message, say

__all__ = ["column_named", "layer_named", "missing_column", "names_in_schema"]


def layer_named(name: str) -> str | None:
    """Input layer that a file's layer or sheet stands for, by name or Chinese term; or ``None``.

    Examples
    --------
    >>> layer_named("Parcels"), layer_named("findings")
    ('parcels', None)
    """
    plain = str(name).strip().casefold()
    known = (layer for layer in LAYERS.values() if layer.stage == "input")
    return next((one.name for one in known if plain in {one.name, one.term}), None)


def column_named(layer: str, name: str) -> Column | None:
    """The column of a layer that a file's column name stands for, by name, Chinese term or alias; or ``None``.

    Examples
    --------
    >>> column_named("parcels", "zddm").name
    'parcel_id'
    """
    plain = str(name).strip().casefold()
    for item in columns_of(layer).values():
        if item.stage == "input" and plain in {item.name.casefold(), *_other_names(item)}:
            return item
    return None


def _other_names(item: Column) -> set[str]:
    return {name.casefold() for name in (item.term, *item.aliases)}


def names_in_schema(columns: Iterable[str], layer: str) -> dict[str, str]:
    """Which of a file's columns stand for which of the schema's: an exact name before any other, else the first."""
    columns = list(columns)
    found = {name: name for name in columns if name in columns_of(layer)}
    for name in columns:
        item = column_named(layer, name)
        if item is not None and item.name not in found.values():
            found[name] = item.name
    return found


def missing_column(name: str, layer: str, present: Iterable[object]) -> Message:
    """Say that a needed column is missing: what it is, what is nearest, what there is."""
    item = columns_of(layer)[name]
    names = [str(other) for other in present]
    is_id = name == LAYERS[layer].id_column
    return say(
        "check.missing_id" if is_id else "check.missing_column",
        layer=layer,
        column=name,
        term=item.term,
        near=nearest(name, names),
        present=listed(names),
    )
