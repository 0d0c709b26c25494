"""``chatlog verify``: check that the log is what was written."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, replace
from datetime import tzinfo
from typing import Any

import click
import msgspec

from chatlog.audit.evidence.certificate import Certificate
from chatlog.audit.verification.check_room import RoomVerdict
from chatlog.audit.verification.coverage import EMPTY, TAIL
from chatlog.audit.verification.ranges import last_position
from chatlog.audit.verification.verify import Asked, Verdict, damaged
from chatlog.audit.verification.verify import verify as verify_log
from chatlog.cli import output
from chatlog.cli.failures import WRONG, failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, zone_option
from chatlog.cli.progress import Report, progress
from chatlog.cli.reading.vouching import Vouching, vouching_options
from chatlog.databases.opening import open_for_reading
from chatlog.domain.counts import counted
from chatlog.domain.errors import Unavailable
from chatlog.domain.zones import on_clock
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door

_CORES = os.cpu_count() or 1


@click.command()
@click.argument("room", required=False)
@vouching_options
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Number of processes.  [default: one per core for a long log]",
)
@zone_option
@json_option
@database_option
@failures_are_sentences
def verify(
    room: str | None,
    vouching: Vouching,
    jobs: int | None,
    zone: tzinfo,
    as_json: bool,
    database: str,
) -> None:
    """Recompute the hash chain of ROOM, or of every room, and rebuild its sessions.

    Exits with 1 if an event was changed, removed, inserted, swapped or re-dated, and names
    the first such event of each room. A chain alone does not show that it was truncated
    or rewritten from the beginning: give a --checkpoint for that.
    """
    with progress("Verifying") as report:
        try:
            verdict = run(_verify(room, database, vouching, jobs or 0, report))
        except Unavailable as error:
            verdict = damaged(database, error)
    if as_json:
        output.write_lines([msgspec.json.encode(_json(verdict, vouching))])
    else:
        _print(verdict, vouching, zone)
    if not verdict.ok:
        output.say(_sentence(verdict), err=True)
        sys.exit(WRONG)


async def _verify(
    room: str | None, url: str, vouching: Vouching, jobs: int, report: Report
) -> Verdict:
    async with open_for_reading(url, patient=True) as database:
        number, of = None, 0
        if room is None:
            async with database.read() as connection:
                of = await last_position(connection)
        else:
            number = await (await Door(database.read).admit(OPERATOR, room, "verify")).number()
        done = 0

        def tell(events: int) -> None:
            nonlocal done
            done += events
            report(done, max(of, done) if of else 0)

        stated = (vouching.of(room), vouching.erased_in(room))
        asked = Asked(number, jobs, _CORES, *stated, is_since=vouching.is_since)
        return await verify_log(url, database, asked, tell)


def _json(verdict: Verdict, vouching: Vouching) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ok": verdict.ok,
        "events": verdict.events,
        "rooms": list(map(_room, verdict.rooms)),
        "covered": verdict.coverage.sentence() + vouching.caution,
        "looked_at": verdict.coverage.looked_at,
        "ahead": [asdict(ahead) for ahead in verdict.ahead],
    }
    if hint := _hint(verdict, vouching):
        found["hint"] = hint
    return found if verdict.whole is None else {**found, "why": verdict.whole}


def _room(verdict: RoomVerdict) -> dict[str, Any]:
    found: dict[str, Any] = {
        "room": verdict.room,
        "ok": verdict.ok,
        "head": verdict.head,
        "hash": verdict.hash,
    }
    if verdict.since:
        found["since"] = verdict.since
    return found if verdict.ok else {**found, "wrong": verdict.wrong_seq, "why": verdict.why}


def _hint(verdict: Verdict, vouching: Vouching) -> str:
    """Return what this verification could not detect; empty if a checkpoint was given."""
    if not verdict.ok or vouching.checkpoint is not None:
        return ""
    return TAIL if verdict.rooms else EMPTY


def _print(verdict: Verdict, vouching: Vouching, zone: tzinfo) -> None:
    for room in verdict.rooms:
        if not room.ok:
            output.say(f"{room.room}: event {room.wrong_seq} is wrong: {room.why}.")
    if verdict.whole is not None:
        output.say(f"The log: {verdict.whole}.")
    if not verdict.ok:
        return
    if verdict.rooms:
        at = verdict.coverage.checkpoint
        coverage = replace(verdict.coverage, checkpoint=None if at is None else on_clock(at, zone))
        covered = coverage.sentence() + vouching.caution
        output.say(f"Verified {_events(verdict)}: {covered}")
    for ahead in verdict.ahead:
        output.say(
            f"{ahead.room}: {counted(ahead.events, 'event')} dated in the future, up to "
            f"{on_clock(ahead.until, zone)}. A clock was ahead, or this one is behind; new "
            "events there repeat that time until the clock has caught up."
        )
    if vouching.certificate is not None:
        output.say(_erased(vouching.certificate))
    if hint := _hint(verdict, vouching):
        output.say(hint)


def _erased(certificate: Certificate) -> str:
    events = sum(len(erasure.of) for erasure in certificate.erasures)
    where = counted(len({erasure.room for erasure in certificate.erasures}), "room")
    return f"The certificate holds: {counted(events, 'event')} in {where} erased."


def _events(verdict: Verdict) -> str:
    return f"{counted(verdict.events, 'event')} in {counted(len(verdict.rooms), 'room')}"


def _sentence(verdict: Verdict) -> str:
    wrong = sum(not room.ok for room in verdict.rooms)
    if wrong:
        return f"chatlog: Verification failed in {counted(wrong, 'room')}."
    return f"chatlog: {verdict.whole}."
