"""Coordinates are recognised, and never put right by guessing."""

from typing import Any

import geopandas as gpd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import CrsError
from geoplan.spatial.crs import diagnose, looks_like, metric_crs_for, to_wgs84

# One square kilometre of Zhangzhou: 117.70 E, 24.55 N is E 570921, N 2716388 in EPSG:4548 (domain.md 3.10).
ZHANGZHOU = (570_421.0, 2_715_888.0, 571_421.0, 2_716_888.0)
HUIZHOU = (532_189.0, 2_545_681.0, 533_924.0, 2_547_982.0)


def swapped(bounds: Any) -> Any:
    west, south, east, north = bounds
    return south, west, north, east


def candidates(bounds: Any, declared: Any) -> Any:
    crs = None if declared is None else pyproj.CRS.from_user_input(declared)
    found = diagnose(bounds, crs)
    return found.state, [(one.crs, one.is_swapped) for one in found.candidates]


@pytest.mark.parametrize(
    ("bounds", "declared", "kind"),
    [
        (ZHANGZHOU, 4548, "metric"),
        ((39_570_421, 2_715_888, 39_571_421, 2_716_888), 4527, "metric"),  # prefixed, and says so
        ((117.69, 24.54, 117.71, 24.56), 4490, "degrees"),
        ((1_000_000, 200_000, 1_010_000, 210_000), 2263, "feet"),
        ((13_100_000, 2_820_000, 13_110_000, 2_830_000), 3857, "distorted"),
        ((0, 0, 2000, 2000), 'LOCAL_CS["x",UNIT["Meter",1]]', "local"),
    ],
)
def test_coordinates_that_fit_are_left_alone(bounds: Any, declared: Any, kind: Any) -> None:
    found = diagnose(bounds, pyproj.CRS.from_user_input(declared))
    assert (found.state, found.kind, found.candidates) == ("fits", kind, ())


def test_web_mercator_is_never_measured_in_not_even_at_the_equator() -> None:
    assert diagnose((0, 0, 1000, 1000), pyproj.CRS(3857)).kind == "distorted"


def test_metres_that_claim_to_be_degrees_get_the_zones_of_that_latitude() -> None:
    state, found = candidates(HUIZHOU, 4326)
    assert state == "contradicts"
    # at 23 N, China has the zones of 99 E to 117 E: EPSG 4542 to 4548
    assert found == [(f"EPSG:{code}", False) for code in range(4542, 4549)]
    huizhou = diagnose(HUIZHOU, pyproj.CRS(4326)).candidates[5]
    assert (huizhou.crs, round(huizhou.longitude, 2), round(huizhou.latitude, 2)) == (
        "EPSG:4547",
        114.32,
        23.02,
    )


def test_the_zone_in_front_of_the_easting_is_read() -> None:
    prefixed = (39_570_421.0, 2_715_888.0, 39_571_421.0, 2_716_888.0)
    assert candidates(prefixed, 4548) == ("contradicts", [("EPSG:4527", False)])  # 39 is 117 E
    assert candidates(prefixed, None) == ("missing", [("EPSG:4527", False)])
    six_degrees = (20_500_000.0, 2_715_888.0, 20_501_000.0, 2_716_888.0)
    assert candidates(six_degrees, None)[1] == [("EPSG:4498", False)]  # zone 20 is 117 E


def test_exchanged_axes_fit_the_declared_crs_when_exchanged_back() -> None:
    assert candidates(swapped(ZHANGZHOU), 4548) == ("contradicts", [("EPSG:4548", True)])
    assert candidates((24.54, 117.69, 24.56, 117.71), 4326) == (
        "contradicts",
        [("EPSG:4326", True)],
    )


def test_degrees_under_a_metric_crs_contradict_it() -> None:
    assert candidates((117.69, 24.54, 117.71, 24.56), 4548) == (
        "contradicts",
        [("EPSG:4326", False)],
    )


