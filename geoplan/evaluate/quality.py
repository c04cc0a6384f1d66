"""Quality of the ledger: what it does not know, what it can hardly mean, and what to find out first.

How much hangs on a gap is found out by trial: the land is judged with the gap filled one way and the other, all else as
it is, and what is then said otherwise hangs on it. So is an outlier: the land is judged with the figure it probably means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.evaluate.compare import answers_of
from geoplan.evaluate.gaps import Gap, find_gaps, with_every_year
from geoplan.evaluate.kinds import asked_kinds, banned_codes
from geoplan.evaluate.measures import MEASURES, last_year, missing_for
from geoplan.evaluate.outliers import TESTS, Odd, find_odd
from geoplan.evaluate.park import evaluate_park
from geoplan.model.answers import Evaluation, LedgerQuality
from geoplan.model.cells import typed
from geoplan.model.park import Park
from geoplan.model.rows import parcels_of_rows, row_names
from geoplan.model.rulepack import Rules
from geoplan.model.schema import column, columns_of
from geoplan.model.telling import listed, shown
from geoplan.units import mu_from_m2
from geoplan.words import LANGUAGES, Message, name_in_both, say

__all__ = ["ledger_quality"]

#: More outliers than this are told without trying each.
_MOST_TRIALS = 300
Judge = Callable[[Park, Rules], Evaluation]


def ledger_quality(
    park: Park, evaluation: Evaluation, *, rules: Rules, judge: Judge | None = None
) -> LedgerQuality:
    """Report what the ledger does not know and can hardly mean, and how much land hangs on it.

    A verdict hangs on a gap if it is another with the gap filled at one end than at the other: nothing, or as much per
    land as the best known in that year, for figures; yes or no; each choice there is. Other gaps stay open meanwhile, and
    only parcels with the gap are counted. What an outlier would change is counted on all land, for it may move the mean.

    Parameters
    ----------
    park, evaluation, rules
        What was evaluated, the answer, and the rules; outliers are looked for where the rules have numbers
        ``quality.*`` (pack ``quality-assumed``).
    judge
        Evaluates a park by rules as ``evaluation`` was made; by default with its measure and averages.

    Returns
    -------
    LedgerQuality
        Layers ``ledger_gaps`` (in the order of the schema, years in order), ``ledger_outliers`` (test by test) and
        ``field_checks`` (most land first, then most verdicts, then by name).

    References
    ----------
    Our own definition.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geoplan.model.rulepack import load_rules
    >>> parcels = gpd.GeoDataFrame(
    ...     {"parcel_id": ["P1"], "use": "100102", "floor_area_m2": [4000.0]},
    ...     geometry=[shapely.box(0, 0, 100, 100)])
    >>> park, rules = Park.from_layers(parcels=parcels), load_rules(["seed-practice"])
    >>> quality = ledger_quality(park, evaluate_park(park, rules=rules), rules=rules)
    >>> quality.checks[["row_id", "column", "changed_area_m2"]].to_numpy().tolist()
    [['P1', 'is_vacant', 10000.0], ['P1', 'vacancy_months', 10000.0]]
    """
    trial = _Trial(park, evaluation, rules, judge or _alike(evaluation))
    gap_rows, gap_checks = _gaps(trial)
    odd_rows, odd_checks = _outliers(trial)
    return LedgerQuality(
        gaps=_table("ledger_gaps", gap_rows),
        outliers=_table("ledger_outliers", odd_rows),
        checks=_ranked([*gap_checks, *odd_checks]),
    )


def _alike(evaluation: Evaluation) -> Judge:
    measure = next(one.name for one in MEASURES.values() if one.column == evaluation.measure)
    groups = set(evaluation.averages["group"])
    over = "park" if groups <= {"park"} else "zone"
    return lambda park, rules: evaluate_park(park, rules=rules, measure=measure, average_over=over)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Changed:
    """By parcel: how many verdicts differ, and whether the triage does; parcels where nothing differs are left out."""

    verdicts: pd.Series
    triage: pd.Series

    @classmethod
    def between(cls, answers: Sequence[pd.Series]) -> _Changed:
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

    def on(self, parcels: pd.Index) -> _Changed:
        """On some parcels only."""
        own = self.verdicts.index[self.verdicts.index.isin(parcels)]
        return _Changed(verdicts=self.verdicts[own], triage=self.triage[own])


class _Trial:
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


# ---- gaps ------------------------------------------------------------------------------------------------------------


def _gaps(trial: _Trial) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Every gap that matters or stands in a column that is there, and what to ask for it."""
    rows: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    banned: tuple[str, ...] = ()
    if any(kind.name == "banned_trade" for kind in asked_kinds(trial.rules)):
        banned = banned_codes(trial.rules)
    gaps = find_gaps(trial.park, measure=trial.measure, year=trial.year, banned=banned)
    several = {(gap.layer, gap.column) for gap in gaps if gap.year is None}
    for gap in gaps:
        pairs = _concerned(trial, gap)
        parcels = pd.Index(pairs["parcel_id"].unique())
        answers = [trial.said(gap.layer, gap.column, gap.rows, fill) for fill in gap.fills]
        changed = _Changed.between(answers).on(parcels)
        if gap.column not in trial.park.layers[gap.layer] and changed.verdicts.empty:
            continue  # a column nobody keeps and no verdict reads
        rows.append(_gap_row(trial, gap, parcels, changed))
        if gap.year is None or (gap.layer, gap.column) not in several:
            checks += _gap_checks(trial, gap, pairs, changed)
    return rows, checks


