"""Corrections from the field, and what is said otherwise than last time: files and commands as a planner has them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from evaluated_towns import bools, lantian

from geoplan.errors import InputError
from geoplan.io import read_corrections, read_layer, write_geopackage
from geoplan.model.park import Park
from geoplan.scenario import (
    explain_parcel,
    read_scenario,
    run_scenario,
    summary_lines,
    write_result,
)
from geoplan.scenario.outputs import page_of, write_findings, write_layers
from geoplan.scenario.run import Result

CHINESE = """图层,编号,年份,字段,更正值,单位,更正人,日期,理由
地块,P5,,空置月数,6,,林工,2026-03-01,现场查看
年度绩效,poor,2025,总产值,900,10k,林工,2026/3/2,"税务局核对, 盖章"

企业,poor,,经营状态,正常,,林工,2026-03-03,已复工
"""


def written(park: Park, folder: Path, *, name: str = "town.gpkg") -> None:
    write_geopackage(
        folder / name,
        layers=park.layers,
        provenance={"park_en": "Town", "park_zh": "小镇", "currency": "CNY"},
        date=dt.date(2026, 1, 1),
        crs=park.crs,
    )


def scenario(folder: Path, *, name: str = "town", rest: str = "") -> Path:
    path = folder / f"{name}.yaml"
    text = f"name: {name}\ndate: 2026-05-01\npark: town.gpkg\nrules: [seed-practice]\n{rest}"
    path.write_text(text, encoding="utf-8")
    return path


def evaluated(folder: Path, **options: str) -> Result:
    return run_scenario(scenario(folder, **options), until="evaluate")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A folder with a park and a table of corrections."""
    written(lantian(), tmp_path)
    (tmp_path / "fixed.csv").write_text(CHINESE, encoding="gbk")
    return tmp_path


def test_corrections_are_laid_over_the_ledger_before_it_is_judged(town: Path) -> None:
    before = evaluated(town)
    result = evaluated(town, rest="corrections: fixed.csv\n")
    assert before.evaluation is not None
    assert result.evaluation is not None
    old, new = before.evaluation.parcels, result.evaluation.parcels
    assert (old.loc["P5", "vacant"], new.loc["P5", "vacant"]) == ("yes", "no")
    assert (old.loc["P2", "below_mean"], new.loc["P2", "below_mean"]) == ("yes", "no")
    table = result.park.layers["corrections"]
    columns = ["line", "layer", "row_id", "column", "before", "value"]
    assert table[columns].to_numpy().tolist() == [
        [2, "parcels", "P5", "vacancy_months", "30", "6"],
        [3, "performance", "poor/2025", "output_amount", "1000000", "900"],
        [5, "enterprises", "poor", "operating_status", "reduced", "正常"],
    ]
    assert result.park.layers["performance"]["output_amount"][5] == 9e6  # 900 times 10,000 yuan
    assert result.as_read.layers["performance"]["output_amount"][5] == 1e6  # the ledger stays
    assert "fixed.csv" in result.park.inputs


def test_every_explanation_shows_what_was_corrected(town: Path) -> None:
    result = evaluated(town, rest="corrections: fixed.csv\n")
    assert result.evaluation is not None
    told = explain_parcel(result.park, result.evaluation, "P2", rules=result.rules)
    english, chinese = told.text("en"), told.text("zh")
    assert (
        "performance poor/2025 output_amount: 1000000 corrected to 900 10k "
        "(林工, 2026-03-02: 税务局核对, 盖章)"
    ) in english
    assert "enterprises poor operating_status: reduced corrected to running" in english
    assert "现场更正" in chinese
    assert (
        "enterprises poor operating_status：由 减产 更正为 正常（林工，2026-03-03：已复工）"
        in chinese
    )
    assert "vacancy_months" not in english  # that is another parcel's
    other = explain_parcel(result.park, result.evaluation, "P1", rules=result.rules)
    assert "Corrected" not in other.text("en")
    (line,) = [m.text("en") for m in summary_lines(result) if m.key == "summary.corrections"]
    assert line == "Corrected from the field: 3 cells, on 2 parcels"


def test_corrections_are_in_the_workbook_the_layers_and_the_page(town: Path) -> None:
    result = evaluated(town, rest="corrections: fixed.csv\n")
    paths = write_result(result, town / "out")
    assert len(paths) == 4
    table = read_layer(town / "out" / "town.gpkg", "corrections")
    assert table["before"].tolist() == ["30", "1000000", "reduced"]
    book = openpyxl.load_workbook(town / "out" / "town-findings.xlsx")
    rows = list(book["更正记录 corrections"].iter_rows(min_row=4, values_only=True))
    assert [row[1:3] for row in rows] == [
        ("parcels", "P5"),
        ("performance", "poor/2025"),
        ("enterprises", "poor"),
    ]
    from geoplan.render.story import corrections_on  # noqa: PLC0415

    page = corrections_on(page_of(result).park)
    assert page is not None
    assert list(zip(page["parcel"], page["number"], strict=True)) == [(4, 0), (1, 1), (1, 2)]
    assert page["told"][0]["zh"].startswith("parcels P5 vacancy_months：由 30 更正为 6")


