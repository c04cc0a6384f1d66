"""Every problem of a layer is told at once, in towns that can be checked by pencil."""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS, EAST, NORTH, block_of, square, street_of

from geoplan.errors import CrsError, SchemaError
from geoplan.model.park import Park
from geoplan.model.validate import check_park, checked_layers


def kinds(problems: Any) -> Any:
    return [(one.kind, one.row) for one in problems]


def checked(**layers: Any) -> Any:
    return checked_layers(layers)


def with_shapes(town: Any, **shapes: Any) -> Any:
    """The town with some parcels drawn anew."""
    return town.set_geometry(
        gpd.GeoSeries(
            [shapes.get(name, old) for name, old in town.geometry.items()],
            index=town.index,
            crs=town.crs,
        )
    )


# ---- the door ---------------------------------------------------------------------------------------------------------


def test_a_sound_town_passes_unchanged_and_untouched() -> None:
    town = street_of(3, land_area_m2=[1e4, 1e4, math.nan], is_vacant=[True, False, None])
    before = town.copy(deep=True)
    tables, problems = checked(parcels=town)
    assert problems == ()
    assert tables["parcels"].index.tolist() == ["P1", "P2", "P3"]
    assert tables["parcels"]["is_vacant"].dtype == "boolean"
    assert tables["parcels"]["is_vacant"].isna().tolist() == [False, False, True]
    assert tables["parcels"].geometry.geom_equals(town.geometry).all()
    pd.testing.assert_frame_equal(pd.DataFrame(town), pd.DataFrame(before))


def test_checking_twice_changes_nothing() -> None:
    town = street_of(2, use=["M1", "R2"], landuse_version="gb50137", floor_area_m2=["1,200", "x"])
    once, _ = checked(parcels=town)
    twice, problems = checked(**once)
    assert problems == ()
    pd.testing.assert_frame_equal(pd.DataFrame(twice["parcels"]), pd.DataFrame(once["parcels"]))


def test_names_terms_and_aliases_are_known_whatever_their_case() -> None:
    town = street_of(2).reset_index(drop=True)
    town = town.assign(zddm=["01", "02"], 容积率=[2.0, 3.0], LDL=[0.2, 0.3], colour="red")
    parcels = checked(parcels=town)[0]["parcels"]
    assert parcels.index.tolist() == ["01", "02"]
    assert parcels["max_floor_area_ratio"].tolist() == [2.0, 3.0]
    assert parcels["min_green_share"].tolist() == [0.2, 0.3]
    assert parcels["colour"].tolist() == ["red", "red"]  # not ours, not lost


def test_an_exact_name_goes_before_an_alias() -> None:
    town = street_of(1, 地址="other street", address="this street")
    assert checked(parcels=town)[0]["parcels"]["address"].tolist() == ["this street"]


def test_ids_become_text_and_keep_their_zeros() -> None:
    town = street_of(3).reset_index(drop=True)
    floats, _ = checked(parcels=town.assign(parcel_id=[12.0, 13.0, 14.0]))
    assert floats["parcels"].index.tolist() == ["12", "13", "14"]
    texts, _ = checked(parcels=town.assign(parcel_id=["007", " 8 ", "12.0"]))
    assert texts["parcels"].index.tolist() == ["007", "8", "12"]


def test_all_that_is_broken_is_told_at_once() -> None:
    town = street_of(3).rename(index={"P2": "P1"}).drop(columns="use")
    firms = pd.DataFrame({"enterprise_id": ["E1", None], "name": ["a", "b"]})
    with pytest.raises(SchemaError) as caught:
        checked(parcels=town, enterprises=firms, street=firms)
    assert [message.text() for message in caught.value.problems] == [
        (
            "there is no layer street; the nearest is -; a park has parcels, enterprises, occupancy, performance, valuation, "
            "buildings, facilities, roads, water, green, receiving_sites"
        ),
        (
            "parcels: 1 values of parcel_id stand more than once (P1): correct them, or write `duplicate_ids: number` into "
            "the source file to tell them apart by a number"
        ),
        (
            "parcels: the column use (现状用地代码) is missing; the nearest is -; there is landuse_version, geometry. "
            "Name it in a source file (`columns: {use: ...}`)"
        ),
        (
            "enterprises: enterprise_id is empty in 1 rows (row 2): fill it in, or write `duplicate_ids: number` into the "
            "source file"
        ),
        (
            "enterprises: the column operating_status (经营状态) is missing; the nearest is -; there is enterprise_id, name. "
            "Name it in a source file (`columns: {operating_status: ...}`)"
        ),
    ]


