"""``chatlog migrate``: bring a database to this program's revision, or make one."""

from __future__ import annotations

import click

from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.eventlog.migrate import newest_revision
from chatlog.eventlog.opening import open_for_writing


@click.command()
@database_option
@failures_are_sentences
def migrate(database: str) -> None:
    """Make or update the log's tables. The server must be stopped.

    A PostgreSQL database may hold other tables: the log keeps to a schema of its own.
    """
    run(_migrate(database))
    click.echo(f"The log is of revision {newest_revision()}.")


async def _migrate(url: str) -> None:
    async with open_for_writing(url, share=True):
        pass
