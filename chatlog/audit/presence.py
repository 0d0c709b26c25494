"""Find the users present at a seq or a time, from the sessions table.

The cost grows with the number of users present then, not with the length of the log or the
number of past sessions. The answer is the fold of the room's joins and leaves: ``verify``
checks that the table is that fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.certainty import CERTAINTY, is_uncertain
from chatlog.audit.open_sessions import OPEN_SESSIONS, ROOM, SEQ
from chatlog.databases.schema import events, nodes, users


def _open_and_since() -> sa.Select[Any]:
    """Select each open session with its user's name and the user's last arrival by then."""
    # Uses the partial index events_arrivals, so the condition must equal the index's.
    arrived = sa.text("events.type = 'join' AND events.sessions = 1")
    since_seq = (
        sa.select(sa.func.max(events.c.seq))
        .where(events.c.room_id == ROOM, events.c.user_id == OPEN_SESSIONS.c.user_id, arrived)
        .where(events.c.seq <= SEQ)
        .correlate(OPEN_SESSIONS)
        .scalar_subquery()
    )
    sessions = (
        sa.select(
            OPEN_SESSIONS.c.user_id,
            *CERTAINTY,
            since_seq.label("since_seq"),
        )
        .join(nodes, nodes.c.id == OPEN_SESSIONS.c.node_id)
        .subquery("of_users")
    )
    arrival = events.alias("arrival")
    return (
        sa.select(sessions, users.c.username, arrival.c.at.label("since"))
        .join(users, users.c.id == sessions.c.user_id)
        .join(arrival, sa.and_(arrival.c.room_id == ROOM, arrival.c.seq == sessions.c.since_seq))
    )


_OPEN: Final = _open_and_since()
_LAST_AT: Final = (
    sa.select(events.c.seq)
    .where(events.c.room_id == ROOM, events.c.at <= sa.bindparam("moment"))
    .order_by(events.c.at.desc(), events.c.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Present:
    """A user who was present; ``since`` is the arrival that made them present.

    ``username`` is None once erased; ``uncertain`` means that none of their sessions is known to
    have been open at the time asked for.
    """

    username: str | None
    sessions: int
    since: str
    since_seq: int
    uncertain: bool = False


async def seq_at(connection: AsyncConnection, room: int, moment: str) -> int:
    """Return the seq of the room's last event not after a time; 0 if there is none."""
    found = await connection.execute(_LAST_AT, {"room": room, "moment": moment})
    return int(found.scalar() or 0)


async def present_at(
    connection: AsyncConnection, room: int, seq: int, *, moment: str | None = None
) -> list[Present]:
    """Return the users present in a room (given by number) after the event at ``seq``.

    With ``moment``, the time for which ``seq`` was found, uncertain users are marked. Sorted by
    name, in order of code points.
    """
    sessions: dict[int, list[sa.Row[Any]]] = {}
    for row in await connection.execute(_OPEN, {"room": room, "seq": seq}):
        sessions.setdefault(row.user_id, []).append(row)
    found = [_present(own, moment) for own in sessions.values()]
    return sorted(found, key=lambda present: (present.username or "", present.since_seq))


def _present(sessions: list[sa.Row[Any]], moment: str | None) -> Present:
    first = sessions[0]
    doubtful = moment is not None and all(
        is_uncertain(one.last_seen, one.silent_seconds, moment) for one in sessions
    )
    return Present(first.username, len(sessions), first.since, first.since_seq, uncertain=doubtful)
