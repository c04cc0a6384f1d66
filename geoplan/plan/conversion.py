"""What a change of use is permitted to be, what it costs and how long it takes, by the rule packs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.plan.land import Land

__all__ = [
    "conversion_amount",
    "conversion_months",
    "existing_floor_area",
    "is_permitted",
    "keeps_use",
]

Floats = NDArray[np.float64]


def existing_floor_area(land: Land) -> Floats:
    """Gross floor area [m2] that stands on each candidate; what is not recorded is taken from the buildings, else 0."""
    own = pd.Series(np.nan, index=land.parcels.index)
    if "existing_floor_area_m2" in land.parcels:
        own = pd.to_numeric(land.parcels["existing_floor_area_m2"], errors="coerce")
    buildings = land.park.get("buildings")
    if buildings is not None and {"parcel_id", "floor_area_m2"} <= set(buildings.columns):
        sums = (
            pd.to_numeric(buildings["floor_area_m2"], errors="coerce")
            .groupby(buildings["parcel_id"])
            .sum()
        )
        own = own.fillna(own.index.to_series().map(sums))
    return np.asarray(own.fillna(0.0), dtype=float)


def keeps_use(land: Land) -> NDArray[np.bool_]:
    """Candidate x product: whether the product is what the parcel is used for today, so that its buildings stay."""
    today = land.parcels["use"].astype(str).to_numpy(dtype=object)
    codes = [product.use for product in land.programme.products]
    return np.asarray(
        [[str(use).startswith(code) for code in codes] for use in today], dtype=bool
    ).reshape(len(today), len(codes))


def is_permitted(land: Land) -> NDArray[np.bool_]:
    """Candidate x product: whether the packs permit this role on land of this use.

    A table ``conversion.permitted`` has beginnings of land-use codes and the roles that land may take; the longest
    beginning counts, land that none fits may become anything, and a use may always stay.
    """
    table: Mapping[str, Any] = land.rules.data("conversion")["permitted"]
    may = np.ones((len(land.parcels), len(land.programme.products)), dtype=bool)
    for row, use in enumerate(land.parcels["use"].astype(str)):
        fits = [code for code in table if use.startswith(code)]
        if fits:
            roles = table[max(fits, key=len)]
            may[row] = [product.role in roles for product in land.programme.products]
    return np.asarray(may | keeps_use(land))


def _is_sensitive(land: Land) -> NDArray[np.bool_]:
    """Per product: whether people live, learn or play on the ground, so that industrial soil is surveyed first."""
    roles = land.rules.data("conversion")["sensitive_roles"]
    return np.asarray([product.role in roles for product in land.programme.products])


def _was_industry(land: Land) -> NDArray[np.bool_]:
    codes = tuple(land.rules.data("conversion")["surveyed_uses"])
    return np.asarray(land.parcels["use"].astype(str).str.startswith(codes), dtype=bool)


def conversion_amount(land: Land) -> Floats:
    r"""Candidate x product: cost of conversion [currency of the park].

    .. math:: c_{ip} = (1 - k_{ip}) \left( c^{clear} G_i + c^{survey} A_i z_{ip} \right)

    with the floor area G that stands there, k = 1 where the use stays, and z = 1 where land of industry becomes one of
    the sensitive products. Numbers: ``conversion.clearing_amount_per_m2``, ``conversion.soil_survey_amount_per_m2``.
    """
    clear = land.rules.value("conversion.clearing_amount_per_m2") * existing_floor_area(land)
    survey = (
        land.rules.value("conversion.soil_survey_amount_per_m2")
        * land.area_m2
        * _was_industry(land)
    )
    return np.where(keeps_use(land), 0.0, clear[:, None] + survey[:, None] * _is_sensitive(land))


def conversion_months(land: Land) -> Floats:
    """Candidate x product: months until building may begin: clearing where something stands, then the soil survey."""
    clear = land.rules.value("conversion.clearing_months") * (existing_floor_area(land) > 0)
    survey = land.rules.value("conversion.soil_survey_months") * _was_industry(land)
    return np.where(keeps_use(land), 0.0, clear[:, None] + survey[:, None] * _is_sensitive(land))
