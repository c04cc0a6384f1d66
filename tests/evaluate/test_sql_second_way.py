"""A second way to the answer: the whole sample judged again in SQL, from the GeoPackage as it is written."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import shapely
from evaluated_towns import NAN, bools, firms, lantian, ledger, park_of, reports
from towns import street_of

from geoplan.evaluate import evaluate_park
from geoplan.io import make_sample_park, write_geopackage
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules

#: Bytes before the shape itself, by what the header of a GeoPackage geometry says of its envelope.
ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}

#: Columns that a small town leaves out: unknown in every row.
MAY_BE_MISSING = {
    "parcels": "is_vacant",
    "occupancy": "land_share floor_area_m2 from_date to_date",
    "enterprises": "is_industrial_use",
}

#: Unknown is NULL throughout: a sum that holds a NULL is NULL where ``count(x) = count(*)`` fails.
VERDICTS = """
WITH RECURSIVE
land AS (
    SELECT parcel_id, area_m2(geom) AS area,
           use LIKE '1001%' OR use LIKE '11%' OR use LIKE '2301%' OR coalesce(is_vacant, 0)
               AS is_assessed
    FROM parcels
),
figures AS (
    SELECT enterprise_id AS firm, year, output_amount AS amount
    FROM performance WHERE output_amount IS NOT NULL
),
years(year) AS (
    SELECT min(year) FROM figures
    UNION ALL SELECT year + 1 FROM years WHERE year < (SELECT max(year) FROM figures)
),
silent AS (  -- known to be outside industry, and reports nothing in any year
    SELECT enterprise_id AS firm FROM enterprises
    WHERE is_industrial_use = 0 AND enterprise_id NOT IN (SELECT firm FROM figures)
),
pairs AS (  -- each firm on each plot in each year, once
    SELECT y.year, o.enterprise_id AS firm, o.parcel_id,
           CASE WHEN count(o.land_share) = count(*) THEN sum(o.land_share) END AS stated,
           CASE WHEN count(o.floor_area_m2) = count(*) THEN sum(o.floor_area_m2) END AS floor
    FROM occupancy o JOIN years y
      ON coalesce(CAST(strftime('%Y', o.from_date) AS INTEGER), 0) <= y.year
     AND coalesce(CAST(strftime('%Y', o.to_date) AS INTEGER), 9999) >= y.year
    GROUP BY y.year, o.enterprise_id, o.parcel_id
),
counted AS (
    SELECT p.*, l.area,
           count(*) OVER plot AS firms_on_plot,
           CASE WHEN count(p.floor) OVER plot = count(*) OVER plot
                THEN nullif(sum(p.floor) OVER plot, 0) END AS occupied
    FROM pairs p LEFT JOIN land l USING (parcel_id)
    WINDOW plot AS (PARTITION BY p.year, p.parcel_id)
),
shares AS (
    SELECT year, firm, parcel_id,
           area * CASE WHEN stated IS NOT NULL THEN stated
                       WHEN firms_on_plot = 1 THEN 1.0
                       ELSE floor / occupied END AS land
    FROM counted
),
parts AS (  -- the part of a firm's amount that goes to each of its plots
    SELECT s.*,
           CASE WHEN count(*) OVER firm_year = 1 THEN 1.0
                WHEN count(s.land) OVER firm_year = count(*) OVER firm_year
                THEN s.land / nullif(sum(s.land) OVER firm_year, 0) END AS part
    FROM shares s
    WINDOW firm_year AS (PARTITION BY s.year, s.firm)
),
amounts AS (
    SELECT p.year, p.parcel_id,
           CASE WHEN count(f.amount * p.part) = count(*) THEN sum(f.amount * p.part) END AS amount
    FROM parts p LEFT JOIN figures f ON f.firm = p.firm AND f.year = p.year
    WHERE p.part IS NOT 0 AND p.firm NOT IN (SELECT firm FROM silent)
    GROUP BY p.year, p.parcel_id
),
yearly AS (  -- every assessed parcel in every year
    SELECT l.parcel_id, l.area, y.year, a.amount
    FROM land l JOIN years y
    LEFT JOIN amounts a ON a.parcel_id = l.parcel_id AND a.year = y.year
    WHERE l.is_assessed
),
means AS (
    SELECT year, sum(amount) / sum(area) AS mean FROM yearly WHERE amount IS NOT NULL GROUP BY year
),
compared AS (
    SELECT v.parcel_id, v.year, v.amount / v.area AS per_m2, m.mean,
           m.mean - v.amount / v.area > 1e-9 * abs(m.mean) AS is_below
    FROM yearly v LEFT JOIN means m USING (year)
),
runs AS (  -- the years after the last one known not to be below
    SELECT c.*, c.year > coalesce((SELECT max(n.year) FROM compared n
                                   WHERE n.parcel_id = c.parcel_id AND n.is_below = 0), 0) AS is_run
    FROM compared c
)
SELECT parcel_id,
       CASE WHEN sum(is_run AND coalesce(is_below, 0)) >= :min_years THEN 'yes'
            WHEN min(is_run) = 1 OR sum(is_run) >= :min_years THEN 'unknown'
            ELSE 'no' END AS verdict,
       sum(is_run AND coalesce(is_below, 0)) AS run_years,
       max(CASE WHEN year = (SELECT max(year) FROM years) THEN per_m2 END) AS per_m2,
       max(CASE WHEN year = (SELECT max(year) FROM years) THEN mean END) AS mean
FROM runs GROUP BY parcel_id ORDER BY parcel_id
"""


def area_m2(geometry: bytes) -> float:
    """Area of a shape as a GeoPackage holds it: by the shoelace formula, ring by ring."""
    shape = shapely.from_wkb(geometry[8 + ENVELOPE_BYTES[geometry[3] >> 1 & 7] :])
    return sum(
        shoelace(part.exterior) - sum(shoelace(hole) for hole in part.interiors)
        for part in getattr(shape, "geoms", [shape])
    )


def shoelace(ring: shapely.LinearRing) -> float:
    places = list(ring.coords)
    x, y = places[0]  # near the origin nothing is lost
    return abs(
        sum(
            (x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)
            for (x1, y1), (x2, y2) in pairwise(places)
        )
    ) / 2  # fmt: skip


def judged_in_sql(file: Path, *, min_years: int) -> pd.DataFrame:
    with closing(sqlite3.connect(file)) as book:
        book.create_function("area_m2", 1, area_m2, deterministic=True)
        tables = {row[0] for row in book.execute("SELECT name FROM sqlite_master")}
        assert "findings" not in tables  # it sees inputs only
        for table, wanted in MAY_BE_MISSING.items():
            here = {row[1] for row in book.execute(f"PRAGMA table_info({table})")}
            for column in wanted.split():
                if column not in here:
                    book.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
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
