"""``chatlog import``: bring a history into a room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path

import click

from chatlog.cli.failures import INTERRUPTED, fail, failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.cli.output import visible
from chatlog.cli.progress import Report, progress
from chatlog.domain.errors import LogError
from chatlog.eventlog.opening import open_for_writing
from chatlog.runtime import limits_of
from chatlog.service.importing import import_irc
from chatlog.service.irc import Counts
from chatlog.service.restoring import import_jsonl
from chatlog.settings import Settings

_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--room", metavar="ROOM", help="The room; for jsonl, by default the file's own.")
@click.option("--format", "kind", type=click.Choice(["irc", "jsonl"]), required=True)
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day an IRC log begins, where its name does not say it.",
)
@database_option
@failures_are_sentences
def import_(file: Path, room: str | None, kind: str, day: datetime | None, database: str) -> None:
    """Append a real history to a room, or put an export back into an empty place.

    irc appends what a channel's log tells. jsonl puts an export, verified first and
    unchanged, into a room of the same name that has no events.
    """
    try:
        with progress(f"Importing {file.name}") as report:
            if kind == "irc":
                said = run(_irc(file, room, day, database, report))
            else:
                said = run(_jsonl(file, room, database, report))
    except KeyboardInterrupt:
        fail("The import was interrupted.", INTERRUPTED)
    click.echo(visible(said))


async def _irc(file: Path, room: str | None, day: datetime | None, url: str, report: Report) -> str:
    if room is None:
        raise click.UsageError("Say which --room to import into.")
    begin = day.date() if day else _date_in(file.name)
    async with open_for_writing(url) as database:
        counts = await import_irc(
            database,
            _lines(file),
            room=room,
            day=begin,
            limits=limits_of(Settings()),
            progress=report,
        )
    return _summary(counts)


def _date_in(name: str) -> date:
    found = _DATE.search(name)
    try:
        return date.fromisoformat(found[0] if found else "")
    except ValueError:
        raise LogError(f"{name} does not say which day it begins: give --date.") from None


def _lines(file: Path) -> Callable[[], Iterable[bytes]]:
    def lines() -> Iterable[bytes]:
        with file.open("rb") as opened:
            yield from opened

    return lines


def _summary(counts: Counts) -> str:
    return (
        f"{counts.chats} chats, {counts.joins} joins, {counts.leaves} leaves, "
        f"{counts.implied_joins} implied joins; {counts.skipped} lines skipped."
    )


async def _jsonl(file: Path, room: str | None, url: str, report: Report) -> str:
    async with open_for_writing(url) as database:
        lines = _lines(file)()
        name, events = await import_jsonl(database, lines, room=room, progress=report)
    return f"{events} events of {name}, verified and unchanged."