def _concerned(trial: _Trial, gap: Gap) -> pd.DataFrame:
    """Rows with the gap, and the parcels they speak of that matter."""
    pairs = parcels_of_rows(trial.park, gap.layer)
    of_gap = gap.rows[pairs["row"].to_numpy()]
    own: pd.DataFrame = pairs[of_gap & pairs["parcel_id"].isin(trial.matters).to_numpy()]
    return own


def _gap_row(trial: _Trial, gap: Gap, parcels: pd.Index, changed: _Changed) -> dict[str, object]:
    decided = changed.verdicts.index
    row: dict[str, object] = {
        "layer": gap.layer,
        "column": gap.column,
        "year": gap.year,
        "row_count": gap.row_count,
        "unknown_count": int(gap.rows.sum()),
        "unknown_area_m2": trial.area_of(parcels),
        "decided_area_m2": trial.area_of(decided),
        "decided_count": len(decided),
        "verdict_count": int(changed.verdicts.sum()),
        "triage_count": int(changed.triage.sum()),
    }
    message = say(
        "quality.gap",
        what=_named(gap.layer, gap.column),
        year=say("quality.all") if gap.year is None else say("quality.in_year", year=gap.year),
        unknown=row["unknown_count"],
        rows=row["row_count"],
        area=mu_from_m2(trial.area_of(parcels)),
        decided=mu_from_m2(trial.area_of(decided)),
        parcels=len(decided),
        verdicts=row["verdict_count"],
        triage=row["triage_count"],
    )
    return row | _in_words(message)


def _gap_checks(
    trial: _Trial, gap: Gap, pairs: pd.DataFrame, changed: _Changed
) -> Iterator[dict[str, object]]:
    """One thing to ask for each firm, parcel, link or building whose answer would change something."""
    table = trial.park.layers[gap.layer]
    key = {"performance": "enterprise_id", "valuation": "parcel_id"}.get(gap.layer)
    names = table[key].astype(str) if key else pd.Series(row_names(table, gap.layer), dtype=object)
    names = names.reset_index(drop=True)
    own = pairs.assign(name=pairs["row"].map(names), parcel=pairs["parcel_id"])
    years = table["year"].reset_index(drop=True) if "year" in table else None
    for name, rows in own[own["parcel_id"].isin(changed.verdicts.index)].groupby("name", sort=True):
        when = [] if years is None else sorted({int(year) for year in years[rows["row"]]})
        parcels = pd.Index(rows["parcel"].unique())
        here = changed.on(parcels)
        asked = say(
            "quality.ask_years" if when else "quality.ask",
            what=_named(gap.layer, gap.column),
            row=shown(name),
            years=listed(when),
        )
        yield _check(
            trial, gap.layer, str(name), gap.column,
            reason="gap", changed=here, parcels=parcels, asked=asked,
        )  # fmt: skip


