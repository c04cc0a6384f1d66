"""The other two tests: leased out of industry, and vacant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from geoplan.evaluate._arrays import NO, UNKNOWN, YES, Bools, Codes, Floats
from geoplan.evaluate._texts import Case, Found, Texts, name_lists, percents, phrases, plain_numbers
from geoplan.evaluate.judgement import Figure, Judgement
from geoplan.evaluate.land import Land
from geoplan.evaluate.occupants import Ledger

__all__ = ["non_industrial_lease", "share_of", "vacant"]

_LEASE, _VACANT = "non_industrial_lease.min_share", "vacant.min_months"
#: The rows that a line fits, their verdict, and the sentence that says so.
Lines = tuple[tuple[Bools, int, str], ...]


def non_industrial_lease(
    land: Land, *, ledger: Ledger, is_vacant: Codes, min_share: float
) -> Found:
    """Whether more than a share of the parcel is let to tenants outside industry.

    The share is of the floor that firms occupy there, or of the land (``land_share``) where floors are not known; where
    neither is, only "any at all" and "all of it" can be told. Just the share asked passes. A tenant of whom nobody
    knows what it does makes the answer unknown where it could decide. An owner outside industry leases to nobody. A
    parcel of which the ledger names no firm is unknown, unless it is vacant.
    """
    now = ledger.is_current
    perhaps = now & (ledger.is_tenant != NO) & (ledger.is_industrial != YES)
    surely = perhaps & (ledger.is_tenant == YES) & (ledger.is_industrial == NO)
    share, is_measured = share_of(ledger, surely, unmeasured=np.finfo(float).tiny)
    most, _ = share_of(ledger, perhaps, unmeasured=1.0)
    here = ledger.count(now)
    fields = {
        "names": _tenants(ledger, surely),
        "share": percents(share),
        "limit": f"{min_share:.0%}",
        "count": here,
    }
    judgement = Judgement(
        judge=_lease,
        figures={
            "share": Figure(value=share, over=("space",), most=1.0),
            "most": Figure(value=most, over=("space",), most=1.0),
        },
        limits={_LEASE: min_share},
        facts={
            "is_measured": is_measured,
            "is_nobody": here == 0,
            "is_empty": (here == 0) & (is_vacant == YES),
            "has_sure": ledger.count(surely) > 0,
            "has_open": ledger.count(perhaps & ~surely) > 0,
        },
        margins={_LEASE: np.where(is_measured & (here > 0), min_share - share, np.nan)},
    )
    found = _first_that_fits(land, "evaluate.lease", fields, _lease_lines, judgement)
    told = np.where(is_measured & (here > 0), share, np.nan)
    return _with_numbers(found, "leased_share", told, "min_share", min_share)


def _lease(told: Mapping[str, Any]) -> Codes:
    return _first(_lease_lines(told))


def _lease_lines(told: Mapping[str, Any]) -> Lines:
    yes, no = told["share"] > told[_LEASE], told["most"] <= told[_LEASE]
    return (
        (told["is_empty"], NO, "empty"),
        (told["is_nobody"], UNKNOWN, "no_firm"),
        (yes & told["is_measured"], YES, "yes"),
        (yes, YES, "yes_share_open"),
        (no & told["has_sure"], NO, "too_little"),
        (no, NO, "no"),
        (told["has_open"], UNKNOWN, "use_unknown"),
        (~told["is_nobody"], UNKNOWN, "share_unknown"),
    )


def vacant(land: Land, *, ledger: Ledger | None, min_months: float) -> Found:
    """Whether a parcel stands empty, for at least the months asked where they are known.

    In this order: what the survey says (empty for so many months, vacant, not vacant), what the ledger says (in use; all
    its firms recorded as vacant or unbuilt), what the land says (idle land, 2301; land with neither building nor firm).
    A survey that says "not vacant" and "empty for months" contradicts itself: unknown.
    """
    months, is_vacant = land.months, land.is_vacant
    nothing = np.zeros(len(land), dtype=np.int64)
    here = nothing if ledger is None else ledger.count(ledger.is_current)
    in_use = nothing if ledger is None else ledger.count(ledger.is_current & ~ledger.is_empty)
    judgement = Judgement(
        judge=_vacant,
        figures={"months": Figure(value=months, over=("months",))},
        limits={_VACANT: min_months},
        facts={
            "is_vacant": is_vacant,
            "is_used": in_use > 0,
            "is_not_run": here > 0,
            "is_open": land.is_open,
            "is_bare": (land.has_building == NO) & (ledger is not None),
        },
        margins={_VACANT: min_months - months},
    )
    fields = {"months": plain_numbers(months), "limit": f"{min_months:g}", "count": in_use}
    found = _first_that_fits(land, "evaluate.vacant", fields, _vacant_lines, judgement)
    return _with_numbers(found, "months", months, "min_months", min_months)


def _vacant(told: Mapping[str, Any]) -> Codes:
    return _first(_vacant_lines(told))


def _vacant_lines(told: Mapping[str, Any]) -> Lines:
    months, limit, is_vacant = told["months"], told[_VACANT], told["is_vacant"]
    is_empty = (months > 0) | (is_vacant == YES)
    is_long = is_empty & (months >= limit)
    return (
        ((is_vacant == NO) & is_long, UNKNOWN, "contradiction"),
        (is_vacant == NO, NO, "not_vacant"),
        (is_long, YES, "long"),
        (is_empty & (months < limit), NO, "short"),
        (is_vacant == YES, YES, "recorded"),
        (told["is_used"], NO, "in_use"),
        (told["is_not_run"], YES, "not_run"),
        (told["is_open"], YES, "open_land"),
        (told["is_bare"], YES, "bare"),
        (np.ones(len(months), dtype=bool), UNKNOWN, "open"),
    )


def _with_numbers(found: Found, name: str, own: Floats, limit_name: str, limit: float) -> Found:
    evidence = {name: own, limit_name: np.full(len(own), limit)}
    return replace(found, evidence=evidence, margin=limit - own)


def _first(lines: Lines) -> Codes:
    """Verdict of the first line that fits each parcel."""
    verdict = np.select([rows for rows, _, _ in lines], [code for _, code, _ in lines])
    return verdict.astype(np.int8)


def _first_that_fits(
    land: Land,
    group: str,
    fields: dict[str, object],
    lines_of: Callable[[Mapping[str, Any]], Lines],
    judgement: Judgement,
) -> Found:
    """Verdict of the first line that fits each parcel, and its sentence for those that are assessed."""
    lines = lines_of(judgement.told)
    cases = [Case(rows, f"{group}.{key}", fields) for rows, _, key in lines]
    return Found(
        verdict=_first(lines),
        reason=phrases(len(land), *cases, only=land.is_assessed),
        judgement=judgement,
    )


def share_of(ledger: Ledger, rows: Bools, *, unmeasured: float) -> tuple[Floats, Bools]:
    """Part of each parcel that some rows use, and whether it was measured.

    Where it was not, none is 0 and all is 1; of anything between, ``unmeasured``.
    """
    now = ledger.is_current
    floor, land = ledger.total(now, ledger.floor_m2), ledger.total(now, ledger.land_share)
    unknown = np.full(ledger.parcel_count, np.nan)
    by_floor = np.divide(ledger.total(rows, ledger.floor_m2), floor, out=unknown, where=floor > 0)
    by_land = np.where(np.isnan(land), np.nan, ledger.total(rows, ledger.land_share))
    share = np.where(np.isnan(by_floor), by_land, by_floor)
    used, here = ledger.count(rows), ledger.count(now)
    guess = np.where(used == 0, 0.0, np.where(used == here, 1.0, unmeasured))
    return np.where(np.isnan(share), guess, share), ~np.isnan(share)


def _tenants(ledger: Ledger, rows: Bools) -> Texts:
    inside = rows & (ledger.parcel < ledger.parcel_count)
    return name_lists(
        ledger.parcel[inside], ledger.firm_names[ledger.firm[inside]], ledger.parcel_count
    )
