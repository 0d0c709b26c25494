"""``chatlog export``: write a room's history with all that is needed to verify it."""

from __future__ import annotations

import click

from chatlog.audit.extent import number_of
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.cli.progress import Report, progress
from chatlog.eventlog import read
from chatlog.eventlog.opening import open_for_reading
from chatlog.service.asking import proved_events
from chatlog.wire.proved import encode_proved


@click.command()
@click.argument("room")
@click.option("--format", "kind", type=click.Choice(["jsonl"]), default="jsonl", show_default=True)
@database_option
@failures_are_sentences
def export(room: str, kind: str, database: str) -> None:
    """Write ROOM to stdout, an event a line, each with its proof.

    `chatlog import --format jsonl` takes it back unchanged; docs/log-format.md says how
    to verify it without this program.
    """
    with progress(f"Exporting {output.visible(room)}") as report:
        run(_export(room, database, report))


async def _export(room: str, url: str, report: Report) -> None:
    async with open_for_reading(url) as database:
        async with database.read() as connection:
            number = await number_of(connection, room)
            head = await read.room_head(connection, number)
        async for page in proved_events(database, number, head):
            output.write_lines(map(encode_proved, page))
            report(page[-1].recorded.seq, head)
