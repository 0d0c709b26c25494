"""``chatlog export-user``: write everything of one person, to hand it over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, tzinfo
from typing import Literal, Protocol

import click
import msgspec

from chatlog.audit.person import Look, OnRecord
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.spool import Spool, spooled
from chatlog.cli.options import database_option, run
from chatlog.databases.opening import open_for_reading
from chatlog.domain.counts import counted
from chatlog.domain.errors import LogError
from chatlog.domain.zones import on_clock, zone_named
from chatlog.kinds.proof import Proved
from chatlog.operations.arguments import check_person
from chatlog.readers.askers import OPERATOR
from chatlog.readers.person_export import person_export
from chatlog.wire.events import encode_proved


@click.command("export-user")
@click.argument("name", required=False)
@click.option("--sub", metavar="SUB", help="The person with this subject, instead of NAME.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "text"]),
    default="jsonl",
    show_default=True,
    help="JSON lines with proofs, or text for people.",
)
@click.option(
    "--tz",
    "zone_name",
    metavar="ZONE",
    help="Time zone of the times in text, such as Europe/Berlin.  [default: UTC]",
)
@database_option
@failures_are_sentences
def export_user(
    name: str | None,
    sub: str | None,
    kind: Literal["jsonl", "text"],
    zone_name: str | None,
    database: str,
) -> None:
    """Write everything of one person to stdout: names, events by and about them, looks.

    It is found by a username or by --sub, in every room. In JSON, the first line is about the
    person, each event is the line that `chatlog export` has of it, and looks follow. It may name
    others: who gave the person a role, for instance.
    """
    check_person(name, sub)
    if kind == "jsonl" and zone_name is not None:
        raise LogError("--tz needs --format text: JSON lines stay in UTC so that they verify.")
    zone = UTC if zone_name is None else zone_named(zone_name)
    run(_export(database, name, sub, _Lines() if kind == "jsonl" else _Text(zone)))


class _Form(Protocol):
    """A form of the export: its beginning, the lines of a page of events, its end."""

    def begin(self, found: OnRecord) -> Iterable[bytes]: ...
    def events(self, page: list[Proved]) -> Iterable[bytes]: ...
    def looks(self, looks: Iterable[Look]) -> Iterable[bytes]: ...


class _Lines:
    """JSON lines."""

    def begin(self, found: OnRecord) -> Iterable[bytes]:
        told = {"type": "person", "usernames": found.names, "subjects": found.subjects}
        yield msgspec.json.encode(told | {"events": len(found.positions)})

    def events(self, page: list[Proved]) -> Iterable[bytes]:
        return map(encode_proved, page)

    def looks(self, looks: Iterable[Look]) -> Iterable[bytes]:
        return (msgspec.json.encode({"type": "look"} | asdict(look)) for look in looks)


class _Text:
    """A page to read, with times local to a zone."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def begin(self, found: OnRecord) -> Iterable[bytes]:
        yield self._line(f"Names: {', '.join(found.names)}")
        if found.subjects:
            yield self._line(f"Subjects: {', '.join(found.subjects)}")
        yield self._line(f"{counted(len(found.positions), 'event')} by or about the person:")

    def events(self, page: list[Proved]) -> Iterable[bytes]:
        for recorded in (proved.recorded for proved in page):
            name, said = recorded.event.shown_as, recorded.event.said()
            yield self._at(recorded.at, f"{recorded.room} {recorded.seq}  {name}: {said}")

    def looks(self, looks: Iterable[Look]) -> Iterable[bytes]:
        for look in looks:
            of = "the list of rooms" if look.room is None else look.room
            seq = "" if look.seq is None else f" {look.seq}"
            yield self._at(look.at, f"looked at {of}{seq}: {look.what}")

    def _at(self, at: str, said: str) -> bytes:
        return self._line(f"{on_clock(at, self._zone)}  {said}")

    def _line(self, text: str) -> bytes:
        return output.visible(text).encode()


async def _export(url: str, name: str | None, subject: str | None, form: _Form) -> None:
    """Print once all is read: it may take its reader long, and a snapshot must not."""
    with spooled() as spool:
        async with (
            open_for_reading(url, patient=True) as database,
            person_export(database.read, OPERATOR, name, subject) as export,
        ):
            _write(form.begin(export.found), spool)
            async for page in export.pages():
                _write(form.events(page), spool)
            _write(form.looks(export.found.looks), spool)
        output.write_text(spool.read())


def _write(lines: Iterable[bytes], spool: Spool) -> None:
    for line in lines:
        spool.write(line + b"\n")
