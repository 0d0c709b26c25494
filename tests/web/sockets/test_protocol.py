"""A socket after its handshake: the order of commands, pauses, heartbeats and closing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chatlog.runtime import Runtime
from chatlog.web.sockets import outlet
from chatlog.wire.frames import UNSUPPORTED
from tests.flows.simulation.machine import VirtualLoop
from tests.support.apps import served

from .frames import frame
from .sides import HEARTBEAT, Sides


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_what_comes_after_a_command_that_waits_waits_too() -> None:
    sides = Sides()
    sides.texts(b"1", b"slow", b"2")
    sides.texts(b"3")
    await turns()
    assert sides.taker.done == [b"1"]
    sides.taker.may_end.set()
    await turns()
    assert sides.taker.done == [b"1", b"slow", b"2", b"3"]
    sides.socket.stop()


async def test_what_comes_with_the_handshake_is_taken_after_the_start() -> None:
    sides = Sides(is_started=False)
    assert sides.socket.feed_data(frame(b"early")) == (False, b"")
    await turns()
    assert sides.taker.done == []
    sides.socket.start(sides.taker)
    assert sides.taker.done == [b"early"]
    sides.socket.stop()


async def test_much_that_comes_with_the_handshake_is_not_all_that_is_read_ahead() -> None:
    """aiohttp resumes reading after it has passed on what came with the handshake."""
    sides = Sides(is_started=False)
    sides.socket.feed_data(frame(b"x" * 60_000) * 3)
    sides.transport.resume_reading()
    sides.texts(b"y")
    assert sides.transport.calls[-2:] == ["resume", "pause"]
    sides.socket.start(sides.taker)
    assert len(sides.taker.done) == 4
    assert sides.transport.calls[-1] == "resume"
    sides.socket.stop()


async def test_others_have_their_turn_after_eight_frames() -> None:
    sides = Sides()
    sides.texts(*(b"%d" % number for number in range(20)))
    assert len(sides.taker.done) == 8
    await asyncio.sleep(0)
    assert len(sides.taker.done) == 16
    sides.texts(b"20")
    assert len(sides.taker.done) == 16
    await turns()
    assert sides.taker.done == [b"%d" % number for number in range(21)]
    sides.socket.stop()


async def test_others_have_their_turn_amid_the_frames_of_one_message() -> None:
    sides = Sides()
    parts = [frame(b"a", fin=False), *[frame(b"", 0, fin=False)] * 14, frame(b"b", 0)]
    sides.socket.data_received(b"".join(parts))
    assert sides.socket._reader is not None
    assert sides.socket._reader.waiting == len(b"".join(parts[8:]))
    await turns()
    assert sides.taker.done == [b"ab"]
    sides.socket.stop()


async def test_a_client_that_sends_more_than_is_taken_is_not_read_meanwhile() -> None:
    sides = Sides()
    sides.texts(b"slow")
    for _ in range(2):
        sides.texts(b"x" * 60_000)
    assert sides.transport.calls == []
    sides.texts(b"x" * 60_000)
    sides.texts(b"last")
    assert sides.transport.calls == ["pause"]
    sides.taker.may_end.set()
    await turns()
    assert sides.transport.calls == ["pause", "resume"]
    assert sides.taker.done[-1] == b"last"
    sides.socket.stop()


async def test_nothing_is_taken_after_a_frame_that_breaks_the_protocol() -> None:
    sides = Sides()
    sides.socket.data_received(frame(b"1") + b"\x81\x01x" + frame(b"2"))
    sides.texts(b"3")
    await turns()
    assert sides.taker.done == [b"1"]
    assert sides.transport.written[2:4] == (1002).to_bytes(2)
    sides.socket.stop()


async def test_a_close_is_answered_unless_it_is_an_answer() -> None:
    asks, answers = Sides(), Sides()
    asks.socket.data_received(frame(b"\x03\xe8", 8) + frame(b"after"))
    assert asks.transport.written == b"\x88\x02\x03\xe8"
    answers.socket.data_received(frame(b"", 2))
    before = answers.transport.written
    assert before[2:4] == UNSUPPORTED.to_bytes(2)
    answers.socket.data_received(frame(b"\x03\xeb", 8))
    assert answers.transport.written == before
    assert asks.transport.calls == answers.transport.calls == ["close"]
    assert asks.taker.done == []
    asks.socket.stop()
    answers.socket.stop()


async def test_a_client_that_closes_and_does_not_read_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outlet, "CUT_SECONDS", 0.005)
    sides = Sides()
    sides.socket.data_received(frame(b"\x03\xe8", 8))
    await asyncio.sleep(0.02)
    assert sides.transport.calls == ["close", "abort"]
    sides.socket.stop()


@pytest.mark.parametrize("data", [frame(b"\x03\xe8", 8), b"\x81\x01x"])
async def test_a_client_who_can_say_nothing_more_leaves_before_the_connection_ends(
    data: bytes,
) -> None:
    sides = Sides()
    ended = asyncio.ensure_future(sides.socket.ended())
    sides.socket.data_received(data)
    await sides.socket.done()
    assert not ended.done()
    sides.socket.connection_lost(None)
    await ended


async def test_a_ping_is_answered_with_what_is_in_it() -> None:
    sides = Sides()
    sides.socket.data_received(frame(b"are you there", 9))
    assert sides.transport.written == b"\x8a\x0dare you there"
    sides.socket.stop()


async def test_the_pongs_that_a_client_does_not_read_are_few() -> None:
    sides = Sides()
    sides.taker.is_reader_slow = True
    sides.socket.data_received(frame(b"1", 9) * 20 + frame(b"text"))
    await turns()
    assert sides.transport.written == b"\x8a\x011"
    sides.taker.is_reader_slow = False
    sides.taker.may_end.set()
    await turns(10)
    assert sides.transport.written == b"\x8a\x011" * 20
    assert sides.taker.done == [b"pause", b"text"]
    sides.socket.stop()


async def test_an_end_waits_for_the_command_that_is_being_carried_out() -> None:
    sides = Sides()
    sides.texts(b"slow", b"never")
    await turns()
    sides.socket.connection_lost(None)
    assert sides.beneath.lost == 1
    done = asyncio.ensure_future(sides.socket.done())
    await turns()
    assert not done.done()
    sides.taker.may_end.set()
    await done
    await turns()
    assert sides.taker.done == [b"slow"]


async def test_a_stop_ends_the_command_that_is_being_carried_out() -> None:
    sides = Sides()
    sides.texts(b"slow")
    await turns()
    sides.socket.stop()
    sides.taker.may_end.set()
    await turns()
    assert sides.taker.done == []


@pytest.fixture
def clock() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        yield runner


def test_a_silent_client_is_pinged_and_cut_if_it_stays_silent(clock: asyncio.Runner) -> None:
    async def silent() -> None:
        sides = Sides()
        await asyncio.sleep(HEARTBEAT - 1)
        assert sides.transport.written == b""
        await asyncio.sleep(2)
        assert sides.transport.written == b"\x89\x00"
        await asyncio.sleep(HEARTBEAT / 2)
        assert sides.transport.calls == ["abort"]
        assert sides.socket.is_silent

    clock.run(silent())


def test_a_client_that_answers_its_pings_stays(clock: asyncio.Runner) -> None:
    async def answering() -> None:
        sides = Sides()
        for number in range(1, 5):
            await asyncio.sleep(HEARTBEAT + 1)
            assert sides.transport.written == b"\x89\x00" * number
            sides.socket.data_received(frame(b"", 10))
        assert sides.transport.calls == []
        sides.socket.stop()

    clock.run(answering())


def test_a_client_that_is_not_read_is_not_taken_for_silent(clock: asyncio.Runner) -> None:
    async def unread() -> None:
        sides = Sides()
        sides.texts(b"slow", *[b"x" * 60_000] * 3)
        assert sides.transport.calls == ["pause"]
        await asyncio.sleep(4 * HEARTBEAT)
        assert sides.transport.calls == ["pause"]
        sides.taker.may_end.set()
        await asyncio.sleep(2 * HEARTBEAT)
        assert sides.transport.calls == ["pause", "resume", "abort"]

    clock.run(unread())


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[Any, Any]]:
    async with served(url) as client, client.ws_connect("/ws") as ws:
        yield client, ws


async def test_a_join_and_chats_that_arrive_together_are_carried_out_in_order(
    sqlite_url: str,
) -> None:
    commands: list[dict[str, Any]] = [{"type": "join", "room": "general", "username": "ada"}]
    commands += [
        {"type": "chat", "message": str(number), "id": str(number)} for number in range(30)
    ]
    commands += [{"type": "leave", "room": "general"}, {"type": "chat", "message": "too late"}]
    async with connected(sqlite_url) as (_, ws):
        data = b"".join(frame(json.dumps(command).encode()) for command in commands)
        ws._response.connection.transport.write(data)
        found = []
        while (got := await ws.receive_json(timeout=10))["type"] != "error":
            found.append(got)
        assert got["code"] == "not_joined"
        assert [f["message"] for f in found if f["type"] == "chat"] == [str(n) for n in range(30)]


async def test_a_stop_of_the_server_ends_its_sockets(sqlite_url: str) -> None:
    async with connected(sqlite_url) as (client, ws):
        runtimes = [value for value in client.server.app.values() if isinstance(value, Runtime)]
        assert [len(runtime.clients) for runtime in runtimes] == [1]
        await client.server.close()
        assert (await ws.receive(timeout=10)).data == 1001
        assert [len(runtime.clients) for runtime in runtimes] == [0]
