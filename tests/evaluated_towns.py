"""Small parks for the evaluation: squares of 10 000 m2, firms, and what they report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
from towns import street_of

from geoplan.model.park import Park

NAN = float("nan")


def bools(*values: bool | None) -> Any:
    """Yes, no and unknown as the schema holds them."""
    return pd.array(values, dtype="boolean")


def firms(**operating_status: str) -> pd.DataFrame:
    """Firms by id with how they run; all industrial."""
    ids = list(operating_status)
    return pd.DataFrame(
        {
            "name": [f"Enterprise {name}" for name in ids],
            "operating_status": list(operating_status.values()),
            "is_industrial_use": bools(*[True] * len(ids)),
        },
        index=pd.Index(ids, name="enterprise_id"),
    )


def ledger(*rows: tuple[Any, ...], columns: str = "enterprise_id parcel_id role") -> pd.DataFrame:
    """Rows of ``occupancy``."""
    return pd.DataFrame(list(rows), columns=columns.split())


def reports(
    first_year: int, *, column: str = "output_amount", **series: Sequence[float]
) -> pd.DataFrame:
    """What firms report from a year on: ``reports(2023, E1=[9e6, 8e6])``."""
    rows = [
        (firm, first_year + offset, amount)
        for firm, amounts in series.items()
        for offset, amount in enumerate(amounts)
    ]
    return pd.DataFrame(rows, columns=["enterprise_id", "year", column])


def park_of(parcels: gpd.GeoDataFrame, *, currency: str = "CNY", **layers: pd.DataFrame) -> Park:
    """A park of tables that are already as the schema wants them."""
    return Park(name={"en": "Town"}, layers={"parcels": parcels, **layers}, currency=currency)


def one_firm_each(
    parcels: gpd.GeoDataFrame, amounts: Mapping[str, Sequence[float]], *, first_year: int = 2021
) -> Park:
    """Every parcel has one firm of its own, E-P1 on P1, ...; ``amounts`` by parcel."""
    named = {f"E-{parcel}": "normal" for parcel in amounts}
    return park_of(
        parcels,
        enterprises=firms(**named),
        occupancy=ledger(*[(f"E-{parcel}", parcel, "owner") for parcel in amounts]),
        performance=reports(first_year, **{f"E-{p}": a for p, a in amounts.items()}),
    )


def lantian() -> Park:
    """Six parcels of 10 000 m2 (15 mu): a good plant, a poor one, a late one, a let one, an empty one, a school."""
    parcels = street_of(
        6,
        use=["100102", "100102", "110101", "100101", "2301", "080403"],
        vacancy_months=[NAN, NAN, NAN, NAN, 30.0, NAN],
        floor_area_m2=[8000.0, 4000.0, 6000.0, 5000.0, 0.0, 9000.0],
    )
    people = firms(good="normal", poor="reduced", late="normal", lessor="normal", gym="normal")
    people["is_industrial_use"] = bools(True, True, True, True, False)
    people["employee_count"] = [100.0, 50.0, 20.0, NAN, 5.0]
    links = ledger(
        ("good", "P1", "owner"),
        ("poor", "P2", "owner"),
        ("late", "P3", "owner"),
        ("lessor", "P4", "owner"),
        ("gym", "P4", "tenant"),
    ).assign(floor_area_m2=[8000.0, 4000.0, 6000.0, 3000.0, 2000.0], land_share=[1, 1, 1, 0.6, 0.4])
    figures = reports(
        2023,
        good=[8e6, 8e6, 9e6],
        poor=[2e6, 2e6, 1e6],
        late=[NAN, NAN, 4e6],
        lessor=[5e6, 5e6, 6e6],
    )
    return park_of(parcels, enterprises=people, occupancy=links, performance=figures)
