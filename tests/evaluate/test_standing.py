from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geoplan.evaluate import standing
from geoplan.evaluate.averages import grid_sums
from geoplan.evaluate.runs import runs_of
from geoplan.evaluate.standing import stand_against


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def test_a_parcel_exactly_at_the_mean_is_not_below() -> None:
    mean = np.array([[2.0]])
    amount, area_m2 = column(20.0, 60.0, 19.0), np.array([10.0, 30.0, 10.0])
    told = stand_against(mean, amount=amount, area_m2=area_m2, group=np.zeros(3, dtype=np.intp))
    assert told.is_below.ravel().tolist() == [0, 0, 1]


def test_a_billionth_of_the_mean_is_the_least_that_is_below() -> None:
    mean = np.array([[1.0]])
    amount = column(1 - 0.9e-9, 1 - 1.1e-9)
    told = stand_against(mean, amount=amount, area_m2=np.ones(2), group=np.zeros(2, dtype=np.intp))
    assert told.is_below.ravel().tolist() == [0, 1]


@given(
    st.floats(1e-6, 1e11), st.lists(st.floats(1.0, 1e6), min_size=1, max_size=12)
)  # below 2**62 in all
def test_parcels_that_all_yield_the_same_are_all_at_the_mean(
    per_m2: float, area_m2: list[float]
) -> None:
    area = np.array(area_m2)
    amount = (area * per_m2)[:, None]
    group = np.zeros(len(area), dtype=np.intp)
    sums = grid_sums(amount, area_m2=area, group=group, group_count=1)
    told = stand_against(sums.mean_per_m2, amount=amount, area_m2=area, group=group)
    assert (told.is_below == 0).all()


def test_land_without_group_figure_or_size_is_unknown() -> None:
    mean = np.array([[2.0], [np.nan]])
    amount, area_m2 = column(1.0, np.nan, 1.0, 1.0), np.array([1.0, 1.0, np.nan, 1.0])
    told = stand_against(mean, amount=amount, area_m2=area_m2, group=np.array([-1, 0, 0, 1]))
    assert told.is_below.ravel().tolist() == [-1] * 4


def test_more_parcels_than_one_block_holds_are_judged_by_their_own_group() -> None:
    count = standing._BLOCK + 3
    group = np.arange(count) % 2
    told = stand_against(
        np.array([[1.0, 3.0], [3.0, 1.0]]),
        amount=np.full((count, 2), 2.0),
        area_m2=np.ones(count),
        group=group,
    )
    assert told.is_below[group == 0].tolist() == [[0, 1]] * int((group == 0).sum())
    assert told.is_below[group == 1].tolist() == [[1, 0]] * int((group == 1).sum())


figures = st.floats(-1e9, 1e9) | st.just(float("nan"))
parcels = st.tuples(
    st.integers(0, 2), st.floats(1.0, 1e6), st.lists(figures, min_size=5, max_size=5)
)


@given(st.lists(parcels, min_size=1, max_size=25), st.data())
def test_parcels_in_partitions_get_the_verdicts_of_the_whole(
    park: list[tuple[int, float, list[float]]], data: st.DataObject
) -> None:
    part = np.array([data.draw(st.integers(0, 3)) for _ in park])
    group, area = np.array([row[0] for row in park]), np.array([row[1] for row in park])
    amount = np.array([row[2] for row in park])

    def sums_of(rows: np.ndarray) -> object:
        return grid_sums(amount[rows], area_m2=area[rows], group=group[rows], group_count=3)

    def runs(rows: np.ndarray, mean: np.ndarray) -> np.ndarray:
        told = stand_against(mean, amount=amount[rows], area_m2=area[rows], group=group[rows])
        run = runs_of(told.is_below, min_years=3, unknown_years="bridge")
        return np.column_stack([run.verdict, run.current, run.longest, run.reach])

    everything = np.arange(len(park))
    pieces = [np.flatnonzero(part == number) for number in data.draw(st.permutations(range(4)))]
    merged = sums_of(pieces[0])
    for piece in pieces[1:]:
        merged += sums_of(piece)
    whole = sums_of(everything).mean_per_m2
    assert merged.mean_per_m2.tobytes() == whole.tobytes()  # to the last bit
    split = np.empty((len(park), 4), dtype=np.int64)
    for piece in pieces:
        split[piece] = runs(piece, merged.mean_per_m2)
    assert split.tolist() == runs(everything, whole).tolist()
