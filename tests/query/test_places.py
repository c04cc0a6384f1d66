"""Conditions on where a parcel lies. The street: P1 0-100 m, P2 100-200 m, ... from west to east."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from towns import EAST, NORTH, block_of, ledger, park_of, places_of, pond, square, street_of

from geoplan.errors import CrsError, InputError, SchemaError
from geoplan.query import Query, phase, select, those


def found(query: Query) -> tuple[list[str], list[str]]:
    return query.ids(), list(query.unknown().index)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def test_within_counts_from_edge_to_edge_and_just_as_far_is_within() -> None:
    park = park_of(street_of(5), water=places_of("water", pond(-100, 0)))
    # the pond ends where P1 begins: distances 0, 100, 200, 300, 400
    assert select(park).within(300, of="water").ids() == ["P1", "P2", "P3", "P4"]
    assert select(park).farther_than(300, of="water").ids() == ["P5"]
    assert select(park).within(299.9, of="water").ids() == ["P1", "P2", "P3"]


def test_lines_points_and_shapes_of_ones_own_are_places_too() -> None:
    park = park_of(street_of(3), roads=places_of("road", line((-50, 0), (-50, 100))))
    assert select(park).within(50, of="roads").ids() == ["P1"]
    stop = places_of("stop", shapely.Point(EAST + 350, NORTH + 50))
    assert select(park).within(50, of=stop).ids() == ["P3"]


def test_an_empty_layer_is_near_to_nobody() -> None:
    park = park_of(street_of(2), water=places_of("water"))
    assert found(select(park).within(1e9, of="water")) == ([], [])
    assert found(select(park).farther_than(0, of="water")) == (["P1", "P2"], [])
    assert found(select(park).touching("water")) == ([], [])
    assert found(select(park).inside("water", at_least_share=0.1)) == ([], [])
    assert found(select(park).nearest(1, to="water")) == ([], [])


def test_parcels_without_a_shape_are_unknown() -> None:
    town = street_of(3)
    town = town.set_geometry([square(0), None, shapely.Polygon()], crs=town.crs)
    query = select(park_of(town, water=places_of("water", pond(-100, 0))))
    for asked in (
        query.within(10, of="water"),
        query.touching("water"),
        query.inside(places_of("x", pond(0, 0))),
        query.touching(those.industrial()),
        query.larger_than_mu(1),
    ):
        assert list(asked.unknown().index) == ["P2", "P3"]


def test_near_to_a_parcel_of_which_something_is_unknown_is_unknown() -> None:
    town = street_of(5, vacancy_months=[24, 0, 0, None, 0])
    query = select(park_of(town))
    idle = those.idle(at_least_years=2)  # P1 is, P4 may be
    assert found(query.within(50, of=idle)) == (["P1", "P2"], ["P3", "P4", "P5"])
    assert found(query.farther_than(50, of=idle)) == ([], ["P3", "P4", "P5"])
    assert found(query.touching(idle)) == (["P2"], ["P3", "P5"])
    assert found(query.inside(idle)) == (["P1"], ["P4"])


def test_touching_needs_a_common_border_with_another_parcel() -> None:
    #  P4 P5 P6
    #  P1 P2 P3
    town = block_of(3, 2, phase=[1, None, None, None, None, None])
    query = select(park_of(town))
    assert query.touching(phase(1)).ids() == ["P2", "P4"]  # P5 at the corner, P1 is the one
    both = block_of(3, 2, phase=[1, 1, None, None, None, None])
    assert select(park_of(both)).touching(phase(1)).ids() == ["P1", "P2", "P3", "P4", "P5"]


def test_a_millimetre_of_jitter_does_not_part_neighbours() -> None:
    town = street_of(2, phase=[1, None])
    town = town.set_geometry(
        [square(0), shapely.transform(square(1), lambda p: p + 0.001)], crs=town.crs
    )
    assert select(park_of(town)).touching(phase(1)).ids() == ["P2"]


@pytest.mark.parametrize(
    ("other", "ids"),
    [
        (pond(200, 0), ["P2"]),  # along the side of P2
        (pond(200, 100), []),  # at its corner
        (pond(200, 0.05, size=99), ["P2"]),
        (pond(150, 0), ["P2"]),  # overlaps it
        (pond(-200, -200, size=600), ["P1", "P2"]),  # covers both
        (pond(120, 20, size=10), ["P2"]),  # lies in it
        (line((200, 0), (200, 100)), ["P2"]),  # runs along it
        (line((150, -50), (150, 50)), ["P2"]),  # ends in it
        (line((200, 100), (300, 200)), []),  # meets its corner
        (line((200, 50), (300, 50)), []),  # only meets its side
        (line((200.02, 0), (200.02, 100)), []),  # 2 cm away
        (shapely.Point(EAST + 50, NORTH + 50), ["P1"]),
    ],
)
def test_touching_shapes(other: shapely.Geometry, ids: list[str]) -> None:
    assert select(park_of(street_of(2))).touching(places_of("x", other)).ids() == ids


def test_inside_is_a_share_of_the_parcel() -> None:
    # the pond covers 150-250 m: half of P2, half of P3
    park = park_of(street_of(4), water=places_of("water", pond(150, 0)))
    assert select(park).inside("water", at_least_share=0.5).ids() == ["P2", "P3"]
    assert select(park).inside("water", at_least_share=0.51).ids() == []
    # twice the same water covers no more land
    twice = park_of(street_of(4), water=places_of("water", pond(150, 0), pond(150, 0)))
    assert select(twice).inside("water", at_least_share=0.51).ids() == []
    # two halves make a whole
    halves = places_of("x", pond(50, 0), pond(150, 0))
    assert select(park).inside(halves).ids() == ["P2"]


def test_a_broken_shape_is_mended_to_measure_it() -> None:
    bow_tie = shapely.Polygon(
        [(EAST, NORTH), (EAST + 100, NORTH + 100), (EAST + 100, NORTH), (EAST, NORTH + 100)]
    )
    query = select(park_of(street_of(1))).inside(places_of("x", bow_tie), at_least_share=0.5)
    assert query.ids() == ["P1"]  # two triangles of 2 500 m2


def test_nearest_takes_from_those_left_and_ties_go_to_the_lower_id() -> None:
    town = street_of(5, use=["0701", "100102", "100102", "100102", "100102"])
    park = park_of(town, water=places_of("water", pond(200, 100)))  # above P3
    query = select(park)
    assert query.nearest(1, to="water").ids() == ["P2"]  # P2, P3, P4 touch it
    assert query.nearest(3, to="water").ids() == ["P2", "P3", "P4"]
    assert query.industrial().nearest(4, to="water").ids() == ["P2", "P3", "P4", "P5"]
    assert query.nearest(9, to="water").count() == 5
    with pytest.raises(InputError, match="nearest needs a number of parcels"):
        query.nearest(0, to="water")


def test_nearest_leaves_open_what_may_come_before_the_last_one_taken() -> None:
    town = street_of(4, use=["unknown", "100102", "unknown", "100102"])
    park = park_of(town, water=places_of("water", pond(-100, 0)))
    query = select(park).industrial()
    assert found(query.nearest(1, to="water")) == (["P2"], ["P1"])
    assert found(query.nearest(2, to="water")) == (["P2", "P4"], ["P1", "P3"])
    assert found(query.nearest(3, to="water")) == (["P2", "P4"], ["P1", "P3"])


def test_what_cannot_be_measured_is_refused() -> None:
    query = select(park_of(street_of(1), **ledger(("E1", "P1", "normal", "owner"))))
    with pytest.raises(SchemaError, match="the park has no layer water"):
        query.within(300, of="water")
    with pytest.raises(SchemaError, match="there is no layer watr; the nearest is water"):
        query.within(300, of="watr")
    with pytest.raises(InputError, match="enterprises has no shapes"):
        query.within(300, of="enterprises").ids()
    with pytest.raises(CrsError, match="bring them into one CRS"):
        query.within(300, of=places_of("x", pond(0, 0)).to_crs(4547)).ids()


@given(st.integers(0, 600), st.integers(0, 600))
def test_a_wider_ring_never_loses_a_parcel(one: int, other: int) -> None:
    query = select(park_of(street_of(6), water=places_of("water", pond(-100, 0))))
    near, far = sorted((one, other))
    assert set(query.within(near, of="water").ids()) <= set(query.within(far, of="water").ids())
    rest = query.farther_than(near, of="water").ids()
    assert sorted(query.within(near, of="water").ids() + rest) == sorted(query.ids())