def test_a_declared_crs_of_a_small_area_says_where_to_look() -> None:
    # New York in UTM metres under a .prj of New York in feet
    assert candidates((583_000.0, 4_507_000.0, 584_000.0, 4_508_000.0), 2263) == (
        "contradicts",
        [("EPSG:32618", False)],
    )


def test_a_missing_crs_is_missing_even_if_only_one_fits() -> None:
    assert candidates((117.69, 24.54, 117.71, 24.56), None) == ("missing", [("EPSG:4326", False)])
    assert candidates((0, 0, 2000, 2000), None) == ("missing", [])


def test_an_esri_prj_without_a_code_is_understood() -> None:
    esri = pyproj.CRS.from_wkt(pyproj.CRS(4548).to_wkt("WKT1_ESRI"))
    assert diagnose(ZHANGZHOU, esri).state == "fits"
    assert diagnose(swapped(ZHANGZHOU), esri).state == "contradicts"


def test_the_message_says_what_was_declared_what_it_looks_like_and_what_to_write() -> None:
    told = diagnose(swapped(ZHANGZHOU), pyproj.CRS(4548)).told("parcels")
    assert told.text("en") == (
        "parcels: the file declares EPSG:4548 (CGCS2000 / 3-degree Gauss-Kruger CM 117E), but its coordinates look like "
        "metres with the northing first: the axes seem exchanged (x 2715888 to 2716888, y 570421 to 571421). "
        "What fits: EPSG:4548 with the axes exchanged (at 117.7000 E, 24.5500 N). Choose the place that is yours and "
        "say so in the source file, for example `crs: EPSG:4548` (and `swap_axes: true` if the axes are exchanged)"
    )
    assert "两轴互换" in told.text("zh")


def test_what_coordinates_look_like() -> None:
    assert "zone number 39" in looks_like((39_570_421, 2_715_888, 39_571_421, 2_716_888)).text()
    assert "latitude first" in looks_like((24.5, 117.6, 24.6, 117.7)).text()


@pytest.mark.parametrize(
    ("longitude", "latitude", "code"),
    [
        (117.65, 24.5, 4548),  # Zhangzhou
        (118.49, 24.9, 4548),  # just west of the edge of its zone
        (118.51, 24.9, 4549),
        (114.32, 23.02, 4547),  # Huizhou
        (-73.9, 40.7, 32618),  # New York
        (151.2, -33.9, 32756),  # Sydney
        (105.85, 21.03, 32648),  # Hanoi is not in China
        (180.0, 0.0, 32660),
    ],
)
def test_a_place_gets_its_metric_crs(longitude: Any, latitude: Any, code: Any) -> None:
    assert metric_crs_for(longitude, latitude).to_epsg() == code


@settings(max_examples=20, deadline=None)
@given(st.floats(73.7, 134.7), st.floats(18.2, 53.5))
def test_a_local_crs_always_fits_its_own_place(longitude: Any, latitude: Any) -> None:
    crs = metric_crs_for(longitude, latitude)
    east, north = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(
        longitude, latitude
    )
    found = diagnose((east - 500, north - 500, east + 500, north + 500), crs)
    assert (found.state, found.kind) == ("fits", "metric")


def test_longitude_comes_first() -> None:
    square = gpd.GeoDataFrame(geometry=[shapely.box(*ZHANGZHOU)], crs=4548)
    west, south, _, _ = to_wgs84(square).total_bounds
    assert (round(west, 2), round(south, 2)) == (117.7, 24.55)


def test_local_metres_have_no_place() -> None:
    with pytest.raises(CrsError, match="local metres"):
        to_wgs84(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)]))


def test_huge_coordinates_are_told_in_a_short_sentence() -> None:
    said = looks_like((-1e300, -1e300, 1e300, 1e300)).text("en")
    assert "(x -1e+300 to 1e+300, y -1e+300 to 1e+300)" in said
    assert "(x 532189 to 533924, y 2545681 to 2547982)" in looks_like(HUIZHOU).text("en")
