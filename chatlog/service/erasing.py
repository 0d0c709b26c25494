"""Erasing on behalf of an operator: texts of messages, or everything about a person.

Gone means gone from every answer at the commit, and from a SQLite file and its WAL as
soon as no reader's snapshot holds it: that is tried at once, and again by ``run`` until
it has been done. On PostgreSQL ``docs/operations.md`` says where old rows still lie.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatlog.domain.errors import Refused
from chatlog.domain.events import Recorded
from chatlog.eventlog import erasing
from chatlog.eventlog.committer import Committer
from chatlog.eventlog.database import DRIVER_ERRORS, Database
from chatlog.eventlog.sqlite import Sqlite
from chatlog.eventlog.writer import Step
from chatlog.nodes import leases
from chatlog.nodes.reaper import endings

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 0.5
_MOST_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done: how many events in which rooms, and whether the file is clean."""

    events: int
    rooms: tuple[str, ...]
    is_scrubbed: bool


class Eraser:
    """Erases through a committer, so that it is in order with all that is appended."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self._database = database
        self._committer = committer
        self._due = asyncio.Event()

    async def redact(self, room: str, seqs: Sequence[int], *, by: str, reason: str) -> Erasure:
        """Erase the texts of these chats.

        Raises:
            Refused: nothing was erased; one of them is no chat, or is erased already.
        """
        step = erasing.redact(room, seqs, by=by, reason=reason)
        return await self._finish(await self._committer.alone(step))

    async def erase_user(self, username: str, *, by: str, reason: str) -> Erasure:
        """Erase a person: name, texts and the tie from name to user, in every room.

        Open sessions are closed first: ``kicked``, or ``lapsed`` where their server is dead.
        The name used again is a new user.

        Raises:
            Refused: nothing was erased; nobody has this name, or it never stays away.
        """
        for _ in range(_MOST_ROUNDS):
            try:
                step = erasing.erase_user(username, by=by, reason=reason)
                return await self._finish(await self._committer.alone(step))
            except erasing.StillPresent as present:
                await leases.end_expired(self._database)
                for leave in await endings(self._database, present.open_sessions, "kicked"):
                    await self._committer.append(leave)
        raise Refused("bad_command", f"{username} joins again and again.")

    async def carry_out(self, step: Step[list[Recorded]]) -> Erasure | None:
        """Erase what a step finds to be due; return None where that is nothing."""
        erasures = await self._committer.alone(step)
        return await self._finish(erasures) if erasures else None

    async def _finish(self, erasures: Sequence[Recorded]) -> Erasure:
        count = sum(len(erasing.seqs_of(recorded)) for recorded in erasures)
        rooms = tuple(dict.fromkeys(recorded.room for recorded in erasures))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._until_scrubbed()
        except TimeoutError:
            self._due.set()
            return Erasure(count, rooms, is_scrubbed=False)
        return Erasure(count, rooms, is_scrubbed=True)

    async def run(self) -> None:
        """Clean the file whenever that could not be done at once, until cancelled."""
        while True:
            await self._due.wait()
            await self._until_scrubbed()
            self._due.clear()

    async def _until_scrubbed(self) -> None:
        backend = self._database.backend
        if not isinstance(backend, Sqlite):
            return
        while not await self._scrub(backend):  # noqa: ASYNC110 - nothing tells when a reader ends
            await asyncio.sleep(_RETRY_SECONDS)

    async def _scrub(self, backend: Sqlite) -> bool:
        try:
            async with self._database.write() as connection:
                return await backend.scrub(connection)
        except DRIVER_ERRORS as error:
            logger.warning("The WAL could not be emptied: %r", error)
            return False
