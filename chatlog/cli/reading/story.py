"""Print events for people: one line per event, in columns of fixed width."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from chatlog.cli import output
from chatlog.kinds.event import Recorded, shown_name
from chatlog.wire.events import encode


def print_events(events: Iterable[Recorded], *, as_json: bool, header: bool = False) -> None:
    """Print events as the JSON that clients get, or as rows of a table."""
    if as_json:
        output.write_lines(map(encode, events))
        return
    table = _table(header=header)
    for recorded in events:
        name = output.cell(shown_name(recorded.event.user.name))
        said = output.cell(recorded.event.said())
        said.stylize("" if recorded.event.is_message else "dim")
        table.add_row(str(recorded.seq), output.moment(recorded.at), name, said)
    output.console().print(table)


def _table(*, header: bool) -> Table:
    table = output.table(show_header=header, padding=(0, 2, 0, 0))
    table.add_column("seq", justify="right", width=8, overflow="fold")
    table.add_column("at (UTC)", width=19)
    table.add_column("user", width=16, overflow="fold")
    table.add_column("", overflow="fold")
    return table
