"""Which nodes live by the clock: those heard of within their own row's lease.

That is enough to refuse a migration or a name that is in use. A clock may have been set,
though: a node is ended only after ``nodes.watch`` has seen no renewal of its lease. Where one
process at a time can write (``Backend.is_exclusive``), nobody asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chatlog.domain.errors import LogError

LEASE_SECONDS: Final = 15.0
"""The default lease, and the lease of every node from before revision 0006."""


_CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> float:
    """Return seconds that pass while this process is stopped, or its machine is suspended."""
    return time.clock_gettime(_CLOCK)


@dataclass(frozen=True, slots=True)
class OpenNode:
    """A node not marked as ended; ``is_alive`` unless its lease has run out by the clock.

    Each renewal changes ``token``, even while the times stand still because a clock was set back.
    """

    number: int
    node: str
    name: str
    token: str
    lease_seconds: float
    is_alive: bool
    version: str | None = None
    """That of the node's program; None before revision 0020."""


def check_all_stopped(nodes: Iterable[OpenNode], why: str = "") -> None:
    """Refuse an operation that needs all servers stopped while one is alive.

    ``why`` is a sentence, for an operation that does not always need that.

    Raises:
        LogError: naming a running server.
    """
    for node in nodes:
        if node.is_alive:
            version = "" if node.version is None else f" (version {node.version})"
            raise LogError(
                f"The server {node.node}{version} is running, or was killed less than "
                f"{node.lease_seconds:g} s ago. Stop it first{why and ': '}{why or '.'}"
            )
