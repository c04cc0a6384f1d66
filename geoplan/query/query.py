"""A question about parcels that one can read aloud, step by step.

"Industrial parcels, idle two years or more, within 300 m of water, touching phase 1" is::

    select(park).industrial().idle(at_least_years=2).within(300, of="water").touching(phase(1))

Each step is one more condition; all must hold. What is not known of a parcel makes it neither in nor out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geoplan.errors import InputError
from geoplan.model.answers import Allocation, Evaluation
from geoplan.model.landuse import is_home, is_industrial, is_storage, land_uses
from geoplan.model.park import Park
from geoplan.model.schema import column, columns_of
from geoplan.query import _conditions as conditions
from geoplan.query import _places as places
from geoplan.query._chain import Chain, Of, place_of, title_of
from geoplan.query._land import Land, column_name, known_one, merged, unit_of
from geoplan.query._places import Place
from geoplan.query._verdicts import NO, UNKNOWN, State, all_of, any_of, negated
from geoplan.words import Message, join, literal, name_in_both, say

__all__ = ["Query", "block", "phase", "select", "those", "zone"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Query(Chain):
    """Parcels of a park that fit a chain of conditions; every step gives a new query.

    Start one with :func:`select`, or with :data:`those` to say which parcels another query speaks of.
    """

    # ---- what the land is -------------------------------------------------------------------------------------------

    def industrial(self) -> Query:
        """Industrial land (1001 and its grades)."""
        return self._use("query.industrial", is_industrial)

    def storage(self) -> Query:
        """Storage land (11)."""
        return self._use("query.storage", is_storage)

    def homes(self) -> Query:
        """Land for homes (07 without its community services)."""
        return self._use("query.homes", is_home)

    def with_use(self, *codes: str) -> Query:
        """Land of one of these national codes or a class below; a parcel coded coarser is unknown."""
        known_one(say("query.kind_code"), codes, list(land_uses()))
        names = [
            name_in_both({"en": land_uses()[code].name_en, "zh": land_uses()[code].name_zh})
            for code in codes
        ]
        title = say("query.use", names=join(names, "query.or"), codes=", ".join(codes))
        return self._and(title, lambda land, _: conditions.use_begins(land, codes), columns=["use"])

    def larger_than_mu(self, mu: float) -> Query:
        """Polygon larger than so many mu; just as large does not count."""
        return self._and(
            say("query.larger", mu=mu), lambda land, _: conditions.area_above(land, mu)
        )

    def smaller_than_mu(self, mu: float) -> Query:
        """Polygon smaller than so many mu; just as small does not count."""
        return self._and(
            say("query.smaller", mu=mu), lambda land, _: conditions.area_below(land, mu)
        )

    def in_zone(self, *names: str) -> Query:
        """In one of these zones."""
        return self._one_of("zone", names, if_missing=UNKNOWN)

    def in_block(self, *ids: str) -> Query:
        """In one of these blocks."""
        return self._one_of("block_id", ids, if_missing=UNKNOWN)

    def in_phase(self, *numbers: int) -> Query:
        """Marked for one of these phases; a parcel without a phase is marked for none."""
        return self._one_of("phase", numbers, if_missing=NO)

    def where(  # noqa: PLR0913  (one name for each comparison reads best)
        self,
        name: str,
        *,
        at_least: Any = None,
        at_most: Any = None,
        above: Any = None,
        below: Any = None,
        between: tuple[Any, Any] | None = None,
        equals: Any = None,
        one_of: Sequence[Any] | None = None,
    ) -> Query:
        """A column against bounds, all of which must hold; ``between`` has both ends in it. A missing value is unknown.

        Raises
        ------
        SchemaError
            The parcels have no such column; the nearest name is told.
        """
        low, high = between if between is not None else (None, None)
        given = {
            "at_least": [at_least, low],
            "at_most": [at_most, high],
            "above": [above],
            "below": [below],
            "equals": [equals],
            "one_of": [tuple(one_of) if one_of is not None else None],
        }
        tests = [
            (test, bound) for test, bounds in given.items() for bound in bounds if bound is not None
        ]
        if not tests:
            raise InputError([say("query.no_bound", column=name)], headline=say("query.headline"))
        bounds = join(
            [say(f"query.test_{test}", value=_spoken(bound)) for test, bound in tests], "query.and"
        )
        unit = unit_of(name)

        def ask(land: Land, _: State) -> State:
            answers = [
                conditions.compared(land.column(name), {test: bound}) for test, bound in tests
            ]
            return all_of(answers)

        return self._and(
            say("query.where", column=column_name(name), bounds=bounds, unit=unit),
            ask,
            columns=[name],
        )

    # ---- how it is used ---------------------------------------------------------------------------------------------

    def vacant(self) -> Query:
        """Empty now: by the evaluation's verdict if there is one, else by the survey."""
        return self._and(say("query.vacant"), lambda land, _: conditions.vacant_now(land))

    def idle(self, *, at_least_years: float = 0, at_least_months: float = 0) -> Query:
        """Empty for so long; just as long counts. Empty since nobody knows when is unknown."""
        months = at_least_years * conditions.MONTHS_PER_YEAR + at_least_months
        if months <= 0:
            raise InputError([say("query.no_time")], headline=say("query.headline"))
        title = say("query.idle", months=months)
        return self._and(
            title, lambda land, _: conditions.idle_for(land, months), columns=["vacancy_months"]
        )

    def flagged(self, *tests: str) -> Query:
        """Flagged by one of these tests of the evaluation, or by any test if none is named."""
        known = [name for name, item in columns_of("parcels").items() if item.kind == "verdict"]
        known_one(say("query.kind_test"), tests, known)
        asked = tests or tuple(known)
        names = join([column_name(name) for name in asked], "query.or")

        def ask(land: Land, _: State) -> State:
            return any_of([conditions.verdict(land.column(name)) for name in asked])

        return self._and(say("query.flagged", names=names), ask, columns=asked)

    def triage(self, *results: str) -> Query:
        """For which the evaluation says one of these: keep, assist, upgrade, revitalise, swap, acquire, survey."""
        known_one(say("query.kind_triage"), results, column("parcels", "triage").choices)
        return self._one_of("triage", results, if_missing=NO)

    def with_firms(
        self, *, status: str | Sequence[str] = (), role: str | Sequence[str] = ()
    ) -> Query:
        """Used by a firm of the ledger, in one of these operating states and roles if any are named.

        A firm that left before the last year with figures does not count.
        """
        states, roles = ((s,) if isinstance(s, str) else tuple(s) for s in (status, role))
        known_one(
            say("query.kind_status"), states, column("enterprises", "operating_status").choices
        )
        known_one(say("query.kind_role"), roles, column("occupancy", "role").choices)
        words = [say(f"query.status_{word}") for word in states] + [
            say(f"query.role_{word}") for word in roles
        ]
        title = say("query.firms_that", what=join(words)) if words else say("query.firms")
        return self._and(
            title,
            lambda land, _: conditions.has_firms(land, status=states, role=roles),
            layers=["occupancy", "enterprises"],
        )

    def with_tenants(self) -> Query:
        """Used by at least one tenant."""
        return self.with_firms(role="tenant")

    # ---- where it lies ----------------------------------------------------------------------------------------------

    def within(self, distance_m: float, *, of: Of) -> Query:
        """Not farther from the place than this, measured from edge to edge; just as far counts.

        A parcel that is part of the place lies within any distance of it.
        """
        title = say("query.within", distance_m=distance_m, place=title_of(of))
        return self._at(title, of, lambda land, place, _: places.within(land, place, distance_m))

    def farther_than(self, distance_m: float, *, of: Of) -> Query:
        """Farther from the place than this, measured from edge to edge; just as far does not count."""
        title = say("query.farther", distance_m=distance_m, place=title_of(of))
        return self._at(
            title, of, lambda land, place, _: negated(places.within(land, place, distance_m))
        )

    def touching(self, other: Of) -> Query:
        """Along a common border with the place, or with *another* parcel of a query; a corner does not count.

        Borders may be drawn 1 cm apart, and must be longer than 10 cm. What lies across the parcel or over it touches it.
        """
        title = say("query.touching", place=title_of(other))
        return self._at(title, other, lambda land, place, _: places.touching(land, place))

    def inside(self, other: Of, *, at_least_share: float = 1.0) -> Query:
        """With at least this share of its area in the place."""
        title = say("query.inside", share=at_least_share, place=title_of(other))
        return self._at(
            title, other, lambda land, place, _: places.inside(land, place, at_least_share)
        )

    def nearest(self, count: int, *, to: Of) -> Query:
        """The so many parcels left that lie nearest to the place; ties go to the lower id."""
        if count < 1:
            raise InputError([say("query.no_count")], headline=say("query.headline"))
        title = say("query.nearest", count=count, place=title_of(to))
        return self._at(
            title, to, lambda land, place, state: places.nearest(land, place, count, state)
        )

    # ---- queries joined ---------------------------------------------------------------------------------------------

    def either(self, *others: Query) -> Query:
        """Parcels that fit at least one of these: ``either(those.vacant(), those.flagged("below_mean"))``."""
        title = join([other.title() for other in others], "query.or")
        return self._and(
            title, lambda land, _: any_of([other.answers_for(land) for other in others])
        )

    def without(self, other: Query) -> Query:
        """Parcels that do not fit the other query."""
        title = say("query.without", other=other.title())
        return self._and(title, lambda land, _: negated(other.answers_for(land)))

    def __or__(self, other: Query) -> Query:
        return Query(land=self.land).either(self, other)

    def __and__(self, other: Query) -> Query:
        return self._and(other.title(), lambda land, _: other.answers_for(land))

    def __sub__(self, other: Query) -> Query:
        return self.without(other)

    # ---- ours -------------------------------------------------------------------------------------------------------

    def _use(self, key: str, test: Callable[[Any], Any]) -> Query:
        return self._and(say(key), lambda land, _: conditions.use_fits(land, test), columns=["use"])

    def _one_of(self, name: str, values: Sequence[object], *, if_missing: np.int8) -> Query:
        shown = join([literal(str(value)) for value in values], "query.or")
        return self._and(
            say("query.is", column=column_name(name), values=shown),
            lambda land, _: conditions.one_of(land.column(name), values, if_missing=if_missing),
            columns=[name],
        )

    def _at(self, title: Message, of: Of, ask: Callable[[Land, Place, State], State]) -> Query:
        return self._and(
            title,
            lambda land, state: ask(land, place_of(land, of), state),
            layers=[of] if isinstance(of, str) else [],
        )


