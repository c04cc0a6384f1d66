"""Good labels by annealing: single changes and swaps, bands held by penalties, the best that keeps all rules kept.

A move gives node i another label, or swaps the labels of two nodes; it is taken if it is better, or by chance
exp(gain / temperature). A band missed by an amount costs its penalty times that amount; so the search may pass through
labels that break a rule, and the prices of the bound say how dear that must be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise._label_field import Field, Rows
from geoplan.optimise._label_kernels import anneal

__all__ = ["Search"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Moves between two looks at the clock.
CHUNK = 400_000
#: In each of the last tenths of a run penalties double, so that it ends within the bands.
LAST_TENTHS = 3


class Search:
    """Labels that are being improved, with the totals and lists that follow them."""

    def __init__(self, question: Field, start: Indices, incident: Indices, *, seed: int) -> None:
        self._asked = question
        n_literals = question.n * question.k
        self._graph = (question.ends, start, incident)
        self._worths = (question.unary, question.pair)
        self._band = question.band.turned(n_literals)
        self._server = question.server.turned(n_literals)
        self._gate = question.gate.turned(n_literals)
        mixed = np.random.SeedSequence(seed).generate_state(1, np.uint64)
        self._state = np.maximum(mixed, np.uint64(1))  # xorshift never leaves 0

    def anneal(  # noqa: PLR0913 - a run has its settings
        self,
        labels: Indices,
        *,
        penalty: Vector,
        hot: float,
        cold: float,
        moves: int,
        literals: Indices,
        is_over: Callable[[], bool],
    ) -> tuple[Indices | None, Indices]:
        """Labels that keep all rules, the best of this run (None: none met), and those at its end."""
        asked = self._asked
        now, best = labels.copy(), labels.copy()
        chosen = asked.chosen(now)
        counts = (_count(asked.server, chosen), _count(asked.gate, chosen))
        is_gated = np.diff(asked.gate.start) > 0
        covers = (self._server.start, self._server.literal, self._gate.start, self._gate.literal, is_gated, asked.reward)  # fmt: skip
        listed = (self._band.start, self._band.literal, self._band.value)
        lists = _lists(now, asked.k)
        value = np.array([asked.worth(now), -np.inf])
        done = 0
        while done < moves and literals.size and not (done and is_over()):
            now_moves = min(CHUNK, moves - done, -(-moves // 10))
            scale = 2.0 ** max(0, 10 * done // moves - 10 + LAST_TENTHS)
            bands = (*listed, asked.band_lower, asked.band_upper, scale * penalty)
            ends = [hot * (cold / hot) ** (at / moves) for at in (done, done + now_moves)]
            totals = asked.totals(now)  # anew, so that rounding does not pile up
            value[0] = asked.worth(now)
            anneal(now, best, value, self._worths, self._graph, bands, asked.slack, totals, covers, counts, lists, literals, (ends[0], ends[1], now_moves), self._state)  # fmt: skip
            done += now_moves
        return (best if asked.is_kept(best) else None), now


def _count(rows: Rows, chosen: NDArray[np.bool_]) -> Indices:
    row = np.repeat(np.arange(rows.start.size - 1), np.diff(rows.start))
    return np.bincount(row[chosen[rows.literal]], minlength=rows.start.size - 1).astype(np.int64)


def _lists(labels: Indices, k: int) -> tuple[Indices, Indices, Indices]:
    """Members of each label, the place of each node in its list, and the lengths of the lists."""
    n_members = np.bincount(labels, minlength=k).astype(np.int64)
    members = np.zeros((k, max(labels.size, 1)), dtype=np.int64)
    place = np.zeros(labels.size, dtype=np.int64)
    for label in range(k):
        of_label = np.flatnonzero(labels == label)
        members[label, : of_label.size] = of_label
        place[of_label] = np.arange(of_label.size)
    return members, place, n_members
