from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from evaluated_towns import NAN, firms, ledger, park_of, reports
from towns import square, street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate import evaluate_park
from geoplan.evaluate.kinds import KINDS
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.model.schema import column

PACKS = ["seed-practice", "findings-assumed"]


def judged(park: Park, gradings: pd.DataFrame | None = None) -> Evaluation:
    return evaluate_park(park, rules=load_rules(PACKS), gradings=gradings)


def verdicts(park: Park, finding: str, gradings: pd.DataFrame | None = None) -> list[str]:
    table = judged(park, gradings).findings
    return table.loc[table["finding"] == finding, "verdict"].tolist()


def owners(**operating_status: str) -> dict[str, pd.DataFrame]:
    """Firm E1 owns P1, E2 owns P2, ..."""
    rows = [(name, f"P{name[1:]}", "owner") for name in operating_status]
    return {"enterprises": firms(**operating_status), "occupancy": ledger(*rows)}


def test_every_kind_is_in_the_schema_after_the_three() -> None:
    names = tuple(kind.name for kind in KINDS)
    assert column("findings", "finding").choices[3:] == names


def test_the_seed_practice_stays_three_tests() -> None:
    found = evaluate_park(park_of(street_of(1)), rules=load_rules(["seed-practice"])).findings
    assert found["finding"].tolist() == ["below_mean", "non_industrial_lease", "vacant"]


def test_idle_land_at_its_threshold() -> None:
    town = street_of(
        5, floor_area_m2=[0.0, 0.0, 900.0, 0.0, NAN], vacancy_months=[12.0, 11.0, 30.0, NAN, 30.0]
    )
    assert verdicts(park_of(town), "idle_land") == ["yes", "no", "no", "unknown", "unknown"]


def test_floor_area_ratio_counts_high_storeys_twice() -> None:
    # 4,000 m2 on 10,000 m2: 0.4; a single storey of 9 m counts twice: 0.8 just reaches; of 8 m does not count twice
    shapes = [square(i).buffer(-10) for i in range(3)]
    halls = gpd.GeoDataFrame(
        {
            "parcel_id": ["P1", "P2", "P3"],
            "storey_count": [1.0, 1.0, NAN],
            "height_m": [9.0, 8.0, 9.0],
            "floor_area_m2": [4000.0, 4000.0, NAN],
        },
        geometry=shapes,
        crs=4548,
        index=pd.Index(["B1", "B2", "B3"], name="building_id"),
    )
    park = park_of(street_of(3), buildings=halls)
    assert verdicts(park, "low_floor_area_ratio") == ["no", "yes", "unknown"]
    assert verdicts(park, "low_coverage") == ["no", "no", "no"]  # 80 m x 80 m each


def test_coverage_at_its_threshold() -> None:
    west, south, _, _ = square(0).bounds
    from shapely import box  # noqa: PLC0415

    halls = gpd.GeoDataFrame(
        {"parcel_id": ["P1", "P2"]},
        geometry=[
            box(west, south, west + 100, south + 30),
            box(west + 100, south, west + 200, south + 29.9),
        ],
        crs=4548,
        index=pd.Index(["B1", "B2"], name="building_id"),
    )
    assert verdicts(park_of(street_of(2), buildings=halls), "low_coverage") == ["no", "yes"]


def test_tax_against_half_the_mean_and_the_contract() -> None:
    # tax 100, 25, 175, unknown on 10,000 m2 each: mean of the known 100, half of it 50; P3's contract asks 200
    town = street_of(4, contract_tax_amount_per_m2=[NAN, NAN, 200.0, NAN])
    tax = reports(2025, column="tax_amount", E1=[1e6], E2=[2.5e5], E3=[1.75e6], E4=[NAN])
    park = park_of(
        town, performance=tax, **owners(E1="normal", E2="normal", E3="normal", E4="normal")
    )
    found = judged(park).findings
    low = found[found["finding"] == "low_tax"]
    assert low["verdict"].tolist() == ["no", "yes", "yes", "unknown"]
    assert low["margin"].tolist()[:3] == [
        0.5,
        -0.25,
        -0.25,
    ]  # in shares of the mean, as the rule is
    assert json.loads(low["evidence"].iloc[1]) == {"tax_amount_per_m2": 25, "limit": 50}
    assert json.loads(low["evidence"].iloc[3])["tax_amount_per_m2"] is None


