"""A whole small park judged again in SQL: averages, all findings, triage and grades, from the GeoPackage as written.

Nothing of the package is used for the second way: not its arithmetic, not its rule packs. The numbers of the rules stand
in the statements below, as the packs quote them.
"""

# ruff: noqa: S608  (every statement is made of this file alone)
from __future__ import annotations

import datetime as dt
import sqlite3

import geopandas as gpd
import pandas as pd
import pytest
from evaluated_towns import NAN, bools, park_of
from sql_park import VERDICTS, opened
from towns import CRS, square, street_of

from geoplan.evaluate import evaluate_park, grade_table, grade_years
from geoplan.io import write_geopackage
from geoplan.model.answers import Evaluation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules

PACKS = ["seed-practice", "findings-assumed", "huangyan-2022", "value-ratio"]
#: From the first statement of VERDICTS, a firm's figures by parcel and year.
SPREAD = VERDICTS[: VERDICTS.index("yearly AS (")].rstrip().rstrip(",")

GROUND = """
CREATE TEMP TABLE now AS
    SELECT o.enterprise_id AS firm, o.parcel_id, o.floor_area_m2 AS floor, o.role, e.operating_status AS status,
           e.is_industrial_use AS industrial, ltrim(e.industry_code, 'ABCDEFGHIJKLMNOPQRST') AS trade
    FROM occupancy o JOIN enterprises e USING (enterprise_id)
    WHERE o.to_date IS NULL OR o.to_date >= '2025-12-31';
CREATE TEMP TABLE standing AS
    SELECT parcel_id, count(*) AS buildings, sum(area_m2(geom)) AS covered, sum(floor_area_m2) AS floor,
           sum(floor_area_m2 * CASE WHEN is_double_counted = 1
                                      OR is_double_counted IS NULL AND height_m / storey_count > 8 THEN 2 ELSE 1 END)
               AS counted
    FROM buildings GROUP BY parcel_id;
CREATE TEMP TABLE using_it AS
    SELECT parcel_id, count(*) AS firms, sum(status NOT IN ('vacant', 'unbuilt')) AS in_use,
           sum(status = 'normal') AS normal, sum(status IN ('stopped', 'vacant', 'unbuilt')) AS stopped,
           sum(floor) AS floor, sum(floor * (status = 'half_stopped')) / sum(floor) AS half,
           sum(floor * (role = 'tenant')) / sum(floor) AS let,
           sum(floor * (role = 'tenant' AND industrial = 0)) / sum(floor) AS let_out,
           sum(floor * (role = 'tenant' AND coalesce(industrial, 0) = 0)) / sum(floor) AS let_out_perhaps,
           sum(trade LIKE '2511%' OR trade LIKE '2521%') AS banned,
           sum(coalesce(trade, '') IN ('', '2', '25', '251', '252')) AS trade_open
    FROM now GROUP BY parcel_id;
CREATE TEMP TABLE worth AS SELECT parcel_id, land_amount AS land, improvement_amount AS building, total_amount AS total
    FROM valuation WHERE year = 2024;
CREATE TEMP TABLE facts AS
    SELECT p.*, area_m2(p.geom) AS area, coalesce(s.buildings, 0) AS buildings, coalesce(s.covered, 0) AS covered,
           coalesce(s.floor, 0) AS built, coalesce(s.counted, 0) AS counted, coalesce(u.firms, 0) AS firms,
           coalesce(u.in_use, 0) AS in_use, u.half, u.let, u.let_out, u.let_out_perhaps, u.banned, u.trade_open,
           CASE WHEN u.firms IS NULL THEN 'unknown' WHEN u.stopped = u.firms THEN 'stopped'
                WHEN u.normal = u.firms THEN 'normal' ELSE 'reduced' END AS operating,
           t.amount / area_m2(p.geom) AS tax, a.amount / area_m2(p.geom) AS invested,
           w.land, w.building, w.total / area_m2(p.geom) AS value,
           p.use LIKE '1001%' OR p.use LIKE '11%' OR p.use LIKE '2301%' OR coalesce(p.is_vacant, 0) AS assessed
    FROM parcels p LEFT JOIN standing s USING (parcel_id) LEFT JOIN using_it u USING (parcel_id)
    LEFT JOIN worth w USING (parcel_id)
    LEFT JOIN tax_of t ON t.parcel_id = p.parcel_id AND t.year = 2025
    LEFT JOIN (SELECT parcel_id, amount, max(year) FROM assets_of WHERE amount IS NOT NULL GROUP BY parcel_id) a
        ON a.parcel_id = p.parcel_id;
CREATE TEMP TABLE idle_years AS  -- years in a row without output: known, and at most
    SELECT f.parcel_id, sum(o.amount = 0 AND o.year > coalesce(
               (SELECT max(b.year) FROM output_of b WHERE b.parcel_id = f.parcel_id AND b.amount IS NOT 0), 0)) AS known,
           CASE WHEN max(o.amount) > 0 THEN 2025 - max(CASE WHEN o.amount > 0 THEN o.year END) ELSE 99 END AS perhaps
    FROM facts f LEFT JOIN output_of o USING (parcel_id) GROUP BY f.parcel_id;
"""

