"""From the survey ledger of an ageing industrial park to a plan for a new city district.

Four verbs carry everything: **read** the land, **evaluate** it against the park, **plan** what it becomes, **show**
it::

    import geoplan

    park = geoplan.read_park("park.yaml")
    rules = geoplan.load_rules(["seed-practice"])
    evaluation = geoplan.evaluate_park(park, rules=rules)

or all of it at once, from a scenario file::

    result = geoplan.run_scenario(geoplan.read_scenario("xinshe.yaml"))
"""

from geoplan.errors import (
    CrsError,
    GeoplanError,
    InfeasibleError,
    InputError,
    PlanError,
    ScenarioError,
    SchemaError,
    UnfinishedError,
)
from geoplan.evaluate import evaluate_park
from geoplan.indicators import indicator_table, land_balance, measure_plan
from geoplan.io import (
    make_sample_park,
    read_park,
    write_evaluation,
    write_geopackage,
    write_land_balance,
    write_sample,
)
from geoplan.model.explanation import Explanation
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.model.validate import check_park
from geoplan.plan import plan_land_use, route_greenway, site_centres
from geoplan.query import block, phase, select, those, zone
from geoplan.render import PageContent, draw_page, save_offline, save_page
from geoplan.scenario import (
    Result,
    Scenario,
    explain_parcel,
    read_scenario,
    run_scenario,
    summary_lines,
    write_result,
)
from geoplan.words import say

__version__ = "0.1.0"

__all__ = [
    "CrsError",
    "Explanation",
    "GeoplanError",
    "InfeasibleError",
    "InputError",
    "PageContent",
    "Park",
    "PlanError",
    "Result",
    "Rules",
    "Scenario",
    "ScenarioError",
    "SchemaError",
    "UnfinishedError",
    "block",
    "check_park",
    "draw_page",
    "evaluate_park",
    "explain_parcel",
    "indicator_table",
    "land_balance",
    "load_rules",
    "make_sample_park",
    "measure_plan",
    "phase",
    "plan_land_use",
    "read_park",
    "read_scenario",
    "route_greenway",
    "run_scenario",
    "save_offline",
    "save_page",
    "say",
    "select",
    "site_centres",
    "summary_lines",
    "those",
    "write_evaluation",
    "write_geopackage",
    "write_land_balance",
    "write_result",
    "write_sample",
    "zone",
]
