"""Findings from assessed values: whether what stands on a parcel is still worth its land.

Three ways to find land ripe for change where no firm reports output; see the rule pack ``value-ratio`` for where they
come from. All read the last year of layer ``valuation``.
"""

from __future__ import annotations

import numpy as np

from geoplan.evaluate._arrays import verdicts
from geoplan.evaluate._judging import below, everywhere, judged
from geoplan.evaluate._texts import Found, percents
from geoplan.evaluate.ground import Ground

__all__ = ["bottom_quantile", "depreciation", "value_ratio"]

_SAME = 1e-9  # shares that differ by less are equal


def value_ratio(ground: Ground) -> Found:
    """What stands on the parcel is worth less than a multiple of its land."""
    land, building = (ground.assessed_amount(name) for name in ("land", "improvement"))
    ratio = np.divide(building, land, out=np.full(len(land), np.nan), where=land > 0)
    limit = everywhere(ground, ground.rules.value("value_ratio.max_ratio"))
    return below(ground, "value_ratio", "improvement_over_land", ratio, limit)


def depreciation(ground: Ground) -> Found:
    r"""The building falls below its land within so many years.

    .. math:: B \left(1 - (1 - s) \frac{t}{T}\right) < L (1 + g)^t

    with building and land values :math:`B, L` today, life :math:`T`, salvage share :math:`s`, growth of land :math:`g`;
    told is the first whole year :math:`t` that fulfils it, none where that is later than :math:`T`.
    """
    land, building = (ground.assessed_amount(name) for name in ("land", "improvement"))
    number = {
        name: ground.rules.value(f"depreciation.{name}")
        for name in ("building_life_years", "salvage_share", "land_growth_share", "horizon_years")
    }
    life, horizon = int(number["building_life_years"]), number["horizon_years"]
    years = np.where(np.isnan(land + building), np.nan, np.inf)
    for year in range(life, -1, -1):
        left = 1 - (1 - number["salvage_share"]) * year / life
        is_less = building * left < land * (1 + number["land_growth_share"]) ** year
        years = np.where(is_less, year, years)
    return judged(
        ground,
        "depreciation",
        verdicts(years <= horizon, years > horizon),
        {"years_until_below_land": years, "horizon_years": everywhere(ground, horizon)},
        value=np.where(np.isinf(years), f"> {life}", np.char.mod("%g", years)),
        limit=f"{horizon:g}",
        margin=np.where(np.isinf(years), np.nan, years - horizon),
    )


def bottom_quantile(ground: Ground) -> Found:
    """Assessed value per m2 among the cheapest share of the assessed parcels of the park, or of the own zone.

    Parcels of one value stand or fall together: they are among the cheapest only if all of them fit.
    """
    share = ground.rules.value("bottom_quantile.share")
    per_m2 = ground.assessed_amount("total") / ground.land.area_m2
    place = np.full(len(per_m2), np.nan)
    takes_part = ground.land.is_assessed & ~np.isnan(per_m2) & (ground.group >= 0)
    for group in np.unique(ground.group[takes_part]):
        rows = np.flatnonzero(takes_part & (ground.group == group))
        values = np.sort(per_m2[rows])
        place[rows] = np.searchsorted(values, per_m2[rows], side="right") / len(rows)
    return judged(
        ground,
        "bottom_quantile",
        verdicts(place <= share + _SAME, place > share + _SAME),
        {"value_per_m2": per_m2, "share_not_dearer": place, "share": everywhere(ground, share)},
        value=percents(place),
        limit=f"{share:.0%}",
        margin=place - share,
    )
