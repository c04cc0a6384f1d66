"""Check a written plan without geoplan: ``python tests/plan_checker.py FILE.gpkg``.

Reads the parcels with their plan, the suitability table and the table of rules from the file alone, works every
value out again, prints one line per rule and ends with exit code 1 if anything differs. Shares no code with geoplan.
"""

from __future__ import annotations

import json
import math
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

TOLERANCE = 1e-6


def same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


class Plan:
    """A plan as the file has it."""

    def __init__(self, path: Path | str) -> None:
        self.layer = layer_with_plan(path)
        parcels = gpd.read_file(path, layer=self.layer).set_index("parcel_id")
        self.all_parcels = parcels
        self.is_candidate = parcels["is_candidate"].map(truth)
        self.parcels = parcels[self.is_candidate]
        self.area = dict(self.parcels.geometry.area)
        self.shape = dict(self.parcels.geometry)
        self.product = dict(self.parcels["product"])
        with sqlite3.connect(f"file:{Path(path).resolve().as_posix()}?mode=ro", uri=True) as file:
            self.suitability = pd.read_sql("select * from suitability", file)
            self.rules = pd.read_sql("select * from plan_rules", file)
        file.close()
        keys = list(zip(self.suitability["parcel_id"], self.suitability["product"], strict=True))
        self.score = dict(zip(keys, self.suitability["score"], strict=True))
        self.allowed = dict(zip(keys, self.suitability["is_allowed"].map(truth), strict=True))
        self.total = sum(self.area.values())

    def score_of(self, parcel: str, product: str) -> float:
        """Score in the table; not a number where it has none."""
        return self.score.get((parcel, product), math.nan)

    def with_change(self, parcel: str, product: str) -> dict[str, str]:
        """The same products with one parcel changed."""
        return {**self.product, parcel: product}


def truth(value: Any) -> bool:
    return str(value).lower() in {"1", "1.0", "true"}


def layer_with_plan(path: Path | str) -> str:
    names = set(gpd.list_layers(path)["name"])
    for name in ("plan", "parcels"):
        if name in names and "planned_use" in gpd.read_file(path, layer=name, rows=1).columns:
            return name
    raise SystemExit(f"{path}: no layer of parcels with planned_use")


# ---- the rules, worked out again -----------------------------------------------------------------------------


def area_of(plan: Plan, product_of: Mapping[str, str], products: Sequence[str]) -> float:
    return sum(area for parcel, area in plan.area.items() if product_of[parcel] in products)


def value_of(  # noqa: PLR0911 - a kind, a line
    plan: Plan, rule: pd.Series, product_of: Mapping[str, str]
) -> float | None:
    """The value of one rule for the given products; None where it speaks of nothing."""
    products = str(rule["products"]).split()
    if rule["kind"] == "objective":
        goals = details_of(rule)
        if goals:
            rows = plan.rules.set_index("rule")
            values = {n: value_of(plan, rows.loc[f"goal.{n}"], product_of) for n in goals}
            if product_of is plan.product:  # what only the file knows is taken as told
                told = {n: rows.loc[f"goal.{n}", "value"] for n in goals}
                values = {n: told[n] if math.isnan(v) else v for n, v in values.items()}
            return sum(goal["weight"] * values[n] for n, goal in goals.items())
        return sum(plan.area[p] * plan.score_of(p, product_of[p]) for p in plan.area)
    if rule["kind"] == "candidates":
        return float(sum(product_of[p] in products for p in json.loads(rule["parcel_ids"])))
    if rule["kind"] == "area":
        return area_of(plan, product_of, products)
    if rule["kind"] == "share_of_area":
        return area_of(plan, product_of, products) / plan.total
    if rule["kind"] == "lock":
        return float(sum(product_of.get(p) in products for p in json.loads(rule["parcel_ids"])))
    if rule["kind"] == "separation":
        return least_distance(plan, rule, product_of, products)
    if rule["kind"] in WORKED_OUT:
        return WORKED_OUT[rule["kind"]](plan, details_of(rule), product_of, products)
    raise SystemExit(f"rule {rule['rule']}: unknown kind {rule['kind']}")


def details_of(rule: pd.Series) -> dict[str, Any]:
    return json.loads(rule["details"]) if "details" in rule and not empty(rule["details"]) else {}


def stays_as(plan: Plan, uses: Sequence[str]) -> list[str]:
    """Parcels that stay and are used as one of these codes says."""
    stays = plan.all_parcels[~plan.is_candidate]
    return (
        [p for p, use in stays["use"].items() if str(use).startswith(tuple(uses))] if uses else []
    )


def planned_as(product_of: Mapping[str, str], products: Sequence[str]) -> list[str]:
    return [p for p, product in product_of.items() if product in products]


