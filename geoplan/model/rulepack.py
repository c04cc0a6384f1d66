"""Named, dated sets of policy numbers; each number with value, unit, source and standing.

A rule pack is a TOML file. Any table in it that has a ``value`` and a ``standing`` is a number, named by its path
(``products.park.floor_area_ratio``); everything else is plain data of the room that reads it (decision tables, names).
Packs are laid one over another: a later pack, or the scenario itself, replaces numbers of an earlier one. A pack that
says ``extends`` brings the pack it builds on along, right beneath itself.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geoplan.errors import ScenarioError
from geoplan.words import Message, say

__all__ = [
    "STANDINGS",
    "RuleNumber",
    "RulePack",
    "Rules",
    "load_rules",
    "pack_names",
    "read_rule_pack",
]

#: What a number rests on.
STANDINGS = ("law", "local_rule", "assumed", "override")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNumber:
    """A policy number and what it rests on.

    Attributes
    ----------
    name
        Its path in the pack.
    value, unit
        The number, in ``unit``.
    source
        Where it was read, in words.
    standing
        ``law``, ``local_rule``, ``assumed`` (nobody has read it in a source yet) or ``override`` (set by the scenario).
    pack
        The pack it comes from.
    """

    name: str
    value: float
    unit: str
    source: str
    standing: str
    pack: str

    @property
    def explained(self) -> Message:
        """The number with its unit, source and standing, as a sentence."""
        return say(
            "rule.number",
            name=self.name,
            value=self.value,
            unit=self.unit,
            source=self.source,
            standing=say(f"standing.{self.standing}"),
            pack=self.pack,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """One file of rules; ``extends`` is the pack it builds on: a shipped name, or a TOML file beside it."""

    name: str
    version: str
    date: dt.date
    title: Mapping[str, str]
    numbers: Mapping[str, RuleNumber]
    data: Mapping[str, Any]
    extends: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rule packs laid one over another.

    Examples
    --------
    >>> rules = load_rules(["seed-practice"])
    >>> rules.value("below_mean.min_years")
    3.0
    """

    packs: tuple[RulePack, ...]
    overrides: Mapping[str, RuleNumber] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def numbers(self) -> Mapping[str, RuleNumber]:
        """The number that counts under each name, sorted by name."""
        merged = {name: number for pack in self.packs for name, number in pack.numbers.items()}
        return dict(sorted((merged | dict(self.overrides)).items()))

    def number(self, name: str) -> RuleNumber:
        """One number with its source.

        Raises
        ------
        ScenarioError
            No pack has it; the nearest name is told.
        """
        if name in self.overrides:
            return self.overrides[name]
        for pack in reversed(self.packs):
            if name in pack.numbers:
                return pack.numbers[name]
        near = difflib.get_close_matches(name, self.numbers, n=1)
        raise ScenarioError(
            [
                say(
                    "rule.missing_number",
                    name=name,
                    packs=", ".join(pack.name for pack in self.packs),
                    near=near[0] if near else "-",
                )
            ]
        )

    def numbers_of(self, finding: str, *, rule: str) -> tuple[RuleNumber, ...]:
        """The numbers a finding rests on: those named after it, the one it names first; none if it rests on a table.

        Examples
        --------
        >>> rules = load_rules(["seed-practice"])
        >>> [number.name for number in rules.numbers_of("vacant", rule="vacant.min_months")]
        ['vacant.min_months']
        """
        names = [name for name in self.numbers if name.startswith(f"{finding}.") and name != rule]
        return tuple(self.numbers[name] for name in (rule, *names) if name in self.numbers)

    def value(self, name: str) -> float:
        """The value of one number."""
        return self.number(name).value

    def data(self, name: str) -> Any:
        """A plain table of the packs, the latest that has it; nested tables of all packs are laid together.

        Raises
        ------
        ScenarioError
            No pack has it.
        """
        found: Any = None
        for pack in self.packs:
            if name in pack.data:
                found = _laid_over(found, pack.data[name])
        if found is None:
            names = ", ".join(pack.name for pack in self.packs)
            raise ScenarioError([say("rule.missing_table", name=name, packs=names)])
        return found


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return dict(below) | {
            name: _laid_over(below.get(name), value) for name, value in above.items()
        }
    return above


def pack_names() -> tuple[str, ...]:
    """Names of the rule packs that geoplan ships."""
    folder = files("geoplan") / "rules"
    return tuple(
        sorted(
            item.name.removesuffix(".toml")
            for item in folder.iterdir()
            if item.name.endswith(".toml")
        )
    )


