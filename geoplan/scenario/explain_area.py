"""What the grading and the analyses of the whole area say of one parcel, as parts of its explanation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.evaluate import Grading, Pockets, Services, grade_layers
from geoplan.model.explanation import Part
from geoplan.model.ledger import current_rows
from geoplan.model.park import Park
from geoplan.model.telling import shown
from geoplan.scenario.area import Area
from geoplan.units import mu_from_m2
from geoplan.words import Message, catalogue, literal, name_in_both, say

__all__ = ["area_parts"]


def area_parts(park: Park, area: Area, parcel_id: str) -> tuple[Part, ...]:
    """The classes of the firms on a parcel with what brought the points, and what lies around it."""
    parts = []
    if area.gradings:
        year = max(area.gradings)
        parts.append(_grades(park, area.gradings[year], year, parcel_id))
    if around := _around(area, parcel_id):
        parts.append(Part(heading=say("explain.around"), lines=tuple(around)))
    if area.services is not None:
        parts.append(_services(area.services, parcel_id))
    return tuple(parts)


def _grades(park: Park, grading: Grading, year: int, parcel_id: str) -> Part:
    occupancy = park.layers["occupancy"]
    here = occupancy[current_rows(occupancy, year=year) & (occupancy["parcel_id"] == parcel_id)]
    items = grade_layers({year: grading})["grade_items"].set_index("enterprise_id")
    names = park.layers["enterprises"].get("name", pd.Series(dtype="str"))
    lines: list[Message] = []
    rows: list[tuple[Message, ...]] = []
    for firm in dict.fromkeys(here["enterprise_id"]):
        if firm not in grading.firms.index:
            continue
        name = names.get(firm)
        called = literal(shown(firm if name is None or pd.isna(name) else name))
        why = _in_both(grading.firms.loc[firm], "reason")
        lines.append(say("explain.item", name=called, value=why))
        own = items.loc[items.index == firm]
        lines += [_item_line(row) for row in own.to_dict("records")]
        rows += [_item_row(called, row) for row in own.to_dict("records")]
        if own.empty:
            rows.append((called, why, *[literal("")] * 3))
    columns = tuple(say(f"explain.{name}") for name in _ITEM_COLUMNS)
    return Part(
        heading=say("explain.grades", year=year),
        lines=tuple(lines) or (say("explain.no_firm"),),
        columns=columns,
        rows=tuple(rows),
    )


_ITEM_COLUMNS = ("firm_name", "indicator", "reported", "baseline", "points")


def _item_line(row: dict[Any, Any]) -> Message:
    return say(
        "explain.grade_item",
        indicator=_in_both(row, "name"),
        value=_reported(row),
        baseline=_figure(row["baseline"]),
        unit=_unit(row["unit"]),
        points=_figure(row["contribution"]),
        weight=_figure(row["weight"]),
    )


def _item_row(firm: Message, row: dict[Any, Any]) -> tuple[Message, ...]:
    unit = _unit(row["unit"])
    return (
        firm,
        _in_both(row, "name"),
        say("explain.with_unit", value=_reported(row), unit=unit),
        say("explain.with_unit", value=_figure(row["baseline"]), unit=unit),
        say(
            "explain.points_of", points=_figure(row["contribution"]), weight=_figure(row["weight"])
        ),
    )


def _reported(row: dict[Any, Any]) -> Message:
    return say(f"grade.fill.{row['filled']}") if row["filled"] else _figure(row["value"])


def _unit(unit: str) -> Message:
    key = f"grade.unit.{unit}"
    return say(key) if key in catalogue() else literal(unit)


def _around(area: Area, parcel_id: str) -> list[Message]:
    lines = []
    if area.clusters is not None:
        row = area.clusters.layer.loc[parcel_id]
        known = pd.notna(row["p_value"])
        told = say(f"space.cluster.{row['cluster']}")
        p = _figure(row["p_value"]) if known else say("common.unknown")
        lines.append(say("explain.cluster", told=told, p=p))
    if area.pockets is not None:
        lines.append(_pocket(area.pockets, parcel_id))
    return lines


def _pocket(pockets: Pockets, parcel_id: str) -> Message:
    name = pockets.pocket_of.get(parcel_id)
    if name is None or pd.isna(name):
        return say("explain.no_pocket")
    row = pockets.layer.loc[name]
    count, area_mu = int(row["parcel_count"]), float(mu_from_m2(row["area_m2"]))
    return say("explain.pocket", name=shown(name), count=count, area_mu=area_mu)


def _services(services: Services, parcel_id: str) -> Part:
    layer = services.layer
    rows = layer[layer["parcel_id"] == parcel_id].to_dict("records")
    told = [_service(row) for row in rows]
    columns = tuple(say(f"explain.{name}") for name in ("service", "nearest", "way", "near"))
    lines: Sequence[Message] = [
        say("explain.service_line", kind=kind, name=name, way=way, near=near)
        for kind, name, way, near in told
    ]
    return Part(
        heading=say("explain.services"), lines=tuple(lines), columns=columns, rows=tuple(told)
    )


def _service(row: dict[Any, Any]) -> tuple[Message, Message, Message, Message]:
    key = f"space.kind.{row['kind']}"
    kind = say(key) if key in catalogue() else literal(shown(row["kind"]))
    name = next((row[key] for key in ("facility_name", "facility_id") if pd.notna(row[key])), "-")
    if pd.notna(row["walk_m"]):
        way = say("explain.walk", metres=float(row["walk_m"]))
    elif pd.notna(row["straight_m"]):
        way = say("explain.straight", metres=float(row["straight_m"]))
    else:
        way = say("common.unknown")
    if pd.isna(row["max_m"]):
        return kind, literal(shown(name)), way, say("explain.no_distance")
    verdict = say(f"verdict.{row['is_near']}")
    near = say("explain.near_enough", verdict=verdict, metres=float(row["max_m"]))
    return kind, literal(shown(name)), way, near


def _in_both(row: Any, name: str) -> Message:
    return name_in_both({"en": row[f"{name}_en"], "zh": row[f"{name}_zh"]})


def _figure(value: float) -> Message:
    if np.isnan(value):
        return say("common.unknown")
    return literal(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}")  # noqa: PLR2004
