from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, bools, firms, ledger, park_of, reports
from towns import street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate.measures import (
    BASES,
    MEASURES,
    Measured,
    find_measure,
    measure_parcels,
    missing_for,
)
from geoplan.evaluate.occupants import read_ledger
from geoplan.model.park import Park
from geoplan.model.schema import column

FULL = "enterprise_id parcel_id role land_share floor_area_m2"


def spread(park: Park, measure: str = "output") -> Measured:
    area = park.parcels.area.to_numpy()
    chosen = find_measure(measure)
    return measure_parcels(park, measure=chosen, ledger=read_ledger(park, year=None), area_m2=area)


def amounts(park: Park, measure: str = "output") -> list[float]:
    """The last year, in thousands."""
    return (spread(park, measure).amount[:, -1] / 1e3).tolist()


def two_plots(*rows: tuple[Any, ...], e1: float = 900e3, e2: float = NAN, **columns: Any) -> Park:
    """E1 and E2 on a street of two parcels of 10 000 m2."""
    figures = {"E1": [e1]} | ({} if np.isnan(e2) else {"E2": [e2]})
    return park_of(
        street_of(2, **columns),
        enterprises=firms(E1="normal", E2="normal"),
        occupancy=ledger(*rows, columns=FULL),
        performance=reports(2025, **figures),
    )


def test_every_measure_is_a_money_column_of_the_schema() -> None:
    for measure in MEASURES.values():
        assert column(measure.layer, measure.column).kind == "amount"


def test_an_unknown_measure_is_refused_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match=r"no measure outputs.*nearest is output"):
        find_measure("outputs")


def test_a_firm_on_two_plots_is_spread_by_its_land() -> None:
    # 100 % of P1 and 50 % of P2: 10 000 and 5 000 m2, so 600 and 300
    park = two_plots(("E1", "P1", "owner", 1.0, NAN), ("E1", "P2", "owner", 0.5, NAN))
    measured = spread(park)
    assert (measured.amount[:, 0] / 1e3).tolist() == [600.0, 300.0]
    assert measured.basis.tolist() == [[True, False, False, False, False]] * 2


def test_without_shares_land_is_floor_used_over_all_occupied_floor() -> None:
    # E1 has all of P1 (only firm there), and 1 000 of 4 000 m2 of floor on P2: 10 000 and 2 500 m2, 4 to 1
    park = two_plots(
        ("E1", "P1", "owner", NAN, 3000.0),
        ("E1", "P2", "tenant", NAN, 1000.0),
        ("E2", "P2", "owner", NAN, 3000.0),
        e2=100e3,
    )
    measured = spread(park)
    assert (measured.amount[:, 0] / 1e3).tolist() == [720.0, 180.0 + 100.0]
    assert bases(measured) == [["whole_plot"], ["occupied_floor"]]


def bases(measured: Measured) -> list[list[str]]:
    """What the land on each parcel was taken from."""
    return [[n for n, used in zip(BASES, row, strict=True) if used] for row in measured.basis]


@pytest.mark.parametrize(
    ("plot_floor", "land_m2", "basis"),
    [
        (10_000.0, 1000.0, "floor"),  # 1 000 of 10 000 m2, beside 8 000 m2 of land on P1
        (4_000.0, 2500.0, "floor"),  # just what is occupied
        (3_999.0, 2500.0, "occupied_floor"),  # less than is occupied
        (NAN, 2500.0, "occupied_floor"),
    ],
)
def test_land_is_floor_used_over_the_floor_of_the_plot_where_that_is_known(
    plot_floor: float, land_m2: float, basis: str
) -> None:
    park = two_plots(
        ("E1", "P1", "owner", 0.8, NAN),
        ("E1", "P2", "tenant", NAN, 1000.0),
        ("E2", "P2", "owner", NAN, 3000.0),
        e2=0.0,
    )
    land = park.parcels.assign(floor_area_m2=[NAN, plot_floor])
    measured = spread(park.with_layers(parcels=land))
    assert measured.amount[1, 0] == pytest.approx(900e3 * land_m2 / (8000 + land_m2))
    assert bases(measured)[1] == [basis]


def test_the_floor_of_the_plot_tells_a_share_though_a_neighbours_floor_is_not_known() -> None:
    park = two_plots(
        ("E1", "P1", "owner", 0.8, NAN),
        ("E1", "P2", "tenant", NAN, 1000.0),
        ("E2", "P2", "owner", NAN, NAN),
        e2=0.0,
    )
    known = spread(park.with_layers(parcels=park.parcels.assign(floor_area_m2=[NAN, 5000.0])))
    assert known.amount[0, 0] == pytest.approx(900e3 * 8 / 10)  # 8 000 and 2 000 m2
    assert np.isnan(spread(park).amount[0, 0])  # without it, unknown


def test_a_firm_on_one_plot_brings_all_it_has_however_little_land_is_known() -> None:
    park = two_plots(("E1", "P1", "owner", NAN, NAN), ("E2", "P1", "tenant", NAN, NAN), e2=100e3)
    assert amounts(park)[0] == 1000.0


def test_land_that_cannot_be_known_leaves_all_plots_of_the_firm_unknown() -> None:
    park = two_plots(
        ("E1", "P1", "owner", NAN, 500.0),
        ("E1", "P2", "tenant", NAN, NAN),  # beside E2, and its floor is not known
        ("E2", "P2", "owner", NAN, 3000.0),
        e2=100e3,
    )
    measured = spread(park)
    assert np.isnan(measured.amount).all()
    assert measured.gaps[:, 2].all()  # "the land of a firm on several plots is not known"


