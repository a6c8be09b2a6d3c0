"""Panels of lines as one SVG file, for what one would rather look at than read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log
from pathlib import Path
from typing import Final

DRAWN: Final = Path(".bench")  # ignored by git
WIDTH: Final = 760
PANEL: Final = 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 26, 24
_COLOURS: Final = ("#1f5fa8", "#b5421d", "#2f7d4f", "#7a4ea3", "#8a6d1c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel: its title with the unit, the places on its x axis, and a line of values for each name.

    `each`: the places are few and grow by factors, so that each is named, and equal factors are equal steps.
    """

    title: str
    x: Sequence[float]
    lines: Mapping[str, Sequence[float]]
    each: bool = False


def write_svg(path: Path, title: str, x_title: str, panels: Sequence[Panel], marks: Sequence[float] = ()) -> None:
    """Write the panels one below the other; `marks` are places on the x axis where something was done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height = 40 + len(panels) * (PANEL + _TOP + _BOTTOM)
    body = "".join(_panel(panel, 40 + place * (PANEL + _TOP + _BOTTOM), marks) for place, panel in enumerate(panels))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 20}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>{body}'
        f'<text x="{_LEFT}" y="{height + 8}">{escape(x_title)}</text></svg>\n',
        encoding="utf-8",
    )


def _panel(panel: Panel, y: float, marks: Sequence[float]) -> str:
    top, width = y + _TOP, WIDTH - _LEFT - _RIGHT
    scale = log if panel.each else float
    low, high = scale(min(panel.x, default=1.0)), scale(max(panel.x, default=2.0))
    most = max((value for line in panel.lines.values() for value in line), default=1.0) or 1.0

    def at(x: float, value: float) -> str:
        across = _LEFT + (scale(x) - low) / ((high - low) or 1.0) * width
        return f"{across:.1f},{top + PANEL - value / most * PANEL:.1f}"

    parts = [
        f'<text x="{_LEFT}" y="{top - 8}" font-weight="bold">{escape(panel.title)}</text>',
        f'<rect x="{_LEFT}" y="{top}" width="{width}" height="{PANEL}" fill="none" stroke="#999"/>',
        f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">{_short(most)}</text>',
        f'<text x="{_LEFT - 6}" y="{top + PANEL}" text-anchor="end">0</text>',
    ]
    for x in panel.x if panel.each else (min(panel.x, default=1.0), max(panel.x, default=2.0)):
        across = at(x, 0.0).split(",")[0]
        parts.append(f'<text x="{across}" y="{top + PANEL + 14}" text-anchor="middle">{_short(x)}</text>')
    for mark in marks:
        across = at(mark, 0.0).split(",")[0]
        parts.append(f'<line x1="{across}" x2="{across}" y1="{top}" y2="{top + PANEL}" stroke="#ddd"/>')
    for place, (name, line) in enumerate(panel.lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        points = " ".join(at(x, value) for x, value in zip(panel.x, line, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(
            f'<text x="{WIDTH - _RIGHT + 8}" y="{top + 14 + place * 15}" fill="{colour}">{escape(name)}</text>'
        )
    return "".join(parts)


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
