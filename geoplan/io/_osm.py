"""OpenStreetMap extracts: tags as columns, whether the file is text, packed or binary."""

from __future__ import annotations

import bz2
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from geoplan.errors import InputError
from geoplan.words import say

__all__ = ["TAGS", "unpacked", "with_tags"]

#: Column of the tags that are no column of their own, as ``"key"=>"value","key"=>"value"``.
TAGS = "other_tags"
_PACKED = ".bz2"
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or a packed one as a temporary file that goes when it has been read.

    Raises
    ------
    InputError
        The packed file is cut off or broken.
    """
    if path.suffix.lower() != _PACKED:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.stem
        try:
            with bz2.open(path) as packed, plain.open("wb") as out:
                while block := packed.read(1 << 20):
                    out.write(block)
        except (OSError, EOFError, ValueError) as error:
            raise InputError([say("read.unreadable", name=path.name, reason=str(error))]) from error
        yield plain


def with_tags(frame: pd.DataFrame, wanted: Iterable[str]) -> pd.DataFrame:
    """Give each wanted tag that is no column yet a column of its own; a row without the tag is unknown.

    Examples
    --------
    >>> ways = pd.DataFrame({"other_tags": ['"bridge"=>"yes","layer"=>"1"', None]})
    >>> with_tags(ways, ["bridge"])["bridge"].tolist()
    ['yes', nan]
    """
    missing = [name for name in dict.fromkeys(wanted) if name not in frame]
    if TAGS not in frame or not missing:
        return frame
    tags = [{} if pd.isna(cell) else dict(_TAG.findall(str(cell))) for cell in frame[TAGS].tolist()]
    columns = {
        name: pd.Series(
            [
                None if (cell := row.get(name)) is None else _ESCAPED.sub(r"\1", cell)
                for row in tags
            ],
            index=frame.index,
            dtype="str",
        )
        for name in missing
    }
    return frame.assign(**columns)
