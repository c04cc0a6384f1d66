"""Files to checked layers, and back."""

from geoplan.files import atomic_path
from geoplan.io.balance import write_land_balance
from geoplan.io.corrections import read_corrections
from geoplan.io.evaluation_book import write_evaluation
from geoplan.io.read import read_park
from geoplan.io.result import read_layer
from geoplan.io.sample import make_sample_park, write_sample
from geoplan.io.sources import Source, read_source
from geoplan.io.tables import SheetTable, write_tables
from geoplan.io.write import write_geopackage

__all__ = [
    "SheetTable",
    "Source",
    "atomic_path",
    "make_sample_park",
    "read_corrections",
    "read_layer",
    "read_park",
    "read_source",
    "write_evaluation",
    "write_geopackage",
    "write_land_balance",
    "write_sample",
    "write_tables",
]
