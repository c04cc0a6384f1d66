from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pages import HOSTILE, allocation_of, evaluation_of, small_page, small_park

from geoplan.model.landuse import colour_of
from geoplan.render import PageContent, draw_page, save_page, views_of
from geoplan.render.embed import unpack_page
from geoplan.words import literal


def page_text(content: PageContent) -> str:
    return draw_page(content).get_root().render()


def of(column: dict[str, Any], row: int) -> str:
    return column["words"][column["at"][row]]


def test_each_view_counts_its_classes() -> None:
    today, findings, plan = views_of(small_page())
    assert [e.key for e in today.entries] == ["070102", "100102", "1401", "2301", "unknown"]
    assert today.classes.tolist() == [1, 1, 3, 0, 2, 4]
    assert [e.key for e in findings.entries] == ["acquire", "keep", "not_assessed"]
    assert findings.classes.tolist() == [1, 0, 0, 2, 2, 2]
    assert [e.key for e in plan.entries if not e.is_faded] == [
        "product talent_homes",
        "product park",
    ]
    assert plan.is_outlined.tolist() == [False, True, True, False, False, False]


def test_planned_land_has_the_official_colour_of_its_use() -> None:
    plan = views_of(small_page())[-1]
    colours = {entry.key: entry.swatch.colour for entry in plan.entries}
    assert colours["product talent_homes"] == colour_of("070102")
    assert colours["product park"] == colour_of("1401")


def test_without_evaluation_and_plan_only_today_is_shown() -> None:
    content = small_page(evaluation=None, allocation=None, centres=None, greenway=None)
    data = unpack_page(page_text(content))
    assert [view["name"] for view in data["views"]] == ["today"]
    assert data["findings"] is None
    assert "centres" not in data["places"]


def test_the_story_of_a_parcel_is_carried_in_both_languages() -> None:
    data = unpack_page(page_text(small_page()))
    story = data["parcels"]
    assert of(story["parcel_id"], 1) == "P2"
    assert of(story["plan_reason_en"], 1) == "near the lake"
    assert of(story["plan_reason_zh"], 1) == "临近湖面"
    assert story["runner_up_price_m2"][1] == 1234
    assert story["measure"][1] == 60  # 900 yuan/m2 = 600,000 yuan/mu
    assert data["series"]["means"] == [[100.0, 150.0, 180.0]]
    assert data["names"]["product"]["talent_homes"]["zh"]


def test_series_stand_parcel_by_parcel_and_year_by_year() -> None:
    series = pd.DataFrame(
        {"parcel_id": ["P2", "P2"], "year": [2023, 2025], "amount_per_m2": [1500.0, 900.0]}
    )
    data = unpack_page(page_text(small_page(series=series)))
    assert data["series"]["years"] == [2023, 2024, 2025]
    assert data["series"]["values"][3:6] == [100.0, None, 60.0]


def test_land_indicators_are_told_apart_from_floor_area() -> None:
    data = unpack_page(page_text(small_page()))
    site, population = data["indicators"]
    assert site["is_land"]
    assert population["value"] is None


def test_equal_content_gives_equal_bytes_in_every_process(project_root: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "import hashlib; from pages import small_page; from geoplan.render import PageContent, draw_page\n"
        "text = draw_page(small_page()).get_root().render()\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=project_root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(project_root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


def test_content_is_left_as_it_was() -> None:
    content = small_page()
    before = content.park.parcels.copy()
    draw_page(content)
    pd.testing.assert_frame_equal(content.park.parcels, before)


def test_nothing_of_the_data_stands_in_the_page_as_text() -> None:
    text = page_text(small_page(small_park(name=list(HOSTILE[:6]), address=list(HOSTILE[4:]))))
    for words in HOSTILE:
        assert words not in text
    story = unpack_page(text)["parcels"]
    assert [of(story["name"], row) for row in range(6)] == list(HOSTILE[:6])
    assert [of(story["address"], row) for row in range(6)] == list(HOSTILE[4:])


def test_a_hostile_title_is_escaped() -> None:
    text = page_text(small_page(title=literal("</title><script>alert(1)</script>")))
    assert "<title>&lt;/title&gt;&lt;script&gt;" in text


def test_the_policy_forbids_everything_but_our_own_scripts_and_styles() -> None:
    text = page_text(small_page())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "img-src data:" in policy


def test_the_page_links_to_nothing() -> None:
    text = page_text(small_page())
    assert not re.search(
        r"""(?:src|href)\s*=\s*["']?(?!data:)""", re.sub(r"(?s)<script.*?</script>", "", text)
    )
    assert not re.findall(r"url\((?!data:)[^)]*\.png", text)
    for unwanted in ("jquery", "bootstrap", "awesome", "cdn."):
        assert unwanted not in text.lower()


def test_a_planner_may_add_folium_layers_to_the_page() -> None:
    park_map = draw_page(small_page())
    folium.CircleMarker([24.4, 117.0], radius=5).add_to(park_map)
    first, second = park_map.get_root().render(), draw_page(small_page())
    folium.CircleMarker([24.4, 117.0], radius=5).add_to(second)
    assert "L.circleMarker" in first
    assert second.get_root().render() == first


def test_a_park_without_a_crs_is_drawn_in_its_own_metres() -> None:
    park = small_park()
    plain = {
        name: table.set_crs(None, allow_override=True)
        if isinstance(table, gpd.GeoDataFrame)
        else table
        for name, table in park.layers.items()
    }
    text = page_text(
        replace(small_page(), park=replace(park, layers=plain), centres=None, greenway=None)
    )
    assert "L.CRS.Simple" in text
    assert unpack_page(text)["grid"]["crs"] == "local"


@pytest.mark.parametrize("count", [0, 1])
def test_parks_of_none_and_of_one_parcel_are_drawn(count: int) -> None:
    park = small_park()
    few = replace(park, layers={"parcels": park.parcels.iloc[:count]})
    content = small_page(evaluation=None, allocation=None, centres=None, greenway=None)
    data = unpack_page(page_text(replace(content, park=few)))
    assert len(data["parcels"]["parcel_id"]["at"]) == count


def test_a_shuffled_evaluation_still_speaks_of_the_right_parcels() -> None:
    park = small_park()
    evaluation, allocation = evaluation_of(park), allocation_of(park)
    shuffled = replace(evaluation, parcels=evaluation.parcels.iloc[::-1])
    turned = replace(allocation, parcels=allocation.parcels.iloc[::-1])
    assert page_text(small_page(evaluation=shuffled, allocation=turned)) == page_text(small_page())


def test_the_page_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "图 1" / "page.html"
    save_page(draw_page(small_page()), target)
    assert target.read_text(encoding="utf-8").endswith("</html>\n")
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]


def test_a_page_of_many_parcels_is_small_and_drawn_soon() -> None:
    import time  # noqa: PLC0415

    from towns import block_of  # noqa: PLC0415

    parcels = block_of(62, 61).assign(address=[f"{i} Dock Street" for i in range(62 * 61)])
    park = replace(small_park(), layers={"parcels": parcels})
    content = small_page(evaluation=None, allocation=None, centres=None, greenway=None)
    start = time.perf_counter()
    text = page_text(replace(content, park=park))
    assert time.perf_counter() - start < 4
    assert len(text) < 600_000
    assert np.isfinite(unpack_page(text)["grid"]["west"])
