"""Slope of the ground, and its mean over each parcel."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely.geometry
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray

from geoplan.errors import CrsError
from geoplan.words import say

__all__ = ["mean_slope", "slope_of"]


def slope_of(heights_m: NDArray[np.float64], *, cell_m: tuple[float, float]) -> NDArray[np.float64]:
    r"""Steepness of each cell [m/m] from the heights of its neighbours.

    .. math:: s = \sqrt{(dz/dx)^2 + (dz/dy)^2}

    with central differences, and one-sided ones along the rim. Unknown heights (NaN) make their neighbours unknown.
    The textbook gradient, our own definition.

    Parameters
    ----------
    heights_m
        Rows from north to south.
    cell_m
        Width and height of a cell.

    Examples
    --------
    >>> import numpy as np
    >>> slope_of(np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]), cell_m=(10, 10)).tolist()
    [[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]]
    """
    if min(heights_m.shape) < 2:  # noqa: PLR2004  (one row of cells has no slope across it)
        return np.full(heights_m.shape, np.nan)
    width_m, height_m = cell_m
    by_row, by_column = np.gradient(heights_m, height_m, width_m)
    return np.asarray(np.hypot(by_row, by_column))


def mean_slope(places: gpd.GeoDataFrame, *, elevation_path: str) -> pd.Series:
    """Mean slope [m/m] under each polygon, cells counted by the part that lies inside.

    A polygon beyond the raster, or on unknown heights only, is unknown.

    Raises
    ------
    CrsError
        Raster and polygons have different CRSs, or the raster is turned against its axes.
    """
    with rasterio.open(elevation_path) as source:
        turned = source.transform.b != 0 or source.transform.d != 0
        other = source.crs is not None and places.crs is not None and source.crs != places.crs
        if turned or other:
            key = "plan.raster_turned" if turned else "plan.raster_crs"
            raise CrsError(
                [say(key, raster=elevation_path, own=str(source.crs), other=str(places.crs))]
            )
        heights = source.read(1, masked=True).astype(float).filled(np.nan)
        bounds, cell_m = source.bounds, source.res
    slope = NumPyRasterSource(
        slope_of(heights, cell_m=cell_m), bounds.left, bounds.bottom, bounds.right, bounds.top,
        nodata=np.nan,
    )  # fmt: skip
    bare = [  # without a CRS, which has been compared above: a park in local metres has none
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape)}
        for shape in places.geometry
    ]
    means = exact_extract(slope, bare, "mean", output="pandas")["mean"]
    return pd.Series(np.asarray(means, dtype=float), index=places.index, name="mean_slope")
