"""The land balance: how much land each use has, before and after."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.model.landuse import name_of
from geoplan.model.schema import UNKNOWN_USE
from geoplan.words import LANGUAGES

__all__ = ["land_balance"]


def land_balance(before: gpd.GeoDataFrame, *, after: pd.Series[str] | None = None) -> pd.DataFrame:
    """Area of each use today and by the plan; the land itself stays as much as it is.

    Parameters
    ----------
    before
        Parcels with ``use``, in metres; their polygons' area is what counts.
    after
        Use of each parcel by the plan, same index; a parcel it does not name, or leaves empty, keeps its use. Without
        it, ``after_m2`` and ``change_m2`` are unknown.

    Returns
    -------
    DataFrame
        Layer ``land_balance`` of the schema: one row per code as given, in the order of the codes, unknown use last.

    Examples
    --------
    >>> import shapely
    >>> land = gpd.GeoDataFrame({"use": ["100102", "2301"]}, index=["P1", "P2"],
    ...     geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 15, 10)])
    >>> land_balance(land, after=pd.Series({"P1": "1401"})).set_index("use")["change_m2"].to_dict()
    {'100102': -100.0, '1401': 100.0, '2301': 0.0}
    """
    area = before.area
    today = _area_by_use(area, before["use"])
    if after is None:
        planned = pd.Series(np.nan, index=today.index)
    else:
        planned = _area_by_use(area, after.reindex(before.index).fillna(before["use"]))
    codes = sorted({*today.index, *planned.index}, key=lambda code: (code == UNKNOWN_USE, code))
    before_m2 = today.reindex(codes, fill_value=0.0).to_numpy()
    after_m2 = planned.reindex(codes, fill_value=0.0 if after is not None else np.nan).to_numpy()
    names = {
        f"name_{language}": pd.Series([name_of(code, language) for code in codes], dtype="str")
        for language in LANGUAGES
    }
    return pd.DataFrame(
        {
            "use": pd.Series(codes, dtype="str"),
            **names,
            "before_m2": before_m2,
            "after_m2": after_m2,
            "change_m2": after_m2 - before_m2,
        }
    )


def _area_by_use(area_m2: pd.Series[float], use: pd.Series[str]) -> pd.Series[float]:
    return area_m2.groupby(use.fillna(UNKNOWN_USE)).sum()
