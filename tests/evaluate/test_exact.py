"""Sums free of rounding, against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.evaluate import _exact
from geoplan.evaluate._exact import carried, floats_of_limbs, is_summable, limb_sums

SHRED = Fraction(1, 2**80)
NASTY = [
    0.0,
    -0.0,
    0.1,
    -0.3,
    1e18,
    -1e18,
    2.0**53 + 2,
    1 / 3,
    2.0**-27,
    7.5e-9,
    1e-20,
    5e-324,
    -1e-25,
]

figures = st.sampled_from(NASTY) | st.floats(-1e15, 1e15)


def fraction_of(limbs: np.ndarray) -> Fraction:
    whole, parts, shreds = (int(limb) for limb in limbs)
    return whole + Fraction(parts, 2**40) + shreds * SHRED


def cut(value: float) -> Fraction:
    """Down to the next multiple of 2**-80, as the module says."""
    return (Fraction(value) // SHRED) * SHRED


@given(st.lists(st.tuples(figures, st.integers(0, 2)), max_size=40))
def test_a_sum_is_that_of_exact_fractions(rows: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in rows], dtype=np.float64)
    if not is_summable(values):
        assert sum(abs(Fraction(value)) for value, _ in rows) > 2**61
        return
    sums = limb_sums(values, np.array([cell for _, cell in rows], dtype=np.intp), 3)
    for cell in range(3):
        exact = sum((cut(value) for value, at in rows if at == cell), Fraction(0))
        assert fraction_of(sums[:, cell]) == exact
        assert floats_of_limbs(sums)[cell] == pytest.approx(float(exact), rel=2**-51, abs=0)


@given(st.lists(figures, min_size=1, max_size=40), st.data())
def test_neither_order_nor_split_nor_blocks_change_a_bit(
    values: list[float], data: st.DataObject
) -> None:
    whole = np.array(values)
    if not is_summable(whole):
        return
    once = limb_sums(whole, np.zeros(len(whole), dtype=np.intp), 1)
    mixed = np.array(data.draw(st.permutations(values)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=4)))
    parts = [
        limb_sums(part, np.zeros(len(part), dtype=np.intp), 1) for part in np.split(mixed, cuts)
    ]
    assert carried(np.sum(parts, axis=0)).tolist() == once.tolist()


def test_more_rows_than_one_block_holds_add_up_as_well() -> None:
    count = 3 * _exact._BLOCK + 5
    rng = np.random.default_rng(1)
    values = np.exp(rng.normal(0, 6, count)) * rng.choice([-1.0, 1.0], count)
    cell = rng.integers(0, 3, count)
    sums = limb_sums(values, cell, 3)
    for at in range(3):
        exact = sum((cut(value) for value in values[cell == at].tolist()), Fraction(0))
        assert fraction_of(sums[:, at]) == exact


def test_figures_whose_sizes_reach_two_to_the_62_are_refused() -> None:
    assert is_summable(np.array([2.0**62 - 1024, 511.0]))
    assert not is_summable(np.array([2.0**61, -(2.0**61)]))
    assert not is_summable(np.array([np.inf]))
    assert not is_summable(np.array([np.nan, 1.0]))
