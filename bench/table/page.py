"""The table as Markdown: a row a measure, a column a server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.table.figures import Figures, Measure
from bench.table.servers import TUTORIAL, Column

KEPT: Final = Path(__file__).resolve().parent.parent / "table.md"
_LATE: Final = re.compile(r"\d+ (?:acks )?overdue(?:, \d+ acks overdue)?|[\d.]+ s late")
_PLACE: Final = re.compile(
    r"(?P<begin><!-- table, from bench/table: python -m docs\.render -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def markdown(facts: Mapping[str, str], columns: Sequence[Column], figures: Figures) -> str:
    """Return the machine, the table and the runs without a result."""
    known = "; ".join(f"{name} {value}" for name, value in facts.items())
    parts = [f"Measured with {known}.", table(columns, figures)]
    if spread := _spread(figures):
        parts.append(spread)
    if figures.faults:
        parts.append(_faults(figures))
    return "\n\n".join(parts) + "\n"


def table(columns: Sequence[Column], figures: Figures) -> str:
    """Return the table. In parentheses is how many times better a figure is than the tutorial's."""
    rows = [
        ("", "", *(column.name for column in columns)),
        ("---",) * (len(columns) + 2),
        ("messages left", "after `kill -9`", *(column.after_kill for column in columns)),
        ("", "after a power cut", *(column.after_power_cut for column in columns)),
    ]
    last = ""
    for measure in figures.values:
        cells = (_cell(figures, measure, column.name) for column in columns)
        rows.append((measure.load if measure.load != last else "", measure.what, *cells))
        last = measure.load
    return "\n".join(map(_row, rows))


def with_table(page: str) -> str:
    """Return a page with its marked table as ``table.md`` has it."""
    kept = KEPT.read_text("utf-8").rstrip()
    return _PLACE.sub(lambda m: f"{m['begin']}{kept}\n{m['end']}", page)


def _cell(figures: Figures, measure: Measure, server: str) -> str:
    value = figures.median(measure, server)
    if value is None:
        return _without_result(figures.faults.get((measure.load, server), ""))
    bound = "≥ " if (measure, server) in figures.bounds else ""
    ratio = figures.ratio(measure, server, TUTORIAL)
    beside = f" ({ratio:.2g})" if ratio is not None and server != TUTORIAL else ""
    return f"{bound}{_number(value)}{beside}"


def _without_result(reason: str) -> str:
    if not reason:
        return "-"
    return "cannot keep up" if _LATE.fullmatch(reason) else "no result"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _spread(figures: Figures) -> str:
    """Say how far the turns of a figure are apart; nothing where there was one turn."""
    found = sorted(
        (spread, f"{measure.load}, {measure.what}, {server}")
        for measure, servers in figures.values.items()
        for server in servers
        if (spread := figures.spread(measure, server)) is not None
    )
    if not found:
        return ""
    middle, (widest, where) = found[len(found) // 2][0], found[-1]
    return (
        "From its lowest turn to its highest, a figure varies by a part of its median: "
        f"half of the figures by at most {middle:.0%}, the most by {widest:.0%} ({where})."
    )


def _faults(figures: Figures) -> str:
    found = (f"{load}, {server}: {why}" for (load, server), why in figures.faults.items())
    return "Turns without a result: " + "; ".join(found) + "."


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
