"""Plans of whole parks: the sample with its ledger, Huizhou without any, checked from the written file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import plan_checker
import pytest

from geoplan.evaluate import evaluate_park
from geoplan.io import write_geopackage
from geoplan.io.read import read_park
from geoplan.io.sample import make_sample_park
from geoplan.model.answers import Allocation, Centres, Greenway, StageLeftOut
from geoplan.model.park import Park
from geoplan.model.rulepack import load_rules
from geoplan.plan import (
    AreaTarget,
    CandidateRule,
    Programme,
    Separation,
    ShareTarget,
    candidate_parcels,
    plan_land_use,
    products_of,
    route_greenway,
    site_centres,
    targets_like_today,
)
from geoplan.units import m2_from_mu

RULES = load_rules(["seed-practice", "plan-assumed"])


def written(folder: Path, park: Park, plan: Allocation) -> Path:
    path = folder / "plan.gpkg"
    layers = {
        "plan": plan.parcels, "suitability": plan.suitability, "plan_rules": plan.rules
    }  # fmt: skip
    write_geopackage(path, layers=layers, provenance={}, date=dt.date(2026, 1, 1), crs=park.crs)
    return path


def area_by(parcels: pd.DataFrame, column: str) -> pd.Series:
    return parcels.area.groupby(parcels[column]).sum()


def test_the_sample_park_becomes_a_district(tmp_path: Path) -> None:
    park = make_sample_park()
    homes_and_commerce = (
        "lakeside_homes", "talent_homes", "resettlement_homes", "service_centre"
    )  # fmt: skip
    programme = Programme(
        products=products_of(RULES, [*homes_and_commerce, "innovation_block", "park", "plaza"]),
        candidates=CandidateRule(triage=("acquire",), has_vacant_land=True, has_later_phases=True),
        area_targets=(
            AreaTarget(
                name="homes", products=homes_and_commerce, lower_m2=m2_from_mu(848),
                upper_m2=m2_from_mu(882), source="865 mu within 2 %",
            ),
            ShareTarget(name="centres", products=("service_centre",), upper_share=0.1, source=""),
            ShareTarget(name="plazas", products=("plaza",), upper_share=0.02, source=""),
        ),
        separations=(Separation(grade="M2"), Separation(grade="M3")),
    )  # fmt: skip
    evaluation = evaluate_park(park, rules=RULES)
    plan = plan_land_use(park, evaluation, programme=programme, rules=RULES, relative_gap=1e-3)
    assert plan.proof.gap_share <= 1e-3
    assert plan_checker.check(written(tmp_path, park, plan), lambda _: None) == []
    before, after = area_by(plan.parcels, "use").sum(), area_by(plan.parcels, "planned_use").sum()
    assert after == pytest.approx(before, rel=1e-9)
    school = park.parcels.index[park.parcels["use"] == "080403"]
    assert not plan.parcels.loc[school, "is_candidate"].any()
    centres = site_centres(park, plan, rules=RULES)
    assert isinstance(centres, Centres)
    assert len(centres.sites) == 2
    assert centres.proof.gap_share < 1e-6
    greenway = route_greenway(park, plan, rules=RULES)
    assert isinstance(greenway, Greenway)
    assert {"park", "school", "shore"} <= set(greenway.places["kind"])
    assert greenway.proof.gap_share < 1e-6


@pytest.mark.data
def test_huizhou_is_reallocated_without_ledger_streets_or_facilities(
    tmp_path: Path, data_root: Path, project_root: Path
) -> None:
    source = project_root / "data" / "gis" / "sources" / "huizhou.yaml"
    park = read_park(source, data_root=data_root)
    products = products_of(RULES, ["talent_homes", "service_centre", "modern_industry", "park"])
    rule = CandidateRule(uses=tuple(product.use for product in products))
    asked = Programme(products=products, candidates=rule)
    evaluation = evaluate_park(park, rules=RULES)
    chosen = candidate_parcels(park, evaluation, programme=asked)["is_candidate"].to_numpy(bool)
    assert chosen.sum() > 40
    targets = targets_like_today(
        park.parcels[chosen], products=products, tolerance_share=0.1, source="today, within a tenth"
    )
    programme = Programme(
        products=products,
        candidates=rule,
        area_targets=targets,
        separations=(Separation(grade="M2"),),
    )
    plan = plan_land_use(park, evaluation, programme=programme, rules=RULES)
    assert plan_checker.check(written(tmp_path, park, plan), lambda _: None) == []
    today, then = area_by(plan.parcels, "use"), area_by(plan.parcels, "planned_use")
    for product in products:
        assert then[product.use] == pytest.approx(today[product.use], rel=0.1)
    for answer in (site_centres(park, plan, rules=RULES), route_greenway(park, plan, rules=RULES)):
        assert isinstance(answer, StageLeftOut)
        assert "roads" in answer.message.text("en")
