"""A chain of conditions: what it answers for every parcel, and how it came to that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import geopandas as gpd
import numpy as np

from geoplan.errors import CrsError, InputError
from geoplan.query import _places as places
from geoplan.query._explain import Explanation, StepCount
from geoplan.query._land import Land, layer_name
from geoplan.query._places import Place
from geoplan.query._verdicts import NO, UNKNOWN, YES, State
from geoplan.units import mu_from_m2
from geoplan.words import Language, Message, join, say

__all__ = ["Ask", "Chain", "Of", "Step", "place_of", "title_of"]

#: What a place can be: the name of a layer, shapes of one's own, or the parcels of a query.
Of: TypeAlias = "str | gpd.GeoDataFrame | Chain"
#: Answer of a condition for every parcel, given the answers so far.
Ask: TypeAlias = Callable[[Land, State], State]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One condition: its words, its answer, and what must be there to ask it."""

    title: Message
    ask: Ask
    columns: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Chain:
    """Conditions that must all hold, and what they answer; nothing is worked out before it is asked for."""

    land: Land | None = None
    steps: tuple[Step, ...] = ()

    # ---- answers ----------------------------------------------------------------------------------------------------

    def parcels(self) -> gpd.GeoDataFrame:
        """The parcels that fit, in the park's order, with all columns."""
        land = self._own_land()
        return land.parcels[self.answers_for(land) == YES]

    def unknown(self) -> gpd.GeoDataFrame:
        """Parcels that may fit: nothing rules them out, and something is not known of them."""
        land = self._own_land()
        return land.parcels[self.answers_for(land) == UNKNOWN]

    def ids(self) -> list[str]:
        """Names of the parcels that fit, in the park's order."""
        return [str(name) for name in self.parcels().index]

    def count(self) -> int:
        """How many parcels fit."""
        return len(self.parcels())

    def area_m2(self) -> float:
        """Area of the parcels that fit [m2]."""
        return float(self.parcels().area.sum())

    def area_mu(self) -> float:
        """Area of the parcels that fit [mu]."""
        return mu_from_m2(self.area_m2())

    def explain(self, language: Language = "en") -> str:
        """Tell step by step how many parcels were left, fell out, or cannot be told."""
        return self.explanation().text(language)

    def explanation(self) -> Explanation:
        """The counts behind :meth:`explain`."""
        land = self._own_land()
        states = self.run(land)
        return Explanation(
            start_count=len(land.parcels),
            steps=tuple(
                _counted(step.title, before, after)
                for step, before, after in zip(self.steps, states[:-1], states[1:], strict=True)
            ),
            unknown_count=int((states[-1] == UNKNOWN).sum()),
            area_m2=float(land.parcels.area[states[-1] == YES].sum()),
        )

    def title(self) -> Message:
        """The question in words."""
        if not self.steps:
            return say("query.all")
        return join([step.title for step in self.steps], "query.and")

    def text(self, language: Language = "en") -> str:
        """The question in one language."""
        return self.title().text(language)

    def __repr__(self) -> str:
        return f"<Query: {self.text('en')}>"

    # ---- ours -------------------------------------------------------------------------------------------------------

    def _and(
        self, title: Message, ask: Ask, *, columns: Sequence[str] = (), layers: Sequence[str] = ()
    ) -> Self:
        if self.land is not None:
            self.land.check(columns=columns, layers=layers)
        step = Step(title=title, ask=ask, columns=tuple(columns), layers=tuple(layers))
        return replace(self, steps=(*self.steps, step))

    def _own_land(self) -> Land:
        if self.land is None:
            raise InputError([say("query.no_park")], headline=say("query.headline"))
        return self.land

    def run(self, land: Land) -> list[State]:
        """What is known of every parcel before the first step, and after each."""
        states = [np.full(len(land.parcels), YES)]
        for step in self.steps:
            land.check(columns=step.columns, layers=step.layers)
            states.append(np.minimum(states[-1], step.ask(land, states[-1])))
        return states

    def answers_for(self, land: Land) -> State:
        """The answer for the parcels of ``land``; a query with a park of its own must be about the same parcels."""
        own = self.land or land
        if not own.parcels.index.equals(land.parcels.index):
            raise InputError([say("query.other_parcels")], headline=say("query.headline"))
        return self.run(own)[-1]


def place_of(land: Land, of: Of) -> Place:
    """Shapes of a place; those of a query in which it is unknown whether they belong are kept apart."""
    if isinstance(of, Chain):
        return _place_of_parcels(land, of)
    table = land.layer(of) if isinstance(of, str) else of
    if not isinstance(table, gpd.GeoDataFrame):
        raise InputError(
            [say("query.no_shapes", layer=title_of(of))], headline=say("query.headline")
        )
    if table.crs != land.park.crs:
        raise CrsError([say("query.other_crs", own=str(table.crs), park=str(land.park.crs))])
    return Place(certain=places.shapes_of(table), possible=places.shapes_of(table.iloc[:0]))


def _place_of_parcels(land: Land, query: Chain) -> Place:
    own = query.land or land
    state = query.run(own)[-1]
    if own.park.crs != land.park.crs:
        raise CrsError([say("query.other_crs", own=str(own.park.crs), park=str(land.park.crs))])
    return Place(
        certain=places.shapes_of(own.parcels, state == YES),
        possible=places.shapes_of(own.parcels, state == UNKNOWN),
        members=state if own.parcels.index.equals(land.parcels.index) else None,
    )


def title_of(of: Of) -> Message:
    """A place in words."""
    if isinstance(of, Chain):
        return say("query.those", what=of.title()) if of.steps else say("query.all")
    if isinstance(of, str):
        return layer_name(of)
    return say("query.given_shapes", count=len(of))


def _counted(title: Message, before: State, after: State) -> StepCount:
    left = after[before == YES]
    return StepCount(
        title=title,
        left_count=int((left == YES).sum()),
        out_count=int((left == NO).sum()),
        unknown_count=int((left == UNKNOWN).sum()),
    )
