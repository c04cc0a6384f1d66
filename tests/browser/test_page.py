"""The page as people meet it: nothing fetched, nothing complained, every control does what it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from browsing import Opened, Opener
from pages import HOSTILE, evaluation_of, small_page, small_park

from geoplan.io import make_sample_park
from geoplan.model.landuse import name_of
from geoplan.model.park import Park
from geoplan.render import PageContent, draw_page, save_page
from geoplan.words import literal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "六 squares.html"
    save_page(draw_page(small_page()), path)
    return path


@pytest.fixture
def opened(open_page: Opener, small_file: Path) -> Iterator[Opened]:
    opened = open_page(small_file)
    yield opened
    assert opened.requests == [small_file.as_uri()]
    assert opened.complaints == []


@pytest.fixture
def page(opened: Opened) -> Page:
    return opened.page


def on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    place = page.evaluate(
        """([lat, lon]) => {
            const at = geoplan.map.latLngToContainerPoint([lat, lon]);
            const box = geoplan.map.getContainer().getBoundingClientRect();
            return [at.x + box.left, at.y + box.top];
        }""",
        [lat, lon],
    )
    return tuple(place)


def middle_of(parcel: str) -> tuple[float, float]:
    point = small_park().parcels.to_crs(4326).loc[parcel, "geometry"].centroid
    return point.x, point.y


def legend_of(page: Page) -> list[str]:
    rows = page.locator(".gp-legend tbody tr").all_inner_texts()
    return [" ".join(row.split()) for row in rows]


def choose(page: Page, name: str) -> None:
    page.locator(f'[data-key="{name}"]').click(force=True)


def colour_at(page: Page, x: float, y: float) -> list[int]:
    """What is painted at a place of the screen, mixed with the paper under it."""
    return page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector("canvas.geoplan-fabric");
            const box = canvas.getBoundingClientRect();
            const ratio = window.devicePixelRatio;
            const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            dot.drawImage(canvas, -(x - box.left) * ratio, -(y - box.top) * ratio);
            return Array.from(dot.getImageData(0, 0, 1, 1).data);
        }""",
        [x, y],
    )


def is_yellow(page: Page, x: float, y: float) -> bool:
    """Whether homes are painted there, in their official colour."""
    return colour_at(page, x, y)[:3] == pytest.approx([255, 255, 45], abs=2)


def test_parcels_stand_at_their_longitude_and_latitude_within_a_pixel(page: Page) -> None:
    choose(page, "view-today")
    choose(page, "layer-marks")
    choose(page, "layer-roads")
    corner = small_park().parcels.to_crs(4326).loc["P4", "geometry"].exterior.coords
    for east, north in list(corner)[:4]:
        x, y = on_screen(page, east, north)
        middle_x, middle_y = on_screen(page, *middle_of("P4"))
        inward = (1 if middle_x > x else -1, 1 if middle_y > y else -1)
        inside = page.evaluate(
            """([x, y]) => {
                const box = geoplan.map.getContainer().getBoundingClientRect();
                const at = geoplan.map.containerPointToLatLng([x - box.left, y - box.top]);
                const plane = geoplan.page.scene.plane;
                return geoplan.page.scene.parcels.at(plane.x(at.lng), plane.y(at.lat));
            }""",
            [x + inward[0], y + inward[1]],
        )
        assert inside == 3
        assert is_yellow(page, x + 3 * inward[0], y + 3 * inward[1])
        assert not is_yellow(page, x - 3 * inward[0], y - 3 * inward[1])


def test_the_legend_tells_areas_and_shares_of_what_is_shown(page: Page) -> None:
    choose(page, "language-en")
    choose(page, "view-today")
    assert legend_of(page) == [
        "urban homes, class 2 070102 15.0 1.00 16.7%",
        "industry, class 2 100102 30.0 2.00 33.3%",
        "parks 1401 15.0 1.00 16.7%",
        f"{name_of('2301', 'en')} 2301 15.0 1.00 16.7%",
        "use unknown ? 15.0 1.00 16.7%",
        "all parcels 90.0 6.00 100%",
    ]
    choose(page, "view-findings")
    assert legend_of(page)[0] == "acquire A 30.0 2.00 33.3%"
    choose(page, "view-plan")
    assert legend_of(page)[0] == "Converted land 30.0 2.00"


def test_a_click_tells_the_story_of_the_parcel(page: Page) -> None:
    choose(page, "language-en")
    page.mouse.click(*on_screen(page, *middle_of("P2")))
    story = page.locator(".gp-story").inner_text()
    for words in (
        "P2",
        "industry, class 2 (100102)",
        "15.0 mu \u00b7 1.00 ha",
        "企业002",
        "stopped",
        "below it for 3 years",
        "3 years in a row below the mean",
        "homes for young staff",
        "28,000 m²",
        "800 people",
        "near the lake",
        "1,234 m²",
    ):
        assert words in story
    assert page.locator(".gp-bars .gp-mean").count() == 3
    page.keyboard.press("Escape")
    assert page.locator(".gp-story").is_hidden()


