"""The firms of a park in one year as arrays: whom they are compared with, who is not suited, whose class they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import (
    NO,
    UNKNOWN,
    YES,
    Bools,
    Codes,
    Floats,
    Ints,
    any_where,
    floats_of,
    strings_of,
    verdict_of,
    verdicts,
)
from geoplan.evaluate._grading_rules import GRADES, GROUPS, GradingRules
from geoplan.evaluate._ratios import RATIOS, FirmLand, figures_of_year, land_of_firms
from geoplan.evaluate.occupants import Ledger, read_ledger
from geoplan.model.park import Park

__all__ = ["NOT_SUITED", "Firms", "read_firms"]

#: Why a firm is class T, in the order in which reasons are told.
NOT_SUITED = ("utility", "outside_industry", "new", "will_move", "phase")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Firms:
    """The firms of layer ``enterprises``, in its order.

    Attributes
    ----------
    group
        Position in ``GROUPS``, -1 where unknown.
    is_small
        Below scale, with less land than is graded.
    not_suited
        Firm x ``NOT_SUITED``.
    owner
        Position of the firm whose class a tenant below scale takes, -1 for none.
    in_circle
        Tenants whose landlords rent from each other.
    worst
        Position in ``GRADES`` that vetoes leave as the best; 0 for none. ``veto`` is the position of that veto.
    """

    ids: pd.Index
    names: np.ndarray[tuple[int], np.dtype[np.object_]]
    group: Ints
    is_small: Bools
    not_suited: Bools
    owner: Ints
    in_circle: Bools
    worst: Ints
    veto: Ints
    land: FirmLand
    figures: dict[str, Floats]

    def ratio(self, name: str) -> Floats:
        """A ratio of ``RATIOS`` in base units; NaN where it is not known. Nothing over anything is nothing."""
        ratio = RATIOS[name]
        above = self.figures[ratio.above]
        below = self.figures[ratio.below] if ratio.below else self.land.area_m2
        value = np.where(above <= 0, 0.0, np.nan)
        return np.divide(above, below, out=value, where=below > 0)


def read_firms(park: Park, *, rules: GradingRules, year: int) -> Firms:
    """Gather what grading needs of the firms in one year."""
    table = park.layers["enterprises"]
    ids = table.index
    full = read_ledger(park, year=year)
    if full is None:
        msg = "grading needs the ledger"
        raise ValueError(msg)
    area_m2 = park.parcels.area.to_numpy()
    land = land_of_firms(full, area_m2=np.where(area_m2 > 0, area_m2, np.nan), year=year)
    land = FirmLand(area_m2=land.area_m2[: len(ids)], basis=land.basis[: len(ids)])
    figures = {column: _figures(park, year, column) for column in _columns()}
    is_above = _above_scale(table, figures["revenue_amount"], rules)
    group = _groups(is_above, rules)
    is_below = (group == GROUPS.index("below_scale")) & rules.tenants_take_owner_grade
    owner, in_circle = _owners(full, table, land, active=full.is_active(year), is_below=is_below)
    worst, veto = _vetoes(table, rules)
    names = strings_of(table, "name")
    return Firms(
        ids=ids,
        names=np.where(names == "", ids.to_numpy(dtype=object), names),
        group=group,
        is_small=(is_above == NO) & (land.area_m2 < rules.min_land_m2 * (1 - 1e-9)),
        not_suited=_not_suited(park, full, rules, year),
        owner=owner,
        in_circle=in_circle,
        worst=worst,
        veto=veto,
        land=land,
        figures=figures,
    )


def _columns() -> list[str]:
    return sorted({c for ratio in RATIOS.values() for c in (ratio.above, ratio.below)} - {""})


def _figures(park: Park, year: int, column: str) -> Floats:
    ids = park.layers["enterprises"].index
    return figures_of_year(park.layers["performance"], ids, year, column)


def _above_scale(table: pd.DataFrame, revenue: Floats, rules: GradingRules) -> Codes:
    """Above scale as the ledger says, else by revenue; just reaching the limit is above."""
    least = rules.above_scale_revenue_amount
    told = verdict_of(table, "is_above_scale")
    return np.where(told == UNKNOWN, verdicts(revenue >= least, revenue < least), told).astype(
        np.int8
    )


def _groups(is_above: Codes, rules: GradingRules) -> Ints:
    if "all" in rules.groups:
        return np.full(len(is_above), GROUPS.index("all"))
    return np.select([is_above == YES, is_above == NO], [0, 1], -1)


def _not_suited(park: Park, ledger: Ledger, rules: GradingRules, year: int) -> Bools:
    table, count = park.layers["enterprises"], len(park.layers["enterprises"])
    divisions = pd.Series(strings_of(table, "industry_code"), dtype="str").str.extract(
        r"^\s*[A-T]?(\d{2})", expand=False
    )
    phase = np.append(floats_of(park.parcels, "phase"), np.nan)[ledger.parcel]
    is_there = ledger.is_active(year) & (phase <= rules.relocated_up_to_phase)
    on_phase = any_where(is_there, ledger.firm, len(ledger.firm_ids))[:count]
    outside = verdict_of(table, "is_industrial_use") == NO
    years = year - floats_of(table, "production_start_year")
    return np.column_stack(
        [
            divisions.isin(rules.utility_divisions).to_numpy(dtype=bool),
            outside & rules.outside_industry,
            years < rules.min_production_years,
            (verdict_of(table, "will_move") == YES) & rules.will_move,
            on_phase,
        ]
    )


def _vetoes(table: pd.DataFrame, rules: GradingRules) -> tuple[Ints, Ints]:
    worst = np.zeros(len(table), dtype=np.int64)
    veto = np.full(len(table), -1, dtype=np.int64)
    for number, rule in enumerate(rules.vetoes):
        grade = GRADES.index(rule.worst)
        hit = (verdict_of(table, rule.column) == YES) & (worst < grade)
        worst[hit], veto[hit] = grade, number
    return worst, veto


def _owners(
    ledger: Ledger, table: pd.DataFrame, land: FirmLand, *, active: Bools, is_below: Bools
) -> tuple[Ints, Bools]:
    """Whose class a tenant below scale takes: its landlord's, else that of the owner with most land on its plots.

    A landlord that is itself such a tenant passes on the class of its own; tenants in a circle have none.
    """
    count, everybody = len(table), len(ledger.firm_ids)
    rents = any_where(active & (ledger.is_tenant == YES), ledger.firm, everybody)[:count]
    owns = any_where(active & (ledger.is_tenant != YES), ledger.firm, everybody)[:count]
    landlord = table.index.get_indexer(pd.Index(strings_of(table, "landlord_id")))
    owner = np.where(landlord >= 0, landlord, _owner_on_plots(ledger, land, active, count))
    takes = is_below & rents & ~owns & (owner != np.arange(count))
    return _followed(np.where(takes, owner, -1))


def _owner_on_plots(ledger: Ledger, land: FirmLand, active: Bools, count: int) -> Ints:
    """The owner beside each tenant: the one with most land, ties to the lower position in the ledger."""
    rows = pd.DataFrame({"firm": ledger.firm, "parcel": ledger.parcel, "role": ledger.is_tenant})
    rows = rows[active & (ledger.parcel < ledger.parcel_count) & (ledger.firm < count)]
    owners = rows.loc[rows["role"] == NO, ["firm", "parcel"]].rename(columns={"firm": "owner"})
    both = rows[rows["role"] == YES].merge(owners, on="parcel")
    both["land"] = np.nan_to_num(land.area_m2[both["owner"].to_numpy(dtype=np.int64)])
    first = both.sort_values(["firm", "land", "owner"], ascending=[True, False, True])
    first = first.drop_duplicates("firm")
    owner = np.full(count, -1, dtype=np.int64)
    owner[first["firm"]] = first["owner"]
    return owner


def _followed(owner: Ints) -> tuple[Ints, Bools]:
    """The last in each chain of landlords, and who is in a circle of them."""
    last = np.where(owner >= 0, owner, np.arange(len(owner)))
    for _ in range(len(owner).bit_length()):
        last = last[last]
    in_circle = owner[last] >= 0 if len(owner) else owner >= 0
    return np.where((owner >= 0) & ~in_circle, last, -1), np.asarray(in_circle & (owner >= 0))
