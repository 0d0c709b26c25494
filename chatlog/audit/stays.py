"""Which sessions were open at a seq: the statement that every question about a past moment uses.

``STAYS`` finds them by class of length, one short range of an index for each (see
``eventlog.lengths``), and the sessions that are open still by their own index. It is
written as text: put together by SQLAlchemy, twenty-two selects took 50 ms at their first use.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatlog.eventlog.lengths import REPLAY, STAY, classes
from chatlog.eventlog.schema import nodes, sessions

ROOM: Final = sa.bindparam("room", type_=sa.BigInteger)
SEQ: Final = sa.bindparam("seq", type_=sa.BigInteger)

_OF_STAY: Final = tuple(column for column in sessions.c if column.name != "replay_from")
_OF_REPLAY: Final = (sessions.c.user_id, sessions.c.joined_seq)


def _names(columns: tuple[sa.Column[object], ...]) -> str:
    return ", ".join(column.name for column in columns)


def _closed(number: int, width: int) -> str:
    return (
        f"SELECT {_names(_OF_STAY)} FROM sessions "  # noqa: S608 - of constants alone
        f"WHERE room_id = :room AND left_seq IS NOT NULL AND {STAY} = {number} "
        f"AND joined_seq <= :seq AND joined_seq > :seq - {width} AND left_seq > :seq"
    )


# The sum keeps the databases from searching by joined_seq: those who are still here are few,
# those who came before are all.
_STILL_OPEN: Final = (
    f"SELECT {_names(_OF_STAY)} FROM sessions "  # noqa: S608 - of constants alone
    "WHERE room_id = :room AND left_seq IS NULL AND joined_seq + 0 <= :seq"
)


def _replayed(number: int, width: int) -> str:
    return (
        f"SELECT {_names(_OF_REPLAY)} FROM sessions "  # noqa: S608 - of constants alone
        f"WHERE room_id = :room AND replay_from < joined_seq AND {REPLAY} = {number} "
        f"AND joined_seq > :seq AND joined_seq <= :seq + {width} AND replay_from <= :seq"
    )


def _all_of(selects: list[str], columns: tuple[sa.Column[object], ...], name: str) -> sa.Subquery:
    text = sa.text(" UNION ALL ".join(selects)).bindparams(ROOM, SEQ)
    return text.columns(*(sa.column(one.name, one.type) for one in columns)).subquery(name)


STAYS: Final = _all_of([_STILL_OPEN, *(_closed(*one) for one in classes())], _OF_STAY, "stays")
"""The rows of ``sessions`` open after the event at ``seq`` of ``room`` (its number)."""

REPLAYS: Final = _all_of([_replayed(*one) for one in classes()], _OF_REPLAY, "replays")
"""``user_id`` and ``joined_seq`` of those who joined after ``seq`` and were served it then."""

LAST_SEEN: Final = sa.case(
    (
        sa.and_(STAYS.c.left_seq.is_(None), nodes.c.ended_at.is_not(None)),
        sa.case((nodes.c.seen_at > STAYS.c.joined_at, nodes.c.seen_at), else_=STAYS.c.joined_at),
    ),
    else_=STAYS.c.last_seen_at,
).label("last_seen")
"""Until when a session of ``STAYS`` was surely there; NULL where nothing says it was not.

Of a dead server's session it is known before its leave is in the log. Join ``nodes``.
"""
