"""Findings from assessed values: whether what stands on a parcel is still worth its land.

Three ways to find land ripe for change where no firm reports output; see the rule pack ``value-ratio`` for where they
come from. All read the last year of layer ``valuation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from geoplan.evaluate._arrays import Codes, Floats, verdicts
from geoplan.evaluate._kind_parts import below_number, everywhere, judged
from geoplan.evaluate._texts import Found, percents
from geoplan.evaluate.ground import Ground
from geoplan.evaluate.judgement import Figure, Judgement

__all__ = ["bottom_quantile", "depreciation", "value_ratio"]

_SAME = 1e-9  # shares that differ by less are equal
_LIFE, _SALVAGE, _GROWTH, _HORIZON = (
    f"depreciation.{name}"
    for name in ("building_life_years", "salvage_share", "land_growth_share", "horizon_years")
)
_SHARE = "bottom_quantile.share"


def value_ratio(ground: Ground) -> Found:
    """What stands on the parcel is worth less than a multiple of its land."""
    land, building = (ground.assessed_amount(name) for name in ("land", "improvement"))
    ratio = np.divide(building, land, out=np.full(len(land), np.nan), where=land > 0)
    return below_number(
        ground,
        "value_ratio.max_ratio",
        "improvement_over_land",
        ratio,
        over=("building",),
        under=("land",),
    )


def depreciation(ground: Ground) -> Found:
    r"""The building falls below its land within so many years.

    .. math:: B \left(1 - (1 - s) \frac{t}{T}\right) < L (1 + g)^t

    with building and land values :math:`B, L` today, life :math:`T`, salvage share :math:`s`, growth of land :math:`g`;
    told is the first whole year :math:`t` that fulfils it, none where that is later than :math:`T`.
    """
    land, building = (ground.assessed_amount(name) for name in ("land", "improvement"))
    limits = {name: ground.rules.value(name) for name in (_LIFE, _SALVAGE, _GROWTH, _HORIZON)}
    years = _years_left({"building": building, "land": land, **limits})
    life, horizon = int(limits[_LIFE]), limits[_HORIZON]
    margin = np.where(np.isinf(years), np.nan, years - horizon)
    return judged(
        ground,
        "depreciation",
        Judgement(
            judge=_depreciation,
            figures={
                "building": Figure(value=building, over=("building",)),
                "land": Figure(value=land, over=("land",)),
            },
            limits=limits,
            margins={_HORIZON: margin},
        ),
        {"years_until_below_land": years, "horizon_years": everywhere(ground, horizon)},
        value=np.where(np.isinf(years), f"> {life}", np.char.mod("%g", years)),
        limit=f"{horizon:g}",
    )


def _years_left(told: Mapping[str, Any]) -> Floats:
    """First whole year in which the building is worth less than the land; infinite where its life ends before."""
    building, land = told["building"], told["land"]
    life = max(int(told[_LIFE]), 1)
    years = np.where(np.isnan(land + building), np.nan, np.inf)
    for year in range(life, -1, -1):
        left = 1 - (1 - told[_SALVAGE]) * year / life
        years = np.where(building * left < land * (1 + told[_GROWTH]) ** year, year, years)
    return years


def _depreciation(told: Mapping[str, Any]) -> Codes:
    years = _years_left(told)
    return verdicts(years <= told[_HORIZON], years > told[_HORIZON])


def bottom_quantile(ground: Ground) -> Found:
    """Assessed value per m2 among the cheapest share of the assessed parcels of the park, or of the own zone.

    Parcels of one value stand or fall together: they are among the cheapest only if all of them fit. How sure that is, is
    asked of each parcel's own value, those of the others held.
    """
    share = ground.rules.value(_SHARE)
    per_m2 = ground.assessed_amount("total") / ground.land.area_m2
    takes_part = ground.land.is_assessed & ~np.isnan(per_m2) & (ground.group >= 0)
    group = np.where(takes_part, ground.group, -1)
    others = {number: np.sort(per_m2[group == number]) for number in np.unique(group[takes_part])}
    place = _places({"per_m2": per_m2, "group": group, "others": others})
    return judged(
        ground,
        "bottom_quantile",
        Judgement(
            judge=_bottom_quantile,
            figures={"per_m2": Figure(value=per_m2, over=("building",), under=("area",))},
            limits={_SHARE: share},
            facts={"group": group, "others": others},
            margins={_SHARE: place - share},
        ),
        {"value_per_m2": per_m2, "share_not_dearer": place, "share": everywhere(ground, share)},
        value=percents(place),
        limit=f"{share:.0%}",
    )


def _places(told: Mapping[str, Any]) -> Floats:
    """Share of the parcels of its group that are not dearer."""
    place = np.full(len(told["per_m2"]), np.nan)
    for number, values in told["others"].items():
        rows = np.flatnonzero(told["group"] == number)
        place[rows] = np.searchsorted(values, told["per_m2"][rows], side="right") / len(values)
    return place


def _bottom_quantile(told: Mapping[str, Any]) -> Codes:
    place, share = _places(told), told[_SHARE]
    return verdicts(place <= share + _SAME, place > share + _SAME)
