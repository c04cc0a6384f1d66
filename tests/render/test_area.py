"""What the page carries of the area as a whole."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from pages import area_of, small_page, small_park

from geoplan.render.area import area_rows, grades_of, services_of
from geoplan.render.page import views_of


def labels(name: str) -> list[str]:
    """What the legend of one view says of each parcel; a dash where it says nothing."""
    park = small_park()
    [view] = [view for view in views_of(small_page(park, area=area_of(park))) if view.name == name]
    return [view.entries[at].label.text("en") if at >= 0 else "-" for at in view.classes]


def test_clusters_colour_the_parcels() -> None:
    assert labels("clusters")[:3] == ["low among low", "low among low", "chance explains it"]


def test_services_count_only_what_can_be_judged() -> None:
    # the library has no distance in the rules: the school alone decides
    assert labels("services") == ["all of them near enough", "none near enough"] * 3


def test_of_several_services_the_part_that_is_near_counts() -> None:
    park = small_park()
    area = area_of(park)
    more = area["services"].assign(kind="clinic", is_near=["yes"] * 12)
    area["services"] = pd.concat([area["services"].query("kind == 'school'"), more.iloc[:6]])
    [view] = [v for v in views_of(small_page(park, area=area)) if v.name == "services"]
    told = [view.entries[at].key for at in view.classes]
    assert told == ["near_all", "near_most"] * 3


def test_land_that_is_not_assessed_is_not_said_to_lack_a_value() -> None:
    park = small_park()
    content = small_page(park, area=area_of(park))
    assert content.evaluation is not None
    judged = content.evaluation.parcels.assign(is_assessed=[True, True, True, True, False, False])
    content = replace(content, evaluation=replace(content.evaluation, parcels=judged))
    [view] = [v for v in views_of(content) if v.name == "clusters"]
    assert [view.entries[at].key for at in view.classes][3:] == [
        "unknown",
        "not_assessed",
        "not_assessed",
    ]


def test_without_analyses_there_is_nothing_of_them() -> None:
    park = small_park()
    assert [view.name for view in views_of(small_page(park))] == ["today", "findings", "plan"]
    assert grades_of(pd.Index(["E1"]), {}) is None
    assert services_of(park.parcels, None) is None
    assert area_rows(None) is None


def test_points_stand_with_their_firm() -> None:
    told = grades_of(pd.Index(["E1", "E2"]), area_of(small_park()))
    assert told is not None
    assert told["grade"] == {"words": ["A", "D"], "at": [0, 1]}
    assert told["items"]["firm"] == [1]
    assert told["items"]["contribution"] == [12.5]
    assert told["items"]["unit_en"]["words"] == ["10k yuan/mu"]
