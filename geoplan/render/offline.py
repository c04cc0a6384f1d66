"""One file that opens without a network: what Folium would link is put inside, and a policy forbids the rest.

Folium's elements pass text through templates, twice. What comes from data must therefore never be a template:
:class:`Verbatim` holds text that is written as it is, and pages carry data only in one packed script element.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import cast

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink

from geoplan.errors import InputError
from geoplan.files import atomic_path
from geoplan.words import say

__all__ = [
    "PageFigure",
    "Script",
    "Style",
    "Verbatim",
    "asset",
    "inflate_script",
    "leaflet_script",
    "leaflet_style",
    "save_offline",
]

_IMAGE = re.compile(r"url\((images/[\w.-]+\.png)\)")
_ANCHOR = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
_COMMENT = re.compile(r"(^|\s)//[^\n]*$", re.MULTILINE)
_DATA = re.compile(r"<script type=.application/json.*?</script>", re.DOTALL)
_URL = re.compile(r"(?:https?:)?//[^\s\"'`<>)\\]+", re.IGNORECASE)
_RANDOM_ID = re.compile(r"(?<=_)[0-9a-f]{32}(?![0-9a-f])")
_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_LINKS = JavascriptLink | CssLink
_NAMESPACES = ("http://www.w3.org/",)

#: Links that Folium puts on every map, and the words of a script that would need them.
_ONLY_FOR: Mapping[str, str] = {
    "bootstrap": r"bootstrap\.",
    "awesome_markers": r"AwesomeMarkers",
    "bootstrap_css": r"AwesomeMarkers",
    "glyphicons_css": r"AwesomeMarkers",
    "awesome_markers_font_css": r"AwesomeMarkers|class=\\?[\"']fa",
    "awesome_markers_css": r"AwesomeMarkers",
    "awesome_rotate_css": r"AwesomeMarkers",
    "jquery": r"\$\(|jQuery",
}


@cache
def asset(path: str) -> str:
    """Text of a file in ``render/assets``."""
    return (files("geoplan.render") / "assets" / path).read_text(encoding="utf-8")


@cache
def _data_uri(path: str) -> str:
    raw = (files("geoplan.render") / "assets" / path).read_bytes()
    return f"data:image/png;base64,{base64.b64encode(raw).decode('ascii')}"


class Verbatim(Element):
    """Text that goes into the page as it is, never read as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self.text = text

    def render(self, **_kwargs: object) -> str:
        """The text."""
        return self.text


class Script(Verbatim):
    """A script of ours or of a vendored package."""

    def render(self, **_kwargs: object) -> str:
        """The script in its element."""
        return f"<script>{self.text}</script>"


class Style(Verbatim):
    """A style sheet of ours or of a vendored package."""

    def render(self, **_kwargs: object) -> str:
        """The style sheet in its element."""
        return f"<style>{self.text}</style>"


def leaflet_style() -> Style:
    """Leaflet's style sheet, with its images inside."""
    sheet = asset("vendor/leaflet/leaflet.css")
    return Style(
        _IMAGE.sub(lambda found: f"url({_data_uri('vendor/leaflet/' + found.group(1))})", sheet)
    )


def leaflet_script() -> Script:
    """Leaflet, with the images of its plain marker inside."""
    code = re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", asset("vendor/leaflet/leaflet.js"))
    images = {
        "iconUrl": "marker-icon.png",
        "iconRetinaUrl": "marker-icon-2x.png",
        "shadowUrl": "marker-shadow.png",
    }
    options = ",".join(
        f'{key}:"{_data_uri("vendor/leaflet/images/" + name)}"' for key, name in images.items()
    )
    return Script(f'{code}L.Icon.Default.imagePath="";L.Icon.Default.mergeOptions({{{options}}});')


