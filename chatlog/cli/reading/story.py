"""Print events for people: one line per event, in columns of fixed width."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, tzinfo

from rich.table import Table

from chatlog.cli import output
from chatlog.kinds.event import Recorded
from chatlog.wire.events import encode


def print_events(
    events: Iterable[Recorded],
    *,
    as_json: bool,
    zone: tzinfo = UTC,
    header: bool = False,
    of_rooms: bool = False,
) -> None:
    """Print events as the JSON that clients get, or as rows of a table, if need be with rooms."""
    if as_json:
        output.write_lines(map(encode, events))
        return
    table = _table(zone, header=header, of_rooms=of_rooms)
    for recorded in events:
        name = output.cell(recorded.event.shown_as)
        said = output.cell(recorded.event.said())
        said.stylize("" if recorded.event.is_message else "dim")
        room = [output.cell(recorded.room)] if of_rooms else []
        table.add_row(*room, str(recorded.seq), output.moment(recorded.at, zone), name, said)
    output.console().print(table)


def _table(zone: tzinfo, *, header: bool, of_rooms: bool) -> Table:
    table = output.table(show_header=header, padding=(0, 2, 0, 0))
    if of_rooms:
        table.add_column("room", width=16, overflow="fold")
    table.add_column("seq", justify="right", width=8, overflow="fold")
    table.add_column(f"at ({zone})", width=19 if zone is UTC else 25, overflow="fold")
    table.add_column("user", width=16, overflow="fold")
    table.add_column("", overflow="fold")
    return table
