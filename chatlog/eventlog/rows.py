"""Convert between events and rows."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import Any, Final

import sqlalchemy as sa

from chatlog.databases.schema import events, nodes, rooms, users
from chatlog.domain.errors import LogError
from chatlog.domain.users import User
from chatlog.kinds.contents import contents_in
from chatlog.kinds.details import current, version_of
from chatlog.kinds.event import Facts, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.kinds.registry import BY_TYPE

_FROM: Final = events.join(rooms).join(users).join(nodes)

STORED: Final[sa.Select[Any]] = sa.select(
    events.c.position,
    rooms.c.room,
    events.c.seq,
    events.c.at,
    events.c.hash,
    events.c.type,
    events.c.version,
    users.c.uuid,
    users.c.username,
    users.c.id,
    users.c.commitment,
    nodes.c.node,
    events.c.session,
    events.c.client_id,
    events.c.cause,
    events.c.last_seen_at,
    events.c.sessions,
    events.c.replay_from,
    events.c.of,
    events.c.details,
    events.c.text,
    events.c.contents,
).select_from(_FROM)
"""Select this, with a condition and an order, to read events; ``recorded`` takes its rows."""


_FACTS: Final = attrgetter(*Facts._fields)


def recorded(row: sa.Row[Any]) -> Recorded:
    """Return the event in a row of ``STORED``.

    Raises:
        LogError: if this program does not know the row's type or version, or would not have
            written the row.
    """
    kind = BY_TYPE.get(row.type)
    if kind is None or row.version not in (kind.version, *kind.upcasts):
        raise LogError(
            f"Event {row.seq} of room {row.room!r} is of type {row.type!r}, version "
            f"{row.version}: a newer chatlog wrote it."
        )
    try:
        user = User(row.uuid, row.username, row.id, bytes(row.commitment))
        facts = current(kind, row.version, Facts(*_FACTS(row)))
        event = kind.of_facts(user, row.node, facts, row.text)
        if row.contents is not None:
            event = event.with_contents(contents_in(row.contents))
        return Recorded(row.position, row.room, row.seq, row.at, bytes(row.hash), event)
    except Exception as error:  # whatever a damaged row does to its kind
        raise unreadable(row) from error


def unreadable(row: sa.Row[Any]) -> LogError:
    """Return the error for a row that is damaged; raise it from its cause."""
    return LogError(
        f"Event {row.seq} of room {row.room!r} is damaged: run `chatlog verify` for details."
    )


def event_row(
    recorded: Recorded,
    facts: Facts,
    room: int,
    node: int,
    sealed: tuple[bytes | None, bytes | None, str | None],
    contents: str | None,
) -> tuple[Any, ...]:
    """Return the row of a new event, in the order of the table's columns.

    ``facts`` are as stored. ``sealed`` is the commitment to its text, the salt and the text.
    """
    event = recorded.event
    return (
        recorded.position,
        room,
        recorded.seq,
        recorded.at,
        event.type,
        version_of(facts.details),
        event.user.number,
        node,
        *facts,
        recorded.hash,
        *sealed,
        contents,
    )


@cache
def insert_events(dialect: sa.Dialect) -> str:
    """Return the INSERT statement for rows of ``event_row``.

    It is executed as text, because inserting dictionaries costs 10 µs more per row.
    """
    return str(events.insert().compile(dialect=dialect))


def session_opened(recorded: Recorded, event: Joined, room: int, node: int) -> dict[str, Any]:
    """Return the row of a session that begins with this event."""
    return {
        "session": event.session,
        "room_id": room,
        "user_id": event.user.number,
        "node_id": node,
        "joined_seq": recorded.seq,
        "joined_at": recorded.at,
        "replay_from": event.replay_from,
    }


def session_closed(recorded: Recorded, event: Left) -> dict[str, Any]:
    """Return the changed columns of the session that this event ends."""
    return {
        "ended": event.session,
        "left_seq": recorded.seq,
        "left_at": recorded.at,
        "cause": event.cause,
        "last_seen_at": event.last_seen_at,
    }
