"""Per-mu grading of firms, A to D, by the rule packs: score, rank, class, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import ScenarioError, SchemaError
from geoplan.evaluate._arrays import NO, UNKNOWN, YES, verdict_words
from geoplan.evaluate._firms import Firms, read_firms
from geoplan.evaluate._graded import NOT_SUITED_GRADE, Graded, grade_firms, item_table
from geoplan.evaluate._grading_rules import GRADES, GROUPS, GradingRules, Item, grading_rules
from geoplan.evaluate._grading_words import reasons_of
from geoplan.evaluate._ratios import known_years
from geoplan.evaluate._scores import points
from geoplan.evaluate._texts import text_column
from geoplan.evaluate.runs import UnknownYears, runs_of
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import columns_of
from geoplan.model.telling import nearest, shown
from geoplan.words import LANGUAGES, say

__all__ = [
    "Grading",
    "check_grading",
    "grade_enterprises",
    "grade_layers",
    "grade_runs",
    "grade_table",
    "grade_years",
    "score_of",
]

_LAYERS = ("enterprises", "occupancy", "performance")
_LETTERS = (*GRADES, "T", "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grading:
    """The classes of the firms of a park in one year.

    Attributes
    ----------
    year
        The year whose figures count.
    firms
        Index ``enterprise_id``, in the ledger's order: ``group`` (``above_scale``, ``below_scale``, ``all`` or empty),
        ``score``, ``rank`` in the group (1 is best), ``grade`` (A to D; T: not suited; empty: unknown, or too small to
        be graded), ``land_area_m2``, ``reason_en``, ``reason_zh``. Firms that are not ranked have no score.
    items
        One row for each ranked firm and indicator: ``value`` and ``baseline`` in ``unit``, ``weight`` and
        ``contribution`` in points (they add to the score), ``cap``, ``is_missing``, and ``filled``: how (``peer_mean``,
        ``zero``, ``exclude``; empty where it was reported).
    """

    year: int
    firms: pd.DataFrame
    items: pd.DataFrame


def grade_enterprises(park: Park, *, rules: Rules, year: int | None = None) -> Grading:
    r"""Grade the firms of a park.

    .. math:: s_i = \sum_k w_k \, \min(x_{ik} / b_k, c_k)

    over the indicators :math:`k` of the firm's group: weight :math:`w_k` [points], the firm's ratio :math:`x_{ik}`, its
    baseline :math:`b_k`, a cap :math:`c_k` if the pack has one. A firm is in the best class of which the quota is larger
    than the share of its peers that score better; so borders and ties go to the better class. Not ranked are firms not
    suited (T), tenants below scale that take their owner's class, and firms of which no indicator is known: those are
    unknown, never D.

    Parameters
    ----------
    park
        Reads ``enterprises``, ``occupancy``, ``performance`` and ``parcels``.
    rules
        Table ``grading`` of a pack such as ``huangyan-2022``.
    year
        The year to grade; the last one with figures if not given.

    Raises
    ------
    ScenarioError
        The table cannot be used, or its money is not the park's; all problems at once.
    SchemaError
        The park has no ledger, or no figures, to grade by.

    References
    ----------
    The notices and rules named in the packs; the policy for missing items and ties is that of our domain notes, 3.1.
    """
    asked = grading_rules(rules)
    chosen = _year(park, asked, year)
    firms = read_firms(park, rules=asked, year=chosen)
    looks_back = any(item.baseline is None for items in asked.groups.values() for item in items)
    before = read_firms(park, rules=asked, year=chosen - 1) if looks_back else None
    graded = grade_firms(firms, before=before, rules=asked)
    return Grading(
        year=chosen,
        firms=_firm_table(firms, graded, asked),
        items=item_table(firms.ids, graded.groups),
    )


def score_of(
    values: Mapping[str, float],
    *,
    rules: Rules,
    group: str = "above_scale",
    means: Mapping[str, float] | None = None,
) -> float:
    """Score one firm from its ratios alone, each in the unit of its baseline; one without peers to fill gaps from.

    Parameters
    ----------
    values
        Ratio by indicator; what is missing is left out, or counts nothing where the pack says ``zero``.
    means
        Mean of the year before by indicator, where the baseline is a multiple of it.

    Raises
    ------
    ScenarioError
        There is no such group or indicator; the nearest name is told.

    Examples
    --------
    >>> from geoplan.model.rulepack import load_rules
    >>> rules = load_rules(["huangyan-2022"])
    >>> round(score_of({"tax_per_land": 8, "tax_per_electricity": 0.2}, rules=rules, group="below_scale"), 3)
    77.02
    """
    asked = grading_rules(rules)
    if group not in asked.groups:
        known = ", ".join(asked.groups)
        near = nearest(group, asked.groups)
        raise ScenarioError([say("grade.no_group", group=shown(group), known=known, near=near)])
    items = asked.groups[group]
    names = [item.ratio.name for item in items]
    unknown = [name for name in (*values, *(means or {})) if name not in names]
    if unknown:
        raise ScenarioError(
            [
                say(
                    "grade.unknown_name",
                    place=group,
                    name=shown(name),
                    known=", ".join(names),
                    near=nearest(name, names),
                )
                for name in unknown
            ]
        )
    ratio = [values.get(item.ratio.name, np.nan) / _baseline(item, means or {}) for item in items]
    known_ratio = np.array([ratio])
    told = points(known_ratio, items=items, least_ratio=asked.least_ratio)
    return float(told.score[0])


def grade_table(gradings: Mapping[int, Grading]) -> pd.DataFrame:
    """Classes of all years as a long table: ``enterprise_id``, ``year``, ``grade``; missing where a firm has none."""
    tables = [
        pd.DataFrame(
            {
                "enterprise_id": grading.firms.index.astype("str"),
                "year": pd.array([year] * len(grading.firms), dtype="Int64"),
                "grade": grading.firms["grade"].where(grading.firms["grade"] != "").to_numpy(),
            }
        )
        for year, grading in sorted(gradings.items())
    ]
    empty = pd.DataFrame({"enterprise_id": [], "year": [], "grade": []})
    return pd.concat(tables, ignore_index=True) if tables else empty


def grade_years(park: Park, *, rules: Rules) -> dict[int, Grading]:
    """Grade the firms of a park in every year with figures, the oldest first.

    Raises
    ------
    ScenarioError, SchemaError
        As :func:`grade_enterprises`.
    """
    last = grade_enterprises(park, rules=rules)
    years = [year for year in known_years(park.layers["performance"]) if year != last.year]
    return {
        **{year: grade_enterprises(park, rules=rules, year=year) for year in years},
        last.year: last,
    }


def grade_layers(gradings: Mapping[int, Grading]) -> dict[str, pd.DataFrame]:
    """Layers ``grades`` and ``grade_items`` of the schema, the last year first."""
    newest = sorted(gradings.items(), reverse=True)
    firms = [grading.firms.reset_index().assign(year=year) for year, grading in newest]
    items = [grading.items.assign(year=year) for year, grading in newest]
    return {
        "grades": _as_layer("grades", firms),
        "grade_items": _as_layer("grade_items", [_with_names(table) for table in items]),
    }


def _with_names(items: pd.DataFrame) -> pd.DataFrame:
    names = {name: say(f"grade.indicator.{name}") for name in items["indicator"].unique()}
    return items.assign(
        **{
            f"name_{language}": items["indicator"].map(
                {name: told.text(language) for name, told in names.items()}
            )
            for language in LANGUAGES
        }
    )


def _as_layer(name: str, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    columns = columns_of(name)
    if not tables:
        return pd.DataFrame({column: [] for column in columns})
    table = pd.concat(tables, ignore_index=True)[list(columns)]
    empty = [column for column, item in columns.items() if item.kind == "choice"]
    return table.assign(**{column: table[column].where(table[column] != "") for column in empty})


def grade_runs(
    gradings: Mapping[int, Grading],
    *,
    min_years: int,
    grade: str = "D",
    unknown_years: UnknownYears = "bridge",
) -> pd.DataFrame:
    """Say which firms had a class in a row, up to the last year; a year without a class, or with T, is unknown.

    Returns
    -------
    DataFrame
        Index ``enterprise_id``; ``verdict`` (yes: at least ``min_years`` in a row), ``current_years``,
        ``longest_years``. Firms that any of the years has, in the order in which they first appear.
    """
    years = range(min(gradings), max(gradings) + 1) if gradings else range(0)
    ids = pd.Index(
        dict.fromkeys(firm for year in sorted(gradings) for firm in gradings[year].firms.index),
        name="enterprise_id",
        dtype="str",
    )
    had = np.full((len(ids), len(years)), UNKNOWN, dtype=np.int8)
    for place, year in enumerate(years):
        if year in gradings:
            letters = gradings[year].firms["grade"].reindex(ids, fill_value="")
            had[letters.isin(GRADES).to_numpy(dtype=bool), place] = NO
            had[(letters == grade).to_numpy(dtype=bool), place] = YES
    runs = runs_of(had, min_years=min_years, unknown_years=unknown_years)
    return pd.DataFrame(
        {
            "verdict": pd.Series(verdict_words(runs.verdict), index=ids).astype("str"),
            "current_years": pd.Series(runs.current, index=ids, dtype="Int64"),
            "longest_years": pd.Series(runs.longest, index=ids, dtype="Int64"),
        },
        index=ids,
    )


def check_grading(rules: Rules) -> None:
    """Check the table ``grading`` of the rule packs.

    Raises
    ------
    ScenarioError
        It cannot be used; all problems at once.
    """
    grading_rules(rules)


def _year(park: Park, rules: GradingRules, year: int | None) -> int:
    missing = [layer for layer in _LAYERS if layer not in park]
    if missing:
        raise SchemaError([say("grade.needs_layers", layers=", ".join(missing))])
    if rules.currency and park.currency and rules.currency != park.currency:
        raise ScenarioError([say("grade.other_currency", asked=rules.currency, own=park.currency)])
    known = known_years(park.layers["performance"])
    if not known:
        raise SchemaError([say("grade.no_figures")])
    return known[-1] if year is None else year


def _firm_table(firms: Firms, graded: Graded, rules: GradingRules) -> pd.DataFrame:
    reason = reasons_of(firms, graded, rules)
    suited = graded.by_score != NOT_SUITED_GRADE
    return pd.DataFrame(
        {
            "group": pd.array([*GROUPS, ""], dtype="str").take(firms.group),
            "score": np.where(suited, graded.score, np.nan),
            "rank": pd.arrays.IntegerArray(graded.rank, mask=graded.rank == 0),
            "grade": pd.array(_LETTERS, dtype="str").take(graded.grade),
            "land_area_m2": firms.land.area_m2,
            **{f"reason_{language}": text_column(reason[language]) for language in LANGUAGES},
        },
        index=firms.ids,
    )


def _baseline(item: Item, means: Mapping[str, float]) -> float:
    if item.baseline is not None:
        return item.baseline
    if item.ratio.name not in means:
        raise ScenarioError([say("grade.needs_mean", indicator=item.ratio.name)])
    return (item.times_last_mean or 1.0) * means[item.ratio.name]
