"""Read rows as they are stored, whatever they hold, with all that ``decoding`` checks of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.paging.room_rows import OWN, Shared
from chatlog.audit.verification.check_events import Wrong
from chatlog.databases.backend import Backend, Failure
from chatlog.databases.schema import events

_topics: Final = events.alias("topics")
# Whether the event that a room event refers to has a topic of its own.
_IS_TOPIC: Final = sa.case(
    (
        sa.and_(events.c.type == "room", events.c.of.is_not(None)),
        sa.select(sa.func.count())
        .where(
            _topics.c.room_id == events.c.room_id,
            _topics.c.seq == sa.cast(events.c.of, sa.BigInteger),
            _topics.c.type == "room",
            _topics.c.text_commitment.is_not(None),
        )
        .scalar_subquery(),
    ),
    else_=1,
)
_ROWS: Final[sa.Select[Any]] = (
    OWN.add_columns(_IS_TOPIC.label("is_topic"), events.c.text.label("own_text"))
    .where(events.c.room_id == sa.bindparam("room"), events.c.seq > sa.bindparam("after"))
    .order_by(events.c.seq)
    .limit(sa.bindparam("limit"))
)
BEFORE_ALL: Final = -(2**63)


Row = Any
"""An ``sa.Row`` of the columns of ``StoredRow``: making that of each costs 0.4 µs."""


class StoredRow(NamedTuple):
    """A row of ``read_rows``: its columns, with the types that they may have.

    Its attributes are read in a tenth of the time that those of an ``sa.Row`` take, 0.24 µs each.
    """

    position: int
    room_id: int
    seq: int
    at: str
    hash: bytes
    type: str
    version: int
    session: str | None
    client_id: str | None
    cause: str | None
    last_seen_at: str | None
    sessions: int | None
    replay_from: int | None
    of: str | None
    details: str | None
    text: str | None
    contents: str | None
    node_id: int
    user_id: int
    text_commitment: bytes | None
    text_salt: bytes | None
    is_topic: int
    own_text: str | None


async def read_rows(
    connection: AsyncConnection,
    backend: Backend,
    room: int,
    after: int,
    shared: Shared,
    *,
    limit: int,
    last: int | None = None,
) -> Sequence[Row]:
    """Return a room's next rows after a seq, up to ``last``, as far as they can be decoded.

    What they refer to is in ``shared`` then, as far as it exists. Without ``last`` this reads all
    rows, whatever their seq.

    Raises:
        Wrong: if the very next row cannot be decoded.
    """
    bounded = _ROWS if last is None else _ROWS.where(events.c.seq <= last)
    while True:
        try:
            asked = {"room": room, "after": after, "limit": limit}
            found: Sequence[Row] = (await connection.execute(bounded, asked)).all()
            await shared.know(connection, room, found)
        except Exception as error:  # any driver's way to say that a value makes no sense
            raise_if_away(backend, error)
            if limit == 1:
                raise Wrong(after + 1, f"its row cannot be decoded ({error})") from error
            limit = max(1, limit // 4)
        else:
            return found


def raise_if_away(backend: Backend, error: Exception) -> None:
    """Reraise an error that is not about the rows: the database is unreachable or busy."""
    away = isinstance(error, OSError) or getattr(error, "connection_invalidated", False)
    if away or backend.failure(error) in (Failure.UNAVAILABLE, Failure.CONFLICT):
        raise error
