"""Time and peak memory of each stage, on the sample park and on New York's industrial zones.

Every stage runs in a process of its own, which first runs all stages before it: ``seconds`` is the stage alone,
``peak_mb`` the most memory that a run up to this stage needs. ``--quick`` takes four stages of the sample.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks._form import ROOT, TIMED_OUT, Row, data_folder, parse, report

TIME_LIMIT_S = 120
RUN = ("read", "check", "evaluate", "plan", "centres", "greenway", "measure")
WRITE = ("page", "layers", "balance")
QUICK = ("read", "evaluate", "plan", "page")
SAMPLE = ROOT / "geoplan" / "data" / "scenarios" / "xinshe.yaml"
NEW_YORK = ROOT / "scenarios" / "nyc_ibz.yaml"


def main() -> None:
    options = parse(__doc__ or "")
    cases = {"sample": (SAMPLE, options.data)}
    notes = []
    new_york = data_folder(options.data, "nyc_ibz")
    if options.quick:
        notes.append("New York is left out: --quick")
    elif new_york is None:
        notes.append(f"New York is left out: no nyc_ibz in {options.data}")
    else:
        cases["nyc_ibz"] = (NEW_YORK, new_york.parent)
    rows = [
        row
        for name, (scenario, data) in cases.items()
        for stage in (QUICK if options.quick else (*RUN, *WRITE))
        for row in _rows(name, stage, scenario, data)
    ]
    if not options.quick:
        rows += [_whole(name, rows) for name in cases]
    packages = ("geopandas", "shapely", "pyogrio", "highspy", "folium")
    report(rows, options=options, packages=packages, time_limit_s=TIME_LIMIT_S, notes=notes)
    if any(row.metric == TIMED_OUT for row in rows):
        sys.exit(1)


def _rows(case: str, stage: str, scenario: Path, data: Path) -> Iterator[Row]:
    code = "import sys; from benchmarks.stages import measure; measure(*sys.argv[1:])"
    command = [sys.executable, "-c", code, stage, str(scenario), str(data)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, timeout=TIME_LIMIT_S, check=True
        )
    except subprocess.TimeoutExpired:
        yield Row(
            case=f"{case} {stage}", side="geoplan", metric=TIMED_OUT, value=TIME_LIMIT_S, unit="s"
        )
        return
    units = {"seconds": "s", "peak_mb": "MB", "file_mb": "MB"}
    for metric, value in json.loads(done.stdout).items():
        yield Row(
            case=f"{case} {stage}", side="geoplan", metric=metric, value=value, unit=units[metric]
        )


def _whole(case: str, rows: list[Row]) -> Row:
    seconds = sum(
        row.value for row in rows if row.metric == "seconds" and row.case.split()[0] == case
    )
    return Row(case=f"{case} all", side="geoplan", metric="seconds", value=seconds, unit="s")


def measure(stage: str, scenario: str, data: str) -> None:
    """Run up to one stage and print what it took, as JSON; called in a process of its own."""
    from geoplan.scenario.outputs import write_balance, write_layers, write_page  # noqa: PLC0415
    from geoplan.scenario.run import run_scenario  # noqa: PLC0415

    begun = {}
    until = stage if stage in RUN else RUN[-1]
    result = run_scenario(
        scenario,
        data_root=data,
        until=until,
        progress=lambda _what, _step, _count: begun.update(last=time.perf_counter()),
    )
    found = {"seconds": time.perf_counter() - begun["last"]}
    if stage in WRITE:
        write = {"page": write_page, "layers": write_layers, "balance": write_balance}[stage]
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            file = write(result, Path(folder))
            found = {"seconds": time.perf_counter() - begin, "file_mb": file.stat().st_size / 1e6}
    sys.stdout.write(json.dumps(found | {"peak_mb": peak_mb()}))


def peak_mb() -> float:
    """The most memory that this process has held [MB]."""
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        import psutil  # noqa: PLC0415

        return float(psutil.Process().memory_info().peak_wset) / 1e6
    status = Path("/proc/self/status")
    if status.exists():  # the other count goes on from that of the process that started this one
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
        if peak is not None:
            return int(peak[1]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


if __name__ == "__main__":
    main()
