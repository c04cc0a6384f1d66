"""Codes of other editions and standards, said in the classification of 2023.

A code is never guessed: what is not certain becomes :data:`~geoplan.model.schema.UNKNOWN_USE` and is told, with what it
may be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import pandas as pd

from geoplan.errors import SchemaError
from geoplan.model._landuse_table import land_uses, rows_of
from geoplan.model.schema import UNKNOWN_USE
from geoplan.words import say

__all__ = ["LANDUSE_VERSIONS", "LandUseVersion", "to_mnr2023"]

#: Classifications that files may use: the national ones of 2023 and 2020, and GB 50137-2011 with its letters.
LandUseVersion = Literal["mnr2023", "mnr2020", "gb50137"]
LANDUSE_VERSIONS: tuple[LandUseVersion, ...] = get_args(LandUseVersion)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a code of a file is in the classification of 2023; ``why`` is empty if it is simply that."""

    use: str
    why: str = ""
    candidates: tuple[str, ...] = ()


def to_mnr2023(
    codes: pd.Series[str], *, version: LandUseVersion
) -> tuple[pd.Series[str], pd.DataFrame]:
    """Say codes of a file in the classification of 2023.

    A code is taken if the tables leave one answer. One that is coarser than the tables (GB ``U3``) becomes the class
    that holds all of it; one that is finer (``A331``) the class that holds all that the tables have under the code above
    it. A national code read as a number gets its leading zero back. A code that may be several classes, joins several
    uses, or is in no table becomes ``unknown``; nothing is guessed.

    Parameters
    ----------
    codes
        As the file has them: text or numbers.
    version
        Classification of the file: equal digits mean different uses in different editions.

    Returns
    -------
    Series, DataFrame
        The codes of 2023, same index and name; and one row for every code that was not mapped one to one, sorted:
        ``code`` as the file has it, ``count``, ``use``, ``candidates`` (joined by ``;``) and ``why``, the end of a key
        ``landuse_why.*`` of the catalogue.

    Raises
    ------
    SchemaError
        There is no such version.

    Examples
    --------
    >>> uses, report = to_mnr2023(pd.Series(["M2", "U3", "U15"]), version="gb50137")
    >>> uses.tolist()
    ['100102', '13', 'unknown']
    >>> report[["code", "use", "candidates", "why"]].to_numpy().tolist()
    [['U15', 'unknown', '1306;1307', 'ambiguous'], ['U3', '13', '1310;1311;1312', 'coarser']]
    """
    if version not in LANDUSE_VERSIONS:
        raise SchemaError(
            [say("landuse_check.version", version=version, known=", ".join(LANDUSE_VERSIONS))]
        )
    read: Callable[[str], _Reading] = {
        "mnr2023": _read_2023,
        "mnr2020": _read_2020,
        "gb50137": _read_gb,
    }[version]
    written = codes.map({value: _written(value) for value in codes.dropna().unique()})
    written = written.astype(object).where(codes.notna(), "")
    readings = {
        code: read(_bare(code)) if code else _Reading(UNKNOWN_USE, "empty") for code in set(written)
    }
    uses = written.map({code: reading.use for code, reading in readings.items()}).astype("str")
    return uses, _report(written, readings)


def _report(written: pd.Series[str], readings: Mapping[str, _Reading]) -> pd.DataFrame:
    counts = written.value_counts()
    rows = [
        (code, int(counts[code]), reading.use, ";".join(reading.candidates), reading.why)
        for code, reading in sorted(readings.items())
        if reading.why
    ]
    return pd.DataFrame(rows, columns=["code", "count", "use", "candidates", "why"])


def _written(value: object) -> str:
    """Say a cell as text: as it stands, but a whole number without decimals and blanks as nothing."""
    text = str(value)
    if isinstance(value, str):
        return text if text.strip() else ""
    return text.removesuffix(".0")


def _bare(text: str) -> str:
    """Reduce a code to plain characters, without decimals and without a Chinese name behind it."""
    code = unicodedata.normalize("NFKC", text).strip()
    code = re.sub(r"^([A-Za-z]?\d+)[\s_-]*[^\x00-\x7f]+$", r"\1", code)
    return re.sub(r"^(\d+)\.0*$", r"\1", code)


# ---- national codes -------------------------------------------------------------------------------------------------


