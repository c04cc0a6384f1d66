"""A parcel's story as columns: what it is, who is on it, how it did, why it was flagged, what it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from geoplan.model.answers import Allocation, Evaluation
from geoplan.model.corrections import correction_told, parcels_of_corrections
from geoplan.model.landuse import land_uses
from geoplan.model.park import Park
from geoplan.model.schema import UNKNOWN_USE, column, columns_of
from geoplan.model.telling import shown
from geoplan.render.embed import encode_numbers, encode_texts
from geoplan.render.layers import named, use_name
from geoplan.units import to_base
from geoplan.words import LANGUAGES, Message, join, say

__all__ = [
    "balance_columns",
    "corrections_on",
    "firm_ids",
    "firms_of",
    "measure_unit",
    "names_used",
    "parcel_columns",
    "series_of",
    "verdicts_of",
]

_TEXTS = "text"
#: Columns of the story and how many digits a number keeps.
_FROM_PARK: Mapping[str, int | str] = MappingProxyType(
    {
        "name": _TEXTS,
        "address": _TEXTS,
        "use": _TEXTS,
        "zone": _TEXTS,
        "phase": 0,
        "floor_area_m2": 0,
        "right_holder": _TEXTS,
    }
)
_FROM_EVALUATION: Mapping[str, int | str] = MappingProxyType(
    {
        "existing_floor_area_m2": 0,
        "below_mean_run_years": 0,
        "triage": _TEXTS,
        "reason_en": _TEXTS,
        "reason_zh": _TEXTS,
        "triage_next_en": _TEXTS,
        "triage_next_zh": _TEXTS,
    }
)
#: What the ledger says of the help that a firm needs and gets.
_HELP = ("problems", "measures", "liaison_officer")
_FROM_PLAN: Mapping[str, int | str] = MappingProxyType(
    {
        "planned_use": _TEXTS,
        "product": _TEXTS,
        "planned_phase": 0,
        "suitability_score": 3,
        "runner_up": _TEXTS,
        "runner_up_price_m2": 0,
        "planned_floor_area_m2": 0,
        "planned_dwelling_count": 0,
        "planned_population": 0,
        "plan_reason_en": _TEXTS,
        "plan_reason_zh": _TEXTS,
    }
)


def parcel_columns(
    park: Park, *, evaluation: Evaluation | None, allocation: Allocation | None
) -> dict[str, Any]:
    """One entry per column that is there, each in the order of the park's parcels."""
    parcels = park.parcels
    columns: dict[str, Any] = {
        "parcel_id": encode_texts(pd.Series(parcels.index, index=parcels.index)),
        "area_m2": encode_numbers(pd.Series(parcels.area, index=parcels.index), digits=1),
    }
    columns |= _columns(_with_holders(park), _FROM_PARK)
    if evaluation is not None:
        judged = evaluation.parcels.reindex(parcels.index)
        columns |= _columns(judged, _FROM_EVALUATION)
        if "measure_amount_per_m2" in judged:
            _, per_m2 = measure_unit(park)
            columns["measure"] = encode_numbers(judged["measure_amount_per_m2"] / per_m2, digits=2)
    if allocation is not None:
        columns |= _columns(allocation.parcels.reindex(parcels.index), _FROM_PLAN)
        if "is_candidate" in allocation.parcels:
            changes = allocation.parcels["is_candidate"].reindex(parcels.index)
            columns["is_candidate"] = encode_numbers(changes.astype("boolean").astype("Float64"))
    return columns


def balance_columns(balance: pd.DataFrame) -> dict[str, Any]:
    """Layer ``land_balance``: area of each use today and by the plan."""
    table = balance if "use" in balance else balance.reset_index(names="use")
    return {
        name: encode_numbers(table[name], digits=1)
        if name.endswith("_m2")
        else encode_texts(table[name])
        for name in columns_of("land_balance")
    }


