"""One question about a ledger, asked of geoplan, pandas, polars and DuckDB, each as its users would write it.

The ledger has a row for each parcel and year, in this order: ``parcel``, ``year``, ``zone``, ``area_m2`` and four
measures, empty where unknown. Asked is, for each measure, the area-weighted mean of each zone and year; which parcels
lie below it (by more than 1e-9 of it); the longest run of such years and the one that reaches the last year, unknown
years neither counting nor breaking a run; and whether that one has three years: yes, no, or unknown where it could.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geoplan.evaluate.averages import GridSums, grid_sums
from geoplan.evaluate.measures import Grid
from geoplan.evaluate.runs import runs_of
from geoplan.evaluate.standing import stand_against

__all__ = ["MEASURES", "MIN_YEARS", "SIDES", "Answer", "Side", "ledger"]

MEASURES = ("output_amount", "revenue_amount", "value_added_amount", "tax_amount")
MIN_YEARS = 3
TIE = 1e-9
ZONES = 20
FIRST_YEAR, YEARS = 2021, 5
PARTITIONS = 16

#: ``mean`` zone x year x measure, and ``current``, ``longest`` and ``flag`` parcel x measure.
Answer = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How a side takes up the file of the ledger, answers from what it holds, and says it in arrays; only ``ask`` is timed."""

    load: Callable[[Path], Any]
    ask: Callable[[Any], Any]
    tell: Callable[[Any], Answer]


def ledger(count: int) -> pd.DataFrame:
    """A made-up ledger, a tenth of it unknown; figures with all the digits a float has."""
    rng = np.random.default_rng(2026)
    area = np.exp(rng.normal(9, 1, count))
    level = rng.normal(4, 0.5, count)
    table = {
        "parcel": np.repeat(np.arange(count), YEARS),
        "year": np.tile(np.arange(FIRST_YEAR, FIRST_YEAR + YEARS), count),
        "zone": np.repeat(rng.integers(0, ZONES, count), YEARS),
        "area_m2": np.repeat(area, YEARS),
    }
    for name in MEASURES:
        per_m2 = np.exp(np.repeat(level, YEARS) + rng.normal(0, 0.5, count * YEARS))
        is_known = rng.random(count * YEARS) >= 0.1
        table[name] = np.where(is_known, per_m2 * table["area_m2"], np.nan)
    return pd.DataFrame(table)


# geoplan: the steps of evaluate_park, with nothing left out between the long table and the runs


def _land(table: pd.DataFrame) -> tuple[pd.Index, np.ndarray, np.ndarray]:
    parcel = table["parcel"].to_numpy()
    first = np.flatnonzero(np.append(True, parcel[1:] != parcel[:-1]))
    land = table.iloc[first]
    return pd.Index(land["parcel"]), land["area_m2"].to_numpy(), land["zone"].to_numpy()


def _sums(table: pd.DataFrame, zones: np.ndarray) -> tuple[list[GridSums], list[Any]]:
    ids, area_m2, zone = _land(table)
    group = np.searchsorted(zones, zone)
    grid = Grid.of(table, "parcel", ids)
    sums, held = [], []
    for name in MEASURES:
        amount = grid.filled(table[name].to_numpy())[1]
        sums.append(grid_sums(amount, area_m2=area_m2, group=group, group_count=len(zones)))
        held.append((amount, area_m2, group))
    return sums, held


def _judged(sums: list[GridSums], held: list[Any]) -> list[Any]:
    runs = []
    for total, (amount, area_m2, group) in zip(sums, held, strict=True):
        standing = stand_against(total.mean_per_m2, amount=amount, area_m2=area_m2, group=group)
        runs.append(runs_of(standing.is_below, min_years=MIN_YEARS, unknown_years="bridge"))
    return runs


def _ask_geoplan(table: pd.DataFrame) -> Any:
    sums, held = _sums(table, np.unique(_land(table)[2]))
    return sums, _judged(sums, held)


def _tell_geoplan(answer: Any) -> Answer:
    sums, runs = answer
    return {
        "mean": np.stack([total.mean_per_m2 for total in sums], axis=2),
        "current": np.stack([run.current for run in runs], axis=1),
        "longest": np.stack([run.longest for run in runs], axis=1),
        "flag": np.stack([run.verdict for run in runs], axis=1),
    }


