"""The cheapest net in which two ways, sharing no edge, join every pair of given nodes; and how near the cheapest it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.optimise._goal import Goal, are_whole
from geoplan.optimise._graph_checks import (
    checked_graph,
    joined_or_raise,
    part_of,
    simple_links,
)
from geoplan.optimise._ring_route import Router
from geoplan.optimise._two_way_build import build, thinned
from geoplan.optimise._two_way_cuts import Links, TwoWayCuts
from geoplan.optimise.proof import Proof, Status

__all__ = ["NetAnswer", "two_way_net"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetAnswer:
    """The chosen edges, as ascending positions in the given list, and how good they are.

    Attributes
    ----------
    edges
        Of the net.
    bridges
        Those of them without a second way round: the graph has none there.
    proof
        Objective and bound.
    """

    edges: Indices
    bridges: Indices
    proof: Proof


def two_way_net(  # noqa: PLR0913 - every choice is named
    *,
    n_nodes: int,
    edges: ArrayLike,
    cost: ArrayLike,
    required: ArrayLike,
    seed: int = 0,
    kicks: int = 20,
    relative_gap: float = 1e-9,
    node_limit: int = 200,
    time_limit_seconds: float | None = None,
) -> NetAnswer:
    r"""Join every pair of required nodes by two ways that share no edge, at the least cost.

    .. math:: \min \sum_{e \in N} c_e, \quad |N \cap \delta(S)| \ge 2 \ \text{for every set S that parts required nodes}

    Where one edge alone joins two parts of the graph (a bridge) it is taken once and told; up to it there are two
    ways. Loops are never used;
    parallel edges are different ways. One required node, or none, needs no edge.

    Parameters
    ----------
    n_nodes, edges, cost, required
        Nodes are 0 to n_nodes - 1; (m, 2) nodes of each undirected edge; (m,) at least 0; nodes to join.
    seed, kicks
        Of the heuristic: how many nets are built, in random orders and from parts of the best.
    relative_gap
        Stop once the net is proven this near the cheapest.
    node_limit
        Limit of work of the exact part: rounds of cuts, and nodes of HiGHS.
    time_limit_seconds
        An extra stop; an answer cut by it says so.

    Raises
    ------
    DisconnectedError
        Required nodes that no path joins, by group.
    ValueError
        A negative or missing cost, or a node that does not exist.

    References
    ----------
    Groetschel, Monma & Stoer, Design of survivable networks, Handbooks in Operations Research 7, 1995; Suurballe &
    Tarjan, A quick method for finding shortest pairs of disjoint paths, Networks 14, 1984.

    Examples
    --------
    A square with one diagonal: its four sides give two ways to everyone.

    >>> net = two_way_net(
    ...     n_nodes=4, edges=[(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)], cost=[1, 1, 1, 1, 1], required=[0, 1, 3])
    >>> net.edges.tolist(), net.proof.objective, net.proof.bound
    ([0, 1, 2, 3], 4.0, 4.0)
    """
    began = time.perf_counter()
    deadline = np.inf if time_limit_seconds is None else began + time_limit_seconds
    given = checked_graph(n_nodes, edges, cost, required)
    joined_or_raise(part_of(n_nodes, given.ends), given.nodes)
    links, origin = simple_links(given)
    bridges, pieces = _pieces(links, given.nodes)
    rng = np.random.default_rng(seed)
    solved = [
        _Search(links, piece, nodes, relative_gap, rng, kicks, deadline).run(node_limit)
        for piece, nodes in pieces
    ]
    chosen = np.unique(origin[np.concatenate([bridges, *(one.edges for one in solved)])])
    objective = float(given.cost[chosen].sum())
    base = float(links.cost[bridges].sum())
    is_late = time.perf_counter() > deadline
    is_done = all(one.is_done for one in solved)
    status: Status = "optimal" if is_done else "cut_by_time" if is_late else "feasible"
    return NetAnswer(
        edges=chosen,
        bridges=np.unique(origin[bridges]),
        proof=Proof(
            objective=objective,
            bound=min(base + sum(one.bound for one in solved), objective),
            sense="min",
            status=status,
            seconds=time.perf_counter() - began,
            seed=seed,
            method="pairs of ways, cuts",
        ),
    )


def _pieces(links: Links, required: Indices) -> tuple[Indices, list[tuple[Indices, Indices]]]:
    """The bridges between required nodes, and the edges and nodes to join of each part without bridges."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(required.tolist())
    pairs = list(zip(links.tail.tolist(), links.head.tolist(), strict=True))
    graph.add_edges_from(pairs)
    number = {pair: edge for edge, pair in enumerate(pairs)}
    found = cast("list[tuple[int, int]]", list(nx.bridges(graph)))
    bridges = [number[pair] if pair in number else number[pair[::-1]] for pair in found]
    is_bridge = np.zeros(links.cost.size, dtype=bool)
    is_bridge[bridges] = True
    part = part_of(links.n, np.stack([links.tail, links.head], axis=1)[~is_bridge])
    tree: nx.Graph[int] = nx.Graph()
    tree.add_nodes_from(part[required].tolist())
    for bridge in sorted(bridges):
        tree.add_edge(int(part[links.tail[bridge]]), int(part[links.head[bridge]]), bridge=bridge)
    wanted = set(part[required].tolist())
    loose = [node for node in tree if tree.degree(node) <= 1 and node not in wanted]
    while loose:
        node = loose.pop()
        if node in tree and tree.degree(node) <= 1:
            near = list(tree.neighbors(node))
            tree.remove_node(node)
            loose += [other for other in near if tree.degree(other) <= 1 and other not in wanted]
    here = next(iter(wanted), None)
    if here is not None:
        tree = tree.subgraph(nx.node_connected_component(tree, here))
    kept = np.array(sorted(data["bridge"] for _, _, data in tree.edges(data=True)), dtype=np.int64)
    joints = np.concatenate([required, links.tail[kept], links.head[kept]])
    pieces = []
    for which in sorted(tree):
        nodes = np.unique(joints[part[joints] == which])
        if nodes.size > 1:
            inside = ~is_bridge & (part[links.tail] == which)
            pieces.append((np.flatnonzero(inside), nodes))
    return kept, pieces


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    edges: Indices
    bound: float
    is_done: bool


