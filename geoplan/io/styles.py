"""How QGIS draws the layers: land uses in their official colours, verdicts, streets, centres, greenway.

A style is the text of a ``.qml`` file. Symbols are written in the older of the two ways QGIS reads (``<prop>``), which
every version 3 understands.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd

from geoplan.model.landuse import UNKNOWN_COLOUR, colour_of, land_uses, name_of
from geoplan.model.schema import UNKNOWN_USE
from geoplan.words import LANGUAGES, catalogue, text

__all__ = ["Style", "styles_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One way to draw a layer; ``is_default`` is the way QGIS opens it."""

    name: str
    qml: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class _Category:
    value: str
    label: str
    colour: str


#: Layers drawn in one colour: fill, line or marker colour, and width or size [mm].
_PLAIN: Mapping[str, tuple[str, float]] = {
    "buildings": ("#B0A8A0", 0.1),
    "facilities": ("#7B3294", 2.6),
    "roads": ("#8C8C8C", 0.5),
    "water": ("#338EC0", 0.4),
    "green": ("#7BC96F", 0.4),
    "receiving_sites": ("#0072B2", 2.6),
    "centres": ("#C2185B", 5.0),
    "greenway": ("#148D4A", 1.4),
    "pockets": ("#6A3D9A", 0.9),
    "problems": ("#D7191C", 0.6),
}
_KINDS = {"Point": "marker", "LineString": "line", "Polygon": "fill"}
_OUTLINE = "#505050"
_NO_VALUE_COLOUR = "#F5F5F5"
_NOT_ASSESSED = "not_assessed"


def styles_of(layer: str, table: pd.DataFrame) -> tuple[Style, ...]:
    """Styles of a layer, the default one first; none for a table, or a layer of mixed geometry.

    Land uses and triage classes are listed as far as the layer has them, in the order of the standard.
    """
    kind = _kind_of(table)
    if kind == "fill" and layer in {"parcels", "plan"}:
        return _parcel_styles(layer, table)
    if kind == "fill" and layer == "clusters":
        renderer = _categorised("cluster", _area_categories(table["cluster"], "space.cluster"))
        return (Style(name=layer, qml=_qml(kind, renderer), is_default=True),)
    if kind == "fill" and layer == "services":
        return (Style(name=layer, qml=_qml(kind, _by_kind(table)), is_default=True),)
    if kind and layer in _PLAIN:
        colour, width = _PLAIN[layer]
        marker = "star" if layer == "centres" else "circle"
        symbol = _symbol(kind, colour, width, marker=marker, is_outline=layer == "pockets")
        return (Style(name=layer, qml=_qml(kind, _single(symbol)), is_default=True),)
    return ()


def _kind_of(table: pd.DataFrame) -> str:
    if not isinstance(table, gpd.GeoDataFrame):
        return ""
    kinds = {_KINDS.get(name.removeprefix("Multi"), "") for name in table.geom_type.dropna()}
    return kinds.pop() if len(kinds) == 1 else ""


def _parcel_styles(layer: str, table: pd.DataFrame) -> tuple[Style, ...]:
    by_use = "planned_use" if layer == "plan" else "use"
    wanted = [(by_use, _use_categories), ("triage", _triage_categories)]
    styles = [
        Style(
            name=column,
            qml=_qml("fill", _categorised(column, categories(table[column]))),
            is_default=column == by_use,
        )
        for column, categories in wanted
        if column in table.columns and table[column].notna().any()
    ]
    return tuple(styles)


def _use_categories(uses: pd.Series[str]) -> list[_Category]:
    present = set(uses.dropna())
    known = [code for code in land_uses() if code in present]
    categories = [_Category(code, f"{code} {_use_label(code)}", colour_of(code)) for code in known]
    if present - set(known):
        categories.append(_Category(UNKNOWN_USE, _use_label(UNKNOWN_USE), UNKNOWN_COLOUR))
    if uses.isna().any():
        categories.append(_Category("", _in_both("write.no_value"), _NO_VALUE_COLOUR))
    return categories


def _use_label(code: str) -> str:
    english = name_of(code, "en")
    return f"{name_of(code, 'zh')} {english[0].upper()}{english[1:]}"


def _triage_categories(classes: pd.Series[str]) -> list[_Category]:
    present = set(classes.fillna(_NOT_ASSESSED))
    return [
        _Category(_value_of(name), _in_both(f"triage.{name}"), colour)
        for name, colour in _triage_colours().items()
        if name in present
    ]


def _area_categories(values: pd.Series[str], words: str) -> list[_Category]:
    present = set(values)
    return [
        _Category(value, _in_both(f"{words}.{value}"), colour)
        for value, colour in _area_colours("cluster").items()
        if value in present
    ]


