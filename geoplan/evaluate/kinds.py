"""Findings beyond the seed's three: each a short function that answers one question of every parcel.

A kind runs only where the rule packs loaded have its numbers. Definitions after the list of domain notes, section 3.2
(Minhou 2018 trial rules and others); every threshold stands in a rule pack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import NO, YES, Codes, verdicts
from geoplan.evaluate._kind_parts import below_limits, below_number, everywhere, judged, part_of
from geoplan.evaluate._kinds_of_firms import (
    banned_codes,
    banned_trade,
    grade_d_run,
    half_stopped,
    low_tax,
    stopped,
    sublet,
)
from geoplan.evaluate._texts import Found, percents, plain_numbers
from geoplan.evaluate.ground import Ground
from geoplan.evaluate.judgement import Figure, Judgement
from geoplan.evaluate.runs import below
from geoplan.evaluate.valued import bottom_quantile, depreciation, value_ratio
from geoplan.model.ledger import dates_of
from geoplan.model.rulepack import Rules
from geoplan.words import say

__all__ = ["KINDS", "Kind", "asked_kinds", "banned_codes"]

_UNKNOWN_USE = "unknown"
_BUILT, _PAID = "unfinished.min_built_share", "unfinished.min_investment_share"
_RATIO, _HEIGHT = (
    "low_floor_area_ratio.min_ratio", "low_floor_area_ratio.double_storey_height_m",
)  # fmt: skip
_DIGITS = "plan_mismatch.code_digits"


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
    if any(kind.table for kind in kinds) and not banned_codes(rules):
        problems.append(say("evaluate.kind.bad_codes"))
    if problems:
        raise ScenarioError(problems)
    return kinds


def idle_land(ground: Ground) -> Found:
    """Land without a building, unused for at least so many months; land in use is not idle."""
    land = ground.land
    limit = ground.rules.value("idle_land.min_months")
    months = np.where(land.is_vacant == NO, 0.0, land.months)
    return judged(
        ground,
        "idle_land",
        Judgement(
            judge=_idle_land,
            figures={"months": Figure(value=months, over=("months",))},
            limits={"idle_land.min_months": limit},
            facts={
                "is_vacant": land.is_vacant,
                "has_building": land.has_building,
                "is_used": ground.firms_in_use > 0,
            },
            margins={"idle_land.min_months": limit - months},
        ),
        {"months": months, "min_months": everywhere(ground, limit)},
        value=plain_numbers(months),
        limit=f"{limit:g}",
    )


def _idle_land(told: Mapping[str, Any]) -> Codes:
    bare, built = told["has_building"] == NO, told["has_building"] == YES
    enough = told["months"] >= told["idle_land.min_months"]
    yes = bare & enough & (told["is_vacant"] != NO)
    no = built | (bare & ~enough & (~np.isnan(told["months"]) | told["is_used"]))
    return verdicts(yes, no & ~yes)


def unfinished(ground: Ground) -> Found:
    """More than a share built and invested, not completed, and stopped.

    Built is floor area over what the contract asks for; invested is fixed assets over the contract's.
    """
    built_limit = ground.rules.value(_BUILT)
    paid_limit = ground.rules.value(_PAID)
    built = part_of(
        ground.land.floor_area_m2,
        ground.parcel_number("contract_floor_area_ratio") * ground.land.area_m2,
    )
    paid = part_of(
        ground.invested_per_m2, ground.parcel_number("contract_investment_amount_per_m2")
    )
    judgement = Judgement(
        judge=_unfinished,
        figures={
            "built": Figure(value=built, over=("floor",), under=("area", "contract")),
            "paid": Figure(value=paid, over=("assets",), under=("area", "contract")),
        },
        limits={_BUILT: built_limit, _PAID: paid_limit},
        facts={"operating": ground.operating},
        margins={_BUILT: built_limit - built, _PAID: paid_limit - paid},
    )
    nearest = -np.minimum(built - built_limit, paid - paid_limit)
    return judged(
        ground,
        "unfinished",
        judgement,
        {
            "built_share": built,
            "investment_share": paid,
            "min_built_share": everywhere(ground, built_limit),
            "min_investment_share": everywhere(ground, paid_limit),
        },
        value=percents(built),
        limit=f"{built_limit:.0%}",
        margin=np.where(judgement.verdict() == YES, nearest, np.nan),
    )


def _unfinished(told: Mapping[str, Any]) -> Codes:
    built, paid = told["built"], told["paid"]
    yes = (built > told[_BUILT]) & (built < 1) & (paid > told[_PAID])
    no = (
        (built <= told[_BUILT])
        | (built >= 1)
        | (paid <= told[_PAID])
        | np.isin(told["operating"], ("normal", "reduced"))
    )
    return verdicts(yes & (told["operating"] == "stopped"), no)


def low_floor_area_ratio(ground: Ground) -> Found:
    """Floor area over land below the least; floors of storeys above so many metres count double."""
    limit = ground.rules.value(_RATIO)
    high = ground.rules.value(_HEIGHT)
    ratio = ground.counted_floor_m2(high) / ground.land.area_m2
    judgement = Judgement(
        judge=_low_ratio,
        figures={"ratio": Figure(value=ratio, over=("floor",), under=("area",))},
        limits={_RATIO: limit, _HEIGHT: high},
        facts={"height": high, "area_m2": ground.land.area_m2, "floor_of": ground.counted_floor_m2},
        margins={_RATIO: ratio - limit},
    )
    return below_limits(
        ground,
        "low_floor_area_ratio",
        "floor_area_ratio",
        ratio,
        everywhere(ground, limit),
        judgement,
    )


def _low_ratio(told: Mapping[str, Any]) -> Codes:
    ratio, high = told["ratio"], told[_HEIGHT]
    if high != told["height"]:
        ratio = told["floor_of"](high) / told["area_m2"]
    return below(ratio, told[_RATIO])


def low_coverage(ground: Ground) -> Found:
    """Ground covered by buildings below the least share of the parcel."""
    share = ground.covered_m2 / ground.land.area_m2
    return below_number(
        ground,
        "low_coverage.min_share",
        "coverage_share",
        share,
        over=("footprint",),
        under=("area",),
    )


def low_investment(ground: Ground) -> Found:
    """Fixed assets over land below a share of what the contract asks for."""
    name = "low_investment.min_share_of_contract"
    share, own = ground.rules.value(name), ground.invested_per_m2
    asked = ground.parcel_number("contract_investment_amount_per_m2")
    judgement = Judgement(
        judge=_low_investment,
        figures={
            "own": Figure(value=own, over=("assets",), under=("area",)),
            "asked": Figure(value=asked, over=("contract",)),
        },
        limits={name: share},
        margins={name: part_of(own, asked) - share},
    )
    return below_limits(
        ground,
        "low_investment",
        "investment_amount_per_m2",
        own,
        share * asked,
        judgement,
        per=asked,
    )


def _low_investment(told: Mapping[str, Any]) -> Codes:
    return below(told["own"], told["low_investment.min_share_of_contract"] * told["asked"])


def lease_expired(ground: Ground) -> Found:
    """The land right ended so many months before the end of the last year with figures, or earlier."""
    name = "lease_expired.min_months"
    limit = ground.rules.value(name)
    ends = dates_of(ground.park.parcels, "expiry_date")
    if ground.year is None:
        over = np.full(len(ground.land), np.nan)
    else:
        day = pd.Timestamp(ground.year, 12, 31)
        months = (day.year - ends.dt.year) * 12 + (day.month - ends.dt.month)
        over = months.where(ends.isna() | (ends.dt.day <= day.day), months - 1).to_numpy(float)
        over = np.where((ends > day).to_numpy(), np.minimum(over, -1.0), over)
    return judged(
        ground,
        "lease_expired",
        Judgement(
            judge=_lease_expired,
            limits={name: limit},
            facts={"months": over},
            margins={name: limit - over},
        ),
        {"months_since_end": over, "min_months": everywhere(ground, limit)},
        value=plain_numbers(over),
        limit=f"{limit:g}",
    )


def _lease_expired(told: Mapping[str, Any]) -> Codes:
    months, limit = told["months"], told["lease_expired.min_months"]
    return verdicts(months >= limit, months < limit)


def plan_mismatch(ground: Ground) -> Found:
    """Use today differs from the plan in force, within so many digits of the national code."""
    digits = ground.rules.value(_DIGITS)
    use, planned = (ground.codes(name) for name in ("use", "zoned_use"))
    return judged(
        ground,
        "plan_mismatch",
        Judgement(
            judge=_mismatch, limits={_DIGITS: digits}, facts={"use": use, "planned": planned}
        ),
        {"code_digits": everywhere(ground, digits)},
        value=use.astype(str),
        limit=planned.astype(str),
    )


def _mismatch(told: Mapping[str, Any]) -> Codes:
    uses = (told["use"], told["planned"])
    known = np.logical_and.reduce([(use != "") & (use != _UNKNOWN_USE) for use in uses])
    now, then = (
        np.array([str(code)[: int(told[_DIGITS])] for code in use], dtype=object) for use in uses
    )
    differs = np.asarray(now != then, dtype=bool)
    return verdicts(known & differs, known & ~differs)


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
