"""Square metres, mu, hectares; converted here and nowhere else.

Inside geoplan every area is in m2 and every sum of money in the park's currency. Other units exist in files and
on paper only.

Examples
--------
>>> m2_from_mu(73)
48666.666666666664
>>> mu_from_m2(10_000)
15.0
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AMOUNT_UNITS",
    "AREA_UNITS",
    "LENGTH_UNITS",
    "M2_PER_HA",
    "M2_PER_MU",
    "ha_from_m2",
    "m2_from_mu",
    "mu_from_m2",
    "to_base",
]

M2_PER_MU = 2000 / 3  # 1 mu = 1/15 ha
M2_PER_HA = 10_000.0

#: How many m2 one unit is.
AREA_UNITS: Mapping[str, float] = MappingProxyType(
    {
        "m2": 1.0,
        "mu": M2_PER_MU,
        "ha": M2_PER_HA,
        "km2": 1e6,
        "sqft": 0.3048**2,
        "sqft_us": (1200 / 3937) ** 2,
    }
)
#: How many metres one unit is.
LENGTH_UNITS: Mapping[str, float] = MappingProxyType(
    {"m": 1.0, "km": 1000.0, "ft": 0.3048, "ft_us": 1200 / 3937}
)
#: How many units of the currency one unit is (``10k``: wan).
AMOUNT_UNITS: Mapping[str, float] = MappingProxyType(
    {"1": 1.0, "1k": 1e3, "10k": 1e4, "1m": 1e6, "100m": 1e8}
)

Number = TypeVar("Number", float, NDArray[np.float64])


def m2_from_mu(area_mu: Number) -> Number:
    """Area in m2 of an area in mu."""
    return area_mu * M2_PER_MU


def mu_from_m2(area_m2: Number) -> Number:
    """Area in mu of an area in m2."""
    return area_m2 / M2_PER_MU


def ha_from_m2(area_m2: Number) -> Number:
    """Area in hectares of an area in m2."""
    return area_m2 / M2_PER_HA


_RATIO_UNITS: Mapping[str, float] = MappingProxyType({"share": 1.0, "percent": 0.01})
_COUNTED_UNITS: Mapping[str, float] = MappingProxyType(
    {"person": 1.0, "tce": 1.0, "t": 1.0, "kWh": 1.0}
)


def to_base(unit: str) -> float:
    """How many base units (m2, m, one unit of currency, a share of 1) one ``unit`` is.

    A quotient is written with a slash: ``to_base("10k/mu")`` turns ten thousand yuan per mu into yuan per m2. Persons,
    tonnes (``t``, of coal equivalent ``tce``) and ``kWh`` are what they are.

    Raises
    ------
    KeyError
        The unit is not known.

    Examples
    --------
    >>> round(to_base("10k/mu"), 6)
    15.0
    """
    top, _, bottom = unit.partition("/")
    return _factor(top) / (_factor(bottom) if bottom else 1.0)


def _factor(unit: str) -> float:
    for table in (AREA_UNITS, LENGTH_UNITS, AMOUNT_UNITS, _RATIO_UNITS, _COUNTED_UNITS):
        if unit in table:
            return table[unit]
    raise KeyError(unit)
