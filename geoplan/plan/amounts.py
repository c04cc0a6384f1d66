"""Rules of how much: counts, floor area, people, land and floor area a head, money and months of conversion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoplan.optimise.terms import Limit, Sum
from geoplan.plan.asked import Clearance, CountTarget, FloorAreaTarget, PerPerson, PopulationTarget
from geoplan.plan.conversion import conversion_amount, conversion_months
from geoplan.plan.land import Land
from geoplan.plan.rules import Rule
from geoplan.words import Message, literal, say

__all__ = ["clearance", "count_band", "floor_area_band", "per_person", "population_band"]


def count_band(land: Land, asked: CountTarget) -> Rule:
    r"""Candidates that become some products number between two counts.

    .. math:: L \le \sum_i \sum_{p \in P} x_{ip} \le U

    In words: at least L and at most U candidates become one of the products P; L = U is an exact count.
    """
    return _band(
        land, "count", asked.name, asked.products, land.chosen(asked.products),
        (asked.lower, asked.upper), unit="count", source=asked.source,
    )  # fmt: skip


def floor_area_band(land: Land, asked: FloorAreaTarget) -> Rule:
    r"""Gross floor area of some products lies between two values.

    .. math:: L \le \sum_i \sum_{p \in P} A_i F_{ip} x_{ip} \le U \quad [m^2]

    with the floor area ratio F of product p on candidate i. In words: all buildings of the products P together have at
    least L and at most U of gross floor area.
    """
    return _band(
        land, "floor_area", asked.name, asked.products, land.chosen(asked.products) * land.floor_area_m2,
        (asked.lower_m2, asked.upper_m2), unit="m2", source=asked.source,
    )  # fmt: skip


def population_band(land: Land, asked: PopulationTarget) -> Rule:
    r"""Residents number between two values.

    .. math:: L \le H_0 + \sum_{ip} h_{ip} x_{ip} \le U \quad [persons]

    with the residents :math:`h_{ip}` of product p on candidate i and :math:`H_0` of the homes that stay. In words: with the
    homes that stay, at least L and at most U people live in the plan.
    """
    staying = float(land.people_staying.sum())
    return _band(
        land, "population", asked.name, land.programme.homes, land.people,
        (asked.lower, asked.upper), unit="persons", source=asked.source, constant=staying,
    )  # fmt: skip


def per_person(land: Land, asked: PerPerson) -> Rule:
    r"""Some products have so much land, or floor area, for each resident.

    .. math:: a_0 + \sum_i \sum_{p \in P} a_{ip} x_{ip} \ge r \left(H_0 + \sum_{ip} h_{ip} x_{ip}\right)

    with land or floor area :math:`a_{ip}` [m2] and land :math:`a_0` of today that stays, residents h as above, and r [m2
    per person]. In words: facilities and green are sized to the people the plan brings.
    """
    each = land.area_m2[:, None] if asked.of == "land" else land.floor_area_m2
    amounts = land.chosen(asked.products) * each
    there = 0.0
    if asked.of == "land":
        there = float(np.asarray(land.staying.area)[land.is_there(asked.products)].sum())
    staying = float(land.people_staying.sum())
    term = Sum(
        coefficients=amounts - asked.lower_m2 * land.people,
        constant=there - asked.lower_m2 * staying,
    )

    def told(labels: NDArray[np.int64]) -> float:
        rows = np.arange(labels.size)
        heads = staying + float(land.people[rows, labels].sum())
        return (there + float(amounts[rows, labels].sum())) / heads if heads else float("nan")

    name = f"per_person.{asked.name}"
    return Rule(
        name=name,
        kind="per_person",
        title=say("plan.rule_per_person", name=quoted(asked.name), products=land.names(asked.products),
                  lower=asked.lower_m2, of=say(f"plan.of_{asked.of}")),
        short=quoted(asked.name),
        unit="m2 per person",
        source=asked.source,
        products=" ".join(asked.products),
        lower=asked.lower_m2,
        upper=np.inf,
        limits=(Limit(name=name, term=term, lower=0.0),),
        told=told,
        details={"of": asked.of, "there_m2": there, "people_staying": staying, **_per_product(land)},
        give_unit="m2",
    )  # fmt: skip


def clearance(land: Land, asked: Clearance) -> Rule:
    r"""Conversion costs no more than so much, and takes no longer than so long on any parcel.

    .. math:: \sum_{ip} c_{ip} x_{ip} \le C \quad [currency], \qquad x_{ip} = 0 \;\text{if}\; t_{ip} > T \quad [months]

    with cost and time by the rule packs (``plan/conversion.py``). In words: clearing, soil survey and whatever else the
    change of use takes stay within the budget, and no parcel waits longer than T months.
    """
    cost, months = conversion_amount(land), conversion_months(land)
    name = f"clearance.{asked.name}"
    limits = [Limit(name=name, term=Sum(coefficients=cost), upper=asked.max_amount)]
    if np.isfinite(asked.max_months):
        too_long = (months > asked.max_months).astype(float)
        limits.append(Limit(name=name, term=Sum(coefficients=too_long), upper=0.0))
    return Rule(
        name=name,
        kind="clearance",
        title=say("plan.rule_clearance", name=quoted(asked.name), amount=asked.max_amount, months=asked.max_months),
        short=quoted(asked.name),
        unit="currency",
        source=asked.source,
        products=" ".join(product.key for product in land.programme.products),
        lower=0.0,
        upper=asked.max_amount,
        limits=tuple(limits),
        details={"max_months": asked.max_months if np.isfinite(asked.max_months) else None},
        give_unit="currency",
    )  # fmt: skip


def quoted(name: str) -> Message:
    """A rule's name as it is said in passing."""
    return say("plan.quoted", name=literal(name))


def _band(  # noqa: PLR0913, PLR0917 - one band
    land: Land,
    kind: str,
    name: str,
    products: Sequence[str],
    amounts: NDArray[np.float64],
    band: tuple[float, float],
    *,
    unit: str,
    source: str,
    constant: float = 0.0,
) -> Rule:
    lower, upper = band
    key = "plan.rule_between"
    if upper == np.inf:
        key = "plan.rule_at_least"
    elif lower <= 0:
        key = "plan.rule_at_most"
    full = f"{kind}.{name}"
    return Rule(
        name=full,
        kind=kind,
        title=say(key, name=quoted(name), products=land.names(products),
                  lower=say(f"plan.amount_{kind}", value=lower), upper=say(f"plan.amount_{kind}", value=upper)),
        short=quoted(name),
        unit=unit,
        source=source,
        products=" ".join(products),
        lower=lower,
        upper=upper,
        limits=(Limit(name=full, term=Sum(coefficients=amounts, constant=constant), lower=lower, upper=upper),),
        details={"people_staying": constant, **_per_product(land)} if kind in {"floor_area", "population"} else {},
        give_unit=unit,
    )  # fmt: skip


def _per_product(land: Land) -> dict[str, dict[str, float]]:
    """Floor area ratio and floor area a head of each product: what a checker needs to work the amounts out."""
    products = land.programme.products
    return {
        "floor_area_ratio": {p.key: p.floor_area_ratio for p in products},
        "floor_area_m2_per_person": {p.key: p.floor_area_m2_per_person for p in products},
    }
