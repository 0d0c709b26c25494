"""A server in token mode, and people who sign in to it by a link with their token."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.person import Person
from tests.support.server import Server

SECRET = "0123456789abcdef0123456789abcdef"


def token_of(who: str, *, seconds: float = 3_600, **claims: Any) -> str:
    """Return a token of the subject ``u-WHO``, called by that name unless claims say otherwise."""
    now = time.time()
    said = {"sub": f"u-{who}", "name": who, "iat": now - 1, "exp": now + seconds, **claims}
    return jwt.encode(said, SECRET, algorithm="HS256")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    (tmp_path / "secret").write_text(SECRET)
    flags = ("--auth", "token", "--token-secret-file", str(tmp_path / "secret"))
    server = Server(f"sqlite:///{tmp_path}/chatlog.db", tmp_path / "server.log", flags)
    await server.start()
    yield server
    await server.kill()


@dataclass(slots=True)
class Signed:
    """``await signed("ada")`` opens a browser of somebody's own, signed in."""

    browser: Browser
    server: Server
    opened: list[Person] = field(default_factory=list)

    async def __call__(
        self, name: str, room: str | None = None, *, token: str | None = None, **context: Any
    ) -> Person:
        person = await self.blank(name, **context)
        await person.page.goto(f"{self.server.url}/#token={token or token_of(name)}")
        if room is not None:
            await person.connected()
            await go(person.page, room)
        return person

    async def blank(self, name: str, **context: Any) -> Person:
        """Open a browser of somebody who has not signed in yet."""
        person = await Person.open(self.browser, self.server.url, name, **context)
        self.opened.append(person)
        return person


@pytest.fixture
async def signed(browser: Browser, server: Server) -> AsyncIterator[Signed]:
    signed = Signed(browser, server)
    yield signed
    for person in signed.opened:
        await person.close()


async def go(page: Page, room: str) -> None:
    """Open a room by its address, as somebody does who was given it."""
    await page.evaluate("room => { location.hash = `#/${encodeURIComponent(room)}`; }", room)
    await expect(page.locator("#composer, .sidelined").first).to_be_visible()


async def order(server: Server, name: str, **command: Any) -> dict[str, Any]:
    """Give an order as somebody, beside the pages, and return its answer."""
    headers = {"Authorization": f"Bearer {token_of(name)}"}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{server.url}/ws", headers=headers) as socket,
    ):
        await socket.send_json({**command, "id": f"order-{time.time_ns()}"})
        while True:
            frame: dict[str, Any] = json.loads((await socket.receive()).data)
            if frame["type"] != "auth":
                assert frame["type"] != "error", frame
                return frame
