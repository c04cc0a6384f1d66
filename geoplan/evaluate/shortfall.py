"""The first test: below the mean for years in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.evaluate._arrays import NO, UNKNOWN, YES, Bools, Codes, Floats, every, some
from geoplan.evaluate._texts import (
    Case,
    Found,
    Texts,
    joined,
    phrases,
    quantities,
    year_lists,
)
from geoplan.evaluate.averages import grid_sums, means, partial_sums
from geoplan.evaluate.judgement import Figure, Judgement, Peers
from geoplan.evaluate.land import Land, Zones
from geoplan.evaluate.measures import BASES, GAPS, Measure, Measured
from geoplan.evaluate.occupants import Ledger
from geoplan.evaluate.peers import Averaging, other_average
from geoplan.evaluate.runs import Runs, UnknownYears, below, runs_of
from geoplan.evaluate.standing import stand_against
from geoplan.evaluate.thin import thin_averages, with_notes
from geoplan.units import to_base
from geoplan.words import Message, join, say

__all__ = ["History", "below_mean", "compare", "no_averages"]

_MIN_YEARS, _SHARE_OF_MEAN = "below_mean.min_years", "below_mean.share_of_mean"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """A measure of each parcel against the mean that counts for it, year by year.

    Attributes
    ----------
    per_m2, mean_per_m2
        Parcel x year, currency/m2/a.
    is_below
        Parcel x year: 1 below, 0 not below, -1 unknown.
    mean_name
        Whose mean it is, in words.
    is_assessed
        Parcels that are assessed: only of them there are words.
    min_years, unknown_years
        Years in a row that count, and how unknown ones are taken.
    groups, how, counts
        Whose average of which sort it is, and which parcels are part of it.
    is_set_aside
        Parcel x year: there is an average, and the rule packs find it too thin to be held against.
    """

    measured: Measured
    per_m2: Floats
    mean_per_m2: Floats
    is_below: Codes
    runs: Runs
    mean_name: Texts
    is_assessed: Bools
    min_years: int
    groups: Zones
    is_set_aside: Bools
    area_m2: Floats
    unknown_years: UnknownYears
    how: Averaging
    counts: Bools


def no_averages() -> pd.DataFrame:
    """Table ``averages`` without a row."""
    columns = {"group": "str", "year": "int64", "amount": "float64", "area_m2": "float64"}
    nothing = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    return with_notes(means(partial_sums(nothing)), how=Averaging(), over="park", firm_count=None)


def compare(  # noqa: PLR0913  (each is named)
    measured: Measured,
    *,
    land: Land,
    zones: Zones,
    min_years: int,
    unknown_years: UnknownYears,
    how: Averaging,
    ledger: Ledger | None,
) -> tuple[History, pd.DataFrame]:
    """Set each parcel against its mean; the means are those of land in industrial use. Also hands back ``averages``.

    Idle land (2301) is held against the mean but is no part of it. An average that the rule packs find too thin is held
    against nobody: the year is unknown.
    """
    counts = land.is_assessed & ~land.is_open & ~np.isnan(land.area_m2)
    sums = grid_sums(
        measured.amount,
        area_m2=land.area_m2,
        group=np.where(counts, zones.code, -1),
        group_count=len(zones.names),
    )
    averages = sums.means(zones.names, measured.years.tolist())
    standing = stand_against(
        sums.mean_per_m2, amount=measured.amount, area_m2=land.area_m2, group=zones.code
    )
    per_m2, mean_per_m2, is_below = standing.per_m2, standing.mean_per_m2, standing.is_below
    if how.average != "area_weighted":
        averages, mean_per_m2 = other_average(
            averages,
            _values(measured, land, zones),
            how=how,
            per_m2=per_m2,
            area_m2=land.area_m2,
            group=zones.code,
            names=zones.names,
            years=measured.years,
            counts=counts,
        )
    is_known = counts[:, None] & ~np.isnan(per_m2)
    thin = thin_averages(
        averages, zones=zones, years=measured.years, how=how, ledger=ledger, is_known=is_known
    )
    set_aside = thin.of_parcels & ~np.isnan(mean_per_m2)
    if how.average != "area_weighted" or set_aside.any():
        mean_per_m2 = np.where(set_aside, np.nan, mean_per_m2)
        is_below = below(per_m2, mean_per_m2)
    history = History(
        measured=measured,
        per_m2=per_m2,
        mean_per_m2=mean_per_m2,
        is_below=is_below,
        runs=runs_of(is_below, min_years=min_years, unknown_years=unknown_years),
        mean_name=zones.in_words(),
        is_assessed=land.is_assessed,
        min_years=min_years,
        area_m2=land.area_m2,
        unknown_years=unknown_years,
        groups=zones,
        is_set_aside=set_aside,
        how=how,
        counts=counts,
    )
    return history, thin.averages


def _values(measured: Measured, land: Land, zones: Zones) -> pd.DataFrame:
    """One row per parcel and year that the mean speaks of: ``group``, ``year``, ``amount`` and ``area_m2``.

    Idle land (2301) is held against the mean but is no part of it: the mean is that of land in industrial use.
    """
    rows = np.flatnonzero(land.is_assessed & ~land.is_open & ~np.isnan(land.area_m2))
    years = measured.years
    group = pd.Categorical.from_codes(
        np.repeat(zones.code[rows], len(years)).tolist(), categories=pd.Index(zones.names)
    )
    return pd.DataFrame(
        {
            "group": group,
            "year": np.tile(years, len(rows)),
            "amount": measured.amount[rows].ravel(),
            "area_m2": np.repeat(land.area_m2[rows], len(years)),
        }
    )


def below_mean(history: History, *, measure: Measure, currency: str) -> Found:
    """Put the runs of years into words: which years, how much against which mean, what is unknown."""
    runs, is_below, years = history.runs, history.is_below, history.measured.years
    count = len(is_below)
    known = is_below != UNKNOWN
    any_known = some(known)
    fields = {
        "measure": _per_land(measure, currency),
        "mean": history.mean_name,
        "years": year_lists(runs.is_in_run & (is_below == YES), years),
        "count": runs.current,
        "asked": history.min_years,
        "compared": _compared(history, known, currency),
        "unknown": _unknown_years(history, known),
    }
    no, in_run = runs.verdict == NO, runs.current > 0
    words = phrases(
        count,
        Case(every(np.isnan(history.per_m2)), "evaluate.below.no_figures", fields),
        Case(~any_known, "evaluate.below.no_mean", fields),
        Case(runs.verdict == YES, "evaluate.below.yes", fields),
        Case(no & in_run, "evaluate.below.too_few", fields),
        Case(no, "evaluate.below.reached", fields),
        Case(in_run, "evaluate.below.perhaps", fields),
        Case(np.ones(count, dtype=bool), "evaluate.below.open", fields),
        only=history.is_assessed,
    )
    told = history.is_assessed[:, None]
    aside = some(history.is_set_aside) & history.is_assessed
    thin = {"years": year_lists(history.is_set_aside, years)}
    set_aside = phrases(count, Case(aside, "evaluate.thin.years", thin))
    gaps = _listed(history.measured.gaps & ~every(known)[:, None] & told, GAPS, "gap")
    basis = _listed(history.measured.basis & any_known[:, None] & told, BASES, "basis")
    asked = np.full(count, float(history.min_years))
    current = np.where(any_known, runs.current, np.nan)
    return Found(
        verdict=runs.verdict,
        reason=joined(words, set_aside, gaps, basis),
        evidence={"run_years": current, "min_years": asked},
        margin=asked - current,
        judgement=_judgement(history, asked - current),
    )


def _judgement(history: History, margin: Floats) -> Judgement:
    """How the test was judged: a year is below if it lies below ``share_of_mean`` times the average, here 1."""
    unknown = np.full(history.per_m2.shape, np.nan)
    share = np.divide(
        history.per_m2, history.mean_per_m2, out=unknown, where=history.mean_per_m2 > 0
    )
    last = pd.DataFrame(share - 1).ffill(axis=1)
    return Judgement(
        judge=_judge,
        figures={
            "own": Figure(value=history.per_m2, over=("amount",), under=("area",)),
            "mean": Figure(value=history.mean_per_m2),
        },
        limits={_MIN_YEARS: float(history.min_years), _SHARE_OF_MEAN: 1.0},
        facts={"unknown_years": history.unknown_years},
        margins={_MIN_YEARS: margin, _SHARE_OF_MEAN: last.iloc[:, -1].to_numpy(dtype=np.float64)},
        peers=Peers(
            own="own",
            mean="mean",
            area_m2=history.area_m2,
            group=history.groups.code,
            counts=history.counts,
            how=history.how,
            is_set_aside=history.is_set_aside,
        ),
    )


def _judge(told: Mapping[str, Any]) -> Codes:
    is_below = below(told["own"], told["mean"] * told[_SHARE_OF_MEAN])
    return runs_of(
        is_below, min_years=int(told[_MIN_YEARS]), unknown_years=told["unknown_years"]
    ).verdict


def _compared(history: History, known: Bools, currency: str) -> Texts:
    """The parcel's own figure against the mean, in the last year in which both are known."""
    unit, per_m2 = _amount_unit(currency)
    last = _last_true(known)
    rows = np.arange(len(known))
    fields = {
        "own": quantities(history.per_m2[rows, last] / per_m2),
        "other": quantities(history.mean_per_m2[rows, last] / per_m2),
        "unit": unit,
        "year": history.measured.years[last],
        "average": say(f"evaluate.average.{history.how.average}"),
    }
    is_mean = history.how.average == "area_weighted"
    key = "evaluate.compared" if is_mean else "evaluate.compared_other"
    return phrases(len(known), Case(some(known), key, fields), only=history.is_assessed)