def test_investment_against_half_the_contract_and_an_unfinished_site() -> None:
    town = street_of(
        3,
        contract_investment_amount_per_m2=[100.0, 100.0, NAN],
        contract_floor_area_ratio=[1.0, 1.0, 1.0],
        floor_area_m2=[4000.0, 4000.0, 4000.0],
    )
    paid = reports(
        2024, column="fixed_assets_amount", E1=[4.9e5, NAN], E2=[4e5, 5e5], E3=[1.0, 1.0]
    )
    park = park_of(town, performance=paid, **owners(E1="stopped", E2="normal", E3="stopped"))
    assert verdicts(park, "low_investment") == ["yes", "no", "unknown"]
    assert verdicts(park, "unfinished") == ["yes", "no", "unknown"]


def test_stopped_needs_a_year_known_to_be_without_output() -> None:
    figures = reports(2024, E1=[5.0, 0.0], E2=[5.0, 3.0], E3=[5.0, NAN], E4=[0.0, 0.0])
    park = park_of(
        street_of(4),
        performance=figures,
        **owners(E1="stopped", E2="stopped", E3="stopped", E4="normal"),
    )
    assert verdicts(park, "stopped") == ["yes", "no", "unknown", "no"]


def test_shares_of_half_stopped_firms_and_tenants() -> None:
    people = firms(a="half_stopped", b="normal", c="half_stopped")
    links = ledger(
        ("a", "P1", "tenant"), ("b", "P1", "owner"), ("c", "P2", "tenant"), ("b", "P2", "owner")
    ).assign(floor_area_m2=[50.0, 50.0, 49.0, 51.0])
    park = park_of(street_of(3), enterprises=people, occupancy=links)
    for finding in ("half_stopped", "sublet"):
        assert verdicts(park, finding) == ["yes", "no", "unknown"]


def test_the_land_right_against_the_end_of_the_last_year() -> None:
    town = street_of(3, expiry_date=["2025-12-31", "2026-01-01", None])
    park = park_of(town, performance=reports(2025, E1=[1.0]), **owners(E1="normal"))
    assert verdicts(park, "lease_expired") == ["yes", "no", "unknown"]


def test_banned_trades_by_the_beginning_of_the_code() -> None:
    layers = owners(E1="normal", E2="normal", E3="normal", E4="normal")
    layers["enterprises"]["industry_code"] = ["C2511", "3011", None, "25"]
    park = park_of(street_of(4), **layers)
    assert verdicts(park, "banned_trade") == ["yes", "no", "unknown", "unknown"]


def test_use_against_the_plan() -> None:
    town = street_of(3, zoned_use=["070102", "100101", None])
    assert verdicts(park_of(town), "plan_mismatch") == ["yes", "no", "unknown"]


def test_grade_d_in_a_row() -> None:
    rows = [("E1", 2024, "D"), ("E1", 2025, "D"), ("E2", 2024, "D"), ("E2", 2025, "C")]
    gradings = pd.DataFrame(rows, columns=["enterprise_id", "year", "grade"])
    park = park_of(street_of(3), **owners(E1="normal", E2="normal", E3="normal"))
    assert verdicts(park, "grade_d_run", gradings) == ["yes", "no", "unknown"]
    assert set(verdicts(park, "grade_d_run")) == {"unknown"}


def test_findings_are_counted_and_a_triage_may_ask_for_them(tmp_path: Path) -> None:
    pack = tmp_path / "ours.toml"
    pack.write_text(
        """
[pack]
name = "ours"
version = "1"
date = 2026-01-01
title = { en = "ours" }
[[triage]]
result = "swap"
when = { plan_mismatch = ["yes"] }
[[triage]]
result = "keep"
when = {}
""",
        encoding="utf-8",
    )
    park = park_of(street_of(2, zoned_use=["070102", "100101"]))
    result = evaluate_park(park, rules=load_rules([*PACKS, pack])).parcels
    assert result["triage"].tolist() == ["swap", "keep"]
    assert result["triage_next_en"].tolist() == ["keep if against the plan: no", ""]
    assert result["finding_count"].tolist() == [1, 0]
    with pytest.raises(ScenarioError, match="plan_mismatch is a finding that no rule pack loaded"):
        evaluate_park(park, rules=load_rules(["seed-practice", pack]))


@pytest.mark.parametrize(
    ("name", "value"),
    [("sublet.min_share", 1.5), ("grade_d_run.min_years", 0.5), ("idle_land.min_months", -1)],
)
def test_a_number_that_can_mean_nothing_is_refused(name: str, value: float) -> None:
    with pytest.raises(ScenarioError, match=name):
        evaluate_park(park_of(street_of(1)), rules=load_rules(PACKS, overrides={name: value}))
