"""Which parts of a park are one-sided, weak in export, weak in innovation, against the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.errors import ScenarioError
from geoplan.evaluate._area_figures import (
    KEYS,
    NO_YEAR,
    NOWHERE,
    PARK,
    RATIOS,
    amounts,
    divisions_of,
    floors,
    years_of,
)
from geoplan.evaluate._area_words import leading_words, reason_of, sector_names
from geoplan.evaluate._arrays import Ints
from geoplan.evaluate.occupants import read_ledger
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import column, columns_of
from geoplan.model.telling import nearest, shown
from geoplan.words import LANGUAGES, Message, say

__all__ = ["AREAS", "AreaProfile", "area_profile"]

#: What a park may be parted by.
AREAS = ("zone", "block_id")
_TRADES = {"trades_by_floor_area": "floor_area", "trades_by_output": "output"}
_ASPECTS = column("area_profile", "aspect").choices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaProfile:
    """The park and its parts as a whole.

    Attributes
    ----------
    areas
        Layer ``area_profile``: one row per area, year and aspect, the park first.
    sectors
        Layer ``area_sectors``: one row per area, year, basis and trade.
    messages
        What could not be told, and which parts are one-sided or weak in the last year.
    """

    areas: pd.DataFrame
    sectors: pd.DataFrame
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    min_herfindahl: float
    min_firms: float
    min_known_share: float
    min_location_quotient: float
    max_export_ratio: float
    max_rd_ratio: float

    @classmethod
    def of(cls, rules: Rules) -> _Limits:
        return cls(
            **{name: rules.value(f"concentration.{name}") for name in cls.__dataclass_fields__}
        )


def area_profile(park: Park, *, rules: Rules, by: str = "zone") -> AreaProfile:
    r"""Tell which trades stand in each part of a park, how one-sided they are, how much is exported and researched.

    .. math::
        H = \sum_s p_s^2, \quad S = -\sum_s p_s \ln p_s, \quad LQ_s = \frac{p_s}{P_s}

    with :math:`p_s` the share of trade :math:`s` in the area and :math:`P_s` its share in the whole park, of floor
    area (the ledger as it is now) or of output (each year). Trades are the two-digit divisions of GB/T 4754. Export is
    exports over output, innovation R&D over revenue, of the firms that report both. A firm on several plots counts
    with the part that the written contract gives to each (see :mod:`geoplan.evaluate.measures`).

    One-sided is an area whose Herfindahl index reaches ``min_herfindahl``; weak is one whose share is less than
    ``max_export_ratio`` (``max_rd_ratio``) times the park's. It stays unknown if fewer than ``min_firms`` firms, or a
    smaller part of them than ``min_known_share``, are known, or if the leading trade is fewer than ``min_firms``
    firms. The park itself has no yardstick for export and innovation and gets no verdict there.

    Parameters
    ----------
    park
        Reads ``parcels``, ``occupancy``, ``enterprises`` (``industry_code``) and ``performance``.
    rules
        Numbers ``concentration.*``.
    by
        Column that names the part of the park: ``zone`` or ``block_id``. Land of no part counts in the park only.

    Raises
    ------
    ScenarioError
        ``by`` is not known, or no parcel names its part.

    References
    ----------
    O. C. Herfindahl (1950); C. E. Shannon (1948); location quotient: P. S. Florence (1939). The verdicts are ours.
    """
    code, names = _areas_of(park, by)
    limits = _Limits.of(rules)
    missing = [name for name in ("occupancy", "enterprises") if name not in park]
    if missing:
        told = say("concentration.needs_layers", layers=", ".join(missing))
        return AreaProfile(
            areas=_empty("area_profile"), sectors=_empty("area_sectors"), messages=(told,)
        )
    years = years_of(park)
    ledger = read_ledger(park, year=max(years) if years else None)
    if ledger is None:
        msg = "occupancy is there, and no ledger"
        raise ValueError(msg)
    sector = divisions_of(park.layers["enterprises"]).reindex(ledger.firm_ids).fillna("")
    parts = [
        floors(ledger, code, year=max(years) if years else None),
        *(amounts(park, ledger, code, aspect) for aspect in ("trades_by_output", *RATIOS)),
    ]
    figures = pd.concat([part for part in parts if part is not None], ignore_index=True)
    figures["sector"] = sector.to_numpy(dtype=object)[figures["firm"]]
    trades = _trades(figures, limits)
    rows = _rows(figures, trades, limits)
    figures["name"] = ledger.firm_names[figures["firm"]]
    areas = _told(rows, trades, figures, names=names, limits=limits)
    messages = _about(areas, figures, names=names, code=code)
    return AreaProfile(areas=areas, sectors=_sector_table(trades, names), messages=messages)


def _areas_of(park: Park, by: str) -> tuple[Ints, tuple[str, ...]]:
    """Code of the area of each parcel (and of land elsewhere, at the end), and the names of the areas."""
    if by not in AREAS:
        known, near = ", ".join(AREAS), nearest(by, AREAS)
        raise ScenarioError([say("concentration.no_choice", value=by, known=known, near=near)])
    if by not in park.parcels or park.parcels[by].isna().all():
        raise ScenarioError([say("concentration.no_areas", column=by)])
    code, found = pd.factorize(park.parcels[by], sort=True)
    return np.append(np.where(code < 0, NOWHERE, code), NOWHERE), tuple(map(str, found))


def _trades(figures: pd.DataFrame, limits: _Limits) -> pd.DataFrame:
    """Share of each trade in each area, and in the park."""
    known = figures[
        figures["aspect"].isin(_TRADES) & (figures["amount"] >= 0) & (figures["sector"] != "")
    ]
    by_trade = known.groupby([*KEYS, "sector"])
    trades = by_trade.agg(amount=("amount", "sum"), firm_count=("firm", "nunique")).reset_index()
    total = trades.groupby(KEYS)["amount"].transform("sum")
    trades = trades.assign(share=(trades["amount"] / total).where(total > 0))
    park = trades[trades["area"] == PARK].rename(columns={"share": "park_share"})
    on = ["year", "aspect", "sector"]
    trades = trades.merge(park[[*on, "park_share"]], on=on, how="left")
    quotient = (trades["share"] / trades["park_share"]).where(trades["park_share"] > 0)
    return trades.assign(location_quotient=quotient, is_few=trades["firm_count"] < limits.min_firms)


def _rows(figures: pd.DataFrame, trades: pd.DataFrame, limits: _Limits) -> pd.DataFrame:
    """One row per area, year and aspect: how many firms are known, the value, the park's, the verdict."""
    is_trade = figures["aspect"].isin(_TRADES)
    known = figures["amount"].notna() & np.where(
        is_trade, (figures["amount"] >= 0) & (figures["sector"] != ""), figures["base"].notna()
    )
    counted = figures.assign(
        known=known, top=figures["amount"].where(known), bottom=figures["base"].where(known)
    ).groupby(KEYS)
    rows = counted.agg(
        firm_count=("firm", "nunique"),
        known_count=("known", "sum"),
        top=("top", "sum"),
        bottom=("bottom", "sum"),
    )
    p = trades["share"]
    shares = trades.assign(square=p**2, entropy=-p * np.log(p.where(p > 0, 1.0)))
    trade = shares.groupby(KEYS).agg(
        herfindahl=("square", lambda x: x.sum(min_count=1)),
        shannon=("entropy", lambda x: x.sum(min_count=1)),
    )
    first = shares.sort_values([*KEYS, "share", "sector"], ascending=[*[True] * 3, False, True])
    leading = first.groupby(KEYS).first()[["sector", "share", "is_few", "firm_count"]]
    leading = leading.add_prefix("leading_")
    rows = rows.join(trade).join(leading).reset_index()
    ratio = (rows["top"] / rows["bottom"]).where(rows["bottom"] > 0)
    rows["value"] = ratio.where(rows["aspect"].isin(RATIOS), rows["herfindahl"])
    park = rows.loc[rows["area"] == PARK, ["year", "aspect", "value"]]
    rows = rows.merge(
        park.rename(columns={"value": "park_value"}), on=["year", "aspect"], how="left"
    )
    rows["known_share"] = rows["known_count"] / rows["firm_count"]
    rows["order"] = rows["aspect"].map(list(_ASPECTS).index)
    rows = rows.sort_values(["area", "year", "order"], ignore_index=True)
    return rows.assign(case=_cases(rows, limits))


