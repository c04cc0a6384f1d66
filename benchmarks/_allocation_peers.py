"""How others allocate uses: greedily, by NSGA-II, by HiGHS and by CP-SAT, each as its users would write it.

Every side offers plans with bounds (nan: none) until it ends by itself or is stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks._allocation_towns import (
    HOMES,
    SERVICES,
    Town,
    adjacency_worth,
    excess_ha,
    served_worth,
)

__all__ = ["Offer", "cp_sat", "greedy", "highs", "nsga2"]

Offer = Callable[[np.ndarray | None, float], None]


def greedy(town: Town, offer: Offer, limit_s: float) -> None:  # noqa: ARG001 - it is quick
    """Ranking: the parcel and use that stand out most come first, as long as the use has room; borders count as known."""
    offer(_greedy(town), math.nan)


def _greedy(town: Town) -> np.ndarray:
    n, k = town.score.shape
    plan = np.full(n, -1)
    land = np.zeros(k)
    target = (town.lower_ha + town.upper_ha) / 2
    neighbours: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for (i, j), length in zip(town.edges.tolist(), town.border.tolist(), strict=True):
        neighbours[i].append((j, length))
        neighbours[j].append((i, length))
    ordered = np.sort(town.score, axis=1)
    regret = (ordered[:, -1] - ordered[:, -2]) / town.area_ha
    for i in np.argsort(-regret, kind="stable").tolist():
        gain = town.score[i].copy()
        for j, length in neighbours[i]:
            if plan[j] >= 0:
                gain += length * town.beside[plan[j]]
        has_room = land + town.area_ha[i] <= town.upper_ha
        if not has_room.any():
            has_room = land == land[np.argmin(land - target)]
        plan[i] = int(np.argmax(np.where(has_room, gain, -np.inf)))
        land[plan[i]] += town.area_ha[i]
    return _repaired(town, plan, np.random.default_rng(0))


def _repaired(town: Town, plan: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move random parcels from uses with too much land, or land to spare, to uses with too little."""
    plan = plan.copy()
    land = np.bincount(plan, weights=town.area_ha, minlength=town.lower_ha.size)
    for _ in range(plan.size):
        over, under = land - town.upper_ha, town.lower_ha - land
        if over.max() <= 0 and under.max() <= 0:
            break
        if under.max() > 0:
            to = int(np.argmax(under))
            spare = land - town.lower_ha
            source = int(np.argmax(over if over.max() > 0 else spare))
        else:
            source = int(np.argmax(over))
            to = int(np.argmax(town.upper_ha - land))
        parcel = int(rng.choice(np.flatnonzero(plan == source)))
        plan[parcel] = to
        land[source] -= town.area_ha[parcel]
        land[to] += town.area_ha[parcel]
    return plan


