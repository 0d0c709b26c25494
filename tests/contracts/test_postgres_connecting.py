"""A URL leads to the server that it names, by sockets, with options, over TLS."""

from __future__ import annotations

import asyncio
import select
import socket
import socketserver
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from chatlog.databases.database import Database
from chatlog.domain.errors import Unavailable
from tests.support.certificates import authority_and_server

SECRET = "s3cr3t"
NOBODY = "127.0.0.1:1"


async def value(url: str, statement: str) -> object:
    database = Database(url, readers=1)
    try:
        async with database.read() as connection:
            return (await connection.exec_driver_sql(statement)).scalar()
    finally:
        await database.dispose()


def parts(url: str) -> tuple[str, str]:
    """Return the name of a database of the tests, and the folder of its server's socket."""
    found = urlsplit(url)
    return found.path.strip("/"), parse_qs(found.query)["host"][0]


async def test_a_sockets_folder_is_connected_to_in_every_form(postgres_url: str) -> None:
    name, folder = parts(postgres_url)
    for url in (
        f"postgres://postgres@{quote(folder, safe='')}/{name}",
        f"postgresql://postgres@/{name}?host={folder}",
        f"postgresql:///{name}?user=postgres&host={quote(folder, safe='')}&port=5432",
        f"postgresql://postgres@{NOBODY},{quote(folder, safe='')}/{name}",
        f"postgresql://postgres@/{name}?host={NOBODY}&host={folder}&sslmode=prefer",
        f"{postgres_url}&sslmode=require&channel_binding=require&gssencmode=disable",
        f"{postgres_url}&target_session_attrs=read-write&keepalives_idle=30",
        f"{postgres_url}&host={NOBODY}&target_session_attrs=prefer-standby",
    ):
        assert await value(url, "SELECT current_database()") == name


async def test_options_reach_the_server_and_do_not_move_the_log(postgres_url: str) -> None:
    options = quote("-c search_path=public -c synchronous_commit=off --work_mem=12345")
    url = f"{postgres_url}&options={options}&application_name=my%20chat"
    assert await value(url, "SHOW work_mem") == "12345kB"
    assert await value(url, "SHOW search_path") == "chatlog"
    assert await value(url, "SHOW application_name") == "my chat"
    database = Database(url)
    async with database.write() as connection:
        shown = await connection.exec_driver_sql("SHOW synchronous_commit")
        assert shown.scalar() == "on"
    await database.dispose()


async def test_a_silent_host_is_left_after_its_time_for_the_next_one(postgres_url: str) -> None:
    name, folder = parts(postgres_url)
    async with silent_server() as port:
        hosts = f"127.0.0.1:{port},{quote(folder, safe='')}"
        url = f"postgresql://postgres@{hosts}/{name}?connect_timeout=0.2"
        assert await value(url, "SELECT 1") == 1


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (NOBODY, f"{NOBODY}: Connection refused"),
        ("[::1]:1", "[::1]:1: "),
        ("%2Fno%2Fwhere:7", "/no/where/.s.PGSQL.7: No such file or directory"),
    ],
)
async def test_a_server_that_is_not_there_is_named_without_a_number_of_an_error(
    hosts: str, said: str
) -> None:
    with pytest.raises(Unavailable) as refused:
        await value(f"postgresql://ada:{SECRET}@{hosts}/chat", "SELECT 1")
    assert str(refused.value.__cause__).startswith(said)
    assert "Errno" not in str(refused.value.__cause__)


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Take connections and never say anything."""
    gone = asyncio.Event()

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        gone.set()


async def test_a_server_is_known_by_its_certificate(postgres_url: str, tmp_path: Path) -> None:
    name, folder = parts(postgres_url)
    trusted, server = authority_and_server(tmp_path / "ours")
    other, _ = authority_and_server(tmp_path / "other")
    async with encrypted(f"{folder}/.s.PGSQL.5432", server) as port:

        async def connect(host: str, query: str) -> object:
            return await value(f"postgresql://postgres@{host}:{port}/{name}?{query}", "SELECT 1")

        for query in (
            "sslmode=require",
            "sslmode=prefer",
            f"sslmode=verify-full&sslrootcert={trusted}&channel_binding=require",
            f"sslmode=verify-ca&sslrootcert={trusted}&ssl_min_protocol_version=TLSv1.2",
        ):
            assert await connect("localhost", query) == 1
        assert await connect("127.0.0.1", f"sslmode=verify-ca&sslrootcert={trusted}") == 1
        for host, query in (
            ("localhost", f"sslmode=verify-full&sslrootcert={other}"),
            ("127.0.0.1", f"sslmode=verify-full&sslrootcert={trusted}"),
            ("localhost", "sslrootcert=system"),
        ):
            with pytest.raises(Unavailable) as refused:
                await connect(host, query)
            assert "certificate is not trusted" in str(refused.value.__cause__)


@asynccontextmanager
async def encrypted(path: str, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Speak TLS for the tests' PostgreSQL, whose build has none."""

    class Proxy(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(8)  # SSLRequest
            self.request.sendall(b"S")
            with (
                suppress(OSError),  # a client that does not trust us
                context.wrap_socket(self.request, server_side=True) as near,
                socket.socket(socket.AF_UNIX) as far,
            ):
                far.connect(path)
                pump(near, far)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        serving = asyncio.create_task(asyncio.to_thread(server.serve_forever, 0.05))
        yield server.server_address[1]
        await asyncio.to_thread(server.shutdown)
        await serving


def pump(near: ssl.SSLSocket, far: socket.socket) -> None:
    """Hand on what either end says until one of them closes."""
    while True:
        ready = [near] if near.pending() else select.select([near, far], [], [])[0]
        for source, sink in ((near, far), (far, near)):
            if source in ready:
                if not (data := source.recv(65_536)):
                    return
                sink.sendall(data)
