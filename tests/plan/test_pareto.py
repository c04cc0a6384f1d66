"""Plans none of which is better in every goal: goals by pencil, the front, and the file that a search goes on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from planned_towns import evaluated, lake, park_of
from towns import CRS, block_of, ledger, square, street_of
from way_towns import question, target

from geoplan.errors import InfeasibleError, PlanError
from geoplan.plan import PlanFront, pareto, plan_front
from geoplan.plan._kept import KeptAnswers
from geoplan.plan.front_goals import FRONT_GOALS, PlanGoal
from geoplan.plan.question import Question, pose_question


def posed(**asked: Any) -> Question:
    given = question(**asked)
    return pose_question(given.pop("park"), given.pop("evaluation"), **given)


def front(goals: tuple[str, ...] = ("suitability", "green"), **asked: Any) -> PlanFront:
    options = {name: asked.pop(name) for name in ("count", "resume", "progress") if name in asked}
    given = question(**asked)
    return plan_front(
        given.pop("park"), given.pop("evaluation"), **given, goals=goals, range_gap=0.0,
        relative_gap=1e-9, **options,
    )  # fmt: skip


def goal(name: str, asked: Question) -> PlanGoal:
    found = FRONT_GOALS[name](asked)
    assert isinstance(found, PlanGoal)
    return found


def test_suitability_is_what_the_optimal_plan_makes_largest() -> None:
    labels = np.array([0, 0, 0, 1, 1])  # homes homes homes works works
    assert goal("suitability", posed()).goal.value(labels) == pytest.approx(38_000)


def test_compactness_is_the_length_along_which_like_faces_like() -> None:
    # two by two squares of 100 m, all free; outlines within 30 m: the common side and 30 m of the sides on either end
    town = block_of(2, 2)
    asked = posed(town=town)
    compact = goal("compactness", asked).goal
    side = 100 + 2 * 30
    corner = compact.value(
        np.array([0, 2, 1, 0])
    )  # only P1 and P4 are alike: they meet in a corner
    assert 0 < corner <= 4 * 30
    row = compact.value(np.array([0, 0, 2, 1]))
    assert row == pytest.approx(side)
    assert compact.value(np.array([0, 0, 0, 0])) > 4 * side


def test_compactness_reaches_across_a_street_but_not_across_two() -> None:
    shapes = [
        square(0),
        shapely.affinity.translate(square(1), 25),
        shapely.affinity.translate(square(2), 75),
    ]
    asked = posed(town=street_of(3).set_geometry(shapes, crs=CRS))
    compact = goal("compactness", asked).goal
    assert compact.value(np.array([0, 0, 1])) > 100
    assert compact.value(np.array([1, 0, 0])) == 0


def test_walking_access_counts_residents_by_how_near_a_facility_is() -> None:
    # a school of today beside P1; no streets: straight lines of 0, 100, 200 m; 800 m is nothing
    town = street_of(4, use=["100102", "100102", "100102", "0804"])
    given = question(town=town)
    given.pop("park")
    programme = type(given["programme"])(
        products=given["programme"].products,
        candidates=type(given["programme"].candidates)(parcel_ids=("P1", "P2", "P3")),
    )
    asked = pose_question(
        park_of(town, water=lake()), evaluated(town), programme=programme, rules=given["rules"]
    )
    people = 10_000 * 2.0 / 40  # floor area ratio 2, 40 m2 a head
    access = goal("walking_access", asked)
    assert access.goal.table[:, 0] == pytest.approx([people * 0.75, people * 0.875, people])
    assert access.goal.table[:, 1].tolist() == [0, 0, 0]
    assert access.unit == "persons"


def test_jobs_are_kept_where_land_stays_industry() -> None:
    given = question()
    layers = ledger(
        ("F1", "P1", "normal", None), ("F1", "P2", "normal", None), ("F2", "P2", "normal", None)
    )
    layers["enterprises"]["employee_count"] = [100, 30]
    layers["occupancy"]["floor_area_m2"] = [3_000.0, 1_000.0, 500.0]
    park = park_of(given["park"].parcels, **layers)
    asked = pose_question(
        park, given["evaluation"], programme=given["programme"], rules=given["rules"]
    )
    jobs = goal("jobs_kept", asked).goal
    assert jobs.table[:, 1] == pytest.approx([75, 25 + 30, 0, 0, 0])  # works; by floors
    assert not jobs.table[:, [0, 2]].any()


def test_green_is_land_and_cost_is_money_and_less_is_better() -> None:
    asked = posed()
    assert not goal("green", asked).goal.table.any()  # the pencil pack has no park
    cost = goal("cost", asked)
    assert (cost.goal.sense, cost.unit) == ("min", "CNY")


def test_a_front_on_a_street_is_the_whole_one() -> None:
    # a square costs 39.5 million as homes, 35 as works, 32.5 as reserve: 38 000 m2 suit at best, all reserve costs least
    found = front(("suitability", "cost"), count=99)
    assert found.has_all
    values = found.points.pivot_table(index="point", columns="goal", values="value")
    assert values["suitability"].iloc[0] == pytest.approx(38_000)
    assert values["cost"].iloc[-1] == pytest.approx(5 * 32.5e6)
    assert values["suitability"].is_monotonic_decreasing
    assert values["cost"].is_monotonic_decreasing
    assert found.points["is_proven"].all()
    assert found.points.query("is_knee")["point"].unique().tolist() == [found.knee]


def test_each_point_is_a_plan_that_keeps_every_rule() -> None:
    found = front(
        ("suitability", "cost"), count=4, area_targets=(target("h", "homes", lower=20_000),)
    )
    for number in range(1, found.plan_count + 1):
        plan = found.plan(number)
        assert plan.rules["is_kept"].all()
        own = found.points.query(f"point == {number} and goal == 'suitability'")["value"].iloc[0]
        assert plan.proof.objective == pytest.approx(own)
        assert plan.proof.objective <= plan.proof.bound + 1e-6


def test_goals_that_cannot_be_are_told_all_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        front(("suitability", "beauty", "jobs_kept", "green"))
    said = caught.value.text("en")
    assert "there is no goal beauty; there are suitability, compactness" in said
    assert "goal jobs kept cannot be measured here: the park has no ledger" in said
    assert "goal green land is the same in every plan" in said
    with pytest.raises(PlanError, match="two to four different goals, not 1"):
        front(("suitability",))
    with pytest.raises(PlanError, match="two to four different goals, not 1"):
        front(("suitability", "suitability"))


def test_rules_that_cannot_hold_are_told_as_in_the_optimal_plan() -> None:
    apart = (target("a", "homes", lower=30_000), target("b", "works", lower=30_000))
    with pytest.raises(InfeasibleError, match="alone it would have to give way"):
        front(("suitability", "cost"), area_targets=apart)


def test_an_interrupted_search_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals = ("suitability", "cost")
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    wanted = front(goals, count=9, resume=whole)
    real, said = KeptAnswers.keep, []

    def interrupted(self: KeptAnswers, step: str, answer: Any) -> None:
        said.append(step)
        if len(said) == 6:
            raise KeyboardInterrupt
        real(self, step, answer)

    with monkeypatch.context() as patch:
        patch.setattr(KeptAnswers, "keep", interrupted)
        part = front(goals, count=9, resume=cut)
    assert not part.is_complete
    assert 2 <= part.plan_count < wanted.plan_count
    assert whole.read_bytes().startswith(cut.read_bytes())
    with cut.open("a", encoding="utf-8") as file:
        file.write('{"step": "torn')  # the machine went down in the middle of a line
    found = front(goals, count=9, resume=cut)
    pd.testing.assert_frame_equal(found.points, wanted.points, check_exact=True)
    assert cut.read_bytes() == whole.read_bytes()


def test_the_file_of_another_question_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    front(("suitability", "cost"), count=3, resume=file)
    before = file.read_bytes()
    front(
        ("suitability", "cost"),
        count=3,
        resume=file,
        numbers={"products__homes__floor_area_ratio": 3.0},
    )
    assert file.read_bytes() == before  # floor area is in neither goal
    found = front(
        ("suitability", "cost"),
        count=3,
        resume=file,
        area_targets=(target("h", "homes", lower=50_000),),
    )
    assert file.read_bytes().splitlines()[0] != before.splitlines()[0]
    assert found.points["value"].iloc[0] == pytest.approx(30_000)


def test_more_points_are_asked_of_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept.jsonl"
    front(("suitability", "cost"), count=3, resume=file)
    steps = len(file.read_bytes().splitlines())
    front(("suitability", "cost"), count=5, resume=file)
    assert len(file.read_bytes().splitlines()) > steps

    def nothing(*_: Any, **__: Any) -> None:
        pytest.fail("it was worked out again")

    monkeypatch.setattr("geoplan.optimise.front.solve", nothing)
    again: list[tuple[int, int]] = []
    front(("suitability", "cost"), count=5, resume=file, progress=lambda *at: again.append(at))
    assert again[-1] == (5, 5)


def test_the_hash_tells_goals_apart() -> None:
    asked = posed()
    one, other = goal("suitability", asked), goal("cost", asked)
    put = pareto.fronts.Question(allowed=np.ones((5, 3), dtype=bool))
    left, right = (pareto._fingerprint(pair, put, asked) for pair in ([one, other], [other, one]))
    assert left != right
