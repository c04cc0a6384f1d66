"""Quality of the ledger: what it does not know, what it can hardly mean, and what to find out first.

How much hangs on a gap is found out by trial: the land is judged with the gap filled one way and the other, all else as
it is, and what is then said otherwise hangs on it. So is an outlier: the land is judged with the figure it probably means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from geoplan.evaluate._trials import Changed, Judge, Trial, check_of, column_told, in_words
from geoplan.evaluate.gaps import Gap, find_gaps
from geoplan.evaluate.kinds import asked_kinds, banned_codes
from geoplan.evaluate.measures import MEASURES
from geoplan.evaluate.outliers import TESTS, Odd, find_odd
from geoplan.evaluate.park import evaluate_park
from geoplan.model.answers import Evaluation, LedgerQuality
from geoplan.model.park import Park
from geoplan.model.rows import parcels_of_rows, row_names
from geoplan.model.rulepack import Rules
from geoplan.model.schema import columns_of
from geoplan.model.telling import listed, shown
from geoplan.units import mu_from_m2
from geoplan.words import Message, literal, say

__all__ = ["ledger_quality"]

#: More outliers than this are told without trying each.
_MOST_TRIALS = 300


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
    trial = Trial(park, evaluation, rules, judge or _alike(evaluation))
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


# ---- gaps ------------------------------------------------------------------------------------------------------------


def _gaps(trial: Trial) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Every gap that matters or stands in a column that is there, and what to ask for it."""
    rows: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    tests = {kind.name for kind in asked_kinds(trial.rules)}
    banned = banned_codes(trial.rules) if "banned_trade" in tests else ()
    gaps = find_gaps(trial.park, measure=trial.measure, year=trial.year, tests=tests, banned=banned)
    for (layer, name, year), parts in groupby(
        gaps, key=lambda gap: (gap.layer, gap.column, gap.year)
    ):
        tried = [_tried(trial, gap) for gap in parts]
        changed = Changed.of_all([one.changed for one in tried])
        if name not in trial.park.layers[layer] and changed.verdicts.empty:
            continue  # a column nobody keeps and no verdict reads
        rows.append(_gap_row(trial, tried, changed))
        if year is None:
            checks += [check for one in tried for check in _gap_checks(trial, one)]
    return rows, checks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tried:
    """A gap, the rows and parcels it concerns, and what hangs on it."""

    gap: Gap
    pairs: pd.DataFrame
    changed: Changed


def _tried(trial: Trial, gap: Gap) -> _Tried:
    pairs = _concerned(trial, gap)
    answers = [trial.said(gap.layer, gap.column, gap.rows, fill) for fill in gap.fills]
    answers = answers or [trial.now]
    changed = Changed.between(answers).on(pd.Index(pairs["parcel_id"].unique()))
    return _Tried(gap=gap, pairs=pairs, changed=changed)


def _concerned(trial: Trial, gap: Gap) -> pd.DataFrame:
    """Rows with the gap, and the parcels they speak of that matter."""
    pairs = parcels_of_rows(trial.park, gap.layer)
    of_gap = gap.rows[pairs["row"].to_numpy()]
    own: pd.DataFrame = pairs[of_gap & pairs["parcel_id"].isin(trial.matters).to_numpy()]
    return own


def _gap_row(trial: Trial, tried: Sequence[_Tried], changed: Changed) -> dict[str, object]:
    gap, decided = tried[0].gap, changed.verdicts.index
    parcels = pd.Index(pd.concat([one.pairs["parcel_id"] for one in tried]).unique())
    row: dict[str, object] = {
        "layer": gap.layer,
        "column": gap.column,
        "year": gap.year,
        "row_count": gap.row_count,
        "unknown_count": sum(int(one.gap.rows.sum()) for one in tried),
        "unknown_area_m2": trial.area_of(parcels),
        "decided_area_m2": trial.area_of(decided),
        "decided_count": len(decided),
        "verdict_count": int(changed.verdicts.sum()),
        "triage_count": int(changed.triage.sum()),
    }
    message = say(
        "quality.gap",
        what=column_told(gap.layer, gap.column),
        year=_years_told(gap),
        unknown=row["unknown_count"],
        rows=row["row_count"],
        area=mu_from_m2(trial.area_of(parcels)),
        decided=mu_from_m2(trial.area_of(decided)),
        parcels=len(decided),
        verdicts=row["verdict_count"],
        triage=row["triage_count"],
    )
    return row | in_words(message)


