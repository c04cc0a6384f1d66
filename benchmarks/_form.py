"""The form of every benchmark: the same three options in, the same rows out.

A benchmark is ``python -m benchmarks.<name> [--data DIR] [--quick] [--json FILE]``. It makes :class:`Row` objects and
hands them to :func:`report`, which prints what ran where and a table, and writes the rows as JSON.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["TIMED_OUT", "Options", "Row", "data_folder", "parse", "report"]

ROOT = Path(__file__).resolve().parents[1]
#: Metric of a run that was stopped; its value is the limit in seconds.
TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement.

    Attributes
    ----------
    case
        What was solved or read: a data set, an instance, a stage.
    side
        ``geoplan``, a peer's name or ``published``.
    metric
        ``seconds``, ``peak_mb``, ``objective``, ``bound``, ``score``, ... or ``timed_out``.
    value, unit
        The number and its unit.
    """

    case: str
    side: str
    metric: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked on the command line."""

    data: Path
    quick: bool
    json: Path | None


def parse(description: str, arguments: Sequence[str] | None = None) -> Options:
    """Read the three options that every benchmark takes."""
    default = Path(os.environ.get("GEOPLAN_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--data",
        type=Path,
        default=default,
        metavar="DIR",
        help="folder of real data, or the one data set in it (default: GEOPLAN_DATA or ../shared/data)",
    )
    parser.add_argument("--quick", action="store_true", help="small cases only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
    asked = parser.parse_args(arguments)
    return Options(data=asked.data, quick=asked.quick, json=asked.json)


def data_folder(data: Path, leaf: str) -> Path | None:
    """One data set under the root, or ``data`` itself if it is that data set; ``None`` if it is absent."""
    below = data / leaf
    if below.is_dir():
        return below
    own = data.resolve()
    wanted = Path(leaf).parts
    return own if own.is_dir() and own.parts[-len(wanted) :] == wanted else None


def report(
    rows: Sequence[Row],
    *,
    options: Options,
    packages: Sequence[str] = (),
    time_limit_s: float | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Print what ran where and the rows as a table; write them as JSON if asked.

    Parameters
    ----------
    packages
        Distributions whose versions matter, peers among them.
    time_limit_s
        The longest a run was allowed to take.
    notes
        Cases left out, and why.
    """
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):  # a cp936 or ASCII console never raises
        out.reconfigure(errors="replace")
    for line in (*_surroundings(packages, time_limit_s), "", *_table(rows), *notes):
        out.write(f"{line}\n")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")


def _surroundings(packages: Sequence[str], time_limit_s: float | None) -> list[str]:
    threads = os.environ.get("OMP_NUM_THREADS", "not limited")
    names = ("geoplan", *(name for name in packages if name != "geoplan"))
    where = f"python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores"
    lines = [
        f"{where}; threads (OMP_NUM_THREADS): {threads}",
        "versions: " + ", ".join(f"{name} {_version(name)}" for name in names),
    ]
    if time_limit_s is not None:
        lines.append(f"time limit: {time_limit_s:g} s a run")
    return lines


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _table(rows: Sequence[Row]) -> list[str]:
    head = ("case", "side", "metric", "value", "unit")
    cells = [head, *((r.case, r.side, r.metric, f"{r.value:,.6g}", r.unit) for r in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return [_aligned(row, widths) for row in cells]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    case, side, metric, value, unit = (
        cell.rjust(width) if column == 3 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return f"{case}  {side}  {metric}  {value}  {unit}".rstrip()
