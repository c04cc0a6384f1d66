"""What the land could become: land turned into problems of ``optimise``, and answers turned back into land."""

from geoplan.plan.allocate import plan_land_use
from geoplan.plan.by_rules import plan_by_rules
from geoplan.plan.candidates import candidate_parcels, problems_of, targets_like_today
from geoplan.plan.centres import CentreRole, residents, site_centres
from geoplan.plan.facilities import GOALS, FacilityAsk, site_facilities
from geoplan.plan.front_goals import FRONT_GOALS
from geoplan.plan.greenway import PLACE_KINDS, RingAsk, route_greenway
from geoplan.plan.neighbourhoods import group_neighbourhoods
from geoplan.plan.pareto import PlanFront, plan_front
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
from geoplan.plan.simulate import Horizon, Simulation, plan_by_simulation, simulate_land_use

__all__ = [
    "FRONT_GOALS",
    "GOALS",
    "KEEP",
    "PLACE_KINDS",
    "AreaTarget",
    "CandidateRule",
    "CentreRole",
    "FacilityAsk",
    "Horizon",
    "PlanFront",
    "Product",
    "Programme",
    "RingAsk",
    "Separation",
    "ShareTarget",
    "Simulation",
    "candidate_parcels",
    "group_neighbourhoods",
    "plan_by_rules",
    "plan_by_simulation",
    "plan_front",
    "plan_land_use",
    "problems_of",
    "products_of",
    "residents",
    "route_greenway",
    "simulate_land_use",
    "site_centres",
    "site_facilities",
    "targets_like_today",
]
