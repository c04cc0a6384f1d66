"""In which encoding text of a file is written, where the file does not say or says it wrongly."""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from geoplan.errors import InputError
from geoplan.words import say

__all__ = ["decoded_text", "shapefile_encoding", "sound_texts"]

# The byte in a DBF's head that names its code page; only those met in practice.
_CODE_PAGE_OF_BYTE = {
    0x03: "cp1252",
    0x57: "cp1252",
    0x4D: "gb18030",
    0x7A: "gb18030",
    0x78: "big5",
}
_HEAD, _FIELD = 32, 32
_ENOUGH_VALUES = 5_000


def decoded_text(raw: bytes, name: str, encoding: str | None = None) -> str:
    """Decode a text file: as said, else by its byte-order mark, else UTF-8, else GB 18030.

    Raises
    ------
    InputError
        None of them fits.
    """
    if encoding is None and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    for one in (encoding,) if encoding else ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(one)
        except (UnicodeDecodeError, LookupError):
            continue
    raise InputError([say("read.encoding", name=name, encoding=encoding or "UTF-8, GB 18030")])


def shapefile_encoding(path: Path) -> tuple[str, str | None]:
    """Find the encoding of a Shapefile's attributes.

    The ``.cpg`` counts, then the language byte of the DBF - unless the text itself contradicts them: then UTF-8 or
    GB 18030, whichever all of it can be.

    Returns
    -------
    str, str or None
        The encoding; and the one that the file declares, if that is wrong.
    """
    raw = path.with_suffix(".dbf").read_bytes()
    declared = _declared(path, raw)
    values = [value for value in _values(raw) if not value.isascii()]
    if not values:
        return declared or "utf-8", None
    if declared and _is_multibyte(declared) and _all_are(values, declared):
        return declared, None
    found = next((one for one in ("utf-8", "gb18030") if _all_are(values, one)), None)
    if found is None or (declared and found == "gb18030" and not _only_in_pairs(values)):
        return declared or "cp1252", None
    return found, declared


def sound_texts(values: Sequence[bytes | None]) -> list[str | None]:
    """Decode values of one column: UTF-8 or GB 18030, whichever all can be; characters cut off at the end are dropped."""
    known = [value for value in values if value is not None]
    encoding = next((one for one in ("utf-8", "gb18030") if _all_are(known, one)), "cp1252")
    return [None if value is None else value.decode(encoding, "ignore") for value in values]


def _declared(path: Path, raw: bytes) -> str | None:
    for suffix in (".cpg", ".CPG"):
        file = path.with_suffix(suffix)
        if file.is_file():
            name = file.read_text(encoding="ascii", errors="replace").strip().lower()
            name = re.sub(r"^(ansi|oem)?\s*(\d+)$", r"cp\2", name)
            try:
                codec = codecs.lookup(name).name
            except LookupError:
                break
            return "gb18030" if codec in {"gbk", "gb2312", "cp936"} else codec
    return _CODE_PAGE_OF_BYTE.get(raw[29])


def _values(raw: bytes) -> Iterator[bytes]:
    """Field names and text values of a DBF, stripped of their padding."""
    count, head_size, row_size = struct.unpack("<IHH", raw[4:12])
    fields: list[tuple[int, int]] = []
    start = 1
    for at in range(_HEAD, head_size - 1, _FIELD):
        field = raw[at : at + _FIELD]
        if len(field) < _FIELD or field[0] == 0x0D:  # noqa: PLR2004  (the end of the head)
            break
        yield field[:11].split(b"\0")[0]
        if field[11:12] == b"C":
            fields.append((start, field[16]))
        start += field[16]
    told = 0
    for row in range(count):
        at = head_size + row * row_size
        for offset, width in fields:
            value = raw[at + offset : at + offset + width].rstrip(b" \0")
            if not value.isascii():
                told += 1
                yield value
        if told > _ENOUGH_VALUES:
            return


def _is_multibyte(encoding: str) -> bool:
    return encoding in {"utf-8", "gb18030", "big5", "shift_jis", "euc_kr", "cp949", "cp950"}


def _all_are(values: Sequence[bytes], encoding: str) -> bool:
    """Whether every value can be decoded; a character cut off at the end of a field does not count."""
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        for value in values:
            decoder().decode(value, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _only_in_pairs(values: list[bytes]) -> bool:
    """Whether high bytes come in pairs, as Chinese characters do and accents on Latin letters do not."""
    runs = (run for value in values for run in re.findall(rb"[\x80-\xff]+", value))
    return all(len(run) % 2 == 0 for run in runs)
