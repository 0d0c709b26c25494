"""A served application, somebody to talk in it, and questions by HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from chatlog.settings import Settings
from chatlog.web import create_app

Answer = tuple[int, Any, aiohttp.ClientResponse]


class Person:
    """A connection that waits until what it says is in the log."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, name: str) -> None:
        self._ws = ws
        self._name = name
        self._serial = 0

    async def join(self, room: str, **more: object) -> dict[str, Any]:
        await self._ws.send_json({"type": "join", "room": room, "username": self._name, **more})
        return await self._until("caught_up")

    async def say(self, room: str, *messages: str) -> int:
        """Return the last message's seq."""
        for message in messages:
            self._serial += 1
            id = f"{self._name}-{self._serial}"
            await self._ws.send_json({"type": "chat", "room": room, "message": message, "id": id})
        seq = 0
        for _ in messages:
            seq = int((await self._until("ack"))["seq"])
        return seq

    async def leave(self, room: str) -> None:
        await self._ws.send_json({"type": "leave", "room": room, "id": "leave"})
        await self._until("ack")

    async def ask(self, **command: object) -> dict[str, Any]:
        await self._ws.send_json(command)
        return await self._until(str(command["type"]))

    async def _until(self, kind: str) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = await self._ws.receive_json(timeout=20)
            assert frame["type"] != "error", frame
            if frame["type"] == kind:
                return frame


class Server:
    """The application under test."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client
        self.people: list[Person] = []

    async def person(self, name: str) -> Person:
        self.people.append(Person(await self.client.ws_connect("/ws"), name))
        return self.people[-1]

    async def get(self, path: str, known: str | None = None, **query: object) -> Answer:
        """Return status, body (None where there is none) and headers."""
        url = URL(f"/api/{path}", encoded=True)
        if query:
            url = url.with_query({name: str(value) for name, value in query.items()})
        headers = {} if known is None else {"If-None-Match": known}
        async with self.client.get(url, headers=headers) as response:
            text = await response.read()
            return response.status, await response.json() if text else None, response

    async def ok(self, path: str, **query: Any) -> Any:
        status, body, _ = await self.get(path, **query)
        assert status == 200, body
        return body


Serve = Callable[..., Awaitable[Server]]


@pytest.fixture
async def serve(
    database_url: str,
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
) -> AsyncIterator[Serve]:
    """``await serve(max_page_bytes=…)`` starts the application on an empty database."""

    served: list[Server] = []

    async def start(**settings: Any) -> Server:
        app = create_app(Settings(database=database_url, **settings))
        served.append(Server(await aiohttp_client(app)))
        return served[-1]

    yield start
    for server in served:
        await server.client.close()


@pytest.fixture
async def server(serve: Serve) -> Server:
    return await serve()
