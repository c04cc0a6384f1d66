"""How well is the land of one park used? All tests, the averages and the triage, in one pure function."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import ScenarioError
from geoplan.evaluate import findings as tests
from geoplan.evaluate._texts import Case, Texts, joined, phrases
from geoplan.evaluate.averages import means, partial_sums
from geoplan.evaluate.findings import Found, not_made
from geoplan.evaluate.measures import Measure, Measured, find_measure, measure_parcels, missing_for
from geoplan.evaluate.occupants import (
    NO,
    UNKNOWN,
    YES,
    Bools,
    Codes,
    Floats,
    Ledger,
    floats_of,
    operating,
    read_ledger,
    standing_floor,
    verdict_of,
)
from geoplan.evaluate.runs import UNKNOWN_YEARS, Runs, UnknownYears, below, runs_of
from geoplan.evaluate.triage import decide, triage_table
from geoplan.model.answers import Evaluation, StageLeftOut
from geoplan.model.landuse import is_industrial, is_storage, is_vacant_land
from geoplan.model.ledger import current_rows
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import UNKNOWN_USE
from geoplan.words import LANGUAGES, Message, say

__all__ = ["FINDINGS", "evaluate_park"]

#: The tests, in the order in which they are told.
FINDINGS = ("below_mean", "non_industrial_lease", "vacant")
_RULE_OF = {
    "below_mean": "below_mean.min_years",
    "non_industrial_lease": "non_industrial_lease.min_share",
    "vacant": "vacant.min_months",
}
_GROUPINGS = ("park", "zone")
_OPEN_LAND = "2301"
_ASSESSED_USES = (
    "1001",
    "11",
    _OPEN_LAND,
)  # industry, storage, idle land; with all classes below them


def evaluate_park(
    park: Park,
    *,
    rules: Rules,
    measure: str = "output",
    average_over: str = "park",
    unknown_years: str = "bridge",
) -> Evaluation:
    """Tell for each parcel whether it falls short, why, and what to do with it.

    Assessed are industrial (1001) and storage (11) land, idle land (2301), and whatever the survey knows to be vacant.
    Each of the three tests answers *yes*, *no* or *unknown*; an unknown figure never turns into a yes. The mean is
    that of the assessed land whose measure is known, weighted by area; only a parcel strictly below it falls short.

    Parameters
    ----------
    park
        Reads ``parcels`` and, where there are, ``enterprises``, ``occupancy``, ``performance``, ``valuation`` and
        ``buildings``. A test whose layers are missing is left out: unknown everywhere, and named in ``left_out``.
    rules
        Numbers ``below_mean.min_years``, ``non_industrial_lease.min_share``, ``vacant.min_months``; table ``triage``.
    measure
        One of ``geoplan.evaluate.MEASURES``.
    average_over
        ``park``, or ``zone``: the mean of the parcel's own zone.
    unknown_years
        ``bridge``: an unknown year neither counts nor breaks a run; ``strict``: only known years in a row count.

    Returns
    -------
    Evaluation
        All parcels in the order given. A parcel that is not assessed has neither verdict nor triage (missing values,
        not ``no``) and no row in ``findings``.

    Raises
    ------
    ScenarioError
        The scenario or its rules ask for what there is not.
    """
    asked = _question(rules, measure, average_over, unknown_years)
    land = _land(park)
    ledger = read_ledger(park)
    zones = _zones(park, average_over)
    left_out: list[StageLeftOut] = []
    lacks = missing_for(park, asked.measure)
    measured = (
        None
        if lacks
        else measure_parcels(park, measure=asked.measure, ledger=ledger, area_m2=land.area_m2)
    )
    year = None if measured is None else int(measured.years[-1])
    current = (
        None if ledger is None else current_rows(park.layers["occupancy"], year=year).to_numpy()
    )
    averages, mean_per_m2 = _averages(measured, land, zones)
    below_found, runs = _below_mean(park, asked, land, measured, mean_per_m2, zones, lacks)
    vacant_found = tests.vacant(
        is_vacant=land.is_vacant,
        months=land.months,
        is_open_land=land.is_open,
        has_building=land.has_building,
        ledger=ledger,
        current=current,
        min_months=rules.value(_RULE_OF["vacant"]),
    )
    lease_found, lease_lacks = _lease(park, rules, ledger, current, vacant_found)
    found = dict(zip(FINDINGS, (below_found, lease_found, vacant_found), strict=True))
    for name, why in zip(FINDINGS, (lacks, lease_lacks, _vacancy_lacks(park, land)), strict=True):
        if why is not None:
            left_out.append(StageLeftOut(stage=name, message=why))
    table = _parcel_columns(
        asked, land, found, runs, measured, operating(ledger, current, len(land.area_m2))
    )
    return Evaluation(
        parcels=park.parcels.assign(**table),
        findings=_finding_table(park.parcels.index, land.is_assessed, found),
        averages=averages,
        left_out=tuple(left_out),
        measure=asked.measure.column,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    measure: Measure
    average_over: str
    unknown_years: UnknownYears
    min_years: int
    rules: Rules


def _question(rules: Rules, measure: str, average_over: str, unknown_years: str) -> _Question:
    min_years = rules.value(_RULE_OF["below_mean"])
    problems: list[Message] = []
    for setting, value, known in (
        ("average_over", average_over, _GROUPINGS),
        ("unknown_years", unknown_years, UNKNOWN_YEARS),
    ):
        if value not in known:
            near = next(iter(difflib.get_close_matches(value, known, n=1)), "-")
            problems.append(
                say(
                    "evaluate.no_choice",
                    setting=setting,
                    value=value,
                    known=", ".join(known),
                    near=near,
                )
            )
    if min_years < 1 or min_years != int(min_years):
        problems.append(say("evaluate.whole_years", value=f"{min_years:g}"))
    try:
        chosen = find_measure(measure)
    except ScenarioError as error:
        problems += error.problems
    if problems:
        raise ScenarioError(problems)
    mode = next(mode for mode in UNKNOWN_YEARS if mode == unknown_years)
    return _Question(
        measure=chosen,
        average_over=average_over,
        unknown_years=mode,
        min_years=int(min_years),
        rules=rules,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Land:
    """What the parcels themselves say."""

    area_m2: Floats
    floor_area_m2: Floats
    has_building: Codes
    is_vacant: Codes
    months: Floats
    is_open: Bools
    is_assessed: Bools
    is_use_unknown: Bools


def _land(park: Park) -> _Land:
    parcels = park.parcels
    use = parcels["use"].astype("str")
    is_vacant = verdict_of(parcels, "is_vacant")
    area = parcels.area.to_numpy()
    floor, has_building = standing_floor(park)
    is_open = is_vacant_land(use)
    assessed = (is_industrial(use) | is_storage(use) | is_open).to_numpy(dtype=bool)
    return _Land(
        area_m2=np.where(area > 0, area, np.nan),
        floor_area_m2=floor,
        has_building=has_building,
        is_vacant=is_vacant,
        months=floats_of(parcels, "vacancy_months"),
        is_open=is_open.to_numpy(dtype=bool),
        is_assessed=assessed | (is_vacant == YES),
        is_use_unknown=(use.isna() | (use == UNKNOWN_USE)).to_numpy(dtype=bool),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Zones:
    """The group whose mean counts for each parcel: position in ``names``, -1 for none."""

    code: NDArray[np.intp]
    names: tuple[str, ...]
    spoken: tuple[Message, ...]


def _zones(park: Park, average_over: str) -> _Zones:
    count = len(park.parcels)
    if average_over == "park":
        code = np.zeros(count, dtype=np.intp)
        return _Zones(code=code, names=("park",), spoken=(say("evaluate.mean_of_park"),))
    if "zone" not in park.parcels:
        raise ScenarioError([say("evaluate.no_zones")])
    code, names = pd.factorize(park.parcels["zone"], sort=True)
    spoken = tuple(say("evaluate.mean_of_zone", zone=str(name)) for name in names)
    return _Zones(code=code, names=tuple(str(name) for name in names), spoken=spoken)


def _averages(
    measured: Measured | None, land: _Land, zones: _Zones
) -> tuple[pd.DataFrame, Floats | None]:
    """Table ``averages``, and the mean that counts for each parcel and year."""
    if measured is None:
        nothing = pd.DataFrame({"group": [], "year": [], "amount": [], "area_m2": []}, dtype=float)
        return means(partial_sums(nothing)), None
    chosen = np.flatnonzero(land.is_assessed & ~np.isnan(land.area_m2))
    years = measured.years
    values = pd.DataFrame(
        {
            "group": pd.Categorical.from_codes(
                np.repeat(zones.code[chosen], len(years)), categories=list(zones.names)
            ),
            "year": np.tile(years, len(chosen)),
            "amount": measured.amount[chosen].ravel(),
            "area_m2": np.repeat(land.area_m2[chosen], len(years)),
        }
    )
    averages = means(partial_sums(values))
    grid = (
        averages.pivot_table(
            index="group", columns="year", values="mean_amount_per_m2", dropna=False
        )
        .reindex(index=list(zones.names), columns=years)
        .to_numpy(dtype=float)
    )
    none = np.full((1, len(years)), np.nan)
    return averages, np.vstack([grid, none])[zones.code]


def _below_mean(
    park: Park,
    asked: _Question,
    land: _Land,
    measured: Measured | None,
    mean_per_m2: Floats | None,
    zones: _Zones,
    lacks: Message | None,
) -> tuple[Found, Runs | None]:
    count = len(land.area_m2)
    if measured is None or mean_per_m2 is None:
        return not_made(lacks or say("evaluate.no_zones"), count), None
    is_below = below(measured.amount / land.area_m2[:, None], mean_per_m2)
    runs = runs_of(is_below, min_years=asked.min_years, unknown_years=asked.unknown_years)
    spoken = (*zones.spoken, say("evaluate.mean_of_no_zone"))
    found = tests.below_mean(
        measured,
        runs=runs,
        is_below=is_below,
        area_m2=land.area_m2,
        mean_per_m2=mean_per_m2,
        mean_name=Texts(
            {
                language: np.array([name.text(language) for name in spoken], dtype=object)[
                    zones.code
                ]
                for language in LANGUAGES
            }
        ),
        measure_name=say(f"evaluate.measure.{asked.measure.name}"),
        min_years=asked.min_years,
        unit=tests.amount_unit(park.currency),
    )
    return found, runs


def _lease(
    park: Park, rules: Rules, ledger: Ledger | None, current: Bools | None, vacant_found: Found
) -> tuple[Found, Message | None]:
    enterprises = park.get("enterprises")
    missing = [layer for layer in ("occupancy", "enterprises") if layer not in park]
    lacks: Message | None = None
    if missing:
        lacks = say("evaluate.lease_needs_layers", layers=", ".join(missing))
    elif enterprises is None or not (verdict_of(enterprises, "is_industrial_use") != UNKNOWN).any():
        lacks = say("evaluate.lease_needs_column")
    if lacks is not None or ledger is None or current is None:
        why = lacks or say("evaluate.lease_needs_column")
        return not_made(why, len(park.parcels)), why
    found = tests.non_industrial_lease(
        ledger,
        current=current,
        is_vacant=vacant_found.verdict,
        min_share=rules.value(_RULE_OF["non_industrial_lease"]),
    )
    return found, None


def _vacancy_lacks(park: Park, land: _Land) -> Message | None:
    is_told = (land.is_vacant != UNKNOWN).any() or not np.isnan(land.months).all()
    return None if is_told or "occupancy" in park else say("evaluate.vacancy_from_use_only")


def _parcel_columns(
    asked: _Question,
    land: _Land,
    found: dict[str, Found],
    runs: Runs | None,
    measured: Measured | None,
    how_run: NDArray[np.object_],
) -> dict[str, object]:
    """The columns that the schema marks ``evaluate``, as arrays."""
    count = len(land.area_m2)
    verdicts = {name: _verdict_texts(found[name].verdict) for name in FINDINGS}
    answers = verdicts | {"has_building": _verdict_texts(land.has_building), "operating": how_run}
    lines = triage_table(asked.rules.data("triage"))
    result, decided = decide(lines, answers, count)
    reason = _reason(land, found, decided)
    unknown = np.full(count, np.nan)
    per_m2 = unknown if measured is None else measured.amount[:, -1] / land.area_m2
    current = unknown if runs is None else runs.current.astype(float)
    longest = unknown if runs is None else runs.longest.astype(float)
    has_figures = (
        land.is_assessed
        if measured is None
        else land.is_assessed & ~np.isnan(measured.amount).all(axis=1)
    )
    return {
        "area_m2": np.nan_to_num(land.area_m2),
        "existing_floor_area_m2": land.floor_area_m2,
        "is_assessed": pd.array(land.is_assessed, dtype="boolean"),
        "measure_amount_per_m2": per_m2,
        "below_mean_run_years": _counts(current, has_figures),
        "below_mean_longest_years": _counts(longest, has_figures),
        **{name: _assessed_only(verdicts[name], land) for name in FINDINGS},
        "triage": _assessed_only(result, land),
        **{f"reason_{lang}": pd.array(reason[lang], dtype="str") for lang in LANGUAGES},
    }


def _reason(land: _Land, found: dict[str, Found], decided: Texts) -> Texts:
    """What was decided by which line, and the reason of every test that does not say no."""
    count = len(land.area_m2)
    parts = [decided]
    for name in FINDINGS:
        verdict, reason = found[name].verdict, found[name].reason
        parts.append(
            phrases(
                count,
                Case(verdict == YES, f"evaluate.summary.{name}.yes", {"reason": reason}),
                Case(verdict == UNKNOWN, f"evaluate.summary.{name}.unknown", {"reason": reason}),
            )
        )
    passes = np.all([found[name].verdict == NO for name in FINDINGS], axis=0)
    parts.append(phrases(count, Case(passes, "evaluate.summary.passes", {})))
    whole = joined(*parts)
    return phrases(
        count,
        Case(land.is_assessed, "common.joined", {"parts": whole}),
        Case(land.is_use_unknown, "evaluate.summary.use_unknown", {}),
    )


def _finding_table(ids: pd.Index, is_assessed: Bools, found: dict[str, Found]) -> pd.DataFrame:
    rows = np.flatnonzero(is_assessed)
    order = np.arange(len(rows) * len(FINDINGS)).reshape(len(FINDINGS), -1).T.ravel()

    def woven(columns: Sequence[NDArray[np.object_]]) -> pd.Series:
        return pd.Series(np.concatenate([column[rows] for column in columns])[order], dtype="str")

    return pd.DataFrame(
        {
            "parcel_id": pd.Series(
                np.repeat(ids.to_numpy(dtype=object)[rows], len(FINDINGS)), dtype="str"
            ),
            "finding": pd.Series(np.tile(np.array(FINDINGS, dtype=object), len(rows)), dtype="str"),
            "verdict": woven([_verdict_texts(found[name].verdict) for name in FINDINGS]),
            **{
                f"reason_{language}": woven([found[name].reason[language] for name in FINDINGS])
                for language in LANGUAGES
            },
            "rule": pd.Series(
                np.tile(np.array([_RULE_OF[name] for name in FINDINGS], dtype=object), len(rows)),
                dtype="str",
            ),
        }
    )


def _verdict_texts(verdict: Codes) -> NDArray[np.object_]:
    return np.array(["unknown", "no", "yes"], dtype=object)[verdict + 1]


def _assessed_only(texts: NDArray[np.object_], land: _Land) -> pd.api.extensions.ExtensionArray:
    return pd.array(np.where(land.is_assessed, texts, None), dtype="str")


def _counts(values: Floats, rows: Bools) -> pd.api.extensions.ExtensionArray:
    return pd.array(np.where(rows, values, np.nan), dtype="Int64")
