"""What one log and n nodes carry, computed from measured costs; ``docs/scale.md`` explains how.

The costs are those that ``python -m bench.costs --write`` keeps in ``costs.json``, but for three
from ``results.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from bench.costs import KEPT, Cost, Costs

_CONNECTION_KIB: Final = 20.0
"""``idle`` in results.md."""
_TAKE_MS: Final = 0.136
"""``append``: to take a message, decide it and acknowledge it."""
_MORE_MS: Final = 0.0014
"""``peak``: a further message in a write that happens anyway."""
_NODE_MIB: Final = 120.0
_PAUSE_SECONDS: Final = 0.02
"""``--max-commit-delay-ms``."""
_BATCHES_PER_SECOND: Final = 1 / _PAUSE_SECONDS
"""The commits, and the reads, that a busy node needs; it makes more while it has CPU to spare."""
_RENEWAL_SECONDS: Final = 5.0

MOST_NODE_CORES: Final = 0.7
"""A node is one process with one event loop: beyond, its members wait for each other."""
MOST_POSTGRES_CORES: Final = 16.0
MOST_TURN_SECONDS: Final = 0.25


@cache
def kept_costs() -> Costs:
    """Return the measured costs."""
    kept = json.loads(KEPT.read_text("utf-8"))
    return Costs(**{step: Cost(**cost) for step, cost in kept.items()})


@dataclass(frozen=True, slots=True)
class Load:
    """Connections with one room each, spread over nodes; rooms spread over logs.

    At random: then each node opens every log. If it ``is_routed``, the members of a room are on one
    node, and that has rooms of one log only.
    """

    connections: int
    rooms: int
    messages: float
    """A second, over all rooms."""
    nodes: int
    logs: int = 1
    is_routed: bool = False


class Carried:
    """What a load comes to, a second: of one node, and of one log and its PostgreSQL."""

    def __init__(self, load: Load, costs: Costs) -> None:
        self._load, self._costs = load, costs
        self.messages = load.messages / load.logs
        self._nodes = load.nodes / load.logs if load.is_routed else load.nodes
        self._of_node = self.messages / self._nodes

    @property
    def node_mib(self) -> float:
        """Memory of a node."""
        return _NODE_MIB + self._load.connections / self._load.nodes * _CONNECTION_KIB / 1024

    @property
    def nodes_of_a_room(self) -> float:
        """How many nodes have a member of a room, on average."""
        if self._load.is_routed:
            return 1.0
        nodes, members = self._load.nodes, self._load.connections / self._load.rooms
        without: float = (1 - 1 / nodes) ** members
        return nodes * (1 - without)

    @property
    def wished_commits(self) -> float:
        """How many commits all nodes would make, if none had to wait for the lock."""
        return min(self._of_node, _BATCHES_PER_SECOND) * self._nodes

    @property
    def lock(self) -> float:
        """The share of the time for which the lock would be held at that pace."""
        return self._fixed_lock + self.wished_commits * self._costs.commit.lock / 1e3

    @property
    def _fixed_lock(self) -> float:
        """The share that does not depend on how many events share a commit."""
        renewals = self._nodes / _RENEWAL_SECONDS
        events = self.messages * self._costs.event.lock
        return (events + renewals * self._costs.renewal.lock) / 1e3

    @property
    def commits(self) -> float:
        """How many commits all nodes make: where they wait for the lock, more share each."""
        left = max(0.0, 1 - self._fixed_lock) * 1e3 / self._costs.commit.lock
        return min(self.wished_commits, left)

    @property
    def turn_seconds(self) -> float:
        """How long a node waits for its turn at the lock; 0 where it is free most of the time."""
        if self.lock <= 1:
            return 0.0
        return self._nodes / self.commits if self.commits else float("inf")

    @property
    def reads(self) -> float:
        """How many reads all tails make because of the bell."""
        others = self.nodes_of_a_room - 1
        concerned = self.messages * others / self._nodes
        return min(concerned, self.commits, _BATCHES_PER_SECOND) * self._nodes

    @property
    def rings(self) -> float:
        """How often all bells ring."""
        return self.commits

    @property
    def postgres_cores(self) -> float:
        """Cores of a log's PostgreSQL."""
        return self._total(lambda cost: cost.postgres) / 1e3

    @property
    def node_cores(self) -> float:
        """Cores of a node."""
        each = self._total(lambda cost: cost.node) * self._load.logs / self._load.nodes
        taken = self._load.messages / self._load.nodes * _TAKE_MS
        return (each + taken + self._delivered_ms) / 1e3

    @property
    def _delivered_ms(self) -> float:
        """What a node spends on deliveries: messages of one pause to a room share a write."""
        load = self._load
        deliveries = load.messages * load.connections / load.rooms / load.nodes
        together = max(1.0, load.messages / load.rooms * _PAUSE_SECONDS)
        return deliveries * (self._costs.delivery.node / together + _MORE_MS)

    def _total(self, of: Callable[[Cost], float]) -> float:
        """Return the ms of a log's work, all nodes together."""
        costs, nodes = self._costs, self._nodes
        return (
            self.commits * of(costs.commit)
            + self.messages * of(costs.event)
            + self.reads * of(costs.read)
            + self.rings * (of(costs.ring) + nodes * of(costs.heard))
            + nodes * of(costs.idle)
        )

    @property
    def spent(self) -> Mapping[str, float]:
        """What is limited, and which share of the limit is taken."""
        return {
            "node's core": self.node_cores / MOST_NODE_CORES,
            "PostgreSQL's cores": self.postgres_cores / MOST_POSTGRES_CORES,
            "log's lock": max(self._fixed_lock, self.turn_seconds / MOST_TURN_SECONDS),
        }


def carried(load: Load) -> Carried:
    """Return what a load comes to, at the measured costs."""
    return Carried(load, kept_costs())


def most_messages(nodes: int, *, members: int, per_connection: float) -> tuple[Load, str]:
    """Return the largest load that n nodes and one log carry, and what ends first."""

    def load(messages: float) -> Load:
        connections = max(members, int(messages / per_connection))
        return Load(connections, max(1, connections // members), messages, nodes)

    low, high = 0.0, 100_000.0
    for _ in range(40):
        middle = (low + high) / 2
        if max(carried(load(middle)).spent.values()) <= 1:
            low = middle
        else:
            high = middle
    spent = carried(load(high)).spent
    return load(low), max(spent, key=lambda what: spent[what])
