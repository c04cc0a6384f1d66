"""An illustrative park: a made-up Xinshe-Shangmeihu, the same for the same seed.

Nothing in it is a real plot, firm or figure. Its size, kinds of land and headline figures follow a newspaper page on
the conversion of the Lantian zone in Zhangzhou: 17 firms with 66,000 m2 of floor area on 73 mu in a first phase, and
865 mu of housing and commerce in the plan. The data say nothing about which plots do poorly: that is for the
evaluation to find.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.io import MemoryFile

from geoplan.io._sample_buildings import make_buildings
from geoplan.io._sample_figures import make_performance
from geoplan.io._sample_firms import make_firms
from geoplan.io._sample_land import Town, make_town
from geoplan.io._sample_ledger import enterprise_layer, occupancy_layer, performance_layer
from geoplan.io._sample_parcels import building_layer, parcel_ids, parcel_layer
from geoplan.io._sample_places import place_layers, write_elevation
from geoplan.io._sample_words import in_both
from geoplan.io.write import write_geopackage
from geoplan.model.answers import Raster
from geoplan.model.park import Park
from geoplan.model.validate import checked_layers
from geoplan.words import say

__all__ = ["make_sample_park", "write_sample"]

_ELEVATION = "xinshe_elevation.tif"
_DATE = dt.date(2026, 3, 31)
#: Which of the parks a seed could stand for is made: one in which the figures of the newspaper page come out.
_DRAW = 655
_LAND, _BUILDINGS, _FIRMS, _FIGURES, _PAPERS = range(5)


def make_sample_park(*, seed: int = 2026, raster_folder: str | Path | None = None) -> Park:
    """Make the illustrative park, about 3 km2 with some 200 parcels and 110 firms.

    Parameters
    ----------
    seed
        Another seed draws other firms and figures, and varies the plots a little; the figures of the newspaper page
        are promised for the shipped seed only.
    raster_folder
        Where the heights are written, as one GeoTIFF; without a folder they stay in memory.

    Examples
    --------
    >>> park = make_sample_park()
    >>> park.crs.to_epsg(), park.currency, len(park.layers["enterprises"])
    (4548, 'CNY', 107)
    """
    town = make_town(_rng(seed, _LAND))
    layers, problems = checked_layers(_layers(town, seed))
    elevation = _elevation(town, raster_folder)
    return Park(
        name={str(language): words for language, words in say("sample.park").both().items()},
        layers=layers,
        currency="CNY",
        elevation=elevation,
        problems=problems,
        citation=in_both("citation"),
    )


def _elevation(town: Town, folder: str | Path | None) -> Raster:
    """Heights as a GeoTIFF, in a folder or in memory."""
    if folder is not None:
        path = Path(folder) / _ELEVATION
        write_elevation(path, town)
        return Raster(path=str(path), unit="m")
    with tempfile.TemporaryDirectory() as passing:
        path = Path(passing) / _ELEVATION
        write_elevation(path, town)
        held = MemoryFile(path.read_bytes(), ext=".tif")
    return Raster(path=held.name, unit="m", holder=held)


def write_sample(folder: str | Path, *, seed: int = 2026) -> None:
    """Write the illustrative park as ``xinshe.gpkg`` and ``xinshe_elevation.tif``; the same bytes for the same seed."""
    park = make_sample_park(seed=seed, raster_folder=folder)
    write_geopackage(
        Path(folder) / "xinshe.gpkg",
        layers=park.layers,
        provenance={
            **{f"park_{language}": name for language, name in park.name.items()},
            "citation": park.citation,
            "currency": park.currency,
            "seed": str(seed),
        },
        date=_DATE,
        crs=park.crs,
    )


def _rng(seed: int, part: int) -> np.random.Generator:
    """Luck of one part of the park; drawing more of it in one part does not move another."""
    return np.random.default_rng([seed, _DRAW, part])


def _layers(town: Town, seed: int) -> dict[str, pd.DataFrame]:
    plots = town.plots
    ids = parcel_ids(plots)
    built = make_buildings(plots, _rng(seed, _BUILDINGS))
    buildings = building_layer(built, ids)
    floor_m2 = buildings.groupby(built["plot"].to_numpy())["floor_area_m2"].sum()
    floor_m2 = floor_m2.reindex(plots.index, fill_value=0.0)
    firms = make_firms(plots, floor_m2=floor_m2.to_numpy(), rng=_rng(seed, _FIRMS))
    performance = make_performance(firms, _rng(seed, _FIGURES))
    papers = _rng(seed, _PAPERS)
    first_built = built.groupby("plot")["built_year"].min()
    parcels = parcel_layer(plots, firms=firms, first_built=first_built, rng=papers)
    return {
        "parcels": parcels,
        "enterprises": enterprise_layer(firms, performance, papers),
        "occupancy": occupancy_layer(firms, ids, buildings, papers),
        "performance": performance_layer(performance),
        "buildings": buildings,
        **place_layers(town, parcels),
    }
