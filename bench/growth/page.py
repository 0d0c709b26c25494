"""The tables and the plot of ``docs/growth.md``, from the figures that were kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bench.table.plot import Panel, svg

KEPT: Final = Path(__file__).with_name("figures.json")
PICTURE: Final = Path(__file__).resolve().parents[2] / "docs" / "growth.svg"
DATABASES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_PLOTTED: Final = {
    "start": "start",
    "append": "append",
    "join with 50 messages": "join",
    "page of 50 events": "page",
    "users at a time": "users at a time",
    "20 witnesses of an event": "witnesses",
}
_PLACE: Final = re.compile(
    r"(?P<begin><!-- (?P<name>\w+), from bench/growth: python -m docs\.render -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)

Logs = Mapping[str, Mapping[str, Any]]
"""What was measured of each log, by its number of events."""


def kept() -> dict[str, Any]:
    """Return the figures: ``facts`` of the machine, and the logs of each database."""
    found: dict[str, Any] = json.loads(KEPT.read_text("utf-8"))
    return found


def times_table() -> str:
    """Return the milliseconds of each question in each log."""
    logs = [
        (DATABASES[name], int(events), found["ms"])
        for name in DATABASES
        for events, found in kept()["logs"].get(name, {}).items()
    ]
    heads = ["ms", *(f"{database}, {events:,}" for database, events, _ in logs)]
    names = dict.fromkeys(name for _, _, found in logs for name in found)
    rows = ([name, *(_number(found.get(name)) for _, _, found in logs)] for name in names)
    return f"Measured with {_facts()}.\n\n{_table(heads, rows)}"


def bytes_table() -> str:
    """Return the bytes an event of each table and index, and the CPU of an index an insert."""
    logs = [
        (DATABASES[name], *list(found.items())[-1])
        for name in DATABASES
        if (found := kept()["logs"].get(name))
    ]
    (_, longest, sqlite), *_ = logs
    heads = ["", *(f"bytes an event, {name}, {int(events):,}" for name, events, _ in logs)]
    heads.append(f"µs of CPU an insert, SQLite, {int(longest):,}")
    costs = sqlite.get("insert_us", {})
    names = dict.fromkeys(name for _, _, found in logs for name in found["bytes"])
    rows = [
        [f"`{name}`" if "_" in name or name in costs else name]
        + [_number(found["bytes"].get(name)) for _, _, found in logs]
        + [_number(costs.get(name))]
        for name in sorted(names)
    ]
    rows.append(["together", *(_number(sum(found["bytes"].values())) for _, _, found in logs), ""])
    return _table(heads, rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = {"times": times_table, "bytes": bytes_table}


def with_figures(page: str) -> str:
    """Return the page with each of its marked tables made anew."""
    return _PLACE.sub(lambda m: f"{m['begin']}{TABLES[m['name']]()}\n{m['end']}", page)


def picture() -> str:
    """Return the plot: milliseconds by the length of the log."""
    panels = [
        Panel(DATABASES[name], {short: _line(logs, long) for long, short in _PLOTTED.items()})
        for name, logs in kept()["logs"].items()
    ]
    return svg("Milliseconds by the length of the log", "events in the log", "ms", panels)


def _line(logs: Logs, name: str) -> list[tuple[float, float]]:
    return [(float(events), found["ms"][name]) for events, found in logs.items()]


def _facts() -> str:
    return "; ".join(f"{name} {value}" for name, value in kept()["facts"].items())


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * (lines[0].count("|") - 1) + "|", *lines[1:]])
