"""Findings that speak of the firms on a parcel: whether they run, let, pay tax, may stay, and how they are graded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from geoplan.evaluate._arrays import Codes, verdicts
from geoplan.evaluate._kind_parts import below_limits, everywhere, judged, part_of, share_used
from geoplan.evaluate._texts import Found, plain_numbers
from geoplan.evaluate.ground import Ground
from geoplan.evaluate.judgement import Figure, Judgement, Peers
from geoplan.evaluate.peers import Averaging
from geoplan.evaluate.runs import below
from geoplan.model.rulepack import Rules

__all__ = [
    "banned_codes",
    "banned_trade",
    "grade_d_run",
    "half_stopped",
    "low_tax",
    "stopped",
    "sublet",
]

_TAX_SHARE = "low_tax.min_share_of_mean"


def stopped(ground: Ground) -> Found:
    """Every firm stopped, and no output for at least so many years; years without a report are not known."""
    limit = ground.rules.value("stopped.min_years")
    years, could_be = ground.years_without_output
    return judged(
        ground,
        "stopped",
        Judgement(
            judge=_stopped,
            limits={"stopped.min_years": limit},
            facts={"years": years, "could_be": could_be, "operating": ground.operating},
            margins={"stopped.min_years": limit - years},
        ),
        {"years_without_output": years, "min_years": everywhere(ground, limit)},
        value=plain_numbers(years),
        limit=f"{limit:g}",
    )


def _stopped(told: Mapping[str, Any]) -> Codes:
    limit, stands = told["stopped.min_years"], told["operating"] == "stopped"
    runs = np.isin(told["operating"], ("normal", "reduced"))
    return verdicts(stands & (told["years"] >= limit), runs | (stands & (told["could_be"] < limit)))


def half_stopped(ground: Ground) -> Found:
    """Firms that are half stopped use at least a share of the parcel; where space is not known, of its firms."""
    least, most = ground.shares_of("half_stopped")
    return share_used(
        ground, "half_stopped", "half_stopped_share", "half_stopped.min_share", least, most
    )


def sublet(ground: Ground) -> Found:
    """Tenants use at least a share of the parcel."""
    least, most = ground.let_shares
    return share_used(ground, "sublet", "rented_share", "sublet.min_share", least, most)


def low_tax(ground: Ground) -> Found:
    """Tax over land below a share of the park's mean, or below the contract's; the higher of the two counts."""
    own, mean = ground.tax_per_m2
    share = ground.rules.value(_TAX_SHARE)
    contract = ground.parcel_number("contract_tax_amount_per_m2")
    limit = np.fmax(share * mean, contract)
    judgement = Judgement(
        judge=_low_tax,
        figures={
            "own": Figure(value=own, over=("tax",), under=("area",)),
            "mean": Figure(value=mean),
            "contract": Figure(value=contract, over=("contract",)),
        },
        limits={_TAX_SHARE: share},
        margins={_TAX_SHARE: part_of(own, mean) - share, "contract": part_of(own, contract) - 1},
        peers=Peers(
            own="own",
            mean="mean",
            area_m2=ground.land.area_m2,
            group=np.zeros(len(own), dtype=np.intp),
            counts=ground.land.is_assessed,
            how=Averaging(),
        ),
    )
    return below_limits(ground, "low_tax", "tax_amount_per_m2", own, limit, judgement, per=mean)


def _low_tax(told: Mapping[str, Any]) -> Codes:
    return below(told["own"], np.fmax(told[_TAX_SHARE] * told["mean"], told["contract"]))


def banned_trade(ground: Ground) -> Found:
    """A firm whose industry code (GB/T 4754) begins with a code of the list is on the parcel."""
    banned, unknown, here = ground.firms_in_trades(banned_codes(ground.rules))
    return judged(
        ground,
        "banned_trade",
        Judgement(judge=_banned, facts={"banned": banned, "unknown": unknown, "here": here}),
        {"banned_firm_count": banned.astype(float), "firm_count": here.astype(float)},
        value=plain_numbers(banned.astype(float)),
        limit="0",
    )


def _banned(told: Mapping[str, Any]) -> Codes:
    yes = told["banned"] > 0
    return verdicts(yes, ~yes & (told["unknown"] == 0) & (told["here"] > 0))


def grade_d_run(ground: Ground) -> Found:
    """A firm on the parcel was graded D for at least so many years in a row, up to the last graded year."""
    limit = ground.rules.value("grade_d_run.min_years")
    years, is_known = ground.years_of_grade_d
    return judged(
        ground,
        "grade_d_run",
        Judgement(
            judge=_grade_d,
            limits={"grade_d_run.min_years": limit},
            facts={"years": years, "is_known": is_known},
            margins={"grade_d_run.min_years": limit - years},
        ),
        {"years_graded_d": years, "min_years": everywhere(ground, limit)},
        value=plain_numbers(years),
        limit=f"{limit:g}",
    )


def _grade_d(told: Mapping[str, Any]) -> Codes:
    years, limit = told["years"], told["grade_d_run.min_years"]
    return verdicts(years >= limit, told["is_known"] & (years < limit))


def banned_codes(rules: Rules) -> tuple[str, ...]:
    """Codes without the letter of the section, ``C2614`` as ``2614``; nothing where the table is no list of codes."""
    table = rules.data("banned_trade")
    codes = table.get("industry_codes") if isinstance(table, Mapping) else None
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        return ()
    plain = tuple(code.strip().lstrip("ABCDEFGHIJKLMNOPQRST") for code in codes)
    return plain if all(code.isdigit() for code in plain) else ()
