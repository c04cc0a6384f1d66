"""The streets as a net that costs something, and the ring and branches that are chosen from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import InfeasibleError
from geoplan.model.answers import StageLeftOut
from geoplan.model.rulepack import Rules
from geoplan.optimise.ring import RingAnswer, ring_through
from geoplan.optimise.steiner import TreeAnswer, steiner_tree
from geoplan.spatial.network import StreetNetwork
from geoplan.words import say

__all__ = ["Net", "joined_by_tree", "ring_of"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Bools = NDArray[np.bool_]

_TRUNK = "trunk"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Net:
    """Streets with what each stretch costs [m of local street]."""

    network: StreetNetwork
    cost: Floats

    @staticmethod
    def of(network: StreetNetwork, cost_per_m: pd.Series, rules: Rules) -> Net:
        """Length times the cost of a metre; and half a crossing for each end at a trunk road that is not followed."""
        cost = network.length_m * cost_per_m[network.streets.index].to_numpy()[network.street]
        number = rules.numbers.get("greenway.trunk_crossing_m")
        if number is not None and number.value > 0:
            is_trunk = (network.streets["road_class"] == _TRUNK).to_numpy(dtype=bool)[
                network.street
            ]
            at_trunk = np.zeros(len(network.xy), dtype=bool)
            at_trunk[network.edges[is_trunk].ravel()] = True
            cost = cost + np.where(
                is_trunk, 0.0, at_trunk[network.edges].sum(axis=1) * number.value / 2
            )
        return Net(network=network, cost=cost)


def ring_of(  # noqa: PLR0913, PLR0917  (what a ring is asked for)
    net: Net,
    places: gpd.GeoDataFrame,
    is_joined: Bools,
    through: Sequence[str],
    prizes: Mapping[str, float],
    band_m: tuple[float, float],
) -> RingAnswer | StageLeftOut:
    """The cheapest ring through some sorts of places and those wanted on it; or why there is none."""
    must = (places["kind"].isin(through) | places["is_ring_member"]).to_numpy(
        dtype=bool
    ) & is_joined
    nodes = np.unique(net.network.entrances[must])
    if len(nodes) < 2:  # noqa: PLR2004  (one place is no ring)
        return StageLeftOut(stage="greenway", message=say("plan.ring_few_places", count=len(nodes)))
    prize = np.zeros(len(net.network.xy))
    for kind, worth in prizes.items():
        wanted = (places["kind"] == kind).to_numpy(dtype=bool) & is_joined & ~must
        prize[np.unique(net.network.entrances[wanted])] += worth
    shortest, longest = band_m
    try:
        return ring_through(
            n_nodes=len(net.network.xy),
            edges=net.network.edges,
            cost=net.cost,
            length=net.network.length_m,
            required=nodes,
            prize=prize,
            length_min=shortest,
            length_max=longest,
        )
    except InfeasibleError as error:
        return StageLeftOut(
            stage="greenway", message=say("plan.no_ring", why=error.problems[0], count=len(nodes))
        )


def joined_by_tree(net: Net, terminals: Numbers, ring: RingAnswer | None) -> TreeAnswer:
    """The cheapest tree to all places; what lies on the ring costs nothing, and is part of the answer."""
    cost, wanted = net.cost, np.unique(terminals)
    if ring is not None:
        cost = cost.copy()
        cost[ring.edges] = 0.0
        wanted = np.union1d(wanted, ring.nodes[:1])
    answer = steiner_tree(
        edges=net.network.edges, cost=cost, terminals=wanted, n_nodes=len(net.network.xy)
    )
    if ring is None:
        return answer
    return TreeAnswer(edges=np.union1d(answer.edges, ring.edges), proof=answer.proof)
