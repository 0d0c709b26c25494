"""``chatlog export``: write a room's history with all that is needed to verify it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from chatlog.audit.moments import parse_point
from chatlog.audit.selection import Selection, Wanted
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.cli.progress import Report, progress
from chatlog.cli.spool import Spool, spooled
from chatlog.domain.events import EVENT_TYPES
from chatlog.domain.proof import Proved
from chatlog.eventlog.opening import open_for_reading
from chatlog.service.exporting import TRIES, ErasedMeanwhile, Export, selected
from chatlog.wire.manifest import Kind, Tally
from chatlog.wire.proved import encode_proved
from chatlog.wire.spreadsheet import header_row, row_of

_manifest_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("room")
@click.option(
    "--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True
)
@click.option("--from", "begin", metavar="SEQ|TIME", help="Not what came before it.")
@click.option("--to", "end", metavar="SEQ|TIME", help="Not what came after it.")
@click.option("--username", metavar="NAME", help="Only what this person did.")
@click.option("--types", metavar="LIST", help=f"Some of {','.join(EVENT_TYPES)}.")
@click.option("--manifest", type=_manifest_file, help="Say in this file what was written.")
@database_option
@failures_are_sentences
def export(
    room: str,
    kind: Kind,
    begin: str | None,
    end: str | None,
    username: str | None,
    types: str | None,
    manifest: Path | None,
    database: str,
) -> None:
    """Write ROOM to stdout, an event a line: as JSON with its proof, or as CSV.

    `chatlog import --format jsonl` takes a whole room back unchanged; docs/log-format.md
    says how to verify it without this program. In CSV a cell that a spreadsheet would
    take for a formula begins with an apostrophe.
    """
    asked = {"from": begin, "to": end, "username": username, "types": types}
    filters = {name: value for name, value in asked.items() if value is not None}
    wanted = Wanted(
        room=room,
        begin=None if begin is None else parse_point(begin),
        end=None if end is None else parse_point(end),
        username=username,
        types=EVENT_TYPES if types is None else _types(types),
    )
    with progress(f"Exporting {room}") as report:
        said = run(_export(wanted, kind, filters, database, report))
    if manifest is not None:
        manifest.write_bytes(said)


def _types(names: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in names.split(","))
    if unknown := sorted(set(found) - set(EVENT_TYPES)):
        raise click.UsageError(f"{unknown[0]!r} is none of {', '.join(EVENT_TYPES)}.")
    return found


async def _export(
    wanted: Wanted, kind: Kind, filters: dict[str, Any], url: str, report: Report
) -> bytes:
    async with open_for_reading(url) as database:
        for tried in range(TRIES + 1):
            with spooled() as spool:
                try:
                    async with selected(database, wanted, tried=tried) as export:
                        said = await _read(export, wanted.room, kind, filters, spool, report)
                except ErasedMeanwhile:
                    continue
                output.write_text(spool.read())
                return said
    raise AssertionError("nothing is erased within one snapshot")


async def _read(
    export: Export, room: str, kind: Kind, filters: dict[str, Any], spool: Spool, report: Report
) -> bytes:
    """Put the events into the spool; return the manifest."""
    tally = Tally()
    _write([header_row()] if kind == "csv" else [], tally, spool)
    async for page in export.pages():
        tally.add_events(page)
        _write(map(_jsonl if kind == "jsonl" else _csv, page), tally, spool)
        _report(page, export.selection, report)
    head = (export.selection.last, export.head_hash)
    return tally.manifest(kind, room, filters, head, is_whole=export.is_whole)


def _report(page: list[Proved], selection: Selection, report: Report) -> None:
    done = page[-1].recorded.seq - selection.first + 1
    report(done, selection.last - selection.first + 1)


def _jsonl(proved: Proved) -> bytes:
    return encode_proved(proved) + b"\n"


def _csv(proved: Proved) -> bytes:
    return row_of(proved.recorded)


def _write(lines: Iterable[bytes], tally: Tally, spool: Spool) -> None:
    text = b"".join(lines)
    tally.add_bytes(text)
    spool.write(text)
