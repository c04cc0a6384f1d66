"""Towns to be planned by pencil: a lake in the west, a rule pack of three products, and what asks for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from towns import CRS, EAST, NORTH, square

from geoplan.model.answers import Allocation, Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import RuleNumber, RulePack, Rules
from geoplan.optimise.proof import Proof
from geoplan.plan import CandidateRule, Programme, products_of

#: Homes like the lake, works flee it, reserve is worth 0.5 everywhere.
NUMBERS = {
    "suitability.near_water.scale_m": 500.0,
    "suitability.quiet.scale_m": 500.0,
    "suitability.away_from_industry.scale_m": 200.0,
    "suitability.flat.scale_slope": 0.2,
    "suitability.anywhere.score": 0.5,
    "suitability.weights.homes.near_water": 1.0,
    "suitability.weights.works.quiet": 1.0,
    "suitability.weights.reserve.anywhere": 1.0,
    "products.homes.floor_area_ratio": 2.0,
    "products.homes.floor_area_m2_per_person": 40.0,
    "products.homes.dwelling_m2": 100.0,
    "products.works.floor_area_ratio": 1.0,
    "products.reserve.floor_area_ratio": 0.0,
    "separation.M1_m": 0.0,
    "separation.M2_m": 100.0,
    "separation.M3_m": 200.0,
    "centres.min_area_m2": 5000.0,
    "population.existing_floor_area_m2_per_person": 40.0,
    "greenway.cost.green_street": 0.5,
    "greenway.cost.local": 1.0,
    "greenway.cost.trunk": 5.0,
    "greenway.cost.other": 1.0,
}
PRODUCTS = {
    "homes": {"use": "070102", "role": "home", "name": {"en": "homes", "zh": "住宅"}},
    "works": {"use": "100102", "role": "industry", "name": {"en": "works", "zh": "工厂"}},
    "reserve": {"use": "16", "role": "reserve"},
}


def rules_with(**numbers: float) -> Rules:
    """The little rule pack with some numbers replaced; ``__`` in a name stands for a dot."""
    values = NUMBERS | {name.replace("__", "."): value for name, value in numbers.items()}
    pack = RulePack(
        name="pencil",
        version="1",
        date=dt.date(2026, 1, 1),
        title={"en": "pencil", "zh": "铅笔"},
        numbers={
            name: RuleNumber(
                name=name, value=value, unit="", source="made up", standing="assumed", pack="pencil"
            )
            for name, value in values.items()
        },
        data={"products": PRODUCTS},
    )
    return Rules(packs=(pack,))


RULES = rules_with()


def lake() -> gpd.GeoDataFrame:
    """A square of water west of column 0."""
    return gpd.GeoDataFrame({"kind": ["lake"]}, geometry=[square(-1)], crs=CRS, index=["W1"])


def trunk_in_the_west() -> gpd.GeoDataFrame:
    """A trunk road along the west side of column 0."""
    edge = square(0).exterior.coords
    west = min(x for x, _ in edge)
    line = {"type": "LineString", "coordinates": [(west, y) for y in sorted({y for _, y in edge})]}
    table = gpd.GeoDataFrame.from_features(
        [{"type": "Feature", "properties": {"road_class": "trunk"}, "geometry": line}], crs=CRS
    )
    return table.set_index(pd.Index(["R1"], name="road_id"))


def park_of(town: gpd.GeoDataFrame, **layers: pd.DataFrame) -> Park:
    return Park(name={"en": "town"}, layers={"parcels": town, **layers})


def evaluated(town: gpd.GeoDataFrame, **columns: Any) -> Evaluation:
    none = pd.DataFrame()
    return Evaluation(
        parcels=town.assign(**columns), findings=none, averages=none, left_out=(), measure=""
    )


def everything(town: gpd.GeoDataFrame, **asked: Any) -> Programme:
    """A programme in which every parcel may become homes, works or reserve."""
    given: Mapping[str, Any] = {
        "products": products_of(RULES),
        "candidates": CandidateRule(parcel_ids=tuple(town.index)),
    }
    return Programme(**{**given, **asked})


def street(*ys: float, start: float = 0, end: float = 1000, **columns: Any) -> gpd.GeoDataFrame:
    """Streets from west to east, ``ys`` metres from the southern edge of the town."""
    lines = [shapely.LineString([(EAST + start, NORTH + y), (EAST + end, NORTH + y)]) for y in ys]
    columns = {"road_class": "local", **columns}
    names = pd.Index([f"R{i + 1}" for i in range(len(ys))], name="road_id")
    return gpd.GeoDataFrame(columns, geometry=lines, crs=CRS, index=names)


def allocation_of(town: gpd.GeoDataFrame, **columns: Any) -> Allocation:
    nothing = {
        "is_candidate": pd.array([True] * len(town), dtype="boolean"), "product": None,
        "planned_use": town["use"], "planned_population": 0.0,
    }  # fmt: skip
    proof = Proof(objective=0.0, bound=0.0, sense="max", status="optimal")
    none = pd.DataFrame()
    return Allocation(
        parcels=town.assign(**{**nothing, **columns}), suitability=none, rules=none, proof=proof
    )
