"""What the map shows, layer by layer: three readings of the parcels, and the places around them.

A *view* colours the parcels by one column and brings its own legend; there is one for today's use, one for the findings
and one for the plan. *Places* (water, green, streets, buildings, centres, greenway) lie under or over every view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.model.answers import Allocation, Centres, Evaluation, Greenway
from geoplan.model.landuse import group_of, name_of
from geoplan.model.park import Park
from geoplan.model.schema import UNKNOWN_USE
from geoplan.render.embed import Grid, encode_numbers, encode_points, encode_shapes, encode_texts
from geoplan.render.palette import NOT_ASSESSED, TRIAGE, Swatch, triage_swatches, use_swatches
from geoplan.words import Message, catalogue, literal, name_in_both, say

__all__ = [
    "Entry",
    "View",
    "encode_view",
    "findings_view",
    "named",
    "places_of",
    "plan_view",
    "today_view",
]

_STREET_WIDTH_M: Mapping[str, float] = {
    "trunk": 30,
    "arterial": 24,
    "secondary": 18,
    "local": 12,
    "green_street": 9,
    "greenway": 5,
}  # drawing widths where the layer has no red lines
_PALE = 0.26


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a legend: one class of parcels.

    Attributes
    ----------
    key
        Value of the class.
    label, mark
        Its name; the few letters that are written on its parcels.
    swatch
        How it is filled.
    is_faded
        Drawn pale and without marks, because the view is about the others.
    is_marked
        Whether the mark is written on the map.
    """

    key: str
    label: Message
    mark: Message
    swatch: Swatch
    is_faded: bool = False
    is_marked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """Parcels read in one way: the class of each (by place in ``entries``; -1 for none), and the legend."""

    name: str
    entries: tuple[Entry, ...]
    classes: pd.Series
    is_outlined: pd.Series | None = None


def named(group: str, key: str) -> Message:
    """The catalogue's name for a value of the data, or the value itself where the catalogue has none."""
    entry = f"{group}.{key}"
    return say(entry) if entry in catalogue() else literal(key)


def use_name(code: str) -> Message:
    """Name of a land use in both languages."""
    return name_in_both({"en": name_of(code, "en"), "zh": name_of(code, "zh")})


def today_view(parcels: gpd.GeoDataFrame) -> View:
    """Parcels by their use today, in the official colours."""
    uses = parcels["use"].fillna(UNKNOWN_USE).astype(str)
    swatches = _swatches_of(uses)
    entries = tuple(_use_entry(code, swatch) for code, swatch in swatches)
    return View(name="today", entries=entries, classes=_places_in(uses, entries))


def findings_view(parcels: gpd.GeoDataFrame, *, evaluation: Evaluation) -> View:
    """Parcels by what the evaluation says should be done with them."""
    triage = evaluation.parcels["triage"].reindex(parcels.index)
    known = triage.where(triage.isin(TRIAGE), NOT_ASSESSED).astype(str)
    present = set(known)
    entries = tuple(
        Entry(
            key=name,
            label=say(f"triage.{name}"),
            mark=say(f"render.triage_mark.{name}"),
            swatch=triage_swatches()[name],
            is_marked=name != NOT_ASSESSED,
        )
        for name in (*TRIAGE, NOT_ASSESSED)
        if name in present
    )
    return View(name="findings", entries=entries, classes=_places_in(known, entries))


def plan_view(parcels: gpd.GeoDataFrame, *, allocation: Allocation) -> View:
    """Parcels by what the plan makes of them: candidates by product, the others pale in the use they keep."""
    plan = allocation.parcels.reindex(parcels.index)
    changes = plan["is_candidate"].astype("boolean").fillna(False).astype(bool)
    uses = plan["planned_use"].fillna(parcels["use"]).fillna(UNKNOWN_USE).astype(str)
    product = plan["product"].where(changes & plan["product"].notna())
    keys = product.map("product {}".format, na_action="ignore").fillna(uses.radd("use "))
    use_of_product = uses[product.notna()].groupby(product.dropna()).first().to_dict()
    entries = (*_product_entries(use_of_product), *_kept_entries(uses[product.isna()]))
    return View(
        name="plan", entries=entries, classes=_places_in(keys, entries), is_outlined=changes
    )


def _product_entries(use_of_product: Mapping[str, str]) -> list[Entry]:
    by_use = sorted(use_of_product.items(), key=lambda item: (item[1], item[0]))
    swatches = use_swatches([use for _, use in by_use])
    return [
        Entry(
            key=f"product {product}",
            label=named("product", product),
            mark=literal(use),
            swatch=swatch,
        )
        for (product, use), swatch in zip(by_use, swatches, strict=True)
    ]


def _kept_entries(uses: pd.Series) -> list[Entry]:
    return [
        _use_entry(code, swatch, prefix="use ", is_faded=True)
        for code, swatch in _swatches_of(uses)
    ]


