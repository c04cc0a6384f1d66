"""Yes, no, unknown: three answers that combine as numbers.

With no = 0, unknown = 1, yes = 2 "and" is the smaller answer, "or" the larger, "not" two less the answer (Kleene's
strong logic): what is certainly out stays out, however little is known of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO", "UNKNOWN", "YES", "State", "all_of", "answers", "any_of", "negated"]

State = NDArray[np.int8]
NO, UNKNOWN, YES = np.int8(0), np.int8(1), np.int8(2)


def answers(is_so: NDArray[np.bool_], is_unknown: NDArray[np.bool_] | None = None) -> State:
    """One answer per parcel; where ``is_unknown`` holds, ``is_so`` does not count."""
    state = np.where(np.asarray(is_so, dtype=bool), YES, NO)
    return state if is_unknown is None else np.where(is_unknown, UNKNOWN, state)


def negated(state: State) -> State:
    """The opposite of each answer; unknown stays unknown."""
    return YES - state


def all_of(states: Sequence[State]) -> State:
    """Whether every answer is yes."""
    least: State = np.minimum.reduce(list(states))
    return least


def any_of(states: Sequence[State]) -> State:
    """Whether one answer is yes."""
    most: State = np.maximum.reduce(list(states))
    return most
