"""All the members of a run: connected, kept alive, read from, and able to speak."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

from bench.dialects import Dialect, Said
from bench.frames import text_frame, unasked_pong
from bench.marks import marked_text
from bench.member import Member, join, open_member, username_of
from bench.receive import parse, sweep

_SWEEP_SECONDS = 0.01
_ALIVE_SECONDS = 5.0
_AT_ONCE = 50
_QUIET_SECONDS = 0.3


class Crowd:
    """Members of one server, or of several nodes: every room then has members on each.

    Use as an async context manager: leaving it closes them.
    """

    def __init__(self, ports: Sequence[int], dialect: Dialect) -> None:
        self.members: list[Member] = []
        self.dialect = dialect
        self.sent: dict[str, int] = {}
        self.last_arrival = time.perf_counter()
        self.on_echo: Callable[[Member, int], None] | None = None
        self._ports = ports
        self._unwatched: list[Member] = []
        self._keys = (f"{time.time_ns():x}-{number}" for number in itertools.count())
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Crowd:
        self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self._keep_alive())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for member in self.members:
            self._unhook(member)
            member.sock.close()

    async def connect(self, rooms: Sequence[str], watched: Iterable[int] = ()) -> list[float]:
        """Open and join one member for each name in ``rooms``: the seconds each join took."""

        async def joined(member: Member) -> float:
            begun = time.perf_counter()
            await join(member, self.dialect)
            return time.perf_counter() - begun

        return await self._seat(rooms, watched, joined)

    async def open(self, rooms: Sequence[str], watched: Iterable[int] = ()) -> None:
        """Open a connection for each name in ``rooms``, and join none of them."""

        async def opened(_: Member) -> float:
            return 0

        await self._seat(rooms, watched, opened)

    async def _seat(
        self,
        rooms: Sequence[str],
        watched: Iterable[int],
        enter: Callable[[Member], Awaitable[float]],
    ) -> list[float]:
        limit = asyncio.Semaphore(_AT_ONCE)
        chosen, seats = set(watched), places(rooms)

        async def one(index: int, room: str) -> float:
            async with limit:
                port = self._ports[seats[index] % len(self._ports)]
                member = await open_member(index, room, port, self.dialect)
                took = await enter(member)
            self._attach(member, index in chosen)
            return took

        took = await asyncio.gather(*(one(i, room) for i, room in enumerate(rooms)))
        self.members.sort(key=lambda member: member.index)
        return list(took)

    @property
    def latencies_ns(self) -> list[int]:
        """What the watched members have measured."""
        return [took for member in self.members for took in member.latencies_ns]

    def begin(self) -> None:
        """Start counting afresh."""
        for member in self.members:
            member.reset()
        self.sent = dict.fromkeys((member.room for member in self.members), 0)
        self.last_arrival = time.perf_counter()

    def chat(self, member: Member, count: int = 1) -> None:
        """Send ``count`` chats of a member in one write."""
        self._send(member, b"".join(self._next_chat(member) for _ in range(count)))
        self.sent[member.room] += count

    def ask(self, member: Member, text: str) -> None:
        """Send a frame of a member."""
        self._send(member, text_frame(text))

    async def quiet(self) -> None:
        """Wait until nothing has come for a moment: joins are told, buffers are empty."""
        before = -1
        while before != (now := sum(member.bytes_in for member in self.members)):
            before = now
            await asyncio.sleep(_QUIET_SECONDS)

    def _next_chat(self, member: Member) -> bytes:
        member.sent += 1
        text = marked_text(member.index, member.sent)
        username = username_of(member.index)
        return text_frame(self.dialect.chat(Said(member.room, username, next(self._keys), text)))

    def _attach(self, member: Member, watched: bool) -> None:
        member.watched = watched
        self.members.append(member)
        if watched:
            self._loop.add_reader(member.sock, self._read, member)
        else:
            self._unwatched.append(member)

    def _unhook(self, member: Member) -> None:
        self._loop.remove_reader(member.sock)
        self._loop.remove_writer(member.sock)

    def _read(self, member: Member) -> None:
        own = parse(member)
        self.last_arrival = time.perf_counter()
        if member.closed:
            self._unhook(member)
        elif own and self.on_echo:
            self.on_echo(member, own)

    async def _sweep(self) -> None:
        while True:
            if sum(map(sweep, self._unwatched)):
                self.last_arrival = time.perf_counter()
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _keep_alive(self) -> None:
        """Show life without reading for pings: any byte resets a server's heartbeat."""
        while True:
            await asyncio.sleep(_ALIVE_SECONDS)
            for member in self.members:
                self._send(member, unasked_pong())

    def _send(self, member: Member, data: bytes) -> None:
        if member.closed:
            return
        if not member.unsent:
            data = data[self._send_some(member, data) :]
        if data:
            member.unsent += data
            self._loop.add_writer(member.sock, self._flush, member)

    def _flush(self, member: Member) -> None:
        del member.unsent[: self._send_some(member, member.unsent)]
        if not member.unsent:
            self._loop.remove_writer(member.sock)

    def _send_some(self, member: Member, data: bytes | bytearray) -> int:
        try:
            return member.sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            member.closed = True
            return len(data)


def places(rooms: Sequence[str]) -> list[int]:
    """Return for each member the number of its node, to be taken modulo their count.

    The members of a room come to one node after the other, and the first ones of the rooms, who
    send, do likewise.
    """
    numbers = {room: number for number, room in enumerate(dict.fromkeys(rooms))}
    seated = Counter[str]()
    found = []
    for room in rooms:
        found.append(numbers[room] + seated[room])
        seated[room] += 1
    return found
