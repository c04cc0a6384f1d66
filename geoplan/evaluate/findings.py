"""The three tests of the practice: below the mean for years, leased out of industry, vacant.

Each takes columns and hands back a verdict per parcel (1 yes, 0 no, -1 unknown) with its reason in words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.evaluate._texts import (
    Case,
    Texts,
    count_list,
    fill,
    joined,
    phrases,
    quantities,
    year_lists,
)
from geoplan.evaluate.measures import BASES, GAPS, Measured
from geoplan.evaluate.occupants import (
    NO,
    UNKNOWN,
    YES,
    Bools,
    Codes,
    Floats,
    Ledger,
    empty_rows,
)
from geoplan.evaluate.runs import Runs
from geoplan.units import to_base
from geoplan.words import Message, join, say

__all__ = [
    "AmountUnit",
    "Found",
    "amount_unit",
    "below_mean",
    "non_industrial_lease",
    "not_made",
    "vacant",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What one test says of each parcel, and why."""

    verdict: Codes
    reason: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountUnit:
    """How money per land is written: 10,000 yuan per mu in China, currency per m2 elsewhere."""

    label: Message
    per_m2: float


def amount_unit(currency: str) -> AmountUnit:
    """How a park's money per land is written.

    Examples
    --------
    >>> amount_unit("CNY").label.text("en")
    '10k yuan/mu'
    """
    if currency == "CNY":
        return AmountUnit(label=say("evaluate.unit.cny"), per_m2=to_base("10k/mu"))
    label = say("evaluate.unit.other", currency=currency) if currency else say("evaluate.unit.none")
    return AmountUnit(label=label, per_m2=1.0)


def not_made(why: Message, count: int) -> Found:
    """A test that could not be made: unknown everywhere, and why."""
    return Found(verdict=np.full(count, UNKNOWN, dtype=np.int8), reason=_everywhere(why, count))


# ---------------------------------------------------------------- below the mean for years


def below_mean(
    measured: Measured,
    *,
    runs: Runs,
    is_below: Codes,
    area_m2: Floats,
    mean_per_m2: Floats,
    mean_name: Texts,
    measure_name: Message,
    min_years: int,
    unit: AmountUnit,
) -> Found:
    """Put the runs of years into words: which years, how much against which mean, what is unknown."""
    count = len(area_m2)
    years = measured.years
    known = is_below != UNKNOWN
    last = _last_true(known)
    rows = np.arange(count)
    per_m2 = measured.amount[rows, last] / area_m2
    fields = {
        "measure": measure_name,
        "mean": mean_name,
        "years": year_lists(runs.is_in_run & (is_below == YES), years),
        "count": runs.current.astype(object),
        "asked": min_years,
        "compared": fill(
            "evaluate.compared",
            count,
            own=quantities(per_m2 / unit.per_m2),
            other=quantities(mean_per_m2[rows, last] / unit.per_m2),
            unit=unit.label,
            year=years[last].astype(object),
        ),
        "unknown": _unknown_years(runs, known, years),
    }
    yes, no = runs.verdict == YES, runs.verdict == NO
    some = known.any(axis=1)
    has_amount = ~np.isnan(measured.amount).all(axis=1)
    in_run = runs.current > 0
    words = phrases(
        count,
        Case(~has_amount, "evaluate.below.no_figures", fields),
        Case(~some, "evaluate.below.no_mean", fields),
        Case(yes, "evaluate.below.yes", fields),
        Case(no & in_run, "evaluate.below.too_few", fields),
        Case(no, "evaluate.below.reached", fields),
        Case(in_run, "evaluate.below.perhaps", fields),
        Case(np.ones(count, dtype=bool), "evaluate.below.open", fields),
    )
    reason = joined(words, _gaps(measured.gaps, ~known.all(axis=1)), _basis(measured.basis, some))
    return Found(verdict=runs.verdict, reason=reason)


def _unknown_years(runs: Runs, known: Bools, years: NDArray[np.int64]) -> Texts:
    """The unknown years of the current run, and where the figures begin if the run reaches back to it."""
    open_years = runs.is_in_run & ~known
    named = phrases(
        len(known),
        Case(
            open_years.any(axis=1),
            "evaluate.below.unknown_years",
            {"years": year_lists(open_years, years)},
        ),
    )
    early = runs.begins_early & (runs.verdict == UNKNOWN) & known.any(axis=1)
    return joined(
        named,
        phrases(len(known), Case(early, "evaluate.below.begins", {"year": int(years[0])})),
    )


def _last_true(flags: Bools) -> NDArray[np.intp]:
    """Position of the last marked column in each row; the last column where none is."""
    return np.asarray(flags.shape[1] - 1 - np.argmax(flags[:, ::-1], axis=1))


def _gaps(gaps: Bools, rows: Bools) -> Texts:
    return _listed(gaps & rows[:, None], [say(f"evaluate.gap.{name}") for name in GAPS])


def _basis(basis: Bools, rows: Bools) -> Texts:
    return _listed(basis & rows[:, None], [say(f"evaluate.basis.{name}") for name in BASES])


def _listed(flags: Bools, names: list[Message]) -> Texts:
    """What is marked in each row, in words, as a tail of a sentence."""
    code = flags @ (1 << np.arange(flags.shape[1]))
    cases = []
    for pattern in np.unique(code[code > 0]).tolist():
        chosen = [name for bit, name in enumerate(names) if pattern >> bit & 1]
        tail = {"parts": join(chosen, "common.enumeration")}
        cases.append(Case(code == pattern, "evaluate.tail", tail))
    return phrases(len(flags), *cases)


# ---------------------------------------------------------------- leased for other than industry


