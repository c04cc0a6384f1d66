"""A park opened in SQL, from the GeoPackage as it is written: for a second way to every answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import shapely

#: Bytes before the shape itself, by what the header of a GeoPackage geometry says of its envelope.
ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}

#: Columns that a small town leaves out: unknown in every row.
MAY_BE_MISSING = {
    "parcels": "is_vacant",
    "occupancy": "land_share floor_area_m2 from_date to_date",
    "enterprises": "is_industrial_use",
}

#: Below the mean for years. Unknown is NULL throughout: a sum that holds a NULL is NULL where ``count(x) = count(*)`` fails.
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


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """The inputs of a park; columns that a town leaves out are there and unknown."""
    with closing(sqlite3.connect(file)) as book:
        book.create_function("area_m2", 1, area_m2, deterministic=True)
        tables = {row[0] for row in book.execute("SELECT name FROM sqlite_master")}
        assert "findings" not in tables  # it sees inputs only
        for table, wanted in MAY_BE_MISSING.items():
            here = {row[1] for row in book.execute(f"PRAGMA table_info({table})")}
            for column in wanted.split():
                if column not in here:
                    book.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
        yield book