def test_a_part_is_not_the_whole() -> None:
    park = two_plots(("E1", "P1", "owner", 0.5, NAN), ("E2", "P1", "tenant", 0.5, NAN))
    measured = spread(park)
    assert np.isnan(measured.amount[0, 0])  # E2 is industry and did not report
    assert measured.gaps[0].tolist() == [False, True, False, False]


def test_a_plot_elsewhere_leaves_the_rest_unknown() -> None:
    park = two_plots(("E1", "P1", "owner", 1.0, NAN), ("E1", "not here", "owner", 1.0, NAN))
    assert np.isnan(amounts(park)).all()


def test_a_share_of_zero_is_no_land() -> None:
    park = two_plots(("E1", "P1", "owner", 1.0, NAN), ("E1", "P2", "owner", 0.0, NAN))
    assert amounts(park)[0] == 900.0
    assert np.isnan(amounts(park)[1])


def test_a_stopped_firm_that_reports_zero_has_zero() -> None:
    park = two_plots(("E1", "P1", "owner", 1.0, NAN), e1=0.0)
    assert amounts(park)[0] == 0.0


def test_a_silent_tenant_outside_industry_adds_nothing_but_alone_it_makes_no_zero() -> None:
    parcels = street_of(2)
    people = firms(E1="normal", gym="normal").assign(is_industrial_use=bools(True, False))
    links = ledger(("E1", "P1", "owner"), ("gym", "P1", "tenant"), ("gym", "P2", "tenant"))
    links["land_share"] = [0.5, 0.5, 1.0]
    park = park_of(
        parcels, enterprises=people, occupancy=links, performance=reports(2025, E1=[5e5])
    )
    measured = spread(park)
    assert measured.amount[0, 0] == 5e5
    assert measured.basis[0, 3]  # and the reason says so
    assert np.isnan(measured.amount[1, 0])
    assert measured.gaps[1, 0]  # "no industrial firm with figures on it"
    reporting = park.with_layers(performance=reports(2025, E1=[5e5], gym=[3e5]))
    assert spread(reporting).amount.sum() == pytest.approx(8e5)  # what it reports counts


def test_a_firm_counts_where_it_was_in_that_year() -> None:
    links = ledger(("E1", "P1", "owner"), ("E1", "P2", "owner")).assign(
        from_date=[None, "2025-01-01"], to_date=["2024-12-31", None]
    )
    park = park_of(
        street_of(2),
        enterprises=firms(E1="normal"),
        occupancy=links,
        performance=reports(2024, E1=[100e3, 200e3]),
    )
    amount = spread(park).amount / 1e3
    assert amount[0, 0] == 100.0
    assert amount[1, 1] == 200.0
    assert np.isnan([amount[0, 1], amount[1, 0]]).all()


def test_several_buildings_of_one_firm_on_a_plot_are_one_share() -> None:
    park = two_plots(
        ("E1", "P1", "owner", 0.25, NAN),
        ("E1", "P1", "owner", 0.25, NAN),
        ("E1", "P2", "owner", 0.5, NAN),
    )
    assert amounts(park) == [450.0, 450.0]


def test_money_is_neither_made_nor_lost() -> None:
    rng = np.random.default_rng(1)
    links = pd.DataFrame(
        {
            "enterprise_id": rng.choice(["E1", "E2", "E3"], 12),
            "parcel_id": rng.choice([f"P{i}" for i in range(1, 7)], 12),
            "land_share": rng.uniform(0.1, 0.4, 12),
        }
    )
    park = park_of(
        street_of(6),
        enterprises=firms(E1="normal", E2="normal", E3="normal"),
        occupancy=links,
        performance=reports(2025, E1=[5e5], E2=[7e5], E3=[-1e5]),
    )
    assert np.nansum(spread(park).amount) == pytest.approx(11e5)


def test_a_year_that_nobody_reports_is_an_unknown_year_not_a_gap_in_the_table() -> None:
    rows = reports(2021, E1=[1.0, 2.0]).assign(year=[2021, 2023])
    park = park_of(
        street_of(1),
        enterprises=firms(E1="normal"),
        occupancy=ledger(("E1", "P1", "owner")),
        performance=rows,
    )
    measured = spread(park)
    assert measured.years.tolist() == [2021, 2022, 2023]
    assert np.isnan(measured.amount[0]).tolist() == [False, True, False]


def test_two_rows_that_contradict_each_other_are_unknown() -> None:
    rows = pd.concat([reports(2025, E1=[1.0], E2=[5.0]), reports(2025, E1=[2.0], E2=[5.0])])
    park = park_of(
        street_of(2),
        enterprises=firms(E1="normal", E2="normal"),
        occupancy=ledger(("E1", "P1", "owner"), ("E2", "P2", "owner")),
        performance=rows,
    )
    assert np.isnan(amounts(park)[0])
    assert amounts(park)[1] == 0.005


def test_a_valuation_is_the_parcels_own() -> None:
    table = pd.DataFrame({"parcel_id": ["P2"], "year": [2024], "improvement_amount": [3e5]})
    park = park_of(street_of(2), valuation=table)
    assert amounts(park, "improvement")[1] == 300.0
    assert np.isnan(amounts(park, "improvement")[0])


def test_what_a_measure_lacks_is_told() -> None:
    park = park_of(street_of(1), occupancy=ledger(("E1", "P1", "owner")))
    assert "performance" in str(missing_for(park, MEASURES["output"]))
    empty = park.with_layers(performance=reports(2025, E1=[NAN]))
    assert "no figures in output_amount" in str(missing_for(empty, MEASURES["output"]))
    assert "no figures in tax_amount" in str(missing_for(empty, MEASURES["tax"]))
