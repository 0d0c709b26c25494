"""``python -m bench.whole_log``: what commands that read or write all of a log cost an event.

Each runs on a small and a large log of ``bench.make_log``, on SQLite. Its CPU time (user and
system, of the whole process, with one job) is the least of the turns. The difference between the
two logs, divided by the events that are more, leaves out what starting Python costs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory
from typing import Final

from bench.histories.shape import usual
from bench.machine import machine_facts
from bench.make_log import make_log

_ROOM: Final = "general"


class Size:
    """A made log, an export of its largest room, and the messages of that room as an IRC log."""

    def __init__(self, folder: Path, events: int) -> None:
        self.events = events
        self._folder = folder
        self.url = f"sqlite:///{folder}/made.db"
        asyncio.run(make_log(self.url, usual(events, seed=1)))
        self.exported, self.irc = folder / "room.jsonl", folder / "room.log"
        self.exported.write_bytes(_run("export", _ROOM, "--database", self.url))
        lines = self.exported.read_text("utf-8").splitlines()
        self.of_room = len(lines)
        said = list(_irc(lines))
        self.messages = len(said)
        self.irc.write_text("\n".join(said) + "\n", "utf-8")
        self._files = 0

    def new(self, suffix: str = "") -> str:
        """Return the path of a file or folder that is not there yet."""
        self._files += 1
        return f"{self._folder}/{self._files}{suffix}"


def _irc(lines: list[str]) -> Iterator[str]:
    nicks: dict[str, str] = {}
    for number, line in enumerate(lines):
        event = json.loads(line)
        if event["type"] == "chat" and not event.get("erased"):
            minutes = number * 1_439 // len(lines)  # a day, whatever its length
            nick = nicks.setdefault(event["username"], f"u{len(nicks)}")
            text = " ".join(event["message"].split())
            yield f"[{minutes // 60:02}:{minutes % 60:02}] <{nick}> {text}"


def _run(*arguments: str) -> bytes:
    command = (sys.executable, "-m", "chatlog", *arguments)
    return subprocess.run(command, check=True, capture_output=True).stdout


def _verify(log: Size) -> int:
    _run("verify", "--jobs", "1", "--database", log.url)
    return log.events


def _export_all(log: Size) -> int:
    _run("export", "--all", log.new(), "--database", log.url)
    return log.events


def _export_room(log: Size) -> int:
    _run("export", _ROOM, "--database", log.url)
    return log.of_room


def _import_export(log: Size) -> int:
    database = f"sqlite:///{log.new('.db')}"
    _run("import", str(log.exported), "--room", _ROOM, "--database", database)
    return log.of_room


def _import_irc(log: Size) -> int:
    path = log.new(".db")
    form = ("--format", "irc", "--date", "2026-11-22")
    _run("import", str(log.irc), "--room", _ROOM, *form, "--database", f"sqlite:///{path}")
    with closing(connect(path)) as file:
        return int(file.execute("SELECT count(*) FROM events").fetchone()[0])


COMMANDS: Final[dict[str, Callable[[Size], int]]] = {
    "`verify`": _verify,
    "`export --all`": _export_all,
    "`export` of one room": _export_room,
    "`import` of that export": _import_export,
    "`import` of its messages as an IRC log": _import_irc,
}
"""Each returns the number of events that it read or wrote."""


def _cpu(command: Callable[[Size], int], log: Size, turns: int) -> tuple[float, int]:
    """Return the least CPU seconds of a command, and its events."""
    found, events = [], 0
    for _ in range(turns):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        events = command(log)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found), events


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.whole_log", description=__doc__)
    parser.add_argument("--small", type=int, default=20_000, metavar="EVENTS")
    parser.add_argument("--large", type=int, default=220_000, metavar="EVENTS")
    parser.add_argument("--repeat", type=int, default=3)
    wanted = parser.parse_args()
    facts = "; ".join(f"{name} {value}" for name, value in machine_facts().items())
    print(f"Measured with {facts}.\n")
    print("| command | µs of CPU an event | events a CPU second |\n| --- | --- | --- |")
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        small, large = Size(Path(one), wanted.small), Size(Path(other), wanted.large)
        for name, command in COMMANDS.items():
            least, few = _cpu(command, small, wanted.repeat)
            most, many = _cpu(command, large, wanted.repeat)
            each = (most - least) / (many - few)
            print(f"| {name} | {each * 1e6:.1f} | {1 / each:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
