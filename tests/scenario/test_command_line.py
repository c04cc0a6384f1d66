"""What the command line says, in which language, with which exit code; it never shows a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import geoplan
from towns import street_of

from geoplan.cli import main

SCENARIO = """\
name: town
date: 2026-11-24
park: town.gpkg
rules: [seed-practice, plan-assumed]
plan:
  candidates: {parcels: [P1, P2]}
  products: [park, talent_homes]
  areas:
    - {name: green, products: park, min_mu: 15, max_mu: 15}
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Four squares of industry, and a scenario that makes two of them a park and homes."""
    street_of(4, is_vacant=[True, False, False, False]).to_file(tmp_path / "town.gpkg")
    (tmp_path / "town.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def test_help_teaches_in_both_languages(tmp_path: Path):
    english = geoplan("--help", folder=tmp_path)
    chinese = geoplan("--lang", "zh", "--help", folder=tmp_path)
    assert english.code == chinese.code == 0
    for command in ("check", "evaluate", "explain", "plan", "map", "run", "demo"):
        assert command in english.out
        assert command in chinese.out
    assert "geoplan demo" in english.out
    assert "规划" in chinese.out
    assert "规划" not in english.out


def test_a_command_that_is_not_there_is_code_2(tmp_path: Path):
    run = geoplan("plant", folder=tmp_path)
    assert run.code == 2
    assert "Traceback" not in run.error


def test_a_language_that_is_not_there_is_code_2(tmp_path: Path):
    assert geoplan("--lang", "fr", "demo", folder=tmp_path).code == 2


def test_a_missing_file_is_one_clear_error(tmp_path: Path):
    run = geoplan("run", "nowhere.yaml", "--lang", "en", folder=tmp_path)
    assert run.code == 3
    assert "nowhere.yaml cannot be read" in run.error
    assert "Traceback" not in run.error


@pytest.mark.parametrize("encoding", ["ascii", "cp936"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_old_console_never_raises(town: Path, encoding: str, lang: str):
    run = geoplan(
        "run", "town.yaml", "--lang", lang, folder=town, PYTHONIOENCODING=encoding, PYTHONUTF8="0"
    )
    assert run.code == 0, run.error
    assert "town.gpkg" in run.out


def test_each_command_writes_its_own_files(town: Path):
    wanted = {
        "evaluate": {"town.gpkg", "town-findings.xlsx"},
        "plan": {"town.gpkg", "town.xlsx"},
        "map": {"town.html"},
        "run": {"town.gpkg", "town.xlsx", "town.html", "town-findings.xlsx"},
    }
    for command, files in wanted.items():
        run = geoplan(command, "town.yaml", "--out", f"out {command}", folder=town)
        assert run.code == 0, run.error
        assert {path.name for path in (town / f"out {command}").iterdir()} == files


def test_stages_that_cannot_run_are_said(town: Path):
    run = geoplan("run", "town.yaml", "--lang", "en", folder=town)
    assert "no service centres: the scenario asks for none" in run.out
    assert "Left out:" in run.out


def test_rules_that_cannot_hold_are_named_and_code_4(town: Path):
    words = SCENARIO + "    - {name: homes, products: talent_homes, min_mu: 30}\n"
    (town / "town.yaml").write_text(words, encoding="utf-8")
    run = geoplan("run", "town.yaml", "--lang", "en", folder=town)
    assert run.code == 4
    assert "green" in run.error
    assert "homes" in run.error
    assert not (town / "maps").exists()  # nothing half-written


def test_check_lists_problems_and_writes_them_as_a_layer(town: Path):
    run = geoplan("check", "town.gpkg", "--out", "problems.gpkg", "--lang", "en", folder=town)
    assert run.code == 0, run.error
    assert "0 errors" in run.out
    assert (town / "problems.gpkg").is_file()


def test_check_of_a_broken_park_is_code_1_and_still_a_table(town: Path):
    street_of(2, use=["100102", "0701"]).drop(columns="use").to_file(town / "bare.gpkg")
    run = geoplan("check", "bare.gpkg", "--lang", "en", folder=town)
    assert run.code == 1
    assert "use" in run.out
    assert "1 errors" in run.out


def test_inputs_are_left_as_they_were(town: Path):
    before = {path.name: path.read_bytes() for path in town.iterdir() if path.is_file()}
    assert geoplan("run", "town.yaml", folder=town).code == 0
    after = {path.name: path.read_bytes() for path in town.iterdir() if path.is_file()}
    assert after == before


def test_ctrl_c_is_one_sentence(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geoplan.scenario.run.run_scenario", interrupted)
    assert main(["--lang", "en", "run", str(town / "town.yaml")]) == 130
    assert "interrupted: nothing was half-written" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["[bold]", "[/]", "\\[red]", "\\"])
def test_the_table_of_problems_shows_names_as_they_are(tmp_path: Path, name: str):
    town = street_of(2, use=["abcd", "1001"]).rename(index={"P1": name})
    town.to_file(tmp_path / "town.gpkg", layer="parcels")
    said = geoplan("check", "town.gpkg", folder=tmp_path)
    assert said.code == 0
    assert f"P2 {name} use" in f"P2 {' '.join(said.out.split('parcels')[1].split())}"
