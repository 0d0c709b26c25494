"""Imports that a running server carries out: its file is read here, in slices.

Lines are read and parsed in a thread, a slice at a time, so that the loop goes on serving;
what follows from them goes through the same committer as what clients say.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from itertools import count, islice
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, Final

from chatlog.domain.commands import Command
from chatlog.domain.errors import LogError
from chatlog.domain.names import Limits, check_room
from chatlog.eventlog.adopt import Adoption, adopting
from chatlog.eventlog.append import Node
from chatlog.eventlog.committer import Committer
from chatlog.eventlog.database import Database
from chatlog.eventlog.upkeep import after_bulk
from chatlog.eventlog.writer import appending
from chatlog.nodes import leases
from chatlog.nodes.reaper import leaves_due
from chatlog.service.importing import (
    Lines,
    begin_telling,
    check_outcomes,
    check_times,
    commands_of,
)
from chatlog.service.irc import Story, span
from chatlog.service.restoring import check_file, put_back

SLICE: Final = 200
MAX_EVENTS: Final = 100_000
"""Of a JSONL file: it goes in as one transaction, and clients' commands wait for its end."""

MAX_LINE_BYTES: Final = 64 * 1_048_576  # the longest message that can be exported, twice escaped


class Importer:
    """The imports of one log."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self._database = database
        self._committer = committer

    async def irc(
        self, path: str, room: str, day: str, limits: Mapping[str, int]
    ) -> dict[str, Any]:
        """Append an IRC history and return its counts.

        Raises:
            Refused, LogError: as ``import_irc``.
        """
        held, begin = Limits(**limits), date.fromisoformat(day)
        check_room(room, held)
        with reading(Path(path)) as lines:
            extent = await asyncio.to_thread(lambda: span(lines(), begin))
            await check_times(self._database, room, extent)
            story = Story(begin, held, extent.first_minute)
            # Not alone: this process's own node lives beside it.
            node = await begin_telling(self._database, extent, alone=False)
            try:
                await self._append_all(commands_of(room, story.read(lines())), node)
            finally:
                await self._end(node)
        await after_bulk(self._database)
        return asdict(story.counts)

    async def _append_all(self, commands: Iterator[Command], node: Node) -> None:
        while batch := await asyncio.to_thread(_next_slice, commands):
            # Ids are no story's: no chat of it can repeat another.
            step = appending(batch, ids=False)
            check_outcomes(batch, await self._committer.alone(step, node=node))

    async def _end(self, node: Node) -> None:
        """End the import's node; whoever is present where its story broke off lapses."""
        await leases.end(self._database, node)
        for leave in await leaves_due(self._database):
            await self._committer.append(leave)

    async def jsonl(self, path: str, room: str | None) -> dict[str, Any]:
        """Put an export back, as ``import_jsonl``; the file is verified before any waits for it.

        Raises:
            LogError: nothing was written, as the file is wrong, too long, or the room is there.
        """
        with reading(Path(path)) as lines:
            if await check_file(lines(), room=room) > MAX_EVENTS:
                raise LogError(
                    f"A running server takes exports of at most {MAX_EVENTS:,} events: stop it "
                    "first."
                )

            async def adopt(adoption: Adoption, now: str) -> tuple[str, int]:
                return await put_back(adoption, now, lines(), room=room)

            name, events = await self._committer.alone(adopting(adopt))
        await after_bulk(self._database)
        return {"room": name, "events": events}


@contextmanager
def reading(file: Path) -> Iterator[Lines]:
    """Lend what begins to read a file's lines; a file may be read twice.

    A thread that reads is over within a line once the block is left, however it is left:
    a stop does not wait for the end of a long file.
    """
    over = Event()
    try:
        yield lambda: _lines(file, over)
    finally:
        over.set()


def _lines(file: Path, over: Event) -> Iterator[bytes]:
    with open_regular(file) as opened:
        for number in count(1):
            line = opened.readline(MAX_LINE_BYTES + 1)
            if not line:
                return
            if len(line) > MAX_LINE_BYTES:
                raise LogError(f"Line {number} is longer than {MAX_LINE_BYTES:,} bytes.")
            if over.is_set():
                raise LogError("The import was interrupted.")
            yield line


def open_regular(file: Path) -> BinaryIO:
    """Open a file without ever waiting for somebody to write it.

    Raises:
        LogError: if it is a pipe, a device or a folder.
    """
    opened = open(os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb")  # noqa: PTH123, SIM115
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise LogError(f"{file} is no regular file: it cannot be read twice.")
    return opened


def _next_slice(commands: Iterator[Command]) -> list[Command]:
    return list(islice(commands, SLICE))
