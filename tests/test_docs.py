"""What the documents say can be done."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from geoplan.evaluate import score_of
from geoplan.model.rulepack import load_rules
from geoplan.scenario import check_pack
from geoplan.words import LANGUAGES, catalogue

ROOT = Path(__file__).resolve().parents[1]
#: Where the two languages ask for their own: "reason_zh", explain("zh"), --lang zh.
LANGUAGE = re.compile(r"(?<=[_\"' ])(en|zh)(?=[\"'\s])")
HEAD = '[pack]\nname = "small"\nversion = "1"\ndate = 2026-01-01\ntitle = { en = "x" }\n\n'
LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")


def blocks(document: str, kind: str) -> list[str]:
    """Code blocks of one kind in a document of the project."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def run(code: str, names: dict[str, Any]) -> None:
    exec(compile(code, "<document>", "exec"), names)  # noqa: S102  (our own document)


@pytest.fixture
def contributing() -> dict[str, Any]:
    """All names that the Python of CONTRIBUTING.md defines."""
    names: dict[str, Any] = {}
    for code in blocks("CONTRIBUTING.md", "python"):
        run(code, names)
    return names


def toml_block(beginning: str) -> str:
    """The one TOML block of CONTRIBUTING.md that begins so."""
    [found] = [code for code in blocks("CONTRIBUTING.md", "toml") if code.startswith(beginning)]
    return found


def test_the_indicator_of_the_example_works(contributing: dict[str, Any]) -> None:
    contributing["test_the_largest_parcel_is_told"]()
    words = tomllib.loads(toml_block("[indicator]"))["indicator"]["largest_parcel"]
    assert set(words) == set(LANGUAGES)


def test_the_finding_of_the_example_works(
    contributing: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tomllib.loads(toml_block("[evaluate.kind.too_small]"))["evaluate"]["kind"]["too_small"]
    pairs = {f"evaluate.kind.too_small.{name}": pair for name, pair in own.items()}
    words = {**catalogue(), **pairs}
    monkeypatch.setattr("geoplan.evaluate._texts.catalogue", lambda: words)
    pack = tmp_path / "small.toml"
    pack.write_text(HEAD + toml_block("[too_small"), encoding="utf-8")
    contributing["test_a_plot_that_just_reaches_the_area_passes"](load_rules([pack]))
    assert all(set(pair) == set(LANGUAGES) for pair in own.values())


def test_the_rule_pack_of_the_example_lies_over_another(tmp_path: Path) -> None:
    (tmp_path / "our-county.toml").write_text(toml_block("[pack]"), encoding="utf-8")
    number = load_rules(["seed-practice", tmp_path / "our-county.toml"]).number(
        "below_mean.min_years"
    )
    assert (number.value, number.standing, number.pack) == (2, "local_rule", "our-county")
    finding = tomllib.loads(toml_block("[too_small"))["too_small"]["min_area_m2"]
    assert set(finding) == {"value", "unit", "source", "standing"}


def test_the_grading_pack_of_the_example_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "our-county.toml"
    head = HEAD.replace("\n\n", '\nextends = "huangyan-2022"\n\n')
    path.write_text(head + toml_block("[grading"), encoding="utf-8")
    assert check_pack(path) == ()
    rules = load_rules([path])
    assert score_of({"tax_per_land": 9.5}, rules=rules, group="below_scale") == 100


@pytest.mark.parametrize("document", ["README.md", "README.zh.md"])
def test_the_python_of_the_readme_runs(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = ROOT / "geoplan" / "data" / "scenarios" / "xinshe.yaml"
    (tmp_path / "scenario.yaml").write_bytes(scenario.read_bytes())
    monkeypatch.chdir(tmp_path)
    codes = blocks(document, "python")
    assert codes
    names: dict[str, Any] = {}
    for code in codes:
        run(code, names)


@pytest.mark.parametrize("document", ["README.md", "README.zh.md"])
def test_the_files_of_the_readme_are_read(document: str, tmp_path: Path) -> None:
    from geoplan.io import read_source  # noqa: PLC0415
    from geoplan.scenario.read import read_scenario  # noqa: PLC0415

    readers = {"park.yaml": read_source, "scenario.yaml": read_scenario}
    codes = blocks(document, "yaml")
    assert len(codes) == len(readers)
    for (name, reader), code in zip(readers.items(), codes, strict=True):
        (tmp_path / name).write_text(code, encoding="utf-8")
        reader(tmp_path / name)


def test_both_readmes_give_the_same_commands() -> None:
    for kind in ("bash", "python", "yaml"):
        english, chinese = (
            [LANGUAGE.sub("", re.sub(r"\s*#.*", "", code)) for code in blocks(name, kind)]
            for name in ("README.md", "README.zh.md")
        )
        assert english == chinese


@pytest.mark.parametrize(
    "document",
    sorted(
        path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")]
    ),
)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    links = LINK.findall((ROOT / document).read_text(encoding="utf-8"))
    assert [link for link in links if not (folder / link.split("#")[0]).exists()] == []
