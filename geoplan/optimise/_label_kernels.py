"""The loops of the labelling that numba compiles: messages, their bound, and the moves of annealing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise._kernel import kernel

__all__ = ["anneal", "sweep", "total"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
#: Per literal the bands it adds to (first entry, band, value); per band its limits and the price of missing them.
Bands = tuple[Indices, Indices, Vector, Vector, Vector, Vector]
#: Per literal the points it serves, and those for which it asks; per point whether it must ask, and its reward.
Covers = tuple[Indices, Indices, Indices, Indices, NDArray[np.bool_], Vector]

#: Share of moves that swap two nodes.
SWAPS = 0.3


@kernel
def sweep(
    theta: Vector,
    message: Vector,
    pair: Vector,
    ends: Indices,
    start: Indices,
    incident: Indices,
    is_forward: bool,  # noqa: FBT001 - a kernel takes no keywords
    belief: Vector,
) -> None:
    """Pass over the nodes in one direction: each gathers what its edges know and hands it on to the later ones."""
    n, k = theta.shape
    own = np.empty(k)
    for s in range(n):
        i = s if is_forward else n - 1 - s
        later, earlier = 0, 0
        for a in range(k):
            own[a] = theta[i, a]
        for p in range(start[i], start[i + 1]):
            e = incident[p]
            side = 0 if ends[e, 0] == i else 1
            if (ends[e, 1 - side] > i) == is_forward:
                later += 1
            else:
                earlier += 1
            for a in range(k):
                own[a] += message[e, side, a]
        share = 1.0 / max(later, earlier, 1)
        for a in range(k):
            if theta[i, a] == -np.inf:
                own[a] = -np.inf
            belief[i, a] = own[a]
        for p in range(start[i], start[i + 1]):
            e = incident[p]
            side = 0 if ends[e, 0] == i else 1
            if (ends[e, 1 - side] > i) != is_forward:
                continue
            for a in range(k):
                message[e, side, a] -= share * own[a]
            top = -np.inf
            for c in range(k):
                best = -np.inf
                for a in range(k):
                    value = pair[e, a, c] if side == 0 else pair[e, c, a]
                    value -= message[e, side, a]
                    best = max(best, value)
                message[e, 1 - side, c] = best
                top = max(top, best)
            for c in range(k):
                message[e, 1 - side, c] -= top


@kernel
def total(theta: Vector, message: Vector, pair: Vector, ends: Indices) -> tuple[float, float]:
    """Sum of the largest entries of all nodes and edges, and of the magnitudes that went into it."""
    n, k = theta.shape
    left = theta.copy()
    value, magnitude = 0.0, 0.0
    for e in range(ends.shape[0]):
        i, j = ends[e, 0], ends[e, 1]
        best = -np.inf
        for a in range(k):
            if theta[i, a] == -np.inf:
                continue
            left[i, a] += message[e, 0, a]
            magnitude += abs(message[e, 0, a])
            for c in range(k):
                if theta[j, c] > -np.inf:
                    best = max(best, pair[e, a, c] - message[e, 0, a] - message[e, 1, c])
        for c in range(k):
            if theta[j, c] > -np.inf:
                left[j, c] += message[e, 1, c]
                magnitude += abs(message[e, 1, c])
        value += best
        magnitude += abs(best)
    for i in range(n):
        best = -np.inf
        for a in range(k):
            best = max(best, left[i, a])
            if theta[i, a] > -np.inf:
                magnitude += abs(theta[i, a])
        value += best
    return value, magnitude


@kernel
def draw(state: NDArray[np.uint64]) -> float:
    """A number from 0 to 1 (Marsaglia, Xorshift RNGs, Journal of Statistical Software 8, 2003)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return float(x >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def change(
    i: int,
    c: int,
    labels: Indices,
    worths: tuple[Vector, Vector],
    graph: tuple[Indices, ...],
    bands: Bands,
    totals: Vector,
    covers: Covers,
    counts: tuple[Indices, Indices],
) -> tuple[float, float]:
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
def enlist(i: int, a: int, c: int, members: Indices, place: Indices, n_members: Indices) -> None:
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
def anneal(
    labels: Indices,
    best: Indices,
    value: Vector,
    worths: tuple[Vector, Vector],
    graph: tuple[Indices, ...],
    bands: Bands,
    slack: Vector,
    totals: Vector,
    covers: Covers,
    counts: tuple[Indices, Indices],
    lists: tuple[Indices, Indices, Indices],
    literals: Indices,
    heat: tuple[float, float, int],
    state: NDArray[np.uint64],
) -> None:
    """A run of moves; ``value`` is the worth now and of the best labels. Looks at whether the rules hold once per n moves."""
    unary = worths[0]
    lower, upper = bands[3], bands[4]
    members, place, n_members = lists
    hot, cold, n_moves = heat
    n, k = unary.shape
    temperature = hot
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
