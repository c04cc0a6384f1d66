"""One label for each row, best in total, with every named limit kept: the general question, solved and proven.

Goals and limits are terms (``terms.py``). The answer comes from a mixed integer programme of their linear forms; where
terms look at several rows at a time, a local search finds a first answer for it. If nothing keeps all limits, those
that quarrel are named, with the least by which each would have to give.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from geoplan.errors import UnfinishedError
from geoplan.optimise._highs import Programme, Solved, solve
from geoplan.optimise._improve import improve
from geoplan.optimise.cover import Cover
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.patches import Patches
from geoplan.optimise.proof import Proof, Status
from geoplan.optimise.terms import Columns, Exclusion, Form, Goal, Limit, Sum, Term
from geoplan.words import Message, say

__all__ = ["LabelAnswer", "choose_labels"]

#: How exactly it is told what a limit would have to give, as a share of that amount.
GIVE_GAP = 1e-3
#: Rounds of the search for a first answer, and of cutting off patches that are too large.
SEARCH_ROUNDS = 20
CUT_ROUNDS = 40
#: How often a question is split by how much demand there is.
BOX_ROUNDS = 40
#: How near the best a first answer without the terms over several rows has to be.
_FIRST_GAP = 1e-2
#: Two amounts of demand differ by more than this share of the most.
_STEP = 1e-6
#: Columns times nodes that are searched where terms look at several rows.
_WORK = 5_000
#: Nodes that are searched where every term looks at one row, or forbids pairs.
_PLAIN_NODES = 10_000
#: Names of the rows that cut patches off, and of those that split a question; no name of a limit.
_CUTS, _HALVES = "", " "

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Outcome = Literal["optimal", "infeasible", "work", "time"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelAnswer:
    """One label per row, and how good the whole is."""

    labels: Ints
    proof: Proof


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """What one name writes into the programme: its form, and rows over it that may have to give.

    ``unit`` is what one scaled unit of those rows is.
    """

    form: Form
    worth: float
    rows: sp.csr_array
    lower: Floats
    upper: Floats
    unit: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    columns: Columns
    goals: Sequence[Goal]
    limits: Sequence[Limit]
    node_limit: int | None
    time_limit_seconds: float | None

    def of(self, limits: Sequence[Limit]) -> _Question:
        return replace(self, limits=limits)

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(limit.name for limit in self.limits))


def choose_labels(  # noqa: PLR0913 - every choice is named
    *,
    allowed: ArrayLike,
    goals: Sequence[Goal],
    limits: Sequence[Limit] = (),
    relative_gap: float = 1e-6,
    node_limit: int | None = None,
    time_limit_seconds: float | None = None,
    search_rounds: int = SEARCH_ROUNDS,
    seed: int = 0,
) -> LabelAnswer:
    r"""Give every row the label that makes the weighted sum of all goals largest.

    .. math:: \max \sum_g w_g T_g(l), \qquad L_b \le T_b(l) \le U_b, \qquad l_i \in A_i

    A value that just reaches a limit is within it. Equal inputs give equal labels: HiGHS runs on one thread with a
    fixed seed and a limit of nodes, the search draws from ``seed``.

    Parameters
    ----------
    allowed
        Which labels a row may take, (n, k).
    goals, limits
        What is wanted, and what must hold, by name. Limits of the same name count as one in an error.
    relative_gap
        Stop once the answer is proven this near the best.
    node_limit
        Limit of work: nodes of the search tree; by default 10,000, and fewer the more columns the terms over several
        rows bring along.
    time_limit_seconds
        An extra stop; an answer cut by it says so and may differ from run to run.
    search_rounds
        Limit of work of the local search, where one is needed.
    seed
        Of the local search.

    Returns
    -------
    LabelAnswer
        ``proof.bound`` is the best that any labelling can reach.

    Raises
    ------
    NoAnswerError
        Nothing keeps all limits: names a set that cannot hold together, and how much each would have to give.
    UnfinishedError
        The limit of work was reached before any answer was found.

    Examples
    --------
    Three plots in a row, green first or built next are worth 1, equal neighbours 2, one or two are green.

    >>> from geoplan.optimise.pairs import Borders
    >>> from geoplan.optimise.terms import Goal, Limit, Sum
    >>> alike = Borders(edges=np.array([[0, 1], [1, 2]]), weight=np.ones(2), worth=2 * np.eye(2), alone=np.zeros((3, 2)))
    >>> answer = choose_labels(
    ...     allowed=np.ones((3, 2), bool),
    ...     goals=[Goal(name="alike", term=alike), Goal(name="first", term=Sum(coefficients=np.eye(3, 2)))],
    ...     limits=[Limit(name="green", term=Sum(coefficients=np.tile([1.0, 0.0], (3, 1))), lower=1, upper=2)])
    >>> answer.labels.tolist(), answer.proof.objective
    ([0, 1, 1], 4.0)
    """
    began = time.perf_counter()
    may = np.asarray(allowed, dtype=bool)
    if empty := np.flatnonzero(~may.any(axis=1)).tolist():
        problems = [say("optimise.row_without_label", row=row) for row in empty]
        raise NoAnswerError(problems, rows=empty)
    question = _Question(Columns.of(may), goals, limits, node_limit, time_limit_seconds)
    start = None
    if not _is_plain(question):
        start = _first(question, search_rounds, seed)
    outcome, bound, best = _best_of_all(question, relative_gap, start)
    if best is None:
        if outcome == "infeasible":
            raise _quarrel(question)
        raise UnfinishedError([])
    objective = _worth(question, best)
    bound = max(bound, objective)
    is_near = bound - objective <= relative_gap * max(abs(objective), 1e-12) + 1e-9
    statuses: Mapping[str, Status] = {
        "infeasible": "optimal", "optimal": "optimal" if is_near else "feasible", "work": "feasible", "time": "cut_by_time"
    }  # fmt: skip
    return LabelAnswer(
        labels=best,
        proof=Proof(
            objective=objective,
            bound=bound,
            sense="max",
            status=statuses[outcome],
            seconds=time.perf_counter() - began,
            seed=seed,
            method="HiGHS branch and cut"
            if start is None
            else "local search, HiGHS branch and cut",
        ),
    )


def _worth(question: _Question, labels: Ints) -> float:
    return float(sum(goal.weight * goal.term.value(labels) for goal in question.goals))


def _constant(question: _Question) -> float:
    """What the goals are worth beside their columns."""
    return float(sum(block.worth * block.form.constant for block in _goal_blocks(question)))


def _is_plain(question: _Question) -> bool:
    """Whether every term looks at one row at a time, or forbids pairs."""
    terms: list[Term] = [goal.term for goal in question.goals]
    terms += [limit.term for limit in question.limits]
    return all(isinstance(term, (Sum, Exclusion)) for term in terms)


def _first(question: _Question, rounds: int, seed: int) -> Ints | None:
    """A good answer without a proof; None if none was found."""
    plain = replace(
        question,
        goals=[goal for goal in question.goals if isinstance(goal.term, Sum)],
        limits=[one for one in question.limits if isinstance(one.term, (Sum, Exclusion))],
    )
    solved = solve(
        _programme(plain, _blocks(plain)),
        relative_gap=_FIRST_GAP,
        node_limit=_PLAIN_NODES,
        time_limit_seconds=plain.time_limit_seconds,
    )
    if solved.x is None:
        return None
    return improve(
        question.columns.labels(solved.x),
        allowed=question.columns.number >= 0,
        goals=question.goals,
        limits=question.limits,
        rounds=rounds,
        rng=np.random.default_rng(seed),
    )


# ---- shares of a demand that depends on the labels -----------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    """Labellings whose demands lie between limits, and what no labelling among them can be better than."""

    bound: float
    question: _Question
    labels: Ints | None


def _best_of_all(
    question: _Question, relative_gap: float, start: Ints | None
) -> tuple[Outcome, float, Ints | None]:
    """How the search ended, the bound, the best labels.

    A share of a demand that depends on the labels is bounded by the most demand there can be; where that is too weak,
    the question is split by how much demand there is (branch and bound over the denominators, in the manner of
    Konno & Fukaishi, A branch and bound algorithm for solving low rank linear multiplicative and fractional
    programming problems, Journal of Global Optimization 18, 2000).
    """
    outcome, box = _boxed(question, relative_gap, start)
    if box is None:
        return outcome, -np.inf, start
    boxes, best = [box], _better(question, start, box.labels)
    for _ in range(BOX_ROUNDS):
        boxes.sort(key=lambda each: -each.bound)
        top = boxes[0]
        worth = -np.inf if best is None else _worth(question, best)
        halves = _split(top)
        if top.bound <= worth + relative_gap * abs(worth) or not halves:
            break
        boxes.pop(0)
        for half in halves:
            _, found = _boxed(half, relative_gap, None)
            if found is not None:
                boxes.append(found)
                best = _better(question, best, found.labels)
        if not boxes:
            return outcome, -np.inf, best
    return outcome, max(each.bound for each in boxes), best


def _boxed(
    question: _Question, relative_gap: float, start: Ints | None
) -> tuple[Outcome, _Box | None]:
    solved, labels = _solved(question, relative_gap, start)
    if solved.outcome == "infeasible":
        return solved.outcome, None
    return solved.outcome, _Box(solved.bound + _constant(question), question, labels)


def _better(question: _Question, one: Ints | None, other: Ints | None) -> Ints | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, key=lambda each: _worth(question, each), default=None)


def _split(box: _Box) -> list[_Question]:
    """The question with no more demand than the labels of its bound have, and with more; none if that changes nothing."""
    if box.labels is None:
        return []
    loose: tuple[float, Cover] | None = None
    for goal in box.question.goals:
        if isinstance(goal.term, Cover) and goal.term.is_share:
            amount = goal.term.demand.value(box.labels)
            covered, _ = goal.term.covered(box.labels)
            guess = 1.0 - (amount - covered) / goal.term.most_demand
            gain = goal.weight * (guess - goal.term.value(box.labels))
            if gain > (_STEP * abs(goal.weight) if loose is None else loose[0]):
                loose = (gain, goal.term)
    if loose is None:
        return []
    demand = loose[1].demand
    amount = demand.value(box.labels)
    step = _STEP * loose[1].most_demand
    few = [_with_most(goal, demand, amount) for goal in box.question.goals]
    limits = list(box.question.limits)
    return [
        replace(
            box.question,
            goals=few,
            limits=[*limits, Limit(name=_HALVES, term=demand, upper=amount)],
        ),
        replace(
            box.question, limits=[*limits, Limit(name=_HALVES, term=demand, lower=amount + step)]
        ),
    ]


def _with_most(goal: Goal, demand: Sum, most: float) -> Goal:
    """A goal whose share, if it is of this demand, knows the most there is."""
    term = goal.term
    if not (isinstance(term, Cover) and term.is_share):
        return goal
    own = term.demand
    if own.constant == demand.constant and np.array_equal(own.coefficients, demand.coefficients):
        return replace(goal, term=replace(term, most=most))
    return goal


def _solved(
    question: _Question, relative_gap: float, start: Ints | None, elastic: str | None = None
) -> tuple[Solved, Ints | None]:
    """The best of the programme; patches that come out too large are cut off, and it is solved again.

    With ``elastic``, the least amount by which that name alone must give.
    """
    blocks = _blocks(question)
    cuts: list[_Block] = []
    known = None if start is None else _completed(question, blocks, start)
    for _ in range(CUT_ROUNDS):
        programme = _programme(question, {**blocks, _CUTS: cuts}, elastic=elastic)
        solved = solve(
            programme,
            relative_gap=relative_gap,
            node_limit=_nodes(question, programme),
            time_limit_seconds=question.time_limit_seconds,
            start=known,
        )
        if solved.x is None:
            return solved, None
        labels = question.columns.labels(solved.x)
        fresh = _cuts(question, labels)
        if not fresh:
            return solved, labels if _is_kept(question, labels) else None
        cuts += fresh
    return replace(solved, outcome="work"), None


def _nodes(question: _Question, programme: Programme) -> int:
    if question.node_limit is not None:
        return question.node_limit
    return _PLAIN_NODES if _is_plain(question) else max(1, _WORK // max(programme.cost.size, 1))


def _is_kept(question: _Question, labels: Ints) -> bool:
    return all(limit.is_kept(labels) for limit in question.limits)


def _completed(
    question: _Question, blocks: Mapping[str, list[_Block]], labels: Ints
) -> Floats | None:
    """The columns of a known answer, own columns too."""
    programme = _programme(question, blocks)
    x = question.columns.chosen(labels)
    fixed = replace(
        programme,
        lower=np.concatenate([x, programme.lower[x.size :]]),
        upper=np.concatenate([x, programme.upper[x.size :]]),
    )
    return solve(fixed, node_limit=_PLAIN_NODES).x


def _cuts(question: _Question, labels: Ints) -> list[_Block]:
    found = []
    for limit in question.limits:
        term = _by_cuts(limit)
        if term is not None and not limit.is_kept(labels):
            rows, upper = term.cuts(labels, question.columns, limit.upper)
            form = Form(choices=np.zeros(question.columns.count))
            lower = np.full(upper.size, -np.inf)
            found.append(_Block(form, 0.0, rows, lower, upper))
    return found


def _by_cuts(limit: Limit) -> Patches | None:
    """The term of a limit that no row holds as it stands."""
    term = limit.term
    return term if isinstance(term, Patches) and term.measure == "largest" else None


# ---- the programme --------------------------------------------------------------------------------------------


def _blocks(question: _Question) -> dict[str, list[_Block]]:
    by_name: dict[str, list[_Block]] = {}
    for limit in question.limits:
        by_name.setdefault(limit.name, []).extend(_limit_blocks(question.columns, limit))
    return by_name


def _limit_blocks(columns: Columns, limit: Limit) -> list[_Block]:
    """The rows of one limit; none where only cuts can hold it."""
    if _by_cuts(limit) is not None:
        return []
    if isinstance(limit.term, Patches) and limit.term.measure == "smallest":
        form, rows, unit = limit.term.at_least(columns, limit.lower)
        n = rows.shape[0]
        return [_Block(form, 0.0, rows, np.full(n, -np.inf), np.zeros(n), unit)]
    push = {(True, False): 1, (False, True): -1}.get(
        (np.isfinite(limit.lower), np.isfinite(limit.upper)), 0
    )
    form = limit.term.form(columns, push)
    value = np.concatenate([form.choices, form.own])
    unit = float(np.abs(value).max(initial=0.0)) or 1.0
    row = sp.csr_array((value / unit)[None, :])
    low, high = limit.lower - form.constant, limit.upper - form.constant
    return [_Block(form, 0.0, row, np.array([low / unit]), np.array([high / unit]), unit)]


def _goal_blocks(question: _Question) -> list[_Block]:
    blocks = []
    for goal in question.goals:
        form = goal.term.form(question.columns, 1 if goal.weight > 0 else -1)
        none, width = np.zeros(0), form.choices.size + form.own.size
        blocks.append(_Block(form, goal.weight, sp.csr_array((0, width)), none, none))
    return blocks


def _programme(
    question: _Question, blocks: Mapping[str, list[_Block]], *, elastic: str | None = None
) -> Programme:
    """The whole problem; with ``elastic``, the least amount by which that name alone must give."""
    columns = question.columns
    pieces = [] if elastic is not None else _goal_blocks(question)
    named: list[tuple[str | None, _Block]] = [(None, piece) for piece in pieces]
    named += [(name, block) for name, group in blocks.items() for block in group]
    n_rows = int(columns.row[-1]) + 1 if columns.row.size else 0
    one_each = sp.csr_array(
        (np.ones(columns.count), (columns.row, np.arange(columns.count))),
        shape=(n_rows, columns.count),
    )
    own = [block.form.own.size for _, block in named]
    width = columns.count + sum(own)
    starts = columns.count + np.cumsum([0, *own])
    tables: list[sp.csr_array] = [_placed(one_each, columns.count, 0, width)]
    lower, upper = [np.ones(n_rows)], [np.ones(n_rows)]
    slack_rows: list[int] = []
    units: list[float] = []
    done = n_rows
    for (name, block), start in zip(named, starts, strict=False):
        parts = [(block.rows, block.lower, block.upper)]
        if block.form.rows is not None:
            parts.append((block.form.rows, block.form.row_lower, block.form.row_upper))
        for number, (table, low, high) in enumerate(parts):
            if not table.shape[0]:
                continue
            tables.append(_placed(table, columns.count, int(start), width))
            lower.append(low)
            upper.append(high)
            if number == 0 and name == elastic and name is not None:
                slack_rows += range(done, done + low.size)
                units += [block.unit] * low.size
            done += low.size
    rows = sp.csr_array(sp.vstack(tables))
    cost = np.zeros(width)
    if elastic is None:
        for (_, block), start in zip(named, starts, strict=False):
            cost[: columns.count] += block.worth * block.form.choices
            cost[start : start + block.form.own.size] += block.worth * block.form.own
    n_slack = len(units)
    if n_slack:
        slack = sp.coo_array(
            (np.ones(n_slack), (slack_rows, np.arange(n_slack))), shape=(done, n_slack)
        )
        rows = sp.csr_array(sp.hstack([rows, slack, -slack]))
        cost = np.concatenate([cost, units, units])
    return Programme(
        cost=cost,
        rows=rows,
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        lower=np.zeros(cost.size),
        upper=np.concatenate([
            np.ones(columns.count), *(block.form.own_upper for _, block in named), np.full(2 * n_slack, np.inf)
        ]),
        is_integer=np.concatenate([
            np.ones(columns.count, bool), *(block.form.is_integer for _, block in named), np.zeros(2 * n_slack, bool)
        ]),
        sense="min" if elastic is not None else "max",
    )  # fmt: skip


def _placed(table: sp.csr_array, choices: int, start: int, width: int) -> sp.csr_array:
    """A table over choices and own columns, its own columns put where they stand in the programme."""
    found = table.tocoo()
    row, column = found.coords
    column = np.where(column < choices, column, column - choices + start)
    return sp.csr_array(sp.coo_array((found.data, (row, column)), shape=(table.shape[0], width)))


# ---- when nothing fits ----------------------------------------------------------------------------------------


def _quarrel(question: _Question) -> NoAnswerError:
    """Find a minimal set of names without an answer, and what each of them would have to give.

    Deletion filter: leave a name out; if there is still no answer, it was not needed (Chinneck, Feasibility
    and Infeasibility in Optimization, 2008, section 6.2). A name is left out only if that is proven.
    """
    kept = question.names
    for name in question.names:
        fewer = [other for other in kept if other != name]
        if _is_infeasible(question, fewer):
            kept = fewer
    gives = {name: _least_give(question, name) for name in kept}
    problems = [_told(name, amount) for name, amount in gives.items()]
    return NoAnswerError(problems, names=kept, gives=gives)


def _is_infeasible(question: _Question, names: Sequence[str]) -> bool:
    fewer = replace(
        question, goals=(), limits=[one for one in question.limits if one.name in names]
    )
    return _solved(fewer, 1.0, None)[0].outcome == "infeasible"


def _least_give(question: _Question, name: str) -> float:
    """What a name alone would have to give; unknown where it can only be lifted."""
    if any(_by_cuts(one) is not None for one in question.limits if one.name == name):
        others = [other for other in question.names if other != name]
        return float("inf") if _is_infeasible(question, others) else float("nan")
    solved, _ = _solved(question, GIVE_GAP, None, elastic=name)
    return float("inf") if solved.x is None else solved.objective


def _told(name: str, amount: float) -> Message:
    if np.isinf(amount):
        return say("optimise.not_enough", name=name)
    if np.isnan(amount):
        return say("optimise.must_go", name=name)
    return say("optimise.must_give", name=name, amount=f"{amount:.6g}")
