"""``chatlog import``: bring a history into a room."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from chatlog.cli import output
from chatlog.cli.failures import INTERRUPTED, fail, failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.cli.progress import Report, progress
from chatlog.cli.spool import whole_file
from chatlog.domain.errors import LogError
from chatlog.domain.names import check_room
from chatlog.eventlog.lockfile import DatabaseBusy
from chatlog.eventlog.opening import open_for_writing
from chatlog.formats.files import files
from chatlog.formats.history import AUTO, SLACK, History, Reading
from chatlog.formats.recognise import DIALECTS
from chatlog.runtime import limits_of
from chatlog.service.beside import ask_holder
from chatlog.service.importer import is_export, lines_of
from chatlog.service.importing import Counts, import_history
from chatlog.service.restoring import import_jsonl
from chatlog.settings import Settings
from chatlog.wire.manifest import decode_manifest

_FORMATS = (AUTO, *DIALECTS, SLACK, "jsonl")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--room", metavar="ROOM", help="The room; for jsonl, by default the file's own.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    default=AUTO,
    show_default=True,
    help="The dialect; auto recognises it from the first lines. irc is ubuntu's.",
)
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day a log begins, where neither its lines nor its name say it.",
)
@click.option(
    "--timezone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="The zone of the log's clock, like Europe/Berlin.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    help="The file's encoding. [default: UTF-8, UTF-16 or Windows-1252, as the file shows]",
)
@click.option(
    "--continue", "again", is_flag=True, help="Skip what the room has of the file already."
)
@click.option(
    "--lenient", is_flag=True, help="Take a file of which much is not understood, without that."
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
    timezone: str,
    encoding: str | None,
    again: bool,
    lenient: bool,
    manifest: Path | None,
    database: str,
) -> None:
    """Append a real history to a room, or put an export back into an empty place.

    FILE is a log of IRC (ubuntu's, irssi's, WeeChat's, ZNC's, HexChat's, mIRC's), a
    channel's folder of a Slack export, or a jsonl export; - is standard input. A log's
    events are appended. An export is verified first and put, unchanged, into a room of the
    same name that has no events. A server that holds the database does it itself.
    """
    with whole_file(file) as path:
        if kind == "jsonl" or (kind == AUTO and is_export(path)):
            said = _shown(
                file.name, lambda report: _put_back(path, room, manifest, database, report)
            )
        else:
            if manifest is not None:
                raise click.UsageError("Only a jsonl export has a --manifest.")
            reading = Reading(
                path=str(path),
                name=file.name,
                format=kind,
                timezone=timezone,
                encoding=encoding,
                date=None if day is None else day.date().isoformat(),
                lenient=lenient,
            )
            said = _shown(file.name, lambda report: _append(reading, room, again, database, report))
    output.say(said)


def _shown(name: str, work: Callable[[Report], str]) -> str:
    try:
        with progress(f"Importing {name}") as report:
            return work(report)
    except KeyboardInterrupt:
        fail("The import was interrupted; --continue goes on with it.", INTERRUPTED)


def _append(reading: Reading, room: str | None, again: bool, url: str, report: Report) -> str:
    if room is None:
        raise click.UsageError("Say which --room to import into.")
    check_room(room, limits_of(Settings()))
    history = History(reading)  # what is wrong with a file is said before a database is made
    return _summary(run(_carry_out(history, room, again, url, report)))


async def _carry_out(history: History, room: str, again: bool, url: str, report: Report) -> Counts:
    limits = limits_of(Settings())
    try:
        async with open_for_writing(url) as database:
            return await import_history(
                database, history, room=room, limits=limits, again=again, progress=report
            )
    except DatabaseBusy as busy:
        asked = {
            "reading": asdict(history.reading),
            "room": room,
            "again": again,
            "limits": asdict(limits),
        }
        return Counts(**await ask_holder(busy, "import-history", asked))


def _summary(counts: Counts) -> str:
    skipped = f"{counts.skipped} lines skipped"
    if why := ", ".join(f"{count} {what}" for count, what in _reasons(counts) if count):
        skipped += f" ({why})"
    said = (
        f"{counts.chats} chats, {counts.joins} joins, {counts.leaves} leaves, "
        f"{counts.implied_joins} implied joins; {skipped}"
    )
    if counts.known:
        said += f"; {counts.known} events were in the room already"
    if counts.first_at:
        said += f"; from {counts.first_at} to {counts.last_at}"
    return f"{said}."


def _reasons(counts: Counts) -> tuple[tuple[int, str], ...]:
    return (
        (counts.unknown, "not understood"),
        (counts.unfit, "with a name or text that a log cannot hold"),
    )


def _put_back(path: Path, room: str | None, manifest: Path | None, url: str, report: Report) -> str:
    if manifest is not None:
        _check_manifest(path, manifest)
    return run(_jsonl(path, room, url, report))


async def _jsonl(file: Path, room: str | None, url: str, report: Report) -> str:
    try:
        with files() as lent:
            lines = lines_of(lent.unpacked(file))
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
