"""Averages of every sort over every group, and what is said of those that speak for little."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, bools, firms, ledger, one_firm_each, park_of, reports
from towns import CRS, square, street_of

from geoplan.errors import ScenarioError
from geoplan.evaluate import evaluate_park
from geoplan.evaluate.averages import means, merge_sums, partial_sums
from geoplan.evaluate.peers import AVERAGES, ratio_sums, without_own
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.model.schema import columns_of

PLAIN = load_rules(["seed-practice"], overrides={"below_mean.min_years": 1}, overrides_source="t")


def thin_rules(**numbers: float) -> Rules:
    return load_rules(
        ["seed-practice", "averages-assumed"],
        overrides={"below_mean.min_years": 1, **{f"average.{k}": v for k, v in numbers.items()}},
        overrides_source="t",
    )


def judged(park: Park, rules: Rules = PLAIN, **asked: Any) -> Evaluation:
    return evaluate_park(park, rules=rules, **asked)


def verdicts(answer: Evaluation) -> list[str]:
    return list(answer.parcels["below_mean"])


def three_sizes() -> Park:
    """1, 1 and 4 ha with 100, 200 and 900 yuan per m2."""
    parcels = gpd.GeoDataFrame(
        {"use": "100102", "landuse_version": "mnr2023"},
        geometry=[square(0), square(1), square(1, size=200.0)],
        crs=CRS,
        index=pd.Index(["P1", "P2", "P3"], name="parcel_id"),
    )
    return one_firm_each(parcels, {"P1": [1e6], "P2": [2e6], "P3": [36e6]})


@pytest.mark.parametrize(
    ("average", "means_told", "told"),
    [
        ("area_weighted", [650, 650, 650], "yes yes no"),  # 39 million over 6 ha
        ("mean_of_ratios", [400, 400, 400], "yes yes no"),  # (100 + 200 + 900) / 3
        ("median", [200, 200, 200], "yes no no"),  # P2 just reaches it
        ("trimmed", [200, 200, 200], "yes no no"),  # one left out at either end
        ("leave_one_out", [760, 740, 150], "yes yes no"),  # 38 / 5, 37 / 5, 3 / 2 million per ha
    ],
)
def test_each_average_is_what_the_pencil_says(
    average: str, means_told: list[float], told: str
) -> None:
    answer = judged(three_sizes(), thin_rules(trim_share=0.34), average=average)
    assert answer.yearly["mean_amount_per_m2"].tolist() == pytest.approx(means_told)
    assert verdicts(answer) == told.split()
    assert set(answer.averages["average"]) == {average}
    assert answer.averages["known_share"].tolist() == [1.0]


def traded(*codes: str | None, amounts: tuple[float, ...] = (1e6, 3e6, 2e6, 8e6)) -> Park:
    """Four parcels of 1 ha, one firm each, of these trades."""
    park = one_firm_each(street_of(4), {f"P{i + 1}": [a] for i, a in enumerate(amounts)})
    people = park.layers["enterprises"].assign(
        industry_code=list(codes), is_above_scale=bools(True, True, False, None)
    )
    return Park(name=park.name, layers={**park.layers, "enterprises": people}, currency="CNY")


def test_a_parcel_is_held_against_its_own_trade_and_an_unknown_trade_is_unknown() -> None:
    answer = judged(traded("C2611", "26", "C34", None), average_over="industry")
    assert answer.yearly["group"].fillna("-").tolist() == ["26", "26", "34", "-"]
    # 26: mean of 1 and 3 million; 34: itself alone
    assert verdicts(answer) == ["yes", "no", "no", "unknown"]
    table = answer.averages.set_index("group")
    assert table["mean_amount_per_m2"].to_dict() == {"26": 200.0, "34": 200.0}
    assert "one parcel only: it is held against itself" in table.loc["34", "note_en"]
    assert table.loc["26", "note_en"] == "known of few (parcels: 2, firms: 2)"
    reason = answer.findings.set_index(["parcel_id", "finding"]).loc[("P4", "below_mean")]
    assert "its trade is not known" in reason["reason_en"]
    assert "行业不详" in reason["reason_zh"]


def test_scale_is_what_the_ledger_says_and_unknown_where_it_says_nothing() -> None:
    answer = judged(traded("26", "26", "26", "26"), average_over="scale")
    groups = ["above_scale", "above_scale", "below_scale", "-"]
    assert answer.yearly["group"].fillna("-").tolist() == groups
    assert verdicts(answer) == ["yes", "no", "no", "unknown"]


@pytest.mark.parametrize(
    ("shares", "codes", "group"),
    [
        ((0.6, 0.4), ("26", "34"), "26"),  # more than half
        ((0.5, 0.5), ("26", "34"), "-"),  # just half is not more
        ((0.6, 0.4), ("26", None), "26"),  # the unknown trade cannot tip it
        ((0.4, 0.6), ("26", None), "-"),
        ((NAN, NAN), ("26", "C2614"), "26"),  # shares unknown, one trade
        ((NAN, NAN), ("26", "34"), "-"),
    ],
)
def test_the_trade_with_more_than_half_of_the_land_counts(
    shares: tuple[float, float], codes: tuple[str | None, str | None], group: str
) -> None:
    park = park_of(
        street_of(1),
        enterprises=firms(a="normal", b="normal").assign(industry_code=list(codes)),
        occupancy=ledger(("a", "P1", "owner"), ("b", "P1", "tenant")).assign(land_share=shares),
        performance=reports(2025, a=[1e6], b=[1e6]),
    )
    answer = judged(park, average_over="industry")
    assert answer.yearly["group"].fillna("-").tolist() == [group]


@pytest.mark.parametrize(("least", "told"), [(2, "yes no no"), (3, "unknown unknown unknown")])
def test_an_average_of_fewer_than_the_rules_ask_is_held_against_nobody(
    least: float, told: str
) -> None:
    park = traded("26", "26", "34", None)
    answer = judged(park, thin_rules(min_known_count=least), average_over="industry")
    ours = [*told.split()[:2], "unknown", "unknown"]  # 34 has one parcel, the last no trade
    assert verdicts(answer) == ours
    aside = answer.averages.set_index("group")["is_set_aside"]
    assert aside.to_dict() == {"26": least > 2, "34": True}
    reasons = answer.findings.set_index(["parcel_id", "finding"])
    assert (
        "too thin an average to be held against: 2021"
        in reasons.loc[("P3", "below_mean"), "reason_en"]
    )
    assert "均值代表性不足" in reasons.loc[("P3", "below_mean"), "reason_zh"]


@pytest.mark.parametrize(("least", "told"), [(0.5, "no"), (0.51, "unknown")])
def test_a_year_with_half_the_data_just_reaches_a_half(least: float, told: str) -> None:
    park = one_firm_each(street_of(4), {"P1": [9e6], "P2": [5e6], "P3": [NAN], "P4": [NAN]})
    answer = judged(park, thin_rules(min_known_share=least, min_known_count=0))
    assert verdicts(answer)[0] == told
    assert "known for 50.0% of the land only" in answer.averages["note_en"].iloc[0]
    assert [item.stage for item in answer.left_out if "speak for little" in str(item.message)] == [
        "averages"
    ]


def test_a_firm_on_many_parcels_is_one_firm() -> None:
    park = park_of(
        street_of(4),
        enterprises=firms(a="normal", b="normal"),
        occupancy=ledger(
            *[("a", f"P{n}", "owner") for n in (1, 2, 3)], ("b", "P4", "owner")
        ).assign(land_share=1.0),
        performance=reports(2025, a=[3e6], b=[1e6]),
    )
    row = judged(park, thin_rules(min_known_count=3)).averages.iloc[0]
    assert (row["known_count"], row["known_firm_count"], bool(row["is_set_aside"])) == (4, 2, True)


def test_the_table_of_averages_is_that_of_the_schema_and_nothing_thin_is_silent() -> None:
    answer = judged(three_sizes())
    assert list(answer.averages) == list(columns_of("averages"))
    assert list(answer.yearly) == list(columns_of("yearly"))
    many = judged(one_firm_each(street_of(3), {f"P{n}": [1e6] for n in (1, 2, 3)}))
    assert many.averages["note_en"].tolist() == [""]


def test_the_only_parcel_has_no_others() -> None:
    answer = judged(one_firm_each(street_of(1), {"P1": [1e6]}), average="leave_one_out")
    assert verdicts(answer) == ["unknown"]
    assert "no other to hold it against" in answer.averages["note_en"].iloc[0]


def test_idle_land_is_held_against_the_others_and_is_none_of_them() -> None:
    park = one_firm_each(
        street_of(3, use=["100102", "100102", "2301"]), {"P1": [1e6], "P2": [3e6], "P3": [1e6]}
    )
    told = judged(park, average="leave_one_out").yearly["mean_amount_per_m2"].tolist()
    assert told == pytest.approx([300, 100, 200])


def town(rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        (f"P{i}", group, year, amount, area)
        for i, (group, area) in enumerate(
            zip(rng.choice(["a", "b"], 30), rng.uniform(10, 99, 30), strict=True)
        )
        for year, amount in zip((2024, 2025), rng.uniform(0, 9, 2), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["parcel", "group", "year", "amount", "area_m2"])
    table.loc[rng.random(len(table)) < 0.2, "amount"] = np.nan
    return table


def test_partitions_give_the_means_of_the_whole_to_the_last_bit() -> None:
    table = town(np.random.default_rng(3))
    parts = [part for _, part in table.groupby(np.arange(len(table)) % 4)]
    for sums in (partial_sums, ratio_sums):
        whole, split = sums(table), merge_sums(*(sums(part) for part in parts))
        pd.testing.assert_frame_equal(means(whole), means(split), check_exact=True)


def test_plain_pandas_gives_the_same_averages() -> None:
    table = town(np.random.default_rng(4))
    known = table.dropna().assign(ratio=lambda t: t["amount"] / t["area_m2"])
    by = known.groupby(["group", "year"])
    plain = means(ratio_sums(table)).set_index(["group", "year"])["mean_amount_per_m2"]
    pd.testing.assert_series_equal(
        plain, by["ratio"].mean(), check_names=False, check_index_type=False
    )
    averages = means(partial_sums(table))
    rows = averages.set_index(["group", "year"]).loc[
        list(zip(known["group"], known["year"], strict=True))
    ]
    told = without_own(
        rows,
        amount=known["amount"].to_numpy(),
        area_m2=known["area_m2"].to_numpy(),
        count=np.ones(len(known), dtype=np.int64),
    )
    others = []
    for row in known.itertuples():
        peers = known[(known["group"] == row.group) & (known["year"] == row.year)].drop(row.Index)
        others.append(peers["amount"].sum() / peers["area_m2"].sum())
    assert told.tolist() == pytest.approx(others)


@pytest.mark.parametrize("average", AVERAGES)
def test_a_park_in_pandas_has_the_same_verdicts(average: str) -> None:
    rng = np.random.default_rng(5)
    amounts = {f"P{n + 1}": rng.integers(1, 99, 3) * 1e5 for n in range(9)}
    answer = judged(
        one_firm_each(street_of(9), {k: list(v) for k, v in amounts.items()}),
        thin_rules(trim_share=0.12),
        average=average,
    )
    own = pd.DataFrame(amounts).T / 1e4
    mean = {
        "area_weighted": lambda year: year * 0 + year.mean(),
        "mean_of_ratios": lambda year: year * 0 + year.mean(),
        "median": lambda year: year * 0 + year.median(),
        "trimmed": lambda year: year * 0 + year.sort_values().iloc[1:-1].mean(),
        "leave_one_out": lambda year: (year.sum() - year) / (len(year) - 1),
    }[average]
    short = own.lt(own.apply(mean) * (1 - 1e-9))
    told = answer.yearly.pivot_table(
        index="parcel_id", columns="year", values="verdict", aggfunc="first"
    )
    assert (told == "yes").to_numpy().tolist() == short.to_numpy().tolist()


def test_all_that_is_wrong_with_the_averages_is_told_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        judged(three_sizes(), average_over="industries", average="medain")
    assert [str(problem) for problem in caught.value.problems] == [
        "average_over cannot be industries; known are park, zone, industry, scale; the nearest is industry",
        f"average cannot be medain; known are {', '.join(AVERAGES)}; the nearest is median",
    ]
    with pytest.raises(ScenarioError) as caught:
        judged(three_sizes(), average_over="scale", average="trimmed")
    assert len(caught.value.problems) == 2
    assert "is_above_scale" in caught.value.text("zh")
    with pytest.raises(ScenarioError, match=r"between 0 and 0\.5"):
        judged(three_sizes(), thin_rules(trim_share=0.7), average="trimmed")
    with pytest.raises(ScenarioError, match="industry_code"):
        judged(three_sizes(), average_over="industry")
