"""Write docs/schema.md, the page of every layer and column, from geoplan/model/schema.py.

Run it after a change of the schema: ``python tools/schema_page.py``. A test fails while the page is behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from geoplan.model.schema import LAYERS, Column, Layer, columns_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "schema.md"

_HEAD = """\
# Layers and columns

*Made from `geoplan/model/schema.py` by `python tools/schema_page.py`; change it there.*

Areas are in m2, lengths in m, money in the park's currency, shares from 0 to 1. A file may use the column's name, its
Chinese term or one of the other names; other units and names are told in a source file. Columns marked **needed** must be
there; all others may be missing or hold unknown values. The stage says who writes a layer or column: `input` is yours.
"""
_COLUMN_HEAD = """\
| column | term | kind | unit | range or choices | stage | meaning | other names |
|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_contents(), "", *(_section(layer) for layer in LAYERS.values())])


def _contents() -> Iterator[str]:
    yield "| layer | term | stage | a row is |\n|---|---|---|---|"
    for layer in LAYERS.values():
        yield f"| [`{layer.name}`](#{layer.name}) | {layer.term} | {layer.stage} | {layer.meaning} |"


def _section(layer: Layer) -> str:
    shape = {"any": "any geometry", "none": "no geometry"}.get(layer.geometry, f"{layer.geometry}s")
    keys = ", ".join(f"`{key}`" for key in layer.key_columns)
    rows = "".join(_row(column) for column in columns_of(layer.name).values())
    return f"## {layer.name}\n\n{layer.term}: {layer.meaning}; {shape}; one row per {keys}.\n\n{_COLUMN_HEAD}{rows}"


def _row(column: Column) -> str:
    name = f"`{column.name}`" + (" **needed**" if column.is_needed else "")
    cells = [name, column.term, column.kind, column.unit, _limits(column), column.stage]
    return f"| {' | '.join([*cells, column.meaning, ', '.join(column.aliases)])} |\n"


def _limits(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    if column.minimum is None and column.maximum is None:
        return ""
    low = "" if column.minimum is None else f"{column.minimum:g}"
    high = "" if column.maximum is None else f"{column.maximum:g}"
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
