"""Several rooms in one stream of server-sent events, in open mode."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.streams import Reader, reading

from .conftest import Person, Server


def stream(server: Server, rooms: str, *, last: str | None = None, **query: Any) -> Any:
    query = {"username": "ada", "rooms": rooms, **query}
    headers = {} if last is None else {"Last-Event-ID": last}
    return reading(server.client.get("/api/stream", params=query, headers=headers))


def seqs_in(reader: Reader, room: str) -> list[int]:
    sent = [message.data for message in reader.got if message.event == "message"]
    return [frame["seq"] for frame in sent if frame["room"] == room]


async def made(server: Server, *rooms: str) -> Person:
    bob = await server.person("bob")
    for room in rooms:
        await bob.join(room)
    return bob


async def test_rooms_come_in_one_stream_and_resume_where_each_was(server: Server) -> None:
    bob = await made(server, "a", "caffè")
    got: dict[str, list[int]] = {"a": [], "caffè": []}
    last: str | None = None
    for _ in range(3):
        async with stream(server, "a,caffè,a", last=last, backlog=50) as ada:
            await ada.next("caught_up", room="a")
            await ada.next("caught_up", room="caffè")
            await bob.say("a", "one")
            await ada.next("message", type="chat", room="a")
            await bob.say("caffè", "two", "three")
            await ada.next("message", type="chat", message="three")
            for room in got:
                got[room] += seqs_in(ada, room)
            last = ada.last_id
        await bob.say("a", "meanwhile")
        await bob.say("caffè", "meanwhile")
    for seqs in got.values():
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert len(seqs) > 8
    assert last is not None
    assert last.isascii()


async def test_a_room_that_cannot_be_joined_is_an_error_and_the_others_go_on(
    server: Server,
) -> None:
    bob = await made(server, "a")
    async with stream(server, "nowhere,a,%00\0") as ada:
        errors = [await ada.next("error"), await ada.next("error")]
        assert [(e.id, e.data["code"], e.data["room"]) for e in errors] == [
            (None, "room_unknown", "nowhere"),
            (None, "room_invalid", "%00\0"),
        ]
        await bob.say("a", "hi")
        await ada.next("message", type="chat", message="hi")


async def test_a_stream_without_a_room_ends(server: Server) -> None:
    await made(server, "a")
    async with stream(server, "nowhere,none") as ada:
        errors = await ada.rest()
    assert [(e.event, e.id, e.data["room"]) for e in errors] == [
        ("error", None, "nowhere"),
        ("error", "end", "none"),
    ]
    headers = {"Last-Event-ID": "end"}
    async with server.client.get("/api/stream", headers=headers) as response:
        assert response.status == 204


@pytest.mark.parametrize("id", ["something else", "a=1-0123456789abcdee", "a=x"])
async def test_a_wrong_id_gets_an_error_of_its_room(server: Server, id: str) -> None:
    await made(server, "a")
    async with stream(server, "a", last=id) as ada:
        (error,) = await ada.rest()
    assert (error.event, error.id, error.data["room"]) == ("error", "end", "a")
    assert error.data["code"] in ("after_unknown", "diverged")


async def test_what_is_not_in_form_is_refused(server: Server) -> None:
    for query in ({"username": "ada"}, {"username": "ada", "rooms": ","}, {"rooms": "a"}):
        async with server.client.get("/api/stream", params=query) as response:
            assert response.status == 400