# ---- outliers --------------------------------------------------------------------------------------------------------


def _outliers(trial: _Trial) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    rows: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    rule_of = {test.name: test.rule for test in TESTS}
    tried = 0
    for odd in find_odd(trial.park, rules=trial.rules, measure=trial.measure):
        table = trial.park.layers[odd.layer]
        pairs = parcels_of_rows(trial.park, odd.layer)
        parcels = pd.Index(pairs.loc[pairs["row"] == odd.row, "parcel_id"])
        name = row_names(table, odd.layer)[odd.row]
        message = _odd_told(odd, name)
        rows.append(
            {
                "test": odd.test,
                "layer": odd.layer,
                "row_id": name,
                "column": odd.column,
                "value": odd.value,
                "expected": odd.expected,
                "limit": odd.limit,
                "rule": rule_of[odd.test],
                "parcel_ids": "; ".join(map(str, parcels)),
                "area_m2": trial.area_of(parcels),
            }
            | _in_words(message)
        )
        changed = _Changed.between([trial.now])
        if odd.mended is not None and tried < _MOST_TRIALS:
            tried += 1
            changed = _mended(trial, odd)
        checks.append(
            _check(
                trial, odd.layer, name, odd.column,
                reason=odd.test, changed=changed, parcels=parcels, asked=message,
            )
        )  # fmt: skip
    return rows, checks


def _mended(trial: _Trial, odd: Odd) -> _Changed:
    """What would be said otherwise of any land if the cell were what it probably means."""
    at = np.zeros(len(trial.park.layers[odd.layer]), dtype=bool)
    at[odd.row] = True
    return _Changed.between(
        [trial.now, trial.said(odd.layer, odd.column, at, np.array([odd.mended]))]
    )


def _odd_told(odd: Odd, name: str) -> Message:
    return say(
        f"quality.test.{odd.test}",
        what=_named(odd.layer, odd.column),
        row=shown(name),
        value=odd.value,
        expected=odd.expected,
        limit=odd.limit,
    )


# ---- tables ----------------------------------------------------------------------------------------------------------


def _check(  # noqa: PLR0913  (each is a part of what is asked)
    trial: _Trial,
    layer: str,
    row: str,
    name: str,
    *,
    reason: str,
    changed: _Changed,
    parcels: pd.Index,
    asked: Message,
) -> dict[str, object]:
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
    } | _in_words(told)


def _ranked(checks: list[dict[str, object]]) -> pd.DataFrame:
    table = _table("field_checks", checks)
    order = [
        "changed_area_m2",
        "verdict_count",
        "triage_count",
        "layer",
        "row_id",
        "column",
        "reason",
    ]
    table = table.sort_values(order, ascending=[False] * 3 + [True] * 4, ignore_index=True)
    return table.assign(rank=np.arange(1, len(table) + 1))


def _table(layer: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(columns_of(layer)))
    kinds = {"count": "Int64", "year": "Int64", "number": "float64"}
    return table.astype({n: kinds.get(item.kind, "str") for n, item in columns_of(layer).items()})


def _named(layer: str, name: str) -> Message:
    """A column in words: its meaning in English, its Chinese term, and how the layer calls it."""
    item = column(layer, name)
    words = name_in_both({"en": item.meaning, "zh": item.term})
    return say("quality.column", words=words, name=f"{layer}.{name}")


def _in_words(message: Message) -> dict[str, object]:
    return {f"text_{language}": message.text(language) for language in LANGUAGES}
