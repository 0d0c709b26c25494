"""Settings of a server as one of several on a log."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from chatlog.settings.values import WrongValue
from chatlog.settings.webhooks import Webhooks

_NATS = ("nats://", "tls://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes(Webhooks):
    """How a server stays known to the others, and learns of what they append."""

    bus: str = field(
        default="auto",
        metadata={
            "help": "how servers on one log tell each other of new events: auto (NOTIFY on "
            "PostgreSQL), poll (not at all), or nats://HOST:PORT (several with commas)"
        },
    )
    lease_seconds: float = field(
        default=15.0,
        metadata={"help": "lease duration; renewed every third of it"},
    )
    database_grace_seconds: float = field(
        default=60.0,
        metadata={
            "help": "how long commits to PostgreSQL may fail before the server closes its clients' "
            "connections"
        },
    )
    poll_seconds: float = field(
        default=1.0, metadata={"help": "interval of polling the log for events committed elsewhere"}
    )
    read_database: str = field(
        default="",
        metadata={"help": "URL of a standby of the database, from which history is read"},
    )

    @property
    def nats_servers(self) -> tuple[str, ...]:
        """The addresses of NATS; none for another bus."""
        if self.bus in ("auto", "poll"):
            return ()
        return tuple(part.strip() for part in self.bus.split(","))


def check_nodes(settings: Nodes) -> None:
    """Refuse a ``bus`` that is neither auto, poll nor addresses of NATS.

    Raises:
        WrongValue: without the value, which may hold a password.
    """
    if any(not _is_address(server) for server in settings.nats_servers):
        raise WrongValue("bus", "must be auto, poll or nats://HOST:PORT.")


def _is_address(server: str) -> bool:
    """Return whether this is the URL of a NATS server."""
    try:
        parts = urlsplit(server)
        is_plain = parts.path in ("", "/") and not (parts.query or parts.fragment)
        is_named = bool(parts.hostname) and not re.search(r"\s", server)
        return server.startswith(_NATS) and is_plain and is_named and parts.port != 0
    except ValueError:
        return False
