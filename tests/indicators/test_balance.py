from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towns import block_of, street_of

from geoplan.indicators import land_balance
from geoplan.model.schema import columns_of

HA = 10_000.0


def test_land_is_counted_by_code_before_and_after() -> None:
    town = street_of(4, use=["100102", "100102", "2301", "unknown"])
    table = land_balance(town, after=pd.Series({"P1": "1401", "P2": None, "P3": "070102"}))
    assert list(table) == list(columns_of("land_balance"))
    assert table[["use", "before_m2", "after_m2", "change_m2"]].to_numpy().tolist() == [
        ["070102", 0.0, HA, HA],
        ["100102", 2 * HA, HA, -HA],  # P2 keeps its use
        ["1401", 0.0, HA, HA],
        ["2301", HA, 0.0, -HA],
        ["unknown", HA, HA, 0.0],  # last
    ]
    assert table.loc[2, ["name_en", "name_zh"]].tolist() == ["parks", "公园绿地"]


def test_without_a_plan_nothing_is_said_of_after() -> None:
    table = land_balance(street_of(2))
    assert table["before_m2"].tolist() == [2 * HA]
    assert table[["after_m2", "change_m2"]].isna().all(axis=None)


codes = st.sampled_from(["100102", "1401", "070102", "2301", "unknown"])


@given(st.lists(st.tuples(codes, codes | st.none()), min_size=1, max_size=12))
def test_the_land_before_is_the_land_after(uses: list[tuple[str, str | None]]) -> None:
    town = block_of(4, 3).iloc[: len(uses)]
    before, after = (list(column) for column in zip(*uses, strict=True))
    table = land_balance(
        town.assign(use=before), after=pd.Series(after, index=town.index, dtype="str")
    )
    site = town.area.sum()
    assert table["before_m2"].sum() == pytest.approx(site, rel=1e-9)
    assert table["after_m2"].sum() == pytest.approx(site, rel=1e-9)
    assert np.isclose(table["change_m2"].sum(), 0.0, atol=1e-9 * site)
