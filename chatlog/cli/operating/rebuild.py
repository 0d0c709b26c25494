"""``chatlog rebuild``: rebuild the sessions table from the events."""

from __future__ import annotations

import sys

import click

from chatlog.audit.verification.sessions.rebuild import Difference, differences, replace
from chatlog.cli import output
from chatlog.cli.failures import WRONG, failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.cli.progress import Report, progress
from chatlog.databases.living import check_all_stopped
from chatlog.databases.opening import check_knows_all, open_for_writing
from chatlog.domain.counts import counted


@click.command()
@database_option
@failures_are_sentences
def rebuild(database: str) -> None:
    """Rebuild the sessions table from the events. The server must be stopped.

    Exits with 1 if the table disagreed with the events; it is then replaced in one
    transaction. The events themselves are never touched.
    """
    with progress("Rebuilding") as report:
        found, count = run(_rebuild(database, report))
    for difference in found:
        where = "The log" if difference.room is None else difference.room
        output.say(f"{where}: {difference.why}.")
    if found:
        written = counted(count, "session")
        output.say(f"chatlog: The sessions table differed; {written} rewritten.", err=True)
        sys.exit(WRONG)
    output.say("The sessions table agrees with the events.")


async def _rebuild(url: str, report: Report) -> tuple[list[Difference], int]:
    done = 0

    def tell(events: int) -> None:
        nonlocal done
        done += events
        report(done, 0)

    async with open_for_writing(url, new=False) as database:
        await check_knows_all(database)
        async with database.write() as connection, connection.begin():
            await database.backend.take_lock(connection)
            check_all_stopped(await database.backend.open_nodes(connection))
            found = await differences(connection, database.backend, tell)
            return found, await replace(connection, tell) if found else 0
