"""Which facilities are there: a planned one, or a site proposed for one, serves nobody yet."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["are_there"]

_NOT_THERE = ("planned", "candidate")


def are_there(facilities: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows of layer ``facilities`` that serve people today; one whose status nobody knows counts as there.

    Examples
    --------
    >>> are_there(pd.DataFrame({"status": ["existing", "planned", None]})).tolist()
    [True, False, True]
    """
    if "status" not in facilities:
        return np.ones(len(facilities), dtype=bool)
    return np.asarray(~facilities["status"].isin(_NOT_THERE), dtype=bool)
