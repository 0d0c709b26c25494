"""Watching other nodes renew their leases: who has not for a whole lease is dead.

Times of different moments are never compared: a database's clock may be set back or forward by
hours, and then everybody's last renewal lies in the future, or long past. What counts is that
a node's row was not written to for as long as its lease is, by the watcher's own clock, which
nothing sets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from chatlog.eventlog.database import Database
from chatlog.eventlog.living import OpenNode
from chatlog.nodes import leases

_LOOK_SECONDS: Final = 0.25


class Watch:
    """What one watcher has seen of the others since it began to look."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, float]] = {}
        self._looked_at = 0.0

    def silent(self, nodes: Iterable[OpenNode], at: float) -> list[OpenNode]:
        """Return who has been silent for a whole lease; ``at`` is a clock's that never jumps.

        A watcher that did not look for the length of a lease has not watched it: it may have been
        asleep, and the others with it.
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
    """Return which of these nodes do not renew their leases when they should, waiting for that.

    A living node does so each third of its lease. It returns at once if none is left to wait for.
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
    """Return how long a renewal may take: a third of the lease, and what a busy log needs."""
    return node.lease_seconds / 3 + max(1.0, node.lease_seconds / 6)
