"""A park and its rules with one thing put back as it was last time, and what that thing is, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from geoplan.model.corrections import (
    CORRECTION_COLUMNS,
    apply_corrections,
    correction_told,
    corrections_of,
)
from geoplan.model.park import Park
from geoplan.model.rows import parcels_of_rows, row_names
from geoplan.model.rulepack import RuleNumber, Rules
from geoplan.model.schema import LAYERS, columns_of
from geoplan.model.telling import shown
from geoplan.words import Message, catalogue, join, literal, say

__all__ = ["Previous", "Trials"]

_MOST_CELLS = 5
_YEARLY = ("performance", "valuation")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Previous:
    """Last time's result, as its GeoPackage holds it.

    Attributes
    ----------
    park
        The land and the ledger it was made with, corrections laid over.
    answers
        :func:`geoplan.evaluate.compare.answers_of` of that time.
    numbers
        The numbers of its rules.
    corrections
        What had been corrected.
    """

    park: Park
    answers: pd.Series
    numbers: Mapping[str, float]
    corrections: pd.DataFrame


class Trials:
    """The park and the rules with one thing put back, and what that thing is for one parcel."""

    def __init__(self, previous: Previous, park: Park, as_read: Park, rules: Rules) -> None:
        self._previous, self._park, self._as_read, self._rules = previous, park, as_read, rules
        self._last_year = _last_year(previous.park)
        self._new_corrections = _new_corrections(park, previous)
        self._cells = _changed_cells(previous.park, park, corrected=park.get("corrections"))
        self._numbers = {
            name: (previous.numbers[name], number)
            for name, number in rules.numbers.items()
            if name in previous.numbers and previous.numbers[name] != number.value
        }

    def put_back(self) -> dict[str, tuple[Park, Rules]]:
        """Only what is really different now."""
        trials: dict[str, tuple[Park, Rules]] = {}
        if len(self._new_corrections):
            trials["correction"] = (self._without_new_corrections(), self._rules)
        if len(self._cells):
            trials["figures"] = (self._with_old_figures(), self._rules)
        if not self._changed_links().empty:
            old = self._previous.park.layers["occupancy"]
            trials["link"] = (self._park.with_layers(occupancy=old), self._rules)
        if self._new_years():
            trials["new_year"] = (self._without_new_years(), self._rules)
        if self._numbers:
            trials["rules"] = (self._park, self._with_old_numbers())
        return trials

    def told(self, cause: str, parcel: str, finding: str) -> Message:
        """One cause in words, with what it is for this parcel."""
        if cause == "correction":
            rows = corrections_of(self._park, parcel)
            rows = rows[rows.index.isin(self._new_corrections.index)]
            what = [correction_told(row) for _, row in rows.iterrows()]
        elif cause == "figures":
            cells = self._cells[[parcel in ids for ids in self._cells["parcel_ids"]]]
            what = [_cell_told(row) for _, row in cells.iterrows()]
        elif cause == "link":
            links = self._changed_links()
            links = links[links["parcel_id"] == parcel]
            what = [
                say(f"previous.link.{kind}", link=shown(words))
                for kind, words in zip(links["kind"], links["words"], strict=True)
            ]
        elif cause == "new_year":
            what = [literal(str(year)) for year in self._new_years()]
        elif cause == "rules":
            own = [pair for name, pair in self._numbers.items() if name.startswith(f"{finding}.")]
            pairs = own or list(self._numbers.values())
            what = [_number_told(old, number) for old, number in pairs]
        else:
            return say(f"previous.cause.{cause}")
        if not what:
            return say("previous.cause.elsewhere", cause=say(f"previous.by.{cause}"))
        told = join(what[:_MOST_CELLS])
        more = len(what) - _MOST_CELLS
        if more > 0:
            told = say("check.and_more", listed=told, count=more)
        return say(f"previous.cause.{cause}", what=told)

    def _without_new_corrections(self) -> Park:
        every = self._park.layers["corrections"]
        kept = every.drop(index=self._new_corrections.index)
        return apply_corrections(self._as_read, kept) if len(kept) else self._as_read

    def _with_old_figures(self) -> Park:
        layers = {
            layer: _with_cells(table, self._previous.park.layers[layer], layer)
            for layer, table in self._as_read.layers.items()
            if layer in self._previous.park.layers and _has_figures(layer)
        }
        older = self._as_read.with_layers(**layers)
        corrections = self._park.get("corrections")
        return older if corrections is None else apply_corrections(older, corrections)

    def _new_years(self) -> list[int]:
        last = _last_year(self._park)
        if self._last_year is None or last is None:
            return []
        return list(range(self._last_year + 1, last + 1))

    def _without_new_years(self) -> Park:
        layers = {
            layer: table[table["year"] <= self._last_year].reset_index(drop=True)
            for layer, table in self._park.layers.items()
            if layer in _YEARLY
        }
        return self._park.with_layers(**layers)

    def _with_old_numbers(self) -> Rules:
        old = {
            name: replace(number, value=value) for name, (value, number) in self._numbers.items()
        }
        return replace(self._rules, overrides={**self._rules.overrides, **old})

    def _changed_links(self) -> pd.DataFrame:
        """Links that are new or gone, in words."""
        tables = [park.get("occupancy") for park in (self._previous.park, self._park)]
        if any(table is None for table in tables):
            return pd.DataFrame({"parcel_id": [], "words": [], "kind": []})
        texts = [_link_texts(table) for table in tables if table is not None]
        rows = []
        for kind, own, other in (("gone", texts[0], texts[1]), ("new", texts[1], texts[0])):
            rows.append(own[~own["words"].isin(other["words"])].assign(kind=kind))
        return pd.concat(rows, ignore_index=True)


def _has_figures(layer: str) -> bool:
    return LAYERS[layer].stage == "input" and layer != "occupancy"


def _last_year(park: Park) -> int | None:
    years = [park.layers[layer]["year"].dropna() for layer in _YEARLY if layer in park]
    known = pd.concat(years) if years else pd.Series(dtype="Int64")
    return int(known.max()) if len(known) else None


def _new_corrections(park: Park, previous: Previous) -> pd.DataFrame:
    table = park.get("corrections")
    if table is None:
        return pd.DataFrame()
    keys = list(CORRECTION_COLUMNS[:4])
    known = set(previous.corrections[keys].astype(str).itertuples(index=False, name=None))
    rows = list(table[keys].astype(str).itertuples(index=False, name=None))
    return table[[row not in known for row in rows]]


def _named(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    """The input columns of a layer by the name of the row; the first of rows of one name."""
    names = [n for n, item in columns_of(layer).items() if item.stage == "input" and n in table]
    named = pd.DataFrame(table)[names].set_axis(row_names(table, layer), axis="index")
    return named[~named.index.duplicated()]


def _with_cells(table: pd.DataFrame, old: pd.DataFrame, layer: str) -> pd.DataFrame:
    """The rows of a table with the cells that the same rows had before."""
    own, before = row_names(table, layer), _named(old, layer)
    known = pd.Series(own).isin(before.index).to_numpy()
    columns = {}
    for name in before.columns.intersection(table.columns):
        values = table[name].astype(object)
        values[known] = before[name].astype(object).reindex(pd.Index(own)[known]).to_numpy()
        columns[name] = values.astype(table[name].dtype)
    return table.assign(**columns)


def _changed_cells(before: Park, now: Park, *, corrected: pd.DataFrame | None) -> pd.DataFrame:
    """Cells of rows that are in both and differ, but for those corrected now, with the parcels they concern."""
    mended = (
        set()
        if corrected is None
        else set(
            corrected[["layer", "row_id", "column"]].astype(str).itertuples(index=False, name=None)
        )
    )
    rows: list[dict[str, object]] = []
    for layer, table in now.layers.items():
        if layer not in before.layers or not _has_figures(layer):
            continue
        old, new = _named(before.layers[layer], layer), _named(table, layer)
        both = new.index.intersection(old.index)
        names = pd.Series(row_names(table, layer), dtype=object)
        pairs = parcels_of_rows(now, layer)
        of_row = pairs.groupby(pairs["row"].map(names))["parcel_id"].agg(list)
        for name in new.columns.intersection(old.columns):
            one, other = old.loc[both, name].astype(object), new.loc[both, name].astype(object)
            differs = (one.notna() | other.notna()) & ~(one == other).fillna(value=False).astype(
                bool
            )
            rows += [
                {"layer": layer, "row_id": row, "column": name, "before": one[row],
                 "after": other[row], "parcel_ids": of_row.get(row, [])}
                for row in both[differs.to_numpy()]
                if (layer, str(row), name) not in mended
            ]  # fmt: skip
    columns = ["layer", "row_id", "column", "before", "after", "parcel_ids"]
    return pd.DataFrame(rows, columns=columns)


def _link_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Each link as one text."""
    names = [name for name in columns_of("occupancy") if name in table]
    cells = table[names].astype("str").where(table[names].notna(), "")
    words = cells.apply(
        lambda row: " ".join(f"{n}={v}" for n, v in row.items() if v), axis="columns"
    )
    return pd.DataFrame({"parcel_id": table["parcel_id"].astype(object), "words": words})


def _cell_told(row: pd.Series) -> Message:
    return say(
        "previous.cell",
        cell=f"{row['layer']} {shown(row['row_id'])} {row['column']}",
        before=_value_told(row["before"]),
        after=_value_told(row["after"]),
    )


def _value_told(value: Any) -> Message:
    if value is None or bool(pd.isna(value)):
        return say("common.unknown")
    if isinstance(value, bool):
        return say("common.yes" if value else "common.no")
    if isinstance(value, float):
        return literal(f"{value:,.10g}")
    entry = f"choice.{value}"
    return say(entry) if entry in catalogue() else literal(shown(value))


def _number_told(old: float, number: RuleNumber) -> Message:
    return say("previous.number", name=number.name, before=f"{old:g}", after=f"{number.value:g}",
               unit=number.unit)  # fmt: skip
