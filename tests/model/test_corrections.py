from __future__ import annotations

import pandas as pd
import pytest
from evaluated_towns import lantian

from geoplan.errors import InputError
from geoplan.evaluate import evaluate_park
from geoplan.model.corrections import CORRECTION_COLUMNS, apply_corrections
from geoplan.model.rulepack import load_rules


def corrections(*cells: tuple[str, str, str, object]) -> pd.DataFrame:
    rows = [(*cell, "Lin", "2026-03-01", "seen on site") for cell in cells]
    return pd.DataFrame(rows, columns=list(CORRECTION_COLUMNS))


def test_a_correction_changes_one_cell_of_another_park_and_the_verdict() -> None:
    park = lantian()
    fixed = apply_corrections(
        park,
        corrections(
            ("performance", "poor/2025", "output_amount", "9,000,000"),
            ("parcels", "P5", "vacancy_months", "6"),
            ("enterprises", "good", "employee_count", "unknown"),
        ),
    )
    assert fixed.layers["performance"]["output_amount"].tolist()[5] == 9e6
    assert park.layers["performance"]["output_amount"].tolist()[5] == 1e6
    assert pd.isna(fixed.layers["enterprises"].loc["good", "employee_count"])
    rules = load_rules(["seed-practice"])
    before, after = (evaluate_park(one, rules=rules).parcels for one in (park, fixed))
    assert (before.loc["P5", "vacant"], after.loc["P5", "vacant"]) == ("yes", "no")
    assert (before.loc["P2", "below_mean"], after.loc["P2", "below_mean"]) == ("yes", "no")


def test_every_wrong_correction_is_told_at_once() -> None:
    wrong = corrections(
        ("parcel", "P1", "use", "2301"),
        ("parcels", "P9", "is_vacant", "yes"),
        ("parcels", "P1", "vacancy_month", "3"),
        ("parcels", "P1", "vacancy_months", "many"),
        ("enterprises", "good", "operating_status", "sleeping"),
        ("parcels", "P1", "parcel_id", "P2"),
        ("parcels", "P2", "vacancy_months", "3"),
        ("parcels", "P2", "vacancy_months", "4"),
    )
    wrong.loc[1, "who"] = " "
    with pytest.raises(InputError) as caught:
        apply_corrections(lantian(), wrong)
    text = str(caught.value)
    for number in (1, 2, 3, 4, 5, 6, 8):
        assert f"correction {number}:" in text
    assert "the nearest is parcels" in text
    assert "the nearest is vacancy_months" in text
    assert "correction 7:" not in text


def test_a_table_without_reasons_is_refused() -> None:
    with pytest.raises(InputError, match="reason"):
        apply_corrections(lantian(), corrections().drop(columns="reason"))
