from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.evaluate.runs import UnknownYears, below, runs_of

WORDS = {1: "yes", 0: "no", -1: "unknown"}
SIGNS = {"b": 1, ".": 0, "?": -1}  # below, not below, unknown


def judged(
    history: str, *, min_years: int, unknown_years: UnknownYears = "bridge"
) -> tuple[str, int, int]:
    codes = np.array([[SIGNS[sign] for sign in history]], dtype=np.int8)
    runs = runs_of(codes, min_years=min_years, unknown_years=unknown_years)
    return WORDS[int(runs.verdict[0])], int(runs.current[0]), int(runs.longest[0])


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("..bbb", ("yes", 3, 3)),
        ("...bb", ("no", 2, 2)),  # one year short
        ("bbbb.", ("no", 0, 4)),  # it got better in the last year
        ("b?b?b", ("yes", 3, 3)),  # bridged
        (".b?b.", ("no", 0, 2)),
        (".b?b?", ("unknown", 2, 2)),  # either unknown year could be the third
        (".?.bb", ("no", 2, 2)),  # the unknown year lies outside the run
        ("..?bb", ("unknown", 2, 2)),  # it could have begun a year earlier
        ("?????", ("unknown", 0, 0)),
        ("....?", ("no", 0, 0)),  # one unknown year cannot make three
        ("bb.b?", ("no", 1, 2)),
    ],
)
def test_three_years_in_a_row_with_unknown_years_bridged(
    history: str, expected: tuple[str, int, int]
) -> None:
    assert judged(history, min_years=3) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("..bbb", ("yes", 3, 3)),
        ("b?b?b", ("unknown", 1, 1)),
        ("bbb?b", ("unknown", 1, 3)),
        (".bbb?", ("unknown", 0, 3)),
        (".?bbb", ("yes", 3, 3)),  # whatever the unknown year was
        ("?..bb", ("no", 2, 2)),
    ],
)
def test_strict_counts_only_what_is_certain(history: str, expected: tuple[str, int, int]) -> None:
    assert judged(history, min_years=3, unknown_years="strict") == expected


def test_two_years_of_figures_cannot_answer_a_question_of_three() -> None:
    assert judged("bb", min_years=3)[0] == "unknown"
    assert judged(".b", min_years=3)[0] == "no"  # it was not below in the year before


def test_just_reaching_the_mean_passes_and_rounding_is_no_shortfall() -> None:
    mean = np.full(4, 0.1 + 0.2)
    assert below(np.array([0.3, 0.3 - 1e-12, 0.29, np.nan]), mean).tolist() == [0, 0, 1, -1]
    assert below(np.array([-5.0]), np.array([-4.0])).tolist() == [1]  # below a negative mean
    assert below(np.array([0.0]), np.array([0.0])).tolist() == [0]


histories = st.text(alphabet="b.?", min_size=1, max_size=7)


@given(histories, st.integers(1, 4))
def test_strict_is_what_every_way_of_filling_the_unknown_years_agrees_on(
    history: str, min_years: int
) -> None:
    """Every completion, and every past before the figures begin, walked through by hand."""
    verdict = judged(history, min_years=min_years, unknown_years="strict")[0]
    answers = set()
    for past in ("." * min_years, "b" * min_years):
        for filled in itertools.product("b.", repeat=history.count("?")):
            years = iter(filled)
            whole = past + "".join(next(years) if sign == "?" else sign for sign in history)
            answers.add(whole.endswith("b" * min_years))
    assert verdict == {(True,): "yes", (False,): "no"}.get(tuple(answers), "unknown")


@given(histories, st.integers(1, 4))
def test_bridging_may_settle_an_unknown_and_never_a_no(history: str, min_years: int) -> None:
    strict = judged(history, min_years=min_years, unknown_years="strict")[0]
    bridged = judged(history, min_years=min_years)[0]
    assert (strict, bridged) in {
        ("yes", "yes"),
        ("no", "no"),
        ("unknown", "unknown"),
        ("unknown", "yes"),
    }


@given(histories, st.integers(1, 5), st.sampled_from(["bridge", "strict"]))
def test_asking_for_more_years_never_flags_more(
    history: str, min_years: int, unknown_years: UnknownYears
) -> None:
    one = judged(history, min_years=min_years, unknown_years=unknown_years)[0]
    more = judged(history, min_years=min_years + 1, unknown_years=unknown_years)[0]
    assert not (more == "yes" and one != "yes")


@given(histories, st.integers(1, 4), st.sampled_from(["bridge", "strict"]), st.data())
def test_losing_a_figure_never_turns_a_verdict_into_yes(
    history: str, min_years: int, unknown_years: UnknownYears, data: st.DataObject
) -> None:
    lost = data.draw(st.integers(0, len(history) - 1))
    poorer = f"{history[:lost]}?{history[lost + 1 :]}"
    before = judged(history, min_years=min_years, unknown_years="strict")[0]
    after = judged(poorer, min_years=min_years, unknown_years="strict")[0]
    assert after != "yes" or before == "yes"
    if history[lost] == "b":  # a lost year below is one year less, bridged or not
        before = judged(history, min_years=min_years, unknown_years=unknown_years)[0]
        after = judged(poorer, min_years=min_years, unknown_years=unknown_years)[0]
        assert after != "yes" or before == "yes"
