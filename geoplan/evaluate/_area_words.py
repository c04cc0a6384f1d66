"""What is said of the trades, the export and the innovation of one area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from geoplan.model.telling import listed, shown
from geoplan.words import Message, catalogue, join, say

__all__ = ["leading_words", "reason_of", "sector_name", "sector_names"]


class Limits(Protocol):
    """The limits that a sentence quotes."""

    @property
    def min_herfindahl(self) -> float: ...
    @property
    def min_firms(self) -> float: ...


def sector_name(division: str) -> Message:
    """Name of a two-digit division of GB/T 4754."""
    key = f"sector.{division}"
    name = say(key) if key in catalogue() else say("concentration.other_sector")
    return say("concentration.sector", code=shown(division), name=name)


def sector_names(divisions: Iterable[str]) -> list[Message]:
    """Names of divisions, one by one."""
    return [sector_name(division) for division in divisions]


def leading_words(row: Mapping[str, Any], over: pd.DataFrame | None) -> Message | None:
    """The leading trade of an area, and the trades that stand out against the park; ``None`` where none is known."""
    if not isinstance(row["leading_sector"], str):
        return None
    leading = say(
        "concentration.leading",
        sector=sector_name(row["leading_sector"]),
        share=row["leading_share"],
        count=int(row["leading_firm_count"]),
    )
    if over is None or over.empty:
        return leading
    strong = over.sort_values(["location_quotient", "sector"], ascending=[False, True])
    quotients = [
        say("concentration.quotient", sector=sector_name(sector), quotient=quotient)
        for sector, quotient in zip(strong["sector"], strong["location_quotient"], strict=True)
    ]
    return join([leading, say("concentration.over", sectors=join(quotients, "common.enumeration"))])


def reason_of(
    row: Mapping[str, Any], *, leading: Message | None, firms: Sequence[str], limits: Limits
) -> Message:
    """Why the verdict of one row is what it is, with the firms it speaks for."""
    coverage = say(
        "concentration.coverage", known=int(row["known_count"]), count=int(row["firm_count"])
    )
    case, aspect = row["case"], row["aspect"]
    value = {"value": row["value"], "park": row["park_value"]}
    own = say(f"concentration.value.{aspect}", **value) if case != "nothing_known" else None
    why = {
        "nothing_known": lambda: say("concentration.case.nothing_known"),
        "few_firms": lambda: say(
            "concentration.case.few_firms", firms=listed(firms), least=limits.min_firms
        ),
        "few_known": lambda: say("concentration.case.few_known"),
        "yardstick": lambda: say("concentration.case.yardstick"),
        "no_yardstick": lambda: say("concentration.case.no_yardstick"),
        "weak": lambda: say("concentration.case.weak"),
        "strong": lambda: say("concentration.case.strong"),
        "mixed": lambda: say("concentration.case.mixed", least=limits.min_herfindahl),
        "few_lead": lambda: say("concentration.case.few_lead", least=limits.min_firms),
        "one_sided": lambda: say("concentration.case.one_sided", least=limits.min_herfindahl),
    }[case]()
    parts = [part for part in (why, own, leading, coverage) if part is not None]
    return join(parts)
