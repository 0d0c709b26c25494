"""Erasing: texts of messages, or everything about a person.

Erased content is gone from a server's answers once it has read the erasure; whoever erases waits
until every server has. It is gone from a SQLite file and its WAL as soon
as no reader's snapshot holds it. That is tried at once, and retried by ``run`` until it succeeds,
also for content that an earlier process erased. For PostgreSQL, ``docs/operations.md`` describes
where old rows remain.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chatlog.databases.database import Database
from chatlog.databases.discreet import describe
from chatlog.domain.errors import Refused
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.committing.writer import Step
from chatlog.eventlog.steps import erasing
from chatlog.eventlog.steps.revocations import revoke_subject
from chatlog.kinds.event import Recorded
from chatlog.nodes import leases
from chatlog.nodes.reaper import endings
from chatlog.nodes.watch import without_renewal

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 5.0
SPREAD_SECONDS: Final = 30.0
"""A server that does not read for so long is dead: its lease has run out by then."""
_LOOK_SECONDS: Final = 0.01
_LONGEST_LOOK_SECONDS: Final = 0.5
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
_MOST_ROUNDS: Final = 20


async def _nothing() -> None:
    """Recall nothing: nobody is served."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """The result: the number of erased events, their rooms, and whether the file is clean.

    If it is not, or a server has not read the erasure, ``remains`` tells in a sentence where
    the content is and when it will go.
    ``records`` are the rooms and seqs of the events that record the erasure.
    """

    events: int
    rooms: tuple[str, ...]
    is_scrubbed: bool
    remains: str = ""
    records: tuple[tuple[str, int], ...] = ()


class Eraser:
    """Erases through a committer, in order with everything else that is appended."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self._database = database
        self._committer = committer
        self.recall: Callable[[], Awaitable[None]] = _nothing
        """Stops what this server is still sending of erased content."""
        self._due = asyncio.Event()
        self._is_running = False
        self._is_held = False
        """Whether somebody has waited in vain, and nothing was removed since."""

    async def redact(self, room: str, seqs: Sequence[int], *, by: str, reason: str) -> Erasure:
        """Erase the texts of these chats.

        Raises:
            Refused: nothing was erased; one of them is not a chat, or is already erased.
        """
        step = erasing.redact(room, seqs, by=by, reason=reason)
        return await self.finish(await self._committer.alone(step))

    async def erase_user(
        self, username: str | None, *, by: str, reason: str, subject: str | None = None
    ) -> Erasure:
        """Erase a person: names, texts and the tie from name to user, in every room.

        Open sessions are closed first: ``kicked``, or ``lapsed`` where their server is dead.
        The name used again is a new user. A subject's tokens issued until now are revoked, and
        its roles and bans end: the subject used again is a new one.

        Raises:
            Refused: nothing was erased; nobody has this name, or its user keeps joining again.
        """
        revoked: set[str] = set()
        for _ in range(_MOST_ROUNDS):
            try:
                step = erasing.erase_user(username, by=by, reason=reason, subject=subject)
                return await self.finish(await self._committer.alone(step))
            except erasing.StillPresent as present:
                for one in present.subjects - revoked:
                    await self._committer.alone(revoke_subject(one, time.time()))
                revoked |= present.subjects
                await self._end_dead()
                for leave in await endings(self._database, present.open_sessions, "kicked"):
                    await self._committer.append(leave)
        raise Refused("bad_command", f"{username or subject} keeps joining again.")

    async def _end_dead(self) -> None:
        """End nodes whose leases have run out, unless only a changed clock makes it appear so."""
        found = await leases.open_nodes(self._database)
        expired = [node for node in found if not node.is_alive]
        await leases.end_silent(self._database, await without_renewal(self._database, expired))

    async def carry_out(self, step: Step[list[Recorded]]) -> Erasure | None:
        """Run a step that erases; return None if nothing was due."""
        erasures = await self._committer.alone(step)
        return await self.finish(erasures) if erasures else None

    async def finish(self, erasures: Sequence[Recorded], *, within: float | None = None) -> Erasure:
        """Wait until no server shows what was erased, and remove it from the file."""
        count = sum(len(erasing.seqs_of(recorded)) for recorded in erasures)
        rooms = tuple(dict.fromkeys(recorded.room for recorded in erasures))
        remains = " ".join(filter(None, (await self._spread(erasures, within), await self.scrub())))
        records = tuple((recorded.room, recorded.seq) for recorded in erasures)
        return Erasure(count, rooms, not remains, remains, records)

    async def _spread(self, erasures: Sequence[Recorded], within: float | None) -> str:
        """Wait until every server has read erasures; return a sentence if one may not have."""
        position = max((recorded.position for recorded in erasures), default=0)
        try:
            await self.recall()
            behind = await self._until_read(position, within or SPREAD_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever the database says, the erasure stands
            logger.warning("Which servers have read an erasure is unknown: %s", describe(error))
            return "Servers may still show what it erased until they can read the log again."
        if not behind:
            return ""
        names, have = ", ".join(behind), "has" if len(behind) == 1 else "have"
        return f"{names} {have} not read the erasure yet, and may still show what it erased."

    async def _until_read(self, position: int, within: float) -> list[str]:
        """Wait until every server has read up to a position; return the names of who has not."""
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + within, _LOOK_SECONDS
        while behind := await leases.unread(self._database, position):
            if loop.time() > deadline:
                break
            if not all(node.is_alive for node in behind):
                await self._end_dead()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_LOOK_SECONDS)
        return [node.name for node in behind]

    async def scrub(self) -> str:
        """Remove erased content from the WAL; return a sentence if that is not possible now.

        A server keeps retrying. This waits for a reader in passing, also the node's own; once
        somebody has waited in vain, nobody else waits.
        """
        patience = 0.0 if self._is_held else PATIENCE_SECONDS
        self._due.set()
        try:
            if await self._until_scrubbed(patience):
                return ""
        except Exception as error:  # noqa: BLE001 - however the disk says it, the erasure stands
            logger.warning("The WAL could not be emptied: %s", describe(error))
            return self._remains("the file cannot be written now", "it can be written again")
        return self._remains("another program holds a snapshot of the log", "it has released it")

    def _remains(self, why: str, changed: str) -> str:
        files = self._database.backend.unscrubbed
        where = f"The erased content is still in {files}: {why}"
        if self._is_running:
            return f"{where}. It is removed within a minute after {changed}."
        return (
            f"{where}. It is removed when the next server or writing command starts after "
            f"{changed}."
        )

    async def run(self) -> None:
        """Clean the file whenever that could not be done at once, until cancelled.

        The first attempt is now: the WAL may hold content that an earlier process erased.
        """
        self._is_running = True
        self._due.set()
        while True:
            await self._due.wait()
            await self._until_scrubbed(math.inf)

    async def _until_scrubbed(self, patience_seconds: float) -> bool:
        """Retry with growing pauses until it succeeds; return False when the time is up."""
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + patience_seconds, _FIRST_PAUSE_SECONDS
        while not await self._scrub():
            if loop.time() + pause > deadline:
                self._is_held = True
                return False
            await asyncio.sleep(pause)  # nothing tells when a reader ends
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        return True

    async def _scrub(self) -> bool:
        """Try once. Content erased meanwhile needs another attempt."""
        self._due.clear()
        is_clean = False
        try:
            is_clean = await self._database.scrub()
        finally:
            if is_clean:
                self._is_held = False
            else:
                self._due.set()
        return is_clean
