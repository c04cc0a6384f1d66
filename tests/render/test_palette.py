from __future__ import annotations

from collections import Counter

from geoplan.model.landuse import group_of, land_uses
from geoplan.render.palette import NOT_ASSESSED, PATTERNS, TRIAGE, triage_swatches, use_swatches


def test_every_use_keeps_its_official_colour() -> None:
    codes = sorted(land_uses())
    assert [s.colour for s in use_swatches(codes)] == [land_uses()[c].colour for c in codes]


def test_uses_of_one_colour_differ_by_pattern() -> None:
    industry = use_swatches(["100101", "100102", "100103"])
    assert len({swatch.colour for swatch in industry}) == 1
    assert len({swatch.pattern for swatch in industry}) == 3


def test_the_red_of_commerce_and_the_green_of_parks_differ_in_more_than_colour() -> None:
    commerce, park = use_swatches(["0901", "1401"])
    assert commerce.pattern != park.pattern


def test_water_and_roads_are_plain() -> None:
    codes = [code for code in sorted(land_uses()) if group_of(code) in ("water", "road")]
    assert {swatch.pattern for swatch in use_swatches(codes)} == {"plain"}


def test_triage_classes_differ_by_colour_and_what_needs_deciding_by_pattern() -> None:
    swatches = triage_swatches()
    assert list(swatches) == [*TRIAGE, NOT_ASSESSED]
    assert max(Counter(s.colour for s in swatches.values()).values()) == 1
    deciding = [swatches[name].pattern for name in TRIAGE]
    assert len(set(deciding)) == len(deciding)
    assert set(deciding) <= set(PATTERNS)
