"""Five years of figures of the made-up firms.

A firm has a productivity of its own (log-normal around that of its industry and of its generation of plant), a trend
and a year's luck; everything else follows from its output. Firms that do poorly are simply low draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.io._sample_firms import Firms
from geoplan.io._sample_sketch import sketch

__all__ = ["make_performance"]

_TCE_PER_KWH = 0.1229e-3
_ELECTRIC_SHARE = 0.5
_ABOVE_SCALE_AMOUNT = 20e6
_OFTEN_UNKNOWN = [
    "rd_expense_amount",
    "energy_tce",
    "emission_t",
    "export_amount",
    "net_profit_amount",
]
Floats = NDArray[np.float64]


def make_performance(firms: Firms, rng: np.random.Generator) -> pd.DataFrame:
    """Layer ``performance``, with ``firm`` (number) instead of its id, and with gaps."""
    register = firms.register[firms.register["kind"] != "unbuilt"]
    first, last = sketch()["firms"]["years"]
    years = np.arange(first, last + 1)
    level = _level(register, rng)
    output = _output(register, level, years, rng)
    figures = _figures(register, level, output, rng)
    count = len(register)
    table = pd.DataFrame(
        {"firm": np.repeat(register.index, len(years)), "year": np.tile(years, count)}
        | {name: values.ravel() for name, values in figures.items()}
    )
    since = register["since_year"].reindex(table["firm"]).to_numpy()
    return _with_gaps(table[table["year"] >= since], register, rng).reset_index(drop=True)


def _level(register: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Log of a firm's output per m2 of land against the base."""
    model = sketch()["firms"]["productivity"]
    middle = register["kind"].map(model["middle"]) + register["shift"]
    return np.asarray(middle + rng.normal(0, model["spread"], size=len(register)), dtype=float)


def _output(
    register: pd.DataFrame, level: Floats, years: NDArray[np.int64], rng: np.random.Generator
) -> Floats:
    model = sketch()["firms"]["productivity"]
    shape = (len(register), len(years))
    middle, spread = model["trend"]
    trend = rng.normal(middle, spread, size=(shape[0], 1)) * (years - years.mean())
    luck = rng.normal(0, model["spread_of_years"], size=shape)
    fall = np.ones(shape)
    falls = rng.random(shape[0]) < model["collapse"]["chance"]
    low, high = model["collapse"]["by"]
    fall[falls, -1] = rng.uniform(low, high, size=int(falls.sum()))
    idle = (register["kind"] == "idle").to_numpy()
    fall[idle] = model["idle_years"]
    base = sketch()["firms"]["base_output_amount_per_m2"] * register["land_m2"].to_numpy()
    output = base[:, None] * np.exp(level[:, None] + trend + luck) * fall * model["years"]
    return np.asarray(output.round(-3), dtype=float)


def _figures(
    register: pd.DataFrame, level: Floats, output: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    """Everything else a firm reports, from its output, its trade and how well it does."""

    def trade(name: str) -> Floats:
        return register[name].to_numpy(dtype=float)[:, None]

    def vary(spread: float) -> Floats:
        return np.exp(rng.normal(0, spread, size=output.shape))

    well = level[:, None]
    staff = output / (trade("per_person") * 1000 * np.exp(0.35 * well)) * vary(0.05)
    energy = output / 1e6 * trade("energy") * vary(0.08)
    land = register["land_m2"].to_numpy()[:, None]
    grown = 1.03 ** np.arange(output.shape[1]) * np.exp(rng.normal(0, 0.25, size=(len(level), 1)))
    profit = output * (0.055 + 0.05 * well + rng.normal(0, 0.012, size=output.shape))
    return {
        "output_amount": output,
        "revenue_amount": (output * 0.975 * vary(0.02)).round(-3),
        "value_added_amount": (output * trade("value_added") * vary(0.06)).round(-3),
        "tax_amount": (output * trade("tax") * np.exp(0.2 * well) * vary(0.12)).round(-3),
        "net_profit_amount": profit.round(-3),
        "fixed_assets_amount": (land * 3000 * grown).round(-3),
        "rd_expense_amount": (output * trade("rd") * vary(0.2)).round(-3),
        "energy_tce": energy.round(1),
        "electricity_kwh": (energy * _ELECTRIC_SHARE / _TCE_PER_KWH * vary(0.05)).round(-1),
        "emission_t": (output / 1e8 * trade("emission") * vary(0.2)).round(3),
        "average_staff_count": np.ceil(staff),
        "export_amount": (output * trade("export") * vary(0.15)).round(-3),
    }


def _with_gaps(
    table: pd.DataFrame, register: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """What the survey could not find out stays empty: rows, outputs, and cells that are often unknown."""
    gaps = sketch()["firms"]["gaps"]
    silent = _some_firms(register, gaps["never_reported"], rng)
    partly = _some_firms(register, gaps["one_output_missing"], rng)
    table = table[~table["firm"].isin(silent)].copy()
    one_year = rng.integers(table["year"].min() + 1, table["year"].max(), size=len(partly))
    for firm, year in zip(partly, one_year, strict=True):
        hit = (table["firm"] == firm) & (table["year"] == year)
        table.loc[hit, ["output_amount", "value_added_amount"]] = np.nan
    early = table["year"] <= table["year"].min() + 1
    table = table[~(early & (rng.random(len(table)) < gaps["early_years_missing"]))].copy()
    is_small = table["output_amount"].to_numpy() < _ABOVE_SCALE_AMOUNT
    chance = np.where(is_small, gaps["small_firm_cell_missing"], gaps["cell_missing"])
    for name in _OFTEN_UNKNOWN:
        table[name] = table[name].mask(rng.random(len(table)) < chance)
    return table


def _some_firms(
    register: pd.DataFrame, gap: dict[str, Any], rng: np.random.Generator
) -> NDArray[np.int64]:
    fits = register.index[register["kind"].isin(gap["kinds"])].to_numpy()
    return np.sort(rng.choice(fits, size=min(gap["count"], len(fits)), replace=False))
