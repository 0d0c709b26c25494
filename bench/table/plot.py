"""Small plots as SVG, with logarithmic axes, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH, _HEIGHT, _GAP = 290, 210, 195
_LEFT, _TOP, _BOTTOM = 60, 50, 50
_LABEL_STEP: Final = 15.0
# Those of Okabe and Ito, which colour-blind people can tell apart, that have a contrast of 3 on
# white and on black pages alike; and a grey and a darker yellow.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#767676", "#8a6d00")
_ENDS: Final = [step * 10.0**power for power in range(-6, 10) for step in (1, 2, 5)]
_STYLE: Final = """
text { font: 12px sans-serif; fill: #1f2328; }
.title { font-weight: bold; }
.grid { stroke: #8c959f; stroke-opacity: .35; }
.line { fill: none; stroke-width: 2; }
.leader { stroke-width: 1; stroke-dasharray: 2 3; }
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
        yield _text(xs.at(tick), bottom + 18, _number(tick), "middle")
    for tick in ys.ticks:
        yield _grid(left, ys.at(tick), right, ys.at(tick))
        yield _text(left - 6, ys.at(tick) + 4, _number(tick), "end")
    ends: dict[str, tuple[float, float]] = {}
    for name, points in panel.series.items():
        places = [(xs.at(x), ys.at(y)) for x, y in points]
        yield from _line(places, _colour(name, names))
        if places:
            ends[name] = places[-1]
    yield from _labels(ends, right, names)


def _line(places: Sequence[tuple[float, float]], colour: str) -> Iterator[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline class="line" stroke="{colour}" points="{path}"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _labels(
    ends: Mapping[str, tuple[float, float]], right: float, names: Sequence[str]
) -> Iterator[str]:
    """Name each line beside the panel, at the height of its end, and lead from there to it."""
    ordered = sorted(ends, key=lambda name: ends[name][1])
    heights = apart([ends[name][1] for name in ordered], _LABEL_STEP, _TOP + _HEIGHT)
    for name, height in zip(ordered, heights, strict=True):
        (x, y), colour = ends[name], _colour(name, names)
        to = f'x2="{right + 10:.1f}" y2="{height:.1f}"'
        yield f'<line class="leader" stroke="{colour}" x1="{x:.1f}" y1="{y:.1f}" {to}/>'
        yield _text(right + 14, height + 4, name, "start")


def apart(heights: Sequence[float], step: float, lowest: float) -> list[float]:
    """Move rising heights to at least a step from each other, and none below the lowest."""
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + step) if found else height)
    for place in reversed(range(len(found))):
        found[place] = min(found[place], lowest)
        lowest = found[place] - step
    return found


def _colour(name: str, names: Sequence[str]) -> str:
    return COLOURS[names.index(name) % len(COLOURS)]


def _points(panel: Panel) -> list[tuple[float, float]]:
    return [point for points in panel.series.values() for point in points]


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _number(tick: float) -> str:
    return f"{tick:,.0f}" if tick >= 1 else f"{tick:g}"


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
