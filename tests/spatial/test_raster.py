"""Slopes of planes and steps that a reader can work out."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine
from towns import CRS, EAST, NORTH, square, street_of

from geoplan.errors import CrsError
from geoplan.spatial.raster import mean_slope, slope_of


def written(
    path: Path, heights: np.ndarray, *, crs: int = CRS, transform: Affine | None = None
) -> str:
    """Cells of 10 m from the north-west corner of the town's first row."""
    profile = {
        "driver": "GTiff", "height": heights.shape[0], "width": heights.shape[1], "count": 1,
        "dtype": "float64", "nodata": -9999.0, "crs": rasterio.CRS.from_epsg(crs),
        "transform": transform or Affine(10, 0, EAST, 0, -10, NORTH + 100),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(heights, 1)
    return str(path)


def test_a_plane_has_one_slope() -> None:
    x, y = np.meshgrid(np.arange(5) * 10.0, np.arange(4) * 20.0)
    slope = slope_of(0.03 * x + 0.04 * y, cell_m=(10, 20))
    assert slope == pytest.approx(np.full((4, 5), 0.05))  # 3, 4, 5


def test_unknown_heights_stay_unknown() -> None:
    heights = np.zeros((3, 5))
    heights[1, 0] = np.nan
    assert np.isnan(slope_of(heights, cell_m=(10, 10))[1, 1])
    assert slope_of(heights, cell_m=(10, 10))[1, 3] == 0


def test_one_row_of_cells_has_no_slope() -> None:
    assert np.isnan(slope_of(np.zeros((1, 5)), cell_m=(10, 10))).all()


def test_the_mean_counts_cells_by_the_part_inside(tmp_path: Path) -> None:
    x = np.arange(20) * 10.0
    heights = np.tile(np.where(x < 100, 0.1 * x, 10 + 0.3 * (x - 100)), (10, 1))
    town = street_of(3)
    mean = mean_slope(town, elevation_path=written(tmp_path / "z.tif", heights))
    assert mean["P1"] == pytest.approx(0.1)
    assert mean["P2"] == pytest.approx((0.2 + 9 * 0.3) / 10)  # the first cell looks both ways
    assert np.isnan(mean["P3"])  # beyond the raster


def test_half_a_parcel_on_the_raster_counts_that_half(tmp_path: Path) -> None:
    heights = np.tile(np.arange(10) * 2.0, (10, 1))  # 0.2 everywhere
    half = gpd.GeoDataFrame(geometry=[square(0.5)], crs=CRS)
    assert mean_slope(half, elevation_path=written(tmp_path / "z.tif", heights))[
        0
    ] == pytest.approx(0.2)


def test_another_crs_is_refused(tmp_path: Path) -> None:
    raster = written(tmp_path / "z.tif", np.zeros((10, 10)), crs=32650)
    with pytest.raises(CrsError, match="EPSG:32650"):
        mean_slope(street_of(1), elevation_path=raster)


def test_a_turned_raster_is_refused(tmp_path: Path) -> None:
    turned = Affine(9.8, 1.7, EAST, 1.7, -9.8, NORTH + 100)
    raster = written(tmp_path / "z.tif", np.zeros((10, 10)), transform=turned)
    with pytest.raises(CrsError, match="turned"):
        mean_slope(street_of(1), elevation_path=raster)
