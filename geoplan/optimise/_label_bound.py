r"""A bound that no labelling beats: bands and coverage priced, the graph passed over by messages (TRW-S).

With a price :math:`\lambda_b` of each band and a share :math:`\mu_h` of each reward, every labelling that keeps the
rules is worth at most

.. math::
    \sum_b \max_{L_b \le t \le U_b} \lambda_b t + \max_l \sum_i \theta_i(l_i) + \sum_e \theta_e(l_i, l_j),
    \qquad \theta = s - \sum_b \lambda_b a^b + \sum_h (r_h - \mu_h) [\text{asks}] + \mu_h [\text{serves}]

since a served point has at least one node that serves it. Messages move worth between edges and their nodes and
leave the sum as it is, so that the sum of the largest entry of every node and edge bounds the maximum, for any
prices and messages (Kolmogorov, Convergent tree-reweighted message passing for energy minimization, IEEE PAMI 28,
2006). Prices follow the totals of softened beliefs; the softness falls from round to round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.optimise._label_field import Field, spread_of
from geoplan.optimise._label_kernels import sweep, total

__all__ = ["Dual", "spread"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Softness of beliefs at the start, as a share of the spread of a node, and by how much a round cools it.
SOFTNESS, COOLING, COLDEST = 0.25, 0.6, 3e-4
SWEEPS = 30
#: Rounding of float sums, as a share of the sum of all magnitudes: far above what 64 bits lose.
ROUNDING = 1e-12


@dataclass(slots=True, eq=False)
class _Step:
    """A length of step per band: longer while the price moves one way, shorter when it turns."""

    length: Vector
    direction: Vector

    def along(self, move: Vector) -> Vector:
        direction: Vector = np.sign(move).astype(np.float64)
        turned = direction * self.direction < 0
        longer: Vector = np.minimum(1.1 * self.length, 0.5)
        self.length = np.where(turned, 0.6 * self.length, longer)
        self.direction = direction
        return self.length * move


@dataclass(slots=True, eq=False)
class Dual:
    """Prices and messages that are carried on; ``bound`` is the lowest so far and always holds."""

    question: Field
    start: Indices
    incident: Indices
    bound: float = np.inf
    belief: Vector = field(init=False)
    price: Vector = field(init=False)
    unit: float = field(init=False)
    softness: float = field(init=False)

    _share: Vector = field(init=False)
    _message: Vector = field(init=False)
    _band: sp.csr_array = field(init=False)
    _server: sp.csr_array = field(init=False)
    _gate: sp.csr_array = field(init=False)
    _squared: sp.csr_array = field(init=False)
    _least: Vector = field(init=False)
    _n_served: Vector = field(init=False)
    _is_gated: NDArray[np.bool_] = field(init=False)
    _step: _Step = field(init=False)

    def __post_init__(self) -> None:
        asked = self.question
        self.unit = spread(asked)
        self.softness = SOFTNESS * self.unit
        self.belief = asked.unary.copy()
        self.price = np.zeros(asked.band_lower.size)
        self._share = np.zeros(asked.reward.size)
        self._message = np.zeros((asked.ends.shape[0], 2, asked.k))
        self._band, self._server, self._gate = (
            rows.table(asked.n * asked.k) for rows in (asked.band, asked.server, asked.gate)
        )
        self._squared = sp.csr_array(self._band.power(2))
        self._least = 1e-9 * np.asarray(self._squared.sum(axis=1), dtype=np.float64).ravel() + 1e-30
        self._n_served = np.asarray(self._server.sum(axis=0), dtype=np.float64).ravel()
        self._is_gated = np.diff(asked.gate.start) > 0
        self._step = _Step(np.full(self.price.size, 0.3), np.zeros(self.price.size))

    @property
    def is_settled(self) -> bool:
        """Whether beliefs are so hard that more rounds change little."""
        return self.softness <= COLDEST * self.unit

    def improve(self, is_over: Callable[[], bool]) -> None:
        """One round: sweeps in both directions, the prices after each; then harder beliefs."""
        asked = self.question
        for _ in range(SWEEPS):
            theta = self._theta()
            for is_forward in (True, False):
                sweep(theta, self._message, asked.pair, asked.ends, self.start, self.incident, is_forward, self.belief)  # fmt: skip
            value, magnitude = total(theta, self._message, asked.pair, asked.ends)
            constant, more = self._constant()
            value += constant + ROUNDING * (magnitude + more)
            self.bound = min(self.bound, value)
            if is_over():
                return
            self._follow()
        self.softness = max(COOLING * self.softness, COLDEST * self.unit)

    def _theta(self) -> Vector:
        asked = self.question
        added = self._server.T @ self._share + self._gate.T @ (asked.reward - self._share)
        theta: Vector = asked.unary + (added - self._band.T @ self.price).reshape(asked.unary.shape)
        return theta

    def _constant(self) -> tuple[float, float]:
        asked = self.question
        limit = np.where(self.price > 0, asked.band_upper, asked.band_lower)
        parts = np.where(self.price == 0, 0.0, self.price * np.where(self.price == 0, 0.0, limit))
        always = (asked.reward - self._share)[~self._is_gated]
        return float(parts.sum() + always.sum()), float(np.abs(parts).sum() + np.abs(always).sum())

    def _follow(self) -> None:
        """Move each price towards what brings its total to its limit, if the beliefs answered alone."""
        asked, tau = self.question, self.softness
        hold = np.exp((self.belief - self.belief.max(axis=1, keepdims=True)) / tau)
        hold = (hold / hold.sum(axis=1, keepdims=True)).ravel()
        change = hold * (1 - hold)
        if self.price.size:
            at = self._band @ hold
            pull = self._squared @ change / tau
            limit = np.where(self.price > 0, asked.band_upper, asked.band_lower)
            limit = np.where(
                self.price == 0, np.clip(at, asked.band_lower, asked.band_upper), limit
            )
            price = self.price + self._step.along(
                (at - limit) / np.maximum(pull, self._least / tau)
            )
            self.price = np.where(price * self.price < 0, 0.0, price)
        if asked.reward.size:
            change = np.maximum(
                change, 0.03
            )  # a belief that is sure now may turn after a long step
            excess = self._server @ hold - np.where(self._is_gated, self._gate @ hold, 1.0)
            pull = (self._server @ (change * self._n_served) + self._gate @ change + 0.01) / tau
            self._share = np.clip(self._share - 0.5 * excess / pull, 0.0, asked.reward)


def spread(question: Field) -> float:
    """How much is at stake at a node, on average: of its own labels, and of half of its edges; 1 if nothing is."""
    if question.n == 0:
        return 1.0
    m = question.ends.shape[0]
    counts = np.ones(question.pair.shape, dtype=bool)
    counts[: question.forbidden.shape[0]] = ~question.forbidden
    at_nodes = spread_of(question.unary, question.allowed).sum()
    at_edges = spread_of(question.pair.reshape(m, -1), counts.reshape(m, -1)).sum() if m else 0.0
    return float((at_nodes + at_edges + question.reward.sum()) / question.n) or 1.0
