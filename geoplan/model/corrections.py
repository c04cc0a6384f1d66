"""Corrections from the field: a table of (layer, row, column, value, who, date, reason) laid over a park.

The ledger itself is never changed; a park with corrections is another park, and what was laid over it can be shown.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from geoplan.errors import InputError
from geoplan.model.cells import id_text, typed, written
from geoplan.model.park import Park
from geoplan.model.schema import LAYERS, Column, columns_of
from geoplan.model.telling import nearest, shown
from geoplan.words import Message, say

__all__ = ["CORRECTION_COLUMNS", "apply_corrections"]

#: What a correction must say.
CORRECTION_COLUMNS = ("layer", "row_id", "column", "value", "who", "date", "reason")


def apply_corrections(park: Park, corrections: pd.DataFrame) -> Park:
    """Lay a table of corrections over a park.

    Rows are named by the id of their layer, those of a long table by its keys with a slash between
    (``E1/2025``). An empty value makes the cell unknown. Ids, keys and shapes cannot be corrected this way.

    Parameters
    ----------
    corrections
        Columns :data:`CORRECTION_COLUMNS`; all but ``value`` must be filled.

    Returns
    -------
    Park
        Another park; ``park`` is left as it was.

    Raises
    ------
    InputError
        A layer, row or column does not exist, a value cannot be of its kind, something is not said, or two corrections
        name one cell; all problems at once.
    """
    missing = [name for name in CORRECTION_COLUMNS if name not in corrections]
    if missing:
        raise InputError([say("correct.no_column", names=", ".join(missing))])
    table = corrections.assign(**{name: written(corrections[name]) for name in CORRECTION_COLUMNS})
    problems: list[Message] = []
    layers: dict[str, pd.DataFrame] = {}
    cells: set[tuple[str, ...]] = set()
    for number, row in enumerate(table.to_dict("records"), start=1):
        wrong = _problems_of(park, row, number)
        cell = (str(row["layer"]), str(row["row_id"]), str(row["column"]))
        if not wrong and cell in cells:
            wrong = [say("correct.twice", number=number, cell="/".join(map(shown, cell)))]
        cells.add(cell)
        if not wrong:
            layer, _, name = cell
            below = layers.get(layer, park.layers[layer])
            layers[layer], wrong = _laid(below, row, columns_of(layer)[name], number)
        problems += wrong
    if problems:
        raise InputError(problems)
    return park.with_layers(**layers)


def _problems_of(park: Park, row: dict[Any, Any], number: int) -> list[Message]:
    """What is missing or unknown in one correction."""
    empty = [name for name in CORRECTION_COLUMNS if name != "value" and pd.isna(row[name])]
    if empty:
        return [say("correct.not_said", number=number, names=", ".join(empty))]
    layer, name = str(row["layer"]), str(row["column"])
    if layer not in park or LAYERS[layer].stage != "input":
        return [_unknown(number, "layer", layer, tuple(park))]
    keys = {LAYERS[layer].id_column, *LAYERS[layer].key_columns}
    known = [
        one.name
        for one in columns_of(layer).values()
        if one.stage == "input" and one.name not in keys
    ]
    if name not in known:
        return [_unknown(number, "column", name, known)]
    rows = _row_names(park.layers[layer], layer)
    if str(row["row_id"]) not in set(rows):
        return [_unknown(number, "row", str(row["row_id"]), rows)]
    return []


def _row_names(table: pd.DataFrame, layer: str) -> list[str]:
    if LAYERS[layer].id_column:
        return [str(name) for name in table.index]
    keys = [name for name in LAYERS[layer].key_columns if name in table]
    texts = [id_text(table[name]).fillna("") for name in keys]
    return ["/".join(names).rstrip("/") for names in zip(*texts, strict=True)]


def _laid(
    table: pd.DataFrame, row: dict[Any, Any], column: Column, number: int
) -> tuple[pd.DataFrame, list[Message]]:
    """The table with one cell replaced."""
    value = pd.Series([row["value"]], dtype=object)
    cell, told = typed(value, column, pd.Index([str(row["row_id"])]))
    if told:
        kind = column.kind if not column.choices else ", ".join(column.choices)
        return table, [
            say("correct.bad_value", number=number, column=column.name,
                value=shown(row["value"]), kind=kind)
        ]  # fmt: skip
    at = [name == str(row["row_id"]) for name in _row_names(table, column.layer)]
    if sum(at) > 1:
        return table, [say("correct.many_rows", number=number, row=shown(row["row_id"]))]
    old = table.get(column.name, pd.Series(pd.NA, index=table.index, dtype=object))
    values = old.astype(object)
    values[at] = cell.iloc[0]
    fixed, _ = typed(values, column, pd.Index(_row_names(table, column.layer)))
    return table.assign(**{column.name: fixed}), []


def _unknown(number: int, kind: str, name: str, known: list[str] | tuple[str, ...]) -> Message:
    return say(
        "correct.unknown",
        number=number,
        kind=say(f"correct.kind.{kind}"),
        name=shown(name),
        near=nearest(name, known),
    )
