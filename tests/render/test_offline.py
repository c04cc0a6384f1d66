from __future__ import annotations

from pathlib import Path
from typing import Any

import folium
import folium.plugins
import pytest

from geoplan.errors import InputError
from geoplan.render import save_offline


def plain_map(**options: Any) -> folium.Map:
    return folium.Map(location=[24.5, 117.6], zoom_start=12, tiles=None, **options)


def saved(figure_map: folium.Map, folder: Path) -> str:
    save_offline(figure_map, folder / "map.html")
    return (folder / "map.html").read_text(encoding="utf-8")


def test_a_plain_map_links_to_nothing(tmp_path: Path) -> None:
    text = saved(plain_map(), tmp_path)
    assert "<link" not in text
    assert "<script src" not in text
    assert "default-src 'none'" in text
    assert "jquery" not in text.lower()


def test_popups_bring_only_the_few_calls_they_need(tmp_path: Path) -> None:
    town = plain_map()
    folium.Marker([24.5, 117.6], popup="town hall").add_to(town)
    text = saved(town, tmp_path)
    assert "window.jQuery" in text
    assert "iconRetinaUrl" in text


def test_tiles_are_refused_by_name_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"https://tile\.openstreetmap\.org"):
        saved(folium.Map(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_plugin_and_icon_font_is_refused_by_name(tmp_path: Path) -> None:
    town = plain_map()
    folium.Marker([24.5, 117.6], icon=folium.Icon(icon="home")).add_to(town)
    folium.plugins.Fullscreen().add_to(town)
    with pytest.raises(InputError) as told:
        saved(town, tmp_path)
    for part in ("Control.FullScreen", "awesome-markers.js", "fontawesome"):
        assert part in str(told.value)


def test_links_for_people_are_no_fetches(tmp_path: Path) -> None:
    town = plain_map()
    popup = folium.Popup('<a href="https://example.org/plan">plan</a>')
    folium.Marker([24.5, 117.6], popup=popup).add_to(town)
    assert "https://example.org/plan" in saved(town, tmp_path)


def test_an_image_from_elsewhere_is_refused(tmp_path: Path) -> None:
    town = plain_map()
    popup = folium.Popup('<img src="https://example.org/a.png">')
    folium.Marker([24.5, 117.6], popup=popup).add_to(town)
    with pytest.raises(InputError, match=r"example\.org/a\.png"):
        saved(town, tmp_path)


def test_equal_maps_give_equal_bytes(tmp_path: Path) -> None:
    texts = []
    for _ in range(2):
        town = plain_map()
        group = folium.FeatureGroup("places").add_to(town)
        folium.Marker([24.5, 117.6], popup="hall", tooltip="tip").add_to(group)
        folium.LayerControl().add_to(town)
        texts.append(saved(town, tmp_path))
    assert texts[0] == texts[1]


def test_the_planners_map_can_be_saved_twice_and_stays_a_folium_map(tmp_path: Path) -> None:
    town = plain_map()
    folium.Marker([24.5, 117.6]).add_to(town)
    assert saved(town, tmp_path) == saved(town, tmp_path)
    assert "cdn.jsdelivr.net" in town.get_root().render()
