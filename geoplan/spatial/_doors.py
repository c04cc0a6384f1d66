"""How places are joined to the streets: a parcel by gates along its frontage, anything else by the nearest street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.spatial._noding import cut_table

__all__ = ["FRONTAGE_M", "GATE_EVERY_M", "doors_of"]

Shapes = NDArray[np.object_]

#: A parcel fronts the streets whose centre lines are nearer than this: half of a red line of 60 m.
FRONTAGE_M = 30.0
#: A frontage has one gate for each stretch of this length that it begins.
GATE_EVERY_M = 200.0
_AREA = 2
_FIRST_SEARCH_M = 100.0


def doors_of(
    lines: Shapes, is_bridge: NDArray[np.bool_], places: Shapes, *, barriers: Shapes
) -> pd.DataFrame:
    """Every way from a place to the streets: ``place``, ``line``, ``along_m``, ``x``, ``y``, ``way_m``; nearest first.

    A polygon has a gate in the middle of its frontage on every street nearer than ``FRONTAGE_M``, several on a long one,
    where neither a barrier nor another polygon of ``places`` lies between. Whatever has none is joined to the nearest
    street that is no bridge and that no barrier cuts off; of equally near ones the first.
    """
    ground = np.flatnonzero(~is_bridge)
    there = np.flatnonzero(~(shapely.is_missing(places) | shapely.is_empty(places)))
    if not len(ground) or not len(there):
        return _table(
            np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), places, lines, lines
        )
    streets = _Streets(lines, ground, shapely.STRtree(lines[ground]), barriers)
    polygons = np.flatnonzero(shapely.get_dimensions(places) == _AREA)
    own, found = streets.tree.query(places[polygons], predicate="dwithin", distance=FRONTAGE_M)
    gates = _frontages(lines, ground[found], places, polygons[own])
    ways = shapely.shortest_line(
        shapely.points(gates[["x", "y"]].to_numpy()), places[gates["place"].to_numpy()]
    )
    gates = gates[_is_free(ways, barriers) & _is_free(ways, places[polygons])]
    without = there[~np.isin(there, gates["place"].to_numpy())]
    place, line = streets.nearest(places, without)
    feet = shapely.get_point(shapely.shortest_line(lines[line], places[place]), 0)
    nearest = _table(place, line, places, lines, np.asarray(feet))
    table = pd.concat([nearest, gates], ignore_index=True)
    table = table.sort_values(["place", "way_m", "line", "along_m"], kind="stable")
    return table.drop_duplicates(["place", "line", "along_m"]).reset_index(drop=True)


def _is_free(ways: Shapes, obstacles: Shapes) -> NDArray[np.bool_]:
    """Ways that cross none of the obstacles; to touch one is no crossing."""
    free = np.ones(len(ways), dtype=bool)
    if len(obstacles) and len(ways):
        hit, _ = shapely.STRtree(obstacles).query(ways, predicate="crosses")
        free[hit] = False
    return free


@dataclass(frozen=True, slots=True, eq=False)
class _Streets:
    """The streets that are no bridges, and what cuts places off from them."""

    lines: Shapes
    ground: NDArray[np.int64]
    tree: shapely.STRtree
    barriers: Shapes

    def nearest(
        self, places: Shapes, which: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places and the street of each, by number; places cut off from all streets are left out."""
        rows, found = self.tree.query_nearest(places[which], all_matches=True)
        nearest = pd.DataFrame({"place": which[rows], "line": self.ground[found]})
        nearest = nearest.sort_values(["place", "line"]).drop_duplicates("place")
        place, line = (
            nearest["place"].to_numpy(),
            nearest["line"].to_numpy(dtype=np.int64, copy=True),
        )
        ways = np.asarray(shapely.shortest_line(self.lines[line], places[place]))
        cut_off = ~_is_free(ways, self.barriers)
        for row in np.flatnonzero(cut_off):  # the few places behind a barrier
            line[row] = self._behind(places[place[row]])
        return place[line >= 0], line[line >= 0]

    def _behind(self, place: shapely.Geometry) -> int:
        """The nearest street that no barrier cuts off from a place; -1 if there is none."""
        radius_m, last = _FIRST_SEARCH_M, False
        while True:
            found = np.sort(self.tree.query(place, predicate="dwithin", distance=radius_m))
            near = self.ground[found]
            ways = np.asarray(shapely.shortest_line(self.lines[near], place))
            near = near[_is_free(ways, self.barriers)]
            if len(near):
                return int(near[np.argmin(shapely.distance(self.lines[near], place))])
            if last:
                return -1
            radius_m, last = radius_m * 4, len(found) == len(self.ground)


def _frontages(
    lines: Shapes, line: NDArray[np.int64], places: Shapes, place: NDArray[np.int64]
) -> pd.DataFrame:
    """Gates along each frontage: what of the street lies opposite the corners of the polygon, in equal parts."""
    xy, corner_of = shapely.get_coordinates(places[place], return_index=True)
    at_m = shapely.line_locate_point(lines[line[corner_of]], shapely.points(xy))
    corners = pd.DataFrame({"pair": corner_of, "at_m": at_m}).drop_duplicates()
    pair = corners["pair"].to_numpy()
    feet = shapely.line_interpolate_point(lines[line[pair]], corners["at_m"].to_numpy())
    is_near = shapely.distance(feet, places[place[pair]]) <= FRONTAGE_M
    of_pair = corners[is_near].groupby("pair")["at_m"]
    begin, end = of_pair.min(), of_pair.max()
    gates = np.ceil(np.maximum((end - begin).to_numpy() / GATE_EVERY_M, 1.0)).astype(np.int64)
    row = np.repeat(np.arange(len(gates)), gates)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(gates) - gates, gates)
    part = (rank + 0.5) / gates[row]
    at_gate = begin.to_numpy()[row] * (1 - part) + end.to_numpy()[row] * part
    pair = begin.index.to_numpy(dtype=np.int64)[row]
    feet = shapely.line_interpolate_point(lines[line[pair]], at_gate)
    return _table(place[pair], line[pair], places, lines, np.asarray(feet))


def _table(
    place: NDArray[np.int64], line: NDArray[np.int64], places: Shapes, lines: Shapes, points: Shapes
) -> pd.DataFrame:
    if not len(place):
        none: dict[str, NDArray[np.float64]] = {
            name: np.zeros(0) for name in ("along_m", "x", "y", "way_m")
        }
        return pd.DataFrame({"place": place, "line": line, **none})
    cuts = cut_table(line, lines, points)
    at = shapely.points(cuts[["x", "y"]].to_numpy())
    return cuts.assign(place=place, way_m=shapely.distance(at, places[place]))
