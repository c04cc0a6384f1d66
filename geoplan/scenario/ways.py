"""Three ways to plan the same land, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pandas as pd

from geoplan.errors import PlanError, ScenarioError
from geoplan.indicators import indicator_table
from geoplan.io import SheetTable, write_tables
from geoplan.scenario.model import PlanModel, Scenario
from geoplan.scenario.outputs import title_of, write_layers, write_page
from geoplan.scenario.run import Progress, Result, run_scenario
from geoplan.units import mu_from_m2
from geoplan.words import Message, join, name_in_both, say

__all__ = ["WAYS", "Ways", "run_ways", "ways_lines", "ways_table", "write_ways"]

#: The ways to plan, as a scenario names them.
WAYS: tuple[str, ...] = get_args(PlanModel.model_fields["way"].annotation)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """The result of each way that found a plan, and why the others did not."""

    scenario: Scenario
    results: Mapping[str, Result]
    failed: Mapping[str, Message]


def run_ways(
    scenario: Scenario, *, folder: Path, data_root: Path | None, progress: Progress | None = None
) -> Ways:
    """Plan the land of a scenario in every way.

    Raises
    ------
    ScenarioError
        The scenario asks for no plan.
    PlanError
        No way finds one.
    """
    if scenario.plan is None:
        raise ScenarioError([say("compare.no_plan", name=scenario.name)])
    results: dict[str, Result] = {}
    failed: dict[str, Message] = {}
    for way in WAYS:
        asked = scenario.model_copy(
            update={
                "name": f"{scenario.name}-{way}",
                "plan": scenario.plan.model_copy(update={"way": way}),
                "simulate": scenario.simulate if way == "simulate" else None,
            }
        )
        try:
            results[way] = run_scenario(
                asked, folder=folder, data_root=data_root, progress=progress
            )
        except PlanError as error:
            failed[way] = join(error.problems)
            last = error
    if not results:
        raise last
    return Ways(scenario=scenario, results=results, failed=failed)


def ways_table(ways: Ways) -> SheetTable:
    """A row per figure, a column per way: worth, bound, gap, rules kept, and every indicator."""
    results = [*ways.results.values()]
    plans = [result.allocation for result in results if result.allocation is not None]
    rows: list[list[Message | str | float | int | None]] = [
        [
            say("compare.row_worth"),
            say("common.mu"),
            *(_mu(plan.proof.objective) for plan in plans),
        ],
        [say("compare.row_bound"), say("common.mu"), *(_mu(plan.proof.bound) for plan in plans)],
        [say("compare.row_gap"), "%", *(100 * plan.proof.gap_share for plan in plans)],
        [say("compare.row_kept"), "", *(int(plan.rules["is_kept"].sum()) for plan in plans)],
        [say("compare.row_asked"), "", *(len(plan.rules) for plan in plans)],
    ]
    tables = [indicator_table(result.indicators).set_index("indicator") for result in results]
    for name, row in tables[0].iterrows():
        values = [table["value"].get(name) for table in tables]
        rows.append(
            [
                name_in_both({"en": row["name_en"], "zh": row["name_zh"]}),
                str(row["unit"]),
                *(None if value is None or pd.isna(value) else float(value) for value in values),
            ]
        )
    return SheetTable(
        name=say("compare.sheet_ways"),
        heading=say("compare.heading_ways", title=title_of(results[0])),
        columns=[
            say("compare.head_indicator"),
            say("compare.head_unit"),
            *(say(f"compare.way_{way}") for way in ways.results),
        ],
        rows=rows,
    )


def ways_lines(ways: Ways) -> list[Message]:
    """Why some way found no plan."""
    return [
        say("compare.way_failed", way=say(f"compare.way_{way}"), why=why)
        for way, why in ways.failed.items()
    ]


def write_ways(ways: Ways, folder: Path) -> list[Path]:
    """Write ``NAME-ways.xlsx`` with the table, and of each plan its page and its layers."""
    first = next(iter(ways.results.values()))
    book = folder / f"{ways.scenario.name}-ways.xlsx"
    write_tables(
        book,
        tables=[ways_table(ways)],
        notes=ways_lines(ways),
        provenance=first.provenance,
        date=ways.scenario.date,
    )
    written = [book]
    for result in ways.results.values():
        written += [write_page(result, folder), write_layers(result, folder)]
    return written


def _mu(area_m2: float) -> float:
    return float(mu_from_m2(area_m2))
