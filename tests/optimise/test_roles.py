"""Sites with roles, beside full enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.roles import sites_with_roles


@st.composite
def questions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points, sites, roles = draw(st.integers(1, 6)), draw(st.integers(1, 5)), draw(st.integers(1, 3))
    costs = draw(
        st.lists(
            st.sampled_from([0.0, 1.0, 2.0, 3.5, 7.0, np.inf]),
            min_size=points * sites,
            max_size=points * sites,
        )
    )
    weight = draw(st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=points, max_size=points))
    fits = draw(st.lists(st.booleans(), min_size=roles * sites, max_size=roles * sites))
    return (
        np.array(costs).reshape(points, sites),
        np.array(weight),
        np.array(fits).reshape(roles, sites),
    )


def best_by_enumeration(cost: np.ndarray, weight: np.ndarray, fits: np.ndarray) -> float:
    best = np.inf
    for chosen in itertools.permutations(range(cost.shape[1]), len(fits)):
        if all(fits[role, site] for role, site in enumerate(chosen)):
            way = cost[:, list(chosen)].min(axis=1)
            best = min(best, float(np.where(weight > 0, weight, 0) @ np.where(weight > 0, way, 0)))
    return best


@settings(max_examples=200, deadline=None)
@given(questions())
def test_the_answer_equals_the_best_of_all(
    question: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    cost, weight, fits = question
    best = best_by_enumeration(cost, weight, fits)
    if not np.isfinite(best):
        with pytest.raises(NoAnswerError):
            sites_with_roles(cost=cost, weight=weight, fits=fits)
        return
    answer = sites_with_roles(cost=cost, weight=weight, fits=fits)
    assert answer.proof.objective == pytest.approx(best)
    assert answer.proof.bound <= best + 1e-6
    assert answer.proof.bound == pytest.approx(best)
    assert all(fits[role, site] for role, site in enumerate(answer.site_of_role))
    assert len(set(answer.site_of_role.tolist())) == len(fits)


def test_two_roles_that_want_the_same_site_are_refused() -> None:
    with pytest.raises(NoAnswerError) as error:
        sites_with_roles(cost=np.ones((2, 2)), weight=np.ones(2), fits=[[1, 0], [1, 0]])
    assert error.value.rows == (1,)
