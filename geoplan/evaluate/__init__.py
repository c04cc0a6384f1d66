"""How well is the land used: measures, averages, the three tests, triage."""

from geoplan.evaluate.averages import means, merge_sums, partial_sums
from geoplan.evaluate.concentration import AREAS, AreaProfile, area_profile
from geoplan.evaluate.grading import (
    Grading,
    grade_enterprises,
    grade_layers,
    grade_runs,
    grade_table,
    grade_years,
    score_of,
)
from geoplan.evaluate.measures import MEASURES, Measure
from geoplan.evaluate.park import evaluate_park
from geoplan.evaluate.pockets import Pockets, find_pockets
from geoplan.evaluate.quality import ledger_quality
from geoplan.evaluate.robustness import SURENESS, assess_robustness
from geoplan.evaluate.services import Services, service_distances
from geoplan.evaluate.space import Clusters, find_clusters
from geoplan.evaluate.tables import FINDINGS

__all__ = [
    "AREAS",
    "FINDINGS",
    "MEASURES",
    "SURENESS",
    "AreaProfile",
    "Clusters",
    "Grading",
    "Measure",
    "Pockets",
    "Services",
    "area_profile",
    "assess_robustness",
    "evaluate_park",
    "find_clusters",
    "find_pockets",
    "grade_enterprises",
    "grade_layers",
    "grade_runs",
    "grade_table",
    "grade_years",
    "ledger_quality",
    "means",
    "merge_sums",
    "partial_sums",
    "score_of",
    "service_distances",
]
