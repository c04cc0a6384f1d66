"""Averages that speak for little: said in every table, and held against nobody where the rule packs ask for more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import Bools, Ints
from geoplan.evaluate.groups import known_firms, mean_of
from geoplan.evaluate.land import Zones
from geoplan.evaluate.occupants import Ledger
from geoplan.evaluate.peers import Averaging
from geoplan.model.telling import listed
from geoplan.words import LANGUAGES, Message, join, name_in_both, say

__all__ = ["Thin", "summary_of", "thin_averages", "with_notes"]

#: From here on an average is told to be thin. No verdict hangs on these: whether a thin average may still be held
#: against anybody is for the rule packs to say (``average.min_known_count``, ``average.min_known_share``).
_TOLD_COUNT = 2
_TOLD_SHARE = 0.5
_ROUNDING = 1e-9
_MOST_TOLD = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thin:
    """Table ``averages`` with its notes, and parcel x year whose average is set aside."""

    averages: pd.DataFrame
    of_parcels: Bools


def thin_averages(  # noqa: PLR0913  (each is named)
    averages: pd.DataFrame,
    *,
    zones: Zones,
    years: Ints,
    how: Averaging,
    ledger: Ledger | None,
    is_known: Bools,
) -> Thin:
    """Say which averages are thin, and find the parcels and years that they would decide.

    Parameters
    ----------
    ledger
        Whose firms are counted; ``None`` where the measure is not one of firms.
    is_known
        Parcel x year: parcels whose figure is part of the average.
    """
    cells = pd.MultiIndex.from_product([zones.names, years.tolist()])
    firms: Ints | None = None
    if ledger is not None:
        counted = known_firms(ledger, years=years, is_known=is_known, groups=zones)
        of_row = pd.MultiIndex.from_frame(averages[["group", "year"]])
        firms = counted.ravel()[cells.get_indexer(of_row)]
    told = with_notes(averages, how=how, over=zones.kind, firm_count=firms)
    aside = told.set_index(["group", "year"])["is_set_aside"].astype(bool)
    grid = (
        aside.reindex(cells, fill_value=False)
        .to_numpy(dtype=bool)
        .reshape(len(zones.names), len(years))
    )
    nobody = np.zeros((1, len(years)), dtype=bool)
    return Thin(averages=told, of_parcels=np.vstack([grid, nobody])[zones.code])


def with_notes(
    averages: pd.DataFrame, *, how: Averaging, over: str, firm_count: Ints | None
) -> pd.DataFrame:
    """The table ``averages`` with what kind of average it is, the firms it speaks for, and what makes it thin."""
    known, share = averages["known_count"].to_numpy(dtype=np.int64), averages["known_share"]
    fewest = known if firm_count is None else np.minimum(known, firm_count)
    too_few = fewest < how.min_known_count
    too_little = (share < how.min_known_share - _ROUNDING).to_numpy(dtype=bool)
    firms = [None] * len(averages) if firm_count is None else firm_count.tolist()
    is_few, is_little = too_few & (known > 0), too_little & (known > 0)
    facts = zip(known.tolist(), firms, share, is_few.tolist(), is_little.tolist(), strict=True)
    notes = [
        _note(count, of_firms, part, is_few=few, is_little=little, how=how)
        for count, of_firms, part, few, little in facts
    ]
    return averages.assign(
        average_over=pd.Series(over, index=averages.index, dtype="str"),
        average=pd.Series(how.average, index=averages.index, dtype="str"),
        known_firm_count=pd.array(firms, dtype="Int64"),
        is_set_aside=pd.array(is_few | is_little, dtype="boolean"),
        **{
            f"note_{language}": pd.Series(
                ["" if note is None else note.text(language) for note in notes],
                index=averages.index,
                dtype="str",
            )
            for language in LANGUAGES
        },
    )


def summary_of(averages: pd.DataFrame) -> Message | None:
    """All thin averages in one sentence; ``None`` where there is none."""
    rows = averages[averages["note_en"] != ""]
    if rows.empty:
        return None
    over, average = rows["average_over"].iloc[0], rows["average"].iloc[0]
    told = [
        say(
            "evaluate.thin.group",
            group=mean_of(over, str(group), average),
            years=listed([str(year) for year in kept["year"]]),
            note=name_in_both({"en": str(en), "zh": str(zh)}),
        )
        for (group, en, zh), kept in rows.groupby(["group", "note_en", "note_zh"], sort=False)
    ]
    more = [say("evaluate.thin.more", count=len(told) - _MOST_TOLD)] if told[_MOST_TOLD:] else []
    return say(
        "evaluate.thin.summary", groups=join([*told[:_MOST_TOLD], *more], "evaluate.thin.and")
    )


def _note(  # noqa: PLR0913  (the facts of one row)
    known: int, firms: int | None, share: float, *, is_few: bool, is_little: bool, how: Averaging
) -> Message | None:
    parts = []
    if known == 0:
        parts.append(say("evaluate.thin.nothing"))
    elif known == 1:
        alone = "alone_without" if how.average == "leave_one_out" else "alone"
        parts.append(say(f"evaluate.thin.{alone}"))
    elif is_few or known <= _TOLD_COUNT or (firms is not None and firms <= _TOLD_COUNT):
        key = "few" if firms is None else "few_firms"
        parts.append(say(f"evaluate.thin.{key}", count=known, firms=firms))
    if is_little or 0 < share <= _TOLD_SHARE + _ROUNDING:
        parts.append(say("evaluate.thin.land", share=share))
    if is_few:
        parts.append(say("evaluate.thin.asked_count", count=how.min_known_count))
    if is_little:
        parts.append(say("evaluate.thin.asked_share", share=how.min_known_share))
    return join(parts, "evaluate.thin.and") if parts else None
