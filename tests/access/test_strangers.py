"""Pages of other origins, floods before and after signing in; nobody else notices."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from .conftest import Open
from .people import Person, Socket, World

ALLOWED = "https://app.example"
FOREIGN = ("https://evil.example", "null", "http://127.0.0.1:1", ALLOWED + ".evil.example", "")


@pytest.fixture
async def world(open_world: Open) -> World:
    return await open_world(allow_origin=(ALLOWED,))


@pytest.mark.parametrize("origin", FOREIGN)
async def test_pages_of_foreign_origins_are_refused(world: World, origin: str) -> None:
    ada = world.person("ada")
    for method, path in (("GET", "/api/rooms"), ("POST", "/api/rooms"), ("OPTIONS", "/api/rooms")):
        answer = await ada.request(
            method, path, None, **{"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert answer.status == 403, (method, answer.text)
        assert "Access-Control-Allow-Origin" not in answer.headers
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await world.http.ws_connect(world.url + "/ws", headers={**ada.headers, "Origin": origin})
    assert refused.value.status == 403


async def test_allowed_origins_get_cors_headers_without_credentials(world: World) -> None:
    ada, nobody = world.person("ada"), world.holder(None)
    for person, method, status in ((ada, "GET", 200), (nobody, "GET", 401)):
        answer = await person.request(method, "/api/rooms", Origin=ALLOWED)
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]
    asked = {
        "Origin": ALLOWED,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    for path in ("/api/rooms", "/api/rooms/x/members/y", "/api/rooms/x/redact"):
        answer = await nobody.request("OPTIONS", path, **asked)
        assert answer.status in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    headers = {**ada.headers, "Origin": ALLOWED}
    async with world.http.ws_connect(world.url + "/ws", headers=headers) as ws:
        assert (await Socket(ws).ask("ping"))["type"] == "pong"


async def test_pages_of_the_own_host_are_let_in_whatever_it_is(world: World) -> None:
    ada = world.person("ada")
    headers = {"Host": "chat.example:8443", "Origin": "https://chat.example:8443"}
    assert (await ada.request("GET", "/api/rooms", **headers)).status == 200
    answer = await ada.request("GET", "/api/rooms", Host="any.example")
    assert answer.status == 200


BAD = (
    "{",
    "[]",
    '{"type":"auth"}',
    '{"type":"auth","token":1}',
    '{"type":"auth","token":null}',
    '{"type":"nothing"}',
    '{"type":"member","room":"x","role":"king"}',
    '{"type":"redact","room":"x","of":[]}',
    '{"type":"redact","room":"x","of":[9223372036854775808]}',
    '{"type":"create","members":[]}',
    '{"type":"join","room":"' + "x" * 5_000 + '"}',
)


async def flood(world: World, token: str | None, frames: int) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    sent = 0
    while sent < frames:
        async with world.http.ws_connect(world.url + "/ws", headers=headers) as ws:
            try:
                while sent < frames and not ws.closed:
                    await ws.send_str(BAD[sent % len(BAD)])
                    sent += 1
                    await asyncio.sleep(0.001)  # the healthy client lives in this process too
            except (ConnectionError, aiohttp.ClientError):
                sent += 50


async def chatting(person: Person, begun: asyncio.Event, until: asyncio.Event) -> list[float]:
    took: list[float] = []
    async with person.socket() as socket:
        await socket.join("healthy")
        begun.set()
        while not until.is_set():
            began = time.monotonic()
            await socket.chat("healthy", "on and on")
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
    return took


@pytest.mark.slow
async def test_floods_before_and_after_signing_in_disturb_nobody(token_server: Open) -> None:
    world = await token_server("--max-chats-per-second", "100")
    begun, over = asyncio.Event(), asyncio.Event()
    healthy = asyncio.create_task(chatting(world.person("ada"), begun, over))
    await begun.wait()
    token = world.issuer.token("u-2", "eve")
    async with asyncio.timeout(60):
        await asyncio.gather(
            *(flood(world, None, 1_000) for _ in range(3)),
            *(flood(world, token, 1_000) for _ in range(3)),
            *(refused(world) for _ in range(100)),
        )
    over.set()
    took = sorted(await healthy)
    assert len(took) > 5
    assert took[int(len(took) * 0.99)] < 2.0, took[-5:]


async def refused(world: World) -> None:
    answer = await world.holder("x" * 4_000).get("/api/rooms")
    assert answer.status == 401
