"""Two plans side by side: what goes from which use to which, what that does to the indicators, and what it costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from geoplan.errors import InputError
from geoplan.indicators import indicator_table
from geoplan.model.landuse import name_of
from geoplan.scenario.outputs import title_of
from geoplan.scenario.run import Result
from geoplan.units import mu_from_m2
from geoplan.words import Message, catalogue, literal, name_in_both, say

__all__ = ["Comparison", "PlanSide", "compare_plans", "read_side", "side_of"]

_NEEDED_LAYERS = ("plan", "indicators", "plan_rules", "provenance")
#: A file that names no date of its scenario: equal inputs give equal bytes.
_NO_DATE = dt.date(2000, 1, 1)
#: Parcels of one id are the same land up to this share of their area.
_SAME_LAND_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanSide:
    """One plan, from a run or from a file that a run wrote.

    Attributes
    ----------
    name, title
        The scenario's.
    parcels
        All parcels with ``use``, ``planned_use``, ``product`` and the reasons.
    indicators, rules
        Tables ``indicators`` and ``plan_rules``.
    provenance
        What the plan rests on.
    """

    name: str
    title: Message
    parcels: gpd.GeoDataFrame
    indicators: pd.DataFrame
    rules: pd.DataFrame
    provenance: Mapping[str, str]

    @property
    def date(self) -> dt.date:
        """The date of the scenario."""
        told = self.provenance.get("scenario_date", "")
        return dt.date.fromisoformat(told) if told else _NO_DATE

    @property
    def worth_m2(self) -> tuple[float, float]:
        """Suitable area of the plan, and what no plan under its rules can beat."""
        row = self.rules[self.rules["kind"] == "objective"].iloc[0]
        return float(row["value"]), float(row["upper"])

    @property
    def broken(self) -> tuple[str, ...]:
        """Rules that the plan does not keep."""
        kept = self.rules["is_kept"].fillna(value=False).astype(bool)
        return tuple(self.rules.loc[~kept, "rule"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """What changes from the first plan to the second.

    Attributes
    ----------
    transition
        Table ``transition``: land by use of the first and of the second plan; what stays the same is in it.
    indicators
        Table ``indicator_changes``.
    difference
        Layer ``difference``: the parcels that change, and those that only one plan knows.
    price_m2
        Suitable area that the second question costs at least and at most, against the first: the best of each lies
        between its plan and its bound. ``None`` where a plan breaks a rule, for it is then no answer to its question.
    notes
        What has to be said of it.
    """

    before: PlanSide
    after: PlanSide
    transition: pd.DataFrame
    indicators: pd.DataFrame
    difference: gpd.GeoDataFrame
    price_m2: tuple[float, float] | None
    notes: tuple[Message, ...]


def side_of(result: Result) -> PlanSide:
    """The plan of a run.

    Raises
    ------
    InputError
        The scenario has no plan.
    """
    if result.allocation is None:
        raise InputError([say("compare.no_plan", name=result.scenario.name)])
    return PlanSide(
        name=result.scenario.name,
        title=title_of(result),
        parcels=result.allocation.parcels,
        indicators=indicator_table(result.indicators),
        rules=result.allocation.rules,
        provenance=result.provenance,
    )


def read_side(path: str | Path) -> PlanSide:
    """The plan in a GeoPackage that ``geoplan plan`` or ``geoplan run`` wrote.

    Raises
    ------
    InputError
        The file cannot be read, or holds no plan.
    """
    try:
        there = {str(name) for name, _ in pyogrio.list_layers(path)}
    except (OSError, RuntimeError) as error:
        raise InputError([say("compare.cannot_read", path=str(path))]) from error
    if missing := [name for name in _NEEDED_LAYERS if name not in there]:
        raise InputError([say("compare.no_layer", path=str(path), layer=name) for name in missing])
    tables = {name: gpd.read_file(path, layer=name) for name in _NEEDED_LAYERS}
    provenance = dict(zip(tables["provenance"]["item"], tables["provenance"]["value"], strict=True))
    name = str(provenance.get("scenario", Path(path).stem))
    return PlanSide(
        name=name,
        title=literal(name),
        parcels=tables["plan"].set_index("parcel_id"),
        indicators=tables["indicators"],
        rules=tables["plan_rules"],
        provenance=provenance,
    )


def compare_plans(before: PlanSide, after: PlanSide) -> Comparison:
    """Lay two plans side by side, parcel by parcel.

    Parcels are the same if their ids are; what only one plan knows is in the difference with an empty use on the other
    side, and is told. Areas are those of the second plan's polygons.
    """
    one, other = before.parcels, after.parcels
    common = other.index[other.index.isin(one.index)]
    land = pd.DataFrame(
        {
            "use_before": one["planned_use"].reindex(common),
            "use_after": other["planned_use"].reindex(common),
            "area_m2": other.area.reindex(common),
        }
    )
    return Comparison(
        before=before,
        after=after,
        transition=_transition(land),
        indicators=_indicator_changes(before, after),
        difference=_difference(one, other),
        price_m2=_price_m2(before, after),
        notes=tuple(_notes(before, after)),
    )


def _transition(land: pd.DataFrame) -> pd.DataFrame:
    groups = land.groupby(["use_before", "use_after"], sort=True)["area_m2"]
    table = groups.agg(area_m2="sum", parcel_count="size").reset_index()
    table.insert(3, "area_mu", mu_from_m2(table["area_m2"].to_numpy(dtype=float)))
    return table


def _indicator_changes(before: PlanSide, after: PlanSide) -> pd.DataFrame:
    one = before.indicators.set_index("indicator")
    other = after.indicators.set_index("indicator")
    names = [*one.index, *(name for name in other.index if name not in one.index)]
    words = pd.concat([other, one[~one.index.isin(other.index)]])
    table = pd.DataFrame(
        {
            "indicator": names,
            "name_en": words["name_en"].reindex(names).to_numpy(),
            "name_zh": words["name_zh"].reindex(names).to_numpy(),
            "before": one["value"].reindex(names).to_numpy(dtype=float),
            "after": other["value"].reindex(names).to_numpy(dtype=float),
            "unit": words["unit"].reindex(names).to_numpy(),
        }
    )
    return table.assign(change=table["after"] - table["before"])


def _difference(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parcels whose planned use or product differs, and those on one side only, in the order of the second plan."""
    ids = [*other.index, *(parcel for parcel in one.index if parcel not in other.index)]
    shapes = pd.concat([other.geometry, one.geometry[~one.index.isin(other.index)]])
    names = {
        "use": "planned_use",
        "product": "product",
        "reason_en": "plan_reason_en",
        "reason_zh": "plan_reason_zh",
    }
    columns: dict[str, pd.Series] = {}
    for short, name in names.items():
        for side, parcels in (("before", one), ("after", other)):
            stem, _, language = short.partition("_")
            label = "_".join(part for part in (stem, side, language) if part)
            columns[label] = parcels[name].reindex(ids)
    table = gpd.GeoDataFrame(columns, geometry=shapes.reindex(ids), crs=other.crs, index=ids)
    is_other = pd.Series(data=False, index=ids)
    for stem in ("use", "product"):
        left, right = table[f"{stem}_before"], table[f"{stem}_after"]
        is_other |= ~((left == right) | (left.isna() & right.isna())).fillna(value=False).astype(
            bool
        )
    table.insert(
        0, "use", pd.concat([other["use"], one["use"][~one.index.isin(other.index)]]).reindex(ids)
    )
    table.insert(0, "area_m2", table.area)
    order = [
        "area_m2", "use", "use_before", "use_after", "product_before", "product_after", "reason_before_en",
        "reason_before_zh", "reason_after_en", "reason_after_zh", "geometry",
    ]  # fmt: skip
    return table.loc[is_other.to_numpy(), order].rename_axis("parcel_id")


