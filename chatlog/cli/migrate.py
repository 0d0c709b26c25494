"""``chatlog migrate``: bring a database to this program's revision, or make one."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.eventlog.database import Database, backend_for
from chatlog.eventlog.migrate import newest_revision, revision_of
from chatlog.eventlog.opening import open_for_writing
from chatlog.eventlog.postgres import Postgres
from chatlog.nodes import leases


@click.command()
@database_option
@failures_are_sentences
def migrate(database: str) -> None:
    """Make or update the log's tables. The server must be stopped.

    A PostgreSQL database may hold other tables: the log keeps to a schema of its own.
    """
    run(_migrate(database))
    output.say(f"The log is of revision {newest_revision()}.")


async def _migrate(url: str) -> None:
    if isinstance(backend_for(url), Postgres):
        await _check_all_stopped(url)
    async with open_for_writing(url, share=True):
        pass


async def _check_all_stopped(url: str) -> None:
    database = Database(url, readers=1)
    try:
        async with database.read() as connection:
            if await revision_of(connection) is not None:
                await leases.check_all_stopped(database, connection)
    finally:
        await database.dispose()
