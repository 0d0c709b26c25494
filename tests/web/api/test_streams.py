"""Server-sent events of a room, in open mode."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatlog.web.streams import stream as module
from tests.support.streams import Reader, reading

from .conftest import Serve, Server

ROOM = "/api/rooms/general/stream"


def stream(server: Server, path: str = ROOM, *, last: str | None = None, **query: Any) -> Any:
    query = {"username": "ada", **query}
    headers = {} if last is None else {"Last-Event-ID": last}
    return reading(server.client.get(path, params=query, headers=headers))


async def refused(server: Server, path: str = ROOM, **query: Any) -> tuple[int, str]:
    async with server.client.get(path, params=query) as response:
        return response.status, (await response.json())["error"]["code"]


async def events(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await server.ok("rooms/general/events"))["events"]
    return found


async def test_a_stream_shows_what_a_member_sees(server: Server) -> None:
    bob = await server.person("bob")
    await bob.join("general")
    await bob.say("general", "one", "two")
    async with stream(server, backlog=1) as ada:
        headers = ada.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["X-Content-Type-Options"] == "nosniff"
        caught_up = await ada.next("caught_up")
        await bob.say("general", "three\n\nid: 4")
        live = await ada.next("message", type="chat")
        assert live.data["message"] == "three\n\nid: 4"
    log = await events(server)
    sent = [message for message in ada.got if message.event == "message"]
    assert [message.data for message in sent] == [e for e in log if 3 <= e["seq"] <= 5]
    assert [message.id for message in sent] == [f"{e['seq']}-{e['hash']}" for e in log[2:5]]
    named = [(message.event, message.id) for message in ada.got if message.event != "message"]
    assert named == [("users", None), ("caught_up", None)]
    assert (caught_up.data["first"], caught_up.data["seq"]) == (3, 4)
    assert (log[3]["event"], log[3]["via"], log[3]["username"]) == ("join", "http", "ada")


async def until_left(server: Server, name: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            last = (await events(server))[-1]
            if last.get("event") == "leave" and last["username"] == name:
                return last
            await asyncio.sleep(0.02)


async def test_who_goes_away_has_left_at_once(server: Server) -> None:
    bob = await server.person("bob")
    await bob.join("general")
    async with stream(server) as ada:
        await ada.next("caught_up")
    left = await until_left(server, "ada")
    assert (left["cause"], left["via"]) == ("disconnected", "http")
    assert (await bob.ask(type="users", room="general"))["users"] == ["bob"]


async def test_a_stream_makes_no_room(server: Server) -> None:
    assert await refused(server, username="ada") == (404, "room_unknown")
    assert (await server.get("rooms/general/events"))[0] == 404


async def test_what_is_not_in_form_is_refused(server: Server) -> None:
    bob = await server.person("bob")
    await bob.join("general")
    assert await refused(server) == (400, "username_invalid")
    assert await refused(server, username="(ada)") == (400, "username_invalid")
    hash = "0" * 16
    for query in (
        {"backlog": 1, "after": 1},
        {"hash": hash},
        {"backlog": 501},
        {"after": "x"},
        {"after": 1, "hash": "0"},
    ):
        assert await refused(server, username="ada", **query) == (400, "bad_command")
    assert await refused(server, "/api/rooms/%00/stream", username="a") == (400, "room_invalid")
    async with server.client.head(ROOM, params={"username": "ada"}) as response:
        assert response.status == 405
    assert len(await events(server)) == 1


async def test_a_reader_who_comes_back_gets_exactly_what_they_missed(server: Server) -> None:
    bob = await server.person("bob")
    await bob.join("general")
    seqs: list[int] = []
    last: str | None = None
    for round in range(4):
        async with stream(server, last=last, backlog=50) as ada:
            await bob.say("general", *f"{round}abc")
            await ada.next("caught_up")
            while len(ada.seqs) < 3 + round:
                await ada.receive()
            seqs += ada.seqs
            last = ada.last_id
        await until_left(server, "ada")
        await bob.say("general", "meanwhile")
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert len(seqs) > 12


@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("1-0000000000000000", "diverged"),
        ("99-0000000000000000", "after_unknown"),
        ("something else", "after_unknown"),
        ("1", "after_unknown"),
    ],
)
async def test_a_wrong_id_gets_an_error_and_then_an_end(server: Server, id: str, code: str) -> None:
    bob = await server.person("bob")
    await bob.join("general")
    async with stream(server, last=id) as ada:
        (only,) = await ada.rest()
    assert (only.event, only.id, only.data["type"], only.data["code"]) == (
        "error",
        "end",
        "error",
        code,
    )
    async with server.client.get(ROOM, headers={"Last-Event-ID": "end"}) as response:
        assert (response.status, await response.read()) == (204, b"")
    assert len(await events(server)) == 1


async def test_the_query_says_where_to_resume_too(server: Server) -> None:
    bob = await server.person("bob")
    await bob.join("general")
    await bob.say("general", *"abc")
    second = (await events(server))[1]
    async with stream(server, after=2, hash=second["hash"]) as ada:
        await ada.next("caught_up")
        assert ada.seqs == [3, 4, 5]
    async with stream(server, after=3, hash=second["hash"]) as ada:
        assert [message.data["code"] for message in await ada.rest()] == ["diverged"]


async def test_an_idle_stream_has_comments(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.COMMENT_SECONDS == 15
    monkeypatch.setattr(module, "COMMENT_SECONDS", 0.01)
    bob = await server.person("bob")
    await bob.join("general")
    async with stream(server) as ada:
        await ada.next("caught_up")
        await asyncio.sleep(0.1)
        await bob.say("general", "hi")
        await ada.next("message", type="chat")
        assert ada.comments >= 2


async def test_streams_are_limited_as_sockets_are(serve: Serve) -> None:
    server = await serve(max_connections=2)
    bob = await server.person("bob")
    await bob.join("general")
    async with stream(server) as ada:
        await ada.next("caught_up")
        assert await refused(server, username="eve") == (429, "rate_limited")
    await until_left(server, "ada")
    async with stream(server, username="eve") as eve:
        await eve.next("caught_up")


async def test_an_address_may_have_so_many(serve: Serve) -> None:
    server = await serve(max_connections_per_address=2)
    bob = await server.person("bob")
    await bob.join("general")
    async with stream(server) as ada:
        await ada.next("caught_up")
        assert await refused(server, username="eve") == (429, "rate_limited")


async def test_a_reader_who_lags_is_served_from_the_log(serve: Serve) -> None:
    server = await serve(max_recent_bytes=50_000, max_buffer_bytes=16_384, send_buffer_bytes=4_096)
    bob = await server.person("bob")
    await bob.join("general")
    async with stream(server, backlog=0) as ada:
        await ada.next("caught_up")
        for _ in range(20):
            await bob.say("general", *["x" * 4_000] * 50)
        await _read_to(ada, 1_002)
        assert ada.seqs == list(range(2, 1_003))


async def _read_to(reader: Reader, seq: int) -> None:
    while reader.seqs[-1:] != [seq]:
        assert await reader.receive() is not None
