"""Labels of the nodes of a graph: against enumeration, bounds that hold, borders, interrupts, repetition."""

from __future__ import annotations

import dataclasses
import itertools
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import UnfinishedError
from geoplan.optimise import _label_exact, _label_run
from geoplan.optimise._highs import solve
from geoplan.optimise._label_bound import Dual
from geoplan.optimise._label_field import field_of
from geoplan.optimise.assignment import Band, Conflict, Lock, assign_labels
from geoplan.optimise.labelling import Coverage, label_nodes
from geoplan.optimise.no_answer import NoAnswerError

ANY = np.ones((4, 2), dtype=bool)
ROW = [(0, 1), (1, 2), (2, 3)]


def small_question(seed):
    """Some nodes, labels, edges of any sign (parallel ones too), bands, conflicts, coverage, locks."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(0, 7)), int(rng.integers(1, 4))
    allowed = rng.random((n, k)) < 0.85
    allowed[np.arange(n), rng.integers(0, k, n)] = True
    pairs = list(itertools.combinations(range(n), 2))
    edges = [pair[:: rng.choice([1, -1])] for pair in pairs if rng.random() < 0.6]
    edges += [edge[::-1] for edge in edges[:1]]
    affinity = rng.normal(0, 1, (2, k, k)) if rng.random() < 0.6 else np.stack([np.eye(k)] * 2)
    weight = rng.integers(1, 5, n).astype(float) if rng.random() < 0.5 else rng.random(n)
    bands = [
        Band(name=f"band {b}", labels=(int(rng.integers(k)),), lower=low, upper=low + more)
        for b, (low, more) in enumerate(rng.random((rng.integers(0, 3), 2)) * weight.sum() / 2)
    ]
    if rng.random() < 0.2:
        bands.append(Band(name="any", coefficients=rng.normal(0, 1, (n, k)), lower=-1.0))
    apart = [
        (i, int(rng.integers(k)), j, int(rng.integers(k))) for i, j in pairs if rng.random() < 0.1
    ]
    coverages = []
    for c in range(int(rng.integers(0, 3))):
        h = int(rng.integers(1, 4))
        asks = bool(n and rng.random() < 0.5)
        coverages.append(
            Coverage(
                name=f"coverage {c}",
                labels=tuple(rng.permutation(k)[: rng.integers(1, k + 1)].tolist()),
                reaches=(rng.random((h, n)) < 0.5).astype(float),
                reward=rng.random(h) * 2,
                nodes=rng.integers(0, n, h) if asks else None,
                asking=(int(rng.integers(k)),) if asks else (),
            )
        )
    locks = [Lock(name="lock", rows=[0], labels=[int(rng.integers(k))])] if n and rng.random() < 0.2 else []  # fmt: skip
    return {
        "score": rng.normal(0, rng.choice([0.3, 1, 3]), (n, k)),
        "allowed": allowed,
        "edges": edges,
        "edge_weight": rng.normal(1, 1, len(edges)),
        "affinity": affinity,
        "edge_kind": rng.integers(0, 2, len(edges)),
        "weight": weight,
        "bands": bands,
        "conflicts": [Conflict(name="apart", pairs=apart)],
        "coverages": coverages,
        "locks": locks,
    }


def worth(question, labels):
    total = sum(question["score"][i, label] for i, label in enumerate(labels))
    for (i, j), size, kind in zip(question["edges"], question["edge_weight"], question["edge_kind"], strict=True):  # fmt: skip
        total += size * question["affinity"][kind, labels[i], labels[j]]
    for each in question["coverages"]:
        for h, reward in enumerate(each.reward):
            asks = each.nodes is None or labels[each.nodes[h]] in each.asking
            if asks and any(
                each.reaches[h, i] and label in each.labels for i, label in enumerate(labels)
            ):
                total += reward
    return total


def holds(question, labels):
    for band in question["bands"]:
        table = band.coefficients
        total = sum(
            (question["weight"][i] if label in band.labels else 0.0)
            if table is None
            else table[i, label]
            for i, label in enumerate(labels)
        )
        if not band.lower - 1e-9 <= total <= band.upper + 1e-9:
            return False
    quarrels = any(
        labels[i] == a and labels[j] == b
        for each in question["conflicts"]
        for i, a, j, b in each.pairs
    )
    locked = all(
        labels[i] == label for lock in question["locks"] for i, label in zip(lock.rows, lock.labels, strict=True)
    )  # fmt: skip
    return (
        not quarrels
        and locked
        and all(question["allowed"][i, label] for i, label in enumerate(labels))
    )


def best_of_all(question):
    n, k = question["allowed"].shape
    every = itertools.product(range(k), repeat=n)
    return max(
        (worth(question, labels) for labels in every if holds(question, labels)), default=None
    )


def check_against_all(question, *, is_exact, **options):
    best = best_of_all(question)
    if best is None:
        with pytest.raises(NoAnswerError):
            label_nodes(**question, **options)
        return
    answer = label_nodes(**question, **options)
    labels = answer.labels.tolist()
    assert holds(question, labels)
    assert answer.proof.objective == pytest.approx(worth(question, labels), abs=1e-9)
    assert answer.proof.bound >= best - 1e-9 * max(1.0, abs(best))
    if is_exact:
        assert answer.proof.objective == pytest.approx(best, rel=1e-5, abs=1e-6)
        assert answer.proof.status == "optimal"


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_small_questions_get_the_best_of_all_labellings(seed):
    check_against_all(small_question(seed), is_exact=True)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_the_bound_of_messages_and_prices_holds_against_all_labellings(seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_label_run, "SMALL", -1)  # never HiGHS
        check_against_all(small_question(seed), is_exact=False, work_limit=3)


def grid(side, seed, *, compactness=0.3):
    """Side x side plots, four labels, bands of a quarter each, service within two plots."""
    rng = np.random.default_rng(seed)
    n = side * side
    number = np.arange(n).reshape(side, side)
    edges = np.concatenate([
        np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
        np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
    ])  # fmt: skip
    at = np.column_stack(np.divmod(np.arange(n), side))
    reach = (abs(at[:, None] - at).sum(axis=2) <= 2).astype(float)
    return {
        "score": rng.random((n, 4)),
        "allowed": np.ones((n, 4), dtype=bool),
        "edges": edges,
        "affinity": compactness * np.eye(4),
        "bands": [
            Band(name=f"label {a}", labels=(a,), lower=n // 4 - 2, upper=n // 4 + 2) for a in range(4)
        ],
        "coverages": [
            Coverage(name="served", labels=(1,), reaches=reach, reward=np.full(n, 0.1),
                     nodes=np.arange(n), asking=(0,))
        ],
    }  # fmt: skip


def test_a_larger_question_is_answered_within_two_hundredths_of_its_bound():
    answer = label_nodes(**grid(20, 1), work_limit=5)
    assert answer.proof.gap_share < 0.02
    assert answer.proof.status == "feasible"
    counts = np.bincount(answer.labels, minlength=4)
    assert np.all((counts >= 98) & (counts <= 102))


def test_with_no_pairs_the_bound_is_that_of_the_assignment():
    question = grid(15, 2)
    plain = {key: question[key] for key in ("score", "allowed", "bands")}
    exact = assign_labels(**plain, weight=np.ones(225))
    answer = label_nodes(**plain, work_limit=6)
    assert answer.proof.objective <= exact.proof.bound + 1e-6
    assert answer.proof.bound >= exact.proof.objective - 1e-6
    assert answer.proof.gap_share < 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_messages_and_prices_bound_like_the_linear_programme_of_the_same_polytope(seed):
    """Never below its optimum, for they are a dual of it, and hardly above."""
    question = grid(6, seed)
    question["bands"] = [Band(name=f"label {a}", labels=(a,), lower=4 + 2 * a, upper=5 + 2 * a) for a in range(3)]  # fmt: skip
    field = field_of(
        **{"weight": None, "edge_weight": None, "edge_kind": None, "conflicts": (), "locks": ()} | question
    )  # fmt: skip
    programme, _ = _label_exact._programme(field, field.allowed)
    relaxed = dataclasses.replace(programme, is_integer=np.zeros(programme.cost.size, dtype=bool))
    optimum = solve(relaxed).objective
    ends = field.ends.ravel()
    first = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=field.n))])
    dual = Dual(field, first, np.argsort(ends, kind="stable") // 2)
    while not dual.is_settled:
        dual.improve(lambda: False)
    assert optimum - 1e-7 <= dual.bound <= 1.005 * optimum


def test_a_tighter_band_never_betters_the_answer():
    question = {**grid(4, 3), "coverages": ()}
    worths = []
    for upper in (8, 4, 2, 0):
        bands = [Band(name="cap", labels=(0,), upper=upper)]
        worths.append(label_nodes(**{**question, "bands": bands}).proof.objective)
    assert all(one >= two - 1e-6 for one, two in itertools.pairwise(worths))


def test_a_total_that_just_reaches_its_limit_is_within_it():
    score = [[0, 1]] * 4
    two = Band(name="two", labels=(1,), upper=2.0)
    assert label_nodes(score=score, allowed=ANY, bands=[two]).labels.sum() == 2
    less = Band(name="less", labels=(1,), upper=2.0 - 1e-6)
    assert label_nodes(score=score, allowed=ANY, bands=[less]).labels.sum() == 1


def test_like_neighbours_stand_together_and_unwanted_ones_apart():
    half = [Band(name="half", labels=(1,), lower=2, upper=2)]
    zero = np.zeros((4, 2))
    together = label_nodes(score=zero, allowed=ANY, edges=ROW, affinity=np.eye(2), bands=half)
    assert together.proof.objective == 2.0  # 0011: two of three borders
    apart = label_nodes(score=zero, allowed=ANY, edges=ROW, affinity=-np.eye(2), bands=half)
    assert apart.labels.tolist() in ([0, 1, 0, 1], [1, 0, 1, 0])


def test_a_point_is_rewarded_once_and_only_if_it_asks():
    served = Coverage(name="served", labels=(1,), reaches=np.ones((1, 4)), reward=[5.0], nodes=[0], asking=(0,))  # fmt: skip
    score = [[0, 1], [0, -1], [0, -1], [0, -1]]
    answer = label_nodes(score=score, allowed=ANY, coverages=[served])
    assert answer.labels[0] == 0  # label 1 would be worth 1 by itself, but then nobody asks
    assert answer.labels.sum() == 1  # one server for -1 earns 5; a second would earn nothing
    assert answer.proof.objective == 4.0


def test_who_quarrels_is_named_with_what_each_must_give():
    bands = [
        Band(name="green", labels=(0,), lower=3.0),
        Band(name="homes", labels=(1,), lower=2.0),
        Band(name="roomy", labels=(1,), upper=9.0),
    ]
    for n_copies in (1, 300):  # found by HiGHS at once, or by the search that meets no answer
        n = 4 * n_copies
        many = [dataclasses.replace(b, lower=b.lower * n_copies, upper=b.upper * n_copies) for b in bands]  # fmt: skip
        with pytest.raises(NoAnswerError) as raised:
            label_nodes(
                score=np.zeros((n, 2)), allowed=np.ones((n, 2), bool), bands=many,
                edges=np.column_stack([np.arange(n - 1), np.arange(1, n)]), affinity=np.eye(2) + 0.1,
            )  # fmt: skip
        assert raised.value.names == ("green", "homes")
        assert raised.value.gives == pytest.approx({"green": n_copies, "homes": n_copies})


def test_a_row_locked_to_two_labels_quarrels():
    locks = [Lock(name="one", rows=[1], labels=[0]), Lock(name="two", rows=[1], labels=[1])]
    with pytest.raises(NoAnswerError) as raised:
        label_nodes(score=np.zeros((4, 2)), allowed=ANY, locks=locks)
    assert raised.value.names == ("one", "two")
    with pytest.raises(NoAnswerError):
        label_nodes(score=np.zeros((4, 2)), allowed=ANY, locks=[Lock(name="x", rows=[1, 1], labels=[0, 1])])  # fmt: skip


def test_no_nodes_need_no_labels():
    answer = label_nodes(score=np.zeros((0, 3)), allowed=np.ones((0, 3), bool))
    assert answer.labels.tolist() == []
    assert answer.proof.bound == 0.0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"score": np.zeros((4, 3))}, "shapes"),
        ({"score": np.full((4, 2), np.nan)}, "score"),
        ({"edges": [(0, 4)]}, "exist"),
        ({"edges": [(1, 1)]}, "different"),
        ({"edges": ROW, "edge_weight": [1, 2]}, "shapes"),
        ({"edges": ROW, "affinity": np.full((2, 2), np.inf)}, "affinity"),
        ({"weight": [1, 1, 1, -1]}, "weight"),
        ({"bands": [Band(name="far", labels=(2,))]}, "far"),
        ({"bands": [Band(name="far", labels=(1,), rows=[-1])]}, "far"),
        ({"locks": [Lock(name="far", rows=[4], labels=[0])]}, "far"),
        ({"conflicts": [Conflict(name="self", pairs=[(1, 0, 1, 1)])]}, "itself"),
        ({"conflicts": [Conflict(name="far", pairs=[(1, 0, 4, 1)])]}, "conflicts"),
        (
            {"coverages": [Coverage(name="c", labels=(0,), reaches=np.ones((1, 4)), reward=[-1])]},
            "reward",
        ),
        (
            {"coverages": [Coverage(name="c", labels=(0,), reaches=np.ones((1, 3)), reward=[1])]},
            "shape",
        ),
        ({"start": [0, 1, 2, 0]}, "start"),
    ],
)
def test_broken_input_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        label_nodes(**{"score": np.zeros((4, 2)), "allowed": ANY, **wrong})


def test_inputs_stay_as_they_were():
    question = grid(14, 5)
    before = {key: np.array(question[key]) for key in ("score", "allowed", "edges", "affinity")}
    label_nodes(**question, work_limit=1)
    assert all(np.array_equal(before[key], question[key]) for key in before)


REPEATED = """
import sys
sys.path.insert(0, sys.argv[1])
from test_labelling import grid
from geoplan.optimise.labelling import label_nodes
answer = label_nodes(**grid(16, 7), work_limit=4)
print(answer.labels.tolist(), answer.proof.objective, answer.proof.bound)
"""


def test_equal_inputs_give_equal_labels_in_every_process(project_root):
    folder = str(project_root / "tests" / "optimise")
    told = {
        subprocess.run(
            [sys.executable, "-c", REPEATED, folder],
            check=True, capture_output=True, text=True, cwd=project_root,
        ).stdout
        for _ in range(2)
    }  # fmt: skip
    assert len(told) == 1


def test_progress_tells_better_labels_and_bounds_only():
    moments = []
    answer = label_nodes(**grid(14, 5), work_limit=4, progress=moments.append)
    assert moments == list(answer.trace)
    found = [moment for moment in moments if moment.labels is not None]
    assert all(one.objective <= two.objective for one, two in itertools.pairwise(moments))
    assert all(one.bound >= two.bound for one, two in itertools.pairwise(moments))
    assert found[-1].labels.tolist() == answer.labels.tolist()


def long_question():
    return {**grid(30, 5), "work_limit": 10**6, "relative_gap": 0.0}


def test_a_time_limit_cuts_the_search_and_says_so():
    began = time.perf_counter()
    answer = label_nodes(**long_question(), time_limit_seconds=3.0)
    assert answer.proof.status == "cut_by_time"
    assert answer.proof.bound >= answer.proof.objective
    assert time.perf_counter() - began < 20.0


def test_whoever_asks_to_stop_gets_the_best_so_far():
    moments = []
    answer = label_nodes(
        **long_question(),
        progress=moments.append,
        stop=lambda: bool(moments) and moments[-1].labels is not None,
    )
    assert answer.proof.status == "cut_by_time"
    assert answer.proof.objective >= moments[-1].objective


INTERRUPTED = """
import sys
sys.path.insert(0, sys.argv[1])
from test_labelling import long_question
from geoplan.optimise.labelling import label_nodes
best = []
def progress(moment):
    if moment.labels is not None:
        best.append(moment.objective)
        print("found", flush=True)