def test_a_column_that_stands_twice_is_refused() -> None:
    town = street_of(1, zone="A")
    twice = pd.concat([town, town[["zone"]]], axis="columns")
    with pytest.raises(SchemaError, match="zone stands more than once"):
        checked(parcels=gpd.GeoDataFrame(twice, crs=CRS))


def test_layers_without_rows_or_shapes() -> None:
    with pytest.raises(SchemaError, match="no rows"):
        checked(parcels=street_of(0))
    with pytest.raises(SchemaError, match="no geometry"):
        checked(parcels=pd.DataFrame(street_of(1).drop(columns="geometry")))
    tables, problems = checked(
        parcels=street_of(1), performance=pd.DataFrame({"enterprise_id": [], "year": []})
    )
    assert list(tables) == ["parcels"]
    assert kinds(problems) == [("empty_layer", "")]


# ---- cells ------------------------------------------------------------------------------------------------------------


def test_what_a_number_cannot_be_is_unknown_and_told() -> None:
    town = street_of(
        7,
        floor_area_m2=["1,200", "１２", "about 5", "-3", "inf", None, "nan"],
        max_coverage_share=[0.0, 1.0, 1.01, 35.0, math.inf, math.nan, -0.1],
        max_height_m=[1, 2, 3, 4, 5, 6, 7],
    )
    tables, problems = checked(parcels=town)
    parcels = tables["parcels"]
    expected = [1200, 12, math.nan, math.nan, math.nan, math.nan, math.nan]
    np.testing.assert_array_equal(parcels["floor_area_m2"], expected)
    np.testing.assert_array_equal(
        parcels["max_coverage_share"], [0, 1, *[math.nan] * 5]
    )  # 0 and 1 just fit
    assert parcels["max_height_m"].dtype == "float64"
    found = {(one.column, one.kind, one.row) for one in problems}
    assert found == {
        ("floor_area_m2", "not_number", "P3"),
        ("floor_area_m2", "outside", "P4"),
        ("floor_area_m2", "not_finite", "P5"),
        ("max_coverage_share", "not_finite", "P5"),
        ("max_coverage_share", "outside_share", ""),  # P3, P4, P7
    }
    assert all(one.severity == "warning" for one in problems)


def test_digits_of_a_longer_number_are_no_year() -> None:
    written = ["12021", "20215", "20211231", "FY2014"]
    yearly = pd.DataFrame({"enterprise_id": ["E1", "E2", "E3", "E4"], "year": written})
    tables, problems = checked(parcels=street_of(1), performance=yearly)
    assert tables["performance"]["year"].tolist() == [2014]
    assert [one.kind for one in problems] == ["not_year", "key_missing"]


def test_years_dates_choices_and_booleans() -> None:
    firms = pd.DataFrame(
        {
            "enterprise_id": ["E1", "E2", "E3", "E4"],
            "name": "x",
            "经营状态": ["正常", "Half_Stopped", "empty", "flying"],
            "is_above_scale": ["是", "0", "TRUE", "perhaps"],
            "signed_date": ["2021年3月5日", "20210305", "2021-3-5T10:00", "5.3.21"],
        }
    )
    yearly = pd.DataFrame(
        {"enterprise_id": "E1", "year": ["2021年", 2022.0, "2023-12-31", 3000], "tax_amount": 1.0}
    )
    tables, problems = checked(parcels=street_of(1), enterprises=firms, performance=yearly)
    enterprises = tables["enterprises"]
    assert enterprises["operating_status"].tolist()[:3] == ["normal", "half_stopped", "vacant"]
    assert enterprises["is_above_scale"].tolist()[:3] == [True, False, True]
    assert enterprises["signed_date"].dt.strftime("%Y-%m-%d").tolist()[:3] == ["2021-03-05"] * 3
    assert enterprises.loc["E4", ["operating_status", "is_above_scale", "signed_date"]].isna().all()
    assert tables["performance"]["year"].tolist() == [
        2021,
        2022,
        2023,
    ]  # 3000 is no year: set aside
    assert [one.kind for one in problems] == [
        "not_bool",
        "not_choice",
        "not_date",
        "outside",
        "key_missing",
    ]


def test_money_under_another_name_warns_of_its_unit() -> None:
    yearly = pd.DataFrame({"企业编号": ["E1"], "年度": [2021], "总产值": [5.0]})
    tables, problems = checked(parcels=street_of(1), performance=yearly)
    assert tables["performance"]["output_amount"].tolist() == [5.0]
    assert kinds(problems) == [("unit_not_said", "")]
    assert "万元" in problems[0].message.text("zh")


