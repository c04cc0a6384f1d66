from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geoplan.evaluate import _texts
from geoplan.evaluate._texts import Case, fill, joined, messages, phrases, quantities, stacked
from geoplan.words import literal


@given(
    st.lists(
        st.floats(-1e7, 1e7)
        | st.sampled_from([9.995, 99.95, 0.9995, 1.005, 12.25, 0.0])
        | st.just(float("nan"))
    )
)
def test_rounding_before_writing_changes_no_number_as_it_is_written(values: list[float]) -> None:
    told = quantities(np.array(values))["en"].to_pylist()
    assert told == ["?" if np.isnan(value) else _texts._quantity(value + 0.0) for value in values]


def test_numbers_that_look_the_same_are_written_once() -> None:
    told = quantities(np.array([12.31, 12.32, 12.33, 1234.1, 1234.2]))
    assert told["zh"].to_pylist() == ["12.3"] * 3 + ["1,234"] * 2
    assert len(told.different["zh"]) == 2


def test_each_row_gets_the_first_sentence_that_fits_with_its_own_fields() -> None:
    counts = np.array([1, 2, 3, 4])
    even = np.array([False, True, False, True])
    told = phrases(
        4,
        Case(even, "common.count_parcels", {"count": counts}),
        Case(np.array([True, True, False, False]), "evaluate.tail_of", {"reason": "why"}),
    )
    own = fill("evaluate.tail_of", 1, reason="why")["en"][0].as_py()
    assert told["en"].to_pylist() == [own, "2 parcels", "", "4 parcels"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), min_size=1))
def test_texts_beside_and_below_each_other_are_those_of_each_row(
    rows: list[tuple[str, str]],
) -> None:
    left, right = (messages([literal(row[side]) for row in rows]) for side in (0, 1))
    assert joined(left, right)["zh"].to_pylist() == ["".join(row) for row in rows]
    assert stacked(left, right)["en"].to_pylist() == [row[0] for row in rows] + [
        row[1] for row in rows
    ]
    assert len(joined(left, right).different["en"]) == len(rows)  # as many as left and right had


def test_no_rows_have_no_text() -> None:
    assert joined(messages([]), messages([]))["en"].to_pylist() == []
    assert (
        fill("common.count_parcels", 0, count=np.array([], dtype=np.int64))["zh"].to_pylist() == []
    )
