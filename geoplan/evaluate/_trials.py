"""Trials: what would be said of the land if some cells of the ledger were otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate.compare import answers_of
from geoplan.evaluate.gaps import with_every_year
from geoplan.evaluate.measures import MEASURES, last_year, missing_for
from geoplan.model.answers import Evaluation
from geoplan.model.cells import typed
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import column
from geoplan.units import mu_from_m2
from geoplan.words import LANGUAGES, Message, name_in_both, say

__all__ = ["Changed", "Judge", "Trial", "check_of", "column_told", "in_words"]

Judge = Callable[[Park, Rules], Evaluation]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changed:
    """By parcel: how many verdicts differ, and whether the triage does; parcels where nothing differs are left out."""

    verdicts: pd.Series
    triage: pd.Series

    @classmethod
    def between(cls, answers: Sequence[pd.Series]) -> Changed:
        table = pd.concat(answers, axis="columns").astype(object).fillna("")
        differs = table.ne(table.iloc[:, 0], axis="index").any(axis="columns")
        keys = table.index[differs.to_numpy()]
        is_triage = keys.get_level_values("finding") == "triage"
        parcels = pd.Series(keys.get_level_values("parcel_id"), dtype=object)
        every = pd.Index(parcels.unique())
        counts = [
            parcels[rows].value_counts().reindex(every).fillna(0)
            for rows in (~is_triage, is_triage)
        ]
        return cls(verdicts=counts[0].astype(int), triage=counts[1].astype(int))

    @classmethod
    def of_all(cls, parts: Sequence[Changed]) -> Changed:
        """All of them together, a parcel that is in several with the most of them."""
        verdicts, triage = (
            pd.concat(some).groupby(level=0, sort=False).max()
            for some in ([one.verdicts for one in parts], [one.triage for one in parts])
        )
        return cls(verdicts=verdicts, triage=triage)

    def on(self, parcels: pd.Index) -> Changed:
        """On some parcels only."""
        own = self.verdicts.index[self.verdicts.index.isin(parcels)]
        return Changed(verdicts=self.verdicts[own], triage=self.triage[own])


class Trial:
    """The park as it was judged, and what would be said of it with some cells otherwise."""

    def __init__(self, park: Park, evaluation: Evaluation, rules: Rules, judge: Judge) -> None:
        self.measure = next(m for m in MEASURES.values() if m.column == evaluation.measure)
        self.year = None if missing_for(park, self.measure) else last_year(park, self.measure)
        self.park = with_every_year(park, year=self.year)
        self.rules, self._judge = rules, judge
        self.now = answers_of(evaluation.findings, evaluation.parcels)
        self.area_m2 = evaluation.parcels["area_m2"]
        use_unknown = evaluation.parcels["use"].isna() | (evaluation.parcels["use"] == "unknown")
        self.matters = evaluation.parcels.index[evaluation.parcels["is_assessed"] | use_unknown]

    def said(self, layer: str, name: str, rows: np.ndarray, values: np.ndarray) -> pd.Series:
        """All answers with some cells of one column replaced."""
        table = self.park.layers[layer]
        cells = table.get(name, pd.Series(pd.NA, index=table.index, dtype=object)).astype(object)
        cells[rows] = values
        fixed, _ = typed(cells, column(layer, name), table.index)
        told = self._judge(
            self.park.with_layers(**{layer: table.assign(**{name: fixed})}), self.rules
        )
        return answers_of(told.findings, told.parcels)

    def area_of(self, parcels: pd.Index) -> float:
        return float(self.area_m2.reindex(parcels).sum())


def check_of(  # noqa: PLR0913  (each is a part of what is asked)
    trial: Trial,
    layer: str,
    row: str,
    name: str,
    *,
    reason: str,
    changed: Changed,
    parcels: pd.Index,
    asked: Message,
) -> dict[str, object]:
    """One row of layer ``field_checks``: what to find out, and how much of the land it would decide or change."""
    area_m2 = trial.area_of(changed.verdicts.index)
    verdicts, triage = int(changed.verdicts.sum()), int(changed.triage.sum())
    told = say(
        "quality.check", asked=asked, area=mu_from_m2(area_m2), verdicts=verdicts, triage=triage
    )
    return {
        "layer": layer,
        "row_id": row,
        "column": name,
        "reason": reason,
        "changed_area_m2": area_m2,
        "changed_count": len(changed.verdicts),
        "verdict_count": verdicts,
        "triage_count": triage,
        "parcel_ids": "; ".join(map(str, parcels)),
    } | in_words(told)


def column_told(layer: str, name: str) -> Message:
    """A column in words: its meaning in English, its Chinese term, and how the layer calls it."""
    item = column(layer, name)
    words = name_in_both({"en": item.meaning.partition(";")[0], "zh": item.term})
    return say("quality.column", words=words, name=f"{layer}.{name}")


def in_words(message: Message) -> dict[str, object]:
    """A sentence as the columns ``text_en`` and ``text_zh``."""
    return {f"text_{language}": message.text(language) for language in LANGUAGES}
