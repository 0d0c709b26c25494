"""``chatlog import``: bring a history into a room."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import click

from chatlog.cli import output
from chatlog.cli.failures import INTERRUPTED, fail, failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.cli.progress import Report, progress
from chatlog.cli.spool import whole_file
from chatlog.domain.errors import LogError
from chatlog.eventlog.lockfile import DatabaseBusy
from chatlog.eventlog.opening import open_for_writing
from chatlog.runtime import limits_of
from chatlog.service.beside import ask_holder
from chatlog.service.importer import reading
from chatlog.service.importing import import_irc
from chatlog.service.irc import Counts
from chatlog.service.restoring import import_jsonl
from chatlog.settings import Settings
from chatlog.wire.manifest import decode_manifest

_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@click.command("import")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option("--room", metavar="ROOM", help="The room; for jsonl, by default the file's own.")
@click.option("--format", "kind", type=click.Choice(["irc", "jsonl"]), required=True)
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day an IRC log begins, where its name does not say it.",
)
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of a jsonl export: refuse a file that is not the one, or not a whole room.",
)
@database_option
@failures_are_sentences
def import_(
    file: Path,
    room: str | None,
    kind: str,
    day: datetime | None,
    manifest: Path | None,
    database: str,
) -> None:
    """Append a real history to a room, or put an export back into an empty place.

    irc appends what a channel's log tells. jsonl puts an export, verified first and
    unchanged, into a room of the same name that has no events. A server that holds the
    database does it itself. FILE may be a pipe, or - for stdin: it is copied first.
    """
    try:
        with whole_file(file) as whole, progress(f"Importing {file.name}") as report:
            if manifest is not None:
                _check_manifest(whole, manifest)
            if kind == "irc":
                begin = day.date() if day else _date_in(file.name)
                said = run(_irc(whole, room, begin, database, report))
            else:
                said = run(_jsonl(whole, room, database, report))
    except KeyboardInterrupt:
        fail("The import was interrupted.", INTERRUPTED)
    output.say(said)


async def _irc(file: Path, room: str | None, begin: date, url: str, report: Report) -> str:
    if room is None:
        raise click.UsageError("Say which --room to import into.")
    limits = limits_of(Settings())
    try:
        with reading(file) as lines:
            async with open_for_writing(url) as database:
                counts = await import_irc(
                    database, lines, room=room, day=begin, limits=limits, progress=report
                )
    except DatabaseBusy as busy:
        place = {"path": str(file), "room": room, "day": begin.isoformat()}
        asked = {**place, "limits": asdict(limits)}
        counts = Counts(**await ask_holder(busy, "import-irc", asked))
    return _summary(counts)


def _date_in(name: str) -> date:
    found = _DATE.search(name)
    try:
        return date.fromisoformat(found[0] if found else "")
    except ValueError:
        raise LogError(f"{name} does not say which day it begins: give --date.") from None


def _summary(counts: Counts) -> str:
    return (
        f"{counts.chats} chats, {counts.joins} joins, {counts.leaves} leaves, "
        f"{counts.implied_joins} implied joins; {counts.skipped} lines skipped."
    )


async def _jsonl(file: Path, room: str | None, url: str, report: Report) -> str:
    try:
        with reading(file) as lines:
            async with open_for_writing(url) as database:
                name, events = await import_jsonl(database, lines(), room=room, progress=report)
    except DatabaseBusy as busy:
        asked = {"path": str(file), "room": room}
        done = await ask_holder(busy, "import-jsonl", asked)
        name, events = done["room"], done["events"]
    return f"{events} events of {name}, verified and unchanged."


def _check_manifest(file: Path, manifest: Path) -> None:
    """Check that a file is what its manifest says, and all of a room."""
    said = decode_manifest(manifest.read_bytes())
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != said.sha256:
        raise LogError(f"{file.name} is not the file of this manifest: its SHA-256 is {digest}.")
    if not said.is_whole:
        raise LogError(
            "The manifest says that the file is no whole chain. Only a room exported without "
            "filters can be imported."
        )
