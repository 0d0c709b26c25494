"""Migrations: from nothing, again, by several at once, and never from what is newer."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import op

from chatlog.databases.database import Database
from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.migrate import migrate
from chatlog.databases.opening import open_for_reading
from chatlog.databases.postgres import limits
from chatlog.databases.postgres import session as postgres_session
from chatlog.databases.revisions import (
    NewerRevision,
    newest_revision,
    revision_of,
    served_revision,
    unshared_after,
)
from chatlog.databases.sqlite.lockfile import LockFile
from chatlog.domain.errors import LogError, Unavailable
from tests.support.logbook import open_log

from .earlier import REVISIONS, make_earlier

MIGRATE = """
import asyncio, sys
from chatlog.domain.errors import LogError
from chatlog.databases.opening import open_for_writing

async def main(url):
    async with open_for_writing(url):
        print("migrated", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

try:
    asyncio.run(main(sys.argv[1]))
except LogError as error:
    print("refused", error)
"""


async def revision(url: str) -> str | None:
    database = Database(url)
    try:
        async with database.read() as connection:
            return await revision_of(connection)
    finally:
        await database.dispose()


async def test_an_empty_database_is_brought_to_the_newest_revision_and_stays_there(
    empty_database_url: str,
) -> None:
    async with open_log(empty_database_url) as log:
        await log.join("general", "ada")
        for _ in range(2):
            await migrate(log.database)
        assert len(await log.events()) == 1
    assert await revision(empty_database_url) == newest_revision()


async def test_five_processes_that_start_at_once_on_an_empty_database_do_no_harm(
    empty_database_url: str,
) -> None:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-c", MIGRATE, empty_database_url)
    starts = [
        await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe) for _ in range(5)
    ]
    said = []
    for start in starts:  # each stays until all have said what became of it
        assert start.stdout is not None
        said.append((await start.stdout.readline()).split()[0])
    await asyncio.gather(*(start.communicate(b"") for start in starts))
    alone = empty_database_url.startswith("sqlite")  # one at a time, kept apart by the lock file
    assert sorted(said) == ([b"migrated"] + [b"refused"] * 4 if alone else [b"migrated"] * 5)
    assert await revision(empty_database_url) == newest_revision()
    async with open_log(empty_database_url) as log:
        await log.join("general", "ada")


async def test_a_database_of_a_newer_revision_is_refused_and_left_alone(
    database_url: str,
) -> None:
    async with open_log(database_url) as log:
        await log.join("general", "ada")
        for serves_from in ("9999", None):
            await log.change(
                "UPDATE schema_version SET version_num = '9999', serves_from = :serves_from",
                serves_from=serves_from,
            )
            with pytest.raises(NewerRevision, match="9999"):
                await migrate(log.database)
            async with log.database.read() as connection:
                with pytest.raises(NewerRevision, match="9999"):
                    await served_revision(connection)
        assert len(await log.events()) == 1
    assert await revision(database_url) == "9999"


async def test_a_newer_revision_that_serves_this_program_is_opened_and_left_alone(
    database_url: str,
) -> None:
    async with open_log(database_url) as log:
        await log.join("general", "ada")
        await log.change("UPDATE schema_version SET version_num = '9999'")
        await migrate(log.database)
        async with log.database.read() as connection:
            assert await served_revision(connection) == "9999"
        assert len(await log.events()) == 1
    assert await revision(database_url) == "9999"


@pytest.mark.parametrize("earlier", ["0001", REVISIONS[-2]])
async def test_a_migrated_database_serves_programs_of_the_last_migration_that_is_not_shared(
    empty_database_url: str, earlier: str
) -> None:
    database = Database(empty_database_url)
    await make_earlier(database, earlier)
    async with database.write() as connection, connection.begin():
        await connection.execute(sa.text("UPDATE nodes SET ended_at = seen_at"))
    await migrate(database)
    async with database.read() as connection:
        said = await connection.execute(sa.text("SELECT serves_from FROM schema_version"))
        assert said.scalars().all() == [unshared_after("")]
    await database.dispose()


async def test_a_migration_that_fails_half_way_leaves_nothing_behind(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(op, "bulk_insert", fail)  # the last step of the first migration
    with pytest.raises(RuntimeError, match="half way"):
        async with open_log(empty_database_url):
            pass
    monkeypatch.undo()
    assert await revision(empty_database_url) is None
    async with open_log(empty_database_url) as log:
        assert await log.table("SELECT * FROM events") == []


SLOW_INDEXES = (
    """CREATE FUNCTION public.slow() RETURNS event_trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_sleep(1.5); END'""",
    """CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE INDEX')
        EXECUTE FUNCTION public.slow()""",
)


