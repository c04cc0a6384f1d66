"""One table of a result that geoplan wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geoplan.io._tables import layer_names, read_table
from geoplan.model.cells import typed
from geoplan.model.schema import columns_of

__all__ = ["read_layer"]


def read_layer(
    path: str | Path, layer: str, *, if_missing: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Read one layer of a result's GeoPackage, its cells in the kinds of the schema.

    Parameters
    ----------
    if_missing
        What to hand back where the file has no such layer; refused if not given.

    Raises
    ------
    InputError
        The file cannot be read, or has no such layer.
    """
    path = Path(path)
    if if_missing is not None and layer not in layer_names(path):
        return if_missing
    table = read_table(path, layer=layer).frame
    known = {name: item for name, item in columns_of(layer).items() if name in table}
    return table.assign(
        **{name: typed(table[name], item, table.index)[0] for name, item in known.items()}
    )
