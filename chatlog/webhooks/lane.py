"""A lane delivers one room's events to one webhook, one after the other, until none is left.

It keeps nothing in memory: before each attempt it reads how far the webhook is in the room, and
the next event as it is now, erased if it was erased meanwhile. After the attempt it writes what
came of it, and goes on only when that is durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from chatlog.databases.database import Database, is_cancelled
from chatlog.domain.times import seconds_between
from chatlog.kinds.event import Recorded
from chatlog.nodes.clock import now
from chatlog.readers.whole_log import WholeLog
from chatlog.webhooks.attempt import Schedule, deliver
from chatlog.webhooks.ledger import Ledger
from chatlog.webhooks.sending import Answer, Sender
from chatlog.webhooks.store import progress
from chatlog.webhooks.store.progress import Spot
from chatlog.webhooks.store.webhooks import Webhook

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0
"""After a failure of this server's own, such as a database that is away."""


@dataclass(frozen=True, slots=True)
class Means:
    """What lanes share: how to read and write, to send, and to tell of failures.

    ``attempts`` counts attempts by what came of them.
    """

    database: Database
    log: Callable[[], Awaitable[WholeLog]]
    ledger: Ledger
    sender: Sender
    schedule: Schedule
    failed: Callable[[BaseException], None]
    attempts: Counter[str]


class Held:
    """A webhook that this node delivers, with what its lanes share."""

    def __init__(self, webhook: Webhook, node: int, begun: set[int], max_requests: int) -> None:
        self.webhook = webhook
        self.node = node
        self.begun = begun
        self.position = self.stored_position = webhook.position
        self.slots = asyncio.Semaphore(max_requests)
        self.lanes: dict[int, Lane] = {}
        self.is_over = False
        self.is_well = True


class Lane:
    """Delivers a room, given by number. ``ring`` says that there may be more."""

    def __init__(self, held: Held, room: int, means: Means) -> None:
        self._held = held
        self._room = room
        self._means = means
        self._has_more = False
        self._retried = asyncio.Event()
        self._is_recalled = False
        self._sent: tuple[Recorded, asyncio.Task[Answer]] | None = None

    def ring(self) -> None:
        """Note that there may be another event."""
        self._has_more = True

    def retry(self) -> None:
        """Look again at once, because somebody has changed the webhook."""
        self._has_more = True
        self._retried.set()

    async def recall(self) -> None:
        """Stop sending an event if it has been erased meanwhile: it is sent anew, as it is now."""
        self._is_recalled = True  # what is being read now may be older
        if self._sent is None:
            return
        recorded, sending = self._sent
        log = await self._means.log()
        if await log.next_in(self._room, recorded.seq - 1, [recorded.event.type]) != recorded:
            sending.cancel()

    async def run(self) -> None:
        """Deliver until nothing is left or the room is failing; whatever fails is tried again."""
        while not self._held.is_over:
            self._has_more = False
            self._retried.clear()
            try:
                goes_on = await self._go_on()
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled():  # a driver may have made a failure of that
                    raise asyncio.CancelledError from error
                self._means.failed(error)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if not (goes_on or self._has_more):
                break
        # In the same step as the last look: whoever rings from now on finds no lane here.
        if self._held.lanes.get(self._room) is self:
            del self._held.lanes[self._room]

    async def _go_on(self) -> bool:
        """Deliver the next event or wait for its next try; return whether there may be more."""
        database, webhook = self._means.database, self._held.webhook
        async with database.read() as connection:
            spot = await progress.spot_in(connection, webhook.number, self._room)
            present = await now(database, connection)
        if spot is None or spot.is_failing:
            return False
        if spot.node != self._held.node:  # what comes of attempts is no longer written
            self._held.is_over = True
            return False
        if spot.next_at is not None and spot.next_at > present:
            await self._wait(seconds_between(present, spot.next_at))
            return True
        async with self._held.slots:
            return not self._held.is_over and await self._attempt(spot, present)

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._retried.wait()

    async def _attempt(self, spot: Spot, present: str) -> bool:
        self._is_recalled = False
        log = await self._means.log()
        recorded = await log.next_in(self._room, spot.seq, self._held.webhook.types)
        if recorded is None:
            return False
        answer = None
        if not self._is_recalled:
            answer = await self._send(recorded, spot, present)
        if answer is None:
            return True
        self._means.attempts[_kind(answer)] += 1
        await self._note(spot, recorded, answer)
        return not answer.is_gone

    async def _send(self, recorded: Recorded, spot: Spot, present: str) -> Answer | None:
        """Return what came of an attempt; None if it was recalled."""
        attempt = deliver(self._means.sender, self._held.webhook, recorded, spot.uuid, present)
        sending = asyncio.create_task(attempt, name="webhook attempt")
        self._sent = recorded, sending
        try:
            return await sending
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            return None
        finally:
            self._sent = None

    async def _note(self, spot: Spot, recorded: Recorded, answer: Answer) -> None:
        held, write = self._held, self._means.ledger.write
        place = (held.webhook.number, held.node, self._room, recorded.seq, str(answer))
        if answer.is_success:
            await write(progress.delivered(*place))
        else:
            failures = spot.attempts + 1
            pause = self._means.schedule.pause(failures, answer)
            changes = [progress.failed(*place, failures, pause)]
            if answer.is_gone:
                changes.append(progress.disabled(held.webhook.number, held.node))
            await write(progress.all_of(changes))
            held.is_over |= answer.is_gone  # not before: it would be held anew, and sent again
            if pause is None or answer.is_gone:
                _say_end(held.webhook, answer)
        _say(held, answer)


def _kind(answer: Answer) -> str:
    """Return what an attempt counts as: ``2xx`` to ``5xx``, or ``no answer``."""
    if answer.status is None or answer.why:
        return "no answer"
    return f"{answer.status // 100}xx"


def _say(held: Held, answer: Answer) -> None:
    """Log when a webhook begins to fail and when it no longer does, not each attempt."""
    if answer.is_success == held.is_well:
        return
    held.is_well = answer.is_success
    facts = {"webhook": held.webhook.id, "answer": str(answer)}
    if held.is_well:
        logger.info("The webhook %s takes events again.", held.webhook.id, extra={"facts": facts})
    else:
        logger.warning(
            "The webhook %s did not take an event (%s).",
            held.webhook.id,
            answer,
            extra={"kind": held.webhook.id, "facts": facts},
        )


def _say_end(webhook: Webhook, answer: Answer) -> None:
    what = (
        "The webhook %s is disabled: its receiver answered 410."
        if answer.is_gone
        else "A room of the webhook %s is failing, and waits for `chatlog webhook retry`."
    )
    facts = {"webhook": webhook.id, "answer": str(answer)}
    logger.warning(what, webhook.id, extra={"kind": (webhook.id, what), "facts": facts})
