"""A wrong or hostile pack, ledger or link gets one clear error, in both languages; the run stops before it answers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from evaluated_towns import NAN, firms, lantian, ledger, one_firm_each, park_of, reports
from towns import street_of

from geoplan.errors import GeoplanError
from geoplan.evaluate import evaluate_park
from geoplan.io import write_geopackage
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.model.validate import check_park
from geoplan.scenario import run_scenario
from geoplan.scenario.explain import explain_parcel

HEAD = '[pack]\nname = "{name}"\nversion = "1"\ndate = 2026-01-02\ntitle = {{ en = "Ours", zh = "本地" }}\n'
WEIGHT = (
    "[grading.indicators.below_scale.tax_per_land.weight]\n"
    'value = 45\nunit = "points"\nsource = "us"\nstanding = "local_rule"\n'
)


def error_of(
    folder: Path, *, rules: str = "[seed-practice]", park: Park | None = None
) -> tuple[str, str]:
    """What the run of a scenario says, in English and Chinese."""
    layers = (park or lantian()).layers
    write_geopackage(
        folder / "town.gpkg", layers=layers, provenance={}, date=dt.date(2026, 1, 1), crs=4548
    )
    path = folder / "town.yaml"
    path.write_text(
        f"name: town\ndate: 2026-05-01\npark: town.gpkg\nrules: {rules}\n", encoding="utf-8"
    )
    with pytest.raises(GeoplanError) as caught:
        run_scenario(path, until="evaluate")
    return caught.value.text("en"), caught.value.text("zh")


def pack(folder: Path, words: str, *, name: str = "ours", extends: str = "seed-practice") -> str:
    text = f'{HEAD.format(name=name)}extends = "{extends}"\n{words}'
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return f"[{name}.toml]"


def test_packs_that_extend_each_other_in_a_circle(tmp_path: Path) -> None:
    pack(tmp_path, "", name="other", extends="ours.toml")
    english, chinese = error_of(tmp_path, rules=pack(tmp_path, "", extends="other.toml"))
    assert english.splitlines()[1:] == [
        "  - these rule packs extend each other in a circle: ours > other > ours; remove one extends"
    ]
    assert "下列规则包循环引用（extends）：ours > other > ours；请删去其中一处" in chinese


def test_weights_that_do_not_add_to_100(tmp_path: Path) -> None:
    from geoplan.scenario import check_pack  # noqa: PLC0415

    pack(tmp_path, WEIGHT, extends="huangyan-2022")
    (problem,) = check_pack(tmp_path / "ours.toml")
    assert problem.text("en") == "the weights of below_scale add to 95, not to 100: 45 + 50"
    assert "95" in problem.text("zh")
    assert "100" in problem.text("zh")


def test_a_triage_table_with_an_unknown_condition(tmp_path: Path) -> None:
    words = (
        '[[triage]]\nresult = "keep"\nwhen = { vacent = ["yes"] }\n[[triage]]\nresult = "keep"\n'
    )
    english, chinese = error_of(tmp_path, rules=pack(tmp_path, words))
    assert "line 1: there is no condition vacent" in english
    assert english.endswith("the nearest is vacant")
    assert "第 1 条：没有条件“vacent”" in chinese


def test_a_number_that_is_none(tmp_path: Path) -> None:
    words = (
        '[vacant.min_months]\nvalue = "many"\nunit = "months"\nsource = "us"\nstanding = "law"\n'
    )
    english, chinese = error_of(tmp_path, rules=pack(tmp_path, words))
    assert "vacant.min_months needs a finite value" in english
    assert "vacant.min_months 需要有限数值 value" in chinese


def test_two_rows_for_one_firm_and_year(tmp_path: Path) -> None:
    park = lantian()
    table = park.layers["performance"]
    twice = pd.concat([table, table.tail(1).assign(output_amount=1.0)], ignore_index=True)
    english, chinese = error_of(tmp_path, park=park.with_layers(performance=twice))
    assert english.splitlines()[1:] == [
        "  - performance: enterprise_id, year together name 1 rows more than once with different values (lessor 2025): keep one of each"
    ]
    assert (
        "performance：enterprise_id, year 组合重复且内容不同，共 1 处（lessor 2025）：请各保留一条"
        in chinese
    )


def test_a_ledger_without_a_needed_column_names_what_is_nearest(tmp_path: Path) -> None:
    park = lantian()
    people = park.layers["enterprises"].rename(columns={"operating_status": "operating_state"})
    english, chinese = error_of(tmp_path, park=park.with_layers(enterprises=people))
    assert (
        "enterprises: the column operating_status (经营状态) is missing; the nearest is operating_state"
        in english
    )
    assert (
        "enterprises：缺少字段 operating_status（经营状态）；最接近的是“operating_state”" in chinese
    )


def test_an_unknown_key_in_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "town.yaml"
    path.write_text(
        "name: town\ndate: 2026-05-01\npark: sample\nrules: [seed-practice]\ncorections: a.csv\n",
        encoding="utf-8",
    )
    with pytest.raises(GeoplanError) as caught:
        run_scenario(path)
    assert "corections" in caught.value.text("en")
    assert "corrections" in caught.value.text("en")
    assert "corections" in caught.value.text("zh")


def test_shares_above_one_are_told_by_the_check_and_one_cell_above_one_is_unknown() -> None:
    links = ledger(("E1", "P1", "owner"), ("E2", "P1", "tenant")).assign(land_share=[0.7, 0.6])
    park = park_of(street_of(1), enterprises=firms(E1="normal", E2="normal"), occupancy=links)
    (told,) = [one for one in check_park(park) if one.kind == "shares_above_one"]
    assert told.message.text("en") == (
        "occupancy.land_share adds up to more than 1 on 1 parcels (1.300): P1"
    )
    assert told.message.text("zh") == (
        "占用关系 land_share：1 个地块的占地比例合计超过 1（1.300）：P1"
    )
    read = Park.from_layers(
        parcels=street_of(1), enterprises=firms(E1="normal"),
        occupancy=ledger(("E1", "P1", "owner")).assign(land_share=[1.4]),
    )  # fmt: skip
    assert read.layers["occupancy"]["land_share"].isna().all()
    (told,) = [one for one in read.problems if one.kind == "outside_share"]
    assert "a share lies between 0 and 1" in told.message.text("en")
    assert "比例应在 0 至 1 之间" in told.message.text("zh")


# ---- links -----------------------------------------------------------------------------------------------------------


def test_a_firm_that_comes_or_goes_within_a_year_counts_in_that_year() -> None:
    links = ledger(("E1", "P1", "owner"), ("E1", "P2", "owner"), ("E2", "P1", "owner")).assign(
        land_share=1.0,
        from_date=pd.to_datetime([None, "2024-07-01", "2025-01-01"]),
        to_date=pd.to_datetime(["2024-06-30", None, None]),
    )
    park = park_of(
        street_of(2),
        enterprises=firms(E1="normal", E2="normal"),
        occupancy=links,
        performance=reports(2023, E1=[4e6, 4e6, 4e6], E2=[NAN, NAN, 1e6]),
    )
    rules = load_rules(["seed-practice"])
    yearly = evaluate_park(park, rules=rules).yearly.set_index(["parcel_id", "year"])
    amounts = yearly["amount_per_m2"].mul(10_000).unstack()  # noqa: PD010  (years side by side)
    assert amounts.loc["P1"].tolist() == [4e6, 2e6, 1e6]  # alone, half a year beside P2, then E2
    assert amounts.loc["P2"].tolist()[1:] == [2e6, 4e6]
    assert pd.isna(amounts.loc["P2", 2023])  # nobody was there


@pytest.mark.parametrize(
    ("shares", "floors", "plot_floor", "told"),
    [
        ([0.7, 0.3], [NAN, NAN], NAN, "land by the ledger's shares"),
        ([NAN, NAN], [3e3, 1e3], 5e3, "land by floor used over the floor of the plot"),
        ([NAN, NAN], [3e3, 1e3], NAN, "land by floor used over all occupied floor"),
    ],
)
def test_the_explanation_names_the_denominator(
    shares: list[float], floors: list[float], plot_floor: float, told: str
) -> None:
    links = ledger(("E1", "P1", "owner"), ("E2", "P1", "tenant")).assign(
        land_share=shares, floor_area_m2=floors
    )
    park = park_of(
        street_of(1, floor_area_m2=plot_floor),
        enterprises=firms(E1="normal", E2="normal"),
        occupancy=links,
        performance=reports(2025, E1=[4e6], E2=[1e6]),
    )
    rules = load_rules(["seed-practice"])
    evaluation = evaluate_park(park, rules=rules)
    text = explain_parcel(park, evaluation, "P1", rules=rules).text("en")
    assert f"land counted: {told}" in text
    assert evaluation.parcels.loc["P1", "measure_amount_per_m2"] == 500.0


def test_land_that_nobody_can_tell_is_unknown_and_said_so() -> None:
    links = ledger(("E1", "P1", "owner"), ("E1", "P2", "tenant"), ("E2", "P2", "owner"))
    park = park_of(
        street_of(2),
        enterprises=firms(E1="normal", E2="normal"),
        occupancy=links,
        performance=reports(2025, E1=[4e6], E2=[1e6]),
    )
    rules = load_rules(["seed-practice"])
    evaluation = evaluate_park(park, rules=rules)
    assert evaluation.parcels.loc["P1", "below_mean"] == "unknown"
    text = explain_parcel(park, evaluation, "P1", rules=rules).text("en")
    assert "the land of a firm on several plots is not known" in text


def test_the_state_of_a_firm_that_nobody_recorded_is_told_and_its_help_shown() -> None:
    park = one_firm_each(street_of(2), {"P1": [9e6], "P2": [9e6]}, first_year=2025)
    people = park.layers["enterprises"].assign(
        operating_status=[None, "reduced"],
        problems=["power", None],
        measures=["second line", None],
        liaison_officer=["Lin", None],
    )
    park = park.with_layers(enterprises=people)
    rules = load_rules(["seed-practice"])
    evaluation = evaluate_park(park, rules=rules)
    one, other = (explain_parcel(park, evaluation, name, rules=rules) for name in ("P1", "P2"))
    assert (
        "Enterprise E-P1: how it runs is not recorded, owner, problems: power, "
        "measures: second line, liaison officer: Lin"
    ) in one.text("en")
    assert "经营状态未登记" in one.text("zh")
    assert "问题清单：power、一企一策：second line、挂钩领导：Lin" in one.text("zh")
    assert "Enterprise E-P2: reduced, owner" in other.text("en")
