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


def value_of(plan: Plan, rule: pd.Series, product_of: Mapping[str, str]) -> float | None:
    """The value of one rule for the given products; None where it speaks of nothing."""
    products = str(rule["products"]).split()
    if rule["kind"] == "objective":
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
    raise SystemExit(f"rule {rule['rule']}: unknown kind {rule['kind']}")


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
    if value is None:
        return True
    slack = TOLERANCE * max(1.0, abs(value))
    above = empty(rule["lower"]) or value >= rule["lower"] - slack
    return above and (empty(rule["upper"]) or value <= rule["upper"] + slack)


# ---- what must be so ------------------------------------------------------------------------------------------


def differences_in_rules(plan: Plan, tell: Callable[[str], object]) -> Iterator[str]:
    for _, rule in plan.rules.iterrows():
        value = value_of(plan, rule, plan.product)
        told = None if empty(rule["value"]) else rule["value"]
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
    binding = plan.rules[plan.rules["kind"] != "objective"]
    for parcel, row in plan.parcels.iterrows():
        if empty(row["runner_up"]):
            continue
        gain = plan.score_of(parcel, row["product"]) - plan.score_of(parcel, row["runner_up"])
        if not same(row["runner_up_price_m2"], gain * plan.area[parcel]):
            yield f"{parcel}: the price of {row['runner_up']} is {gain * plan.area[parcel]}"
        changed = plan.with_change(parcel, row["runner_up"])
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
