"""Retention: texts that have become too old are erased like any other, with an event.

A rule is kept in the database and carried out by whichever server runs; setting one
carries it out at once.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from chatlog.domain.errors import ChatlogError
from chatlog.eventlog import erasing, retention
from chatlog.eventlog.committer import Committer
from chatlog.eventlog.database import Database
from chatlog.eventlog.retention import Rule
from chatlog.nodes.clock import now
from chatlog.service.erasing import Eraser

logger = logging.getLogger(__name__)

BY: Final = "retention"
_DAY_SECONDS: Final = 86_400.0
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """What a rule asks for: how many texts, and whose names."""

    texts: int
    names: list[str]


async def due(database: Database, rule: Rule) -> Due:
    """Return what a rule asks for now; nothing is changed."""
    async with database.read() as connection:
        before = await now(database, connection, minus_seconds=rule.days * _DAY_SECONDS)
        texts = await retention.old_chats(connection, rule.room, before, limit=_MOST)
        names = []
        if rule.names:
            names = await retention.old_names(connection, rule.room, before, limit=_MOST)
    return Due(len(texts), names)


class Retention:
    """Sets rules and carries them out."""

    def __init__(self, database: Database, committer: Committer, eraser: Eraser) -> None:
        self._database = database
        self._committer = committer
        self._eraser = eraser

    async def set(self, room: str, rule: Rule | None) -> None:
        """Keep a rule for a room, or none any more.

        Raises:
            Refused: ``room_unknown`` for a room without events.
        """
        await self._committer.alone(retention.set_rule(room, rule))

    async def apply(self, rule: Rule) -> Due:
        """Erase what a rule asks for now; return what that was."""
        reason = f"kept for {rule.days} days"
        texts = 0
        while seqs := await self._old_chats(rule):
            await self._eraser.redact(rule.room, seqs, by=BY, reason=reason)
            texts += len(seqs)
        names = (await due(self._database, rule)).names
        for name in names:
            await self._eraser.erase_user(name, by=BY, reason=reason)
        return Due(texts, names)

    async def _old_chats(self, rule: Rule) -> list[int]:
        async with self._database.read() as connection:
            before = await now(self._database, connection, minus_seconds=rule.days * _DAY_SECONDS)
            return await retention.old_chats(connection, rule.room, before, limit=erasing.MAX_SEQS)

    async def run(self, every_seconds: float) -> None:
        """Carry out every rule again and again, until cancelled."""
        while True:
            try:
                async with self._database.read() as connection:
                    found = await retention.rules(connection)
                for rule in found:
                    await self.apply(rule)
            except ChatlogError as error:  # the database is away; the next round tries again
                logger.warning("Old texts could not be erased: %s", error)
            await asyncio.sleep(every_seconds)
