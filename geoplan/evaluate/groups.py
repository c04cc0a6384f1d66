"""Whose average a parcel is held against: the park, its zone, the trade or the scale of the firms on it.

A parcel belongs to the trade (two-digit division of GB/T 4754) whose firms answer for more than half of its land in
the last year with figures, by the written contract of :mod:`geoplan.evaluate.measures`; likewise to the firms above or
below scale. Land of firms whose trade is not known counts as nobody's, so it can only keep a parcel from having a
group. Where the land of several firms is not known, all of them must be of one trade. A parcel without a group has no
average, and so no verdict: unknown is not fine.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.evaluate._area_figures import divisions_of
from geoplan.evaluate._area_words import sector_name
from geoplan.evaluate._arrays import (
    UNKNOWN,
    YES,
    Bools,
    Floats,
    Ints,
    any_where,
    sum_where,
    verdict_of,
    verdicts,
)
from geoplan.evaluate._ratios import figures_of_year
from geoplan.evaluate.land import Zones
from geoplan.evaluate.measures import _land_of_pairs, _Pairs
from geoplan.evaluate.occupants import Ledger
from geoplan.evaluate.peers import Average
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.telling import shown
from geoplan.units import to_base
from geoplan.words import Message, say

__all__ = [
    "GROUPINGS",
    "SCALES",
    "group_problems",
    "known_firms",
    "mean_of",
    "read_groups",
    "zones_of",
]

#: Over what an average is taken.
GROUPINGS = ("park", "zone", "industry", "scale")
SCALES = ("above_scale", "below_scale")
_CALLED = {"park": "zone", "zone": "zone", "industry": "trade", "scale": "scale"}
_REVENUE = "grading.group.above_scale_revenue"
_ROUNDING = 1e-9


def group_problems(park: Park, average_over: str, *, rules: Rules) -> list[Message]:
    """What the park lacks for averages over these groups."""
    if average_over == "zone":
        known = "zone" in park.parcels and park.parcels["zone"].notna().any()
        return [] if known else [say("evaluate.no_zones")]
    firms = park.get("enterprises")
    if average_over == "industry":
        known = firms is not None and "occupancy" in park and (divisions_of(firms) != "").any()
        return [] if known else [say("evaluate.no_trades")]
    if average_over == "scale":
        told = firms is not None and (verdict_of(firms, "is_above_scale") != UNKNOWN).any()
        by_revenue = firms is not None and _REVENUE in rules.numbers and "performance" in park
        known = (told or by_revenue) and "occupancy" in park
        return [] if known else [say("evaluate.no_scales", number=_REVENUE)]
    return []


def read_groups(  # noqa: PLR0913  (each is named)
    park: Park,
    average_over: str,
    *,
    rules: Rules,
    ledger: Ledger | None,
    area_m2: Floats,
    year: int,
    average: Average = "area_weighted",
) -> Zones:
    """The groups over which averages are taken, once :func:`group_problems` has found none."""
    if average_over == "park":
        names, code = ["park"], np.zeros(len(park.parcels), dtype=np.intp)
    elif average_over == "zone" or ledger is None:
        code, names = zones_of(park)
    else:
        firms = park.layers["enterprises"].reindex(ledger.firm_ids)
        if average_over == "industry":
            division = divisions_of(firms)
            names = sorted(set(division) - {""})
            of_firm = pd.Index(names).get_indexer(pd.Index(division)).astype(np.int64)
        else:
            names, of_firm = list(SCALES), _scale_of(park, firms, rules, year)
        code = _main_group(ledger, of_firm, area_m2=area_m2, year=year)
    spoken = tuple(mean_of(average_over, name, average) for name in (*names, ""))
    return Zones(code=code, names=tuple(names), spoken=spoken, kind=average_over)


def zones_of(park: Park) -> tuple[NDArray[np.intp], list[str]]:
    """The zone of each parcel by its place among the names, -1 for none; and the names in their order."""
    code, found = pd.factorize(park.parcels["zone"], sort=True)
    return np.asarray(code, dtype=np.intp), [str(name) for name in found]


def mean_of(average_over: str, group: str, average: str) -> Message:
    """Whose average it is, in words; that of a parcel without a group where ``group`` is empty.

    Examples
    --------
    >>> mean_of("zone", "North", "median").text("en")
    'the median of North'
    """
    of = say(f"evaluate.average.{average}")
    if not group:
        return say(f"evaluate.mean_of_no_{_CALLED[average_over]}", average=of)
    if average_over == "zone":
        return say("evaluate.mean_of_zone", average=of, zone=shown(group))
    if average_over == "industry":
        return say("evaluate.mean_of_trade", average=of, trade=sector_name(group))
    return say(f"evaluate.mean_of_{group}", average=of)


def known_firms(ledger: Ledger, *, years: Ints, is_known: Bools, groups: Zones) -> Ints:
    """How many firms the known figures of each group come from: group x year.

    Parameters
    ----------
    is_known
        Parcel x year: parcels whose figure is part of the average.
    """
    firms, count = len(ledger.firm_ids), len(groups.names)
    told = np.zeros((count, len(years)), dtype=np.int64)
    inside = ledger.parcel < ledger.parcel_count
    for number, year in enumerate(years.tolist()):
        rows = np.flatnonzero(inside & ledger.is_active(year))
        rows = rows[is_known[ledger.parcel[rows], number]]
        group = groups.code[ledger.parcel[rows]]
        pair = np.unique(group[group >= 0] * firms + ledger.firm[rows][group >= 0])
        told[:, number] = np.bincount(pair // max(firms, 1), minlength=count)
    return told


def _scale_of(park: Park, firms: pd.DataFrame, rules: Rules, year: int) -> Ints:
    """Position in ``SCALES`` of each firm, as the ledger says, else by revenue where a pack has the limit."""
    told = verdict_of(firms, "is_above_scale")
    if _REVENUE in rules.numbers and "performance" in park:
        limit = rules.number(_REVENUE)
        revenue = figures_of_year(
            park.layers["performance"], pd.Index(firms.index), year, "revenue_amount"
        )
        least = limit.value * to_base(limit.unit)
        told = np.where(told == UNKNOWN, verdicts(revenue >= least, revenue < least), told)
    return np.where(told == UNKNOWN, -1, np.where(told == YES, 0, 1)).astype(np.int64)


def _main_group(
    ledger: Ledger, of_firm: Ints, *, area_m2: Floats, year: int
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The group whose firms answer for more than half of each parcel's land; -1 for none."""
    pairs = _Pairs.of(ledger)
    on, land, _ = _land_of_pairs(ledger, pairs, np.append(area_m2, np.nan), year)
    count = ledger.parcel_count
    on &= pairs.parcel < count
    parcel, group, land = pairs.parcel[on], of_firm[pairs.firm[on]], land[on]
    code = np.full(count, -1, dtype=np.intp)
    everyone = np.ones(len(parcel), dtype=bool)
    low, high = np.full(count, len(of_firm)), np.full(count, -1)
    np.minimum.at(low, parcel, group)
    np.maximum.at(high, parcel, group)
    is_one = any_where(everyone, parcel, count) & (low == high)
    code[is_one] = low[is_one]
    total = sum_where(everyone, land, parcel, count)
    key, of_row = np.unique(parcel * (len(of_firm) + 1) + group + 1, return_inverse=True)
    part = np.bincount(of_row, weights=land, minlength=len(key))
    at, trade = np.divmod(key, len(of_firm) + 1)
    is_main = 2 * part > total[at] * (1 + _ROUNDING)
    code[at[is_main]] = trade[is_main] - 1
    return code
