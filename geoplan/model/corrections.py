"""Corrections from the field: a table of (layer, row, column, value, who, date, reason) laid over a park.

The ledger itself is never changed; a park with corrections is another park, and bears what was laid over it, with what
the ledger said before, as its layer ``corrections``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from geoplan.errors import InputError
from geoplan.model.cells import id_text, typed, written
from geoplan.model.landuse import land_uses
from geoplan.model.names import column_named, layer_named
from geoplan.model.park import Park
from geoplan.model.rows import parcels_of_rows, row_names
from geoplan.model.schema import LAYERS, Column, columns_of
from geoplan.model.telling import nearest, shown
from geoplan.units import AMOUNT_UNITS, AREA_UNITS, LENGTH_UNITS, to_base
from geoplan.words import LANGUAGES, Message, catalogue, literal, say

__all__ = [
    "CORRECTION_COLUMNS",
    "apply_corrections",
    "correction_told",
    "corrections_of",
    "parcels_of_corrections",
]

#: What a correction must say.
CORRECTION_COLUMNS = ("layer", "row_id", "column", "value", "who", "date", "reason")
_MAY_BE_SAID = ("year", "unit", "line")
#: Units that a value may come in, by the unit of its column.
_UNITS = {
    "m2": (AREA_UNITS, None),
    "m": (LENGTH_UNITS, None),
    "currency": (AMOUNT_UNITS, None),
    "currency/m2": (AMOUNT_UNITS, AREA_UNITS),
    "currency/m2/a": (AMOUNT_UNITS, AREA_UNITS),
}
_SHARES = ("share", "percent")


def apply_corrections(park: Park, corrections: pd.DataFrame) -> Park:
    """Lay a table of corrections over a park.

    Layers, columns and choices may be named in English or Chinese. Rows are named by the id of their layer, those of a
    long table by its keys with a slash between (``E1/2025``), or by the firm's or parcel's id and a ``year``. The value
    ``unknown`` makes the cell unknown. Ids, keys and shapes cannot be corrected this way.

    Parameters
    ----------
    corrections
        Columns :data:`CORRECTION_COLUMNS`, all filled; besides, where wanted, ``year``, ``unit`` (of the value: ``mu``,
        ``10k``, ``percent``, ...) and ``line`` (in its file, for the sentences).

    Returns
    -------
    Park
        Another park, with layer ``corrections``; ``park`` is left as it was.

    Raises
    ------
    InputError
        A layer, row or column does not exist, a value cannot be of its kind, something is not said, or two corrections
        name one cell; all problems at once.
    """
    missing = [name for name in CORRECTION_COLUMNS if name not in corrections]
    if missing:
        raise InputError([say("correct.no_column", names=", ".join(missing))])
    names = [*CORRECTION_COLUMNS, *(name for name in _MAY_BE_SAID if name in corrections)]
    table = pd.DataFrame({name: written(corrections[name]) for name in names})
    problems: list[Message] = []
    layers: dict[str, pd.DataFrame] = {}
    cells: set[tuple[str, ...]] = set()
    applied: list[dict[str, Any]] = []
    for place, raw in enumerate(table.to_dict("records"), start=1):
        row = _in_our_words(raw)
        where = _where(raw, place)
        wrong = _problems_of(park, row, where)
        cell = (str(row["layer"]), str(row["row_id"]), str(row["column"]))
        if not wrong and cell in cells:
            wrong = [say("correct.twice", where=where, cell="/".join(map(shown, cell)))]
        cells.add(cell)
        if not wrong:
            layer, _, name = cell
            below = layers.get(layer, park.layers[layer])
            layers[layer], before, wrong = _laid(below, row, columns_of(layer)[name], where)
            applied.append(_record(row, _said(before, columns_of(layer)[name]), place))
        problems += wrong
    if problems:
        raise InputError(problems)
    return park.with_layers(**layers, corrections=_together(park, applied))


def corrections_of(park: Park, parcel_id: str) -> pd.DataFrame:
    """The corrections that concern one parcel: of itself, its buildings, links, figures and firms; none if there are none."""
    table = park.get("corrections")
    if table is None or table.empty:
        return pd.DataFrame(columns=list(columns_of("corrections")))
    return table[[parcel_id in ids for ids in parcels_of_corrections(park)]]


def correction_told(row: pd.Series) -> Message:
    """One row of layer ``corrections`` as a sentence: what stood there, what is right, who says so, when and why."""
    item = columns_of(str(row["layer"]))[str(row["column"])]
    value = _in_words(row["value"], item)
    if pd.notna(row["unit"]):
        value = literal(shown(f"{row['value']} {row['unit']}"))
    return say(
        "correct.told",
        cell=f"{row['layer']} {shown(row['row_id'])} {row['column']}",
        before=_in_words(row["before"], item),
        value=value,
        who=shown(row["who"]),
        date=f"{row['date']:%Y-%m-%d}",
        reason=shown(row["reason"]),
    )


def _in_words(cell: Any, column: Column) -> Message:
    """A cell as a planner says it: unknown, yes or no, the name of a choice, else as it stands."""
    if pd.isna(cell) or str(cell).casefold() in _UNKNOWN:
        return say("common.unknown")
    value = typed(_one(cell), column, pd.Index([""]))[0].iloc[0]
    if column.kind == "bool" and pd.notna(value):
        return say("common.yes" if value else "common.no")
    entry = f"choice.{value}"
    return say(entry) if column.choices and entry in catalogue() else literal(shown(cell))


def parcels_of_corrections(park: Park) -> list[list[str]]:
    """The parcels that each correction of a park concerns."""
    table = park.layers["corrections"]
    concerned: list[list[str]] = [[] for _ in range(len(table))]
    for layer in table["layer"].unique():
        names = pd.Series(row_names(park.layers[layer], layer), name="row_id", dtype=object)
        pairs = parcels_of_rows(park, layer)
        by_name = pairs.groupby(pairs["row"].map(names))["parcel_id"].agg(list)
        for place in (table["layer"] == layer).to_numpy().nonzero()[0]:
            concerned[place] = by_name.get(table["row_id"].iloc[place], [])
    return concerned


def _where(row: dict[Any, Any], place: int) -> Message:
    if pd.notna(row.get("line")):
        return say("correct.line", number=row["line"])
    return say("correct.number", number=place)


def _in_our_words(row: dict[Any, Any]) -> dict[Any, Any]:
    """Layer and column under the names of the schema, the year as part of the row's name."""
    layer = row["layer"] if pd.isna(row["layer"]) else layer_named(row["layer"]) or row["layer"]
    item = None if pd.isna(row["column"]) else column_named(str(layer), str(row["column"]))
    own = dict(row) | {"layer": layer, "column": row["column"] if item is None else item.name}
    if pd.notna(row.get("year")) and pd.notna(row["row_id"]):
        year = str(id_text(pd.Series([row["year"]], dtype=object)).iloc[0])
        own["row_id"] = f"{row['row_id']}/{year}"
    return own


