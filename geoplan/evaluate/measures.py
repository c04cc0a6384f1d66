"""How much each parcel yields in each year, by the measure that the scenario names.

A measure of firms is spread to parcels by the written contract: a firm's amount goes to its parcels in proportion to
the land it answers for there, ``land_share`` times the parcel's area. Where the ledger has no share, the land is the
floor the firm uses over the floor of the plot - over all occupied floor where that of the plot is not known, or less -
and the whole plot if it is the only firm there (contract of the Zhejiang per-mu evaluation as written in our domain
notes, section 3.1). Which of these was used is kept and said; what none of them tells is unknown.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import (
    NO,
    Bools,
    Floats,
    Ints,
    any_where,
    every,
    floats_of,
    some,
    sum_where,
)
from geoplan.evaluate.occupants import Ledger
from geoplan.model.park import Park
from geoplan.words import Message, say

__all__ = [
    "MEASURES",
    "Grid",
    "Measure",
    "Measured",
    "find_measure",
    "last_year",
    "measure_parcels",
    "missing_for",
]

#: What is said of the land of firms, in the order of the columns of ``Measured.basis``.
BASES = ("share", "floor", "whole_plot", "silent_tenant", "occupied_floor")
_SILENT, _OCCUPIED = BASES.index("silent_tenant"), BASES.index("occupied_floor")
#: Why an amount is not known, in the order of the columns of ``Measured.gaps``.
GAPS = ("no_firm", "no_figure", "no_land", "no_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a planner may compare parcels by: a money column of a layer."""

    name: str
    layer: str
    column: str

    @property
    def is_of_firms(self) -> bool:
        """Whether firms report it, so that it has to be spread to parcels."""
        return self.layer == "performance"


