"""Pages of other origins."""

from __future__ import annotations

import aiohttp
import pytest

from .conftest import Open
from .people import Socket, World

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
