"""YAML files that a planner writes, checked against a model: every problem at once, with its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from geoplan.errors import ScenarioError
from geoplan.words import Message, catalogue, literal, say

__all__ = ["YamlFile", "checked", "problem_in_words", "read_yaml", "refuse"]

#: A file of more entries is no file that a planner wrote: aliases of aliases grow without end.
_MOST_NODES = 1_000_000

ModelT = TypeVar("ModelT", bound=BaseModel)


class YamlFile:
    """A mapping read from a YAML file, and the line on which each of its entries stands."""

    def __init__(self, path: Path, tree: dict[str, Any], root: yaml.Node) -> None:
        self.path = path
        self.tree = tree
        self._root = root

    def line_of(self, place: Sequence[str | int]) -> int:
        """Line of the entry at a place, or of the nearest entry around it; counted from 1."""
        node, line = self._root, self._root.start_mark.line + 1
        for part in place:
            if isinstance(node, yaml.MappingNode):
                found = [(key, value) for key, value in node.value if key.value == str(part)]
                if not found:
                    continue
                line, node = found[-1][0].start_mark.line + 1, found[-1][1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                if part >= len(node.value):
                    break
                node = node.value[part]
                line = node.start_mark.line + 1
        return line


class _Loader(yaml.SafeLoader):
    """The safe loader, but a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 (the signature of the library)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


# YAML 1.1 takes 070102 for an octal number and 12:30 for a sexagesimal one; a land-use code keeps its zero.
_INT = "tag:yaml.org,2002:int"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != _INT]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_INT, re.compile(r"[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789"))


def read_yaml(path: str | Path) -> YamlFile:
    """Read a YAML file that holds one mapping; UTF-8, or GB 18030 as old offices save it.

    Raises
    ------
    ScenarioError
        There is no such file, it is not YAML, or not a mapping; the line is told.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ScenarioError(
            [say("yaml.unreadable", path=str(path), reason=error.strerror or "")]
        ) from error
    try:
        words = _decoded(raw)
        root = yaml.compose(words, Loader=_Loader)
        _refuse_endless(root)
        tree = yaml.load(words, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ScenarioError(
            [
                say(
                    "yaml.broken",
                    path=path.name,
                    line=mark.line + 1 if mark else 1,
                    reason=getattr(error, "problem", None) or str(error),
                )
            ]
        ) from error
    if not isinstance(tree, dict) or root is None:
        raise ScenarioError([say("yaml.no_mapping", path=path.name)])
    return YamlFile(path, tree, root)


def _refuse_endless(root: yaml.Node | None) -> None:
    if root is not None and _size(root, {}) > _MOST_NODES:
        raise yaml.YAMLError("its aliases (*) repeat too much")


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes a file holds once every alias is written out; one inside itself counts once."""
    if id(node) not in known:
        known[id(node)] = 1
        entries = node.value if isinstance(node, yaml.CollectionNode) else []
        inner = [
            part for entry in entries for part in (entry if isinstance(entry, tuple) else [entry])
        ]
        known[id(node)] = 1 + sum(_size(part, known) for part in inner)
    return known[id(node)]


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


def checked(model: type[ModelT], file: YamlFile, tree: Mapping[str, Any] | None = None) -> ModelT:
    """Check a file against a model, or a ``tree`` made from it.

    Raises
    ------
    ScenarioError
        Everything that is wrong, each with file, line and what to do.
    """
    try:
        return model.model_validate(file.tree if tree is None else tree)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ScenarioError(
            [
                say(
                    "yaml.problem",
                    path=file.path.name,
                    line=file.line_of(detail["loc"]),
                    problem=problem_in_words(model, detail),
                )
                for detail in details
            ]
        ) from error


def problem_in_words(model: type[BaseModel], detail: ErrorDetails) -> Message:
    """One error of pydantic as a sentence of the catalogue."""
    place = detail["loc"]
    name = ".".join(str(part) for part in place)
    kind, extra = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = sorted(_fields_around(model, place[:-1]))
        near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
        nearest = (
            say("yaml.nearest", near=near[0]) if near else say("yaml.known", known=", ".join(known))
        )
        return say("yaml.unknown_key", name=name, nearest=nearest)
    if f"yaml.{kind}" in catalogue():
        plain = {key: value for key, value in extra.items() if isinstance(value, str | int | float)}
        if "expected" in plain:
            plain["expected"] = str(plain["expected"]).replace("'", "").replace(" or ", ", ")
        return say(f"yaml.{kind}", **{"name": name, "given": _short(detail["input"]), **plain})
    return say(
        "yaml.bad_value", name=name, given=_short(detail["input"]), reason=literal(detail["msg"])
    )


def refuse(kind: str, sentence: str) -> PydanticCustomError:
    """An error for a model's own check; ``yaml.<kind>`` of the catalogue says it."""
    return PydanticCustomError(kind, sentence)


def _short(value: object) -> str:
    words = str(value)
    return words if len(words) <= 60 else f"{words[:57]}..."  # noqa: PLR2004 (a line on the screen)


def _fields_around(model: type[BaseModel], place: Sequence[str | int]) -> set[str]:
    """Keys that are known at a place of the file."""
    models = [model]
    for part in place:
        inner = [
            found
            for one in models
            for field in [one.model_fields.get(str(part))]
            if field is not None
            for found in _models_in(field.annotation)
        ]
        models = inner or models
    return {field.alias or name for one in models for name, field in one.model_fields.items()}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
