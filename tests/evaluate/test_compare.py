from __future__ import annotations

from evaluated_towns import lantian

from geoplan.evaluate import evaluate_park
from geoplan.evaluate.compare import compare_evaluations
from geoplan.model.rulepack import load_rules


def test_only_what_changed_is_listed_with_the_new_reason() -> None:
    park = lantian()
    rules = load_rules(["seed-practice"])
    before = evaluate_park(park, rules=rules)
    fixed = park.parcels.assign(vacancy_months=[None, None, None, None, 6.0, None])
    after = evaluate_park(park.with_layers(parcels=fixed), rules=rules)
    changed = compare_evaluations(before, after)
    assert changed[
        ["parcel_id", "finding", "verdict_before", "verdict_after"]
    ].to_numpy().tolist() == [
        ["P5", "non_industrial_lease", "no", "unknown"],  # no firm there, and no longer vacant
        ["P5", "vacant", "yes", "no"],
    ]
    assert changed["reason_en"].tolist() == [
        "no firm is recorded on it",
        "empty for 6 months only (12 or more count)",
    ]
    assert compare_evaluations(before, before).empty
