"""A planner's own Folium map, saved offline and opened."""

from __future__ import annotations

from pathlib import Path

import folium
import pytest
from browsing import Opener

from geoplan.render import save_offline

pytestmark = pytest.mark.browser


def test_popups_of_any_folium_map_open_without_a_network(open_page: Opener, tmp_path: Path) -> None:
    town = folium.Map(location=[24.5, 117.6], zoom_start=13, tiles=None)
    places = folium.FeatureGroup("places").add_to(town)
    folium.Marker([24.5, 117.6], popup="town hall", tooltip="here").add_to(places)
    folium.GeoJson(
        {
            "type": "Polygon",
            "coordinates": [[[117.59, 24.49], [117.61, 24.49], [117.6, 24.51], [117.59, 24.49]]],
        }
    ).add_to(town)
    folium.LayerControl().add_to(town)
    target = tmp_path / "map.html"
    save_offline(town, target)
    opened = open_page(target, ready=".leaflet-marker-icon")
    page = opened.page
    page.locator(".leaflet-marker-icon").click()
    page.wait_for_selector(".leaflet-popup-content")
    assert page.locator(".leaflet-popup-content").inner_text().strip() == "town hall"
    assert page.locator(".leaflet-marker-icon").evaluate("image => image.naturalWidth") == 25
    assert [url for url in opened.requests if not url.startswith("data:")] == [target.as_uri()]
    assert opened.complaints == []
