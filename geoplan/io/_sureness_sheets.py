"""How sure the answers are, as columns and charts of the workbook of the findings."""

from __future__ import annotations

import pandas as pd
from openpyxl.chart import Reference, ScatterChart, Series
from openpyxl.worksheet.worksheet import Worksheet

from geoplan.io._workbook import LANGUAGE_ORDER, in_both
from geoplan.model.answers import Robustness
from geoplan.units import mu_from_m2
from geoplan.words import say

__all__ = ["count_columns", "curve_columns", "draw_curves", "sure_columns", "triage_columns"]

_SURENESS = ("robust", "borderline", "unknown_data")
#: Where charts stand: beside the table, two in a row.
_FIRST_COLUMN, _SECOND_COLUMN, _FIRST_ROW, _ROWS_EACH = "L", "V", 3, 17
_WIDTH_CM, _HEIGHT_CM = 17.0, 8.0


def sure_columns(robustness: Robustness, table: pd.DataFrame) -> dict[str, list[object]]:
    """How sure the rows of one test are."""
    rows = robustness.parcels.set_index(["parcel_id", "finding"])
    rows = rows.reindex(pd.MultiIndex.from_frame(table[["parcel_id", "finding"]]))
    return {
        "sureness": [_spoken(name) for name in rows["sureness"]],
        "flagged_probability": list(rows["flagged_probability"]),
        "sure_zh": list(rows["reason_zh"]),
        "sure_en": list(rows["reason_en"]),
    }


def triage_columns(robustness: Robustness) -> dict[str, list[object]]:
    """How sure it is what to do, the least sure first."""
    rank = {name: place for place, name in enumerate(reversed(_SURENESS))}
    table = robustness.triage
    table = table.assign(rank=table["sureness"].map(rank)).sort_values("rank", kind="stable")
    return {
        "parcel": list(table["parcel_id"]),
        "triage": [_both(f"triage.{name}") for name in table["triage"]],
        "sureness": [_spoken(name) for name in table["sureness"]],
        "same_probability": list(table["same_probability"]),
        "sure_zh": list(table["reason_zh"]),
        "sure_en": list(table["reason_en"]),
    }


def count_columns(robustness: Robustness) -> dict[str, list[object]]:
    """How many answers of each test, and of the triage, are sure."""
    tests = robustness.parcels.groupby("finding", sort=False)["sureness"]
    told = {_both(f"render.finding.{name}"): group.value_counts() for name, group in tests}
    told[in_both("book.triage")] = robustness.triage["sureness"].value_counts()
    return {
        "finding": list(told),
        **{
            f"{name}_count": [int(counts.get(name, 0)) for counts in told.values()]
            for name in _SURENESS
        },
    }


def curve_columns(curve: pd.DataFrame) -> dict[str, list[object]]:
    """The flagged land as each threshold moves."""
    return {
        "finding": [_both(f"render.finding.{name}") for name in curve["finding"]],
        "threshold": list(curve["threshold"]),
        "value": list(curve["value"]),
        "unit": list(curve["unit"]),
        "is_current": [in_both("book.current") if now else None for now in curve["is_current"]],
        "yes_mu": [float(mu_from_m2(area)) for area in curve["flagged_area_m2"]],
        "yes_count": list(curve["flagged_count"]),
        "unknown_mu": [float(mu_from_m2(area)) for area in curve["unknown_area_m2"]],
        "unknown_count": list(curve["unknown_count"]),
    }


def draw_curves(sheet: Worksheet, curve: pd.DataFrame, *, top: int) -> None:
    """One chart for each threshold, from the rows below the headings in row ``top``; where it stands is marked."""
    names = list(curve_columns(curve))
    value, yes, unknown = (names.index(name) + 1 for name in ("value", "yes_mu", "unknown_mu"))
    places = curve.reset_index(drop=True).groupby(["finding", "threshold"], sort=False)
    for number, ((finding, threshold), rows) in enumerate(places):
        first, last = top + 1 + int(rows.index[0]), top + 1 + int(rows.index[-1])
        now = top + 1 + int(rows.index[rows["is_current"].to_numpy(dtype=bool)][0])
        chart = ScatterChart(style=2)
        chart.title = f"{_both(f'render.finding.{finding}')}: {threshold}"
        chart.x_axis.title = f"{threshold} [{rows['unit'].iloc[0]}]"
        chart.y_axis.title = in_both("book.area_mu")
        chart.x_axis.delete = chart.y_axis.delete = False
        chart.legend.position = "b"
        chart.width, chart.height = _WIDTH_CM, _HEIGHT_CM
        for key, column, rows_of, symbol in (
            ("book.yes_mu", yes, (first, last), "circle"),
            ("book.unknown_mu", unknown, (first, last), "none"),
            ("book.current", yes, (now, now), "diamond"),
        ):
            chart.append(_line(sheet, in_both(key), value, column, rows_of, symbol))
        beside = _SECOND_COLUMN if number % 2 else _FIRST_COLUMN
        sheet.add_chart(chart, f"{beside}{_FIRST_ROW + number // 2 * _ROWS_EACH}")


def _line(  # noqa: PLR0913, PLR0917  (where a line is read from)
    sheet: Worksheet, title: str, x: int, y: int, rows: tuple[int, int], symbol: str
) -> Series:
    first, last = rows
    line = Series(
        Reference(sheet, min_col=y, min_row=first, max_row=last),
        Reference(sheet, min_col=x, min_row=first, max_row=last),
        title=title,
    )
    line.marker.symbol = symbol
    line.marker.size = 9 if symbol == "diamond" else 5
    line.smooth = False
    return line


def _spoken(sureness: object) -> str:
    return _both(f"robust.sureness.{sureness}") if sureness in _SURENESS else ""


def _both(key: str) -> str:
    return " ".join(dict.fromkeys(say(key).text(language) for language in LANGUAGE_ORDER))