#: All measures by name.
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        name: Measure(name=name, layer=layer, column=column)
        for name, layer, column in (
            ("output", "performance", "output_amount"),
            ("revenue", "performance", "revenue_amount"),
            ("value_added", "performance", "value_added_amount"),
            ("tax", "performance", "tax_amount"),
            ("improvement", "valuation", "improvement_amount"),
            ("land_value", "valuation", "land_amount"),
            ("total_value", "valuation", "total_amount"),
        )
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A measure by parcel and year.

    Attributes
    ----------
    years
        Every year from the first to the last that has figures, gaps included.
    amount
        Parcel x year, in the park's currency; NaN where it is not known.
    basis
        Parcel x ``BASES``: what the land of the firms on it was taken from.
    gaps
        Parcel x ``GAPS``: why amounts are not known.
    """

    years: Ints
    amount: Floats
    basis: Bools
    gaps: Bools


def find_measure(name: str) -> Measure:
    """The measure of that name.

    Raises
    ------
    ScenarioError
        There is none; the nearest name is told.
    """
    if name not in MEASURES:
        near = difflib.get_close_matches(name, MEASURES, n=1)
        known = ", ".join(MEASURES)
        raise ScenarioError(
            [say("evaluate.no_measure", name=name, known=known, near=near[0] if near else "-")]
        )
    return MEASURES[name]


def missing_for(park: Park, measure: Measure) -> Message | None:
    """What the park lacks for this measure; ``None`` if it has all."""
    needed = ("occupancy", "performance") if measure.is_of_firms else ("valuation",)
    missing = [layer for layer in needed if layer not in park]
    if missing:
        return say("evaluate.measure_needs_layers", measure=measure.name, layers=", ".join(missing))
    table = park.layers[measure.layer]
    figures = floats_of(table, measure.column) + floats_of(table, "year")
    if np.isnan(figures).all():
        return say("evaluate.measure_needs_column", layer=measure.layer, column=measure.column)
    return None


def last_year(park: Park, measure: Measure) -> int:
    """The last year for which the measure has a figure."""
    table = park.layers[measure.layer]
    return int(table.loc[~np.isnan(floats_of(table, measure.column)), "year"].max())


def measure_parcels(
    park: Park, *, measure: Measure, ledger: Ledger | None, area_m2: Floats
) -> Measured:
    """Amount of a measure on each parcel in each year.

    A parcel's amount is known only if that of every firm with land on it is known: a part is not the whole. A tenant
    known to be outside industry that reports nothing in any year adds nothing, and is named in the reason; a parcel
    where nobody else is stays unknown, for unknown is not zero. A firm that reports 0 has 0.
    """
    table = park.layers[measure.layer]
    if measure.is_of_firms:
        if ledger is None:
            msg = "a measure of firms needs the ledger; ask missing_for first"
            raise ValueError(msg)
        return _spread(table, measure.column, ledger, area_m2)
    years, amount = _by_year(table, "parcel_id", measure.column, park.parcels.index)
    return Measured(
        years=years,
        amount=amount,
        basis=np.zeros((len(amount), len(BASES)), dtype=bool),
        gaps=_only(some(np.isnan(amount)), "no_value"),
    )


def _by_year(table: pd.DataFrame, key: str, column: str, ids: pd.Index) -> tuple[Ints, Floats]:
    """A long table as a grid of id x year; NaN where there is no row, or two rows that differ."""
    return Grid.of(table, key, ids).filled(floats_of(table, column))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Where each row of a long table stands in a grid of id x year.

    Attributes
    ----------
    year
        Position in ``years``, -1 for none.
    cell
        Position in the grid laid out year by year, -1 for none.
    has_twice
        Whether two rows stand in one cell.
    """

    years: Ints
    year: NDArray[np.int16]
    cell: Ints
    id_count: int
    has_twice: bool

    @classmethod
    def of(cls, table: pd.DataFrame, key: str, ids: pd.Index) -> Grid:
        """The places of the rows of a table that has ``key`` and ``year``."""
        told = floats_of(table, "year")
        row = _places(pd.Index(table[key]), ids)
        first = np.fmin.reduce(told, initial=np.inf)
        years = np.arange(first, np.fmax.reduce(told, initial=-np.inf) + 1).astype(np.int64)
        year = np.where(np.isnan(told), -1, told - first).astype(np.int16)
        cell = np.where((row < 0) | (year < 0), -1, year * np.int64(len(ids)) + row)
        times = np.bincount(cell + 1, minlength=1)[1:]
        return cls(
            years=years,
            year=year,
            cell=cell,
            id_count=len(ids),
            has_twice=bool((times > 1).any()),
        )

    def filled(self, amount: Floats) -> tuple[Ints, Floats]:
        """The years from the first to the last that has figures, and the figures; NaN where two differ."""
        known = ~np.isnan(amount)
        shown = self.year[known & (self.year >= 0)]
        years = slice(shown.min(), shown.max() + 1)
        cells = np.full(
            self.id_count * len(self.years) + 1, np.nan
        )  # the last for what stands nowhere
        if self.has_twice:
            cell, amount = self.cell[known], amount[known]
            cells[cell] = amount
            cells[cell[cells[cell] != amount]] = np.nan
        else:
            cells[self.cell] = amount
        return self.years[years], cells[:-1].reshape(len(self.years), -1)[years].T


def _places(keys: pd.Index, ids: pd.Index) -> NDArray[np.intp]:
    """Position of each key; rows of one key that stand together are looked up once."""
    begins = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    first = np.flatnonzero(begins)
    return np.asarray(np.repeat(ids.get_indexer(keys[first]), np.diff(first, append=len(keys))))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    """Each firm on each plot, once; ``of_row`` says which pair a row of the ledger belongs to."""

    of_row: NDArray[np.intp]
    firm: Ints
    parcel: Ints

    @classmethod
    def of(cls, ledger: Ledger) -> _Pairs:
        code = ledger.firm * (ledger.parcel_count + 1) + ledger.parcel
        pair, of_row = np.unique(code, return_inverse=True)
        firm, parcel = np.divmod(pair, ledger.parcel_count + 1)
        return cls(of_row=of_row, firm=firm, parcel=parcel)


