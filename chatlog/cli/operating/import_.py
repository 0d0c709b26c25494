"""``chatlog import``: append a history to a room, or restore an exported room."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from chatlog.cli import output
from chatlog.cli.failures import INTERRUPTED, fail, failures_are_sentences
from chatlog.cli.moving.import_all import import_all
from chatlog.cli.operating.spool import whole_file
from chatlog.cli.options import database_option, run
from chatlog.cli.progress import Report, progress
from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.opening import open_for_writing
from chatlog.domain.counts import counted
from chatlog.domain.errors import LogError
from chatlog.domain.names import check_room
from chatlog.formats.files import files
from chatlog.formats.history import AUTO, SLACK, History, Reading
from chatlog.formats.recognise import DIALECTS
from chatlog.operations.arguments import limits_of
from chatlog.operations.delegation import ask_holder
from chatlog.operations.export_file import is_export, lines_of
from chatlog.operations.import_history import Counts, import_history
from chatlog.operations.restore_export import restore_export
from chatlog.settings import Settings
from chatlog.wire.manifest import decode_manifest

_FORMATS = (AUTO, *DIALECTS, SLACK, "jsonl")


@click.command("import")
@click.argument(
    "file", required=False, type=click.Path(exists=True, allow_dash=True, path_type=Path)
)
@click.option(
    "--all",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Restore every room of a folder that `export --all` has written.",
)
@click.option("--room", metavar="ROOM", help="Target room; jsonl defaults to the file's own.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    default=AUTO,
    show_default=True,
    help="Log format; auto recognises it from the first lines. irc is irclogs.ubuntu.com's.",
)
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the log, if neither its lines nor its name give one.",
)
@click.option(
    "--timezone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Time zone of the log, such as Europe/Berlin.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    help="Encoding of the file.  [default: detected among UTF-8, UTF-16 and Windows-1252]",
)
@click.option("--continue", "again", is_flag=True, help="Skip events that the room already has.")
@click.option(
    "--lenient", is_flag=True, help="Accept a file with many unrecognised lines; skip those lines."
)
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Manifest of a jsonl export: refuse a file that does not match it or is not a whole room.",
)
@database_option
@failures_are_sentences
def import_(
    file: Path | None,
    folder: Path | None,
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
    """Append a chat log to a room, or restore an export into a room without events.

    FILE is an IRC log (ubuntu, irssi, WeeChat, ZNC, HexChat, mIRC), a channel's folder of
    a Slack export, or a jsonl export; - is standard input. The events of a log are
    appended. An export is verified, then restored unchanged into a room of the same name
    that has no events. If a server holds the database, the server does the import.
    """
    if folder is not None:
        if (file, room, manifest) != (None, None, None):
            raise click.UsageError("--all takes neither a FILE nor --room nor --manifest.")
        output.say(import_all(folder, database))
        return
    if file is None:
        raise click.UsageError("Give a FILE, or --all DIR.")
    with whole_file(file) as path:
        if kind == "jsonl" or (kind == AUTO and is_export(path)):
            said = _shown(
                file.name, lambda report: _restore(path, room, manifest, database, report)
            )
        else:
            if manifest is not None:
                raise click.UsageError("--manifest needs a jsonl export.")
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
        fail("The import was interrupted; --continue resumes it.", INTERRUPTED)


def _append(reading: Reading, room: str | None, again: bool, url: str, report: Report) -> str:
    if room is None:
        raise click.UsageError("Give the --room to import into.")
    check_room(room, limits_of(Settings()))
    history = History(reading)  # report a faulty file before creating a database
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
    skipped = f"{counted(counts.skipped, 'line')} skipped"
    if why := ", ".join(f"{count} {what}" for count, what in _reasons(counts) if count):
        skipped += f" ({why})"
    said = (
        f"{counted(counts.chats, 'chat')}, {counted(counts.joins, 'join')}, "
        f"{counted(counts.leaves, 'leave', 'leaves')}, "
        f"{counted(counts.implied_joins, 'implied join')}; {skipped}"
    )
    if counts.known:
        said += f"; {counted(counts.known, 'event')} already in the room"
    if counts.first_at:
        said += f"; from {counts.first_at} to {counts.last_at}"
    return f"{said}."


def _reasons(counts: Counts) -> tuple[tuple[int, str], ...]:
    return (
        (counts.unknown, "not recognised"),
        (counts.unfit, "with a name or text that a log cannot hold"),
    )


def _restore(path: Path, room: str | None, manifest: Path | None, url: str, report: Report) -> str:
    if manifest is not None:
        _check_manifest(path, manifest)
    return run(_jsonl(path, room, url, report))


async def _jsonl(file: Path, room: str | None, url: str, report: Report) -> str:
    try:
        with files() as lent:
            lines = lines_of(lent.unpacked(file))
            async with open_for_writing(url) as database:
                name, events = await restore_export(database, lines(), room=room, progress=report)
    except DatabaseBusy as busy:
        asked = {"path": str(file), "room": room}
        done = await ask_holder(busy, "import-jsonl", asked)
        name, events = done["room"], done["events"]
    return f"Restored {counted(events, 'event')} of {name}, verified and unchanged."


def _check_manifest(file: Path, manifest: Path) -> None:
    """Check that a file matches its manifest and is a whole room."""
    said = decode_manifest(manifest.read_bytes())
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != said.sha256:
        raise LogError(f"{file.name} does not match this manifest: its SHA-256 is {digest}.")
    if not said.is_whole:
        raise LogError(
            "According to the manifest, the file is not a complete chain. Only a room exported "
            "without filters can be imported."
        )
