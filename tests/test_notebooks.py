"""Notebooks run from a clean start, keep no output, and use public names only."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
PRIVATE = re.compile(r"\b_\w+|from geoplan\.|import geoplan\.")
TIME_LIMIT_S = 120


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore:Proactor event loop:RuntimeWarning")
def test_it_runs(path: Path, tmp_path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    client = NotebookClient(
        book,
        timeout=TIME_LIMIT_S,
        kernel_name="python3",
        resources={"metadata": {"path": tmp_path}},
    )
    client.execute()
    told = [
        output for cell in book.cells for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]  # fmt: skip
    assert told == []  # no warning
    assert any(cell.get("outputs") for cell in book.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_keeps_no_output_and_uses_public_names(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []
    assert [cell.source for cell in code if PRIVATE.search(cell.source)] == []


def test_there_are_notebooks() -> None:
    assert [path.name[:2] for path in NOTEBOOKS[:3]] == ["01", "02", "03"]
