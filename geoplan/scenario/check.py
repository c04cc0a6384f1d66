"""Check whatever a planner points at: a scenario, a source file, or data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pyproj
import yaml

from geoplan.errors import InputError
from geoplan.io import read_park, write_geopackage
from geoplan.model.answers import Problem, problem_table
from geoplan.model.validate import check_park
from geoplan.scenario.read import read_scenario
from geoplan.scenario.run import run_scenario

__all__ = ["check_file", "write_problems"]

#: A list of problems has no date of its own; equal inputs give equal bytes.
_NO_DATE = dt.date(2000, 1, 1)


def check_file(
    path: Path, *, data_root: Path | None = None
) -> tuple[tuple[Problem, ...], pyproj.CRS | None]:
    """Every problem of a file, and the CRS its places are in.

    What keeps the park from being read at all comes back as problems too, each an ``error``.

    Raises
    ------
    ScenarioError
        The scenario or source file itself cannot be understood.
    """
    try:
        if _is_scenario(path):
            result = run_scenario(
                read_scenario(path), folder=path.parent, data_root=data_root, until="check"
            )
            return result.problems, result.park.crs
        park = read_park(path, data_root=data_root)
    except InputError as error:
        return _as_problems(error, path), None
    return (*park.problems, *check_park(park)), park.crs


def _as_problems(error: InputError, path: Path) -> tuple[Problem, ...]:
    return tuple(
        Problem(severity="error", layer=path.name, kind=type(error).__name__, message=message)
        for message in error.problems
    )


def _is_scenario(path: Path) -> bool:
    """Whether a YAML file names a park; anything else is left to the reader of parks."""
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return False
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return False  # the reader of source files says what is wrong
    return isinstance(tree, dict) and "park" in tree


def write_problems(problems: Sequence[Problem], path: Path, *, crs: pyproj.CRS | None) -> Path:
    """Write problems as the layer ``problems`` of a GeoPackage."""
    write_geopackage(
        path,
        layers={"problems": problem_table(problems, crs=crs)},
        provenance={},
        date=_NO_DATE,
        crs=crs,
    )
    return path