def _with_holders(park: Park) -> pd.DataFrame:
    """The parcels, with the names of right holders that stand in the ledger."""
    parcels, enterprises = pd.DataFrame(park.parcels), park.get("enterprises")
    if "right_holder" not in parcels or enterprises is None or "name" not in enterprises:
        return parcels
    holder = parcels["right_holder"]
    return parcels.assign(right_holder=holder.map(enterprises["name"]).fillna(holder))


def _columns(table: pd.DataFrame, wanted: Mapping[str, int | str]) -> dict[str, Any]:
    return {name: _column(table[name], digits) for name, digits in wanted.items() if name in table}


def _column(values: pd.Series, digits: int | str) -> Any:
    if isinstance(digits, str):
        return encode_texts(values)
    return encode_numbers(values, digits=digits)


def measure_unit(park: Park) -> tuple[Message, float]:
    """How money per land is written for this park, and how many currency/m2 one such unit is."""
    if park.currency == "CNY":
        return say("render.unit.cny_per_mu"), to_base("10k/mu")
    return say("render.unit.per_m2", currency=park.currency), 1.0


def firm_ids(park: Park) -> pd.Index:
    """The firms of the page, in its order."""
    occupancy = park.get("occupancy")
    if occupancy is None:
        return pd.Index([], dtype="str")
    return pd.Index(sorted(set(occupancy["enterprise_id"].dropna().astype(str))), dtype="str")


def firms_of(park: Park) -> dict[str, Any] | None:
    """The firms, and which of them is on which parcel; ``None`` without layer ``occupancy``."""
    occupancy = park.get("occupancy")
    if occupancy is None:
        return None
    enterprises = park.get("enterprises")
    ids = firm_ids(park)
    known = pd.DataFrame(index=ids) if enterprises is None else enterprises.reindex(ids)
    empty = pd.Series(index=ids, dtype=object)
    links = occupancy.assign(
        parcel=park.parcels.index.get_indexer(pd.Index(occupancy["parcel_id"])),
        firm=ids.get_indexer(pd.Index(occupancy["enterprise_id"])),
    )
    links = links[(links["parcel"] >= 0) & (links["firm"] >= 0)]
    links = links.drop_duplicates(["parcel", "firm"]).sort_values(["parcel", "firm"])
    none = pd.Series(index=links.index, dtype=object)
    return {
        "enterprise_id": encode_texts(pd.Series(ids)),
        "name": encode_texts(known.get("name", empty)),
        "status": encode_texts(known.get("operating_status", empty)),
        "is_industrial": encode_numbers(_flags(known.get("is_industrial_use", empty))),
        **_help_of(known),
        "links": {
            "parcel": links["parcel"].tolist(),
            "firm": links["firm"].tolist(),
            "role": encode_texts(links.get("role", none)),
        },
    }


def _help_of(firms: pd.DataFrame) -> dict[str, Any]:
    """Problems, measures and liaison officer of each firm, in a sentence; missing where the ledger has none of them."""
    columns = {name: firms[name] for name in _HELP if name in firms}
    told = []
    for row in zip(*columns.values(), strict=True):
        parts = [
            say(f"evaluate.help.{name}", value=shown(value))
            for name, value in zip(columns, row, strict=True)
            if pd.notna(value)
        ]
        told.append(join(parts, "common.list_separator") if parts else None)
    told = told or [None] * len(firms)
    return {
        f"help_{language}": encode_texts(
            pd.Series([None if one is None else one.text(language) for one in told], dtype=object)
        )
        for language in LANGUAGES
    }


def corrections_on(park: Park) -> dict[str, Any] | None:
    """What was corrected from the field, parcel by parcel, in words; ``None`` where nothing was."""
    table = park.get("corrections")
    if table is None or table.empty:
        return None
    told = [correction_told(row).both() for _, row in table.iterrows()]
    pairs = [
        (int(park.parcels.index.get_indexer([parcel])[0]), number)
        for number, parcels in enumerate(parcels_of_corrections(park))
        for parcel in parcels
    ]
    return {"told": told, "parcel": [at for at, _ in pairs], "number": [n for _, n in pairs]}


