"""A second way to the answer: the whole sample judged again in SQL, from the GeoPackage as it is written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from evaluated_towns import NAN, bools, firms, lantian, ledger, park_of, reports
from sql_park import VERDICTS, opened
from towns import street_of

from geoplan.evaluate import evaluate_park
from geoplan.io import make_sample_park, write_geopackage
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules


def judged_in_sql(file: Path, *, min_years: int) -> pd.DataFrame:
    with opened(file) as book:
        return pd.read_sql_query(VERDICTS, book, params={"min_years": min_years}).set_index(
            "parcel_id"
        )


def shared_land() -> Park:
    """Firms on several plots, plots of several firms, by share and by floor, one that came late and one that left."""
    people = firms(wide="normal", small="normal", late="normal", gone="stopped", gym="normal")
    people["is_industrial_use"] = bools(True, True, True, True, False)
    links = ledger(
        ("wide", "P1", 6000.0, NAN, None, None),
        ("small", "P1", 2000.0, NAN, None, None),
        ("gym", "P1", 500.0, NAN, None, None),  # tells nothing, adds nothing, still takes its floor
        ("wide", "P2", NAN, 0.7, None, None),
        ("gone", "P2", NAN, 0.3, None, "2023-12-31"),
        ("late", "P3", 9000.0, NAN, "2024-02-01", None),
        ("wide", "P3", 1000.0, NAN, None, None),
        ("small", "P5", NAN, NAN, None, None),  # alone there: the whole plot
        ("gym", "P4", NAN, NAN, None, None),
        columns="enterprise_id parcel_id floor_area_m2 land_share from_date to_date",
    )
    figures = reports(
        2022, wide=[6e6, 7e6, 8e6, 9e6], small=[1e6, 1e6, 1e6, 3e6], gone=[2e6, 1e6], late=[NAN, NAN, 5e6, 1e6],
    )  # fmt: skip
    return park_of(street_of(5), enterprises=people, occupancy=links, performance=figures)


PARKS = {"sample": make_sample_park, "lantian": lantian, "shared land": shared_land}


@pytest.fixture(scope="module", params=list(PARKS))
def park(request: pytest.FixtureRequest) -> Park:
    return PARKS[request.param]()


@pytest.fixture(scope="module")
def file(park: Park, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The park as a run writes it, without any result."""
    path = tmp_path_factory.mktemp("sql") / "park.gpkg"
    layers = {name: park.layers[name] for name in park}
    write_geopackage(path, layers=layers, provenance={}, date=dt.date(2026, 5, 1), crs=park.crs)
    return path


def rules_for(min_years: int) -> Rules:
    return load_rules(
        ["seed-practice"], overrides={"below_mean.min_years": min_years}, overrides_source="test"
    )


def judged(park: Park, min_years: int) -> Evaluation:
    return evaluate_park(park, rules=rules_for(min_years), measure="output")


@pytest.mark.parametrize("min_years", [1, 2, 3, 5, 6])
def test_every_verdict_is_the_same_in_sql(park: Park, file: Path, min_years: int) -> None:
    ours = judged(park, min_years).parcels.query("is_assessed").sort_index()
    theirs = judged_in_sql(file, min_years=min_years)
    assert theirs.index.tolist() == ours.index.tolist()
    assert theirs["verdict"].tolist() == ours["below_mean"].tolist()


def test_figures_runs_and_means_are_the_same_in_sql(park: Park, file: Path) -> None:
    evaluation = judged(park, 3)
    ours = evaluation.parcels.query("is_assessed").sort_index()
    theirs = judged_in_sql(file, min_years=3)
    assert theirs["per_m2"].tolist() == pytest.approx(
        ours["measure_amount_per_m2"].tolist(), rel=1e-9, nan_ok=True
    )
    mean = evaluation.averages["mean_amount_per_m2"].iloc[-1]
    assert theirs["mean"].dropna().to_numpy() == pytest.approx(mean, rel=1e-12)
    known = ours["below_mean_run_years"].notna()
    assert (theirs["run_years"][known] == ours["below_mean_run_years"][known]).all()


def test_the_sample_has_verdicts_of_every_kind() -> None:
    assert set(judged(make_sample_park(), 3).parcels["below_mean"].dropna()) == {
        "yes",
        "no",
        "unknown",
    }
