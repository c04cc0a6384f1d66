"""A ring through chosen nodes of a graph: simple where that can be, no edge walked twice where that can be avoided."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.errors import UnfinishedError
from geoplan.optimise._goal import Goal, are_whole
from geoplan.optimise._graph_checks import (
    Given,
    checked_amounts,
    checked_graph,
    checked_prizes,
    joined_or_raise,
    part_of,
    simple_links,
)
from geoplan.optimise._ring_route import Ringed, Router
from geoplan.optimise._two_way_cuts import Links, TwoWayCuts
from geoplan.optimise.no_answer import NoAnswerError
from geoplan.optimise.proof import Proof, Status
from geoplan.words import say

__all__ = ["RingAnswer", "ring_through"]

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Tours that are begun, and laid along ways.
STARTS = 12
TOURS = 4
#: An edge walked again costs so many times more while a walk is looked for.
AGAIN = 10.0
#: What edges cost at least that the programme uses wholly.
LEAST = 0.05
#: A length is off by more than this share.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RingAnswer:
    """A closed walk, and how good it is.

    Attributes
    ----------
    nodes
        In the order of the walk; the last is joined to the first.
    edges
        Positions in the given list, in the order of the walk: edge k leads from node k to the next.
    twice
        Edges that are walked twice, ascending; empty if no street is walked twice.
    unavoidable
        Those of them that every closed walk through the required nodes walks twice (bridges).
    crossings
        Nodes that are passed more than once, ascending; empty for a simple ring.
    length
        Of the walk, in the unit of ``length``.
    left_out
        Nodes with a prize that the ring does not pass.
    proof
        Objective: cost of the walk and prizes left out. The bound is one on all walks that are as simple as this one:
        on rings that pass no node twice, beyond bridges and the nodes that cut required nodes apart; if the walk has
        more edges twice, on all closed walks.
    """

    nodes: Indices
    edges: Indices
    twice: Indices
    unavoidable: Indices
    crossings: Indices
    length: float
    left_out: Indices
    proof: Proof


def ring_through(  # noqa: PLR0913 - every choice is named
    *,
    n_nodes: int,
    edges: ArrayLike,
    cost: ArrayLike,
    required: ArrayLike,
    prize: ArrayLike | None = None,
    length: ArrayLike | None = None,
    length_min: float = 0.0,
    length_max: float = np.inf,
    seed: int = 0,
    relative_gap: float = 1e-9,
    work_limit: int = 4_000,
    node_limit: int = 200,
    time_limit_seconds: float | None = None,
) -> RingAnswer:
    r"""Walk through all required nodes and back to the first, at the least cost and the least prizes left out.

    .. math:: \min \sum_{e \in R} c_e + \sum_{v \notin R} p_v, \quad L_{min} \le \sum_{e \in R} l_e \le L_{max}

    The ring is simple: it passes no node, and so no edge, twice. Where the graph does not allow that, it is simple
    between the nodes that cut required nodes apart, and walks bridges twice; where no such ring is found either, it
    walks edges twice as little as it can. Loops are never used; parallel edges are different ways.

    Parameters
    ----------
    n_nodes, edges, cost
        Nodes are 0 to n_nodes - 1; (m, 2) nodes of each undirected edge; (m,) at least 0.
    required
        At least one node.
    prize
        (n_nodes,) at least 0: what it is worth to pass a node; that of required nodes is always collected.
    length, length_min, length_max
        (m,) at least 0, by default the cost; and the wanted length of the walk.
    seed
        Of the order in which tours are tried.
    relative_gap
        Stop once the ring is proven this near the best.
    work_limit, node_limit
        Limits of work: shortest-path searches of the heuristic; rounds of cuts, and nodes of HiGHS.
    time_limit_seconds
        An extra stop for the proof; an answer cut by it says so.

    Raises
    ------
    DisconnectedError
        Required nodes that no path joins, by group.
    NoAnswerError
        No walk at all leads back, or none has the wanted length (``names``: ``length``).
    UnfinishedError
        The limits came before a ring of the wanted length.
    ValueError
        A negative or missing number, a node that does not exist, no required node, an empty range of lengths.

    References
    ----------
    Salazar-Gonzalez, The Steiner cycle polytope, European Journal of Operational Research 147, 2003; Fischetti,
    Salazar & Toth, Solving the orienteering problem through branch-and-cut, INFORMS Journal on Computing 10, 1998.

    Examples
    --------
    A square with both diagonals: round the square through all four corners.

    >>> square = ring_through(
    ...     n_nodes=4, edges=[(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)],
    ...     cost=[10, 10, 10, 10, 14, 14], required=[0, 1, 2, 3])
    >>> square.nodes.tolist(), square.proof.objective, square.proof.bound
    ([0, 3, 2, 1], 40.0, 40.0)
    """
    began = time.perf_counter()
    given = checked_graph(n_nodes, edges, cost, required)
    lengths = given.cost if length is None else checked_amounts(length, given.cost.size, "length")
    prizes = checked_prizes(prize, n_nodes)
    if given.nodes.size == 0:
        raise ValueError("a ring needs at least one required node")
    if not 0 <= length_min <= length_max:
        raise ValueError(f"no length lies between {length_min} and {length_max}")
    joined_or_raise(part_of(n_nodes, given.ends), given.nodes)
    links, origin = simple_links(given)
    limits = _Limits(
        relative_gap=relative_gap,
        work_limit=work_limit,
        node_limit=node_limit,
        deadline=np.inf if time_limit_seconds is None else began + time_limit_seconds,
        rng=np.random.default_rng(seed),
    )
    whole = _Whole(
        links=links,
        length=_of_links(lengths, origin),
        prize=np.concatenate([prizes, np.zeros(links.n - n_nodes)]),
    )
    pieces = _pieces(links, given.nodes)
    solved: list[_Walk] = []
    for piece in pieces:  # the largest comes last and makes up the length
        gone = sum(walk.length for walk in solved)
        is_last = len(solved) == len(pieces) - 1
        band = (length_min - gone, length_max - gone) if is_last else (0.0, np.inf)
        solved.append(_solve(whole, piece, band, limits, is_only=len(pieces) == 1))
    is_late = time.perf_counter() > limits.deadline
    total = float(sum(walk.length for walk in solved))
    off = max(length_min - total, total - length_max)
    if off > ROUNDING * max(1.0, total):
        _raise_length(solved, total, (length_min, length_max))
    outside = np.ones(links.n, dtype=bool)
    for piece in pieces:
        outside[piece.nodes] = False
    base = float(whole.prize[outside].sum())
    objective, bound = (base + sum(v) for v in zip(*((w.value, w.bound) for w in solved), strict=True)) if solved else (base, base)  # fmt: skip
    status: Status = (
        "optimal"
        if all(walk.is_done for walk in solved)
        else "cut_by_time"
        if is_late
        else "feasible"
    )
    proof = Proof(
        objective=objective,
        bound=min(bound, objective),
        sense="min",
        status=status,
        seconds=time.perf_counter() - began,
        seed=seed,
        method="tours, negotiated ways, cuts",
    )
    return _told(given, links, origin, prizes, solved, pieces, proof)


@dataclass(frozen=True, slots=True, eq=False)
class _Limits:
    relative_gap: float
    work_limit: int
    node_limit: int
    deadline: float
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Whole:
    links: Links
    length: Vector
    prize: Vector


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A part of the graph that no single node cuts, and what the walk has to pass in it."""

    nodes: Indices
    edges: Indices
    required: Indices


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """Links walked in a piece, one as often as it is walked; what they cost with prizes left out, and the bound."""

    edges: tuple[int, ...]
    value: float
    length: float
    bound: float
    is_done: bool
    is_settled: bool = True


