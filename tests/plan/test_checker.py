"""The checker that shares no code with the plan: it agrees with a good file and finds every tampered one."""

from __future__ import annotations

import ast
import datetime as dt
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import plan_checker
import pytest
from planned_towns import RULES, evaluated, everything, lake, park_of, trunk_in_the_west
from towns import block_of

from geoplan.io import write_geopackage
from geoplan.plan import AreaTarget, Separation, ShareTarget, plan_land_use


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan of a chessboard of twelve with every kind of rule, as a file."""
    town = block_of(4, 3)
    town.index = town.index.where(town.index != "P6", 'P 6 "quoted"').rename("parcel_id")
    free = tuple(p for p in town.index if p not in {"P4", "P12"})
    asked = everything(
        town,
        candidates=everything(town).candidates.__class__(parcel_ids=free),
        area_targets=(
            AreaTarget(name="homes and more", products=("homes", "reserve"), lower_m2=3e4,
                       upper_m2=8e4, source="test"),
            ShareTarget(name="works", products=("works",), lower_share=0.2, source="test"),
        ),
        separations=(Separation(grade="M2"),),
        locks={"P1": "reserve"},
    )  # fmt: skip
    park = park_of(town, water=lake(), roads=trunk_in_the_west())
    plan = plan_land_use(park, evaluated(town), programme=asked, rules=RULES)
    path = tmp_path_factory.mktemp("plan") / "plan.gpkg"
    layers = {
        "plan": plan.parcels, "suitability": plan.suitability, "plan_rules": plan.rules
    }  # fmt: skip
    write_geopackage(path, layers=layers, provenance={}, date=dt.date(2026, 1, 1), crs=park.crs)
    return path


def test_a_plan_as_written_holds(written: Path) -> None:
    told: list[str] = []
    assert plan_checker.check(written, told.append) == []
    assert told[-1] == "6 rules, 10 candidates, 0 differences"


@pytest.mark.parametrize(
    "change",
    [
        "update plan_rules set value = value * 1.00001 where rule = 'objective'",
        "update plan_rules set upper = value * 0.999 where rule = 'objective'",
        "update plan_rules set value = value + 1 where kind = 'area'",
        "update plan_rules set upper = 10000 where kind = 'area'",
        "update plan_rules set lower = 0.9 where kind = 'share_of_area'",
        "update plan_rules set products = 'homes' where kind = 'lock'",
        "update plan_rules set lower = 9999 where kind = 'separation'",
        "update plan_rules set parcel_ids = '[]' where kind = 'candidates'",
        "update plan_rules set is_kept = 0 where kind = 'share_of_area'",
        "update suitability set score = score * 0.5",
        "update suitability set is_allowed = 0",
        "delete from suitability where rowid = 1",
        "update plan set suitability_score = 0.123 where parcel_id = 'P2'",
        "update plan set planned_use = '1401' where is_candidate = 0",
        "update plan set product = 'works', planned_use = '100102' where parcel_id = 'P1'",
        "update plan set runner_up_price_m2 = runner_up_price_m2 - 1",
        "update plan set is_candidate = 1, product = 'homes' where parcel_id = 'P4'",
    ],
)
def test_a_tampered_file_fails(written: Path, tmp_path: Path, change: str) -> None:
    path = tmp_path / "tampered.gpkg"
    shutil.copy(written, path)
    with sqlite3.connect(path) as file:
        for (name,) in file.execute(
            "select name from sqlite_master where type = 'trigger'"
        ).fetchall():
            file.execute(f'drop trigger "{name}"')
        assert file.execute(change).rowcount > 0
    file.close()
    assert plan_checker.check(path, lambda _: None)


def test_from_the_command_line_the_exit_code_tells(written: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gpkg"
    shutil.copy(written, broken)
    with sqlite3.connect(broken) as file:
        file.execute("update plan_rules set value = 1 where rule = 'objective'")
    file.close()
    codes = [
        subprocess.run(
            [sys.executable, plan_checker.__file__, str(path)], capture_output=True, check=False
        ).returncode
        for path in (written, broken)
    ]
    assert codes == [0, 1]


def test_it_imports_nothing_of_geoplan() -> None:
    tree = ast.parse(Path(plan_checker.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported.isdisjoint({"geoplan", "towns", "planned_towns"})
