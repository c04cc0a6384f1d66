"""What a layout gives: land balance, floor area, people, jobs, green."""

from geoplan.indicators.balance import land_balance
from geoplan.indicators.facts import Facts
from geoplan.indicators.measure import INDICATORS, indicator_table, measure_plan

__all__ = ["INDICATORS", "Facts", "indicator_table", "land_balance", "measure_plan"]
