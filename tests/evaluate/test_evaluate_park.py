"""Whole parks: a town to follow by pencil, what must always hold, and New York."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
import shapely
from evaluated_towns import NAN, bools, lantian, one_firm_each, park_of
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import block_of, street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate import FINDINGS, evaluate_park
from geoplan.evaluate.runs import UnknownYears
from geoplan.io import read_park
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.model.schema import columns_of

RULES = load_rules(["seed-practice"])


def rules(**overrides: float) -> Rules:
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return load_rules(["seed-practice"], overrides=named, overrides_source="test")


def test_a_town_to_follow_by_pencil() -> None:
    # means: 2023 and 2024 (8+2+5)/3 = 5 million on 10 000 m2 = 500 per m2; 2025 (9+1+4+6)/4 = 5
    answer = evaluate_park(lantian(), rules=RULES)
    assert answer.averages["mean_amount_per_m2"].tolist() == [500.0, 500.0, 500.0]
    assert answer.averages["known_share"].tolist() == [0.75, 0.75, 1.0]  # of four in use
    told = answer.parcels[["below_mean", "non_industrial_lease", "vacant", "triage"]]
    assert told.iloc[:5].to_numpy().tolist() == [
        ["no", "no", "no", "keep"],
        ["yes", "no", "no", "acquire"],
        ["unknown", "no", "no", "survey"],  # below in 2025, two unknown years before
        ["no", "yes", "no", "revitalise"],  # just reached 500 in 2023 and 2024
        ["unknown", "no", "yes", "acquire"],
    ]
    assert told.iloc[5].isna().all()  # the school is not assessed
    assert answer.parcels["is_assessed"].tolist() == [True] * 5 + [False]
    assert answer.parcels["below_mean_run_years"].tolist()[:4] == [0, 3, 1, 0]
    assert answer.parcels["below_mean_run_years"].isna().tolist()[4:] == [True, True]
    assert answer.parcels["measure_amount_per_m2"].tolist()[:4] == [900.0, 100.0, 400.0, 600.0]
    assert answer.left_out == ()
    assert answer.measure == "output_amount"


def test_every_year_stands_beside_its_mean() -> None:
    told = evaluate_park(lantian(), rules=RULES).yearly
    assert list(told) == list(columns_of("yearly"))
    poor, late = (told[told["parcel_id"] == name] for name in ("P2", "P3"))
    assert poor["year"].tolist() == [2023, 2024, 2025]
    assert poor["amount_per_m2"].tolist() == [200.0, 200.0, 100.0]
    assert poor["mean_amount_per_m2"].tolist() == [500.0] * 3
    assert late["verdict"].tolist() == ["unknown", "unknown", "yes"]
    assert set(told["parcel_id"]) == {"P1", "P2", "P3", "P4", "P5"}  # the school is not assessed


def test_reasons_say_years_amounts_and_land_in_both_languages() -> None:
    answer = evaluate_park(lantian(), rules=RULES)
    found = answer.findings.set_index(["parcel_id", "finding"])
    poor, late = found.loc[("P2", "below_mean")], found.loc[("P3", "below_mean")]
    # 100 and 500 yuan per m2 are 6.7 and 33.3 times 10 000 yuan per mu
    assert poor["reason_en"] == (
        "output per mu was below the park's mean in 2023, 2024, 2025 (known years in a row: 3, asked: 3; "
        "6.67 against 33.3 10k yuan/mu in 2025); land by the ledger's shares"
    )
    assert poor["reason_zh"].startswith("2023、2024、2025 年亩均产值低于园区均值（连续 3 年")
    assert "unknown: 2023, 2024; a firm on it did not report" in late["reason_en"]
    school = answer.parcels.loc["P6"]
    assert school[["reason_en", "reason_zh"]].tolist() == ["", ""]
    assert answer.parcels.loc["P4", "reason_en"].startswith(
        "revitalise (line 4 of the triage table"
    )
    assert (
        "leased outside industry: Enterprise gym (40% of" in answer.parcels.loc["P4", "reason_en"]
    )
    assert "40%" in answer.parcels.loc["P4", "reason_zh"]


def test_the_tables_are_those_of_the_schema() -> None:
    park = lantian()
    answer = evaluate_park(park, rules=RULES)
    own = [name for name, column in columns_of("parcels").items() if column.stage == "evaluate"]
    assert list(answer.parcels)[len(park.parcels.columns) :] == own
    assert list(answer.findings) == list(columns_of("findings"))
    assert list(answer.averages) == list(columns_of("averages"))
    assert answer.findings["parcel_id"].tolist() == [
        f"P{i}" for i in (1, 2, 3, 4, 5) for _ in FINDINGS
    ]
    assert answer.findings["finding"].tolist() == list(FINDINGS) * 5
    assert set(answer.findings["rule"]) <= set(RULES.numbers)
    assert (answer.findings[["reason_en", "reason_zh"]] != "").all(axis=None)


def test_the_park_given_is_left_as_it_was() -> None:
    park = lantian()
    before = {name: park.layers[name].copy() for name in park}
    evaluate_park(park, rules=RULES)
    for name, table in before.items():
        pd.testing.assert_frame_equal(pd.DataFrame(park.layers[name]), pd.DataFrame(table))


def test_zones_are_measured_by_their_own_mean() -> None:
    park = one_firm_each(
        street_of(5, zone=["north", "north", "south", "south", None]),
        {"P1": [90e6], "P2": [50e6], "P3": [2e6], "P4": [1e6], "P5": [1e6]},
    )
    answer = evaluate_park(park, rules=rules(below_mean__min_years=1), average_over="zone")
    assert answer.parcels["below_mean"].tolist() == ["no", "yes", "no", "yes", "unknown"]
    assert answer.averages["group"].tolist() == ["north", "south"]
    assert "the mean of its zone, for no zone is recorded" in answer.findings["reason_en"].iloc[12]


def test_a_layer_that_is_missing_leaves_its_test_out_and_says_so() -> None:
    answer = evaluate_park(park_of(street_of(2, is_vacant=bools(True, False))), rules=RULES)
    assert [item.stage for item in answer.left_out] == ["below_mean", "non_industrial_lease"]
    assert answer.parcels["below_mean"].tolist() == ["unknown", "unknown"]
    assert answer.parcels["vacant"].tolist() == ["yes", "no"]
    assert answer.averages.empty
    assert list(answer.averages) == list(columns_of("averages"))
    assert answer.yearly.empty
    assert list(answer.yearly) == list(columns_of("yearly"))
    assert "the missing layers occupancy, performance" in answer.findings["reason_en"].iloc[0]
    bare = evaluate_park(park_of(street_of(1)), rules=RULES)
    assert [item.stage for item in bare.left_out] == list(FINDINGS)


def test_land_of_unknown_use_is_not_assessed_and_says_so_unless_it_is_known_to_be_vacant() -> None:
    park = park_of(street_of(2, use="unknown", is_vacant=bools(None, True)))
    answer = evaluate_park(park, rules=RULES)
    assert answer.parcels["is_assessed"].tolist() == [False, True]
    assert answer.parcels["reason_en"].iloc[0] == "not assessed: its land use is not known"


def test_a_park_without_assessed_land_or_without_parcels_has_an_empty_answer() -> None:
    for town in (street_of(2, use="070102"), street_of(2).iloc[:0]):
        answer = evaluate_park(one_firm_each(town, {"P1": [1e6]}), rules=RULES)
        assert len(answer.parcels) == len(town)
        assert answer.findings.empty
        assert list(answer.findings) == list(columns_of("findings"))


def test_a_parcel_without_area_is_unknown() -> None:
    town = street_of(2)
    town = town.set_geometry([shapely.Polygon(), town.geometry.iloc[1]], crs=town.crs)
    answer = evaluate_park(one_firm_each(town, {"P1": [1e6], "P2": [2e6]}), rules=RULES)
    assert answer.parcels["below_mean"].tolist() == ["unknown", "no"]
    assert answer.averages["mean_amount_per_m2"].tolist() == [200.0]


def test_what_the_scenario_asks_wrongly_is_told_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        evaluate_park(
            lantian(),
            rules=rules(below_mean__min_years=2.5),
            measure="outptu",
            average_over="zones",
            unknown_years="brigde",
        )
    text = str(caught.value)
    for nearest in ("nearest is output", "nearest is zone", "nearest is bridge", "is 2.5"):
        assert nearest in text
    with pytest.raises(ScenarioError, match="need the column zone"):
        evaluate_park(lantian(), rules=RULES, average_over="zone")


def test_hostile_names_are_carried_as_they_are() -> None:
    park = lantian()
    people = park.layers["enterprises"].copy()
    people.loc["gym", "name"] = "{0} ${x} `<script>` {reason}"
    answer = evaluate_park(park.with_layers(enterprises=people), rules=RULES)
    assert "{0} ${x} `<script>` {reason}" in answer.parcels.loc["P4", "reason_zh"]


# ------------------------------------------------------------------------- what must always hold

amount = st.integers(0, 9).map(lambda million: million * 1e6) | st.just(NAN)
series = st.lists(amount, min_size=3, max_size=3)
towns = st.lists(series, min_size=2, max_size=6)
VERDICTS = [*FINDINGS, "triage"]


def town_of(figures: list[list[float]]) -> Park:
    town = block_of(3, 2).iloc[: len(figures)]
    return one_firm_each(town, {f"P{i + 1}": row for i, row in enumerate(figures)})


@settings(max_examples=25, deadline=None)
@given(towns, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(figures: list[list[float]], random: Random) -> None:
    park = town_of(figures)
    mixed = {
        name: table.iloc[random.sample(range(len(table)), len(table))]
        for name, table in park.layers.items()
    }
    one = evaluate_park(park, rules=RULES)
    other = evaluate_park(park.with_layers(**mixed), rules=RULES)
    assert other.parcels.index.tolist() == mixed["parcels"].index.tolist()
    assert other.parcels.loc[one.parcels.index, VERDICTS].equals(one.parcels[VERDICTS])


@settings(max_examples=25, deadline=None)
@given(towns, st.floats(-3e5, 3e5), st.floats(-3e5, 3e5))
def test_a_shift_of_the_map_does_not_matter(
    figures: list[list[float]], east: float, north: float
) -> None:
    park = town_of(figures)
    town = park.parcels
    moved = park.with_layers(parcels=town.set_geometry(town.translate(east, north)))
    one, other = evaluate_park(park, rules=RULES), evaluate_park(moved, rules=RULES)
    assert other.parcels[VERDICTS].equals(one.parcels[VERDICTS])


@settings(max_examples=25, deadline=None)
@given(towns, st.integers(1, 4), st.sampled_from(["bridge", "strict"]))
def test_asking_more_years_never_flags_more(
    figures: list[list[float]], years: int, unknown_years: UnknownYears
) -> None:
    park = town_of(figures)
    one, more = (
        evaluate_park(park, rules=rules(below_mean__min_years=n), unknown_years=unknown_years)
        for n in (years, years + 1)
    )
    assert not ((more.parcels["below_mean"] == "yes") & (one.parcels["below_mean"] != "yes")).any()


@settings(max_examples=25, deadline=None)
@given(towns)
def test_verdicts_are_those_of_a_few_lines_of_python(figures: list[list[float]]) -> None:
    """A second way: means and runs year by year, in plain loops."""
    answer = evaluate_park(town_of(figures), rules=RULES)
    columns = list(zip(*figures, strict=True))
    known = [[a for a in column if not np.isnan(a)] for column in columns]
    expected = []
    for row in figures:
        first = next((year for year, column in enumerate(known) if column), 3)
        last = max((year for year, column in enumerate(known) if column), default=-1)
        count, slack, early = 0, 0, True
        for year in range(last, first - 1, -1):
            if np.isnan(row[year]):
                slack += 1
            elif row[year] < sum(known[year]) / len(known[year]) * (1 - 1e-9):
                count += 1
            else:
                early = False
                break
        verdict = "yes" if count >= 3 else "unknown" if early or count + slack >= 3 else "no"
        expected.append(verdict)
    assert answer.parcels["below_mean"].tolist() == expected


# ------------------------------------------------------------------------- New York


@pytest.mark.data
def test_new_york_is_measured_zone_by_zone(data_root: Path, project_root: Path) -> None:
    source = project_root / "data" / "gis" / "sources" / "nyc_ibz.yaml"
    park = read_park(source, data_root=data_root)
    answer = evaluate_park(
        park,
        rules=rules(below_mean__min_years=1),
        measure="improvement",
        average_over="zone",
    )
    assert len(answer.averages) == 5
    assert [item.stage for item in answer.left_out] == ["non_industrial_lease"]
    # the same by plain pandas
    told = answer.parcels[answer.parcels["is_assessed"].astype(bool)]
    value = (
        park.layers["valuation"].set_index("parcel_id")["improvement_amount"].reindex(told.index)
    )
    area = told.area
    both = pd.DataFrame({"value": value, "area": area, "zone": told["zone"]}).dropna()
    in_use = both[told["use"].reindex(both.index) != "2301"]  # idle land is no part of the mean
    sums = in_use.groupby("zone")[["value", "area"]].sum()
    mean = sums["value"] / sums["area"]
    assert answer.averages.set_index("group")["mean_amount_per_m2"].to_numpy() == pytest.approx(
        mean.to_numpy()
    )
    short = (both["value"] / both["area"]) < both["zone"].map(mean)
    assert (told["below_mean"] == "yes").sum() == short.sum()
    assert (told["below_mean"] == "unknown").sum() == value.isna().sum()
