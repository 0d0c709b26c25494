"""The people in commands: who asks, under which name they act, and whom a command is about."""

from __future__ import annotations

from typing import Final, cast

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity, check_subject
from chatlog.domain.names import check_remark
from chatlog.domain.rights import Asker, Role, is_claim_due
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.kinds.command import FirstPost, Known, Target

TOKEN: Final = "(token)"  # noqa: S105 - a name
"""The user who gives the roles that a token grants."""


def asker(room: Room, known: Known, identity: Identity) -> Asker:
    """Return a person as somebody who asks for something in a room now.

    This needs no name: whoever may not see the room learns nothing, whatever they are called.
    """
    subject = known.subject(identity)
    given = room.rights.of(None if subject is None else subject.id)
    return Asker(given, known.time(room), identity.is_admin, identity.is_audit)


def acting(room: Room, known: Known, identity: Identity) -> User:
    """Return who a person is in a room: while present, under the name of their join.

    Raises:
        Refused: ``username_taken``.
    """
    subject = known.subject(identity)
    present = None if subject is None else room.sessions.of_subject(subject.id)
    return present or known.person(identity)


def claimed(room: Room, known: Known, author: Identity) -> Role | None:
    """Return the role that the author's token gives them in a room; None if nothing is to be done.

    A role that a person has given stands.
    """
    role, subject = author.rooms.get(room.name), known.subject(author)
    given = () if subject is None else room.rights.of(subject.id)
    return cast(Role, role) if role is not None and is_claim_due(given, role) else None


def target_of(subject: str | None, username: str | None) -> Target:
    """Return whom a command is about.

    Raises:
        Refused: ``bad_command`` unless exactly one of the two says so.
    """
    if (subject is None) == (username is None):
        raise Refused("bad_command", "Give either `subject` or `username`.")
    if subject is not None:
        check_subject(subject)
    return Target(subject, username)


def check_reason(reason: str | None) -> None:
    """Refuse a reason that is too long or not plain text."""
    if reason is not None:
        check_remark("reason", reason)


def unchanged(room: Room) -> FirstPost:
    """Return the outcome of a command that changes nothing: the head, as a repeat."""
    return FirstPost(room.head, room.hash, "", None, room.name)
