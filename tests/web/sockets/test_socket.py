"""One WebSocket: what closes it and with which code."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web

from chatlog.web.keys import RUNTIME
from chatlog.web.sockets import serve
from tests.support.apps import frame_of, served


async def close_code(ws: ClientWebSocketResponse) -> int | None:
    while (await ws.receive(timeout=10)).type is WSMsgType.TEXT:
        pass
    return ws.close_code


def ping_of(size: int) -> str:
    frame = json.dumps({"type": "ping", "x": ""})
    return frame.replace('""', '"' + "x" * (size - len(frame)) + '"')


async def test_a_binary_frame_closes_with_1003(sqlite_url: str) -> None:
    async with served(sqlite_url) as client, client.ws_connect("/ws") as ws:
        await ws.send_bytes(b'{"type":"ping"}')
        assert await close_code(ws) == 1003


@pytest.mark.parametrize(
    "raw", [b"\xff", b'{"type":"chat","message":"\xff"}', b'{"type":"ping","x":"\xed\xa0\x80"}']
)
async def test_a_text_that_is_not_utf_8_closes_with_1007(sqlite_url: str, raw: bytes) -> None:
    async with served(sqlite_url) as client, client.ws_connect("/ws") as ws:
        await ws.send_frame(raw, WSMsgType.TEXT)
        assert await close_code(ws) == 1007


async def test_a_frame_of_64_kib_is_taken_and_a_larger_one_closes_with_1009(
    sqlite_url: str,
) -> None:
    async with served(sqlite_url) as client, client.ws_connect("/ws") as ws:
        await ws.send_str(ping_of(65_536))
        assert await ws.receive_json(timeout=10) == {"type": "pong"}
        await ws.send_str(ping_of(65_537))
        assert await close_code(ws) == 1009


async def test_a_hundred_bad_commands_close_with_4400(sqlite_url: str) -> None:
    async with served(sqlite_url) as client, client.ws_connect("/ws") as ws:
        for _ in range(100):
            await ws.send_str("{")
        assert await close_code(ws) == 4400


async def test_one_connection_too_many_is_closed_with_4429(sqlite_url: str) -> None:
    async with served(sqlite_url, max_connections=1) as client:
        async with client.ws_connect("/ws") as ws:
            async with client.ws_connect("/ws") as other:
                assert await close_code(other) == 4429
            await ws.send_json({"type": "ping"})
            assert await ws.receive_json() == {"type": "pong"}
        async with client.ws_connect("/ws") as ws:
            await ws.send_json({"type": "ping"})
            assert await ws.receive_json() == {"type": "pong"}


async def test_who_connects_while_the_grace_without_a_database_ends_is_sent_elsewhere(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(request: web.Request) -> None:
        request.app[RUNTIME].readiness._is_away = True

    monkeypatch.setattr(serve, "identity_at_handshake", slow)
    async with served(sqlite_url) as client, client.ws_connect("/ws") as ws:
        assert await close_code(ws) == 1001


async def test_nothing_is_done_after_closing_has_begun(sqlite_url: str) -> None:
    async with (
        served(sqlite_url) as client,
        client.ws_connect("/ws") as ws,
        client.ws_connect("/ws") as other,
    ):
        for socket, name in ((ws, "ada"), (other, "bob")):
            await socket.send_json({"type": "join", "room": "general", "username": name})
            await frame_of(socket, "caught_up")
        await ws.send_bytes(b"")
        await ws.send_json({"type": "chat", "message": "too late"})
        assert await close_code(ws) == 1003
        frame = await other.receive_json(timeout=10)
        assert (frame["seq"], frame["event"], frame["username"]) == (3, "leave", "ada")


async def test_a_close_is_answered_with_1000_and_the_room_is_left(sqlite_url: str) -> None:
    async with served(sqlite_url) as client, client.ws_connect("/ws") as other:
        await other.send_json({"type": "join", "room": "general", "username": "bob"})
        await frame_of(other, "caught_up")
        async with client.ws_connect("/ws") as ws:
            await ws.send_json({"type": "join", "room": "general", "username": "ada"})
            await frame_of(ws, "caught_up")
            await ws.close()
            assert ws.close_code == 1000
        await frame_of(other, "notification")
        leave = await frame_of(other, "notification")
        assert (leave["event"], leave["cause"]) == ("leave", "disconnected")
