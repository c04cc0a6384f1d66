"""Questions about New York's industrial zones, answered a second way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from geoplan.io import read_park
from geoplan.model.park import Park
from geoplan.query import select, those

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def park(project_root: Path, data_root: Path) -> Park:
    return read_park(
        project_root / "data" / "gis" / "sources" / "nyc_ibz.yaml", data_root=data_root
    )


def test_the_uses_are_those_that_the_publisher_counts(park: Park) -> None:
    assert select(park).industrial().count() == 1_836
    assert select(park).with_use("2301").count() == 267


def test_industry_beside_vacant_land_is_what_plain_geometry_finds(park: Park) -> None:
    asked = select(park).industrial().touching(those.with_use("2301"))
    use = park.parcels["use"].astype(str)
    industry = park.parcels[use.str.startswith("1001")]
    vacant = np.asarray(park.parcels.geometry[use == "2301"].values)
    shapes = np.asarray(industry.geometry.values)
    rows, found = shapely.STRtree(vacant).query(shapes, predicate="dwithin", distance=0.01)
    along = shapely.intersection(
        shapely.boundary(shapes[rows]), shapely.buffer(vacant[found], 0.01)
    )
    beside = {
        str(industry.index[row])
        for row, m in zip(rows, shapely.length(along), strict=True)
        if m > 0.5
    }
    corners = {
        str(industry.index[row])
        for row, m in zip(rows, shapely.length(along), strict=True)
        if m > 0.05
    }
    assert beside <= set(asked.ids()) <= corners


def test_every_lot_is_left_out_or_unknown(park: Park) -> None:
    told = select(park).industrial().within(100, of=those.homes()).larger_than_mu(2).explanation()
    before = 3_772
    for step in told.steps:
        assert step.left_count + step.out_count + step.unknown_count == before
        before = step.left_count
