"""Uses for parcels: greedy, NSGA-II, HiGHS, CP-SAT and geoplan on the same made-up towns, plans checked without geoplan.

``gap`` is the distance of a plan to the best bound of all sides, ``proven_gap`` to the side's own bound,
``adjacency_gap`` the latter as a share of the worth of all borders alone. ``beats_nsga2`` is the second from which on
geoplan's plan is better than the best that NSGA-II finds in its whole time.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection

import numpy as np

from benchmarks._allocation_peers import Offer, cp_sat, greedy, highs, nsga2
from benchmarks._allocation_towns import (
    HOMES,
    SERVICES,
    USES,
    Town,
    adjacency_worth,
    is_kept,
    make_town,
    worth,
)
from benchmarks._form import TIMED_OUT, Row, parse, report
from geoplan.optimise.assignment import Band
from geoplan.optimise.labelling import Coverage, Moment, label_nodes

#: Parcels and compactness of each town with the time limit of geoplan; the seed of a town is its number of parcels.
TOWNS = (
    (300, "moderate", 30.0),
    (1_000, "moderate", 30.0),
    (3_000, "moderate", 30.0),
    (10_000, "moderate", 120.0),
    (30_000, "moderate", 120.0),
    (3_000, "strong", 120.0),
)
QUICK_TOWNS = ((300, "moderate", 3.0), (300, "strong", 3.0))
#: Time limits of the peers in the full run and in the quick one.
LIMITS_S = {
    "greedy": (60.0, 3.0),
    "nsga2": (300.0, 3.0),
    "highs": (60.0, 3.0),
    "cp-sat": (60.0, 3.0),
}
#: How much longer than its limit a side may take to write its model before it is stopped.
GRACE_S = 60.0

Side = Callable[[Town, Offer, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best plan that keeps the limits, with its worth and that of its borders; when each better one came."""

    objective: float
    adjacency: float
    bound: float
    seconds: float
    cpu_seconds: float
    trace: tuple[tuple[float, float], ...]


def main() -> None:
    options = parse(__doc__ or "")
    notes = [
        f"left out: {side}, {package} is not installed (pip install .[bench])"
        for side, (_, package) in SIDES.items()
        if not find_spec(package)
    ]
    limits = ", ".join(f"{side} {limit[options.quick]:g} s" for side, limit in LIMITS_S.items())
    notes.append(f"time limits: {limits}; geoplan as in TOWNS; models may take {GRACE_S:g} s more")
    rows: list[Row] = []
    for n, compactness, limit_s in QUICK_TOWNS if options.quick else TOWNS:
        town = make_town(n, compactness)
        case = f"{n:,} parcels, {compactness} compactness"
        answers = {
            side: run(side, town, LIMITS_S[side][options.quick] if side in LIMITS_S else limit_s)
            for side, (_, package) in SIDES.items()
            if find_spec(package)
        }
        rows += told(case, answers)
    packages = ("pymoo", "ortools", "highspy", "numba", "numpy")
    report(rows, options=options, packages=packages, notes=notes)


def told(case: str, answers: dict[str, Answer]) -> list[Row]:
    """The rows of one town."""
    rows = []
    best_bound = min((a.bound for a in answers.values() if a.bound == a.bound), default=math.nan)
    best_plan = max(a.objective for a in answers.values())
    if best_plan > best_bound * (1 + 1e-6):
        msg = f"{case}: a plan is worth {best_plan}, more than the bound {best_bound}"
        raise RuntimeError(msg)
    for side, answer in answers.items():
        if not math.isfinite(answer.objective):
            rows.append(Row(case=case, side=side, metric=TIMED_OUT, value=answer.seconds, unit="s"))
            continue
        values = {
            "objective": (answer.objective, ""),
            "adjacency_share": (answer.adjacency / answer.objective, "share"),
            "gap": (best_bound / answer.objective - 1, "share"),
            "bound": (answer.bound, ""),
            "proven_gap": (answer.bound / answer.objective - 1, "share"),
            "adjacency_gap": ((answer.bound - answer.objective) / answer.adjacency, "share"),
            "seconds": (answer.seconds, "s"),
            "cpu_seconds": (answer.cpu_seconds, "s"),
        }
        if side == "geoplan" and "nsga2" in answers:
            values["beats_nsga2"] = (_since(answer, answers["nsga2"].objective), "s")
        rows += [
            Row(case=case, side=side, metric=metric, value=value, unit=unit)
            for metric, (value, unit) in values.items()
            if value == value  # noqa: PLR0124 - nan: there is none
        ]
    return rows


