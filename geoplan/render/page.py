"""The page that is carried into the meeting: one Folium map with its legend, stories and sources, in one file."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, cast

import folium
import pandas as pd
from folium.template import Template

from geoplan.model.answers import (
    Allocation,
    Centres,
    Evaluation,
    Greenway,
    Indicator,
    StageLeftOut,
)
from geoplan.model.park import Park
from geoplan.model.rulepack import RuleNumber
from geoplan.render.area import area_rows, area_views, grades_of, services_of
from geoplan.render.embed import Grid, encode_points, encode_shapes, grid_of, pack
from geoplan.render.layers import (
    View,
    encode_view,
    findings_view,
    named,
    places_of,
    plan_view,
    today_view,
)
from geoplan.render.offline import (
    PageFigure,
    Script,
    Style,
    Verbatim,
    asset,
    inflate_script,
    leaflet_script,
    leaflet_style,
    save_offline,
)
from geoplan.render.story import (
    balance_columns,
    corrections_on,
    firm_ids,
    firms_of,
    measure_unit,
    names_used,
    parcel_columns,
    series_of,
    verdicts_of,
)
from geoplan.units import M2_PER_HA, M2_PER_MU
from geoplan.words import LANGUAGES, Language, Message, catalogue, say

__all__ = ["PageContent", "ParkMap", "draw_page", "save_page", "views_of"]

_SCRIPTS = ("decode.js", "fabric.js", "story.js", "sheet.js")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageContent:
    """What a page shows; what is not there is left out of it, and said if ``left_out`` says so.

    Attributes
    ----------
    title, scenario, date
        Title block; the date is the scenario's, never the clock's.
    series
        Long table of ``parcel_id, year, amount_per_m2`` [currency/m2/a]: the evaluation's measure year by year.
    area
        Layers of the area as a whole by their names in the schema: ``clusters``, ``pockets``, ``services``,
        ``area_profile``, ``grades``, ``grade_items``; those that there are.
    provenance
        Where the result comes from: item to value.
    rules
        The policy numbers used, with their standing.
    language
        In which the page opens; it holds both.
    """

    park: Park
    title: Message
    scenario: str
    date: dt.date
    evaluation: Evaluation | None = None
    series: pd.DataFrame | None = None
    allocation: Allocation | None = None
    centres: Centres | None = None
    greenway: Greenway | None = None
    indicators: tuple[Indicator, ...] = ()
    land_balance: pd.DataFrame | None = None
    left_out: tuple[StageLeftOut, ...] = ()
    area: Mapping[str, pd.DataFrame] = field(default_factory=lambda: MappingProxyType({}))
    provenance: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[RuleNumber, ...] = ()
    language: Language = "zh"


class ParkMap(folium.Map):
    """A Folium map whose base is the park itself: no tiles, nothing linked, the same bytes for the same data."""

    default_js: ClassVar[list[tuple[str, str]]] = []  # type: ignore[misc]  # a list of the class in folium too
    default_css: ClassVar[list[tuple[str, str]]] = []  # type: ignore[misc]
    _template = Template("""
        {% macro header(this, kwargs) %}
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {% endmacro %}
        {% macro html(this, kwargs) %}
        <div class="folium-map" id="{{ this.get_name() }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
            center: {{ this.location|tojson }},
            crs: L.CRS.{{ this.crs }},
            ...{{ this.options|tojavascript }}
        });
        {% endmacro %}
    """)

    def __init__(self, *, location: tuple[float, float], crs: str, key: str) -> None:
        super().__init__(
            location=location,
            tiles=None,
            crs=crs,
            zoom_start=15,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0.1,
            zoom_delta=0.5,
            min_zoom=-8,
            max_zoom=22,
        )
        self._id = key


class ParkLayers(folium.map.Layer):
    """The parcels, everything around them and the controls, drawn by the page's own script from packed data."""

    _template = Template("""
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = geoplan.open({{ this._parent.get_name() }}, "geoplan-data");
        {% endmacro %}
    """)

    def __init__(self, packed: str, *, key: str) -> None:
        super().__init__(name="geoplan", control=False)
        self._name = "ParkLayers"
        self._id = key
        self.packed = packed

    def render(self, **kwargs: object) -> None:  # type: ignore[override]  # as folium's own layers do
        """Put data, styles and scripts into the figure."""
        figure = cast("PageFigure", self.get_root())
        element = f'<script type="application/json" id="geoplan-data">{self.packed}</script>'
        figure.html.add_child(Verbatim(element), name="geoplan_data")
        figure.header.add_child(leaflet_style(), name="leaflet_css")
        figure.header.add_child(Style(asset("page/page.css")), name="geoplan_css")
        figure.header.add_child(leaflet_script(), name="leaflet")
        figure.header.add_child(inflate_script(), name="geoplan_inflate")
        for name in _SCRIPTS:
            figure.header.add_child(Script(asset(f"page/{name}")), name=f"geoplan_{name}")
        super().render(**kwargs)  # type: ignore[no-untyped-call]


