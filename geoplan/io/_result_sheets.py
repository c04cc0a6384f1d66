"""Sheets of the findings workbook beside the tests: years against the mean, and the layers of the area as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from openpyxl.chart import LineChart, Reference
from openpyxl.worksheet.worksheet import Worksheet

from geoplan.io._workbook import LANGUAGE_ORDER, in_both
from geoplan.model.answers import Evaluation
from geoplan.model.schema import LAYERS, columns_of
from geoplan.units import mu_from_m2, to_base
from geoplan.words import catalogue, say, text

__all__ = ["add_year_chart", "layer_sheets", "money_unit", "year_rows"]

_MOST_YEARS = 5
_MOST_LINES = 6
_CHART_WIDTH_CM, _CHART_HEIGHT_CM = 16.0, 7.5
#: Where the words for the values of a column stand in the catalogue.
_SPOKEN: Mapping[tuple[str, str], str] = {
    ("area_profile", "aspect"): "concentration.aspect",
    ("area_profile", "verdict"): "verdict",
    ("area_sectors", "basis"): "concentration.basis",
    ("clusters", "cluster"): "space.cluster",
    ("grades", "group"): "grade.group",
    ("grade_items", "filled"): "grade.fill",
    ("services", "is_near"): "verdict",
    ("services", "kind"): "space.kind",
}


def layer_sheets(
    layers: Mapping[str, pd.DataFrame], *, parcel_ids: pd.Index
) -> Iterator[tuple[str, str, dict[str, list[object]]]]:
    """Name, title and columns of a sheet for each layer of the schema that has rows; shapes are left out.

    Of years only the last is told, of parcels only those in ``parcel_ids``.
    """
    for name, layer in layers.items():
        if layer.empty:
            continue
        id_column = LAYERS[name].id_column
        table = pd.DataFrame(layer.reset_index() if id_column == layer.index.name else layer)
        if "year" in table:
            table = table[table["year"].isna() | (table["year"] == table["year"].max())]
        if "parcel_id" in table:
            table = table[table["parcel_id"].isin(parcel_ids)]
        known = columns_of(name)
        sheet = f"{LAYERS[name].term} {name}"
        yield (
            sheet,
            f"{LAYERS[name].term} {LAYERS[name].meaning}",
            {
                _heading(name, column): [_value(name, column, cell) for cell in table[column]]
                for column in known
                if column in table
            },
        )


def _heading(layer: str, column: str) -> str:
    item = columns_of(layer)[column]
    return f"{item.term} {column}" + (f" [{item.unit}]" if item.unit else "")


def _value(layer: str, column: str, value: Any) -> object:
    key = f"{_SPOKEN.get((layer, column), '')}.{value}"
    return in_both(key) if key in catalogue() else value


def money_unit(currency: str) -> tuple[dict[str, str], float]:
    """How money per land is written, by language, and how many currency/m2 one such unit is."""
    is_yuan = currency == "CNY"
    unit = (
        say("render.unit.cny_per_mu") if is_yuan else say("render.unit.per_m2", currency=currency)
    )
    return {lang: unit.text(lang) for lang in LANGUAGE_ORDER}, to_base("10k/mu") if is_yuan else 1.0


def year_rows(evaluation: Evaluation, *, per_m2: float) -> tuple[dict[str, list[object]], int]:
    """The last five years: each group's mean, that of the land found, then each parcel; and how many lines are means."""
    yearly, averages = evaluation.yearly, evaluation.averages
    years = sorted(averages["year"].dropna().unique())[-_MOST_YEARS:]
    wide = averages.pivot_table(index="group", columns="year", values="mean_amount_per_m2")
    means = wide.reindex(columns=years)
    own = yearly.pivot_table(
        index="parcel_id", columns="year", values="amount_per_m2", dropna=False
    ).reindex(columns=years)
    area_m2 = evaluation.parcels["area_m2"]
    own = own.reindex([name for name in evaluation.parcels.index if name in own.index])
    is_found = evaluation.parcels["below_mean"].reindex(own.index) == "yes"
    names = [_mean_name(str(group)) for group in means.index]
    areas: list[object] = [None] * len(means)
    tables = [means]
    if is_found.any():
        land = own[is_found].notna().mul(area_m2.reindex(own.index[is_found]), axis="index")
        total = (own[is_found] * land).sum(min_count=1) / land.sum().where(lambda x: x > 0)
        tables.append(total.to_frame().T)
        names.append(in_both("book.mean_of_found"))
        areas.append(float(mu_from_m2(area_m2.reindex(own.index[is_found]).sum())))
    lines = len(names)
    values = pd.concat([*tables, own]).to_numpy(dtype=float) / per_m2
    columns: dict[str, list[object]] = {
        "parcel": [*names, *own.index],
        "area_mu": [*areas, *(float(mu_from_m2(area)) for area in area_m2.reindex(own.index))],
    }
    for number, year in enumerate(years):
        columns[str(int(year))] = [
            None if np.isnan(value) else float(value) for value in values[:, number]
        ]
    return columns, lines


def _mean_name(group: str) -> str:
    if group == "park":
        return in_both("book.mean_of_park")
    return " ".join(text("book.mean_of_group", lang, group=group) for lang in LANGUAGE_ORDER)


def add_year_chart(sheet: Worksheet, *, top: int, lines: int, years: int, unit: str) -> None:
    """A line for each mean of a table of :func:`year_rows` whose headings stand in row ``top``."""
    chart = LineChart()
    shown = min(lines, _MOST_LINES)
    rows = (*range(top + 1, top + shown), top + lines)  # the land found stands last
    for row in rows:
        series = Reference(sheet, min_col=3, max_col=2 + years, min_row=row)
        chart.add_data(series, from_rows=True, titles_from_data=False)
        chart.series[-1].tx = _title_of(sheet, row)
        chart.series[-1].smooth = False
    chart.set_categories(Reference(sheet, min_col=3, max_col=2 + years, min_row=top))
    chart.y_axis.title, chart.width, chart.height = unit, _CHART_WIDTH_CM, _CHART_HEIGHT_CM
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.legend.position = "b"
    sheet.add_chart(chart, sheet.cell(row=top, column=years + 4).coordinate)


def _title_of(sheet: Worksheet, row: int) -> Any:
    from openpyxl.chart.series import SeriesLabel  # noqa: PLC0415

    return SeriesLabel(v=str(sheet.cell(row=row, column=1).value))
