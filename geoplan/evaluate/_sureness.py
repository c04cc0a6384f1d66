"""What robust, borderline and decided by unknown data mean, and how the checks that say so are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from geoplan.evaluate._arrays import Bools, Codes
from geoplan.evaluate._texts import Texts, messages
from geoplan.words import Message, join

__all__ = [
    "BORDERLINE",
    "ROBUST",
    "SURENESS",
    "UNKNOWN_DATA",
    "Check",
    "Named",
    "beside",
    "told_of",
]

#: How sure a verdict can be.
SURENESS = ("robust", "borderline", "unknown_data")
ROBUST, BORDERLINE, UNKNOWN_DATA = range(3)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Check:
    """One thing changed: its name, in words, the verdicts it gives (only where it has a say), and the triage."""

    name: str
    words: Message
    verdicts: Mapping[str, Codes]
    triage: pd.Categorical


@dataclass(frozen=True, slots=True)
class Named:
    """A name and its words."""

    name: str
    words: Message


def beside(columns: Sequence[Bools], count: int) -> Bools:
    """Marks of ``count`` rows as one table; without a column where there is none."""
    return np.column_stack(columns) if columns else np.zeros((count, 0), dtype=bool)


def told_of(flags: Bools, items: Sequence[Check | Named]) -> tuple[pa.Array, Texts]:
    """What is marked in each row, by name and in words; rows alike are worked out once."""
    packed = np.packbits(flags, axis=1) if flags.shape[1] else np.zeros((len(flags), 1), np.uint8)
    _, first, row = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    marked = [[items[at] for at in np.flatnonzero(flags[place]).tolist()] for place in first]
    names = pa.array(
        ["; ".join(item.name for item in items_of) for items_of in marked], pa.large_string()
    )
    words = messages(
        [join([item.words for item in items_of], "common.enumeration") for items_of in marked]
    )
    return names.take(row.ravel()), words.take(row.ravel())
