"""``chatlog export``: write a room's history with everything needed to verify it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final

import click

from chatlog.audit.paging.selection import Selection
from chatlog.audit.points import parse_end, parse_point
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.moving.export_all import export_all
from chatlog.cli.operating.spool import Spool, spooled
from chatlog.cli.options import database_option, run, types_option
from chatlog.cli.progress import Report, progress
from chatlog.databases.opening import open_for_reading
from chatlog.domain.errors import LogError
from chatlog.domain.zones import zone_named
from chatlog.kinds.event import Recorded
from chatlog.kinds.event_query import EventQuery
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.readers.export_page import ExportPage
from chatlog.readers.exporting import TRIES, ErasedMeanwhile, Export, selected
from chatlog.wire import transcript
from chatlog.wire.manifest import Asked, Kind, Tally
from chatlog.wire.spreadsheet import BOM, header_row, row_of

_POINT: Final = "SEQ|DATE|TIME"
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_manifest_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("room", required=False)
@click.option(
    "--all",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write every room to this folder instead, one JSONL file each.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "csv", "html"]),
    default="jsonl",
    show_default=True,
    help="JSON lines with proofs, CSV, or a transcript to print.",
)
@click.option("--from", "begin", metavar=_POINT, help="Start at this seq or time (inclusive).")
@click.option(
    "--to",
    "end",
    metavar=_POINT,
    help="End at this seq or time (inclusive). A date includes its whole day.",
)
@click.option("--username", metavar="NAME", help="Only events of this user.")
@types_option
@click.option(
    "--tz",
    "zone_name",
    metavar="ZONE",
    help="Time zone, such as Europe/Berlin, of --from and --to without an offset, and of the "
    "times in CSV and HTML.  [default: UTC]",
)
@click.option("--bom", is_flag=True, help="Begin a CSV file with a byte order mark (for Excel).")
@click.option("--manifest", type=_manifest_file, help="Describe the export in this file.")
@database_option
@failures_are_sentences
def export(
    room: str | None,
    folder: Path | None,
    kind: Kind,
    begin: str | None,
    end: str | None,
    username: str | None,
    types: tuple[str, ...] | None,
    zone_name: str | None,
    bom: bool,
    manifest: Path | None,
    database: str,
) -> None:
    """Write ROOM to stdout, one event per line: JSON with its proof, CSV, or HTML to print.

    With --all, write all rooms of one moment to a folder; `chatlog import --all` restores
    them. `chatlog import --format jsonl` restores a whole room unchanged; docs/log-format.md
    describes how to verify it without chatlog. In CSV, a cell that a spreadsheet would
    take for a formula begins with an apostrophe.
    """
    if folder is not None:
        if (room, begin, end, username, types, zone_name, manifest) != (
            None,
        ) * 7 or kind != "jsonl":
            raise click.UsageError(
                "--all takes neither a ROOM nor what chooses events or a format."
            )
        output.say(export_all(folder, database))
        return
    if room is None:
        raise click.UsageError("Give a ROOM, or --all DIR.")
    form = _form(kind, zone_name, bom=bom)
    query = EventQuery(
        room=room,
        first=None if begin is None else parse_point(begin, form.zone),
        last=None if end is None else parse_end(end, form.zone),
        username=username,
        types=EVENT_TYPES if types is None else types,
    )
    listed = None if types is None else ",".join(types)
    given = {"from": begin, "to": end, "username": username, "types": listed}
    asked = Asked(
        kind=kind,
        query=query,
        filters={name: value for name, value in given.items() if value is not None},
        timezone=str(form.zone),
    )
    with progress(f"Exporting {room}") as report:
        said = run(_export(asked, form, database, report))
    if manifest is not None:
        with open(os.open(manifest, _NEW, 0o600), "wb") as out:  # noqa: PTH123 - pathlib has no mode
            out.write(said)


@dataclass(frozen=True, slots=True)
class _Form:
    """An output format: the head of the file, the text of each page, and the file's end."""

    head: Callable[[Asked, Export], bytes]
    text: Callable[[ExportPage], bytes]
    zone: tzinfo = UTC
    tail: bytes = b""


def _form(kind: Kind, zone_name: str | None, *, bom: bool) -> _Form:
    zone = UTC if zone_name is None else zone_named(zone_name)
    if kind == "csv":
        head = (BOM if bom else b"") + header_row()
        return _Form(lambda *_: head, _each(lambda recorded: row_of(recorded, zone)), zone)
    if bom or (kind == "jsonl" and zone_name is not None):
        option = "--bom" if bom else "--tz"
        raise LogError(
            f"{option} needs --format csv: JSON lines stay in UTF-8 and UTC so that they verify."
        )
    if kind == "html":
        return _Form(
            _heading,
            _each(lambda recorded: transcript.row_of(recorded, zone)),
            zone,
            transcript.TAIL,
        )
    return _Form(lambda *_: b"", lambda page: b"".join(line + b"\n" for line in page.lines()))


def _each(row: Callable[[Recorded], bytes]) -> Callable[[ExportPage], bytes]:
    return lambda page: b"".join(row(proved.recorded) for proved in page.events())


def _heading(asked: Asked, export: Export) -> bytes:
    selection = export.selection
    told = f"Events {selection.first} to {selection.last}"
    if not export.is_whole:
        words = ", ".join(f"{name} {value}" for name, value in asked.filters.items())
        told = f"{told}, a selection by {words}"
    heading = transcript.Heading(
        asked.query.room, told, selection.last, export.head_hash, asked.timezone
    )
    return transcript.head_of(heading)


async def _export(asked: Asked, form: _Form, url: str, report: Report) -> bytes:
    query = asked.query
    async with open_for_reading(url, patient=True) as database:
        admission = await Door(database.read).admit(OPERATOR, query.room, "export")
        for tried in range(TRIES + 1):
            with spooled() as spool:
                try:
                    async with selected(admission, query, tried=tried) as export:
                        said = await _read(export, asked, form, spool, report)
                except ErasedMeanwhile:
                    continue
                output.write_text(spool.read())
                return said
    raise AssertionError("nothing is erased within one snapshot")


async def _read(export: Export, asked: Asked, form: _Form, spool: Spool, report: Report) -> bytes:
    """Write the events into the spool and return the manifest."""
    tally = Tally()
    _write(form.head(asked, export), tally, spool)
    async for page in export.pages():
        tally.add_events(page.room_id, page.types, page.seqs)
        _write(form.text(page), tally, spool)
        _report(page, export.selection, report)
    _write(form.tail, tally, spool)
    head = (export.selection.last, export.head_hash)
    return tally.manifest(asked, head, is_whole=export.is_whole)


def _report(page: ExportPage, selection: Selection, report: Report) -> None:
    done = page.seqs[1] - selection.first + 1
    report(done, selection.last - selection.first + 1)


def _write(text: bytes, tally: Tally, spool: Spool) -> None:
    tally.add_bytes(text)
    spool.write(text)