#: One statement for each finding: true, false, or NULL for unknown.
FINDINGS = {
    "non_industrial_lease": """CASE WHEN firms = 0 THEN CASE WHEN is_vacant = 1 OR months_long OR use LIKE '2301%'
        OR buildings = 0 THEN 0 END WHEN let_out > 0 THEN 1 WHEN let_out_perhaps <= 0 THEN 0 END""",
    "vacant": """CASE WHEN is_vacant = 0 AND months_long THEN NULL WHEN is_vacant = 0 THEN 0 WHEN months_long THEN 1
        WHEN (vacancy_months > 0 OR is_vacant = 1) AND vacancy_months < 12 THEN 0 WHEN is_vacant = 1 THEN 1
        WHEN in_use > 0 THEN 0 WHEN firms > 0 THEN 1 WHEN use LIKE '2301%' THEN 1 WHEN buildings = 0 THEN 1 END""",
    "idle_land": """CASE WHEN buildings > 0 THEN 0 WHEN vacancy_months >= 12 AND coalesce(is_vacant, 1) THEN 1
        WHEN vacancy_months < 12 THEN 0 WHEN vacancy_months IS NULL AND in_use > 0 THEN 0 END""",
    "unfinished": """CASE WHEN built > 0.3333333333 * contract_floor_area_ratio * area
        AND built < contract_floor_area_ratio * area
        AND invested > 0.25 * contract_investment_amount_per_m2 AND operating = 'stopped' THEN 1
        WHEN built <= 0.3333333333 * contract_floor_area_ratio * area OR built >= contract_floor_area_ratio * area
        OR invested <= 0.25 * contract_investment_amount_per_m2 OR operating IN ('normal', 'reduced') THEN 0 END""",
    "stopped": """CASE WHEN operating = 'stopped' AND known >= 1 THEN 1 WHEN operating IN ('normal', 'reduced') THEN 0
        WHEN operating = 'stopped' AND perhaps < 1 THEN 0 END""",
    "half_stopped": "half >= 0.5",
    "low_tax": """tax < max(coalesce(contract_tax_amount_per_m2, 0), 0.5 * (SELECT sum(tax * area)
        / sum(CASE WHEN tax IS NOT NULL THEN area END) FROM facts WHERE assessed))""",
    "low_floor_area_ratio": "counted / area < 0.8",
    "low_coverage": "covered / area < 0.3",
    "low_investment": "invested < 0.5 * contract_investment_amount_per_m2",
    "sublet": "let >= 0.5",
    "lease_expired": "expiry_date <= '2025-12-31'",
    "banned_trade": "CASE WHEN banned > 0 THEN 1 WHEN trade_open = 0 THEN 0 END",
    "plan_mismatch": "substr(use, 1, 2) <> substr(zoned_use, 1, 2)",
    "grade_d_run": """CASE WHEN firms = 0 THEN NULL
        WHEN (SELECT max(r.d = 2) FROM d_years r JOIN now n USING (firm) WHERE n.parcel_id = facts.parcel_id) THEN 1
        WHEN (SELECT min(g.grade IS NOT NULL) FROM grades g JOIN now n USING (firm)
              WHERE g.year = 2025 AND n.parcel_id = facts.parcel_id) THEN 0 END""",
    "value_ratio": "building / land < 1",
    "depreciation": "CASE WHEN land IS NOT NULL AND building IS NOT NULL THEN building * 0.75 < land END",
    "bottom_quantile": """CASE WHEN value IS NOT NULL THEN
        (SELECT count(*) FROM facts o WHERE o.assessed AND o.value <= facts.value)
        <= 0.25 * (SELECT count(*) FROM facts o WHERE o.assessed AND o.value IS NOT NULL) END""",
}

