"""The national evaluation of intensive land use: towns by pencil, before and after a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from evaluated_towns import NAN, bools, firms, ledger, park_of, reports
from towns import CRS, EAST, NORTH, places_of, street_of

from geoplan.evaluate import evaluate_park
from geoplan.indicators import measure_plan
from geoplan.indicators.intensity import INTENSITY, WHEN
from geoplan.model.answers import Allocation, Indicator
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.optimise.proof import Proof

RULES = load_rules(["seed-practice", "plan-assumed", "intensity-td1029"])


def measured(
    park: Park, plan: Allocation | None = None, *, packs: Sequence[str] | None = None
) -> dict[str, Indicator]:
    rules = RULES if packs is None else load_rules(list(packs))
    items = measure_plan(park, evaluate_park(park, rules=rules), plan, rules=rules)
    begins = "intensity_"
    return {item.name.removeprefix(begins): item for item in items if item.name.startswith(begins)}


def value(told: dict[str, Indicator], name: str) -> float:
    found = told[name].value
    assert found is not None, str(told[name].note)
    return found


def plan_of(park: Park, **rows: tuple[str, str, float, float]) -> Allocation:
    """A plan by parcel: product, use, floor area, residents."""
    names = ["product", "planned_use", "planned_floor_area_m2", "planned_population"]
    made = pd.DataFrame.from_dict(rows, orient="index", columns=names).reindex(park.parcels.index)
    made["planned_use"] = made["planned_use"].fillna(park.parcels["use"])
    made["planned_dwelling_count"] = 0.0
    return Allocation(
        parcels=park.parcels.join(made), suitability=pd.DataFrame(), rules=pd.DataFrame(),
        proof=Proof(objective=0.0, bound=0.0, sense="max", status="optimal"),
    )  # fmt: skip


def halls(*places: tuple[float, float, float], **columns: Any) -> gpd.GeoDataFrame:
    """Buildings: column of the town, footprint [m2] (100 m deep strips), floor area [m2]."""
    shapes = [
        shapely.box(EAST + 100 * c, NORTH, EAST + 100 * c + ground / 100, NORTH + 100)
        for c, ground, _ in places
    ]
    table = {"floor_area_m2": [floor for *_, floor in places], **columns}
    index = pd.Index([f"B{n + 1}" for n in range(len(shapes))], name="building_id")
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS, index=index)


def old_park() -> Park:
    """Ten squares of one hectare: 4 industry (P4 empty), 1 storage, 2 homes, 1 road, 1 vacant, 1 water."""
    uses = ["100102"] * 4 + ["110101", "070102", "070102", "1207", "2301", "1701"]
    parcels = street_of(
        10,
        use=uses,
        is_vacant=bools(False, False, False, True, False, *[None] * 5),
        vacancy_months=[NAN, NAN, NAN, 40.0, *[NAN] * 6],
        tenure_type=["granted"] * 7
        + ["国有划拨 allocated", "政府储备 in the land store", "政府储备"],
    )
    buildings = halls(
        (0, 4000, 8000.0), (1, 3000, 3000.0), (2, 5000, 9000.0), (4, 4000, 4000.0), (5, 2000, 14_000.0), (6, 1000, 7000.0)
    )  # fmt: skip
    people = firms(A="normal", B="normal", C="normal", S="normal", G="normal")
    people["is_industrial_use"] = bools(True, True, True, None, False)
    links = ledger(
        ("A", "P1", "owner"), ("B", "P2", "owner"), ("C", "P3", "owner"), ("S", "P5", "owner"), ("G", "P3", "tenant")
    )  # fmt: skip
    figures = reports(2025, column="tax_amount", A=[4e6], B=[2e6], C=[2e6], S=[NAN], G=[1e6])
    figures["fixed_assets_amount"] = [40e6, 20e6, 20e6, NAN, 9e6]
    figures["output_amount"] = 1e6
    return park_of(
        parcels, buildings=buildings, enterprises=people, occupancy=links, performance=figures
    )


def test_the_land_of_today_by_pencil() -> None:
    # built up: three plants, storage, two homes, the road: 7 ha, and 4 of them industry and storage
    told = measured(old_park())
    assert value(told, "industry_today") == pytest.approx(400 / 7)
    assert value(told, "home_today") == pytest.approx(200 / 7)
    assert value(told, "floor_area_ratio_today") == pytest.approx(45_000 / 70_000)
    assert value(told, "density_today") == pytest.approx(100 * 19_000 / 70_000)
    assert value(told, "industry_floor_area_ratio_today") == pytest.approx(24_000 / 40_000)
    assert value(told, "industry_coverage_today") == pytest.approx(100 * 16_000 / 40_000)
    # supplied: P1 to P8, P4 of them idle; the vacant land is in the store
    assert value(told, "built_today") == pytest.approx(100 * 7 / 8)
    assert value(told, "idle_today") == pytest.approx(100 / 8)
    # homes hold 21 000 m2, at 35 m2 a head 600 people, on 7 ha
    assert value(told, "population_today") == pytest.approx(600 / 7)


def test_money_is_that_of_the_last_year_in_10k_yuan_per_hectare() -> None:
    told = measured(old_park())
    assert value(told, "industry_tax_today") == pytest.approx(800 / 4)  # 8 million on 4 ha
    assert value(told, "investment_today") == pytest.approx(8000 / 4)
    assert value(told, "tax_today") == pytest.approx(900 / 7)  # with the gym
    assert "reported by 3 of 4 firms in 2025" in str(told["industry_tax_today"].note)
    assert "reported by 4 of 5 firms in 2025" in str(told["tax_today"].note)
    assert told["tax_today"].unit == "10k_yuan/ha"


def test_what_the_data_lack_is_unknown_and_said() -> None:
    told = measured(old_park())
    for name in ("supply_today", "developed_today"):
        assert told[name].value is None
        assert "(30.0 mu) is ready for supply (B21) is not in the data" in str(told[name].note)
    bare = measured(park_of(street_of(2)))
    assert "land supplied (D) is not known" in str(bare["built_today"].note)
    assert "no layer of buildings" in str(bare["density_today"].note)
    assert "floor area is not known on any parcel" in str(bare["floor_area_ratio_today"].note)
    assert "no ledger" in str(bare["tax_today"].note)
    assert "residents today are not in the data" in str(bare["population_today"].note)
    unknown = (
        "built",
        "density",
        "floor_area_ratio",
        "tax",
        "population",
        "supply",
        "idle",
        "investment",
    )
    assert all(bare[f"{name}_today"].value is None for name in unknown)
    assert value(bare, "industry_today") == value(bare, "developed_today") == 100.0


def test_every_indicator_tells_its_formula_and_its_standing_in_both_languages() -> None:
    told = measured(old_park(), plan_of(old_park(), P4=("park", "1401", 100.0, 0.0)))
    assert len(told) == len(INTENSITY) * len(WHEN)
    for item in told.values():
        assert item.note is not None
        assert "TD/T 1029" in item.note.text("en")
        assert "standard not read (assumed)" in item.note.text("en")
        assert "理想值未知，不评分" in item.note.text("zh")


def converted() -> Allocation:
    """P2 and P4 become homes for 800 and 400, P9 a park, P5 stays."""
    return plan_of(
        old_park(),
        P2=("talent_homes", "070102", 28_000.0, 800.0),
        P4=("talent_homes", "070102", 14_000.0, 400.0),
        P9=("park", "1401", 200.0, 0.0),
    )


def test_the_land_after_the_plan_by_pencil() -> None:
    # built up then: all but the water, 9 ha; industry P1, P3, P5; homes P2, P4, P6, P7
    told = measured(old_park(), converted())
    assert value(told, "industry_planned") == pytest.approx(300 / 9)
    assert value(told, "home_planned") == pytest.approx(400 / 9)
    assert value(told, "floor_area_ratio_planned") == pytest.approx(
        (45_000 - 3000 + 42_200) / 90_000
    )
    # footprints: 16 000 stay, talent homes cover 22 %, the park 2 %
    assert value(told, "density_planned") == pytest.approx(100 * (16_000 + 4400 + 200) / 90_000)
    assert value(told, "supply_planned") == value(told, "developed_planned") == 100.0
    assert value(told, "idle_planned") == 0.0
    assert value(told, "population_planned") == pytest.approx((600 + 1200) / 9)
    assert value(told, "industry_tax_planned") == pytest.approx(600 / 3)  # without B
    assert "only firms that stay" in str(told["industry_tax_planned"].note)


def test_without_a_plan_there_is_nothing_after_it() -> None:
    told = measured(old_park())
    assert all(told[name].value is None for name in told if name.endswith("_planned"))
    assert str(told["type_planned"].note) == "there is no plan"


TYPES = {"industry-led": 1.0, "industry and city": 2.0, "other": 3.0}


@pytest.mark.parametrize(
    ("industry", "homes", "rest", "kind"),
    [
        (7, 4, 9, "industry-led"),  # 35 % and 20 %
        (7, 5, 8, "other"),  # housing just reaches 25 %
        (6, 5, 9, "industry and city"),  # industry is just 30 %
        (6, 4, 10, "other"),
        (0, 0, 3, "other"),
    ],
)
def test_the_type_of_a_park_on_both_sides_of_each_limit(
    industry: int, homes: int, rest: int, kind: str
) -> None:
    uses = ["100102"] * industry + ["070102"] * homes + ["1207"] * rest
    told = measured(park_of(street_of(len(uses), use=uses)))["type_today"]
    assert told.value == TYPES[kind]
    assert str(told.note).startswith(kind)


def test_a_plan_can_flip_the_type() -> None:
    told = measured(old_park(), converted())
    assert (told["type_today"].value, told["type_planned"].value) == (3.0, 3.0)  # 57 % and 29 %
    uses = ["100102"] * 4 + ["070102"] + ["1207"] * 5
    park = park_of(street_of(10, use=uses))
    plan = plan_of(park, **{f"P{n}": ("talent_homes", "070102", 1.0, 1.0) for n in (1, 2)})
    flipped = measured(park, plan)
    assert (flipped["type_today"].value, flipped["type_planned"].value) == (1.0, 2.0)


def test_land_of_unknown_use_leaves_the_type_open_only_where_it_could_turn_it() -> None:
    park = park_of(street_of(10, use=["100102"] * 3 + ["1207"] * 6 + ["unknown"]))
    told = measured(park)["type_today"]
    assert told.value is None
    assert str(told.note).startswith("land of unknown use decides it")
    clear = measured(park_of(street_of(10, use=["100102"] * 8 + ["1207"] + ["unknown"])))[
        "type_today"
    ]
    assert clear.value == 1.0
    assert "land of unknown use, not counted, on 1 parcels (15.0 mu)" in str(clear.note)


def test_without_its_rule_pack_none_of_them_is_told() -> None:
    assert measured(old_park(), packs=["seed-practice"]) == {}
    assert "type_today" in measured(old_park(), packs=["seed-practice", "intensity-td1029"])


def test_a_building_that_names_no_parcel_stands_where_it_lies_and_one_that_does_where_it_says() -> (
    None
):
    town = street_of(2, use=["100102", "070102"])
    placed = park_of(town, buildings=halls((0, 2000, 100.0), (1, 3000, 100.0)))
    assert value(measured(placed), "industry_coverage_today") == pytest.approx(20.0)
    named = park_of(
        town, buildings=halls((0, 2000, 100.0), (1, 3000, 100.0), parcel_id=["P1", "P1"])
    )
    assert value(measured(named), "industry_coverage_today") == pytest.approx(50.0)


def test_floors_known_in_part_are_a_lower_bound_and_say_so() -> None:
    told = measured(park_of(street_of(2, floor_area_m2=[5000.0, NAN])))["floor_area_ratio_today"]
    assert told.value == 0.25
    assert "not known on 1 of 2 parcels: a lower bound" in str(told.note)


def test_only_parks_in_yuan_speak_of_yuan() -> None:
    park = old_park()
    other = Park(name=park.name, layers=park.layers, currency="USD")
    assert measured(other)["tax_today"].unit == "10k/ha"


def test_tenure_that_nobody_recorded_is_told() -> None:
    park = old_park()
    tenure = park.parcels["tenure_type"].where(park.parcels.index != "P1")
    told = measured(park.with_layers(parcels=park.parcels.assign(tenure_type=tenure)))[
        "built_today"
    ]
    assert told.value == pytest.approx(100.0)  # 7 ha built up on 7 known to be supplied
    assert "tenure not known on 1 parcels" in str(told.note)
    granted = park.parcels.assign(tenure_type=tenure, grant_date=["1998-05-01", *[None] * 9])
    assert value(measured(park.with_layers(parcels=granted)), "built_today") == pytest.approx(87.5)


def test_water_is_no_urban_land() -> None:
    park = park_of(street_of(2, use=["100102", "1701"]), water=places_of("water"))
    assert value(measured(park), "developed_today") == 100.0
    assert value(measured(park), "industry_today") == 100.0
