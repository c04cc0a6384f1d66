"""What can go wrong, as a tree.

::

    GeoplanError
    |-- InputError          a file or layer cannot be used
    |   |-- SchemaError     it lacks something, or holds what cannot be
    |   `-- CrsError        its coordinates cannot be trusted
    |-- ScenarioError       the scenario or a rule pack asks for what does not exist
    `-- PlanError           the land cannot be planned as asked
        |-- InfeasibleError rules that cannot hold together, by name
        `-- UnfinishedError the search was cut before it had an answer

Each error is one headline and all problems under it, in every language of the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence

from geoplan.words import Language, Message, literal, say

__all__ = [
    "CrsError",
    "GeoplanError",
    "InfeasibleError",
    "InputError",
    "PlanError",
    "ScenarioError",
    "SchemaError",
    "UnfinishedError",
]


class GeoplanError(Exception):
    """One headline, and every problem found under it.

    Parameters
    ----------
    problems
        What is wrong, where, and what to do: one message each.
    headline
        What cannot be done because of it; the class has one of its own.

    Examples
    --------
    >>> print(InputError([literal("parcels.gpkg is empty: add parcels")]))
    the input cannot be used:
      - parcels.gpkg is empty: add parcels
    """

    headline_key = "error.input"

    def __init__(
        self, problems: Sequence[Message | str], *, headline: Message | None = None
    ) -> None:
        self.problems = tuple(literal(p) if isinstance(p, str) else p for p in problems)
        self.headline = headline if headline is not None else say(self.headline_key)
        super().__init__(self.text("en"))

    def text(self, language: Language = "en") -> str:
        """The whole error in one language."""
        lines = [self.headline.text(language)]
        lines += [f"  - {problem.text(language)}" for problem in self.problems]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text("en")


class InputError(GeoplanError):
    """A file or a layer cannot be used."""


class SchemaError(InputError):
    """A layer lacks something that is needed, or holds what cannot be."""


class CrsError(InputError):
    """Coordinates are missing, in degrees or feet, swapped or contradict what the file says."""

    headline_key = "error.crs"


class ScenarioError(GeoplanError):
    """A scenario, source file or rule pack asks for what does not exist."""

    headline_key = "error.scenario"


class PlanError(GeoplanError):
    """The land cannot be planned as asked."""

    headline_key = "error.plan"


class InfeasibleError(PlanError):
    """The rules cannot all hold; the problems name those that stand against each other."""

    headline_key = "error.infeasible"


class UnfinishedError(PlanError):
    """The search was cut before it had an answer."""

    headline_key = "error.unfinished"
