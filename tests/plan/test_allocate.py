"""Small towns whose best plan a reader finds by pencil, and towns where every plan is tried."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from planned_towns import RULES, evaluated, everything, lake, park_of, rules_with, trunk_in_the_west
from towns import block_of, street_of

from geoplan.errors import InfeasibleError, PlanError
from geoplan.model.answers import Allocation
from geoplan.plan import (
    KEEP,
    AreaTarget,
    CandidateRule,
    Programme,
    Separation,
    ShareTarget,
    plan_land_use,
    products_of,
)


def planned(count: int = 5, **asked: Any) -> Allocation:
    """A street of squares between the lake in the west and nothing in the east.

    Homes score 1.0, 0.8, 0.6, 0.4, 0.2 from west to east (the lake's shore is P1's side; 500 m is nothing);
    works score 0.0, 0.2, 0.4, 0.6, 0.8 (a trunk road runs along the shore); reserve 0.5 everywhere.
    """
    town = street_of(count)
    park = park_of(town, water=lake(), roads=trunk_in_the_west())
    return plan_land_use(park, evaluated(town), programme=everything(town, **asked), rules=RULES)


def products(allocation: Allocation) -> str:
    return " ".join(allocation.parcels["product"].fillna("-"))


def target(name: str, *keys: str, lower: float = 0.0, upper: float = np.inf) -> AreaTarget:
    return AreaTarget(name=name, products=keys, lower_m2=lower, upper_m2=upper, source="test")


def test_every_parcel_takes_what_fits_best_if_nothing_is_asked() -> None:
    allocation = planned()
    assert products(allocation) == "homes homes homes works works"
    # 10 000 m2 x (1.0 + 0.8 + 0.6 + 0.6 + 0.8)
    assert allocation.proof.objective == pytest.approx(38_000)
    assert allocation.proof.bound == pytest.approx(38_000)
    assert allocation.proof.unit == "m2"


def test_a_target_is_met_where_it_costs_least() -> None:
    allocation = planned(area_targets=(target("works", "works", lower=30_000),))
    assert products(allocation) == "homes homes works works works"  # P3 gives 0.2, P1 would give 1


def test_a_target_that_is_just_reached_is_kept_and_one_square_metre_more_is_not() -> None:
    just = planned(area_targets=(target("works", "works", lower=30_000, upper=30_000),))
    assert just.rules.set_index("rule").loc["area.works", "value"] == pytest.approx(30_000)
    more = planned(area_targets=(target("works", "works", lower=30_001),))
    assert products(more) == "homes works works works works"


def test_a_share_counts_the_land_of_the_candidates() -> None:
    share = ShareTarget(name="reserve", products=("reserve",), lower_share=0.4, source="test")
    allocation = planned(area_targets=(share,))
    assert products(allocation).count("reserve") == 2
    assert products(allocation) == "homes homes reserve reserve works"  # 0.1 each at P3 and P4
    row = allocation.rules.set_index("rule").loc["share.reserve"]
    assert (row["value"], row["unit"], bool(row["is_kept"])) == (pytest.approx(0.4), "share", True)


def test_a_share_is_of_land_not_of_parcels() -> None:
    # P1 is half as wide, 50 m from the lake: homes 0.9 there, 0.8 on P2, reserve 0.5
    town = street_of(3)
    west, south, east, north = town.geometry["P1"].bounds
    town.loc["P1", "geometry"] = shapely.box(west + 50, south, east, north)
    share = ShareTarget(name="homes", products=("homes",), upper_share=0.2, source="test")
    park = park_of(town, water=lake())
    asked = everything(
        town, area_targets=(share,), products=products_of(RULES, ["homes", "reserve"])
    )
    allocation = plan_land_use(park, evaluated(town), programme=asked, rules=RULES)
    # homes: P1 (5 000 m2) just reaches a fifth; P2 alone would be two fifths
    assert products(allocation) == "homes reserve reserve"
    row = allocation.rules.set_index("rule").loc["share.homes"]
    assert row["value"] == pytest.approx(0.2)


def test_a_group_of_products_shares_one_band() -> None:
    both = target("built", "homes", "works", upper=20_000)
    assert products(planned(area_targets=(both,))).count("reserve") == 3


def test_a_lock_is_kept_and_makes_a_candidate() -> None:
    allocation = planned(
        candidates=CandidateRule(parcel_ids=("P2", "P3")), locks={"P5": "homes", "P3": KEEP}
    )
    assert products(allocation) == "- homes - - homes"
    assert allocation.parcels["planned_use"].tolist() == [
        "100102", "070102", "100102", "100102", "070102",
    ]  # fmt: skip


def test_homes_keep_away_from_polluting_industry_that_stays() -> None:
    # P1, P4 and P5 stay, class 2 plants by their code; P2 touches P1, P3 touches P4
    allocation = planned(
        candidates=CandidateRule(parcel_ids=("P2", "P3")), separations=(Separation(grade="M2"),)
    )
    assert products(allocation) == "- reserve reserve - -"
    row = allocation.rules.set_index("rule").loc["separation.M2"]
    assert row["parcel_ids"] == '["P1", "P4", "P5"]'


@pytest.fixture
def far_town() -> Any:
    """P1 stays as a plant, P2 to P4 are free: 0, 100 and 200 m from it."""
    town = street_of(4)
    return town, park_of(town, water=lake())


def test_just_as_far_as_the_separation_is_far_enough(far_town: Any) -> None:
    town, park = far_town
    asked = everything(
        town,
        candidates=CandidateRule(parcel_ids=("P2", "P3", "P4")),
        products=products_of(RULES, ["homes", "reserve"]),
        separations=(Separation(grade="M2"),),
        area_targets=(target("homes", "homes", lower=20_000),),
    )
    allocation = plan_land_use(park, evaluated(town), programme=asked, rules=RULES)
    assert products(allocation) == "- reserve homes homes"
    row = allocation.rules.set_index("rule").loc["separation.M2"]
    assert (row["lower"], row["value"]) == (100.0, pytest.approx(100.0))
    wider = rules_with(separation__M2_m=100.001)
    with pytest.raises(InfeasibleError):
        plan_land_use(park, evaluated(town), programme=asked, rules=wider)


def test_the_grade_of_the_firms_counts_before_the_code(far_town: Any) -> None:
    town, park = far_town
    firms = pd.DataFrame({"pollution_grade": ["M1", "M3"]}, index=["E1", "E2"])
    links = pd.DataFrame({"enterprise_id": ["E1", "E2"], "parcel_id": ["P1", "P1"]})
    park = park.with_layers(enterprises=firms, occupancy=links)
    asked = everything(
        town,
        candidates=CandidateRule(parcel_ids=("P2", "P3", "P4")),
        products=products_of(RULES, ["homes", "reserve"]),
        separations=(Separation(grade="M2"), Separation(grade="M3")),
    )
    allocation = plan_land_use(park, evaluated(town), programme=asked, rules=RULES)
    rows = allocation.rules.set_index("rule")
    assert rows.loc["separation.M2", "parcel_ids"] == "[]"  # the worst of its firms is M3
    assert rows.loc["separation.M3", "parcel_ids"] == '["P1"]'
    # only P4 is 200 m away, and there reserve (0.5) beats homes (0.4)
    assert products(allocation) == "- reserve reserve reserve"


def test_planned_works_and_planned_homes_keep_away_from_each_other() -> None:
    # alone: homes homes homes works works; 100 m between them take P3 or P4, which loses 0.1 either way
    allocation = planned(separations=(Separation(grade="M2"),))
    assert allocation.proof.objective == pytest.approx(37_000)
    assert products(allocation).count("reserve") == 1
    row = allocation.rules.set_index("rule").loc["separation.M2"]
    assert row["products"] == "homes / works"
    assert row["value"] == pytest.approx(100.0)


def test_separations_of_one_grade_are_told_apart_by_their_products() -> None:
    asked = (
        Separation(grade="M2", products=("homes",)),
        Separation(grade="M2", products=("reserve",)),
    )
    rules = planned(separations=asked).rules["rule"].tolist()
    assert rules[2:] == ["separation.M2.homes", "separation.M2.reserve"]


def test_rules_that_cannot_hold_together_are_named_in_words() -> None:
    share = ShareTarget(name="half reserve", products=("reserve",), lower_share=0.5, source="test")
    homes = target("homes", "homes", lower=30_000)
    idle = target("idle", "works", lower=0, upper=50_000)
    with pytest.raises(InfeasibleError) as error:
        planned(area_targets=(homes, idle, share))
    # 3 parcels of homes leave 2 of 5; half of 5 parcels is 3 whole ones
    assert error.value.text("en") == (
        "these rules cannot all hold:\n"
        "  - “homes”: at least 45.0 mu of homes (alone it would have to give way by 15.0 mu)\n"
        "  - “half reserve”: at least 50.0 % of land kept for later (alone it would have to give way by 7.5 mu)"
    )
    assert "idle" not in error.value.text("en")
    assert "“homes”：住宅不少于 45.0 亩" in error.value.text("zh")


def test_targets_above_the_land_are_told_before_any_search_all_at_once() -> None:
    targets = (target("homes", "homes", lower=60_000), target("works", "works", lower=1e6))
    with pytest.raises(InfeasibleError) as error:
        planned(area_targets=targets)
    assert len(error.value.problems) == 2
    assert "asks for at least 90.0 mu" in error.value.text("en")
    assert "measures 75.0 mu" in error.value.text("en")


def test_a_lock_against_a_target_is_told() -> None:
    with pytest.raises(InfeasibleError, match=r"15\.0 mu are locked to it"):
        planned(area_targets=(target("no works", "works", upper=9_999),), locks={"P1": "works"})


def test_everything_a_programme_names_wrongly_is_told_at_once() -> None:
    town = street_of(2)
    wrong = everything(
        town,
        area_targets=(target("a", "castle"), target("b", "homes", lower=2, upper=1),
                      target("b", "homes")),
        separations=(Separation(grade="M2", products=("villa",)),),
        locks={"P9": "homes", "P1": "palace"},
        phase_1_blocks=("B7",),
        candidates=CandidateRule(parcel_ids=("P8",)),
    )  # fmt: skip
    with pytest.raises(PlanError) as error:
        plan_land_use(park_of(town), evaluated(town), programme=wrong, rules=RULES)
    text = error.value.text("en")
    for word in (
        "castle",
        "at least 2",
        "two targets are named b",
        "villa",
        "P9",
        "palace",
        "B7",
        "P8",
    ):
        assert word in text
    assert len(error.value.problems) == 8


def test_no_land_to_plan_is_an_answer_in_words() -> None:
    with pytest.raises(InfeasibleError, match="no parcel may change"):
        planned(candidates=CandidateRule())


def test_the_runner_up_costs_what_the_parcel_would_lose() -> None:
    parcels = planned().parcels
    # P1: homes 1.0 or reserve 0.5; P3: homes 0.6 or reserve 0.5; P5: works 0.8 or reserve 0.5
    assert parcels["runner_up"].tolist() == ["reserve"] * 5
    assert parcels["runner_up_price_m2"].tolist() == pytest.approx([5000, 3000, 1000, 1000, 3000])


def test_a_runner_up_that_breaks_a_band_is_no_runner_up() -> None:
    exactly = target("homes", "homes", lower=30_000, upper=30_000)
    parcels = planned(area_targets=(exactly,)).parcels
    assert parcels["product"].tolist() == ["homes", "homes", "homes", "works", "works"]
    assert parcels["runner_up"].isna().tolist() == [True, True, True, False, False]
    assert parcels.loc["P4", "runner_up"] == "reserve"  # not homes: that would be 40 000 m2
    assert "every other product would break “homes”" in parcels.loc["P1", "plan_reason_en"]


def test_the_reason_says_what_would_fit_better_and_what_stands_against_it() -> None:
    most = target("few homes", "homes", upper=10_000)
    parcels = planned(area_targets=(most,)).parcels
    assert parcels.loc["P2", "product"] == "reserve"
    assert (
        "by itself homes would fit better (0.80), but “few homes” stands against it"
        in parcels.loc["P2", "plan_reason_en"]
    )
    assert "住宅更适宜（0.80）" in parcels.loc["P2", "plan_reason_zh"]


def test_floor_area_people_and_dwellings_follow_the_intensity() -> None:
    row = planned().parcels.loc["P1"]
    assert row["planned_floor_area_m2"] == pytest.approx(20_000)  # 10 000 m2 x 2.0
    assert row["planned_population"] == pytest.approx(500)  # 20 000 / 40
    assert row["planned_dwelling_count"] == pytest.approx(200)  # 20 000 / 100
    assert planned().parcels.loc["P5", "planned_population"] == 0


def test_who_is_no_candidate_keeps_its_use_and_its_row() -> None:
    allocation = planned(candidates=CandidateRule(parcel_ids=("P3",)))
    parcels = allocation.parcels
    assert parcels.index.tolist() == ["P1", "P2", "P3", "P4", "P5"]
    assert parcels["planned_use"].tolist() == ["100102", "100102", "070102", "100102", "100102"]
    assert parcels["product"].isna().tolist() == [True, True, False, True, True]
    assert parcels["planned_phase"].isna().tolist() == [True, True, False, True, True]
    before = parcels.groupby("use")["geometry"].apply(lambda shapes: shapes.area.sum()).sum()
    after = parcels.groupby("planned_use")["geometry"].apply(lambda shapes: shapes.area.sum()).sum()
    assert after == pytest.approx(before, rel=1e-9)


def test_the_inputs_are_left_as_they_were() -> None:
    town = street_of(3)
    before = town.copy(deep=True)
    park = park_of(town, water=lake(), roads=trunk_in_the_west())
    plan_land_use(park, evaluated(town), programme=everything(town), rules=RULES)
    assert_frame_equal(pd.DataFrame(town), pd.DataFrame(before))


def test_equal_questions_give_equal_plans() -> None:
    one, other = planned(), planned()
    for name in ("parcels", "suitability", "rules"):
        assert_frame_equal(pd.DataFrame(getattr(one, name)), pd.DataFrame(getattr(other, name)))


# ---- every plan of a small town tried -------------------------------------------------------------------------

KEYS = ("homes", "works", "reserve")


def best_by_trying(
    score: np.ndarray,
    area: np.ndarray,
    targets: tuple[AreaTarget, ...],
    apart: set[tuple[int, int]],
) -> float | None:
    """Worth of the best plan among all; homes and works never on a pair that must stay apart."""
    best = None
    for labels in itertools.product(range(len(KEYS)), repeat=len(area)):
        totals = {
            key: sum(a for a, label in zip(area, labels, strict=True) if KEYS[label] == key)
            for key in KEYS
        }
        sums = [sum(totals[key] for key in each.products) for each in targets]
        if any(
            not each.lower_m2 <= s <= each.upper_m2 for each, s in zip(targets, sums, strict=True)
        ):
            continue
        if any(KEYS[labels[i]] == "homes" and KEYS[labels[j]] == "works" for i, j in apart):
            continue
        worth = sum(score[i, label] * area[i] for i, label in enumerate(labels))
        best = worth if best is None else max(best, worth)
    return best


def scores_of(columns: int, rows: int) -> np.ndarray:
    """Scores of a chessboard town by hand: homes 1 - column / 5, works column / 5, reserve one half."""
    column = np.tile(np.arange(columns), rows)
    return np.column_stack([1 - column / 5, column / 5, np.full(columns * rows, 0.5)])


bounds = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(sorted)


@settings(max_examples=25, deadline=None)
@given(homes=bounds, works=bounds, both=bounds, is_apart=st.booleans())
def test_no_plan_of_a_small_town_is_better(
    homes: list[int],
    works: list[int],
    both: list[int],
    is_apart: bool,  # noqa: FBT001
) -> None:
    town = block_of(3, 2)
    targets = (
        target("homes", "homes", lower=homes[0] * 1e4, upper=homes[1] * 1e4),
        target("works", "works", lower=works[0] * 1e4, upper=works[1] * 1e4),
        target("both", "homes", "works", lower=both[0] * 1e4, upper=both[1] * 1e4),
    )
    shape = list(town.geometry)
    apart = {
        (i, j) for i in range(6) for j in range(6) if i != j and shape[i].distance(shape[j]) < 100
    }
    best = best_by_trying(
        scores_of(3, 2), town.area.to_numpy(), targets, apart if is_apart else set()
    )
    asked = everything(
        town, area_targets=targets, separations=(Separation(grade="M2"),) if is_apart else ()
    )
    park = park_of(town, water=lake_of_two_rows(), roads=trunk_of_two_rows())
    if best is None:
        with pytest.raises(InfeasibleError):
            plan_land_use(park, evaluated(town), programme=asked, rules=RULES)
    else:
        allocation = plan_land_use(park, evaluated(town), programme=asked, rules=RULES)
        assert allocation.proof.objective == pytest.approx(best)
        assert allocation.rules["is_kept"].all()


def lake_of_two_rows() -> Any:
    return lake().assign(geometry=lake().scale(1, 2, origin=(0, square_south(), 0)))


def trunk_of_two_rows() -> Any:
    road = trunk_in_the_west()
    return road.assign(geometry=road.scale(1, 2, origin=(0, square_south(), 0)))


def square_south() -> float:
    return float(street_of(1).total_bounds[1])


@settings(max_examples=20, deadline=None)
@given(lower=st.integers(0, 50_000), more=st.integers(0, 20_000))
def test_a_tighter_rule_never_improves_the_plan(lower: int, more: int) -> None:
    def worth(least_m2: int) -> float:
        try:
            return planned(area_targets=(target("r", "reserve", lower=least_m2),)).proof.objective
        except InfeasibleError:
            return -np.inf

    assert worth(lower + more) <= worth(lower) + 1e-6


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(5)), east=st.floats(-1e5, 1e5))
def test_row_order_and_a_shift_of_the_map_do_not_matter(order: list[int], east: float) -> None:
    town = street_of(5)
    moved = {
        name: layer.assign(geometry=layer.translate(east, 0))
        for name, layer in (("parcels", town), ("water", lake()), ("roads", trunk_in_the_west()))
    }
    shuffled = moved["parcels"].iloc[order]
    asked: Programme = everything(town, area_targets=(target("w", "works", lower=30_000),))
    park = park_of(shuffled, water=moved["water"], roads=moved["roads"])
    allocation = plan_land_use(park, evaluated(shuffled), programme=asked, rules=RULES)
    assert allocation.parcels.index.tolist() == shuffled.index.tolist()
    assert allocation.parcels["product"].sort_index().tolist() == [
        "homes", "homes", "works", "works", "works",
    ]  # fmt: skip
