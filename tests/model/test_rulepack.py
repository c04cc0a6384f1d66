"""Rule packs laid over one another, what they extend, and what is wrong with a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoplan.errors import ScenarioError
from geoplan.model.rulepack import load_rules, pack_names, read_rule_pack
from geoplan.units import to_base

NUMBER = (
    '[below_mean.min_years]\nvalue = {value}\nunit = "a"\nsource = "us"\nstanding = "assumed"\n'
)


def write(folder: Path, name: str, *, extends: str = "", value: float | str = 1) -> Path:
    """A pack of one number."""
    head = f'[pack]\nname = "{name}"\nversion = "1"\ndate = 2026-01-01\ntitle = {{ en = "a", zh = "甲" }}\n'
    if extends:
        head += f'extends = "{extends}"\n'
    path = folder / f"{name}.toml"
    path.write_text(head + NUMBER.format(value=value), encoding="utf-8")
    return path


def problems_of(*packs: str | Path) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_rules(packs)
    return [problem.text("en") for problem in caught.value.problems]


@pytest.mark.parametrize("name", pack_names())
def test_every_shipped_pack_is_whole(name: str) -> None:
    pack = read_rule_pack(name)
    assert pack.name == name
    assert set(pack.title) == {"en", "zh"}
    assert all(number.source.strip() for number in pack.numbers.values())


@pytest.mark.parametrize("name", pack_names())
def test_what_a_shipped_pack_recalls_stands_as_assumed(name: str) -> None:
    numbers = read_rule_pack(name).numbers.values()
    wrong = [n.name for n in numbers if "recalled" in n.source and n.standing != "assumed"]
    assert wrong == []


def test_a_pack_lies_over_the_one_it_extends(tmp_path: Path) -> None:
    local = write(tmp_path, "local", extends="seed-practice", value=5)
    rules = load_rules([local])
    assert [pack.name for pack in rules.packs] == ["seed-practice", "local"]
    assert rules.value("below_mean.min_years") == 5  # its own
    assert rules.value("vacant.min_months") == 12  # of the pack beneath
    assert rules.number("below_mean.min_years").pack == "local"


def test_a_file_beside_it_may_be_extended_and_so_on_down(tmp_path: Path) -> None:
    write(tmp_path, "county", extends="seed-practice", value=4)
    town = write(tmp_path, "town", extends="county.toml", value=6)
    names = [pack.name for pack in load_rules([town]).packs]
    assert names == ["seed-practice", "county", "town"]


def test_each_pack_is_laid_once_where_it_first_stands(tmp_path: Path) -> None:
    local = write(tmp_path, "local", extends="seed-practice", value=5)
    other = write(tmp_path, "other", extends="seed-practice", value=7)
    rules = load_rules(["seed-practice", local, other, local])
    assert [pack.name for pack in rules.packs] == ["seed-practice", "local", "other"]
    assert rules.value("below_mean.min_years") == 7  # the last on top


def test_packs_in_a_circle_are_one_clear_error(tmp_path: Path) -> None:
    write(tmp_path, "a", extends="b.toml")
    write(tmp_path, "b", extends="c.toml")
    write(tmp_path, "c", extends="a.toml")
    assert problems_of(tmp_path / "a.toml") == [
        "these rule packs extend each other in a circle: a > b > c > a; remove one extends"
    ]


def test_a_pack_that_extends_itself_is_one_clear_error(tmp_path: Path) -> None:
    path = write(tmp_path, "a", extends="a.toml")
    assert problems_of(path) == [
        "these rule packs extend each other in a circle: a > a; remove one extends"
    ]


def test_extending_what_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    (problem,) = problems_of(write(tmp_path, "a", extends="seed-practise"))
    assert problem.startswith("there is no rule pack seed-practise")
    assert problem.endswith("the nearest is seed-practice")


def test_extends_must_be_a_name(tmp_path: Path) -> None:
    path = write(tmp_path, "a", extends="x")
    path.write_text(path.read_text().replace('extends = "x"', "extends = 3"))
    (problem,) = problems_of(path)
    assert problem.endswith("[pack] needs extends")


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ("value = 1", "value = nan", "needs a finite value"),
        ("value = 1", "value = inf", "needs a finite value"),
        ("value = 1", 'value = "3"', "needs a finite value"),
        ("value = 1", "value = true", "needs a finite value"),
        ('unit = "a"', "", "needs a unit"),
        ('source = "us"', 'source = ""', "needs a source"),
        ('standing = "assumed"', 'standing = "gospel"', "needs a standing"),
        ('standing = "assumed"', 'standing = "override"', "needs a standing"),
    ],
)
def test_a_number_without_what_it_needs_is_one_clear_error(
    tmp_path: Path, line: str, instead: str, told: str
) -> None:
    path = write(tmp_path, "a")
    path.write_text(path.read_text(encoding="utf-8").replace(line, instead), encoding="utf-8")
    (problem,) = problems_of(path)
    assert "below_mean.min_years" in problem
    assert told in problem


def test_problems_of_all_packs_are_told_at_once(tmp_path: Path) -> None:
    assert len(problems_of(write(tmp_path, "a", value="nan"), "no-such-pack")) == 2


def test_money_on_paper_turns_into_money_per_square_metre() -> None:
    assert to_base("10k/mu") == pytest.approx(15)  # 10 000 yuan on 2000/3 m2
    assert to_base("10k/tce") == 10_000
    assert to_base("1/kWh") == 1