#: All parcels of the park that the outer query speaks of: ``.touching(those.vacant())``.
those = Query()


def select(
    park: Park, *, evaluation: Evaluation | None = None, allocation: Allocation | None = None
) -> Query:
    """Ask about the parcels of a park.

    Parameters
    ----------
    park
        Its layers; distances are planar, in its CRS.
    evaluation, allocation
        Results whose columns can be asked for too: verdicts, triage, planned use.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> squares = [box(100 * i, 0, 100 * i + 100, 100) for i in range(4)]
    >>> parcels = gpd.GeoDataFrame(
    ...     {"use": ["100102", "100102", "unknown", "0701"], "phase": [1, None, None, None]},
    ...     geometry=squares, index=["P1", "P2", "P3", "P4"], crs=4548)
    >>> park = Park(name={"en": "Four squares"}, layers={"parcels": parcels})
    >>> print(select(park).industrial().touching(phase(1)).explain())
    4 parcels in the park
      industrial land: 2 left, 1 out, 1 unknown
      along a border with parcels (phase is 1): 1 left, 1 out
    in all 1 parcels, 10,000 m2 (15.0 mu)
    """
    return Query(land=merged(park, evaluation, allocation))


def phase(*numbers: int) -> Query:
    """Parcels marked for these phases, to be named in another query: ``touching(phase(1))``.

    Examples
    --------
    >>> phase(1).title().text("en")
    'phase is 1'
    """
    return those.in_phase(*numbers)


def block(*ids: str) -> Query:
    """Parcels of these blocks, to be named in another query.

    Examples
    --------
    >>> block("B1").title().text("en")
    'block_id is B1'
    """
    return those.in_block(*ids)


def zone(*names: str) -> Query:
    """Parcels of these zones, to be named in another query.

    Examples
    --------
    >>> zone("east").title().text("en")
    'zone is east'
    """
    return those.in_zone(*names)


def _spoken(bound: object) -> Message:
    parts = bound if isinstance(bound, tuple) else (bound,)
    return join([literal(_number(part)) for part in parts], "query.or")


def _number(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:,.10g}" if is_number else str(value)
