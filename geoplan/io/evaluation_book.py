"""The findings as a workbook: a cover with the rules, a sheet for each test, the averages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geoplan.io._firm_help import firm_help
from geoplan.io._result_sheets import add_year_chart, layer_sheets, money_unit, year_rows
from geoplan.io._sureness_sheets import (
    count_columns,
    curve_columns,
    draw_curves,
    sure_columns,
    triage_columns,
)
from geoplan.io._workbook import (
    BOLD,
    HEADER_FILL,
    LANGUAGE_ORDER,
    check_suffix,
    empty_book,
    in_both,
    put,
    put_title,
    save_book,
    split_long,
)
from geoplan.model.answers import Evaluation, Robustness
from geoplan.model.ledger import current_rows
from geoplan.model.park import Park
from geoplan.model.rulepack import RuleNumber, Rules
from geoplan.model.schema import LAYERS, VERDICTS, columns_of
from geoplan.units import mu_from_m2
from geoplan.words import Message, catalogue, literal, say

__all__ = ["write_evaluation"]

_LONGEST_NAME = 31  # of a sheet
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")
_WIDTHS = {
    "reason_zh": 70,
    "reason_en": 70,
    "sure_zh": 60,
    "sure_en": 60,
    "note_zh": 40,
    "note_en": 40,
    "firms": 32,
    "name": 24,
    "rule": 34,
    "source": 90,
}
_WRAPPED = {"reason_zh", "reason_en", "sure_zh", "sure_en", "firms", "source"}
_WIDTH = 16
_NO_TABLES: Mapping[str, pd.DataFrame] = MappingProxyType({})
_RULE_COLUMNS = ("rule", "value", "unit", "standing", "source", "pack")

#: Columns of a sheet: the key of the heading and the cells below it.
_Columns = Mapping[str, Sequence[object]]


def write_evaluation(  # noqa: PLR0913  (each is a fact of the cover, and has a name)
    path: str | Path,
    *,
    evaluation: Evaluation,
    park: Park,
    rules: Rules,
    provenance: Mapping[str, str],
    date: dt.date,
    title: Message,
    robustness: Robustness | None = None,
    tables: Mapping[str, pd.DataFrame] = _NO_TABLES,
    layers: Mapping[str, pd.DataFrame] | None = None,
) -> None:
    """Write the findings to an Excel workbook, every heading and verdict in Chinese and in English.

    The cover says how much land each test found, on which numbers the verdicts rest, with source and standing, and what
    could not be tested. Each test has a sheet: parcels found first, then those it cannot tell, then the others; another
    draws the years of each parcel against the mean. With ``robustness`` each row says how sure it is, the cover how many
    are, and two sheets more tell it of the triage and draw how the flagged land moves as each threshold moves. Text is
    always text, never a formula. Equal input gives an equal file, byte for byte.

    Parameters
    ----------
    path
        Ends in ``.xlsx``; a missing folder is made.
    evaluation
        What is written: ``findings``, ``averages`` and the triage.
    park
        Names of parcels and firms.
    rules
        The numbers behind the verdicts.
    provenance
        Item and value, for the cover: inputs, rule packs, versions.
    date
        The day the file bears.
    title
        What was evaluated.
    robustness
        How sure the findings are.
    tables
        Further layers by name, a sheet each, right after the cover.
    layers
        Layers of the area as a whole, by their names in the schema; each with rows becomes a sheet of the assessed
        parcels, of the last year.

    Raises
    ------
    InputError
        The file cannot be written.

    Examples
    --------
    >>> import datetime as dt, geopandas as gpd, shapely
    >>> from geoplan.evaluate import evaluate_park
    >>> from geoplan.model.rulepack import load_rules
    >>> from geoplan.words import literal
    >>> parcels = gpd.GeoDataFrame(
    ...     {"parcel_id": ["P1"], "use": "100102", "is_vacant": [True]},
    ...     geometry=[shapely.box(0, 0, 100, 100)])
    >>> park, rules = Park.from_layers(parcels=parcels), load_rules(["seed-practice"])
    >>> target = getfixture("tmp_path") / "findings.xlsx"
    >>> write_evaluation(target, evaluation=evaluate_park(park, rules=rules), park=park, rules=rules,
    ...     provenance={}, date=dt.date(2026, 5, 1), title=literal("East Park"))
    >>> target.exists()
    True
    """
    check_suffix(path)
    book = empty_book()
    cover = book.create_sheet(in_both("book.cover"))
    put_title(cover, _both(say("book.title", title=title)))
    _fill_cover(
        cover, evaluation, rules=rules, provenance=provenance, date=date, robustness=robustness
    )
    firms = _firms_by_parcel(park, evaluation)
    corrections = park.get("corrections")
    extra = dict(tables) if corrections is None else {**tables, "corrections": corrections}
    for layer, table in extra.items():
        spoken = _spoken(table) if layer == "verdict_changes" else table
        _add_sheet(book, _layer_title(layer), _as_headed(spoken, layer))
    if "enterprises" in park:
        _add_sheet(book, in_both("book.help"), firm_help(park, evaluation))
    for kind in _kinds(evaluation):
        table = evaluation.findings[evaluation.findings["finding"] == kind]
        sheet = book.create_sheet(_sheet_name(kind, book.sheetnames))
        put_title(sheet, _both(_named("render.finding", kind)))
        columns = _finding_columns(table, evaluation, firms=firms, rules=rules)
        if robustness is not None:
            columns |= sure_columns(robustness, _found_first(table))
        _add_table(sheet, 3, columns)
        sheet.freeze_panes = sheet.cell(row=4, column=2)
    if robustness is not None:
        _add_sureness(book, robustness)
    _add_years(book, evaluation, park)
    assessed = pd.Index(evaluation.findings["parcel_id"].unique())
    for name, heading, columns in layer_sheets(layers or {}, parcel_ids=assessed):
        sheet = book.create_sheet(name[:_LONGEST_NAME])
        put_title(sheet, heading)
        _add_table(sheet, 3, columns)
        sheet.freeze_panes = sheet.cell(row=4, column=2)
    averages = book.create_sheet(in_both("book.averages"))
    put_title(averages, in_both("book.averages"))
    _add_table(averages, 3, _as_headed(evaluation.averages, "averages"))
    numbers = book.create_sheet(in_both("book.rules"))
    put_title(numbers, in_both("book.rules"))
    _add_table(numbers, 3, _rule_columns(rules.numbers.values()))
    save_book(path, book, date=date)


def _add_sureness(book: Workbook, robustness: Robustness) -> None:
    """Two sheets: how sure the triage is, and the flagged land as each threshold moves."""
    triage = book.create_sheet(in_both("book.sure_triage"))
    put_title(triage, in_both("book.sure_triage"))
    _add_table(triage, 3, triage_columns(robustness))
    triage.freeze_panes = triage.cell(row=4, column=2)
    curves = book.create_sheet(in_both("book.curves"))
    put_title(curves, in_both("book.curves"))
    _add_table(curves, 3, curve_columns(robustness.threshold_curve))
    draw_curves(curves, robustness.threshold_curve, top=3)


def _add_sheet(book: Workbook, title: str, columns: _Columns) -> None:
    """A further table on a sheet of its own; where there is nothing to tell, the sheet says so by having no rows."""
    sheet = book.create_sheet(title[:_LONGEST_NAME])
    put_title(sheet, title)
    _add_table(sheet, 3, columns)
    sheet.freeze_panes = sheet.cell(row=4, column=2)


def _spoken(changes: pd.DataFrame) -> pd.DataFrame:
    """Layer ``verdict_changes`` with tests, answers and causes in words."""
    is_triage = changes["finding"] == "triage"
    answers = {
        name: [
            _both(_named("triage" if of_triage else "verdict", str(answer)))
            for of_triage, answer in zip(is_triage, changes[name], strict=True)
        ]
        for name in ("verdict_before", "verdict_after")
    }
    causes = [
        "; ".join(_both(say(f"previous.kind.{cause}")) for cause in some.split("; "))
        for some in changes["causes"]
    ]
    tests = [
        in_both("book.triage") if name == "triage" else _both(_named("render.finding", name))
        for name in changes["finding"]
    ]
    return changes.assign(**answers, causes=causes, finding=tests)


def _layer_title(layer: str) -> str:
    return f"{LAYERS[layer].term} {layer.replace('_', ' ')}"


def _kinds(evaluation: Evaluation) -> list[str]:
    return list(dict.fromkeys(evaluation.findings["finding"]))


def _add_years(book: Workbook, evaluation: Evaluation, park: Park) -> None:
    """The years of each parcel below the means, with a chart; nothing where there is one year or none."""
    unit, per_m2 = money_unit(park.currency)
    if evaluation.averages["year"].nunique() < 2:  # noqa: PLR2004  (a line needs two)
        return
    columns, lines = year_rows(evaluation, per_m2=per_m2)
    sheet = book.create_sheet(in_both("book.years"))
    measure = _named("render.measure", evaluation.measure)
    told = " ".join(unit[language] for language in LANGUAGE_ORDER)
    put_title(sheet, f"{_both(measure)} [{told}]")
    _add_table(sheet, 3, columns)
    add_year_chart(sheet, top=3, lines=lines, years=len(columns) - 2, unit=told)
    sheet.freeze_panes = sheet.cell(row=4, column=2)


def _fill_cover(  # noqa: PLR0913  (what stands on it)
    sheet: Worksheet,
    evaluation: Evaluation,
    *,
    rules: Rules,
    provenance: Mapping[str, str],
    date: dt.date,
    robustness: Robustness | None,
) -> None:
    """Below the title: the day, how to read it, how much was found, the rules, and what it all rests on."""
    measure = _named("render.measure", evaluation.measure)
    sentences = [say("book.how"), say("book.averages_of", measure=measure)]
    sentences += _which_average(evaluation.averages)
    sentences += [
        item.message if item.stage == "averages" else say("book.left_out", why=item.message)
        for item in evaluation.left_out
    ]
    lines = [date.isoformat(), *(s.text(lang) for s in sentences for lang in LANGUAGE_ORDER)]
    for number, line in enumerate(lines, start=2):
        put(sheet, number, 1, line)
    row = _add_headed(sheet, len(lines) + 3, "book.findings", _counts(evaluation))
    if robustness is not None:
        row = _add_headed(sheet, row + 1, "book.sureness", count_columns(robustness))
    used = evaluation.findings[["finding", "rule"]].drop_duplicates().itertuples(index=False)
    numbers = [number for kind, rule in used for number in rules.numbers_of(kind, rule=rule)]
    row = _add_headed(sheet, row + 1, "book.rules", _rule_columns(numbers))
    put(sheet, row + 1, 1, in_both("book.rests_on")).font = BOLD
    pairs = [(str(item), str(value)) for item, value in provenance.items()]
    for offset, (item, value) in enumerate(split_long(pairs), start=row + 2):
        put(sheet, offset, 1, item)
        put(sheet, offset, 2, value)
    sheet.column_dimensions["A"].width = 34


def _which_average(averages: pd.DataFrame) -> list[Message]:
    """Which average of which groups it is, where it is not the area-weighted mean of the park or its zones."""
    kinds = averages[["average", "average_over"]].drop_duplicates().to_dict("records")
    return [
        say(
            "book.which_average",
            average=say(f"evaluate.average.{kind['average']}"),
            over=say(f"book.over_{kind['average_over']}"),
        )
        for kind in kinds
        if kind["average"] != "area_weighted" or kind["average_over"] in ("industry", "scale")
    ]


def _add_headed(sheet: Worksheet, row: int, heading: str, columns: _Columns) -> int:
    put(sheet, row, 1, in_both(heading)).font = BOLD
    return _add_table(sheet, row + 1, columns, is_cover=True)


def _add_table(sheet: Worksheet, top: int, columns: _Columns, *, is_cover: bool = False) -> int:
    """Write a table with its headings in row ``top``; hands back the row after its last."""
    longest = 0
    for number, (name, cells) in enumerate(columns.items(), start=1):
        key = f"book.{name}"
        head = put(sheet, top, number, in_both(key) if key in catalogue() else name)
        head.font, head.fill = BOLD, HEADER_FILL
        head.alignment = Alignment(wrap_text=True, vertical="top")
        wrap = Alignment(wrap_text=True, vertical="top") if name in _WRAPPED else None
        for row, value in enumerate(cells, start=top + 1):
            cell = put(sheet, row, number, value)
            if isinstance(value, float):
                cell.number_format = "#,##0.0##"
            if wrap is not None and not is_cover:
                cell.alignment = wrap
        longest = max(longest, len(cells))
        if not is_cover:
            letter = get_column_letter(number)
            sheet.column_dimensions[letter].width = _WIDTHS.get(name, _WIDTH)
    if not is_cover:
        sheet.auto_filter.ref = f"A{top}:{get_column_letter(max(len(columns), 1))}{top + longest}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    return top + longest + 1


def _finding_columns(
    table: pd.DataFrame, evaluation: Evaluation, *, firms: Mapping[str, str], rules: Rules
) -> dict[str, list[object]]:
    """One test, the parcels it found first."""
    table = _found_first(table)
    parcels = evaluation.parcels.reindex(table["parcel_id"])
    spoken = {verdict: _both(say(f"verdict.{verdict}")) for verdict in VERDICTS}
    columns: dict[str, list[object]] = {"parcel": list(table["parcel_id"])}
    if "name" in parcels:
        columns["name"] = list(parcels["name"])
    return columns | {
        "firms": [firms.get(parcel) for parcel in table["parcel_id"]],
        "area_mu": [float(mu_from_m2(area)) for area in parcels["area_m2"]],
        "verdict": [spoken[verdict] for verdict in table["verdict"]],
        "reason_zh": list(table["reason_zh"]),
        "reason_en": list(table["reason_en"]),
        **{name: list(table[name]) for name in ("evidence", "margin") if name in table},
        "rule": _rules_told(table, rules),
        "triage": [_both(_named("triage", str(result))) for result in parcels["triage"]],
    }


def _found_first(table: pd.DataFrame) -> pd.DataFrame:
    """Parcels found, then unknown ones, then the others."""
    rank = {verdict: place for place, verdict in enumerate(("yes", "unknown", "no"))}
    return table.assign(rank=table["verdict"].map(rank)).sort_values("rank", kind="stable")


def _counts(evaluation: Evaluation) -> dict[str, list[object]]:
    """How many parcels and how much land each test found, could not tell, and passed."""
    kinds = _kinds(evaluation)
    findings, area_m2 = evaluation.findings, evaluation.parcels["area_m2"]
    columns: dict[str, list[object]] = {
        "finding": [_both(_named("render.finding", k)) for k in kinds]
    }
    for verdict in ("yes", "unknown", "no"):
        is_so = findings["verdict"] == verdict
        ids = [findings.loc[is_so & (findings["finding"] == kind), "parcel_id"] for kind in kinds]
        columns[f"{verdict}_count"] = [len(some) for some in ids]
        if verdict != "no":
            columns[f"{verdict}_mu"] = [
                float(mu_from_m2(area_m2.reindex(some).sum())) for some in ids
            ]
    return columns


def _rule_columns(numbers: Iterable[RuleNumber]) -> dict[str, list[object]]:
    rows = [
        (n.name, n.value, n.unit, _both(say(f"standing.{n.standing}")), n.source, n.pack)
        for n in numbers
    ]
    return {name: [row[place] for row in rows] for place, name in enumerate(_RULE_COLUMNS)}


def _as_headed(table: pd.DataFrame, layer: str) -> dict[str, list[object]]:
    """A table of the schema under its terms, names and units."""
    known = columns_of(layer)
    heads = {
        name: f"{known[name].term} {name}" + (f" [{known[name].unit}]" if known[name].unit else "")
        for name in table.columns
        if name in known
    }
    return {heads.get(name, str(name)): table[name].tolist() for name in table.columns}


def _firms_by_parcel(park: Park, evaluation: Evaluation) -> dict[str, str]:
    """Names of the firms that are on each parcel in the last year with figures, in the order of the ledger."""
    occupancy, enterprises = park.get("occupancy"), park.get("enterprises")
    if occupancy is None:
        return {}
    years = evaluation.averages["year"]
    year = None if years.empty else int(years.max())
    links = occupancy[current_rows(occupancy, year=year)]
    names = links["enterprise_id"]
    if enterprises is not None and "name" in enterprises:
        names = names.map(enterprises["name"]).fillna(names)
    links = pd.DataFrame({"parcel": links["parcel_id"], "firm": names.astype("str")})
    lists = links.drop_duplicates().groupby("parcel")["firm"].agg("; ".join)
    return dict(zip(lists.index.astype(str), lists, strict=True))


def _rules_told(table: pd.DataFrame, rules: Rules) -> list[object]:
    """The numbers behind each row, or the table it names."""
    told = {
        (kind, rule): "; ".join(
            f"{number.name} = {number.value:g} {number.unit}"
            for number in rules.numbers_of(kind, rule=rule)
        )
        for kind, rule in dict.fromkeys(zip(table["finding"], table["rule"], strict=True))
    }
    pairs = zip(table["finding"], table["rule"], strict=True)
    return [told[kind, rule] or rule for kind, rule in pairs]


def _named(group: str, key: str) -> Message:
    """The catalogue's name for a value of the data; the value itself where it has none, nothing where it is missing."""
    entry = f"{group}.{key}"
    if entry in catalogue():
        return say(entry)
    return literal("" if key == "nan" else key)


def _both(message: Message) -> str:
    return " ".join(dict.fromkeys(message.text(language) for language in LANGUAGE_ORDER))


def _sheet_name(kind: str, taken: Sequence[str]) -> str:
    """A name for a sheet that workbooks accept, once."""
    name = f"{_named('render.finding', kind).text('zh')} {kind}"
    name = _NOT_IN_A_NAME.sub("_", name)[:_LONGEST_NAME]
    number = 2
    while name in taken:
        name = f"{name[: _LONGEST_NAME - 3]} {number}"
        number += 1
    return name
