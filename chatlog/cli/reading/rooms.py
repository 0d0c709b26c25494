"""``chatlog rooms``: list the rooms of the log."""

from __future__ import annotations

from datetime import tzinfo

import click

from chatlog.audit.rooms import RoomInfo
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, zone_option
from chatlog.databases.opening import open_for_reading
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.wire.listing import RoomListed, encode_listed

_PAGE = 500


@click.command()
@zone_option
@json_option
@database_option
@failures_are_sentences
def rooms(zone: tzinfo, as_json: bool, database: str) -> None:
    """List the rooms by name, each with its last seq, users present, first and last time."""
    run(_rooms(zone, as_json, database))


async def _rooms(zone: tzinfo, as_json: bool, url: str) -> None:
    after, header = "", True
    async with open_for_reading(url) as database:
        while True:
            page = await Door(database.read).rooms(OPERATOR, after, limit=_PAGE)
            if page or (header and not as_json):
                _print(page, zone, as_json=as_json, header=header)
            if len(page) < _PAGE:
                return
            after, header = page[-1].room, False


def _print(page: list[RoomInfo], zone: tzinfo, *, as_json: bool, header: bool) -> None:
    if as_json:
        output.write_lines(encode_listed(_listed(room)) for room in page)
        return
    times = (f"first ({zone})", f"last ({zone})")
    table = output.table("room", "head", "present", *times, show_header=header)
    for room in page:
        first, last = (output.moment(at or "", zone) for at in (room.created_at, room.last_at))
        table.add_row(output.cell(room.room), str(room.head), str(room.users), first, last)
    output.console().print(table)


def _listed(room: RoomInfo) -> RoomListed:
    return RoomListed(room.room, room.head, room.users, room.chats, room.created_at, room.last_at)
