"""Find the sessions that were open at a seq; every query about a past moment uses this.

``OPEN_SESSIONS`` finds closed sessions by class of length, one short index range per class (see
``databases.lengths``), and sessions that are still open by their own index. The statement joins
a list of classes in a nested loop. With one SELECT per class, PostgreSQL spent longer planning
than executing, chose the wrong index for some, and took 25 to 50 ms instead of 1 ms. The
statement is text, because SQLAlchemy compiles it faster.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatlog.databases.lengths import REPLAY, SESSION, classes
from chatlog.databases.schema import sessions

ROOM: Final = sa.bindparam("room", type_=sa.BigInteger)
SEQ: Final = sa.bindparam("seq", type_=sa.BigInteger)

_OF_OPEN: Final = tuple(column for column in sessions.c if column.name != "replay_from")
_OF_REPLAY: Final = (sessions.c.user_id, sessions.c.joined_seq)


def _names(columns: tuple[sa.Column[object], ...]) -> str:
    return ", ".join(column.name for column in columns)


_CLASSES: Final = ", ".join(f"({number}, {width})" for number, width in classes())


def _by_class(columns: tuple[sa.Column[object], ...], condition: str) -> str:
    """Return a SELECT that joins sessions to each ``class`` and ``width``, in this order."""
    # SQLite never reorders a CROSS JOIN; PostgreSQL puts the short list first by itself.
    return (
        f"SELECT {_names(columns)} FROM (WITH classes (class, width) AS (VALUES {_CLASSES}) "  # noqa: S608 - of constants alone
        f"SELECT {_names(columns)} FROM classes CROSS JOIN sessions "
        f"WHERE room_id = :room AND {condition}) AS of_classes"
    )


_CLOSED: Final = _by_class(
    _OF_OPEN,
    f"left_seq IS NOT NULL AND {SESSION} = class "
    "AND joined_seq <= :seq AND joined_seq > :seq - width AND left_seq > :seq",
)
_REPLAYED: Final = _by_class(
    _OF_REPLAY,
    f"replay_from < joined_seq AND {REPLAY} = class "
    "AND joined_seq > :seq AND joined_seq <= :seq + width AND replay_from <= :seq",
)

# `+ 0` disables the index on joined_seq; scanning open sessions is cheaper.
_STILL_OPEN: Final = (
    f"SELECT {_names(_OF_OPEN)} FROM sessions "  # noqa: S608 - of constants alone
    "WHERE room_id = :room AND left_seq IS NULL AND joined_seq + 0 <= :seq"
)


def _rows(select: str, columns: tuple[sa.Column[object], ...], name: str) -> sa.Subquery:
    text = sa.text(select).bindparams(ROOM, SEQ)
    return text.columns(*(sa.column(one.name, one.type) for one in columns)).subquery(name)


OPEN_SESSIONS: Final = _rows(f"{_STILL_OPEN} UNION ALL {_CLOSED}", _OF_OPEN, "open_sessions")
"""The rows of ``sessions`` open after the event at ``seq`` of ``room`` (a number)."""

REPLAYS: Final = _rows(_REPLAYED, _OF_REPLAY, "replays")
"""``user_id`` and ``joined_seq`` of sessions that joined after ``seq`` and got it in the replay."""
