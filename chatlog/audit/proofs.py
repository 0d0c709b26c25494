"""Read events with their proofs, as an export carries and ``verify`` checks them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, rooms, subjects, users
from chatlog.eventlog.rows import (
    FACTS,
    OTHER,
    OTHERS_SUBJECT,
    PEOPLE,
    STORED,
    People,
    Row,
    recorded,
    unreadable,
)
from chatlog.kinds.details import salts_in
from chatlog.kinds.event import Event
from chatlog.kinds.proof import PersonSalts, Proof, Proved

PROVED: Final = STORED.add_columns(
    rooms.c.uuid.label("room_uuid"),
    events.c.text_commitment,
    events.c.text_salt,
    users.c.salt.label("name_salt"),
    subjects.c.salt.label("subject_salt"),
    OTHER.c.salt.label("other_salt"),
    OTHERS_SUBJECT.c.salt.label("others_subject_salt"),
    OTHER.c.name_key.label("other_name_key"),
)
"""``STORED`` with what proves an event; ``proved`` takes its rows."""
_SEALED: Final = slice(PEOPLE.stop, PEOPLE.stop + 4)
_DETAILS: Final = FACTS.stop - 1
_CONTENTS: Final = PROVED.selected_columns.keys().index("contents")
_AT: Final = PROVED.where(
    events.c.room_id == sa.bindparam("room"),
    events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
).order_by(events.c.seq)


async def read_proved_at(
    connection: AsyncConnection, room: int, seqs: Sequence[int]
) -> list[Proved]:
    """Return a room's events at these seqs, at most a page, with their proofs."""
    asked = {"room": room, "seqs": seqs}
    return all_proved((await connection.execute(_AT, asked)).all())


def all_proved(found: Iterable[Row]) -> list[Proved]:
    """Return the events and proofs in a page of rows of ``PROVED``; raises as ``proved``."""
    people: People = {}
    return [proved(row, people) for row in found]


def proved(row: Row, people: People) -> Proved:
    """Return the event and proof in a row of ``PROVED``; ``people`` are those of its page so far.

    Raises:
        LogError: from ``recorded``, or if a commitment or a salt is not bytes.
    """
    event = recorded(row, people)
    room_id, *found = row[_SEALED]
    try:
        commitment, salt, name_salt = map(_bytes, found)
        salts = _people_salts(row, event.event)
    except TypeError as error:  # SQLite stores any type in any column
        raise unreadable(row) from error
    sealed = (name_salt, commitment, salt)
    proof = Proof(room_id, *sealed, row[_DETAILS], salts_in(row[_CONTENTS]), salts)
    return Proved(event, proof)


def _people_salts(row: Row, event: Event) -> dict[str, PersonSalts]:
    people = event.people
    if not people:  # as in nearly all events, in open mode
        return {}
    return {
        key: _own(row) if person.id == event.user.id else _others(row)
        for key, person in people.items()
    }


def _own(row: Row) -> PersonSalts:
    return PersonSalts(_bytes(row.name_salt), _bytes(row.subject_salt))


def _others(row: Row) -> PersonSalts:
    is_named = row.other_name_key is not None or row.other_name is None
    return PersonSalts(_bytes(row.other_salt), _bytes(row.others_subject_salt), is_named)


def _bytes(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)
