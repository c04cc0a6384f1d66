"""The transparent way to plan: rank the land for each claim, take the best until it is met, and say every step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.model.answers import Allocation, Evaluation, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.plan.problem import Programme
from geoplan.plan.question import Question, RuleTable, pose_question
from geoplan.plan.rules import Rule
from geoplan.units import mu_from_m2
from geoplan.words import LANGUAGES, Message, join, name_in_both, say

__all__ = ["plan_by_rules"]

#: The packs that hold its numbers.
PACK = "ranking-assumed"
_LOCKED, _NO_RULE = 1, -1
#: Scores that differ by less are the same.
_SAME_SCORE = 1e-9


def plan_by_rules(
    park: Park, evaluation: Evaluation, *, programme: Programme, rules: Rules
) -> Allocation:
    """Give every candidate a product by ranking and thresholds, each step explained.

    1. What is locked is settled. 2. Each target with a least area is a claim: claims of fewer products come first,
    then by the turn of their role, then in the order of the programme. A claim takes the parcels that fit it best, one
    by one, until it is met; a parcel must reach the threshold, and no upper limit or distance may break. A claim that
    is still short goes on without the threshold. 3. What is left takes the product that fits it best of those the
    rules still allow. 4. Where a rule is not kept, the parcel whose change costs least is handed over, as long as
    that breaks no rule that is kept. Ties go to the lower parcel id.

    Parameters
    ----------
    park, evaluation, programme
        As for ``plan_land_use``.
    rules
        Rule packs as for ``plan_land_use``, and ``ranking-assumed`` or one in its place.

    Returns
    -------
    Allocation
        As of ``plan_land_use``; the reason of each parcel begins with its step, and ``steps`` lists them all. A rule
        that could not be kept is told in ``left_out``. The bound is that of the question with divided parcels under
        the rules that the plan keeps, so that the gap counts in the plan's disfavour.

    Raises
    ------
    PlanError, InfeasibleError
        The programme names what does not exist, or asks for more land than there is.
    """
    question = pose_question(park, evaluation, programme=programme, rules=rules)
    ranking = _Ranking(question)
    ranking.settle_locks()
    number = _LOCKED
    for number, claim in enumerate(_claims(question), start=_LOCKED + 1):
        ranking.meet(claim, number)
    ranking.fill(number + 1)
    ranking.hand_over(number + 2)
    steps = ranking.told()
    plan = question.allocation(
        ranking.labels,
        question.proof(ranking.labels, method="ranking and thresholds"),
        left_out=[
            StageLeftOut(stage="plan", message=_not_kept(question, rule, ranking.labels))
            for rule in question.plan_rules
            if not rule.is_kept(ranking.labels)
        ],
    )
    return replace(plan, parcels=_with_steps(plan, steps), steps=steps)


def _claims(question: Question) -> list[int]:
    """Numbers of the rules that ask for a least total, in the order in which they choose."""
    turn = {
        product.key: question.rules.value(f"ranking.turn.{product.role}")
        for product in question.programme.products
    }

    def place(number: int) -> tuple[int, float, int]:
        keys = question.plan_rules[number].products.split()
        return len(keys), min(turn[key] for key in keys), number

    asked = [
        number
        for number, table in enumerate(question.tables)
        if table.lower > 0 and table.rule.kind != "lock"
    ]
    return sorted(asked, key=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One parcel in one step; ``rank`` of ``count`` is 0 where nothing was ranked."""

    step: int
    kind: str
    row: int
    label: int
    rule: int
    rank: int
    count: int
    message: Message


