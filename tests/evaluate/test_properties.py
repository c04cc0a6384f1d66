"""What must always hold of the evaluation, on made-up towns of every sort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluated_towns import NAN, firms, ledger, park_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from towns import street_of

from geoplan.evaluate import assess_robustness, evaluate_park
from geoplan.evaluate.peers import AVERAGES
from geoplan.evaluate.runs import runs_of
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules

PACKS = ["seed-practice", "findings-assumed", "averages-assumed", "robustness-assumed"]
RULES = load_rules(PACKS, overrides={"robustness.draws": 20}, overrides_source="t")
FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
AMOUNT = st.one_of(st.just(NAN), st.integers(0, 9).map(lambda n: n * 1e6))


@st.composite
def towns(draw: st.DrawFn) -> Park:
    """Up to seven parcels with a firm each, three years, gaps, trades, scales, empty land."""
    count = draw(st.integers(2, 7))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    parcels = street_of(
        count,
        use=column(st.sampled_from(["100102", "110101", "2301"])),
        zone=column(st.sampled_from(["west", "east"])),
        floor_area_m2=column(st.sampled_from([NAN, 0.0, 7_300.0, 8_000.0, 12_000.0])),
        vacancy_months=column(st.sampled_from([NAN, 0.0, 11.0, 12.0, 30.0])),
        contract_tax_amount_per_m2=column(st.sampled_from([NAN, 40.0])),
        zoned_use=column(st.sampled_from(["100102", "0701", ""])),
    )
    names = [f"E{i}" for i in range(count)]
    people = firms(**dict.fromkeys(names, "normal")).assign(
        industry_code=["C26", *column(st.sampled_from(["C26", "C34", None]))[1:]],
        is_above_scale=pd.array(
            [True, *column(st.sampled_from([True, False, None]))[1:]], "boolean"
        ),
        operating_status=column(st.sampled_from(["normal", "reduced", "stopped", ""])),
    )
    rows = [
        (name, year, *pair)
        for name in names
        for year, pair in zip((2023, 2024, 2025), zip(column_of(draw), column_of(draw), strict=True), strict=True)
    ]  # fmt: skip
    performance = pd.DataFrame(
        rows, columns=["enterprise_id", "year", "output_amount", "tax_amount"]
    )
    performance.loc[0, ["output_amount", "tax_amount"]] = 5e6  # one figure there is
    return park_of(
        parcels,
        enterprises=people,
        occupancy=ledger(*[(f"E{i}", f"P{i + 1}", "owner") for i in range(count)]),
        performance=performance,
    )


def column_of(draw: st.DrawFn) -> list[float]:
    return draw(st.lists(AMOUNT, min_size=3, max_size=3))


ASKED = st.fixed_dictionaries(
    {
        "average": st.sampled_from(AVERAGES),
        "average_over": st.sampled_from(["park", "zone", "industry", "scale"]),
    }
)


def judged(park: Park, rules: Rules = RULES, **asked: Any) -> Evaluation:
    return evaluate_park(park, rules=rules, **asked)


def told(answer: Evaluation) -> pd.DataFrame:
    """Verdicts by parcel and finding, in the order of the ids."""
    wide = answer.findings.pivot_table(
        index="parcel_id", columns="finding", values="verdict", aggfunc="first"
    )
    return wide.assign(triage=answer.parcels["triage"].astype(object)).sort_index()


def with_layers(park: Park, **layers: pd.DataFrame) -> Park:
    return Park(name=park.name, layers={**park.layers, **layers}, currency=park.currency)


@FEW
@given(towns(), ASKED, st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(park: Park, asked: dict[str, str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixed = with_layers(
        park,
        **{name: table.iloc[rng.permutation(len(table))] for name, table in park.layers.items()},
    )
    pd.testing.assert_frame_equal(told(judged(park, **asked)), told(judged(mixed, **asked)))


@FEW
@given(towns(), ASKED, st.integers(-900, 900), st.integers(-900, 900))
def test_a_shift_of_the_map_changes_nothing(
    park: Park, asked: dict[str, str], east: int, north: int
) -> None:
    moved = park.parcels.set_geometry(park.parcels.translate(east * 11.3, north * 7.7))
    other = with_layers(park, parcels=moved)
    pd.testing.assert_frame_equal(told(judged(park, **asked)), told(judged(other, **asked)))


@FEW
@given(towns(), ASKED, st.sampled_from([1e-4, 0.37, 3.0, 1e4]))
def test_scaling_every_output_by_the_same_factor_moves_no_relative_verdict(
    park: Park, asked: dict[str, str], factor: float
) -> None:
    table = park.layers["performance"]
    scaled = table.assign(
        output_amount=table["output_amount"] * factor, tax_amount=table["tax_amount"] * factor
    )
    contract = park.parcels["contract_tax_amount_per_m2"] * factor
    other = with_layers(
        park,
        performance=scaled,
        parcels=park.parcels.assign(contract_tax_amount_per_m2=contract),
    )
    pd.testing.assert_frame_equal(told(judged(park, **asked)), told(judged(other, **asked)))


#: Every number of which more asks more, or less asks more.
STRICTER = {
    "below_mean.min_years": -1, "non_industrial_lease.min_share": -1, "vacant.min_months": -1,
    "idle_land.min_months": -1, "stopped.min_years": -1, "half_stopped.min_share": -1,
    "low_tax.min_share_of_mean": 1, "low_floor_area_ratio.min_ratio": 1, "low_coverage.min_share": 1,
    "sublet.min_share": -1,
}  # fmt: skip


@FEW
@given(towns(), st.sampled_from(sorted(STRICTER)), st.floats(0.1, 1.0))
def test_asking_more_never_clears_a_parcel(park: Park, name: str, by: float) -> None:
    now = RULES.value(name)
    step = by * now if not name.endswith("_years") else now - 1
    stricter = load_rules(
        PACKS, overrides={name: max(now + STRICTER[name] * step, 0)}, overrides_source="t"
    ) if not name.endswith("_years") else load_rules(
        PACKS, overrides={name: 1}, overrides_source="t"
    )  # fmt: skip
    finding = name.partition(".")[0]
    before, after = told(judged(park))[finding], told(judged(park, stricter))[finding]
    assert (after[before == "yes"] == "yes").all()


@FEW
@given(towns(), ASKED)
def test_a_parcel_with_unknown_data_is_never_silently_fine(
    park: Park, asked: dict[str, str]
) -> None:
    answer = judged(park, **asked)
    surely = assess_robustness(answer, rules=RULES, rng=np.random.default_rng(1))
    findings = answer.findings.assign(sureness=surely.parcels["sureness"])
    is_unknown = findings["verdict"] == "unknown"
    assert (findings["reason_en"] != "").all()
    assert (findings["sureness"] == "unknown_data").tolist() == is_unknown.tolist()
    # a parcel that nobody knows the last year's average or figure of has not reached it
    last = answer.yearly[answer.yearly["year"] == answer.yearly["year"].max()]
    dark = last.loc[last["amount_per_m2"].isna() | last["mean_amount_per_m2"].isna(), "parcel_id"]
    below = findings[findings["finding"] == "below_mean"].set_index("parcel_id")["verdict"]
    years = answer.yearly.pivot_table(
        index="parcel_id", columns="year", values="verdict", aggfunc="first"
    )
    for parcel in dark:
        if below[parcel] == "no":  # only a year that reached the average can clear it
            assert "no" in set(years.loc[parcel])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([1, 0, -1]), min_size=1, max_size=7), min_size=1, max_size=1),
    st.integers(1, 4),
    st.sampled_from(["bridge", "strict"]),
)
def test_runs_counted_year_by_year_are_the_same(
    rows: list[list[int]], least: int, policy: Any
) -> None:
    """A second way: walk back from the last year, and try what the unknown years could be."""
    (years,) = rows
    runs = runs_of(np.array(rows, dtype=np.int8), min_years=least, unknown_years=policy)
    breaks = {0} if policy == "bridge" else {0, -1}

    def back(given: list[int]) -> int:
        count = 0
        for year in reversed(given):
            if year in breaks:
                break
            count += year == 1
        return count

    assert runs.current.tolist() == [back(years)]
    assert runs.longest.tolist() == [max(back(years[: end + 1]) for end in range(len(years)))]
    worst = back([*[1] * least, *(1 if year == -1 else year for year in years)])
    expected = 1 if back(years) >= least else (-1 if worst >= least else 0)
    assert runs.verdict.tolist() == [expected]


@pytest.mark.parametrize("average", ["area_weighted", "median"])
def test_money_in_other_units_changes_no_verdict(average: str) -> None:
    park = park_of(
        street_of(3),
        enterprises=firms(a="normal", b="normal", c="normal"),
        occupancy=ledger(("a", "P1", "owner"), ("b", "P2", "owner"), ("c", "P3", "owner")),
        performance=pd.DataFrame(
            {"enterprise_id": list("abc"), "year": 2025, "output_amount": [0.1, 0.2, 0.3]}
        ),
    )
    yuan = with_layers(
        park,
        performance=park.layers["performance"].assign(output_amount=[1_000.0, 2_000.0, 3_000.0]),
    )
    answers = [
        told(judged(one, RULES, average=average))["below_mean"].tolist() for one in (park, yuan)
    ]
    assert answers[0] == answers[1]
