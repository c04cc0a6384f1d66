"""Files to checked layers, and back."""

from geoplan.io.atomic import atomic_path
from geoplan.io.write import write_geopackage

__all__ = ["atomic_path", "write_geopackage"]