def _of_links(amount: Vector, origin: Indices) -> Vector:
    """An amount of given edges on the links: on the first half of a divided edge."""
    _, first = np.unique(origin, return_index=True)
    own = np.zeros(origin.size)
    own[first] = amount[origin[first]]
    return own


def _pieces(links: Links, required: Indices) -> list[_Piece]:
    """The parts that the walk must pass: on the tree of parts and cutting nodes, those between required nodes."""
    if required.size == 1:
        part = part_of(links.n, np.stack([links.tail, links.head], axis=1))
        here = part == part[required[0]]
        edges = np.flatnonzero(here[links.tail])
        return [_Piece(np.flatnonzero(here), edges, required)]
    graph: nx.Graph[int] = nx.Graph()
    graph.add_edges_from(zip(links.tail.tolist(), links.head.tolist(), strict=True))
    number = {pair: edge for edge, pair in enumerate(zip(links.tail.tolist(), links.head.tolist(), strict=True))}  # fmt: skip
    blocks = sorted(
        sorted(number[pair] if pair in number else number[pair[::-1]] for pair in block)
        for block in nx.biconnected_component_edges(graph)
    )
    tree: nx.Graph[tuple[str, int]] = nx.Graph()
    wanted = set(required.tolist())
    cutting = set(nx.articulation_points(graph))
    inside = []
    for which, block in enumerate(blocks):
        nodes = np.unique(np.concatenate([links.tail[block], links.head[block]]))
        inside.append(nodes)
        tree.add_node(("block", which), is_wanted=bool(wanted & (set(nodes.tolist()) - cutting)))
        for node in sorted(cutting & set(nodes.tolist())):
            tree.add_node(("node", node), is_wanted=node in wanted)
            tree.add_edge(("block", which), ("node", node))
    loose = [leaf for leaf in tree if tree.degree(leaf) <= 1 and not tree.nodes[leaf]["is_wanted"]]
    while loose:
        leaf = loose.pop()
        if leaf not in tree:
            continue
        near = list(tree.neighbors(leaf))
        tree.remove_node(leaf)
        loose += [other for other in near if tree.degree(other) <= 1 and not tree.nodes[other]["is_wanted"]]  # fmt: skip
    pieces = []
    for which, block in enumerate(blocks):
        if ("block", which) in tree:
            joints = {node for _, node in tree.neighbors(("block", which))}
            own = (wanted & set(inside[which].tolist())) | joints
            pieces.append(_Piece(inside[which], np.array(block), np.array(sorted(own))))
    return sorted(pieces, key=lambda piece: piece.edges.size)