@cache
def _changes_of_2020() -> Mapping[str, str]:
    return {row["code_2020"]: row["code_2023"] for row in rows_of("crosswalk_mnr2020.csv")}


def _read_2023(code: str) -> _Reading:
    return _read_digits(code, {})


def _read_2020(code: str) -> _Reading:
    return _read_digits(code, _changes_of_2020())


def _read_digits(code: str, changes: Mapping[str, str]) -> _Reading:
    # Every code has an even number of digits, so an odd number is a lost zero and nothing else.
    is_short = re.fullmatch(r"\d|\d{3}|\d{5}", code) is not None
    full = f"0{code}" if is_short else code
    use = changes.get(full, full)
    if use in land_uses():
        return _Reading(use, "leading_zero", (use,)) if is_short else _Reading(use)
    parts = re.findall(r"\d+", code)
    if len(parts) > 1:
        each = [_read_digits(part, changes).use for part in parts]
        return _Reading(UNKNOWN_USE, "mixed", _known(each))
    above = next((full[:n] for n in (6, 4, 2) if full[:n] in land_uses()), "")
    return _Reading(UNKNOWN_USE, "not_in_table", _known([above]))


def _known(uses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(use for use in uses if use in land_uses()))


# ---- letters of GB 50137-2011 ---------------------------------------------------------------------------------------


@cache
def _letters() -> Mapping[str, Mapping[str, bool]]:
    """Each code of GB 50137: the classes it stands for, and whether it is that class only in part."""
    found: dict[str, dict[str, bool]] = {}
    for use in land_uses().values():
        for letter, is_part in use.gb50137:
            found.setdefault(letter, {})[use.code] = is_part
    return found


def _read_gb(code: str) -> _Reading:
    upper = code.upper()
    if upper in _letters():
        return _read_listed(upper)
    if local := re.fullmatch(r"([A-Z]\d+)[a-z]", code):  # the suffix of a local standard: R2a
        above = _read_gb(local[1])
        known = above.use != UNKNOWN_USE
        return _Reading(above.use, "finer", (above.use,)) if known else above
    if re.fullmatch(r"[A-Z]\d{2,}", upper):
        return _read_finer(upper[:-1])
    if _family(upper):
        return _one_class(_family(upper), "coarser", strictly_above=True)
    letters = {listed[0] for listed in _letters()}
    parts = re.findall(r"[A-Z]\d*", upper)
    if len(parts) > 1 and all(part[0] in letters for part in parts):
        return _Reading(UNKNOWN_USE, "mixed", _known(_read_gb(part).use for part in parts))
    return _Reading(UNKNOWN_USE, "not_in_table", _known([_whole(_family(upper[:1]))]))


def _read_listed(code: str) -> _Reading:
    uses = _letters()[code]
    finest = max(uses, key=len)
    if any(uses.values()) or not all(finest.startswith(use) for use in uses):
        return _Reading(UNKNOWN_USE, "ambiguous", tuple(uses))
    return _Reading(finest) if len(uses) == 1 else _Reading(finest, "nested", tuple(uses))


def _read_finer(above: str) -> _Reading:
    """Read a code by the code above it: the class that holds all that the tables have there."""
    while len(above) > 1:
        if _family(above):
            return _one_class(_family(above), "finer", strictly_above=False)
        above = above[:-1]
    return _Reading(UNKNOWN_USE, "not_in_table", _known([_whole(_family(above))]))


def _family(code: str) -> tuple[str, ...]:
    """Classes that a code of GB 50137 and all codes under it stand for."""
    return tuple(
        sorted(
            {use for listed, uses in _letters().items() if listed.startswith(code) for use in uses}
        )
    )


def _one_class(uses: tuple[str, ...], why: str, *, strictly_above: bool) -> _Reading:
    whole = _whole(uses)
    if strictly_above and whole in uses:
        whole = land_uses()[whole].parent
    return _Reading(whole, why, uses) if whole else _Reading(UNKNOWN_USE, "ambiguous", uses)


def _whole(uses: Iterable[str]) -> str:
    """Find the finest class that holds all of them, or ``""``."""
    first, *others = uses or ("",)
    return next(
        (first[:n] for n in (6, 4, 2) if all(use[:n] == first[:n] for use in others)),
        "",
    )
