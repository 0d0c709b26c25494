"""``chatlog export --all``: every room of one moment, a file each, in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from chatlog.cli.failures import INTERRUPTED, fail
from chatlog.cli.moving.export_folder import (
    create,
    file_name,
    files_in,
    finish,
    prepare,
    write_index,
)
from chatlog.cli.options import run
from chatlog.cli.progress import Report, progress
from chatlog.databases.opening import open_for_reading
from chatlog.domain.counts import counted
from chatlog.kinds.event_query import EventQuery
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.readers.exporting import TRIES, selected
from chatlog.wire.export_index import FORMAT, Index, IndexedRoom
from chatlog.wire.manifest import Asked, Tally, decode_manifest

_PAGE: Final = 500


def export_all(folder: Path, url: str) -> str:
    """Export every room into the folder; return what was done, in a sentence."""
    try:
        with progress("Exporting all rooms") as report:
            index = run(_export_all(folder, url, report))
    except KeyboardInterrupt:
        there = counted(len(files_in(folder)), "room")
        fail(
            f"The export was interrupted: {there} in {folder}. Run it again: it begins anew.",
            INTERRUPTED,
        )
    events = counted(sum(one.manifest.events for one in index.rooms), "event")
    return f"Exported {events} of {counted(index.count, 'room')} to {folder}."


async def _export_all(folder: Path, url: str, report: Report) -> Index:
    # One snapshot for all rooms: of a person who is erased meanwhile, no room has the name.
    async with (
        open_for_reading(url, readers=1, patient=True) as database,
        database.read() as connection,
    ):
        door = Door(lambda: nullcontext(connection))
        log = await door.admit_everywhere(OPERATOR)
        rooms = [room async for room in _rooms(door)]
        index = Index(FORMAT, await log.id(), (await log.end()).position, len(rooms))
        prepare(folder, index.log)
        write_index(folder, index)
        for room in rooms:
            index.rooms.append(await _write_room(door, room, folder))
            report(len(index.rooms), index.count)
    index.is_complete = True
    write_index(folder, index)
    return index


async def _rooms(door: Door) -> AsyncIterator[str]:
    after = ""
    while page := await door.rooms(OPERATOR, after, limit=_PAGE):
        for room in page:
            yield room.room
        after = page[-1].room


async def _write_room(door: Door, room: str, folder: Path) -> IndexedRoom:
    name = file_name(room)
    partial = folder / f"{name}.partial"
    asked = Asked(kind="jsonl", query=EventQuery(room=room), filters={})
    admission = await door.admit(OPERATOR, room, "export")
    tally = Tally()
    async with selected(admission, asked.query, tried=TRIES) as export:
        with create(partial) as file:
            async for page in export.pages():
                tally.add_events(page.room_id, page.types, page.seqs)
                lines = b"".join(line + b"\n" for line in page.lines())
                tally.add_bytes(lines)
                file.write(lines)
            finish(file, partial, folder / name)
        head = (export.selection.last, export.head_hash)
        said = tally.manifest(asked, head, is_whole=export.is_whole)
    return IndexedRoom(name, decode_manifest(said))
