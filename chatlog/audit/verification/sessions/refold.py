"""Recompute a room's sessions from its events and compare them with the sessions table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.check_events import Wrong
from chatlog.audit.verification.room_states import (
    BEGINNING,
    OPENED,
    RoomState,
    SessionState,
)
from chatlog.audit.verification.stored_rows import raise_if_away
from chatlog.databases.backend import Backend
from chatlog.databases.schema import nodes, sessions, users
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left

_STORED: Final[sa.Select[Any]] = (
    sa.select(
        *OPENED,
        sessions.c.left_seq,
        sessions.c.left_at,
        sessions.c.cause,
        sessions.c.last_seen_at,
        sessions.c.room_id,
        # During an import, sessions of its people may lapse, because they are erased.
        sa.func.coalesce(nodes.c.ended_at, nodes.c.renewed_at).label("ended_at"),
    )
    .select_from(sessions.outerjoin(users).outerjoin(nodes))
    .where(sessions.c.session.in_(sa.bindparam("sessions", expanding=True)))
)
_COUNT: Final = sa.select(sa.func.count()).where(sessions.c.room_id == sa.bindparam("room"))

_PAGE: Final = 500


class Refold:
    """The sessions of a room (given by number), from a state on.

    Only open sessions are kept in memory.
    """

    def __init__(self, backend: Backend, room: int, begin: RoomState = BEGINNING) -> None:
        self._backend = backend
        self._room = room
        self._first = begin.head + 1
        self._open = {state.session: state for state in begin.open}
        self._closed: list[SessionState] = []
        self._joins = 0

    @property
    def open(self) -> tuple[SessionState, ...]:
        """The sessions that are open now."""
        return tuple(self._open.values())

    def is_open(self, session: str) -> bool:
        """Return whether a session is open."""
        return session in self._open

    def apply(self, recorded: Recorded) -> None:
        """Fold one event in."""
        event = recorded.event
        if type(event) is Joined:
            self._joins += 1
            place = (recorded.seq, recorded.at, event.replay_from)
            self._open[event.session] = SessionState(
                event.session, event.user.id, event.node, *place
            )
        elif type(event) is Left:
            state = self._open.pop(event.session)
            end = (recorded.seq, recorded.at, event.cause, event.last_seen_at)
            self._closed.append(SessionState(*state[:6], *end))

    async def compare_closed(self, connection: AsyncConnection) -> None:
        """Compare the sessions that have ended since the last comparison.

        Raises:
            Wrong: at the seq of the first join or leave whose session differs.
        """
        closed, self._closed = self._closed, []
        await self._compare(connection, closed)

    async def compare_rest(self, connection: AsyncConnection, head: int) -> None:
        """Compare the sessions still open at the room's head, and the total number of sessions.

        Raises:
            Wrong: as ``compare_closed``; at the head if a session has no join event.
        """
        open_ = list(self._open.values())
        for begin in range(0, len(open_), _PAGE):
            await self._compare(connection, open_[begin : begin + _PAGE])
        await self.compare_count(connection, head, is_end=True)

    async def compare_count(self, connection: AsyncConnection, last: int, *, is_end: bool) -> None:
        """Compare the number of sessions that have begun; at the end of the room, of all sessions.

        Raises:
            Wrong: at ``last`` if a session has no join event.
        """
        statement = _COUNT
        if self._first > 1:
            statement = statement.where(sessions.c.joined_seq >= self._first)
        if not is_end:
            statement = statement.where(sessions.c.joined_seq <= last)
        found = await connection.execute(statement, {"room": self._room})
        if found.scalar_one() != self._joins:
            raise Wrong(last, "the number of sessions in the sessions table differs from the joins")

    async def _compare(self, connection: AsyncConnection, states: Sequence[SessionState]) -> None:
        if not states:
            return
        try:
            asked = {"sessions": [state.session for state in states]}
            rows = (await connection.execute(_STORED, asked)).all()
        except Exception as error:  # noqa: BLE001 - any driver's way to call a value senseless
            raise_if_away(self._backend, error)
            await self._compare_halves(connection, states, error)
            return
        found = {row.session: row for row in rows}
        for state in states:
            _check(state, found.get(state.session), self._room)

    async def _compare_halves(
        self, connection: AsyncConnection, states: Sequence[SessionState], error: Exception
    ) -> None:
        if len(states) == 1:
            why = f"its session cannot be decoded ({error})"
            raise Wrong(states[0].joined_seq, why) from error
        middle = len(states) // 2
        await self._compare(connection, states[:middle])
        await self._compare(connection, states[middle:])


def _check(state: SessionState, row: sa.Row[Any] | None, room: int) -> None:
    if row is None or row.room_id != room:
        raise Wrong(state.joined_seq, "its session is not in the sessions table")
    if tuple(row)[:-2] != tuple(state):
        raise Wrong(state.left_seq or state.joined_seq, "its row in the sessions table differs")
    if state.cause == "lapsed" and state.left_seq and row.ended_at is None:
        raise Wrong(state.left_seq, "its session lapsed, but its server is not recorded as ended")
