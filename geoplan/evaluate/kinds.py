"""Findings beyond the seed's three: each a short function that answers one question of every parcel.

A kind runs only where the rule packs loaded have its numbers. Definitions after the list of domain notes, section 3.2
(Minhou 2018 trial rules and others); every threshold stands in a rule pack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import NO, YES, Floats, verdicts
from geoplan.evaluate._judging import below as _below
from geoplan.evaluate._judging import everywhere as _all
from geoplan.evaluate._judging import judged as _judged
from geoplan.evaluate._texts import Found, percents, plain_numbers
from geoplan.evaluate.ground import Ground
from geoplan.evaluate.valued import bottom_quantile, depreciation, value_ratio
from geoplan.model.ledger import dates_of
from geoplan.model.rulepack import Rules
from geoplan.words import say

__all__ = ["KINDS", "Kind", "asked_kinds"]

_UNKNOWN_USE = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One sort of finding: its name, the numbers and the table of the rule packs it needs, and who answers."""

    name: str
    find: Callable[[Ground], Found]
    numbers: tuple[str, ...] = ()
    table: str = ""

    @property
    def rule(self) -> str:
        """What it rests on, as the column ``rule`` names it."""
        return self.numbers[0] if self.numbers else self.table

    def is_asked(self, rules: Rules) -> bool:
        """Whether the packs loaded switch it on."""
        has_table = not self.table or any(self.table in pack.data for pack in rules.packs)
        return has_table and all(name in rules.numbers for name in self.numbers)


def asked_kinds(rules: Rules) -> tuple[Kind, ...]:
    """The kinds that the rule packs switch on, in the order in which they are told.

    Raises
    ------
    ScenarioError
        A number is outside what it can mean, or the list of banned trades is none; all problems at once.
    """
    kinds = tuple(kind for kind in KINDS if kind.is_asked(rules))
    numbers = [name for kind in kinds for name in kind.numbers]
    problems = [
        say("evaluate.kind.bad_number", name=name, value=f"{rules.value(name):g}")
        for name in numbers
        if rules.value(name) < 0 or (name.endswith("_share") and rules.value(name) > 1)
    ]
    problems += [
        say("evaluate.kind.whole", name=name, value=f"{rules.value(name):g}")
        for name in numbers
        if name.endswith(("_years", "_digits"))
        and (rules.value(name) < 1 or rules.value(name) % 1 != 0)
    ]
    if any(kind.table for kind in kinds) and not _banned_codes(rules):
        problems.append(say("evaluate.kind.bad_codes"))
    if problems:
        raise ScenarioError(problems)
    return kinds


def idle_land(ground: Ground) -> Found:
    """Land without a building, unused for at least so many months; land in use is not idle."""
    land = ground.land
    limit = ground.rules.value("idle_land.min_months")
    months = np.where(land.is_vacant == NO, 0.0, land.months)
    bare, built = land.has_building == NO, land.has_building == YES
    used = ground.firms_in_use > 0
    enough = months >= limit
    yes = bare & enough & (land.is_vacant != NO)
    no = built | (bare & ~enough & (~np.isnan(months) | used))
    return _judged(
        ground,
        "idle_land",
        verdicts(yes, no & ~yes),
        {"months": months, "min_months": _all(ground, limit)},
        value=plain_numbers(months),
        limit=f"{limit:g}",
        margin=limit - months,
    )


def unfinished(ground: Ground) -> Found:
    """More than a share built and invested, not completed, and stopped.

    Built is floor area over what the contract asks for; invested is fixed assets over the contract's.
    """
    built_limit = ground.rules.value("unfinished.min_built_share")
    paid_limit = ground.rules.value("unfinished.min_investment_share")
    built = _over(
        ground.land.floor_area_m2,
        ground.parcel_number("contract_floor_area_ratio") * ground.land.area_m2,
    )
    paid = _over(ground.invested_per_m2, ground.parcel_number("contract_investment_amount_per_m2"))
    stands = ground.operating == "stopped"
    yes = (built > built_limit) & (built < 1) & (paid > paid_limit) & stands
    no = (
        (built <= built_limit)
        | (built >= 1)
        | (paid <= paid_limit)
        | np.isin(ground.operating, ("normal", "reduced"))
    )
    return _judged(
        ground,
        "unfinished",
        verdicts(yes, no),
        {
            "built_share": built,
            "investment_share": paid,
            "min_built_share": _all(ground, built_limit),
            "min_investment_share": _all(ground, paid_limit),
        },
        value=percents(built),
        limit=f"{built_limit:.0%}",
        margin=np.where(yes, -np.minimum(built - built_limit, paid - paid_limit), np.nan),
    )