def test_the_keyboard_steps_from_parcel_to_parcel_and_opens_one(page: Page) -> None:
    page.locator(".folium-map").focus()
    for key in ("n", "n", "Enter"):
        page.keyboard.press(key)
    assert page.locator(".gp-story h2").inner_text() == "P2"


def test_the_language_changes_everywhere_and_back(page: Page) -> None:
    choose(page, "view-findings")
    page.mouse.click(*on_screen(page, *middle_of("P2")))
    page.mouse.move(5, 5)
    chinese = page.locator("body").inner_text()
    assert "收储" in chinese
    choose(page, "language-en")
    english = page.locator("body").inner_text()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title() == "Six squares"
    data = ("企业002", "中文", "上美湖", "龙文路")
    for words in data:
        english = english.replace(words, "")
    assert not [sign for sign in english if "\u3400" <= sign <= "\u9fff"]
    choose(page, "language-zh")
    assert page.locator("body").inner_text() == chinese


def test_layers_can_be_hidden_and_shown(page: Page) -> None:
    choose(page, "view-plan")
    box = small_park().layers["water"].to_crs(4326).geometry.iloc[0]
    lake = (box.bounds[0] + 1e-4, box.bounds[1] + 1e-4)
    wet = colour_at(page, *on_screen(page, *lake))
    choose(page, "layer-water")
    assert colour_at(page, *on_screen(page, *lake)) != wet
    assert page.locator(".gp-centre").count() == 1
    choose(page, "layer-centres")
    assert page.locator(".gp-centre").count() == 0


@pytest.mark.parametrize(("asked", "kind"), [("p3", "地块"), ("企业001", "企业"), ("lake", "道路")])
def test_search_finds_parcels_firms_and_streets(page: Page, asked: str, kind: str) -> None:
    page.locator('[data-key="search"]').fill(asked)
    hit = page.locator(".gp-found button").first
    assert kind in hit.inner_text()
    hit.click()
    if kind != "道路":
        assert page.locator(".gp-story h2").inner_text() in ("P1", "P3")


def test_hovering_names_the_parcel(page: Page) -> None:
    page.mouse.move(*on_screen(page, *middle_of("P5")))
    assert page.locator(".gp-tip").inner_text().startswith("P5")
    assert page.locator("path.gp-hover").get_attribute("d") != "M0 0"


def test_the_title_block_says_source_rules_and_what_was_left_out(page: Page) -> None:
    choose(page, "language-en")
    head, foot = page.locator(".gp-head").inner_text(), page.locator(".gp-foot")
    assert "Scenario squares" in head
    assert "2026-11-24" in head
    assert "made up" in foot.inner_text()
    assert "1 of 2 numbers are assumed" in foot.inner_text()
    foot.locator("summary").click()
    assert "service centres unknown" in foot.inner_text()
    assert "law or national standard" in foot.inner_text()


def test_scale_bar_and_north_arrow_are_there(page: Page) -> None:
    assert page.locator(".leaflet-control-scale-line").inner_text().endswith(" m")
    assert page.locator(".gp-north svg").count() == 1


def test_hostile_names_are_shown_as_they_are_and_do_nothing(
    open_page: Opener, tmp_path: Path
) -> None:
    park = small_park(name=list(HOSTILE[:6]), address=list(HOSTILE[4:]))
    firms = park.layers["enterprises"].assign(
        name=[HOSTILE[0], HOSTILE[1]], operating_status=HOSTILE[7]
    )
    roads = park.layers["roads"].assign(name=[HOSTILE[1], HOSTILE[2]])
    parcels = park.parcels.rename(index=dict(zip(park.parcels.index, HOSTILE[3:9], strict=True)))
    occupancy = park.layers["occupancy"].assign(parcel_id=parcels.index[:2])
    park = replace(
        park,
        layers=dict(park.layers)
        | {"parcels": parcels, "enterprises": firms, "roads": roads, "occupancy": occupancy},
        citation=HOSTILE[1],
        name={"en": HOSTILE[0], "zh": HOSTILE[1]},
    )
    evaluation = evaluation_of(park)
    judged = evaluation.parcels.assign(reason_zh=HOSTILE[1], reason_en=HOSTILE[0], triage="keep")
    findings = evaluation.findings.assign(
        parcel_id=parcels.index[0],
        reason_zh=list(HOSTILE[:3]),
        finding=HOSTILE[7],
        verdict=HOSTILE[9],
    )
    content = small_page(
        park,
        evaluation=replace(evaluation, parcels=judged, findings=findings),
        title=literal(HOSTILE[1]),
        scenario=HOSTILE[0],
        provenance={HOSTILE[0]: HOSTILE[1]},
    )
    target = tmp_path / "hostile.html"
    save_page(draw_page(content), target)
    opened = open_page(target)
    page = opened.page
    for row in range(6):
        page.evaluate("row => geoplan.page.select(row)", row)
        shown = page.locator(".gp-story").evaluate("panel => panel.textContent")
        assert HOSTILE[3 + row] in shown
        assert HOSTILE[row] in shown
    page.locator('[data-key="search"]').fill("alert")
    page.locator(".gp-foot summary").click()
    page.mouse.move(*on_screen(page, *middle_of("P5")))
    assert HOSTILE[1] in page.locator(".gp-head h1").evaluate("title => title.textContent")
    assert page.locator("img, iframe, object, embed").count() == 0
    assert opened.requests == [target.as_uri()]
    assert opened.complaints == []