def _problems_of(park: Park, row: dict[Any, Any], where: Message) -> list[Message]:
    """What is missing or unknown in one correction."""
    empty = [name for name in CORRECTION_COLUMNS if pd.isna(row[name])]
    if empty:
        return [say("correct.not_said", where=where, names=", ".join(empty))]
    layer, name = str(row["layer"]), str(row["column"])
    if layer not in park or LAYERS[layer].stage != "input":
        known_layers = [one for one in park if LAYERS[one].stage == "input"]
        return [_unknown(where, "layer", layer, known_layers)]
    keys = {LAYERS[layer].id_column, *LAYERS[layer].key_columns}
    known = [
        one.name
        for one in columns_of(layer).values()
        if one.stage == "input" and one.name not in keys
    ]
    problems = []
    if name not in known:
        problems.append(_unknown(where, "column", name, known))
    rows = row_names(park.layers[layer], layer)
    if str(row["row_id"]) not in set(rows):
        problems.append(_unknown(where, "row", str(row["row_id"]), rows))
    day, told = typed(_one(row["date"]), columns_of("corrections")["date"], pd.Index([""]))
    if told or day.isna().all():
        problems.append(say("correct.no_date", where=where, value=shown(row["date"])))
    return problems


def _laid(
    table: pd.DataFrame, row: dict[Any, Any], column: Column, where: Message
) -> tuple[pd.DataFrame, object, list[Message]]:
    """The table with one cell replaced, and what stood there."""
    value, wrong = _value(row, column, where)
    at = [name == str(row["row_id"]) for name in row_names(table, column.layer)]
    if sum(at) > 1:
        wrong = [*wrong, say("correct.many_rows", where=where, row=shown(row["row_id"]))]
    if wrong:
        return table, None, wrong
    old = table.get(column.name, pd.Series(pd.NA, index=table.index, dtype=object))
    values = old.astype(object)
    before = values[at].iloc[0]
    values[at] = value
    fixed, _ = typed(values, column, pd.Index(row_names(table, column.layer)))
    return table.assign(**{column.name: fixed}), before, []


