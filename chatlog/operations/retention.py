"""Retention: erase texts that are past a room's rule, like any other erasure, with an event.

A rule is stored in the database and applied by whichever server runs; setting a rule applies it
at once. So is the default, which applies to every room without a rule of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from chatlog.databases.database import Database
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.steps import retention
from chatlog.eventlog.steps.retention import Rule
from chatlog.eventlog.steps.retention_default import (
    rules_by_default,
    rules_without,
    set_default,
)
from chatlog.nodes import leases
from chatlog.nodes.clock import now
from chatlog.operations.erasing import Eraser

logger = logging.getLogger(__name__)

BY: Final = "(retention)"
"""The operator recorded for erasures by a rule; no person can have this name."""
_DAY_SECONDS: Final = 86_400.0
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """The amounts due under a rule: the number of texts and of people."""

    texts: int
    people: int


async def wanted(database: Database, room: str | None, days: int, names: bool) -> list[Rule]:
    """Return the rule of a room; without a room, of each room that the default applies to."""
    if room is not None:
        return [Rule(room, days, names)]
    async with database.read() as connection:
        return await rules_without(connection, days, names)


async def due(database: Database, rules: Sequence[Rule]) -> Due:
    """Return the amounts due under rules now, without changing anything.

    Raises:
        Refused: ``room_unknown`` for a room without events.
    """
    texts = 0
    people: set[int] = set()
    for rule in rules:
        before = await _begin(database, rule)
        texts += len(await _old(database, rule, before, limit=_MOST))
        people.update(await _away(database, rule, before))
    return Due(texts, len(people))


async def _begin(database: Database, rule: Rule) -> str:
    """Return the time since which texts are kept, by the database's clock.

    This does not use the log's time, which stays ahead after a clock was ahead.
    """
    async with database.read() as connection:
        return await now(database, connection, minus_seconds=rule.days * _DAY_SECONDS)


async def _old(database: Database, rule: Rule, before: str, *, limit: int) -> list[int]:
    async with database.read() as connection:
        return await retention.old_chats(connection, rule.room, before, limit=limit)


async def _away(database: Database, rule: Rule, before: str) -> list[int]:
    if not rule.names:
        return []
    async with database.read() as connection:
        return await retention.away(connection, rule.room, before, limit=_MOST)


class Retention:
    """Sets rules and applies them."""

    def __init__(self, database: Database, committer: Committer, eraser: Eraser) -> None:
        self._database = database
        self._committer = committer
        self._eraser = eraser

    async def set(self, room: str | None, days: int | None, names: bool, *, by: str) -> None:
        """Set the rule of a room, or without one the default; without days, remove it.

        The operator is recorded.

        Raises:
            Refused: ``room_unknown`` for a room without events.
        """
        if room is None:
            await self._committer.alone(set_default(days, names, by=by))
        else:
            rule = None if days is None else Rule(room, days, names)
            await self._committer.alone(retention.set_rule(room, rule, by=by))

    async def apply(self, rule: Rule) -> Due:
        """Erase what is due under a rule now; return the amounts."""
        reason = f"kept for {rule.days} days"
        before = await _begin(self._database, rule)
        texts = 0
        old_texts = retention.erase_old_texts(rule.room, before, by=BY, reason=reason)
        # Most rooms have nothing due: a look first keeps them off the log's lock.
        while await _old(self._database, rule, before, limit=1):
            if (done := await self._eraser.carry_out(old_texts)) is None:
                break
            texts += done.events
        people = 0
        for number in await _away(self._database, rule, before):
            step = retention.erase_if_away(number, before, by=BY, reason=reason)
            people += await self._eraser.carry_out(step) is not None
        return Due(texts, people)

    async def run(self, every_seconds: float) -> None:
        """Apply every rule periodically, until cancelled. Of several servers one does.

        A rule that fails does not prevent the others from being applied.

        Raises:
            Exception: the last failure of a round, once all rules have had their turn.
        """
        while True:
            if await leases.is_first(self._database, self._committer.node):
                await self._apply_all()
            await asyncio.sleep(every_seconds)

    async def _apply_all(self) -> None:
        async with self._database.read() as connection:
            found = await retention.rules(connection) + await rules_by_default(connection)
        failure: Exception | None = None
        for rule in found:
            try:
                _log(await self.apply(rule))
            except Exception as error:  # noqa: BLE001 - raised when the others are done
                failure = error
        if failure is not None:
            raise failure


def _log(done: Due) -> None:
    if done.texts or done.people:
        facts = asdict(done)
        said = "A retention rule erased %(texts)d texts and %(people)d people."
        logger.info(said, facts, extra={"facts": facts})
