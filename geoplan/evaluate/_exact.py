"""Sums free of rounding: whatever the order of the rows and their split, the same sum to the last bit.

A sum is kept as whole units, parts of 2**-40 and shreds of 2**-80, three integers. A figure of 2**-27 or more in size
(7.5e-9) is summed as it is; what a smaller one has beyond the shreds is cut off, down to the next shred. Sizes may add
up to less than 2**62 (4.6e18).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoplan.evaluate._arrays import Floats

__all__ = ["MOST", "Limbs", "carried", "floats_of_limbs", "is_summable", "limb_sums"]

#: Whole units, parts and shreds, on the first axis.
Limbs = NDArray[np.int64]

_PART_BITS = 40
_SHRED_BITS = 2 * _PART_BITS
#: Where sizes no longer fit an integer.
MOST = 2.0**62
#: Digits of a float.
_DIGITS = 53
#: Rows worked on at once, so that they stay in the processor's cache.
_BLOCK = 2**14


def is_summable(values: Floats) -> bool:
    """Whether the sizes of finite figures add up to less than 2**62."""
    largest = _largest(values)
    return largest * len(values) < MOST or bool(np.abs(values).sum() < MOST)


def limb_sums(values: Floats, cell: NDArray[np.intp], count: int) -> Limbs:
    """Sums of :func:`summable <is_summable>` figures by cell, from 0 to ``count`` - 1.

    Each figure is cut into slices, multiples of ever smaller units. A unit is so large that all slices of it add up
    without rounding in a float (Rump, Ogita and Oishi 2008, "Accurate floating-point summation", call it extraction).

    Examples
    --------
    >>> thirds = limb_sums(np.array([1e17, 0.25, -1e17, 0.5]), np.array([0, 0, 0, 1]), 2)
    >>> floats_of_limbs(thirds).tolist()
    [0.25, 0.5]
    """
    sums = np.zeros((3, count), dtype=np.int64)
    units = _units(_largest(values), len(values))
    slices = np.zeros((len(units), count))
    size = max(_BLOCK, count)
    for begin in range(0, len(values), size):
        rows = slice(begin, begin + size)
        _add_slices(values[rows], cell[rows], units, slices)
    for unit, total in zip(units, slices, strict=True):
        sums += _limbs(total * unit)
    return carried(sums)


def carried(limbs: Limbs) -> Limbs:
    """Shreds that make up parts, and parts that make up units, are moved there: equal sums look equal."""
    whole, parts, shreds = limbs
    parts = parts + (shreds >> _PART_BITS)
    mask = (1 << _PART_BITS) - 1
    return np.stack([whole + (parts >> _PART_BITS), parts & mask, shreds & mask])


def floats_of_limbs(limbs: Limbs) -> Floats:
    """Sums as floats, to a part of 2**-51."""
    is_negative = limbs[0] < 0
    whole, parts, shreds = np.where(
        is_negative, carried(-limbs), limbs
    )  # sizes, lest -1 + 0.99 lose digits
    size = whole + (parts + shreds * 2.0**-_PART_BITS) * 2.0**-_PART_BITS
    return np.asarray(np.where(is_negative, -size, size), dtype=np.float64)


def _largest(values: Floats) -> float:
    return float(max(values.max(), -values.min())) if len(values) else 0.0


def _units(largest: float, count: int) -> list[float]:
    """The units of the slices, powers of 2, the shred the last of them."""
    bits = count.bit_length()
    exponent = int(np.frexp(largest)[1]) + bits - _DIGITS + 1
    units = []
    while exponent > -_SHRED_BITS:
        units.append(2.0**exponent)
        exponent -= _DIGITS - bits
    return [*units, 2.0**-_SHRED_BITS]


def _add_slices(values: Floats, cell: NDArray[np.intp], units: list[float], slices: Floats) -> None:
    """Add the slices of some rows, counted in their units."""
    count = slices.shape[1]
    rest = values
    for number, unit in enumerate(units[:-1]):
        anchor = 1.5 * 2.0 ** (_DIGITS - 1) * unit  # a float of this size is a multiple of the unit
        part = (rest + anchor) - anchor
        slices[number] += np.bincount(cell, weights=part, minlength=count) / unit
        rest = rest - part
        if not rest.any():
            return
    part = np.floor(rest / units[-1])
    slices[-1] += np.bincount(cell, weights=part, minlength=count)


def _limbs(totals: Floats) -> Limbs:
    whole = np.trunc(totals)
    fraction = np.ldexp(totals - whole, _PART_BITS)
    parts = np.trunc(fraction)
    shreds = np.ldexp(fraction - parts, _PART_BITS)
    return np.stack([whole, parts, shreds]).astype(np.int64)
