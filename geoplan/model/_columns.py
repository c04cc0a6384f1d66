"""From the columns a file has to the columns the schema has: names, ids, kinds."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from geoplan.model.answers import Problem
from geoplan.model.cells import id_text, typed
from geoplan.model.names import column_named, missing_column, names_in_schema
from geoplan.model.schema import LAYERS, Column, columns_of, needed_columns
from geoplan.model.telling import listed, shown
from geoplan.units import M2_PER_MU
from geoplan.words import Message, say

__all__ = ["CheckedColumns", "checked_columns"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckedColumns:
    """A table with the schema's names and kinds; ``broken`` says why it cannot be used."""

    table: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    broken: tuple[Message, ...] = field(default=())


def checked_columns(table: pd.DataFrame, layer: str) -> CheckedColumns:
    """Bring one table to the schema: names, id, needed columns, kinds. All that is broken is told at once."""
    repeated = sorted({str(name) for name in table.columns[table.columns.duplicated()]})
    if repeated:
        message = say("check.repeated_column", layer=layer, columns=listed(repeated))
        return CheckedColumns(table=table, broken=(message,))
    renamed, problems = _with_schema_names(table, layer)
    identified, broken = _with_id(renamed, layer)
    missing = [name for name in needed_columns(layer) if not _has(identified, name)]
    broken += [missing_column(name, layer, table.columns) for name in missing]
    if broken:
        return CheckedColumns(table=identified, broken=tuple(broken))
    result, told = _typed_columns(identified, layer)
    result, keys_told, broken = _checked_keys(result, layer)
    return CheckedColumns(
        table=result, problems=(*problems, *told, *keys_told), broken=tuple(broken)
    )


def _has(table: pd.DataFrame, name: str) -> bool:
    return name in table.columns or table.index.name == name


def _with_schema_names(table: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, list[Problem]]:
    names = {old: new for old, new in names_in_schema(table.columns, layer).items() if old != new}
    result = table.rename(columns=names)
    problems = []
    for old, new in names.items():
        item = columns_of(layer)[new]
        factor = _factor_in_name(old)
        if factor != 1.0 and pd.api.types.is_numeric_dtype(result[new]):
            result = result.assign(**{new: result[new] * factor})
            problems.append(_unit_problem("note", "unit_by_name", item, old))
        if item.kind == "amount":
            problems.append(_unit_problem("warning", "unit_not_said", item, old))
    return result, problems


def _factor_in_name(name: str) -> float:
    if name.endswith("_per_mu"):
        return 1 / M2_PER_MU
    return M2_PER_MU if name.endswith("_mu") else 1.0


def _unit_problem(severity: str, kind: str, item: Column, old: str) -> Problem:
    message = say(
        f"check.{kind}", layer=item.layer, column=item.name, name=shown(old), unit=item.unit
    )
    return Problem(
        severity=severity, layer=item.layer, column=item.name, kind=kind, message=message
    )


def _with_id(table: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, list[Message]]:
    """Make the id column the index; a long table gets plain row numbers."""
    id_column = LAYERS[layer].id_column
    if not id_column:
        keeps = table.index.name in columns_of(layer) and table.index.name not in table.columns
        return table.reset_index(drop=not keeps), []
    if id_column in table.columns:
        ids = id_text(table[id_column])
        table = table.drop(columns=id_column)
    elif _index_is_id(table, layer):
        ids = id_text(table.index.to_series())
    else:
        return table, []
    table = table.set_axis(pd.Index(ids.to_numpy(), name=id_column, dtype="str"), axis="index")
    return table, _id_problems(table.index, layer)


def _index_is_id(table: pd.DataFrame, layer: str) -> bool:
    if table.index.name is None:
        return not isinstance(table.index, pd.RangeIndex)
    item = column_named(layer, str(table.index.name))
    return item is not None and item.name == LAYERS[layer].id_column


def _id_problems(ids: pd.Index, layer: str) -> list[Message]:
    id_column = LAYERS[layer].id_column
    broken = []
    empty = [number + 1 for number, is_empty in enumerate(ids.isna()) if is_empty]
    if empty:
        broken.append(
            say(
                "check.id_missing",
                layer=layer,
                column=id_column,
                rows=listed(empty),
                count=len(empty),
            )
        )
    twice = list(dict.fromkeys(ids[ids.duplicated() & ids.notna()]))
    if twice:
        broken.append(
            say(
                "check.id_twice",
                layer=layer,
                column=id_column,
                rows=listed(twice),
                count=len(twice),
            )
        )
    return broken


def _typed_columns(table: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, list[Problem]]:
    columns: dict[str, pd.Series] = {}
    problems: list[Problem] = []
    rows = _row_names(table, layer)
    for name, item in columns_of(layer).items():
        if item.stage == "input" and name in table.columns and item.kind != "code":
            columns[name], told = typed(table[name], item, rows)
            problems += told
    return table.assign(**columns), problems


def _row_names(table: pd.DataFrame, layer: str) -> pd.Index:
    if LAYERS[layer].id_column:
        return table.index
    keys = [name for name in LAYERS[layer].key_columns if name in table.columns]
    names = pd.DataFrame({name: id_text(table[name]).fillna("-") for name in keys})
    return pd.Index(names.agg(" ".join, axis="columns")) if keys else table.index


def _checked_keys(
    table: pd.DataFrame, layer: str
) -> tuple[pd.DataFrame, list[Problem], list[Message]]:
    """Rows of a long table are named by their keys: a row without is set aside, two equal rows become one."""
    keys = [key for key in needed_columns(layer) if key in LAYERS[layer].key_columns]
    if LAYERS[layer].id_column:
        return table, [], []
    problems: list[Problem] = []
    nameless = table[keys].isna().any(axis="columns")
    if nameless.any():
        rows = [number + 1 for number in table.index[nameless]]
        problems.append(_left(layer, "key_missing", rows, ", ".join(keys), len(rows)))
    table = table[~nameless]
    repeated = table.duplicated()
    if repeated.any():
        rows = list(dict.fromkeys(_row_names(table, layer)[repeated]))
        problems.append(_left(layer, "row_repeated", rows, ", ".join(keys), int(repeated.sum())))
    table = table[~repeated].reset_index(drop=True)
    return table, problems, _key_problems(table, layer, keys)


def _key_problems(table: pd.DataFrame, layer: str, keys: list[str]) -> list[Message]:
    if "year" not in keys:  # a firm may use one parcel under two contracts
        return []
    twice = table.duplicated(keys)
    if not twice.any():
        return []
    rows = list(dict.fromkeys(_row_names(table, layer)[twice]))
    return [
        say(
            "check.key_twice",
            layer=layer,
            columns=", ".join(keys),
            rows=listed(rows),
            count=len(rows),
        )
    ]


def _left(layer: str, kind: str, rows: list[object], columns: str, count: int) -> Problem:
    message = say(f"check.{kind}", layer=layer, columns=columns, rows=listed(rows), count=count)
    return Problem(severity="warning", layer=layer, kind=kind, message=message)
