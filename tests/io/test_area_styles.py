"""How QGIS draws the area as a whole."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pandas as pd
from pages import area_of, small_park

from geoplan.io.styles import styles_of

AREA = area_of(small_park())


def renderer_of(layer: str, table: pd.DataFrame) -> ET.Element:
    [style] = styles_of(layer, table)
    assert style.is_default
    found = ET.fromstring(style.qml.split("\n", 1)[1]).find("renderer-v2")  # noqa: S314
    assert found is not None
    return found


def test_clusters_are_drawn_by_their_class_as_far_as_there_are() -> None:
    listed = renderer_of("clusters", AREA["clusters"]).iter("category")
    labels = {entry.get("value"): entry.get("label") for entry in listed}
    assert labels == {
        "low_low": "低值聚集 low among low",
        "none": "无显著聚集 chance explains it",
        "unknown": "未检验（数值不详） not tested: its value is not known",
    }


def test_each_kind_of_service_has_a_switch_and_the_first_is_on() -> None:
    rules = renderer_of("services", AREA["services"]).find("rules")
    assert rules is not None
    told = [(kind.get("filter"), kind.get("checkstate"), len(kind)) for kind in rules]
    assert told == [("\"kind\" = 'library'", None, 3), ("\"kind\" = 'school'", "0", 3)]
    assert {rule.get("filter") for rule in rules[0]} == {
        f"\"is_near\" = '{verdict}'" for verdict in ("yes", "no", "unknown")
    }


def test_a_kind_with_a_quote_in_its_name_breaks_no_filter() -> None:
    named = AREA["services"].assign(kind="children's hall")
    rules = renderer_of("services", named).find("rules")
    assert rules is not None
    assert rules[0].get("filter") == "\"kind\" = 'children''s hall'"


def test_pockets_are_an_outline_so_that_what_lies_below_is_seen() -> None:
    symbols = renderer_of("pockets", AREA["pockets"])
    styles = [prop.get("v") for prop in symbols.iter("prop") if prop.get("k") == "style"]
    assert styles == ["no"]
