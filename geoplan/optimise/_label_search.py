"""Good labels by annealing: single changes and swaps, bands held by penalties, the best that keeps all rules kept.

A move gives node i another label, or swaps the labels of two nodes; it is taken if it is better, or by chance
exp(gain / temperature). A band missed by an amount costs its penalty times that amount; so the search may pass through
labels that break a rule, and the prices of the bound say how dear that must be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise._kernel import kernel
from geoplan.optimise._label_field import Field, Rows

__all__ = ["Search"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Moves between two looks at the clock.
CHUNK = 400_000
SWAPS = 0.3


@kernel
def draw(state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A number from 0 to 1 (Marsaglia, Xorshift RNGs, Journal of Statistical Software 8, 2003)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.float64(x >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def change(i, c, labels, worths, graph, bands, totals, covers, counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913, PLR0917
    """Give node i label c; the gain in worth, and in penalties."""
    unary, pair = worths
    ends, start, incident = graph
    band_start, band_of, band_value, lower, upper, penalty = bands
    server_start, server_of, gate_start, gate_of, is_gated, reward = covers
    n_servers, n_gates = counts
    k = unary.shape[1]
    a = labels[i]
    gain = unary[i, c] - unary[i, a]
    for p in range(start[i], start[i + 1]):
        e = incident[p]
        if ends[e, 0] == i:
            other = labels[ends[e, 1]]
            gain += pair[e, c, other] - pair[e, a, other]
        else:
            other = labels[ends[e, 0]]
            gain += pair[e, other, c] - pair[e, other, a]
    excess = 0.0
    for step in (-1, 1):
        literal = i * k + (a if step < 0 else c)
        for q in range(band_start[literal], band_start[literal + 1]):
            b = band_of[q]
            before = max(0.0, lower[b] - totals[b]) + max(0.0, totals[b] - upper[b])
            totals[b] += step * band_value[q]
            after = max(0.0, lower[b] - totals[b]) + max(0.0, totals[b] - upper[b])
            excess += penalty[b] * (after - before)
        for q in range(server_start[literal], server_start[literal + 1]):
            h = server_of[q]
            n_servers[h] += step
            turned = n_servers[h] == (0 if step < 0 else 1)
            if turned and (n_gates[h] > 0 or not is_gated[h]):
                gain += step * reward[h]
        for q in range(gate_start[literal], gate_start[literal + 1]):
            h = gate_of[q]
            n_gates[h] += step
            turned = n_gates[h] == (0 if step < 0 else 1)
            if turned and n_servers[h] > 0:
                gain += step * reward[h]
    labels[i] = c
    return gain, excess


@kernel
def enlist(i, a, c, members, place, n_members):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913, PLR0917
    """Move node i from the list of label a to that of label c."""
    at = place[i]
    last = members[a, n_members[a] - 1]
    members[a, at] = last
    place[last] = at
    n_members[a] -= 1
    members[c, n_members[c]] = i
    place[i] = n_members[c]
    n_members[c] += 1


@kernel
def anneal(  # type: ignore[no-untyped-def]  # noqa: ANN202, C901, PLR0912, PLR0913, PLR0917
    labels,  # noqa: ANN001
    best,  # noqa: ANN001
    value,  # noqa: ANN001
    worths,  # noqa: ANN001
    graph,  # noqa: ANN001
    bands,  # noqa: ANN001
    slack,  # noqa: ANN001
    totals,  # noqa: ANN001
    covers,  # noqa: ANN001
    counts,  # noqa: ANN001
    lists,  # noqa: ANN001
    literals,  # noqa: ANN001
    heat,  # noqa: ANN001
    state,  # noqa: ANN001
):
    """A run of moves; ``value`` is the worth now and of the best labels. Looks at whether the rules hold once per n moves."""
    unary = worths[0]
    lower, upper = bands[3], bands[4]
    members, place, n_members = lists
    hot, cold, moves = heat
    n, k = unary.shape
    temperature = hot
    n_moves = int(moves)
    for m in range(n_moves + 1):
        if m % 1_000 == 0:
            temperature = hot * (cold / hot) ** (m / n_moves)
        if (m % n == 0 or m == n_moves) and value[0] > value[1]:
            is_kept = True
            for b in range(totals.size):
                is_kept &= lower[b] - slack[b] <= totals[b] <= upper[b] + slack[b]
            if is_kept:
                value[1] = value[0]
                best[:] = labels
        literal = literals[int(draw(state) * literals.size)]
        i, c = literal // k, literal % k
        a = labels[i]
        if a == c:
            continue
        j = -1
        if draw(state) < SWAPS and n_members[c] > 0:
            j = members[c, int(draw(state) * n_members[c])]
            if unary[j, a] == -np.inf:
                continue
        gain, excess = change(i, c, labels, worths, graph, bands, totals, covers, counts)
        if j >= 0:
            more, other = change(j, a, labels, worths, graph, bands, totals, covers, counts)
            gain += more
            excess += other
        better = gain - excess
        if better >= 0 or draw(state) < np.exp(better / temperature):
            value[0] += gain
            enlist(i, a, c, members, place, n_members)
            if j >= 0:
                enlist(j, c, a, members, place, n_members)
        else:
            if j >= 0:
                change(j, c, labels, worths, graph, bands, totals, covers, counts)
            change(i, a, labels, worths, graph, bands, totals, covers, counts)


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
        bands = (self._band.start, self._band.literal, self._band.value, asked.band_lower, asked.band_upper, penalty)  # fmt: skip
        lists = _lists(now, asked.k)
        value = np.array([asked.worth(now), -np.inf])
        done = 0
        while done < moves and literals.size and not (done and is_over()):
            now_moves = min(CHUNK, moves - done)
            ends = [hot * (cold / hot) ** (at / moves) for at in (done, done + now_moves)]
            totals = asked.totals(now)  # anew, so that rounding does not pile up
            value[0] = asked.worth(now)
            anneal(now, best, value, self._worths, self._graph, bands, asked.slack, totals, covers, counts, lists, literals, (ends[0], ends[1], float(now_moves)), self._state)  # fmt: skip
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