async def test_a_migration_may_take_longer_than_any_other_command(
    empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(empty_postgres_url)
    await make_earlier(database, "0006")  # the next one makes an index: of many events it is slow
    async with database.write() as connection, connection.begin():
        await connection.execute(sa.text("UPDATE nodes SET ended_at = seen_at"))
        for statement in SLOW_INDEXES:
            await connection.execute(sa.text(statement))
    await database.dispose()
    monkeypatch.setattr(postgres_session, "COMMAND_SECONDS", 1)
    await migrate(database)
    await database.dispose()
    assert await revision(empty_postgres_url) == newest_revision()


async def test_a_migration_waits_only_so_long_for_those_who_read(
    empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.MIGRATOR_LIMITS, "lock_timeout", "100ms")
    database = Database(empty_postgres_url)
    await make_earlier(database, "0005")  # the next one changes a table
    async with database.read() as reader:
        await reader.execute(sa.text("SELECT count(*) FROM nodes, events"))
        with pytest.raises(LogError, match="nothing was changed"):
            await migrate(database)
    await database.dispose()
    assert await revision(empty_postgres_url) == "0005"


async def test_a_question_from_the_shell_may_take_longer_than_a_servers(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_log(postgres_url):
        pass
    monkeypatch.setattr(postgres_session, "COMMAND_SECONDS", 1)
    slow = sa.text("SELECT pg_sleep(1.5)")
    async with (
        open_for_reading(postgres_url, patient=True) as patient,
        patient.read() as connection,
    ):
        await connection.execute(slow)
    database = Database(postgres_url)
    with pytest.raises(Unavailable):
        async with database.read() as connection:
            await connection.execute(slow)
    await database.dispose()


@pytest.mark.parametrize("earlier", REVISIONS[:-1])
async def test_a_file_whose_statistics_somebody_dropped_is_migrated_from_any_revision(
    empty_sqlite_url: str, earlier: str
) -> None:
    database = Database(empty_sqlite_url)
    await make_earlier(database, earlier)
    async with database.write() as connection, connection.begin():
        await connection.execute(sa.text("DROP TABLE IF EXISTS sqlite_stat1"))
    await migrate(database)
    await database.dispose()
    assert await revision(empty_sqlite_url) == newest_revision()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_lies_in_the_lock_files_place_is_named_and_waited_for_by_nobody(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "chatlog.db.lock")
    with pytest.raises(LogError, match=r"chatlog\.db\.lock is not a regular file"):
        LockFile(tmp_path / "chatlog.db").take()


def test_the_lock_file_keeps_a_second_server_away_and_says_who_holds_it(tmp_path: Path) -> None:
    database = tmp_path / "chatlog.db"
    holder = LockFile(database).take(socket="somewhere")
    for _ in range(2):
        with pytest.raises(DatabaseBusy, match=r"process \d+") as refused:
            LockFile(database).take()
        assert refused.value.holder["socket"] == "somewhere"
    holder.release()
    LockFile(database).take().release()


async def test_the_lock_of_a_process_that_was_killed_is_free_again(sqlite_url: str) -> None:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-c", MIGRATE, sqlite_url)
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"migrated\n"
    path = Path(str(sa.make_url(sqlite_url).database))
    with pytest.raises(DatabaseBusy) as refused:
        LockFile(path).take()
    assert refused.value.holder["pid"] == process.pid
    process.kill()
    await process.wait()
    LockFile(path).take().release()
