"""Scores a reader can add up."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from planned_towns import RULES, lake, park_of, rules_with, trunk_in_the_west
from towns import CRS, EAST, NORTH, square, street_of

from geoplan.errors import ScenarioError
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.plan import products_of
from geoplan.plan.suitability import CRITERIA, Suitability, score_products


def scored(
    park: Park, *keys: str, rules: Rules = RULES, stays: tuple[str, ...] = ()
) -> Suitability:
    is_candidate = pd.Series(~park.parcels.index.isin(stays), index=park.parcels.index)
    return score_products(
        park, is_candidate=is_candidate, products=products_of(rules, keys), rules=rules
    )


def column(fit: Suitability, product: str) -> Any:
    return pytest.approx(fit.score[product].tolist())


def test_nearness_falls_straight_from_full_to_nothing() -> None:
    fit = scored(park_of(street_of(7), water=lake()), "homes")
    # edge to edge: 0, 100, ... 600 m; nothing from 500 m on
    assert column(fit, "homes") == [1.0, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0]


def test_far_is_the_other_way_round() -> None:
    fit = scored(park_of(street_of(3), roads=trunk_in_the_west()), "works")
    assert column(fit, "works") == [0.0, 0.2, 0.4]


def test_weights_are_shared_among_what_can_be_measured() -> None:
    rules = rules_with(suitability__weights__homes__quiet=3.0)
    both = scored(
        park_of(street_of(2), water=lake(), roads=trunk_in_the_west()), "homes", rules=rules
    )
    # P2: (1 x 0.8 + 3 x 0.2) / 4
    assert column(both, "homes") == [0.25, 0.35]
    one = scored(park_of(street_of(2), water=lake()), "homes", rules=rules)
    assert column(one, "homes") == [1.0, 0.8]
    assert [(left.stage, left.message.key) for left in one.left_out] == [
        ("suitability.quiet", "plan.no_layer")
    ]


def test_a_product_nothing_can_be_said_of_fits_nowhere_and_that_is_said() -> None:
    fit = scored(park_of(street_of(2)), "homes", "reserve")
    assert column(fit, "homes") == [0.0, 0.0]
    assert column(fit, "reserve") == [0.5, 0.5]
    assert [left.stage for left in fit.left_out] == ["suitability.near_water", "suitability"]


def test_industry_that_stays_counts_and_industry_that_goes_does_not() -> None:
    rules = rules_with(
        suitability__weights__homes__near_water=0.0,
        suitability__weights__homes__away_from_industry=1.0,
    )
    town = street_of(4, use=["100102", "100102", "110101", "070102"])
    assert column(scored(park_of(town), "homes", rules=rules), "homes") == [1.0] * 4
    fit = scored(park_of(town), "homes", rules=rules, stays=("P1",))
    assert column(fit, "homes") == [0.0, 0.5, 1.0]  # P2 0 m, P3 100 m of 200 m, P4 200 m


def test_parcels_that_stay_count_as_water_and_green_by_their_use() -> None:
    town = street_of(3, use=["1704", "100102", "100102"])
    fit = scored(park_of(town), "homes", stays=("P1",))
    assert column(fit, "homes") == [1.0, 0.8]
    assert fit.left_out == ()


def test_an_unknown_slope_counts_as_level_and_is_said(tmp_path: Any) -> None:
    import rasterio  # noqa: PLC0415
    from rasterio.transform import Affine  # noqa: PLC0415

    from geoplan.model.answers import Raster  # noqa: PLC0415

    heights = np.tile(np.arange(10) * 1.0, (10, 1))  # 0.1 everywhere under P1
    path = tmp_path / "z.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=10, width=10, count=1, dtype="float64",
        crs=rasterio.CRS.from_epsg(CRS), transform=Affine(10, 0, EAST, 0, -10, NORTH + 100),
    ) as file:  # fmt: skip
        file.write(heights, 1)
    park = Park(
        name={}, layers={"parcels": street_of(2)}, elevation=Raster(path=str(path), unit="m")
    )
    rules = rules_with(
        suitability__weights__homes__near_water=0.0, suitability__weights__homes__flat=1.0
    )
    fit = scored(park, "homes", rules=rules)
    assert column(fit, "homes") == [0.5, 1.0]  # 1 - 0.1 / 0.2; P2 lies beyond the raster
    assert fit.left_out[0].message.text("en").startswith("1 candidates lie beyond")


def test_an_empty_layer_is_infinitely_far_not_missing() -> None:
    empty = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=CRS)
    fit = scored(park_of(street_of(2), water=empty), "homes")
    assert column(fit, "homes") == [0.0, 0.0]
    assert fit.left_out == ()


def test_the_reason_names_the_heaviest_part_first() -> None:
    rules = rules_with(suitability__weights__homes__quiet=3.0)
    fit = scored(
        park_of(street_of(2), water=lake(), roads=trunk_in_the_west()), "homes", rules=rules
    )
    assert fit.reason("P2", "homes").text("en") == "away from through traffic 0.20, near water 0.80"
    assert fit.reason("P2", "homes").text("zh") == "远离过境交通 0.20、临近水体 0.80"
    assert fit.parts_text().loc["P2", "homes"] == "near_water=0.8*0.25; quiet=0.2*0.75"


def test_a_criterion_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ScenarioError, match="near_heaven"):
        scored(
            park_of(street_of(1)),
            "homes",
            rules=rules_with(suitability__weights__homes__near_heaven=1.0),
        )


def test_scores_lie_between_nothing_and_one_for_every_shipped_product() -> None:
    town = street_of(6, use=["1401", "080403", "100102", "2301", "2301", "2301"])
    roads = gpd.GeoDataFrame(
        {"road_class": ["trunk", "arterial", "local"]},
        geometry=[shapely.LineString([(EAST, NORTH - 50 * i), (EAST + 600, NORTH - 50 * i)]) for i in range(3)],
        crs=CRS, index=["R1", "R2", "R3"],
    )  # fmt: skip
    park = park_of(town, water=lake(), roads=roads)
    rules = load_rules(["plan-assumed"])
    keys = list(rules.data("products"))
    fit = scored(park, *keys, rules=rules, stays=("P1", "P2", "P3"))
    assert fit.score.shape == (3, len(keys))
    assert fit.score.stack().between(0, 1).all()  # noqa: PD013
    assert fit.weights.sum(axis=1).tolist() == pytest.approx([1.0] * len(keys))


def test_the_shipped_pack_weighs_every_criterion_and_names_every_product() -> None:
    rules = load_rules(["plan-assumed"])
    weighed = {name.rpartition(".")[2] for name in rules.numbers if ".weights." in name}
    assert weighed == set(CRITERIA)
    for product in products_of(rules):
        assert product.name.text("zh") != product.key
        assert square(0).area * product.floor_area_ratio >= 0
        assert (product.role == "home") == (product.floor_area_m2_per_person > 0)
