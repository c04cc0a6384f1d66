"""A result in ten lines: what was flagged and why, what the plan gives, what could not be said."""

from __future__ import annotations

import pandas as pd

from geoplan.evaluate import SURENESS
from geoplan.model.answers import Allocation, Evaluation
from geoplan.model.schema import column
from geoplan.scenario.area import Area
from geoplan.scenario.outputs import title_of
from geoplan.scenario.run import Result
from geoplan.units import mu_from_m2
from geoplan.words import Message, join, say

__all__ = ["summary_lines"]

_TRIAGE = ("acquire", "revitalise", "assist", "survey", "keep")


def summary_lines(result: Result) -> list[Message]:
    """What to print after a run, line by line."""
    lines = [_about_park(result)]
    if result.evaluation is not None:
        lines += _about_evaluation(result.evaluation)
    if result.robustness is not None:
        sureness = result.robustness.parcels["sureness"].value_counts()
        counts = {name: int(sureness.get(name, 0)) for name in SURENESS}
        lines.append(say("summary.robustness", **counts))
    if result.area is not None:
        lines += _about_area(result.area)
    if result.allocation is not None:
        lines += _about_plan(result.allocation)
    if result.centres is not None:
        names = list(result.centres.sites["parcel_id"].astype(str))
        lines.append(
            say(
                "summary.centres",
                count=len(names),
                parcels=", ".join(names),
                walk=result.centres.sites["mean_walk_m"].mean(),
                gap=result.centres.proof.gap_share,
            )
        )
    if result.greenway is not None:
        lines.append(
            say(
                "summary.greenway",
                length=float(result.greenway.lines["length_m"].sum()),
                places=len(result.greenway.places),
                gap=result.greenway.proof.gap_share,
            )
        )
    lines += [
        say("summary.left_out", why=why)
        for why in dict.fromkeys(item.message for item in result.left_out)
    ]
    return [*lines, _about_problems(result), _about_rules(result)]


def _about_park(result: Result) -> Message:
    area_m2 = float(result.park.parcels.area.sum())
    return say(
        "summary.park",
        title=title_of(result),
        count=len(result.park.parcels),
        area_mu=mu_from_m2(area_m2),
        area_km2=area_m2 / 1e6,
    )


def _area_mu(parcels: pd.DataFrame) -> float:
    return mu_from_m2(float(parcels["area_m2"].sum()))


def _about_evaluation(evaluation: Evaluation) -> list[Message]:
    parcels = evaluation.parcels
    assessed = parcels[parcels["is_assessed"]]
    tests = list(dict.fromkeys(evaluation.findings["finding"]))
    found = evaluation.findings.set_index(["finding", "parcel_id"])["verdict"]
    is_flagged = assessed.index.isin(found[found == "yes"].index.get_level_values("parcel_id"))
    total_mu, flagged_mu = _area_mu(assessed), _area_mu(assessed[is_flagged])
    lines = [
        say(
            "summary.flagged",
            flagged_mu=flagged_mu,
            flagged_count=int(is_flagged.sum()),
            share=flagged_mu / total_mu if total_mu else 0.0,
            assessed_mu=total_mu,
        )
    ]
    for test in tests:
        verdict = found.loc[test].reindex(assessed.index)
        lines.append(
            say(
                "summary.test",
                test=say(f"evaluate.condition.{test}"),
                area_mu=_area_mu(assessed[verdict == "yes"]),
                count=int((verdict == "yes").sum()),
                unknown_count=int((verdict == "unknown").sum()),
            )
        )
    classes = [
        say(
            "summary.class",
            name=say(f"triage.{name}"),
            area_mu=_area_mu(assessed[assessed["triage"] == name]),
            count=int((assessed["triage"] == name).sum()),
        )
        for name in _TRIAGE
    ]
    return [*lines, say("summary.triage", classes=join(classes, "common.enumeration"))]


def _about_area(area: Area) -> list[Message]:
    """How many firms have which class in the last year, and what is said of the area as a whole."""
    lines = []
    if area.gradings:
        year = max(area.gradings)
        counts = area.gradings[year].firms["grade"].value_counts()
        classes = [
            say("summary.grade", grade=grade, count=int(counts.get(grade, 0)))
            for grade in column("grades", "grade").choices
        ]
        ungraded = int(counts.get("", 0))
        told = join(classes, "common.enumeration")
        lines.append(say("summary.grades", year=year, classes=told, ungraded=ungraded))
    return [*lines, *(say("summary.area", told=message) for message in area.messages)]


def _about_plan(allocation: Allocation) -> list[Message]:
    candidates = allocation.parcels[allocation.parcels["is_candidate"]]
    sold = candidates[candidates["planned_use"].str.startswith(("07", "09"))]
    return [
        say(
            "summary.plan",
            count=len(candidates),
            area_mu=_area_mu(candidates),
            sold_mu=_area_mu(sold),
        ),
        say(
            "summary.yield",
            floor_area_m2=float(candidates["planned_floor_area_m2"].sum()),
            population=float(candidates["planned_population"].sum()),
        ),
        say(
            "summary.proof",
            gap=allocation.proof.gap_share,
            kept=int(allocation.rules["is_kept"].sum()),
            rules=len(allocation.rules),
        ),
    ]


def _about_problems(result: Result) -> Message:
    counts = {
        name: sum(problem.severity == name for problem in result.problems)
        for name in ("error", "warning", "note")
    }
    return say("summary.problems", **counts)


def _about_rules(result: Result) -> Message:
    numbers = result.rules.numbers.values()
    return say(
        "summary.rules",
        packs=", ".join(pack.name for pack in result.rules.packs),
        count=len(numbers),
        assumed=sum(number.standing == "assumed" for number in numbers),
    )
