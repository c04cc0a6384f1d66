"""The candidates and what stays around them: what every rule and every objective is written over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.model.landuse import is_home
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.plan.intensity import people, ratios
from geoplan.plan.problem import Programme
from geoplan.spatial.adjacency import shared_borders
from geoplan.spatial.network import walking_distances
from geoplan.words import Message, join

__all__ = ["Land"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Land:
    """The candidates, what can be built on them, and what stays.

    Attributes
    ----------
    park, rules
        Where everything else is looked up.
    parcels
        The candidates, index ``parcel_id``; rows of every table below.
    staying
        The other parcels.
    programme
        Its products are the columns of every table below.
    """

    park: Park
    rules: Rules
    parcels: gpd.GeoDataFrame
    staying: gpd.GeoDataFrame
    programme: Programme

    @cached_property
    def area_m2(self) -> Floats:
        """Land of each candidate."""
        return np.asarray(self.parcels.area, dtype=float)

    @cached_property
    def floor_area_m2(self) -> Floats:
        """Candidate x product: gross floor area, land times floor area ratio."""
        products = self.programme.products
        if self.programme.keeps_height_limits:
            each = ratios(self.parcels, products, rules=self.rules)
        else:
            each = np.asarray([[product.floor_area_ratio for product in products]])
        return np.asarray(self.area_m2[:, None] * each)

    @cached_property
    def people(self) -> Floats:
        """Candidate x product: residents."""
        return people(self.floor_area_m2, self.programme.products)

    @cached_property
    def people_staying(self) -> Floats:
        """Residents of each parcel that stays and is homes; of those whose floor area is unknown, nobody."""
        floor_area = (
            pd.to_numeric(self.staying["existing_floor_area_m2"], errors="coerce").fillna(0.0)
            if "existing_floor_area_m2" in self.staying
            else pd.Series(0.0, index=self.staying.index)
        )
        lives = is_home(self.staying["use"]).to_numpy(dtype=bool) & (floor_area > 0).to_numpy()
        if not lives.any():
            return np.zeros(len(self.staying))
        each_m2 = self.rules.value("population.existing_floor_area_m2_per_person")
        return np.asarray(np.where(lives, floor_area / each_m2, 0.0), dtype=float)

    def is_one_of(self, products: Sequence[str]) -> NDArray[np.bool_]:
        """Per product: whether it is named."""
        return np.asarray([product.key in products for product in self.programme.products])

    def chosen(self, products: Sequence[str]) -> Floats:
        """1 in the columns of these products, 0 elsewhere: candidate x product."""
        return np.tile(self.is_one_of(products).astype(float), (len(self.parcels), 1))

    def is_there(self, products: Sequence[str]) -> NDArray[np.bool_]:
        """Per parcel that stays: whether it is used today as one of these products is."""
        uses = tuple(p.use for p in self.programme.products if p.key in products)
        codes = self.staying["use"].astype(str)
        is_use = codes.str.startswith(uses).to_numpy() if uses else np.zeros(len(codes), dtype=bool)
        if self._is_all_homes(products):
            is_use = is_use | is_home(self.staying["use"]).to_numpy()
        return np.asarray(is_use, dtype=bool)

    def _is_all_homes(self, products: Sequence[str]) -> bool:
        """Whether all homes of the programme are meant (where it builds none: none are named), so homes of today too."""
        return set(products) == set(self.programme.homes)

    def names(self, products: Sequence[str]) -> Message:
        """Names of products, one after the other."""
        return join([self.programme.product(key).name for key in products], "common.enumeration")

    @cached_property
    def everything(self) -> gpd.GeoDataFrame:
        """All parcels, the candidates first: the nodes of neighbourhoods and distances."""
        together = pd.concat([self.parcels[["geometry"]], self.staying[["geometry"]]])
        return gpd.GeoDataFrame(together, geometry="geometry", crs=self.parcels.crs)

    def borders(self, across_m: float = 0.0) -> tuple[NDArray[np.int64], Floats]:
        """Pairs of parcels (rows of ``everything``) that face each other, and along how many metres.

        Across a street of up to ``across_m`` the border is the mean of both outlines' lengths within that distance of
        the other; pairs that touch share what they touch along, if that is more.
        """
        everything = self.everything
        table = shared_borders(everything)
        pairs = np.column_stack(
            [everything.index.get_indexer(table[side]) for side in ("left", "right")]
        ).astype(np.int64)
        pairs, length_m = np.sort(pairs, axis=1), table["border_m"].to_numpy(dtype=float)
        if across_m > 0:
            pairs, length_m = _with_facing(everything, pairs, length_m, across_m)
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        return pairs[order], length_m[order]

    @cached_property
    def middles(self) -> NDArray[np.object_]:
        """Centroid of each parcel of ``everything``."""
        return np.asarray(shapely.centroid(np.asarray(self.everything.geometry)))

    def distance_m(
        self, start: NDArray[np.int64], end: NDArray[np.int64], *, measure: str
    ) -> Floats:
        """Distance between rows of ``everything``: straight between centroids, or along the streets.

        Where no street leads, it is infinite.
        """
        if measure == "straight":
            xy = shapely.get_coordinates(self.middles)
            apart = xy[start][:, None, :] - xy[end][None, :, :]
            return np.asarray(np.hypot(apart[..., 0], apart[..., 1]))
        roads = self.park.places("roads")
        if roads is None:  # asked for before (candidates.problems_of)
            raise ValueError("walks need streets")
        shapes = self.everything.geometry
        return np.asarray(walking_distances(roads, shapes.iloc[start], shapes.iloc[end]))


def _with_facing(
    everything: gpd.GeoDataFrame, pairs: NDArray[np.int64], length_m: Floats, across_m: float
) -> tuple[NDArray[np.int64], Floats]:
    shapes = np.asarray(everything.geometry)
    i, j = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=across_m)
    i, j = i[i < j], j[i < j]
    near = shapely.buffer(shapes, across_m)
    outline = shapely.boundary(shapes)
    facing = [
        shapely.length(shapely.intersection(outline[one], near[other]))
        for one, other in ((i, j), (j, i))
    ]
    table = pd.DataFrame(
        {
            "i": np.concatenate([pairs[:, 0], i]),
            "j": np.concatenate([pairs[:, 1], j]),
            "m": np.concatenate([length_m, (facing[0] + facing[1]) / 2]),
        }
    )
    most = table.groupby(["i", "j"], as_index=False)["m"].max()
    return most[["i", "j"]].to_numpy(dtype=np.int64), most["m"].to_numpy(dtype=float)