def test_an_alias_in_mu_is_turned_into_m2() -> None:
    site = gpd.GeoDataFrame(
        {"site_id": ["S"], "available_land_mu": [3]}, geometry=[square(9)], crs=CRS
    )
    tables, problems = checked(parcels=street_of(1), receiving_sites=site)
    assert tables["receiving_sites"]["available_land_area_m2"].tolist() == [pytest.approx(2000)]
    assert kinds(problems) == [("unit_by_name", "")]


def test_equal_rows_of_a_long_table_count_once_and_unequal_ones_are_refused() -> None:
    rows = {"enterprise_id": ["E1", "E1"], "year": [2021, 2021]}
    tables, problems = checked(
        parcels=street_of(1), performance=pd.DataFrame({**rows, "tax_amount": [1.0, 1.0]})
    )
    assert len(tables["performance"]) == 1
    assert kinds(problems) == [("row_repeated", "")]
    with pytest.raises(SchemaError, match="E1 2021"):
        checked(parcels=street_of(1), performance=pd.DataFrame({**rows, "tax_amount": [1.0, 2.0]}))


# ---- land use ---------------------------------------------------------------------------------------------------------


def test_an_unknown_code_keeps_its_parcel() -> None:
    town = street_of(4, use=["100102", "9999", None, "70102"])
    tables, problems = checked(parcels=town)
    parcels = tables["parcels"]
    assert parcels["use"].tolist() == ["100102", "unknown", "unknown", "070102"]
    assert parcels["use_original"].tolist()[:2] == ["100102", "9999"]
    assert parcels["use_original"].tolist()[3] == "70102"
    assert sorted(kinds(problems)) == [
        ("code_changed", "P4"),
        ("code_unknown", "P2"),
        ("use_unknown", "P3"),
    ]


def test_letters_are_gb50137_where_the_file_does_not_say() -> None:
    town = street_of(2, use=["M1", "1401"]).drop(columns="landuse_version")
    tables, problems = checked(parcels=town)
    assert tables["parcels"]["use"].tolist() == ["100101", "1401"]
    assert kinds(problems) == [("version_assumed", "")]


# ---- shapes -----------------------------------------------------------------------------------------------------------


def bow_tie(column: Any) -> Any:
    west = EAST + 100 * column
    return shapely.Polygon(
        [(west, NORTH), (west + 100, NORTH + 100), (west + 100, NORTH), (west, NORTH + 100)]
    )


def test_a_bow_tie_is_repaired_as_what_it_encloses() -> None:
    town = with_shapes(street_of(2), P2=bow_tie(1))
    tables, problems = checked(parcels=town)
    assert tables["parcels"].area.tolist() == [10_000, 5_000]  # two triangles of 100 x 50 / 2
    assert kinds(problems) == [("invalid_ring", "P2")]
    assert "0.0 m2 before, 5,000.0 m2 after" in problems[0].message.text("en")
    assert not town.geometry.is_valid.all()  # the table given is as it was


def test_rows_that_cannot_be_drawn_are_set_aside_by_name() -> None:
    line = shapely.LineString([(EAST, NORTH), (EAST + 1, NORTH)])
    nowhere = shapely.Polygon([(EAST, NORTH), (math.inf, NORTH), (EAST, NORTH + 9)])
    flat = shapely.Polygon([(EAST, NORTH), (EAST + 9, NORTH), (EAST, NORTH)])
    town = with_shapes(street_of(7), P2=None, P3=shapely.Polygon(), P4=line, P5=nowhere, P6=flat)
    tables, problems = checked(parcels=town)
    assert tables["parcels"].index.tolist() == ["P1", "P7"]
    assert {one.kind: one.message.text() for one in problems} == {
        "no_shape": "parcels: 2 rows have no shape and are set aside: P2, P3. Draw them, or take them out of the file",
        "broken_coordinates": "parcels: 1 rows have coordinates that are no finite numbers and are set aside: P5. "
        "Draw them again",
        "wrong_shape": "parcels: 1 rows are not areas (polygons) and are set aside: P4",
        "no_area": "parcels: 1 rows enclose no area and are set aside: P6",
    }


def test_a_layer_of_points_is_no_layer_of_parcels() -> None:
    town = street_of(2)
    with pytest.raises(
        SchemaError, match=r"parcels needs areas \(polygons\); the file holds Point"
    ):
        checked(parcels=town.set_geometry(town.centroid))


