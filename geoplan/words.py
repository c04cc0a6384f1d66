"""Every sentence a planner reads, in Chinese and English, from one catalogue.

The catalogue is the folder ``geoplan/data/words``: one TOML file per room, each entry a pair
``{en = "...", zh = "..."}`` with the same named fields in both. Code passes a :class:`Message` on (a key and its
values) and nobody turns it into words before the edge of the package knows the language.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

__all__ = [
    "LANGUAGES",
    "Language",
    "Message",
    "catalogue",
    "fields_of",
    "join",
    "literal",
    "name_in_both",
    "say",
    "text",
]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence of the catalogue with its values, in no language yet.

    Attributes
    ----------
    key
        Dotted name of the entry, for example ``"check.missing_crs"``.
    values
        The named fields of the sentence; a value may itself be a ``Message`` or a tuple of them.

    Examples
    --------
    >>> say("common.count_parcels", count=3).text("en")
    '3 parcels'
    """

    key: str
    values: tuple[tuple[str, object], ...] = ()

    def text(self, language: Language = "en") -> str:
        """Say it in one language."""
        if (
            self.key == ""
        ):  # text that came with the data: the same in every language, or one for each
            own = dict(self.values)
            return str(
                own.get(language) or own.get("text") or next((v for v in own.values() if v), "")
            )
        filled = {name: _spoken(value, language) for name, value in self.values}
        return catalogue()[self.key][language].format(**filled)

    def both(self) -> dict[Language, str]:
        """Say it in every language of the catalogue."""
        return {language: self.text(language) for language in LANGUAGES}

    def __str__(self) -> str:
        return self.text("en")


def say(key: str, /, **values: object) -> Message:
    """Make a message; an unknown key is an error here, not on the page.

    Raises
    ------
    KeyError
        The catalogue has no such entry.

    Examples
    --------
    >>> list(say("common.count_parcels", count=2).both())
    ['en', 'zh']
    """
    if key not in catalogue():
        raise KeyError(key)
    return Message(key, tuple(sorted(values.items())))


def literal(words: str) -> Message:
    """Carry text that came with the data (a name, a reason typed by a surveyor) as it is."""
    return Message("", (("text", words),))


def name_in_both(names: Mapping[str, str]) -> Message:
    """Carry a name that came with the data in one or both languages; a missing one is filled by the other."""
    return Message("", tuple(sorted(names.items())))


def join(parts: Sequence[Message], key: str = "common.list_separator") -> Message:
    """Say several messages one after the other, with the separator of the language."""
    return Message("common.joined", (("parts", _Joined(tuple(parts), key)),))


def text(key: str, language: Language, /, **values: object) -> str:
    """Say an entry of the catalogue at once."""
    return say(key, **values).text(language)


@dataclass(frozen=True, slots=True)
class _Joined:
    parts: tuple[Message, ...]
    separator: str

    def text(self, language: Language) -> str:
        return catalogue()[self.separator][language].join(
            part.text(language) for part in self.parts
        )


def _spoken(value: object, language: Language) -> object:
    if isinstance(value, Message | _Joined):
        return value.text(language)
    return value


def fields_of(sentence: str) -> frozenset[str]:
    """Names of the fields that a sentence of the catalogue asks for."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


@cache
def catalogue() -> Mapping[str, Mapping[Language, str]]:
    """All entries: dotted key to the sentence in each language."""
    entries: dict[str, Mapping[Language, str]] = {}
    folder = files("geoplan") / "data" / "words"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            for key, pair in _entries(tomllib.loads(file.read_text(encoding="utf-8")), ""):
                if key in entries:
                    msg = f"two entries named {key} in the catalogue of words ({file.name})"
                    raise ValueError(msg)
                entries[key] = pair
    return MappingProxyType(entries)


def _entries(
    tree: Mapping[str, object], prefix: str
) -> Iterator[tuple[str, Mapping[Language, str]]]:
    for name, node in tree.items():
        if not isinstance(node, Mapping):
            msg = f"{prefix}{name} is neither a group nor a pair of sentences"
            raise TypeError(msg)
        if all(isinstance(value, str) for value in node.values()):
            yield (
                prefix + name,
                MappingProxyType({language: node[language] for language in LANGUAGES}),
            )
        else:
            yield from _entries(node, f"{prefix}{name}.")