class _Search:
    """The best net of one part so far, and the bound."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a search needs
        self,
        links: Links,
        piece: Indices,
        nodes: Indices,
        relative_gap: float,
        rng: np.random.Generator,
        kicks: int,
        deadline: float,
    ) -> None:
        inside = np.unique(np.concatenate([links.tail[piece], links.head[piece]]))
        number = np.full(links.n, -1)
        number[inside] = np.arange(inside.size)
        self.piece = piece
        self.links = Links(
            inside.size, number[links.tail[piece]], number[links.head[piece]], links.cost[piece]
        )
        self.required = number[nodes]
        self.began = time.perf_counter()
        self.rng, self.kicks, self.deadline = rng, kicks, deadline
        self.aim = Goal(is_whole=are_whole(self.links.cost), relative_gap=relative_gap)
        self.edges = np.arange(piece.size)
        self.cost, self.bound = np.inf, 0.0

    @property
    def goal(self) -> float:
        return self.aim.of(self.cost)

    def run(self, node_limit: int) -> _Found:
        """Nets first, a ring among them, then cuts."""
        for kick in range(max(1, self.kicks)):
            if kick == 1:
                self._take_ring()
            price = self.links.cost.copy()
            if kick % 2 and np.isfinite(self.cost):
                kept = self.edges[self.rng.random(self.edges.size) > LEAVES]
                price[kept] = 0.0
            order = self.required if kick == 0 else self.rng.permutation(self.required)
            self._take(build(self.links, order, price))
            if time.perf_counter() > self.began + EARLY * (self.deadline - self.began):
                break
        self.offers = 0
        cuts = TwoWayCuts(
            links=self.links,
            cost=self.links.cost,
            required=self.required,
            is_ring=False,
            upper=np.ones(self.links.cost.size),
            offer=self._offer,
            raise_bound=self._raise,
            goal=lambda: self.goal,
            work_limit=node_limit,
            deadline=self.deadline,
        )
        is_settled = cuts.run()
        if is_settled:
            self.bound = min(max(self.bound, self.aim.past(self.cost)), self.cost)
        is_done = is_settled or self.bound >= self.goal
        return _Found(self.piece[self.edges], self.bound, is_done)

    def _take_ring(self) -> None:
        """A ring through all nodes to join is such a net, and often a good one."""
        n = self.links.n
        router = Router(
            self.links,
            required=self.required,
            prize=np.zeros(n),
            length=self.links.cost,
            band=(0.0, np.inf),
            work_limit=RING_WORK,
        )
        ring = router.first(self.links.cost, starts=[0, 1, 2], tours=2)
        if ring is not None:
            legs = router.improve(ring).legs
            self._take(np.unique([edge for leg in legs for edge in router.edges(leg)]))

    def _take(self, edges: Indices) -> None:
        edges = thinned(self.links, self.required, edges)
        cost = float(self.links.cost[edges].sum())
        if cost < self.cost:
            self.edges, self.cost = edges, cost

    def _offer(self, x: Vector) -> None:
        """Nets that like the edges of the programme."""
        is_whole = bool(np.all((x < PART) | (x > 1 - PART)))
        self.offers += 1
        if is_whole or self.offers <= self.kicks:
            price = self.links.cost * np.maximum(1 - x, 0.0)
            self._take(build(self.links, self.required, price))

    def _raise(self, bound: float) -> None:
        self.bound = min(max(self.bound, self.aim.safe(bound)), self.cost)


#: Share of the time after which no more nets are built, and shortest-path searches for a ring.
EARLY = 0.2
RING_WORK = 1_500
#: Share of the best net's edges that a kick leaves out.
LEAVES = 0.2
#: Values nearer to 0 or 1 are whole.
PART = 1e-6