def test_heights_are_dropped_and_areas_of_collections_kept() -> None:
    mixed = shapely.GeometryCollection([square(1), shapely.Point(EAST, NORTH)])
    town = with_shapes(street_of(2), P1=shapely.force_3d(square(0), 7.0), P2=mixed)
    tables, problems = checked(parcels=town)
    assert not tables["parcels"].has_z.any()
    assert tables["parcels"].area.tolist() == [10_000, 10_000]
    assert kinds(problems) == [("heights_dropped", ""), ("collection", "P2")]


# ---- coordinates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [(4326, "is in degrees"), (3857, "areas are wrong here")],
)
def test_layers_that_are_not_in_true_metres_are_refused(code: Any, words: Any) -> None:
    with pytest.raises(CrsError, match=words):
        checked(parcels=street_of(1).to_crs(code))


def test_feet_are_refused_with_the_crs_to_use() -> None:
    lots = gpd.GeoDataFrame(
        {"use": "1001", "landuse_version": "mnr2023"},
        geometry=[shapely.box(1_000_000, 200_000, 1_000_100, 200_100)],
        crs=2263,
        index=["L1"],
    )
    with pytest.raises(CrsError, match=r"is in feet .*`\.to_crs\(32618\)`"):
        checked(parcels=lots)


def test_two_crs_in_one_park_are_refused() -> None:
    roads = gpd.GeoDataFrame(
        {"road_id": ["R"], "road_class": "local"},
        geometry=[shapely.LineString([(EAST, NORTH), (EAST + 100, NORTH)])],
        crs=4549,
    )
    with pytest.raises(CrsError, match="roads is in EPSG:4549"):
        checked(parcels=street_of(1), roads=roads)


def test_a_park_without_crs_is_in_local_metres_unless_it_looks_like_degrees() -> None:
    local = street_of(1).set_crs(None, allow_override=True)
    assert kinds(checked(parcels=local)[1]) == [("local_metres", "")]
    degrees = street_of(1).to_crs(4326).set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match="no coordinate system is declared"):
        checked(parcels=degrees)


# ---- deeper -----------------------------------------------------------------------------------------------------------


def deeper(parcels: Any, **layers: Any) -> Any:
    return check_park(Park.from_layers(parcels=parcels, **layers))


def test_a_chessboard_has_nothing_to_tell() -> None:
    assert deeper(block_of(5, 5)) == ()


def test_a_corner_that_one_side_only_has_is_no_overlap() -> None:
    town = with_shapes(street_of(2), P2=shapely.box(EAST + 100, NORTH + 50, EAST + 200, NORTH + 90))
    assert deeper(town) == ()


def test_overlaps_are_told_pair_by_pair_with_their_area() -> None:
    # P1 reaches 20 m into P2: 20 x 100; P4 lies inside P3: 40 x 40
    town = with_shapes(
        street_of(4),
        P1=shapely.box(EAST, NORTH, EAST + 120, NORTH + 100),
        P4=shapely.box(EAST + 230, NORTH + 30, EAST + 270, NORTH + 70),
    )
    found = deeper(town)
    assert kinds(found) == [("overlap", "P1"), ("overlap", "P3")]
    assert "P1 and P2 overlap by 2,000.0 m2" in found[0].message.text()
    assert "P3 and P4 overlap by 1,600.0 m2" in found[1].message.text()
    assert [one.geometry.area for one in found] == [2000, 1600]


def test_a_border_drawn_twice_is_a_sliver_and_rounding_is_nothing() -> None:
    jitter = shapely.box(EAST, NORTH, EAST + 100.1, NORTH + 100)  # 0.1 m wide, 10 m2
    assert kinds(deeper(with_shapes(street_of(2), P1=jitter))) == [("sliver", "P1")]
    rounding = shapely.box(EAST, NORTH, EAST + 100.00005, NORTH + 100)  # 0.005 m2
    assert deeper(with_shapes(street_of(2), P1=rounding)) == ()


def test_a_slit_between_neighbours_is_told_and_a_street_is_not() -> None:
    def two(apart_m: float) -> list[tuple[str, str]]:
        west = shapely.box(EAST, NORTH, EAST + 100 - apart_m, NORTH + 100)
        return kinds(deeper(with_shapes(street_of(2), P1=west)))

    assert two(0.2) == [("gap", "P1")]
    assert two(0.0005) == []  # rounding
    assert two(0.5001) == []  # wide enough to be meant