def _solve(
    whole: _Whole, piece: _Piece, band: tuple[float, float], limits: _Limits, *, is_only: bool
) -> _Walk:
    """The best walk found in a piece: a simple ring, twice over a bridge, or else the least of edges twice."""
    if piece.edges.size == 1:
        edge = int(piece.edges[0])
        twice = 2 * float(whole.links.cost[edge])
        return _Walk((edge, edge), twice, 2 * float(whole.length[edge]), twice, is_done=True)
    number = np.full(whole.links.n, -1)
    number[piece.nodes] = np.arange(piece.nodes.size)
    links = Links(
        piece.nodes.size,
        number[whole.links.tail[piece.edges]],
        number[whole.links.head[piece.edges]],
        whole.links.cost[piece.edges],
    )
    prize = whole.prize[piece.nodes].copy()
    required = number[piece.required]
    prize[required] = 0.0
    router = Router(
        links,
        required=required,
        prize=prize,
        length=whole.length[piece.edges],
        band=band,
        work_limit=limits.work_limit,
    )
    search = _Search(router, limits, has_band=is_only and (band[0] > 0 or band[1] < np.inf))
    search.run()
    if search.ring is not None:
        edges = [edge for leg in search.ring.legs for edge in router.edges(leg)]
        value, bound, is_done = search.ring.value, search.bound, search.is_done
    else:
        edges, value, bound, is_done = _twice(router, limits)
    walked = tuple(int(piece.edges[edge]) for edge in edges)
    length = float(whole.length[list(walked)].sum())
    return _Walk(walked, value, length, bound, is_done, search.is_settled)


