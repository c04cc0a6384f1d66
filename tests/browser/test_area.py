"""The area as a whole on the page: views, pockets, grades, services, and the rule behind a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import Opened, Opener
from pages import HOSTILE, area_of, small_page, small_park

from geoplan.model.rulepack import RuleNumber
from geoplan.render import draw_page, save_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
RULE = RuleNumber(
    name="below_mean.min_years", value=3, unit="a", source="ours", standing="assumed", pack="p"
)


@pytest.fixture(scope="session")
def area_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "area.html"
    save_page(draw_page(small_page(area=area_of(small_park()), rules=(RULE,), language="en")), path)
    return path


@pytest.fixture
def opened(open_page: Opener, area_file: Path) -> Iterator[Opened]:
    opened = open_page(area_file)
    yield opened
    assert opened.requests == [area_file.as_uri()]
    assert opened.complaints == []


@pytest.fixture
def page(opened: Opened) -> Page:
    return opened.page


def told(page: Page, parcel: str) -> str:
    """The story of a parcel with everything unfolded."""
    page.evaluate(f"geoplan.page.select({int(parcel[1:]) - 1})")
    page.evaluate(
        "document.querySelectorAll('.gp-story details').forEach(one => { one.open = true; })"
    )
    return " ".join(page.locator(".gp-story").inner_text().split())


def test_the_views_are_five_and_each_has_its_legend(page: Page) -> None:
    names = [box.get_attribute("value") for box in page.locator("input[name=gp-view]").all()]
    assert names == ["today", "findings", "plan", "clusters", "services"]
    page.locator("[data-key=view-clusters]").click(force=True)
    rows = [" ".join(row.split()) for row in page.locator(".gp-legend tbody tr").all_inner_texts()]
    assert rows[0] == "low among low 30.0 2.00 33.3%"


def test_the_page_opens_on_the_plan(page: Page) -> None:
    assert page.locator("input[name=gp-view]:checked").get_attribute("value") == "plan"


def test_a_pocket_is_drawn_when_it_is_switched_on(page: Page) -> None:
    page.locator("[data-key=view-findings]").click(force=True)
    count = """() => {
        const canvas = document.querySelector("canvas.geoplan-fabric");
        const copy = document.createElement("canvas");
        copy.width = canvas.width;
        copy.height = canvas.height;
        const pen = copy.getContext("2d", { willReadFrequently: true });
        pen.drawImage(canvas, 0, 0);
        const ink = pen.getImageData(0, 0, copy.width, copy.height).data;
        let found = 0;
        for (let i = 0; i < ink.length; i += 4) if (ink[i] === 91 && ink[i + 1] === 42 && ink[i + 2] === 134) found += 1;
        return found;
    }"""
    assert page.evaluate(count) == 0
    page.locator("[data-key=layer-pockets]").click(force=True)
    assert page.evaluate(count) > 100


def test_the_story_tells_grade_points_services_rule_and_better_class(page: Page) -> None:
    story = told(page, "P2")
    for words in (
        "Grade of 2025", "企业002 grade D", "D: rank 2", "tax per land 10k yuan/mu 2.50 10.0 12.5 of 50.0",
        "school 700 m on foot · too far (up to 500 m)", "library 100 m straight",
        "rule: 3 a", "below_mean.min_years = 3 a (assumed; ours)", "Reason poor",
    ):  # fmt: skip
        assert words in story, words
    assert "Clusters: low among low" in story


def test_the_story_is_told_in_chinese(page: Page) -> None:
    page.evaluate("geoplan.page.setLanguage('zh')")
    story = told(page, "P2")
    for words in (
        "2025 年评级",
        "D 类",
        "亩均税收",
        "小学",
        "不达标（500 米以内）",
        "依据：3 a",
        "低值聚集",
    ):
        assert words in story, words


def test_the_panel_tells_what_is_weak_in_which_part(page: Page) -> None:
    page.locator("[data-key=fold-area_profile]").click()
    text = " ".join(page.locator(".gp-area").inner_text().split())
    assert "whole park export 2025 20.0%" in text
    assert "west export 2025 5.0% weak" in text


def test_hostile_names_stay_words(open_page: Opener, tmp_path: Path) -> None:
    for number, words in enumerate(HOSTILE):
        park = small_park()
        area = area_of(park, name=words)
        area["grades"] = area["grades"].assign(reason_en=words, reason_zh=words)
        area["area_profile"] = area["area_profile"].assign(area=words)
        path = tmp_path / f"{number}.html"
        save_page(draw_page(small_page(park, area=area)), path)
        opened = open_page(path)
        told(opened.page, "P2")
        opened.page.locator("[data-key=fold-area_profile]").click()
        assert opened.complaints == [], words
        assert opened.requests == [path.as_uri()], words
