"""A result in ten lines: what was flagged and why, what the plan gives, what could not be said."""

from __future__ import annotations

import pandas as pd

from geoplan.evaluate import SURENESS
from geoplan.evaluate.triage import triage_table
from geoplan.model.answers import Allocation, Centres, Evaluation, Facilities, Robustness
from geoplan.model.corrections import parcels_of_corrections
from geoplan.model.rulepack import Rules
from geoplan.model.schema import column
from geoplan.plan import Simulation
from geoplan.scenario.area import Area
from geoplan.scenario.outputs import title_of
from geoplan.scenario.run import Result
from geoplan.units import mu_from_m2
from geoplan.words import Message, catalogue, join, name_in_both, say

__all__ = ["summary_lines"]

_TRIAGE = ("acquire", "swap", "revitalise", "upgrade", "assist", "survey", "keep")
_MOST_CHECKS = 5


def summary_lines(result: Result) -> list[Message]:
    """What to print after a run, line by line."""
    lines = [_about_park(result)]
    if result.evaluation is not None:
        lines += _about_evaluation(result.evaluation, rules=result.rules)
    lines += _about_the_ledger(result)
    if result.robustness is not None:
        lines += _about_sureness(result.robustness)
    if result.area is not None:
        lines += _about_area(result.area)
    if result.allocation is not None:
        lines += _about_plan(result.allocation)
    if result.simulation is not None:
        lines += _about_simulation(result.simulation)
    if result.centres is not None:
        lines += _about_centres(result.centres)
    if result.facilities is not None:
        lines += _about_facilities(result.facilities)
    if result.neighbourhoods is not None:
        areas = result.neighbourhoods.areas
        lines.append(
            say(
                "summary.neighbourhoods",
                count=len(areas),
                area_mu=mu_from_m2(float(areas["land_area_m2"].sum())),
                walk=float(areas["walk_to_centre_m"].mean()),
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


def _about_sureness(robustness: Robustness) -> list[Message]:
    """How many verdicts below the mean are sure, of all the other findings together, and of the triage."""
    is_below = robustness.parcels["finding"] == "below_mean"
    told = {
        "robustness": robustness.parcels[is_below],
        "robustness_others": robustness.parcels[~is_below],
        "robustness_triage": robustness.triage,
    }
    lines = []
    for key, table in told.items():
        sureness = table["sureness"].value_counts()
        counts = {name: int(sureness.get(name, 0)) for name in SURENESS}
        lines.append(say(f"summary.{key}", **counts))
    return lines


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


def _about_evaluation(evaluation: Evaluation, *, rules: Rules) -> list[Message]:
    parcels = evaluation.parcels
    assessed = parcels[parcels["is_assessed"]]
    findings = evaluation.findings
    tests = list(dict.fromkeys(findings["finding"]))
    is_flagged = assessed.index.isin(findings.loc[findings["verdict"] == "yes", "parcel_id"])
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
        told = findings[findings["finding"] == test].groupby("verdict")["parcel_id"].agg(list)
        found, unknown = (assessed.loc[told.get(verdict, [])] for verdict in ("yes", "unknown"))
        lines.append(
            say(
                "summary.test",
                test=_name_of(test),
                area_mu=_area_mu(found),
                count=len(found),
                unknown_count=len(unknown),
            )
        )
    possible = {line.result for line in triage_table(rules.data("triage"))}
    classes = [
        say(
            "summary.class",
            name=say(f"triage.{name}"),
            area_mu=_area_mu(assessed[assessed["triage"] == name]),
            count=int((assessed["triage"] == name).sum()),
        )
        for name in _TRIAGE
        if name in possible
    ]
    return [*lines, say("summary.triage", classes=join(classes, "common.enumeration"))]


def _name_of(test: str) -> Message:
    """What a test is called in the summary; further findings are called as on the page."""
    own = f"summary.test_{test}"
    return say(own if own in catalogue() else f"render.finding.{test}")


def _about_the_ledger(result: Result) -> list[Message]:
    """What was corrected, what the ledger lacks, what to ask first, and what is otherwise than last time."""
    lines: list[Message] = []
    if "corrections" in result.park:
        cells = parcels_of_corrections(result.park)
        parcels = len({parcel for some in cells for parcel in some})
        lines.append(say("summary.corrections", cells=len(cells), parcels=parcels))
    if result.changes is not None and result.evaluation is not None:
        lines.append(_about_changes(result.changes, result.evaluation.parcels))
    if result.quality is not None and result.evaluation is not None:
        checks = result.quality.checks
        open_checks = checks[checks["changed_count"] > 0]
        gaps = open_checks.loc[open_checks["reason"] == "gap", "parcel_ids"].str.split("; ")
        decided = result.evaluation.parcels.loc[sorted({name for some in gaps for name in some})]
        lines.append(
            say(
                "summary.quality",
                area_mu=_area_mu(decided),
                parcels=len(decided),
                odd=len(result.quality.outliers),
                checks=len(checks),
            )
        )
        lines += [
            say("summary.check", rank=rank, told=name_in_both({"en": english, "zh": chinese}))
            for rank, english, chinese in checks.head(_MOST_CHECKS)[
                ["rank", "text_en", "text_zh"]
            ].itertuples(index=False)
        ]
    return lines


def _about_changes(changes: pd.DataFrame, parcels: pd.DataFrame) -> Message:
    if changes.empty:
        return say("summary.no_changes")
    causes = changes["causes"].str.split("; ").explode().value_counts(sort=False)
    told = [
        say("summary.cause", name=say(f"previous.kind.{name}"), count=int(causes[name]))
        for name in sorted(causes.index, key=lambda name: (-causes[name], name))
    ]
    ids = changes["parcel_id"].drop_duplicates()
    return say(
        "summary.changes",
        count=len(changes),
        parcels=len(ids),
        area_mu=_area_mu(parcels.reindex(ids).fillna({"area_m2": 0.0})),
        causes=join(told, "common.enumeration"),
    )


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
    kept, asked = int(allocation.rules["is_kept"].sum()), len(allocation.rules)
    sold = candidates[candidates["planned_use"].str.startswith(("07", "09"))]
    interrupted = [say("summary.interrupted")] if allocation.proof.status == "interrupted" else []
    return [
        *interrupted,
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
            "summary.proof" if kept == asked else "summary.proof_of_kept",
            gap=allocation.proof.gap_share,
            kept=kept,
            rules=asked,
        ),
    ]


def _about_simulation(simulation: Simulation) -> list[Message]:
    horizon, table = simulation.horizon, simulation.demand
    last = horizon.first_year + horizon.years - 1
    lines = [
        say(
            "summary.simulation",
            count=simulation.run_count,
            first=horizon.first_year,
            last=last,
            seed=horizon.seed,
            met=float(table["met_share"].mean()),
        )
    ]
    if not simulation.is_complete:
        lines.append(say("summary.simulation_cut", count=simulation.run_count, asked=horizon.runs))
    worst = table[(table["year"] == last) & (table["met_share"] < 1)].sort_values(
        "met_share", kind="stable"
    )
    names = {p.key: p.name for p in simulation.question.programme.products}
    lines += [
        say(
            "summary.simulation_short",
            product=names[row["product"]],
            met=float(row["met_share"]),
            demand_mu=mu_from_m2(float(row["demand_m2"])),
            mean_mu=mu_from_m2(float(row["mean_m2"])),
            why=name_in_both({"en": row["reason_en"], "zh": row["reason_zh"]}),
        )
        for _, row in worst.head(3).iterrows()
    ]
    return lines


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


def _about_centres(centres: Centres) -> list[Message]:
    names = list(centres.sites["parcel_id"].astype(str))
    changes = centres.changes.set_index("change")["mean_walk_m"]
    served = centres.sites["served_population"]
    walk = float((centres.sites["mean_walk_m"] * served).sum() / served.sum())
    lines = [
        say(
            "summary.centres",
            count=len(names),
            parcels=", ".join(names),
            walk=walk,
            gap=centres.proof.gap_share,
        )
    ]
    if changes.get("one_more", 0.0) > 0:
        further = centres.changes.set_index("change")["name"]["one_more"]
        lines.append(say("summary.one_centre_more", parcel=further, walk=changes["one_more"]))
    return lines


def _about_facilities(facilities: Facilities) -> list[Message]:
    """One line for each sort: how many, how far, how many people near enough."""
    lines = []
    for kind, proof in facilities.proofs.items():
        own = facilities.sites[facilities.sites["kind"] == kind]
        walks = facilities.assignment[facilities.assignment["kind"] == kind]
        people = walks["population"]
        near = walks["is_within_reach"]
        served = walks["walk_m"].notna()
        lines.append(
            say(
                "summary.facilities" if near.notna().any() else "summary.facilities_no_reach",
                kind=say(f"facility.{kind}") if f"facility.{kind}" in catalogue() else kind,
                count=len(own),
                new=int((~own["is_existing"]).sum()),
                walk=float((walks["walk_m"] * people)[served].sum() / people[served].sum()),
                near=float(
                    people[near.fillna(value=False).to_numpy(dtype=bool)].sum() / people.sum()
                ),
                gap=proof.gap_share,
            )
        )
    return lines