def stopped(ground: Ground) -> Found:
    """Every firm stopped, and no output for at least so many years; years without a report are not known."""
    limit = ground.rules.value("stopped.min_years")
    years, could_be = ground.years_without_output
    stands = ground.operating == "stopped"
    runs = np.isin(ground.operating, ("normal", "reduced"))
    return _judged(
        ground,
        "stopped",
        verdicts(stands & (years >= limit), runs | (stands & (could_be < limit))),
        {"years_without_output": years, "min_years": _all(ground, limit)},
        value=plain_numbers(years),
        limit=f"{limit:g}",
        margin=limit - years,
    )


def half_stopped(ground: Ground) -> Found:
    """Firms that are half stopped use at least a share of the parcel; where space is not known, of its firms."""
    limit = ground.rules.value("half_stopped.min_share")
    least, most = ground.shares_of("half_stopped")
    return _judged(
        ground,
        "half_stopped",
        verdicts((least >= limit) & (least > 0), most < limit),
        {"half_stopped_share": least, "min_share": _all(ground, limit)},
        value=percents(least),
        limit=f"{limit:.0%}",
        margin=limit - least,
    )


def low_tax(ground: Ground) -> Found:
    """Tax over land below a share of the park's mean, or below the contract's; the higher of the two counts."""
    own, mean = ground.tax_per_m2
    share = ground.rules.value("low_tax.min_share_of_mean")
    limit = np.fmax(share * mean, ground.parcel_number("contract_tax_amount_per_m2"))
    return _below(ground, "low_tax", "tax_amount_per_m2", own, limit, per=mean)


def low_floor_area_ratio(ground: Ground) -> Found:
    """Floor area over land below the least; floors of storeys above so many metres count double."""
    limit = ground.rules.value("low_floor_area_ratio.min_ratio")
    high = ground.rules.value("low_floor_area_ratio.double_storey_height_m")
    ratio = ground.counted_floor_m2(high) / ground.land.area_m2
    return _below(ground, "low_floor_area_ratio", "floor_area_ratio", ratio, _all(ground, limit))


def low_coverage(ground: Ground) -> Found:
    """Ground covered by buildings below the least share of the parcel."""
    limit = ground.rules.value("low_coverage.min_share")
    share = ground.covered_m2 / ground.land.area_m2
    return _below(ground, "low_coverage", "coverage_share", share, _all(ground, limit))


def low_investment(ground: Ground) -> Found:
    """Fixed assets over land below a share of what the contract asks for."""
    share = ground.rules.value("low_investment.min_share_of_contract")
    agreed = ground.parcel_number("contract_investment_amount_per_m2")
    own = ground.invested_per_m2
    return _below(
        ground, "low_investment", "investment_amount_per_m2", own, share * agreed, per=agreed
    )


def sublet(ground: Ground) -> Found:
    """Tenants use at least a share of the parcel."""
    limit = ground.rules.value("sublet.min_share")
    least, most = ground.let_shares
    return _judged(
        ground,
        "sublet",
        verdicts((least >= limit) & (least > 0), most < limit),
        {"rented_share": least, "min_share": _all(ground, limit)},
        value=percents(least),
        limit=f"{limit:.0%}",
        margin=limit - least,
    )


def lease_expired(ground: Ground) -> Found:
    """The land right ended so many months before the end of the last year with figures, or earlier."""
    limit = ground.rules.value("lease_expired.min_months")
    ends = dates_of(ground.park.parcels, "expiry_date")
    if ground.year is None:
        over = np.full(len(ground.land), np.nan)
    else:
        day = pd.Timestamp(ground.year, 12, 31)
        months = (day.year - ends.dt.year) * 12 + (day.month - ends.dt.month)
        over = months.where(ends.isna() | (ends.dt.day <= day.day), months - 1).to_numpy(float)
        over = np.where((ends > day).to_numpy(), np.minimum(over, -1.0), over)
    return _judged(
        ground,
        "lease_expired",
        verdicts(over >= limit, over < limit),
        {"months_since_end": over, "min_months": _all(ground, limit)},
        value=plain_numbers(over),
        limit=f"{limit:g}",
        margin=limit - over,
    )


