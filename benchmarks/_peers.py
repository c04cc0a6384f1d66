"""Runs of one question by several sides, each in a process of its own that is stopped at the time limit."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from benchmarks._form import TIMED_OUT, Row

__all__ = ["Side", "compare", "totals"]

#: A question in, objective and (nan if it has none) bound out.
Side = Callable[..., tuple[float, float]]


def compare(
    case: str,
    sides: dict[str, Side],
    question: tuple[object, ...],
    *,
    optimum: float | None,
    limit_s: float,
) -> list[Row]:
    """Objective, bound, gap to the published optimum and seconds of each side on one case."""
    rows = []
    if optimum is not None:
        rows.append(Row(case=case, side="published", metric="objective", value=optimum))
    for side, solve in sides.items():
        answer = _timed(solve, question, limit_s)
        if answer is None:
            rows.append(Row(case=case, side=side, metric=TIMED_OUT, value=limit_s, unit="s"))
            continue
        objective, bound, seconds = answer
        rows.append(Row(case=case, side=side, metric="objective", value=objective))
        if bound == bound:  # noqa: PLR0124 - a peer without a bound says nan
            rows.append(Row(case=case, side=side, metric="bound", value=bound))
            proven = abs(objective - bound) / max(abs(objective), 1e-12)
            rows.append(Row(case=case, side=side, metric="proven_gap", value=proven, unit="share"))
        if optimum is not None:
            gap = objective / optimum - 1
            rows.append(Row(case=case, side=side, metric="gap", value=gap, unit="share"))
        rows.append(Row(case=case, side=side, metric="seconds", value=seconds, unit="s"))
    return rows


def totals(rows: list[Row], *, ours: str = "geoplan") -> list[Row]:
    """Per side: cases, mean and worst gap, seconds; how many times our seconds a peer took on the same cases."""
    sides = [side for side in dict.fromkeys(row.side for row in rows) if side != "published"]
    seconds = {(row.case, row.side): row.value for row in rows if row.metric == "seconds"}
    out = []
    for side in sides:
        gaps = [row.value for row in rows if row.side == side and row.metric == "gap"]
        mine = {case: value for (case, who), value in seconds.items() if who == side}
        shared = [case for case in mine if (case, ours) in seconds]
        stopped = sum(row.side == side and row.metric == TIMED_OUT for row in rows)
        told = {
            "answered": (float(len(mine)), "cases"),
            TIMED_OUT: (float(stopped), "cases"),
            "seconds": (sum(mine.values()), "s"),
        }
        if gaps:
            told["mean_gap"] = (sum(gaps) / len(gaps), "share")
            told["worst_gap"] = (max(gaps), "share")
        if side == ours:
            told["proven"] = (float(_proven(rows, side)), "cases")
        elif shared:
            own = sum(seconds[case, ours] for case in shared)
            told["ratio"] = (sum(mine[case] for case in shared) / own, f"x the seconds of {ours}")
        out += [
            Row(case="all", side=side, metric=metric, value=value, unit=unit)
            for metric, (value, unit) in told.items()
        ]
    return out


def _proven(rows: list[Row], side: str) -> int:
    return sum(
        row.side == side and row.metric == "proven_gap" and row.value <= 1e-9 for row in rows
    )


def _timed(
    solve: Side, question: tuple[object, ...], limit_s: float
) -> tuple[float, float, float] | None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_run, args=(sender, solve, question))
    process.start()
    sender.close()
    try:
        answer = receiver.recv() if receiver.poll(limit_s) else None
    except EOFError:
        msg = f"{solve.__name__} stopped without an answer"
        raise RuntimeError(msg) from None
    finally:
        process.terminate()
        process.join()
        receiver.close()
    return answer


def _run(sender: Connection, solve: Side, question: tuple[object, ...]) -> None:
    begin = time.perf_counter()
    objective, bound = solve(*question)
    sender.send((float(objective), float(bound), time.perf_counter() - begin))
    sender.close()
