"""A server in open mode whose log gets rooms with rights from elsewhere: it stops serving."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from chatlog.domain.errors import Refused
from chatlog.eventlog.committing.writer import Writer
from chatlog.kinds.creation import Create
from chatlog.kinds.event import Recorded
from chatlog.kinds.member import Grant
from chatlog.kinds.room import Configure
from chatlog.readers.askers import ANYBODY
from tests.flows.conftest import Serve
from tests.support.command import chatlog
from tests.support.logbook import chats, join, leave, open_log
from tests.support.nodes import node_on, until
from tests.support.people import ADA
from tests.support.server import Server

from .people import Issuer, Socket, World

SAID = "rooms with rights, which open mode would show to everybody"


async def member_of(http: aiohttp.ClientSession, server: Server, room: str) -> Socket:
    socket = Socket(await http.ws_connect(server.url + "/ws"))
    await socket.join(room, username="cat")
    return socket


async def check_end(
    server: Server, socket: Socket, closing: asyncio.Task[int | None], *, of: str
) -> None:
    """Check that the server let its clients go, showed nothing of a room, and ended with 2."""
    assert await closing == 1001
    async with asyncio.timeout(20):
        assert await server.running.wait() == 2
    assert SAID in server.printed()
    assert of not in json.dumps(socket.got)
    again = Server(server.database, server.log, server.flags)
    with pytest.raises(AssertionError, match="the server ended"):
        await again.start()
    assert again.running.returncode == 2


async def test_it_stops_once_a_server_with_tokens_makes_a_room(
    serve: Serve, issuer: Issuer, http: aiohttp.ClientSession, postgres_url: str
) -> None:
    server = await serve(postgres_url, "--poll-seconds", "0.2")
    socket = await member_of(http, server, "town")
    closing = asyncio.create_task(socket.closed(within=60))  # it answers the close at once
    tokens = await serve(postgres_url, *issuer.flags)
    ada = World(tokens.url, issuer, http).person("u-1", "ada")
    room = await ada.make(access="private", topic="a secret")
    await check_end(server, socket, closing, of=room)
    left = (await ada.get("/api/rooms/town/events")).body["events"][-1]
    assert (left["event"], left["cause"]) == ("leave", "shutdown")


async def test_it_stops_once_a_room_with_rights_is_imported(
    serve: Serve, http: aiohttp.ClientSession, postgres_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    async with open_log(sqlite_url) as log:
        await log.append(Create("desk", ADA, "listed", topic="a secret"))
    done = await chatlog("export", "desk", database=sqlite_url)
    file = tmp_path / "desk.jsonl"
    file.write_text(done.out)
    server = await serve(postgres_url, "--poll-seconds", "0.2")
    socket = await member_of(http, server, "town")
    closing = asyncio.create_task(socket.closed(within=60))  # it answers the close at once
    done = await chatlog("import", str(file), "--format", "jsonl", database=postgres_url)
    assert done.status == 0, done.err
    await check_end(server, socket, closing, of="desk")


async def test_an_embedded_server_in_open_mode_shows_nothing_more(postgres_url: str) -> None:
    async with node_on(postgres_url) as node, open_log(postgres_url, node="other") as log:
        await log.append(Create("desk", ADA))
        node.tail.ring()
        await until(node.unfit.done)
        assert not await node.is_ready()
        for action in ("read", "join"):
            with pytest.raises(Refused, match="nothing more"):
                await node.door.admit(ANYBODY, "desk", action)
        with pytest.raises(Refused, match="nothing more"):
            await node.door.rooms(ANYBODY, "", limit=10)


async def test_its_writer_appends_only_leaves_to_a_room_with_rights(database_url: str) -> None:
    async with open_log(database_url) as log:
        is_open = Writer(log.database, log.writer.node, doubt_seconds=5.0, is_open=True)
        sessions = {}
        for room in ("changed", "granted", "town"):
            joining = join(room, "cat")
            assert isinstance((await is_open.append([joining]))[0], Recorded)
            sessions[room] = joining.session
        admin = replace(ADA, scope=frozenset({"admin"}), rooms={"granted": "reader"})
        await log.record(Configure("changed", admin, topic="x"), Grant("granted", admin))
        for room, session in sessions.items():
            for command in (*chats(room, session, ["hi"]), join(room, "bob")):
                [told] = await is_open.append([command])
                assert isinstance(told, Recorded) is (room == "town"), (room, told)
                assert room == "town" or getattr(told, "code", None) == "forbidden"
            assert isinstance((await is_open.append([leave(room, session)]))[0], Recorded)
