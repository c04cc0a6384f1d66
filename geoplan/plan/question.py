"""One question for every way to plan: the land, the rules over it, how well what fits where - and back to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import PlanError
from geoplan.model.answers import Allocation, Evaluation, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.assignment import LabelAnswer
from geoplan.optimise.proof import Proof
from geoplan.optimise.relaxed import relaxed_bound
from geoplan.plan.allocate import (
    _grades_unknown,
    _planned,
    _question,
    _rule_table,
    _rules_allow,
    _suitability_table,
)
from geoplan.plan.candidates import candidate_parcels, problems_of
from geoplan.plan.explain import told
from geoplan.plan.problem import Product, Programme
from geoplan.plan.rules import Land, Rule
from geoplan.plan.suitability import Suitability, score_products
from geoplan.words import say

__all__ = ["TODAY", "Question", "pose_question"]

#: Key of the product that stands for the use of today.
TODAY = "as_today"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleTable:
    """A rule as numbers over candidate x product.

    Attributes
    ----------
    rule
        The rule itself.
    totals, lower, upper
        What each choice adds, and the limits of the sum; sums that differ by less than ``spare`` are the same.
    pairs
        Rows ``(i, p, j, q)``: not both of candidate i product p and candidate j product q.
    """

    rule: Rule
    totals: NDArray[np.float64]
    lower: float
    upper: float
    spare: float
    pairs: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What ``plan_land_use`` solves, for those who answer it in another way.

    Attributes
    ----------
    park, evaluation, programme, rules
        What was given.
    choice
        Which parcel is a candidate, why, and in which phase.
    land, plan_rules, fit
        The candidates, the rules over them, and how well each product fits each of them.
    """

    park: Park
    evaluation: Evaluation
    programme: Programme
    rules: Rules
    choice: pd.DataFrame
    land: Land
    plan_rules: tuple[Rule, ...]
    fit: Suitability

    @property
    def score(self) -> NDArray[np.float64]:
        """Candidate x product, 0 to 1."""
        return np.asarray(self.fit.score, dtype=float)

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Candidate x product: what no rule forbids by itself, whatever the other parcels become."""
        return _rules_allow(self.plan_rules, self.fit)

    @property
    def tables(self) -> tuple[RuleTable, ...]:
        """Every rule as numbers, in the order of the rules."""
        none = np.zeros((0, 4), dtype=np.int64)
        return tuple(
            RuleTable(
                rule=rule,
                totals=rule.totals,
                lower=rule.total_lower,
                upper=rule.total_upper,
                spare=rule.spare,
                pairs=none if rule.pairs is None else rule.pairs,
            )
            for rule in self.plan_rules
        )

    @property
    def is_locked(self) -> NDArray[np.bool_]:
        """Candidates whose product is decided."""
        locked = np.zeros(len(self.land.parcels), dtype=bool)
        for table in self.tables:
            if table.rule.kind == "lock":
                locked |= table.totals.any(axis=1)
        return locked

    @property
    def keys(self) -> tuple[str, ...]:
        """The products by name, in the order of the programme."""
        return tuple(product.key for product in self.programme.products)

    @property
    def use_today(self) -> pd.Series:
        """Land-use code of each candidate today."""
        uses: pd.Series = self.land.parcels["use"]
        return uses

    def worth_m2(self, labels: NDArray[np.int64]) -> float:
        """Suitable area of a plan."""
        rows = np.arange(labels.size)
        return float((self.land.area_m2 * self.score[rows, labels]).sum())

    def with_today(self) -> Question:
        """The same question with one more product behind the others: the use of today, worth nothing."""
        today = Product(
            key=TODAY, name=say("simulate.today"), use="", role="", floor_area_ratio=0.0
        )
        programme = replace(self.programme, products=(*self.programme.products, today))
        none = np.zeros((len(self.land.parcels), 1))
        return replace(
            self,
            programme=programme,
            land=replace(self.land, programme=programme),
            plan_rules=tuple(
                replace(rule, totals=np.hstack([rule.totals, none])) for rule in self.plan_rules
            ),
            fit=replace(
                self.fit,
                score=self.fit.score.assign(**{TODAY: 0.0}),
                weights=pd.concat(
                    [self.fit.weights, pd.DataFrame(0.0, [TODAY], self.fit.weights.columns)]
                ),
            ),
        )

    def proof(self, labels: NDArray[np.int64], *, method: str, seed: int = 0) -> Proof:
        """The plan's worth, and what no plan can beat that keeps the rules which this one keeps.

        The bound is that of divided parcels: the gap counts in the plan's disfavour.
        """
        kept = [rule for rule in self.plan_rules if rule.is_kept(labels)]
        worth_m2 = self.worth_m2(labels)
        bound_m2 = relaxed_bound(
            score=self.score,
            allowed=np.ones(self.score.shape, dtype=bool),
            weight=self.land.area_m2,
            bands=[band for rule in kept for band in rule.bands],
            conflicts=[conflict for rule in kept for conflict in rule.conflicts],
        )
        return Proof(
            objective=worth_m2,
            bound=max(bound_m2, worth_m2),
            sense="max",
            status="feasible",
            unit="m2",
            seed=seed,
            method=method,
        )

    def allocation(
        self, labels: NDArray[np.int64], proof: Proof, *, left_out: Sequence[StageLeftOut] = ()
    ) -> Allocation:
        """The plan that gives every candidate the product of its number."""
        reasons = told(self.land, self.plan_rules, self.fit, labels, self.choice)
        answer = LabelAnswer(labels=labels, proof=proof)
        return Allocation(
            parcels=_planned(self.evaluation, self.choice, reasons),
            suitability=_suitability_table(self.plan_rules, self.fit),
            rules=_rule_table(self.land, self.plan_rules, self.fit, answer),
            proof=proof,
            left_out=(
                *self.fit.left_out,
                *_grades_unknown(self.park, self.choice, self.programme),
                *left_out,
            ),
        )


def pose_question(
    park: Park, evaluation: Evaluation, *, programme: Programme, rules: Rules
) -> Question:
    """Turn land and programme into candidates, rules and scores.

    Raises
    ------
    PlanError
        The programme names what does not exist; all problems at once.
    InfeasibleError
        Targets that no plan can meet for want of land.
    """
    if problems := problems_of(programme, park):
        raise PlanError(problems)
    choice = candidate_parcels(park, evaluation, programme=programme)
    land, plan_rules = _question(park, choice, programme=programme, rules=rules)
    fit = score_products(
        park, is_candidate=choice["is_candidate"], products=programme.products, rules=rules
    )
    return Question(
        park=park,
        evaluation=evaluation,
        programme=programme,
        rules=rules,
        choice=choice,
        land=land,
        plan_rules=plan_rules,
        fit=fit,
    )
