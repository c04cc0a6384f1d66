"""How the rows of a layer are called, and which parcels each of them speaks of."""

from __future__ import annotations

import pandas as pd

from geoplan.model.cells import id_text
from geoplan.model.park import Park
from geoplan.model.schema import LAYERS

__all__ = ["parcels_of_rows", "row_names"]


def row_names(table: pd.DataFrame, layer: str) -> list[str]:
    """Name of each row: its id, or the keys of a long table with a slash between (``E1/2025``).

    Examples
    --------
    >>> row_names(pd.DataFrame({"enterprise_id": ["E1"], "year": [2025]}), "performance")
    ['E1/2025']
    """
    if LAYERS[layer].id_column:
        return [str(name) for name in table.index]
    keys = [name for name in LAYERS[layer].key_columns if name in table]
    texts = [id_text(table[name]).fillna("") for name in keys]
    return ["/".join(names).rstrip("/") for names in zip(*texts, strict=True)]


def parcels_of_rows(park: Park, layer: str) -> pd.DataFrame:
    """Which parcels each row of a layer speaks of: ``row`` (its place in the layer) and ``parcel_id``, each pair once.

    A firm speaks of all parcels that it is or was on, a building of the parcel it names.
    """
    table = park.layers[layer]
    if layer == "parcels":
        keys = pd.Series(table.index, index=range(len(table)))
    elif "parcel_id" in table:
        keys = table["parcel_id"].reset_index(drop=True)
    else:
        firms = table.get("enterprise_id", table.index)
        return _of_firms(park, layer, pd.Series(firms).reset_index(drop=True))
    pairs = pd.DataFrame({"row": range(len(table)), "parcel_id": keys.astype(object)})
    return pairs[keys.isin(park.parcels.index).to_numpy()].reset_index(drop=True)


def _of_firms(park: Park, layer: str, firms: pd.Series) -> pd.DataFrame:
    occupancy = park.get("occupancy")
    if occupancy is None or layer not in {"enterprises", "performance"}:
        return pd.DataFrame({"row": pd.Series(dtype=int), "parcel_id": pd.Series(dtype=object)})
    links = occupancy[["enterprise_id", "parcel_id"]].drop_duplicates()
    links = links[links["parcel_id"].isin(park.parcels.index)].astype(object)
    rows = pd.DataFrame({"row": range(len(firms)), "enterprise_id": firms.astype(object)})
    pairs = rows.merge(links, on="enterprise_id", sort=False)
    return pairs[["row", "parcel_id"]].sort_values(["row", "parcel_id"], ignore_index=True)
