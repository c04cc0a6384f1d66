"""How well is the land used: measures, averages, the three tests, triage."""

from geoplan.evaluate.averages import means, merge_sums, partial_sums
from geoplan.evaluate.measures import MEASURES, Measure
from geoplan.evaluate.park import evaluate_park
from geoplan.evaluate.robustness import SURENESS, assess_robustness
from geoplan.evaluate.tables import FINDINGS

__all__ = [
    "FINDINGS",
    "MEASURES",
    "SURENESS",
    "Measure",
    "assess_robustness",
    "evaluate_park",
    "means",
    "merge_sums",
    "partial_sums",
]