def _price_m2(before: PlanSide, after: PlanSide) -> tuple[float, float] | None:
    """How much less the best answer to the second question is worth than the best answer to the first."""
    if before.broken or after.broken:
        return None
    (worth, bound), (other_worth, other_bound) = before.worth_m2, after.worth_m2
    low, high = worth - other_bound, bound - other_worth
    return (max(low, 0.0) if _asks_more(before, after) else low), high


def _asks_more(before: PlanSide, after: PlanSide) -> bool:
    """Whether the second question has every rule of the first over the same land: it cannot be worth more."""

    def rows(side: PlanSide) -> set[tuple[object, ...]]:
        table = side.rules[side.rules["kind"] != "objective"]
        columns = ["rule", "kind", "products", "parcel_ids", "lower", "upper"]
        return {
            tuple(None if isinstance(v, float) and np.isnan(v) else v for v in row)
            for row in table[columns].itertuples(index=False)
        }

    same_land = before.parcels["is_candidate"].equals(after.parcels["is_candidate"])
    return bool(same_land and rows(before) <= rows(after))


def _notes(before: PlanSide, after: PlanSide) -> list[Message]:
    one, other = before.parcels, after.parcels
    notes = []
    for side, own, rest in ((before, one, other), (after, other, one)):
        alone = own[~own.index.isin(rest.index)]
        if len(alone):
            area_mu = float(mu_from_m2(alone.area.sum()))
            notes.append(say("compare.only_in", name=side.name, count=len(alone), area_mu=area_mu))
        if side.broken:
            notes.append(say("compare.broken", name=side.name, rules=", ".join(side.broken)))
    common = other.index[other.index.isin(one.index)]
    apart = (one.area.reindex(common) - other.area.reindex(common)).abs()
    moved = int((apart > _SAME_LAND_SHARE * other.area.reindex(common)).sum())
    if moved:
        notes.append(say("compare.other_shape", count=moved))
    return notes


def becomes(code: object, product: object) -> Message:
    """What a plan makes of a parcel: its product by name, else its use."""
    if not isinstance(product, str) or not isinstance(code, str):
        return use_name(code)
    key = f"product.{product}"
    return say("compare.use", name=say(key) if key in catalogue() else literal(product), code=code)


def use_name(code: object) -> Message:
    """A land use by name and code; nothing where a plan does not know the parcel."""
    if not isinstance(code, str):
        return say("compare.nowhere")
    names = name_in_both({"en": name_of(code, "en"), "zh": name_of(code, "zh")})
    return say("compare.use", name=names, code=code)
