"""Convert between events and rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from chatlog.databases.schema import events, nodes, rooms, stored_bytes, subjects, users
from chatlog.domain.errors import LogError
from chatlog.domain.users import Subject, User
from chatlog.kinds.details import contents_in, current, version_of, via_of
from chatlog.kinds.event import Facts, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.kinds.registry import BY_TYPE

OTHER: Final = users.alias("other")
"""The user whom an event is about, or who caused it."""
OTHERS_SUBJECT: Final = subjects.alias("others_subject")
_topics: Final = events.alias("topics")
ABOUT_USER: Final = ("leave", "member")
"""The types of events that may be about another user, whose id is ``of``."""


SUBJECT: Final = (
    subjects.c.uuid.label("subject_uuid"),
    subjects.c.subject,
    subjects.c.id.label("subject_id"),
    subjects.c.commitment.label("subject_commitment"),
    subjects.c.is_renamed,
)
"""The columns that ``subject_in`` takes."""

USER: Final = (users.c.uuid, users.c.username, users.c.id, users.c.commitment, *SUBJECT)
"""The columns that ``user_in`` takes; select them from ``WITH_SUBJECT``."""

WITH_SUBJECT: Final = users.outerjoin(subjects, subjects.c.id == users.c.subject_id)


def with_people(joined: sa.FromClause) -> sa.FromClause:
    """Join events and users with their subjects, and with the users that events are about."""
    is_about = sa.and_(events.c.type.in_(ABOUT_USER), OTHER.c.uuid == events.c.of)
    return (
        joined.outerjoin(subjects, subjects.c.id == users.c.subject_id)
        .outerjoin(OTHER, is_about)
        .outerjoin(OTHERS_SUBJECT, OTHERS_SUBJECT.c.id == OTHER.c.subject_id)
    )


_FROM: Final = with_people(
    events.join(rooms).join(users, users.c.id == events.c.user_id).join(nodes)
)
TEXT: Final = sa.case(
    (
        sa.and_(events.c.type == "room", events.c.of.is_not(None)),
        sa.select(_topics.c.text)
        .where(
            _topics.c.room_id == events.c.room_id,
            _topics.c.seq == sa.cast(events.c.of, sa.BigInteger),
        )
        .scalar_subquery(),
    ),
    else_=events.c.text,
)
"""An event's text, or the topic of another event that a room event refers to."""

IN_ROOM: Final = (
    events.c.seq,
    events.c.at,
    events.c.hash,
    events.c.type,
    events.c.version,
    *(events.c[name] for name in Facts._fields),
    TEXT.label("text"),
    events.c.contents,
)
"""The columns that ``event_in`` takes after the position and the room."""

_EVENT: Final = (events.c.position, rooms.c.room, *IN_ROOM, nodes.c.node)
_ABOUT: Final = (
    OTHER.c.uuid.label("other_uuid"),
    OTHER.c.username.label("other_name"),
    OTHER.c.id.label("other_id"),
    OTHER.c.commitment.label("other_commitment"),
    OTHERS_SUBJECT.c.uuid.label("others_subject_uuid"),
    OTHERS_SUBJECT.c.subject.label("others_subject"),
    OTHERS_SUBJECT.c.id.label("others_subject_id"),
    OTHERS_SUBJECT.c.commitment.label("others_subject_commitment"),
)

STORED: Final[sa.Select[Any]] = sa.select(*_EVENT, *USER, *_ABOUT).select_from(_FROM)
"""Select this, with a condition and an order, to read events; ``recorded`` takes its rows."""

FACTS: Final = slice(7, 7 + len(Facts._fields))
"""The columns of ``STORED`` that are the facts of an event."""
PEOPLE: Final = slice(len(_EVENT), len(_EVENT) + len(USER) + len(_ABOUT))
"""The columns of ``STORED`` that are the users in an event."""

Row = Any
"""An ``sa.Row``, or a named tuple of the same columns."""

