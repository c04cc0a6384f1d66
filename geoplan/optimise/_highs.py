"""One door to the HiGHS solver: a mixed integer programme in, its answer and a valid bound out."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["GrowingProgramme", "Programme", "Relaxed", "Solved", "solve"]

Vector = NDArray[np.float64]

#: How far a row may be missed; rows are expected to be scaled to coefficients of about 1.
TOLERANCE = 1e-9

#: The presolve of this version calls poor answers optimal if integer and continuous columns meet (HiGHS
#: issues 2957, 3043, 3073; mended after it); 50 of 3,000 random small programmes here. Pure ones are right.
SPOILT_VERSION = "1.14.0"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Programme:
    """``sense`` cost @ x, subject to row_lower <= rows @ x <= row_upper and lower <= x <= upper."""

    cost: Vector
    rows: sp.csr_array
    row_lower: Vector
    row_upper: Vector
    lower: Vector
    upper: Vector
    is_integer: NDArray[np.bool_]
    sense: Literal["max", "min"] = "min"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """What HiGHS found: ``x`` is None if nothing; ``bound`` holds whatever the outcome.

    ``outcome`` is ``optimal``, ``infeasible``, ``work`` (limit of nodes), ``time`` or ``interrupted`` (Ctrl-C).
    """

    outcome: Literal["optimal", "infeasible", "work", "time", "interrupted"]
    x: Vector | None
    objective: float
    bound: float


def solve(  # noqa: PLR0913 - every limit is named
    programme: Programme,
    *,
    relative_gap: float = 1e-9,
    absolute_gap: float = 0.0,
    node_limit: int | None = None,
    time_limit_seconds: float | None = None,
    start: Vector | None = None,
    stop: Callable[[], bool] | None = None,
    keeps_interrupted: bool = False,
) -> Solved:
    """Solve on one thread; equal programmes give equal answers unless time, or ``stop`` now and then, cut the search.

    Ctrl-C stops the search at once; with ``keeps_interrupted`` what it had found comes back, else ``KeyboardInterrupt``
    is raised.
    """
    sign = 1.0 if programme.sense == "min" else -1.0
    if programme.cost.size == 0:  # HiGHS would say "empty model"
        holds = bool(np.all(programme.row_lower <= 0) and np.all(programme.row_upper >= 0))
        outcome: Literal["optimal", "infeasible"] = "optimal" if holds else "infeasible"
        return Solved(outcome=outcome, x=np.zeros(0) if holds else None, objective=0.0, bound=0.0)
    scale = float(np.abs(programme.cost).max(initial=0.0)) or 1.0
    solver = _solver(node_limit, time_limit_seconds)
    solver.setOptionValue("mip_rel_gap", relative_gap)
    solver.setOptionValue("mip_abs_gap", max(absolute_gap / scale, 1e-9))
    if _is_mixed(programme) and solver.version() == SPOILT_VERSION:
        solver.setOptionValue("presolve", "off")
    solver.passModel(_model(programme, sign / scale))
    if start is not None:
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        solver.setSolution(known)
    if stop is not None:
        for event in (solver.cbMipInterrupt, solver.cbSimplexInterrupt):
            event.subscribe(lambda told: told.interrupt() if stop() else None)
    is_interrupted = _is_interrupted(solver)
    if not is_interrupted and solver.getModelStatus() == highspy.HighsModelStatus.kSolveError:
        # the presolve of 1.13.1 empties some infeasible mixed programmes and then sees that its answer is none
        solver.setOptionValue("presolve", "off")
        is_interrupted = _is_interrupted(solver)
    if is_interrupted and not keeps_interrupted:
        raise KeyboardInterrupt
    solved = _read(solver, programme, sign, scale)
    if solved.outcome == "interrupted" and not is_interrupted:  # ``stop`` cut it
        return replace(solved, outcome="time")
    return solved


def _is_interrupted(solver: highspy.Highs) -> bool:
    """Run the solver; whether Ctrl-C stopped it. Only the main thread hears Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        solver.run()
        return False
    solver.HandleUserInterrupt = True
    solver.startSolve()
    is_interrupted = False
    while True:
        try:
            while not solver.wait(0.1)[0]:
                pass
        except KeyboardInterrupt:
            is_interrupted = True
            solver.cancelSolve()
        else:
            return is_interrupted


