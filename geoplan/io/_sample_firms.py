"""Firms of the made-up park: who is on which plot, and who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.io._sample_sketch import sketch

__all__ = ["Firms", "make_firms"]

_OUTSIDE = {"value_added": 0.35, "tax": 0.03, "rd": 0.0, "per_person": 300, "energy": 1.5} | {
    "emission": 0.0,
    "export": 0.0,
    "shift": -0.45,
    "grade": None,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Firms:
    """The ledger of firms.

    Attributes
    ----------
    register
        One row per firm, index a number: ``kind`` of its plant, ``role``, ``code`` and figures of its industry,
        ``is_industrial_use``, ``landlord`` (number), ``since_year``, ``land_m2``.
    links
        One row per firm and plot: ``firm``, ``plot`` (row of the plots), ``share`` of the plot, ``floor_area_m2``, ``role``.
    """

    register: pd.DataFrame
    links: pd.DataFrame


def make_firms(
    plots: gpd.GeoDataFrame, *, floor_m2: NDArray[np.float64], rng: np.random.Generator
) -> Firms:
    """Put owners and tenants on the plots of industry and storage, in an order that tells nothing."""
    links: list[dict[str, Any]] = []
    register: list[dict[str, Any]] = []
    for number, plot in enumerate(plots[["kind", "block_id", "firms", "shares_firm"]].itertuples()):
        if plot.kind not in sketch()["firms"]["on"]:
            continue
        if rng.random() > sketch()["firms"]["on"][plot.kind].get("owned", 1.0):
            continue
        before = _owner_before(links, plots, number)
        links += _on_plot(number, plot, before, register, rng)
    table = pd.DataFrame(links)
    area = plots.area.to_numpy()
    table["floor_area_m2"] = (table["share"] * floor_m2[table["plot"]]).round(1)
    firms = pd.DataFrame(register)
    firms["land_m2"] = (table["share"] * area[table["plot"]]).groupby(table["firm"]).sum()
    return _in_any_order(firms, table, rng)


def _owner_before(links: list[dict[str, Any]], plots: gpd.GeoDataFrame, number: int) -> int | None:
    """Owner of the plot drawn before this one, if it stands in the same block and is of the same generation."""
    owned = [link for link in links if link["plot"] == number - 1 and link["role"] == "owner"]
    if not owned:
        return None
    here, there = (
        (plots["block_id"].iloc[i], _generation(plots["kind"].iloc[i]))
        for i in (number, number - 1)
    )
    return int(owned[0]["firm"]) if here == there else None


def _generation(kind: str) -> str:
    return "new" if kind in {"plant", "light", "heavy"} else kind.removesuffix("_light")


def _on_plot(
    number: int,
    plot: Any,
    before: int | None,
    register: list[dict[str, Any]],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    habit = sketch()["firms"]["on"][plot.kind]
    has_figures = plot.firms > 0
    tenants = (
        int(plot.firms) - 1
        if has_figures
        else int(rng.choice(len(habit["tenants"]), p=habit["tenants"]))
    )
    is_double = plot.shares_firm is True if has_figures else rng.random() < habit["double"]
    is_second = is_double and before is not None
    owner = before if is_second else _enrol(register, plot.kind, None, rng)
    own = rng.uniform(*habit["owner_share"]) if tenants else 1.0
    rest = (1 - own) * rng.uniform(*habit["let_share"])
    parts = rng.uniform(0.6, 1.4, size=tenants)
    shares = [own, *(rest * parts / parts.sum())]
    who = [owner]
    for _ in range(tenants):
        is_outside = not has_figures and rng.random() < habit["outside"]
        who.append(_enrol(register, plot.kind, owner, rng, is_outside=is_outside))
    return [
        {"firm": firm, "plot": number, "share": round(float(share), 4), "role": role}
        for firm, share, role in zip(who, shares, ["owner", *["tenant"] * tenants], strict=True)
    ]


def _enrol(
    register: list[dict[str, Any]],
    kind: str,
    landlord: int | None,
    rng: np.random.Generator,
    *,
    is_outside: bool = False,
) -> int:
    """Enter a firm, and say under which number."""
    if is_outside:
        trade = dict(_OUTSIDE) | dict(rng.choice(sketch()["outside"]))
    else:
        fits = [row for row in sketch()["industry"] if kind in row["works"]]
        trade = dict(fits[rng.integers(len(fits))])
    trade.pop("works", None)
    since = int(rng.integers(2015, 2024)) if landlord is not None else 0
    register.append(
        trade
        | {
            "kind": kind,
            "landlord": landlord,
            "is_industrial_use": not is_outside,
            "since_year": since,
        }
    )
    return len(register) - 1


def _in_any_order(firms: pd.DataFrame, links: pd.DataFrame, rng: np.random.Generator) -> Firms:
    """Number the firms anew, so that a number tells nothing about the place or the figures."""
    place = rng.permutation(len(firms))
    renamed = pd.Series(place, index=firms.index)
    firms = firms.assign(landlord=firms["landlord"].map(renamed))
    firms.index = pd.Index(place)
    links = links.assign(firm=links["firm"].map(renamed))
    order = links.sort_values(["plot", "role", "firm"], kind="stable")
    return Firms(register=firms.sort_index(), links=order.reset_index(drop=True))