answer = label_nodes(**long_question(), progress=progress)
print(answer.proof.status, answer.proof.bound >= answer.proof.objective >= best[-1])
"""


@pytest.mark.parametrize("wait_seconds", [0.0, 0.3])
def test_ctrl_c_gives_the_best_so_far(project_root, wait_seconds):
    command = [sys.executable, "-c", INTERRUPTED, str(project_root / "tests" / "optimise")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=project_root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "found\n"
        time.sleep(wait_seconds)
        process.send_signal(signal.SIGINT)
        told = process.stdout.read().splitlines()
    assert told[-1] == "cut_by_time True"
    assert process.returncode == 0


def test_a_stop_before_any_answer_is_an_error():
    with pytest.raises(UnfinishedError):
        label_nodes(**long_question(), stop=lambda: True)


def test_a_given_start_is_never_made_worse():
    question = grid(14, 5)
    good = label_nodes(**question, work_limit=4)
    again = label_nodes(**question, start=good.labels, work_limit=1)
    assert again.proof.objective >= good.proof.objective


def test_kernels_are_compiled_where_nothing_can_be_written(project_root):
    """As in a read-only install without a home."""
    code = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; from geoplan.optimise._kernel import kernel; print(kernel(lambda x: x + 1)(1))"  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=project_root
    )
    assert told.stdout.strip() == "2"
