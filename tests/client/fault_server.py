"""A chat server over real WebSockets, whose network and moods a test commands.

It keeps the protocol's promises for joins, chats, leaves, history and tokens, but where it is told
not to, and writes down what it is asked, so that a test can say what a client did.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.support.server import free_port

Frame = dict[str, Any]

MAX_FRAME_BYTES = 65_536


class Refusal(Exception):
    """The server answers with this code."""


def ack(event: Frame) -> Frame:
    """Return the answer that says where an event is."""
    return {"type": "ack", **{name: event[name] for name in ("room", "seq", "hash")}}


@dataclass(eq=False)
class Socket:
    ws: web.WebSocketResponse
    transport: asyncio.Transport
    username: str = ""
    token: str | None = None
    rooms: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    """Rooms of which it wants digests."""
    left_to_send: int | None = None
    """After so many frames it is cut."""


class FaultServer:
    def __init__(self) -> None:
        self.port = free_port()
        self.sockets: list[Socket] = []
        self.log: dict[str, list[Frame]] = {}
        self.asked: list[Frame] = []
        self.connections = 0
        self.mood = "serve"
        """How it treats joins and chats: ``serve``, ``swallow`` (say nothing), ``lose ack`` (append
        and cut) or the code of an error."""
        self.is_deaf = False
        """Nothing is read and nothing answered, and the connection stays."""
        self.cut_after: int | None = None
        """The next connection is cut after so many frames."""
        self.generation = "a"
        self.tokens: dict[str, str] | None = None
        """Token mode: the usernames that tokens stand for."""
        self.begins = 0
        """What comes no later than this seq is not shown to whoever joins."""
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def up(self) -> None:
        app = web.Application()
        app.router.add_get("/ws", self._connection)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def down(self) -> None:
        """End like a killed process, and let nobody connect."""
        assert self._runner is not None
        await self.cut()
        await self._runner.cleanup()

    async def cut(self) -> None:
        """Cut all connections, without a word."""
        for socket in list(self.sockets):
            self._gone(socket)
            socket.transport.abort()

    async def close(self, code: int, reason: str = "") -> None:
        """Close all connections with a code."""
        for socket in list(self.sockets):
            self._gone(socket)
            await socket.ws.close(code=code, message=reason.encode())

    def events(self, room: str = "general") -> list[Frame]:
        return self.log.setdefault(room, [])

    def chats(self, room: str = "general") -> list[str]:
        return [event["message"] for event in self.events(room) if event["type"] == "chat"]

    def commands(self, type: str) -> list[Frame]:
        return [command for command in self.asked if command["type"] == type]

    async def append(self, fields: Frame, room: str = "general", *, told: bool = True) -> Frame:
        event = self._add(room, fields)
        for socket in list(self.sockets) if told else ():
            if room in socket.rooms:
                await self.deliver(socket, event)
        return event

    def _add(self, room: str, fields: Frame) -> Frame:
        seq = len(self.events(room)) + 1
        place = {"room": room, "seq": seq, "hash": f"{self.generation}{seq:015x}"}
        event = {**place, "at": "2026-11-22T17:00:00.000000Z", **fields}
        self.events(room).append(event)
        return event

    async def chat(self, username: str, message: str, room: str = "general") -> Frame:
        return await self.append({"type": "chat", "username": username, "message": message}, room)

    async def presence(self, room: str, event: str, username: str, **more: Any) -> Frame:
        before = self._open_sessions(room, username)
        sessions = before + (1 if event == "join" else -1)
        type = "notification" if before == 0 or sessions == 0 else "session"
        fields = {"type": type, "event": event, "username": username, "sessions": sessions, **more}
        return await self.append(fields, room)

    async def storm(self, *joined: str, left: Sequence[str] = (), room: str = "general") -> None:
        """Let some come and some go at once: one frame for who wants digests."""
        moves = [*(("join", name) for name in joined), *(("leave", name) for name in left)]
        members = [socket for socket in self.sockets if room in socket.rooms]
        for socket in members:
            socket.rooms.discard(room)
        events = [await self.presence(room, event, name) for event, name in moves]
        place = {"from": events[0]["seq"], **{key: events[-1][key] for key in ("seq", "hash")}}
        names = {"joined": sorted(joined), "left": sorted(left), "count": len(self.present(room))}
        digest = {"type": "presence", "room": room, **place, **names}
        for socket in members:
            socket.rooms.add(room)
            for frame in [digest] if room in socket.digests else events:
                await self.deliver(socket, frame)

    def present(self, room: str = "general") -> list[str]:
        names = sorted({event["username"] for event in self.events(room) if "username" in event})
        return [name for name in names if self._open_sessions(room, name)]

    async def kick(self, username: str, by: str, reason: str, room: str = "general") -> None:
        await self.presence(room, "leave", username, cause="kicked", by=by, reason=reason)
        for socket in self.sockets:
            if socket.username == username:
                socket.rooms.discard(room)

    def restore(self, generation: str) -> None:
        """Be a server with another log, which is empty."""
        self.log.clear()
        self.generation = generation

    def _open_sessions(self, room: str, username: str) -> int:
        counts = [
            e["sessions"]
            for e in self.events(room)
            if e.get("username") == username and "sessions" in e
        ]
        return int(counts[-1]) if counts else 0

    async def deliver(self, socket: Socket, frame: Frame) -> None:
        if self.is_deaf or socket not in self.sockets:
            return
        if socket.left_to_send is not None:
            socket.left_to_send -= 1
            if socket.left_to_send < 0:
                await self.cut()
                return
        try:
            await socket.ws.send_str(json.dumps(frame))
        except ConnectionError:
            self._gone(socket)

    async def _connection(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoping=False, max_msg_size=MAX_FRAME_BYTES)
        await ws.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        self.connections += 1
        socket = Socket(ws, request.transport, left_to_send=self.cut_after)
        self.cut_after = None
        self.sockets.append(socket)
        async for message in ws:
            if message.type is WSMsgType.PING and not self.is_deaf:
                await ws.pong(message.data)
            elif message.type is WSMsgType.TEXT and not self.is_deaf:
                await self._take(socket, json.loads(message.data))
        self._gone(socket)
        return ws

    def _gone(self, socket: Socket) -> None:
        if socket not in self.sockets:
            return
        self.sockets.remove(socket)
        for room in socket.rooms:
            sessions = self._open_sessions(room, socket.username) - 1
            leave = {"type": "notification", "event": "leave", "username": socket.username}
            self._add(room, {**leave, "sessions": sessions, "cause": "disconnected"})

    async def _take(self, socket: Socket, command: Frame) -> None:
        self.asked.append(command)
        id = command.get("id")
        names = ("auth", "join", "chat", "leave", "history")
        handlers = {name: getattr(self, f"_{name}") for name in names}
        try:
            if self.tokens is not None and socket.token is None and command["type"] != "auth":
                raise Refusal("not_authenticated")
            if command["type"] == "ping":
                answer: Frame | None = {"type": "pong"}
            elif command["type"] in handlers:
                answer = await handlers[command["type"]](socket, command)
            else:
                raise Refusal("unknown_type")
        except Refusal as refusal:
            code = str(refusal)
            answer = {"type": "error", "code": code, "message": f"{code}."}
        if answer is not None:
            await self.deliver(socket, answer if id is None else {**answer, "id": id})
        if command["type"] == "auth" and socket.token is None:
            await socket.ws.close(code=4401, message=b"sign in")

    async def _auth(self, socket: Socket, command: Frame) -> Frame:
        username = (self.tokens or {}).get(command["token"])
        if username is None:
            raise Refusal("token_invalid")
        socket.token, socket.username = command["token"], username
        who = {"subject": f"u-{username}", "username": username, "scope": []}
        return {"type": "auth", **who, "expires_at": "2026-11-22T18:00:00.000000Z"}

    async def _join(self, socket: Socket, command: Frame) -> Frame | None:
        room, after, events = command["room"], command.get("after"), self.events(command["room"])
        self._check_mood()
        if after is not None and after > len(events):
            raise Refusal("after_unknown")
        if after is not None and after < self.begins:
            after = self.begins
        elif after and "hash" in command and events[after - 1]["hash"] != command["hash"]:
            raise Refusal("diverged")
        socket.username = socket.username or command["username"]
        own = await self.presence(room, "join", socket.username)
        first = self._first(events, command.get("backlog", 50)) if after is None else after + 1
        for event in events[first - 1 :]:
            await self.deliver(socket, event)
        if socket not in self.sockets:
            return None
        socket.rooms.add(room)
        if command.get("presence") == "digest":
            socket.digests.add(room)
        users = self.present(room)
        listed = {"type": "users", "room": room, "seq": own["seq"], "users": users}
        await self.deliver(socket, {**listed, "count": len(users)})
        more = {"first": first, "more": first > 1, "session": "s"}
        return ack(own) | {"type": "caught_up"} | more

    def _first(self, events: list[Frame], backlog: int) -> int:
        chats = [event["seq"] for event in events if event["type"] == "chat"]
        if backlog == 0:
            return len(events)
        return max(1, self.begins + 1) if len(chats) < backlog else int(chats[-backlog])

    async def _chat(self, socket: Socket, command: Frame) -> Frame | None:
        room, message, id = command["room"], command["message"], command["id"]
        if self.mood == "swallow":
            return None
        self._check_mood()
        if room not in socket.rooms:
            raise Refusal("not_joined")
        mine = [
            e for e in self.events(room) if e.get("id") == id and e["username"] == socket.username
        ]
        if mine and mine[0]["message"] != message:
            raise Refusal("id_conflict")
        if mine:
            return ack(mine[0]) | {"repeated": True}
        chat = {"type": "chat", "id": id, "username": socket.username, "message": message}
        event = await self.append(chat, room, told=self.mood != "lose ack")
        if self.mood == "lose ack":
            await self.cut()
            return None
        return ack(event)

    async def _leave(self, socket: Socket, command: Frame) -> Frame:
        room = command["room"]
        left = await self.presence(room, "leave", socket.username, cause="left")
        socket.rooms.discard(room)
        return ack(left)

    async def _history(self, _: Socket, command: Frame) -> Frame:
        events, limit = self.events(command["room"]), command["limit"]
        start = command.get("after", max(0, command.get("before", len(events) + 1) - 1 - limit))
        page = events[start : start + limit]
        ends = (
            {"first": page[0]["seq"], "last": page[-1]["seq"]}
            if page
            else {"first": None, "last": None}
        )
        more = {"more_before": start > 0, "more_after": start + limit < len(events)}
        return {"type": "history", "room": command["room"], "events": page, **ends, **more}

    def _check_mood(self) -> None:
        if self.mood not in {"serve", "lose ack", "swallow"}:
            raise Refusal(self.mood)


@asynccontextmanager
async def fault_server() -> AsyncIterator[FaultServer]:
    """Run a server."""
    server = FaultServer()
    await server.up()
    try:
        yield server
    finally:
        await server.down()
