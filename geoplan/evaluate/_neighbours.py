"""Who lies beside whom."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.evaluate._arrays import Bools, Ints
from geoplan.spatial.adjacency import shared_borders

__all__ = ["EDGE_M", "TOLERANCE_M", "Shapes", "has_shape", "neighbour_pairs", "shapes_of"]

Shapes = NDArray[np.object_]

#: Distances that differ by less than this are equal [m].
EDGE_M = 1e-6
#: How far apart two drawings of one border may be [m].
TOLERANCE_M = 0.01


def shapes_of(table: gpd.GeoDataFrame) -> Shapes:
    """The shapes of a layer."""
    return np.asarray(table.geometry.values, dtype=object)


def has_shape(shapes: Shapes) -> Bools:
    """Whether there is a shape, and something in it."""
    return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)), dtype=bool)


def neighbour_pairs(parcels: gpd.GeoDataFrame, how: str, distance_m: float) -> Ints:
    """Positions of each two neighbours, once."""
    if how == "border":
        borders = shared_borders(parcels[[parcels.geometry.name]], tolerance_m=TOLERANCE_M)
        sides = [parcels.index.get_indexer(pd.Index(borders[side])) for side in ("left", "right")]
        return np.column_stack(sides).astype(np.int64)
    shapes: Shapes = np.asarray(parcels.geometry.values, dtype=object)
    one, other = shapely.STRtree(shapes).query(
        shapes, predicate="dwithin", distance=distance_m + EDGE_M
    )
    pairs: Ints = np.column_stack([one, other])[one < other].astype(np.int64)
    return pairs
