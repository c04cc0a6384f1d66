"""The front of a scenario: plans none of which is better in every goal, as a table and each as a map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from geoplan.errors import ScenarioError
from geoplan.io import SheetTable, write_geopackage, write_tables
from geoplan.plan import PlanFront, plan_front
from geoplan.scenario.model import ParetoModel, Scenario
from geoplan.scenario.outputs import title_of, write_layers, write_page
from geoplan.scenario.programme import programme_of
from geoplan.scenario.run import Progress, Result, rules_of, run_scenario, with_plan
from geoplan.words import Message, join, name_in_both, say

__all__ = ["ScenarioFront", "front_lines", "front_table", "run_front", "write_front"]

_PACKS = ("goals-assumed", "simulate-assumed")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenarioFront:
    """The front, and the result as far as the evaluation that its plans share."""

    front: PlanFront
    result: Result

    def plan(self, number: int) -> Result:
        """The result of one plan of the front, numbered from 1."""
        name = f"{self.result.scenario.name}-pareto-{number}"
        return with_plan(self.result, self.front.plan(number), name=name)


def run_front(
    scenario: Scenario,
    *,
    folder: Path,
    data_root: Path | None,
    resume: Path | None = None,
    progress: Progress | None = None,
) -> ScenarioFront:
    """Find the front that a scenario asks for under ``pareto``.

    Parameters
    ----------
    resume
        A file that keeps every step, so that an interrupted search goes on.

    Raises
    ------
    ScenarioError
        The scenario asks for no plan.
    """
    asked = scenario.pareto or ParetoModel()
    result = run_scenario(
        scenario, folder=folder, data_root=data_root, until="evaluate", progress=progress
    )
    if scenario.plan is None or result.evaluation is None:
        raise ScenarioError([say("compare.no_plan", name=scenario.name)])
    rules = rules_of(scenario, folder=folder, needs=_PACKS)
    tell = progress or (lambda _what, _done, _of: None)
    front = plan_front(
        result.park,
        result.evaluation,
        programme=programme_of(scenario.plan, rules=rules, source=f"scenario {scenario.name}"),
        rules=rules,
        goals=asked.goals,
        count=asked.points,
        resume=resume,
        progress=lambda done, of: tell(say("compare.front_step", done=done, count=of), done, of),
    )
    return ScenarioFront(front=front, result=replace(result, rules=rules))


def front_table(found: ScenarioFront) -> SheetTable:
    """A row per plan, a column per goal, and how near the best the first goal is known to be."""
    points = found.front.points
    goals = points.drop_duplicates("goal")
    names = {
        row["goal"]: name_in_both({"en": row["name_en"], "zh": row["name_zh"]})
        for _, row in goals.iterrows()
    }
    first = goals.iloc[0]
    is_max = float(points["bound"].dropna().iloc[0]) >= float(points["value"].iloc[0])
    bound = "compare.head_bound" if is_max else "compare.head_bound_least"
    rows: list[list[Message | str | float | int | None]] = []
    for number, own in points.groupby("point", sort=True):
        row = own.iloc[0]
        told = [say("compare.knee")] if row["is_knee"] else []
        told += [] if row["is_proven"] else [say("compare.not_proven")]
        values = [float(value) for value in own["value"]]
        rows.append([int(str(number)), *values, float(row["bound"]), join(told) if told else ""])
    return SheetTable(
        name=say("compare.sheet_front"),
        heading=say("compare.heading_front", title=title_of(found.result)),
        columns=[
            say("compare.head_plan"),
            *(
                say("compare.head_goal", goal=names[row["goal"]], unit=row["unit"])
                for _, row in goals.iterrows()
            ),
            say(bound, goal=names[first["goal"]], unit=first["unit"]),
            say("compare.head_note"),
        ],
        rows=rows,
    )


def front_lines(found: ScenarioFront) -> list[Message]:
    """Whether that is all, and which plan is the knee."""
    front = found.front
    key = "front_cut"
    if front.is_complete:
        key = "front_all" if front.has_all else "front_some"
    return [
        say(f"compare.{key}", count=front.plan_count),
        say("compare.front_knee", knee=front.knee),
    ]


def write_front(found: ScenarioFront, folder: Path) -> list[Path]:
    """Write ``NAME-pareto.xlsx`` and ``.gpkg`` with the table, and of each plan its page and its layers."""
    scenario, result = found.result.scenario, found.result
    book = folder / f"{scenario.name}-pareto.xlsx"
    layers = folder / f"{scenario.name}-pareto.gpkg"
    write_tables(
        book,
        tables=[front_table(found)],
        notes=front_lines(found),
        provenance=result.provenance,
        date=scenario.date,
    )
    write_geopackage(
        layers,
        layers={"pareto_points": found.front.points},
        provenance=result.provenance,
        date=scenario.date,
        crs=result.park.crs,
    )
    written = [book, layers]
    for number in range(1, found.front.plan_count + 1):
        plan = found.plan(number)
        written += [write_page(plan, folder), write_layers(plan, folder)]
    return written
