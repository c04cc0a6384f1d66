"""How soon the nearest facility, and all of them, are known for a whole city, beside networkx."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import networkx as nx
import numpy as np

from benchmarks._form import Row, parse, report
from geoplan.spatial.access import nearest_places, walk_table
from geoplan.spatial.network import from_networkx

#: 15 minutes at 5 km/h.
LIMIT_M = 1250.0
FACILITIES = 50
_SEED = 5


def streets_of(side: int) -> nx.Graph:
    """Crossings about 80 m apart, each street a little out of line, one in ten missing."""
    rng = np.random.default_rng(_SEED)
    graph = nx.grid_2d_graph(side, side)
    graph = nx.convert_node_labels_to_integers(graph, ordering="sorted")
    shift = rng.uniform(-20, 20, (len(graph), 2))
    for node in graph:
        x, y = divmod(node, side)
        graph.nodes[node].update(x=80.0 * x + shift[node, 0], y=80.0 * y + shift[node, 1])
    gone = [edge for edge in graph.edges if rng.random() < 0.1]
    graph.remove_edges_from(gone)
    for a, b, row in graph.edges(data=True):
        one, other = graph.nodes[a], graph.nodes[b]
        row["length_m"] = float(np.hypot(one["x"] - other["x"], one["y"] - other["y"]))
    return graph


def timed(what: Callable[[], object]) -> tuple[float, float, object]:
    """Seconds on the clock and of the processor, and the answer."""
    begin, used = time.perf_counter(), time.process_time()
    answer = what()
    return time.perf_counter() - begin, time.process_time() - used, answer


def measure(side: int) -> list[Row]:
    """Both questions on one city; the answers must agree."""
    graph = streets_of(side)
    rng = np.random.default_rng(_SEED)
    facilities = np.sort(rng.choice(len(graph), FACILITIES, replace=False))
    case = f"{len(graph):,} nodes, {FACILITIES} facilities"
    network = from_networkx(graph, entrances=[*range(len(graph)), *facilities.tolist()])
    origins = np.arange(len(graph))
    targets = len(graph) + np.arange(FACILITIES)
    rows = []

    def both(name: str, ours: Callable[[], np.ndarray], theirs: Callable[[], np.ndarray]) -> None:
        wall, cpu, own = timed(ours)
        peer_wall, peer_cpu, other = timed(theirs)
        np.testing.assert_allclose(own, other, atol=1e-9, rtol=0)
        told = f"{name}, {case}"
        for who, seconds, used in (("geoplan", wall, cpu), ("networkx", peer_wall, peer_cpu)):
            for metric, value in (("seconds", seconds), ("cpu_seconds", used)):
                rows.append(Row(case=told, side=who, metric=metric, value=value, unit="s"))
        rows.append(
            Row(
                case=told,
                side="networkx / geoplan",
                metric="ratio",
                value=peer_cpu / cpu,
            )
        )

    both(
        "nearest facility of every node",
        lambda: nearest_places(network, origins=origins, targets=targets).walk_m[:, 0],
        lambda: _by_networkx(graph, facilities),
    )
    both(
        "all within 15 minutes of every node",
        lambda: walk_table(network, origins=origins, targets=targets, limit_m=LIMIT_M),
        lambda: _table_by_networkx(graph, facilities),
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(Row(case=case, side="both together", metric="peak_mb", value=peak, unit="MB"))
    return rows


def _by_networkx(graph: nx.Graph, facilities: np.ndarray) -> np.ndarray:
    ways = nx.multi_source_dijkstra_path_length(graph, facilities.tolist(), weight="length_m")
    return np.array([ways.get(node, np.inf) for node in range(len(graph))])


def _table_by_networkx(graph: nx.Graph, facilities: np.ndarray) -> np.ndarray:
    table = np.full((len(graph), len(facilities)), np.inf)
    for column, facility in enumerate(facilities.tolist()):
        ways = nx.single_source_dijkstra_path_length(
            graph, facility, cutoff=LIMIT_M, weight="length_m"
        )
        table[list(ways), column] = list(ways.values())
    return table


def main() -> None:
    options = parse(__doc__ or "")
    rows = [row for side in ((60,) if options.quick else (100, 317)) for row in measure(side)]
    report(rows, options=options, packages=("scipy", "networkx"))


if __name__ == "__main__":
    main()
