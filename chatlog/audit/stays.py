"""Which sessions were open at a seq: the statement that every question about a past moment uses.

``STAYS`` finds them by class of length, one short range of an index for each (see
``eventlog.lengths``), and the sessions that are open still by their own index. The classes
are joined, in a loop over a list of them: with a select for each, PostgreSQL planned for
longer than it searched, searched some by the wrong index, and took 25 to 50 ms, where this
takes 1 ms. It is written as text, so that SQLAlchemy has less to put together.
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


_CLASSES: Final = ", ".join(f"({number}, {width})" for number, width in classes())


def _by_class(columns: tuple[sa.Column[object], ...], condition: str) -> str:
    """Return the select of sessions for each ``class`` and ``width``, in this order."""
    # SQLite never reorders a CROSS JOIN; PostgreSQL sees that the short list is to come first.
    return (
        f"SELECT {_names(columns)} FROM (WITH classes (class, width) AS (VALUES {_CLASSES}) "  # noqa: S608 - of constants alone
        f"SELECT {_names(columns)} FROM classes CROSS JOIN sessions "
        f"WHERE room_id = :room AND {condition}) AS of_classes"
    )


_CLOSED: Final = _by_class(
    _OF_STAY,
    f"left_seq IS NOT NULL AND {STAY} = class "
    "AND joined_seq <= :seq AND joined_seq > :seq - width AND left_seq > :seq",
)
_REPLAYED: Final = _by_class(
    _OF_REPLAY,
    f"replay_from < joined_seq AND {REPLAY} = class "
    "AND joined_seq > :seq AND joined_seq <= :seq + width AND replay_from <= :seq",
)

# The sum keeps the databases from searching by joined_seq: those who are still here are few,
# those who came before are all.
_STILL_OPEN: Final = (
    f"SELECT {_names(_OF_STAY)} FROM sessions "  # noqa: S608 - of constants alone
    "WHERE room_id = :room AND left_seq IS NULL AND joined_seq + 0 <= :seq"
)


def _rows(select: str, columns: tuple[sa.Column[object], ...], name: str) -> sa.Subquery:
    text = sa.text(select).bindparams(ROOM, SEQ)
    return text.columns(*(sa.column(one.name, one.type) for one in columns)).subquery(name)


STAYS: Final = _rows(f"{_STILL_OPEN} UNION ALL {_CLOSED}", _OF_STAY, "stays")
"""The rows of ``sessions`` open after the event at ``seq`` of ``room`` (its number)."""

REPLAYS: Final = _rows(_REPLAYED, _OF_REPLAY, "replays")
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
