"""What an optimiser raises when no answer exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from geoplan.errors import InfeasibleError
from geoplan.words import Message

__all__ = ["DisconnectedError", "NoAnswerError"]


class NoAnswerError(InfeasibleError):
    """Named constraints that cannot hold together.

    Attributes
    ----------
    names
        A set of constraints that cannot hold together; each can be left out of no smaller such set, as
        far as the limit of work could tell.
    gives
        For each name the least amount by which it alone, all others kept, would have to give way; in the
        unit of that constraint (a count of rows for locks, of pairs for conflicts). ``inf``: alone it cannot help.
    rows
        Rows (or demand points) that no answer can serve, whatever the constraints.
    """

    def __init__(
        self,
        problems: Sequence[Message],
        *,
        names: Sequence[str] = (),
        gives: Mapping[str, float] | None = None,
        rows: Sequence[int] = (),
    ) -> None:
        self.names = tuple(names)
        self.gives: Mapping[str, float] = MappingProxyType(dict(gives or {}))
        self.rows = tuple(rows)
        super().__init__(problems)


class DisconnectedError(InfeasibleError):
    """Nodes to be joined lie in parts that no path connects.

    Attributes
    ----------
    groups
        The terminals of each part, the largest group first.
    """

    def __init__(self, problems: Sequence[Message], *, groups: Sequence[tuple[int, ...]]) -> None:
        self.groups = tuple(groups)
        super().__init__(problems)
