"""Make one delivery of one event: its body, its headers, and the pause if it fails."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from chatlog.kinds.event import Recorded
from chatlog.webhooks.sending import Answer, Sender
from chatlog.webhooks.signing import signed
from chatlog.webhooks.store.webhooks import Webhook
from chatlog.wire.events import encode


@dataclass(frozen=True, slots=True)
class Schedule:
    """The pauses before each further attempt, and the longest that a receiver may ask for."""

    pauses: Sequence[float]
    max_retry_after: float

    def pause(self, failures: int, answer: Answer) -> float | None:
        """Return the pause in seconds after a number of failures; None if it was the last try.

        A receiver can make a pause longer, up to a limit, and never shorter.
        """
        if failures > len(self.pauses):
            return None
        return max(self.pauses[failures - 1], min(answer.retry_after, self.max_retry_after))


async def deliver(
    sender: Sender, webhook: Webhook, recorded: Recorded, room_uuid: str, now: str
) -> Answer:
    """Post an event as it is in the log now; its id is the same at every try."""
    return await _post(
        sender,
        webhook,
        f"{room_uuid}-{recorded.seq}",
        b'{"type":"%b","timestamp":"%b","data":%b}'
        % (recorded.event.type.encode(), recorded.at.encode(), encode(recorded)),
        now,
    )


async def deliver_test(sender: Sender, webhook: Webhook, now: str) -> Answer:
    """Post a message of type ``test``, which is no event."""
    body = json.dumps({"type": "test", "timestamp": now, "data": {}}, separators=(",", ":"))
    return await _post(sender, webhook, f"test-{secrets.token_hex(8)}", body.encode(), now)


async def _post(sender: Sender, webhook: Webhook, message_id: str, body: bytes, now: str) -> Answer:
    headers = signed(message_id, int(time.time()), body, webhook.keys(now))
    return await sender.post(webhook.url, headers, body)
