"""What an indicator may look at: the park, its evaluation, the plan, and who is where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geoplan.indicators._stock import Stock, stock_of
from geoplan.model.answers import Allocation, Evaluation
from geoplan.model.ledger import current_rows
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules

__all__ = ["Facts", "gather"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """One park, evaluated and perhaps planned.

    Attributes
    ----------
    park
        The park itself, with its buildings and what firms report.
    parcels
        All parcels with the columns of the evaluation, and of the plan if there is one.
    has_plan
        Whether there is a plan.
    is_converted
        By parcel: the plan makes something of it.
    firms
        The firms that are there now: index ``enterprise_id``, columns ``employee_count``, ``is_moved`` (at least one
        of its plots is converted) and ``triage`` (the gravest of its plots); ``None`` without a ledger.
    stock
        What land there is and what stands on it: ``today``, and ``planned`` if there is a plan.
    """

    park: Park
    parcels: gpd.GeoDataFrame
    has_plan: bool
    is_converted: pd.Series[bool]
    firms: pd.DataFrame | None
    stock: Mapping[str, Stock]
    rules: Rules


#: Triage, the gravest first: a firm on several plots counts with the gravest of them.
GRAVEST_FIRST = ("acquire", "swap", "revitalise", "upgrade", "survey", "assist", "keep")


def gather(
    park: Park, evaluation: Evaluation, allocation: Allocation | None, *, rules: Rules
) -> Facts:
    """Lay evaluation and plan side by side, parcel by parcel, and count every firm once."""
    parcels = evaluation.parcels
    is_converted = pd.Series(data=False, index=parcels.index)
    if allocation is not None:
        plan = allocation.parcels.reindex(parcels.index)
        own = [name for name in plan if name not in parcels]
        parcels = parcels.join(plan[own])
        is_converted = plan["product"].notna() & (plan["product"] != "")
    sides = {"today": is_converted & False}
    if allocation is not None:
        sides["planned"] = is_converted
    return Facts(
        park=park,
        parcels=parcels,
        has_plan=allocation is not None,
        is_converted=is_converted,
        firms=_firms(park, evaluation, is_converted),
        stock={
            when: stock_of(park, parcels, changed=changed, rules=rules)
            for when, changed in sides.items()
        },
        rules=rules,
    )


def _firms(
    park: Park, evaluation: Evaluation, is_converted: pd.Series[bool]
) -> pd.DataFrame | None:
    occupancy = park.get("occupancy")
    if occupancy is None:
        return None
    years = evaluation.averages["year"]
    year = int(years.max()) if len(years) else None
    links = occupancy.loc[current_rows(occupancy, year=year), ["enterprise_id", "parcel_id"]]
    links = links[links["parcel_id"].isin(is_converted.index)]
    at = links["parcel_id"]
    rank = {result: place for place, result in enumerate(GRAVEST_FIRST)}
    links = links.assign(
        is_moved=at.map(is_converted).astype(bool),
        place=at.map(evaluation.parcels["triage"]).map(rank),
    )
    by_firm = links.groupby("enterprise_id", sort=True)
    place = by_firm["place"].min()
    firms = pd.DataFrame(
        {
            "is_moved": by_firm["is_moved"].any(),
            "triage": place.map(dict(enumerate(GRAVEST_FIRST))).fillna(""),
        }
    )
    enterprises = park.get("enterprises")
    staff = pd.Series(dtype=float) if enterprises is None else enterprises.get("employee_count")
    staff = pd.Series(dtype=float) if staff is None else staff
    return firms.assign(employee_count=staff.reindex(firms.index).astype(float))
