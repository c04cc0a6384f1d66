"""Files on the disk: where they are, whether they are whole, what they hash to."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyproj
from pyproj.exceptions import CRSError

from geoplan.errors import InputError
from geoplan.model.telling import listed, nearest, shown
from geoplan.words import Message, say

__all__ = ["checksums", "find_file", "whole_file"]

_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_SQLITE = b"SQLite format 3\x00"


def find_file(name: str, folders: Sequence[Path]) -> Path:
    """Find a file by a path relative to one of several folders, the first that has it.

    Raises
    ------
    InputError
        None has it; the nearest name beside it is told.
    """
    path = Path(name)
    places = [path] if path.is_absolute() else [folder / path for folder in folders]
    for place in places:
        if place.exists():
            return place
    beside = [
        item.name for place in places if place.parent.is_dir() for item in place.parent.iterdir()
    ]
    own = path.name if path.is_absolute() else name
    near = nearest(path.name, sorted(set(beside)))
    looked = "; ".join(place.parent.as_posix() for place in places)
    raise InputError([say("read.no_file", name=shown(own), folders=looked, near=near)])


def whole_file(path: Path) -> Path:
    """Refuse what cannot be read before a driver trips over it: folders, empty files, files that end too early.

    Raises
    ------
    InputError
        What is wrong with it, and what to do.
    """
    problem = _problem_of_folder(path) if path.is_dir() else _problem_of_file(path)
    if problem is not None:
        raise InputError([problem])
    return path


def _problem_of_folder(path: Path) -> Message | None:
    if path.suffix.lower() == ".gdb":
        return None
    names = listed(sorted(item.name for item in path.iterdir()))
    return say("read.is_folder", name=path.name, names=names)


def _problem_of_file(path: Path) -> Message | None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        return say("read.unreadable", name=path.name, reason=error.strerror or "-")
    if not head:
        return say("read.empty_file", name=path.name)
    if path.suffix.lower() == ".shp":
        return _problem_of_shapefile(path, head)
    if head.startswith(_SQLITE):
        return _problem_of_sqlite(path, head)
    return None


def _problem_of_shapefile(path: Path, head: bytes) -> Message | None:
    missing = [suffix for suffix in (".shx", ".dbf") if _part(path, suffix) is None]
    table = _part(path, ".dbf")
    if missing or table is None:
        return say("read.shapefile_parts", name=path.name, missing=", ".join(missing))
    if len(head) < 100 or head[:4] != b"\x00\x00\x27\x0a":  # noqa: PLR2004  (length and mark of the head)
        return say("read.not_this_format", name=path.name)
    promised = struct.unpack(">i", head[24:28])[0] * 2
    if path.stat().st_size < promised:
        return _truncated(path, promised)
    raw = table.read_bytes()[:12]
    if len(raw) < 12:  # noqa: PLR2004  (the counts in the head)
        return say("read.empty_file", name=table.name)
    count, head_size, row_size = struct.unpack("<IHH", raw[4:12])
    if table.stat().st_size < head_size + count * row_size:
        return _truncated(table, head_size + count * row_size)
    return _problem_of_prj(path)


def _problem_of_prj(path: Path) -> Message | None:
    file = _part(path, ".prj")
    try:
        if file is not None:
            pyproj.CRS.from_wkt(file.read_text(encoding="utf-8", errors="replace"))
    except CRSError:
        return say("read.broken_prj", name=file.name if file else "")
    return None


def _problem_of_sqlite(path: Path, head: bytes) -> Message | None:
    page_size = struct.unpack(">H", head[16:18])[0]
    promised = (65536 if page_size == 1 else page_size) * struct.unpack(">I", head[28:32])[0]
    return _truncated(path, promised) if path.stat().st_size < promised else None


def _truncated(path: Path, promised: int) -> Message:
    return say("read.truncated", name=path.name, size=path.stat().st_size, promised=promised)


def _part(path: Path, suffix: str) -> Path | None:
    for end in (suffix, suffix.upper()):
        if path.with_suffix(end).is_file():
            return path.with_suffix(end)
    return None


def checksums(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """SHA-256 of a file, of all parts of a Shapefile, or of all files of a folder, by name."""
    if path.is_dir():
        parts = sorted(item for item in path.rglob("*") if item.is_file())
    elif path.suffix.lower() == ".shp":
        parts = [part for suffix in _SHAPEFILE_PARTS if (part := _part(path, suffix)) is not None]
    else:
        parts = [path]
    folder = Path(name).parent
    for part in parts:
        with part.open("rb") as file:
            own = part.relative_to(path.parent)
            yield (folder / own).as_posix(), hashlib.file_digest(file, "sha256").hexdigest()
