"""Land that changes year by year: towns by pencil, what it costs, how it repeats, and how it stops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import street_of
from way_towns import question, target

from geoplan.errors import PlanError, UnfinishedError
from geoplan.plan import (
    Horizon,
    Separation,
    Simulation,
    plan_by_simulation,
    plan_land_use,
    simulate,
    simulate_land_use,
)
from geoplan.plan.conversion import conversion_of
from geoplan.plan.question import pose_question

#: Nothing by chance, every parcel up every year, no neighbours: the best land first.
SURE = {
    "simulate__chance": 0.0, "simulate__weight__neighbourhood": 0.0, "simulate__weight__cost": 0.0,
    "simulate__stock__new_share": 1.0, "simulate__stock__old_share": 1.0,
    "conversion__pair__industrial__home__wait_years": 0.0,
}  # fmt: skip


def simulated(horizon: dict[str, Any] | None = None, **asked: Any) -> Simulation:
    given_ = question(**asked)
    asked_of = {"first_year": 2027, "years": 4, "runs": 3, **(horizon or {})}
    return simulate_land_use(
        given_.pop("park"), given_.pop("evaluation"), **given_, horizon=Horizon(**asked_of)
    )


def by_year(simulation: Simulation, product: str) -> list[str]:
    """Parcels that surely have a product at the end of each year."""
    table = simulation.uses[
        (simulation.uses["product"] == product) & (simulation.uses["probability"] == 1)
    ]
    years = sorted(simulation.uses["year"].unique())
    return [" ".join(table.loc[table["year"] == year, "parcel_id"]) for year in years]


def test_land_is_converted_as_the_demand_grows_the_best_first() -> None:
    demand = {"homes": {2028: 20_000, 2030: 30_000}}
    found = simulated({"demand_m2": demand}, numbers=SURE)
    # demand 10 000, 20 000, 25 000, 30 000: homes fit P1, P2, P3 best
    assert found.demand.query("product == 'homes'")["demand_m2"].tolist() == [
        10_000, 20_000, 25_000, 30_000,
    ]  # fmt: skip
    # in 2029 5 000 m2 are missing, a square is just as far above as below: it waits
    assert by_year(found, "homes") == ["P1", "P1 P2", "P1 P2", "P1 P2 P3"]


def test_a_demand_that_is_not_met_says_why() -> None:
    cost = 10_000 * (700 + 300 + 450) + 10_000 * 2_500  # land, soil, streets and pipes; floors
    found = simulated(
        {"demand_m2": {"homes": {2030: 40_000}}, "budget_amount": cost / 2}, numbers=SURE
    )
    homes = found.demand.query("product == 'homes'")
    assert homes["met_share"].tolist() == [0, 0, 0, 0]
    assert homes["mean_m2"].tolist() == [0, 10_000, 10_000, 20_000]  # a square every other year
    assert homes["reason_en"].tolist()[0] == "the money of the year was spent (3 runs)"
    assert homes["reason_zh"].tolist()[0] == "当年资金已用尽（3 次）"
    spent = found.indicators.query("indicator == 'spent'")
    assert spent["median"].tolist() == [0, cost, cost, 2 * cost]


def test_without_a_demand_it_is_what_the_optimal_plan_builds() -> None:
    asked = {"area_targets": (target("works", "works", lower=30_000),)}
    given_ = question(**asked)
    plan = plan_land_use(
        given_["park"], given_["evaluation"], programme=given_["programme"], rules=given_["rules"]
    )
    built = plan.parcels.area.groupby(plan.parcels["product"]).sum()
    found = simulated(numbers=SURE, **asked)
    last = found.demand.query("year == 2030").set_index("product")["demand_m2"]
    assert last[last > 0].to_dict() == pytest.approx(built.to_dict())
    assert (found.demand.query("year == 2030")["met_share"] == 1).all()
    assert found.plan_of_run(0).rules["is_kept"].all()


def test_homes_wait_for_the_soil_survey_of_industrial_land() -> None:
    numbers = {**SURE, "conversion__pair__industrial__home__wait_years": 1.0}
    found = simulated({"demand_m2": {"homes": {2027: 10_000}}}, numbers=numbers)
    assert by_year(found, "homes") == ["", "P1", "P1", "P1"]
    first = found.demand.query("product == 'homes'")["reason_en"].iloc[0]
    assert first == "none may be converted so early (3 runs)"


def test_homes_do_not_come_near_a_plant_that_has_not_come_up() -> None:
    # nothing ever comes up but P1, which is empty land; P2 is a plant beside it
    town = street_of(2, use=["2301", "100102"])
    numbers = {**SURE, "simulate__stock__new_share": 0.0, "simulate__stock__old_share": 0.0}
    asked = {"demand_m2": {"homes": {2027: 10_000}}}
    free = simulated(asked, town=town, numbers=numbers)
    assert by_year(free, "homes") == ["P1"] * 4
    near = simulated(asked, town=town, numbers=numbers, separations=(Separation(grade="M2"),))
    assert by_year(near, "homes") == [""] * 4
    assert "too near industry" in near.demand.query("product == 'homes'")["reason_en"].iloc[0]


def test_the_matrix_of_conversion_adds_up() -> None:
    town = street_of(2, use=["2301", "100102"])
    posed = question(town=town)
    matrix = conversion_of(
        pose_question(
            posed["park"], posed["evaluation"], programme=posed["programme"], rules=posed["rules"]
        )
    )
    # homes, works, reserve; 10 000 m2 of land and 10 000 m2 of floors each
    assert matrix.amount is not None
    assert matrix.amount[0].tolist() == [
        1e4 * (500 + 450) + 1e4 * 2_500, 1e4 * (500 + 300) + 1e4 * 2_500, 1e4 * (500 + 50) + 1e4 * 2_500,
    ]  # fmt: skip
    assert matrix.amount[1, 0] == 1e4 * (700 + 300 + 450) + 1e4 * 2_500
    assert matrix.wait_years.tolist() == [[0, 0, 0], [1, 0, 0]]


def test_money_of_another_country_is_no_cost_and_that_is_said() -> None:
    given_ = question()
    park = given_.pop("park")
    dollars = type(park)(name=park.name, layers=park.layers, currency="USD")
    found = simulate_land_use(
        dollars, given_.pop("evaluation"), **given_,
        horizon=Horizon(first_year=2027, years=1, runs=1, budget_amount=1.0),
    )  # fmt: skip
    said = [item.message.text("en") for item in found.allocation.left_out]
    assert any("the rule packs count in CNY, the park in USD" in words for words in said)
    assert any("the yearly budget is not kept" in words for words in said)


def test_a_demand_that_cannot_be_read_is_told_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        simulated({"demand_m2": {"homes": {2028: 2, 2029: 1}, "castle": {2028: 1}}})
    assert caught.value.text("en").count("\n  - ") == 2
    assert "the demand for homes falls" in caught.value.text("en")
    assert "the programme does not build; it builds homes, works, reserve" in caught.value.text(
        "en"
    )


@given(st.integers(0, 1_000))
@settings(max_examples=8, deadline=None)
def test_every_year_of_every_run_holds_all_the_land(seed: int) -> None:
    found = simulated({"seed": seed, "runs": 4})
    sums = found.uses.groupby(["parcel_id", "year"])["probability"].sum()
    assert len(sums) == 5 * 4
    assert np.allclose(sums, 1)
    land = found.indicators.query("indicator == 'land'")
    converted = found.indicators.query("indicator == 'converted'")
    assert (land.groupby("year")["least"].sum() <= 50_000 + 1e-6).all()
    assert (converted["most"] <= 50_000 + 1e-6).all()
    unmet = found.demand["met_share"] < 1
    assert (found.demand.loc[unmet, "reason_en"] != "").all()
    assert (found.demand.loc[~unmet, "reason_en"] == "").all()
    for run in range(4):
        plan = found.plan_of_run(run)
        assert plan.parcels.area.sum() == pytest.approx(50_000)
        assert plan.proof.objective <= plan.proof.bound


def tables(found: Simulation) -> list[pd.DataFrame]:
    return [
        found.demand,
        found.uses,
        found.indicators,
        found.allocation.parcels.drop(columns="geometry"),
    ]


def test_equal_seeds_give_equal_answers_and_others_do_not() -> None:
    one, same, other = (simulated({"seed": seed, "runs": 6}) for seed in (1, 1, 2))
    for left, right in zip(tables(one), tables(same), strict=True):
        pd.testing.assert_frame_equal(left, right, check_exact=True)
    assert not one.uses.equals(other.uses)


def test_a_run_is_the_same_however_many_there_are() -> None:
    few, many = simulated({"runs": 2}), simulated({"runs": 6})
    for run in range(2):
        assert np.array_equal(few.courses[run].label, many.courses[run].label)
        assert np.array_equal(few.courses[run].spent, many.courses[run].spent)


def test_the_most_probable_plan_and_a_run_are_named_as_such() -> None:
    found = simulated({"demand_m2": {"homes": {2027: 10_000}}}, numbers=SURE)
    told = found.allocation.parcels["plan_reason_en"]
    assert told["P1"].startswith("homes in 100% of 3 runs by the last year; ")
    assert told["P2"] == "keeps its use of today in 100% of 3 runs"
    run = found.plan_of_run(1).parcels
    assert run["plan_reason_en"]["P1"].startswith(
        "in run 1 (from 0) of 3 it is converted in 2027; "
    )
    assert run["planned_use"].tolist() == ["070102", "100102", "100102", "100102", "100102"]
    assert run["product"].notna().tolist() == [True, False, False, False, False]


def test_the_typical_run_is_one_that_happened() -> None:
    found = simulated({"runs": 8})
    given_ = question()
    plan = plan_by_simulation(
        given_.pop("park"), given_.pop("evaluation"), **given_,
        horizon=Horizon(first_year=2027, years=4, runs=8),
    )  # fmt: skip
    typical = found.plan_of_run(found.typical_run)
    assert plan.parcels["product"].equals(typical.parcels["product"])


@pytest.mark.parametrize("done", [0, 2])
def test_ctrl_c_keeps_the_runs_that_are_whole(done: int, monkeypatch: pytest.MonkeyPatch) -> None:
    count, real = itertools.count(), simulate.run_years

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if next(count) == done:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(simulate, "run_years", interrupted)
    if not done:
        with pytest.raises(UnfinishedError, match="interrupted before its first run"):
            simulated({"runs": 5})
        return
    found = simulated({"runs": 5})
    assert (found.run_count, found.is_complete) == (2, False)
    assert set(found.uses["probability"]) <= {0.5, 1.0}


def test_a_horizon_needs_a_year_and_a_run() -> None:
    with pytest.raises(ValueError, match="a horizon needs a year"):
        Horizon(first_year=2027, years=0)
