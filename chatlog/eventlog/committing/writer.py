"""The writer: appends a batch in one transaction and determines its outcome.

A batch is stored, refused, or its outcome is unknown, as ``outcomes`` finds out before anything
else is written.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Locked, Place
from chatlog.databases.database import Database
from chatlog.databases.discreet import strip_content
from chatlog.databases.living import since_boot
from chatlog.domain.errors import ChatlogError, LeaseLost, Unavailable
from chatlog.eventlog.append import Batch, Node, Outcome
from chatlog.eventlog.committing.outcomes import BadRow, Conflict, find_out
from chatlog.eventlog.memory import Memory
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded

logger = logging.getLogger(__name__)

_CONFLICT_SECONDS: Final = (0.02, 0.1, 0.3)
"""Pauses before a transaction is repeated that another one was in the way of."""
_WARY_BATCHES: Final = 100


T = TypeVar("T")
Step = Callable[[AsyncConnection, Batch], Awaitable[T]]
"""The work of one transaction: reads what it needs and makes the batch record events."""


def appending(commands: Sequence[Command], *, ids: bool) -> Step[list[Outcome]]:
    """Return the step that decides commands in their order and returns their outcomes.

    Repeated ids are looked up only if ``ids`` is set.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> list[Outcome]:
        await batch.look_up(connection, commands, ids=ids)
        return [batch.settle(command) for command in commands]

    return step


class Writer:
    """Appends to the log. One task calls its methods, one at a time.

    ``noted`` is called with the success of each commit, of which a command refused beforehand is
    none; ``timed`` with each commit's last event time and the clock's reading; ``diverged`` when
    the log has lost events that were in it, as in a fail-over to a standby without them;
    ``renewed`` with the time, by ``since_boot``, before each commit of this node, which renews its
    lease. ``read`` returns the last event that this node has read, if it is sure of it: that must
    be in the log, too. A writer that ``is_open`` refuses commands to rooms with rights, which open
    mode does not heed.
    """

    def __init__(
        self,
        database: Database,
        node: Node,
        *,
        doubt_seconds: float,
        noted: Callable[[bool], None] = lambda _succeeded: None,
        timed: Callable[[str, str], None] = lambda _last, _clock: None,
        diverged: Callable[[], None] = lambda: None,
        renewed: Callable[[float], None] = lambda _began: None,
        read: Callable[[], Place | None] = lambda: None,
        is_open: bool = False,
    ) -> None:
        self._database = database
        self.node = node
        self._memory = Memory()
        self._doubt_seconds = doubt_seconds
        self._wary = 0
        self._is_open = is_open
        self.noted, self.timed, self.renewed = noted, timed, renewed
        self.diverged = diverged
        self._read = read

    async def append(self, commands: Sequence[Command]) -> list[Outcome]:
        """Return the outcomes of commands, as ``write``."""
        outcomes, _ = await self.write(commands)
        return outcomes

    async def write(self, commands: Sequence[Command]) -> tuple[list[Outcome], list[Recorded]]:
        """Decide and write the commands in their order, in one durable transaction.

        Returns their outcomes and all their events: a command may have several, and its outcome
        is the last.

        Repeated ids are rare: they occur after a reconnection. The database refuses them anyway,
        so they are looked up only after such a refusal, and for a while afterwards.

        Raises:
            As ``transact``.
        """
        if self._wary == 0:
            try:
                return await self.transact(appending(commands, ids=False))
            except BadRow:
                self._wary = _WARY_BATCHES
        self._wary -= 1
        return await self.transact(appending(commands, ids=True))

    async def transact(
        self, step: Step[T], *, node: Node | None = None
    ) -> tuple[T, list[Recorded]]:
        """Run a step under the log's lock; return its result and the events it recorded.

        Both are durable when this returns. The events belong to this writer's node, or to another
        ``node`` that this process has begun. A step is run again if another transaction was in
        the way of its own, such as an administrator's, which ended in a deadlock.

        Raises:
            BadRow: nothing was written; one of the rows cannot be stored.
            Refused: nothing was written (``storage_full``, ``unavailable``, or the step's code).
            LeaseLost: nothing was written; this node's sessions have lapsed.
            OutcomeUnknown: all of it may have been written, or nothing.
        """
        for seconds in _CONFLICT_SECONDS:
            try:
                return await self._transact(step, node or self.node)
            except Conflict:
                await asyncio.sleep(seconds * (0.5 + random.random()))
        try:
            return await self._transact(step, node or self.node)
        except Conflict:
            self.noted(False)
            raise

    async def _transact(self, step: Step[T], node: Node) -> tuple[T, list[Recorded]]:
        batch: Batch | None = None
        committing = False
        began = since_boot()
        try:
            async with self._database.write() as connection:
                transaction = await connection.begin()
                locked = await self._lock(connection, node)
                await self._memory.bring_up(connection, locked.position)
                batch = Batch(
                    self._memory, node, locked.position, locked.now, is_open=self._is_open
                )
                result = await step(connection, batch)
                await batch.write(connection)
                self._memory.position = batch.position
                committing = True
                await transaction.commit()
        except ChatlogError as error:
            self._memory.forget()
            if isinstance(error, LeaseLost | Unavailable):
                self.noted(False)
            raise
        except Exception as error:  # noqa: BLE001 - whatever a driver raises must become an outcome
            await self._find_out(error, batch, committing=committing)
        assert batch is not None
        if batch.recorded:
            self._memory.seen = Place(batch.position, batch.recorded[-1].hash)
        if node is self.node:
            self.renewed(began)
        self.noted(True)
        self.timed(max((r.at for r in batch.recorded), default=locked.now), locked.clock)
        return result, batch.recorded

    async def _lock(self, connection: AsyncConnection, node: Node) -> Locked:
        """Take the log's lock; forget what was read from events that the log has lost."""
        seen = self._seen()
        locked = await self._database.backend.lock(connection, node.number, node.name, seen)
        self._memory.seen = locked.last
        if locked.has_diverged:
            assert seen is not None
            logger.error(
                "The log has lost events: another one, or none, is at position %d, where this "
                "server has seen one. Its database may have failed over.",
                seen.position,
            )
            self._memory.forget()
            self.diverged()
        return locked

    def _seen(self) -> Place | None:
        """Return the last event that was in the log.

        Of two at the same position, the one that the node has read: this writer has noticed already
        if its own is not in the log, but the node may go on from its place without reading again.
        """
        seen, read = self._memory.seen, self._read()
        if seen is None or read is None:
            return seen or read
        return read if read.position >= seen.position else seen

    async def _find_out(self, error: Exception, batch: Batch | None, *, committing: bool) -> None:
        """Return if the transaction is in the log after all; otherwise raise its outcome."""
        self._memory.forget()
        strip_content(error)  # a text is encoded for its hash before an engine sees it
        last = batch.recorded[-1] if batch is not None and batch.recorded else None
        database, node, seconds = self._database, self.node, self._doubt_seconds
        try:
            await find_out(
                error, last, database, node, committing=committing, doubt_seconds=seconds
            )
        except ChatlogError as said:
            if not isinstance(said, BadRow | Conflict):
                self.noted(False)
            raise
