"""Settings of a server as one of several on a log."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatlog.settings.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes(Webhooks):
    """How a server stays known to the others, and learns of what they append."""

    lease_seconds: float = field(
        default=15.0,
        metadata={"help": "lease duration; renewed every third of it"},
    )
    poll_seconds: float = field(
        default=1.0, metadata={"help": "interval of polling the log for events committed elsewhere"}
    )
