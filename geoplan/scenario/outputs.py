"""A result as files: the page, the layers, the land balance. Each is whole or not there at all."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoplan.indicators import indicator_table, land_balance
from geoplan.io import write_evaluation, write_geopackage, write_land_balance
from geoplan.model.answers import problem_table
from geoplan.model.schema import columns_of
from geoplan.render import PageContent, draw_page, save_page
from geoplan.scenario.area import area_layers
from geoplan.scenario.previous import rule_table
from geoplan.scenario.run import Result
from geoplan.words import Message, name_in_both

__all__ = [
    "page_of",
    "result_layers",
    "title_of",
    "write_balance",
    "write_findings",
    "write_layers",
    "write_page",
    "write_result",
]


def title_of(result: Result) -> Message:
    """What the scenario is called: its title, else the park's name."""
    own = result.scenario.title.as_dict()
    return name_in_both(own) if own["en"] else result.park.title()


def result_layers(result: Result) -> dict[str, pd.DataFrame]:
    """All layers of a result by name: what was read, what was found, what is planned.

    ``parcels`` holds today's land with its findings, ``plan`` the same parcels with what they become.
    """
    layers: dict[str, pd.DataFrame] = dict(result.park.layers)
    if result.evaluation is not None:
        layers |= {
            "parcels": result.evaluation.parcels,
            "findings": result.evaluation.findings,
            "averages": result.evaluation.averages,
            "yearly": result.evaluation.yearly,
        }
    if result.robustness is not None:
        layers |= {
            "robustness": result.robustness.parcels,
            "triage_robustness": result.robustness.triage,
            "threshold_curve": result.robustness.threshold_curve,
        }
    layers |= extra_tables(result)
    if result.area is not None:
        layers |= area_layers(result.area)
    layers |= _plan_layers(result)
    layers |= _places_of(result)
    if result.land_balance is not None:
        layers["land_balance"] = result.land_balance
    if result.indicators:
        layers["indicators"] = indicator_table(result.indicators)
    if result.problems:
        layers["problems"] = problem_table(result.problems, crs=result.park.crs)
    return layers


def extra_tables(result: Result) -> dict[str, pd.DataFrame]:
    """Tables beside the findings: quality of the ledger, what changed since last time, the numbers of the rules."""
    tables: dict[str, pd.DataFrame] = {}
    if result.quality is not None:
        tables |= {
            "field_checks": result.quality.checks,
            "ledger_gaps": result.quality.gaps,
            "ledger_outliers": result.quality.outliers,
        }
    if result.changes is not None:
        tables["verdict_changes"] = result.changes
    if result.evaluation is not None:
        tables["rule_numbers"] = rule_table(result.rules)
    return tables


def _places_of(result: Result) -> dict[str, pd.DataFrame]:
    """What the plan sites and routes."""
    layers: dict[str, pd.DataFrame] = {}
    if result.centres is not None:
        layers |= {"centres": result.centres.sites, "centre_changes": result.centres.changes}
    if result.facilities is not None and len(result.facilities.sites):
        layers["sited_facilities"] = result.facilities.sites
    if result.neighbourhoods is not None:
        layers["neighbourhoods"] = result.neighbourhoods.areas
    if result.greenway is not None:
        layers |= {
            "greenway": result.greenway.lines,
            "greenway_areas": result.greenway.areas,
            "greenway_land": result.greenway.land,
        }
    return layers


def _plan_layers(result: Result) -> dict[str, pd.DataFrame]:
    layers: dict[str, pd.DataFrame] = {}
    if result.allocation is not None:
        layers = {
            "plan": _plan_columns(result.allocation.parcels),
            "suitability": result.allocation.suitability,
            "plan_rules": result.allocation.rules,
        }
        if not result.allocation.steps.empty:
            layers["plan_steps"] = result.allocation.steps
    if result.simulation is not None:
        layers |= {
            "simulation_demand": result.simulation.demand,
            "simulation_uses": result.simulation.uses,
            "simulation_indicators": result.simulation.indicators,
        }
    return layers


def _plan_columns(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The plan's own columns beside today's use and triage; the rest stands in ``parcels``."""
    planned = [name for name, item in columns_of("parcels").items() if item.stage == "plan"]
    wanted = ["use", "zone", "block_id", "triage", "area_m2", *planned]
    return parcels[[name for name in wanted if name in parcels] + [parcels.geometry.name]]


def page_of(result: Result) -> PageContent:
    """What the page shows of a result."""
    return PageContent(
        park=result.park,
        evaluation=result.evaluation,
        series=None if result.evaluation is None else result.evaluation.yearly,
        allocation=result.allocation,
        centres=result.centres,
        greenway=result.greenway,
        indicators=result.indicators,
        land_balance=result.land_balance,
        left_out=result.left_out,
        area={} if result.area is None else area_layers(result.area),
        title=title_of(result),
        scenario=result.scenario.name,
        date=result.scenario.date,
        provenance=result.provenance,
        rules=tuple(result.rules.numbers.values()),
        language=result.scenario.outputs.language,
    )


def write_page(result: Result, folder: Path) -> Path:
    """Draw the page ``NAME.html`` into a folder."""
    target = folder / f"{result.scenario.name}.html"
    save_page(draw_page(page_of(result)), target)
    return target


def write_layers(result: Result, folder: Path) -> Path:
    """Write all layers to ``NAME.gpkg`` in a folder, styled for QGIS."""
    target = folder / f"{result.scenario.name}.gpkg"
    write_geopackage(
        target,
        layers=result_layers(result),
        provenance=result.provenance,
        date=result.scenario.date,
        crs=result.park.crs,
    )
    return target


def write_balance(result: Result, folder: Path) -> Path:
    """Write the land balance to ``NAME.xlsx`` in a folder."""
    target = folder / f"{result.scenario.name}.xlsx"
    planned = None if result.allocation is None else result.allocation.parcels["planned_use"]
    write_land_balance(
        target,
        balance=land_balance(result.park.parcels, after=planned),
        provenance=result.provenance,
        date=result.scenario.date,
        title=title_of(result),
    )
    return target


def write_findings(result: Result, folder: Path) -> Path | None:
    """Write the findings to ``NAME-findings.xlsx`` in a folder; nothing if the land was not evaluated."""
    if result.evaluation is None:
        return None
    target = folder / f"{result.scenario.name}-findings.xlsx"
    write_evaluation(
        target,
        evaluation=result.evaluation,
        park=result.park,
        rules=result.rules,
        provenance=result.provenance,
        date=result.scenario.date,
        title=title_of(result),
        robustness=result.robustness,
        tables={
            name: table for name, table in extra_tables(result).items() if name != "rule_numbers"
        },
        layers={} if result.area is None else area_layers(result.area),
    )
    return target


def write_result(result: Result, folder: str | Path = "maps") -> tuple[Path, ...]:
    """Write the page, the layers, the land balance and the findings into a folder; returns the paths."""
    writers = (write_page, write_layers, write_balance, write_findings)
    written = [write(result, Path(folder)) for write in writers]
    return tuple(target for target in written if target is not None)
