"""The made-up survey ledger: firms, who uses which plot, and what they reported."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.io._sample_firms import Firms
from geoplan.io._sample_sketch import sketch
from geoplan.io._sample_words import in_both

__all__ = ["enterprise_layer", "occupancy_layer", "performance_layer"]

_FIRMS_PER_OFFICER = 9
_ABOVE_SCALE_AMOUNT = 20e6


def enterprise_layer(
    firms: Firms, performance: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Layer ``enterprises``: names, trades, status, staff and needs."""
    register = firms.register
    by_year = performance.sort_values("year").groupby("firm")
    last = by_year.last().reindex(register.index)
    output = last["output_amount"]
    leases = rng.integers(2026, 2031, size=len(register))
    is_tenant = register["landlord"].notna().to_numpy()
    table = pd.DataFrame(
        {
            "name": [in_both("firm", number=f"{i + 1:03d}") for i in register.index],
            "industry_code": register["code"],
            "is_above_scale": (last["revenue_amount"] >= _ABOVE_SCALE_AMOUNT)
            .astype("boolean")
            .mask(last["revenue_amount"].isna()),
            "operating_status": _status(register, performance),
            "is_industrial_use": register["is_industrial_use"].astype("boolean"),
            "landlord_id": register["landlord"].map(firm_id, na_action="ignore"),
            "lease_end": [
                dt.date(int(year), 12, 31) if rents else None
                for year, rents in zip(leases, is_tenant, strict=True)
            ],
            "employee_count": last["average_staff_count"],
            "pollution_grade": register["grade"],
            "power_kva": (output / 60_000).clip(lower=50).round(-1),
            "clear_height_m": register["grade"].map({"M1": 3.9, "M2": 5.0, "M3": 9.0}),
            "liaison_officer": [
                in_both("officer", number=f"{i // _FIRMS_PER_OFFICER + 1:02d}")
                for i in register.index
            ],
        }
    )
    table.index = pd.Index([firm_id(i) for i in register.index], name="enterprise_id")
    return table


def firm_id(number: float) -> str:
    """Id of a firm in the ledger, ``E001`` for the first."""
    return f"E{int(number) + 1:03d}"


def _status(register: pd.DataFrame, performance: pd.DataFrame) -> list[str]:
    """How each firm runs: last year's output against the mean of the years before."""
    wide = performance.pivot_table(index="firm", columns="year", values="output_amount")
    ratio = wide.iloc[:, -1] / wide.iloc[:, :-2].mean(axis="columns")
    ratio = ratio.reindex(register.index).fillna(1.0)
    status = np.select(
        [register["kind"] == "unbuilt", ratio < 0.02, ratio < 0.55, ratio < 0.85],  # noqa: PLR2004  (how the survey sorts firms)
        ["unbuilt", "stopped", "half_stopped", "reduced"],
        default="normal",
    )
    return [str(item) for item in status]


def occupancy_layer(
    firms: Firms, parcel_ids: pd.Index, buildings: gpd.GeoDataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Layer ``occupancy``: shares of some tenants were never written down, their floor was."""
    links = firms.links
    is_tenant = links["role"] == "tenant"
    parcel = parcel_ids[links["plot"]]
    since = firms.register["since_year"].reindex(links["firm"]).to_numpy()
    is_open = is_tenant & (rng.random(len(links)) < sketch()["firms"]["gaps"]["share_missing"])
    has_floor = links["floor_area_m2"] > 0
    return pd.DataFrame(
        {
            "enterprise_id": [firm_id(i) for i in links["firm"]],
            "parcel_id": parcel.astype(str),
            "building_id": _building_of_tenants(links, parcel, buildings),
            "floor_area_m2": links["floor_area_m2"].where(has_floor),
            "land_share": links["share"].mask(is_open & has_floor),
            "role": links["role"],
            "from_date": [
                dt.date(int(year), 1, 1) if rents else None
                for year, rents in zip(since, is_tenant, strict=True)
            ],
        }
    )


def _building_of_tenants(
    links: pd.DataFrame, parcel: pd.Index, buildings: gpd.GeoDataFrame
) -> pd.Series:
    """The building of a tenant: the first of the plot that is large enough for it, if one is."""
    tenants = links.assign(parcel_id=parcel)[links["role"] == "tenant"].reset_index()
    stock = buildings[["parcel_id", "floor_area_m2"]].reset_index()
    pairs = tenants.merge(stock, on="parcel_id", suffixes=("", "_of_building"))
    fits = pairs[pairs["floor_area_m2_of_building"] >= pairs["floor_area_m2"]]
    return fits.groupby("index")["building_id"].first().reindex(links.index)


def performance_layer(performance: pd.DataFrame) -> pd.DataFrame:
    """Layer ``performance``: one row per firm and year that reported."""
    ids = pd.Series([firm_id(i) for i in performance["firm"]], index=performance.index)
    table = performance.drop(columns="firm")
    table.insert(0, "enterprise_id", ids)
    return table.assign(year=table["year"].astype("Int64"))
