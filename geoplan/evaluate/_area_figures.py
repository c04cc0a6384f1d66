"""The figures of each firm, laid into the parts of a park by the written contract."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geoplan.evaluate._arrays import (
    NO,
    Bools,
    Floats,
    Ints,
    every,
    floats_of,
    strings_of,
    verdict_of,
)
from geoplan.evaluate.measures import _by_year, _Pairs, _part_of_firm
from geoplan.evaluate.occupants import Ledger
from geoplan.model.park import Park

__all__ = [
    "KEYS",
    "NOWHERE",
    "NO_YEAR",
    "PARK",
    "RATIOS",
    "amounts",
    "divisions_of",
    "floors",
    "years_of",
]

#: Codes of the whole park, and of land of no area.
PARK, NOWHERE = -1, -2
#: Stands for the year where no figure names one.
NO_YEAR = -1
KEYS = ["area", "year", "aspect"]
#: Which figure over which, by aspect.
RATIOS: Mapping[str, tuple[str, str]] = {
    "export": ("export_amount", "output_amount"),
    "innovation": ("rd_expense_amount", "revenue_amount"),
}


def divisions_of(enterprises: pd.DataFrame) -> pd.Series[str]:
    """Two-digit division of GB/T 4754 of each firm; empty where the code tells none.

    Examples
    --------
    >>> firms = pd.DataFrame({"industry_code": ["C3911", "39", "1491", "C", None]}, index=list("abcde"))
    >>> divisions_of(firms).tolist()
    ['39', '39', '14', '', '']
    """
    codes = pd.Series(strings_of(enterprises, "industry_code"), index=enterprises.index)
    found = codes.astype("str").str.strip().str.extract(r"^[A-Ta-t]?(\d{2})", expand=False)
    return found.fillna("")


def years_of(park: Park) -> list[int]:
    """Years with a figure that a profile reads."""
    table = park.get("performance")
    if table is None:
        return []
    names = {"output_amount", *(name for pair in RATIOS.values() for name in pair)}
    known = np.zeros(len(table), dtype=bool)
    for name in sorted(names):
        known |= ~np.isnan(floats_of(table, name))
    return sorted({int(year) for year in table.loc[known, "year"].dropna()})


def floors(ledger: Ledger, code: Ints, *, year: int | None) -> pd.DataFrame:
    """Floor area of each firm in each area today."""
    here = ledger.is_current & ~ledger.is_empty & (ledger.parcel < ledger.parcel_count)
    rows = pd.DataFrame(
        {"area": code[ledger.parcel], "firm": ledger.firm, "amount": ledger.floor_m2}
    )[here]
    both = pd.concat([rows.assign(area=PARK), rows[rows["area"] != NOWHERE]])
    summed = both.groupby(["area", "firm"])["amount"].agg(_whole_sum)
    return summed.reset_index().assign(
        year=NO_YEAR if year is None else year, aspect="trades_by_floor_area", base=np.nan
    )


def _whole_sum(amounts: pd.Series[float]) -> float:
    return float(amounts.sum(skipna=False))


def amounts(park: Park, ledger: Ledger, code: Ints, aspect: str) -> pd.DataFrame | None:
    """A figure of each firm in each area and year (``amount``), and the one it is set against (``base``).

    ``None`` if nobody reports them.
    """
    table = park.get("performance")
    top, *rest = RATIOS.get(aspect, ("output_amount",))
    if (
        table is None
        or np.isnan(floats_of(table, top) + floats_of(table, rest[0] if rest else top)).all()
    ):
        return None
    years, amount = _by_year(table, "enterprise_id", top, ledger.firm_ids)
    base = amount
    if rest:
        base = _on_years(*_by_year(table, "enterprise_id", rest[0], ledger.firm_ids), years)
    area_m2 = np.append(np.where(park.parcels.area > 0, park.parcels.area, np.nan), np.nan)
    pairs = _Pairs.of(ledger)
    silent = every(np.isnan(amount)) & _outside(park, ledger)
    parts = []
    for number, year in enumerate(years):
        on, part, _ = _part_of_firm(ledger, pairs, area_m2, int(year))
        stakes = _stakes(pairs, on & ~silent[pairs.firm], part, code)
        firm = stakes["firm"].to_numpy()
        parts.append(
            stakes.assign(
                year=int(year),
                aspect=aspect,
                amount=stakes["part"] * amount[firm, number],
                base=stakes["part"] * base[firm, number],
            )
        )
    return pd.concat(parts, ignore_index=True).drop(columns="part")


def _on_years(own: Ints, values: Floats, years: Ints) -> Floats:
    return np.asarray(pd.DataFrame(values, columns=own).reindex(columns=years), dtype=np.float64)


def _outside(park: Park, ledger: Ledger) -> Bools:
    """Firms that the ledger knows to be outside industry."""
    firms = park.layers["enterprises"].reindex(ledger.firm_ids)
    return np.asarray(verdict_of(firms, "is_industrial_use") == NO)


def _stakes(pairs: _Pairs, on: Bools, part: Floats, code: Ints) -> pd.DataFrame:
    """Which part of each firm lies in the park and in each area; a firm with all its plots in one is there whole."""
    rows = pd.DataFrame({"firm": pairs.firm, "area": code[pairs.parcel], "part": part})[on]
    in_park = (pairs.parcel < len(code) - 1)[on]
    places = rows.assign(area=np.where(in_park, PARK, NOWHERE))
    tables = []
    for table in (places, rows):
        whole = table.groupby("firm")["area"].transform("nunique") == 1
        summed = table.assign(part=table["part"].where(~whole, 1.0), whole=whole)
        by_area = summed.groupby(["area", "firm"])
        sums = by_area["part"].agg(_whole_sum)
        is_whole = by_area["whole"].first()
        tables.append(sums.where(~is_whole, 1.0).reset_index())
    both = pd.concat(tables, ignore_index=True)
    return both[both["area"] != NOWHERE]
