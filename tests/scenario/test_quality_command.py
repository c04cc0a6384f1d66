"""``geoplan quality``: the report on the ledger as a planner gets it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from command import geoplan

from geoplan.io import read_layer

SCENARIO = """name: town
date: 2026-05-01
park: sample
corrections: fixed.csv
rules: [seed-practice]
"""


def test_the_command_reports_the_ledger_alike_each_time(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "fixed.csv").write_text(
        "图层,编号,年份,字段,更正值,更正人,日期,理由\n年度绩效,E021,2025,税收,9e9,林工,2026-03-01,误填\n",
        encoding="utf-8",
    )
    run = geoplan("quality", "town.yaml", "--lang", "en", "--out", "a", folder=tmp_path)
    assert run.code == 0, run.error
    assert "Ledger: what is not known decides" in run.out
    assert "figures that can hardly be right: 1; to be asked in the field:" in run.out
    assert "Rules: quality-assumed, seed-practice;" in run.out
    outliers = read_layer(tmp_path / "a" / "town.gpkg", "ledger_outliers")
    assert outliers[["test", "row_id"]].to_numpy().tolist() == [["unit_own_years", "E021/2025"]]
    checks = read_layer(tmp_path / "a" / "town.gpkg", "field_checks")
    assert checks["rank"].tolist() == list(range(1, len(checks) + 1))
    book = openpyxl.load_workbook(tmp_path / "a" / "town-findings.xlsx")
    assert book.sheetnames[1:6] == [
        "核查清单 field checks",
        "台账缺项 ledger gaps",
        "台账异常 ledger outliers",
        "更正记录 corrections",
        "企业帮扶 Firms and their help",
    ]
    again = geoplan("quality", "town.yaml", "--lang", "zh", "--out", "b", folder=tmp_path)
    assert "台账质量：缺失数据决定" in again.out
    for name in ("town.gpkg", "town-findings.xlsx"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_wrong_corrections_end_the_command_and_the_check_lists_them(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "fixed.csv").write_text(
        "parcel,field,value,who,date,reason\nXS-1,is_vacant,yes,Lin,2026-03-01,seen\n",
        encoding="utf-8",
    )
    run = geoplan("evaluate", "town.yaml", "--lang", "en", folder=tmp_path)
    assert run.code == 3
    assert "the corrections in fixed.csv cannot be used:" in run.error
    assert "line 2: there is no row XS-1 that can be corrected" in run.error
    assert not (tmp_path / "maps").exists()
    check = geoplan("check", "town.yaml", "--lang", "zh", folder=tmp_path)
    assert check.code == 1
    assert "XS-1" in check.out
