"""All clients of a run: opening them, reading final logs, and waiting until all is quiet."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

import aiohttp

from . import raw
from .client import Client
from .frames import Frame
from .record import Record
from .server import until


class Address(Protocol):
    """A server that clients may connect to, wherever it runs."""

    @property
    def url(self) -> str: ...

    @property
    def port(self) -> int: ...


@dataclass(slots=True)
class Clients:
    """Opens clients of a server and writes what they do into one record.

    A record may span several servers of one log: then a client is told which it connects to.
    """

    server: Address
    record: Record = field(default_factory=Record)
    opened: list[Client] = field(default_factory=list)
    bare: list[raw.RawClient] = field(default_factory=list)
    _session: aiohttp.ClientSession | None = None
    _labels: Counter[str] = field(default_factory=Counter)

    async def __aenter__(self) -> "Clients":
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        readers = [client.reader for client in self.opened if client.reader is not None]
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for client in self.bare:
            client.close()
        assert self._session is not None
        await self._session.close()

    async def connect(
        self, name: str, path: str = "/ws", *, server: Address | None = None, **options: Any
    ) -> Client:
        assert self._session is not None, "use as a context manager"
        url = (server or self.server).url + path
        ws = await self._session.ws_connect(url, max_msg_size=0, **options)
        client = Client(name, self.record, self.record.open(self._label(name)), ws)
        client.reader = asyncio.create_task(client.read())
        self.opened.append(client)
        return client

    async def connect_bare(self, name: str, path: str = "/ws", **options: Any) -> raw.RawClient:
        """Connect a bare socket; whether the server took the upgrade is in its ``status``."""
        connection = self.record.open(self._label(name))
        client = await raw.connect(self.record, connection, self.server.port, path, **options)
        self.bare.append(client)
        return client

    def _label(self, name: str) -> str:
        self._labels[name] += 1
        return f"{name}#{self._labels[name]}"

    async def read_log(self, room: str, *, server: Address | None = None) -> list[Frame]:
        """Page through a room's whole log, on a connection that joins nothing."""
        reader = await self.connect("auditor", server=server)
        log: list[Frame] = []
        while await _read_on(reader, room, log):
            pass
        await reader.close()
        return log

    async def settle(self, *rooms: str, within: float = 20.0) -> None:
        """Wait until nothing is under way, then keep the rooms' final logs in the record.

        Quiet means: the sessions open in the log are the open connections, and each of
        those has seen the room to its head.
        """
        observer = await self.connect("observer")
        for room in rooms:
            log = self.record.logs[room] = await self._quiet_log(observer, room, within)
            for client in self._inside(room):
                await client.wait_seq(room, log[-1].seq, within)
        await observer.close()

    async def _quiet_log(self, observer: Client, room: str, within: float) -> list[Frame]:
        log: list[Frame] = []

        async def quiet() -> bool:
            more = await _read_on(observer, room, log)
            return not more and open_sessions(log) == Counter(c.name for c in self._inside(room))

        await until(quiet, within, f"only open connections present in {room}")
        return log

    def _inside(self, room: str) -> list[Client]:
        return [client for client in self.opened if room in client.rooms]


async def _read_on(reader: Client, room: str, log: list[Frame]) -> bool:
    page = await reader.history(room, after=len(log), limit=500)
    log += page.events
    return bool(page.data["more_after"])


def open_sessions(log: list[Frame]) -> Counter[str]:
    """Count each user's joins less their leaves."""
    sessions: Counter[str] = Counter()
    for event in log:
        if event.data.get("event") in ("join", "leave"):
            sessions[event.data["username"]] += 1 if event.is_join else -1
    return +sessions