def banned_trade(ground: Ground) -> Found:
    """A firm whose industry code (GB/T 4754) begins with a code of the list is on the parcel."""
    banned, unknown, here = ground.firms_in_trades(_banned_codes(ground.rules))
    yes = banned > 0
    return _judged(
        ground,
        "banned_trade",
        verdicts(yes, ~yes & (unknown == 0) & (here > 0)),
        {"banned_firm_count": banned.astype(float), "firm_count": here.astype(float)},
        value=plain_numbers(banned.astype(float)),
        limit="0",
        margin=np.full(len(yes), np.nan),
    )


def plan_mismatch(ground: Ground) -> Found:
    """Use today differs from the plan in force, within so many digits of the national code."""
    digits = int(ground.rules.value("plan_mismatch.code_digits"))
    uses = [ground.codes(name) for name in ("use", "zoned_use")]
    known = np.logical_and.reduce([(use != "") & (use != _UNKNOWN_USE) for use in uses])
    now, then = (np.array([str(code)[:digits] for code in use], dtype=object) for use in uses)
    differs = np.asarray(now != then, dtype=bool)
    return _judged(
        ground,
        "plan_mismatch",
        verdicts(known & differs, known & ~differs),
        {"code_digits": _all(ground, digits)},
        value=uses[0].astype(str),
        limit=uses[1].astype(str),
        margin=np.full(len(known), np.nan),
    )


def grade_d_run(ground: Ground) -> Found:
    """A firm on the parcel was graded D for at least so many years in a row, up to the last graded year."""
    limit = ground.rules.value("grade_d_run.min_years")
    years, is_known = ground.years_of_grade_d
    return _judged(
        ground,
        "grade_d_run",
        verdicts(years >= limit, is_known & (years < limit)),
        {"years_graded_d": years, "min_years": _all(ground, limit)},
        value=plain_numbers(years),
        limit=f"{limit:g}",
        margin=limit - years,
    )


#: All kinds, in the order in which they are told.
KINDS: tuple[Kind, ...] = (
    Kind(name="idle_land", find=idle_land, numbers=("idle_land.min_months",)),
    Kind(
        name="unfinished",
        find=unfinished,
        numbers=("unfinished.min_built_share", "unfinished.min_investment_share"),
    ),
    Kind(name="stopped", find=stopped, numbers=("stopped.min_years",)),
    Kind(name="half_stopped", find=half_stopped, numbers=("half_stopped.min_share",)),
    Kind(name="low_tax", find=low_tax, numbers=("low_tax.min_share_of_mean",)),
    Kind(
        name="low_floor_area_ratio",
        find=low_floor_area_ratio,
        numbers=("low_floor_area_ratio.min_ratio", "low_floor_area_ratio.double_storey_height_m"),
    ),
    Kind(name="low_coverage", find=low_coverage, numbers=("low_coverage.min_share",)),
    Kind(
        name="low_investment",
        find=low_investment,
        numbers=("low_investment.min_share_of_contract",),
    ),
    Kind(name="sublet", find=sublet, numbers=("sublet.min_share",)),
    Kind(name="lease_expired", find=lease_expired, numbers=("lease_expired.min_months",)),
    Kind(name="banned_trade", find=banned_trade, table="banned_trade"),
    Kind(name="plan_mismatch", find=plan_mismatch, numbers=("plan_mismatch.code_digits",)),
    Kind(name="grade_d_run", find=grade_d_run, numbers=("grade_d_run.min_years",)),
    Kind(name="value_ratio", find=value_ratio, numbers=("value_ratio.max_ratio",)),
    Kind(
        name="depreciation",
        find=depreciation,
        numbers=(
            "depreciation.horizon_years",
            "depreciation.building_life_years",
            "depreciation.salvage_share",
            "depreciation.land_growth_share",
        ),
    ),
    Kind(name="bottom_quantile", find=bottom_quantile, numbers=("bottom_quantile.share",)),
)


def _over(part: Floats, whole: Floats) -> Floats:
    return np.asarray(
        np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0), dtype=np.float64
    )


def _banned_codes(rules: Rules) -> tuple[str, ...]:
    """Codes without the letter of the section, ``C2614`` as ``2614``; nothing where the table is no list of codes."""
    table = rules.data("banned_trade")
    codes = table.get("industry_codes") if isinstance(table, Mapping) else None
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        return ()
    plain = tuple(code.strip().lstrip("ABCDEFGHIJKLMNOPQRST") for code in codes)
    return plain if all(code.isdigit() for code in plain) else ()
