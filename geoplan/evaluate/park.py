"""How well is the land of one park used? All tests, the averages and the triage, in one pure function."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import UNKNOWN, verdict_of, verdict_words
from geoplan.evaluate._texts import Found, not_made
from geoplan.evaluate.findings import non_industrial_lease, vacant
from geoplan.evaluate.ground import Ground
from geoplan.evaluate.groups import GROUPINGS, group_problems, read_groups, zones_of
from geoplan.evaluate.help import help_of_firms
from geoplan.evaluate.judgement import Judged
from geoplan.evaluate.kinds import asked_kinds
from geoplan.evaluate.land import Land, read_land
from geoplan.evaluate.measures import (
    Measure,
    find_measure,
    last_year,
    measure_parcels,
    missing_for,
)
from geoplan.evaluate.occupants import Ledger, operating, read_ledger
from geoplan.evaluate.peers import AVERAGES, Averaging, averaging_problems
from geoplan.evaluate.runs import UNKNOWN_YEARS, UnknownYears
from geoplan.evaluate.shortfall import History, below_mean, compare, no_averages
from geoplan.evaluate.tables import RULE_OF, finding_table, parcel_columns, yearly_table
from geoplan.evaluate.thin import summary_of
from geoplan.evaluate.triage import triage_table, unasked_conditions
from geoplan.model.answers import Evaluation, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.words import Message, say

__all__ = ["evaluate_park"]


def evaluate_park(  # noqa: PLR0913  (every choice is named)
    park: Park,
    *,
    rules: Rules,
    measure: str = "output",
    average_over: str = "park",
    average: str = "area_weighted",
    unknown_years: str = "bridge",
    gradings: pd.DataFrame | None = None,
) -> Evaluation:
    """Tell for each parcel whether it falls short, why, and what to do with it.

    Assessed are industrial (1001) and storage (11) land, idle land (2301), and whatever the survey knows to be vacant.
    Findings beyond the three tests (:mod:`geoplan.evaluate.kinds`) are made where the rule packs have their numbers.
    Each answers *yes*, *no* or *unknown*; an unknown figure never turns into a yes. The mean is
    that of the assessed land in use whose measure is known, weighted by area: idle land (2301) is held against it but
    is no part of it. Only a parcel strictly below the mean falls short.

    Parameters
    ----------
    park
        Reads ``parcels`` and, where there are, ``enterprises``, ``occupancy``, ``performance``, ``valuation`` and
        ``buildings``. A test whose layers are missing is left out: unknown everywhere, and named in ``left_out``.
    rules
        Numbers ``below_mean.min_years``, ``non_industrial_lease.min_share``, ``vacant.min_months``; table ``triage``.
    measure
        One of :data:`geoplan.evaluate.MEASURES`.
    average_over
        ``park``; ``zone``: the parcel's own zone; ``industry``, ``scale``: the trade, or the scale, of the firms that
        answer for more than half of its land (:mod:`geoplan.evaluate.groups`).
    average
        ``area_weighted``, ``mean_of_ratios``, ``median``, ``trimmed`` or ``leave_one_out``
        (:mod:`geoplan.evaluate.peers`). One that speaks for little is said, and with ``average.min_known_count`` or
        ``average.min_known_share`` in a rule pack held against nobody.
    unknown_years
        ``bridge``: an unknown year neither counts nor breaks a run; ``strict``: only known years in a row count.
    gradings
        Long table of ``enterprise_id``, ``year`` and ``grade``, for the finding ``grade_d_run``.

    Returns
    -------
    Evaluation
        All parcels in the order given. A parcel that is not assessed has neither verdict nor triage (missing values,
        not ``no``) and no row in ``findings``.

    Raises
    ------
    ScenarioError
        The scenario or its rules ask for what there is not; all problems at once.
    """
    asked = _question(park, rules, measure, average_over, average, unknown_years)
    lines = triage_table(rules.data("triage"))
    kinds = asked_kinds(rules)
    if unasked := unasked_conditions(lines, [*RULE_OF, *(kind.name for kind in kinds)]):
        raise ScenarioError(unasked, headline=say("evaluate.triage.cannot_be_used"))
    lacks = missing_for(park, asked.measure)
    year = None if lacks else last_year(park, asked.measure)
    land = read_land(park)
    ledger = read_ledger(park, year=year)
    if lacks is not None:
        history, averages = None, no_averages()
    else:
        measured = measure_parcels(park, measure=asked.measure, ledger=ledger, area_m2=land.area_m2)
        history, averages = compare(
            measured,
            land=land,
            zones=read_groups(
                park,
                average_over,
                rules=rules,
                ledger=ledger,
                area_m2=land.area_m2,
                year=int(measured.years[-1]),
                average=asked.how.average,
            ),
            min_years=asked.min_years,
            unknown_years=asked.unknown_years,
            how=asked.how,
            ledger=ledger if asked.measure.is_of_firms else None,
        )
    found, left_out = _three_tests(park, asked, land=land, ledger=ledger, history=history)
    if thin := summary_of(averages):
        left_out = (*left_out, StageLeftOut(stage="averages", message=thin))
    ground = Ground(
        park=park,
        rules=rules,
        land=land,
        ledger=ledger,
        year=year,
        gradings=gradings,
        zone_of=_zones_of(park, average_over),
    )
    found |= {kind.name: kind.find(ground) for kind in kinds}
    columns = parcel_columns(
        land,
        found=found,
        history=history,
        lines=lines,
        how_run=operating(ledger, len(land)),
        help_of=partial(help_of_firms, park, ledger),
    )
    ids = park.parcels.index
    return Evaluation(
        parcels=park.parcels.assign(**columns),
        findings=finding_table(
            ids,
            is_assessed=land.is_assessed,
            found=found,
            rules={**RULE_OF, **{kind.name: kind.rule for kind in kinds}},
        ),
        averages=averages,
        left_out=left_out,
        measure=asked.measure.column,
        yearly=yearly_table(ids, is_assessed=land.is_assessed, history=history),
        judged=Judged(
            findings={name: test.judgement for name, test in found.items()},
            answers={
                "has_building": verdict_words(land.has_building),
                "public": verdict_words(land.is_public),
                "operating": operating(ledger, len(land)),
            },
            lines=lines,
            is_assessed=land.is_assessed,
            area_m2=land.area_m2,
        ),
    )


def _zones_of(park: Park, average_over: str) -> NDArray[np.int64]:
    """The zone of each parcel, -1 for none; all are one where means are not taken over zones."""
    if average_over != "zone" or "zone" not in park.parcels:
        return np.zeros(len(park.parcels), dtype=np.int64)
    return zones_of(park)[0].astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What the scenario asks, checked."""

    measure: Measure
    unknown_years: UnknownYears
    min_years: int
    rules: Rules
    how: Averaging


