"""What the stages hand to each other: findings, plans, centres, greenways, and what they rest on.

Each is frozen; tables inside are never changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from geoplan.optimise.proof import Proof
from geoplan.words import Message

__all__ = [
    "Allocation",
    "Centres",
    "Evaluation",
    "Facilities",
    "Greenway",
    "Indicator",
    "LedgerQuality",
    "Neighbourhoods",
    "Problem",
    "Raster",
    "Robustness",
    "StageLeftOut",
    "problem_table",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a check found: what, where, what to do.

    Attributes
    ----------
    severity
        ``error`` (cannot go on), ``warning`` (went on differently than asked) or ``note``.
    layer, row, column
        Where; empty if it concerns the whole layer or park.
    kind
        Short name of the sort of problem, for example ``invalid_ring``.
    message
        What, where and what to do, in words.
    geometry
        Where on the map, if it has a place.
    """

    severity: str
    layer: str
    kind: str
    message: Message
    row: str = ""
    column: str = ""
    geometry: BaseGeometry | None = None


def problem_table(problems: Sequence[Problem], *, crs: object = None) -> gpd.GeoDataFrame:
    """The problems as layer ``problems`` (schema), errors first, else in the order found."""
    rank = {"error": 0, "warning": 1, "note": 2}
    ordered = sorted(problems, key=lambda problem: rank[problem.severity])
    table = pd.DataFrame(
        {
            "problem_id": range(1, len(ordered) + 1),
            "severity": [p.severity for p in ordered],
            "layer": [p.layer for p in ordered],
            "row": [p.row for p in ordered],
            "column": [p.column for p in ordered],
            "kind": [p.kind for p in ordered],
            "text_en": [p.message.text("en") for p in ordered],
            "text_zh": [p.message.text("zh") for p in ordered],
        }
    )
    return gpd.GeoDataFrame(table, geometry=[p.geometry for p in ordered], crs=crs).set_index(
        "problem_id"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """A grid of numbers in the park's CRS: a path that ``rasterio`` opens, and what its values are.

    A grid in memory lives as long as its ``holder``.
    """

    path: str
    unit: str
    holder: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLeftOut:
    """A stage (or part of one) that could not run, and why; shown in the summary and on the page."""

    stage: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """How well the land is used.

    Attributes
    ----------
    parcels
        All parcels in the order given, index ``parcel_id``, with the columns that the schema marks ``evaluate``.
    findings
        Long table ``findings``: one row per assessed parcel and test.
    averages
        Long table ``averages``: one row per group and year.
    yearly
        Long table ``yearly``: one row per assessed parcel and year, beside the average that counts for it.
    left_out
        Tests that could not be made, with the reason.
    measure
        The column the averages speak of, for example ``output_amount``.
    judged
        How each test was judged, for :func:`geoplan.evaluate.assess_robustness`.
    """

    parcels: gpd.GeoDataFrame
    findings: pd.DataFrame
    averages: pd.DataFrame
    left_out: tuple[StageLeftOut, ...]
    measure: str
    yearly: pd.DataFrame = field(default_factory=pd.DataFrame)
    judged: object = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness:
    """How sure the answers are.

    Attributes
    ----------
    parcels
        Long table ``robustness``: one row per assessed parcel and test.
    triage
        Table ``triage_robustness``: one row per assessed parcel.
    threshold_curve
        Table ``threshold_curve``: the flagged land as each threshold moves.
    """

    parcels: pd.DataFrame
    triage: pd.DataFrame
    threshold_curve: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LedgerQuality:
    """What the ledger does not know (``ledger_gaps``), can hardly mean (``ledger_outliers``), and what to ask first.

    ``checks`` is layer ``field_checks``: what would change the most land comes first.
    """

    gaps: pd.DataFrame
    outliers: pd.DataFrame
    checks: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Allocation:
    """What each parcel becomes, what that is worth, and how near the best it is known to be.

    Attributes
    ----------
    parcels
        All parcels, with the columns that the schema marks ``plan``; a parcel that is no candidate keeps its use.
    suitability
        Long table ``suitability``: candidate x product.
    rules
        Table ``plan_rules``: every rule with its value and whether it is kept.
    proof
        Suitable area [m2] of the plan and its bound.
    steps
        Table ``plan_steps``: how the plan came about, where it was made step by step; empty elsewhere.
    """

    parcels: gpd.GeoDataFrame
    suitability: pd.DataFrame
    rules: pd.DataFrame
    proof: Proof
    left_out: tuple[StageLeftOut, ...] = ()
    steps: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Centres:
    """Service centres: points (table ``centres``), which parcel walks to which, and the proof in person-metres.

    ``changes`` (table ``centre_changes``) tells the mean walk as planned, with one centre more, and without each.
    """

    sites: gpd.GeoDataFrame
    assignment: pd.DataFrame
    proof: Proof
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facilities:
    """Facilities of several sorts: points (table ``sited_facilities``), who walks to which, and a proof for each sort."""

    sites: gpd.GeoDataFrame
    assignment: pd.DataFrame
    proofs: Mapping[str, Proof]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbourhoods:
    """Innovation neighbourhoods: areas (table ``neighbourhoods``), the parcels of each, and the proof in m2 times metres."""

    areas: gpd.GeoDataFrame
    members: pd.DataFrame
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Greenway:
    """A greenway, what it takes, and how good it is.

    Attributes
    ----------
    lines
        Table ``greenway``: a row per stretch of a street.
    places
        What it joins, and what each costs to join.
    proof
        Cost of the branches in metres of local street; given the ring if there is one.
    ring_proof
        Cost of the ring with the prizes left out; ``None`` without a ring.
    areas, land
        The corridor of each stretch, and what it takes from which parcel (table ``greenway_land``).
    measures
        How well the net is connected: ``length_m``, ``alpha``, ``beta``, ``gamma``, ``detour``, ...
    """

    lines: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    proof: Proof
    areas: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    land: pd.DataFrame = field(default_factory=pd.DataFrame)
    measures: Mapping[str, float] = field(default_factory=dict)
    ring_proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One number of a plan; ``value`` is ``None`` where it is not known, and ``note`` says why or on what assumption."""

    name: str
    value: float | None
    unit: str
    note: Message | None = None
    details: Mapping[str, float] | None = None
