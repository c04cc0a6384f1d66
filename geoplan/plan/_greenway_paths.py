"""New paths over open ground to places that no street reaches."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.model.landuse import is_open_green, is_water
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.spatial.ground import CostSurface, Cover, cost_surface, cross_ground
from geoplan.spatial.network import street_network

__all__ = ["NEW_PATH", "with_new_paths"]

#: Class of a path that is not there yet.
NEW_PATH = "new_path"
_GROUND = "greenway.ground."


def with_new_paths(
    park: Park, roads: gpd.GeoDataFrame, places: gpd.GeoDataFrame, *, rules: Rules
) -> gpd.GeoDataFrame:
    """The streets, and a new path for each place that lies apart from the part of the streets with most places.

    A path runs over the ground that costs least: water and buildings are closed, green is cheap, parcels and slopes
    are dear, by the numbers ``greenway.ground.*`` of the rules. Without these numbers there is none.
    """
    wanted = ("cell_m", "green", "parcel", "other", "slope", "noise", "noise_m")
    numbers = {name: rules.numbers.get(f"{_GROUND}{name}") for name in wanted}
    values = {name: number.value for name, number in numbers.items() if number is not None}
    if len(values) < len(wanted) or places.empty:
        return roads
    network = street_network(roads, entrances=places.geometry)
    at = np.where(network.entrances >= 0, network.component[network.entrances], -1)
    if not (at >= 0).any():
        return roads
    main = int(np.bincount(at[at >= 0]).argmax())
    goal = shapely.multilinestrings(
        [
            network.line(int(edge))
            for edge in np.flatnonzero(network.component[network.edges[:, 0]] == main)
        ]
    )
    apart = np.flatnonzero(at != main)
    surface = _surface(park, roads, values) if len(apart) else None
    lines = []
    for place in apart:  # the few places apart
        if surface is None:
            break
        way = cross_ground(surface, places.geometry.iloc[place], goal)
        if way is not None:
            ends = shapely.shortest_line(shapely.get_point(way.line, -1), goal)
            lines.append(shapely.LineString([*way.line.coords, ends.coords[-1]]))
    if not lines:
        return roads
    new = gpd.GeoDataFrame(
        {"road_class": NEW_PATH, "name": ""},
        geometry=lines,
        crs=roads.crs,
        index=pd.Index([f"new path {number + 1}" for number in range(len(lines))]),
    )
    both = gpd.GeoDataFrame(pd.concat([roads, new]), crs=roads.crs)
    return both.rename_axis(roads.index.name)


def _surface(park: Park, roads: gpd.GeoDataFrame, values: dict[str, float]) -> CostSurface:
    """Later covers lie over earlier ones: noise, parcels, green, streets, then what is closed."""
    parcels = park.parcels
    shapes = parcels.geometry
    loud = roads[(roads["road_class"] == "trunk").to_numpy(dtype=bool)]
    noise = gpd.GeoSeries(
        shapely.buffer(np.asarray(loud.geometry), values["noise_m"]), crs=parcels.crs
    )
    green = shapes[is_open_green(parcels["use"]).to_numpy(dtype=bool)]
    closed = [shapes[is_water(parcels["use"]).to_numpy(dtype=bool)]]
    for layer in ("water", "buildings"):
        table = park.places(layer)
        if table is not None:
            closed.append(table.geometry)
    mapped = park.places("green")
    greens = [green] if mapped is None else [green, mapped.geometry]
    covers = [
        Cover(shapes=noise, cost_per_m=values["noise"]),
        Cover(shapes=shapes, cost_per_m=values["parcel"]),
        *(Cover(shapes=own, cost_per_m=values["green"]) for own in greens),
        *(Cover(shapes=own, cost_per_m=np.inf) for own in closed),
    ]
    west, south, east, north = np.asarray(
        gpd.GeoSeries(
            [shapely.box(*parcels.total_bounds), shapely.box(*roads.total_bounds)]
        ).total_bounds
    )
    return cost_surface(
        (float(west), float(south), float(east), float(north)),
        cell_m=values["cell_m"],
        covers=covers,
        elevation_path=None if park.elevation is None else park.elevation.path,
        cost_of_slope=values["slope"],
        elsewhere_cost_per_m=values["other"],
    )
