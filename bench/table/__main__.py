"""``python -m bench.table``: measure chatlog beside other servers, in turns, and print a table."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from bench.machine import OtherWork, machine_facts
from bench.process import allow_many_files
from bench.table.page import KEPT, markdown
from bench.table.parts import PARTS, Point, Run
from bench.table.plot import Panel, svg
from bench.table.servers import NAMES, columns

_DOCS: Final = Path(__file__).resolve().parent.parent.parent / "docs"
_RATES: Final = "messages per second"


def main() -> int:
    """Run the parts asked for: 0, or 1 where chatlog has a turn without a result."""
    wanted = _arguments()
    allow_many_files()
    facts, others, begun = machine_facts(), OtherWork(), time.monotonic()
    run = Run(columns(wanted.servers), wanted.seconds, wanted.repeat)
    page = ""
    for name in wanted.parts:
        PARTS[name](run)
        facts["other work"] = f"{others.cores():.1f} cores"
        page = markdown(facts, run.columns, run.figures)
        if wanted.write:  # after each part: what was measured outlasts what goes wrong later
            KEPT.write_text(page, encoding="utf-8")
    print(page)
    print(f"{(time.monotonic() - begun) / 60:.1f} minutes", file=sys.stderr)
    if wanted.write:
        for path, picture in _pictures(run).items():
            path.write_text(picture, encoding="utf-8")
    return 1 if any(server == "chatlog" for _, server in run.figures.faults) else 0


def _pictures(run: Run) -> dict[Path, str]:
    if not run.points:
        return {}

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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.table", description=__doc__)
    add = parser.add_argument
    add("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="all without this")
    add("--servers", nargs="+", choices=NAMES, default=[], help="all without this")
    add("--seconds", type=float, default=2.0, help="of each load, after a warm-up of one second")
    add("--repeat", type=int, default=3, help="turns, of which the table has the medians")
    add("--write", action="store_true", help="renew bench/table.md and the plots in docs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