def draw_page(content: PageContent) -> folium.Map:
    """Draw everything into one Folium map.

    The map can be shown in a notebook, given further Folium layers, and saved with :func:`save_page`. Equal content gives
    equal bytes. A park without a CRS is drawn in its own metres.

    Parameters
    ----------
    content
        The answers of the stages, and what the title block says.

    Returns
    -------
    folium.Map
        In a :class:`~geoplan.render.offline.PageFigure`.
    """
    grid = grid_of(content.park.parcels)
    packed = pack(_data(content, grid))
    key = hashlib.sha256(packed.encode("ascii")).hexdigest()[:12]
    middle = ((grid.south + grid.north) / 2, (grid.west + grid.east) / 2)
    crs = "Simple" if grid.crs == "local" else "EPSG3857"
    park_map = ParkMap(location=middle, crs=crs, key=key)
    figure = PageFigure(title=content.title.text(content.language), language=content.language)
    figure.add_child(park_map)
    ParkLayers(packed, key=key).add_to(park_map)
    return park_map


def save_page(park_map: folium.Map, path: str | Path) -> None:
    """Write a page that :func:`draw_page` drew; an older file is replaced when the new one is whole.

    Raises
    ------
    InputError
        The file cannot be written, or layers added to the map would have to be fetched.
    """
    save_offline(park_map, path)


def views_of(content: PageContent) -> tuple[View, ...]:
    """The readings of the parcels that this content has: today, findings, plan, clusters, services."""
    parcels = content.park.parcels
    views = [today_view(parcels)]
    if content.evaluation is not None:
        views.append(findings_view(parcels, evaluation=content.evaluation))
    if content.allocation is not None:
        views.append(plan_view(parcels, allocation=content.allocation))
    judged = None if content.evaluation is None else content.evaluation.parcels.get("is_assessed")
    views += area_views(parcels, content.area, is_assessed=judged)
    return tuple(views)


def _data(content: PageContent, grid: Grid) -> dict[str, Any]:
    park, evaluation = content.park, content.evaluation
    columns = parcel_columns(park, evaluation=evaluation, allocation=content.allocation)
    return {
        "language": content.language,
        "grid": asdict(grid),
        "units": {"mu": M2_PER_MU, "ha": M2_PER_HA, "measure": measure_unit(park)[0].both()},
        "words": _page_words(),
        "names": names_used(columns),
        "sheet": _sheet(content),
        "shapes": encode_shapes(park.parcels, grid=grid),
        "labels": encode_points(park.parcels, grid=grid),
        "parcels": columns,
        "views": [encode_view(view) for view in views_of(content)],
        "places": places_of(
            park,
            allocation=content.allocation,
            centres=content.centres,
            greenway=content.greenway,
            pockets=content.area.get("pockets"),
            grid=grid,
        ),
        "firms": firms_of(park),
        "corrections": corrections_on(park),
        "grades": grades_of(firm_ids(park), content.area),
        "services": services_of(park.parcels, content.area.get("services")),
        "area": area_rows(content.area.get("area_profile")),
        "findings": None if evaluation is None else verdicts_of(park, evaluation),
        "series": None
        if evaluation is None
        else series_of(park, evaluation=evaluation, series=content.series),
        "land_balance": None
        if content.land_balance is None
        else balance_columns(content.land_balance),
        "indicators": [_indicator(item) for item in content.indicators],
    }


def _page_words() -> dict[str, dict[str, str]]:
    """The words that the page's script says: all under ``render.page``."""
    start = "render.page."
    return {
        language: {
            key.removeprefix(start): pair[language]
            for key, pair in catalogue().items()
            if key.startswith(start)
        }
        for language in LANGUAGES
    }


def _sheet(content: PageContent) -> dict[str, Any]:
    """The title block."""
    return {
        "title": content.title.both(),
        "park": content.park.title().both(),
        "scenario": content.scenario,
        "date": content.date.isoformat(),
        "source": content.park.citation,
        "rules": [
            {
                "name": rule.name,
                "value": f"{rule.value:g} {rule.unit}",
                "source": rule.source,
                "standing": say(f"standing.{rule.standing}").both(),
                "is_assumed": rule.standing == "assumed",
            }
            for rule in content.rules
        ],
        "left_out": [
            {"stage": named("render.stage", item.stage).both(), "why": item.message.both()}
            for item in content.left_out
        ],
        "provenance": [[str(item), str(value)] for item, value in content.provenance.items()],
        "proof": None if content.allocation is None else _proof(content.allocation),
    }


def _proof(allocation: Allocation) -> dict[Language, str]:
    proof = allocation.proof
    key = "render.proof_optimal" if proof.status == "optimal" else "render.proof_gap"
    return say(key, gap=proof.gap_share * 100).both()


def _indicator(item: Indicator) -> dict[str, Any]:
    known = item.value is not None and item.value == item.value
    return {
        "name": named("indicator", item.name).both(),
        "value": item.value if known else None,
        "unit": named("indicator_unit", item.unit).both(),
        "is_land": item.unit == "m2" and "floor" not in item.name,
        "note": None if item.note is None else item.note.both(),
    }
