"""Loops compiled by numba, in about two seconds: kept on disk where that can be written, compiled again where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

__all__ = ["kernel"]

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop at its first call; it leaves other threads alone and always adds up in the same order."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside the module nor at home is there a place to write
        return numba.njit(nogil=True)(function)
