"""Where a server is started and asked: addresses, probes, signals, streams that are closed."""

from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from chatlog.web.network.addresses import is_of_this_machine
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.server import Server

from .conftest import Serve


async def ask(server: Server, request: str, host: str = "127.0.0.1") -> str:
    """Send a request's head to an address of the server and return the answer's first line."""
    reader, writer = await asyncio.open_connection(host, server.port)
    writer.write(f"{request}\r\n\r\n".encode())
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.decode().strip()


def address_of_this_machine() -> str:
    """Return an address that is not loopback, by which this machine can be reached."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address: str = probe.getsockname()[0]
        return address


async def test_probes_are_answered_by_an_address_and_without_a_host(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    for path in ("/healthz", "/readyz"):
        assert await ask(server, f"GET {path} HTTP/1.0") == "HTTP/1.0 200 OK"
        assert await ask(server, f"OPTIONS {path} HTTP/1.0") == "HTTP/1.0 200 OK"  # HAProxy's
        asked = f"GET {path} HTTP/1.1\r\nHost: 10.42.0.7:8080"
        assert await ask(server, asked) == "HTTP/1.1 200 OK"
    for path in ("/", "/api/rooms", "/metrics", "/nowhere"):
        assert await ask(server, f"GET {path} HTTP/1.0") == "HTTP/1.0 403 Forbidden"
    assert "Traceback" not in server.printed()


async def test_an_address_on_which_it_listens_is_its_own_and_a_name_is_not(
    serve: Serve, sqlite_url: str
) -> None:
    address = address_of_this_machine()
    assert is_of_this_machine(address)
    server = await serve(sqlite_url, "--host", "::", "--allow-public")
    for reached in ("127.0.0.1", "::1", address):
        for named in (address, f"{address}:{server.port}", f"[::ffff:{address}]:1"):
            asked = f"GET /api/rooms HTTP/1.1\r\nHost: {named}"
            assert await ask(server, asked, reached) == "HTTP/1.1 200 OK"
    for named in ("192.0.2.1", "rebound.example", "0.0.0.0", "[::]", f"{address}.example"):
        asked = f"GET /api/rooms HTTP/1.1\r\nHost: {named}"
        assert await ask(server, asked, address) == "HTTP/1.1 403 Forbidden"


async def test_several_hosts_are_served_and_said(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, "--host", "[::1]", "--host", "::ffff:127.0.0.2")
    for host in ("127.0.0.1", "::1", "127.0.0.2"):
        assert await ask(server, "GET /healthz HTTP/1.0", host) == "HTTP/1.0 200 OK"
    assert (
        f"on http://127.0.0.1:{server.port} and http://[::1]:{server.port} and" in server.printed()
    )


async def test_sighup_is_a_graceful_stop(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        server.running.send_signal(signal.SIGHUP)
        async with asyncio.timeout(5):
            assert await server.running.wait() == 0
    assert await _causes(sqlite_url) == ["shutdown"]


async def test_under_nohup_it_outlives_its_terminal(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, shell="trap '' HUP;")
    server.running.send_signal(signal.SIGHUP)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        await ada.chat("general", "still here")
    assert await server.stop() == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "<&- 2>&-"])
async def test_with_closed_streams_it_serves_and_writes_nothing_into_the_database(
    serve: Serve, sqlite_url: str, closed: str
) -> None:
    server = await serve(sqlite_url, shell=f"exec {closed};")
    for number in range(3):
        stream = Path(f"/proc/{server.running.pid}/fd/{number}").readlink()
        assert stream in (Path("/dev/null"), server.log)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        await ada.chat("general", "hello")
    assert await server.stop() == 0
    verdict = await chatlog("verify", database=sqlite_url)
    assert verdict.status == 0, verdict


@pytest.mark.parametrize("stream", ["> /dev/full", "> /dev/full 2>&1"])
async def test_where_nothing_can_be_printed_it_serves(
    serve: Serve, sqlite_url: str, stream: str
) -> None:
    server = await serve(sqlite_url, shell=f"exec {stream};")
    assert await server.stop() == 0


async def test_where_no_error_can_be_printed_the_status_tells_it(tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path / 'missing.db'}"
    for arguments in ("nonsense", f"rooms --database {missing}"):
        command = f"exec {sys.executable} -m chatlog {arguments} 2> /dev/full"
        process = await asyncio.create_subprocess_shell(command)
        assert await process.wait() == 2


async def test_a_folder_of_the_control_socket_that_is_gone_harms_nothing(
    serve: Serve, tmp_path: Path
) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    server = await serve(f"sqlite:///{folder / 'chatlog.db'}")
    lock = (folder / "chatlog.db.lock").read_text()
    found = Path(tempfile.gettempdir()).glob("chatlog-*/sock")
    (place,) = [path for path in found if str(path) in lock]
    place.unlink()
    place.parent.rmdir()
    refused = await chatlog("redact", "general", "1", "--reason", "x", database=server.database)
    assert refused.status == 2
    assert str(server.running.pid) in refused.err
    assert len(refused.err.splitlines()) == 1, refused.err
    assert await server.stop() == 0
    assert "Traceback" not in server.printed()


async def _causes(url: str) -> list[str]:
    def read() -> list[str]:
        # sqlite3's own context manager ends a transaction and leaves the connection open.
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            found = connection.execute("SELECT cause FROM audit_events WHERE type = 'leave'")
            return [cause for (cause,) in found]

    return await asyncio.to_thread(read)
