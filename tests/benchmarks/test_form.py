"""The form of every benchmark: options, rows, where the data is."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def form(project_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("_form", project_root / "benchmarks" / "_form.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_form"] = module
    spec.loader.exec_module(module)
    return module


def test_the_data_set_is_found_from_the_root_and_from_itself(
    form: ModuleType, tmp_path: Path
) -> None:
    leaf = tmp_path / "benchmarks" / "pmedian"
    leaf.mkdir(parents=True)
    assert form.data_folder(tmp_path, "benchmarks/pmedian") == leaf
    assert form.data_folder(leaf, "benchmarks/pmedian") == leaf
    assert form.data_folder(leaf, "benchmarks/steinlib") is None
    assert form.data_folder(tmp_path / "absent", "benchmarks/pmedian") is None


def test_the_options_are_the_three_of_the_project(
    form: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOPLAN_DATA", str(tmp_path))
    assert form.parse("x", []) == form.Options(data=tmp_path, quick=False, json=None)
    asked = form.parse("x", ["--data", "d", "--quick", "--json", "f.json"])
    assert asked == form.Options(data=Path("d"), quick=True, json=Path("f.json"))


def test_the_report_is_a_table_and_a_list_of_rows(
    form: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        form.Row(case="a", side="geoplan", metric="seconds", value=1.5, unit="s"),
        form.Row(case="b", side="peer", metric=form.TIMED_OUT, value=60, unit="s"),
    ]
    file = tmp_path / "new" / "rows.json"
    options = form.Options(data=tmp_path, quick=True, json=file)
    form.report(rows, options=options, packages=["numpy", "no-such-peer"], time_limit_s=60)
    told = capsys.readouterr().out
    assert "no-such-peer (not installed)" in told
    assert "time limit: 60 s a run" in told
    assert "b     peer     timed_out     60  s" in told
    assert json.loads(file.read_text(encoding="utf-8"))[0] == {
        "case": "a", "side": "geoplan", "metric": "seconds", "value": 1.5, "unit": "s",
    }  # fmt: skip
