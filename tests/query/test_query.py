"""The chain: read aloud, explained, joined."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from towns import block_of, park_of, places_of, pond, street_of

from geoplan.errors import InputError
from geoplan.query import Query, phase, select, those
from geoplan.query._verdicts import NO, UNKNOWN, YES, all_of, any_of, negated
from geoplan.words import LANGUAGES

# The street, pond to the west:  ~~ P1 P2 P3 P4 P5 P6
TOWN = street_of(
    6,
    use=["100102", "100102", "100102", "0701", "unknown", "100102"],
    vacancy_months=[30, 24, None, 48, 36, 12],
    phase=[None, None, 1, None, None, None],
)
PARK = park_of(TOWN, water=places_of("water", pond(-100, 0)))
ASKED = select(PARK).industrial().idle(at_least_years=2).within(300, of="water").touching(phase(1))


def found(query: Query) -> tuple[list[str], list[str]]:
    return query.ids(), list(query.unknown().index)


def test_the_sentence_of_the_planner() -> None:
    assert ASKED.ids() == ["P2"]
    assert ASKED.count() == 1
    assert ASKED.area_m2() == pytest.approx(10_000)
    assert ASKED.area_mu() == pytest.approx(15)
    assert ASKED.parcels().columns.tolist() == TOWN.columns.tolist()


def test_it_is_told_step_by_step() -> None:
    told = ASKED.explanation()
    assert ASKED.explain() == (
        "6 parcels in the park\n"
        "  industrial land: 4 left, 1 out, 1 unknown\n"  # P4 homes; P5 unknown
        "  idle for at least 24 months: 2 left, 1 out, 1 unknown\n"  # P6 12 months; P3 unknown
        "  within 300 m of water: 2 left, 0 out\n"
        "  along a border with parcels (phase is 1): 1 left, 1 out\n"  # P1
        "in all 1 parcels, 10,000 m2 (15.0 mu)"
    )  # P3 does not touch another parcel of phase 1, P5 is too far: neither may belong
    assert ASKED.explain("zh") == (
        "园区共 6 个地块\n"
        "  工业用地：剩余 4 个，排除 1 个，不详 1 个\n"
        "  闲置不少于 24 个月：剩余 2 个，排除 1 个，不详 1 个\n"
        "  距水系不超过 300 米：剩余 2 个，排除 0 个\n"
        "  与地块（分期为 1）共边：剩余 1 个，排除 1 个\n"
        "合计 1 个地块，10,000 平方米（15.0 亩）"
    )
    counts = told.table()[["left_count", "out_count", "unknown_count"]]
    assert counts.to_numpy().tolist() == [[4, 1, 1], [2, 1, 1], [2, 0, 0], [1, 1, 0]]
    assert told.table("zh")["step"].tolist()[0] == "工业用地"


def test_what_may_belong_is_told_apart() -> None:
    asked = select(PARK).industrial().idle(at_least_years=2)
    assert found(asked) == (["P1", "P2"], ["P3", "P5"])
    assert "2 more may belong" in asked.explain()
    assert "另有 2 个地块" in asked.explain("zh")


def test_every_step_partitions_what_was_left() -> None:
    left = 6
    for step in ASKED.explanation().steps:
        assert step.left_count + step.out_count + step.unknown_count == left
        left = step.left_count


def test_it_can_be_read_aloud() -> None:
    assert repr(ASKED) == (
        "<Query: industrial land and idle for at least 24 months and within 300 m of water "
        "and along a border with parcels (phase is 1)>"
    )
    assert select(PARK).text("zh") == "全部地块"


def test_a_query_is_never_changed() -> None:
    before = select(PARK).industrial()
    after = before.within(300, of="water")
    assert (before.count(), after.count()) == (4, 3)
    assert found(before) == (["P1", "P2", "P3", "P6"], ["P5"])


def test_the_order_of_steps_does_not_change_the_answer() -> None:
    steps = {
        "industrial": {}, "idle": {"at_least_years": 2}, "within": {"distance_m": 300, "of": "water"},
    }  # fmt: skip
    answers = set()
    for order in itertools.permutations(steps):
        query = select(PARK)
        for name in order:
            query = getattr(query, name)(**steps[name])
        answers.add(str(found(query)))
    assert answers == {"(['P1', 'P2'], ['P3'])"}


def test_either_without_and_the_signs() -> None:
    query = select(PARK)
    homes_or_idle = query.either(those.homes(), those.idle(at_least_years=2))
    assert found(homes_or_idle) == (["P1", "P2", "P4", "P5"], ["P3"])  # P5: idle for sure
    assert found(query.homes() | query.idle(at_least_years=2)) == found(homes_or_idle)
    industry_in_use = query.industrial().without(those.idle(at_least_years=2))
    assert found(industry_in_use) == (["P6"], ["P3"])
    assert found(query.industrial() - query.idle(at_least_years=2)) == found(industry_in_use)
    both = query.industrial() & those.idle(at_least_years=2)
    assert found(both) == (["P1", "P2"], ["P3", "P5"])
    assert both.explanation().steps[-1].title.text("en") == "idle for at least 24 months"


def test_a_named_question_is_asked_of_any_park() -> None:
    idle_industry = those.industrial().idle(at_least_years=2)
    assert (select(PARK) & idle_industry).ids() == ["P1", "P2"]
    other = park_of(street_of(2, vacancy_months=[0, 25]))
    assert (select(other) & idle_industry).ids() == ["P2"]


def test_a_question_without_a_park_has_no_answer() -> None:
    with pytest.raises(InputError, match=r"it names no park: start it with select\(park\)"):
        those.industrial().ids()


def test_questions_about_different_parks_are_not_joined() -> None:
    other = select(park_of(street_of(2)))
    with pytest.raises(InputError, match="about different parcels"):
        (select(PARK) & other.industrial()).ids()
    # as a place the other park is fine
    assert select(PARK).within(0, of=other.industrial()).ids() == ["P1", "P2", "P3"]


def test_an_empty_park_has_an_empty_answer() -> None:
    query = select(park_of(block_of(1, 1).iloc[:0])).industrial().touching(those.homes())
    assert query.ids() == []
    assert query.explanation().left_count == 0


def test_the_input_is_left_as_it_was() -> None:
    before = TOWN.copy(deep=True)
    ASKED.explain()
    assert before.equals(PARK.parcels)


def test_every_question_has_words_in_every_language() -> None:
    water = places_of("x", pond(0, 0))
    query = (
        those.industrial().storage().homes().with_use("0901", "1401").larger_than_mu(5)
        .smaller_than_mu(9).in_zone("N").in_block("B").in_phase(1, 2).vacant().idle(at_least_months=6)
        .where("floor_area_m2", at_least=1, at_most=2, above=3, below=4, equals=5, one_of=[6, 7])
        .flagged().triage("keep").with_firms().with_firms(status=["stopped", "normal"], role="owner")
        .within(1, of="water").farther_than(2, of=water).touching(those).inside("green", at_least_share=0.4)
        .nearest(3, to=those.homes()).either(those.vacant(), those.homes()).without(those.vacant())
    )  # fmt: skip
    for language in LANGUAGES:
        told = query.text(language)
        assert "{" not in told
    assert "at least 40% inside green" in query.text("en")
    assert "商业用地或公园绿地" in query.text("zh")
    assert those.where("vacancy_months", above=6).text("zh") == "空置月数高于 6 个月"
    assert (
        those.where("max_floor_area_ratio", below=2).text() == "max_floor_area_ratio below 2 m2/m2"
    )


def test_three_answers_combine_as_kleene_has_it() -> None:
    one, other = (np.array(side, dtype=np.int8) for side in zip(
        *itertools.product([NO, UNKNOWN, YES], repeat=2), strict=True
    ))  # fmt: skip
    assert all_of([one, other]).tolist() == [0, 0, 0, 0, 1, 1, 0, 1, 2]
    assert any_of([one, other]).tolist() == [0, 1, 2, 1, 1, 2, 2, 2, 2]
    assert negated(negated(one)).tolist() == one.tolist()
    # De Morgan: what is not both lacks one of them
    assert negated(all_of([one, other])).tolist() == any_of([negated(one), negated(other)]).tolist()
