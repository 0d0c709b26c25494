"""Connections that ask for nothing, or take nothing, do not keep anybody else out."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from itertools import chain

import pytest

from chatlog.settings import Settings
from chatlog.settings.checks import bounds
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.server import Server, until

from .conftest import Serve

SILENT = 300
HEAD = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"


async def connect(server: Server, receive_buffer: int | None = None) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
    return sock


async def send(sock: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, data)


async def read_to_end(sock: socket.socket, within: float = 10.0) -> bytes:
    """Return what comes until the server closes."""
    data = b""
    async with asyncio.timeout(within):
        try:
            while piece := await asyncio.get_running_loop().sock_recv(sock, 65_536):
                data += piece
        except ConnectionError:
            pass
    return data


@asynccontextmanager
async def strangers(server: Server, count: int) -> AsyncIterator[list[socket.socket]]:
    """Open so many connections that say nothing."""
    socks = [await connect(server) for _ in range(count)]
    yield socks
    for sock in socks:
        sock.close()


async def chat_once(server: Server, name: str) -> None:
    async with Clients(server) as clients, asyncio.timeout(10):
        member = await clients.connect(name)
        await member.join("general")
        await member.chat("general", "I came in")


async def test_silent_connections_give_way_to_whoever_asks(serve: Serve, sqlite_url: str) -> None:
    flags = ("--max-connections", "20", "--max-http-connections", "30")
    server = await serve(sqlite_url, *flags, "--request-seconds", "600")
    async with strangers(server, SILENT):
        await chat_once(server, "ada")
        assert server.open_files() < 150


async def test_a_crowd_that_connects_first_and_asks_then_comes_in(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--max-http-connections", "10")
    async with strangers(server, 100) as crowd:
        for sock in crowd:
            await send(sock, HEAD + b"Connection: close\r\n\r\n")
        for sock in crowd:
            assert (await read_to_end(sock)).startswith(b"HTTP/1.1 200 ")


async def test_a_port_that_is_taken_is_one_sentence(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url)
    other = sqlite_url.replace("chatlog.db", "other.db")
    ended = await chatlog("serve", "--port", str(server.port), database=other)
    assert (ended.status, ended.out) == (2, "")
    assert f"Port {server.port} of 127.0.0.1 cannot be listened on" in ended.err.splitlines()[-1]


async def test_with_few_open_files_it_says_what_it_serves_and_serves_that(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--request-seconds", "600", shell="ulimit -n 128;")
    assert server.printed().count("open files") == 1, server.printed()
    assert "of 20000 WebSockets" in server.printed()
    async with strangers(server, SILENT):
        await chat_once(server, "ada")
        assert server.open_files() < 128


async def test_the_limit_of_open_files_is_raised_to_what_the_connections_need(
    serve: Serve, sqlite_url: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        server = await serve(sqlite_url, "--max-connections", "1000")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    raised, _ = resource.prlimit(server.running.pid, resource.RLIMIT_NOFILE)
    assert raised > 2_000
    assert "open files" not in server.printed()


async def test_without_a_free_descriptor_it_says_so_once_and_goes_on(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--request-seconds", "600")
    _, hard = resource.prlimit(server.running.pid, resource.RLIMIT_NOFILE)
    limit = server.open_files() + 10
    resource.prlimit(server.running.pid, resource.RLIMIT_NOFILE, (limit, hard))
    async with strangers(server, 100):
        await until(lambda: _says(server, "cannot be accepted"), 10, "a line about the limit")
        resource.prlimit(server.running.pid, resource.RLIMIT_NOFILE, (hard, hard))
        await chat_once(server, "ada")
    await chat_once(server, "bob")
    assert server.printed().count("cannot be accepted") == 1, server.printed()
    assert "Traceback" not in server.printed()


async def _says(server: Server, words: str) -> bool:
    return words in server.printed()


async def test_with_every_limit_at_its_largest_it_serves(serve: Serve, sqlite_url: str) -> None:
    flags = [
        [f"--{setting.name.replace('_', '-')}", str(bounds(setting)[1])]
        for setting in fields(Settings)
        if type(setting.default) in (int, float) and setting.name != "port"
    ]
    server = await serve(sqlite_url, *chain.from_iterable(flags))
    await chat_once(server, "ada")
    assert "Traceback" not in server.printed()


async def test_a_request_that_never_ends_is_closed_in_time(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, "--request-seconds", "1")
    for said in (b"", b"GET / HT", HEAD, HEAD + b"X-Long: "):
        sock = await connect(server)
        await send(sock, said)
        assert await read_to_end(sock) == b""
        sock.close()


async def test_a_byte_now_and_then_buys_no_time(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, "--request-seconds", "1")
    sock = await connect(server)

    async def trickle() -> None:
        for byte in HEAD * 100:
            await send(sock, bytes([byte]))
            await asyncio.sleep(0.1)

    with pytest.raises(ConnectionError):
        async with asyncio.timeout(10):
            await trickle()
    sock.close()


async def test_a_body_that_never_ends_and_a_silence_between_requests_are_closed_in_time(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--request-seconds", "1")
    for rest in (b"\r\n", b"Content-Length: 1000000\r\n\r\nx"):
        sock = await connect(server)
        await send(sock, HEAD + rest)
        assert (await read_to_end(sock)).startswith(b"HTTP/1.1 200 ")
        sock.close()


async def test_an_answer_that_nobody_reads_is_let_go(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, "--slow-seconds", "1", "--request-seconds", "1")
    before = server.open_files()
    socks = [await connect(server, receive_buffer=4_096) for _ in range(10)]
    for sock in socks:
        await send(sock, b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300)
    await until(lambda: _has_open(server, before + 5), 10, "they are in")
    # Readers may have opened the database meanwhile, so not all need be as before.
    await until(lambda: _has_open(server, before + 4, most=True), 30, "they are out")
    for sock in socks:
        sock.close()


async def _has_open(server: Server, files: int, *, most: bool = False) -> bool:
    return server.open_files() <= files if most else server.open_files() >= files


REQUESTS = [
    HEAD + b"\r\n",
    b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\n\r\n",
    b"POST /api/rooms HTTP/1.0\r\n\r\n",
    b"garbage\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 30,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    (
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ),
]


async def test_no_answer_tells_what_the_server_is_made_of(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, "--request-seconds", "1", "--heartbeat-seconds", "1")
    for request in REQUESTS:
        sock = await connect(server)
        await send(sock, request)
        head = (await read_to_end(sock)).split(b"\r\n\r\n")[0].lower()
        assert head.startswith(b"http/1."), request
        assert b"aiohttp" not in head, request
        assert b"python" not in head, request
        sock.close()
    assert "Traceback" not in server.printed()
