"""Group commit: while one batch is being written, the next one gathers.

A node has one Committer. ``submit`` queues a command; ``run`` takes the queued commands, has
the writer write them in one transaction and passes each outcome to the command's ``done``, in
order; then it hands the new events to the tail. Nothing awaits in between.

Promises: an event passed to ``done`` or the tail is durable; one caller's commands keep their
order; a command that fails does not affect the others; the queue is bounded (``overloaded``).
Knows ``Writer`` and nothing of SQL, sockets or projections.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from chatlog.databases.discreet import describe
from chatlog.domain.errors import (
    ChatlogError,
    LeaseLost,
    LogError,
    OutcomeUnknown,
    Overloaded,
    Refused,
    Unavailable,
)
from chatlog.eventlog.append import Node, Outcome
from chatlog.eventlog.committing.histogram import Histogram
from chatlog.eventlog.committing.outcomes import BadRow
from chatlog.eventlog.committing.pace import Pace
from chatlog.eventlog.committing.writer import Step, Writer
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded

logger = logging.getLogger(__name__)

Told = Outcome | OutcomeUnknown
"""The argument of a command's ``done``."""
Done = Callable[[Told], None]
T = TypeVar("T")

_CLOSED: Final = "The server is stopping. Try again."


class Committer:
    """The queue of commands that wait for the next commit."""

    def __init__(
        self,
        writer: Writer,
        deliver: Callable[[list[Recorded]], None],
        lost: Callable[[], None],
        *,
        max_batch: int,
        max_waiting: int,
        max_delay_ms: float,
        max_waiting_bytes: int = sys.maxsize,
        turn: asyncio.Lock | None = None,
        delivered: Callable[[], int] = lambda: 0,
    ) -> None:
        """Pass committed events to ``deliver``; call ``lost`` if this node is declared dead.

        The queue is full at ``max_waiting`` commands, or at ``max_waiting_bytes`` of messages:
        a thousand long messages take as much memory as 100,000 short ones. ``turn`` is shared
        with a tail of the same log. ``delivered`` counts the deliveries of events so far.
        """
        self._writer = writer
        self._deliver = deliver
        self._lost = lost
        self._turn = turn or asyncio.Lock()
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting_bytes = 0
        self._pace = Pace(max_delay_ms / 1_000, writer.commit_seconds)
        self._delivered = delivered
        self._line: deque[tuple[Command, Done]] = deque()
        self._steps: deque[Callable[[], Awaitable[None]]] = deque()
        self._bell = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_closed = False
        self.appended = 0
        self.batch_sizes = Histogram((1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000))
        self.commit_seconds = Histogram((0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5))

    @property
    def node(self) -> Node:
        """The node that appends."""
        return self._writer.node

    @property
    def waiting(self) -> int:
        """The number of queued commands."""
        return len(self._line)

    def submit(self, command: Command, done: Done) -> None:
        """Queue a command; ``run`` calls ``done`` once with its outcome.

        Raises:
            Overloaded: if the queue is full; ``done`` is not called.
            Unavailable: likewise, once the committer is closed.
        """
        self._check_open()
        if len(self._line) >= self._max_waiting or self._waiting_bytes >= self._max_waiting_bytes:
            raise Overloaded
        self._line.append((command, done))
        self._waiting_bytes += _bytes_of(command)
        self._idle.clear()
        self._bell.set()
        if command.is_urgent:
            self._pace.hurry()

    async def append(self, command: Command) -> Told:
        """Queue a command and wait for its outcome.

        Cancelling the caller does not cancel the command.

        Raises:
            Overloaded: if the queue is full.
        """
        outcome: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self.submit(command, lambda told: None if outcome.done() else outcome.set_result(told))
        return await outcome

    async def alone(self, step: Step[T], *, node: Node | None = None) -> T:
        """Run a step in its own transaction between two batches; return its result.

        The events it records are handed to the tail like any others; with ``node`` they belong
        to another node of this process.

        Raises:
            Refused, OutcomeUnknown: as ``Writer.transact`` says.
            Unavailable: once the committer is closed.
        """
        self._check_open()
        settled: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            try:
                result, events = await self._writer.transact(step, node=node)
            except Exception as error:  # noqa: BLE001 - who waits for it must be told whatever it is
                if isinstance(error, LeaseLost) and node is None:
                    self._lost()
                if not settled.done():
                    settled.set_exception(_said_of(error))
                return
            if not settled.done():
                settled.set_result(result)
            if events:
                self.appended += len(events)
                self._deliver(events)

        self._steps.append(run)
        self._idle.clear()
        self._bell.set()
        return await settled

    async def drain(self) -> None:
        """Wait until the queue is empty."""
        await self._idle.wait()

    def close(self) -> None:
        """Refuse the commands that are still queued, and all later ones: none will be written."""
        self._is_closed = True
        batch = list(self._line)
        self._line.clear()
        self._waiting_bytes = 0
        self._tell(batch, [Unavailable(_CLOSED)] * len(batch), [])

    def _check_open(self) -> None:
        if self._is_closed:
            raise Unavailable(_CLOSED)

    async def run(self) -> None:
        """Write batch after batch, until cancelled (between two batches).

        If a batch raises, its commands get the failure; called again, it continues with the next.
        """
        while True:
            await self._bell.wait()
            while self._steps:
                async with self._turn:
                    await asyncio.shield(self._steps.popleft()())
            if len(self._line) < self._max_batch:
                await self._pace.wait()
            if not (batch := self._take()):
                continue
            self._pace.start()
            async with self._turn:
                await asyncio.shield(self._write(batch))
            if not self._line and not self._steps:
                self._idle.set()

    def _take(self) -> list[tuple[Command, Done]]:
        size = min(len(self._line), self._max_batch)
        batch = [self._line.popleft() for _ in range(size)]
        self._waiting_bytes -= sum([_bytes_of(command) for command, _ in batch])
        if not self._line and not self._steps:
            self._bell.clear()
            if not batch:
                self._idle.set()
        return batch

    async def _write(self, batch: Sequence[tuple[Command, Done]]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        told: Sequence[Told]
        events: list[Recorded] = []
        try:
            told, events = await self._writer.write([command for command, _ in batch])
        except BadRow:
            if len(batch) == 1:
                told = [Refused("bad_command", "The database cannot store this.")]
            else:
                for member in batch:
                    await self._write([member])
                return
        except LeaseLost:
            told = [Unavailable()] * len(batch)
            self._lost()
        except LogError as error:
            logger.error("The log cannot be written: %s", describe(error))  # noqa: TRY400 - no content
            told = [Unavailable()] * len(batch)
        except (Refused, OutcomeUnknown) as error:
            told = [error] * len(batch)
        except Exception:
            logger.exception("A batch failed for an unexpected reason")
            told = [OutcomeUnknown()] * len(batch)
        self._tell(batch, told, events)
        self.batch_sizes.observe(len(batch))
        self.commit_seconds.observe(loop.time() - began)

    def _tell(
        self,
        batch: Sequence[tuple[Command, Done]],
        told: Sequence[Told],
        events: list[Recorded],
    ) -> None:
        for (_, done), outcome in zip(batch, told, strict=True):
            try:
                done(outcome)
            except Exception:  # a failing callback must not harm the other commands of the batch
                logger.exception("A command's outcome could not be delivered")
        if events:
            self.appended += len(events)
            before = self._delivered()
            self._deliver(events)
            deliveries = self._delivered() - before
            self._pace.note(self._writer.commit_seconds, len(events), deliveries)


def _bytes_of(command: Command) -> int:
    text = command.text
    return 0 if text is None else sys.getsizeof(text)


def _said_of(error: Exception) -> ChatlogError:
    if isinstance(error, ChatlogError):
        return error
    logger.error("A step failed for an unexpected reason", exc_info=error)
    return OutcomeUnknown()