def test_parcels_drawn_alike_are_told_once_however_they_were_drawn() -> None:
    same = shapely.Polygon(list(square(0).exterior.coords)[::-1])
    found = deeper(with_shapes(street_of(3), P3=same))
    assert kinds(found) == [("identical", "P1")]
    assert "P1, P3" in found[0].message.text()


def test_areas_by_document_may_differ_by_two_per_cent() -> None:
    found = deeper(street_of(4, land_area_m2=[10_200, 9_800, 9_700, math.nan]))
    # |10000 - 9800| = 200 > 196: just over; |10000 - 10200| = 200 < 204: just under
    assert kinds(found) == [("area_differs", "")]
    assert found[0].message.text().startswith("parcels.land_area_m2: 2 of 3 areas by document")
    assert "The largest: P3, P2" in found[0].message.text()


def ledger(**changes: Any) -> Any:
    layers = {
        "enterprises": pd.DataFrame(
            {"enterprise_id": ["E1", "E2"], "name": ["a", "b"], "operating_status": "normal"}
        ),
        "occupancy": pd.DataFrame(
            {
                "enterprise_id": ["E1", "E2"],
                "parcel_id": ["P1", "P2"],
                "land_share": [1.0, 1.0],
            }
        ),
        "performance": pd.DataFrame(
            {
                "enterprise_id": ["E1", "E2"],
                "year": [2021, 2021],
                "tax_amount": [1.0, 2.0],
                "revenue_amount": [1.0, 2.0],
            }
        ),
    }
    return {**layers, **{name: layers[name].assign(**columns) for name, columns in changes.items()}}


def test_a_ledger_that_fits_has_nothing_to_tell() -> None:
    assert deeper(street_of(2), **ledger()) == ()


def test_rows_that_name_what_is_not_there_and_rows_that_nothing_names() -> None:
    found = deeper(
        street_of(3, is_vacant=[False, False, True]),  # P3 is empty: nobody need be there
        **ledger(
            occupancy={"parcel_id": ["P1", "P9"], "enterprise_id": ["E1", "E7"]},
            performance={"enterprise_id": ["E1", "E8"]},
        ),
    )
    assert [(one.layer, one.kind, one.row, one.severity) for one in found] == [
        ("occupancy", "lost_link", "P9", "warning"),
        ("occupancy", "lost_link", "E7", "warning"),
        ("performance", "lost_link", "E8", "warning"),
        ("parcels", "parcel_without_firm", "P2", "note"),
        ("enterprises", "firm_without_parcel", "E2", "warning"),
        ("enterprises", "firm_without_year", "E2", "note"),
    ]


@pytest.mark.parametrize(
    ("shares", "expected"), [((0.5, 0.5), []), ((0.5, 0.5 + 9e-7), []), ((0.5, 0.6), ["P1"])]
)
def test_shares_of_a_parcel_may_add_up_to_one(shares: Any, expected: Any) -> None:
    found = deeper(
        street_of(1), **ledger(occupancy={"parcel_id": "P1", "land_share": list(shares)})
    )
    assert [one.row for one in found if one.kind == "shares_above_one"] == expected


def test_tax_may_not_be_above_revenue() -> None:
    found = deeper(street_of(2), **ledger(performance={"tax_amount": [1.0, 2.1]}))
    assert kinds(found) == [("tax_above_revenue", "E2 2021")]


def test_parcels_without_a_value_are_counted() -> None:
    values = pd.DataFrame({"parcel_id": ["P1"], "year": [2024], "total_amount": [1.0]})
    assert kinds(deeper(street_of(3), valuation=values)) == [("parcel_without_value", "")]


def test_long_lists_are_cut() -> None:
    found = deeper(street_of(15, land_area_m2=1.0))
    assert found[0].message.text().endswith("P9, P10 and 5 more")


@settings(max_examples=25, deadline=None)
@given(st.permutations(list(range(6))), st.floats(-3e4, 3e4), st.floats(-3e4, 3e4))
def test_neither_the_order_of_rows_nor_a_shift_of_the_map_changes_what_is_found(
    order: Any, dx: Any, dy: Any
) -> None:
    town = with_shapes(
        block_of(3, 2, land_area_m2=[1e4, 1e4, 1e4, 9e3, 1e4, 1e4]),
        P2=shapely.box(EAST + 90, NORTH, EAST + 200, NORTH + 100),
    )
    moved = town.iloc[order]
    moved = moved.set_geometry(moved.translate(dx, dy))
    found = {(one.kind, one.row) for one in deeper(moved)}
    assert {kind for kind, _ in found} == {"overlap", "area_differs"}
    assert {row for kind, row in found if kind == "overlap"} <= {"P1", "P2"}
