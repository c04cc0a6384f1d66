"""What a firm is graded by: one figure of the ledger over another, or over the land it answers for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import Bools, Floats, floats_of, sum_where
from geoplan.evaluate.measures import BASES, _by_year, _land_of_pairs, _Pairs
from geoplan.evaluate.occupants import Ledger
from geoplan.units import AMOUNT_UNITS, AREA_UNITS

__all__ = ["RATIOS", "FirmLand", "Ratio", "figures_of_year", "known_years", "land_of_firms"]

_LAND = tuple(AREA_UNITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A figure over another.

    Attributes
    ----------
    above
        Money column of ``performance``.
    below
        Column of ``performance``; empty for the firm's land [m2].
    below_units
        Units that a baseline may have under the slash; empty for a share.
    """

    name: str
    above: str
    below: str
    below_units: tuple[str, ...]

    def takes(self, unit: str) -> bool:
        """Whether a baseline may be written in this unit."""
        if not self.below_units:
            return unit in ("share", "percent")
        top, _, bottom = unit.partition("/")
        return top in AMOUNT_UNITS and bottom in self.below_units


#: All ratios by name. Definitions after the Huangyan notice for 2022 and the rules named in the packs.
RATIOS: Mapping[str, Ratio] = MappingProxyType(
    {
        name: Ratio(name=name, above=above, below=below, below_units=units)
        for name, above, below, units in (
            ("tax_per_land", "tax_amount", "", _LAND),
            ("output_per_land", "output_amount", "", _LAND),
            ("revenue_per_land", "revenue_amount", "", _LAND),
            ("value_added_per_land", "value_added_amount", "", _LAND),
            ("value_added_per_energy", "value_added_amount", "energy_tce", ("tce",)),
            ("value_added_per_emission", "value_added_amount", "emission_t", ("t",)),
            ("value_added_per_staff", "value_added_amount", "average_staff_count", ("person",)),
            ("rd_share", "rd_expense_amount", "revenue_amount", ()),
            ("tax_per_energy", "tax_amount", "energy_tce", ("tce",)),
            ("tax_per_electricity", "tax_amount", "electricity_kwh", ("kWh",)),
            ("tax_per_emission", "tax_amount", "emission_t", ("t",)),
        )
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FirmLand:
    """Land that each firm answers for in a year [m2], NaN where unknown, and by which of ``measures.BASES``."""

    area_m2: Floats
    basis: Bools


def land_of_firms(ledger: Ledger, *, area_m2: Floats, year: int) -> FirmLand:
    """Land of each firm over all its plots, by the written contract of :mod:`geoplan.evaluate.measures`."""
    pairs = _Pairs.of(ledger)
    on, land, how = _land_of_pairs(ledger, pairs, np.append(area_m2, np.nan), year)
    count = len(ledger.firm_ids)
    basis = np.zeros((count, len(BASES)), dtype=bool)
    basis[pairs.firm[on], how[on]] = True
    return FirmLand(area_m2=sum_where(on, land, pairs.firm, count), basis=basis)


def known_years(performance: pd.DataFrame) -> tuple[int, ...]:
    """Years for which some ratio has a figure."""
    columns = {column for ratio in RATIOS.values() for column in (ratio.above, ratio.below)} - {""}
    known = np.zeros(len(performance), dtype=bool)
    for column in sorted(columns):
        known |= ~np.isnan(floats_of(performance, column))
    years = floats_of(performance, "year")[known]
    return tuple(int(year) for year in np.unique(years[~np.isnan(years)]))


def figures_of_year(performance: pd.DataFrame, ids: pd.Index, year: int, column: str) -> Floats:
    """A column of ``performance`` in one year, firm by firm; NaN where unknown, or told twice and differently."""
    rows = performance[floats_of(performance, "year") == year]
    if np.isnan(floats_of(rows, column)).all():
        return np.full(len(ids), np.nan)
    return _by_year(rows, "enterprise_id", column, ids)[1][:, 0]
