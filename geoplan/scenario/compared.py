"""Plans side by side as tables, sentences and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from geoplan.io import SheetTable, write_geopackage, write_tables
from geoplan.scenario.compare import Comparison, becomes, use_name
from geoplan.units import mu_from_m2
from geoplan.words import Message, literal, name_in_both, say

__all__ = ["comparison_lines", "comparison_tables", "terminal_tables", "write_comparison"]


def comparison_lines(comparison: Comparison) -> list[Message]:
    """What to say of two plans: what changes, what each is worth, what the second asks for costs, what is missing."""
    table, moved = comparison.transition, comparison.difference
    total_mu = float(table["area_mu"].sum())
    lines = [say("compare.same")]
    if len(moved):
        area_mu = float(mu_from_m2(moved["area_m2"].sum()))
        lines = [say("compare.changed", count=len(moved), area_mu=area_mu, total_mu=total_mu)]
    for side in (comparison.before, comparison.after):
        worth, bound = (float(mu_from_m2(value)) for value in side.worth_m2)
        lines.append(say("compare.worth", name=side.name, worth_mu=worth, bound_mu=bound))
    if comparison.price_m2 is not None:
        low, high = (float(mu_from_m2(value)) for value in comparison.price_m2)
        lines.append(
            say(
                "compare.price", before=comparison.before.name, after=comparison.after.name,
                low_mu=low, high_mu=high,
            )
        )  # fmt: skip
    return [*lines, *comparison.notes]


def comparison_tables(comparison: Comparison) -> list[SheetTable]:
    """The transition matrix, the indicators, and the parcels that change with their reasons."""
    before, after = comparison.before, comparison.after
    title = say("compare.title", before=before.name, after=after.name)
    return [
        _matrix(comparison.transition, title),
        SheetTable(
            name=say("compare.sheet_indicators"),
            heading=say("compare.heading_indicators", title=title),
            columns=[
                say("compare.head_indicator"),
                before.name,
                after.name,
                say("compare.head_change"),
                say("compare.head_unit"),
            ],
            rows=[
                [
                    name_in_both({"en": row["name_en"], "zh": row["name_zh"]}),
                    *(_known(row[name]) for name in ("before", "after", "change")),
                    row["unit"],
                ]
                for _, row in comparison.indicators.iterrows()
            ],
        ),
        SheetTable(
            name=say("compare.sheet_parcels"),
            heading=say("compare.heading_parcels", title=title),
            columns=[
                say("compare.head_parcel"),
                say("compare.head_area"),
                *(say("compare.head_use", name=side.name) for side in (before, after)),
                *(say("compare.head_reason", name=side.name) for side in (before, after)),
            ],
            rows=[
                [
                    str(parcel),
                    float(mu_from_m2(row["area_m2"])),
                    becomes(row["use_before"], row["product_before"]),
                    becomes(row["use_after"], row["product_after"]),
                    *(
                        name_in_both(
                            {
                                language: _text(row[f"reason_{side}_{language}"])
                                for language in ("en", "zh")
                            }
                        )
                        for side in ("before", "after")
                    ),
                ]
                for parcel, row in comparison.difference.iterrows()
            ],
        ),
    ]


def terminal_tables(comparison: Comparison) -> list[SheetTable]:
    """What of the tables fits a terminal: land that changes, indicators that change, parcels without their reasons."""
    title = say("compare.title", before=comparison.before.name, after=comparison.after.name)
    moves = comparison.transition
    moves = moves[moves["use_before"] != moves["use_after"]]
    _, indicators, parcels = comparison_tables(comparison)
    changed = comparison.indicators["change"].fillna(1.0) != 0
    return [
        SheetTable(
            name=say("compare.sheet_transition"),
            heading=say("compare.heading_moves", title=title),
            columns=[
                *(say(f"compare.head_{name}") for name in ("before", "after", "area", "count"))
            ],
            rows=[
                [
                    use_name(row["use_before"]),
                    use_name(row["use_after"]),
                    float(row["area_mu"]),
                    int(row["parcel_count"]),
                ]
                for _, row in moves.iterrows()
            ],
        ),
        replace(
            indicators,
            rows=[row for row, is_new in zip(indicators.rows, changed, strict=True) if is_new],
        ),
        replace(parcels, columns=parcels.columns[:4], rows=[row[:4] for row in parcels.rows]),
    ]


def _matrix(transition: pd.DataFrame, title: Message) -> SheetTable:
    """Columns and rows of the transition matrix in mu, with totals."""
    table = transition.pivot_table(
        index="use_before", columns="use_after", values="area_mu", aggfunc="sum"
    )
    rows: list[list[Message | str | float | int | None]] = [
        [use_name(use), *(_known(value) for value in row), float(np.nansum(row))]
        for use, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    sums = [float(value) for value in table.sum(axis=0)]
    rows.append([say("compare.head_total"), *sums, float(sum(sums))])
    heads = [say("compare.head_from"), *(use_name(use) for use in table.columns)]
    return SheetTable(
        name=say("compare.sheet_transition"),
        heading=say("compare.heading_transition", title=title),
        columns=[*heads, say("compare.head_total")],
        rows=rows,
    )


def write_comparison(comparison: Comparison, folder: Path) -> tuple[Path, Path]:
    """Write ``A-to-B.xlsx`` with the tables and ``A-to-B.gpkg`` with the difference layer."""
    before, after = comparison.before, comparison.after
    stem = f"{before.name}-to-{after.name}"
    provenance = {
        f"{side.name}: {item}": str(value)
        for side in (before, after)
        for item, value in side.provenance.items()
    }
    date = max(before.date, after.date)
    book, map_file = folder / f"{stem}.xlsx", folder / f"{stem}.gpkg"
    write_tables(
        book,
        tables=comparison_tables(comparison),
        notes=comparison_lines(comparison),
        provenance=provenance,
        date=date,
    )
    write_geopackage(
        map_file,
        layers={
            "difference": comparison.difference,
            "transition": comparison.transition,
            "indicator_changes": comparison.indicators,
        },
        provenance=provenance,
        date=date,
        crs=comparison.difference.crs,
    )
    return book, map_file


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else literal("-").text("en")
