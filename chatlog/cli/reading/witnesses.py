"""``chatlog witnesses``: list the users who could have seen an event."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import tzinfo

import click

from chatlog.audit.witnesses import Cursor
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, zone_option
from chatlog.databases.opening import open_for_reading
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.readers.listing import witness_listed
from chatlog.wire.listing import WitnessListed, encode_listed

_PAGE = 500
SEQ = click.IntRange(1, 2**63 - 2)


@click.command()
@click.argument("room")
@click.argument("seq", type=SEQ)
@zone_option
@json_option
@database_option
@failures_are_sentences
def witnesses(room: str, seq: int, zone: tzinfo, as_json: bool, database: str) -> None:
    """List the users who could have seen event SEQ of ROOM, each once.

    open: present at the event. uncertain: present, but past the time their session was
    last seen. replayed: received it on joining later. possible: joined later and may have
    paged back to it. People who were not in the room at or after the event are not
    listed, although a room's history can be read without joining. Where people prove who
    they are, possible is whoever a role or an open room let read the event then or later,
    joined or not; without a join the line has no session.
    """
    run(_witnesses(room, seq, zone, database, as_json=as_json))


async def _witnesses(room: str, seq: int, zone: tzinfo, url: str, *, as_json: bool) -> None:
    header = True
    async for page in _pages(room, seq, url):
        if page or (header and not as_json):
            _print(page, zone, as_json=as_json, header=header)
            header = False


async def _pages(room: str, seq: int, url: str) -> AsyncIterator[list[WitnessListed]]:
    cursor: Cursor | None = None
    async with open_for_reading(url) as database:
        admission = await Door(database.read).admit(OPERATOR, room, "witnesses")
        while True:
            page = await admission.witnesses(seq, cursor=cursor, limit=_PAGE)
            yield list(map(witness_listed, page.found))
            if (cursor := page.next) is None:
                return


def _print(page: list[WitnessListed], zone: tzinfo, *, as_json: bool, header: bool) -> None:
    if as_json:
        output.write_lines(map(encode_listed, page))
        return
    at = f"({zone})"
    table = output.table(
        "user", "certainty", "joined at seq", at, "left at seq", at, show_header=header
    )
    for one in page:
        table.add_row(
            output.cell(one.username),
            one.certainty,
            "" if one.joined_seq is None else str(one.joined_seq),
            "" if one.joined_at is None else output.moment(one.joined_at, zone),
            "" if one.left_seq is None else str(one.left_seq),
            "" if one.left_at is None else output.moment(one.left_at, zone),
        )
    output.console().print(table)
