"""Towns a reader can check by pencil: squares of 100 m, 10 000 m2, 15 mu each."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.model.park import Park

CRS = 4548  # CGCS2000 / 3-degree Gauss-Kruger CM 117E
EAST, NORTH = 500_000.0, 2_700_000.0  # the south-west corner of every town


def square(column: float, row: float = 0, *, size: float = 100.0) -> shapely.Polygon:
    """The square in one column and row of the town, counted from the south-west."""
    west, south = EAST + column * size, NORTH + row * size
    return shapely.box(west, south, west + size, south + size)


def street_of(count: int, **columns: Any) -> gpd.GeoDataFrame:
    """``count`` squares side by side from west to east: P1, P2, ...; industry unless told otherwise."""
    return block_of(count, 1, **columns)


def block_of(columns_count: int, rows_count: int, **columns: Any) -> gpd.GeoDataFrame:
    """A chessboard of squares, row by row from the south-west: P1, P2, ..."""
    count = columns_count * rows_count
    shapes = [square(i % columns_count, i // columns_count) for i in range(count)]
    index = [f"P{i + 1}" for i in range(count)]
    town = gpd.GeoDataFrame(
        {"use": "100102", "landuse_version": "mnr2023", **columns},
        geometry=shapes,
        crs=CRS,
        index=index,
    )
    return town.rename_axis("parcel_id")


def park_of(parcels: gpd.GeoDataFrame, **layers: pd.DataFrame) -> Park:
    """A park of these parcels and layers, unchecked."""
    return Park(name={"en": "Town", "zh": "小镇"}, layers={"parcels": parcels, **layers})


def places_of(kind: str, *shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    """A layer of shapes with ids 1, 2, ...: ``places_of("water", pond)``."""
    index = pd.Index([str(i + 1) for i in range(len(shapes))], name=f"{kind}_id")
    return gpd.GeoDataFrame(geometry=list(shapes), crs=CRS, index=index)


def pond(west_m: float, south_m: float, *, size: float = 100.0) -> shapely.Polygon:
    """A square of water, its south-west corner in metres from that of the town."""
    return shapely.box(EAST + west_m, NORTH + south_m, EAST + west_m + size, NORTH + south_m + size)


def ledger(*rows: tuple[str, str, str | None, str | None]) -> dict[str, pd.DataFrame]:
    """Layers enterprises and occupancy of rows (firm, parcel, operating state, role)."""
    table = pd.DataFrame(rows, columns=["enterprise_id", "parcel_id", "operating_status", "role"])
    firms = table.drop_duplicates("enterprise_id").set_index("enterprise_id")
    return {
        "enterprises": firms[["operating_status"]],
        "occupancy": table[["enterprise_id", "parcel_id", "role"]],
    }