class _Search:
    """The best simple ring of a piece so far, and the bound."""

    def __init__(self, router: Router, limits: _Limits, *, has_band: bool) -> None:
        self.router, self.limits, self.has_band = router, limits, has_band
        self.ring: Ringed | None = None
        self.bound = 0.0
        self.is_settled = False
        costs = np.concatenate([router.links.cost, router.prize])
        self.aim = Goal(is_whole=are_whole(costs), relative_gap=limits.relative_gap)

    @property
    def is_good(self) -> bool:
        return self.ring is not None and self.ring.miss <= 0

    @property
    def goal(self) -> float:
        if self.ring is None or self.ring.miss > 0:
            return np.inf
        return self.aim.of(self.ring.value)

    @property
    def is_done(self) -> bool:
        return self.is_good and (self.is_settled or self.bound >= self.goal)

    def run(self) -> None:
        """Good rings first, then cuts."""
        router, limits = self.router, self.limits
        starts = limits.rng.permutation(max(router.required.size, 1))[:STARTS].tolist()
        self._take(router.first(router.links.cost, starts=starts, tours=TOURS))
        cuts = TwoWayCuts(
            links=router.links,
            cost=router.links.cost
            - (router.prize[router.links.tail] + router.prize[router.links.head]) / 2,
            required=router.required,
            is_ring=True,
            upper=np.ones(router.links.cost.size),
            offer=self._offer,
            raise_bound=self._raise,
            goal=lambda: self.goal - float(router.prize.sum()),
            work_limit=limits.node_limit,
            deadline=limits.deadline,
            extra=router.length if self.has_band else None,
            extra_lower=router.band[0],
            extra_upper=router.band[1],
        )
        router.work_limit = router.work + limits.work_limit
        self.is_settled = cuts.run()
        if self.is_settled and self.is_good and self.ring is not None:
            self.bound = min(max(self.bound, self.aim.past(self.ring.value)), self.ring.value)

    def _take(self, ring: Ringed | None) -> None:
        if ring is None:
            return
        ring = self.router.improve(ring)
        if ring.betters(self.ring):
            self.ring = ring

    def _offer(self, x: Vector) -> None:
        """Rings that like the edges of the programme; the programme's own, if it is one."""
        own = _ring_of(self.router, x)
        if own is not None:
            self._take(own)
        elif self.router.work <= self.router.work_limit:
            weight = (
                self.router.links.cost * np.maximum(1 - x, 0.0) + LEAST * self.router.links.cost
            )
            ring = self.router.first(weight, starts=[0], tours=1)
            self._take(ring)

    def _raise(self, bound: float) -> None:
        bound += float(self.router.prize.sum())
        safe = self.aim.safe(bound)
        most = self.ring.value if self.is_good and self.ring is not None else np.inf
        self.bound = min(max(self.bound, safe), most)


def _ring_of(router: Router, x: Vector) -> Ringed | None:
    """The ring that whole edge values make; None if they make none."""
    used = np.flatnonzero(x > 1e-6)  # noqa: PLR2004 - rounding
    if used.size < 3 or np.any(x[used] < 1 - 1e-6):  # noqa: PLR2004
        return None
    near: dict[int, list[int]] = {}
    for one, two in zip(router.links.tail[used].tolist(), router.links.head[used].tolist(), strict=True):  # fmt: skip
        near.setdefault(one, []).append(two)
        near.setdefault(two, []).append(one)
    if any(len(others) != 2 for others in near.values()):  # noqa: PLR2004
        return None
    start = int(router.required[0])
    if start not in near:
        return None
    walk = [start, min(near[start])]
    while walk[-1] != start:
        one, two = near[walk[-1]]
        walk.append(two if one == walk[-2] else one)
    is_key = router.is_required | (router.prize > 0)
    if len(walk) != used.size + 1 or router.is_required[walk].sum() != router.required.size + 1:
        return None
    stops = [0, *(i for i in range(1, len(walk) - 1) if is_key[walk[i]]), len(walk) - 1]
    if len(stops) == 2:  # noqa: PLR2004 - one key node: any other may stand for a second
        stops.insert(1, 1)
    return router.ring([walk[i : j + 1] for i, j in itertools.pairwise(stops)])


