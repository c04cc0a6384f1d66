"""The made-up parcels and buildings as the survey wrote them down."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.io._sample_firms import Firms
from geoplan.io._sample_ledger import firm_id
from geoplan.io._sample_sketch import crs_of_sketch, on_the_ground, sketch
from geoplan.io._sample_words import in_both

__all__ = ["building_layer", "parcel_ids", "parcel_layer", "use_of"]

_WITHOUT_PLOT = {
    "road": "1207",
    "river": "1701",
    "lake": "1702",
    "channel": "1705",
    "channel_belt": "1401",
}
_INDUSTRY = ("plant", "light", "heavy", "old", "old_light", "let", "idle", "unbuilt", "store")
_TERM_YEARS = {"07": 70, "09": 40, "10": 50, "11": 50}  # longest terms of granted land in China
_MONTHS = {"idle": (14, 60), "unbuilt": (18, 96), "open": (12, 120)}
_MONTHS_UNKNOWN_SHARE = 0.15
_NOT_SURVEYED_SHARE = 0.06
_CONTRACTS_SINCE = 2006
_PAPERS_DIFFER_SHARE = 0.001
_GRANTED_UNBUILT = (2009, 2019)
_SURVEYED = dt.date(2026, 3, 31)


def use_of(plots: gpd.GeoDataFrame) -> list[str]:
    """National code of each plot's use today."""
    codes = {kind: row["use"] for kind, row in sketch()["kind"].items()} | _WITHOUT_PLOT
    return [codes[kind] for kind in plots["kind"]]


def parcel_ids(plots: gpd.GeoDataFrame) -> pd.Index:
    """Ids of the parcels, ``XS-001`` for the first."""
    return pd.Index([f"XS-{i + 1:03d}" for i in range(len(plots))], name="parcel_id")


