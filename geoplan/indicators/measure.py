"""What a layout gives: every indicator, one after the other.

An indicator is one function that takes :class:`~geoplan.indicators.facts.Facts` and returns one
:class:`~geoplan.model.answers.Indicator`; adding one is that function, its line in :data:`INDICATORS`, and its name in
``data/words/indicator.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd

from geoplan.indicators import intensity, land, people
from geoplan.indicators.access import access_indicators
from geoplan.indicators.facts import GRAVEST_FIRST, Facts, gather
from geoplan.model.answers import Allocation, Evaluation, Indicator
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.words import LANGUAGES, text

__all__ = ["INDICATORS", "indicator_table", "measure_plan"]

_FINDINGS = ("any", "below_mean", "non_industrial_lease", "vacant")

#: All indicators, in the order in which they are shown.
INDICATORS: tuple[Callable[[Facts], Indicator], ...] = (
    land.site_area,
    land.existing_floor_area,
    land.industry_land_today,
    *(partial(land.flagged_area, finding=finding) for finding in _FINDINGS),
    *(partial(land.flagged_parcels, finding=finding) for finding in _FINDINGS),
    *(partial(land.triaged_area, result=result) for result in GRAVEST_FIRST),
    *(partial(people.triaged_firms, result=result) for result in GRAVEST_FIRST),
    land.land_changed,
    partial(land.planned_land, name="home_and_commerce_land", groups=("home", "commerce")),
    partial(land.planned_land, name="home_land", groups=("home",)),
    partial(land.planned_land, name="commerce_land", groups=("commerce",)),
    land.industry_land_planned,
    land.floor_area_to_clear,
    land.planned_floor_area,
    people.planned_dwellings,
    people.planned_population,
    people.public_green,
    people.public_green_per_head,
    people.firms_moved,
    people.jobs_moved,
    people.jobs_kept,
)
#: The national evaluation of intensive land use; shown where a rule pack has its numbers.
_INTENSITY: tuple[Callable[[Facts], Indicator], ...] = tuple(
    partial(what, when=when) for what in intensity.INTENSITY for when in intensity.WHEN
)


def measure_plan(
    park: Park, evaluation: Evaluation, allocation: Allocation | None, *, rules: Rules
) -> tuple[Indicator, ...]:
    """Measure a park, its evaluation and, if there is one, its plan.

    Where an indicator cannot be known its value is ``None``, and the note says why.

    Parameters
    ----------
    park, evaluation
        The park, and what ``evaluate_park`` says of it.
    allocation
        The plan; ``None`` leaves what needs one unknown.
    rules
        The numbers that the plan was made with; assumptions are quoted from here.

    Returns
    -------
    tuple of Indicator
        One for each entry of :data:`INDICATORS`, in that order; then, if a rule pack has numbers ``intensity.*``,
        those of the national evaluation of intensive land use; and if one has numbers ``services.*``, who reaches what
        on foot.
    """
    facts = gather(park, evaluation, allocation, rules=rules)
    is_asked = any(name.startswith("intensity.") for name in rules.numbers)
    told = [indicator(facts) for indicator in (*INDICATORS, *(_INTENSITY if is_asked else ()))]
    if any(name.startswith("services.") for name in rules.numbers):
        told += access_indicators(facts)
    return tuple(told)


def indicator_table(indicators: Sequence[Indicator]) -> pd.DataFrame:
    """The indicators as layer ``indicators`` of the schema, in the order given."""
    names = {
        f"name_{language}": pd.Series(
            [text(f"indicator.{item.name}", language) for item in indicators], dtype="str"
        )
        for language in LANGUAGES
    }
    notes = {
        f"note_{language}": pd.Series(
            ["" if item.note is None else item.note.text(language) for item in indicators],
            dtype="str",
        )
        for language in LANGUAGES
    }
    return pd.DataFrame(
        {
            "indicator": pd.Series([item.name for item in indicators], dtype="str"),
            **names,
            "value": pd.Series([item.value for item in indicators], dtype=float),
            "unit": pd.Series([item.unit for item in indicators], dtype="str"),
            **notes,
        }
    )