def _twice(router: Router, limits: _Limits) -> tuple[list[int], float, float, bool]:
    """A closed walk where no simple ring was found: edges walked again cost so much more that few are."""
    best: list[int] | None = None
    router.work_limit = router.work + limits.work_limit
    for start in range(min(router.required.size, STARTS)):
        walk = router.closed_walk(start, again=AGAIN)
        cost = float(router.links.cost[walk].sum())
        if best is None or cost < float(router.links.cost[best].sum()):
            best = walk
    assert best is not None  # noqa: S101 - there is a required node
    bounds = [0.0]
    cuts = TwoWayCuts(
        links=router.links,
        cost=router.links.cost,
        required=router.required,
        is_ring=False,
        upper=np.full(router.links.cost.size, 2.0),
        offer=lambda _: None,
        raise_bound=bounds.append,
        goal=lambda: np.inf,
        work_limit=limits.node_limit,
        deadline=limits.deadline,
    )
    cuts.relax()
    visited = np.zeros(router.links.n, dtype=bool)
    visited[router.links.tail[best]] = visited[router.links.head[best]] = True
    value = float(router.links.cost[best].sum() + router.prize[~visited].sum())
    bound = min(max(bounds) * (1 - 1e-12), value)
    return best, value, bound, bound >= value * (1 - limits.relative_gap)


def _raise_length(walks: list[_Walk], total: float, band: tuple[float, float]) -> None:
    """Tell that no walk has the wanted length, or that none was found."""
    if all(walk.is_settled for walk in walks):
        message = say("optimise.no_ring_length", low=f"{band[0]:g}", high=f"{band[1]:g}", nearest=f"{total:g}")  # fmt: skip
        raise NoAnswerError([message], names=("length",))
    raise UnfinishedError([say("optimise.ring_length", low=f"{band[0]:g}", high=f"{band[1]:g}", nearest=f"{total:g}")])  # fmt: skip


def _told(  # noqa: PLR0913, PLR0917 - all that was found
    given: Given,
    links: Links,
    origin: Indices,
    prizes: Vector,
    walks: list[_Walk],
    pieces: list[_Piece],
    proof: Proof,
) -> RingAnswer:
    """Join the walks of all pieces into one, in the numbers of the given graph."""
    graph: nx.MultiGraph[int] = nx.MultiGraph()
    for walk in walks:
        for edge in walk.edges:
            graph.add_edge(int(links.tail[edge]), int(links.head[edge]), edge=edge)
    start = int(given.nodes[0])
    steps = list(nx.eulerian_circuit(graph, source=start, keys=True)) if graph else []
    order = [(one, graph.edges[one, two, key]["edge"]) for one, two, key in steps]
    nodes = [one for one, _ in order if one < given.n]
    edges = [int(origin[edge]) for one, edge in order if one < given.n]
    seen, count = np.unique(edges, return_counts=True)
    passed, times = np.unique(nodes, return_counts=True)
    bridges = {int(origin[p.edges[0]]) for p in pieces if p.edges.size == 1}
    twice = seen[count > 1].astype(np.int64)
    return RingAnswer(
        nodes=np.array(nodes or [start], dtype=np.int64),
        edges=np.array(edges, dtype=np.int64),
        twice=twice,
        unavoidable=twice[np.isin(twice, sorted(bridges))],
        crossings=passed[times > 1].astype(np.int64),
        length=float(sum(walk.length for walk in walks)),
        left_out=np.setdiff1d(np.flatnonzero(prizes > 0), nodes or [start]),
        proof=proof,
    )
