"""Everything that is known of one parcel, to be read: as text, as a table, as a small chart; in both languages."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from geoplan.words import Language, Message, say

__all__ = ["Explanation", "Part", "YearChart"]

_WIDTH, _HEIGHT, _MARGIN = 340.0, 150.0, 22.0
_LINE_HEIGHT = 16.0
_BELOW, _REACHED, _MEAN = "#b5532b", "#5b7186", "#222222"
_STYLE = "border-collapse:collapse;margin:.4em 0"
_CELL = "min-width:4em;border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading with lines under it.

    Attributes
    ----------
    heading, lines
        What it is about, and what is said.
    columns, rows
        The same as a table; then pages show the table and text shows the lines.
    """

    heading: Message
    lines: tuple[Message, ...]
    columns: tuple[Message, ...] = ()
    rows: tuple[tuple[Message, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class YearChart:
    """A parcel's figures beside the mean, year by year; ``None`` where it is not known.

    Attributes
    ----------
    title
        What is compared with which mean, and the unit.
    values, means
        One for each of ``years``, in that unit.
    is_below
        Whether each year counts as below; ``None`` where it is not known.
    """

    title: Message
    years: tuple[int, ...]
    values: tuple[float | None, ...]
    means: tuple[float | None, ...]
    is_below: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a parcel is, how it did, what was found by which rule, what to do and what it becomes.

    Attributes
    ----------
    title
        The parcel in one line.
    parts
        What is said, heading by heading.
    chart
        Its years against the mean, if there are figures.
    language
        The language of a notebook's display.

    Examples
    --------
    >>> from geoplan.words import literal
    >>> told = Explanation(parcel_id="P1", title=literal("P1"), parts=(
    ...     Part(heading=say("explain.firms"), lines=(say("explain.no_firm"),)),))
    >>> print(told.text())
    P1
    <BLANKLINE>
    Firms on it
      - the ledger names none
    """

    parcel_id: str
    title: Message
    parts: tuple[Part, ...]
    chart: YearChart | None = None
    language: Language = "en"

    def text(self, language: Language | None = None) -> str:
        """The whole in one language, as lines."""
        spoken = language or self.language
        blocks = [[self.title.text(spoken)]]
        for part in self.parts:
            lines = [f"  - {line.text(spoken)}" for line in part.lines]
            blocks.append([part.heading.text(spoken), *lines])
        return "\n\n".join("\n".join(block) for block in blocks)

    def page(self, language: Language | None = None) -> str:
        """The whole as an HTML file of its own."""
        spoken = language or self.language
        title = html.escape(self.title.text(spoken))
        return (
            f'<!doctype html>\n<html lang="{spoken}">\n<head><meta charset="utf-8">'
            f"<title>{title}</title></head>\n"
            '<body style="font-family:sans-serif;max-width:60em;margin:1em auto">\n'
            f"{self._html(spoken)}\n</body>\n</html>\n"
        )

    def _repr_html_(self) -> str:
        return self._html(self.language)

    def _html(self, language: Language) -> str:
        """The whole as a piece of a page; nothing of the data gets in unescaped."""

        def said(message: Message) -> str:
            return html.escape(message.text(language))

        pieces = [f"<h3>{said(self.title)}</h3>"]
        if self.chart is not None:
            pieces.append(_figure(self.chart, language))
        for part in self.parts:
            pieces.append(f"<h4>{said(part.heading)}</h4>")
            if part.rows:
                head = "".join(f'<th style="{_CELL}">{said(name)}</th>' for name in part.columns)
                body = "".join(
                    "<tr>"
                    + "".join(f'<td style="{_CELL}">{said(cell)}</td>' for cell in row)
                    + "</tr>"
                    for row in part.rows
                )
                pieces.append(f'<table style="{_STYLE}"><tr>{head}</tr>{body}</table>')
            else:
                lines = "".join(f"<li>{said(line)}</li>" for line in part.lines)
                pieces.append(f"<ul>{lines}</ul>")
        return f'<div lang="{language}">' + "\n".join(pieces) + "</div>"


def _figure(chart: YearChart, language: Language) -> str:
    """Columns for the parcel, a line for the mean; a question mark where a year is not known."""
    known = [value for value in (*chart.values, *chart.means) if value is not None]
    top = max([0.0, *known]) or 1.0
    bottom = min([0.0, *known])
    span = _WIDTH / len(chart.years)

    def height(value: float) -> float:
        room = _HEIGHT - 2 * _MARGIN
        return _HEIGHT - _MARGIN - (value - bottom) / (top - bottom) * room

    marks = []
    for number, (year, value) in enumerate(zip(chart.years, chart.values, strict=True)):
        middle = (number + 0.5) * span
        marks.append(_label(middle, _HEIGHT - 6, str(year)))
        if value is None:
            marks.append(_label(middle, height(0) - 4, "?"))
            continue
        colour = _BELOW if chart.is_below[number] else _REACHED
        y, low = sorted((height(value), height(0)))
        marks.append(
            f'<rect x="{middle - span * 0.3:.1f}" y="{y:.1f}" width="{span * 0.6:.1f}" '
            f'height="{max(low - y, 0.5):.1f}" fill="{colour}"/>'
        )
        is_tall = low - y > _LINE_HEIGHT  # the mean's stroke may lie on the column's top
        place, ink = (low - 4, "#fff") if is_tall else (y - 3, "#000")
        marks.append(_label(middle, place, _figures(value), ink=ink))
    marks += _steps(chart.means, span, height)
    title, note = (
        html.escape(message.text(language)) for message in (chart.title, say("explain.chart"))
    )
    return (
        f'<figure style="margin:0"><figcaption>{title} <small>({note})</small></figcaption>'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" '
        f'width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}">'
        f"{''.join(marks)}</svg></figure>"
    )


def _steps(
    means: Sequence[float | None], span: float, height: Callable[[float], float]
) -> list[str]:
    """The mean of each year as a stroke over its column."""
    return [
        f'<line x1="{number * span:.1f}" x2="{(number + 1) * span:.1f}" y1="{height(mean):.1f}" '
        f'y2="{height(mean):.1f}" stroke="{_MEAN}" stroke-width="2"/>'
        for number, mean in enumerate(means)
        if mean is not None
    ]


def _label(x: float, y: float, words: str, *, ink: str = "#000") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" fill="{ink}" text-anchor="middle">'
        f"{html.escape(words)}</text>"
    )


def _figures(value: float) -> str:
    """A number as people write it: three figures, none after the point above 100."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
