"""Where real data is, and what every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command import Run, geoplan
from hypothesis import settings

#: A machine that does other work at the same time is no fault of the code; examples are the same in every run.
settings.register_profile("geoplan", deadline=None, derandomize=True)
settings.load_profile("geoplan")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data: the setting GEOPLAN_DATA, or ../shared/data beside the project."""
    folder = Path(os.environ.get("GEOPLAN_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real data: {folder} is absent (set GEOPLAN_DATA)")
    return folder


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """``geoplan demo`` in an empty folder whose name has a space and Chinese in it."""
    return geoplan("demo", "--lang", "en", folder=tmp_path_factory.mktemp("会议 folder"))
