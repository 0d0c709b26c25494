"""The servers that the table has a column for, and what each of them keeps and lacks."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from bench.servers import Server, chatlog, node
from bench.table.peers import (
    CENTRIFUGO_PROGRAM,
    centrifugo,
    centrifugo_postgres,
    naive,
    nats_jetstream,
    python_socketio,
    socketio,
)

TUTORIAL: Final = "tutorial"


@dataclass(frozen=True, slots=True)
class Column:
    """A server of the table."""

    name: str
    start: Callable[[], AbstractContextManager[Server]]
    after_kill: str
    """What is left of the messages that somebody saw, after ``kill -9``."""
    after_power_cut: str
    is_plotted: bool = False
    """Whether the plots of latency and CPU by load have a line of it."""

    program: str = sys.executable
    """What must be on PATH, or at this path."""

    @property
    def can_run(self) -> bool:
        return bool(shutil.which(self.program))


_ALL: Final = (
    Column("chatlog", chatlog, "every message", "every message", is_plotted=True),
    Column(TUTORIAL, node, "nothing", "nothing", is_plotted=True),
    Column("Socket.IO", socketio, "nothing", "nothing"),
    Column("python-socketio", python_socketio, "nothing", "nothing"),
    Column("naive aiohttp", naive, "every message", "every message", is_plotted=True),
    Column(
        "NATS JetStream",
        nats_jetstream,
        "every acknowledged message",
        "all but up to 2 minutes (`sync_interval`)",
        is_plotted=True,
    ),
    Column(
        "Centrifugo, memory",
        centrifugo,
        "nothing",
        "nothing",
        is_plotted=True,
        program=CENTRIFUGO_PROGRAM,
    ),
    Column(
        "Centrifugo, PostgreSQL",
        centrifugo_postgres,
        *("the last 10,000 of a channel, for 24 hours",) * 2,
        is_plotted=True,
        program=CENTRIFUGO_PROGRAM,
    ),
)
NAMES: Final = tuple(column.name for column in _ALL)


def columns(names: list[str]) -> list[Column]:
    """Return the servers named, all without a name, but for those whose program is not here."""
    found = [column for column in _ALL if not names or column.name in names]
    for column in found:
        if not column.can_run:
            print(f"{column.name}: no such program on PATH, left out", file=sys.stderr)
    return [column for column in found if column.can_run]
