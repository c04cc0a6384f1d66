from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest


@pytest.fixture
def assets(project_root: Path) -> Path:
    return project_root / "geoplan" / "render" / "assets"


def test_vendored_files_are_those_that_were_checked(assets: Path) -> None:
    vendor = assets / "vendor"
    lines = (vendor / "CHECKSUMS").read_text(encoding="utf-8").splitlines()
    listed = dict(reversed(line.split("  ")) for line in lines)
    found = {
        path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "CHECKSUMS"
    }
    assert found == listed


def test_every_vendored_package_brings_its_licence(assets: Path) -> None:
    for package in (assets / "vendor").iterdir():
        if package.is_dir():
            assert (package / "LICENSE").is_file(), package.name


def test_our_scripts_never_turn_text_into_markup_or_code(assets: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|fetch\(|XMLHttpRequest|https?://(?!www\.w3\.org)"
    for script in (assets / "page").glob("*.js"):
        if script.name != "popups.js":  # stands in for what Folium's own popups do with HTML
            assert not re.search(forbidden, script.read_text(encoding="utf-8")), script.name


def test_scripts_and_styles_say_nothing_of_their_own(assets: Path) -> None:
    for file in (assets / "page").iterdir():
        assert file.read_text(encoding="utf-8").isascii(), (
            f"{file.name}: words belong to the catalogue"
        )


def test_every_word_the_scripts_say_is_in_the_catalogue(assets: Path) -> None:
    from geoplan.words import catalogue  # noqa: PLC0415

    known = {
        key.removeprefix("render.page.") for key in catalogue() if key.startswith("render.page.")
    }
    scripts = "".join(path.read_text(encoding="utf-8") for path in (assets / "page").glob("*.js"))
    said = set(re.findall(r'\bsay\("(\w+)"', scripts))
    assert said
    assert said <= known
