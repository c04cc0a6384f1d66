"""Streets, water, green, facilities and heights of the made-up town as layers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely

from geoplan.files import atomic_path
from geoplan.io._sample_land import Town
from geoplan.io._sample_sketch import crs_of_sketch, from_the_ground, on_the_ground, sketch
from geoplan.io._sample_words import in_both

__all__ = ["place_layers", "write_elevation"]


def place_layers(town: Town, parcels: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Layers ``facilities``, ``roads``, ``water``, ``green`` and ``receiving_sites``."""
    kind = town.plots["kind"].to_numpy()
    return {
        "facilities": _facilities(town, parcels, kind),
        "roads": _roads(town, parcels.crs),
        "water": _water(town, parcels.crs),
        "green": _green(parcels, kind),
        "receiving_sites": _receiving_sites(parcels.crs),
    }


def _numbered(
    table: gpd.GeoDataFrame | pd.DataFrame, letter: str, id_column: str, digits: int = 2
) -> Any:
    ids = [f"{letter}{i + 1:0{digits}d}" for i in range(len(table))]
    return table.set_index(pd.Index(ids, name=id_column))


def _facilities(town: Town, parcels: gpd.GeoDataFrame, kind: Any) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    for name, facts in sketch()["facility"].items():
        rows += [
            {
                "kind": facts["kind"],
                "name": parcel.name,
                "level": facts["level"],
                "capacity_count": facts.get("capacity"),
                "land_area_m2": parcel.land_area_m2,
                "status": facts.get("status", "existing"),
                "open_year": facts["open_year"],
                "geometry": shapely.point_on_surface(parcel.geometry),
            }
            for parcel in parcels[kind == name].itertuples()
        ]
    rows += _bus_stops(town)
    table = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=parcels.crs)
    table.geometry = shapely.set_precision(table.geometry.to_numpy(), 0.001)
    return _numbered(table, "F", "facility_id")


def _bus_stops(town: Town) -> list[dict[str, Any]]:
    rows = []
    for row in sketch()["bus_stop"]:
        street = town.roads[town.roads["street"] == row["street"]]
        line = shapely.line_merge(shapely.union_all(street.geometry.to_numpy()))
        spots = shapely.line_interpolate_point(line, row["at"], normalized=True)
        rows += [
            {
                "kind": "bus_stop",
                "name": f"{in_both('place.bus_stop')} {in_both('street.' + row['street'])}",
                "level": "10",
                "status": "existing",
                "geometry": spot,
            }
            for spot in on_the_ground(spots)
        ]
    return rows


def _roads(town: Town, crs: Any) -> gpd.GeoDataFrame:
    roads = town.roads
    table = pd.DataFrame(
        {
            "road_class": roads["road_class"],
            "name": [in_both(f"street.{name}") for name in roads["street"]],
            "redline_m": roads["redline_m"],
            "is_walkable": pd.array([True] * len(roads), dtype="boolean"),
            "is_oneway": pd.array([False] * len(roads), dtype="boolean"),
            "status": "existing",
        }
    )
    shapes = on_the_ground(roads.geometry)
    return _numbered(gpd.GeoDataFrame(table, geometry=shapes, crs=crs), "R", "road_id", 3)


def _water(town: Town, crs: Any) -> gpd.GeoDataFrame:
    names = {"lake": town.lake, "river": town.river, "channel": town.channel.difference(town.lake)}
    table = pd.DataFrame(
        {
            "kind": ["lake", "river", "canal"],
            "name": [in_both(f"water.{name}") for name in names],
            "width_m": [np.nan, 96.0, sketch()["water"]["channel_width_m"]],
        }
    )
    shapes = on_the_ground(names.values())
    return _numbered(gpd.GeoDataFrame(table, geometry=shapes, crs=crs), "W", "water_id")


def _green(parcels: gpd.GeoDataFrame, kind: Any) -> gpd.GeoDataFrame:
    sort = pd.Series(kind, index=parcels.index).map(sketch()["green"])
    green = parcels[sort.notna()]
    table = pd.DataFrame(
        {
            "kind": sort[sort.notna()],
            "name": green["name"],
            "is_open_access": (sort[sort.notna()] != "belt").astype("boolean"),
        }
    )
    layer = gpd.GeoDataFrame(table, geometry=green.geometry, crs=parcels.crs)
    return _numbered(layer, "G", "green_id")


def _receiving_sites(crs: Any) -> gpd.GeoDataFrame:
    sites = sketch()["receiving_site"]
    table = pd.DataFrame(
        {
            "available_floor_area_m2": [site.get("floor_area_m2") for site in sites],
            "available_land_area_m2": [site.get("land_area_m2") for site in sites],
            "ready_date": [dt.date.fromisoformat(str(site["ready"])) for site in sites],
            "allowed_grades": [site["grades"] for site in sites],
            "power_kva": [float(site["power_kva"]) for site in sites],
            "clear_height_m": [site.get("clear_height_m") for site in sites],
            "rent_amount_per_m2": [float(site["rent"]) for site in sites],
            "kind": [site["kind"] for site in sites],
        }
    )
    spots = on_the_ground(shapely.Point(site["at"]) for site in sites)
    return _numbered(gpd.GeoDataFrame(table, geometry=spots, crs=crs), "S", "site_id")


def write_elevation(path: Path, town: Town) -> None:
    """Heights of the site as a GeoTIFF [m], to the decimetre."""
    model = sketch()["elevation"]
    cell = float(model["cell_m"])
    west, south, east, north = shapely.total_bounds(on_the_ground([town.site]))
    west, south = (np.floor((low - model["margin_m"]) / cell) * cell for low in (west, south))
    columns, rows = (
        int(np.ceil((high + model["margin_m"] - low) / cell))
        for low, high in ((west, east), (south, north))
    )
    x = west + cell * (np.arange(columns) + 0.5)
    y = south + cell * (np.arange(rows)[::-1] + 0.5)
    spots = from_the_ground(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    height = _height(spots, town).reshape(rows, columns)
    with (
        atomic_path(path) as draft,
        rasterio.open(
            draft,
            "w",
            driver="GTiff",
            width=columns,
            height=rows,
            count=1,
            dtype="float32",
            crs=f"EPSG:{crs_of_sketch()}",
            transform=rasterio.Affine(cell, 0, west, 0, -cell, south + rows * cell),
            compress="deflate",
            predictor=3,
        ) as raster,
    ):
        raster.write(height.round(1).astype("float32"), 1)


def _height(spots: Any, town: Town) -> Any:
    model = sketch()["elevation"]
    points = shapely.points(spots)
    water = {"lake": town.lake, "river": town.river, "channel": town.channel}
    away = {name: shapely.distance(points, shape) for name, shape in water.items()}
    height = model["plain_m"] + model["rise_per_m"] * away["river"]
    for x, y, top, radius in model["hills"]:
        height += top * np.exp(-((spots[:, 0] - x) ** 2 + (spots[:, 1] - y) ** 2) / radius**2)
    for name, level in model["water_m"].items():
        height = np.minimum(height, level + model["bank_per_m"] * away[name])
    return height
