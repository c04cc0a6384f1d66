"""Conditions on use, columns, verdicts, size and firms."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import shapely
from towns import block_of, ledger, park_of, square, street_of

from geoplan.errors import InputError, SchemaError
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.query import Query, select, those


def found(query: Query) -> tuple[list[str], list[str]]:
    """Ids that fit, and ids of which it is not known."""
    return query.ids(), list(query.unknown().index)


def evaluated(park: Park, **columns: object) -> Evaluation:
    nothing = pd.DataFrame()
    return Evaluation(
        parcels=park.parcels.assign(**columns),
        findings=nothing, averages=nothing, left_out=(), measure="output_amount",
    )  # fmt: skip


USES = ["100102", "10", "110101", "0701", "0702", "unknown", "not a code"]


@pytest.mark.parametrize(
    ("step", "fits"),
    [
        ("industrial", ["P1", "P2"]),  # 10 counts with its main use
        ("storage", ["P3"]),
        ("homes", ["P4"]),  # 0702 is community services
    ],
)
def test_groups_of_use(step: str, fits: list[str]) -> None:
    query = getattr(select(park_of(street_of(7, use=USES))), step)()
    assert found(query) == (fits, ["P6", "P7"])


def test_a_use_takes_all_below_it_and_a_coarser_code_is_unknown() -> None:
    town = park_of(street_of(5, use=["0901", "090104", "09", "0902", "100102"]))
    assert found(select(town).with_use("0901")) == (["P1", "P2"], ["P3"])
    assert found(select(town).with_use("09", "1001")) == (["P1", "P2", "P3", "P4", "P5"], [])


def test_a_code_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="there is no land-use code 0999; the nearest is"):
        those.with_use("0999")


def test_where_keeps_its_bounds_and_leaves_unknowns_apart() -> None:
    town = select(park_of(street_of(5, floor_area_m2=[0, 4_999, 5_000, 9_000, None])))
    unknown = ["P5"]
    where = town.where
    assert found(where("floor_area_m2", at_least=5_000)) == (["P3", "P4"], unknown)
    assert found(where("floor_area_m2", above=5_000)) == (["P4"], unknown)
    assert found(where("floor_area_m2", at_most=5_000)) == (["P1", "P2", "P3"], unknown)
    assert found(where("floor_area_m2", below=5_000)) == (["P1", "P2"], unknown)
    assert found(where("floor_area_m2", between=(4_999, 5_000))) == (["P2", "P3"], unknown)
    assert found(where("floor_area_m2", equals=0)) == (["P1"], unknown)
    assert found(where("floor_area_m2", one_of=[0, 9_000])) == (["P1", "P4"], unknown)
    assert found(where("floor_area_m2", above=0, below=9_000)) == (["P2", "P3"], unknown)


def test_where_reads_text_dates_and_yes_or_no() -> None:
    town = street_of(
        3,
        soil_status=["clean", "unknown", None],
        expiry_date=pd.to_datetime(["2030-01-01", "2031-01-01", None]),
        is_vacant=pd.array([True, False, None], dtype="boolean"),
    )
    query = select(park_of(town))
    assert found(query.where("soil_status", equals="clean")) == (["P1"], ["P2", "P3"])
    assert found(query.where("is_vacant", equals=True)) == (["P1"], ["P3"])
    by_2030 = query.where("expiry_date", at_most=pd.Timestamp("2030-06-01"))
    assert found(by_2030) == (["P1"], ["P3"])


def test_where_says_what_it_cannot_ask() -> None:
    query = select(park_of(street_of(1, floor_area_m2=1.0)))
    with pytest.raises(SchemaError) as wrong_name:
        query.where("flor_area_m2", above=0)
    assert str(wrong_name.value) == (
        "the question cannot be answered:\n"
        "  - there is no column flor_area_m2; the nearest is floor_area_m2"
    )
    with pytest.raises(
        SchemaError, match=r"no column below_mean .*hand over the result of the stage evaluate"
    ):
        query.flagged("below_mean")
    with pytest.raises(SchemaError, match=r"no column vacancy_months .*add it to the survey"):
        query.idle(at_least_years=1)
    with pytest.raises(InputError, match="needs a bound"):
        query.where("floor_area_m2")
    with pytest.raises(InputError, match="floor_area_m2 cannot be compared with 'much'"):
        query.where("floor_area_m2", above="much").ids()


def test_idle_counts_from_the_day_it_is_known_and_what_is_used_is_not_idle() -> None:
    town = street_of(
        6,
        vacancy_months=[24, 23, 30, None, None, None],
        is_vacant=pd.array([True, True, None, False, True, None], dtype="boolean"),
    )
    fits = (["P1", "P3"], ["P5", "P6"])  # empty since nobody knows when; nothing known
    assert found(select(park_of(town)).idle(at_least_years=2)) == fits
    assert found(select(park_of(town)).idle(at_least_years=1, at_least_months=12)) == fits
    with pytest.raises(InputError, match="idle needs a time"):
        those.idle()


def test_vacant_reads_the_survey_or_the_verdict() -> None:
    town = street_of(
        5,
        vacancy_months=[None, None, 3, 0, None],
        is_vacant=pd.array([True, False, None, None, None], dtype="boolean"),
    )
    park = park_of(town)
    assert found(select(park).vacant()) == (["P1", "P3"], ["P5"])
    verdicts = evaluated(park, vacant=["no", "yes", "unknown", "no", None])
    assert found(select(park, evaluation=verdicts).vacant()) == (["P2"], ["P3"])


def test_flagged_is_one_test_or_any() -> None:
    park = park_of(street_of(4))
    query = select(
        park,
        evaluation=evaluated(
            park,
            below_mean=["yes", "no", "unknown", None],  # the test does not apply to P4
            non_industrial_lease=["no", "no", "yes", None],
            vacant=["no", "unknown", "no", None],
        ),
    )
    assert found(query.flagged("below_mean")) == (["P1"], ["P3"])
    assert found(query.flagged()) == (["P1", "P3"], ["P2"])
    with pytest.raises(InputError, match="no test below_men; the nearest is below_mean"):
        query.flagged("below_men")


def test_triage_and_planned_results() -> None:
    park = park_of(street_of(3))
    query = select(park, evaluation=evaluated(park, triage=["acquire", "keep", None]))
    assert found(query.triage("acquire", "assist")) == (["P1"], [])
    with pytest.raises(InputError, match="no triage result aquire; the nearest is acquire"):
        query.triage("aquire")


def test_results_about_other_parcels_are_refused() -> None:
    with pytest.raises(InputError, match="about different parcels"):
        select(park_of(street_of(3)), evaluation=evaluated(park_of(street_of(2))))


def test_sizes_are_strict() -> None:
    town = street_of(3).set_geometry(
        [square(0), shapely.box(0, 0, 100, 99), shapely.box(0, 0, 100, 101)], crs=4548
    )
    query = select(park_of(town))  # 15, 14.85 and 15.15 mu
    assert query.larger_than_mu(15).ids() == ["P3"]
    assert query.smaller_than_mu(15).ids() == ["P2"]


def test_zones_blocks_and_phases() -> None:
    town = street_of(3, zone=["N", "S", None], block_id=["B1", None, "B2"], phase=[1, 2, np.nan])
    query = select(park_of(town))
    assert found(query.in_zone("N")) == (["P1"], ["P3"])
    assert found(query.in_block("B1", "B2")) == (["P1", "P3"], ["P2"])
    assert found(query.in_phase(1)) == (["P1"], [])  # a parcel without a phase is in none


FIRMS = ledger(
    ("E1", "P1", "stopped", "owner"),
    ("E2", "P1", "normal", "tenant"),
    ("E3", "P2", "normal", "owner"),
    ("E4", "P3", None, None),
)


def test_firms_by_state_and_role() -> None:
    query = select(park_of(street_of(4), **FIRMS))
    assert found(query.with_firms()) == (["P1", "P2", "P3"], [])
    assert found(query.with_firms(status="stopped")) == (["P1"], ["P3"])
    assert found(query.with_firms(status=["stopped", "normal"])) == (["P1", "P2"], ["P3"])
    assert found(query.with_tenants()) == (["P1"], ["P3"])
    # one firm must be both: E1 has stopped, E2 is the tenant
    assert found(query.with_firms(status="stopped", role="tenant")) == ([], ["P3"])


def test_a_firm_that_left_before_the_last_year_with_figures_does_not_count() -> None:
    layers = ledger(("E1", "P1", "normal", "owner"), ("E2", "P2", "normal", "owner"))
    left = layers["occupancy"].assign(to_date=["2024-06-30", "2025-12-31"])
    figures = pd.DataFrame({"enterprise_id": ["E2"], "year": [2025]})
    park = park_of(street_of(2), enterprises=layers["enterprises"], occupancy=left)
    assert select(park).with_firms().ids() == ["P1", "P2"]  # no figures: no last year
    assert select(park.with_layers(performance=figures)).with_firms().ids() == ["P2"]


def test_firms_need_a_ledger() -> None:
    with pytest.raises(SchemaError, match=r"no layer occupancy .*\n.*no layer enterprises"):
        select(park_of(street_of(1))).with_firms()
    with pytest.raises(InputError, match="no operating state stoped; the nearest is stopped"):
        those.with_firms(status="stoped")


def test_the_order_is_that_of_the_park() -> None:
    town = block_of(3, 3, phase=1).iloc[[4, 0, 8, 2]]
    assert select(park_of(town)).in_phase(1).ids() == ["P5", "P1", "P9", "P3"]


def test_dates_of_the_day_compare_too() -> None:
    town = street_of(2, as_of=[dt.date(2024, 1, 1), dt.date(2026, 1, 1)])
    assert select(park_of(town)).where("as_of", above=dt.date(2025, 1, 1)).ids() == ["P2"]
