from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import SchemaError
from geoplan.evaluate import means, merge_sums, partial_sums
from geoplan.model.schema import columns_of


def values(*rows: tuple[str, int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group", "year", "amount", "area_m2"])


def test_the_mean_is_weighted_by_area_and_says_for_how_much_land_it_speaks() -> None:
    table = means(
        partial_sums(
            values(
                ("park", 2025, 900.0, 10.0),  # 90 per m2 on 10 m2
                ("park", 2025, 300.0, 30.0),  # 10 per m2 on 30 m2
                ("park", 2025, np.nan, 60.0),  # not known
            )
        )
    )
    assert list(table) == list(columns_of("averages"))[:7]  # the rest says of which sort it is
    assert table.iloc[0].tolist() == ["park", 2025, 30.0, 40.0, 100.0, 0.4, 2]  # 1200 / 40, not 50


def test_a_group_without_figures_has_no_mean_rather_than_zero() -> None:
    table = means(partial_sums(values(("north", 2025, np.nan, 10.0))))
    assert table["mean_amount_per_m2"].isna().all()
    assert table["known_share"].tolist() == [0.0]


def test_land_without_a_group_is_in_no_average() -> None:
    table = means(partial_sums(values(("north", 2025, 10.0, 10.0), (None, 2025, 99.0, 10.0))))
    assert table["mean_amount_per_m2"].tolist() == [1.0]


rows = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.integers(2021, 2023),
    st.floats(-1e9, 1e9) | st.just(float("nan")),
    st.floats(1, 1e6),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, min_size=1, max_size=30), st.data())
def test_any_split_into_partitions_gives_the_same_means(
    table: list[tuple[str, int, float, float]], data: st.DataObject
) -> None:
    part = [data.draw(st.integers(0, 3)) for _ in table]
    whole = values(*table)
    parts = [partial_sums(whole[np.array(part) == number]) for number in range(4)]
    split, at_once = means(merge_sums(*parts)), means(partial_sums(whole))
    assert split[["group", "year", "known_count"]].equals(at_once[["group", "year", "known_count"]])
    pd.testing.assert_frame_equal(split, at_once, check_exact=True)  # to the last bit


def test_sums_that_would_overflow_are_refused() -> None:
    with pytest.raises(SchemaError, match="amount are too large"):
        partial_sums(values(("park", 2025, 1e19, 10.0)))


def test_small_parts_are_not_lost_beside_large_sums() -> None:
    # 2**53 + 1: a float would swallow the 1, an integer does not
    table = partial_sums(values(*[("p", 2025, 2.0**53, 1.0)], *[("p", 2025, 0.5, 1.0)] * 2))
    assert table["amount"].tolist() == [2**53 + 1]
