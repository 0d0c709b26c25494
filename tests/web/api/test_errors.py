"""What cannot be answered is a JSON error with the status that fits."""

from __future__ import annotations

from .conftest import Server

REFUSALS = {
    "nothing": (404, "not_found"),
    "rooms/nowhere/events": (404, "room_unknown"),
    "rooms/nowhere/users": (404, "room_unknown"),
    "rooms/nowhere/sessions": (404, "room_unknown"),
    "rooms/nowhere/events/1/witnesses": (404, "room_unknown"),
    "rooms/nowhere/looks": (404, "room_unknown"),
    "rooms/nowhere/verify": (404, "room_unknown"),
    "rooms/%00/events": (400, "room_invalid"),
    "rooms/%FF/events": (400, "room_invalid"),
    "rooms/a%2Fb/events": (400, "room_invalid"),
    "rooms/general/events?limit=0": (400, "bad_command"),
    "rooms/general/events?limit=501": (400, "bad_command"),
    "rooms/general/events?limit=null": (400, "bad_command"),
    "rooms/general/events?limit=1&limit=2": (400, "bad_command"),
    "rooms/general/events?before=1&after=2": (400, "bad_command"),
    "rooms/general/events?before=-1": (400, "bad_command"),
    "rooms/general/events?after=9223372036854775808": (400, "bad_command"),
    "rooms/general/events?types=chat,nonsense": (400, "bad_command"),
    "rooms/general/events?proof=perhaps": (400, "bad_command"),
    "rooms/general/events/0/witnesses": (400, "bad_command"),
    "rooms/general/events/x/witnesses": (400, "bad_command"),
    "rooms/general/events/1/witnesses?after=x": (400, "bad_command"),
    "rooms/general/users?after=x": (400, "bad_command"),
    "rooms/general/users?at=yesterday": (400, "bad_command"),
    "rooms/general/sessions?from=5&to=4": (400, "bad_command"),
    "rooms/general/looks?before=41": (400, "bad_command"),
    "rooms/general/looks?after=2026_1": (400, "bad_command"),
    "rooms/general/looks?before=_1": (400, "bad_command"),
    "rooms/general/looks?before=2026-11-22&after=2026-11-21": (400, "bad_command"),
    "rooms/general/looks?limit=501": (400, "bad_command"),
    "rooms?after=%00": (400, "room_invalid"),
}


async def test_a_bad_question_is_refused_with_the_reason(server: Server) -> None:
    ada = await server.person("ada")
    await ada.join("general")
    await ada.say("general", *"abcdefgh")
    found = {}
    for path in REFUSALS:
        status, body, response = await server.get(path)
        found[path] = (status, body["error"]["code"])
        assert body["error"]["message"]
        assert response.headers["Cache-Control"] == "no-store"
    assert found == REFUSALS


async def test_nothing_is_written_over_http(server: Server) -> None:
    for path in ("/api/rooms", "/api/rooms/general/redact", "/api/webhooks"):
        async with server.client.post(path) as response:
            assert response.status == 403, path
            assert (await response.json())["error"]["code"] == "forbidden"
    async with server.client.post("/api/rooms/general/verify") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD"
        assert (await response.json())["error"]["code"] == "method_not_allowed"


async def test_parameters_that_nobody_knows_are_ignored(server: Server) -> None:
    assert await server.ok("rooms", colour="blue") == {"rooms": [], "more": False}


async def test_head_answers_without_a_body(server: Server) -> None:
    async with server.client.head("/api/rooms") as response:
        assert response.status == 200
        assert await response.read() == b""
        assert response.headers["ETag"]
