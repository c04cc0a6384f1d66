"""Trades, export and innovation of the parts of a park: towns by pencil, and a second way to each number."""

from __future__ import annotations

import math
from collections import defaultdict
from random import Random
from typing import Any

import pandas as pd
import pytest
from evaluated_towns import NAN, bools, firms, ledger, park_of
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate.concentration import AreaProfile, area_profile
from geoplan.io import make_sample_park
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.model.schema import column, columns_of


def rules(**overrides: float) -> Rules:
    named = {f"concentration.{name}": value for name, value in overrides.items()}
    return load_rules(["space-assumed"], overrides=named, overrides_source="test")


RULES = rules()


def figures(**columns: list[float]) -> pd.DataFrame:
    """What firms A, B, C, ... report for 2025, column by column."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame({"enterprise_id": list("ABCDEFGH"[:count]), "year": 2025, **columns})


def town(
    zones: str, codes: list[str | None], *, performance: pd.DataFrame | None = None, **floor: Any
) -> Park:
    """One plot and one firm (A, B, ...) for each letter of ``zones``."""
    parcels = street_of(len(zones), zone=list(zones))
    names = list("ABCDEFGH"[: len(zones)])
    people = firms(**dict.fromkeys(names, "normal")).assign(industry_code=codes)
    links = ledger(*[(name, f"P{n + 1}", "owner") for n, name in enumerate(names)])
    links["floor_area_m2"] = floor.get("floor", [1000.0] * len(zones))
    layers = {} if performance is None else {"performance": performance}
    return park_of(parcels, enterprises=people, occupancy=links, **layers)


def row(profile: AreaProfile, area: str, aspect: str) -> pd.Series[Any]:
    found = profile.areas[(profile.areas["area"] == area) & (profile.areas["aspect"] == aspect)]
    return found.iloc[-1]


def sector(profile: AreaProfile, area: str, code: str, basis: str = "floor_area") -> pd.Series[Any]:
    table = profile.sectors
    return table[
        (table["area"] == area) & (table["sector"] == code) & (table["basis"] == basis)
    ].iloc[0]


# n: three of metal, one of food with as much floor as one; s: food only, four firms
ZONED = ("nnnnssss", ["33", "3311", "C33", "14", "14", "14", "14", "14"])


def test_shares_quotients_and_indices_by_pencil() -> None:
    told = area_profile(town(*ZONED), rules=RULES)
    # in n metal has 3 of 4 floors, in the park 3 of 8
    metal = sector(told, "n", "33")
    assert (metal["share"], metal["park_share"], metal["location_quotient"]) == (0.75, 0.375, 2.0)
    assert sector(told, "n", "14")["location_quotient"] == pytest.approx(0.25 / 0.625)
    n = row(told, "n", "trades_by_floor_area")
    assert n["value"] == 0.75**2 + 0.25**2
    assert n["park_value"] == 0.375**2 + 0.625**2
    assert n["shannon"] == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    assert (n["leading_sector"], n["leading_share"], n["verdict"]) == ("33", 0.75, "yes")
    south = row(told, "s", "trades_by_floor_area")
    assert (south["value"], south["shannon"], south["known_share"]) == (1.0, 0.0, 1.0)
    assert (
        "over-represented against the park (location quotient): 33 metal products 2.00"
        in n["reason_en"]
    )
    assert n["reason_zh"].startswith("门类同质（赫芬达尔指数不小于 0.25）")
    assert told.areas["area"].drop_duplicates().tolist() == ["park", "n", "s"]


def test_one_sided_begins_just_at_the_limit() -> None:
    park = town("aaaaaa", ["33", "33", "33", "14", "14", "14"])  # 1/4 + 1/4
    assert (
        row(area_profile(park, rules=rules(min_herfindahl=0.5)), "a", "trades_by_floor_area")[
            "verdict"
        ]
        == "yes"
    )
    below = row(area_profile(park, rules=rules(min_herfindahl=0.51)), "a", "trades_by_floor_area")
    assert below["verdict"] == "no"
    assert below["reason_en"].startswith("trades are mixed")


def test_a_trade_of_two_firms_is_said_not_called_a_trade() -> None:
    park = town("aaaa", ["33", "33", "14", "39"], floor=[5000.0, 4000.0, 500.0, 500.0])
    told = area_profile(park, rules=RULES)
    only = row(told, "a", "trades_by_floor_area")
    assert only["verdict"] == "unknown"
    assert "one-sided by single firms" in only["reason_en"]
    assert sector(told, "a", "33")["is_few"]
    assert not sector(area_profile(park, rules=rules(min_firms=2)), "a", "33")["is_few"]


def test_a_zone_of_one_is_said_and_its_firm_named() -> None:
    told = area_profile(town("aaab", ["33", "33", "33", "14"]), rules=RULES)
    alone = row(told, "b", "trades_by_floor_area")
    assert (alone["verdict"], alone["known_count"]) == ("unknown", 1)
    assert "too few firms to judge (Enterprise D; asked: 3)" in alone["reason_en"]


def test_half_of_the_firms_is_enough_and_fewer_is_not() -> None:
    codes = ["33", "33", "33", None, None, None]
    assert (
        row(area_profile(town("aaaaaa", codes), rules=RULES), "a", "trades_by_floor_area")[
            "verdict"
        ]
        == "yes"
    )
    less = area_profile(town("aaaaaaa", [*codes, "C"]), rules=RULES)
    found = row(less, "a", "trades_by_floor_area")
    assert (found["verdict"], found["known_count"], found["firm_count"]) == ("unknown", 3, 7)
    assert found["known_share"] == pytest.approx(3 / 7)
    assert "firms without an industry code of at least two digits: 4 of 7" in " ".join(
        map(str, less.messages)
    )


def test_export_and_innovation_are_set_against_the_park() -> None:
    # park: 24 of 60 exported; a 3 of 30, b 21 of 30
    park = town(
        "aaabbb",
        ["33"] * 6,
        performance=figures(
            output_amount=[10.0] * 6,
            export_amount=[1.0, 1, 1, 7, 7, 7],
            revenue_amount=[10.0] * 6,
            rd_expense_amount=[0.16, 0.16, 0.16, 0.24, 0.24, 0.24],
        ),
    )
    told = area_profile(park, rules=RULES)
    weak, strong = row(told, "a", "export"), row(told, "b", "export")
    assert (weak["value"], weak["park_value"], weak["verdict"]) == (0.1, 0.4, "yes")
    assert (strong["value"], strong["verdict"]) == (0.7, "no")
    assert pd.isna(row(told, "park", "export")["verdict"])
    # 0.016 is exactly 0.8 of the park's 0.02: just reached
    assert (
        row(area_profile(park, rules=rules(max_rd_ratio=0.79)), "a", "innovation")["verdict"]
        == "no"
    )
    assert (
        row(area_profile(park, rules=rules(max_rd_ratio=0.81)), "a", "innovation")["verdict"]
        == "yes"
    )
    assert "weak export: a (parts: 2, unknown: 0)" in " ".join(map(str, told.messages))


def test_who_reports_one_of_the_two_figures_is_not_counted_but_told() -> None:
    park = town(
        "aaaa",
        ["33"] * 4,
        performance=figures(output_amount=[10.0, 10, 10, 70], export_amount=[5.0, 5, 5, NAN]),
    )
    only = row(area_profile(park, rules=RULES), "a", "export")
    assert (only["value"], only["known_count"], only["firm_count"]) == (0.5, 3, 4)


def test_a_park_without_exports_has_no_yardstick() -> None:
    park = town(
        "aaa", ["33"] * 3, performance=figures(output_amount=[1.0] * 3, export_amount=[0.0] * 3)
    )
    only = row(area_profile(park, rules=RULES), "a", "export")
    assert (only["value"], only["verdict"]) == (0.0, "unknown")
    assert "nothing to compare with" in only["reason_en"]


def test_a_firm_on_plots_of_two_zones_counts_with_its_part_in_each() -> None:
    parcels = street_of(2, zone=["a", "b"])
    links = ledger(("A", "P1", "owner"), ("A", "P2", "owner")).assign(land_share=[1.0, 0.25])
    park = park_of(
        parcels, enterprises=firms(A="normal").assign(industry_code="33"), occupancy=links,
        performance=figures(output_amount=[100.0], export_amount=[50.0]),
    )  # fmt: skip
    told = area_profile(park, rules=rules(min_firms=1))
    assert row(told, "a", "export")["value"] == row(told, "b", "export")["value"] == 0.5
    # half of another firm of b: 100 of 33 are 80 in a and 20 in b
    more = park.with_layers(
        enterprises=firms(A="normal", B="normal").assign(industry_code=["33", "14"]),
        occupancy=pd.concat(
            [links, ledger(("B", "P2", "owner")).assign(land_share=0.75)], ignore_index=True
        ),
        performance=figures(output_amount=[100.0, 20.0], export_amount=[50.0, 0.0]),
    )
    told = area_profile(more, rules=rules(min_firms=1))
    assert sector(told, "b", "33", "output")["share"] == 0.5  # 20 of 40
    assert row(told, "b", "export")["value"] == 0.25  # 10 of 40
    assert row(told, "a", "trades_by_output")["value"] == 1.0


def test_years_are_told_apart_and_who_came_later_does_not_count_before() -> None:
    park = town("aaa", ["33"] * 3)
    links = park.layers["occupancy"].assign(from_date=["2010-01-01", "2010-01-01", "2025-03-01"])
    reports = pd.DataFrame({
        "enterprise_id": list("ABABC"), "year": [2024, 2024, 2025, 2025, 2025],
        "output_amount": 10.0, "export_amount": [1.0, 1, 5, 5, 5],
    })  # fmt: skip
    told = area_profile(park.with_layers(occupancy=links, performance=reports), rules=RULES).areas
    export = told[(told["area"] == "a") & (told["aspect"] == "export")]
    assert export["year"].tolist() == [2024, 2025]
    assert export["firm_count"].tolist() == [2, 3]
    assert export["value"].tolist() == [0.1, 0.5]
    floor = told[told["aspect"] == "trades_by_floor_area"]
    assert set(floor["year"]) == {2025}


def test_empty_plants_and_silent_tenants_outside_industry_are_no_firms_of_a_trade() -> None:
    park = town(
        "aaaa",
        ["33"] * 4,
        performance=figures(output_amount=[1.0, 1, 1, NAN], export_amount=[1.0, 1, 1, NAN]),
    )
    people = park.layers["enterprises"].assign(is_industrial_use=bools(True, True, True, False))
    told = area_profile(park.with_layers(enterprises=people), rules=RULES)
    assert row(told, "a", "export")["firm_count"] == 3
    empty = people.assign(operating_status=["normal", "normal", "vacant", "normal"])
    told = area_profile(park.with_layers(enterprises=empty), rules=RULES)
    assert row(told, "a", "trades_by_floor_area")["firm_count"] == 3


def test_land_of_no_zone_counts_in_the_park_only() -> None:
    park = town("aaab", ["33", "33", "33", "14"])
    parcels = park.parcels.assign(zone=["a", "a", "a", None])
    told = area_profile(park.with_layers(parcels=parcels), rules=RULES)
    assert set(told.areas["area"]) == {"park", "a"}
    assert row(told, "park", "trades_by_floor_area")["firm_count"] == 4
    assert "parcels of no part, counted in the park only: 1" in " ".join(map(str, told.messages))


def test_what_is_missing_is_told_and_a_wrong_question_too() -> None:
    bare = area_profile(park_of(street_of(2, zone="a")), rules=RULES)
    assert bare.areas.empty
    assert bare.sectors.empty
    assert "missing layers occupancy, enterprises" in str(bare.messages[0])
    told = area_profile(town("aaa", ["33"] * 3), rules=RULES)  # nobody reports figures
    assert set(told.areas["aspect"]) == {"trades_by_floor_area"}
    assert "no output is recorded" in " ".join(map(str, told.messages))
    with pytest.raises(ScenarioError, match="nearest is zone"):
        area_profile(town("a", ["33"]), rules=RULES, by="zones")
    with pytest.raises(ScenarioError, match="column block_id"):
        area_profile(town("a", ["33"]), rules=RULES, by="block_id")


def test_the_tables_are_those_of_the_schema() -> None:
    told = area_profile(make_sample_park(), rules=RULES)
    for layer, table in (("area_profile", told.areas), ("area_sectors", told.sectors)):
        assert list(table) == list(columns_of(layer))
        assert not table.duplicated(list(_keys(layer))).any()
    assert set(told.areas["aspect"]) == set(column("area_profile", "aspect").choices)
    assert (told.areas[["reason_en", "reason_zh"]] != "").all(axis=None)


def _keys(layer: str) -> tuple[str, ...]:
    return (
        ("area", "year", "aspect")
        if layer == "area_profile"
        else ("area", "year", "basis", "sector")
    )


def plain(zones: str, codes: list[str], amounts: list[float]) -> dict[str, float]:
    """Herfindahl index by area, in plain loops."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for zone, code, amount in zip(zones, codes, amounts, strict=True):
        sums[zone][code] += amount
        sums["park"][code] += amount
    return {
        area: sum((x / sum(by.values())) ** 2 for x in by.values())
        for area, by in sums.items()
        if sum(by.values()) > 0
    }


FIRMS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["13", "14", "33"]), st.integers(0, 9)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=20)
@given(FIRMS, st.randoms(use_true_random=False))
def test_the_index_is_that_of_plain_loops_in_any_order_and_unit(
    rows: list[tuple[str, str, int]], random: Random
) -> None:
    zones, codes = "".join(zone for zone, _, _ in rows), [code for _, code, _ in rows]
    amounts = [float(amount) for _, _, amount in rows]
    park = town(zones, list(codes), performance=figures(output_amount=[a * 1e4 for a in amounts]))
    mixed = park.with_layers(
        parcels=park.parcels.iloc[random.sample(range(len(rows)), len(rows))],
        performance=park.layers["performance"].sample(frac=1.0, random_state=1),
    )
    told = area_profile(mixed, rules=RULES).areas
    found = told[(told["aspect"] == "trades_by_output") & told["value"].notna()]
    expected = plain(zones, codes, amounts)
    assert dict(zip(found["area"], found["value"], strict=True)) == pytest.approx(expected)
