"""Which land may change, in which phase, and whether what is asked of it can be at all."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.plan.check import wish_problems
from geoplan.plan.intensity import intensity_problems
from geoplan.plan.problem import KEEP, AreaTarget, Product, Programme, Target
from geoplan.units import mu_from_m2
from geoplan.words import Message, say

__all__ = ["candidate_parcels", "impossible_targets", "problems_of", "targets_like_today"]

_OPEN_LAND = "2301"
#: Areas are sums of thousands of numbers; below this share two of them are the same.
_SAME_SHARE = 1e-9


def candidate_parcels(park: Park, evaluation: Evaluation, *, programme: Programme) -> pd.DataFrame:
    """Say for each parcel whether the plan may change it, by which line of the rule, and in which phase.

    Land triaged for conversion counts inside the phase-1 area only, and belongs to phase 1. Other parcels keep the
    phase they are marked for; where none is marked, land inside the phase-1 area is phase 1 and the rest phase 2.
    A lock to a product makes any parcel a candidate; ``KEEP``, a fixed facility or ``retain_mode`` retain makes none.

    Returns
    -------
    DataFrame
        The parcels in the order given: ``is_candidate``, ``because`` (key of the catalogue, ``""`` if no candidate)
        and ``planned_phase`` (unknown if no candidate).
    """
    parcels = evaluation.parcels
    rule, locks = programme.candidates, pd.Series(dict(programme.locks), dtype=object)
    in_phase_1 = _in_phase_1(parcels, programme.phase_1_blocks)
    marked = pd.to_numeric(_column(parcels, "phase"), errors="coerce")
    acquired = _column(parcels, "triage").isin(rule.triage).to_numpy() & in_phase_1
    lines: list[tuple[str, NDArray[np.bool_]]] = [
        ("plan.because_acquire", acquired),
        ("plan.because_vacant", _vacant_land(park, parcels) & rule.has_vacant_land),
        ("plan.because_phase", (marked >= 2).to_numpy() & rule.has_later_phases),  # noqa: PLR2004
        ("plan.because_use", _starts_with(parcels["use"], rule.uses)),
        ("plan.because_named", parcels.index.isin(rule.parcel_ids)),
    ]
    stays = (_column(parcels, "retain_mode") == "retain").to_numpy() | _has_fixed(park, parcels)
    if rule.zones:
        stays |= ~_column(parcels, "zone").isin(rule.zones).to_numpy()
    lock = parcels.index.to_series().map(locks)
    is_locked = (lock.notna() & (lock != KEEP)).to_numpy()
    stays |= (lock == KEEP).to_numpy()
    because = np.select([is_locked, stays, *(fits for _, fits in lines)], _keys(lines), default="")
    is_candidate = because != ""
    phase = np.where(
        acquired, 1, marked.fillna(pd.Series(np.where(in_phase_1, 1, 2), marked.index))
    )
    return pd.DataFrame(
        {
            "is_candidate": pd.array(is_candidate, dtype="boolean"),
            "because": because,
            "planned_phase": pd.array(np.where(is_candidate, phase, np.nan), dtype="Int64"),
        },
        index=parcels.index,
    )


def _keys(lines: Sequence[tuple[str, NDArray[np.bool_]]]) -> list[str]:
    return ["plan.because_locked", "", *(key for key, _ in lines)]


def _column(parcels: gpd.GeoDataFrame, name: str) -> pd.Series:
    if name in parcels:
        found: pd.Series = parcels[name]
        return found
    return pd.Series(None, index=parcels.index, dtype=object)


def _in_phase_1(parcels: gpd.GeoDataFrame, blocks: Sequence[str]) -> NDArray[np.bool_]:
    if not blocks:
        return np.ones(len(parcels), dtype=bool)
    return np.asarray(_column(parcels, "block_id").isin(blocks))


def _starts_with(codes: pd.Series, beginnings: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.asarray(codes.astype(str).str.startswith(beginnings), dtype=bool)


def _vacant_land(park: Park, parcels: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    is_open = (_column(parcels, "vacant") == "yes") | (parcels["use"] == _OPEN_LAND)
    floor_area = pd.to_numeric(_column(parcels, "existing_floor_area_m2"), errors="coerce")
    is_empty = np.asarray(is_open & ~(floor_area > 0), dtype=bool)
    return is_empty & ~_has_place(parcels, park.places("buildings"))


def _has_fixed(park: Park, parcels: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    facilities = park.places("facilities")
    if facilities is None or "status" not in facilities:
        return np.zeros(len(parcels), dtype=bool)
    return _has_place(parcels, facilities[facilities["status"] == "fixed"])


def _has_place(parcels: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None) -> NDArray[np.bool_]:
    """Whether a point inside one of the places lies on the parcel; a ``parcel_id`` the place names counts too."""
    found = np.zeros(len(parcels), dtype=bool)
    if places is None or places.empty:
        return found
    if "parcel_id" in places:
        found |= parcels.index.isin(places["parcel_id"])
    points = shapely.point_on_surface(np.asarray(places.geometry))
    _, rows = shapely.STRtree(np.asarray(parcels.geometry)).query(points, predicate="intersects")
    found[rows] = True
    return found


def problems_of(programme: Programme, park: Park, *, rules: Rules) -> tuple[Message, ...]:
    """What the programme names that does not exist, and limits that stand upside down; all at once."""
    products = {product.key for product in programme.products}
    parcels = set(park.parcels.index)
    known = ", ".join(product.key for product in programme.products)
    names = [target.name for target in programme.area_targets]
    problems = [
        say("plan.target_twice", target=name)
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for target in programme.area_targets:
        problems += [
            say("plan.target_product", target=target.name, product=key, known=known)
            for key in target.products
            if key not in products
        ]
        lower, upper = _limits(target, 1.0)
        if not lower <= upper:
            problems.append(
                say("plan.target_upside_down", target=target.name, lower=lower, upper=upper)
            )
    for parcel, product in programme.locks.items():
        if parcel not in parcels:
            problems.append(say("plan.lock_parcel", parcel=parcel))
        if product != KEEP and product not in products:
            problems.append(say("plan.lock_product", parcel=parcel, product=product, known=known))
    problems += [
        say("plan.candidate_parcel", parcel=parcel)
        for parcel in programme.candidates.parcel_ids
        if parcel not in parcels
    ]
    blocks = set(_column(park.parcels, "block_id").dropna())
    problems += [
        say("plan.phase_1_block", block=block)
        for block in programme.phase_1_blocks
        if block not in blocks
    ]
    problems += [
        say("plan.separation_product", grade=separation.grade, product=key, known=known)
        for separation in programme.separations
        for key in separation.products
        if key not in products
    ]
    problems += intensity_problems(programme.products, rules=rules)
    return (*problems, *wish_problems(programme, park, rules=rules))


def impossible_targets(
    programme: Programme, *, area_m2: pd.Series, locks: pd.Series
) -> tuple[Message, ...]:
    """Targets that no plan can meet for want of land, told before any search; all at once.

    Parameters
    ----------
    area_m2
        Land of each candidate.
    locks
        Product of each candidate that is locked, by parcel id.
    """
    if area_m2.empty:
        return (say("plan.no_candidates"),)
    total_m2 = float(area_m2.sum())
    spare_m2 = _SAME_SHARE * total_m2
    free_m2 = float(area_m2.drop(locks.index).sum())
    problems: list[Message] = []
    for target in programme.area_targets:
        lower_m2, upper_m2 = _limits(target, total_m2)
        locked_m2 = float(area_m2[locks.index[locks.isin(target.products)]].sum())
        if lower_m2 > locked_m2 + free_m2 + spare_m2:
            problems.append(
                say(
                    "plan.target_above_land",
                    target=target.name,
                    lower_mu=mu_from_m2(lower_m2),
                    land_mu=mu_from_m2(locked_m2 + free_m2),
                )
            )
        if locked_m2 > upper_m2 + spare_m2:
            problems.append(
                say(
                    "plan.locks_above_target",
                    target=target.name,
                    upper_mu=mu_from_m2(upper_m2),
                    locked_mu=mu_from_m2(locked_m2),
                )
            )
    return tuple(problems)


def _limits(target: Target, total_m2: float) -> tuple[float, float]:
    if isinstance(target, AreaTarget):
        return target.lower_m2, target.upper_m2
    return target.lower_share * total_m2, target.upper_share * total_m2


def targets_like_today(
    parcels: gpd.GeoDataFrame,
    *,
    products: Sequence[Product],
    tolerance_share: float,
    source: str,
) -> tuple[AreaTarget, ...]:
    """Targets that hold each use of some parcels at its area of today, more or less a share of it.

    Parameters
    ----------
    parcels
        The candidates; reads ``use`` and the polygons.
    products
        What can be built; products of one code share one target, a use without a product gets none.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geoplan.model.rulepack import load_rules
    >>> from geoplan.plan.problem import products_of
    >>> two = gpd.GeoDataFrame(
    ...     {"use": ["1401", "0901"]}, geometry=[shapely.box(0, 0, 100, 100), shapely.box(100, 0, 150, 100)])
    >>> products = products_of(load_rules(["plan-assumed"]), ["park", "service_centre"])
    >>> [(target.name, target.lower_m2, target.upper_m2) for target in
    ...  targets_like_today(two, products=products, tolerance_share=0.1, source="as today")]
    [('0901', 4500.0, 5500.0), ('1401', 9000.0, 11000.0)]
    """
    today_m2 = parcels.area.groupby(parcels["use"]).sum().sort_index()
    return tuple(
        AreaTarget(
            name=use,
            products=tuple(product.key for product in products if product.use == use),
            lower_m2=area_m2 * (1 - tolerance_share),
            upper_m2=area_m2 * (1 + tolerance_share),
            source=source,
        )
        for use, area_m2 in today_m2.items()
        if any(product.use == use for product in products)
    )
