"""How a class of land looks: the official colour of a use, or the colour of a triage class, and always a pattern or mark.

Colours alone are not enough: the national palette puts pure red beside pure green and gives several classes one colour.
Classes of one colour therefore differ by pattern, and every class has a short mark that is written on the parcels.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from geoplan.model.landuse import colour_of, group_of

__all__ = ["NOT_ASSESSED", "PATTERNS", "TRIAGE", "Swatch", "triage_swatches", "use_swatches"]

#: Patterns the page can draw, in the order in which classes of one colour take them.
PATTERNS = ("plain", "lines", "crossed", "dots", "level", "upright", "rings")

#: Classes of the triage in the order of the legend: what needs deciding first.
TRIAGE = ("acquire", "swap", "revitalise", "upgrade", "assist", "survey", "keep")
#: The class of land to which the tests do not apply.
NOT_ASSESSED = "not_assessed"

_PLAIN_GROUPS = ("road", "water")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swatch:
    """A fill colour ``#RRGGBB``, how much of it covers the paper, and one of :data:`PATTERNS` over it."""

    colour: str
    pattern: str = "plain"
    opacity: float = 0.84


_TRIAGE_PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "acquire": "crossed",
        "swap": "rings",
        "revitalise": "lines",
        "upgrade": "upright",
        "assist": "level",
        "survey": "dots",
    }
)
_NOT_ASSESSED = Swatch(colour="#E4DED0", opacity=0.4)
_KEEP_OPACITY = 0.5  # land that may stay as it is steps back behind land that needs deciding


def use_swatches(codes: Sequence[str]) -> list[Swatch]:
    """How each of these land uses is filled: its official colour, and a pattern where the colour was taken before.

    Green land never goes without a pattern, because its green and the red of commerce look the same to some eyes; water
    and roads never have one, because their shape tells what they are.

    Examples
    --------
    >>> [swatch.pattern for swatch in use_swatches(["100101", "100102", "1401"])]
    ['plain', 'lines', 'dots']
    """
    taken: Counter[str] = Counter()
    swatches = []
    for code in codes:
        colour = colour_of(code)
        group = group_of(code)
        first = PATTERNS.index("dots") if group == "open_green" else 0
        place = 0 if group in _PLAIN_GROUPS else first + taken[colour]
        swatches.append(Swatch(colour=colour, pattern=PATTERNS[place % len(PATTERNS)]))
        taken[colour] += 1
    return swatches


@cache
def triage_swatches() -> Mapping[str, Swatch]:
    """Colour (``data/triage_colours.csv``, safe for the colour-blind) and pattern of each triage class.

    Examples
    --------
    >>> triage_swatches()["acquire"].pattern
    'crossed'
    """
    text = (files("geoplan") / "data" / "triage_colours.csv").read_text(encoding="utf-8")
    colours = {row["triage"]: row["colour"] for row in csv.DictReader(text.splitlines())}
    swatches = {
        name: Swatch(colour=colours[name], pattern=_TRIAGE_PATTERNS.get(name, "plain"))
        for name in TRIAGE
    }
    swatches["keep"] = replace(swatches["keep"], opacity=_KEEP_OPACITY)
    return MappingProxyType(swatches | {NOT_ASSESSED: _NOT_ASSESSED})