def _spread(table: pd.DataFrame, column: str, ledger: Ledger, area_m2: Floats) -> Measured:
    years, of_firm = _by_year(table, "enterprise_id", column, ledger.firm_ids)
    pairs = _Pairs.of(ledger)
    area = np.append(area_m2, np.nan)  # the last place is "somewhere else"
    plots = len(area)
    silent = _silent_firms(ledger, of_firm)[pairs.firm]
    amount = np.full((len(years), plots), np.nan).T
    basis = np.zeros((plots, len(BASES)), dtype=bool)
    gaps = np.zeros((plots, len(GAPS)), dtype=bool)

    def has(rows: Bools) -> Bools:
        return any_where(rows, pairs.parcel, plots)

    for number, year in enumerate(years):
        on, part, how = _part_of_firm(ledger, pairs, area, int(year))
        figures = of_firm[pairs.firm, number]
        speaks = on & ~silent
        amount[:, number] = sum_where(speaks, figures * part, pairs.parcel, plots)
        basis |= np.column_stack(
            [
                has(on & silent) if kind == _SILENT else has(speaks & (how == kind))
                for kind in range(len(BASES))
            ]
        )
        no_figure, no_land = has(speaks & np.isnan(figures)), has(speaks & np.isnan(part))
        gaps |= np.column_stack([~has(speaks), no_figure, no_land, np.zeros(plots, dtype=bool)])
    return Measured(years=years, amount=amount[:-1], basis=basis[:-1], gaps=gaps[:-1])


def _silent_firms(ledger: Ledger, of_firm: Floats) -> Bools:
    """Firms known to be outside industry that report nothing in any year."""
    outside = np.zeros(len(ledger.firm_ids), dtype=bool)
    outside[ledger.firm] = ledger.is_industrial == NO
    return outside & every(np.isnan(of_firm))


def _part_of_firm(
    ledger: Ledger, pairs: _Pairs, area: Floats, year: int
) -> tuple[Bools, Floats, Ints]:
    """Where each firm has land in a year, the part of its amount that goes there, and by which of ``BASES``.

    A firm with one plot brings all it has; a plot of which it has no land is none of its plots.
    """
    on, land, how = _land_of_pairs(ledger, pairs, area, year)
    firms = len(ledger.firm_ids)
    plots = np.bincount(pairs.firm[on], minlength=firms)[pairs.firm]
    total = sum_where(on, land, pairs.firm, firms)[pairs.firm]
    part = np.divide(land, total, out=np.full(len(land), np.nan), where=total > 0)
    part = np.where(plots == 1, 1.0, part)
    return on & (part != 0), part, how


def _land_of_pairs(
    ledger: Ledger, pairs: _Pairs, area: Floats, year: int
) -> tuple[Bools, Floats, Ints]:
    """Whether each firm is on each plot in a year, the land it answers for there [m2], and by which of ``BASES``."""
    active = ledger.is_active(year)
    count = len(pairs.firm)
    on = any_where(active, pairs.of_row, count)
    stated = sum_where(active, ledger.land_share, pairs.of_row, count)
    floor = sum_where(active, ledger.floor_m2, pairs.of_row, count)
    firms_on_plot = np.bincount(pairs.parcel[on], minlength=len(area))[pairs.parcel]
    occupied = sum_where(on, floor, pairs.parcel, len(area))[pairs.parcel]
    stands = np.append(ledger.plot_floor_m2, np.nan)[pairs.parcel]
    has_plot_floor = (stands > 0) & ~(occupied > stands) & ~(floor > stands)
    whole = np.where(has_plot_floor, stands, occupied)
    by_floor = np.divide(floor, whole, out=np.full(count, np.nan), where=whole > 0)
    how = np.select(
        [~np.isnan(stated), firms_on_plot == 1, has_plot_floor], [0, 2, 1], default=_OCCUPIED
    )
    share = np.select([how == 0, how == 2], [stated, np.ones(count)], default=by_floor)  # noqa: PLR2004  (places in BASES)
    return on, share * area[pairs.parcel], how


def _only(rows: Bools, gap: str) -> Bools:
    return np.column_stack([rows & (name == gap) for name in GAPS])
