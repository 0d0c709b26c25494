"""``python -m bench.growth``: measure logs of several lengths, and print two tables."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.growth.indexes import microseconds_per_insert
from bench.growth.logs import POSTGRES_SIZES, SIZES, growing
from bench.growth.page import KEPT, bytes_table, kept, times_table
from bench.growth.questions import asked, audited, largest_and_quiet
from bench.growth.served import LEFT_OPEN, after_kill, opening_ms, serving
from bench.growth.sizes import bytes_per_event
from bench.machine import OtherWork, machine_facts
from bench.make_log import make_log
from bench.postgres import postgres
from bench.process import allow_many_files

_STARTS = 5


def main() -> None:
    """Measure what the arguments say, keep the figures, and print all that are kept."""
    wanted = _arguments()
    allow_many_files()
    others = OtherWork()
    with ExitStack() as stack:
        folder = wanted.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="chatlog-bench-"))
        )
        for events in wanted.sqlite:
            with _sqlite_log(folder, events) as path:
                found = measured(f"sqlite:///{path}")
                if events == max(wanted.sqlite):
                    found["insert_us"] = _insert_us(path)
            _keep("sqlite", events, found, others)
        if wanted.postgres:
            server = stack.enter_context(postgres(connections=1_000))
            for events in wanted.postgres:
                url = server.fresh()
                asyncio.run(make_log(url, growing(events)))
                _keep("postgresql", events, measured(url), others)
    print(f"{times_table()}\n\n{bytes_table()}")


def measured(database: str) -> dict[str, Any]:
    """Return milliseconds by question, and bytes an event by table and index."""
    room, _, _ = asyncio.run(largest_and_quiet(database))
    asyncio.run(opening_ms(database))  # reads what it needs into memory, and imports
    opened = [asyncio.run(opening_ms(database)) for _ in range(_STARTS)]
    starts, cpu = [], []
    for _ in range(_STARTS):
        with serving(database) as server:
            starts.append(server.seconds * 1e3)
            cpu.append(server.cpu_seconds * 1e3)
            answers = asyncio.run(asked(server.address, database)) if len(starts) == _STARTS else {}
    dead = after_kill(database, room)
    ms = {
        "opening the log": min(opened),
        "start": min(starts),
        "start, CPU": min(cpu),
        "start after a kill": dead.ready * 1e3,
        f"until {LEFT_OPEN} sessions have lapsed": dead.lapsed * 1e3,
        **answers,
        **asyncio.run(audited(database)),
    }
    return {"ms": ms, "bytes": asyncio.run(bytes_per_event(database))}


@contextmanager
def _sqlite_log(folder: Path, events: int) -> Iterator[Path]:
    path = folder / f"log{events}.db"
    if not path.exists():
        begun = time.monotonic()
        asyncio.run(make_log(f"sqlite:///{path}", growing(events)))
        print(f"{events:,} events made in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    yield path


def _insert_us(path: Path) -> dict[str, float]:
    copy = path.with_suffix(".spoilt.db")
    try:
        shutil.copyfile(path, copy)
        return microseconds_per_insert(copy)
    finally:
        for file in path.parent.glob(f"{copy.name}*"):
            file.unlink()


def _keep(database: str, events: int, found: dict[str, Any], others: OtherWork) -> None:
    figures = kept() if KEPT.exists() else {"logs": {}}
    figures["facts"] = machine_facts() | {"other work": f"{others.cores():.1f} cores"}
    figures["facts"].pop("Node")
    logs = figures["logs"].setdefault(database, {})
    logs[str(events)] = found
    figures["logs"][database] = dict(sorted(logs.items(), key=lambda item: int(item[0])))
    KEPT.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    add = parser.add_argument
    add("--sqlite", type=int, nargs="*", default=SIZES, help="numbers of events")
    add("--postgres", type=int, nargs="*", default=POSTGRES_SIZES, help="numbers of events")
    add("--folder", type=Path, help="keeps SQLite logs, and uses those that it has")
    return parser.parse_args()


if __name__ == "__main__":
    main()