def parcel_layer(
    plots: gpd.GeoDataFrame, *, firms: Firms, first_built: pd.Series, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Layer ``parcels``; ``first_built`` is the year of the oldest building by row of the plots."""
    kind = plots["kind"]
    shapes = on_the_ground(plots.geometry)
    use = pd.Series(use_of(plots), index=plots.index)
    owner = firms.links[firms.links["role"] == "owner"].groupby("plot")["firm"].first()
    tenure = _tenure(kind, owner)
    granted = _grant_years(first_built, tenure, rng)
    holder = owner.reindex(plots.index).map(firm_id, na_action="ignore")
    table = pd.DataFrame(
        {
            "use": use,
            "landuse_version": "mnr2023",
            "land_area_m2": _area_by_document(shapes, rng),
            "zoned_use": _zoned_use(plots, use, rng),
            "zone": plots["zone"],
            "block_id": plots["block_id"],
            "phase": plots["phase"],
            "tenure_type": tenure.map(lambda name: in_both(f"tenure.{name}")),
            "right_holder": holder.mask(tenure == "stored", in_both("land_store")),
            "grant_date": _dates(granted),
            "expiry_date": _dates(granted + use.str[:2].map(_TERM_YEARS)),
        }
        | _limits(kind, granted, rng)
        | _vacancy(kind, rng)
        | {"name": _names(plots), "as_of": _SURVEYED}
    )
    parcels = gpd.GeoDataFrame(table, geometry=shapes, crs=crs_of_sketch())
    return parcels.set_index(parcel_ids(plots))


def _area_by_document(shapes: NDArray[np.object_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Area as the papers have it, a little off what the polygon has."""
    area = np.asarray(shapely.area(shapes))
    return np.round(area * (1 + rng.normal(0, _PAPERS_DIFFER_SHARE, size=len(area))), 1)


def _tenure(kind: pd.Series, owner: pd.Series) -> pd.Series:
    tenure = pd.Series("allocated", index=kind.index)
    is_market = kind.isin([*_INDUSTRY, "homes", "tower", "shops", "market", "hotel", "office"])
    tenure[is_market] = "granted"
    tenure[kind == "village"] = "collective"
    is_stored = (kind == "open") | ((kind == "unbuilt") & ~kind.index.isin(owner.index))
    tenure[is_stored] = "stored"
    return tenure


def _grant_years(first_built: pd.Series, tenure: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Year of the grant: a year or two before the first building."""
    ahead = rng.integers(1, 3, size=len(tenure))
    guess = pd.Series(rng.integers(*_GRANTED_UNBUILT, size=len(tenure)), index=tenure.index)
    year = (first_built.reindex(tenure.index) - ahead).fillna(guess)
    return year.where(tenure == "granted")


def _dates(years: pd.Series) -> list[dt.date | None]:
    return [dt.date(int(year), 6, 30) if np.isfinite(year) else None for year in years]


def _zoned_use(plots: gpd.GeoDataFrame, use: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Use by the plan in force: new uses where conversion is planned, else as today."""
    wanted = sketch()["zoned_anew"]
    new = rng.choice(list(wanted), size=len(plots), p=list(wanted.values()))
    return use.mask(plots["phase"].notna(), pd.Series(new, index=plots.index))


def _limits(kind: pd.Series, granted: pd.Series, rng: np.random.Generator) -> dict[str, pd.Series]:
    """What plan and contract allow and ask for, on plots granted since contracts say so."""
    count = len(kind)
    is_industry = kind.isin(_INDUSTRY)
    has_contract = is_industry & (granted >= _CONTRACTS_SINCE)
    ratio = pd.Series(rng.choice([1.8, 2.0, 2.5], size=count), index=kind.index)
    invested = pd.Series(rng.choice([3000.0, 3750.0, 4500.0], size=count), index=kind.index)
    return {
        "contract_investment_amount_per_m2": invested.where(has_contract),
        "contract_tax_amount_per_m2": (invested / 25).where(has_contract),
        "contract_floor_area_ratio": ratio.mul(0.5).where(has_contract),
        "max_floor_area_ratio": ratio.where(is_industry),
        "max_height_m": pd.Series(24.0, index=kind.index).where(is_industry),
    }


def _vacancy(kind: pd.Series, rng: np.random.Generator) -> dict[str, pd.Series]:
    """What the survey saw: empty or not, for how long; not everywhere."""
    months = pd.Series(np.nan, index=kind.index)
    for name, span in _MONTHS.items():
        drawn = pd.Series(rng.integers(*span, size=len(kind)).astype(float), index=kind.index)
        months = months.mask(kind == name, drawn)
    is_empty = kind.isin(list(_MONTHS))
    is_unknown = pd.Series(rng.random(len(kind)), index=kind.index)
    asked = kind.isin(_INDUSTRY) | is_empty
    surveyed = asked & (is_empty | (is_unknown > _NOT_SURVEYED_SHARE))
    return {
        "is_vacant": is_empty.astype("boolean").where(surveyed),
        "vacancy_months": months.mask(is_unknown < _MONTHS_UNKNOWN_SHARE),
        "soil_status": pd.Series("unknown", index=kind.index).where(asked),
    }


def _names(plots: gpd.GeoDataFrame) -> list[str | None]:
    """Names of streets, water and public places; plants bear none."""
    water = {name: f"water.{name}" for name in ("lake", "river", "channel")}
    named = water | {name: f"place.{name}" for name in sketch()["named_places"]}
    return [
        in_both(f"street.{street}" if kind == "road" else named[kind])
        if kind == "road" or kind in named
        else None
        for kind, street in zip(plots["kind"], plots["street"], strict=True)
    ]


def building_layer(buildings: gpd.GeoDataFrame, ids: pd.Index) -> gpd.GeoDataFrame:
    """Layer ``buildings``; floor area is footprint times storeys."""
    shapes = on_the_ground(buildings.geometry)
    table = pd.DataFrame(
        {
            "parcel_id": ids[buildings["plot"]].astype(str),
            "storey_count": buildings["storey_count"],
            "height_m": (buildings["storey_count"] * buildings["storey_m"]).round(1),
            "floor_area_m2": (shapely.area(shapes) * buildings["storey_count"]).round(1),
            "is_double_counted": buildings["is_double_counted"].astype("boolean"),
            "structure": buildings["structure"],
            "built_year": buildings["built_year"].astype("Int64"),
        }
    )
    index = pd.Index([f"B{i + 1:04d}" for i in range(len(table))], name="building_id")
    return gpd.GeoDataFrame(table, geometry=shapes, crs=crs_of_sketch()).set_index(index)
