"""The writer: appends a batch in one transaction and determines its outcome.

A batch is stored, refused, or its outcome is unknown, as ``outcomes`` finds out before anything
else is written.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Append, Locked, Place
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


@dataclass(slots=True)
class _Attempt(Generic[T]):
    """A transaction that may have failed: how far it came. ``results`` has the step's result."""

    batch: Batch | None = None
    clock: str = ""
    results: list[T] = field(default_factory=list)
    is_committing: bool = False


class Writer:
    """Appends to the log. One task calls its methods, one at a time.

    ``noted`` is called with the success of each commit, of which a command refused beforehand is
    none; ``timed`` with each commit's last event time and the clock's reading; ``diverged`` when
    the log has lost events that were in it, as in a fail-over to a standby without them;
    ``renewed`` with the time, by ``since_boot``, before each commit of this node, which renews its
    lease. ``read`` returns the last event that this node has read, if it is sure of it: that must
    be in the log, too. A writer that ``is_open`` refuses commands to rooms with rights, which open
    mode does not heed. ``commit_seconds`` is the CPU time that the last commit would have
    taken the database without any rows, as far as it is known.
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
        self.commit_seconds = database.backend.commit_seconds

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
                if (known := await self._write_known(commands)) is not None:
                    return known
                return await self.transact(appending(commands, ids=False), at_once=True)
            except BadRow:
                self._wary = _WARY_BATCHES
        self._wary -= 1
        return await self.transact(appending(commands, ids=True), at_once=True)

    async def _write_known(
        self, commands: Sequence[Command]
    ) -> tuple[list[Outcome], list[Recorded]] | None:
        """Decide commands from memory and write them in one hop, if the database can do that.

        Returns None, and has written nothing, if something must be read for them first.

        Raises:
            As ``transact``.
        """
        if (clock := self._database.clock()) is None or self.node.tells_story:
            return None
        memory, began = self._memory, since_boot()
        memory.make_space()
        now = max(clock, memory.now)
        batch = Batch(memory, self.node, memory.position, now, is_open=self._is_open)
        if not batch.suffices(commands):
            return None
        append: Append | None = None
        try:
            outcomes = [batch.settle(command) for command in commands]
            append = batch.append()
            if not await self._database.append(append):
                memory.forget()
                return None
            memory.position = batch.position
        except ChatlogError as error:
            self._refused(error)
            raise
        except Exception as error:  # noqa: BLE001 - as in _transact
            committing = append is not None and append.is_committing
            await self._find_out(error, batch, committing=committing)
        else:
            self.commit_seconds = append.fixed_seconds
        self._succeeded(batch, self.node, began, clock)
        return outcomes, batch.recorded

    async def transact(
        self, step: Step[T], *, node: Node | None = None, at_once: bool = False
    ) -> tuple[T, list[Recorded]]:
        """Run a step under the log's lock; return its result and the events it recorded.

        Both are durable when this returns. The events belong to this writer's node, or to another
        ``node`` that this process has begun. A step is run again if another transaction was in
        the way of its own, such as an administrator's, which ended in a deadlock. One that runs
        ``at_once`` awaits nothing but its statements.

        Raises:
            BadRow: nothing was written; one of the rows cannot be stored.
            Refused: nothing was written (``storage_full``, ``unavailable``, or the step's code).
            LeaseLost: nothing was written; this node's sessions have lapsed.
            OutcomeUnknown: all of it may have been written, or nothing.
        """
        for seconds in _CONFLICT_SECONDS:
            try:
                return await self._transact(step, node or self.node, at_once=at_once)
            except Conflict:
                await asyncio.sleep(seconds * (0.5 + random.random()))
        try:
            return await self._transact(step, node or self.node, at_once=at_once)
        except Conflict:
            self.noted(False)
            raise

    async def _transact(
        self, step: Step[T], node: Node, *, at_once: bool
    ) -> tuple[T, list[Recorded]]:
        attempt, began = _Attempt[T](), since_boot()
        work = partial(self._carry_out, attempt, step, node)
        try:
            if at_once:
                await self._database.at_once(work)
            else:
                async with self._database.write() as connection:
                    await work(connection)
        except ChatlogError as error:
            self._refused(error)
            raise
        except Exception as error:  # noqa: BLE001 - whatever a driver raises must become an outcome
            await self._find_out(error, attempt.batch, committing=attempt.is_committing)
        assert attempt.batch is not None
        self._succeeded(attempt.batch, node, began, attempt.clock)
        return attempt.results[0], attempt.batch.recorded

    async def _carry_out(
        self, attempt: _Attempt[T], step: Step[T], node: Node, connection: AsyncConnection
    ) -> None:
        """Run a step in a transaction, and keep what is known of it in the attempt."""
        memory = self._memory
        transaction = await connection.begin()
        locked = await self._lock(connection, node)
        attempt.clock = locked.clock
        await memory.bring_up(connection, locked.position)
        batch = Batch(memory, node, locked.position, locked.now, is_open=self._is_open)
        attempt.batch = batch
        attempt.results.append(await step(connection, batch))
        await batch.write(connection)
        memory.position = batch.position
        attempt.is_committing = True
        await transaction.commit()

    def _succeeded(self, batch: Batch, node: Node, began: float, clock: str) -> None:
        """Take note of a batch that is durable."""
        if batch.recorded:
            self._memory.seen = Place(batch.position, batch.recorded[-1].hash)
        self._memory.now = max(self._memory.now, batch.now)
        if node is self.node:
            self.renewed(began)
        self.noted(True)
        self.timed(max((r.at for r in batch.recorded), default=batch.now), clock)

    def _refused(self, error: ChatlogError) -> None:
        """Take note of a batch of which nothing was written."""
        self._memory.forget()
        if isinstance(error, LeaseLost | Unavailable):
            self.noted(False)

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
