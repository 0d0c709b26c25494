"""A real server's log: what operators did, and never a word of what people wrote or who they are.

Every word that a person or an operator gives has a mark in it; the log of the server, at its most
talkative, must not have it anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from tests.access.people import Issuer, World
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.server import Server

from .conftest import Serve

MARK = "zq7secret"
ROOM = f"{MARK}-room"
TALKATIVE = ("--log-format", "json", "--log-level", "debug")


def logged(server: Server) -> list[dict[str, Any]]:
    """Return the lines of JSON; the one line of text is for whoever started the server."""
    said = server.log.read_text().splitlines()
    lines = [line for line in said if not line.startswith("chatlog serves on http://")]
    assert len(lines) == len(said) - 1
    return [json.loads(line) for line in lines]


def acts(server: Server) -> list[Mapping[str, Any]]:
    """Return the lines about operators, without what every line has."""
    common = {"at", "level", "logger", "message"}
    return [
        {key: value for key, value in line.items() if key not in common}
        for line in logged(server)
        if "command" in line
    ]


async def bother(url: str, headers: Mapping[str, str]) -> None:
    """Send requests and frames that are wrong in several ways, with a mark in each."""
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in (f"/{MARK}", f"/api/rooms/{MARK}/messages", f"/api/rooms/x/users?at={MARK}"):
            async with session.get(url + path) as answer:
                assert answer.status >= 400
        async with session.ws_connect(f"{url}/ws") as ws:
            for frame in (
                MARK,
                json.dumps({"type": MARK}),
                json.dumps({"type": "chat", "x": MARK}),
            ):
                await ws.send_str(frame)
                await ws.receive()


async def test_the_log_says_what_operators_did_and_nothing_that_anybody_wrote(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, *TALKATIVE)
    async with Clients(server) as clients:
        ada = await clients.connect(f"{MARK}-ada")
        await ada.join(ROOM)
        await ada.chat(ROOM, f"{MARK} hello")
        await bother(server.url, {})
        await operate(sqlite_url)
    assert await server.stop() == 0
    assert acts(server) == [
        {"command": "redact", "events": 1, "rooms": 1, "records": 1},
        {"command": "redact", "refused": "bad_command"},
        {"command": "retention", "texts": 0, "people": 0},
        {"command": "retention", "texts": 0, "people": 0},
        {"command": "erase-user", "events": 3, "rooms": 1, "records": 1},
        {"command": "revoke"},
    ]
    assert MARK not in server.log.read_text()


async def operate(database: str) -> None:
    by, reason = ("--by", f"{MARK}-operator"), ("--reason", f"{MARK}-reason")
    for status, *command in (
        (0, "redact", ROOM, "2", *by, *reason),
        (2, "redact", ROOM, "2", *by, *reason),
        (0, "retention", ROOM, "--days", "9", *by),
        (0, "retention", ROOM, "--off", *by),
        (0, "erase-user", f"{MARK}-ada", *by, *reason),
        (0, "token", "revoke", "--sub", f"{MARK}-sub"),
    ):
        ended = await chatlog(*map(str, command), database=database)
        assert ended.status == status, ended.err


async def test_in_token_mode_no_token_subject_or_name_is_logged(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    issuer = Issuer.at(tmp_path)
    server = await serve(sqlite_url, *issuer.flags, *TALKATIVE)
    assert logged(server)[0]["mode"] == "token"
    async with aiohttp.ClientSession() as http:
        world = World(server.url, issuer, http)
        ada = world.person(f"{MARK}-sub", f"{MARK}-ada")
        room = await ada.make(ROOM, topic=f"{MARK}-topic")
        await ada.appoint(room, f"{MARK}-other", "member")
        async with ada.socket() as socket:
            await socket.join(room)
            await socket.chat(room, f"{MARK} hello")
            await bother(server.url, ada.headers)
            revoked = await chatlog("token", "revoke", "--sub", f"{MARK}-sub", database=sqlite_url)
            assert revoked.status == 0, revoked.err
            await socket.closed()
        assert (await ada.get("/api/me")).status == 401
        assert (await world.holder(MARK).get("/api/me")).status == 401
    assert await server.stop() == 0
    text = server.log.read_text()
    assert MARK not in text
    assert ada.token is not None
    assert ada.token.split(".")[1] not in text


async def test_the_first_line_is_of_the_server_and_the_address_stays_on_stdout(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--node", "n1")
    assert await server.stop() == 0
    first, *rest = server.log.read_text().splitlines()
    assert f" starts on {sqlite_url} as node n1, in open mode." in first
    assert [line for line in rest if line.startswith(f"chatlog serves on {server.url} ")]


async def test_an_unknown_variable_is_one_line_of_warning(
    serve: Serve, sqlite_url: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv("CHATLOG_MAX_BACH", MARK)
    monkeypatch.setenv("CHATLOG_PORT_8080_TCP_ADDR", MARK)
    server = await serve(sqlite_url)
    assert await server.stop() == 0
    said = [line for line in server.log.read_text().splitlines() if "CHATLOG_MAX_BACH" in line]
    assert len(said) == 1
    assert "WARNING" in said[0]
    assert "CHATLOG_PORT" not in server.log.read_text()
    assert MARK not in server.log.read_text()
