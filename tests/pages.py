"""A page a reader can check by pencil: six squares of 15 mu in two rows, with findings and a plan made by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from towns import CRS, EAST, NORTH, block_of

from geoplan.model.answers import (
    Allocation,
    Centres,
    Evaluation,
    Greenway,
    Indicator,
    StageLeftOut,
)
from geoplan.model.park import Park
from geoplan.model.rulepack import RuleNumber
from geoplan.optimise.proof import Proof
from geoplan.render import PageContent
from geoplan.words import literal, name_in_both, say

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "${alert(3)}",
    "`+alert(4)+`",
    "{{7*7}}",
    "{% raw %}{{ 1/0 }}",
    "\u202egnp.exe\u202c",
    "\"'><svg/onload=alert(5)>",
    "javascript:alert(6)",
    "\\u003cscript\\u003e\u2028\u2029<!-- --> &lt;b&gt; \x00",
)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def small_park(**columns: Any) -> Park:
    """P1 to P3 below, P4 to P6 above; P1 and P2 industry, P3 vacant land, P4 homes, P5 park, P6 unknown."""
    parcels = block_of(3, 2).assign(
        use=["100102", "100102", "2301", "070102", "1401", "unknown"], **columns
    )
    enterprises = pd.DataFrame(
        {"name": ["企业001", "企业002"], "operating_status": ["normal", "stopped"]},
        index=pd.Index(["E1", "E2"], name="enterprise_id"),
    )
    occupancy = pd.DataFrame({"enterprise_id": ["E1", "E2"], "parcel_id": ["P1", "P2"]})
    roads = gpd.GeoDataFrame(
        {"road_class": ["arterial", "local"], "name": ["龙文路", "Lake Road"]},
        geometry=[line((0, 100), (300, 100)), line((100, 0), (100, 200))],
        index=pd.Index(["R1", "R2"], name="road_id"),
        crs=CRS,
    )
    water = gpd.GeoDataFrame(
        {"kind": ["lake"], "name": ["上美湖"]},
        geometry=[shapely.box(EAST, NORTH + 210, EAST + 300, NORTH + 260)],
        index=pd.Index(["W1"], name="water_id"),
        crs=CRS,
    )
    return Park(
        name={"en": "Six squares", "zh": "六方格"},
        layers={
            "parcels": parcels,
            "enterprises": enterprises,
            "occupancy": occupancy,
            "roads": roads,
            "water": water,
        },
        currency="CNY",
        citation="made up",
    )


def evaluation_of(park: Park) -> Evaluation:
    """P1 keeps, P2 is acquired after three years below the mean, P3 is vacant, the rest is not assessed."""
    parcels = park.parcels.assign(
        area_m2=park.parcels.area,
        existing_floor_area_m2=[9_000.0, 4_000.0, 0.0, 12_000.0, np.nan, np.nan],
        measure_amount_per_m2=[4500.0, 900.0, np.nan, np.nan, np.nan, np.nan],
        below_mean_run_years=pd.array([0, 3, None, None, None, None], dtype="Int64"),
        triage=["keep", "acquire", "acquire", None, None, None],
        reason_en=["good", "poor", "empty", None, None, None],
        reason_zh=["好", "差", "空", None, None, None],
    )
    findings = pd.DataFrame(
        {
            "parcel_id": ["P1", "P2", "P3"],
            "finding": ["below_mean", "below_mean", "vacant"],
            "verdict": ["no", "yes", "unknown"],
            "reason_en": ["above the mean", "below it for 3 years", "nobody knows"],
            "reason_zh": ["高于均值", "连续三年低于均值", "不详"],
            "rule": ["below_mean.min_years", "below_mean.min_years", "vacant.min_months"],
        }
    )
    averages = pd.DataFrame(
        {
            "group": "park",
            "year": [2023, 2024, 2025],
            "mean_amount_per_m2": [1500.0, 2250.0, 2700.0],
        }
    )
    return Evaluation(
        parcels=parcels, findings=findings, averages=averages, left_out=(), measure="output_amount"
    )


def allocation_of(park: Park) -> Allocation:
    """P2 becomes homes for young staff, P3 a park; the rest stays."""
    changes = np.array([False, True, True, False, False, False])
    parcels = park.parcels.assign(
        is_candidate=pd.array(changes, dtype="boolean"),
        product=[None, "talent_homes", "park", None, None, None],
        planned_use=["100102", "070102", "1401", "070102", "1401", "unknown"],
        planned_phase=pd.array([None, 1, 2, None, None, None], dtype="Int64"),
        suitability_score=[np.nan, 0.75, 0.5, np.nan, np.nan, np.nan],
        runner_up=[None, "park", None, None, None, None],
        runner_up_price_m2=[np.nan, 1234.0, np.nan, np.nan, np.nan, np.nan],
        planned_floor_area_m2=[np.nan, 28_000.0, 0.0, np.nan, np.nan, np.nan],
        planned_dwelling_count=[np.nan, 466.0, 0.0, np.nan, np.nan, np.nan],
        planned_population=[np.nan, 800.0, 0.0, np.nan, np.nan, np.nan],
        plan_reason_en=[None, "near the lake", "by the shore", None, None, None],
        plan_reason_zh=[None, "临近湖面", "位于湖岸", None, None, None],
    )
    proof = Proof(objective=10_000.0, bound=10_000.0, sense="max", status="optimal", unit="m2")
    return Allocation(
        parcels=parcels, suitability=pd.DataFrame(), rules=pd.DataFrame(), proof=proof
    )


def small_page(park: Park | None = None, **changes: Any) -> PageContent:
    """Everything a page can show, of the six squares."""
    park = park or small_park()
    proof = Proof(objective=1.0, bound=1.0, sense="min", status="optimal")
    sites = gpd.GeoDataFrame(
        {
            "parcel_id": ["P1"],
            "name_en": ["Centre 1"],
            "name_zh": ["中心一"],
            "served_population": [800.0],
            "mean_walk_m": [120.0],
            "worst_walk_m": [260.0],
        },
        geometry=[shapely.Point(EAST + 50, NORTH + 50)],
        index=pd.Index(["C1"], name="centre_id"),
        crs=park.crs,
    )
    lines = gpd.GeoDataFrame(
        {"length_m": [200.0], "road_class": ["local"], "name": ["Lake Road"]},
        geometry=[line((100, 0), (100, 200))],
        index=pd.Index(["G1"], name="greenway_id"),
        crs=park.crs,
    )
    content = PageContent(
        park=park,
        title=name_in_both({"en": "Six squares", "zh": "六方格规划"}),
        scenario="squares",
        date=dt.date(2026, 11, 24),
        evaluation=evaluation_of(park),
        allocation=allocation_of(park),
        centres=Centres(sites=sites, assignment=pd.DataFrame(), proof=proof),
        greenway=Greenway(lines=lines, places=sites, proof=proof),
        indicators=(
            Indicator(name="site_area", value=60_000.0, unit="m2"),
            Indicator(
                name="planned_population", value=None, unit="persons", note=literal("no data")
            ),
        ),
        left_out=(StageLeftOut(stage="centres", message=say("common.unknown")),),
        provenance={"scenario": "squares"},
        rules=(
            RuleNumber(name="a", value=3, unit="a", source="ours", standing="assumed", pack="p"),
            RuleNumber(name="b", value=1, unit="m", source="law 1", standing="law", pack="p"),
        ),
    )
    return replace(content, **changes)


def area_of(park: Park, *, name: str = "East School") -> dict[str, pd.DataFrame]:
    """P1 and P2 low among low, P2 and P3 in one pocket, a school and a library, weak export in the west, E2 graded D."""
    ids, shapes = park.parcels.index, park.parcels.geometry.to_numpy()
    clusters = gpd.GeoDataFrame(
        {"cluster": ["low_low", "low_low", "none", "unknown", "unknown", "unknown"]},
        geometry=shapes, index=ids, crs=park.crs,
    )  # fmt: skip
    pockets = gpd.GeoDataFrame(
        {"area_m2": [20_000.0], "parcel_count": [2], "parcel_ids": ["P2; P3"]},
        geometry=[shapely.union_all(shapes[1:3])],
        index=pd.Index(["K1"], name="pocket_id"), crs=park.crs,
    )  # fmt: skip
    services = pd.concat(
        pd.DataFrame(
            {
                "parcel_id": ids, "kind": kind, "facility_id": "F1", "facility_name": name,
                "straight_m": 100.0, "walk_m": way, "max_m": limit, "is_near": near,
            }
        )
        for kind, way, limit, near in (
            ("school", [120.0, 700.0] * 3, 500.0, ["yes", "no"] * 3), ("library", np.nan, np.nan, "unknown"),
        )
    )  # fmt: skip
    services = gpd.GeoDataFrame(services, geometry=[*shapes, *shapes], crs=park.crs)
    profile = pd.DataFrame(
        {
            "area": ["park", "west"], "year": pd.array([2025, 2025], dtype="Int64"), "aspect": ["export", "export"],
            "value": [0.2, 0.05], "verdict": [None, "yes"],
            "reason_en": ["the yardstick", "weak against the park"], "reason_zh": ["基准", "弱于全园区"],
        }
    )  # fmt: skip
    grades = pd.DataFrame(
        {
            "enterprise_id": ["E1", "E2"], "year": 2025, "grade": ["A", "D"], "score": [90.0, 12.5],
            "reason_en": ["A: rank 1", "D: rank 2"], "reason_zh": ["A 类", "D 类"],
        }
    )  # fmt: skip
    items = pd.DataFrame(
        {
            "enterprise_id": ["E2"], "year": 2025, "indicator": ["tax_per_land"], "name_en": ["tax per land"],
            "name_zh": ["亩均税收"], "value": [2.5], "baseline": [10.0], "unit": ["10k/mu"], "weight": [50.0],
            "contribution": [12.5], "filled": [""],
        }
    )  # fmt: skip
    return {
        "clusters": clusters, "pockets": pockets, "services": services, "area_profile": profile,
        "grades": grades, "grade_items": items,
    }  # fmt: skip
