"""From a scenario to its result: read, evaluate, plan, measure - in this order, and nothing hidden.

Each step is one public function of its room; this module only calls them, passes answers on and says what was left
out. Nothing is written here.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from geoplan.evaluate import assess_robustness, evaluate_park
from geoplan.indicators import land_balance, measure_plan
from geoplan.io import make_sample_park, read_park
from geoplan.model.answers import (
    Allocation,
    Centres,
    Evaluation,
    Greenway,
    Indicator,
    Problem,
    Robustness,
    StageLeftOut,
)
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules, load_rules
from geoplan.model.validate import check_park
from geoplan.plan import plan_land_use, route_greenway, site_centres
from geoplan.scenario.model import Scenario
from geoplan.scenario.programme import programme_of
from geoplan.scenario.read import read_scenario
from geoplan.words import Message, say

__all__ = ["STAGES", "Result", "Stage", "load_park", "run_scenario"]

Stage = str
#: The steps of a run, in order; ``run_scenario(until=...)`` stops after one of them.
STAGES: tuple[Stage, ...] = ("read", "check", "evaluate", "plan", "centres", "greenway", "measure")

#: The trials of ``assess_robustness`` draw from here, so that a run repeats.
_SEED = 2026
Progress = Callable[[Message, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """What a scenario gives; a stage that was not asked for, or could not run, is ``None``.

    Attributes
    ----------
    problems
        Everything that reading and checking found.
    left_out
        Stages, or parts of one, that could not run, with the reason.
    provenance
        Inputs with checksums, scenario, rule packs, versions.
    """

    scenario: Scenario
    rules: Rules
    park: Park
    problems: tuple[Problem, ...]
    evaluation: Evaluation | None
    allocation: Allocation | None
    centres: Centres | None
    greenway: Greenway | None
    indicators: tuple[Indicator, ...]
    land_balance: pd.DataFrame | None
    left_out: tuple[StageLeftOut, ...]
    provenance: Mapping[str, str]
    robustness: Robustness | None = None


def load_park(scenario: Scenario, *, folder: Path, data_root: Path | None = None) -> Park:
    """The park that a scenario names; paths are relative to ``folder``, then to ``data_root``."""
    if scenario.park == "sample":
        return make_sample_park()
    path = Path(scenario.park)
    near = path if path.is_absolute() else folder / path
    if not near.exists() and data_root is not None and (data_root / path).exists():
        near = data_root / path
    return read_park(near, data_root=data_root)


def run_scenario(
    scenario: Scenario | str | Path,
    *,
    folder: str | Path | None = None,
    data_root: str | Path | None = None,
    until: Stage = "measure",
    progress: Progress | None = None,
) -> Result:
    """Run a scenario, step by step.

    Parameters
    ----------
    scenario
        A scenario file, or a scenario read from one.
    folder
        What paths in the scenario are relative to; by default the folder of the file, else the current one.
    data_root
        Where data sets are looked for that are not beside the scenario.
    until
        The last stage to run, one of :data:`STAGES`.
    progress
        Is told each step: what, which, of how many.

    Raises
    ------
    InputError, ScenarioError, PlanError
        The park cannot be read, the rules do not exist, or the land cannot be planned as asked.
    """
    if not isinstance(scenario, Scenario):
        folder = Path(scenario).parent if folder is None else folder
        scenario = read_scenario(scenario)
    near = Path() if folder is None else Path(folder)
    root = None if data_root is None else Path(data_root)
    steps = STAGES[: STAGES.index(until) + 1]
    tell = progress or (lambda _what, _step, _count: None)

    def at(stage: Stage) -> bool:
        if stage in steps:
            tell(say(f"scenario.stage_{stage}"), steps.index(stage), len(steps))
        return stage in steps

    at("read")
    rules = load_rules(
        [_pack_path(pack, near) for pack in scenario.rules],
        overrides=scenario.numbers,
        overrides_source=f"scenario {scenario.name}",
    )
    park = load_park(scenario, folder=near, data_root=root)
    result = Result(
        scenario=scenario,
        rules=rules,
        park=park,
        problems=park.problems,
        evaluation=None,
        allocation=None,
        centres=None,
        greenway=None,
        indicators=(),
        land_balance=None,
        left_out=(),
        provenance=_provenance(scenario, rules, park),
    )
    if at("check"):
        result = replace(result, problems=(*park.problems, *check_park(park)))
    if at("evaluate"):
        result = _evaluated(result)
    if at("plan"):
        result = _planned(result, near)
    if at("centres"):
        result = _with_centres(result)
    if at("greenway"):
        result = _with_greenway(result)
    if at("measure") and result.evaluation is not None:
        result = _measured(result, result.evaluation)
    return result


def _evaluated(result: Result) -> Result:
    asked = result.scenario.evaluate
    evaluation = evaluate_park(
        result.park,
        rules=result.rules,
        measure=asked.measure,
        average_over=asked.average_over,
        unknown_years=asked.unknown_years,
    )
    robustness = None
    if asked.robustness:
        robustness = assess_robustness(
            evaluation,
            rules=result.rules,
            rng=np.random.default_rng(_SEED),
            unknown_years=asked.unknown_years,
        )
    return replace(
        result,
        evaluation=evaluation,
        robustness=robustness,
        left_out=(*result.left_out, *evaluation.left_out),
    )


def _planned(result: Result, folder: Path) -> Result:
    if result.scenario.plan is None or result.evaluation is None:
        return _without(result, "plan", say("scenario.no_plan"))
    allocation = plan_land_use(
        result.park,
        result.evaluation,
        programme=programme_of(
            result.scenario.plan,
            rules=result.rules,
            source=f"scenario {result.scenario.name}",
            folder=folder,
            park=result.park,
        ),
        rules=result.rules,
    )
    return replace(result, allocation=allocation, left_out=(*result.left_out, *allocation.left_out))


def _with_centres(result: Result) -> Result:
    asked = result.scenario.centres
    if asked is None or result.allocation is None:
        return _without(result, "centres", say("scenario.no_centres"))
    centres = site_centres(result.park, result.allocation, rules=result.rules, count=asked.count)
    if isinstance(centres, StageLeftOut):
        return replace(result, left_out=(*result.left_out, centres))
    return replace(result, centres=centres)


def _with_greenway(result: Result) -> Result:
    asked = result.scenario.greenway
    if asked is None or result.allocation is None:
        return _without(result, "greenway", say("scenario.no_greenway"))
    greenway = route_greenway(result.park, result.allocation, rules=result.rules, join=asked.join)
    if isinstance(greenway, StageLeftOut):
        return replace(result, left_out=(*result.left_out, greenway))
    return replace(result, greenway=greenway)


def _measured(result: Result, evaluation: Evaluation) -> Result:
    planned = None if result.allocation is None else result.allocation.parcels["planned_use"]
    return replace(
        result,
        indicators=measure_plan(result.park, evaluation, result.allocation, rules=result.rules),
        land_balance=land_balance(result.park.parcels, after=planned),
    )


def _without(result: Result, stage: Stage, why: Message) -> Result:
    return replace(result, left_out=(*result.left_out, StageLeftOut(stage=stage, message=why)))


def _pack_path(pack: str, folder: Path) -> str | Path:
    return folder / pack if pack.endswith(".toml") else pack


def _provenance(scenario: Scenario, rules: Rules, park: Park) -> dict[str, str]:
    """What the result rests on, in a fixed order; no clock and no path of this machine."""
    asked = scenario.model_dump_json(exclude={"overrides"})
    facts = {
        "scenario": scenario.name,
        "scenario_date": scenario.date.isoformat(),
        "scenario_sha256": hashlib.sha256(asked.encode("utf-8")).hexdigest(),
        "park_en": park.name.get("en", ""),
        "park_zh": park.name.get("zh", ""),
        "currency": park.currency,
        "citation": park.citation,
        "crs": park.crs.to_string() if park.crs is not None else "local metres",
    }
    facts |= {f"input {name}": checksum for name, checksum in sorted(park.inputs.items())}
    facts |= {
        f"rules {pack.name}": f"{pack.version} ({pack.date.isoformat()})" for pack in rules.packs
    }
    facts |= {
        f"number {name}": f"{number.value:g} {number.unit} ({number.source})"
        for name, number in sorted(rules.overrides.items())
    }
    facts |= {f"version {name}": importlib.metadata.version(name) for name in _VERSIONS}
    return facts


_VERSIONS = ("geoplan", "geopandas", "shapely", "pyproj", "highspy", "networkx", "folium")
