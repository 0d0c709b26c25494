"""A WebSocket client that writes down all it does and sees, and waits for frames.

Every entry goes into its connection of the run's ``Record``; nothing is judged here. A
command is sent at once and in order; waiting for its answer is the caller's choice. All
waits have a deadline and none sleeps.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .frames import Frame, Object
from .record import Closed, Connection, Record, Sent

WAIT_SECONDS = 20.0
Wanted = Callable[[Frame], bool]


@dataclass(slots=True)
class Client:
    """One connection; opened by ``Clients.connect``."""

    name: str
    record: Record
    connection: Connection
    ws: aiohttp.ClientWebSocketResponse
    last: dict[str, Frame] = field(default_factory=dict)
    rooms: set[str] = field(default_factory=set)
    closing: int | None = None
    reader: asyncio.Task[None] | None = None
    on_event: Callable[[Frame], None] | None = None
    _leaves: dict[str, str] = field(default_factory=dict)
    _answers: dict[str, list[asyncio.Future[Frame]]] = field(default_factory=dict)
    _waiters: list[tuple[Wanted, asyncio.Future[Frame]]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def read(self) -> None:
        """Record every frame until the end; the client's one reader task."""
        try:
            while (message := await self.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                self._got(self.record.frame(message.data))
        finally:
            if self.closing is None:
                self.ws._response.close()  # which aiohttp forgets after some cuts
        if message.type is aiohttp.WSMsgType.CLOSE:
            self._ended(Closed(message.data, message.extra or ""))
        else:  # A cut, or our own close; aiohttp calls some cuts 1000.
            if message.type is aiohttp.WSMsgType.BINARY:
                self._got(self.record.frame("a binary frame"))
            self._ended(Closed(self.closing))

    def _got(self, frame: Frame) -> None:
        self.connection.entries.append(frame)
        if frame.is_event or frame.is_digest:
            self.last[frame.room] = frame
            if self.on_event is not None:
                self.on_event(frame)
        else:
            self._answered(frame)
        for waiter in [w for w in self._waiters if w[0](frame)] if self._waiters else ():
            self._waiters.remove(waiter)
            _resolve(waiter[1], frame)

    def _answered(self, frame: Frame) -> None:
        id_ = str(frame.data.get("id"))
        left = self._leaves.pop(id_, None)
        if frame.type == "caught_up":
            self.rooms.add(frame.room)
        elif frame.type == "ack" and left is not None:
            self.rooms.discard(left)
        if waiting := self._answers.get(id_):
            _resolve(waiting.pop(0), frame)

    def _ended(self, closed: Closed) -> None:
        self.connection.entries.append(closed)
        self.rooms.clear()
        lost = ConnectionResetError(f"{self.connection.label} ended with {closed}")
        answers = itertools.chain.from_iterable(self._answers.values())
        for future in [*answers, *(future for _, future in self._waiters)]:
            if not future.done():
                future.set_exception(lost)
                future.exception()  # so that one nobody awaits is not reported
        self._answers.clear()
        self._waiters.clear()

    # --- commands ------------------------------------------------------------------------

    async def send(self, command: Object) -> None:
        """Send a command as it is.

        Raises:
            ConnectionResetError: if the connection has ended; the record ends with that.
        """
        if (closed := self.connection.closed) is not None:
            raise ConnectionResetError(f"{self.connection.label} ended with {closed}")
        self.connection.entries.append(Sent(command))
        await self.ws.send_str(json.dumps(command, ensure_ascii=False))

    async def submit(self, kind: str, **fields: Any) -> asyncio.Future[Frame]:
        """Send a command with an ``id``; the future has its answer, whichever that is."""
        fields.setdefault("id", f"{self.connection.label}-{next(self._numbers)}")
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers.setdefault(fields["id"], []).append(answer)
        if kind == "leave":
            self._leaves[fields["id"]] = fields["room"]
        await self.send({"type": kind, **fields})
        return answer

    async def ask(self, kind: str, **fields: Any) -> Frame:
        """Send a command and wait for its answer."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await (await self.submit(kind, **fields))

    async def _expect(self, answer: str, kind: str, **fields: Any) -> Frame:
        frame = await self.ask(kind, **fields)
        assert frame.type == answer, f"{self.connection.label} asked {kind}, got {frame.raw}"
        return frame

    async def join(self, room: str, **fields: Any) -> Frame:
        return await self._expect("caught_up", "join", room=room, username=self.name, **fields)

    async def resume(self, room: str, last: Frame) -> Frame:
        """Join after the last event that an earlier connection got."""
        return await self.join(room, after=last.seq, hash=last.data["hash"])

    async def chat(self, room: str, message: str, **fields: Any) -> Frame:
        return await self._expect("ack", "chat", room=room, message=message, **fields)

    async def leave(self, room: str) -> Frame:
        """Leave and wait for the leave's own event, this connection's last of that room."""
        ack = await self._expect("ack", "leave", room=room)
        await self.wait_seq(room, ack.seq)
        return self.last[room]

    async def users(self, room: str) -> Frame:
        return await self._expect("users", "users", room=room)

    async def history(self, room: str, **fields: Any) -> Frame:
        return await self._expect("history", "history", room=room, **fields)

    # --- waiting -------------------------------------------------------------------------

    def expect(self, wanted: Wanted) -> asyncio.Future[Frame]:
        """Return a future of the next frame like this; for before the cause is set off."""
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiters.append((wanted, future))
        return future

    async def wait(self, wanted: Wanted, within: float = WAIT_SECONDS) -> Frame:
        """Wait for a frame like this, seen already or yet to come."""
        for frame in self.connection.frames:
            if wanted(frame):
                return frame
        async with asyncio.timeout(within):
            return await self.expect(wanted)

    async def wait_seq(self, room: str, seq: int, within: float = WAIT_SECONDS) -> None:
        """Wait until this connection has seen a room up to a seq."""
        if room not in self.last or self.last[room].seq < seq:
            async with asyncio.timeout(within):
                await self.expect(
                    lambda f: (f.is_event or f.is_digest) and f.room == room and f.seq >= seq
                )

    async def close(self, code: int = 1000) -> None:
        self.closing = code
        await self.ws.close(code=code)
        await self.ended()

    async def cut(self) -> None:
        """Cut the connection, as when the client's machine dies."""
        self.ws._response.close()
        await self.ended()

    async def ended(self, within: float = WAIT_SECONDS) -> Closed:
        """Wait for the end of the connection, whoever brought it about."""
        assert self.reader is not None
        async with asyncio.timeout(within):
            await asyncio.shield(self.reader)
        assert self.connection.closed is not None
        return self.connection.closed


def _resolve(future: asyncio.Future[Frame], frame: Frame) -> None:
    if not future.done():
        future.set_result(frame)
