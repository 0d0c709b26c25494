"""``GET /api/rooms/{room}/events``."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from chatlog.audit.verification.check_events import ChainCheck
from chatlog.web.keys import RUNTIME
from chatlog.wire.events import decode_proved

from .conftest import Person, Serve, Server


@pytest.fixture
async def ada(server: Server) -> Person:
    """In ``general`` with her join, 30 messages and a second session's coming and going."""
    ada = await server.person("ada")
    await ada.join("general")
    await ada.say("general", *(f"message {n}" for n in range(1, 31)))
    again = await server.person("ada")
    await again.join("general")
    await again.leave("general")
    return ada


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": 3},
        {"before": 20, "limit": 5},
        {"after": 20, "limit": 5},
        {"after": 33},
        {"around": 10, "limit": 7},
        {"after": 0, "types": "join,leave"},
        {"before": 1},
        {"types": "erasure"},
    ],
)
async def test_a_page_is_what_the_socket_answers(
    server: Server, ada: Person, query: dict[str, Any]
) -> None:
    asked = {**query, "types": query["types"].split(",")} if "types" in query else query
    frame = await ada.ask(type="history", room="general", **asked)
    frame.pop("type")
    assert await server.ok("rooms/general/events", **query) == frame


async def test_paging_on_neither_skips_nor_repeats_while_people_write(
    server: Server, ada: Person
) -> None:
    async def write() -> None:
        for n in range(40):
            await ada.say("general", f"meanwhile {n}")

    seqs: list[int] = []
    writing = asyncio.create_task(write())
    more = True
    while more or not writing.done():
        page = await server.ok("rooms/general/events", after=seqs[-1] if seqs else 0, limit=4)
        seqs += [event["seq"] for event in page["events"]]
        more = page["more_after"]
    await writing
    page = await server.ok("rooms/general/events", after=seqs[-1])
    seqs += [event["seq"] for event in page["events"]]
    assert seqs == list(range(1, 74))


async def test_paging_back_neither_skips_nor_repeats_while_people_write(
    server: Server, ada: Person
) -> None:
    page = await server.ok("rooms/general/events", limit=4)
    seqs = [event["seq"] for event in page["events"]]
    while page["more_before"]:
        await ada.say("general", "meanwhile")
        page = await server.ok("rooms/general/events", before=page["first"], limit=4)
        seqs = [event["seq"] for event in page["events"]] + seqs
    assert seqs == list(range(1, 34))


async def test_a_page_ends_where_it_would_be_too_large(serve: Serve) -> None:
    server = await serve(max_page_bytes=20_000)
    ada = await server.person("ada")
    await ada.join("general")
    await ada.say("general", *("x" * 8_000 for _ in range(5)))
    seqs: list[int] = []
    more = True
    while more:
        page = await server.ok("rooms/general/events", after=seqs[-1] if seqs else 0)
        assert 1 <= len(page["events"]) <= 3
        seqs += [event["seq"] for event in page["events"]]
        more = page["more_after"]
    assert seqs == list(range(1, 7))


async def test_a_past_page_is_not_sent_again_however_much_is_written_since(
    server: Server, ada: Person
) -> None:
    path = "rooms/general/events"
    _, _, response = await server.get(path, after=3, limit=5)
    await ada.say("general", "later")
    status, nothing, again = await server.get(
        path, after=3, limit=5, known=response.headers["ETag"]
    )
    assert (status, nothing) == (304, None)
    assert again.headers["ETag"] == response.headers["ETag"]
    assert "no-cache" in again.headers["Cache-Control"]


async def test_the_newest_page_is_sent_again_once_something_was_written(
    server: Server, ada: Person
) -> None:
    _, _, response = await server.get("rooms/general/events")
    known = response.headers["ETag"]
    assert (await server.get("rooms/general/events", known=known))[0] == 304
    await ada.say("general", "later")
    status, body, _ = await server.get("rooms/general/events", known=known)
    assert status == 200
    assert body["events"][-1]["message"] == "later"


@pytest.mark.parametrize(
    "known", ['"nonsense"', '"9.0.0"', '"99999999999999999999.a.b"', '"٣.a.0"']
)
async def test_a_tag_of_another_log_is_not_believed(
    server: Server, ada: Person, known: str
) -> None:
    assert (await server.get("rooms/general/events", after=1, limit=2, known=known))[0] == 200


async def test_with_proof_each_event_verifies_the_chain(server: Server, ada: Person) -> None:
    body = await server.ok("rooms/general/events", after=0, limit=500, proof="true")
    check = ChainCheck()
    for event in body["events"]:
        check.accept(decode_proved(msgspec.json.encode(event)))
    assert check.head == 33
    assert (await server.ok("rooms/general/verify"))["rooms"][0]["hash"] == check.hash.hex()


async def test_with_proof_a_filtered_page_has_the_proofs_of_its_events(
    server: Server, ada: Person
) -> None:
    body = await server.ok("rooms/general/events", after=0, types="join", proof="true")
    assert [event["seq"] for event in body["events"]] == [1, 32]
    assert all(event["proof"]["hash"].startswith(event["hash"]) for event in body["events"])


async def test_what_was_erased_is_not_confirmed_to_who_still_has_it(
    server: Server, ada: Person
) -> None:
    path = "rooms/general/events"
    _, before, response = await server.get(path, after=3, limit=5)
    runtime = server.client.app[RUNTIME]
    await runtime.operations.handlers()["redact"](
        room="general", seqs=[before["events"][0]["seq"]], by="operator", reason="a secret"
    )
    status, body, _ = await server.get(path, after=3, limit=5, known=response.headers["ETag"])
    assert status == 200
    assert body["events"][0]["erased"] is True
    assert body["events"][0]["message"] == ""
    assert body["events"][1:] == before["events"][1:]
