"""``chatlog verify``: is the log what was written?"""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from chatlog.audit.extent import number_of
from chatlog.audit.verify import RoomVerdict, verify_log, verify_room, verify_rooms
from chatlog.audit.whole import RoomRow
from chatlog.cli import output
from chatlog.cli.failures import WRONG, failures_are_sentences
from chatlog.cli.options import database_option, json_option, run
from chatlog.cli.progress import Report, progress
from chatlog.eventlog.opening import open_for_reading


@click.command()
@click.argument("room", required=False)
@json_option
@database_option
@failures_are_sentences
def verify(room: str | None, as_json: bool, database: str) -> None:
    """Recompute the hash chain of ROOM, or of every room, and refold its sessions.

    Ends with 1 if an event was changed, removed, inserted, swapped or re-dated, and says
    which is the first of each room. A chain alone does not show that its end was cut
    off, or that all of it was rewritten.
    """
    with progress("Verifying") as report:
        verdicts, whole = run(_verify(room, database, report))
    ok = whole is None and all(verdict.ok for verdict in verdicts)
    if as_json:
        output.write_lines([msgspec.json.encode(_json(verdicts, whole, ok=ok))])
    else:
        _print(verdicts, whole)
    if not ok:
        wrong = sum(not verdict.ok for verdict in verdicts)
        click.echo(_sentence(wrong, whole), err=True)
        sys.exit(WRONG)


async def _verify(
    room: str | None, url: str, report: Report
) -> tuple[list[RoomVerdict], str | None]:
    async with open_for_reading(url) as database:
        if room is not None:
            async with database.read() as connection:
                number = await number_of(connection, room)
            return [await verify_room(database, RoomRow(number, room))], None
        verdicts = []
        async for verdict in verify_rooms(database):
            verdicts.append(verdict)
            report(len(verdicts), 0)
        return verdicts, await verify_log(database)


def _json(verdicts: list[RoomVerdict], whole: str | None, *, ok: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ok": ok,
        "events": sum(verdict.head for verdict in verdicts),
        "rooms": list(map(_room, verdicts)),
    }
    return found if whole is None else {**found, "why": whole}


def _room(verdict: RoomVerdict) -> dict[str, Any]:
    found = {
        "room": verdict.room,
        "ok": verdict.ok,
        "head": verdict.head,
        "hash": verdict.hash,
    }
    return found if verdict.ok else {**found, "wrong": verdict.wrong_seq, "why": verdict.why}


def _print(verdicts: list[RoomVerdict], whole: str | None) -> None:
    for verdict in verdicts:
        if not verdict.ok:
            name = output.visible(str(verdict.room))
            click.echo(f"{name}: event {verdict.wrong_seq} is wrong: {verdict.why}.")
    if whole is not None:
        click.echo(f"The log: {whole}.")
    if whole is None and all(verdict.ok for verdict in verdicts):
        events = sum(verdict.head for verdict in verdicts)
        click.echo(f"{events} events in {_count(len(verdicts))} are as they were written.")


def _sentence(wrong: int, whole: str | None) -> str:
    if wrong:
        return f"chatlog: {_count(wrong)} with an event that is not as it was written."
    return f"chatlog: {whole}."


def _count(rooms: int) -> str:
    return "1 room" if rooms == 1 else f"{rooms} rooms"