def _load_partitions(file: Path) -> list[pd.DataFrame]:
    """Parcels dealt out to partitions by lot; nothing tells a partition of the others."""
    table = pd.read_parquet(file)
    lot = np.random.default_rng(7).integers(0, PARTITIONS, len(table) // YEARS)
    return [table[np.repeat(lot == number, YEARS)] for number in range(PARTITIONS)]


def _ask_partitions(tables: list[pd.DataFrame]) -> Any:
    zones = reduce(np.union1d, [np.unique(_land(table)[2]) for table in tables])
    parts = [_sums(table, zones) for table in tables]
    merged = [reduce(add, sums) for sums in zip(*(sums for sums, _ in parts), strict=True)]
    return merged, [_judged(merged, held) for _, held in parts], tables


def _tell_partitions(answer: Any) -> Answer:
    merged, runs, tables = answer
    order = np.argsort(np.concatenate([_land(table)[0] for table in tables]))
    told = [_tell_geoplan((merged, part)) for part in runs]
    placed = {
        name: np.concatenate([part[name] for part in told])[order]
        for name in told[0]
        if name != "mean"
    }
    return {"mean": told[0]["mean"], **placed}


# pandas, by groupby and transform


def _ask_pandas(table: pd.DataFrame) -> Any:
    measures = list(MEASURES)
    keys = [table["zone"], table["year"]]
    known = table[measures].notna()
    amount = table[measures].groupby(keys).transform("sum")
    land = known.mul(table["area_m2"], axis="index").groupby(keys).transform("sum")
    mean = amount / land
    is_below = mean - table[measures].div(table["area_m2"], axis="index") > TIE * mean.abs()
    is_first = table["parcel"] != table["parcel"].shift()
    runs = {}
    for name in measures:
        holds = is_below[name] | ~known[name]
        stretch = (~holds | is_first).cumsum()
        run = is_below[name].groupby(stretch).cumsum()
        of_parcel = run.groupby(table["parcel"])
        current = of_parcel.last()
        reach = holds.groupby(stretch).cumsum().groupby(table["parcel"]).last()
        could_be = (reach >= MIN_YEARS) | (reach == YEARS)
        flag = np.where(current >= MIN_YEARS, 1, np.where(could_be, -1, 0))
        runs[name] = (current, of_parcel.max(), flag)
    return mean.groupby(keys).first(), runs


def _tell_pandas(answer: Any) -> Answer:
    mean, runs = answer
    return {
        "mean": mean.to_numpy().reshape(-1, YEARS, len(MEASURES)),
        **{
            what: np.stack([np.asarray(runs[name][place]) for name in MEASURES], axis=1)
            for place, what in enumerate(("current", "longest", "flag"))
        },
    }


# polars: lazy, on all cores, the years side by side


def _load_polars(file: Path) -> Any:
    import polars as pl  # noqa: PLC0415  (a peer's import is its own)

    return pl.read_parquet(file).with_columns(pl.col(MEASURES).fill_nan(None))


def _ask_polars(table: Any) -> Any:
    import polars as pl  # noqa: PLC0415

    land = [pl.col("area_m2").filter(pl.col(name).is_not_null()).sum() for name in MEASURES]
    means = (
        table.lazy()
        .group_by("zone", "year")
        .agg((pl.col(m).sum() / a).alias(f"mean {m}") for m, a in zip(MEASURES, land, strict=True))
        .collect()
    )
    below = (
        table.lazy()
        .join(means.lazy(), on=["zone", "year"], how="left", maintain_order="left")
        .select(
            "parcel",
            "year",
            *(
                (
                    pl.col(f"mean {m}") - pl.col(m) / pl.col("area_m2")
                    > TIE * pl.col(f"mean {m}").abs()
                ).alias(m)
                for m in MEASURES
            ),
        )
        .collect()
    )
    years = [below.filter(pl.col("year") == year) for year in range(FIRST_YEAR, FIRST_YEAR + YEARS)]
    wide = pl.concat(
        [years[0].select("parcel"), *(
            year.select(pl.col(m).alias(f"{m} {number}") for m in MEASURES)
            for number, year in enumerate(years)
        )],
        how="horizontal",
    ).lazy()  # fmt: skip
    zero = pl.lit(0, dtype=pl.Int8)
    wide = wide.with_columns(
        zero.alias(f"{what} {m}") for what in ("current", "longest", "reach") for m in MEASURES
    )
    for number in range(YEARS):
        wide = wide.with_columns(
            pl.when(pl.col(f"{m} {number}").fill_null(value=True))
            .then(pl.col(f"{what} {m}") + step)
            .otherwise(zero)
            .alias(f"{what} {m}")
            for m in MEASURES
            for what, step in (
                ("current", pl.col(f"{m} {number}").fill_null(value=False).cast(pl.Int8)),
                ("reach", pl.lit(1, dtype=pl.Int8)),
            )
        ).with_columns(
            pl.max_horizontal(f"longest {m}", f"current {m}").alias(f"longest {m}")
            for m in MEASURES
        )
    flags = [
        pl.when(pl.col(f"current {m}") >= MIN_YEARS)
        .then(pl.lit(1, dtype=pl.Int8))
        .when((pl.col(f"reach {m}") >= MIN_YEARS) | (pl.col(f"reach {m}") == YEARS))
        .then(pl.lit(-1, dtype=pl.Int8))
        .otherwise(zero)
        .alias(f"flag {m}")
        for m in MEASURES
    ]
    runs = [f"{what} {m}" for what in ("current", "longest") for m in MEASURES]
    return means, wide.select("parcel", *runs, *flags).collect()


def _tell_polars(answer: Any) -> Answer:
    means, runs = answer
    mean = means.sort("zone", "year").select(f"mean {m}" for m in MEASURES).to_numpy()
    runs = runs.sort("parcel")
    return {
        "mean": mean.reshape(-1, YEARS, len(MEASURES)),
        **{
            what: np.stack([runs[f"{what} {m}"].to_numpy() for m in MEASURES], axis=1)
            for what in ("current", "longest", "flag")
        },
    }


# DuckDB: a table in memory, SQL, on all cores


def _load_duckdb(file: Path) -> Any:
    import duckdb  # noqa: PLC0415

    empty = ", ".join(f"nullif({m}, 'nan'::double) as {m}" for m in MEASURES)
    connection = duckdb.connect()
    connection.execute(
        f"create table ledger as select * replace ({empty}) from read_parquet('{file}')"  # noqa: S608  (our own names)
    )
    return connection


def _ask_duckdb(connection: Any) -> Any:
    means = ", ".join(
        f"sum({m}) / sum(area_m2) filter ({m} is not null) as mean_{m}" for m in MEASURES
    )
    below = ", ".join(
        f"(mean_{m} - {m} / area_m2 > {TIE} * abs(mean_{m}))::tinyint as {m}" for m in MEASURES
    )
    wide = ", ".join(
        f"max({m}) filter (year = {FIRST_YEAR + number}) as {m}_{number}"
        for m in MEASURES
        for number in range(YEARS)
    )
    source = "wide"
    for number in range(YEARS):
        steps = ", ".join(
            f"case when {m}_{number} = 0 then 0 else {f'{what}_{m}_{number - 1}' if number else '0'} + {step} end"
            f"::tinyint as {what}_{m}_{number}"
            for m in MEASURES
            for what, step in (("current", f"coalesce({m}_{number}, 0)"), ("reach", "1"))
        )
        source = f"(select *, {steps} from {source})"  # noqa: S608
    last = YEARS - 1
    told = ", ".join(
        f"current_{m}_{last} as current_{m}, "
        f"greatest({', '.join(f'current_{m}_{number}' for number in range(YEARS))}) as longest_{m}, "
        f"(case when current_{m}_{last} >= {MIN_YEARS} then 1 when reach_{m}_{last} >= {MIN_YEARS} "
        f"or reach_{m}_{last} = {YEARS} then -1 else 0 end)::tinyint as flag_{m}"
        for m in MEASURES
    )
    connection.execute(
        f"create or replace table means as select zone, year, {means} from ledger group by zone, year"  # noqa: S608
    )
    connection.execute(
        "create or replace table runs as with "  # noqa: S608
        f"below as (select parcel, year, {below} from ledger join means using (zone, year)), "
        f"wide as (select parcel, {wide} from below group by parcel) "
        f"select parcel, {told} from {source}"
    )
    return connection


def _tell_duckdb(connection: Any) -> Answer:
    mean = connection.execute("select * from means order by zone, year").fetchnumpy()
    runs = connection.execute("select * from runs order by parcel").fetchnumpy()
    return {
        "mean": np.stack(
            [np.asarray(mean[f"mean_{m}"]).reshape(-1, YEARS) for m in MEASURES], axis=2
        ),
        **{
            what: np.stack([np.asarray(runs[f"{what}_{m}"]) for m in MEASURES], axis=1)
            for what in ("current", "longest", "flag")
        },
    }


SIDES: Mapping[str, Side] = {
    "geoplan": Side(load=pd.read_parquet, ask=_ask_geoplan, tell=_tell_geoplan),
    f"geoplan, {PARTITIONS} partitions": Side(
        load=_load_partitions, ask=_ask_partitions, tell=_tell_partitions
    ),
    "pandas": Side(load=pd.read_parquet, ask=_ask_pandas, tell=_tell_pandas),
    "polars": Side(load=_load_polars, ask=_ask_polars, tell=_tell_polars),
    "duckdb": Side(load=_load_duckdb, ask=_ask_duckdb, tell=_tell_duckdb),
}
