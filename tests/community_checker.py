"""Score a community plan without geoplan: ``python tests/community_checker.py FOLDER PLAN``.

FOLDER holds ``requirements.json`` and ``parcels_blank.geojson``; PLAN is the published ``drl_plan.geojson`` or a GeoPackage
with a layer ``plan`` whose ``product`` names the use of each free parcel. Plain shapely; shares no code with geoplan.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

LAND = {
    "residential", "business", "office", "green_l", "green_s", "school", "hospital_l", "hospital_s", "recreation",
}  # fmt: skip
WIDTH_M = 60.0
NEAR_M = 500.0


def read_plan(folder: Path, plan: Path) -> list[dict[str, Any]]:
    """Id, use, role and shape of every parcel of the plan."""
    blank = gpd.read_file(folder / "parcels_blank.geojson")
    if plan.suffix == ".geojson":
        table = gpd.read_file(plan)
        table = table[table["type"].isin(LAND)]
        return [
            {
                "id": str(row["id"]),
                "use": row["type"],
                "is_free": row["role"] == "placed",
                "shape": row["geometry"],
            }
            for _, row in table.iterrows()
        ]
    table = gpd.read_file(plan, layer="plan").set_index("parcel_id")
    found = []
    for _, row in blank.iterrows():
        told = table.loc[str(row["id"])]
        if not told["geometry"].equals(row["geometry"]):
            raise SystemExit(f"{row['id']}: the shape was changed")
        is_free = row["role"] == "free"
        use = told["product"] if is_free else row["type"]
        found.append(
            {"id": str(row["id"]), "use": use, "is_free": is_free, "shape": row["geometry"]}
        )
    return found


def score(folder: Path, plan: Path) -> dict[str, Any]:
    """The authors' score of a plan, with its parts, and every rule that it breaks."""
    asked = json.loads((Path(folder) / "requirements.json").read_text(encoding="utf-8"))
    parcels = read_plan(Path(folder), Path(plan))
    metric, weights = asked["metric"], asked["reward_weights"]
    homes = [p["shape"] for p in parcels if p["use"] == "residential"]
    share, by_area, spread = [], [], []
    for uses in metric["service_groups"].values():
        middles = [p["shape"].centroid for p in parcels if p["use"] in uses]
        near = [
            any(math.dist((h.centroid.x, h.centroid.y), (m.x, m.y)) <= NEAR_M for m in middles)
            for h in homes
        ]
        share.append(sum(near) / len(homes))
        total = sum(h.area for h in homes)
        by_area.append(
            sum(h.area for h, is_near in zip(homes, near, strict=True) if is_near) / total
        )
        apart = [math.dist((a.x, a.y), (b.x, b.y)) for a, b in itertools.combinations(middles, 2)]
        spread.append(sum(apart) / len(apart) / metric["decentralisation_ref_m"] if apart else 0.0)
    groups = len(metric["service_groups"])
    extra = metric["decentralisation_coef"] * sum(spread) / groups
    service, service_by_area = sum(share) / groups, sum(by_area) / groups
    greens = [
        p["shape"].buffer(metric["green_buffer_m"], quad_segs=16)
        for p in parcels
        if p["use"] in metric["green_types"] and p["shape"].area >= metric["green_min_area_m2"]
    ]
    reached = shapely.union_all(greens)
    ecology = sum(h.intersection(reached).area for h in homes) / sum(h.area for h in homes)
    used = service_by_area if weights.get("weight_by_area") else service
    return {
        "score": weights["life_circle"] * (used + extra) + weights["greenness"] * ecology,
        "service": service, "service_by_area": service_by_area, "ecology": ecology,
        "spread": extra, "broken": list(broken_rules(asked, parcels)),
    }  # fmt: skip


def broken_rules(asked: dict[str, Any], parcels: list[dict[str, Any]]) -> list[str]:
    """What the plan breaks of the counts, sizes and widths."""
    free = [p for p in parcels if p["is_free"]]
    homes_m2 = asked["require_area_to_place_m2"].get("residential", 0.0)
    counts = dict(asked["require_count_to_place"])
    broken = []
    for use, count in counts.items():
        there = sum(p["use"] == use for p in free)
        if there != count:
            broken.append(f"{there} {use}, not {count}")
    rest = asked["leftover_becomes"]
    known = {*counts, rest, *(["residential"] if homes_m2 > 0 else [])}
    broken += [f"{p['id']}: {p['use']}" for p in free if p["use"] not in known]
    if sum(p["shape"].area for p in free if p["use"] == "residential") < homes_m2 * (1 - 1e-9):
        broken.append("too few homes")
    for p in free:
        least = asked["constraints"]["min_area"].get(p["use"], 0.0)
        if p["shape"].area < least * (1 - 1e-9):
            broken.append(f"{p['id']}: {p['use']} on {p['shape'].area:.1f} m2, at least {least}")
        if p["use"] not in asked["metric"]["green_types"]:
            radius = shapely.maximum_inscribed_circle(p["shape"], 0.0005).length
            if 2 * radius < WIDTH_M - 0.01:
                broken.append(f"{p['id']}: {p['use']} is {2 * radius:.2f} m wide")
    return broken


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    result = score(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    raise SystemExit(1 if result["broken"] else 0)
