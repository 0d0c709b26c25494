"""``chatlog users``: list the users present in a room, now or at a seq or time."""

from __future__ import annotations

from datetime import tzinfo

import click

from chatlog.audit.points import parse_point
from chatlog.audit.presence import Present
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, zone_option
from chatlog.databases.opening import open_for_reading
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.readers.listing import user_listed
from chatlog.wire.listing import UserListed, encode_listed


@click.command()
@click.argument("room")
@click.option(
    "--at",
    metavar="SEQ|TIME",
    help="Moment to ask about, by default now. A time is such as 2026-11-22T14:03; a date means "
    "its first moment.",
)
@zone_option
@json_option
@database_option
@failures_are_sentences
def users(room: str, at: str | None, zone: tzinfo, as_json: bool, database: str) -> None:
    """List the users present in ROOM, now or at a seq or time.

    A seq includes its own event. At a time, users whose server had died by then are
    marked as uncertain.
    """
    listed = list(map(user_listed, run(_users(room, at, zone, database))))
    if as_json:
        output.write_lines(map(encode_listed, listed))
    else:
        _print(listed, zone)


async def _users(room: str, at: str | None, zone: tzinfo, url: str) -> list[Present]:
    point = None if at is None else parse_point(at, zone)
    async with open_for_reading(url) as database:
        admission = await Door(database.read).admit(OPERATOR, room, "users_at" if at else "users")
        _moment, present = await admission.users(point)
    return present


def _print(listed: list[UserListed], zone: tzinfo) -> None:
    table = output.table("user", "sessions", f"since ({zone})", "at seq", "")
    for user in listed:
        table.add_row(
            output.cell(user.username),
            str(user.sessions),
            output.moment(user.since, zone),
            str(user.since_seq),
            "uncertain" if user.uncertain else "",
        )
    output.console().print(table)