def _is_mixed(programme: Programme) -> bool:
    return bool(programme.is_integer.any() and not programme.is_integer.all())


def _solver(node_limit: int | None, time_limit_seconds: float | None) -> highspy.Highs:
    solver = highspy.Highs()
    options: dict[str, object] = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "mip_feasibility_tolerance": TOLERANCE,
        "primal_feasibility_tolerance": TOLERANCE,
    }
    if node_limit is not None:
        options["mip_max_nodes"] = node_limit
    if time_limit_seconds is not None:
        options["time_limit"] = max(time_limit_seconds, 0.0)
    for name, value in options.items():
        solver.setOptionValue(name, value)
    return solver


def _model(programme: Programme, factor: float) -> highspy.HighsLp:
    rows = sp.csr_array(programme.rows)
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = rows.shape
    lp.col_cost_ = programme.cost * factor
    lp.col_lower_, lp.col_upper_ = programme.lower, programme.upper
    lp.row_lower_, lp.row_upper_ = programme.row_lower, programme.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = rows.shape
    lp.a_matrix_.start_, lp.a_matrix_.index_ = rows.indptr, rows.indices
    lp.a_matrix_.value_ = rows.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    if programme.is_integer.any():
        lp.integrality_ = [kinds[int(is_integer)] for is_integer in programme.is_integer]
    return lp


def _read(solver: highspy.Highs, programme: Programme, sign: float, scale: float) -> Solved:
    status, info = solver.getModelStatus(), solver.getInfo()
    statuses = highspy.HighsModelStatus
    outcome: Literal["optimal", "infeasible", "work", "time", "interrupted"]
    if status in {statuses.kInfeasible, statuses.kUnboundedOrInfeasible}:
        return Solved(outcome="infeasible", x=None, objective=math.nan, bound=math.nan)
    if status == statuses.kOptimal:
        outcome = "optimal"
    elif status == statuses.kTimeLimit:
        outcome = "time"
    elif status == statuses.kInterrupt:
        outcome = "interrupted"
    elif status in {statuses.kSolutionLimit, statuses.kIterationLimit}:
        outcome = "work"
    else:
        msg = f"HiGHS stopped with {solver.modelStatusToString(status)}"
        raise RuntimeError(msg)
    is_mip = bool(programme.is_integer.any())
    dual_bound = -math.inf
    if is_mip:
        dual_bound = info.mip_dual_bound
    elif outcome == "optimal":
        dual_bound = info.objective_function_value
    bound = dual_bound * scale * sign if math.isfinite(dual_bound) else -math.inf * sign
    x: Vector | None = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        x = np.array(solver.getSolution().col_value)
        x[programme.is_integer] = np.round(x[programme.is_integer])
    objective = math.nan if x is None else float(programme.cost @ x)
    return Solved(outcome=outcome, x=x, objective=objective, bound=bound)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """The optimum of a linear programme, with the reduced cost of each column."""

    outcome: Literal["optimal", "infeasible", "work", "time", "interrupted"]
    x: Vector | None
    bound: float
    reduced: Vector


