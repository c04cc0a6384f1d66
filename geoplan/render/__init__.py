"""How it is shown: one offline page, and any Folium map saved the same way."""

from geoplan.render.offline import save_offline
from geoplan.render.page import PageContent, ParkMap, draw_page, save_page, views_of

__all__ = ["PageContent", "ParkMap", "draw_page", "save_offline", "save_page", "views_of"]
