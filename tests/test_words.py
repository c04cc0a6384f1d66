"""Everything a planner reads stands in the catalogue, in every language, and the code asks for nothing else."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from geoplan.words import LANGUAGES, catalogue, fields_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "geoplan"
CJK = re.compile(r"[\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
#: Where Chinese may stand beside the catalogue: data, rules, the one table of terms, Chinese pages, tests.
CJK_HOMES = (
    "geoplan/data/", "geoplan/rules/", "geoplan/model/schema.py", "data/", "docs/", "scenarios/",
    "tests/", "README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md", "geoplan/render/assets/vendor/",
)  # fmt: skip
TEXT_FILES = {".py", ".md", ".toml", ".yaml", ".yml", ".js", ".css", ".html", ".ipynb", ".csv"}
#: Who says a key of the catalogue, and where its fields come from.
SPEAKERS = {"say", "text"}


def sentences(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, node in tree.items():
        if isinstance(node, Mapping) and any(isinstance(value, Mapping) for value in node.values()):
            yield from sentences(node, f"{prefix}{name}.")
        else:
            yield prefix + name, node


def problems_of(key: str, pair: Mapping[str, Any]) -> list[str]:
    if not isinstance(pair, Mapping) or set(pair) != set(LANGUAGES):
        return [f"{key}: needs exactly {LANGUAGES}"]
    if any(not isinstance(pair[lang], str) or not pair[lang].strip(" ") for lang in LANGUAGES):
        return [f"{key}: is empty in one language"]
    fields = {
        lang: sorted(
            name for _, name, _, _ in string.Formatter().parse(pair[lang]) if name is not None
        )
        for lang in LANGUAGES
    }
    problems = []
    if set(fields["en"]) != set(fields["zh"]):
        problems.append(f"{key}: fields differ, {fields['en']} and {fields['zh']}")
    if CJK.search(pair["en"]):
        problems.append(f"{key}: Chinese in the English text")
    return problems


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "data" / "words").glob("*.toml")), ids=lambda path: path.stem
)
def test_every_sentence_is_there_in_every_language(path: Path) -> None:
    found = sentences(tomllib.loads(path.read_text(encoding="utf-8")))
    assert [problem for key, pair in found for problem in problems_of(key, pair)] == []


@pytest.mark.parametrize(
    "pair",
    [
        {"en": "a"},
        {"en": "a", "zh": ""},
        {"en": "{a}", "zh": "{b}"},
        {"en": "a", "zh": "b", "fr": "c"},
        {"en": "甲", "zh": "甲"},
    ],
)
def test_the_check_of_sentences_can_fail(pair: dict[str, str]) -> None:
    assert problems_of("x", pair)
    assert problems_of("x", {"en": "{a} m", "zh": "{a:g} 米"}) == []


@cache
def trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def spoken(tree: ast.Module) -> Iterator[tuple[int, str, set[str] | None]]:
    """Line, key and named fields of each call that says a literal key; no fields where they cannot be told."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        key = node.args[0]
        if name in SPEAKERS and isinstance(key, ast.Constant) and isinstance(key.value, str):
            given = {keyword.arg for keyword in node.keywords}
            yield node.lineno, key.value, None if None in given else {g for g in given if g}


def wrong_words(tree: ast.Module) -> list[str]:
    wrong = []
    for line, key, given in spoken(tree):
        if key not in catalogue():
            wrong.append(f"line {line}: {key} is not in the catalogue")
        elif given is not None and given != (asked := fields_of(catalogue()[key]["en"])):
            wrong.append(f"line {line}: {key} asks for {sorted(asked)}, gets {sorted(given)}")
    return wrong


@pytest.mark.parametrize("path", sorted(trees()))
def test_what_is_said_is_in_the_catalogue_with_its_fields(path: str) -> None:
    assert wrong_words(trees()[path]) == []


def test_the_check_of_keys_can_fail() -> None:
    assert wrong_words(ast.parse("say('common.no_such')"))
    assert wrong_words(ast.parse("say('common.count_parcels')"))
    assert wrong_words(ast.parse("say('common.yes', extra=1)"))
    assert wrong_words(ast.parse("say('common.count_parcels', count=1)")) == []


def keys_named(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Strings of a module, and beginnings of its filled-in strings (``f"standing.{x}"`` begins ``standing.``)."""
    whole, begun = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            whole.add(node.value)
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            begun.add(str(node.values[0].value))
    return whole, {start for start in begun if re.fullmatch(r"[a-z_]+\.[a-z_.]*", start)}


#: Groups of keys whose name and end are put together elsewhere: the page's ``named(group, end)``.
PUT_TOGETHER = ("indicator_unit.",)


def test_every_sentence_is_said_somewhere() -> None:
    named = [keys_named(tree) for tree in trees().values()]
    whole = set().union(*(names for names, _ in named))
    begun = (*PUT_TOGETHER, *set().union(*(starts for _, starts in named)))
    assert [key for key in catalogue() if key not in whole and not key.startswith(begun)] == []


def test_no_chinese_outside_the_catalogue() -> None:
    found = []
    for path in sorted(ROOT.rglob("*")):
        place = path.relative_to(ROOT).as_posix()
        is_ours = path.suffix in TEXT_FILES and not place.startswith(
            (".", "build/", "dist/", *CJK_HOMES)
        )
        if is_ours and path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{place}:{n}" for n, line in enumerate(lines, 1) if CJK.search(line)]
    assert found == []
