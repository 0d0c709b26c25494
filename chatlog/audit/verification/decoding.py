"""Read rows that may have been tampered with, as events or as a ``Wrong``.

Unlike ``eventlog.rows`` this trusts nothing: a column may have another type (SQLite allows
it), a user may be missing, an event may have a field that its type does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.proofs import PROVED, proved
from chatlog.audit.verification.check_events import TIME, Wrong
from chatlog.databases.backend import Backend, Failure
from chatlog.databases.opening import why
from chatlog.databases.schema import events, nodes, rooms, users
from chatlog.eventlog import lookup
from chatlog.kinds import contents
from chatlog.kinds.event import Facts, Proved

_OUTER: Final = (
    events.outerjoin(rooms, events.c.room_id == rooms.c.id)
    .outerjoin(users, events.c.user_id == users.c.id)
    .outerjoin(nodes, events.c.node_id == nodes.c.id)
)
_ROWS: Final[sa.Select[Any]] = (
    sa.select(
        *PROVED.selected_columns,
        users.c.name_key,
        nodes.c.name.label("node_name"),
        nodes.c.seen_at,
        nodes.c.ended_at,
    )
    .select_from(_OUTER)
    .where(events.c.room_id == sa.bindparam("room"), events.c.seq > sa.bindparam("after"))
    .order_by(events.c.seq)
    .limit(sa.bindparam("limit"))
)
BEFORE_ALL: Final = -(2**63)

_Types = tuple[type, ...]
_NONE: Final = type(None)
_COLUMNS: Final[dict[str, _Types]] = {
    "position": (int,),
    "room": (str,),
    "seq": (int,),
    "at": (str,),
    "hash": (bytes,),
    "type": (str,),
    "version": (int,),
    "uuid": (str,),
    "username": (str, _NONE),
    "id": (int,),
    "commitment": (bytes,),
    "node": (str,),
    "session": (str, _NONE),
    "client_id": (str, _NONE),
    "cause": (str, _NONE),
    "last_seen_at": (str, _NONE),
    "sessions": (int, _NONE),
    "replay_from": (int, _NONE),
    "of": (str, _NONE),
    "details": (str, _NONE),
    "text": (str, _NONE),
    "contents": (str, _NONE),
    "room_uuid": (str,),
    "name_salt": (bytes, _NONE),
    "text_commitment": (bytes, _NONE),
    "text_salt": (bytes, _NONE),
    "name_key": (bytes, _NONE),
    "node_name": (str,),
    "seen_at": (str,),
    "ended_at": (str, _NONE),
}
"""The types that each column of a row may have, in the order of ``_ROWS``."""


async def read_rows(
    connection: AsyncConnection,
    backend: Backend,
    room: int,
    after: int,
    *,
    limit: int,
    last: int | None = None,
) -> Sequence[sa.Row[Any]]:
    """Return a room's next rows after a seq, up to ``last``, as far as they can be decoded.

    Without ``last`` this reads all rows, whatever their seq.

    Raises:
        Wrong: if the very next row cannot be decoded.
    """
    bounded = _ROWS if last is None else _ROWS.where(events.c.seq <= last)
    while True:
        try:
            asked = {"room": room, "after": after, "limit": limit}
            rows: Sequence[sa.Row[Any]] = (await connection.execute(bounded, asked)).all()
        except Exception as error:  # any driver's way to say that a value makes no sense
            raise_if_away(backend, error)
            if limit == 1:
                raise Wrong(after + 1, f"its row cannot be decoded ({error})") from error
            limit = max(1, limit // 4)
        else:
            return rows


def raise_if_away(backend: Backend, error: Exception) -> None:
    """Reraise an error that is not about the rows: the database is unreachable or busy."""
    away = isinstance(error, OSError) or getattr(error, "connection_invalidated", False)
    if away or backend.failure(error) is Failure.UNAVAILABLE:
        raise error


def decoded(row: sa.Row[Any], seq: int, secret: bytes) -> Proved:
    """Return the event in a row of ``read_rows`` that should be the one at ``seq``.

    Raises:
        Wrong: if this program would not have written the row.
    """
    for (column, types), value in zip(_COLUMNS.items(), row, strict=True):
        if type(value) not in types:
            raise Wrong(seq, f"its {column} cannot be decoded")
    if row.seq != seq:
        raise Wrong(seq, "it is missing")
    try:
        found = proved(row)
        event = found.recorded.event
        facts = event.facts()._replace(details=row.details)  # which ``ChainCheck`` compares
    except Exception as error:  # whatever an undecodable row does to the reader
        cause = why(error.__cause__ or error).rstrip(".")
        raise Wrong(seq, f"its row cannot be decoded ({cause})") from error
    if facts != tuple(getattr(row, column) for column in Facts._fields):
        raise Wrong(seq, "it has a field that its type does not have")
    if row.text != event.text:
        raise Wrong(seq, "it has a text, which its type does not have")
    if row.contents != contents.column(event, found.proof.salts):
        raise Wrong(seq, "its contents are not in the form in which they are stored")
    _check_node(row, seq)
    if row.name_key != _name_key(secret, row.username):
        raise Wrong(seq, "its user's name key does not match the username")
    return found


def _check_node(row: sa.Row[Any], seq: int) -> None:
    """Check the row of an event's server as far as events can tell."""
    if row.node.rpartition(".")[0] != row.node_name:
        raise Wrong(seq, "its node's name does not match its node id")
    if not all(TIME.fullmatch(at) for at in (row.seen_at, row.ended_at) if at is not None):
        raise Wrong(seq, "a time of its node is malformed")


@lru_cache(maxsize=10_000)
def _name_key(secret: bytes, name: str | None) -> bytes | None:
    return None if name is None else lookup.name_key(secret, name)
