"""The comparison with pandas, polars and DuckDB: whose answers are compared, and how."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geoplan.evaluate import evaluate_park
from geoplan.model.rulepack import load_rules


@pytest.fixture(scope="module")
def bench(project_root: Path) -> Any:
    sys.path.insert(0, str(project_root))
    try:
        from benchmarks import evaluate  # noqa: PLC0415  (the folder is no installed package)
    finally:
        sys.path.remove(str(project_root))
    return evaluate


@pytest.fixture(scope="module")
def table(bench: Any) -> pd.DataFrame:
    return bench.ledger(300)


def answer(bench: Any, side: str, table: pd.DataFrame, folder: Path) -> Any:
    file = folder / "ledger.parquet"
    table.to_parquet(file)
    chosen = bench.SIDES[side]
    return chosen.tell(chosen.ask(chosen.load(file)))


def by_hand(table: pd.DataFrame, name: str) -> dict[str, list[int]]:
    """Runs of one measure, parcel by parcel and year by year."""
    known = table[table[name].notna()]
    sums = known.groupby(["zone", "year"])[[name, "area_m2"]].sum()
    told: dict[str, list[int]] = {"current": [], "longest": [], "flag": []}
    for _, years in table.groupby("parcel"):
        current = longest = reach = 0
        for year in years.itertuples():
            mean = sums.loc[(year.zone, year.year)]
            own = getattr(year, name) / year.area_m2
            if np.isnan(own):
                reach += 1
            elif mean[name] / mean["area_m2"] - own > 0:
                current, reach = current + 1, reach + 1
            else:
                current = reach = 0
            longest = max(longest, current)
        told["current"].append(current)
        told["longest"].append(longest)
        told["flag"].append(1 if current >= 3 else -1 if reach >= 3 else 0)
    return told


@pytest.mark.parametrize(
    "side", ["geoplan", "geoplan, 16 partitions", "pandas", "polars", "duckdb"]
)
def test_each_side_gives_the_answer_by_hand(
    bench: Any, table: pd.DataFrame, tmp_path: Path, side: str
) -> None:
    if side in ("polars", "duckdb"):
        pytest.importorskip(side)
    told = answer(bench, side, table, tmp_path)
    for place, name in enumerate(
        ("output_amount", "revenue_amount", "value_added_amount", "tax_amount")
    ):
        for what, values in by_hand(table, name).items():
            assert told[what][:, place].tolist() == values, (name, what)


def test_partitions_give_the_whole_to_the_last_bit(
    bench: Any, table: pd.DataFrame, tmp_path: Path
) -> None:
    whole = answer(bench, "geoplan", table, tmp_path)
    split = answer(bench, "geoplan, 16 partitions", table, tmp_path)
    assert bench.difference(whole, split, rounding=0) == ""
    assert whole["mean"].tobytes() == split["mean"].tobytes()


def test_an_answer_that_differs_is_told(bench: Any) -> None:
    one = {"mean": np.array([1.0, 2.0]), "flag": np.array([1, 0, -1])}
    assert bench.difference(one, {**one, "flag": np.array([1, 1, -1])}, rounding=1) == (
        "flag in 1 of 3 places"
    )
    near = {**one, "mean": np.array([1.0, 2.0 + 1e-13])}
    assert bench.difference(one, near, rounding=1e-12) == ""
    assert bench.difference(one, near, rounding=0) == "mean in 1 of 2 places"


def test_the_park_of_the_ledger_is_judged_as_the_ledger(
    bench: Any, table: pd.DataFrame, tmp_path: Path
) -> None:
    park = bench.park_of(table)
    told = evaluate_park(park, rules=load_rules(["seed-practice"]), average_over="zone")
    words = {1: "yes", 0: "no", -1: "unknown"}
    flags = answer(bench, "geoplan", table, tmp_path)["flag"][:, 0]
    assert told.parcels["below_mean"].tolist() == [words[int(flag)] for flag in flags]


def test_a_child_tells_its_own_memory_and_not_that_of_its_parent(project_root: Path) -> None:
    held = np.ones(40_000_000)  # 320 MB
    code = "from benchmarks.stages import peak_mb; print(peak_mb())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < held.nbytes / 1e6