def load_rules(
    packs: Sequence[str | Path],
    *,
    overrides: Mapping[str, float] | None = None,
    overrides_source: str = "",
) -> Rules:
    """Lay rule packs over each other, the last on top, then single numbers over them.

    Parameters
    ----------
    packs
        Names of shipped packs, or paths of TOML files. What a pack extends is laid beneath it, each pack once.
    overrides
        Numbers by name, in the unit of the number they replace.
    overrides_source
        Who says so; it is printed with the number.

    Raises
    ------
    ScenarioError
        A pack is missing or broken, packs extend each other in a circle, or an override names no number; all problems
        at once.

    Examples
    --------
    >>> rules = load_rules(["seed-practice"], overrides={"below_mean.min_years": 2}, overrides_source="ours")
    >>> rules.number("below_mean.min_years").standing
    'override'
    """
    problems: list[Message] = []
    read: dict[str, RulePack] = {}  # by its file, or its shipped name: each pack once
    for pack in packs:
        try:
            read = _with_what_it_extends(pack, below=read)
        except ScenarioError as error:
            problems += error.problems
    rules = Rules(packs=tuple(read.values()))
    replaced: dict[str, RuleNumber] = {}
    for name, value in sorted((overrides or {}).items()):
        try:
            below = rules.number(name)
        except ScenarioError as error:
            problems += error.problems
            continue
        replaced[name] = RuleNumber(
            name=name,
            value=float(value),
            unit=below.unit,
            source=overrides_source,
            standing="override",
            pack="scenario",
        )
    if problems:
        raise ScenarioError(problems)
    return Rules(packs=rules.packs, overrides=MappingProxyType(replaced))


def _with_what_it_extends(
    pack: str | Path, *, below: Mapping[str, RulePack]
) -> dict[str, RulePack]:
    """The packs below, then all that a pack builds on, the lowest first, then the pack itself."""
    chain: dict[str, RulePack] = {}
    while True:
        place = str(Path(pack).resolve()) if Path(pack).suffix == ".toml" else str(pack)
        if place in chain:
            names = " > ".join([*(one.name for one in chain.values()), chain[place].name])
            raise ScenarioError([say("rule.cyclic_extends", packs=names)])
        chain[place] = found = read_rule_pack(pack)
        if not found.extends:
            return {**below, **dict(reversed(chain.items()))}  # one that is there keeps its place
        is_file = Path(found.extends).suffix == ".toml"
        pack = Path(place).parent / found.extends if is_file else found.extends


def read_rule_pack(pack: str | Path) -> RulePack:
    """Read and check one rule pack.

    Raises
    ------
    ScenarioError
        There is no such pack, or its file is broken; all problems at once.
    """
    path = Path(pack)
    if path.suffix == ".toml":
        label = str(pack)
        raw = path.read_bytes() if path.is_file() else None
    else:
        label = str(pack)
        shipped = files("geoplan") / "rules" / f"{pack}.toml"
        raw = shipped.read_bytes() if shipped.is_file() else None
    if raw is None:
        near = difflib.get_close_matches(label, pack_names(), n=1)
        raise ScenarioError(
            [
                say(
                    "rule.missing_pack",
                    name=label,
                    known=", ".join(pack_names()),
                    near=near[0] if near else "-",
                )
            ]
        )
    try:
        tree = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError([say("rule.broken_file", name=label, reason=str(error))]) from error
    return _pack(tree, label)


def _pack(tree: dict[str, Any], label: str) -> RulePack:
    head = tree.pop("pack", {})
    problems: list[Message] = []
    for name, kind in (("name", str), ("version", str), ("date", dt.date), ("title", dict)):
        if not isinstance(head.get(name), kind):
            problems.append(say("rule.bad_head", name=label, field=name))
    numbers: dict[str, RuleNumber] = {}
    for name, node in _number_tables(tree, ""):
        wrong = _problems_of_number(node)
        problems += [
            say("rule.bad_number", name=label, number=name, reason=say(key)) for key in wrong
        ]
        if not wrong:
            numbers[name] = RuleNumber(
                name=name,
                value=float(node["value"]),
                unit=node["unit"],
                source=node["source"],
                standing=node["standing"],
                pack=str(head.get("name", label)),
            )
    if not isinstance(head.get("extends", ""), str):
        problems.append(say("rule.bad_head", name=label, field="extends"))
    if problems:
        raise ScenarioError(problems, headline=say("error.rulepack", name=label))
    return RulePack(
        name=head["name"],
        version=head["version"],
        date=head["date"],
        title=MappingProxyType(dict(head["title"])),
        numbers=MappingProxyType(numbers),
        data=MappingProxyType(tree),
        extends=head.get("extends", ""),
    )


def _number_tables(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, node in tree.items():
        if isinstance(node, Mapping):
            if "value" in node or "standing" in node:
                yield prefix + name, node
            else:
                yield from _number_tables(node, f"{prefix}{name}.")


def _problems_of_number(node: Mapping[str, Any]) -> list[str]:
    wrong = []
    value = node.get("value")
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or math.isnan(value)
        or math.isinf(value)
    ):
        wrong.append("rule.needs_value")
    if not isinstance(node.get("unit"), str):
        wrong.append("rule.needs_unit")
    if not node.get("source"):
        wrong.append("rule.needs_source")
    if node.get("standing") not in STANDINGS[:3]:
        wrong.append("rule.needs_standing")
    return wrong