class _Ranking:
    """The plan as it grows, and the steps taken."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.labels = np.full(len(question.land.parcels), -1, dtype=np.int64)
        self.steps: list[_Step] = []
        self._score, self._allowed = question.score, question.allowed
        self._least = question.rules.value("ranking.min_score")
        self._by_id = np.argsort(np.argsort(question.land.parcels.index.to_numpy(), kind="stable"))
        self._tables, self._locked = question.tables, question.is_locked
        self._total = np.zeros(len(self._tables))
        self._upper = np.array([table.upper + table.spare for table in self._tables])
        self._apart: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for table in self._tables:
            for i, p, j, q in table.pairs.tolist():
                self._apart[i, p].append((j, q))
                self._apart[j, q].append((i, p))

    def settle_locks(self) -> None:
        for row in np.flatnonzero(self._locked):
            label = int(self._allowed[row].argmax())
            self._take(int(row), label, "locked", _LOCKED, say("ranking.locked"))

    def meet(self, rule_number: int, step: int) -> None:
        """Take the best land for one claim until it is met, at last below the threshold too."""
        table = self._tables[rule_number]
        worth = np.where(self._allowed & (table.totals > 0), self._score, -1.0)
        order = self._ranked(worth.max(axis=1))
        for least, kind in ((self._least, "claimed"), (0.0, "claimed_low")):
            for rank, row in enumerate(order, start=1):
                if self._total[rule_number] >= table.lower - table.spare:
                    return
                label = self._best(row, worth[row], least)
                if label is not None:
                    said = say(
                        f"ranking.{kind}", step=step, rule=table.rule.short, rank=rank, count=len(order),
                        product=self._name(label), score=float(self._score[row, label]), least=self._least,
                    )  # fmt: skip
                    self._take(row, label, kind, step, said, rule_number, rank, len(order))

    def fill(self, step: int) -> None:
        """Give what nothing claimed the product that fits best."""
        for row in self._ranked(self._score.max(axis=1)):
            label = self._best(row, np.where(self._allowed[row], self._score[row], -1.0), 0.0)
            kind = "forced" if label is None else "filled"
            if label is None:
                worth = np.where(self._allowed[row], self._score[row], self._score[row] - 1.0)
                label = int(worth.argmax())
            said = say(
                f"ranking.{kind}",
                step=step,
                product=self._name(label),
                score=float(self._score[row, label]),
            )
            self._take(row, label, kind, step, said)

    def hand_over(self, step: int) -> None:
        """Change the parcels that cost least where a rule is not kept, and none that is."""
        for number, table in enumerate(self._tables):
            while (change := self._cheapest_change(table)) is not None:
                row, label, price_m2 = change
                said = say(
                    "ranking.handed_over",
                    step=step,
                    rule=table.rule.short,
                    before=self._name(int(self.labels[row])),
                    product=self._name(label),
                    price_m2=price_m2,
                )
                self._take(row, label, "handed_over", step, said, number)

    def told(self) -> pd.DataFrame:
        """Table ``plan_steps``: every step in the order taken."""
        ids, keys = self.question.land.parcels.index, self.question.keys
        names = [rule.name for rule in self.question.plan_rules]
        rows = [
            {
                "order": order, "step": step.step, "parcel_id": ids[step.row], "kind": step.kind,
                "rule": names[step.rule] if step.rule != _NO_RULE else "", "product": keys[step.label],
                "score": float(self._score[step.row, step.label]), "rank": step.rank or None,
                "ranked_count": step.count or None,
                **{f"text_{language}": step.message.text(language) for language in LANGUAGES},
            }
            for order, step in enumerate(self.steps, start=1)
        ]  # fmt: skip
        return pd.DataFrame(rows).astype({"rank": "Int64", "ranked_count": "Int64"})

    def _ranked(self, worth: NDArray[np.float64]) -> list[int]:
        """Rows that are free and may be taken, the best first."""
        order = np.lexsort((self._by_id, -worth))
        return [int(row) for row in order if self.labels[row] < 0 and worth[row] >= 0]

    def _best(self, row: int, worth: NDArray[np.float64], least: float) -> int | None:
        """The label that fits a row best of those that break nothing now; the first of equals."""
        if self.labels[row] >= 0:
            return None
        for label in np.argsort(-worth, kind="stable").tolist():
            if worth[label] < least - _SAME_SCORE:
                return None
            if self._fits(row, label):
                return int(label)
        return None

    def _fits(self, row: int, label: int) -> bool:
        more = np.array([table.totals[row, label] for table in self._tables])
        if np.any((more > 0) & (self._total + more > self._upper)):
            return False
        return all(self.labels[j] != q for j, q in self._apart.get((row, label), ()))

    def _take(  # noqa: PLR0913, PLR0917 - a row of the table of steps
        self,
        row: int,
        label: int,
        kind: str,
        step: int,
        said: Message,
        rule: int = _NO_RULE,
        rank: int = 0,
        count: int = 0,
    ) -> None:
        before = int(self.labels[row])
        for number, other in enumerate(self._tables):
            self._total[number] += other.totals[row, label]
            self._total[number] -= other.totals[row, before] if before >= 0 else 0.0
        self.labels[row] = label
        self.steps.append(
            _Step(
                step=step, kind=kind, row=row, label=label, rule=rule, rank=rank, count=count, message=said
            )
        )  # fmt: skip

    def _cheapest_change(self, table: RuleTable) -> tuple[int, int, float] | None:
        """The one change that brings a rule nearer at the least price and breaks no other that is kept."""
        rows = np.arange(self.labels.size)
        own = table.totals[rows, self.labels]
        total, spare = float(own.sum()), table.spare
        wanted = float(total < table.lower - spare) - float(total > table.upper + spare)
        if not wanted:
            return None
        after = total - own[:, None] + table.totals
        may = self._allowed & (wanted * (after - total) > spare) & ~self._locked[:, None]
        may &= (wanted < 0) | (after <= table.upper + spare)
        for other in self.question.plan_rules:
            if may.any() and other is not table.rule and other.is_kept(self.labels):
                may &= ~other.breaks(self.labels)
        if not may.any():
            return None
        score, area_m2 = self._score, self.question.land.area_m2
        price_m2 = area_m2[:, None] * (score[rows, self.labels][:, None] - score)
        price_m2 = np.where(may, price_m2, np.inf)
        best = np.lexsort((np.repeat(self._by_id, score.shape[1]), price_m2.ravel()))[0]
        row, label = divmod(int(best), score.shape[1])
        return row, label, float(price_m2[row, label])

    def _name(self, label: int) -> Message:
        return self.question.programme.products[label].name


def _not_kept(question: Question, rule: Rule, labels: NDArray[np.int64]) -> Message:
    value = rule.value(question.land, labels)
    shown = {
        "m2": lambda: say("plan.amount_mu", area_mu=mu_from_m2(value)),
        "share": lambda: say("plan.amount_share", percent=100 * value),
        "m": lambda: say("ranking.distance", distance_m=value),
    }
    told = shown.get(rule.unit, lambda: say("ranking.count", count=value))()
    return say("ranking.not_kept", rule=rule.title, value=told)


def _with_steps(plan: Allocation, steps: pd.DataFrame) -> gpd.GeoDataFrame:
    """The reason of each candidate with its steps before it."""
    own = plan.parcels.loc[plan.parcels["is_candidate"].to_numpy(dtype=bool)]
    texts = dict(_reasons(own, steps))
    columns = {
        f"plan_reason_{language}": [
            texts[parcel].text(language) if parcel in texts else None
            for parcel in plan.parcels.index
        ]
        for language in LANGUAGES
    }
    return plan.parcels.assign(**columns)


def _reasons(own: pd.DataFrame, steps: pd.DataFrame) -> Iterator[tuple[str, Message]]:
    for parcel, rows in steps.groupby("parcel_id", sort=False):
        fit = name_in_both(
            {one: str(own.loc[str(parcel), f"plan_reason_{one}"]) for one in LANGUAGES}
        )
        taken = [
            name_in_both({"en": en, "zh": zh})
            for en, zh in zip(rows["text_en"], rows["text_zh"], strict=True)
        ]
        yield str(parcel), join([*taken, fit])
