"""What it takes to convert a parcel: money, years of waiting, and whether it may be at all."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.model.landuse import group_of
from geoplan.model.rulepack import Rules
from geoplan.plan.question import Question
from geoplan.words import Message, say

__all__ = ["Conversion", "conversion_of"]

_OTHER = "other"
_EMPTY = ("vacant", "reserve")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conversion:
    """The matrix of conversion, written out over candidate x product.

    Attributes
    ----------
    amount
        Cost in ``money``; ``None`` where the packs' money is not the park's.
    money
        The packs' currency; a park that names none takes it.
    wait_years
        Years that pass before it may begin.
    is_allowed
        Whether the matrix permits it.
    notes
        What was assumed, or why there is no cost.
    """

    amount: NDArray[np.float64] | None
    money: str
    wait_years: NDArray[np.int64]
    is_allowed: NDArray[np.bool_]
    notes: tuple[Message, ...]


def conversion_of(question: Question) -> Conversion:
    r"""Read the matrix from the rule packs (``conversion``), group of today's use by role of the product.

    .. math:: c_{ip} = A_i (l_g + e_{gr} + v_r) + F_i d

    with land A and floors F of candidate i [m2], clearing l of its group g, what the pair of group and role costs more
    e, preparing v for the role r, and clearing d of a square metre of floor. A pair that the packs do not name costs
    nothing more, waits for nothing and is allowed. Where nobody counted the floors of used land, the packs say what to
    assume.
    """
    rules, groups = question.rules, question.use_today.map(group_of)
    roles = [product.role for product in question.programme.products]
    shape = (len(groups), len(roles))
    wait, allowed = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=bool)
    per_m2 = np.zeros(shape)
    for group in groups.unique():
        rows = (groups == group).to_numpy()
        for column, role in enumerate(roles):
            pair = f"conversion.pair.{group}.{role}"
            wait[rows, column] = int(_or(rules, f"{pair}.wait_years", 0.0))
            allowed[rows, column] = _or(rules, f"{pair}.is_allowed", 1.0) > 0
            per_m2[rows, column] = (
                _clearing(rules, str(group))
                + _or(rules, f"{pair}.extra_amount_per_m2", 0.0)
                + rules.value(f"conversion.prepare_amount_per_m2.{role}")
            )
    money, own = rules.data("conversion")["currency"], question.park.currency
    if own and money != own:
        note = say("simulate.other_money", money=money, own=own)
        return Conversion(
            amount=None, money=money, wait_years=wait, is_allowed=allowed, notes=(note,)
        )
    floor_m2, unknown = _floors(question.land.parcels, question.evaluation.parcels, groups, rules)
    amount = question.land.area_m2[:, None] * per_m2
    amount += floor_m2[:, None] * rules.value("conversion.clear_floor_amount_per_m2")
    ratio = rules.value("conversion.unknown_floor_area_ratio")
    notes = (say("simulate.floors_unknown", count=unknown, ratio=ratio),) if unknown else ()
    return Conversion(amount=amount, money=money, wait_years=wait, is_allowed=allowed, notes=notes)


def _or(rules: Rules, name: str, otherwise: float) -> float:
    return rules.value(name) if name in rules.numbers else otherwise


def _clearing(rules: Rules, group: str) -> float:
    name = f"conversion.clear_land_amount_per_m2.{group}"
    return _or(rules, name, rules.value(f"conversion.clear_land_amount_per_m2.{_OTHER}"))


def _floors(
    candidates: gpd.GeoDataFrame, evaluated: pd.DataFrame, groups: pd.Series, rules: Rules
) -> tuple[NDArray[np.float64], int]:
    """Floor area of each candidate, and of how many it had to be assumed."""
    floors = pd.Series(np.nan, index=candidates.index)
    if "existing_floor_area_m2" in evaluated:
        known = pd.to_numeric(evaluated["existing_floor_area_m2"], errors="coerce")
        floors = known.reindex(candidates.index).astype(float)
    is_empty = groups.isin(_EMPTY)
    assumed = candidates.area * rules.value("conversion.unknown_floor_area_ratio")
    missing = floors.isna() & ~is_empty
    filled = floors.fillna(assumed.where(~is_empty, 0.0))
    return np.asarray(filled, dtype=np.float64), int(missing.sum())