def _amount_unit(currency: str) -> tuple[Message, float]:
    """How money per land is written: 10,000 yuan per mu in China, currency per m2 elsewhere."""
    if currency == "CNY":
        return say("evaluate.unit.cny"), to_base("10k/mu")
    if currency:
        return say("evaluate.unit.other", currency=currency), 1.0
    return say("evaluate.unit.none"), 1.0


def _per_land(measure: Measure, currency: str) -> Message:
    """The measure as the trade says it: per mu in China, per m2 elsewhere."""
    key = "evaluate.per_mu" if currency == "CNY" else "evaluate.per_m2"
    return say(key, measure=say(f"evaluate.measure.{measure.name}"))


def _unknown_years(history: History, known: Bools) -> Texts:
    """The unknown years of the current run, and where the figures begin if that is why it is unknown."""
    runs, years, count = history.runs, history.measured.years, len(known)
    gaps = runs.is_in_run & ~known & ~history.is_set_aside
    listed = {"years": year_lists(gaps, years)}
    too_few = runs.is_in_run.sum(axis=1) < history.min_years
    early = runs.begins_early & too_few & (runs.verdict == UNKNOWN) & some(known)
    return joined(
        phrases(count, Case(some(gaps), "evaluate.below.unknown_years", listed)),
        phrases(count, Case(early, "evaluate.below.begins", {"year": int(years[0])})),
    )


def _last_true(flags: Bools) -> NDArray[np.intp]:
    """Position of the last marked column in each row; the last column where none is."""
    return np.asarray(flags.shape[1] - 1 - np.argmax(flags[:, ::-1], axis=1))


def _listed(flags: Bools, names: tuple[str, ...], group: str) -> Texts:
    """What is marked in each row, in words, as a tail of a sentence."""
    code = flags @ (1 << np.arange(len(names)))
    cases = []
    for pattern in np.unique(code[code > 0]).tolist():
        chosen = [
            say(f"evaluate.{group}.{name}") for bit, name in enumerate(names) if pattern >> bit & 1
        ]
        tail = {"parts": join(chosen, "common.enumeration")}
        cases.append(Case(code == pattern, "evaluate.tail", tail))
    return phrases(len(flags), *cases)
