"""Where poor land clusters: low values among low ones, tested against chance."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.errors import ScenarioError
from geoplan.evaluate._arrays import Bools, Floats, Ints, floats_of
from geoplan.evaluate._neighbours import has_shape, neighbour_pairs, shapes_of
from geoplan.model.rulepack import Rules
from geoplan.model.telling import nearest
from geoplan.units import mu_from_m2
from geoplan.words import Message, say

__all__ = ["NEIGHBOURS", "Clusters", "find_clusters"]

#: What makes two parcels neighbours.
NEIGHBOURS = ("distance", "border")
#: Two sums of the same values in another order are equal.
_SAME = 1e-9
_LEAST_COUNT = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """Layer ``clusters`` of the schema, and what is to be said of it."""

    layer: gpd.GeoDataFrame
    messages: tuple[Message, ...]


def find_clusters(
    parcels: gpd.GeoDataFrame,
    *,
    rules: Rules,
    column: str = "measure_amount_per_m2",
    neighbours: str = "distance",
    seed: int = 0,
) -> Clusters:
    r"""Tell where low values lie among low ones, and high among high: local Moran's I with a permutation test.

    .. math:: I_i = (n - 1) \frac{z_i \sum_j w_{ij} z_j}{\sum_k z_k^2}

    with :math:`z` the values less their mean and :math:`w` the same for each neighbour of a parcel, adding up to 1. The
    pseudo p-value is two-sided: twice the smaller tail of the permutations, the observed value among them. The order
    of the rows does not matter, and the same seed gives the same answer.

    Parameters
    ----------
    parcels
        Polygons in metres with ``column``: ``Evaluation.parcels``. Parcels whose value or shape is not known take no
        part; they are ``unknown``, those without a neighbour ``isolated``.
    rules
        Numbers ``clusters.neighbour_distance_m``, ``clusters.permutations``, ``clusters.max_p``.
    column
        The values; low means poor.
    neighbours
        ``distance``: parcels no farther apart than the rules say, across a street too; ``border``: a common border.
    seed
        Of the permutations.

    Returns
    -------
    Clusters
        All parcels in the order given. ``cluster`` is ``low_low``, ``high_high``, ``low_high`` (low among high),
        ``high_low``, ``none`` (chance explains it), ``isolated`` or ``unknown``.

    Raises
    ------
    ScenarioError
        The extra ``space`` is not installed, or ``neighbours`` or ``column`` is not known.

    References
    ----------
    L. Anselin, "Local indicators of spatial association - LISA", Geographical Analysis 27 (1995), as computed by the
    library esda; Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57 (1995), for the number that stays.
    """
    _check_question(parcels, column, neighbours)
    max_p = rules.value("clusters.max_p")
    values, shapes = floats_of(parcels, column), shapes_of(parcels)
    takes_part = ~np.isnan(values) & has_shape(shapes)
    rows = np.flatnonzero(takes_part)
    rows = rows[np.argsort(parcels.index.to_numpy(dtype=object)[rows], kind="stable")]
    distance_m = rules.value("clusters.neighbour_distance_m")
    pairs = neighbour_pairs(parcels.iloc[rows], neighbours, distance_m)
    known = values[rows]
    can_test = len(rows) >= _LEAST_COUNT and len(pairs) > 0 and bool(np.ptp(known) > 0)
    found = pd.DataFrame(
        {"neighbour_count": 0, "local_i": np.nan, "p_value": np.nan, "z": np.nan, "lag": np.nan},
        index=parcels.index.rename("parcel_id"),
    )
    found["neighbour_count"] = found["neighbour_count"].astype("Int64")
    found.iloc[rows, 0] = np.bincount(pairs.ravel(), minlength=len(rows))
    if can_test:
        permutations = int(rules.value("clusters.permutations"))
        found.iloc[rows, 1:] = _local_moran(known, pairs, permutations=permutations, seed=seed)
    layer = gpd.GeoDataFrame(
        {
            "value": values,
            **{name: found[name] for name in ("neighbour_count", "local_i", "p_value")},
            "cluster": _clusters(found, takes_part, can_test=can_test, max_p=max_p),
        },
        geometry=shapes,
        crs=parcels.crs,
    )
    return Clusters(layer=layer, messages=_about(layer, can_test=can_test, max_p=max_p))


def _clusters(
    found: pd.DataFrame, takes_part: Bools, *, can_test: bool, max_p: float
) -> pd.Series[str]:
    z, lag = found["z"].to_numpy(), found["lag"].to_numpy()
    told = (found["p_value"].to_numpy() <= max_p) & (np.abs(z) > _SAME) & (np.abs(lag) > _SAME)
    cases = {
        "unknown": ~takes_part,
        "isolated": (found["neighbour_count"] == 0).to_numpy(dtype=bool),
        "low_low": told & (z < 0) & (lag < 0),
        "high_high": told & (z > 0) & (lag > 0),
        "low_high": told & (z < 0) & (lag > 0),
        "high_low": told & (z > 0) & (lag < 0),
    }
    names = np.select(list(cases.values()), list(cases), default="none" if can_test else "unknown")
    return pd.Series(names, index=found.index, dtype="str")


def _check_question(parcels: gpd.GeoDataFrame, column: str, neighbours: str) -> None:
    problems = []
    if neighbours not in NEIGHBOURS:
        near, known = nearest(neighbours, NEIGHBOURS), ", ".join(NEIGHBOURS)
        problems.append(say("space.no_neighbours", value=neighbours, known=known, near=near))
    if column not in parcels:
        near = nearest(column, map(str, parcels.columns))
        problems.append(say("space.no_column", column=column, near=near))
    if problems:
        raise ScenarioError(problems)


def _local_moran(values: Floats, pairs: Ints, *, permutations: int, seed: int) -> Floats:
    """Columns local Moran's I, its pseudo p-value, the value and the mean of its neighbours, both in deviations.

    NaN where there is no neighbour.
    """
    both = np.concatenate([pairs, pairs[:, ::-1]])
    number = np.bincount(both[:, 0], minlength=len(values))
    z = (values - values.mean()) / values.std()
    lag = np.bincount(both[:, 0], weights=z[both[:, 1]], minlength=len(z)) / np.maximum(number, 1)
    observed, simulated = _permuted(z, both, permutations=permutations, seed=seed)
    slack = _SAME * (1 + np.abs(observed))
    above = (simulated >= (observed - slack)[:, None]).sum(axis=1)
    below = (simulated <= (observed + slack)[:, None]).sum(axis=1)
    p_value = np.minimum(1.0, 2 * (np.minimum(above, below) + 1) / (permutations + 1))
    table = np.column_stack([observed, p_value, z, lag])
    table[number == 0] = np.nan
    return table


def _permuted(z: Floats, both: Ints, *, permutations: int, seed: int) -> tuple[Floats, Floats]:
    """Local Moran's I of each row, and of the same row among strangers: a column for each permutation."""
    try:
        from esda.moran import Moran_Local  # noqa: PLC0415  (an extra: slow, and not always there)
        from libpysal.weights import W  # noqa: PLC0415
    except ImportError as error:
        raise ScenarioError([say("space.needs_extra", missing=str(error.name))]) from error
    beside: dict[int, list[int]] = {row: [] for row in range(len(z))}
    for row, neighbour in both.tolist():
        beside[row].append(neighbour)
    weights = W(beside, silence_warnings=True)
    state = np.random.get_state()  # noqa: NPY002  (esda seeds what all share: it is put back)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a p-value of its own, not used here
            told = Moran_Local(z, weights, permutations=permutations, seed=seed, n_jobs=1)
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return np.asarray(told.Is), np.asarray(told.rlisas)


def _about(layer: gpd.GeoDataFrame, *, can_test: bool, max_p: float) -> tuple[Message, ...]:
    count = layer["cluster"].value_counts()
    left = say(
        "space.clusters_left",
        unknown=int(layer["value"].isna().sum()),
        isolated=int(count.get("isolated", 0)),
    )
    if not can_test:
        return (say("space.clusters_untold"), left)
    tested = np.sort(layer["p_value"].dropna().to_numpy())
    fits = np.flatnonzero(tested <= max_p * np.arange(1, len(tested) + 1) / len(tested))
    poor = layer[layer["cluster"] == "low_low"]
    told = say(
        "space.clusters",
        low=len(poor),
        low_mu=mu_from_m2(float(poor.area.sum())),
        high=int(count.get("high_high", 0)),
        odd=int(count.get("low_high", 0) + count.get("high_low", 0)),
        tested=len(tested),
        max_p=max_p,
        chance=max_p * len(tested),
        stays=int(fits[-1] + 1) if len(fits) else 0,
    )
    return (told, left)
