"""Questions about parcels that a planner can write, read aloud and unit-test."""

from geoplan.query._explain import Explanation, StepCount
from geoplan.query.query import Query, block, phase, select, those, zone

__all__ = ["Explanation", "Query", "StepCount", "block", "phase", "select", "those", "zone"]
