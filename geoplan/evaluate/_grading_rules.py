"""What the rule packs say of grading, checked: indicators, baselines, quotas, who is not suited, vetoes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from geoplan.errors import ScenarioError
from geoplan.evaluate._ratios import RATIOS, Ratio
from geoplan.model.rulepack import RuleNumber, Rules
from geoplan.model.schema import columns_of
from geoplan.model.telling import nearest, shown
from geoplan.units import to_base
from geoplan.words import Message, say

__all__ = ["GRADES", "GROUPS", "MISSING", "GradingRules", "Item", "Veto", "grading_rules"]

#: Classes from best to worst; T stands beside them: not suited.
GRADES = ("A", "B", "C", "D")
#: Who is compared with whom.
GROUPS = ("above_scale", "below_scale", "all")
#: What becomes of an item that a firm did not report.
MISSING = ("peer_mean", "zero", "exclude")

_KEYS = (
    "currency", "missing", "least_ratio", "indicators", "quota", "least_score", "group", "not_suited", "vetoes",
)  # fmt: skip
#: Keys of the tables within.
_TABLES: Mapping[str, tuple[str, ...]] = {
    "quota": ("a", "b", "c"),
    "least_score": ("a", "b", "c"),
    "group": ("above_scale_revenue", "below_scale_min_land", "tenants_take_owner_grade"),
    "not_suited": (
        "utilities", "utility_divisions", "outside_industry", "min_production_years", "will_move", "relocated_up_to_phase",
    ),
}  # fmt: skip
_ITEM_KEYS = ("weight", "baseline", "times_last_mean", "cap", "missing")
_VETO_KEYS = ("column", "class", "source", "standing")
_WEIGHTS_TOGETHER = 100.0
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One indicator of a group.

    Attributes
    ----------
    weight
        Points at the baseline.
    baseline, unit
        The figure that earns them; ``None`` if it is ``times_last_mean`` times the peers' mean of the year before.
    cap
        Most that a figure over its baseline counts; ``None`` for no cap.
    missing
        One of ``MISSING``.
    """

    ratio: Ratio
    weight: float
    baseline: float | None
    unit: str
    times_last_mean: float | None
    cap: float | None
    missing: str

    @property
    def per_base(self) -> float:
        """How many base units (currency, m2, ...) one ``unit`` is."""
        return to_base(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """A yes in a column of ``enterprises`` that no better class than this survives."""

    column: str
    worst: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingRules:
    """The table ``grading`` of the rule packs.

    Attributes
    ----------
    groups
        Items by group: ``above_scale`` and ``below_scale``, or ``all``.
    limits
        Of A, B and C: shares of the group that may score better, or least scores.
    is_by_quota
        Which of the two ``limits`` are.
    """

    currency: str
    least_ratio: float
    groups: Mapping[str, tuple[Item, ...]]
    limits: tuple[float, float, float]
    is_by_quota: bool
    above_scale_revenue_amount: float
    min_land_m2: float
    tenants_take_owner_grade: bool
    utility_divisions: tuple[str, ...]
    outside_industry: bool
    min_production_years: float
    will_move: bool
    relocated_up_to_phase: float
    vetoes: tuple[Veto, ...]


def grading_rules(rules: Rules) -> GradingRules:
    """Read and check the table ``grading``.

    Raises
    ------
    ScenarioError
        There is none, or something in it cannot be: an unknown indicator, column or key, weights that do not add to
        100, a baseline in a unit that is not its own, quotas out of order; all problems at once.
    """
    table = rules.data("grading")
    reader = _Reader(rules.numbers)
    if not isinstance(table, Mapping):
        raise ScenarioError([say("grade.no_table")])
    reader.refuse_unknown("grading", table, _KEYS)
    inner = {name: reader.table(name, table.get(name, {})) for name in _TABLES}
    groups = reader.groups(table)
    limits, is_by_quota = reader.limits()
    divisions = reader.list_of("not_suited.utility_divisions", inner["not_suited"])
    checked = GradingRules(
        currency=str(table.get("currency", "")),
        least_ratio=reader.value("least_ratio", 0.0),
        groups=MappingProxyType(groups),
        limits=limits,
        is_by_quota=is_by_quota,
        above_scale_revenue_amount=reader.in_base("group.above_scale_revenue"),
        min_land_m2=reader.in_base("group.below_scale_min_land"),
        tenants_take_owner_grade=reader.value("group.tenants_take_owner_grade", 0.0) > 0,
        utility_divisions=divisions if reader.value("not_suited.utilities", 0.0) else (),
        outside_industry=reader.value("not_suited.outside_industry", 0.0) > 0,
        min_production_years=reader.value("not_suited.min_production_years", 0.0),
        will_move=reader.value("not_suited.will_move", 0.0) > 0,
        relocated_up_to_phase=reader.value("not_suited.relocated_up_to_phase", 0.0),
        vetoes=tuple(reader.vetoes(table.get("vetoes", []))),
    )
    if reader.problems:
        raise ScenarioError(reader.problems, headline=say("grade.cannot_be_used"))
    return checked


class _Reader:
    """Numbers of the packs under ``grading.``; what is wrong is gathered in ``problems``."""

    def __init__(self, numbers: Mapping[str, RuleNumber]) -> None:
        self.numbers = numbers
        self.problems: list[Message] = []

    def number(self, name: str) -> RuleNumber | None:
        return self.numbers.get(f"grading.{name}")

    def value(self, name: str, otherwise: float) -> float:
        """A number that may be missing, and is not below 0."""
        found = self.number(name)
        if found is None:
            return otherwise
        if found.value < 0:
            self.problems.append(say("grade.negative", name=found.name, value=f"{found.value:g}"))
        return found.value

    def in_base(self, name: str) -> float:
        """A number that may be missing, in base units; NaN without it."""
        found = self.number(name)
        if found is None:
            return float("nan")
        try:
            return found.value * to_base(found.unit)
        except KeyError:
            self.problems.append(say("grade.bad_unit", name=found.name, unit=shown(found.unit)))
            return float("nan")

    def refuse_unknown(self, place: str, names: Any, known: Sequence[str]) -> None:
        self.problems += [
            say(
                "grade.unknown_name",
                place=place,
                name=shown(name),
                known=", ".join(known),
                near=nearest(name, known),
            )
            for name in names
            if name not in known
        ]

    def table(self, name: str, given: Any) -> Mapping[str, Any]:
        """A table of ``_TABLES``, its keys checked."""
        if not isinstance(given, Mapping):
            self.problems.append(say("grade.not_a_table", name=f"grading.{name}"))
            return {}
        self.refuse_unknown(f"grading.{name}", given, _TABLES[name])
        return given

    def list_of(self, name: str, table: Mapping[str, Any]) -> tuple[str, ...]:
        """A list of words, empty if the table lacks it."""
        given = table.get(name.rpartition(".")[2], [])
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            self.problems.append(say("grade.not_a_list", name=f"grading.{name}"))
            return ()
        return tuple(given)

    def groups(self, table: Mapping[str, Any]) -> dict[str, tuple[Item, ...]]:
        given = table.get("indicators", {})
        if not isinstance(given, Mapping) or not given:
            self.problems.append(say("grade.no_indicators"))
            return {}
        self.refuse_unknown("grading.indicators", given, GROUPS)
        if "all" in given and len(given) > 1:
            self.problems.append(say("grade.all_and_others"))
        groups = {
            group: tuple(self._items(group, given[group], str(table.get("missing", ""))))
            for group in GROUPS
            if group in given
        }
        for group, items in groups.items():
            total = sum(item.weight for item in items)
            if abs(total - _WEIGHTS_TOGETHER) > _ROUNDING:
                listed = " + ".join(f"{item.weight:g}" for item in items)
                self.problems.append(
                    say("grade.weights", group=group, total=f"{total:g}", listed=listed)
                )
        return groups

    def _items(self, group: str, given: Any, missing: str) -> Iterator[Item]:
        place = f"indicators.{group}"
        if not isinstance(given, Mapping):
            self.problems.append(say("grade.no_indicators"))
            return
        self.refuse_unknown(f"grading.{place}", given, tuple(RATIOS))
        for name in given:
            if name in RATIOS:
                item = self._item(f"{place}.{name}", RATIOS[name], given[name], missing)
                if item is not None and item.weight > 0:
                    yield item

    def _item(self, place: str, ratio: Ratio, given: Any, missing: str) -> Item | None:
        if not isinstance(given, Mapping):
            self.problems.append(say("grade.no_weight", name=place))
            return None
        self.refuse_unknown(f"grading.{place}", given, _ITEM_KEYS)
        policy = str(given.get("missing", missing))
        self.refuse_unknown(f"grading.{place}.missing", [policy], MISSING)
        if self.number(f"{place}.weight") is None:
            self.problems.append(say("grade.no_weight", name=place))
            return None
        baseline = self.number(f"{place}.baseline")
        times = self.number(f"{place}.times_last_mean")
        cap = self.number(f"{place}.cap")
        if baseline is None and times is None:
            self.problems.append(say("grade.no_baseline", name=place))
        for number in (baseline, times, cap):
            if number is not None and number.value <= 0:
                self.problems.append(say("grade.not_positive", name=number.name))
        unit = _usual_unit(ratio) if baseline is None else baseline.unit
        if not ratio.takes(unit):
            self.problems.append(
                say("grade.bad_unit", name=f"grading.{place}.baseline", unit=shown(unit))
            )
        return Item(
            ratio=ratio,
            weight=self.value(f"{place}.weight", 0.0),
            baseline=None if baseline is None else baseline.value,
            unit=unit,
            times_last_mean=None if times is None or baseline is not None else times.value,
            cap=None if cap is None else cap.value,
            missing=policy,
        )

    def limits(self) -> tuple[tuple[float, float, float], bool]:
        """Quotas as shares, or least scores."""
        for table, is_by_quota in (("quota", True), ("least_score", False)):
            found = [self.number(f"{table}.{name}") for name in ("a", "b", "c")]
            if all(number is None for number in found):
                continue
            values = [number.value for number in found if number is not None]
            ordered = sorted(values) if is_by_quota else sorted(values, reverse=True)
            if len(values) < len(found) or values != ordered:
                self.problems.append(say("grade.bad_limits", table=f"grading.{table}"))
                break
            if is_by_quota:
                shares = [self.in_base(f"quota.{name}") for name in ("a", "b", "c")]
                if not 0 <= shares[0] <= shares[-1] <= 1:
                    self.problems.append(say("grade.bad_limits", table="grading.quota"))
                values = shares
            return (values[0], values[1], values[2]), is_by_quota
        else:
            self.problems.append(say("grade.no_limits"))
        return (0.0, 0.0, 0.0), True

    def vetoes(self, given: Any) -> Iterator[Veto]:
        known = tuple(n for n, column in columns_of("enterprises").items() if column.kind == "bool")
        if not isinstance(given, list):
            self.problems.append(say("grade.not_a_list", name="grading.vetoes"))
            return
        for number, veto in enumerate(given, start=1):
            place = f"grading.vetoes, {number}"
            if not isinstance(veto, Mapping) or not {*_VETO_KEYS} <= {*veto}:
                self.problems.append(say("grade.bad_veto", place=place))
                continue
            self.refuse_unknown(place, veto, _VETO_KEYS)
            self.refuse_unknown(f"{place}, column", [veto["column"]], known)
            self.refuse_unknown(f"{place}, class", [veto["class"]], GRADES[1:])
            yield Veto(column=veto["column"], worst=veto["class"])


def _usual_unit(ratio: Ratio) -> str:
    """The unit in which a ratio is told where no baseline names one."""
    if not ratio.below_units:
        return "share"
    return "10k/mu" if "mu" in ratio.below_units else f"10k/{ratio.below_units[0]}"
