"""The command line, run as a planner runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One run of the command line."""

    folder: Path
    out: str
    error: str
    code: int
    seconds: float


def geoplan(*arguments: str, folder: Path, **environment: str) -> Run:
    """Run the command line in a folder, as a planner does."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "geoplan", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        check=False,
        timeout=120,
    )
    encoding = environment.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
    return Run(
        folder=folder,
        out=done.stdout.decode(encoding),
        error=done.stderr.decode(encoding),
        code=done.returncode,
        seconds=time.perf_counter() - start,
    )
