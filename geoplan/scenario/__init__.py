"""One frozen question, and the run that answers it."""

from geoplan.scenario.check import check_file, write_problems
from geoplan.scenario.explain import explain_parcel
from geoplan.scenario.model import Scenario
from geoplan.scenario.outputs import (
    page_of,
    result_layers,
    write_balance,
    write_findings,
    write_layers,
    write_page,
    write_result,
)
from geoplan.scenario.packs import check_pack, pack_page
from geoplan.scenario.read import read_scenario
from geoplan.scenario.run import STAGES, Result, run_scenario
from geoplan.scenario.summary import summary_lines

__all__ = [
    "STAGES",
    "Result",
    "Scenario",
    "check_file",
    "check_pack",
    "explain_parcel",
    "pack_page",
    "page_of",
    "read_scenario",
    "result_layers",
    "run_scenario",
    "summary_lines",
    "write_balance",
    "write_findings",
    "write_layers",
    "write_page",
    "write_problems",
    "write_result",
]