def _since(answer: Answer, objective: float) -> float:
    return min((second for second, value in answer.trace if value > objective), default=math.inf)


def ours(town: Town, offer: Offer, limit_s: float) -> None:
    bands = [
        Band(name=use, labels=(a,), lower=town.lower_ha[a], upper=town.upper_ha[a])
        for a, use in enumerate(USES)
    ]
    served = Coverage(
        name="schools",
        labels=(SERVICES,),
        reaches=town.reach,
        reward=town.served,
        nodes=np.arange(len(town.score)),
        asking=(HOMES,),
    )

    def progress(moment: Moment) -> None:
        offer(moment.labels, moment.bound)

    answer = label_nodes(
        score=town.score,
        allowed=np.ones(town.score.shape, dtype=bool),
        edges=town.edges,
        edge_weight=town.border,
        affinity=town.beside,
        weight=town.area_ha,
        bands=bands,
        coverages=[served],
        relative_gap=1e-4,
        work_limit=10_000,
        time_limit_seconds=limit_s,
        progress=progress,
    )
    offer(answer.labels, answer.proof.bound)


#: Each side, and the package that it needs.
SIDES: dict[str, tuple[Side, str]] = {
    "geoplan": (ours, "numpy"),
    "greedy": (greedy, "numpy"),
    "nsga2": (nsga2, "pymoo"),
    "highs": (highs, "highspy"),
    "cp-sat": (cp_sat, "ortools"),
}


def run(side: str, town: Town, limit_s: float) -> Answer:
    """One side in a process of its own; what it offered before it ended or was stopped."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_work, args=(sender, side, town, limit_s))
    process.start()
    sender.close()
    end = time.perf_counter() + limit_s + GRACE_S
    best, best_worth, bound, trace = None, -math.inf, math.nan, []
    seconds = cpu_seconds = math.nan
    try:
        while receiver.poll(max(0.0, end - time.perf_counter())):
            plan, its_bound, seconds, cpu_seconds = receiver.recv()
            bound = bound if its_bound >= bound or not math.isfinite(its_bound) else its_bound
            if plan is not None and is_kept(town, plan) and worth(town, plan) > best_worth:
                best, best_worth = plan, worth(town, plan)
                trace.append((seconds, best_worth))
    except EOFError:
        process.join()
        if process.exitcode:
            msg = f"{side} stopped with an error"
            raise RuntimeError(msg) from None
    finally:
        process.terminate()
        process.join()
        receiver.close()
    return Answer(
        objective=best_worth,
        adjacency=math.nan if best is None else adjacency_worth(town, best),
        bound=bound,
        seconds=seconds if seconds == seconds else limit_s + GRACE_S,  # noqa: PLR0124
        cpu_seconds=cpu_seconds,
        trace=tuple(trace),
    )


def _work(sender: Connection, side: str, town: Town, limit_s: float) -> None:
    began = time.perf_counter()
    cpu_began = time.process_time()

    def offer(plan: np.ndarray | None, bound: float) -> None:
        sender.send((plan, bound, time.perf_counter() - began, time.process_time() - cpu_began))

    SIDES[side][0](town, offer, limit_s)
    sender.close()


if __name__ == "__main__":
    main()
