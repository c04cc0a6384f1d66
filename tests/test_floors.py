"""Imports run down the floors of the house, never up and never sideways."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "geoplan"
FLOORS: list[set[str]] = [
    {"words"},  # the cellar
    {"errors", "units"},
    {"files"},  # written safely, read with a word of what is wrong
    {"spatial", "optimise"},
    {"model"},
    {"io", "query", "evaluate", "plan", "form", "programme", "indicators", "render"},  # siblings
    {"scenario", "engine"},
    {"cli", "__init__", "__main__"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
#: The stair at the top: the door opens on the command line.
STAIRS = {("__main__", "cli")}


def room_of(module: str) -> str:
    """Room of a dotted module: ``geoplan.io.read`` is in ``io``, ``geoplan`` itself in ``__init__``."""
    return [*module.split("."), "__init__"][1]


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def modules_imported(source: str, package: str) -> Iterator[str]:
    """Every module of geoplan that a source imports, at the top or inside a function, by statement or by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(
                [*(above if node.level else []), *([node.module] if node.module else [])]
            )
            is_face = (
                base == "geoplan"
            )  # from geoplan import x: x may be a room or a name of the face
            for alias in node.names:
                yield f"geoplan.{alias.name}" if is_face and alias.name in FLOOR_OF else base
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            name = node.args[0].value
            if called in {"import_module", "__import__"} and isinstance(name, str):
                yield f"geoplan{name}" if name.startswith(".") else name


def wrong_imports(source: str, module: str, package: str) -> list[str]:
    own = room_of(module)
    wrong = []
    for imported in modules_imported(source, package):
        if imported.split(".")[0] != "geoplan":
            continue
        room = room_of(imported)
        if room == own or (own, room) in STAIRS:
            continue
        if room not in FLOOR_OF:
            wrong.append(f"{own} imports {imported}, which is no room of the house")
        elif FLOOR_OF[room] >= FLOOR_OF[own]:
            wrong.append(f"{own} may not import {room} ({imported})")
    return wrong


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_imports_only_run_down(path: Path) -> None:
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    assert room_of(module) in FLOOR_OF, f"{module} stands on no floor: add it to FLOORS"
    assert wrong_imports(path.read_text(encoding="utf-8"), module, package) == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("from geoplan.model.park import Park", 0),
        ("from geoplan.io.write import write", 0),  # its own room
        ("import numpy\nfrom os import path", 0),
        ("from geoplan.query import select", 1),  # a sibling
        ("from geoplan import query", 1),
        ("from geoplan import units, evaluate", 1),
        ("from geoplan import read_park", 1),  # the face is above everybody
        ("import geoplan", 1),
        ("import geoplan.scenario.run as run", 1),
        ("from ..query import select", 1),
        ("from .. import plan, units", 1),
        ("from . import write", 0),
        ("def f():\n    from geoplan.render import page", 1),
        ("import importlib\nimportlib.import_module('geoplan.cli')", 1),
        ("__import__('geoplan.plan')", 1),
        ("from importlib import import_module\nimport_module('.plan', 'geoplan')", 1),
        ("if TYPE_CHECKING:\n    from geoplan.plan import x", 1),
        ("from geoplan.attic import x", 1),
    ],
)
def test_the_test_sees_every_way_to_import(source: str, wrong: int) -> None:
    assert len(wrong_imports(source, "geoplan.io.read", "geoplan.io")) == wrong


def test_the_ground_does_not_lean_on_itself() -> None:
    assert wrong_imports("from geoplan import units", "geoplan.errors", "geoplan")
    assert wrong_imports("from geoplan.words import say", "geoplan.errors", "geoplan") == []