def test_the_policy_stops_what_gets_past_us(open_page: Opener, small_file: Path) -> None:
    opened = open_page(small_file)
    ran = opened.page.evaluate(
        """async () => {
            const holder = document.createElement("div");
            holder.innerHTML = "<img src=x onerror='window.hacked = 1'>";
            document.body.append(holder);
            const script = document.createElement("script");
            script.textContent = "window.hacked = 2";
            document.body.append(script);
            let fetched = true;
            try { await fetch("https://example.org/"); } catch { fetched = false; }
            return [window.hacked === undefined, fetched];
        }"""
    )
    assert ran == [True, False]
    assert not [url for url in opened.requests if url.startswith("http")]


def test_a_park_in_its_own_metres_is_drawn_and_measured(open_page: Opener, tmp_path: Path) -> None:
    park = small_park()
    plain = {
        name: table.set_crs(None, allow_override=True)
        if isinstance(table, gpd.GeoDataFrame)
        else table
        for name, table in park.layers.items()
    }
    content = replace(small_page(), park=replace(park, layers=plain), centres=None, greenway=None)
    target = tmp_path / "metres.html"
    save_page(draw_page(content), target)
    opened = open_page(target)
    corner = shapely.get_coordinates(plain["parcels"].geometry.iloc[0])[0]
    west = on_screen(opened.page, *corner)
    east = on_screen(opened.page, corner[0] + 100, corner[1])
    scale = opened.page.evaluate("2 ** geoplan.map.getZoom()")
    assert abs(east[0] - west[0]) == pytest.approx(100 * scale, abs=1.01)
    assert opened.page.locator(".gp-north").count() == 0  # nobody knows where north is
    assert opened.complaints == []


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Park, Path]:
    park = make_sample_park()
    content = PageContent(
        park=park, title=park.title(), scenario="sample", date=dt.date(2026, 11, 24)
    )
    target = tmp_path_factory.mktemp("pages") / "sample.html"
    save_page(draw_page(content), target)
    return park, target


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1366, "height": 768}},
        {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    ],
    ids=["desk", "phone"],
)
def test_the_sample_park_fits_the_screen(
    open_page: Opener, tmp_path: Path, sample: tuple[Park, Path], options: dict[str, Any]
) -> None:
    park, target = sample
    assert target.stat().st_size < 1_500_000
    opened = open_page(target, **options)
    page = opened.page
    page.screenshot(path=tmp_path / "sample.png")
    wide, high = options["viewport"]["width"], options["viewport"]["height"]
    south, west, north, east = park.parcels.to_crs(4326).total_bounds[[1, 0, 3, 2]]
    for lon, lat in ((west, south), (east, north)):
        x, y = on_screen(page, lon, lat)
        assert 0 <= x <= wide
        assert 40 <= y <= high
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    assert opened.requests == [target.as_uri()]
    assert opened.complaints == []


def test_a_park_in_scattered_parts_opens_on_the_one_with_most_parcels(
    open_page: Opener, tmp_path: Path
) -> None:
    park = small_park(zone=["west", "west", "east", "west", "west", "east"])
    far = park.parcels["zone"].eq("east")
    moved = park.parcels.geometry.where(~far, park.parcels.geometry.translate(xoff=5_000))
    parcels = park.parcels.set_geometry(moved)
    content = PageContent(
        park=replace(park, layers={"parcels": parcels}),
        title=literal("two parts"),
        scenario="parts",
        date=dt.date(2026, 11, 24),
    )
    target = tmp_path / "parts.html"
    save_page(draw_page(content), target)
    page = open_page(target).page
    assert legend_of(page)[-1] == "west 60.0 4.00 100%"
    near = page.evaluate("geoplan.map.getZoom()")
    page.locator('[data-key="zone"]').select_option("-1")
    assert legend_of(page)[-1] == "全部地块 90.0 6.00 100%"
    assert page.evaluate("geoplan.map.getZoom()") < near - 2


def test_the_land_balance_stands_in_the_panel(open_page: Opener, tmp_path: Path) -> None:
    balance = pd.DataFrame(
        {
            "use": ["1401"],
            "name_en": ["parks"],
            "name_zh": ["公园绿地"],
            "before_m2": [10_000.0],
            "after_m2": [20_000.0],
            "change_m2": [10_000.0],
        }
    )
    target = tmp_path / "balance.html"
    save_page(draw_page(small_page(land_balance=balance)), target)
    page = open_page(target).page
    page.locator('[data-key="fold-land_balance"]').click()
    assert page.locator(".gp-balance tbody").inner_text().split() == [
        *("公园绿地", "1401", "15.0", "30.0", "+15.0")
    ]
