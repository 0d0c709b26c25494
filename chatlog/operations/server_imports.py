"""Imports executed by a running server, which reads the file in slices.

A thread reads and parses the lines, a slice at a time, so that the event loop continues to
serve; the resulting commands go through the same committer as those of clients.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Final

from chatlog.databases.database import Database
from chatlog.domain.errors import LogError, Refused
from chatlog.domain.names import Limits
from chatlog.eventlog.append import Node
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.committing.writer import appending
from chatlog.eventlog.steps.insertion import RoomInsertion, inserting
from chatlog.formats.files import files
from chatlog.formats.history import History, Reading
from chatlog.kinds.command import Command
from chatlog.nodes import leases
from chatlog.nodes.reaper import leaves_due
from chatlog.operations.export_file import lines_of
from chatlog.operations.import_history import Telling, begin_telling, check_outcomes, prepare
from chatlog.operations.restore_export import check_export, insert_export

SLICE: Final = 200
MAX_EVENTS: Final = 100_000
"""The limit for a JSONL file: it is one transaction, and clients' commands wait for its end."""


class ServerImports:
    """The imports of one log; ``is_open`` where the server shows every room to everybody."""

    def __init__(self, database: Database, committer: Committer, *, is_open: bool = False) -> None:
        self._is_open = is_open
        self._database = database
        self._committer = committer

    async def history(
        self, reading: Mapping[str, Any], room: str, again: bool, limits: Mapping[str, int]
    ) -> dict[str, Any]:
        """Append a foreign history, given by ``reading``, and return its counts.

        Raises:
            Refused, LogError: as ``import_history``.
        """
        with files() as lent:
            history = await asyncio.to_thread(History, Reading(**reading), lent)
            telling = await prepare(
                self._database, history, room=room, limits=Limits(**limits), again=again
            )
            await self._append_story(telling)
        await self._database.after_bulk()
        return asdict(telling.finish())

    async def _append_story(self, telling: Telling) -> None:
        # Not alone: this process's own node lives beside it.
        node = await begin_telling(self._database, telling, alone=False)
        try:
            await self._append_all(telling.commands, node)
        finally:
            await self._end(node)

    async def _append_all(self, commands: Iterator[Command], node: Node) -> None:
        while batch := await asyncio.to_thread(_next_slice, commands):
            # A story has no ids, so none of its chats can repeat another.
            step = appending(batch, ids=False)
            check_outcomes(batch, await self._committer.alone(step, node=node))

    async def _end(self, node: Node) -> None:
        """End the import's node; sessions that are open where its story broke off lapse."""
        await leases.end(self._database, node)
        for leave in await leaves_due(self._database):
            with suppress(Refused):  # somebody wrote meanwhile: the reaper finds it again
                await self._committer.append(leave)

    async def jsonl(self, path: str, room: str | None) -> dict[str, Any]:
        """Restore an export like ``restore_export``; verify the file before clients wait for it.

        Raises:
            LogError: nothing was written: the file is invalid or too long, or the room exists or
                has rights that the server would ignore.
        """
        with files() as lent:
            lines = lines_of(lent.unpacked(Path(path)))
            if await check_export(lines(), room=room, is_open=self._is_open) > MAX_EVENTS:
                raise LogError(
                    f"A running server imports exports of at most {MAX_EVENTS:,} events: stop it "
                    "first."
                )

            async def insert(insertion: RoomInsertion, now: str) -> tuple[str, int]:
                return await insert_export(insertion, now, lines(), room=room)

            name, events = await self._committer.alone(inserting(insert))
        await self._database.after_bulk()
        return {"room": name, "events": events}


def _next_slice(commands: Iterator[Command]) -> list[Command]:
    return list(islice(commands, SLICE))
