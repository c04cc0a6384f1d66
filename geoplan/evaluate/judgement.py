"""How one finding was judged, kept so that it can be judged again with a figure, a threshold or the average changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.evaluate._arrays import Bools, Codes, Floats
from geoplan.evaluate.peers import Average, Averaging, peer_average

__all__ = ["INPUTS", "Figure", "Judged", "Judgement", "Peers"]

#: What figures are made of.
INPUTS = (
    "amount", "tax", "assets", "area", "floor", "footprint", "space", "months", "contract",
    "building", "land",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A column of the parcels (or parcel x year) that may be wrong.

    Attributes
    ----------
    over, under
        The ``INPUTS`` it grows with, and those it shrinks with.
    most
        What it cannot exceed: 1 for a part of a whole.
    """

    value: Floats
    over: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    most: float = np.inf

    def times(self, factors: Mapping[str, float | Floats]) -> Floats:
        """The figure with its inputs multiplied."""
        values = self.value
        for name in self.over:
            if name in factors:
                values = values * _beside(factors[name], values)
        for name in self.under:
            if name in factors:
                values = values / _beside(factors[name], values)
        return np.minimum(values, self.most) if np.isfinite(self.most) else values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peers:
    """Whose average a figure is held against.

    Attributes
    ----------
    own, mean
        Names of the figure and of its average.
    counts
        Parcels that are part of the average.
    is_set_aside
        Parcel x year whose average is held against nobody.
    """

    own: str
    mean: str
    area_m2: Floats
    group: NDArray[np.intp]
    counts: Bools
    how: Averaging
    is_set_aside: Bools | None = None

    def average(
        self, own: Floats, area_m2: Floats, *, average: Average, trim_share: float
    ) -> Floats:
        """The average of other figures."""
        told = peer_average(
            own.reshape(len(own), -1),
            area_m2=area_m2,
            group=self.group,
            average=average,
            trim_share=trim_share,
            counts=self.counts,
        ).reshape(own.shape)
        return told if self.is_set_aside is None else np.where(self.is_set_aside, np.nan, told)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """A verdict as a function of what it rests on.

    Attributes
    ----------
    judge
        The verdict of each parcel, from figures, limits and facts by name.
    figures
        What may be wrong.
    limits
        Thresholds by their names in the rule packs.
    facts
        What else it takes.
    margins
        How far each parcel is from each threshold: below 0 it falls short.
    """

    judge: Callable[[Mapping[str, Any]], Codes]
    figures: Mapping[str, Figure] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    margins: Mapping[str, Floats] = field(default_factory=dict)
    peers: Peers | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """What its figures are made of, in the order of ``INPUTS``."""
        used = {name for figure in self.figures.values() for name in (*figure.over, *figure.under)}
        return tuple(name for name in INPUTS if name in used)

    @property
    def told(self) -> dict[str, Any]:
        """All that it rests on, by name."""
        figures = {name: figure.value for name, figure in self.figures.items()}
        return {**figures, **self.limits, **self.facts}

    def verdict(self, changes: Mapping[str, Any] | None = None) -> Codes:
        """The verdict, with some of what it rests on replaced."""
        return self.judge({**self.told, **(changes or {})})

    def with_inputs(self, factors: Mapping[str, float | Floats]) -> Codes:
        """The verdict with each parcel's own inputs multiplied, the average held."""
        return self.verdict({name: figure.times(factors) for name, figure in self.figures.items()})

    def drawn(self, factors: Mapping[str, float | Floats]) -> Codes:
        """The verdict with the inputs of all parcels multiplied, and the average with them."""
        figures = {name: figure.times(factors) for name, figure in self.figures.items()}
        if self.peers is not None:
            how, area_m2 = self.peers.how, self.peers.area_m2 * factors.get("area", 1.0)
            figures[self.peers.mean] = self.peers.average(
                figures[self.peers.own],
                area_m2,
                average=how.average,
                trim_share=how.trim_share,
            )
        return self.verdict(figures)

    def with_average(self, average: Average, *, trim_share: float) -> Codes:
        """The verdict held against another average."""
        peers = self.peers
        if peers is None:
            return self.verdict()
        own = self.figures[peers.own].value
        mean = peers.average(own, peers.area_m2, average=average, trim_share=trim_share)
        return self.verdict({peers.mean: mean})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """All that one evaluation judged: the findings, and the triage table with what else it asks for.

    Attributes
    ----------
    findings
        By name, in the order told; ``None`` for one that could not be made.
    answers
        What the triage asks for beside findings.
    lines
        The triage table (:class:`geoplan.evaluate.triage.TriageLine`).
    """

    findings: Mapping[str, Judgement | None]
    answers: Mapping[str, pd.Categorical]
    lines: Sequence[Any]
    is_assessed: Bools
    area_m2: Floats


def _beside(factor: float | Floats, values: Floats) -> float | Floats:
    """A factor of each parcel beside a figure of parcel x year, and the last year's beside one of parcels."""
    if isinstance(factor, float | int):
        return factor
    if factor.ndim < values.ndim:
        return factor[:, None]
    return factor[:, -1] if factor.ndim > values.ndim else factor
