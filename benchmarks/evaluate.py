"""Averages, runs and flags of four measures over five years: the same answer from geoplan, pandas, polars and DuckDB.

Each side runs in a process of its own and answers from a table it already holds; ``seconds`` (on the clock) and
``cpu_seconds`` (of all cores) are those of the quickest of three runs, ``peak_mb`` the most memory of the process,
``table_mb`` what it held before it was asked. Answers that differ end the run. ``geoplan, 16 partitions`` sums up each
partition by itself, merges, and judges each by itself: its answer must be that of the whole to the last bit. Then
``evaluate_park``, with every reason in two languages, on parks of one firm a parcel (a million of them once only).
``--quick`` takes 10,000 parcels.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._evaluate_sides import SIDES, YEARS, Answer, ledger
from benchmarks._form import ROOT, Row, parse, report
from benchmarks.stages import peak_mb

RUNS = 3
SMALL, LARGE = 10_000, 1_000_000
#: How much of a mean the sums of floats may miss.
ROUNDING = 1e-12
UNITS = {"seconds": "s", "cpu_seconds": "s", "peak_mb": "MB", "table_mb": "MB"}


def main() -> None:
    options = parse(__doc__ or "")
    rows = []
    for count in (SMALL,) if options.quick else (SMALL, LARGE):
        rows += _side_by_side(count)
        case = f"{count:,} parcels, evaluate_park"
        rows += _rows(case, "geoplan", _in_own_process("measure_park", str(count)))
    packages = ("numpy", "pandas", "polars", "duckdb")
    report(rows, options=options, packages=packages)


def _side_by_side(count: int) -> list[Row]:
    case = f"{count:,} parcels"
    rows, answers, seconds = [], {}, {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.parquet"
        ledger(count).to_parquet(file)
        for side in SIDES:
            told = Path(folder) / f"{side}.npz"
            measured = _in_own_process("measure_side", side, str(file), str(told))
            seconds[side] = measured["seconds"]
            rows += _rows(case, side, measured)
            with np.load(told) as arrays:
                answers[side] = dict(arrays)
    for side, answer in answers.items():
        is_ours = side.startswith("geoplan")
        if problem := difference(answers["geoplan"], answer, rounding=0 if is_ours else ROUNDING):
            sys.exit(f"{case}: {side} answers otherwise: {problem}")
    return rows + [
        Row(
            case=case, side=side, metric="ratio", value=value / seconds["geoplan"], unit="x geoplan"
        )
        for side, value in seconds.items()
        if side != "geoplan"
    ]


def difference(one: Answer, other: Answer, *, rounding: float) -> str:
    """The first part in which two answers differ, means by more than a share; empty if there is none."""
    for name in one:
        is_same = one[name] == other[name]
        if name == "mean":
            is_same |= np.abs(one[name] - other[name]) <= rounding * np.abs(one[name])
        if not is_same.all():
            return f"{name} in {np.count_nonzero(~is_same)} of {is_same.size} places"
    return ""


def _rows(case: str, side: str, measured: dict[str, float]) -> list[Row]:
    return [
        Row(case=case, side=side, metric=metric, value=value, unit=UNITS[metric])
        for metric, value in measured.items()
    ]


def _in_own_process(what: str, *arguments: str) -> dict[str, float]:
    code = f"import sys; from benchmarks.evaluate import {what}; {what}(*sys.argv[1:])"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def measure_side(name: str, file: str, told: str) -> None:
    """Ask one side, keep its answer and print what it took, as JSON; called in a process of its own."""
    side = SIDES[name]
    held = side.load(Path(file))
    table_mb = peak_mb()
    answer, measured = _timed(lambda: side.ask(held), RUNS)
    sys.stdout.write(json.dumps(measured | {"table_mb": table_mb, "peak_mb": peak_mb()}))
    np.savez(told, **side.tell(answer))


def measure_park(count: str) -> None:
    """Evaluate a whole park and print what it took, as JSON; called in a process of its own."""
    from geoplan.evaluate import evaluate_park  # noqa: PLC0415
    from geoplan.model.rulepack import load_rules  # noqa: PLC0415

    park, rules = park_of(ledger(int(count))), load_rules(["seed-practice"])
    table_mb = peak_mb()
    runs = RUNS if len(park.parcels) <= SMALL else 1
    _, measured = _timed(lambda: evaluate_park(park, rules=rules, average_over="zone"), runs)
    sys.stdout.write(json.dumps(measured | {"table_mb": table_mb, "peak_mb": peak_mb()}))


def _timed(ask: Callable[[], Any], runs: int) -> tuple[Any, dict[str, float]]:
    taken = []
    answer = None
    for _ in range(runs):
        del answer
        begin, begin_cpu = time.perf_counter(), time.process_time()
        answer = ask()
        taken.append((time.perf_counter() - begin, time.process_time() - begin_cpu))
    seconds, cpu = min(taken)
    return answer, {"seconds": seconds, "cpu_seconds": cpu}


def park_of(table: pd.DataFrame) -> Any:
    """The ledger as a park: square parcels side by side, each with one firm that reports each year."""
    import geopandas as gpd  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    from geoplan.model.park import Park  # noqa: PLC0415

    land = table.iloc[::YEARS]
    count = len(land)
    side = np.sqrt(land["area_m2"].to_numpy())
    column, row = np.divmod(np.arange(count), 1000)
    west, south = column * 2000.0, row * 2000.0
    ids = pd.Index([f"P{number}" for number in range(count)], name="parcel_id", dtype="str")
    firms = pd.Index([f"E{number}" for number in range(count)], name="enterprise_id", dtype="str")
    zone = "zone " + pd.Series(land["zone"].astype("str").to_numpy(), index=ids)
    parcels = gpd.GeoDataFrame(
        {"use": pd.Series("1001", index=ids, dtype="str"), "zone": zone},
        geometry=shapely.box(west, south, west + side, south + side),
        crs=4548,
    )
    enterprises = pd.DataFrame(
        {
            "name": firms.to_series(),
            "operating_status": pd.Series("normal", index=firms, dtype="str"),
            "is_industrial_use": pd.Series(True, index=firms, dtype="boolean"),
        }
    )
    occupancy = pd.DataFrame(
        {
            "enterprise_id": firms,
            "parcel_id": ids,
            "role": pd.Series("owner", index=range(count), dtype="str"),
        }
    )
    performance = table[["year", "output_amount"]].assign(enterprise_id=np.repeat(firms, YEARS))
    layers = {
        "parcels": parcels, "enterprises": enterprises, "occupancy": occupancy, "performance": performance,
    }  # fmt: skip
    return Park(name={"en": "Ledger"}, layers=layers, currency="CNY")


if __name__ == "__main__":
    main()
