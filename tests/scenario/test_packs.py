"""Rule packs checked and documented by one command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import geoplan

from geoplan.errors import ScenarioError
from geoplan.model.rulepack import pack_names, read_rule_pack
from geoplan.scenario.packs import check_pack, pack_page
from geoplan.words import LANGUAGES

HEAD = '[pack]\nname = "ours"\nversion = "3"\ndate = 2026-01-02\ntitle = { en = "Ours", zh = "本地" }\n'
WEIGHT = '\n[grading.indicators.below_scale.tax_per_land.weight]\nvalue = {}\nunit = "points"\nsource = "a | b"\nstanding = "local_rule"\n'


def own(folder: Path, words: str, *, extends: str = "huangyan-2022") -> Path:
    path = folder / "ours.toml"
    path.write_text(f'{HEAD}extends = "{extends}"\n{words}', encoding="utf-8")
    return path


@pytest.mark.parametrize("name", pack_names())
def test_every_shipped_pack_passes_its_check(name: str) -> None:
    assert check_pack(name) == ()


@pytest.mark.parametrize("name", pack_names())
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_every_number(name: str, language: str) -> None:
    pack = read_rule_pack(name)
    page = pack_page(name, language)
    assert page.startswith(f"# {pack.title[language]}\n")
    for number in pack.numbers.values():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{number.name}` |")]
        assert f"| {number.value:.10g} | {number.unit} |" in row
        assert " ".join(number.source.split()) in row
    for lines in re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines.splitlines()}
        assert len(widths) == 1  # every row of a table has as many cells


def test_the_page_of_a_pack_over_another_says_whose_number_it_is(tmp_path: Path) -> None:
    page = pack_page(own(tmp_path, WEIGHT.format(50)), "en")
    assert "Laid over: huangyan-2022." in page
    row = "| `grading.indicators.below_scale.tax_per_land.weight` | 50 | points | local rule | a \\| b | ours |"
    assert row in page.splitlines()
    assert "| 11.5932 | 10k/mu | local rule |" in page


def test_the_decision_tables_are_on_the_page() -> None:
    assert "| 2 | revitalise | vacant: yes |" in pack_page("seed-practice", "en").splitlines()
    page = pack_page("huangyan-2022", "en")
    assert "| `grading.not_suited.utility_divisions` | 44, 45, 46 |" in page.splitlines()
    assert "| 1 | has_safety_accident | D | recalled" in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (WEIGHT.format(45), "the weights of below_scale add to 95, not to 100: 45 + 50"),
        (WEIGHT.format("nan"), "needs a finite value"),
        (WEIGHT.format(50).replace('unit = "points"\n', ""), "needs a unit"),
        ("\n[grading]\nvetos = []\n", "the nearest is vetoes"),
        ('\n[[triage]]\nresult = "keep"\nwhen = { vacent = ["yes"] }\n', "the nearest is vacant"),
        ("\n[stopped.min_years]\nvalue = 1.5\nunit = 'a'\nsource = 'us'\nstanding = 'assumed'\n", "stopped.min_years"),
    ],
)  # fmt: skip
def test_a_wrong_pack_is_told(tmp_path: Path, words: str, told: str) -> None:
    problems = [problem.text("en") for problem in check_pack(own(tmp_path, words))]
    assert any(told in problem for problem in problems), problems


def test_a_pack_that_is_right_has_no_problems(tmp_path: Path) -> None:
    assert check_pack(own(tmp_path, WEIGHT.format(50))) == ()


def test_all_problems_of_all_tables_come_at_once(tmp_path: Path) -> None:
    words = WEIGHT.format(45) + "\n[[triage]]\nresult = 'keap'\nwhen = {}\n"
    assert len(check_pack(own(tmp_path, words))) == 2


def test_packs_in_a_circle_are_one_problem(tmp_path: Path) -> None:
    path = own(tmp_path, "", extends="ours.toml")
    (problem,) = check_pack(path)
    assert "circle" in problem.text("en")
    with pytest.raises(ScenarioError):
        pack_page(path, "en")


def test_the_command_lists_shows_writes_and_refuses(tmp_path: Path) -> None:
    listed = geoplan("rules", "--lang", "zh", folder=tmp_path)
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == list(pack_names())
    assert "黄岩区 2022 年度" in listed.out

    shown = geoplan("rules", "huaian-2024", "--lang", "en", folder=tmp_path)
    assert shown.out.rstrip() == pack_page("huaian-2024", "en").rstrip()

    own(tmp_path, WEIGHT.format(50))
    written = geoplan("rules", "ours.toml", "--out", "ours.md", "--lang", "en", folder=tmp_path)
    assert written.code == 0, written.error
    assert (tmp_path / "ours.md").read_text(encoding="utf-8").startswith("# Ours\n")

    own(tmp_path, WEIGHT.format(45))
    refused = geoplan("rules", "ours.toml", "--out", "no.md", "--lang", "en", folder=tmp_path)
    assert refused.code == 3
    assert "rule pack ours.toml cannot be used:" in refused.error
    assert "add to 95" in refused.error
    assert not (tmp_path / "no.md").exists()
