"""What is asked of a plan: which land may change, into what, how much of it, and what must stay as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType

from geoplan.errors import ScenarioError
from geoplan.model.rulepack import Rules
from geoplan.plan.asked import Objective, Wish
from geoplan.words import Message, catalogue, literal, name_in_both, say

__all__ = [
    "INDUSTRY_GRADES",
    "KEEP",
    "AreaTarget",
    "CandidateRule",
    "Product",
    "Programme",
    "Separation",
    "ShareTarget",
    "Target",
    "products_of",
]

#: In ``Programme.locks``: the parcel keeps the use it has.
KEEP = "keep"

#: Class of industry by land-use code.
INDUSTRY_GRADES: Mapping[str, str] = MappingProxyType(
    {"100101": "M1", "100102": "M2", "100103": "M3"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A use that the programme can build, with its intensity on net land.

    Attributes
    ----------
    key, name, use
        Short name, name in both languages, code of the 2023 classification.
    role
        What it is in the plan: ``home``, ``centre``, ``work``, ``industry``, ``park``, ``plaza``, ``green``,
        ``school``, ``service`` or ``reserve``.
    floor_area_ratio
        Gross floor area over net land [m2/m2].
    floor_area_m2_per_person, dwelling_m2
        Floor area a resident and a dwelling take; 0 where nobody lives.
    coverage_share, max_height_m
        Most of the land that is built over, and greatest height [m]; infinite where the rule packs do not say.
    """

    key: str
    name: Message
    use: str
    role: str
    floor_area_ratio: float
    floor_area_m2_per_person: float = 0.0
    dwelling_m2: float = 0.0
    coverage_share: float = inf
    max_height_m: float = inf

    @property
    def pollution_grade(self) -> str:
        """Class of industry that its code stands for, or ``""``."""
        return INDUSTRY_GRADES.get(self.use, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRule:
    """Which parcels the plan may change; a parcel that fits any line is a candidate.

    Parcels that are retained (``retain_mode`` retain), hold a fixed facility or are locked to keep their use never are.

    Attributes
    ----------
    triage
        Results of the triage whose land is converted, inside the phase-1 area.
    has_vacant_land
        Land without a building that is vacant or coded open (2301), anywhere.
    has_later_phases
        Parcels marked for phase 2 or later.
    uses
        Beginnings of land-use codes (``"07"`` for all housing), for parks without a ledger.
    parcel_ids
        Parcels by name.
    zones
        Only parcels of these zones; empty for all.
    """

    triage: tuple[str, ...] = ()
    has_vacant_land: bool = False
    has_later_phases: bool = False
    uses: tuple[str, ...] = ()
    parcel_ids: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaTarget:
    """Least and most land [m2] that some products together take among the candidates.

    ``title`` is its name as a planner reads it; without one the name is shown.
    """

    name: str
    products: tuple[str, ...]
    lower_m2: float = 0.0
    upper_m2: float = inf
    source: str
    title: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareTarget:
    """Least and most share of the candidates' land that some products together take."""

    name: str
    products: tuple[str, ...]
    lower_share: float = 0.0
    upper_share: float = 1.0
    source: str
    title: Message | None = None


Target = AreaTarget | ShareTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Least distance between industry of one pollution grade and some products.

    Attributes
    ----------
    grade
        ``M1``, ``M2`` or ``M3``; the distance is the rule pack's ``separation.<grade>_m``.
    products
        Products to keep away; empty for all homes.
    """

    grade: str
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """The question put to the plan.

    Suitability weights and intensities are numbers of the rule packs, which a scenario overrides by name.

    Attributes
    ----------
    products
        What can be built; the order settles ties.
    candidates
        Which parcels may change.
    area_targets
        How much of what.
    separations
        What must stay apart.
    locks
        Parcels decided already: id to product, or to ``KEEP``.
    phase_1_blocks
        Blocks of the first phase; empty if the whole park is one phase.
    wishes
        Every other rule, in the order it is told (``plan/asked.py``).
    objectives
        What is made large, by name and weight; none for suitable area.
    keeps_height_limits
        Whether the heights of the plan in force bind what is built; else the amendments say where they are passed.
    """

    products: tuple[Product, ...]
    candidates: CandidateRule
    area_targets: tuple[Target, ...] = ()
    separations: tuple[Separation, ...] = ()
    locks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    phase_1_blocks: tuple[str, ...] = ()
    wishes: tuple[Wish, ...] = ()
    objectives: tuple[Objective, ...] = ()
    keeps_height_limits: bool = False

    def product(self, key: str) -> Product:
        """One product by its key."""
        return next(product for product in self.products if product.key == key)

    @property
    def homes(self) -> tuple[str, ...]:
        """Keys of the products in which people live."""
        return tuple(product.key for product in self.products if product.role == "home")


def products_of(rules: Rules, keys: Sequence[str] | None = None) -> tuple[Product, ...]:
    """Products of the rule packs, all or those named, in the order of the pack or of the names.

    Raises
    ------
    ScenarioError
        A product is not in the packs; all problems at once.

    Examples
    --------
    >>> from geoplan.model.rulepack import load_rules
    >>> park, school = products_of(load_rules(["plan-assumed"]), ["park", "school"])
    >>> park.use, school.name.text("en")
    ('1401', 'school')
    """
    known = rules.data("products")
    wanted = tuple(known) if keys is None else tuple(keys)
    missing = [key for key in wanted if key not in known]
    if missing:
        raise ScenarioError(
            [say("plan.unknown_product", product=key, known=", ".join(known)) for key in missing]
        )
    return tuple(_product(key, known[key], rules) for key in wanted)


def _product(key: str, row: Mapping[str, object], rules: Rules) -> Product:
    is_home = row["role"] == "home"
    return Product(
        key=key,
        name=_name(key, row.get("name")),
        use=str(row["use"]),
        role=str(row["role"]),
        floor_area_ratio=rules.value(f"products.{key}.floor_area_ratio"),
        floor_area_m2_per_person=rules.value(f"products.{key}.floor_area_m2_per_person")
        if is_home
        else 0.0,
        dwelling_m2=rules.value(f"products.{key}.dwelling_m2") if is_home else 0.0,
        coverage_share=_known(f"products.{key}.coverage_share", rules),
        max_height_m=_known(f"products.{key}.max_height_m", rules),
    )


def _known(name: str, rules: Rules) -> float:
    """A number that a pack may leave out: then nothing limits."""
    return rules.value(name) if name in rules.numbers else inf


def _name(key: str, own: object) -> Message:
    if isinstance(own, Mapping):
        return name_in_both(own)
    return say(f"product.{key}") if f"product.{key}" in catalogue() else literal(key)
