from __future__ import annotations

import runpy
from pathlib import Path

from geoplan.model.schema import COLUMNS, LAYERS


def test_the_page_is_what_the_schema_says(project_root: Path) -> None:
    tool = runpy.run_path(str(project_root / "tools" / "schema_page.py"))
    page = (project_root / "docs" / "schema.md").read_text(encoding="utf-8")
    assert page == tool["page"](), "run: python tools/schema_page.py"


def test_every_layer_and_column_is_on_the_page(project_root: Path) -> None:
    page = (project_root / "docs" / "schema.md").read_text(encoding="utf-8")
    assert all(f"\n## {name}\n" in page for name in LAYERS)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(COLUMNS)
    assert all(line.count("|") == 9 for line in rows)