def count_of(
    _plan: Plan, _: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float:
    return float(len(planned_as(product_of, products)))


def ratio_of(plan: Plan, parcel: str, product: str, told: dict[str, Any]) -> float:
    """Floor area ratio: as the file has it for the product that is planned, else by the pack."""
    if plan.product[parcel] == product:
        return float(plan.parcels["planned_floor_area_m2"][parcel]) / plan.area[parcel]
    return float(told["floor_area_ratio"][product])


def floor_area_of(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float:
    chosen = planned_as(product_of, products)
    return sum(plan.area[p] * ratio_of(plan, p, product_of[p], told) for p in chosen)


def heads_of(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], _: Sequence[str]
) -> float:
    total = float(told["people_staying"])
    for parcel, product in product_of.items():
        each = told["floor_area_m2_per_person"][product]
        if each:
            total += plan.area[parcel] * ratio_of(plan, parcel, product, told) / each
    return total


def per_head_of(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float | None:
    heads = heads_of(plan, told, product_of, products)
    if told["of"] == "land":
        amount = told["there_m2"] + area_of(plan, product_of, products)
    else:
        amount = floor_area_of(plan, told, product_of, products)
    return amount / heads if heads else None


def misplaced(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float:
    """Parcels of the products that are too small or too narrow, or that the rule lists."""
    listed = set(told.get("forbidden_on", ()))
    if "min_m2" in told:
        listed = {p for p, area in plan.area.items() if area < told["min_m2"] * (1 - 1e-9)}
    if "diameter_m" in told:
        widths = {
            p: 2 * shapely.maximum_inscribed_circle(s, 0.001).length for p, s in plan.shape.items()
        }
        listed = {p for p, width in widths.items() if width < told["diameter_m"] - 0.002}
    return float(len(listed & set(planned_as(product_of, products))))


def not_permitted(
    _plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], _: Sequence[str]
) -> float:
    return float(sum(p in told["forbidden"].get(product, ()) for p, product in product_of.items()))


def shared_m(one: shapely.Geometry, other: shapely.Geometry, across_m: float) -> float:
    """Length of the border of two parcels; corners are none. Across a street, the mean of what lies within its width."""
    touch = one.boundary.buffer(0.01).intersection(other.boundary).length
    touch = 0.0 if touch <= 0.1 else touch
    if across_m <= 0 or one.distance(other) > across_m:
        return touch
    facing = [
        a.boundary.intersection(b.buffer(across_m)).length for a, b in ((one, other), (other, one))
    ]
    return max(touch, sum(facing) / 2)


def pairs_that_touch(plan: Plan, across_m: float) -> dict[tuple[str, str], float]:
    """Length of every border of which one parcel at least is a candidate."""
    ids, shapes = list(plan.all_parcels.index), list(plan.all_parcels.geometry)
    tree, found = shapely.STRtree(shapes), {}
    for i, shape in enumerate(shapes):
        for j in tree.query(shape, predicate="dwithin", distance=max(across_m, 0.02)):
            if i < j:
                length = shared_m(shape, shapes[j], across_m)
                if length > 0:
                    found[ids[i], ids[j]] = length
    return found


def forbidden_borders(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float:
    cut = products.index("/")
    one = {*planned_as(product_of, products[:cut]), *stays_as(plan, told["uses"])}
    other = {*planned_as(product_of, products[cut + 1 :]), *stays_as(plan, told["other_uses"])}
    met = 0
    for (a, b), length in pairs_that_touch(plan, told["across_m"]).items():
        if length >= told["min_border_m"] and (a in product_of or b in product_of):
            met += (a in one and b in other) or (a in other and b in one)
    return float(met)


def patches_of(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float:
    """Number of patches with a candidate in them; infinite if one is too small or too large."""
    inside = {*planned_as(product_of, products), *stays_as(plan, told["uses"])}
    beside: dict[str, list[str]] = {p: [] for p in inside}
    for a, b in pairs_that_touch(plan, told["across_m"]):
        if a in inside and b in inside:
            beside[a].append(b)
            beside[b].append(a)
    count, seen = 0, set()
    for start in sorted(inside):
        if start in seen:
            continue
        patch, todo = {start}, [start]
        while todo:
            for near in beside[todo.pop()]:
                if near not in patch:
                    patch.add(near)
                    todo.append(near)
        seen |= patch
        if any(p in product_of for p in patch):
            count += 1
            area = sum(plan.all_parcels.geometry[p].area for p in patch)
            too_large = told["max_m2"] is not None and area > told["max_m2"] * (1 + 1e-9)
            if area < told["min_m2"] * (1 - 1e-9) or too_large:
                return math.inf
    return float(count)


def weight_of(plan: Plan, parcel: str, told: dict[str, Any]) -> float:
    return plan.all_parcels.geometry[parcel].area if told["weigh"] == "area" else 1.0


def share_near(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float | None:
    """Share of homes with a facility in reach; straight distances only, and never by people."""
    if told["measure"] != "straight" or told["weigh"] == "people":
        return NOT_CHECKED
    homes = [*planned_as(product_of, told["homes"]), *told["staying_homes"]]
    there = [*planned_as(product_of, products), *stays_as(plan, told["uses"])]
    middle = plan.all_parcels.geometry.centroid
    near = [
        h for h in homes
        if any(middle[h].distance(middle[t]) <= told["radius_m"] * (1 + 1e-9) for t in there if t != h)
    ]  # fmt: skip
    total = sum(weight_of(plan, h, told) for h in homes)
    return sum(weight_of(plan, h, told) for h in near) / total if total else None


def goal_value(
    plan: Plan, told: dict[str, Any], product_of: Mapping[str, str], products: Sequence[str]
) -> float | None:
    geometry = plan.all_parcels.geometry
    if told["kind"] == "suitability":
        worth = sum(plan.area[p] * plan.score_of(p, product_of[p]) for p in plan.area)
        return worth / plan.total
    if told["kind"] == "covered":
        share = share_near(plan, told, product_of, products)
        return 1.0 if share is None else share
    if told["kind"] == "spread":
        there = [*planned_as(product_of, products), *stays_as(plan, told["uses"])]
        apart = [
            geometry[a].centroid.distance(geometry[b].centroid)
            for a in there
            for b in there
            if a < b
        ]
        return sum(apart) / len(apart) / told["reference_m"] if apart else 0.0
    if told["kind"] == "area_within":
        there = [*planned_as(product_of, products), *stays_as(plan, told["uses"])]
        large = [geometry[p] for p in there if geometry[p].area >= told["min_m2"] * (1 - 1e-9)]
        reached = shapely.union_all(
            [shape.buffer(told["radius_m"], quad_segs=16) for shape in large]
        )
        homes = [
            geometry[p] for p in [*planned_as(product_of, told["homes"]), *told["staying_homes"]]
        ]
        total = sum(home.area for home in homes)
        return sum(home.intersection(reached).area for home in homes) / total if total else 1.0
    if told["kind"] == "borders":
        return worth_of_borders(plan, told, product_of)
    return NOT_CHECKED


def worth_of_borders(plan: Plan, told: dict[str, Any], product_of: Mapping[str, str]) -> float:
    total = worth = 0.0
    stays = plan.all_parcels["use"].astype(str)

    def kind_of(parcel: str) -> str | None:
        if parcel in product_of:
            return product_of[parcel]
        return next(
            (key for key, use in told["uses"].items() if stays[parcel].startswith(use)), None
        )

    for (a, b), length in pairs_that_touch(plan, told["across_m"]).items():
        if a in product_of or b in product_of:
            one, other = kind_of(a), kind_of(b)
            total += length
            if one is not None and other is not None:
                pair = told["pairs"].get(f"{one} {other}", told["pairs"].get(f"{other} {one}", 0.0))
                worth += length * (told["same"] if one == other else pair)
    return worth / total if total else 0.0


#: What a value is that only the file knows: taken as told.
NOT_CHECKED = math.nan

WORKED_OUT = {
    "goal": goal_value, "count": count_of, "floor_area": floor_area_of, "population": heads_of,
    "per_person": per_head_of, "min_parcel": misplaced, "min_circle": misplaced, "frontage": misplaced,
    "overlay": misplaced, "permission": not_permitted, "neighbours": forbidden_borders,
    "patches": patches_of, "reach": share_near, "clearance": lambda *_: NOT_CHECKED,
}  # fmt: skip


def least_distance(
    plan: Plan, rule: pd.Series, product_of: Mapping[str, str], products: Sequence[str]
) -> float | None:
    cut = products.index("/")
    away, makers = products[:cut], products[cut + 1 :]
    staying = [plan.all_parcels.geometry[p] for p in json.loads(rule["parcel_ids"])]
    homes = [plan.shape[p] for p in plan.shape if product_of[p] in away]
    others = staying + [plan.shape[p] for p in plan.shape if product_of[p] in makers]
    if not homes or not others:
        return None
    tree = shapely.STRtree(others)
    return float(shapely.distance(homes, tree.geometries[tree.nearest(homes)]).min())


def is_within(rule: pd.Series, value: Any) -> bool:
    if value is None or math.isnan(value):
        return True
    slack = TOLERANCE * max(1.0, abs(value))
    above = empty(rule["lower"]) or value >= rule["lower"] - slack
    return above and (empty(rule["upper"]) or value <= rule["upper"] + slack)


# ---- what must be so ------------------------------------------------------------------------------------------


def differences_in_rules(plan: Plan, tell: Callable[[str], object]) -> Iterator[str]:
    for _, rule in plan.rules.iterrows():
        value = value_of(plan, rule, plan.product)
        told = None if empty(rule["value"]) else rule["value"]
        if value is not None and math.isnan(value):
            tell(f"--  {rule['rule']}: {told} in the file, not worked out again")
            continue
        agrees = (told is None and value is None) or (
            told is not None and value is not None and same(told, value)
        )
        kept = is_within(rule, value)
        tell(
            f"{'ok ' if agrees and kept else 'BAD'} {rule['rule']}: {told} in the file, {value} worked out again, "
            f"limits {rule['lower']} to {rule['upper']} {rule['unit']}"
        )
        if not agrees:
            yield f"{rule['rule']}: the file says {told}, it is {value}"
        if not kept or not truth(rule["is_kept"]):
            yield f"{rule['rule']}: {value} is not within {rule['lower']} to {rule['upper']}"
    if plan.rules["rule"].duplicated().any():
        yield "a rule has two rows"


def differences_in_parcels(plan: Plan) -> Iterator[str]:
    everything = plan.all_parcels
    stays = everything[~plan.is_candidate]
    for parcel in stays.index[(stays["planned_use"].astype(str) != stays["use"].astype(str))]:
        yield f"{parcel}: is no candidate but changes its use"
    for parcel in stays.index[[not empty(product) for product in stays["product"]]]:
        yield f"{parcel}: is no candidate but has a product"
    named = plan.rules.loc[plan.rules["kind"] == "candidates", "parcel_ids"]
    if len(named) != 1 or set(json.loads(named.iloc[0])) != set(plan.area):
        yield "the candidates of the rules are not those of the parcels"
    if plan.parcels.groupby("product")["planned_use"].nunique().max() > 1:
        yield "a product has two codes"
    if "area_m2" in everything:
        for parcel, told in everything["area_m2"].items():
            if not empty(told) and not same(told, everything.geometry[parcel].area):
                yield f"{parcel}: area_m2 is not the area of the polygon"


def differences_in_scores(plan: Plan) -> Iterator[str]:
    products = {product for _, product in plan.score}
    for parcel, row in plan.parcels.iterrows():
        own = plan.score.get((parcel, row["product"]))
        if own is None or not same(own, row["suitability_score"]):
            yield f"{parcel}: suitability_score is {row['suitability_score']}, the table says {own}"
        elif not plan.allowed[parcel, row["product"]]:
            yield f"{parcel}: {row['product']} is not allowed"
        if any((parcel, product) not in plan.score for product in products):
            yield f"{parcel}: not every product has a score"
    for _, row in plan.suitability.iterrows():
        parts = [part.partition("=")[2].split("*") for part in str(row["parts"] or "").split("; ")]
        total = sum(
            float(part) * float(weight) for part, weight in (p for p in parts if len(p) == 2)
        )
        if not 0 <= row["score"] <= 1 or abs(total - row["score"]) > 0.01:  # parts are rounded
            yield f"{row['parcel_id']} {row['product']}: score {row['score']} is not its parts {total}"


def differences_in_runners_up(plan: Plan) -> Iterator[str]:
    binding = plan.rules[~plan.rules["kind"].isin(["objective", "goal"])]
    objective = plan.rules[plan.rules["kind"] == "objective"].iloc[0]
    price = "runner_up_price_m2" if objective["unit"] == "m2" else "runner_up_price_score"
    now = value_of(plan, objective, plan.product)
    for parcel, row in plan.parcels.iterrows():
        if empty(row["runner_up"]):
            continue
        changed = plan.with_change(parcel, row["runner_up"])
        gain = now - value_of(plan, objective, changed)
        if not math.isnan(gain) and abs(row[price] - gain) > TOLERANCE * max(1.0, abs(now)):
            yield f"{parcel}: the price of {row['runner_up']} is {gain}"
        for _, rule in binding.iterrows():
            if not is_within(rule, value_of(plan, rule, changed)):
                yield f"{parcel}: {row['runner_up']} would break {rule['rule']}"


def check(path: Path | str, tell: Callable[[str], object] = print) -> list[str]:
    """Every difference found in one file."""
    plan = Plan(path)
    found = [
        *differences_in_rules(plan, tell),
        *differences_in_parcels(plan),
        *differences_in_scores(plan),
        *differences_in_runners_up(plan),
    ]
    for difference in found:
        tell(f"DIFFERENT {difference}")
    tell(f"{len(plan.rules)} rules, {len(plan.area)} candidates, {len(found)} differences")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    raise SystemExit(1 if check(sys.argv[1]) else 0)
