"""What the page shows of the area as a whole: clusters, pockets, distance to services, trades; and of grades."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.model.landuse import group_of
from geoplan.render.embed import encode_numbers, encode_texts
from geoplan.render.layers import Entry, View, named
from geoplan.render.palette import NOT_ASSESSED, Swatch
from geoplan.words import LANGUAGES, literal, say

__all__ = ["area_rows", "area_views", "grades_of", "services_of"]

_UNJUDGED = "unknown"
_HALF = 0.5  # where the middle classes of the legend meet


def area_views(
    parcels: gpd.GeoDataFrame, area: Mapping[str, pd.DataFrame], *, is_assessed: pd.Series | None
) -> list[View]:
    """Parcels by the cluster they are in, and by how many services are near enough; those of what there is."""
    views = []
    if "clusters" in area:
        clusters = area["clusters"]["cluster"].reindex(parcels.index).fillna(_UNJUDGED)
        if is_assessed is not None:
            stands_out = is_assessed.reindex(parcels.index).fillna(value=False).astype(bool)
            clusters = clusters.where(stands_out | (clusters != _UNJUDGED), NOT_ASSESSED)
        views.append(_view("clusters", "cluster", clusters))
    if "services" in area:
        views.append(_view("services", "services", _near_services(parcels, area["services"])))
    return views


def _view(name: str, group: str, values: pd.Series) -> View:
    present = set(values)
    swatches = {key: swatch for key, swatch in _swatches(group).items() if key in present}
    words = "space.cluster" if group == "cluster" else "render.services"
    entries = tuple(
        Entry(
            key=key,
            label=say(f"{words}.{key}"),
            mark=literal(""),
            swatch=swatch,
            is_marked=False,
        )
        for key, swatch in swatches.items()
    )
    place = {key: at for at, key in enumerate(swatches)}
    return View(name=name, entries=entries, classes=values.map(place).fillna(-1).astype(int))


@cache
def _swatches(group: str) -> Mapping[str, Swatch]:
    lines = (files("geoplan") / "data" / "area_colours.csv").read_text(encoding="utf-8")
    return {
        row["value"]: Swatch(colour=row["colour"], pattern=row["pattern"])
        for row in csv.DictReader(lines.splitlines())
        if row["group"] == group
    }


def _near_services(parcels: gpd.GeoDataFrame, services: pd.DataFrame) -> pd.Series:
    """Which part of the services that can be judged is near enough; nothing is said of streets and water."""
    judged = services[services["is_near"] != _UNJUDGED]
    share = (judged["is_near"] == "yes").groupby(judged["parcel_id"]).mean().reindex(parcels.index)
    names = np.select(
        [share.isna(), share == 1, share >= _HALF, share > 0],
        [_UNJUDGED, "near_all", "near_most", "near_few"],
        "near_none",
    )
    is_ground = parcels["use"].astype(str).map(group_of).isin(["road", "water"])
    return pd.Series(names, index=parcels.index).mask(is_ground)


def services_of(
    parcels: gpd.GeoDataFrame, services: pd.DataFrame | None
) -> list[dict[str, Any]] | None:
    """Kind by kind the nearest facility of each parcel in the order of the park; ``None`` where nobody measured."""
    if services is None:
        return None
    told = []
    for kind, rows in services.groupby("kind", sort=True):
        own = rows.drop_duplicates("parcel_id").set_index("parcel_id").reindex(parcels.index)
        limit = own["max_m"].max()
        told.append(
            {
                "label": named("space.kind", str(kind)).both(),
                "max_m": None if pd.isna(limit) else float(limit),
                "name": encode_texts(own["facility_name"].fillna(own["facility_id"])),
                "walk_m": encode_numbers(own["walk_m"]),
                "straight_m": encode_numbers(own["straight_m"]),
                "near": encode_texts(own["is_near"]),
            }
        )
    return told


def area_rows(profile: pd.DataFrame | None) -> dict[str, Any] | None:
    """The last year of each aspect of each area; ``None`` without a profile."""
    if profile is None or profile.empty:
        return None
    last = profile.groupby("aspect")["year"].transform("max")
    table = profile[profile["year"].isna() | (profile["year"] == last)]
    aspects = [named("concentration.aspect", aspect) for aspect in table["aspect"]]
    return {
        "area": encode_texts(table["area"]),
        "year": encode_numbers(table["year"]),
        **{
            f"aspect_{lang}": encode_texts(pd.Series([a.text(lang) for a in aspects]))
            for lang in LANGUAGES
        },
        "is_share": table["aspect"].isin(["export", "innovation"]).astype(int).tolist(),
        "value": encode_numbers(table["value"], digits=4),
        "verdict": encode_texts(table["verdict"]),
        **{f"reason_{lang}": encode_texts(table[f"reason_{lang}"]) for lang in LANGUAGES},
    }


def grades_of(firm_ids: pd.Index, area: Mapping[str, pd.DataFrame]) -> dict[str, Any] | None:
    """Class of each firm in the last year, why, and what brought the points; ``None`` where nobody graded."""
    if "grades" not in area or area["grades"].empty:
        return None
    year = area["grades"]["year"].max()
    own = area["grades"][area["grades"]["year"] == year].set_index("enterprise_id")
    own = own.reindex(firm_ids)
    items = area["grade_items"]
    items = items[items["year"] == year]
    items = items.assign(firm=firm_ids.get_indexer(pd.Index(items["enterprise_id"])))
    items = items[items["firm"] >= 0]
    units = [named("grade.unit", unit) for unit in items["unit"]]
    filled = [named("grade.fill", how) if how else literal("") for how in items["filled"]]
    return {
        "year": int(year),
        "grade": encode_texts(own["grade"]),
        **{f"reason_{lang}": encode_texts(own[f"reason_{lang}"]) for lang in LANGUAGES},
        "items": {
            "firm": items["firm"].tolist(),
            **{
                f"{name}_{lang}": encode_texts(words)
                for lang in LANGUAGES
                for name, words in (
                    ("name", items[f"name_{lang}"]),
                    ("unit", pd.Series([unit.text(lang) for unit in units])),
                    ("filled", pd.Series([how.text(lang) for how in filled])),
                )
            },
            **{
                name: encode_numbers(items[name], digits=4)
                for name in ("value", "baseline", "weight", "contribution")
            },
        },
    }
