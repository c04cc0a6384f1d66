"""Which flagged parcels lie together, so that they are worth assembling."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.evaluate._arrays import Bools, Floats, Ints
from geoplan.evaluate._neighbours import (
    EDGE_M,
    TOLERANCE_M,
    Shapes,
    has_shape,
    neighbour_pairs,
    shapes_of,
)
from geoplan.model.answers import Evaluation
from geoplan.model.landuse import is_road
from geoplan.model.ledger import current_rows
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.schema import columns_of
from geoplan.spatial.adjacency import CORNER_TOLERANCES
from geoplan.units import m2_from_mu, mu_from_m2
from geoplan.words import Message, say

__all__ = ["Pockets", "find_pockets"]

_COLUMNS = ("area_m2", "parcel_count", "firm_count", "compactness_ratio", "parcel_ids")
#: More of the ground between two parcels than this parts them: a strip of land does, a house at the end does not.
_MOST_TAKEN_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pockets:
    """Layer ``pockets`` of the schema, the largest first, and what is to be said of it.

    Attributes
    ----------
    pocket_of
        The pocket of each parcel of the park; missing where it is in none.
    """

    layer: gpd.GeoDataFrame
    pocket_of: pd.Series[str]
    messages: tuple[Message, ...]


def find_pockets(
    park: Park,
    evaluation: Evaluation,
    *,
    rules: Rules,
    flagged: pd.Series[bool] | None = None,
) -> Pockets:
    r"""Put together flagged parcels that lie side by side, or across a street from each other.

    Two flagged parcels belong together if they have a common border, or if they are no farther apart than
    ``pockets.max_gap_m``, land of others (roads excepted) does not take more than half of the ground between them, and
    no water crosses the shortest line. A corner is no border. A pocket smaller than ``pockets.min_area_mu`` is no row of the layer, but is counted.

    Parameters
    ----------
    park
        Reads ``occupancy`` and ``water`` where there are.
    evaluation
        Its parcels, their verdicts, and the last year.
    rules
        Numbers ``pockets.max_gap_m`` and ``pockets.min_area_mu``.
    flagged
        Parcels to put together, by id; by default those of which one of the three tests that are columns of the
        parcels says yes.

    Returns
    -------
    Pockets
        Compactness is :math:`4 \pi A / P^2`: 1 a circle, 0.79 a square, less the more ragged or torn.
    """
    parcels = evaluation.parcels
    verdicts = _verdict_columns(parcels)
    if flagged is None:
        flagged = (verdicts == "yes").any(axis=1)
    chosen = flagged.reindex(parcels.index).fillna(value=False).astype(bool)
    chosen &= np.asarray(parcels.area > 0)
    own, gap_m = parcels[chosen], rules.value("pockets.max_gap_m")
    others, water = _no_street(parcels[~chosen]), _water(park)
    part = _parts(len(own), _joined(own, others=others, water=water, gap_m=gap_m))
    table = _pocket_table(own, part)
    min_mu = rules.value("pockets.min_area_mu")
    is_large = table["area_m2"] >= m2_from_mu(min_mu) - EDGE_M
    kept, small = table[is_large], table[~is_large]
    digits = len(str(len(kept)))
    names = pd.Series(
        [f"K{number:0{digits}d}" for number in range(1, len(kept) + 1)],
        index=kept.index,
        dtype="str",
    )
    pocket_of = pd.Series(part, index=own.index).map(names).reindex(parcels.index).astype("str")
    firms = _firms_in(park, evaluation, pocket_of)
    layer = kept.assign(firm_count=firms.reindex(names.to_numpy()).array)
    layer = layer.set_index(pd.Index(names.array, name="pocket_id"))[[*_COLUMNS, "geometry"]]
    not_made = [
        item.stage for item in evaluation.left_out
    ]  # unknown everywhere, and told where they are left out
    unknown = (verdicts.drop(columns=not_made, errors="ignore") == "unknown").any(axis=1) & ~chosen
    told = say(
        "space.pockets",
        count=len(kept),
        area_mu=mu_from_m2(float(kept["area_m2"].sum())),
        min_mu=min_mu,
        gap_m=gap_m,
        small=len(small),
        small_mu=mu_from_m2(float(small["area_m2"].sum())),
    )
    left = say("space.pockets_unknown", count=int(unknown.sum()))
    return Pockets(layer=layer, pocket_of=pocket_of, messages=(told, left))


def _verdict_columns(parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    names = [
        name
        for name, item in columns_of("parcels").items()
        if item.kind == "verdict" and item.stage == "evaluate" and name in parcels
    ]
    return pd.DataFrame(parcels[names])


def _joined(parcels: gpd.GeoDataFrame, *, others: Shapes, water: Shapes, gap_m: float) -> Ints:
    """Positions of each two parcels that belong together."""
    borders = neighbour_pairs(parcels, "border", 0.0)
    near = neighbour_pairs(parcels, "distance", gap_m)
    shapes = shapes_of(parcels)
    one, other = shapes[near[:, 0]], shapes[near[:, 1]]
    apart = shapely.distance(one, other) > CORNER_TOLERANCES * TOLERANCE_M
    near, one, other = near[apart], one[apart], other[apart]
    parted = _hits(water, shapely.shortest_line(one, other))
    parted |= _taken_share(one, other, others, gap_m=gap_m) > _MOST_TAKEN_SHARE
    return np.concatenate([borders, near[~parted]])


def _hits(water: Shapes, ways: Shapes) -> Bools:
    hit = np.zeros(len(ways), dtype=bool)
    hit[shapely.STRtree(water).query(ways, predicate="intersects")[0]] = True
    return hit


def _taken_share(one: Shapes, other: Shapes, others: Shapes, *, gap_m: float) -> Floats:
    """Which part of the ground between two parcels, within the gap of both, is land of others."""
    near_one, near_other = (
        shapely.buffer(shapes, gap_m + EDGE_M, quad_segs=2) for shapes in (one, other)
    )
    both = shapely.intersection(near_one, near_other)
    ground = shapely.difference(shapely.difference(both, one), other)
    row, found = shapely.STRtree(others).query(ground, predicate="intersects")
    taken_m2 = shapely.area(shapely.intersection(ground[row], others[found]))
    area_m2 = shapely.area(ground)
    taken = np.bincount(row, weights=taken_m2, minlength=len(ground))
    return np.divide(taken, area_m2, out=np.zeros(len(ground)), where=area_m2 > 0)


def _no_street(parcels: gpd.GeoDataFrame) -> Shapes:
    """Parcels that are no road."""
    shapes = shapes_of(parcels[~is_road(parcels["use"].astype("str")).to_numpy(dtype=bool)])
    return shapes[has_shape(shapes)]


def _water(park: Park) -> Shapes:
    water = park.places("water")
    shapes = np.zeros(0, dtype=object) if water is None else shapes_of(water)
    return shapes[has_shape(shapes)]


def _parts(count: int, pairs: Ints) -> Ints:
    """Number of the connected part of each of ``count`` things."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _pocket_table(parcels: gpd.GeoDataFrame, part: Ints) -> gpd.GeoDataFrame:
    """One row per part: the largest first, ties by the lowest id."""
    ordered = gpd.GeoDataFrame(
        {"part": part, "id": parcels.index.astype("str"), "own_m2": parcels.area.to_numpy()},
        geometry=shapes_of(parcels),
        crs=parcels.crs,
    ).sort_values("id")
    by_part = ordered.groupby("part", sort=True)
    shapes = ordered[["part", "geometry"]].dissolve(by="part", sort=True).geometry
    table = gpd.GeoDataFrame(
        {
            "area_m2": by_part["own_m2"].sum(),
            "parcel_count": by_part["id"].size().astype("Int64"),
            "compactness_ratio": 4 * np.pi * shapes.area / shapes.length**2,
            "parcel_ids": by_part["id"].agg("; ".join).astype("str"),
        },
        geometry=shapes,
        crs=parcels.crs,
    )
    first = by_part["id"].first().to_numpy(dtype=object)
    return table.iloc[np.lexsort((first, -(table["area_m2"] / EDGE_M).round()))]


def _firms_in(park: Park, evaluation: Evaluation, pocket_of: pd.Series[str]) -> pd.Series[int]:
    """Firms of each pocket that are there now, each once in a pocket; unknown without a ledger."""
    names = pd.Index(pocket_of.dropna().unique())
    occupancy = park.get("occupancy")
    if occupancy is None:
        return pd.Series(pd.NA, index=names, dtype="Int64")
    years = evaluation.averages["year"]
    now = occupancy[current_rows(occupancy, year=int(years.max()) if len(years) else None)]
    at = now["parcel_id"].map(pocket_of)
    return now["enterprise_id"].groupby(at).nunique().reindex(names, fill_value=0).astype("Int64")
