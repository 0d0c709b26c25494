"""The state of a check of a room: everything the next event is checked against.

Read from the tables at any seq, a state is only a claim; it is confirmed if checking the
earlier events, from a confirmed state, leads to the same. This lets a long room be checked
in pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.open_sessions import OPEN_SESSIONS, ROOM
from chatlog.databases.schema import events, nodes, rooms, sessions, users
from chatlog.eventlog import chain


class SessionState(NamedTuple):
    """A session according to the events; the fields of its row, except the room."""

    session: str
    user_id: str
    node: str
    joined_seq: int
    joined_at: str
    replay_from: int
    left_seq: int | None = None
    left_at: str | None = None
    cause: str | None = None
    last_seen_at: str | None = None


@dataclass(frozen=True, slots=True)
class RoomState:
    """After the event at ``head``: its hash, time and position, and the open sessions."""

    head: int = 0
    hash: bytes = chain.GENESIS
    at: str = ""
    position: int = 0
    room_id: str | None = None
    open: tuple[SessionState, ...] = ()

    def digest(self) -> bytes:
        """Return a digest that two states share only if they are equal."""
        place = (self.head, self.hash, self.at, self.position, self.room_id)
        states = sorted(tuple(state) for state in self.open)
        return sha256(repr((place, states)).encode()).digest()


BEGINNING: Final = RoomState()

OPENED: Final = (
    sessions.c.session,
    users.c.uuid,
    nodes.c.node,
    sessions.c.joined_seq,
    sessions.c.joined_at,
    sessions.c.replay_from,
)
"""The columns of a session that its join sets: the first fields of ``SessionState``."""

_EVENT: Final = (
    sa.select(events.c.hash, events.c.at, events.c.position, rooms.c.uuid)
    .select_from(events.join(rooms))
    .where(events.c.room_id == ROOM, events.c.seq == sa.bindparam("seq"))
)
_OPEN: Final[sa.Select[Any]] = (
    sa.select(*OPENED)
    .select_from(OPEN_SESSIONS)
    .join(sessions, sessions.c.session == OPEN_SESSIONS.c.session)
    .join(users, users.c.id == sessions.c.user_id)
    .join(nodes, nodes.c.id == sessions.c.node_id)
    .order_by(sessions.c.joined_seq)
)


async def claimed(connection: AsyncConnection, room: int, seq: int) -> RoomState | None:
    """Return the tables' state of a room after the event at ``seq``; None if it is invalid."""
    if seq == 0:
        return BEGINNING
    asked = {"room": room, "seq": seq}
    event = (await connection.execute(_EVENT, asked)).first()
    if event is None or tuple(map(type, event)) != (bytes, str, int, str):
        return None
    states = [SessionState(*row) for row in await connection.execute(_OPEN, asked)]
    if any(tuple(map(type, state[:6])) != (str, str, str, int, str, int) for state in states):
        return None
    return RoomState(seq, event.hash, event.at, event.position, event.uuid, tuple(states))
