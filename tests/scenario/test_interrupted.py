"""Ctrl-C before there is anything to show is told as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

import geoplan.scenario.run as runs
from geoplan.cli import main
from geoplan.errors import UnfinishedError
from geoplan.words import say


@pytest.mark.parametrize(("cause", "code"), [(KeyboardInterrupt(), 130), (None, 4)])
def test_an_interrupted_search_ends_with_130_and_one_cut_by_its_limit_with_4(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    cause: BaseException | None,
    code: int,
) -> None:
    def cut(*_given: object, **_named: object) -> None:
        raise UnfinishedError([say("simulate.no_run")]) from cause

    monkeypatch.setattr(runs, "run_scenario", cut)
    scenario = tmp_path / "town.yaml"
    scenario.write_text(
        "name: town\ndate: 2026-01-01\npark: sample\nrules: [seed-practice]\n", encoding="utf-8"
    )
    assert main(["run", str(scenario), "--lang", "en"]) == code
    assert "interrupted before its first run" in capsys.readouterr().err
