"""How good a labelling could be at most, told quickly: the bound of the question without whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from geoplan.optimise._choice_rows import choice_programme
from geoplan.optimise._highs import solve
from geoplan.optimise.assignment import Band, Conflict

__all__ = ["relaxed_bound"]


def relaxed_bound(
    *,
    score: ArrayLike,
    allowed: ArrayLike,
    weight: ArrayLike,
    bands: Sequence[Band] = (),
    conflicts: Sequence[Conflict] = (),
) -> float:
    r"""No labelling that keeps bands and conflicts is worth more than this; rows may be divided among labels.

    .. math:: \max \sum_i w_i \sum_l s_{il} x_{il}, \quad \sum_l x_{il} = 1, \quad 0 \le x_{il} \le 1

    with the bands (by their coefficients) and conflicts of ``assign_labels``. Where even divided rows cannot keep them, nothing can, and
    the bound is minus infinity.

    Examples
    --------
    Two plots of 1; label 1 is worth 3 and 1 more, but at most one and a half may take it.

    >>> relaxed_bound(score=[[0, 3], [0, 1]], allowed=np.ones((2, 2), bool), weight=[1, 1],
    ...               bands=[Band(name="at most 1.5", coefficients=np.array([[0, 1], [0, 1]]), upper=1.5)])
    3.5
    """
    may = np.asarray(allowed, dtype=bool)
    worth = np.asarray(score, dtype=float) * np.asarray(weight, dtype=float)[:, None]
    choices, programme = choice_programme(may, bands, conflicts)
    solved = solve(
        replace(
            programme,
            cost=worth[choices.unit, choices.label],
            is_integer=np.zeros_like(programme.is_integer),
        )
    )
    return -np.inf if solved.outcome == "infeasible" else float(solved.bound)