def _cases(rows: pd.DataFrame, limits: _Limits) -> pd.Series[str]:
    """What is said of each row; the key of its sentence."""
    is_trade = rows["aspect"].isin(_TRADES)
    factor = rows["aspect"].map(
        {"export": limits.max_export_ratio, "innovation": limits.max_rd_ratio}
    )
    cases = {
        "nothing_known": rows["value"].isna(),
        "few_firms": rows["known_count"] < limits.min_firms,
        "few_known": rows["known_share"] < limits.min_known_share,
        "yardstick": ~is_trade & (rows["area"] == PARK),
        "no_yardstick": ~is_trade & ~(rows["park_value"] > 0),
        "weak": ~is_trade & (rows["value"] < factor * rows["park_value"]),
        "strong": ~is_trade,
        "mixed": rows["value"] < limits.min_herfindahl,
        "few_lead": rows["leading_is_few"].eq(other=True),
    }
    names = np.select(
        [case.to_numpy(dtype=bool) for case in cases.values()], list(cases), default="one_sided"
    )
    return pd.Series(names, index=rows.index, dtype="str")


_VERDICT = {"weak": "yes", "one_sided": "yes", "strong": "no", "mixed": "no", "yardstick": None}


def _told(
    rows: pd.DataFrame,
    trades: pd.DataFrame,
    figures: pd.DataFrame,
    *,
    names: tuple[str, ...],
    limits: _Limits,
) -> pd.DataFrame:
    """The rows as layer ``area_profile``."""
    over = trades[(trades["location_quotient"] >= limits.min_location_quotient) & ~trades["is_few"]]
    over_of = dict(iter(over.groupby(KEYS)))
    firms_of = dict(iter(figures.groupby(KEYS)["name"]))
    reasons = []
    for record in rows.to_dict("records"):  # few rows; each has a sentence of its own
        row = {str(name): value for name, value in record.items()}
        key = tuple(row[name] for name in KEYS)
        leading = leading_words(row, over_of.get(key))
        reasons.append(reason_of(row, leading=leading, firms=list(firms_of[key]), limits=limits))
    verdict = [_VERDICT.get(case, "unknown") for case in rows["case"]]
    table = rows.assign(
        year=rows["year"].where(rows["year"] != NO_YEAR),
        area=[_area_name(code, names) for code in rows["area"]],
        leading_sector=rows["leading_sector"].astype("str"),
        verdict=pd.array(verdict, dtype="str"),
        **{
            f"reason_{language}": [reason.text(language) for reason in reasons]
            for language in LANGUAGES
        },
    )
    kinds = {"year": "Int64", "firm_count": "Int64", "known_count": "Int64"}
    return table[list(columns_of("area_profile"))].astype(kinds)


