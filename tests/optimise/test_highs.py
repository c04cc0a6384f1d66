"""The door to the solver: answers that are right, bounds that hold."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.optimise._highs import GrowingProgramme, Programme, solve


def programme(rows, row_lower, row_upper, **other):
    table = sp.csr_array(np.atleast_2d(np.asarray(rows, dtype=float)))
    n = table.shape[1]
    given_parts = {"lower": np.zeros(n), "upper": np.ones(n), "is_integer": np.ones(n, bool)}
    return Programme(
        rows=table,
        row_lower=np.atleast_1d(np.asarray(row_lower, dtype=float)),
        row_upper=np.atleast_1d(np.asarray(row_upper, dtype=float)),
        **{**given_parts, **{name: np.asarray(part) for name, part in other.items()}},
    )


def test_mixed_programmes_are_solved_right():
    # min 2 x + 3 z, x + z >= 4.5, z whole: x = 4.5, z = 0 is 9; a faulty presolve says 15
    mixed = programme(
        [1, 1], 4.5, np.inf, cost=[2.0, 3.0], upper=[10.0, 10.0], is_integer=[False, True]
    )
    assert solve(mixed).objective == pytest.approx(9.0)


def test_nothing_to_choose_is_settled_without_a_solver():
    empty = {"cost": np.zeros(0), "lower": np.zeros(0), "upper": np.zeros(0), "is_integer": np.zeros(0, bool)}  # fmt: skip
    assert solve(programme(np.zeros((1, 0)), 0, 0, **empty)).outcome == "optimal"
    assert solve(programme(np.zeros((1, 0)), 1, 1, **empty)).outcome == "infeasible"


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_the_bound_of_a_growing_programme_never_passes_its_optimum(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 7))
    first, second = rng.integers(0, 3, (2, m)), rng.integers(0, 3, (2, m))
    cost = rng.integers(0, 9, m).astype(float)
    growing = GrowingProgramme(
        programme(first, np.ones(2), np.full(2, np.inf), cost=cost, is_integer=np.zeros(m, bool))
    )
    whole = programme(np.vstack([first, second]), np.ones(4), np.full(4, np.inf), cost=cost)
    best = solve(whole)
    relaxed = growing.solve()
    growing.add_rows(sp.csr_array(second.astype(float)), 1.0, np.inf)
    tighter = growing.solve()
    if best.outcome == "optimal":
        assert relaxed.bound <= tighter.bound + 1e-9
        assert tighter.bound <= best.objective + 1e-9
    elif relaxed.outcome == "infeasible":
        assert tighter.outcome == "infeasible"


def market_split() -> Programme:
    """Four knapsacks to be filled to the brim at once: nobody solves fifty items in a second."""
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 100, (4, 50)).astype(float)
    sums = weights.sum(axis=1) // 2
    spare = np.hstack([np.eye(4), -np.eye(4)])
    return Programme(
        cost=np.concatenate([np.zeros(50), np.ones(8)]),
        rows=sp.csr_array(np.hstack([weights, spare])),
        row_lower=sums,
        row_upper=sums,
        lower=np.zeros(58),
        upper=np.concatenate([np.ones(50), np.full(8, np.inf)]),
        is_integer=np.arange(58) < 50,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_stops_the_search_and_what_was_found_comes_back() -> None:
    for keeps in (True, False):
        timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
        began = time.monotonic()
        timer.start()
        if keeps:
            found = solve(market_split(), keeps_interrupted=True)
            assert found.outcome == "interrupted"
            assert found.x is not None
            assert found.bound <= found.objective
        else:
            with pytest.raises(KeyboardInterrupt):
                solve(market_split())
        timer.join()
        assert time.monotonic() - began < 20