def non_industrial_lease(
    ledger: Ledger, *, current: Bools, is_vacant: Codes, min_share: float
) -> Found:
    """Whether more than a share of the parcel is let to tenants outside industry.

    The share is of the floor that firms occupy there, or of the land (``land_share``) where floors are not known; where
    neither is, only "any at all" and "all of it" can be told. Just the share asked passes. A tenant of whom nobody
    knows what it does makes the answer unknown where it could decide. An owner outside industry leases to nobody.
    """
    outside = current & (ledger.is_tenant != NO) & (ledger.is_industrial != YES)
    certain = outside & (ledger.is_tenant == YES) & (ledger.is_industrial == NO)
    least, floor_known = _share(ledger, certain, current)
    most, _ = _share(ledger, outside, current, at_most=True)
    here = ledger.count(current)
    none = here == 0
    yes, no = least > min_share, most <= min_share
    empty = none & (is_vacant == YES)
    verdict = np.where(none, UNKNOWN, np.where(yes, YES, np.where(no, NO, UNKNOWN)))
    verdict = np.where(empty, NO, verdict).astype(np.int8)
    fields = _lease_fields(ledger, certain, least, floor_known, min_share)
    count = len(here)
    tenants = ledger.count(certain) > 0
    told = ~np.isnan(least) & floor_known
    reason = phrases(
        count,
        Case(empty, "evaluate.lease.empty", {}),
        Case(none, "evaluate.lease.no_firm", {}),
        Case(yes & told, "evaluate.lease.yes", fields),
        Case(yes, "evaluate.lease.yes_share_open", fields),
        Case(no & tenants, "evaluate.lease.too_little", fields),
        Case(no, "evaluate.lease.no", {"count": here.astype(object)}),
        Case(ledger.count(outside & ~certain) > 0, "evaluate.lease.use_unknown", {}),
        Case(np.ones(count, dtype=bool), "evaluate.lease.share_unknown", fields),
    )
    return Found(verdict=verdict, reason=reason)


def _share(
    ledger: Ledger, rows: Bools, current: Bools, *, at_most: bool = False
) -> tuple[Floats, Bools]:
    """Part of each parcel that some rows use, and whether it was measured; else the least (or most) it can be."""
    all_floor = ledger.total(current, ledger.floor_m2)
    by_floor = np.divide(
        ledger.total(rows, ledger.floor_m2),
        all_floor,
        out=np.full(len(all_floor), np.nan),
        where=all_floor > 0,
    )
    by_land = ledger.total(current, ledger.land_share)
    by_land = np.where(np.isnan(by_land), np.nan, ledger.total(rows, ledger.land_share))
    share = np.where(np.isnan(by_floor), by_land, by_floor)
    used, here = ledger.count(rows), ledger.count(current)
    some = np.where(at_most, 1.0, np.finfo(float).tiny)
    bound = np.where(used == 0, 0.0, np.where(used == here, 1.0, some))
    return np.where(np.isnan(share), bound, share), ~np.isnan(share)


def _lease_fields(
    ledger: Ledger, rows: Bools, share: Floats, is_measured: Bools, min_share: float
) -> dict[str, object]:
    inside = rows & (ledger.parcel < ledger.parcel_count)
    names = ledger.firm_names[ledger.firm[inside]]
    percent = np.array([f"{value:.0%}" for value in share.tolist()], dtype=object)
    return {
        "names": count_list(ledger.parcel[inside], names, ledger.parcel_count),
        "share": np.where(is_measured, percent, ""),
        "limit": f"{min_share:.0%}",
    }


# ---------------------------------------------------------------- vacant


def vacant(
    *,
    is_vacant: Codes,
    months: Floats,
    is_open_land: Bools,
    has_building: Codes,
    ledger: Ledger | None,
    current: Bools | None,
    min_months: float,
) -> Found:
    """Whether a parcel stands empty, for at least the months asked where they are known.

    In this order: what the survey says (empty for so many months, vacant, not vacant), what the ledger says (in use; all
    its firms recorded as vacant or unbuilt), what the land says (idle land, 2301; land with neither building nor firm).
    A survey that says "not vacant" and "empty for months" contradicts itself: unknown.
    """
    count = len(months)
    nobody = np.zeros(count, dtype=bool)
    if ledger is None or current is None:
        here = in_use = np.zeros(count, dtype=np.int64)
    else:
        here = ledger.count(current)
        in_use = ledger.count(current & ~empty_rows(ledger))
        nobody = here == 0
    long = (months >= min_months) & ((months > 0) | (is_vacant == YES))
    short = months < min_months
    by_case: tuple[tuple[Bools, int, str, dict[str, object]], ...] = (
        ((is_vacant == NO) & long, UNKNOWN, "contradiction", {}),
        (is_vacant == NO, NO, "not_vacant", {}),
        (long, YES, "long", {}),
        (short & ((is_vacant == YES) | (months > 0)), NO, "short", {}),
        (is_vacant == YES, YES, "recorded", {}),
        (in_use > 0, NO, "in_use", {"count": in_use.astype(object)}),
        ((here > 0) & (in_use == 0), YES, "not_run", {}),
        (is_open_land, YES, "open_land", {}),
        (nobody & (has_building == NO), YES, "bare", {}),
        (np.ones(count, dtype=bool), UNKNOWN, "open", {}),
    )
    spoken = {"months": quantities(months), "limit": f"{min_months:g}"}
    reason = phrases(
        count,
        *(Case(rows, f"evaluate.vacant.{key}", spoken | more) for rows, _, key, more in by_case),
    )
    verdict = np.select([rows for rows, *_ in by_case], [code for _, code, *_ in by_case])
    return Found(verdict=verdict.astype(np.int8), reason=reason)


def _everywhere(message: Message, count: int) -> Texts:
    return phrases(count, Case(np.ones(count, dtype=bool), "common.joined", {"parts": message}))
