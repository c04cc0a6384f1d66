"""Land-use codes of a file, said in the national classification of 2023."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import numpy as np
import pandas as pd

from geoplan.model.answers import Problem
from geoplan.model.cells import written
from geoplan.model.landuse import LandUseVersion, to_mnr2023
from geoplan.model.schema import UNKNOWN_USE
from geoplan.model.telling import listed, shown
from geoplan.words import Message, say

__all__ = ["with_national_codes"]

_CURRENT: LandUseVersion = "mnr2023"
_VERSIONS: tuple[LandUseVersion, ...] = get_args(LandUseVersion)


def with_national_codes(parcels: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Say ``use`` and ``zoned_use`` in codes of 2023; what the file had stays in ``use_original``.

    A code that is unknown, ambiguous or in no table becomes ``unknown``; the parcel stays. ``landuse_version`` says of
    the result that it is 2023, so that a park that is written and read again is not translated twice.
    """
    version, problems = _versions(parcels)
    columns: dict[str, pd.Series] = {}
    for name in ("use", "zoned_use"):
        if name in parcels.columns:
            codes, told = _translated(parcels[name], version, name)
            columns[name] = codes
            problems += told
    if "use" in columns and "use_original" not in parcels.columns:
        original = written(parcels["use"])
        if not original.fillna(UNKNOWN_USE).equals(columns["use"]):
            columns["use_original"] = original
    columns["landuse_version"] = pd.Series(_CURRENT, index=parcels.index, dtype="str")
    return parcels.assign(**columns), problems


def _versions(parcels: pd.DataFrame) -> tuple[pd.Series, list[Problem]]:
    """Classification of every row; where the file does not say, letters are GB 50137 and digits are 2023."""
    said = parcels.get("landuse_version", pd.Series(np.nan, index=parcels.index, dtype="object"))
    if said.notna().all():
        return said, []
    has_letters = written(parcels["use"]).str.match(r"[A-HMPRSUW]\d").fillna(value=False)
    assumed = pd.Series(np.where(has_letters.astype(bool), "gb50137", _CURRENT), parcels.index)
    message = say(
        "check.version_assumed",
        count=int(said.isna().sum()),
        versions=", ".join(sorted(assumed[said.isna()].unique())),
    )
    problem = Problem(
        severity="note",
        layer="parcels",
        column="landuse_version",
        kind="version_assumed",
        message=message,
    )
    return said.astype("object").where(said.notna(), assumed), [problem]


def _translated(codes: pd.Series, version: pd.Series, name: str) -> tuple[pd.Series, list[Problem]]:
    text = written(codes)
    known = text.notna() & (text != UNKNOWN_USE)
    result = pd.Series(UNKNOWN_USE, index=codes.index, name=name, dtype="str")
    problems: list[Problem] = []
    for own in _VERSIONS:
        rows = known & (version == own)
        if rows.any():
            result[rows], report = to_mnr2023(text[rows], version=own)
            problems += _told(report, text[rows], name)
    if not known.all():
        missing = list(codes.index[~known])
        message = say("check.use_unknown", column=name, count=len(missing), rows=listed(missing))
        problems.append(_problem("note", name, "use_unknown", message, missing))
    return result, problems


def _told(report: pd.DataFrame, codes: pd.Series, name: str) -> Iterator[Problem]:
    for code, use, candidates, reason in zip(
        report["code"], report["use"], report["candidates"], report["why"], strict=True
    ):
        rows = list(codes.index[codes == code])
        is_lost = use == UNKNOWN_USE
        message = say(
            "check.code_unknown" if is_lost else "check.code_changed",
            column=name,
            code=shown(code),
            use=use,
            why=say(f"landuse_why.{reason}"),
            candidates=candidates.replace(";", ", ") or "-",
            count=len(rows),
            rows=listed(rows),
        )
        kind = "code_unknown" if is_lost else "code_changed"
        yield _problem("warning" if is_lost else "note", name, kind, message, rows)


def _problem(severity: str, column: str, kind: str, message: Message, rows: list[str]) -> Problem:
    row = str(rows[0]) if len(rows) == 1 else ""
    return Problem(
        severity=severity, layer="parcels", column=column, row=row, kind=kind, message=message
    )
