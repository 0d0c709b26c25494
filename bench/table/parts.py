"""The parts of the table: each runs its loads on all servers in turns and notes the figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Final

from bench.result import NoResult
from bench.scenarios.idle import kib_per_connection
from bench.scenarios.storm import stormed
from bench.table.figures import Figures, Measure
from bench.table.journal import Journal
from bench.table.loads import (
    CURVE_SECONDS,
    CURVE_TURNS,
    CURVES,
    IDLE_CONNECTIONS,
    IDLE_TURNS,
    LOADS,
    MAXIMA,
    STORM_TURNS,
    Load,
    Shape,
)
from bench.table.runs import curve, loaded
from bench.table.servers import Column
from bench.table.session import highest_rate


@dataclass(frozen=True, slots=True)
class Point:
    """What a plot shows of one rate."""

    rate: float
    p50_ms: float
    cpu_us: float
    """Microseconds of the server's CPU for a delivery."""


@dataclass(slots=True)
class Run:
    """One run of the command: where its raw results go, and what they come to so far."""

    columns: Sequence[Column]
    journal: Journal
    figures: Figures = field(default_factory=Figures)
    points: dict[Shape, dict[str, list[Point]]] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.journal.plan.seconds

    @property
    def repeat(self) -> int:
        return self.journal.plan.repeat


def loads(run: Run) -> None:
    """Measure deliveries per CPU second and latency at the offered rates."""
    for load in LOADS:
        _load(run, load)


def maxima(run: Run) -> None:
    """Search the highest rate that each server keeps up with, once for each server."""
    for shape, what in MAXIMA:
        row = Measure(shape.name, f"highest {what} per second")
        for column in run.columns:
            search = partial(_highest, column, shape, run.seconds)
            try:
                rate, is_bound = run.journal.once(_step(row.load, row.what, 0, column), search)
            except NoResult as fault:
                run.figures.fail([row], column.name, fault)
                continue
            run.figures.add(row, column.name, rate * (shape.members if what != "messages" else 1))
            if is_bound:
                run.figures.bounds.add((row, column.name))


def idle(run: Run) -> None:
    """Measure the memory of an idle connection."""
    row = Measure(f"{IDLE_CONNECTIONS:,} idle members", "KiB per connection", "less")

    def one(column: Column) -> list[float]:
        with column.start() as server:
            return [kib_per_connection(server, IDLE_CONNECTIONS)]

    _in_turns(run, min(run.repeat, IDLE_TURNS), [row], one)


def storm(run: Run) -> None:
    """Measure joins of many members into one room."""
    for members, turns in STORM_TURNS.items():
        _storm(run, members, min(run.repeat, turns))


def curves(run: Run) -> None:
    """Measure latency and CPU of some servers at rising rates, for the plots."""
    for shape, rates in CURVES.items():
        turns: dict[str, list[list[list[float]]]] = {}
        for turn in range(min(run.repeat, CURVE_TURNS)):
            for column in run.columns:
                if column.is_plotted:
                    found = _curve(run, column, shape, turn)
                    turns.setdefault(column.name, []).extend(found)
        run.points[shape] = {name: points(rates, found) for name, found in turns.items()}


PARTS: Final[dict[str, Callable[[Run], None]]] = {
    "loads": loads,
    "maxima": maxima,
    "idle": idle,
    "storm": storm,
    "curves": curves,
}


def points(rates: Sequence[float], turns: Sequence[Sequence[Sequence[float]]]) -> list[Point]:
    """Return the medians at each rate that most turns kept up with.

    A turn has a p50 and a CPU for each rate, up to the last that it kept up with.
    """
    found = []
    for place, rate in enumerate(rates):
        pairs = [turn[place] for turn in turns if len(turn) > place]
        if len(pairs) * 2 > len(turns):
            p50, cpu = (median(values) for values in zip(*pairs, strict=True))
            found.append(Point(rate, p50, cpu))
    return found


def _storm(run: Run, members: int, turns: int) -> None:
    name = f"{members:,} members join one room"
    rows = [Measure(name, "CPU per join, ms", "less"), Measure(name, "p50 to the list, ms", "less")]

    def one(column: Column) -> list[float]:
        with column.start() as server:
            found = stormed(server, members)
            return [found.cpu_ms_per_join, found.p50_ms]

    _in_turns(run, turns, rows, one)


def _load(run: Run, load: Load) -> None:
    name = f"{load.shape.name} at {load.rate:,.0f}/s"
    rows = [
        Measure(name, "deliveries per CPU second"),
        Measure(name, "p50, ms", "less"),
        Measure(name, "p99, ms", "less"),
    ]

    def one(column: Column) -> list[float]:
        found = loaded(column, load, run.seconds)
        return [found.deliveries_per_cpu_second, found.p50_ms, found.p99_ms]

    _in_turns(run, run.repeat, rows, one)


def _highest(column: Column, shape: Shape, seconds: float) -> list[float]:
    rate, is_bound = highest_rate(column, shape, seconds)
    return [rate, float(is_bound)]


def _curve(run: Run, column: Column, shape: Shape, turn: int) -> list[list[list[float]]]:
    """Return the one turn's p50 and CPU a delivery at each rate; nothing without a result."""

    def measure() -> list[list[float]]:
        found = curve(column, shape, CURVES[shape], min(run.seconds, CURVE_SECONDS))
        return [[one.p50_ms, 1e6 / one.deliveries_per_cpu_second] for one in found]

    try:
        return [run.journal.once(_step(shape.name, "at rising rates", turn, column), measure)]
    except NoResult:
        return []


def _in_turns(
    run: Run, turns: int, rows: list[Measure], one: Callable[[Column], list[float]]
) -> None:
    for turn in range(turns):
        for column in run.columns:
            try:
                step = _step(rows[0].load, "", turn, column)
                found = run.journal.once(step, partial(one, column))
            except NoResult as fault:
                run.figures.fail(rows, column.name, fault)
                continue
            for row, value in zip(rows, found, strict=True):
                run.figures.add(row, column.name, value)


def _step(load: str, what: str, turn: int, column: Column) -> str:
    """Name one server's turn of one load, for the raw results."""
    return " | ".join(filter(None, (load, what, f"turn {turn + 1}", column.name)))
