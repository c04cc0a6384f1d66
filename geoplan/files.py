"""Files are written beside their place and moved there when they are whole."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoplan.errors import InputError
from geoplan.words import Message, say

__all__ = ["atomic_path", "cannot_write"]


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; when the block ends well, that file takes the place of ``path`` at once.

    If the block fails or is interrupted, the old file stays as it was and nothing else is left. A missing folder is
    made.

    Raises
    ------
    InputError
        The target is a folder or write-protected, or the disk or another program refuses.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> with atomic_path(folder / "new" / "a.txt") as draft:
    ...     _ = draft.write_text("whole")
    >>> (folder / "new" / "a.txt").read_text()
    'whole'
    """
    target = Path(os.path.realpath(path))
    _check_target(target, path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=".geoplan-", dir=target.parent, ignore_cleanup_errors=True
        ) as folder:
            draft = Path(folder) / target.name
            yield draft
            _flush(draft)
            draft.replace(target)
    except OSError as error:
        raise cannot_write(path, say("write.failed", reason=_reason(error))) from error


def cannot_write(path: str | Path, *problems: Message) -> InputError:
    """Make the error that tells why a file cannot be written."""
    return InputError(problems, headline=say("write.headline", path=str(path)))


def _check_target(target: Path, path: str | Path) -> None:
    if target.is_dir():
        raise cannot_write(path, say("write.is_folder"))
    if target.exists() and not target.stat().st_mode & stat.S_IWUSR:
        raise cannot_write(path, say("write.read_only"))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _flush(file: Path) -> None:
    """Have the disk take the file, so that a power cut after the move does not leave an empty one."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
