"""What lies behind one parcel's result: its years, the land that was counted, and what would change the triage."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoplan.evaluate._arrays import verdict_words
from geoplan.evaluate.better import BETTER, line_of, other_ends
from geoplan.evaluate.groups import mean_of
from geoplan.evaluate.land import read_land
from geoplan.evaluate.measures import (
    BASES,
    MEASURES,
    Measure,
    last_year,
    measure_parcels,
    missing_for,
)
from geoplan.evaluate.occupants import operating, read_ledger
from geoplan.evaluate.triage import CONDITIONS, TriageLine, triage_table
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.words import Message, join, name_in_both, say

__all__ = ["Years", "measure_of", "triage_of", "years_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Years:
    """One parcel's measure against the mean that counts for it.

    Attributes
    ----------
    table
        Index year; ``amount_per_m2``, ``mean_amount_per_m2`` [currency/m2/a] and ``verdict``: whether it is below.
    mean
        Whose mean it is, in words.
    thin
        Years whose average speaks for little, and why.
    basis
        What the land of the firms on it was taken from.
    """

    table: pd.DataFrame
    mean: Message
    thin: tuple[tuple[int, Message], ...]
    basis: tuple[Message, ...]


def measure_of(evaluation: Evaluation) -> Measure:
    """The measure an evaluation was made with."""
    return next(item for item in MEASURES.values() if item.column == evaluation.measure)


def years_of(park: Park, evaluation: Evaluation, parcel_id: str) -> Years | None:
    """The years of one parcel; ``None`` where it is not assessed, or the measure has no figures in this park."""
    table = evaluation.yearly
    if table.empty or evaluation.averages.empty or parcel_id not in set(table["parcel_id"]):
        return None
    table = table[table["parcel_id"] == parcel_id].set_index("year")
    own, averages = table["group"].iloc[0], evaluation.averages
    thin = averages[(averages["group"] == own) & (averages["note_en"] != "")]
    return Years(
        table=table[["amount_per_m2", "mean_amount_per_m2", "verdict"]],
        mean=mean_of(
            str(averages["average_over"].iloc[0]),
            "" if pd.isna(own) else str(own),
            str(averages["average"].iloc[0]),
        ),
        thin=tuple(
            (int(row.year), name_in_both({"en": row.note_en, "zh": row.note_zh}))
            for row in thin.itertuples()
        ),
        basis=_basis(park, measure_of(evaluation), parcel_id),
    )


def _basis(park: Park, measure: Measure, parcel_id: str) -> tuple[Message, ...]:
    """What the land of the firms on a parcel was taken from."""
    ledger = read_ledger(park, year=last_year(park, measure))
    area_m2 = read_land(park).area_m2
    measured = measure_parcels(park, measure=measure, ledger=ledger, area_m2=area_m2)
    used = zip(BASES, measured.basis[park.parcels.index.get_loc(parcel_id)].tolist(), strict=True)
    return tuple(say(f"evaluate.basis.{name}") for name, is_used in used if is_used)


def triage_of(
    park: Park, evaluation: Evaluation, parcel_id: str, *, rules: Rules
) -> tuple[Message, ...]:
    """Which line of the triage table decided, and what would have to be otherwise for a better class.

    As few changes as possible, at most two; a parcel to be surveyed first is told what each answer to what is unknown
    would lead to.
    """
    lines = triage_table(rules.data("triage"))
    answers = _answers(park, evaluation, parcel_id)
    number = line_of(lines, answers)
    told = [
        say(
            "explain.decided_because" if lines[number].reason else "explain.decided",
            result=lines[number].because,
            number=number + 1,
            asked=lines[number].asked,
        )
    ]
    other = dict(other_ends(lines, answers, lines[number].result))
    told += [
        say(
            "explain.would_become",
            result=say(f"triage.{result}"),
            changes=join(
                [TriageLine(result=result, when={k: (v,)}).asked for k, v in changes.items()],
                "explain.and",
            ),
        )
        for result, changes in other.items()
    ]
    if not other and lines[number].result != BETTER[-1]:
        told.append(say("explain.no_better"))
    return tuple(told)


def _answers(park: Park, evaluation: Evaluation, parcel_id: str) -> dict[str, str]:
    """What the triage was told of this parcel."""
    row = park.parcels.index.get_loc(parcel_id)
    measure = measure_of(evaluation)
    lacks = missing_for(park, measure)
    ledger = read_ledger(park, year=None if lacks else last_year(park, measure))
    land = read_land(park)
    answers = {
        "has_building": str(verdict_words(land.has_building)[row]),
        "public": str(verdict_words(land.is_public)[row]),
        "operating": str(operating(ledger, len(land))[row]),
    }
    table = evaluation.findings
    own = table[table["parcel_id"] == parcel_id]
    answers |= dict(zip(own["finding"], own["verdict"].astype("str"), strict=True))
    return {name: answers.get(name, "unknown") for name in CONDITIONS}
