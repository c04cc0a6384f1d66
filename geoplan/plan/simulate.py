"""Year by year: which land is reallocated when, if demand, money, neighbours, age and chance decide.

In the tradition of CLUE-S, FLUS and PLUS, but on legal parcels that stay whole, with their floor area. Many runs give
how probable each use is on each parcel in each year, and the range of each indicator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import PlanError, UnfinishedError
from geoplan.model.answers import Allocation, Evaluation, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.optimise.reallocation import Course, YearlyQuestion, run_years
from geoplan.plan._courses import demand_table, indicator_ranges, probabilities
from geoplan.plan._yearly import yearly_question
from geoplan.plan.allocate import plan_land_use
from geoplan.plan.conversion import Conversion, conversion_of
from geoplan.plan.problem import Programme
from geoplan.plan.question import TODAY, Question, pose_question
from geoplan.words import LANGUAGES, Message, say

__all__ = ["Horizon", "Simulation", "plan_by_simulation", "simulate_land_use"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How far and how often to look ahead.

    Attributes
    ----------
    first_year, years
        The first year, and how many.
    runs, seed
        How many runs, and where their random numbers come from.
    demand_m2
        Land that each product is to have taken by the end of some years: product to year to area; straight in
        between, nothing before the first year. Empty: what ``plan_land_use`` would build, straight over the years.
    budget_amount
        What may be spent in a year, in the park's currency; what is left over goes on to the next.
    """

    first_year: int
    years: int = 15
    runs: int = 100
    seed: int = 2026
    demand_m2: Mapping[str, Mapping[int, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    budget_amount: float = inf

    def __post_init__(self) -> None:
        if self.years < 1 or self.runs < 1 or self.budget_amount < 0:
            msg = f"a horizon needs a year, a run and no negative budget: {self}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """What many runs say.

    Attributes
    ----------
    allocation
        The most probable plan: each candidate's most frequent use in the last year. It is no run, and need not meet
        the demand; ``plan_of_run`` gives one that happened.
    typical_run
        The run whose last year agrees best with all runs, area by area.
    demand
        Table ``simulation_demand``: each year and product, its demand and tolerance, in how many runs it was met, and
        why not in the others.
    uses
        Table ``simulation_uses``: how probable each use of each candidate is in each year.
    indicators
        Table ``simulation_indicators``: the range of each indicator in each year.
    run_count, is_complete
        How many runs there are, and whether those are all that were asked for.
    """

    allocation: Allocation
    demand: pd.DataFrame
    uses: pd.DataFrame
    indicators: pd.DataFrame
    typical_run: int
    run_count: int
    is_complete: bool
    horizon: Horizon
    courses: tuple[Course, ...]
    question: Question

    def plan_of_run(self, run: int) -> Allocation:
        """The plan that one run ends with; runs are counted from 0."""
        course = self.courses[run]
        return _plan(
            self.question,
            course.label,
            method=f"yearly simulation, run {run}",
            seed=self.horizon.seed,
            left_out=self.allocation.left_out,
            told=[
                say("simulate.never_in_run", run=run, count=self.run_count)
                if label < 0
                else say(
                    "simulate.in_run",
                    run=run,
                    count=self.run_count,
                    year=self.horizon.first_year + int(year),
                )
                for label, year in zip(course.label, course.year, strict=True)
            ],
        )


def simulate_land_use(  # noqa: PLR0913 - every choice is named
    park: Park,
    evaluation: Evaluation,
    *,
    programme: Programme,
    rules: Rules,
    horizon: Horizon,
    progress: Progress | None = None,
) -> Simulation:
    """Let the candidates change use year by year, many times over.

    A use is the more probable on a parcel the better it fits (suitability), the more its neighbours draw it, and the
    less its conversion costs; chance does the rest. A parcel comes up the sooner the older its buildings are; where
    their age is not known each run draws one. What the programme locks, and the distances it keeps, holds in every
    year, from polluting plants that have not gone yet too. Demand counts land that is converted: what has a use
    today is not counted towards it.

    Parameters
    ----------
    park, evaluation, programme
        As for ``plan_land_use``.
    rules
        Rule packs as for ``plan_land_use``, and ``simulate-assumed`` or one in its place.
    horizon
        Years, runs, seed, demand and budget.
    progress
        Is told how many runs are done, of how many.

    Returns
    -------
    Simulation
        Equal questions and seeds give equal answers to the bit; run r is the same whatever other runs there are.
        Interrupted (Ctrl-C), it holds the runs that were whole.

    Raises
    ------
    PlanError, InfeasibleError
        The programme or the demand names what does not exist, or the programme cannot be met.
    UnfinishedError
        It was interrupted before the first run was whole.

    References
    ----------
    Verburg et al., Modeling the spatial dynamics of regional land use: the CLUE-S model, Environmental Management 30,
    2002 (recalled); Liu et al., FLUS, Landscape and Urban Planning 168, 2017 (recalled); Liang et al., PLUS, Computers,
    Environment and Urban Systems 85, 2021 (recalled). The model is our own; its numbers are those of the rule packs.
    """
    question = pose_question(park, evaluation, programme=programme, rules=rules)
    conversion = conversion_of(question)
    demand_m2, source = _demand(question, horizon)
    yearly, notes = yearly_question(
        question, conversion, demand_m2=demand_m2, horizon_budget=horizon.budget_amount,
        first_year=horizon.first_year,
    )  # fmt: skip
    courses = _run(yearly, horizon, progress)
    last = np.stack([course.label for course in courses])
    label, share = _most_frequent(last, len(question.keys))
    left_out = [
        StageLeftOut(stage="simulate", message=note)
        for note in (source, *conversion.notes, *notes, *_money(conversion, horizon))
    ]
    names = [product.name for product in programme.products]
    allocation = _plan(
        question,
        label,
        method="yearly simulation, most probable",
        seed=horizon.seed,
        left_out=left_out,
        told=[
            say("simulate.probably_stays", share=float(part), count=len(courses))
            if number < 0
            else say(
                "simulate.probable", product=names[number], share=float(part), count=len(courses)
            )
            for number, part in zip(label, share, strict=True)
        ],
    )
    years = np.arange(horizon.first_year, horizon.first_year + horizon.years)
    return Simulation(
        allocation=allocation,
        demand=demand_table(courses, yearly, keys=question.keys, years=years),
        uses=probabilities(courses, question, years=years),
        indicators=indicator_ranges(courses, question, years=years, money=conversion.money),
        typical_run=_typical(last, len(question.keys), question.land.area_m2),
        run_count=len(courses),
        is_complete=len(courses) == horizon.runs,
        horizon=horizon,
        courses=tuple(courses),
        question=question,
    )


def plan_by_simulation(
    park: Park, evaluation: Evaluation, *, programme: Programme, rules: Rules, horizon: Horizon
) -> Allocation:
    """The most typical run of ``simulate_land_use`` as a plan: the same question and answer as the other ways."""
    simulation = simulate_land_use(
        park, evaluation, programme=programme, rules=rules, horizon=horizon
    )
    return simulation.plan_of_run(simulation.typical_run)


def _run(yearly: YearlyQuestion, horizon: Horizon, progress: Progress | None) -> list[Course]:
    courses: list[Course] = []
    try:
        for run in range(horizon.runs):
            courses.append(run_years(yearly, seed=horizon.seed, run=run))
            if progress is not None:
                progress(run + 1, horizon.runs)
    except KeyboardInterrupt as interrupt:
        if not courses:
            raise UnfinishedError([say("simulate.no_run")]) from interrupt
    return courses


def _demand(question: Question, horizon: Horizon) -> tuple[NDArray[np.float64], Message]:
    """Land that each product is to have by the end of each year, (years, products), and where that comes from."""
    years = np.arange(horizon.first_year, horizon.first_year + horizon.years)
    asked = horizon.demand_m2
    if not asked:
        plan = plan_land_use(
            question.park, question.evaluation, programme=question.programme, rules=question.rules
        )
        area_m2 = plan.parcels.area.groupby(plan.parcels["product"]).sum()
        asked = {str(key): {int(years[-1]): float(value)} for key, value in area_m2.items()}
    if problems := _demand_problems(asked, question):
        raise PlanError(problems)
    table = np.zeros((horizon.years, len(question.keys)))
    for column, key in enumerate(question.keys):
        known = {horizon.first_year - 1: 0.0} | dict(sorted(asked.get(key, {}).items()))
        table[:, column] = np.interp(years, list(known), list(known.values()))
    return table, say("simulate.demand_given" if horizon.demand_m2 else "simulate.demand_of_plan")


def _demand_problems(asked: Mapping[str, Mapping[int, float]], question: Question) -> list[Message]:
    known = ", ".join(question.keys)
    problems = [
        say("simulate.demand_product", product=key, known=known)
        for key in asked
        if key not in question.keys
    ]
    for key, path in asked.items():
        areas = [0.0, *(area for _, area in sorted(path.items()))]
        if any(later < earlier for earlier, later in pairwise(areas)):
            problems.append(say("simulate.demand_falls", product=key))
    return problems


def _money(conversion: Conversion, horizon: Horizon) -> list[Message]:
    if conversion.amount is None and np.isfinite(horizon.budget_amount):
        return [say("simulate.no_budget")]
    return []


def _most_frequent(
    last: NDArray[np.int64], products: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The label that most runs end with, -1 for none, the first of equals; and the share of the runs."""
    counts = np.stack([(last == label).sum(axis=0) for label in [*range(products), -1]], axis=1)
    best = counts.argmax(axis=1)
    share = counts[np.arange(len(best)), best] / len(last)
    return np.where(best == products, -1, best).astype(np.int64), share


def _typical(last: NDArray[np.int64], products: int, area_m2: NDArray[np.float64]) -> int:
    """The run whose uses are shared by most other runs, weighted by area; the first of equals."""
    share = np.stack([(last == label).mean(axis=0) for label in [*range(products), -1]], axis=1)
    rows = np.arange(last.shape[1])
    agrees = [float(share[rows, np.where(run < 0, products, run)] @ area_m2) for run in last]
    return int(np.argmax(agrees))


def _plan(  # noqa: PLR0913 - every choice is named
    question: Question,
    label: NDArray[np.int64],
    *,
    method: str,
    seed: int,
    left_out: Sequence[StageLeftOut],
    told: Sequence[Message],
) -> Allocation:
    """The plan of these labels, -1 for land that keeps its use; the reason of each parcel begins with what is told."""
    padded = question.with_today()
    numbers = np.where(label < 0, len(question.keys), label)
    plan = padded.allocation(
        numbers, padded.proof(numbers, method=method, seed=seed), left_out=left_out
    )
    is_own = plan.parcels["is_candidate"].to_numpy(dtype=bool)
    stays = np.zeros(len(is_own), dtype=bool)
    stays[is_own] = label < 0
    parcels = plan.parcels.assign(
        planned_use=plan.parcels["planned_use"].where(~stays, plan.parcels["use"]),
        **{
            name: plan.parcels[name].where(~stays)
            for name in ("product", "suitability_score", "runner_up", "runner_up_price_m2")
        },
    )
    parcels.loc[parcels["runner_up"] == TODAY, ["runner_up", "runner_up_price_m2"]] = None
    for language in LANGUAGES:
        column = f"plan_reason_{language}"
        first = pd.Series([message.text(language) for message in told], parcels.index[is_own])
        joined = first + say("common.list_separator").text(language) + parcels.loc[is_own, column]
        parcels[column] = joined.where(~stays[is_own], first).reindex(parcels.index)
    count = int((label >= 0).sum())
    table = plan.rules.copy()
    row = table["rule"] == "candidates"
    table.loc[row, "value"], table.loc[row, "is_kept"] = float(count), count == len(label)
    table["products"] = [
        " ".join(key for key in str(keys).split() if key != TODAY) for keys in table["products"]
    ]
    is_product = plan.suitability["product"] != TODAY
    return replace(
        plan,
        parcels=parcels,
        rules=table,
        suitability=plan.suitability[is_product].reset_index(drop=True),
    )
