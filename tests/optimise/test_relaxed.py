"""The quick bound is never below what any labelling is worth."""

from __future__ import annotations

import numpy as np
import pytest

from geoplan.optimise.assignment import Band, Conflict, assign_labels
from geoplan.optimise.relaxed import relaxed_bound


@pytest.mark.parametrize("seed", range(10))
def test_the_bound_is_at_least_the_optimum_under_the_same_rules(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = (8, 3)
    asked = {
        "score": rng.random(size),
        "allowed": np.ones(size, dtype=bool),
        "weight": rng.uniform(1, 9, 8),
        "bands": [Band(name="most", coefficients=np.eye(3)[rng.integers(0, 3, 8)], upper=2.5)],
        "conflicts": [Conflict(name="apart", pairs=[(0, 0, 1, 0), (2, 1, 3, 1)])],
    }
    best = assign_labels(**asked).proof.objective
    assert best <= relaxed_bound(**asked) + 1e-9
    free = relaxed_bound(**{**asked, "bands": (), "conflicts": ()})
    assert free == pytest.approx(float((asked["score"].max(axis=1) * asked["weight"]).sum()))


def test_the_bound_of_what_cannot_be_is_minus_infinity() -> None:
    ones = np.ones((2, 2))
    band = Band(name="three of two", coefficients=ones, lower=3)
    asked = {"score": ones, "allowed": ones > 0, "weight": [1, 1]}
    assert relaxed_bound(**asked, bands=[band]) == -np.inf
