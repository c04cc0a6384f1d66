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

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

#: Where each name lives; it is imported when it is first asked for.
_HOMES = {
    "CrsError": "geoplan.errors",
    "Explanation": "geoplan.model.explanation",
    "GeoplanError": "geoplan.errors",
    "InfeasibleError": "geoplan.errors",
    "InputError": "geoplan.errors",
    "PageContent": "geoplan.render",
    "Park": "geoplan.model.park",
    "PlanError": "geoplan.errors",
    "Result": "geoplan.scenario",
    "Rules": "geoplan.model.rulepack",
    "Scenario": "geoplan.scenario",
    "ScenarioError": "geoplan.errors",
    "SchemaError": "geoplan.errors",
    "UnfinishedError": "geoplan.errors",
    "block": "geoplan.query",
    "check_park": "geoplan.model.validate",
    "draw_page": "geoplan.render",
    "evaluate_park": "geoplan.evaluate",
    "explain_parcel": "geoplan.scenario",
    "indicator_table": "geoplan.indicators",
    "land_balance": "geoplan.indicators",
    "load_rules": "geoplan.model.rulepack",
    "make_sample_park": "geoplan.io",
    "measure_plan": "geoplan.indicators",
    "phase": "geoplan.query",
    "plan_land_use": "geoplan.plan",
    "read_park": "geoplan.io",
    "read_scenario": "geoplan.scenario",
    "route_greenway": "geoplan.plan",
    "run_scenario": "geoplan.scenario",
    "save_offline": "geoplan.render",
    "save_page": "geoplan.render",
    "say": "geoplan.words",
    "select": "geoplan.query",
    "site_centres": "geoplan.plan",
    "summary_lines": "geoplan.scenario",
    "those": "geoplan.query",
    "write_evaluation": "geoplan.io",
    "write_geopackage": "geoplan.io",
    "write_land_balance": "geoplan.io",
    "write_result": "geoplan.scenario",
    "write_sample": "geoplan.io",
    "zone": "geoplan.query",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