@cache
def _area_colours(group: str) -> Mapping[str, str]:
    lines = (files("geoplan") / "data" / "area_colours.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(lines.splitlines())
    return {row["value"]: row["colour"] for row in rows if row["group"] == group}


def _value_of(triage: str) -> str:
    """Value by which QGIS finds the rows of a class; an empty one finds those without a value."""
    return "" if triage == _NOT_ASSESSED else triage


def _in_both(key: str) -> str:
    return " ".join(text(key, language) for language in reversed(LANGUAGES))


@cache
def _triage_colours() -> Mapping[str, str]:
    lines = (files("geoplan") / "data" / "triage_colours.csv").read_text(encoding="utf-8")
    return {row["triage"]: row["colour"] for row in csv.DictReader(lines.splitlines())}


# ---- QML ------------------------------------------------------------------------------------------------------------


def _categorised(column: str, categories: Sequence[_Category]) -> ET.Element:
    renderer = ET.Element("renderer-v2", type="categorizedSymbol", attr=column, symbollevels="0")
    listed = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, category in enumerate(categories):
        ET.SubElement(
            listed,
            "category",
            value=category.value,
            symbol=str(number),
            label=category.label,
            render="true",
            type="string",
        )
        symbol = _symbol("fill", category.colour, 0.15, is_hatched=category.value == UNKNOWN_USE)
        symbol.set("name", str(number))
        symbols.append(symbol)
    return renderer


def _by_kind(services: pd.DataFrame) -> ET.Element:
    """One switch for each kind of service, the first of them on; below it near, too far, not known."""
    renderer = ET.Element("renderer-v2", type="RuleRenderer", symbollevels="0")
    root = ET.SubElement(renderer, "rules", key="root")
    symbols = ET.SubElement(renderer, "symbols")
    colours = _area_colours("near")
    for number, (name, colour) in enumerate(colours.items()):
        symbol = _symbol("fill", colour, 0.15, is_hatched=name == "unknown")
        symbol.set("name", str(number))
        symbols.append(symbol)
    for kind in sorted(set(services["kind"].dropna())):
        quoted = kind.replace("'", "''")
        key = f"space.kind.{kind}"
        label = _in_both(key) if key in catalogue() else kind
        branch = ET.SubElement(root, "rule", key=kind, filter=f"\"kind\" = '{quoted}'", label=label)
        if len(root) > 1:
            branch.set("checkstate", "0")
        for number, name in enumerate(colours):
            ET.SubElement(
                branch,
                "rule",
                key=f"{kind}-{name}",
                filter=f"\"is_near\" = '{name}'",
                label=_in_both(f"verdict.{name}"),
                symbol=str(number),
            )
    return renderer


def _single(symbol: ET.Element) -> ET.Element:
    renderer = ET.Element("renderer-v2", type="singleSymbol", symbollevels="0")
    ET.SubElement(renderer, "symbols").append(symbol)
    return renderer


def _symbol(  # noqa: PLR0913  (how it looks)
    kind: str,
    colour: str,
    width_mm: float,
    *,
    marker: str = "circle",
    is_hatched: bool = False,
    is_outline: bool = False,
) -> ET.Element:
    symbol = ET.Element("symbol", type=kind, name="0", alpha="1", clip_to_extent="1")
    properties: dict[str, str]
    if kind == "line":
        layer_class = "SimpleLine"
        properties = {
            "line_color": _rgba(colour),
            "line_width": str(width_mm),
            "line_width_unit": "MM",
            "line_style": "solid",
            "capstyle": "round",
            "joinstyle": "round",
        }
    elif kind == "marker":
        layer_class = "SimpleMarker"
        properties = {
            "name": marker,
            "color": _rgba(colour),
            "size": str(width_mm),
            "size_unit": "MM",
            "outline_color": _rgba("#FFFFFF"),
            "outline_width": "0.3",
        }
    else:
        layer_class = "SimpleFill"
        properties = {
            "color": _rgba(colour),
            "style": "no" if is_outline else "b_diagonal" if is_hatched else "solid",
            "outline_color": _rgba(colour if is_outline else _OUTLINE),
            "outline_style": "solid",
            "outline_width": str(width_mm),
            "outline_width_unit": "MM",
        }
    layer = ET.SubElement(symbol, "layer", {"class": layer_class, "enabled": "1", "pass": "0"})
    for name, value in properties.items():
        ET.SubElement(layer, "prop", k=name, v=value)
    return symbol


def _rgba(colour: str) -> str:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"{red},{green},{blue},255"


def _qml(kind: str, renderer: ET.Element) -> str:
    root = ET.Element("qgis", version="3.0.0", styleCategories="Symbology")
    root.append(renderer)
    ET.SubElement(root, "layerGeometryType").text = {"marker": "0", "line": "1", "fill": "2"}[kind]
    ET.indent(root)
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + ET.tostring(root, encoding="unicode")