def _years_told(gap: Gap) -> Message:
    if gap.year is not None:
        return say("quality.in_year", year=gap.year)
    return say("quality.all_years") if "year" in columns_of(gap.layer) else literal("")


def _gap_checks(trial: Trial, tried: _Tried) -> Iterator[dict[str, object]]:
    """One thing to ask for each firm, parcel, link or building whose answer would change something."""
    gap, pairs, changed = tried.gap, tried.pairs, tried.changed
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
            what=column_told(gap.layer, gap.column),
            row=shown(name),
            years=listed(when),
        )
        yield check_of(
            trial, gap.layer, str(name), gap.column,
            reason="gap", changed=here, parcels=parcels, asked=asked,
        )  # fmt: skip


# ---- outliers --------------------------------------------------------------------------------------------------------


def _outliers(trial: Trial) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Every suspicious cell; and what to ask, the cells of one column, firm and test together."""
    rows: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    rule_of = {test.name: test.rule for test in TESTS}
    together: dict[tuple[str, ...], list[tuple[Odd, Message]]] = {}
    names = {layer: row_names(table, layer) for layer, table in trial.park.layers.items()}
    for odd in find_odd(trial.park, rules=trial.rules, measure=trial.measure):
        name = names[odd.layer][odd.row]
        parcels = _parcels_of(trial, [odd])
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
            | in_words(message)
        )
        owner = name.partition("/")[0] if odd.layer == "performance" else name
        key = (odd.test, odd.layer, owner, odd.column)
        together.setdefault(key, []).append((odd, message))
    for place, ((test, layer, owner, name), cells) in enumerate(together.items()):
        odds = [odd for odd, _ in cells]
        changed = _mended(trial, odds) if place < _MOST_TRIALS else Changed.between([trial.now])
        asked = cells[0][1]
        if len(cells) > 1:
            asked = say("quality.and_years", told=asked, count=len(cells) - 1)
        parcels = _parcels_of(trial, odds)
        checks.append(
            check_of(
                trial,
                layer,
                owner,
                name,
                reason=test,
                changed=changed,
                parcels=parcels,
                asked=asked,
            )
        )
    return rows, checks


def _parcels_of(trial: Trial, odds: Sequence[Odd]) -> pd.Index:
    pairs = parcels_of_rows(trial.park, odds[0].layer)
    own = pairs.loc[pairs["row"].isin([odd.row for odd in odds]), "parcel_id"]
    parcels: pd.Index = pd.Index(own.unique().tolist(), dtype=object)
    return parcels


def _mended(trial: Trial, odds: Sequence[Odd]) -> Changed:
    """What would be said otherwise of any land if the cells were what they probably mean."""
    values = {odd.row: odd.mended for odd in odds if odd.mended is not None}
    at = np.zeros(len(trial.park.layers[odds[0].layer]), dtype=bool)
    at[list(values)] = True
    if not values:
        return Changed.between([trial.now])
    cells = np.array([values[row] for row in sorted(values)])
    return Changed.between([trial.now, trial.said(odds[0].layer, odds[0].column, at, cells)])


def _odd_told(odd: Odd, name: str) -> Message:
    return say(
        f"quality.test.{odd.test}",
        what=column_told(odd.layer, odd.column),
        row=shown(name),
        value=_figure(odd.value),
        expected=_figure(odd.expected),
        limit=odd.limit,
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004  (how numbers look)


# ---- tables --------------------------------------------------------------------------------------------------------


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
