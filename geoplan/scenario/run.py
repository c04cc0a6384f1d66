"""From a scenario to its result: read, evaluate, plan, measure - in this order, and nothing hidden.

Each step is one public function of its room; this module only calls them, passes answers on and says what was left
out. Nothing is written here.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from geoplan.errors import InputError, ScenarioError
from geoplan.evaluate import Grading, assess_robustness, evaluate_park, grade_table, ledger_quality
from geoplan.indicators import land_balance, measure_plan
from geoplan.io import make_sample_park, read_corrections, read_park
from geoplan.model.answers import (
    Allocation,
    Centres,
    Evaluation,
    Facilities,
    Greenway,
    Indicator,
    LedgerQuality,
    Neighbourhoods,
    Problem,
    Robustness,
    StageLeftOut,
)
from geoplan.model.corrections import apply_corrections
from geoplan.model.park import Park
from geoplan.model.rulepack import Rules
from geoplan.model.validate import check_park
from geoplan.plan import (
    Programme,
    Simulation,
    group_neighbourhoods,
    plan_by_rules,
    plan_land_use,
    route_greenway,
    simulate_land_use,
    site_centres,
    site_facilities,
)
from geoplan.scenario.area import Area, analyse_area, grade_firms
from geoplan.scenario.model import Scenario, SimulateModel
from geoplan.scenario.other_packs import evaluate_by_others, load_all_rules
from geoplan.scenario.previous import Previous, read_previous, verdict_changes
from geoplan.scenario.programme import (
    facilities_of,
    horizon_of,
    programme_of,
    ring_of,
    roles_of,
)
from geoplan.scenario.read import read_scenario
from geoplan.words import Message, say

__all__ = ["STAGES", "Result", "Stage", "load_park", "rules_of", "run_scenario", "with_plan"]

Stage = str
#: The steps of a run, in order; ``run_scenario(until=...)`` stops after one of them.
STAGES: tuple[Stage, ...] = ("read", "check", "evaluate", "plan", "centres", "greenway", "measure")

#: The trials of ``assess_robustness`` draw from here, so that a run repeats.
_SEED = 2026
#: Packs that a way to plan cannot do without: laid beneath those of a scenario that does not name them.
_PACKS_OF_WAY = {"rules": ("ranking-assumed",), "simulate": ("simulate-assumed",)}
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
    as_read
        The park before corrections were laid over it.
    previous
        Last time's result, where the scenario names one.
    quality
        What the ledger does not know or can hardly mean, where the scenario asks.
    changes
        Layer ``verdict_changes``, where the scenario names last time's result.
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
    as_read: Park
    robustness: Robustness | None = None
    previous: Previous | None = None
    quality: LedgerQuality | None = None
    changes: pd.DataFrame | None = None
    neighbourhoods: Neighbourhoods | None = None
    facilities: Facilities | None = None
    simulation: Simulation | None = None
    area: Area | None = None


def load_park(scenario: Scenario, *, folder: Path, data_root: Path | None = None) -> Park:
    """The park that a scenario names; paths are relative to ``folder``, then to ``data_root``."""
    if scenario.park == "sample":
        return make_sample_park()
    return read_park(found_file(scenario.park, folder, data_root), data_root=data_root)


def found_file(name: str, folder: Path, data_root: Path | None) -> Path:
    """A file that a scenario names: relative to its folder, then to ``data_root``."""
    path = Path(name)
    near = path if path.is_absolute() else folder / path
    if not near.exists() and data_root is not None and (data_root / path).exists():
        return data_root / path
    return near


def corrected_park(park: Park, path: Path) -> Park:
    """A park with the corrections of a file laid over it, and the file among its inputs.

    Raises
    ------
    InputError
        The file cannot be read, or names what there is not; all problems at once, each with its line.
    """
    table = read_corrections(path)
    try:
        corrected = apply_corrections(park, table)
    except InputError as error:
        headline = say("correct.headline", name=path.name)
        raise InputError(error.problems, headline=headline) from error
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(corrected, inputs={**park.inputs, path.name: checksum})


def rules_of(scenario: Scenario, *, folder: Path, needs: Sequence[str] = ()) -> Rules:
    """The rule packs that a scenario names, over those that its way to plan (or ``needs``) cannot do without."""
    return load_all_rules(scenario, folder=folder, beneath=_beneath(scenario, needs))[0]


def _beneath(scenario: Scenario, needs: Sequence[str] = ()) -> list[str]:
    ways = [] if scenario.plan is None else [scenario.plan.way]
    ways += [] if scenario.simulate is None else ["simulate"]
    needed = [*needs, *(pack for way in ways for pack in _PACKS_OF_WAY.get(way, ()))]
    return [pack for pack in dict.fromkeys(needed) if pack not in scenario.rules]


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
    result, other_rules = _opened(scenario, near, root)
    if at("check"):
        result = replace(result, problems=(*result.problems, *check_park(result.park)))
    if at("evaluate"):
        result = _evaluated(result, other_rules)
    if at("plan"):
        result = _planned(result, tell)
    if at("centres"):
        result = _with_facilities(_with_centres(result))
    if at("greenway"):
        result = _with_greenway(result)
    if at("measure") and result.evaluation is not None:
        result = _measured(result, result.evaluation)
    return result


def _opened(
    scenario: Scenario, folder: Path, data_root: Path | None
) -> tuple[Result, Mapping[str, Rules]]:
    """Everything that a scenario names, read: rules and other packs, park, corrections, last time's result."""
    rules, other_rules = load_all_rules(scenario, folder=folder, beneath=_beneath(scenario))
    as_read = park = load_park(scenario, folder=folder, data_root=data_root)
    if scenario.corrections is not None:
        park = corrected_park(as_read, found_file(scenario.corrections, folder, data_root))
    previous = None
    if scenario.previous is not None:
        previous = read_previous(found_file(scenario.previous, folder, data_root))
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
        as_read=as_read,
        previous=previous,
    )
    return result, other_rules


