"""The parts of the table: each runs its loads on all servers in turns and notes the figures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import uvloop

from bench.scenarios.idle import kib_per_connection
from bench.scenarios.storm import stormed
from bench.table.figures import FAULTS, Figures, Measure
from bench.table.loads import (
    CURVES,
    FIRST_DELIVERIES,
    IDLE_CONNECTIONS,
    LOADS,
    MAXIMA,
    STORM_MEMBERS,
    Load,
    Shape,
)
from bench.table.runs import Session, curve, loaded
from bench.table.search import highest
from bench.table.servers import TUTORIAL, Column
from bench.tally import Tally

PLOTTED: Final = ("chatlog", TUTORIAL)


@dataclass(frozen=True, slots=True)
class Point:
    """What a plot shows of one rate."""

    rate: float
    p50_ms: float
    cpu_us: float
    """Microseconds of the server's CPU for a delivery."""


@dataclass(slots=True)
class Run:
    """One run of the command: how long and how often, and what it has found so far."""

    columns: Sequence[Column]
    seconds: float
    repeat: int
    figures: Figures = field(default_factory=Figures)
    points: dict[Shape, dict[str, list[Point]]] = field(default_factory=dict)


def loads(run: Run) -> None:
    """Measure deliveries per CPU second and latency at the offered rates."""
    for load in LOADS:
        _load(run, load)


def maxima(run: Run) -> None:
    """Search the highest rate that each server keeps up with, once for each server."""
    for shape, what in MAXIMA:
        row = Measure(shape.name, f"highest {what} per second")
        for column in run.columns:
            _say(f"{row.load}, {row.what}: {column.name}")
            try:
                rate, is_bound = _highest(column, shape, run.seconds)
            except FAULTS as fault:
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

    _in_turns(run, [row], one)


def storm(run: Run) -> None:
    """Measure joins of many members into one room."""
    for members in STORM_MEMBERS:
        _storm(run, members)


def curves(run: Run) -> None:
    """Measure latency and CPU of chatlog and the tutorial at rising rates, for the plots."""
    for shape, rates in CURVES.items():
        turns: dict[str, list[list[Tally]]] = {}
        for _ in range(run.repeat):
            for column in run.columns:
                if column.name not in PLOTTED:
                    continue
                _say(f"{shape.name} at rising rates: {column.name}")
                try:
                    found = curve(column, shape, rates, run.seconds)
                except FAULTS as fault:
                    _say(f"  no result: {fault!r}")
                else:
                    turns.setdefault(column.name, []).append(found)
        run.points[shape] = {name: _points(rates, found) for name, found in turns.items()}


PARTS: Final[dict[str, Callable[[Run], None]]] = {
    "loads": loads,
    "maxima": maxima,
    "idle": idle,
    "storm": storm,
    "curves": curves,
}


def _storm(run: Run, members: int) -> None:
    name = f"{members:,} members join one room"
    rows = [Measure(name, "CPU per join, ms", "less"), Measure(name, "p50 to the list, ms", "less")]

    def one(column: Column) -> list[float]:
        with column.start() as server:
            found = stormed(server, members)
            return [found.cpu_ms_per_join, found.p50_ms]

    _in_turns(run, rows, one)


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

    _in_turns(run, rows, one)


def _in_turns(run: Run, rows: list[Measure], one: Callable[[Column], list[float]]) -> None:
    for _ in range(run.repeat):
        for column in run.columns:
            _say(f"{rows[0].load}: {column.name}")
            try:
                found = one(column)
            except FAULTS as fault:
                _say(f"  no result: {fault!r}")
                run.figures.fail(rows, column.name, fault)
                continue
            for row, value in zip(rows, found, strict=True):
                run.figures.add(row, column.name, value)


def _highest(column: Column, shape: Shape, seconds: float) -> tuple[float, bool]:
    async def search() -> tuple[float, bool]:
        session = Session(column, shape, seconds)
        try:
            found = await highest(session.keeps_up, FIRST_DELIVERIES / shape.members)
        finally:
            await session.close()
        return found, session.is_generator_full

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(search())


def _points(rates: Sequence[float], turns: list[list[Tally]]) -> list[Point]:
    """Return the medians at each rate that most turns kept up with."""
    points = []
    for place, rate in enumerate(rates):
        found = [turn[place] for turn in turns if len(turn) > place]
        if len(found) * 2 > len(turns):
            cpu = median(1e6 / one.deliveries_per_cpu_second for one in found)
            points.append(Point(rate, median(one.p50_ms for one in found), cpu))
    return points


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
