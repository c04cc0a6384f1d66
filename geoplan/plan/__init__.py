"""What the land could become: land turned into problems of ``optimise``, and answers turned back into land."""

from geoplan.plan import asked
from geoplan.plan.allocate import plan_land_use
from geoplan.plan.candidates import candidate_parcels, problems_of, targets_like_today
from geoplan.plan.centres import residents, site_centres
from geoplan.plan.greenway import PLACE_KINDS, route_greenway
from geoplan.plan.problem import (
    KEEP,
    AreaTarget,
    CandidateRule,
    Product,
    Programme,
    Separation,
    ShareTarget,
    products_of,
)

__all__ = [
    "KEEP",
    "PLACE_KINDS",
    "AreaTarget",
    "CandidateRule",
    "Product",
    "Programme",
    "Separation",
    "ShareTarget",
    "asked",
    "candidate_parcels",
    "plan_land_use",
    "problems_of",
    "products_of",
    "residents",
    "route_greenway",
    "site_centres",
    "targets_like_today",
]
