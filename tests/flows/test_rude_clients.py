"""Clients that go at any moment, and what is no HTTP: a proper answer, and no noise in the log."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from pathlib import Path

from chatlog.web import pages
from tests.support.server import Server

from .conftest import Serve
from .test_strangers import chat_once, connect, send

MANY = 50
SAID = b"my-secret-words"
LOCAL = b" HTTP/1.1\r\nHost: localhost\r\n"
UPGRADE = (
    b"GET /ws" + LOCAL + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
JOIN = b'{"type":"join","room":"general","username":"my-secret-words"}'
JOINING = b"\r\n" + struct.pack("!BB", 0x81, 0x80 | len(JOIN)) + bytes(4) + JOIN

GONE = {
    "before a word": b"",
    "within the request line": b"GET / HT",
    "within the headers": b"GET /" + LOCAL,
    "within the body": b"POST /api/rooms" + LOCAL + b"Content-Length: 9\r\n\r\nx",
    "before the page": b"GET /" + LOCAL + b"\r\n",
    "before the rooms": b"GET /api/rooms" + LOCAL + b"\r\n",
    "before the metrics": b"GET /metrics" + LOCAL + b"\r\n",
    "before the second page": b"GET /" + LOCAL + b"\r\nGET /audit" + LOCAL + b"\r\n",
    "within the handshake": UPGRADE + b"\r\n",
    "before going on": b"POST /" + LOCAL + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    "joining": UPGRADE + JOINING,
    "within a frame": UPGRADE + JOINING[:-9],
    "after a bad frame": UPGRADE + b"\r\n" + b"\xff" * 9,
}
NO_HTTP = {
    "TLS": bytes.fromhex("16030100f6010000f20303") + os.urandom(200),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a second Host": b"GET /" + LOCAL + b"Host: " + SAID + b"\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\nX: " + SAID + b"\r\n\r\n",
    "no Host in HTTP/1.0": b"GET / HTTP/1.0\r\nX: " + SAID + b"\r\n\r\n",
    "another version": b"GET / HTTP/9." + SAID + b"\r\n\r\n",
    "a NUL": b"GET /" + LOCAL + b"X: " + SAID + b"\0\r\n\r\n",
    "a long header": b"GET /" + LOCAL + b"X: " + SAID * 9_000 + b"\r\n\r\n",
    "a long path": b"GET /" + SAID * 9_000 + LOCAL + b"\r\n",
    "many headers": b"GET /" + LOCAL + (b"X: " + SAID + b"\r\n") * 500 + b"\r\n",
    "a bad length": b"GET /" + LOCAL + b"Content-Length: " + SAID + b"\r\n\r\n",
    "two lengths": b"POST /" + LOCAL + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "a bad chunk": b"POST /" + LOCAL + b"Transfer-Encoding: chunked\r\n\r\n" + SAID + b"\r\n",
    "no gzip": b"POST /" + LOCAL + b"Content-Encoding: gzip\r\nContent-Length: 15\r\n\r\n" + SAID,
    "a bad address": b"GET http://[" + SAID + b"/" + LOCAL + b"\r\n",
    "a bad name": b"GET /api/rooms/%ff" + SAID + b"/events" + LOCAL + b"\r\n",
    "a bad key": UPGRADE.replace(b"AAAA==", b"\xff\xff==") + b"\r\n",
    "noise": os.urandom(300),
}


def reset(sock: socket.socket) -> None:
    """End a connection as a crash does: the other side gets RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def noise(server: Server, before: str) -> str:
    """Return what the server has printed since."""
    return server.log.read_text(errors="replace").removeprefix(before)


def printed(server: Server) -> str:
    return server.log.read_text(errors="replace")


async def test_hundreds_of_clients_that_are_gone_write_nothing(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    before = printed(server)
    for moment, said in GONE.items():
        for _ in range(MANY):
            sock = await connect(server)
            await send(sock, said)
            reset(sock)
        await chat_once(server, "ada")
        assert noise(server, before) == "", moment
    assert await server.stop() == 0


async def test_clients_that_go_while_a_page_is_sent_write_nothing(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url, "--send-buffer-bytes", "4096")
    before = printed(server)
    assets = sorted((pages.STATIC / "assets").glob("*.js"), key=lambda file: file.stat().st_size)
    for _ in range(MANY):
        sock = await connect(server, receive_buffer=1_024)
        await send(sock, b"GET /assets/" + assets[-1].name.encode() + LOCAL + b"\r\n")
        assert await asyncio.get_running_loop().sock_recv(sock, 100)
        reset(sock)
    await chat_once(server, "ada")
    assert noise(server, before) == ""


async def test_what_is_no_http_is_a_bad_request_and_its_text_is_not_logged(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    before = printed(server)
    for what, said in NO_HTTP.items():
        sock = await connect(server)
        await send(sock, said)
        async with asyncio.timeout(10):
            answer = await asyncio.get_running_loop().sock_recv(sock, 65_536)
        sock.close()
        assert answer.startswith((b"HTTP/1.0 4", b"HTTP/1.1 4")), (what, answer[:200])
        assert SAID not in answer
        assert noise(server, before) == "", what
    await chat_once(server, "ada")


async def test_a_subprotocol_that_is_offered_is_not_taken_and_not_logged(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    before = printed(server)
    sock = await connect(server)
    await send(sock, UPGRADE + b"Sec-WebSocket-Protocol: chat, " + SAID + b"\r\n\r\n")
    head = await asyncio.get_running_loop().sock_recv(sock, 4_096)
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-protocol" not in head.lower()
    reset(sock)
    await chat_once(server, "ada")
    assert noise(server, before) == ""