def _value(row: dict[Any, Any], column: Column, where: Message) -> tuple[object, list[Message]]:
    """A corrected value in the kind and unit of its column."""
    text = str(row["value"])
    if text.casefold() in _UNKNOWN and text.casefold() not in column.choices:
        return None, []
    cell = _one(text)
    if pd.notna(row.get("unit")):
        factor = _factor(str(row["unit"]), column)
        if factor is None:
            known = ", ".join(_units_of(column)) or "-"
            return None, [
                say("correct.bad_unit", where=where, unit=shown(row["unit"]),
                    column=column.name, known=known)
            ]  # fmt: skip
        plain = replace(column, kind="number", minimum=None, maximum=None)
        number, told = typed(cell, plain, pd.Index([""]))
        cell = cell if told else number * factor
    result, told = typed(cell, column, pd.Index([str(row["row_id"])]))
    is_no_code = column.kind == "code" and text not in land_uses()
    if told or is_no_code or result.isna().all():
        kind = say(f"correct.of.{'choice' if column.choices else column.kind}",
                   choices=", ".join(column.choices))  # fmt: skip
        return None, [
            say("correct.bad_value", where=where, column=column.name, value=shown(text), kind=kind)
        ]
    return result.iloc[0], []


_UNKNOWN = frozenset(catalogue()["common.unknown"][language] for language in LANGUAGES)


def _factor(unit: str, column: Column) -> float | None:
    """How many units of a column one ``unit`` is; ``None`` where it is none of its kind."""
    return to_base(unit) if unit in _units_of(column) else 1.0 if unit == column.unit else None


def _units_of(column: Column) -> tuple[str, ...]:
    if column.kind == "share":
        return _SHARES
    above, below = _UNITS.get(column.unit, ({}, None))
    if below is None:
        return tuple(above)
    return tuple(f"{top}/{bottom}" for top in above for bottom in below)


def _said(before: object, column: Column) -> str | None:
    """What stood in the ledger, as text; nothing where it was unknown."""
    text = written(_one(before)).iloc[0]
    if pd.isna(text):
        return None
    if column.kind == "bool":
        return catalogue()["common.yes" if before else "common.no"]["en"]
    return str(text).partition(" ")[0] if column.kind == "date" else str(text)


def _record(row: dict[Any, Any], before: str | None, place: int) -> dict[str, Any]:
    """One applied correction as layer ``corrections`` holds it."""
    kept = {name: row.get(name) for name in columns_of("corrections")}
    line = int(row["line"]) if pd.notna(row.get("line")) else place
    return kept | {"line": line, "before": before}


def _together(park: Park, applied: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(applied, columns=list(columns_of("corrections")))
    columns = {
        name: typed(table[name], item, table.index)[0]
        for name, item in columns_of("corrections").items()
    }
    earlier = park.get("corrections")
    table = table.assign(**columns)
    return table if earlier is None else pd.concat([earlier, table], ignore_index=True)


def _one(value: object) -> pd.Series:
    return pd.Series([value], dtype=object)


def _unknown(where: Message, kind: str, name: str, known: list[str]) -> Message:
    return say(
        "correct.unknown",
        where=where,
        kind=say(f"correct.kind.{kind}"),
        name=shown(name),
        near=nearest(name, known),
    )