def _flags(column: pd.Series) -> pd.Series:
    return column.astype("boolean").astype("Float64")


def verdicts_of(park: Park, evaluation: Evaluation) -> dict[str, Any]:
    """Every test of every assessed parcel with its verdict and reason, in the order of the parcels."""
    table = evaluation.findings
    at = park.parcels.index.get_indexer(pd.Index(table["parcel_id"]))
    table = table.assign(parcel=at)[at >= 0].sort_values("parcel", kind="stable")
    columns = ("finding", "verdict", "reason_en", "reason_zh", "rule")
    told: dict[str, Any] = {name: encode_texts(table[name]) for name in columns if name in table}
    if "margin" in table:
        told["margin"] = encode_numbers(table["margin"], digits=3)
    return {"parcel": table["parcel"].tolist(), **told}


def series_of(
    park: Park, *, evaluation: Evaluation, series: pd.DataFrame | None
) -> dict[str, Any] | None:
    """Up to five last years of the measure, each parcel beside the mean of its group; in the unit of the page.

    ``series`` is a long table of ``parcel_id, year, amount_per_m2`` [currency/m2/a]; without it only the means are told.
    """
    means = evaluation.averages.dropna(subset=["mean_amount_per_m2"])
    if means.empty:
        return None
    _, per_m2 = measure_unit(park)
    wide = means.pivot_table(index="group", columns="year", values="mean_amount_per_m2")
    wide = wide.sort_index(axis="columns").iloc[:, -5:]
    groups = wide.index.tolist()
    return {
        "years": [int(year) for year in wide.columns],
        "groups": [str(group) for group in groups],
        "means": [encode_numbers(row / per_m2, digits=2) for _, row in wide.iterrows()],
        "group": _group_places(park, groups),
        "values": _values(park, series, years=wide.columns, per_m2=per_m2),
        "measure": named("render.measure", evaluation.measure).both(),
    }


def _group_places(park: Park, groups: list[str]) -> list[int]:
    if len(groups) == 1 or "zone" not in park.parcels:
        return [0] * len(park.parcels)
    return pd.Index(groups).get_indexer(pd.Index(park.parcels["zone"])).tolist()


def _values(
    park: Park, series: pd.DataFrame | None, *, years: pd.Index, per_m2: float
) -> list[float | None]:
    if series is None or series.empty:
        return []
    wide = series.pivot_table(index="parcel_id", columns="year", values="amount_per_m2")
    wide = wide.reindex(index=park.parcels.index, columns=years)
    return encode_numbers(pd.Series(wide.to_numpy(dtype=float).ravel() / per_m2), digits=2)


def names_used(columns: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Names in both languages of every value that the story shows: uses, products, statuses, verdicts, tests."""
    uses = _words(columns, "use") | _words(columns, "planned_use") | {UNKNOWN_USE}
    products = _words(columns, "product") | _words(columns, "runner_up")
    return {
        "use": {code: use_name(code).both() for code in sorted(uses)},
        "product": {
            key: (use_name(key) if key in land_uses() else named("product", key)).both()
            for key in sorted(products)
        },
        "triage": _names("parcels", "triage"),
        "finding": _names("findings", "finding"),
        "status": _names("enterprises", "operating_status")
        | {"unknown": say("render.status.unknown").both()},
        "role": _names("occupancy", "role"),
        "verdict": {key: say(f"verdict.{key}").both() for key in ("yes", "no", "unknown")},
    }


def _words(columns: Mapping[str, Any], name: str) -> set[str]:
    return set(columns[name]["words"]) if name in columns else set()


def _names(layer: str, name: str) -> dict[str, Any]:
    group = {"operating_status": "render.status", "triage": "triage"}.get(name, f"render.{name}")
    return {key: say(f"{group}.{key}").both() for key in column(layer, name).choices}