def _area_name(code: float, names: tuple[str, ...]) -> str:
    return "park" if code == PARK else names[int(code)]


def _sector_table(trades: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The trades as layer ``area_sectors``, the largest first."""
    ordered = trades.sort_values(
        [*KEYS, "share", "sector"], ascending=[*[True] * 3, False, True], ignore_index=True
    )
    table = ordered.assign(
        year=ordered["year"].where(ordered["year"] != NO_YEAR),
        basis=ordered["aspect"].map(_TRADES),
        area=[_area_name(code, names) for code in ordered["area"]],
        **{
            f"name_{language}": [name.text(language) for name in sector_names(ordered["sector"])]
            for language in LANGUAGES
        },
    )
    kinds = {"year": "Int64", "firm_count": "Int64", "is_few": "boolean"}
    return table[list(columns_of("area_sectors"))].astype(kinds)


def _empty(layer: str) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in columns_of(layer)})


def _about(
    areas: pd.DataFrame, figures: pd.DataFrame, *, names: tuple[str, ...], code: Ints
) -> tuple[Message, ...]:
    told = [
        say(f"concentration.no_{aspect}")
        for aspect in _ASPECTS
        if not (figures["aspect"] == aspect).any()
    ]
    firms = figures[figures["area"] == PARK].drop_duplicates("firm")
    if unknown := int((firms["sector"] == "").sum()):
        told.append(say("concentration.no_code", count=unknown, total=len(firms)))
    if outside := int((code[:-1] == NOWHERE).sum()):
        told.append(say("concentration.no_area", count=outside))
    last = areas[areas["year"] == areas["year"].max()] if areas["year"].notna().any() else areas
    for aspect in _ASPECTS:
        own = last[(last["aspect"] == aspect) & (last["area"] != "park")]
        if len(own):
            found = ", ".join(shown(name) for name in own.loc[own["verdict"] == "yes", "area"])
            told.append(
                say(
                    f"concentration.found_{aspect}",
                    areas=found or "-",
                    unknown=int((own["verdict"] == "unknown").sum()),
                    count=len(names),
                )
            )
    return tuple(told)
