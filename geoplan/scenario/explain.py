"""One parcel, explained: what it is, who is on it, how it did, what was found and why, what it becomes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from geoplan.evaluate.behind import Years, measure_of, triage_of, years_of
from geoplan.model.answers import Allocation, Evaluation, Robustness
from geoplan.model.corrections import correction_told, corrections_of
from geoplan.model.explanation import Explanation, Part, YearChart
from geoplan.model.landuse import name_of
from geoplan.model.ledger import current_rows
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.telling import listed, shown
from geoplan.scenario.area import Area
from geoplan.scenario.explain_area import area_parts
from geoplan.units import mu_from_m2, to_base
from geoplan.words import Language, Message, catalogue, join, literal, name_in_both, say

__all__ = ["explain_parcel"]

_MOST_YEARS = 5
_IS_BELOW = {"yes": True, "no": False, "unknown": None}


def explain_parcel(  # noqa: PLR0913 - every choice is named
    park: Park,
    evaluation: Evaluation,
    parcel_id: str,
    *,
    rules: Rules,
    allocation: Allocation | None = None,
    robustness: Robustness | None = None,
    area: Area | None = None,
    language: Language = "en",
) -> Explanation:
    """Explain one parcel: every verdict with its evidence and its rule, and what would have to change.

    Parameters
    ----------
    park, evaluation, rules
        What was evaluated, the result, and the rule packs it was made with.
    parcel_id
        The parcel.
    allocation
        The plan, if it is to be told what the parcel becomes.
    robustness
        How sure the verdicts are, if it is to be told.
    area
        Grades of firms, and what was told of the area as a whole: ``Result.area``.
    language
        The language of a notebook's display; ``text`` says it in any.

    Returns
    -------
    Explanation
        Text, tables and a small chart; it shows itself in a notebook.

    Raises
    ------
    InputError
        There is no such parcel; the nearest ids are told.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geoplan.evaluate import evaluate_park
    >>> from geoplan.model.rulepack import load_rules
    >>> parcels = gpd.GeoDataFrame(
    ...     {"parcel_id": ["P1"], "use": "100102", "is_vacant": [True]},
    ...     geometry=[shapely.box(0, 0, 100, 100)])
    >>> park, rules = Park.from_layers(parcels=parcels), load_rules(["seed-practice"])
    >>> evaluation = evaluate_park(park, rules=rules)
    >>> explain_parcel(park, evaluation, "P1", rules=rules).title.text("en")
    'P1: industry, class 2, 15.0 mu'
    """
    if parcel_id not in evaluation.parcels.index:
        ids = [str(name) for name in evaluation.parcels.index]
        near = difflib.get_close_matches(str(parcel_id), ids, n=3, cutoff=0.3) or ids[:3]
        raise InputError([say("explain.no_parcel", parcel=shown(parcel_id), near=listed(near))])
    parcel = evaluation.parcels.loc[parcel_id]
    years = years_of(park, evaluation, parcel_id)
    chart = None if years is None else _chart(park, evaluation, years)
    parts = [_what(park, parcel), _firms(park, evaluation, parcel_id)]
    if (corrected := _corrections(park, parcel_id)) is not None:
        parts.append(corrected)
    if years is not None and chart is not None:
        parts.append(_years(years, chart))
    if parcel["is_assessed"]:
        parts.append(_findings(evaluation, parcel_id, rules))
        told = triage_of(park, evaluation, parcel_id, rules=rules)
        parts.append(Part(heading=say("explain.todo"), lines=told))
        if robustness is not None:
            parts.append(_how_sure(robustness, parcel_id))
    if area is not None:
        parts += area_parts(park, area, parcel_id)
    if allocation is not None:
        parts.append(_plan(allocation.parcels.loc[parcel_id]))
    return Explanation(
        parcel_id=str(parcel_id),
        title=_title(str(parcel_id), parcel),
        parts=tuple(parts),
        chart=chart,
        language=language,
    )


def _title(parcel_id: str, parcel: pd.Series) -> Message:
    area_mu = float(mu_from_m2(parcel["area_m2"]))
    use = _use(parcel["use"])
    if _is_known(parcel, "name"):
        name = literal(shown(parcel["name"]))
        return say(
            "explain.title_named", parcel=shown(parcel_id), name=name, use=use, area_mu=area_mu
        )
    return say("explain.title", parcel=shown(parcel_id), use=use, area_mu=area_mu)


def _what(park: Park, parcel: pd.Series) -> Part:
    area_m2 = float(parcel["area_m2"])
    lines = [
        say("explain.use", use=_use(parcel["use"]), code=shown(parcel["use"])),
        say("explain.area", area_m2=area_m2),
    ]
    if _is_known(parcel, "existing_floor_area_m2") and area_m2 > 0:
        floor_m2 = float(parcel["existing_floor_area_m2"])
        lines.append(say("explain.floors", floor_m2=floor_m2, ratio=floor_m2 / area_m2))
    if _is_known(parcel, "zone"):
        lines.append(say("explain.zone", zone=shown(parcel["zone"])))
    if _is_known(parcel, "right_holder"):
        holder = str(parcel["right_holder"])
        firm = _firm(park, holder)
        name = firm["name"] if _is_known(firm, "name") else holder
        lines.append(say("explain.holder", holder=shown(name)))
    if not parcel["is_assessed"]:
        lines.append(say("explain.not_assessed"))
    return Part(heading=say("explain.what"), lines=tuple(lines))


def _firms(park: Park, evaluation: Evaluation, parcel_id: str) -> Part:
    """The firms that are on the parcel in the last year with figures, in the order of the ledger."""
    occupancy = park.get("occupancy")
    lines = []
    if occupancy is not None:
        years = evaluation.averages["year"]
        now = current_rows(occupancy, year=None if years.empty else int(years.max()))
        for _, link in occupancy[now & (occupancy["parcel_id"] == parcel_id)].iterrows():
            firm = _firm(park, str(link["enterprise_id"]))
            name = firm["name"] if _is_known(firm, "name") else link["enterprise_id"]
            told = join(list(_about_firm(link, firm)), "common.enumeration")
            lines.append(say("explain.firm", name=shown(name), parts=told))
    return Part(heading=say("explain.firms"), lines=tuple(lines) or (say("explain.no_firm"),))


def _corrections(park: Park, parcel_id: str) -> Part | None:
    """What was corrected from the field, beside what the ledger said."""
    rows = corrections_of(park, parcel_id)
    if rows.empty:
        return None
    lines = tuple(correction_told(row) for _, row in rows.iterrows())
    return Part(heading=say("explain.corrected"), lines=lines)


def _firm(park: Park, firm_id: str) -> pd.Series:
    """What the ledger says of one firm; nothing if it does not know it."""
    enterprises = park.get("enterprises")
    if enterprises is None or firm_id not in enterprises.index:
        return pd.Series(dtype=object)
    return pd.Series(enterprises.loc[firm_id])


def _about_firm(link: pd.Series, firm: pd.Series) -> Iterator[Message]:
    known = _is_known(firm, "operating_status")
    yield _named("render.status", firm["operating_status"] if known else "unknown")
    if _is_known(link, "role"):
        yield _named("render.role", link["role"])
    if _is_known(firm, "is_industrial_use") and not firm["is_industrial_use"]:
        yield say("explain.outside")
    if _is_known(link, "floor_area_m2"):
        yield say("explain.floor", floor_m2=float(link["floor_area_m2"]))
    if _is_known(link, "land_share"):
        yield say("explain.share", share=float(link["land_share"]))
    for name in ("problems", "measures", "liaison_officer"):
        if _is_known(firm, name):
            yield say(f"evaluate.help.{name}", value=shown(firm[name]))


def _chart(park: Park, evaluation: Evaluation, years: Years) -> YearChart:
    """The last five years in the unit of the trade: 10,000 yuan per mu in China, else currency per m2."""
    is_yuan = park.currency == "CNY"
    unit = (
        say("render.unit.cny_per_mu")
        if is_yuan
        else say("render.unit.per_m2", currency=park.currency)
    )
    per_m2 = to_base("10k/mu") if is_yuan else 1.0
    table = years.table.iloc[-_MOST_YEARS:]
    measure = say(f"evaluate.measure.{measure_of(evaluation).name}")
    return YearChart(
        title=say("explain.years", measure=measure, mean=years.mean, unit=unit),
        years=tuple(int(year) for year in table.index),
        values=_numbers(table["amount_per_m2"] / per_m2),
        means=_numbers(table["mean_amount_per_m2"] / per_m2),
        is_below=tuple(_IS_BELOW[verdict] for verdict in table["verdict"]),
    )


def _years(years: Years, chart: YearChart) -> Part:
    lines = [
        say(
            "explain.year",
            year=year,
            value=_figure(value),
            mean=_figure(mean),
            answer=say("explain.not_known")
            if is_below is None
            else say("explain.below" if is_below else "explain.reached"),
        )
        for year, value, mean, is_below in zip(
            chart.years, chart.values, chart.means, chart.is_below, strict=True
        )
    ]
    basis = join(years.basis, "common.enumeration") if years.basis else say("explain.own_area")
    lines.append(say("explain.land_counted", basis=basis))
    thin = [say("explain.thin", year=year, note=note) for year, note in years.thin]
    return Part(heading=chart.title, lines=(*lines, *thin))


def _findings(evaluation: Evaluation, parcel_id: str, rules: Rules) -> Part:
    """Each test with verdict, evidence and the number it rests on, its source and standing."""
    table = evaluation.findings
    rows: list[tuple[Message, ...]] = []
    lines: list[Message] = []
    for _, row in table[table["parcel_id"] == parcel_id].iterrows():
        numbers = rules.numbers_of(row["finding"], rule=row["rule"])
        explained = [number.explained for number in numbers]
        test, verdict, evidence, rule = (
            _named("render.finding", row["finding"]),
            say(f"verdict.{row['verdict']}"),
            name_in_both({"en": row["reason_en"], "zh": row["reason_zh"]}),
            join(explained) if explained else literal(shown(row["rule"])),
        )
        rows.append((test, verdict, evidence, rule))
        lines.append(say("explain.found", test=test, verdict=verdict, evidence=evidence))
        if _is_known(row, "margin") and numbers:
            margin = _figure(float(row["margin"]))
            lines.append(say("explain.margin", margin=margin, unit=numbers[0].unit))
        lines.append(say("explain.by_rule", rule=rule))
    heads = tuple(say(f"explain.{name}") for name in ("test", "verdict", "evidence", "rule"))
    return Part(
        heading=say("explain.findings"), lines=tuple(lines), columns=heads, rows=tuple(rows)
    )


def _how_sure(robustness: Robustness, parcel_id: str) -> Part:
    """How sure it is what to do, and each verdict, with the margin to each threshold."""
    triage, tests = robustness.triage, robustness.parcels
    rows = [
        (say("explain.todo"), row, "{}")
        for _, row in triage[triage["parcel_id"] == parcel_id].iterrows()
    ]
    rows += [
        (_named("render.finding", row["finding"]), row, str(row["margins"]))
        for _, row in tests[tests["parcel_id"] == parcel_id].iterrows()
    ]
    lines = tuple(
        say(
            "explain.sure",
            what=what,
            why=name_in_both({"en": row["reason_en"], "zh": row["reason_zh"]}),
            margins=_margins(margins),
        )
        for what, row, margins in rows
    )
    return Part(heading=say("explain.how_sure"), lines=lines)


def _margins(record: str) -> Message:
    """The margin to each threshold, where it is known; nothing where there is none."""
    told = [
        say("explain.margin_of", threshold=name, margin=_figure(float(margin)))
        for name, margin in json.loads(record).items()
        if margin is not None
    ]
    return say("explain.margins", margins=join(told, "explain.and")) if told else literal("")


def _plan(planned: pd.Series) -> Part:
    """What it becomes and why; the reason names the next best use and its price."""
    heading = say("explain.plan")
    if not planned["is_candidate"]:
        return Part(heading=heading, lines=(say("explain.stays"),))
    use, code = _use(planned["planned_use"]), shown(planned["planned_use"])
    becomes = (
        say("explain.becomes", use=use, code=code, phase=int(planned["planned_phase"]))
        if _is_known(planned, "planned_phase")
        else say("explain.becomes_some_day", use=use, code=code)
    )
    why = name_in_both({"en": planned["plan_reason_en"], "zh": planned["plan_reason_zh"]})
    return Part(heading=heading, lines=(becomes, why))


def _is_known(row: pd.Series, name: str) -> bool:
    return name in row and bool(pd.notna(row[name])) and row[name] != ""


def _use(code: str) -> Message:
    return name_in_both({"en": name_of(code, "en"), "zh": name_of(code, "zh")})


def _named(group: str, key: str) -> Message:
    entry = f"{group}.{key}"
    return say(entry) if entry in catalogue() else literal(key)


def _numbers(values: pd.Series) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _figure(value: float | None) -> Message | str:
    if value is None:
        return say("common.unknown")
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004  (how numbers look)
