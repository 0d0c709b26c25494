"""People with tokens, as they meet a server: who they are, their sockets, their requests."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt

WAIT_SECONDS = 20.0
NOBODY = "~" + "0" * 22
"""The name of a private room that nobody ever made."""

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whoever makes the tokens, by a secret in a file."""

    file: Path
    secret: bytes

    @classmethod
    def at(cls, folder: Path) -> Issuer:
        issuer = cls(folder / "secret", secrets.token_hex(32).encode())
        issuer.file.write_bytes(issuer.secret + b"\n")
        return issuer

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--auth", "token", "--token-secret-file", str(self.file))

    def token(
        self, subject: str, name: str | None = None, *, lasts: float = 3_600, **claims: Any
    ) -> str:
        now = time.time()
        given: dict[str, Any] = {"sub": subject, "exp": now + lasts, "iat": now}
        given |= {} if name is None else {"name": name}
        return jwt.encode(given | claims, self.secret, algorithm="HS256")

    def without(self, claim: str, subject: str) -> str:
        given = {"sub": subject, "exp": time.time() + 3_600, "iat": time.time()}
        del given[claim]
        return jwt.encode(given, self.secret, algorithm="HS256")

    def with_algorithm(self, algorithm: str, subject: str) -> str:
        claims = {"sub": subject, "exp": time.time() + 3_600}
        return jwt.encode(claims, self.secret * 4 if algorithm != "none" else "", algorithm)


@dataclass(slots=True)
class Answer:
    """An answer over HTTP."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str | None:
        return None if self.status < 400 else str(self.body["error"]["code"])


@dataclass(slots=True)
class Person:
    """Somebody with a token (or none) at one server."""

    url: str
    http: aiohttp.ClientSession
    token: str | None

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        asked = self.http.request(
            method, self.url + path, json=body, headers={**self.headers, **headers}
        )
        async with asked as reply:
            return Answer(reply.status, await reply.text(), reply.headers)

    async def get(self, path: str) -> Answer:
        return await self.request("GET", path)

    async def make(self, room: str | None = None, **fields: Any) -> str:
        """Create a room; return its name."""
        given = fields if room is None else {"room": room, **fields}
        answer = await self.request("POST", "/api/rooms", given)
        assert answer.status == 201, answer.text
        return str(answer.body["room"])

    async def appoint(self, room: str, subject: str, role: str, **fields: Any) -> Answer:
        path = f"/api/rooms/{quote(room)}/members/{quote(subject, safe='')}"
        answer = await self.request("PUT", path, {"role": role, **fields})
        assert answer.status == 200, answer.text
        return answer

    @asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator[Socket]:
        """Open a socket; with a token, the handshake has it and the greeting is read."""
        opened = self.http.ws_connect(self.url + "/ws", headers=self.headers, **options)
        async with opened as ws:
            socket = Socket(ws)
            if self.token is not None:
                socket.greeting = await socket.next("auth")
            yield socket


@dataclass(slots=True)
class Socket:
    """A socket: what it was sent, and its end."""

    ws: aiohttp.ClientWebSocketResponse
    got: list[Frame] = field(default_factory=list)
    greeting: Frame = field(default_factory=dict)

    @property
    def events(self) -> list[Frame]:
        """The events of rooms that it was sent, in order."""
        return [one for one in self.got if "hash" in one and one["type"] not in ANSWERS]

    async def send(self, type: str, **fields: Any) -> None:
        await self.ws.send_json({"type": type, **fields})

    async def receive(self, within: float = WAIT_SECONDS) -> Frame | None:
        """Return the next frame; None at the end."""
        message = await self.ws.receive(timeout=within)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return None
        frame: Frame = json.loads(message.data)
        self.got.append(frame)
        return frame

    async def next(self, *types: str, within: float = WAIT_SECONDS) -> Frame:
        """Return the next frame of one of these types."""
        async with asyncio.timeout(within):
            while (frame := await self.receive(within)) is not None:
                if frame["type"] in types:
                    return frame
        raise AssertionError(f"closed with {self.ws.close_code} before {types}: {self.got}")

    async def ask(self, type: str, **fields: Any) -> Frame:
        """Send a command and return its answer."""
        id = secrets.token_hex(8)
        given = {"id": id, **fields}
        await self.send(type, **given)
        async with asyncio.timeout(WAIT_SECONDS):
            while (frame := await self.receive()) is not None:
                is_event = "seq" in frame and frame["type"] not in ANSWERS
                if frame.get("id") == given["id"] and not is_event:
                    return frame
        raise AssertionError(f"closed with {self.ws.close_code}, unanswered: {self.got[-3:]}")

    async def join(self, room: str, **fields: Any) -> Frame:
        frame = await self.ask("join", room=room, **fields)
        assert frame["type"] == "caught_up", frame
        return frame

    async def chat(self, room: str, message: str, **fields: Any) -> Frame:
        frame = await self.ask("chat", room=room, message=message, **fields)
        assert frame["type"] == "ack", frame
        return frame

    async def closed(self, within: float = WAIT_SECONDS) -> int | None:
        """Read to the end; return the code of the close frame."""
        async with asyncio.timeout(within):
            while await self.receive(within) is not None:
                pass
        return self.ws.close_code


ANSWERS = frozenset({"ack", "caught_up", "history", "users", "members", "error", "auth", "pong"})


@dataclass(slots=True)
class World:
    """One server in token mode, and everybody who comes to it."""

    url: str
    issuer: Issuer
    http: aiohttp.ClientSession

    def person(self, subject: str, name: str | None = None, **claims: Any) -> Person:
        return self.holder(self.issuer.token(subject, name or subject, **claims))

    def holder(self, token: str | None) -> Person:
        return Person(self.url, self.http, token)


async def events(person: Person, room: str) -> list[Frame]:
    answer = await person.get(f"/api/rooms/{quote(room)}/events?limit=500")
    assert answer.status == 200, answer.text
    found: list[Frame] = answer.body["events"]
    return found


def shape(event: Frame) -> tuple[Any, ...]:
    kind = event.get("event") or event["type"]
    return (kind, event.get("member"), event.get("role"), event.get("cause"), event["username"])
