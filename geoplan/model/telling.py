"""How ids and values of the data are shown in a sentence: few, short and harmless."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

from geoplan.words import Message, join, literal, say

__all__ = ["MOST_LISTED", "listed", "nearest", "shown"]

#: How many ids or values a sentence names before it says "and n more".
MOST_LISTED = 10
_LONGEST_SHOWN = 60
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def shown(value: object) -> str:
    r"""Show a value of the data: cut if long, control and direction marks written out.

    Examples
    --------
    >>> shown("P" * 70), shown("A\u202e1")
    ('PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP...', 'A\\u202e1')
    """
    text = str(value)
    cut = text[:_LONGEST_SHOWN]
    clean = "".join(_visible(character) for character in cut)
    return clean if cut == text else f"{clean}..."


def nearest(name: object, known: Iterable[str]) -> str:
    """Find the known name that looks most like this one, whatever its case; ``-`` if none does.

    Examples
    --------
    >>> nearest("PARCEL", ["roads", "parcels"]), nearest("x", ["parcels"])
    ('parcels', '-')
    """
    plain = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(str(name).casefold(), list(plain), n=1)
    return shown(plain[found[0]]) if found else "-"


def _visible(character: str) -> str:
    if unicodedata.category(character) in _INVISIBLE:
        return character.encode("unicode_escape").decode("ascii")
    return character


def listed(values: Iterable[object], *, most: int = MOST_LISTED) -> Message:
    """List values in the order given; after ``most``, how many more there are.

    Examples
    --------
    >>> listed(["P1", "P2"]).text("en"), listed(range(12)).text("en")
    ('P1, P2', '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more')
    """
    everything = list(values)
    names = [literal(shown(value)) for value in everything[:most]]
    told = join(names, "common.enumeration")
    more = len(everything) - most
    return say("check.and_more", listed=told, count=more) if more > 0 else told
