"""Conditions on what is known of a parcel: its use, its columns, its firms, its size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import InputError
from geoplan.model.landuse import land_uses
from geoplan.model.ledger import current_rows
from geoplan.model.schema import UNKNOWN_USE
from geoplan.query._land import Land
from geoplan.query._verdicts import NO, UNKNOWN, YES, State, answers
from geoplan.units import m2_from_mu
from geoplan.words import say

__all__ = [
    "EDGE_SHARE",
    "area_above",
    "area_below",
    "compared",
    "has_firms",
    "idle_for",
    "one_of",
    "use_begins",
    "use_fits",
    "vacant_now",
    "verdict",
]

#: Two areas that differ by less than this share are equal.
EDGE_SHARE = 1e-9
MONTHS_PER_YEAR = 12


def use_fits(land: Land, test: Callable[[pd.Series[str]], pd.Series[bool]]) -> State:
    """Whether the use belongs to a group of the classification."""
    use = land.column("use").astype("str")
    return answers(test(use).to_numpy(), ~use.isin(list(land_uses())).to_numpy())


def use_begins(land: Land, codes: Sequence[str]) -> State:
    """Whether the use is one of the codes or below one; a use that is coarser than a code is unknown."""
    use = land.column("use").astype("str")
    answer = {code: _begins(code, codes) for code in use.unique()}
    return use.map(answer).to_numpy(dtype=np.int8)


def _begins(use: str, codes: Sequence[str]) -> np.int8:
    if use not in land_uses():
        return UNKNOWN
    if any(use.startswith(code) for code in codes):
        return YES
    return UNKNOWN if any(code.startswith(use) for code in codes) else NO


def compared(values: pd.Series[Any], tests: Mapping[str, Any]) -> State:
    """Whether all tests hold; a missing value is unknown."""
    is_unknown = _is_unknown(values)
    is_so = np.ones(len(values), dtype=bool)
    try:
        for name, bound in tests.items():
            is_so &= _COMPARISONS[name](values, bound).fillna(False).to_numpy(dtype=bool)
    except TypeError as error:
        problem = say("query.cannot_compare", column=str(values.name), value=repr(bound))
        raise InputError([problem], headline=say("query.headline")) from error
    return answers(is_so, is_unknown)


_COMPARISONS: Mapping[str, Callable[[pd.Series[Any], Any], Any]] = {
    "at_least": lambda values, bound: values >= bound,
    "at_most": lambda values, bound: values <= bound,
    "above": lambda values, bound: values > bound,
    "below": lambda values, bound: values < bound,
    "equals": lambda values, bound: values == bound,
    "one_of": lambda values, bound: values.isin(list(bound)),
}


def one_of(values: pd.Series[Any], wanted: Sequence[object], *, if_missing: np.int8) -> State:
    """Whether the value is one of those wanted; ``if_missing`` is the answer where there is none."""
    state = compared(values, {"one_of": wanted})
    return np.where(values.isna().to_numpy(), if_missing, state)


def verdict(values: pd.Series[Any]) -> State:
    """A verdict of the evaluation as an answer; a parcel to which the test does not apply is a no."""
    return one_of(values, ["yes"], if_missing=NO)


def _is_unknown(values: pd.Series[Any]) -> NDArray[np.bool_]:
    missing: NDArray[np.bool_] = values.isna().to_numpy()
    if pd.api.types.is_numeric_dtype(values):  # booleans too
        return missing
    return missing | (values == UNKNOWN_USE).fillna(False).to_numpy(dtype=bool)


def vacant_now(land: Land) -> State:
    """Known to be empty, or empty for some months; the verdict of the evaluation where there is one."""
    if "vacant" in land.parcels:
        return verdict(land.column("vacant"))
    known = one_of(_column_or_nothing(land, "is_vacant"), [True], if_missing=UNKNOWN)
    months = compared(_column_or_nothing(land, "vacancy_months"), {"above": 0})
    return np.where(known == UNKNOWN, months, known)


def idle_for(land: Land, months: float) -> State:
    """Empty for so many months; empty since nobody knows when is unknown, and what is not empty is a no."""
    since = compared(land.column("vacancy_months"), {"at_least": months})
    is_used = one_of(_column_or_nothing(land, "is_vacant"), [False], if_missing=UNKNOWN) == YES
    return np.where((since == UNKNOWN) & is_used, NO, since)


def _column_or_nothing(land: Land, name: str) -> pd.Series[Any]:
    if name in land.parcels:
        return land.column(name)
    return pd.Series(np.nan, index=land.parcels.index, name=name)


def area_above(land: Land, mu: float) -> State:
    """Larger than so many mu; just as large is a no."""
    return _area(land, lambda area_m2: area_m2 > m2_from_mu(mu) * (1 + EDGE_SHARE))


def area_below(land: Land, mu: float) -> State:
    """Smaller than so many mu; just as small is a no."""
    return _area(land, lambda area_m2: area_m2 < m2_from_mu(mu) * (1 - EDGE_SHARE))


def _area(land: Land, test: Callable[[NDArray[np.float64]], NDArray[np.bool_]]) -> State:
    area_m2 = land.parcels.area.to_numpy(dtype=np.float64)
    is_unknown = np.array([shape is None or shape.is_empty for shape in land.shapes], dtype=bool)
    return answers(test(area_m2), is_unknown)


def _last_year(land: Land) -> int | None:
    """Last year with figures, as the evaluation has it; ``None`` without any."""
    figures = land.park.get("performance")
    return None if figures is None or figures.empty else int(figures["year"].max())


def has_firms(land: Land, *, status: Sequence[str], role: Sequence[str]) -> State:
    """Whether a firm that has not left uses the parcel, with one of the states and roles if any are named."""
    occupancy = land.layer("occupancy")
    occupancy = occupancy[current_rows(occupancy, year=_last_year(land))]
    fits = np.full(len(occupancy), YES)
    if status:
        of_firm = land.layer("enterprises")["operating_status"].reindex(occupancy["enterprise_id"])
        fits = np.minimum(fits, compared(of_firm, {"one_of": status}))
    if role:
        fits = np.minimum(fits, compared(occupancy["role"], {"one_of": role}))
    best = pd.Series(fits, index=occupancy["parcel_id"].to_numpy()).groupby(level=0).max()
    return best.reindex(land.parcels.index, fill_value=NO).to_numpy(dtype=np.int8)
