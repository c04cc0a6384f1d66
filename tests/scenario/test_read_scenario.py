"""A scenario file is checked whole, and overrides lie over it by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoplan.errors import ScenarioError
from geoplan.model.checked_yaml import read_yaml
from geoplan.scenario.read import laid_over, read_scenario

GOOD = """\
name: town
date: 2026-11-24
park: park.yaml
rules: [seed-practice]
plan:
  products: [park, school]
  areas:
    - {name: green, products: park, min_mu: 15}
    - {name: schools, products: [school], max_share: 0.5}
overrides:
  greener:
    plan: {areas: [{name: green, products: park, min_mu: 30}]}
  taller:
    numbers: {products.school.floor_area_ratio: 2}
"""


def written(folder: Path, words: str | bytes, name: str = "town.yaml") -> Path:
    path = folder / name
    path.write_bytes(words if isinstance(words, bytes) else words.encode())
    return path


def problems_of(folder: Path, words: str | bytes) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(written(folder, words))
    return [problem.text("en") for problem in caught.value.problems]


def test_a_good_file_is_read(tmp_path: Path):
    scenario = read_scenario(written(tmp_path, GOOD))
    assert scenario.plan is not None
    assert [area.min_mu for area in scenario.plan.areas] == [15.0, None]
    assert scenario.plan.areas[0].products == ("park",)  # one product may stand without brackets


def test_an_override_replaces_the_entry_of_the_same_name_and_nothing_else(tmp_path: Path):
    scenario = read_scenario(written(tmp_path, GOOD), overrides=["greener", "taller"])
    assert scenario.plan is not None
    assert [(a.name, a.min_mu, a.max_share) for a in scenario.plan.areas] == [
        ("green", 30.0, None),
        ("schools", None, 0.5),
    ]
    assert scenario.numbers == {"products.school.floor_area_ratio": 2.0}
    assert scenario.name == "town-greener-taller"  # results of a variant have files of their own


def test_an_unknown_override_names_the_nearest(tmp_path: Path):
    with pytest.raises(
        ScenarioError, match="no override grener; it has greener, taller; the nearest is greener"
    ):
        read_scenario(written(tmp_path, GOOD), overrides=["grener"])


def test_an_override_that_breaks_the_scenario_is_told(tmp_path: Path):
    words = GOOD + "  wrong:\n    plan: {produces: [park]}\n"
    with pytest.raises(ScenarioError, match=r"plan.produces is not known; the nearest is products"):
        read_scenario(written(tmp_path, words), overrides=["wrong"])


def test_every_problem_comes_at_once_with_its_line(tmp_path: Path):
    words = GOOD.replace("name: town", "name: my town").replace("max_share: 0.5", "max_share: 1.5")
    words = words.replace("park: park.yaml", "parc: park.yaml")
    assert problems_of(tmp_path, words) == [
        "town.yaml, line 1: name cannot be my town: letters, digits, - and _ only",
        "town.yaml, line 1: park is missing",
        "town.yaml, line 9: plan.areas.1.max_share must be at most 1.0, not 1.5",
        "town.yaml, line 3: parc is not known; the nearest is park",
    ]


def test_an_area_must_say_how_much(tmp_path: Path):
    words = GOOD.replace(", min_mu: 15}", "}")
    [problem] = problems_of(tmp_path, words)
    assert problem.startswith("town.yaml, line 8: plan.areas.0 must say how much")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "holds no mapping"),
        ("- a\n- b\n", "holds no mapping"),
        ("just words", "holds no mapping"),
        ("name: [unclosed\n", "is not YAML"),
        ("name: a\nname: b\n", "'name' is given twice"),
        (b"\xff\xfe\x00", "is not YAML"),
        ("name: !!python/object:os.system x\n", "is not YAML"),
    ],
)
def test_what_is_not_a_mapping_is_one_clear_error(tmp_path: Path, words: str | bytes, said: str):
    [problem] = problems_of(tmp_path, words)
    assert said in problem


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ScenarioError, match=r"nowhere.yaml cannot be read"):
        read_scenario(tmp_path / "nowhere.yaml")


def test_a_file_saved_on_an_old_office_computer_is_read(tmp_path: Path):
    words = GOOD.replace("name: town", "name: town\ntitle: 东园").encode("gb18030")
    assert read_scenario(written(tmp_path, words)).title.zh == "东园"
    assert read_yaml(written(tmp_path, b"\xef\xbb\xbfname: a\n")).tree == {"name": "a"}


def test_laying_over_leaves_both_trees_as_they_were():
    below, above = {"a": {"x": 1}}, {"a": {"y": 2}}
    assert laid_over(below, above) == {"a": {"x": 1, "y": 2}}
    assert (below, above) == ({"a": {"x": 1}}, {"a": {"y": 2}})


def test_aliases_of_aliases_are_refused_at_once(tmp_path: Path):
    levels = [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    words = "\n".join([f"a: &a [{', '.join('x' * 9)}]", *levels])
    assert problems_of(tmp_path, words) == [
        "town.yaml, line 1: this is not YAML: its aliases (*) repeat too much"
    ]


def test_an_alias_may_be_used(tmp_path: Path):
    words = GOOD.replace("[park, school]", "&both [park, school]").replace("[school]", "*both")
    assert read_scenario(written(tmp_path, words)).plan.areas[1].products == ("park", "school")
