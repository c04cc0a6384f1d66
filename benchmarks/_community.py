"""A published community plan, planned again: the free parcels of a learned plan, scored by its authors' formulas.

Any folder that holds ``requirements.json`` and ``parcels_blank.geojson`` is a case. Its requirements are written as a
scenario of the general grammar, run, written to a file, and scored by a checker that shares no code with geoplan.
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas as gpd
import yaml

from benchmarks._form import ROOT, Options, Row, parse, report
from geoplan.scenario import run_scenario
from geoplan.scenario.model import Scenario
from geoplan.scenario.outputs import write_layers
from geoplan.units import mu_from_m2

__all__ = ["communities", "community_rows", "scenario_of"]

#: From the description of the benchmark; not in its requirements.
WIDTH_M = 60.0
SOURCE = ROOT / "data" / "gis" / "sources" / "community_hlg.yaml"
PACK = ROOT / "scenarios" / "community_products.toml"


def communities(data: Path) -> list[Path]:
    """Folders that hold a community, found by their files: ``data`` itself or any below it."""
    found = {path.parent for path in data.rglob("requirements.json")}
    return sorted(each for each in found if (each / "parcels_blank.geojson").is_file())


def scenario_of(folder: Path, *, source: str, pack: str) -> dict[str, Any]:
    """The requirements of a community as a scenario; ``source`` and ``pack`` as the scenario should name them."""
    asked = json.loads((folder / "requirements.json").read_text(encoding="utf-8"))
    parcels = gpd.read_file(folder / "parcels_blank.geojson")
    free = int((parcels["role"] == "free").sum())
    place = {use: count for use, count in asked["require_count_to_place"].items() if count > 0}
    rest, homes_m2 = (
        asked["leftover_becomes"],
        asked["require_area_to_place_m2"].get("residential", 0.0),
    )
    counts = [{"name": use, "products": use, "exactly": count} for use, count in place.items()]
    if homes_m2 <= 0:
        left = free - sum(place.values())
        counts.append({"name": rest, "products": rest, "exactly": left})
    products = [*place, rest, *(["residential"] if homes_m2 > 0 else [])]
    least = {use: area for use, area in asked["constraints"]["min_area"].items() if use in products}
    built = [use for use in products if use not in asked["metric"]["green_types"]]
    plan: dict[str, Any] = {
        "candidates": {"uses": ["2301"]},
        "products": products,
        "counts": counts,
        "min_parcels": [
            {"name": f"{use} size", "products": use, "min_mu": _mu(area)}
            for use, area in least.items()
        ],
        "min_circles": [{"name": "width", "products": built, "diameter_m": WIDTH_M}],
        "objectives": list(_objectives(asked, place)),
    }
    if homes_m2 > 0:
        plan["areas"] = [{"name": "homes", "products": "residential", "min_mu": _mu(homes_m2)}]
    return {
        "name": f"community-{asked['instance']}",
        "date": "2026-11-25",
        "park": source,
        "rules": ["seed-practice", pack],
        "plan": plan,
    }  # fmt: skip


def _objectives(asked: Mapping[str, Any], place: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    metric, weights = asked["metric"], asked["reward_weights"]
    groups = metric["service_groups"]
    each = weights["life_circle"] / len(groups)
    weigh = "area" if weights.get("weight_by_area") else "parcel"
    for name, uses in groups.items():
        named = [use for use in uses if use in place]
        if named:
            yield {"kind": "covered", "name": name, "products": named, "weigh": weigh,
                   "radius_m": metric["service_radius_m"]["r10"], "weight": round(each, 12)}  # fmt: skip
            yield {"kind": "spread", "name": f"{name} spread", "products": named,
                   "reference_m": metric["decentralisation_ref_m"],
                   "weight": round(each * metric["decentralisation_coef"], 12)}  # fmt: skip
    green = [
        use for use in metric["green_types"] if use in place or use == asked["leftover_becomes"]
    ]
    yield {"kind": "area_within", "name": "green", "products": green, "radius_m": metric["green_buffer_m"],
           "min_mu": _mu(metric["green_min_area_m2"]), "weight": weights["greenness"]}  # fmt: skip


def _mu(area_m2: float) -> float:
    return round(mu_from_m2(area_m2), 9)


def community_rows(options: Options) -> list[Row]:
    """Score and proof of geoplan's plan, and the score of the published one, for each community found."""
    return [row for folder in communities(options.data) for row in _rows(folder)]


def _rows(folder: Path) -> list[Row]:
    checker = _checker()
    case = f"community {folder.name}"
    rows = []
    with tempfile.TemporaryDirectory() as work:
        path, bound, seconds = _planned(folder, Path(work))
        for side, file in (("geoplan", path), ("published", folder / "drl_plan.geojson")):
            if file.is_file():
                told = checker.score(folder, file)
                rows += [
                    Row(case=case, side=side, metric="score", value=told["score"]),
                    Row(case=case, side=side, metric="service", value=told["service"]),
                    Row(case=case, side=side, metric="service_by_area", value=told["service_by_area"]),
                    Row(case=case, side=side, metric="ecology", value=told["ecology"]),
                    Row(case=case, side=side, metric="rules_broken", value=float(len(told["broken"])), unit="count"),
                ]  # fmt: skip
    rows.append(Row(case=case, side="geoplan", metric="bound", value=bound))
    rows.append(Row(case=case, side="geoplan", metric="cpu_seconds", value=seconds, unit="s"))
    return rows


def _planned(folder: Path, work: Path) -> tuple[Path, float, float]:
    """Run the scenario of a community; the file of the plan, the proven bound, CPU seconds."""
    tree = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    tree["layers"]["parcels"]["file"] = str((folder / "parcels_blank.geojson").resolve())
    (work / "source.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    scenario = Scenario.model_validate(scenario_of(folder, source="source.yaml", pack=str(PACK)))
    began = time.process_time()
    result = run_scenario(scenario, folder=work, until="plan")
    seconds = time.process_time() - began
    if result.allocation is None:
        raise RuntimeError(f"{folder}: no plan")
    return write_layers(result, work), result.allocation.proof.bound, seconds


def _checker() -> ModuleType:
    """The checker, which lives with the tests."""
    spec = importlib.util.spec_from_file_location(
        "community_checker", ROOT / "tests" / "community_checker.py"
    )
    if spec is None or spec.loader is None:
        raise ImportError("tests/community_checker.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    options = parse(__doc__ or "")
    rows = community_rows(options)
    notes = [] if rows else [f"left out: {options.data} holds no community"]
    report(rows, options=options, packages=("highspy", "shapely", "numpy"), notes=notes)


if __name__ == "__main__":
    main()
