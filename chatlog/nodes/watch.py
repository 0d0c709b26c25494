"""Watch other nodes renew their leases: a node that does not renew for a whole lease is dead.

Database times are never compared with each other: a database's clock may be set back or forward
by hours, and then everybody's last renewal is in the future, or long past. A node is silent if
its row was not written for its lease duration, by the watcher's own monotonic clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from chatlog.databases.database import Database
from chatlog.databases.living import OpenNode
from chatlog.nodes import leases

_LOOK_SECONDS: Final = 0.25


class Watch:
    """The observations of other nodes by one watcher."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, float]] = {}
        self._looked_at = 0.0

    def silent(self, nodes: Iterable[OpenNode], at: float) -> list[OpenNode]:
        """Return the nodes that have been silent for a whole lease; ``at`` is monotonic time.

        If the watcher itself did not look for a whole lease, it starts again: it may have been
        suspended, and the other nodes with it.
        """
        gap, self._looked_at = at - self._looked_at, at
        before, self._seen = self._seen, {}
        found = []
        for node in nodes:
            token, since = before.get(node.number, ("", at))
            if token != node.token or gap > node.lease_seconds:
                since = at
            elif at - since > node.lease_seconds:
                found.append(node)
            self._seen[node.number] = node.token, since
        return found


async def without_renewal(database: Database, nodes: Sequence[OpenNode]) -> list[OpenNode]:
    """Wait for these nodes' next renewals, and return the nodes that do not renew.

    A living node renews every third of its lease. This returns as soon as no node is left.
    """
    loop = asyncio.get_running_loop()
    began, waiting = loop.time(), list(nodes)
    while True:
        tokens = {node.number: node.token for node in await leases.open_nodes(database)}
        waiting = [node for node in waiting if tokens.get(node.number) == node.token]
        waited = loop.time() - began
        if all(waited > _renewal_seconds(node) for node in waiting):
            return waiting
        await asyncio.sleep(_LOOK_SECONDS)


def _renewal_seconds(node: OpenNode) -> float:
    """Return how long a renewal may take: a third of the lease, plus the delay of a busy log."""
    return node.lease_seconds / 3 + max(1.0, node.lease_seconds / 6)
