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
from chatlog.databases.schema import (
    events,
    nodes,
    rooms,
    skeleton_keys,
    skeleton_versions,
    subjects,
    users,
)
from chatlog.domain.names import name_key
from chatlog.domain.skeletons import data_version, skeleton_key
from chatlog.eventlog.rows import OTHER, OTHERS_SUBJECT, with_people
from chatlog.kinds.details import contents_column
from chatlog.kinds.event import Event, Facts
from chatlog.kinds.proof import Proved

_OUTER: Final = with_people(
    events.outerjoin(rooms, events.c.room_id == rooms.c.id)
    .outerjoin(users, events.c.user_id == users.c.id)
    .outerjoin(nodes, events.c.node_id == nodes.c.id)
)
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
_VERSION: Final = skeleton_versions.c.version == sa.bindparam("version")


def _skeleton_key(user: sa.FromClause) -> sa.ScalarSelect[Any]:
    """Return a user's key of this program's version, or any key of an erased one."""
    number = sa.select(skeleton_versions.c.id).where(_VERSION).scalar_subquery()
    is_meant = sa.or_(skeleton_keys.c.version_id == number, user.c.username.is_(None))
    keys = sa.select(skeleton_keys.c.skeleton_key).limit(1)
    return keys.where(skeleton_keys.c.user_id == user.c.id, is_meant).scalar_subquery()


_ROWS: Final[sa.Select[Any]] = (
    sa.select(
        *PROVED.selected_columns,
        users.c.name_key,
        _skeleton_key(users).label("skeleton_key"),
        subjects.c.subject_key,
        _skeleton_key(OTHER).label("other_skeleton_key"),
        OTHERS_SUBJECT.c.subject_key.label("others_subject_key"),
        sa.select(skeleton_versions.c.keyed_until)
        .where(_VERSION)
        .scalar_subquery()
        .label("keyed_until"),
        _IS_TOPIC.label("is_topic"),
        events.c.text.label("own_text"),
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
    "subject_uuid": (str, _NONE),
    "subject": (str, _NONE),
    "subject_id": (int, _NONE),
    "subject_commitment": (bytes, _NONE),
    "is_renamed": (int, bool, _NONE),
    "other_uuid": (str, _NONE),
    "other_name": (str, _NONE),
    "other_id": (int, _NONE),
    "other_commitment": (bytes, _NONE),
    "others_subject_uuid": (str, _NONE),
    "others_subject": (str, _NONE),
    "others_subject_id": (int, _NONE),
    "others_subject_commitment": (bytes, _NONE),
    "room_uuid": (str,),
    "name_salt": (bytes, _NONE),
    "text_commitment": (bytes, _NONE),
    "text_salt": (bytes, _NONE),
    "subject_salt": (bytes, _NONE),
    "other_salt": (bytes, _NONE),
    "others_subject_salt": (bytes, _NONE),
    "other_name_key": (bytes, _NONE),
    "name_key": (bytes, _NONE),
    "skeleton_key": (bytes, _NONE),
    "subject_key": (bytes, _NONE),
    "other_skeleton_key": (bytes, _NONE),
    "others_subject_key": (bytes, _NONE),
    "keyed_until": (int, _NONE),
    "is_topic": (int,),
    "own_text": (str, _NONE),
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
            asked = {"room": room, "after": after, "limit": limit, "version": data_version()}
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
    if away or backend.failure(error) in (Failure.UNAVAILABLE, Failure.CONFLICT):
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
    _check_text(row, seq, event)
    if row.contents != contents_column(event, found.proof.salts):
        raise Wrong(seq, "its contents are not in the form in which they are stored")
    _check_node(row, seq)
    _check_keys(row, seq, secret)
    return found


def _check_text(row: sa.Row[Any], seq: int, event: Event) -> None:
    is_anothers = row.type == "room" and row.of is not None
    if not row.is_topic:
        raise Wrong(seq, "its topic is of an event that has none")
    if is_anothers and (row.own_text is not None or row.text_commitment is not None):
        raise Wrong(seq, "it has a topic of its own, and one of another event")
    if row.text != event.text and not is_anothers:
        raise Wrong(seq, "it has a text, which its type does not have")


def _check_keys(row: sa.Row[Any], seq: int, secret: bytes) -> None:
    """Check the keys by which people are found, those of skeletons as far as there should be any.

    The keys of other versions than this program's cannot be computed.
    """
    if row.name_key != _name_key(secret, row.username):
        raise Wrong(seq, "its user's name key does not match the username")
    if row.subject_id is None and row.other_uuid is None and row.skeleton_key is None:
        return  # nearly all, in open mode
    keyed = row.keyed_until or 0
    has_look = row.subject_id is not None and row.id <= keyed
    look = _look(secret, row.username) if has_look else None
    has_look = row.others_subject_id is not None and row.other_id <= keyed
    others_look = _look(secret, row.other_name) if has_look else None
    if row.other_name_key is None and row.other_name == row.others_subject:
        others_name, others_look = None, None  # called by the subject, until they use a name
    else:
        others_name = row.other_name
    for key, right, what in (
        (row.subject_key, _name_key(secret, row.subject), "subject key"),
        (row.skeleton_key, look, "user's skeleton key"),
        (row.others_subject_key, _name_key(secret, row.others_subject), "member's subject key"),
        (row.other_name_key, _name_key(secret, others_name), "member's name key"),
        (row.other_skeleton_key, others_look, "member's skeleton key"),
    ):
        if key != right:
            raise Wrong(seq, f"its {what} does not match")


@lru_cache(maxsize=10_000)
def _look(secret: bytes, name: str | None) -> bytes | None:
    return None if name is None else skeleton_key(secret, name)


def _check_node(row: sa.Row[Any], seq: int) -> None:
    """Check the row of an event's server as far as events can tell."""
    if row.node.rpartition(".")[0] != row.node_name:
        raise Wrong(seq, "its node's name does not match its node id")
    if not all(TIME.fullmatch(at) for at in (row.seen_at, row.ended_at) if at is not None):
        raise Wrong(seq, "a time of its node is malformed")


@lru_cache(maxsize=10_000)
def _name_key(secret: bytes, name: str | None) -> bytes | None:
    return None if name is None else name_key(secret, name)
