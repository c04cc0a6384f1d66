"""Trees, rings and nets with two ways: SteinLib B and C with optima, and made-up street graphs, against networkx.

``gap`` is the distance to the published optimum, ``proven_gap`` the distance to geoplan's own bound.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np
import scipy.sparse as sp
from networkx.algorithms.approximation import steiner_tree as networkx_tree
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from benchmarks._form import Row, data_folder, parse, report
from benchmarks._peers import Side, compare, totals
from geoplan.optimise.ring import RingAnswer, ring_through
from geoplan.optimise.steiner import TreeAnswer, steiner_tree
from geoplan.optimise.two_ways import NetAnswer, two_way_net

LIMIT_S = 60.0
#: Nodes and terminals of the street graphs; the seed is the number of nodes.
STREETS = ((300, 15), (2_000, 20), (10_000, 100))
QUICK_STREETS = STREETS[:1]
#: The same for rings and nets with two ways, which no peer here makes.
ROUNDS = ((300, 10), (1_000, 15), (10_000, 30))

Graph = tuple[int, np.ndarray, np.ndarray, np.ndarray]


def main() -> None:
    options = parse(__doc__ or "")
    sides: dict[str, Side] = {"geoplan": ours, "networkx mehlhorn": mehlhorn, "networkx kou": kou}
    rows, notes = [], []
    folder = data_folder(options.data, "benchmarks/steinlib")
    if folder is None:
        notes.append(f"left out: SteinLib, {options.data} holds no benchmarks/steinlib")
    else:
        for name, optimum in published(folder, is_quick=options.quick).items():
            graph = read_graph(folder / name)
            rows += compare(name, sides, graph, optimum=optimum, limit_s=LIMIT_S + 5)
    rows += totals(rows)
    street_rows: list[Row] = []
    for n, t in QUICK_STREETS if options.quick else STREETS:
        case = f"streets {n:,} nodes, {t} places"
        street_rows += compare(case, sides, streets(n, t), optimum=None, limit_s=LIMIT_S + 5)
    for n, t in ROUNDS[:1] if options.quick else ROUNDS:
        for what, side in (("ring", ring), ("two ways", two_ways)):
            case = f"{what}: streets {n:,} nodes, {t} places"
            alone: dict[str, Side] = {"geoplan": side}
            street_rows += compare(case, alone, streets(n, t), optimum=None, limit_s=LIMIT_S + 30)
    packages = ("networkx", "highspy", "scipy", "numpy")
    report(
        [*rows, *street_rows], options=options, packages=packages, time_limit_s=LIMIT_S, notes=notes
    )


def published(folder: Path, *, is_quick: bool) -> dict[str, float]:
    """Instances and their optima; the quick ones are those of group B."""
    with (folder / "optima.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == "B" or not is_quick]
    return {row["filename"]: float(row["opt"]) for row in rows}


def read_graph(path: Path) -> Graph:
    """Nodes, edges, costs and terminals of one STP file."""
    words = [line.split() for line in path.read_text("latin-1").splitlines() if line.strip()]
    links = np.array([word[1:4] for word in words if word[0] == "E"], dtype=np.int64)
    n = next(int(word[1]) for word in words if word[0] == "Nodes")
    terminals = np.array([int(word[1]) - 1 for word in words if word[0] == "T"])
    return n, links[:, :2] - 1, links[:, 2].astype(float), terminals


def streets(n: int, t: int) -> Graph:
    """A made-up street net: random crossings, a share of the edges of their triangulation, lengths as costs."""
    rng = np.random.default_rng(n)
    at = rng.random((n, 2)) * math.sqrt(n) * 100
    corners = Delaunay(at).simplices
    edges = np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1)
    edges = np.unique(edges, axis=0)
    edges = edges[rng.random(len(edges)) < 0.55]
    length = np.hypot(*(at[edges[:, 0]] - at[edges[:, 1]]).T)
    graph = sp.csr_array((length, edges.T), shape=(n, n))
    _, part = connected_components(graph, directed=False)
    places = np.flatnonzero(part == np.bincount(part).argmax())
    return n, edges, length, rng.choice(places, t, replace=False)


def proven(
    solve: Callable[..., TreeAnswer | RingAnswer | NetAnswer], places: str, *graph: object
) -> tuple[float, float]:
    """Objective and bound; ``places`` is what the solver calls the nodes to be joined."""
    n, edges, cost, nodes = graph
    asked = {"n_nodes": n, "edges": edges, "cost": cost, places: nodes}
    proof = solve(**asked, time_limit_seconds=LIMIT_S).proof
    return proof.objective, proof.bound


ours = partial(proven, steiner_tree, "terminals")
ring = partial(proven, ring_through, "required")
two_ways = partial(proven, two_way_net, "required")


def mehlhorn(*graph: object) -> tuple[float, float]:
    return _networkx(graph, "mehlhorn"), math.nan


def kou(*graph: object) -> tuple[float, float]:
    return _networkx(graph, "kou"), math.nan


def _networkx(graph: tuple[object, ...], method: str) -> float:
    _, edges, cost, terminals = graph
    net = nx.Graph()
    for (one, two), length in zip(np.asarray(edges).tolist(), np.asarray(cost).tolist(), strict=True):  # fmt: skip
        net.add_edge(one, two, weight=length)
    part = nx.node_connected_component(net, int(np.asarray(terminals)[0]))
    tree = networkx_tree(net.subgraph(part).copy(), np.asarray(terminals).tolist(), method=method)
    return float(tree.size(weight="weight"))


if __name__ == "__main__":
    main()
