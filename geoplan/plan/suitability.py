"""How well each product fits each candidate parcel, 0 to 1, and what the score is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.errors import ScenarioError
from geoplan.model.answers import StageLeftOut
from geoplan.model.facilities import are_there
from geoplan.model.landuse import is_industrial, is_open_green, is_storage, is_water
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.plan.problem import Product
from geoplan.spatial.raster import mean_slope
from geoplan.words import Message, join, say

__all__ = ["CRITERIA", "Suitability", "facilities_of", "score_products"]

_TRUNK = ("trunk",)
_MAIN = ("trunk", "arterial")
_LOCAL = ("local", "green_street", "greenway")
_PUBLIC_SERVICE = "08"
#: Every criterion a product may weigh; each part is 0 to 1, more is better.
CRITERIA = (
    "near_water",
    "near_green",
    "near_main_street",
    "near_local_street",
    "quiet",
    "near_facilities",
    "near_industry",
    "away_from_industry",
    "flat",
    "anywhere",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suitability:
    """Scores and parts of the candidates, in the order of the candidates and the products.

    Attributes
    ----------
    score
        Candidate x product, 0 to 1.
    parts
        Candidate x criterion, 0 to 1; criteria that could not be measured are not there.
    weights
        Product x criterion; each row adds up to 1 over the criteria that are there.
    left_out
        Criteria that could not be measured, with the reason.
    """

    score: pd.DataFrame
    parts: pd.DataFrame
    weights: pd.DataFrame
    left_out: tuple[StageLeftOut, ...]

    def reason(self, parcel: str, product: str) -> Message:
        """The parts of one score, heaviest first, as a sentence."""
        weights = self.weights.T[product]
        heaviest = weights[weights > 0].sort_values(ascending=False, kind="stable").index
        return join(
            [
                say(
                    "plan.part",
                    criterion=say(f"criterion.{name}"),
                    value=float(self.parts.loc[parcel, name]),
                )
                for name in heaviest
            ],
            "common.enumeration",
        )

    def parts_text(self) -> pd.DataFrame:
        """What each score is made of, ``criterion=part*weight``: candidate x product."""
        values = self.parts.round(3).astype(str)
        texts = pd.DataFrame("", index=values.index, columns=self.weights.index)
        for product, weights in self.weights.iterrows():
            for number, (name, weight) in enumerate(weights[weights > 0].items()):
                separator = "; " if number else ""
                texts[product] += f"{separator}{name}=" + values[name] + f"*{weight:.3g}"
        return texts


def score_products(
    park: Park, *, is_candidate: pd.Series, products: Sequence[Product], rules: Rules
) -> Suitability:
    r"""Score every product on every candidate.

    .. math:: s = \sum_i w_i p_i / \sum_i w_i

    over the criteria that could be measured; a nearness is full (1) at distance 0 and nothing from its scale on, a
    distance from something the other way round, both straight in between. What does not exist is infinitely far.
    A candidate whose slope is unknown counts as level, and that is said.

    Parameters
    ----------
    park
        Reads parcels, and where there are any water, green, roads, facilities and the elevation. Parcels that stay
        count as water, green or facility by their use, too.
    is_candidate
        By parcel id.

    References
    ----------
    Weighted overlay, the usual practice of suitability maps; weights and scales by rule pack.

    Raises
    ------
    ScenarioError
        The rule packs weigh a criterion that does not exist.
    """
    weights = _weights(products, rules)
    candidates = park.parcels[is_candidate.to_numpy(dtype=bool)]
    staying = park.parcels[~is_candidate.to_numpy(dtype=bool)]
    used = [name for name in CRITERIA if (weights[name] > 0).any()]
    parts: dict[str, NDArray[np.float64]] = {}
    left_out: list[StageLeftOut] = []
    for name in used:
        part = _part(name, park, candidates, staying, rules)
        if isinstance(part, Message):
            left_out.append(StageLeftOut(stage=f"suitability.{name}", message=part))
        else:
            parts[name] = np.where(np.isnan(part), 1.0, part)
            if np.isnan(part).any():
                unknown = say("plan.slope_unknown", count=int(np.isnan(part).sum()))
                left_out.append(StageLeftOut(stage=f"suitability.{name}", message=unknown))
    table = pd.DataFrame(parts, index=candidates.index)
    known = weights[list(parts)]
    total = known.sum(axis=1)
    shares = known.div(total.where(total > 0, 1.0), axis=0)
    unscored = [product for product in shares.index if total[product] <= 0]
    left_out += [
        StageLeftOut(
            stage="suitability", message=say("plan.unscored", product=_name(products, key))
        )
        for key in unscored
    ]
    score = pd.DataFrame(
        table.to_numpy() @ shares.to_numpy().T, index=table.index, columns=shares.index
    )
    return Suitability(
        score=score.clip(0.0, 1.0), parts=table, weights=shares, left_out=tuple(left_out)
    )


def _name(products: Sequence[Product], key: str) -> Message:
    return next(product.name for product in products if product.key == key)


def _weights(products: Sequence[Product], rules: Rules) -> pd.DataFrame:
    prefix = "suitability.weights."
    keys = [product.key for product in products]
    table = pd.DataFrame(0.0, index=keys, columns=list(CRITERIA))
    problems: list[Message] = []
    for name, number in rules.numbers.items():
        if name.startswith(prefix):
            product, _, criterion = name.removeprefix(prefix).partition(".")
            if criterion not in CRITERIA:
                problems.append(say("plan.unknown_criterion", name=name, known=", ".join(CRITERIA)))
            elif product in keys:
                table.loc[product, criterion] = number.value
    if problems:
        raise ScenarioError(problems)
    return table


def _part(
    name: str, park: Park, candidates: gpd.GeoDataFrame, staying: gpd.GeoDataFrame, rules: Rules
) -> NDArray[np.float64] | Message:
    """One criterion over the candidates, or why it cannot be measured."""
    if name == "anywhere":
        return np.full(len(candidates), rules.value("suitability.anywhere.score"))
    if name == "flat":
        if park.elevation is None:
            return say("plan.no_elevation")
        slope = mean_slope(candidates, elevation_path=park.elevation.path).to_numpy()
        return np.clip(1.0 - slope / rules.value("suitability.flat.scale_slope"), 0.0, 1.0)
    places = _PLACES[name](park, staying)
    if isinstance(places, Message):
        return places
    share = _distance_m(candidates, places) / rules.value(f"suitability.{name}.scale_m")
    near = np.clip(1.0 - share, 0.0, 1.0)
    return 1.0 - near if name in _FAR else near


def _distance_m(candidates: gpd.GeoDataFrame, places: gpd.GeoSeries) -> NDArray[np.float64]:
    """Distance of each candidate to the nearest of the places; infinite if there is none."""
    shapes = np.asarray(places[~(places.isna() | places.is_empty)])
    distance_m = np.full(len(candidates), np.inf)
    if len(shapes):
        own = np.asarray(candidates.geometry)
        (rows, _), distances = shapely.STRtree(shapes).query_nearest(
            own, return_distance=True, all_matches=False
        )
        distance_m[rows] = distances
    return distance_m


def _water(park: Park, staying: gpd.GeoDataFrame) -> gpd.GeoSeries | Message:
    return _layer_or_parcels(park.places("water"), staying[is_water(staying["use"])], "water")


def _green(park: Park, staying: gpd.GeoDataFrame) -> gpd.GeoSeries | Message:
    return _layer_or_parcels(park.places("green"), staying[is_open_green(staying["use"])], "green")


def _facilities(park: Park, staying: gpd.GeoDataFrame) -> gpd.GeoSeries | Message:
    layer = park.places("facilities")
    if layer is not None:
        layer = layer[are_there(layer)]
    public = staying[staying["use"].astype(str).str.startswith(_PUBLIC_SERVICE)]
    return _layer_or_parcels(layer, public, "facilities")


def facilities_of(park: Park, is_candidate: pd.Series) -> gpd.GeoSeries | Message:
    """Facilities of today that stay, or why there are none."""
    return _facilities(park, park.parcels[~is_candidate.to_numpy(dtype=bool)])


def _industry(_: Park, staying: gpd.GeoDataFrame) -> gpd.GeoSeries | Message:
    return staying.geometry[is_industrial(staying["use"]) | is_storage(staying["use"])]


def _main_streets(park: Park, _: gpd.GeoDataFrame) -> gpd.GeoSeries | Message:
    return _streets(park, _MAIN)


def _local_streets(park: Park, _: gpd.GeoDataFrame) -> gpd.GeoSeries | Message:
    return _streets(park, _LOCAL)


def _trunk_roads(park: Park, _: gpd.GeoDataFrame) -> gpd.GeoSeries | Message:
    return _streets(park, _TRUNK)


def _streets(park: Park, classes: Sequence[str]) -> gpd.GeoSeries | Message:
    layer = park.places("roads")
    if layer is None:
        return say("plan.no_layer", layer="roads")
    return layer.geometry[layer["road_class"].isin(classes)]


def _layer_or_parcels(
    layer: gpd.GeoDataFrame | None, parcels: gpd.GeoDataFrame, name: str
) -> gpd.GeoSeries | Message:
    """A layer together with the parcels of that use that stay; a message where there is neither."""
    if layer is None and parcels.empty:
        return say("plan.no_layer", layer=name)
    shapes = [] if layer is None else [*layer.geometry]
    return gpd.GeoSeries([*shapes, *parcels.geometry], crs=parcels.crs)


#: Criteria that measure how far something is; the others measure how near.
_FAR = frozenset({"quiet", "away_from_industry"})
_PLACES: Mapping[str, Callable[[Park, gpd.GeoDataFrame], gpd.GeoSeries | Message]] = {
    "near_water": _water,
    "near_green": _green,
    "near_main_street": _main_streets,
    "near_local_street": _local_streets,
    "quiet": _trunk_roads,
    "near_facilities": _facilities,
    "near_industry": _industry,
    "away_from_industry": _industry,
}