def with_plan(result: Result, allocation: Allocation, *, name: str) -> Result:
    """The result of another plan for the same land, under another name: centres, greenway and indicators follow it."""
    scenario = result.scenario.model_copy(update={"name": name})
    given = replace(
        result,
        scenario=scenario,
        allocation=allocation,
        left_out=(*result.left_out, *allocation.left_out),
        provenance=_provenance(scenario, result.rules, result.park),
    )
    given = _with_greenway(_with_facilities(_with_centres(given)))
    return given if given.evaluation is None else _measured(given, given.evaluation)


def _judged(scenario: Scenario, park: Park, rules: Rules) -> Evaluation:
    """A park judged in the way that a scenario asks for, the grades of its firms among it."""
    return _judged_with(scenario, park, rules, grade_firms(park, rules=rules)[0])


def _judged_with(
    scenario: Scenario, park: Park, rules: Rules, gradings: Mapping[int, Grading] | None
) -> Evaluation:
    asked = scenario.evaluate
    return evaluate_park(
        park,
        rules=rules,
        measure=asked.measure,
        average_over=asked.average_over,
        average=asked.average,
        unknown_years=asked.unknown_years,
        gradings=None if gradings is None else grade_table(gradings),
    )


def _evaluated(result: Result, other_rules: Mapping[str, Rules]) -> Result:
    asked = result.scenario.evaluate
    judge = partial(_judged, result.scenario)
    gradings, ungraded = grade_firms(result.park, rules=result.rules)
    evaluation = _judged_with(result.scenario, result.park, result.rules, gradings)
    area, untold = analyse_area(result.park, evaluation, rules=result.rules, asked=asked.analyses)
    robustness, quality, changes = None, None, None
    if asked.robustness:
        robustness = assess_robustness(
            evaluation,
            rules=result.rules,
            rng=np.random.default_rng(_SEED),
            others=evaluate_by_others(partial(judge, result.park), other_rules),
        )
    if asked.quality:
        quality = ledger_quality(result.park, evaluation, rules=result.rules, judge=judge)
    if result.previous is not None:
        changes = verdict_changes(
            result.previous,
            result.park,
            evaluation,
            as_read=result.as_read,
            rules=result.rules,
            judge=judge,
        )
    return replace(
        result,
        evaluation=evaluation,
        robustness=robustness,
        quality=quality,
        changes=changes,
        area=replace(area, gradings=gradings),
        left_out=(*result.left_out, *ungraded, *evaluation.left_out, *untold),
    )


