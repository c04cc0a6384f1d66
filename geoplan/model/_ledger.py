"""Whether the tables of the ledger agree with the land and with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from geoplan.model.answers import Problem
from geoplan.model.landuse import is_industrial, is_storage
from geoplan.model.telling import listed
from geoplan.words import say

__all__ = ["ledger_problems"]

_SHARE_ROUNDING = 1e-6

# layer | its column | names rows of layer | severity
_LINKS = (
    ("occupancy", "parcel_id", "parcels", "warning"),
    ("occupancy", "enterprise_id", "enterprises", "warning"),
    ("occupancy", "building_id", "buildings", "warning"),
    ("performance", "enterprise_id", "enterprises", "warning"),
    ("valuation", "parcel_id", "parcels", "warning"),
    ("buildings", "parcel_id", "parcels", "warning"),
    ("enterprises", "landlord_id", "enterprises", "note"),
)


def ledger_problems(layers: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Rows that name what is not there, rows that nothing names, shares above one, taxes above revenue."""
    return [
        *_broken_links(layers),
        *_unnamed_rows(layers),
        *_shares_above_one(layers),
        *_taxes_above_revenue(layers),
    ]


def _broken_links(layers: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    for layer, name, target, severity in _LINKS:
        if layer not in layers or target not in layers or name not in layers[layer].columns:
            continue
        ids = layers[layer][name].dropna()
        lost = ids[~ids.isin(layers[target].index)]
        if len(lost):
            yield _told(
                severity,
                layer,
                name,
                "lost_link",
                lost.drop_duplicates(),
                rows_count=len(lost),
                target=target,
            )


def _unnamed_rows(layers: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """Parcels and firms that the ledger says nothing of."""
    parcels = layers["parcels"]
    occupancy, enterprises = layers.get("occupancy"), layers.get("enterprises")
    if occupancy is not None:
        works = is_industrial(parcels["use"]) | is_storage(parcels["use"])
        if "is_vacant" in parcels.columns:
            works &= ~parcels["is_vacant"].fillna(value=False).astype(bool)
        silent = parcels.index[works & ~parcels.index.isin(occupancy["parcel_id"])]
        if len(silent):
            yield _told("note", "parcels", "", "parcel_without_firm", silent)
        if enterprises is not None:
            homeless = enterprises.index[~enterprises.index.isin(occupancy["enterprise_id"])]
            if len(homeless):
                yield _told("warning", "enterprises", "", "firm_without_parcel", homeless)
    performance, valuation = layers.get("performance"), layers.get("valuation")
    if enterprises is not None and performance is not None:
        silent = enterprises.index[~enterprises.index.isin(performance["enterprise_id"])]
        if len(silent):
            yield _told("note", "enterprises", "", "firm_without_year", silent)
    if valuation is not None:
        silent = parcels.index[~parcels.index.isin(valuation["parcel_id"])]
        if len(silent):
            yield _told("note", "parcels", "", "parcel_without_value", silent)


def _shares_above_one(layers: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    occupancy = layers.get("occupancy")
    if occupancy is None or "land_share" not in occupancy.columns:
        return
    shares = occupancy.groupby("parcel_id")["land_share"].sum()
    above = shares[shares > 1 + _SHARE_ROUNDING]
    if len(above):
        values = listed(f"{share:.3f}" for share in above)
        yield _told(
            "warning", "occupancy", "land_share", "shares_above_one", above.index, values=values
        )


def _taxes_above_revenue(layers: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    performance = layers.get("performance")
    if performance is None or not {"tax_amount", "revenue_amount"} <= set(performance.columns):
        return
    odd = performance[performance["tax_amount"] > performance["revenue_amount"]]
    if len(odd):
        rows = odd["enterprise_id"].str.cat(odd["year"].astype("str"), sep=" ")
        yield _told("warning", "performance", "tax_amount", "tax_above_revenue", rows)


def _told(
    severity: str, layer: str, column: str, kind: str, rows: pd.Index | pd.Series, **values: object
) -> Problem:
    names = [str(row) for row in rows]
    message = say(
        f"check.{kind}", layer=layer, column=column, count=len(names), rows=listed(names), **values
    )
    row = names[0] if len(names) == 1 else ""
    return Problem(
        severity=severity, layer=layer, column=column, row=row, kind=kind, message=message
    )
