"""What must hold of the project as a whole."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "geoplan"
VENDORED = PACKAGE / "render" / "assets" / "vendor"
MOST_BYTES = 3_000_000
LEAST_BYTES_OF_A_LICENCE = 500
#: A path that exists on one machine only: a home, a drive letter, a mounted work folder.
MACHINE_PATH = re.compile(r"(?<![\w./-])(/(home|Users|root|work|mnt|opt)/[\w.-]+|[A-Z]:\\\\?\w+\\)")


def project_files() -> list[Path]:
    """Files of the project, as git has them; without git, all that are not hidden or built."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return sorted({ROOT / name for name in names if (ROOT / name).is_file()})
    built = {"build", "dist", "maps"}
    return sorted(
        path for path in ROOT.rglob("*")
        if path.is_file() and not built & set(path.relative_to(ROOT).parts)
        and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    )  # fmt: skip


def text_of(path: Path) -> str:
    raw = path.read_bytes()
    return "" if b"\0" in raw[:8192] else raw.decode("utf-8")


def test_no_path_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in project_files()
        if VENDORED not in path.parents and path != Path(__file__)
        for match in MACHINE_PATH.finditer(text_of(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('open("/home/ann/park.gpkg")', 1),
        ("see /home/ann/main", 1),
        (r"C:\Users\ann", 1),
        ("../shared/data", 0),
        ("https://example.org/home/ann", 0),
        ("/usr/bin/chromium", 0),
    ],
)
def test_the_check_of_paths_can_fail(text: str, count: int) -> None:
    assert len(MACHINE_PATH.findall(text)) == count


def test_no_file_is_large() -> None:
    large = [
        str(path.relative_to(ROOT)) for path in project_files() if path.stat().st_size > MOST_BYTES
    ]
    assert large == []


def test_text_is_utf8_and_ends_with_a_new_line() -> None:
    texts = {path: text_of(path) for path in project_files() if VENDORED not in path.parents}
    assert [path.name for path, text in texts.items() if text and not text.endswith("\n")] == []


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_everything_vendored_has_its_licence_and_is_as_it_was() -> None:
    folders = sorted(path for path in VENDORED.iterdir() if path.is_dir())
    assert folders
    for folder in folders:
        licences = list(folder.rglob("LICEN[CS]E*"))
        assert licences, f"{folder.name} has no licence"
        assert all(path.stat().st_size > LEAST_BYTES_OF_A_LICENCE for path in licences)
    sums = dict(
        reversed(line.split(maxsplit=1))
        for line in (VENDORED / "CHECKSUMS").read_text().splitlines()
    )
    held = {
        path.relative_to(VENDORED).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip
    assert held == sums


def public_functions() -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Functions and classes that a module names in ``__all__`` and defines."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        listed: set[str] = set()
        for node in tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                listed = set(ast.literal_eval(node.value))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in listed:
                yield f"{path.relative_to(PACKAGE)}:{node.name}", node


def test_every_public_name_is_documented() -> None:
    assert [place for place, node in public_functions() if not ast.get_docstring(node)] == []


def test_every_function_of_the_face_shows_an_example() -> None:
    import geoplan  # noqa: PLC0415  (the face is what is tested)

    functions = {name: getattr(geoplan, name) for name in geoplan.__all__}
    silent = [
        name for name, item in functions.items()
        if callable(item) and not isinstance(item, type) and ">>>" not in (item.__doc__ or "")
    ]  # fmt: skip
    assert sorted(set(silent) - NEEDS_A_FILE) == []


#: Functions that need a file, or a whole park, to show anything: README and notebooks show them.
NEEDS_A_FILE = {
    "check_park", "draw_page", "make_sample_park", "measure_plan", "plan_land_use", "read_park", "read_scenario",
    "read_source", "route_greenway", "run_scenario", "save_offline", "save_page", "site_centres", "summary_lines", "write_geopackage",
    "write_land_balance", "write_result", "write_sample", "evaluate_park", "land_balance", "indicator_table",
}  # fmt: skip


def test_every_module_names_its_public_part() -> None:
    silent = [
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.name.startswith("_") and "__all__" not in path.read_text(encoding="utf-8")
    ]
    assert silent == []