class GrowingProgramme:
    """A linear programme (a minimum) that is solved again and again from where it stopped, with more rows."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._rows = programme.rows
        self._row_lower, self._row_upper = programme.row_lower, programme.row_upper
        self._upper = programme.upper.copy()
        self._scale = float(np.abs(programme.cost).max(initial=0.0)) or 1.0
        self._solver = _solver(None, None)
        self._solver.setOptionValue(
            "primal_feasibility_tolerance", 1e-7
        )  # the bound is safe anyway
        self._solver.setOptionValue("presolve", "off")
        self._solver.passModel(_model(programme, 1 / self._scale))

    def solve(self, *, time_limit_seconds: float | None = None) -> Relaxed:
        """Solve it as it stands."""
        if time_limit_seconds is not None:  # HiGHS counts from the first run of this solver
            limit = self._solver.getRunTime() + max(time_limit_seconds, 0.0)
            self._solver.setOptionValue("time_limit", limit)
        self._solver.run()
        solved = _read(self._solver, self._programme, 1.0, self._scale)
        if solved.outcome == "infeasible":
            return Relaxed(outcome="infeasible", x=None, bound=np.inf, reduced=self._upper * 0)
        bound, reduced = self._safe_bound()
        return Relaxed(outcome=solved.outcome, x=solved.x, bound=bound, reduced=reduced)

    def _safe_bound(self) -> tuple[float, Vector]:
        """A bound that holds for any prices of the rows, so that no tolerance of the solver can spoil it.

        Prices times limits of the rows, plus what each column could still save (Neumaier & Shcherbina, Safe bounds
        in linear and mixed-integer linear programming, Mathematical Programming 99, 2004).
        """
        price = np.array(self._solver.getSolution().row_dual) * self._scale
        if price.size != self._row_lower.size or not np.isfinite(price).all():
            price = np.zeros(self._row_lower.size)  # cut before there were prices
        limit = np.where(price > 0, self._row_lower, self._row_upper)
        price = np.where(np.isfinite(limit), price, 0.0)
        reduced: Vector = self._programme.cost - self._rows.T @ price
        paid = float(price @ np.where(np.isfinite(limit), limit, 0.0))
        return paid + float(np.minimum(reduced, 0.0) @ self._upper), reduced

    def add_rows(self, rows: sp.csr_array, lower: float | Vector, upper: float | Vector) -> None:
        """Ask more of the columns: each new row between ``lower`` and ``upper``."""
        n = rows.shape[0]
        if n == 0:
            return
        low, high = np.full(n, lower, dtype=float), np.full(n, upper, dtype=float)
        self._rows = sp.csr_array(sp.vstack([self._rows, rows], format="csr"))
        self._row_lower = np.concatenate([self._row_lower, low])
        self._row_upper = np.concatenate([self._row_upper, high])
        starts, indices = rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32)
        self._solver.addRows(n, low, high, indices.size, starts, indices, rows.data)

    def fix_at_zero(self, columns: NDArray[np.int64]) -> None:
        """Hold these columns at 0."""
        zero = np.zeros(columns.size)
        self._upper[columns] = 0.0
        self._solver.changeColsBounds(columns.size, columns.astype(np.int32), zero, zero)


class ColumnProgramme:
    """A linear programme (a minimum) with given rows, solved again and again with more columns, each from 0 up."""

    def __init__(self, row_lower: Vector, row_upper: Vector) -> None:
        self._solver = _solver(None, None)
        self._solver.setOptionValue(
            "primal_feasibility_tolerance", 1e-7
        )  # its prices prove nothing
        self._solver.setOptionValue("presolve", "off")
        self._n_rows = row_lower.size
        nothing = np.zeros(0, dtype=np.int32)
        for lower, upper in zip(row_lower.tolist(), row_upper.tolist(), strict=True):
            self._solver.addRow(lower, upper, 0, nothing, np.zeros(0))

    def add(self, cost: float, rows: NDArray[np.int64]) -> None:
        """Add a column with a one in each of these rows."""
        self._solver.addCol(cost, 0.0, math.inf, rows.size, rows.astype(np.int32), np.ones(rows.size))  # fmt: skip

    def allow(self, is_allowed: NDArray[np.bool_], row_lower: Vector, row_upper: Vector) -> None:
        """Hold the other columns at 0, and change the limits of the rows."""
        n = is_allowed.size
        columns, rows = np.arange(n, dtype=np.int32), np.arange(self._n_rows, dtype=np.int32)
        upper = np.where(is_allowed, math.inf, 0.0)
        self._solver.changeColsBounds(n, columns, np.zeros(n), upper)
        for row, lower, most in zip(rows.tolist(), row_lower.tolist(), row_upper.tolist(), strict=True):  # fmt: skip
            self._solver.changeRowBounds(row, lower, most)

    def solve(self) -> tuple[Vector, Vector, float] | None:
        """Values of the columns, prices of the rows and the optimum; None if there is none."""
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        objective = float(self._solver.getInfo().objective_function_value)
        return np.array(solution.col_value), np.array(solution.row_dual), objective
