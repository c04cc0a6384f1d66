from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import SchemaError
from geoplan.evaluate import means, merge_sums, partial_sums
from geoplan.evaluate.averages import grid_sums
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


def test_land_of_unknown_size_is_in_no_average() -> None:
    table = means(partial_sums(values(("north", 2025, 10.0, 10.0), ("north", 2025, 9.0, np.nan))))
    assert table["mean_amount_per_m2"].tolist() == [1.0]
    assert table["known_count"].tolist() == [1]


def test_land_without_size_has_an_amount_and_no_mean() -> None:
    table = means(partial_sums(values(("north", 2025, 10.0, 0.0))))
    assert table["mean_amount_per_m2"].isna().all()
    assert table["known_share"].isna().all()


amounts = (
    st.floats(-1e9, 1e9)
    | st.sampled_from([0.1, -0.1, 1e17, -1e17, 1e-20, 1 / 3])
    | st.just(float("nan"))
)
rows = st.tuples(
    st.sampled_from(["a", "b", "c"]), st.integers(2021, 2023), amounts, st.floats(0.1, 1e6)
)


@given(st.lists(rows, min_size=1, max_size=30), st.data())
def test_any_split_into_partitions_and_any_order_give_the_same_means(
    table: list[tuple[str, int, float, float]], data: st.DataObject
) -> None:
    at_once = means(partial_sums(values(*table)))
    mixed = values(*data.draw(st.permutations(table)))
    part = np.array([data.draw(st.integers(0, 3)) for _ in table])
    split = means(merge_sums(*(partial_sums(mixed[part == number]) for number in range(4))))
    pd.testing.assert_frame_equal(split, at_once, check_exact=True)  # to the last bit


@given(st.lists(rows, min_size=1, max_size=30))
def test_a_mean_is_that_of_exact_fractions_to_the_last_digits(
    table: list[tuple[str, int, float, float]],
) -> None:
    told = means(partial_sums(values(*table)))
    for line in told.itertuples():
        known = [
            (Fraction(amount), Fraction(area))
            for group, year, amount, area in table
            if (group, year) == (line.group, line.year) and amount == amount  # noqa: PLR0124
        ]
        land = sum((area for _, area in known), Fraction(0))
        assert line.known_area_m2 == pytest.approx(float(land), rel=2**-51, abs=0)
        assert line.known_count == len(known)
        if known:
            exact = float(sum((amount for amount, _ in known), Fraction(0)) / land)
            assert line.mean_amount_per_m2 == pytest.approx(exact, rel=2**-50, abs=1e-20)


@given(st.lists(rows, min_size=1, max_size=20))
def test_the_grid_and_the_table_are_summed_up_alike(
    table: list[tuple[str, int, float, float]],
) -> None:
    names, years = ["a", "b", "c"], [2021, 2022, 2023]
    amount = np.full((len(table), 3), np.nan)
    for place, (_, year, value, _) in enumerate(table):
        amount[place, years.index(year)] = value
    land = np.array([area for *_, area in table])
    group = np.array([names.index(name) for name, *_ in table])
    grid = grid_sums(amount, area_m2=land, group=group, group_count=3)
    long = values(
        *[
            (name, year, amount[place, number], area)
            for place, (name, _, _, area) in enumerate(table)
            for number, year in enumerate(years)
        ]
    )
    pd.testing.assert_frame_equal(
        grid.means(names, years), means(partial_sums(long)), check_exact=True
    )
    halves = [
        grid_sums(amount[half], area_m2=land[half], group=group[half], group_count=3)
        for half in (slice(0, None, 2), slice(1, None, 2))
    ]
    merged = halves[0] + halves[1]
    pd.testing.assert_frame_equal(
        merged.means(names, years), grid.means(names, years), check_exact=True
    )


def test_sums_that_would_overflow_are_refused() -> None:
    with pytest.raises(SchemaError, match="amount are too large"):
        partial_sums(values(("park", 2025, 1e19, 10.0)))


def test_small_parts_are_not_lost_beside_large_sums() -> None:
    # 2**53 + 1: a float would swallow the 1, an integer does not
    table = partial_sums(values(*[("p", 2025, 2.0**53, 1.0)], *[("p", 2025, 0.5, 1.0)] * 2))
    assert table["amount"].tolist() == [2**53 + 1]


def test_merged_sums_that_would_overflow_are_refused_by_name() -> None:
    part = partial_sums(values(("park", 2025, 4e18, 10.0)))
    with pytest.raises(SchemaError, match="amount are too large"):
        merge_sums(part, part)
    assert merge_sums(part)["amount"].tolist() == [4 * 10**18]
    grid = grid_sums(
        np.array([[4e18]]), area_m2=np.ones(1), group=np.zeros(1, dtype=np.intp), group_count=1
    )
    with pytest.raises(SchemaError, match="amount are too large"):
        grid + grid
    with pytest.raises(SchemaError, match="area_m2 are too large"):
        partial_sums(values(("park", 2025, 1.0, np.inf)))


def test_neither_a_cent_beside_large_sums_nor_a_sliver_of_land_is_lost() -> None:
    table = partial_sums(values(("p", 2025, 1e17, 1e6), ("p", 2025, 2.0**-27, 1e-12)))
    assert table[["amount", "amount_parts"]].to_numpy().tolist() == [[10**17, 2**13]]
    assert table["known_area_m2_shreds"].tolist() != [0]
