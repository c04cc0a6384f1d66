"""What the land could become: land turned into problems of ``optimise``, and answers turned back into land."""

from geoplan.plan.allocate import plan_land_use
from geoplan.plan.candidates import candidate_parcels, problems_of, targets_like_today
from geoplan.plan.centres import CentreRole, residents, site_centres
from geoplan.plan.facilities import GOALS, FacilityAsk, site_facilities
from geoplan.plan.greenway import PLACE_KINDS, route_greenway
from geoplan.plan.neighbourhoods import group_neighbourhoods
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
    "GOALS",
    "KEEP",
    "PLACE_KINDS",
    "AreaTarget",
    "CandidateRule",
    "CentreRole",
    "FacilityAsk",
    "Product",
    "Programme",
    "Separation",
    "ShareTarget",
    "candidate_parcels",
    "group_neighbourhoods",
    "plan_land_use",
    "problems_of",
    "products_of",
    "residents",
    "route_greenway",
    "site_centres",
    "site_facilities",
    "targets_like_today",
]