def _question(  # noqa: PLR0913, PLR0917  (what evaluate_park was asked)
    park: Park, rules: Rules, measure: str, average_over: str, average: str, unknown_years: str
) -> _Question:
    problems: list[Message] = []
    for setting, value, known in (
        ("average_over", average_over, GROUPINGS),
        ("average", average, AVERAGES),
        ("unknown_years", unknown_years, UNKNOWN_YEARS),
    ):
        if value not in known:
            near = next(iter(difflib.get_close_matches(value, known, n=1)), "-")
            names = ", ".join(known)
            problems.append(
                say("evaluate.no_choice", setting=setting, value=value, known=names, near=near)
            )
    problems += group_problems(park, average_over, rules=rules)
    problems += averaging_problems(average, rules)
    min_years = rules.value(RULE_OF["below_mean"])
    if min_years < 1 or min_years != int(min_years):
        problems.append(say("evaluate.whole_years", value=f"{min_years:g}"))
    try:
        chosen = find_measure(measure)
    except ScenarioError as error:
        problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return _Question(
        measure=chosen,
        unknown_years="strict" if unknown_years == "strict" else "bridge",
        min_years=int(min_years),
        rules=rules,
        how=Averaging.by_rules(average, rules),
    )


def _three_tests(
    park: Park, asked: _Question, *, land: Land, ledger: Ledger | None, history: History | None
) -> tuple[dict[str, Found], tuple[StageLeftOut, ...]]:
    """What each test says, and which could not be made."""
    rules, count = asked.rules, len(land)
    lacks = {
        "below_mean": missing_for(park, asked.measure),
        "non_industrial_lease": _lease_lacks(park),
        "vacant": _vacancy_lacks(park, land),
    }
    empty = vacant(land, ledger=ledger, min_months=rules.value(RULE_OF["vacant"]))
    if history is None:
        short = not_made(lacks["below_mean"], count)
    else:
        short = below_mean(history, measure=asked.measure, currency=park.currency)
    if ledger is None or lacks["non_industrial_lease"] is not None:
        leased = not_made(lacks["non_industrial_lease"], count)
    else:
        share = rules.value(RULE_OF["non_industrial_lease"])
        leased = non_industrial_lease(land, ledger=ledger, is_vacant=empty.verdict, min_share=share)
    left_out = tuple(
        StageLeftOut(stage=name, message=why) for name, why in lacks.items() if why is not None
    )
    return {"below_mean": short, "non_industrial_lease": leased, "vacant": empty}, left_out


def _lease_lacks(park: Park) -> Message | None:
    missing = [layer for layer in ("occupancy", "enterprises") if layer not in park]
    if missing:
        return say("evaluate.lease_needs_layers", layers=", ".join(missing))
    told = verdict_of(park.layers["enterprises"], "is_industrial_use") != UNKNOWN
    return None if told.any() else say("evaluate.lease_needs_column")


def _vacancy_lacks(park: Park, land: Land) -> Message | None:
    """Only land use can be read: told, though idle land is still found."""
    is_surveyed = bool((land.is_vacant != UNKNOWN).any() or (land.months >= 0).any())
    return None if is_surveyed or "occupancy" in park else say("evaluate.vacancy_from_use_only")