def nsga2(town: Town, offer: Offer, limit_s: float) -> None:
    """NSGA-II of pymoo the CoMOLA way: one gene per parcel, three goals, land limits by repair; begun from the greedy plan.

    Of every generation the plan with the largest sum of the goals is offered.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2  # noqa: PLC0415 - only where the peer is installed
    from pymoo.core.callback import Callback  # noqa: PLC0415
    from pymoo.core.mutation import Mutation  # noqa: PLC0415
    from pymoo.core.problem import ElementwiseProblem  # noqa: PLC0415
    from pymoo.core.repair import Repair  # noqa: PLC0415
    from pymoo.operators.crossover.pntx import TwoPointCrossover  # noqa: PLC0415
    from pymoo.optimize import minimize  # noqa: PLC0415

    n, k = town.score.shape
    rng = np.random.default_rng(1)

    class Uses(ElementwiseProblem):
        def __init__(self) -> None:
            super().__init__(n_var=n, n_obj=3, n_ieq_constr=1, xl=0, xu=k - 1, vtype=int)

        def _evaluate(
            self, x: np.ndarray, out: dict[str, object], *_: object, **__: object
        ) -> None:
            own = town.score[np.arange(n), x].sum()
            out["F"] = [-own, -adjacency_worth(town, x), -served_worth(town, x)]
            out["G"] = [excess_ha(town, x) - 1e-9]

    class Limits(Repair):
        def _do(self, _: object, x: np.ndarray, **__: object) -> np.ndarray:
            return np.array([_repaired(town, plan, rng) for plan in x])

    class Change(Mutation):
        def _do(self, _: object, x: np.ndarray, **__: object) -> np.ndarray:
            chosen = rng.random(x.shape) < 3 / n
            return np.where(chosen, rng.integers(0, k, x.shape), x)

    class Best(Callback):
        def notify(self, algorithm: NSGA2) -> None:
            found = [x for x in algorithm.pop if x.CV[0] <= 0]
            if found:
                offer(min(found, key=lambda x: x.F.sum()).X, math.nan)

    start = rng.integers(0, k, (100, n))
    start[0] = _greedy(town)
    start[1:] = [_repaired(town, plan, rng) for plan in start[1:]]
    algorithm = NSGA2(
        pop_size=100,
        sampling=start,
        crossover=TwoPointCrossover(),
        mutation=Change(),
        repair=Limits(),
        eliminate_duplicates=True,
    )
    seconds = f"{int(limit_s) // 3600:02}:{int(limit_s) // 60 % 60:02}:{int(limit_s) % 60:02}"
    minimize(Uses(), algorithm, ("time", seconds), seed=1, callback=Best())


def _products(town: Town) -> Iterator[tuple[int, int, int, int, float]]:
    """Parcel, use, parcel, use, worth of both together."""
    pairs = [(a, b, town.beside[a, b]) for a, b in np.argwhere(town.beside != 0).tolist()]
    for (i, j), length in zip(town.edges.tolist(), town.border.tolist(), strict=True):
        for a, b, value in pairs:
            yield i, a, j, b, float(length * value)


def highs(town: Town, offer: Offer, limit_s: float) -> None:
    """The textbook programme in HiGHS: a product of two binaries by its linear hull."""
    import highspy  # noqa: PLC0415

    began = time.perf_counter()
    n, k = town.score.shape
    model = highspy.Highs()
    model.silent()
    x = [[model.addBinary(obj=-value) for value in town.score[i].tolist()] for i in range(n)]
    for i in range(n):
        model.addConstr(model.qsum(x[i]) == 1)
    for a in range(k):
        land = model.qsum(x[i][a] * float(town.area_ha[i]) for i in range(n))
        model.addConstr(land >= float(town.lower_ha[a]))
        model.addConstr(land <= float(town.upper_ha[a]))
    for i, a, j, b, value in _products(town):
        both = model.addVariable(0, 1, obj=-value)
        if value > 0:
            model.addConstr(both <= x[i][a])
            model.addConstr(both <= x[j][b])
        else:
            model.addConstr(both >= x[i][a] + x[j][b] - 1)
    for i in range(n):
        served = model.addVariable(0, 1, obj=-float(town.served[i]))
        schools = town.reach.indices[town.reach.indptr[i] : town.reach.indptr[i + 1]]
        model.addConstr(served <= x[i][HOMES])
        model.addConstr(served <= model.qsum(x[j][SERVICES] for j in schools.tolist()))
    model.setOptionValue("time_limit", max(1.0, limit_s - (time.perf_counter() - began)))
    model.run()
    info = model.getInfo()
    plan = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        values = np.array(model.getSolution().col_value[: n * k]).reshape(n, k)
        plan = values.argmax(axis=1)
    offer(plan, -info.mip_dual_bound)


def cp_sat(town: Town, offer: Offer, limit_s: float) -> None:
    """CP-SAT of OR-tools on two workers; worths and areas in whole millionths."""
    from ortools.sat.python import cp_model  # noqa: PLC0415

    began = time.perf_counter()
    scale = 1_000_000
    n, k = town.score.shape
    model = cp_model.CpModel()
    x = [[model.new_bool_var("") for _ in range(k)] for _ in range(n)]
    area = np.round(town.area_ha * scale).astype(int).tolist()
    worths, terms = [], []
    for i in range(n):
        model.add_exactly_one(x[i])
        terms += x[i]
        worths += np.round(town.score[i] * scale).astype(int).tolist()
    for a in range(k):
        land = cp_model.LinearExpr.weighted_sum([x[i][a] for i in range(n)], area)
        model.add_linear_constraint(
            land, math.ceil(town.lower_ha[a] * scale), math.floor(town.upper_ha[a] * scale)
        )
    for i, a, j, b, value in _products(town):
        both = model.new_bool_var("")
        if value > 0:
            model.add_implication(both, x[i][a])
            model.add_implication(both, x[j][b])
        else:
            model.add_bool_or([x[i][a].negated(), x[j][b].negated(), both])
        terms.append(both)
        worths.append(round(value * scale))
    for i in range(n):
        served = model.new_bool_var("")
        schools = town.reach.indices[town.reach.indptr[i] : town.reach.indptr[i + 1]]
        model.add_implication(served, x[i][HOMES])
        model.add_bool_or([served.negated(), *(x[j][SERVICES] for j in schools.tolist())])
        terms.append(served)
        worths.append(round(town.served[i] * scale))
    model.maximize(cp_model.LinearExpr.weighted_sum(terms, worths))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.max_time_in_seconds = max(1.0, limit_s - (time.perf_counter() - began))

    class Found(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            plan = np.array([[self.boolean_value(v) for v in row] for row in x]).argmax(axis=1)
            offer(plan, math.nan)

    status = solver.solve(model, Found())
    is_known = status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    offer(None, solver.best_objective_bound / scale if is_known else math.nan)
