"""Many runs told as tables: demand met or why not, how probable each use is, the range of each indicator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.optimise.reallocation import SHORT_FOR, Course, YearlyQuestion
from geoplan.plan.question import TODAY, Question
from geoplan.words import LANGUAGES, Message, join, say

_GREEN = ("park", "plaza")


def demand_table(
    courses: Sequence[Course],
    yearly: YearlyQuestion,
    *,
    keys: Sequence[str],
    years: NDArray[np.int64],
) -> pd.DataFrame:
    """Table ``simulation_demand``: per year and product what was asked, in how many runs it was met, and why not."""
    missing = np.stack([course.missing for course in courses])
    reason = np.stack([course.reason for course in courses])
    rows = []
    for t, year in enumerate(years.tolist()):
        for p, key in enumerate(keys):
            lacks, why = missing[:, t, p], reason[:, t, p]
            is_met = np.abs(lacks) <= yearly.tolerance[p]
            told = _why(why[~is_met])
            rows.append(
                {
                    "year": year,
                    "product": key,
                    "demand_m2": float(yearly.demand[t, p]),
                    "tolerance_m2": float(yearly.tolerance[p]),
                    "mean_m2": float(yearly.demand[t, p] - lacks.mean()),
                    "most_missing_m2": float(max(lacks.max(), 0.0)),
                    "met_share": float(is_met.mean()),
                    **{f"reason_{language}": told.text(language) for language in LANGUAGES},
                }
            )
    return pd.DataFrame(rows)


def _why(reasons: NDArray[np.int64]) -> Message:
    """What stood against the demand, the most frequent first, and in how many runs."""
    counts = np.bincount(reasons, minlength=len(SHORT_FOR))
    found = [number for number in np.argsort(-counts, kind="stable").tolist() if counts[number]]
    return join(
        [say(f"simulate.short_{SHORT_FOR[number]}", count=int(counts[number])) for number in found]
    )


def probabilities(
    courses: Sequence[Course], question: Question, *, years: NDArray[np.int64]
) -> pd.DataFrame:
    """Table ``simulation_uses``: per candidate and year the share of the runs in which it has each use, if any."""
    label = np.stack([course.label for course in courses])
    year = np.stack([course.year for course in courses])
    keys = [*question.keys, TODAY]
    tables = []
    for t, name in enumerate(years.tolist()):
        now = np.where(year <= t, label, len(question.keys))
        counts = np.stack([(now == number).sum(axis=0) for number in range(len(keys))], axis=1)
        row, number = np.nonzero(counts)
        tables.append(
            pd.DataFrame(
                {
                    "parcel_id": question.land.parcels.index.to_numpy()[row],
                    "year": name,
                    "product": np.asarray(keys, dtype=object)[number],
                    "probability": counts[row, number] / len(courses),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def indicator_ranges(
    courses: Sequence[Course], question: Question, *, years: NDArray[np.int64], money: str
) -> pd.DataFrame:
    """Table ``simulation_indicators``: per year and indicator its range over the runs."""
    shown = question.rules.value("simulate.most_shown_share")
    outer = (1.0 - shown) / 2
    values = [*_totals(courses, question, len(years)), ("spent", "", money, _spent(courses))]
    tables = []
    for name, product, unit, runs in values:
        low, middle, high = np.quantile(runs, [outer, 0.5, 1.0 - outer], axis=0)
        tables.append(
            pd.DataFrame(
                {
                    "year": years,
                    "indicator": name,
                    "product": product,
                    "unit": unit,
                    "least": runs.min(axis=0),
                    "lower": low,
                    "median": middle,
                    "upper": high,
                    "most": runs.max(axis=0),
                    **{
                        f"name_{language}": _name(name, product, question).text(language)
                        for language in LANGUAGES
                    },
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _name(name: str, product: str, question: Question) -> Message:
    if product:
        return say("simulate.land_of", product=question.programme.product(product).name)
    return say(f"simulate.{name}")


def _spent(courses: Sequence[Course]) -> NDArray[np.float64]:
    return np.stack([np.cumsum(course.spent) for course in courses])


def _totals(
    courses: Sequence[Course], question: Question, years: int
) -> list[tuple[str, str, str, NDArray[np.float64]]]:
    """Name, product, unit and run x year of every indicator that adds up over the converted parcels."""
    products, area_m2 = question.programme.products, question.land.area_m2[:, None]
    floor = np.array([product.floor_area_ratio for product in products])
    head = np.array([product.floor_area_m2_per_person for product in products])
    dwelling = np.array([product.dwelling_m2 for product in products])
    is_green = np.array([product.role in _GREEN for product in products], dtype=float)
    whole = np.ones(len(products))
    tables = [
        ("converted", "", "m2", area_m2 * whole),
        ("suitable", "", "m2", area_m2 * question.score),
        ("floor_area", "", "m2", area_m2 * floor),
        ("population", "", "persons", area_m2 * _over(floor, head)),
        ("dwellings", "", "dwellings", area_m2 * _over(floor, dwelling)),
        ("public_green", "", "m2", area_m2 * is_green),
    ] + [
        ("land", product.key, "m2", area_m2 * (np.arange(len(products)) == number))
        for number, product in enumerate(products)
    ]
    return [
        (name, key, unit, np.stack([_by_year(course, table, years) for course in courses]))
        for name, key, unit, table in tables
    ]


def _over(floor: NDArray[np.float64], each: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(floor, each, out=np.zeros_like(floor), where=each > 0)


def _by_year(course: Course, table: NDArray[np.float64], years: int) -> NDArray[np.float64]:
    """The sum over what is converted by the end of each year."""
    rows = np.flatnonzero(course.label >= 0)
    added = np.bincount(course.year[rows], weights=table[rows, course.label[rows]], minlength=years)
    return np.cumsum(added)
