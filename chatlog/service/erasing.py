"""Erasing on behalf of an operator: texts of messages, or everything about a person.

Gone means gone from every answer at the commit, and from a SQLite file and its WAL as
soon as no reader's snapshot holds it: that is tried at once, and again by ``run`` until
it has been done, also for what an earlier process has erased. On PostgreSQL
``docs/operations.md`` says where old rows still lie.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatlog.domain.errors import Refused
from chatlog.domain.events import Recorded
from chatlog.eventlog import erasing
from chatlog.eventlog.committer import Committer
from chatlog.eventlog.database import Database
from chatlog.eventlog.discreet import describe
from chatlog.eventlog.sqlite import Sqlite
from chatlog.eventlog.writer import Step
from chatlog.nodes import leases
from chatlog.nodes.reaper import endings
from chatlog.nodes.watch import without_renewal

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 5.0
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
_MOST_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done: how many events in which rooms, and whether the file is clean.

    Where it is not, ``remains`` says in a sentence where the words are and when they go.
    """

    events: int
    rooms: tuple[str, ...]
    is_scrubbed: bool
    remains: str = ""


class Eraser:
    """Erases through a committer, so that it is in order with all that is appended."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self._database = database
        self._committer = committer
        self._due = asyncio.Event()
        self._is_running = False

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
                await self._end_dead()
                for leave in await endings(self._database, present.open_sessions, "kicked"):
                    await self._committer.append(leave)
        raise Refused("bad_command", f"{username} joins again and again.")

    async def _end_dead(self) -> None:
        """End nodes whose leases have run out, unless that is only the clock's doing."""
        found = await leases.open_nodes(self._database)
        expired = [node for node in found if not node.is_alive]
        await leases.end_silent(self._database, await without_renewal(self._database, expired))

    async def carry_out(self, step: Step[list[Recorded]]) -> Erasure | None:
        """Erase what a step finds to be due; return None where that is nothing."""
        erasures = await self._committer.alone(step)
        return await self._finish(erasures) if erasures else None

    async def _finish(self, erasures: Sequence[Recorded]) -> Erasure:
        count = sum(len(erasing.seqs_of(recorded)) for recorded in erasures)
        rooms = tuple(dict.fromkeys(recorded.room for recorded in erasures))
        remains = await self.scrub()
        return Erasure(count, rooms, is_scrubbed=not remains, remains=remains)

    async def scrub(self) -> str:
        """Empty the WAL of what was erased; return a sentence if it cannot be done now.

        A server goes on trying. While it has failed before, nobody waits for it again.
        """
        patience = 0.0 if self._due.is_set() else PATIENCE_SECONDS
        self._due.set()
        try:
            if await self._until_scrubbed(patience):
                return ""
        except Exception as error:  # noqa: BLE001 - however the disk says it, the erasure stands
            logger.warning("The WAL could not be emptied: %s", describe(error))
            return self._remains("it cannot be written now", "that has changed")
        return self._remains("a program that reads the log holds a snapshot", "it has ended")

    def _remains(self, why: str, changed: str) -> str:
        backend = self._database.backend
        assert isinstance(backend, Sqlite)
        where = f"The words are still in {backend.path} or {backend.path}-wal: {why}"
        if self._is_running:
            return f"{where}. They leave within a minute after {changed}."
        return (
            f"{where}. They leave when the next server or writing command starts after {changed}."
        )

    async def run(self) -> None:
        """Clean the file whenever that could not be done at once, until cancelled.

        What an earlier process has erased may be in the WAL, so the first time is now.
        """
        self._is_running = True
        self._due.set()
        while True:
            await self._due.wait()
            await self._until_scrubbed(math.inf)

    async def _until_scrubbed(self, patience_seconds: float) -> bool:
        """Try until it is done, in pauses that grow; False once no more time is left."""
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + patience_seconds, _FIRST_PAUSE_SECONDS
        while not await self._scrub():
            if loop.time() + pause > deadline:
                return False
            await asyncio.sleep(pause)  # nothing tells when a reader ends
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        return True

    async def _scrub(self) -> bool:
        """Try once. What is erased meanwhile is due again."""
        self._due.clear()
        is_clean = False
        try:
            is_clean = await self._database.scrub()
        finally:
            if not is_clean:
                self._due.set()
        return is_clean