TRIAGE = """
SELECT parcel_id, CASE
    WHEN vacant = 1 AND is_public = 1 THEN 'revitalise' WHEN is_public = 1 THEN 'keep'
    WHEN vacant = 1 AND buildings = 0 THEN 'acquire' WHEN vacant = 1 THEN 'revitalise'
    WHEN value_ratio = 1 AND bottom_quantile = 1 THEN 'acquire' WHEN value_ratio = 1 THEN 'revitalise'
    WHEN value_ratio IS NULL OR vacant IS NULL THEN 'survey' ELSE 'keep' END AS triage
FROM verdicts WHERE assessed ORDER BY parcel_id
"""
SEED_TRIAGE = """
SELECT parcel_id, CASE
    WHEN vacant = 1 AND buildings = 0 THEN 'acquire' WHEN vacant = 1 THEN 'revitalise'
    WHEN below_mean = 1 THEN 'acquire' WHEN non_industrial_lease = 1 THEN 'revitalise'
    WHEN operating IN ('reduced', 'stopped') THEN 'assist' WHEN below_mean IS NULL THEN 'survey'
    WHEN vacant IS NULL THEN 'survey' ELSE 'keep' END AS triage
FROM verdicts WHERE assessed ORDER BY parcel_id
"""

#: The notice of Huangyan for 2022, in yuan, m2, tce, t, persons and kWh: six indicators above scale, two below.
GRADES = """
CREATE TEMP TABLE items (scale, item, weight, baseline);
INSERT INTO items VALUES
    (1, 'tax_per_land', 30, 24.097 * 10000 * 3 / 2000), (1, 'value_per_land', 20, 136.16 * 10000 * 3 / 2000),
    (1, 'value_per_energy', 20, 26940), (1, 'value_per_emission', 10, 49298100), (1, 'value_per_staff', 10, 181400),
    (1, 'rd_share', 10, 0.0302), (0, 'tax_per_land', 50, 11.5932 * 10000 * 3 / 2000), (0, 'tax_per_kwh', 50, 0.2352);
CREATE TEMP TABLE firm_years AS
    SELECT p.*, e.is_above_scale AS scale,
           coalesce(e.is_industrial_use = 0 OR substr(ltrim(e.industry_code, 'ABCDEFGHIJKLMNOPQRST'), 1, 2)
                    IN ('44', '45', '46'), 0) AS not_suited,
           (SELECT sum(s.land) FROM shares_of s WHERE s.firm = p.enterprise_id AND s.year = p.year) AS land
    FROM performance p JOIN enterprises e USING (enterprise_id);
CREATE TEMP TABLE roles AS
    SELECT y.year, o.enterprise_id AS firm, o.parcel_id, o.role FROM occupancy o
    JOIN (SELECT DISTINCT year FROM performance) y ON coalesce(strftime('%Y', o.to_date), '9999') >= CAST(y.year AS TEXT);
CREATE TEMP TABLE tenants AS  -- below scale, owns nothing: takes the class of the plot's owner
    SELECT t.year, t.firm, o.firm AS owner FROM roles t JOIN enterprises e ON e.enterprise_id = t.firm
    JOIN roles o ON o.year = t.year AND o.parcel_id = t.parcel_id AND o.role = 'owner'
    WHERE t.role = 'tenant' AND e.is_above_scale = 0
      AND NOT EXISTS (SELECT 1 FROM roles x WHERE x.year = t.year AND x.firm = t.firm AND x.role = 'owner');
CREATE TEMP TABLE ratios AS
    SELECT f.year, f.enterprise_id AS firm, f.scale, i.item, i.weight, i.baseline,
           CASE i.item WHEN 'tax_per_land' THEN tax_amount / land WHEN 'value_per_land' THEN value_added_amount / land
                WHEN 'value_per_energy' THEN value_added_amount / energy_tce
                WHEN 'value_per_emission' THEN value_added_amount / emission_t
                WHEN 'value_per_staff' THEN value_added_amount / average_staff_count
                WHEN 'rd_share' THEN rd_expense_amount / revenue_amount
                WHEN 'tax_per_kwh' THEN tax_amount / electricity_kwh END AS ratio
    FROM firm_years f JOIN items i ON i.scale = f.scale
    WHERE NOT f.not_suited
      AND NOT EXISTS (SELECT 1 FROM tenants t WHERE t.year = f.year AND t.firm = f.enterprise_id);
CREATE TEMP TABLE scores AS
    SELECT year, firm, scale, sum(coalesce(points, peers)) AS score FROM (
        SELECT *, weight * max(ratio / baseline, 0) AS points,
               avg(weight * max(ratio / baseline, 0)) OVER (PARTITION BY year, scale, item) AS peers FROM ratios)
    GROUP BY year, firm, scale HAVING count(ratio) > 0;
CREATE TEMP TABLE own_grades AS
    SELECT year, firm, score, 1 + better AS rank,
           CASE WHEN 1.0 * better / peers < 0.2 THEN 'A' WHEN 1.0 * better / peers < 0.6 THEN 'B'
                WHEN 1.0 * better / peers < 0.95 THEN 'C' ELSE 'D' END AS grade
    FROM (SELECT s.*, (SELECT count(*) FROM scores o WHERE o.year = s.year AND o.scale = s.scale
                       AND o.score > s.score + 1e-9) AS better,
                 count(*) OVER (PARTITION BY s.year, s.scale) AS peers FROM scores s);
CREATE TEMP TABLE grades AS
    SELECT f.year, f.enterprise_id AS firm, CASE WHEN f.not_suited THEN 'T' ELSE g.grade END AS grade, g.score, g.rank
    FROM firm_years f LEFT JOIN tenants t ON t.year = f.year AND t.firm = f.enterprise_id
    LEFT JOIN own_grades g ON g.year = f.year AND g.firm = coalesce(t.owner, f.enterprise_id);
CREATE TEMP TABLE d_years AS SELECT firm, sum(grade = 'D') AS d FROM grades WHERE year IN (2024, 2025) GROUP BY firm;
"""


