"""Read a scenario file and lay its named overrides over it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geoplan.errors import ScenarioError
from geoplan.model.checked_yaml import checked, read_yaml
from geoplan.scenario.model import Scenario
from geoplan.words import say

__all__ = ["laid_over", "read_scenario"]


def read_scenario(path: str | Path, *, overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario, with some of its named overrides laid over the base, in the order given.

    Mappings are laid over each other key by key; entries of a list that have a ``name`` replace the entry of the same
    name or are added; any other value replaces the one below.

    Raises
    ------
    ScenarioError
        The file cannot be read, a key is unknown, or there is no such override; all problems at once.
    """
    file = read_yaml(path)
    base = checked(Scenario, file)
    if not overrides:
        return base
    missing = [name for name in overrides if name not in base.overrides]
    if missing:
        known = ", ".join(base.overrides) or "-"
        raise ScenarioError([_unknown(name, known, tuple(base.overrides)) for name in missing])
    tree: Any = file.tree
    for name in overrides:
        tree = laid_over(tree, base.overrides[name])
    names = "-".join([base.name, *overrides])
    return checked(Scenario, file, {**tree, "name": names})


def _unknown(name: str, known: str, names: tuple[str, ...]) -> Any:
    near = difflib.get_close_matches(name, names, n=1)
    return say("scenario.unknown_override", name=name, known=known, near=near[0] if near else "-")


def laid_over(below: Any, above: Any) -> Any:
    """One tree laid over another.

    Examples
    --------
    >>> laid_over({"a": 1, "b": [{"name": "x", "v": 1}]}, {"b": [{"name": "x", "v": 2}]})
    {'a': 1, 'b': [{'name': 'x', 'v': 2}]}
    """
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {
            key: laid_over(below.get(key), above[key]) if key in above else below[key]
            for key in {**below, **above}
        }
    if _is_named(below) and _is_named(above):
        rows = {row["name"]: row for row in below}
        return list((rows | {row["name"]: row for row in above}).values())
    return above


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, Mapping) and "name" in row for row in value
    )
