"""Who reaches what on foot: each sort of facility, the living circles, green, and how dense the streets are.

A home reaches a facility if the way along the streets is no longer than the number ``services.KIND`` of the rules. Both
readings of a living circle are told: each sort by itself, and all of a level together; of all people, and of the worst
neighbourhood. A home that reaches none stays in every share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.indicators.facts import Facts
from geoplan.model.answers import Indicator
from geoplan.model.facilities import are_there
from geoplan.model.landuse import is_home
from geoplan.model.telling import listed
from geoplan.spatial.access import nearest_places
from geoplan.spatial.network import StreetNetwork, street_network
from geoplan.words import Message, catalogue, join, say

__all__ = ["CIRCLES_MINUTES", "access_indicators"]

#: Living circles by the walk they stand for.
CIRCLES_MINUTES = (5, 10, 15)
#: Longest way of each circle [m] (GB 50180-2018: 300, 500, 800 to 1000 m): a sort of facility belongs to the first it fits.
_CIRCLE_M = MappingProxyType({5: 300.0, 10: 500.0, 15: 1000.0})
_WITHIN_M = (300, 500, 1000)
#: What a parcel of the plan offers, by its use.
_KIND_OF_USE = MappingProxyType(
    {
        "080403": "school", "080404": "kindergarten", "080602": "clinic", "080701": "elderly_care",
        "0702": "community_service", "1401": "park", "1403": "plaza",
    }
)  # fmt: skip
_PREFIX = "services."
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Homes:
    """Parcels where people live, how many, and in which neighbourhood."""

    parcels: gpd.GeoDataFrame
    people: Floats
    unknown_count: int

    @property
    def area_m2(self) -> Floats:
        return np.asarray(self.parcels["area_m2"], dtype=float)

    def neighbourhoods(self) -> pd.Series | None:
        """Block of each parcel, else its zone; ``None`` if the park knows neither."""
        for name in ("block_id", "zone"):
            if name in self.parcels and self.parcels[name].notna().any():
                names: pd.Series = self.parcels[name].fillna("-").astype("str")
                return names
        return None


def access_indicators(facts: Facts) -> tuple[Indicator, ...]:
    """Shares of people within reach of each sort of facility and of all of a level; green within reach; street density.

    People are those of the plan, and on homes that stay their floor area over the floor area a head of the rules. The
    facilities are those of the park's layer (also past its boundary) that are there, and what the plan builds. Streets that
    cross water count as bridges; no parcel is joined to a street across water.

    Parameters
    ----------
    facts
        Reads parcels, plan, ``facilities``, ``roads``, ``water``; numbers ``services.*``, ``green_reach.*`` and
        ``walking.speed_m_per_minute``.

    Returns
    -------
    tuple of Indicator
        ``near_KIND`` for each sort with a number and a name, ``circle_5``, ``circle_10``, ``circle_15``,
        ``green_reach`` and ``street_density``; in ``details`` the shares of land, within 300, 500 and 1,000 m, of the
        mean and the worst neighbourhood, and the mean way. Values are unknown, with the reason, where nobody knows who
        lives there, where there are no streets, or where a sort is not mapped at all.
    """
    homes = _homes(facts)
    limits = {
        name.removeprefix(_PREFIX): number.value
        for name, number in facts.rules.numbers.items()
        if name.startswith(_PREFIX)
        and f"indicator.near_{name.removeprefix(_PREFIX)}" in catalogue()
    }
    why = _lacks(facts, homes)
    if why is not None:
        names = [*(f"near_{kind}" for kind in limits), *(f"circle_{m}" for m in CIRCLES_MINUTES)]
        reach = [Indicator(name=name, value=None, unit="percent", note=why) for name in names]
    else:
        places = _places(facts, limits)
        network = _network(facts, homes, places)
        walk_m = {kind: _walk_m(network, len(homes.people), places, kind) for kind in limits}
        reach = [_near(facts, homes, kind, walk_m[kind], limits[kind]) for kind in limits]
        reach += [_circle(homes, minutes, walk_m, limits) for minutes in CIRCLES_MINUTES]
    return (*reach, green_reach(facts, homes.parcels), street_density(facts))


def _homes(facts: Facts) -> _Homes:
    parcels = facts.parcels
    use = parcels["planned_use"] if facts.has_plan else parcels["use"]
    lived_in = parcels[is_home(use).to_numpy() & (parcels["area_m2"] > 0).to_numpy()]
    people = pd.Series(np.nan, index=lived_in.index)
    number = facts.rules.numbers.get("population.existing_floor_area_m2_per_person")
    if number is not None:
        floor = pd.to_numeric(lived_in["existing_floor_area_m2"], errors="coerce").astype(float)
        people = floor / number.value
    if facts.has_plan:
        planned = pd.to_numeric(lived_in["planned_population"], errors="coerce").astype(float)
        people = planned.where(facts.is_converted[lived_in.index], people)
    return _Homes(
        parcels=lived_in,
        people=np.asarray(people.fillna(0.0), dtype=np.float64),
        unknown_count=int(people.isna().sum()),
    )


def _lacks(facts: Facts, homes: _Homes) -> Message | None:
    roads = facts.park.places("roads")
    if roads is None or roads.empty:
        return say("indicator_note.no_streets")
    if not homes.people.sum() > 0:
        return say("indicator_note.nobody_known")
    return None


def _places(facts: Facts, kinds: Mapping[str, float]) -> gpd.GeoDataFrame:
    """Facilities that are there or planned: ``kind`` and shape."""
    found = [gpd.GeoDataFrame({"kind": []}, geometry=[], crs=facts.parcels.crs)]
    layer = facts.park.places("facilities")
    if layer is not None and "kind" in layer:
        there = layer[layer["kind"].isin(kinds).to_numpy(dtype=bool) & are_there(layer)]
        found.append(gpd.GeoDataFrame({"kind": there["kind"]}, geometry=there.geometry))
    if facts.has_plan:
        own = facts.parcels[facts.is_converted.to_numpy(dtype=bool)]
        kind = own["planned_use"].map(_KIND_OF_USE)
        built = own[kind.isin(kinds).to_numpy(dtype=bool)]
        found.append(gpd.GeoDataFrame({"kind": kind[built.index]}, geometry=built.geometry))
    table = gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=facts.parcels.crs)
    return table[~(table.geometry.isna() | table.geometry.is_empty).to_numpy()]


def _network(facts: Facts, homes: _Homes, places: gpd.GeoDataFrame) -> StreetNetwork:
    water = facts.park.places("water")
    return street_network(
        facts.park.layers["roads"],
        entrances=gpd.GeoSeries([*homes.parcels.geometry, *places.geometry], crs=facts.parcels.crs),
        barriers=None if water is None else water.geometry,
        are_streets_cut=False,
    )


def _walk_m(
    network: StreetNetwork, homes: int, places: gpd.GeoDataFrame, kind: str
) -> Floats | None:
    """Way from each home to the nearest place of one sort; ``None`` if there is none on the map."""
    targets = homes + np.flatnonzero((places["kind"] == kind).to_numpy(dtype=bool))
    if not len(targets):
        return None
    return nearest_places(network, origins=np.arange(homes), targets=targets).walk_m[:, 0]


def _near(
    facts: Facts, homes: _Homes, kind: str, walk_m: Floats | None, limit_m: float
) -> Indicator:
    name = f"near_{kind}"
    if walk_m is None:
        note = say("indicator_note.kind_not_mapped", kind=say(f"facility.{kind}"))
        return Indicator(name=name, value=None, unit="percent", note=note)
    number = facts.rules.number(f"{_PREFIX}{kind}")
    is_near = walk_m <= limit_m
    shares = _shares(homes, is_near)
    within = {f"within_{m}_m": _of_people(homes, walk_m <= m) for m in _WITHIN_M}
    notes = [
        say(
            "indicator_note.within",
            limit_m=f"{limit_m:g}",
            standing=say(f"standing.{number.standing}"),
        ),
        *_about_ways(facts, homes, walk_m),
        *_about_worst(homes, is_near),
        *_about_unknown(homes),
    ]
    return Indicator(
        name=name,
        value=100 * _of_people(homes, is_near),
        unit="percent",
        note=join(notes),
        details={**shares, **within, **_mean_way(homes, walk_m)},
    )


def _circle(
    homes: _Homes, minutes: int, walk_m: Mapping[str, Floats | None], limits: Mapping[str, float]
) -> Indicator:
    """People with all sorts of one level within reach; the sorts are those whose number fits this circle first."""
    name = f"circle_{minutes}"
    below = max([m for m in CIRCLES_MINUTES if m < minutes], default=0)
    kinds = [
        kind
        for kind, limit_m in limits.items()
        if _CIRCLE_M.get(below, 0.0) < limit_m <= _CIRCLE_M[minutes]
    ]
    mapped = {kind: way for kind in kinds if (way := walk_m[kind]) is not None}
    missing = [say(f"facility.{kind}") for kind in kinds if kind not in mapped]
    if not mapped:
        note = say("indicator_note.circle_empty")
        return Indicator(name=name, value=None, unit="percent", note=note)
    has_all = np.logical_and.reduce([way <= limits[kind] for kind, way in mapped.items()])
    known = [say(f"facility.{kind}") for kind in mapped]
    notes = [say("indicator_note.circle_of", kinds=join(known, "common.enumeration"))]
    notes += [*_about_worst(homes, has_all), *_about_unknown(homes)]
    if missing:
        share = 100 * _of_people(homes, has_all)
        kinds_missing = join(missing, "common.enumeration")
        notes.append(say("indicator_note.circle_lacks", kinds=kinds_missing, percent=share))
    return Indicator(
        name=name,
        value=None if missing else 100 * _of_people(homes, has_all),
        unit="percent",
        note=join(notes),
        details={"share_of_mapped": _of_people(homes, has_all), **_shares(homes, has_all)},
    )


def _of_people(homes: _Homes, is_near: NDArray[np.bool_]) -> float:
    return float(homes.people[is_near].sum() / homes.people.sum())


def _by_neighbourhood(homes: _Homes, is_near: NDArray[np.bool_]) -> pd.Series | None:
    """Share of people within reach in each neighbourhood where anybody lives."""
    groups = homes.neighbourhoods()
    if groups is None:
        return None
    table = pd.DataFrame({"near": np.where(is_near, homes.people, 0.0), "all": homes.people})
    sums = table.groupby(groups.to_numpy(), sort=True).sum()
    sums = sums[sums["all"] > 0]
    return sums["near"] / sums["all"]


def _shares(homes: _Homes, is_near: NDArray[np.bool_]) -> dict[str, float]:
    by_block = _by_neighbourhood(homes, is_near)
    land = {"share_of_land": float(homes.area_m2[is_near].sum() / homes.area_m2.sum())}
    if by_block is None:
        return land
    return {
        **land,
        "share_mean_neighbourhood": float(by_block.mean()),
        "share_worst_neighbourhood": float(by_block.min()),
    }


def _mean_way(homes: _Homes, walk_m: Floats) -> dict[str, float]:
    reaches = np.isfinite(walk_m)
    if homes.people[~reaches].any():
        return {"people_without_way": float(homes.people[~reaches].sum())}
    own = np.where(reaches, walk_m, 0.0)  # nobody lives where no way leads
    return {"mean_walk_m": float((own * homes.people).sum() / homes.people.sum())}


def _about_ways(facts: Facts, homes: _Homes, walk_m: Floats) -> list[Message]:
    ways = _mean_way(homes, walk_m)
    if "people_without_way" in ways:
        return [say("indicator_note.without_way", people=ways["people_without_way"])]
    speed = facts.rules.numbers.get("walking.speed_m_per_minute")
    mean_m = ways["mean_walk_m"]
    if speed is None:
        return [say("indicator_note.mean_way", mean_m=mean_m)]
    minutes = mean_m / speed.value
    return [
        say("indicator_note.mean_minutes", mean_m=mean_m, minutes=minutes, speed=f"{speed.value:g}")
    ]


def _about_worst(homes: _Homes, is_near: NDArray[np.bool_]) -> list[Message]:
    by_block = _by_neighbourhood(homes, is_near)
    if by_block is None or len(by_block) < 2:  # noqa: PLR2004  (one neighbourhood is all)
        return []
    worst = by_block[by_block == by_block.min()].index.tolist()
    return [say("indicator_note.worst", names=listed(worst), percent=100 * float(by_block.min()))]


def _about_unknown(homes: _Homes) -> list[Message]:
    count = homes.unknown_count
    return [say("indicator_note.homes_unknown", count=count)] if count else []


def green_reach(facts: Facts, homes: gpd.GeoDataFrame) -> Indicator:
    """Share of housing land within the radius of a park that is large enough; parks that touch count as one.

    A straight line, as the rule has it: 500 m around parks of 5,000 m2, 300 m around those of 2,000 m2 (numbers of the
    rules). Land that lies partly within counts with that part.
    """
    name, numbers = "green_reach", facts.rules.numbers
    sizes = [
        (numbers.get(f"green_reach.{size}_area_m2"), numbers.get(f"green_reach.{size}_radius_m"))
        for size in ("large", "small")
    ]
    known = [(area, radius) for area, radius in sizes if area is not None and radius is not None]
    if not known or homes.empty:
        key = "no_number" if not known else "no_housing"
        return Indicator(name=name, value=None, unit="percent", note=say(f"indicator_note.{key}"))
    whole = shapely.get_parts(shapely.union_all(_parks(facts)))
    size_m2 = shapely.area(whole)
    rings = [
        shapely.buffer(whole[size_m2 >= area.value], radius.value, quad_segs=16)
        for area, radius in known
    ]
    near = shapely.union_all(np.concatenate(rings))
    land = np.asarray(homes.geometry)
    covered = float(shapely.area(shapely.intersection(land, near)).sum())
    told = [
        say("indicator_note.park_radius", radius_m=f"{radius.value:g}", area_m2=f"{area.value:g}")
        for area, radius in known
    ]
    return Indicator(
        name=name,
        value=100 * covered / float(shapely.area(land).sum()),
        unit="percent",
        note=join(told, "common.enumeration"),
    )


def _parks(facts: Facts) -> NDArray[np.object_]:
    use = facts.parcels["planned_use"] if facts.has_plan else facts.parcels["use"]
    own = facts.parcels.geometry[use.fillna("").str.startswith("1401").to_numpy(dtype=bool)]
    shapes = [np.asarray(own, dtype=object)]
    layer = facts.park.places("green")
    if layer is not None and "kind" in layer:
        is_park = (layer["kind"] == "park").to_numpy(dtype=bool) & (layer.geom_type != "Point")
        shapes.append(np.asarray(layer.geometry[is_park.to_numpy(dtype=bool)], dtype=object))
    return np.concatenate(shapes)


#: Streets for vehicles; half the distance up to which what lies along a street belongs to it.
_STREET_CLASSES = ("trunk", "arterial", "secondary", "local")
_HALF_STREET_M = 30.0


def street_density(facts: Facts) -> Indicator:
    """Length of streets for vehicles over the area [km/km2]; streets along its rim count half.

    The area is the parcels with the streets between them (up to 60 m wide).
    """
    name, unit = "street_density", "km/km2"
    roads = facts.park.places("roads")
    if roads is None or roads.empty:
        return Indicator(name=name, value=None, unit=unit, note=say("indicator_note.no_streets"))
    land = shapely.union_all(np.asarray(facts.parcels.geometry))
    outer = shapely.buffer(land, _HALF_STREET_M, join_style="mitre", mitre_limit=2.0)
    inner = shapely.buffer(outer, -_HALF_STREET_M, join_style="mitre", mitre_limit=2.0)
    lines = np.asarray(roads.geometry[roads["road_class"].isin(_STREET_CLASSES).to_numpy()])
    inside_m = float(shapely.length(shapely.intersection(lines, inner)).sum())
    rim_m = float(shapely.length(shapely.intersection(lines, outer)).sum()) - inside_m
    area_km2 = float(inner.area) / 1e6
    return Indicator(
        name=name,
        value=(inside_m + rim_m / 2) / 1e3 / area_km2 if area_km2 > 0 else None,
        unit=unit,
        note=say("indicator_note.street_density", rim_km=rim_m / 1e3),
    )
