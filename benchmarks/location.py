"""The siting of p centres: OR-Library p-median 1-20, free and capacitated, and made-up towns, against spopt.

``gap`` is the distance to the published optimum, ``proven_gap`` the distance to geoplan's own bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from benchmarks._form import Row, data_folder, parse, report
from benchmarks._peers import Side, compare, totals
from geoplan.optimise.capacitated import capacitated_p_median
from geoplan.optimise.location import p_median

LIMIT_S = 60.0
#: Demand points, candidates and centres of the towns; the seed is the number of points.
TOWNS = ((1_000, 200, 8), (10_000, 1_000, 30))
QUICK_TOWNS = TOWNS[:1]
QUICK_CAPACITATED = (2, 4)

Question = tuple[np.ndarray, np.ndarray, int]


def main() -> None:
    options = parse(__doc__ or "")
    sides: dict[str, Side] = {"geoplan": ours}
    notes = []
    if find_spec("spopt"):
        import_module("spopt.locate")  # so that no side is charged for its imports
        sides["spopt"] = spopt
    else:
        notes.append("left out: spopt is not installed (pip install .[bench])")
    rows: list[Row] = []
    capacitated: list[Row] = []
    folder = data_folder(options.data, "benchmarks/pmedian")
    if folder is None:
        notes.append(f"left out: OR-Library, {options.data} holds no benchmarks/pmedian")
    else:
        optima = published(folder)
        for name in list(optima)[: 5 if options.quick else 20]:
            question = read_question(folder / f"{name}.txt")
            rows += compare(name, sides, question, optimum=optima[name], limit_s=LIMIT_S + 5)
        held: dict[str, Side] = {"geoplan": ours_capacitated}
        if "spopt" in sides:
            held["spopt"] = spopt_capacitated
        for number, optimum, question in read_capacitated(folder / "pmedcap1.txt"):
            if not options.quick or number in QUICK_CAPACITATED:
                case = f"pmedcap{number}"
                capacitated += compare(case, held, question, optimum=optimum, limit_s=LIMIT_S + 5)
    rows += totals(rows)
    rows += [*capacitated, *(replace(row, case="all capacitated") for row in totals(capacitated))]
    for n, m, p in QUICK_TOWNS if options.quick else TOWNS:
        case = f"town {n:,} homes, {m:,} candidates, {p} centres"
        rows += compare(case, {"geoplan": ours}, town(n, m, p), optimum=None, limit_s=LIMIT_S + 5)
    packages = ("spopt", "pulp", "highspy", "scipy", "numpy")
    report(rows, options=options, packages=packages, time_limit_s=LIMIT_S, notes=notes)


def published(folder: Path) -> dict[str, float]:
    """Instance names and optima."""
    lines = (folder / "pmedopt.txt").read_text("latin-1").splitlines()
    words = [line.split() for line in lines if line.strip().startswith("pmed")]
    return {word[0]: float(word[1]) for word in words}


def read_question(path: Path) -> Question:
    """Walking distances, weights and p of one instance; of a repeated edge the last cost counts."""
    numbers = path.read_text("latin-1").split()
    n, m, p = map(int, numbers[:3])
    last = {}
    for i, j, length in np.array(numbers[3 : 3 + 3 * m], dtype=float).reshape(-1, 3).tolist():
        last[int(min(i, j)) - 1, int(max(i, j)) - 1] = length
    ends = np.array(list(last)).T
    graph = sp.csr_array((np.array(list(last.values())), tuple(ends)), shape=(n, n))
    return dijkstra(graph, directed=False), np.ones(n), p


def read_capacitated(path: Path) -> Iterator[tuple[int, float, tuple[object, ...]]]:
    """Number, optimum and question of each instance: straight-line distances rounded down, demands, capacity, p."""
    words = path.read_text("latin-1").split()
    at = 1
    for _ in range(int(words[0])):
        number, optimum, n, p, capacity = map(int, words[at : at + 5])
        table = np.array(words[at + 5 : at + 5 + 4 * n], dtype=float).reshape(n, 4)
        at += 5 + 4 * n
        away = np.hypot(table[:, None, 1] - table[:, 1], table[:, None, 2] - table[:, 2])
        yield number, float(optimum), (np.floor(away), table[:, 3], np.full(n, float(capacity)), p)


def town(n: int, m: int, p: int) -> Question:
    """Homes in clusters, candidates among them, straight-line metres, people as weights."""
    rng = np.random.default_rng(n)
    middle = rng.random((40, 2)) * 10_000
    at = middle[rng.integers(0, 40, n)] + rng.normal(0, 600, (n, 2))
    sites = at[rng.choice(n, m, replace=False)]
    cost = np.hypot(at[:, None, 0] - sites[:, 0], at[:, None, 1] - sites[:, 1])
    return cost, rng.integers(1, 200, n).astype(float), p


def ours(cost: np.ndarray, weight: np.ndarray, p: int) -> tuple[float, float]:
    proof = p_median(cost=cost, weight=weight, p=p, time_limit_seconds=LIMIT_S).proof
    return proof.objective, proof.bound


def ours_capacitated(
    cost: np.ndarray, demand: np.ndarray, capacity: np.ndarray, p: int
) -> tuple[float, float]:
    proof = capacitated_p_median(
        cost=cost,
        weight=np.ones(demand.size),
        demand=demand,
        capacity=capacity,
        p=p,
        time_limit_seconds=LIMIT_S,
    ).proof
    return proof.objective, proof.bound


def spopt_capacitated(
    cost: np.ndarray, demand: np.ndarray, capacity: np.ndarray, p: int
) -> tuple[float, float]:
    """Spopt takes the weight for the demand: costs over demand make the same question."""
    import pulp  # noqa: PLC0415 - only where the peer is installed
    from spopt.locate import PMedian  # noqa: PLC0415

    model = PMedian.from_cost_matrix(
        cost / demand[:, None], demand, p_facilities=p, facility_capacities=capacity
    )
    model.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, timeLimit=LIMIT_S))
    return float(pulp.value(model.problem.objective)), math.nan


def spopt(cost: np.ndarray, weight: np.ndarray, p: int) -> tuple[float, float]:
    """Spopt's p-median with the solver it documents (CBC by pulp), with the same limit."""
    import pulp  # noqa: PLC0415 - only where the peer is installed
    from spopt.locate import PMedian  # noqa: PLC0415

    model = PMedian.from_cost_matrix(cost, weight, p_facilities=p)
    model.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, timeLimit=LIMIT_S))
    return float(pulp.value(model.problem.objective)), math.nan


if __name__ == "__main__":
    main()