def _planned(result: Result, tell: Progress) -> Result:
    plan, evaluation = result.scenario.plan, result.evaluation
    if plan is None or evaluation is None:
        return _without(result, "plan", say("scenario.no_plan"))
    programme = programme_of(plan, rules=result.rules, source=f"scenario {result.scenario.name}")
    if plan.way == "simulate" or result.scenario.simulate is not None:
        result = _simulated(result, evaluation, programme, tell)
    if plan.way == "simulate" and result.simulation is not None:
        allocation = _shown(result.simulation, result.scenario.simulate or SimulateModel())
    else:
        planned = plan_by_rules if plan.way == "rules" else plan_land_use
        allocation = planned(result.park, evaluation, programme=programme, rules=result.rules)
    return replace(result, allocation=allocation, left_out=(*result.left_out, *allocation.left_out))


def _simulated(
    result: Result, evaluation: Evaluation, programme: Programme, tell: Progress
) -> Result:
    asked = result.scenario.simulate or SimulateModel()
    simulation = simulate_land_use(
        result.park,
        evaluation,
        programme=programme,
        rules=result.rules,
        horizon=horizon_of(asked, year=result.scenario.date.year),
        progress=lambda done, of: tell(say("scenario.runs", done=done, count=of), done, of),
    )
    return replace(result, simulation=simulation)


def _shown(simulation: Simulation, asked: SimulateModel) -> Allocation:
    """The plan that stands for the runs."""
    if asked.show == "probable":
        return simulation.allocation
    run = simulation.typical_run if asked.show == "typical" else asked.show
    if run >= simulation.run_count:
        raise ScenarioError([say("scenario.no_run", run=run, count=simulation.run_count)])
    return simulation.plan_of_run(run)


def _with_centres(result: Result) -> Result:
    asked = result.scenario.centres
    if asked is None or result.allocation is None:
        return _without(result, "centres", say("scenario.no_centres"))
    centres = site_centres(
        result.park,
        result.allocation,
        rules=result.rules,
        count=asked.count,
        roles=roles_of(asked),
    )
    if isinstance(centres, StageLeftOut):
        return replace(result, left_out=(*result.left_out, centres))
    return _with_neighbourhoods(replace(result, centres=centres))


def _with_neighbourhoods(result: Result) -> Result:
    asked = result.scenario.centres
    if asked is None or asked.neighbourhoods is None or result.allocation is None:
        return result
    groups = group_neighbourhoods(
        result.park,
        result.allocation,
        result.centres,
        rules=result.rules,
        count=asked.neighbourhoods,
    )
    if isinstance(groups, StageLeftOut):
        return replace(result, left_out=(*result.left_out, groups))
    return replace(result, neighbourhoods=groups)


def _with_facilities(result: Result) -> Result:
    asks = facilities_of(result.scenario.facilities)
    if not asks or result.allocation is None:
        return result
    facilities, left_out = site_facilities(
        result.park, result.allocation, rules=result.rules, asks=asks
    )
    return replace(result, facilities=facilities, left_out=(*result.left_out, *left_out))


def _with_greenway(result: Result) -> Result:
    asked = result.scenario.greenway
    if asked is None or result.allocation is None:
        return _without(result, "greenway", say("scenario.no_greenway"))
    greenway = route_greenway(
        result.park,
        result.allocation,
        rules=result.rules,
        join=asked.join,
        ring=None if asked.ring is None else ring_of(asked.ring),
        avoid_classes=asked.avoid_classes,
        has_new_paths=asked.new_paths,
    )
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