def inflate_script() -> Script:
    """The small inflate, as ``geoplan.inflate``."""
    code = asset("vendor/tiny-inflate/index.js")
    return Script(
        f"(function(module){{{code}\nwindow.geoplan={{inflate:module.exports}};}})({{}});"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    header: str
    html: str
    script: str

    @property
    def whole(self) -> str:
        return self.header + self.html + self.script


class PageFigure(Figure):
    """A figure that renders to one offline page; any Folium map in it is shown that way, saved or in a notebook.

    Parameters
    ----------
    title
        Of the browser's tab; plain text.
    language
        Language of the page when it opens.
    allows_style_attributes
        Whether elements made from HTML text may carry styles, as those of Folium's popups do.
    """

    def __init__(
        self, *, title: str = "", language: str = "en", allows_style_attributes: bool = False
    ) -> None:
        super().__init__(title=title)
        self.language = language
        self.allows_style_attributes = allows_style_attributes

    def render(self, **kwargs: object) -> str:
        """The page.

        Raises
        ------
        InputError
            Something in it would have to be fetched; the URLs are told.
        """
        for child in _named_children(self).values():
            child.render(**kwargs)
        return _compose(self, self)


def save_offline(figure_map: folium.Map, path: str | Path) -> None:
    """Save any Folium map as one file that opens without a network.

    Leaflet, and the few calls of jQuery that Folium's popups make, are put inside; links that nothing in the map needs
    are left out. A content-security policy forbids every connection and every script but the map's own.

    Parameters
    ----------
    figure_map
        Made with ``tiles=None``: tiles cannot be put inside.
    path
        Where to write; an older file is replaced when the new one is whole.

    Raises
    ------
    InputError
        The map needs something that is not vendored here (tiles, icon fonts, most plugins): every URL is told, nothing
        is fetched and nothing is written.

    Examples
    --------
    >>> town = folium.Map(location=[24.5, 117.6], tiles=None)
    >>> _ = folium.Marker([24.5, 117.6], popup="town hall").add_to(town)
    >>> save_offline(town, getfixture("tmp_path") / "town.html")
    """
    root = cast("Figure", figure_map.get_root())
    if isinstance(root, PageFigure):
        page = root.render()
    else:
        for child in _named_children(root).values():
            child.render()
        frame = PageFigure(title=root.title or "", allows_style_attributes=True)
        page = _compose(root, frame)
    with atomic_path(path) as draft:
        draft.write_text(page, encoding="utf-8", newline="\n")


def _compose(figure: Figure, frame: PageFigure) -> str:
    inlined, missing = _inlined(figure)
    parts = _without_random_ids(_parts(figure))
    missing += _fetched(parts)
    if missing:
        raise InputError([say("render.not_vendored", url=url) for url in missing])
    header = "\n".join([*(part.render() for part in inlined), parts.header])
    policy = _policy(header, parts.script, allows_style_attributes=frame.allows_style_attributes)
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(frame.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{html.escape(frame.title or 'geoplan')}</title>\n{header}\n</head>\n<body>\n"
        f"{parts.html}\n<script>{parts.script}</script>\n</body>\n</html>\n"
    )


def _named_children(element: Element) -> dict[str, Element]:
    return dict(element._children)  # noqa: SLF001  (branca has no public way to them)


def _parts(figure: Figure) -> _Parts:
    """What the map itself brings, without links and without what is ours."""
    header = _named_children(figure.header).values()
    return _Parts(
        header="\n".join(c.render() for c in header if not isinstance(c, _LINKS | Verbatim)),
        html=figure.html.render(),
        script=f"\n{figure.script.render()}\n",
    )


def _inlined(figure: Figure) -> tuple[list[Verbatim], list[str]]:
    """What is ours, and what stands in the page for each link; and the links for which we have nothing."""
    header = _named_children(figure.header)
    body = _parts(figure).whole
    inlined: list[Verbatim] = []
    missing: list[str] = []
    for name, child in header.items():
        if isinstance(child, Verbatim):
            inlined.append(child)
        elif isinstance(child, _LINKS) and re.search(_ONLY_FOR.get(name, ""), body):
            found = _vendored(name, child.url)
            inlined += [found] if found else []
            missing += [] if found else [child.url]
    return inlined, missing


def _vendored(name: str, url: str) -> Verbatim | None:
    if re.search(r"/leaflet(@[\d.]+)?(/dist)?/leaflet\.js$", url):
        return leaflet_script()
    if re.search(r"/leaflet(@[\d.]+)?(/dist)?/leaflet\.css$", url):
        return leaflet_style()
    return Script(asset("page/popups.js")) if name == "jquery" else None


def _fetched(body: _Parts) -> list[str]:
    """Addresses outside of links for people, which a browser may want to fetch."""
    text = body.whole
    for not_fetched in (_DATA, _ANCHOR, _COMMENT):
        text = not_fetched.sub("", text)
    found = dict.fromkeys(match.group(0) for match in _URL.finditer(text))
    return [url for url in found if not url.startswith(_NAMESPACES)]


def _without_random_ids(body: _Parts) -> _Parts:
    """Number the random ids that Folium gives, in the order in which they occur: equal maps, equal bytes."""
    numbers: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return numbers.setdefault(found.group(0), f"{len(numbers) + 1}")

    return _Parts(
        header=_RANDOM_ID.sub(numbered, body.header),
        html=_RANDOM_ID.sub(numbered, body.html),
        script=_RANDOM_ID.sub(numbered, body.script),
    )


def _policy(header: str, script: str, *, allows_style_attributes: bool) -> str:
    """Forbid every connection, and every script that is not one of these."""
    scripts, styles = [_hash(script)], list[str]()
    for kind, attributes, text in _INLINE.findall(header):
        if "application/json" not in attributes:
            (scripts if kind.lower() == "script" else styles).append(_hash(text))
    style_sources = ["'unsafe-inline'"] if allows_style_attributes else styles
    rules = {
        "default-src": ["'none'"],
        "script-src": scripts,
        "style-src": style_sources,
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(dict.fromkeys(values))}" for name, values in rules.items())


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
