"""``python -m bench.table``: measure chatlog beside other servers, in turns, and print a table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.machine import machine_facts
from bench.process import allow_many_files
from bench.table.journal import Journal, Plan
from bench.table.page import KEPT, markdown
from bench.table.parts import PARTS, Point, Run
from bench.table.plot import Panel, svg
from bench.table.servers import NAMES, columns

_DOCS: Final = Path(__file__).resolve().parent.parent.parent / "docs"
_RATES: Final = "messages per second"


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for: 0, or 1 where chatlog has a turn without a result."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    allow_many_files()
    facts, begun = machine_facts(), time.monotonic()
    try:
        journal = _journal(wanted, facts)
    except (OSError, ValueError) as fault:
        parser.error(str(fault))
    print(f"raw results: {journal.path} (--resume continues)", file=sys.stderr, flush=True)
    run = Run(columns(journal.plan.servers), journal)
    for name in journal.plan.parts:
        PARTS[name](run)
    facts["turns"] = f"{run.repeat} of {run.seconds:g} s"
    facts["other work"] = f"{journal.other_cores():.1f} cores"
    page = markdown(facts, run.columns, run.figures)
    print(page)
    print(f"{(time.monotonic() - begun) / 60:.1f} minutes", file=sys.stderr)
    if wanted.write:
        for path, text in {KEPT: page, **_pictures(run)}.items():
            path.write_text(text, encoding="utf-8")
    return 1 if any(server == "chatlog" for _, server in run.figures.faults) else 0


def _journal(wanted: argparse.Namespace, facts: dict[str, str]) -> Journal:
    if wanted.resume:
        journal = Journal.resume(wanted.resume, facts)
        _check(journal.plan, wanted.write)
        return journal
    servers = [column.name for column in columns(wanted.servers)]
    plan = Plan(wanted.parts, servers, wanted.seconds, wanted.repeat)
    _check(plan, wanted.write)
    handle, name = tempfile.mkstemp(prefix="chatlog-table-", suffix=".jsonl")
    os.close(handle)
    return Journal.begin(Path(name), plan, facts)


def _check(plan: Plan, is_to_write: bool) -> None:
    """Refuse a run that cannot start its servers, or that would write a part of the table."""
    here = {column.name for column in columns([])}
    if not here.issuperset(plan.servers):
        raise ValueError("a server of that run cannot be started any more")
    if is_to_write and (set(plan.parts) != set(PARTS) or here != set(plan.servers)):
        raise ValueError("--write needs all parts and all servers in one run")


def _pictures(run: Run) -> dict[Path, str]:
    def panels(axis: str) -> list[Panel]:
        return [
            Panel(shape.name, {name: _line(points, axis) for name, points in found.items()})
            for shape, found in run.points.items()
        ]

    latency = svg("Median latency by load", _RATES, "p50, ms", panels("p50_ms"))
    cpu = svg("CPU of a delivery by load", _RATES, "CPU, µs per delivery", panels("cpu_us"))
    return {_DOCS / "benchmarks-latency.svg": latency, _DOCS / "benchmarks-cpu.svg": cpu}


def _line(points: list[Point], axis: str) -> list[tuple[float, float]]:
    return [(point.rate, getattr(point, axis)) for point in points]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.table", description=__doc__)
    add = parser.add_argument
    add("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="all without this")
    add("--servers", nargs="+", choices=NAMES, default=[], help="all without this")
    add("--seconds", type=float, default=1.5, help="of each load, after a warm-up of 0.5 s")
    add("--repeat", type=int, default=5, help="turns, of which the table has the medians")
    add("--resume", type=Path, metavar="FILE", help="continue the run with these raw results")
    add("--write", action="store_true", help="renew bench/table.md and the plots in docs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
