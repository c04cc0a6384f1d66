"""Every rule twice: the row it writes, and the parcel a small town then picks; every objective with its sum by pencil."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import plan_checker
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_towns import RULES, evaluated, everything, lake, park_of, rules_with, trunk_in_the_west
from towns import CRS, block_of, square, street_of

from geoplan.errors import InfeasibleError, PlanError
from geoplan.io import write_geopackage
from geoplan.model.answers import Allocation
from geoplan.model.rulepack import RulePack, Rules
from geoplan.plan import CandidateRule, asked, plan_land_use
from geoplan.plan.land import Land
from geoplan.plan.wishes import WISHES, rule_of

CONVERSION = {
    "surveyed_uses": ["1001"],
    "sensitive_roles": ["home"],
    "permitted": {"1001": ["home", "industry"]},
}


def rules_of(**numbers: float) -> Rules:
    """The little pack with a conversion table: clearing 1 a m2, survey 2 a m2; 6 and 9 months; storeys of 3 m."""
    pack = rules_with(
        **{
            "conversion__clearing_amount_per_m2": 1.0, "conversion__soil_survey_amount_per_m2": 2.0,
            "conversion__clearing_months": 6.0, "conversion__soil_survey_months": 9.0,
            "intensity__storey_height_m": 3.0, **numbers,
        }
    ).packs[0]  # fmt: skip
    return Rules(
        packs=(
            RulePack(
                name=pack.name, version=pack.version, date=pack.date, title=pack.title,
                numbers=pack.numbers, data={**pack.data, "conversion": CONVERSION},
            ),
        )
    )  # fmt: skip


TOWN_RULES = rules_of()


def planned(*wishes: Any, town: gpd.GeoDataFrame | None = None, **given: Any) -> Allocation:
    """The street of ``test_allocate``: homes 1.0 to 0.2, works 0.0 to 0.8 from west to east, reserve 0.5.

    Best without a wish: homes homes homes works works, 3.8 parcels' worth.
    """
    town = street_of(5) if town is None else town
    layers = {"water": lake(), "roads": trunk_in_the_west(), **given.pop("layers", {})}
    rules = given.pop("rules", TOWN_RULES)
    return plan_land_use(
        park_of(town, **layers), evaluated(town), rules=rules,
        programme=everything(town, wishes=wishes, **given),
    )  # fmt: skip


def products(allocation: Allocation) -> str:
    return " ".join(allocation.parcels["product"].fillna("-"))


def row_of(allocation: Allocation, rule: str) -> pd.Series:
    return allocation.rules.set_index("rule").loc[rule]


def land_of(town: gpd.GeoDataFrame, **layers: Any) -> Land:
    programme = everything(town)
    return Land(
        park=park_of(town, **layers), rules=TOWN_RULES, parcels=town, staying=town.iloc[:0],
        programme=programme,
    )  # fmt: skip


def flood(*columns: int, share: float = 1.0) -> gpd.GeoSeries:
    """The western share of some squares."""
    shapes = [square(column) for column in columns]
    boxes = [s.bounds for s in shapes]
    return gpd.GeoSeries(
        [shapely.box(w, s, w + share * (e - w), n) for w, s, e, n in boxes], crs=CRS
    )


def count(name: str, *keys: str, lower: float = 0, upper: float = np.inf) -> asked.CountTarget:
    return asked.CountTarget(name=name, products=keys, lower=lower, upper=upper, source="test")


CASES: dict[str, tuple[Any, str, str, float]] = {
    # wish; what the street becomes; the rule's name; its value
    "four homes exactly": (
        count("homes", "homes", lower=4, upper=4), "homes homes homes homes works", "count.homes", 4.0),
    "no more than one works": (
        count("works", "works", upper=1), "homes homes homes reserve works", "count.works", 1.0),
    "floor area": (  # homes have 2.0: at most 40 000 m2 are two of them; the third is worth least
        asked.FloorAreaTarget(name="homes", products=("homes",), upper_m2=40_000, source="t"),
        "homes homes reserve works works", "floor_area.homes", 40_000.0),
    "people": (  # 500 a parcel
        asked.PopulationTarget(name="people", lower=2_000, source="t"),
        "homes homes homes homes works", "population.people", 2_000.0),
    "land a head": (  # 10 m2 of reserve for each of 500 people a parcel is half a parcel for each home
        asked.PerPerson(name="green", products=("reserve",), lower_m2=10, source="t"),
        "homes homes reserve works works", "per_person.green", 10.0),
    "floor area a head": (  # works have 1.0: 20 000 m2 for 1 000 people are two, so two homes
        asked.PerPerson(name="jobs", products=("works",), of="floor_area", lower_m2=20, source="t"),
        "homes homes reserve works works", "per_person.jobs", 20.0),
    "money": (  # two soil surveys of 20 000 each
        asked.Clearance(name="budget", max_amount=45_000, source="t"),
        "homes homes reserve works works", "clearance.budget", 40_000.0),
    "months": (  # a survey takes nine
        asked.Clearance(name="soon", max_months=8, source="t"),
        "reserve reserve reserve works works", "clearance.soon", 0.0),
    "permitted conversions": (
        asked.Permission(), "homes homes homes works works", "permission", 0.0),
    "flooded": (
        asked.Overlay(name="flood", products=("homes",), shapes=flood(0, share=0.6), max_share=0.5, source="t"),
        "reserve homes homes works works", "overlay.flood", 0.0),
    "flooded just so much": (
        asked.Overlay(name="flood", products=("homes",), shapes=flood(0, share=0.5), max_share=0.5, source="t"),
        "homes homes homes works works", "overlay.flood", 0.0),
    "on the trunk road": (  # only P1 lies on it
        asked.Frontage(name="front", products=("homes",), road_classes=("trunk",), min_m=100, source="t"),
        "homes reserve reserve works works", "frontage.front", 0.0),
    "homes not beside works": (
        asked.ForbiddenNeighbours(name="n", products=("homes",), others=("works",), source="t"),
        "homes homes homes reserve works", "neighbours.n", 0.0),
    "one patch of reserve and works": (  # free already
        asked.Patches(name="p", products=("reserve", "works"), max_count=1, joins_today=False, source="t"),
        "homes homes homes works works", "patches.p", 1.0),
    "no patch below three": (
        asked.Patches(name="p", products=("works",), min_m2=30_000, joins_today=False, source="t"),
        "homes homes works works works", "patches.p", 1.0),
    "no patch above one": (
        asked.Patches(name="p", products=("works",), max_m2=10_000, joins_today=False, source="t"),
        "homes homes homes reserve works", "patches.p", 1.0),
    "reserve within 100 m of every home": (  # P1 P3 around P2 is worth 2.1, P2 P3 beside P1 P4 2.0
        asked.Reach(name="r", products=("reserve",), radius_m=100, source="t"),
        "homes reserve homes works works", "reach.r", 1.0),
    "reserve near half of the homes' land": (  # one reserve on P3 covers P2 and not P1
        asked.Reach(name="r", products=("reserve",), radius_m=100, weigh="area", min_share=0.5, source="t"),
        "homes homes reserve works works", "reach.r", 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_small_town_picks_the_right_parcel_and_the_rule_writes_its_row(name: str) -> None:
    wish, street, rule, value = CASES[name]
    allocation = planned(wish)
    assert products(allocation) == street
    row = row_of(allocation, rule)
    assert row["value"] == pytest.approx(value)
    assert row["is_kept"]


def test_small_and_narrow_parcels_take_no_homes() -> None:
    town = street_of(3)
    west, south, east, _ = town.geometry["P2"].bounds
    town.loc["P2", "geometry"] = shapely.box(west, south, east, south + 60)  # 6 000 m2, 60 m wide
    small = asked.MinParcel(name="m", products=("homes",), min_m2=6_000.1, source="t")
    enough = asked.MinParcel(name="m", products=("homes",), min_m2=6_000, source="t")
    narrow = asked.MinCircle(name="c", products=("homes",), diameter_m=60.1, source="t")
    wide = asked.MinCircle(name="c", products=("homes",), diameter_m=60, source="t")
    for wish, middle in (
        (small, "reserve"),
        (enough, "homes"),
        (narrow, "reserve"),
        (wide, "homes"),
    ):
        assert products(planned(wish, town=town)).split()[1] == middle
    kept = planned(small, town=town)
    assert not kept.suitability.set_index(["parcel_id", "product"]).loc[
        ("P2", "homes"), "is_allowed"
    ]


def test_what_is_permitted_is_the_longest_beginning_and_a_use_may_always_stay() -> None:
    town = street_of(3, use=["100102", "1401", "100103"])
    rules = rules_of()
    data = dict(rules.packs[0].data)
    data["conversion"] = {**CONVERSION, "permitted": {"1001": ["home"], "100103": ["reserve"]}}
    pack = rules.packs[0]
    rules = Rules(packs=(RulePack(name="p", version="1", date=pack.date, title=pack.title,
                                  numbers=pack.numbers, data=data),))  # fmt: skip
    land = Land(
        park=park_of(town),
        rules=rules,
        parcels=town,
        staying=town.iloc[:0],
        programme=everything(town),
    )
    rule = rule_of(land, asked.Permission())
    forbidden = rule.forbids(land)
    # columns homes, works (100102), reserve
    assert forbidden.tolist() == [[False, False, True], [False, False, False], [True, True, False]]


def test_buildings_are_cleared_and_industrial_soil_is_surveyed() -> None:
    from geoplan.plan.conversion import conversion_amount, conversion_months  # noqa: PLC0415

    town = street_of(
        3, use=["100102", "100102", "0901"], existing_floor_area_m2=[5_000.0, 0.0, np.nan]
    )
    land = land_of(town)
    # homes: clearing 5 000 + survey 20 000, survey alone, nothing on shops; works stay on 100102; reserve: clearing
    assert conversion_amount(land).tolist() == [[25_000, 0, 5_000], [20_000, 0, 0], [0, 0, 0]]
    assert conversion_months(land).tolist() == [[15, 0, 6], [9, 0, 0], [0, 0, 0]]


def test_a_net_joins_what_stays_and_reaches_across_a_street() -> None:
    # P3 is reserve today and stays; planned reserve must hang together with it
    town = street_of(5, use=["100102", "100102", "16", "100102", "100102"])
    free = CandidateRule(parcel_ids=("P1", "P2", "P4", "P5"))
    two = count("two", "reserve", lower=2, upper=2)
    net = asked.Patches(name="net", products=("reserve",), max_count=1, source="t")
    assert products(planned(two, net, town=town, candidates=free)) in {
        "homes reserve - reserve works", "homes homes - reserve reserve"}  # 2.8 each  # fmt: skip
    apart = town.copy()
    apart.loc[["P4", "P5"], "geometry"] = apart.geometry[["P4", "P5"]].translate(
        20, 0
    )  # a street of 20 m
    allocation = planned(two, net, town=apart, candidates=free)
    assert products(allocation) in {
        "reserve reserve - works works",
        "homes homes - reserve reserve",
    }
    across = asked.Patches(name="net", products=("reserve",), max_count=1, across_m=20, source="t")
    assert (
        products(planned(two, across, town=apart, candidates=free))
        == "homes reserve - reserve works"
    )


def test_forbidden_neighbours_count_what_stays() -> None:
    town = street_of(3, use=["100102", "2301", "2301"])
    wish = asked.ForbiddenNeighbours(name="n", products=("homes",), others=("works",), source="t")
    free = CandidateRule(parcel_ids=("P2", "P3"))
    assert products(planned(wish, town=town, candidates=free)) == "- reserve homes"
    long_border = asked.ForbiddenNeighbours(
        name="n", products=("homes",), others=("works",), min_border_m=100.1, source="t"
    )
    assert products(planned(long_border, town=town, candidates=free)) == "- homes homes"


def test_homes_that_stay_are_served_too_and_people_that_stay_are_counted() -> None:
    town = street_of(
        4, use=["070102", "2301", "2301", "2301"], existing_floor_area_m2=[8_000.0, 0, 0, 0]
    )
    free = CandidateRule(parcel_ids=("P2", "P3", "P4"))
    near = asked.Reach(name="r", products=("works",), radius_m=200, source="t")
    allocation = planned(near, town=town, candidates=free)
    assert products(allocation) == "- homes works works"  # P3 is 200 m from P1: exactly enough
    people = asked.PopulationTarget(name="people", upper=200, source="t")  # 8 000 / 40: no more
    assert "homes" not in products(planned(people, town=town, candidates=free))
    walked = asked.Reach(name="r", products=("works",), radius_m=200, weigh="people", source="t")
    row = row_of(planned(walked, town=town, candidates=free), "reach.r")
    assert row["value"] == 1.0


def test_a_walk_along_the_streets_is_longer_than_a_straight_line() -> None:
    # a street 5 m south of the row: 100 m along it from door to door, and twice 5 m to it
    town = street_of(4)
    west, south, *_ = town.total_bounds
    street = gpd.GeoDataFrame(
        {"road_class": ["local"], "road_id": ["R9"]},
        geometry=[shapely.LineString([(west, south - 5), (west + 400, south - 5)])], crs=CRS,
    ).set_index("road_id")  # fmt: skip
    one = count("one", "homes", lower=1)
    near = {
        radius: asked.Reach(name="r", products=("reserve",), radius_m=radius, measure="network", source="t")
        for radius in (110.0, 109.0)
    }  # fmt: skip
    layers = {"roads": street, "water": lake()}
    assert products(planned(near[110.0], one, town=town, layers=layers)).count("homes") == 1
    with pytest.raises(InfeasibleError):
        planned(near[109.0], one, town=town, layers=layers)


# ---- objectives -----------------------------------------------------------------------------------------------


def objective_of(*objectives: Any, wishes: tuple[Any, ...] = (), **given: Any) -> Allocation:
    return planned(*wishes, objectives=objectives, **given)


def test_suitability_is_the_mean_over_the_land() -> None:
    allocation = objective_of(asked.Suitable())
    assert products(allocation) == "homes homes homes works works"
    assert allocation.proof.objective == pytest.approx(3.8 / 5)
    assert allocation.proof.unit == "score"
    assert allocation.parcels.loc["P3", "runner_up_price_score"] == pytest.approx(0.1 / 5)
    assert np.isnan(allocation.parcels.loc["P3", "runner_up_price_m2"])
    assert "points less" in allocation.parcels.loc["P3", "plan_reason_en"]


def test_compactness_keeps_one_use_together() -> None:
    # four borders, three of them alike; all alike loses 3.8 - 3.0 = 0.8 of 5 in suitability
    for weight, street in (
        (0.6, "homes homes homes works works"),
        (0.7, "homes homes homes homes homes"),
    ):
        allocation = objective_of(asked.Suitable(), asked.Borders(same=1.0, weight=weight))
        assert (
            products(allocation) == street
        )  # the fourth border is worth 0.15 or 0.175 against 0.16


def test_unwanted_neighbours_are_kept_apart_if_it_pays() -> None:
    apart = asked.Borders(pairs=MappingProxyType({("homes", "works"): -1.0}))
    # the one border of homes and works costs 1/4; reserve between them costs 0.1 of 5
    allocation = objective_of(asked.Suitable(), apart)
    assert products(allocation) in {
        "homes homes homes reserve works",
        "homes homes reserve works works",
    }
    assert allocation.proof.objective == pytest.approx(3.7 / 5)


def test_cost_and_kept_value_are_shares() -> None:
    town = street_of(5, existing_floor_area_m2=[10_000.0, 0, 0, 0, 0])
    kept = objective_of(asked.Suitable(), asked.ValueKept(), town=town)
    assert (
        products(kept) == "works homes homes works works"
    )  # 1.0 of 5 lost against all the floor area
    assert row_of(kept, "goal.value_kept")["value"] == 1.0
    cheap = objective_of(asked.Suitable(), asked.ConversionCost(weight=-10.0), town=town)
    assert "homes" not in products(cheap)


def test_coverage_counts_parcels_land_or_people() -> None:
    two_reserves = count("reserve", "reserve", lower=1, upper=1)
    three_homes = count("homes", "homes", lower=3, upper=3)
    wishes = (two_reserves, three_homes)
    for weigh in ("parcel", "area", "people"):
        covered = asked.Covered(
            name="near", products=("reserve",), radius_m=100, weigh=weigh, weight=10
        )
        allocation = objective_of(asked.Suitable(), covered, wishes=wishes)
        # two of three homes can touch the one reserve; of these plans the best is homes homes reserve homes works
        assert row_of(allocation, "goal.near")["value"] == pytest.approx(2 / 3)
        assert allocation.proof.objective == pytest.approx(
            10 * 2 / 3 + (1.0 + 0.8 + 0.5 + 0.4 + 0.8) / 5
        )


def test_land_within_a_distance_is_cut_exactly() -> None:
    # P1 stays as a home; a park on P3 (100 m away) reaches 150 m: the eastern half of P1
    town = street_of(3, use=["070102", "2301", "2301"])
    within = asked.AreaWithin(name="near", products=("reserve",), radius_m=150, min_m2=10_000)
    wishes = (count("one", "reserve", lower=1, upper=1), count("homes", "homes", upper=0))
    allocation = objective_of(within, wishes=(*wishes, asked.Overlay(
        name="not P2", products=("reserve",), shapes=flood(1), max_share=0.5, source="t")),
        town=town, candidates=CandidateRule(parcel_ids=("P2", "P3")))  # fmt: skip
    assert products(allocation) == "- works reserve"
    assert allocation.proof.objective == pytest.approx(0.5)
    too_small = asked.AreaWithin(name="near", products=("reserve",), radius_m=150, min_m2=10_001)
    none = objective_of(
        too_small, wishes=wishes, town=town, candidates=CandidateRule(parcel_ids=("P2", "P3"))
    )
    assert none.proof.objective == 0.0


def test_spread_is_the_mean_distance_and_needs_an_exact_count() -> None:
    far = asked.Spread(name="far", products=("reserve",), reference_m=400)
    allocation = objective_of(far, wishes=(count("three", "reserve", lower=3, upper=3),))
    chosen = products(allocation).split()
    assert (chosen[0], chosen[4]) == ("reserve", "reserve")
    assert allocation.proof.objective == pytest.approx(
        (400 + 400) / 3 / 400
    )  # ends, and any between them
    assert allocation.proof.bound == pytest.approx(allocation.proof.objective, rel=1e-3)
    with pytest.raises(PlanError, match="give an exact count"):
        objective_of(far)


# ---- many rules at a time -------------------------------------------------------------------------------------


def wishes_by(seed: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    rng = np.random.default_rng(seed)
    all_wishes = [
        count("homes", "homes", lower=int(rng.integers(0, 3)), upper=int(rng.integers(2, 5))),
        asked.ForbiddenNeighbours(name="n", products=("homes",), others=("works",), source="t"),
        asked.Patches(name="p", products=("homes",), max_count=float(rng.integers(1, 3)), source="t"),
        asked.Patches(name="s", products=("works",), min_m2=float(rng.choice([10_000, 20_000])), source="t"),
        asked.Reach(name="r", products=("reserve",), radius_m=100, min_share=float(rng.choice([0.4, 1.0])), source="t"),
        asked.PerPerson(name="g", products=("reserve",), lower_m2=float(rng.choice([5, 10])), source="t"),
    ]  # fmt: skip
    all_objectives = [
        asked.Suitable(),
        asked.Borders(same=0.5, weight=float(rng.choice([0.3, 1.0]))),
        asked.Covered(name="c", products=("works",), radius_m=150, weigh="area"),
        asked.AreaWithin(name="a", products=("reserve",), radius_m=50),
    ]
    pick = rng.random(6) < 0.5, rng.random(4) < 0.6
    return (
        tuple(itertools.compress(all_wishes, pick[0])),
        tuple(itertools.compress(all_objectives, pick[1])) or (asked.Suitable(),),
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_no_plan_of_a_small_town_is_better_whatever_is_asked(seed: int) -> None:
    from geoplan.model.landuse import is_home  # noqa: PLC0415
    from geoplan.plan.goals import goal_of  # noqa: PLC0415
    from geoplan.plan.suitability import score_products  # noqa: PLC0415

    wishes, objectives = wishes_by(seed)
    town = block_of(3, 2)
    programme = everything(town, wishes=wishes, objectives=objectives)
    park = park_of(town, water=lake(), roads=trunk_in_the_west())
    land = Land(
        park=park, rules=TOWN_RULES, parcels=town, staying=town.iloc[:0], programme=programme
    )
    fit = score_products(
        park,
        is_candidate=pd.Series(True, index=town.index),
        products=programme.products,
        rules=TOWN_RULES,
    )
    rules = [rule_of(land, wish) for wish in wishes]
    goals = [goal_of(land, fit, one).goal for one in objectives]
    worth = [
        sum(goal.weight * goal.term.value(labels) for goal in goals)
        for labels in map(np.array, itertools.product(range(3), repeat=6))
        if all(rule.is_kept(labels) for rule in rules)
    ]
    assert not is_home(town["use"]).any()
    if not worth:
        with pytest.raises(InfeasibleError):
            plan_land_use(park, evaluated(town), programme=programme, rules=TOWN_RULES)
        return
    allocation = plan_land_use(park, evaluated(town), programme=programme, rules=TOWN_RULES)
    assert allocation.proof.bound >= max(worth) - 1e-6
    assert allocation.proof.objective == pytest.approx(max(worth), rel=1e-4)
    assert allocation.rules["is_kept"].all()


@settings(max_examples=8, deadline=None)
@given(st.sampled_from([0.0, 0.3, 0.6]), st.sampled_from([0.0, 0.2, 0.4]))
def test_a_tighter_reach_never_improves_the_plan(share: float, more: float) -> None:
    def worth(least: float) -> float:
        wish = asked.Reach(
            name="r", products=("reserve",), radius_m=100, min_share=least, source="t"
        )
        return planned(wish).proof.objective

    assert worth(share + more) <= worth(share) + 1e-6


def test_every_kind_of_wish_has_a_rule_and_every_rule_a_case() -> None:
    told = {type(wish) for wish, *_ in CASES.values()} | {asked.MinParcel, asked.MinCircle}
    assert told == set(WISHES) == set(asked.Wish.__args__)


# ---- when it cannot be ----------------------------------------------------------------------------------------


def test_wishes_that_cannot_hold_together_are_named_in_words() -> None:
    homes = count("homes", "homes", lower=4)
    reach = asked.Reach(name="green near", products=("reserve",), radius_m=100, source="t")
    idle = count("idle", "works", upper=5)
    with pytest.raises(InfeasibleError) as error:
        planned(homes, reach, idle)
    text = error.value.text("en")
    assert (
        "“homes”: at least 4 parcels of homes (alone it would have to give way by 1 patches or parcels)"
        in text
    )
    assert "“green near”: at least 100.0 % of home parcels within 100 m" in text
    assert "idle" not in text


def test_everything_asked_wrongly_is_told_at_once() -> None:
    wrong = (
        count("a", "castle"),
        count("b", "homes", lower=3, upper=2),
        count("b", "homes"),
        asked.Frontage(name="f", products=("homes",), road_classes=("canal",), min_m=1, source="t"),
    )
    with pytest.raises(PlanError) as error:
        planned(*wrong)
    text = error.value.text("en")
    for word in (
        "castle",
        "at least 3",
        "two targets are named b",
        "class canal; the park has trunk",
    ):
        assert word in text
    with pytest.raises(PlanError, match=r"conversion\.clearing_months"):
        planned(asked.Permission(), rules=RULES)


# ---- intensity ------------------------------------------------------------------------------------------------


def dense(coverage: float, height: float, **more: float) -> Rules:
    return rules_of(
        products__homes__coverage_share=coverage, products__homes__max_height_m=height, **more
    )


def test_coverage_times_storeys_must_reach_the_floor_area_ratio() -> None:
    # homes have 2.0; 9 storeys of 3 m on a quarter of the land reach 2.25, 7 storeys 1.75
    assert planned(rules=dense(0.25, 27.0), products=homes_of(dense(0.25, 27.0))).parcels.loc[
        "P1", "planned_height_m"
    ] == 27.0  # fmt: skip
    low = dense(0.25, 23.9)
    with pytest.raises(PlanError, match=r"storeys of 3 m reach 1\.75"):
        planned(rules=low, products=homes_of(low))


def homes_of(rules: Rules) -> Any:
    from geoplan.plan import products_of  # noqa: PLC0415

    return products_of(rules)


def test_the_height_in_force_binds_only_if_asked() -> None:
    rules = dense(0.25, 27.0)
    town = street_of(5, max_height_m=[12.0, np.nan, np.nan, np.nan, np.nan])
    free = planned(town=town, rules=rules, products=homes_of(rules)).parcels.loc["P1"]
    assert (free["planned_floor_area_ratio"], free["planned_population"]) == (2.0, 500.0)
    held = planned(
        town=town, rules=rules, products=homes_of(rules), keeps_height_limits=True
    ).parcels.loc["P1"]
    # four storeys on a quarter of the land: 1.0
    assert (held["planned_floor_area_ratio"], held["planned_population"]) == (1.0, 250.0)
    assert (held["planned_height_m"], held["planned_coverage_share"]) == (12.0, 0.25)


# ---- the checker ----------------------------------------------------------------------------------------------


def test_the_independent_checker_agrees_with_every_rule_and_objective(tmp_path: Path) -> None:
    town = block_of(4, 3)
    town.loc["P6", "use"] = "16"
    free = CandidateRule(parcel_ids=tuple(p for p in town.index if p != "P6"))
    wishes = (
        count("homes", "homes", lower=3, upper=6),
        count("two", "reserve", lower=2, upper=2),
        asked.FloorAreaTarget(name="floor", products=("homes", "works"), upper_m2=2e5, source="t"),
        asked.PopulationTarget(name="people", upper=5_000, source="t"),
        asked.PerPerson(name="green", products=("reserve",), lower_m2=2, source="t"),
        asked.MinParcel(name="m", products=("homes",), min_m2=9_000, source="t"),
        asked.MinCircle(name="c", products=("homes",), diameter_m=90, source="t"),
        asked.Overlay(
            name="flood", products=("homes",), shapes=flood(3), max_share=0.5, source="t"
        ),
        asked.Frontage(name="f", products=("homes",), road_classes=("trunk",), min_m=0, source="t"),
        asked.Clearance(name="b", max_amount=1e9, source="t"),
        asked.ForbiddenNeighbours(name="n", products=("homes",), others=("works",), source="t"),
        asked.Patches(name="net", products=("reserve",), max_count=2, source="t"),
        asked.Reach(name="r", products=("reserve",), radius_m=250, min_share=0.5, source="t"),
    )
    objectives = (
        asked.Suitable(), asked.Borders(same=0.2, pairs=MappingProxyType({("homes", "reserve"): 0.1})),
        asked.Covered(name="c", products=("works",), radius_m=300, weigh="area", weight=0.5),
        asked.AreaWithin(name="a", products=("reserve",), radius_m=80, weight=0.5),
        asked.Spread(name="s", products=("reserve",), reference_m=500, weight=0.1),
    )  # fmt: skip
    plan = planned(*wishes, town=town, objectives=objectives, candidates=free)
    path = tmp_path / "plan.gpkg"
    layers = {"plan": plan.parcels, "suitability": plan.suitability, "plan_rules": plan.rules}
    write_geopackage(path, layers=layers, provenance={}, date=dt.date(2026, 1, 1), crs=CRS)
    told: list[str] = []
    assert plan_checker.check(path, told.append) == []
    assert sum(line.startswith("--") for line in told) == 1  # the budget alone is taken as told