People = dict[tuple[Any, ...], tuple[User, User | None]]
"""An event's user, and whom it is about, by the columns ``PEOPLE`` of its row."""


def all_recorded(found: Iterable[Row]) -> list[Recorded]:
    """Return the events in a page of rows of ``STORED``; raises as ``recorded``.

    A page has many events of few people, so each user is made once.
    """
    people: People = {}
    return [recorded(row, people) for row in found]


def recorded(row: Row, people: People | None = None) -> Recorded:
    """Return the event in a row of ``STORED``; ``people`` are those of its page so far.

    Raises:
        LogError: as ``event_in``.
    """
    own = row[: PEOPLE.start]
    try:
        user, about = _people(row, {} if people is None else people)
    except Exception as error:  # whatever a damaged row does
        raise unreadable(row.room, row.seq) from error
    return event_in(own, row.room, row.node, user, about)


def event_in(own: Row, room: str, node: str, user: User, about: User | None) -> Recorded:
    """Return the event in the columns of ``STORED`` up to ``PEOPLE``, given whom they refer to.

    The columns of the room and the node may hold their numbers.

    Raises:
        LogError: if this program does not know the row's type or version, or would not have
            written the row.
    """
    position, _, seq, at, digest, type_, version = own[: FACTS.start]
    kind = BY_TYPE.get(type_)
    if kind is None or (version != kind.version and version not in kind.upcasts):
        raise LogError(
            f"Event {seq} of room {room!r} is of type {type_!r}, version "
            f"{version}: a newer chatlog wrote it."
        )
    try:
        facts, text, contents = Facts._make(own[FACTS]), own[FACTS.stop], own[FACTS.stop + 1]
        event = kind.of_facts(user, node, current(kind, version, facts), text, about)
        if contents is not None:
            event = event.with_contents(contents_in(contents))
        return Recorded(position, room, seq, at, stored_bytes(digest), event, via_of(facts.details))
    except Exception as error:  # whatever a damaged row does to its kind
        raise unreadable(room, seq) from error


def _people(row: Row, known: People) -> tuple[User, User | None]:
    columns = row[PEOPLE]
    found = known.get(columns)
    if found is None:
        found = known[columns] = user_in(row), _about(row)
    return found


def user_in(row: Row) -> User:
    """Return the user in a row of the columns of ``USER``."""
    return User(row.uuid, row.username, row.id, stored_bytes(row.commitment), subject_in(row))


def subject_in(row: Row) -> Subject | None:
    """Return the subject in a row that has one, in the columns of ``SUBJECT``."""
    if row.subject_uuid is None:
        return None
    commitment = stored_bytes(row.subject_commitment)
    return Subject(row.subject_uuid, row.subject, row.subject_id, commitment, bool(row.is_renamed))


def _about(row: Row) -> User | None:
    if row.other_uuid is None:
        return None
    subject = None
    if row.others_subject_uuid is not None:
        subject = Subject(
            row.others_subject_uuid,
            row.others_subject,
            row.others_subject_id,
            stored_bytes(row.others_subject_commitment),
        )
    commitment = stored_bytes(row.other_commitment)
    return User(row.other_uuid, row.other_name, row.other_id, commitment, subject)


def unreadable(room: str, seq: int) -> LogError:
    """Return the error for a row that is damaged; raise it from its cause."""
    return LogError(f"Event {seq} of room {room!r} is damaged: run `chatlog verify` for details.")


def event_row(
    recorded: Recorded,
    facts: Facts,
    room: int,
    user: int,
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
        user,
        node,
        *facts,
        recorded.hash,
        *sealed,
        contents,
    )


INSERT_EVENTS: Final = events.insert()


def session_opened(
    recorded: Recorded, event: Joined, room: int, user: int, node: int
) -> dict[str, Any]:
    """Return the row of a session that begins with this event."""
    return {
        "session": event.session,
        "room_id": room,
        "user_id": user,
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