def mill_street() -> Park:
    """Ten squares: all sorts of plants, a let one, an unfinished one, idle land, a vacant hall, a town depot, homes."""
    parcels = street_of(
        10,
        use=[
            "100102",
            "100102",
            "110101",
            "100101",
            "100102",
            "2301",
            "2301",
            "100102",
            "100102",
            "070102",
        ],
        is_vacant=bools(None, False, None, None, None, True, None, True, None, None),
        vacancy_months=[NAN, NAN, NAN, NAN, NAN, 30.0, NAN, 6.0, NAN, NAN],
        zoned_use=[
            "100101",
            "070102",
            None,
            "0901",
            "1001",
            "1401",
            "1001",
            "1001",
            "1301",
            "070102",
        ],
        contract_floor_area_ratio=[1.0, NAN, NAN, NAN, 1.0, NAN, NAN, NAN, NAN, NAN],
        contract_investment_amount_per_m2=[
            1000.0,
            1000.0,
            NAN,
            NAN,
            1000.0,
            NAN,
            NAN,
            NAN,
            NAN,
            NAN,
        ],
        contract_tax_amount_per_m2=[NAN, 60.0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
        expiry_date=pd.to_datetime(["2040-01-01", "2025-12-31", None, "2026-01-01"] + [None] * 6),
        is_public=bools(None, None, False, None, None, True, None, None, True, None),
    )
    ids = [f"E{number}" for number in range(1, 11)]
    people = pd.DataFrame(
        {
            "name": ids,
            "operating_status": ["normal", "reduced", "normal", "normal", "stopped", "half_stopped", "normal", "vacant", "normal", "normal"],
            "is_industrial_use": bools(*[True] * 6, False, True, True, True),
            "industry_code": ["C2511", "C33", None, "C26", "C31", "C25", "H62", "C33", "C4620", "C33"],
            "is_above_scale": bools(True, True, True, False, False, False, False, False, False, False),
        },
        index=pd.Index(ids, name="enterprise_id"),
    )  # fmt: skip
    links = pd.DataFrame(
        [
            ("E1", "P1", "owner", 9000.0, None), ("E2", "P2", "owner", 4000.0, None), ("E2", "P3", "owner", 2000.0, None),
            ("E3", "P3", "owner", 6000.0, None), ("E4", "P4", "owner", 3000.0, None), ("E7", "P4", "tenant", 2000.0, None),
            ("E5", "P5", "owner", 5000.0, None), ("E6", "P4", "tenant", 4000.0, None), ("E8", "P8", "owner", 3000.0, None),
            ("E9", "P9", "owner", 2500.0, None), ("E10", "P1", "tenant", 500.0, "2024-06-30"),
        ],
        columns=["enterprise_id", "parcel_id", "role", "floor_area_m2", "to_date"],
    )  # fmt: skip
    links = links.assign(to_date=pd.to_datetime(links["to_date"]))
    rows = []
    for number, name in enumerate(ids, start=1):
        for year in (2023, 2024, 2025):
            quiet = name == "E5" and year > 2023
            rows.append({
                "enterprise_id": name, "year": year,
                "output_amount": NAN if name in {"E7", "E8"} else 0.0 if quiet else 1e6 * number * (year - 2020),
                "tax_amount": NAN if name == "E8" else -1e4 if quiet else 4e4 * number * (2027 - year),
                "value_added_amount": 3e5 * number, "revenue_amount": 2e6 * number, "rd_expense_amount": 1e4 * number**2,
                "fixed_assets_amount": NAN if year == 2025 else 1.5e6 * number, "energy_tce": 40.0 + number,
                "emission_t": NAN if name == "E2" else 0.5 * number, "average_staff_count": 20.0 * number,
                "electricity_kwh": NAN if name == "E9" else 1e5 * number,
            })  # fmt: skip
    halls = [(0, 60, 9000, 2, 9.0, None), (1, 60, 4000, 1, 9.0, None), (2, 80, 8000, 2, 16.0, None), (3, 70, 4500, 1, 9.0, False),
             (4, 70, 5000, 1, 7.0, None), (7, 50, 3000, 1, 6.0, True), (8, 40, 2500, 2, 9.0, None)]  # fmt: skip
    buildings = gpd.GeoDataFrame(
        {
            "parcel_id": [f"P{place + 1}" for place, *_ in halls],
            "floor_area_m2": [float(floor) for _, _, floor, *_ in halls],
            "storey_count": [float(storeys) for *_, storeys, _, _ in halls],
            "height_m": [height for *_, height, _ in halls],
            "is_double_counted": bools(*(double for *_, double in halls)),
        },
        geometry=[
            square(place).buffer((side - 100) / 2, join_style="mitre") for place, side, *_ in halls
        ],
        crs=CRS,
        index=pd.Index([f"B{number}" for number in range(len(halls))], name="building_id"),
    )
    values = pd.DataFrame({
        "parcel_id": parcels.index, "year": 2024,
        "land_amount": [100.0, 100.0, 100.0, 76.0, 75.0, 40.0, 30.0, NAN, 50.0, 10.0],
        "improvement_amount": [99.0, 100.0, 250.0, 100.0, 100.0, 0.0, 0.0, 5.0, 10.0, 5.0],
    })  # fmt: skip
    values["total_amount"] = values["land_amount"] + values["improvement_amount"]
    return park_of(
        parcels, enterprises=people, occupancy=links, performance=pd.DataFrame(rows), buildings=buildings, valuation=values,
    )  # fmt: skip


@pytest.fixture(scope="module")
def park() -> Park:
    return mill_street()


@pytest.fixture(scope="module")
def book(park: Park, tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """The park in SQL, with one table ``verdicts`` of everything found, and ``grades``."""
    path = tmp_path_factory.mktemp("sql") / "park.gpkg"
    layers = {name: park.layers[name] for name in park}
    write_geopackage(path, layers=layers, provenance={}, date=dt.date(2026, 5, 1), crs=park.crs)
    with opened(path) as book:
        for name, column in (
            ("output", "output_amount"),
            ("tax", "tax_amount"),
            ("assets", "fixed_assets_amount"),
        ):
            spread = SPREAD.replace("output_amount", column)
            book.execute(f"CREATE TEMP TABLE {name}_of AS {spread} SELECT * FROM amounts")
        book.execute(f"CREATE TEMP TABLE shares_of AS {SPREAD} SELECT * FROM shares")
        book.executescript(GROUND + GRADES)
        asked = ", ".join(f"({sql}) AS {name}" for name, sql in FINDINGS.items())
        below = VERDICTS.replace(":min_years", "3")
        book.execute(f"CREATE TEMP TABLE runs_of AS {below}")
        book.execute(
            f"CREATE TEMP TABLE verdicts AS SELECT facts.*, {asked}, "
            "CASE r.verdict WHEN 'yes' THEN 1 WHEN 'no' THEN 0 END AS below_mean "
            "FROM (SELECT *, coalesce(vacancy_months >= 12, 0) AS months_long FROM facts) AS facts "
            "JOIN idle_years USING (parcel_id) LEFT JOIN runs_of r USING (parcel_id)"
        )
        yield book


def judged(park: Park, rules: Rules) -> Evaluation:
    gradings = grade_table(grade_years(park, rules=load_rules(PACKS)))
    return evaluate_park(park, rules=rules, measure="output", gradings=gradings)


@pytest.mark.parametrize("finding", ["below_mean", *FINDINGS])
def test_every_finding_is_the_same_in_sql(
    park: Park, book: sqlite3.Connection, finding: str
) -> None:
    ours = judged(park, load_rules(PACKS)).findings.query("finding == @finding")
    theirs = pd.read_sql_query(
        f"SELECT parcel_id, {finding} AS v FROM verdicts WHERE assessed", book
    )
    told = theirs.set_index("parcel_id")["v"].map({1: "yes", 0: "no"}).fillna("unknown")
    assert told.to_dict() == dict(zip(ours["parcel_id"], ours["verdict"], strict=True))


def test_no_finding_is_forgotten_and_most_have_more_than_one_answer(park: Park) -> None:
    table = judged(park, load_rules(PACKS)).findings
    assert set(table["finding"]) == {"below_mean", *FINDINGS}
    answers = table.groupby("finding")["verdict"].nunique()
    assert (answers >= 2).all(), answers


@pytest.mark.parametrize(("packs", "sql"), [(PACKS[:-1], SEED_TRIAGE), (PACKS, TRIAGE)])
def test_the_triage_is_the_same_in_sql(
    park: Park, book: sqlite3.Connection, packs: list[str], sql: str
) -> None:
    ours = judged(park, load_rules(packs)).parcels.query("is_assessed")["triage"]
    theirs = pd.read_sql_query(sql, book).set_index("parcel_id")["triage"]
    assert ours.to_dict() == theirs.to_dict()
    assert len(set(ours)) > 2


def test_averages_of_every_year_are_the_same_in_sql(park: Park, book: sqlite3.Connection) -> None:
    ours = judged(park, load_rules(PACKS)).averages.set_index("year")
    theirs = pd.read_sql_query(
        "SELECT o.year, sum(o.amount) / sum(f.area) AS mean, sum(f.area) AS known FROM output_of o JOIN facts f "
        "USING (parcel_id) WHERE f.assessed AND o.amount IS NOT NULL AND f.use NOT LIKE '2301%' GROUP BY o.year", book,
    ).set_index("year")  # fmt: skip
    assert ours["mean_amount_per_m2"].to_dict() == pytest.approx(
        theirs["mean"].to_dict(), rel=1e-12
    )
    assert ours["known_area_m2"].to_dict() == pytest.approx(theirs["known"].to_dict(), rel=1e-12)


def test_grades_scores_and_ranks_are_the_same_in_sql(park: Park, book: sqlite3.Connection) -> None:
    for year, grading in grade_years(park, rules=load_rules(PACKS)).items():
        theirs = pd.read_sql_query(
            "SELECT * FROM grades WHERE year = ? ORDER BY firm", book, params=[year]
        ).set_index("firm")
        ours = grading.firms.sort_index()
        assert ours["grade"].to_dict() == theirs["grade"].fillna("").to_dict(), year
        ranked = ours["score"].notna()
        assert ours.loc[ranked, "score"].to_dict() == pytest.approx(
            theirs.loc[ranked.to_numpy(), "score"].to_dict(), rel=1e-9
        )
        assert ours.loc[ranked, "rank"].tolist() == theirs.loc[ranked.to_numpy(), "rank"].tolist()
