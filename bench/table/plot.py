"""Small plots as SVG, with logarithmic axes, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH, _HEIGHT, _GAP = 310, 190, 70
_LEFT, _TOP, _BOTTOM = 60, 50, 50
_COLOURS: Final = ("#2f81f7", "#d9730d", "#1a7f37", "#8250df", "#cf222e", "#6e7781")
_ENDS: Final = [step * 10.0**power for power in range(-6, 10) for step in (1, 2, 5)]
_STYLE: Final = """
text { font: 12px sans-serif; fill: #1f2328; }
.title { font-weight: bold; }
.grid { stroke: #8c959f; stroke-opacity: .35; }
.line { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes: of each server the points, both coordinates above 0."""

    title: str
    series: Mapping[str, Sequence[tuple[float, float]]]


def svg(title: str, x_label: str, y_label: str, panels: Sequence[Panel]) -> str:
    """Draw panels side by side, with the same vertical axis so that they can be compared."""
    width = _LEFT + len(panels) * (_WIDTH + _GAP)
    height = _TOP + _HEIGHT + _BOTTOM
    names = list(dict.fromkeys(name for panel in panels for name in panel.series))
    ys = _Axis.of([y for panel in panels for _, y in _points(panel)], _TOP + _HEIGHT, _TOP)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        *_legend(names, width),
    ]
    for place, panel in enumerate(panels):
        left = _LEFT + place * (_WIDTH + _GAP)
        parts += _panel(panel, left, ys, names)
        middle = left + _WIDTH / 2
        parts.append(_text(middle, _TOP + _HEIGHT + 38, x_label, "middle"))
    parts.append(_text(8, _TOP - 26, y_label, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


@dataclass(frozen=True, slots=True)
class _Axis:
    """A logarithmic axis, whose ends are 1, 2 or 5 times a power of ten."""

    low: float
    high: float
    begin: float
    end: float

    @staticmethod
    def of(values: Sequence[float], begin: float, end: float) -> _Axis:
        low, high = (min(values), max(values)) if values else (1.0, 10.0)
        low = max(one for one in _ENDS if one <= low)
        return _Axis(low, max(10 * low, min(one for one in _ENDS if one >= high)), begin, end)

    def at(self, value: float) -> float:
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.begin + part * (self.end - self.begin)

    @property
    def ticks(self) -> list[float]:
        return [one for one in _ENDS[::3] if self.low <= one <= self.high]


def _panel(panel: Panel, left: float, ys: _Axis, names: Sequence[str]) -> Iterator[str]:
    right, bottom = left + _WIDTH, _TOP + _HEIGHT
    xs = _Axis.of([x for x, _ in _points(panel)], left, right)
    yield _text(left + _WIDTH / 2, _TOP - 8, panel.title, "middle", "title")
    for tick in xs.ticks:
        yield _grid(xs.at(tick), _TOP, xs.at(tick), bottom)
        yield _text(xs.at(tick), bottom + 18, f"{tick:,g}", "middle")
    for tick in ys.ticks:
        yield _grid(left, ys.at(tick), right, ys.at(tick))
        yield _text(left - 6, ys.at(tick) + 4, f"{tick:,g}", "end")
    for name, points in panel.series.items():
        colour = _COLOURS[names.index(name) % len(_COLOURS)]
        places = [(xs.at(x), ys.at(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline class="line" stroke="{colour}" points="{path}"/>'
        for x, y in places:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _legend(names: Sequence[str], width: int) -> Iterator[str]:
    begin = _LEFT + 190
    step = min(110, (width - begin) // max(1, len(names)))
    for place, name in enumerate(names):
        left = begin + place * step
        colour = _COLOURS[place % len(_COLOURS)]
        yield f'<circle cx="{left}" cy="{_TOP - 30}" r="4" fill="{colour}"/>'
        yield _text(left + 10, _TOP - 26, name, "start")


def _points(panel: Panel) -> list[tuple[float, float]]:
    return [point for points in panel.series.values() for point in points]


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
