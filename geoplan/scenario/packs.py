"""Rule packs checked and documented: what each number is, what it rests on, what the tables decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from geoplan.errors import ScenarioError
from geoplan.evaluate.grading import check_grading
from geoplan.evaluate.kinds import asked_kinds
from geoplan.evaluate.triage import triage_table
from geoplan.files import atomic_path
from geoplan.model.rulepack import STANDINGS, Rules, load_rules, pack_names, read_rule_pack
from geoplan.words import LANGUAGES, Language, Message, join, name_in_both, say, text

__all__ = ["check_pack", "pack_list", "pack_page", "write_pack_page"]


def check_pack(pack: str | Path) -> tuple[Message, ...]:
    """Every problem of a rule pack and of what it extends; none if it can be used.

    Numbers, and the tables that evaluate reads (``triage``, ``grading``), are checked; all problems at once.

    Examples
    --------
    >>> check_pack("seed-practice")
    ()
    >>> check_pack("seed-practise")[0].text("en")[-28:]
    'the nearest is seed-practice'
    """
    try:
        rules = load_rules([pack])
    except ScenarioError as error:
        return error.problems
    problems: list[Message] = []
    for is_asked, check in (
        (_has(rules, "triage"), lambda: triage_table(rules.data("triage"))),
        (_has(rules, "grading"), lambda: check_grading(rules)),
        (True, lambda: asked_kinds(rules)),
    ):
        try:
            if is_asked:
                check()
        except ScenarioError as error:
            problems += error.problems
    return tuple(problems)


def pack_list(language: Language) -> list[str]:
    """The shipped packs, a line each: name, date, title."""
    packs = [read_rule_pack(name) for name in pack_names()]
    width = max(len(pack.name) for pack in packs)
    return [
        f"{pack.name:{width}}  {pack.date}  {name_in_both(pack.title).text(language)}"
        for pack in packs
    ]


def pack_page(pack: str | Path, language: Language) -> str:
    """A rule pack, laid over what it extends, as a page in Markdown.

    Every number with value, unit, source and standing, then the tables and settings.

    Raises
    ------
    ScenarioError
        The pack is missing or broken.

    Examples
    --------
    >>> pack_page("seed-practice", "en").splitlines()[0]
    '# Practice of the seed case: three tests'
    """
    rules = load_rules([pack])
    return "\n".join([*_head(rules, language), *_numbers(rules, language), *_rest(rules, language)])


def write_pack_page(pack: str | Path, path: Path, language: Language) -> Path:
    """Write :func:`pack_page` to a file."""
    page = pack_page(pack, language)
    with atomic_path(path) as draft:
        draft.write_text(page, encoding="utf-8", newline="\n")
    return path


def _has(rules: Rules, table: str) -> bool:
    return any(table in pack.data for pack in rules.packs)


def _head(rules: Rules, language: Language) -> Iterator[str]:
    below, pack = rules.packs[:-1], rules.packs[-1]
    yield f"# {name_in_both(pack.title).text(language)}"
    yield ""
    yield text("rule.page.head", language, name=pack.name, version=pack.version, date=pack.date)
    if below:
        yield text("rule.page.below", language, packs=", ".join(one.name for one in below))
    counts = Counter(number.standing for number in rules.numbers.values())
    told = [
        say("rule.page.count", standing=say(f"standing.{name}"), count=counts[name])
        for name in STANDINGS
        if counts[name]
    ]
    yield text("rule.page.counts", language, counts=join(told, "common.enumeration"))
    yield ""


def _numbers(rules: Rules, language: Language) -> Iterator[str]:
    heads = ["number", "value", "unit", "standing", "source", "pack"]
    rows = [
        [
            f"`{number.name}`",
            f"{number.value:.10g}",
            number.unit,
            text(f"standing.{number.standing}", language),
            number.source,
            number.pack,
        ]
        for number in rules.numbers.values()
    ]
    if len(rules.packs) == 1:
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    yield from _section("numbers", heads, rows, language)


def _rest(rules: Rules, language: Language) -> Iterator[str]:
    """What is not a number: lists of lines as tables, single settings in one."""
    names = sorted({name for pack in rules.packs for name in pack.data})
    leaves = [leaf for name in names for leaf in _leaves(name, rules.data(name))]
    settings = [[f"`{name}`", _cell(value)] for name, value in leaves if not _is_table(value)]
    yield from _section("settings", ["setting", "value"], settings, language)
    for name, lines in leaves:
        if _is_table(lines):
            keys = list(dict.fromkeys(key for line in lines for key in line))
            yield from (f"## `{name}`", "", text("rule.page.first_line", language), "")
            rows = [
                [str(place), *(_cell(_own(line.get(key, ""), language)) for key in keys)]
                for place, line in enumerate(lines, start=1)
            ]
            yield from _table(["", *(f"`{key}`" for key in keys)], rows)


def _leaves(name: str, node: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(node, Mapping):
        yield name, node
    elif "standing" not in node:
        for key, value in node.items():
            yield from _leaves(f"{name}.{key}", value)


def _is_table(value: Any) -> bool:
    return bool(value) and isinstance(value, list) and all(isinstance(v, Mapping) for v in value)


def _own(value: Any, language: Language) -> Any:
    """What is said in both languages, in one of them."""
    is_said_twice = isinstance(value, Mapping) and set(value) == set(LANGUAGES)
    return value[language] if is_said_twice else value


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_cell(inner)}" for key, inner in value.items())
    return ", ".join(map(_cell, value)) if isinstance(value, list) else str(value)


def _section(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], language: Language
) -> Iterator[str]:
    if rows:
        yield from (f"## {text(f'rule.page.{title}', language)}", "")
        yield from _table([text(f"rule.page.{head}", language) for head in heads], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (heads, ["---"] * len(heads), *rows):
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |"
    yield ""