def _use_entry(code: str, swatch: Swatch, *, prefix: str = "", is_faded: bool = False) -> Entry:
    return Entry(
        key=prefix + code,
        label=use_name(code),
        mark=literal(code if code != UNKNOWN_USE else "?"),
        swatch=replace(swatch, opacity=_PALE) if is_faded else swatch,
        is_faded=is_faded,
        is_marked=not is_faded and group_of(code) not in ("road", "water"),
    )


def _swatches_of(uses: pd.Series) -> list[tuple[str, Swatch]]:
    """Each use once, in the order of its code, the unknown last; and how it looks."""
    codes = sorted(uses.unique().tolist(), key=lambda code: (code == UNKNOWN_USE, code))
    return list(zip(codes, use_swatches(codes), strict=True))


def _places_in(keys: pd.Series, entries: Sequence[Entry]) -> pd.Series:
    place = {entry.key: at for at, entry in enumerate(entries)}
    return keys.map(place).fillna(-1).astype(int)


def encode_view(view: View) -> dict[str, Any]:
    """A view as the page reads it."""
    return {
        "name": view.name,
        "entries": [
            {
                "label": entry.label.both(),
                "mark": entry.mark.both(),
                "colour": entry.swatch.colour,
                "pattern": entry.swatch.pattern,
                "opacity": entry.swatch.opacity,
                "faded": entry.is_faded,
                "marked": entry.is_marked,
            }
            for entry in view.entries
        ],
        "classes": view.classes.tolist(),
        "outlined": [] if view.is_outlined is None else view.is_outlined.astype(int).tolist(),
    }


def places_of(  # noqa: PLR0913  (each is a layer of the map)
    park: Park,
    *,
    allocation: Allocation | None,
    centres: Centres | None,
    greenway: Greenway | None,
    pockets: pd.DataFrame | None = None,
    grid: Grid,
) -> dict[str, Any]:
    """Everything on the map that is no parcel, by layer: shapes, names and what the page needs to draw them.

    Phase 1 is what the plan converts first; without a plan, what the survey marks so. A plan of one phase draws none.
    """
    places: dict[str, Any] = {}
    for layer in ("water", "green", "buildings", "facilities"):
        table = park.places(layer)
        if table is not None and len(table):
            places[layer] = _named_shapes(table, grid)
    roads = park.places("roads")
    if roads is not None and len(roads):
        places["roads"] = _named_shapes(roads, grid) | {"width_m": _street_widths(roads)}
    first = _first_phase(park, allocation)
    if first is not None:
        places["phase_1"] = {"shapes": encode_shapes(first, grid=grid)}
    if isinstance(pockets, gpd.GeoDataFrame) and len(pockets):
        names = pd.Series(pockets.index, index=pockets.index)
        places["pockets"] = _named_shapes(pockets.assign(name=names), grid)
    if greenway is not None and len(greenway.lines):
        places["greenway"] = _named_shapes(greenway.lines, grid)
    if centres is not None and len(centres.sites):
        places["centres"] = _centres(centres.sites, grid)
    return places


def _named_shapes(table: gpd.GeoDataFrame, grid: Grid) -> dict[str, Any]:
    encoded = {"shapes": encode_shapes(table, grid=grid)}
    names = table["name"] if "name" in table else pd.Series(index=table.index, dtype="str")
    if names.notna().any():
        encoded["names"] = encode_texts(names)
    return encoded | {"labels": encode_points(table, grid=grid)}


def _street_widths(roads: gpd.GeoDataFrame) -> list[float | None]:
    by_class = roads["road_class"].map(_STREET_WIDTH_M).fillna(_STREET_WIDTH_M["local"])
    measured = roads.get("redline_m", by_class)
    return encode_numbers(measured.where(measured > 0).fillna(by_class), digits=1)


def _first_phase(park: Park, allocation: Allocation | None) -> gpd.GeoDataFrame | None:
    parcels, name = park.parcels, "phase"
    if allocation is not None and "planned_phase" in allocation.parcels:
        parcels, name = allocation.parcels, "planned_phase"
        if len(parcels[name].dropna().unique()) == 1:
            return None
    if name not in parcels:
        return None
    first = parcels[parcels[name].eq(1).fillna(value=False).astype(bool)]
    if first.empty:
        return None
    whole = shapely.union_all(first.geometry.to_numpy(), grid_size=0.01)
    return gpd.GeoDataFrame(geometry=[whole], crs=park.crs)


def _centres(sites: gpd.GeoDataFrame, grid: Grid) -> dict[str, Any]:
    return {
        "shapes": encode_shapes(sites, grid=grid),
        "name_en": encode_texts(sites["name_en"]),
        "name_zh": encode_texts(sites["name_zh"]),
        "served": encode_numbers(sites["served_population"]),
        "mean_walk_m": encode_numbers(sites["mean_walk_m"]),
        "worst_walk_m": encode_numbers(sites["worst_walk_m"]),
    }