def test_a_workbook_of_corrections_reads_like_the_text_file(town: Path) -> None:
    book = openpyxl.Workbook()
    for row in [
        ("parcel", "field", "value", "who", "date", "reason"),
        ("P5", "vacancy_months", 6, "Lin", dt.date(2026, 3, 1), "seen on site"),
    ]:
        book.active.append(row)
    book.save(town / "fixed.xlsx")
    result = evaluated(town, rest="corrections: fixed.xlsx\n")
    (row,) = result.park.layers["corrections"].to_dict("records")
    assert (row["line"], row["layer"], row["row_id"], row["value"]) == (2, "parcels", "P5", "6")


WRONG = """layer,row,year,field,value,unit,who,date,reason
parcel,P1,,use,2301,,Lin,2026-03-01,seen
parcels,P9,,is_vacnt,yes,,Lin,2026-03-01,seen
parcels,P1,,vacancy_months,many,,Lin,2026-03-01,seen
parcels,P1,,floor_area_m2,5,10k,Lin,2026-03-01,seen
parcels,P1,,use,999999,,Lin,2026-03-01,seen
parcels,P2,,vacancy_months,,,Lin,2026-03-01,seen
parcels,P3,,vacancy_months,3,,Lin,soon,seen
performance,poor,2031,output_amount,5,,Lin,2026-03-01,seen
occupancy,gym/P4,,land_share,140,percent,Lin,2026-03-01,seen
"""


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            [
                "the corrections in wrong.csv cannot be used:",
                "  - line 2: there is no layer parcel that can be corrected; the nearest is parcels",
                "  - line 3: there is no column is_vacnt that can be corrected; the nearest is is_vacant",
                "  - line 3: there is no row P9 that can be corrected; the nearest is -",
                "  - line 4: many cannot stand in vacancy_months: write a number that it can be",
                "  - line 5: 10k is no unit of floor_area_m2; its units are m2, mu, ha, km2, sqft, sqft_us",
                "  - line 6: 999999 cannot stand in use: write a land-use code of the national classification of 2023",
                "  - line 7: value must be filled; write unknown as the value to make a cell unknown",
                "  - line 8: soon is no date: write year-month-day",
                "  - line 9: there is no row poor/2031 that can be corrected; the nearest is poor/2023",
                "  - line 10: 140 cannot stand in land_share: write a share from 0 to 1, or the unit percent beside it",
            ],
        ),
        (
            "zh",
            [
                "更正表“wrong.csv”无法使用：",
                "  - 第 2 行：没有可更正的图层“parcel”；最接近的是“parcels”",
                "  - 第 3 行：没有可更正的字段“is_vacnt”；最接近的是“is_vacant”",
                "  - 第 3 行：没有可更正的行“P9”；最接近的是“-”",
                "  - 第 4 行：“many”不能填入 vacancy_months：请填合理范围内的数字",
                "  - 第 5 行：“10k”不是 floor_area_m2 的单位；可用 m2, mu, ha, km2, sqft, sqft_us",
                "  - 第 6 行：“999999”不能填入 use：请填国家用地用海分类（2023）代码",
                "  - 第 7 行：value 不得为空；如要改为不详，更正值请写“不详”",
                "  - 第 8 行：“soon”不是日期：请写成年-月-日",
                "  - 第 9 行：没有可更正的行“poor/2031”；最接近的是“poor/2023”",
                "  - 第 10 行：“140”不能填入 land_share：请填比例（0 至 1），或另注单位 percent",
            ],
        ),
    ],
)
def test_wrong_corrections_are_refused_with_all_problems_and_their_lines(
    town: Path, language: Any, told: list[str]
) -> None:
    (town / "wrong.csv").write_text(WRONG, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        evaluated(town, rest="corrections: wrong.csv\n")
    assert caught.value.text(language).splitlines() == told


def test_a_line_with_too_many_cells_and_an_empty_table_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("parcel,field,value\nP1,is_vacant,yes,no\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: 4 cells, but 3 headings"):
        read_corrections(path)
    path.write_text("parcel,field,value\n\n", encoding="utf-8")
    with pytest.raises(InputError, match="there is no correction in it"):
        read_corrections(path)


# ---- last time -------------------------------------------------------------------------------------------------------


def last_time(folder: Path, park: Park | None = None) -> None:
    written(park or lantian(), folder)
    result = evaluated(folder, name="last")
    write_layers(result, folder)


def changes(folder: Path, park: Park, rest: str = "") -> pd.DataFrame:
    written(park, folder)
    result = evaluated(folder, name="now", rest=f"previous: last.gpkg\n{rest}")
    assert result.changes is not None
    return result.changes.set_index(["parcel_id", "finding"])


def performance(park: Park, *rows: tuple[str, int, float]) -> pd.DataFrame:
    more = pd.DataFrame(rows, columns=["enterprise_id", "year", "output_amount"])
    return pd.concat([park.layers["performance"], more], ignore_index=True)


def test_nothing_changed_is_said(tmp_path: Path) -> None:
    last_time(tmp_path)
    assert changes(tmp_path, lantian()).empty
    result = run_scenario(tmp_path / "now.yaml", until="evaluate")
    assert "Since last time: no answer changed" in [m.text("en") for m in summary_lines(result)]


def test_a_changed_figure_is_the_cause_and_is_named(tmp_path: Path) -> None:
    last_time(tmp_path)
    park = lantian()
    months = park.parcels.assign(vacancy_months=[None, None, None, None, 6.0, None])
    table = changes(tmp_path, park.with_layers(parcels=months))
    row = table.loc[("P5", "vacant")]
    assert (row["verdict_before"], row["verdict_after"], row["causes"]) == ("yes", "no", "figures")
    assert row["why_en"] == "figures of the ledger changed: parcels P5 vacancy_months 30 -> 6"
    assert row["why_zh"] == "台账数据变化：parcels P5 vacancy_months：30 → 6"
    assert table.loc[("P5", "triage"), "verdict_before"] == "acquire"


def test_a_correction_is_the_cause_and_is_named(tmp_path: Path) -> None:
    last_time(tmp_path)
    (tmp_path / "fixed.csv").write_text(CHINESE, encoding="utf-8")
    table = changes(tmp_path, lantian(), "corrections: fixed.csv\n")
    assert set(table["causes"]) == {"correction"}
    assert table.loc[("P5", "vacant"), "why_en"] == (
        "corrected from the field: parcels P5 vacancy_months: 30 corrected to 6 "
        "(林工, 2026-03-01: 现场查看)"
    )


def test_a_correction_that_was_there_last_time_is_no_cause(tmp_path: Path) -> None:
    # 40 months by the ledger, 14 as corrected both times: 12 are asked last time, 24 now
    park = lantian()
    months = park.parcels.assign(vacancy_months=[None, None, None, None, 40.0, None])
    park = park.with_layers(parcels=months)
    words = CHINESE.splitlines()[:2]
    (tmp_path / "fixed.csv").write_text("\n".join(words).replace(",6,", ",14,"), encoding="utf-8")
    written(park, tmp_path)
    write_layers(evaluated(tmp_path, name="last", rest="corrections: fixed.csv\n"), tmp_path)
    assert changes(tmp_path, park, "corrections: fixed.csv\n").empty
    rest = "corrections: fixed.csv\nnumbers: {vacant.min_months: 24}\n"
    row = changes(tmp_path, park, rest).loc[("P5", "vacant")]
    assert (row["verdict_before"], row["verdict_after"], row["causes"]) == ("yes", "no", "rules")


def test_a_changed_number_of_the_rules_is_the_cause_and_is_named(tmp_path: Path) -> None:
    last_time(tmp_path)
    table = changes(tmp_path, lantian(), "numbers: {vacant.min_months: 36}\n")
    row = table.loc[("P5", "vacant")]
    assert (row["verdict_after"], row["causes"]) == ("no", "rules")
    assert row["why_en"] == "numbers of the rules changed: vacant.min_months 12 -> 36 months"
    assert row["why_zh"] == "规则数值变化：vacant.min_months：12 → 36 months"


def test_a_new_year_is_the_cause(tmp_path: Path) -> None:
    last_time(tmp_path)
    park = lantian()
    more = performance(
        park, ("good", 2026, 9e6), ("poor", 2026, 2e7), ("late", 2026, 4e6), ("lessor", 2026, 6e6)
    )
    row = changes(tmp_path, park.with_layers(performance=more)).loc[("P2", "below_mean")]
    assert (row["verdict_before"], row["verdict_after"], row["causes"]) == ("yes", "no", "new_year")
    assert row["why_en"] == "figures of new years: 2026"


def test_another_link_is_the_cause_and_is_named(tmp_path: Path) -> None:
    last_time(tmp_path)
    park = lantian()
    links = park.layers["occupancy"]
    alone = links[links["enterprise_id"] != "gym"].assign(land_share=1.0)
    row = changes(tmp_path, park.with_layers(occupancy=alone)).loc[("P4", "non_industrial_lease")]
    assert (row["verdict_before"], row["verdict_after"], row["causes"]) == ("yes", "no", "link")
    assert "no longer enterprise_id=gym parcel_id=P4" in row["why_en"]
    assert "不再有 enterprise_id=gym parcel_id=P4" in row["why_zh"]


def test_figures_of_others_that_move_the_mean_are_told_as_such(tmp_path: Path) -> None:
    last_time(tmp_path)
    park = lantian()
    table = park.layers["performance"]
    low = table.assign(
        output_amount=table["output_amount"].where(table["enterprise_id"] == "poor", 1e6)
    )
    row = changes(tmp_path, park.with_layers(performance=low)).loc[("P2", "below_mean")]
    assert row["causes"] == "figures"
    assert row["why_en"] == "changed figures of other parcels, by which the mean moved"
    assert row["why_zh"] == "其他地块的数据变化，使均值变动"


def test_parcels_and_tests_that_only_one_time_has_are_told(tmp_path: Path) -> None:
    park = lantian()
    last_time(tmp_path, park.with_layers(parcels=park.parcels.drop(index="P5")))
    rest = "rules: [seed-practice, findings-assumed]\n"
    written(park, tmp_path)
    path = scenario(tmp_path, name="now", rest="previous: last.gpkg\n")
    path.write_text(
        path.read_text(encoding="utf-8").replace("rules: [seed-practice]\n", rest), encoding="utf-8"
    )
    result = run_scenario(path, until="evaluate")
    assert result.changes is not None
    table = result.changes.set_index(["parcel_id", "finding"])
    assert table.loc[("P5", "vacant"), "causes"] == "new_parcel"
    assert table.loc[("P1", "low_coverage"), "why_en"] == "the test was not made last time"


def test_the_changes_are_in_the_workbook_in_words(tmp_path: Path) -> None:
    last_time(tmp_path)
    written(lantian(), tmp_path)
    rest = "previous: last.gpkg\nnumbers: {vacant.min_months: 36}\n"
    result = evaluated(tmp_path, name="now", rest=rest)
    path = write_findings(result, tmp_path)
    assert path is not None
    rows = openpyxl.load_workbook(path)["结论变化 verdict changes"].iter_rows(
        min_row=4, values_only=True
    )
    told = {(row[0], row[1]): row[2:5] for row in rows}
    assert told["P5", "土地空置 vacant"] == (
        "是 yes",
        "否 no",
        "规则数值变化 other numbers of the rules",
    )
    assert told["P5", "处置建议 Triage"][:2] == ("收储 acquire", "待核查 survey first")
    (line,) = [m.text("en") for m in summary_lines(result) if m.key == "summary.changes"]
    assert line == (
        "Since last time: 3 answers changed, on 1 parcels of 15.0 mu (other numbers of the rules 3)"
    )


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    written(lantian(), tmp_path)
    with pytest.raises(InputError) as caught:
        evaluated(tmp_path, rest="previous: town.gpkg\n")
    assert "last time's result in town.gpkg cannot be used:" in caught.value.text("en")
    assert "上次结果“town.gpkg”无法使用：" in caught.value.text("zh")


def test_a_scenario_names_both_and_both_may_be_overridden(tmp_path: Path) -> None:
    path = scenario(
        tmp_path,
        rest="corrections: a.csv\noverrides:\n  raw: {corrections: null, previous: b.gpkg}\n",
    )
    assert read_scenario(path).corrections == "a.csv"
    raw = read_scenario(path, overrides=["raw"])
    assert (raw.corrections, raw.previous) == (None, "b.gpkg")


def test_a_bool_is_told_as_yes_or_no_in_both_languages(tmp_path: Path) -> None:
    park = lantian()
    written(park.with_layers(parcels=park.parcels.assign(is_vacant=bools(*[False] * 6))), tmp_path)
    (tmp_path / "c.csv").write_text(
        "parcel,field,value,who,date,reason\nP1,is_vacant,是,Lin,2026-03-01,seen\n",
        encoding="utf-8",
    )
    result = evaluated(tmp_path, rest="corrections: c.csv\n")
    assert result.evaluation is not None
    told = explain_parcel(result.park, result.evaluation, "P1", rules=result.rules)
    assert "parcels P1 is_vacant: no corrected to yes (Lin, 2026-03-01: seen)" in told.text("en")
    assert "parcels P1 is_vacant：由 否 更正为 是（Lin，2026-03-01：seen）" in told.text("zh")
