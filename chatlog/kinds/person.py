"""The people in commands: who asks, under which name they act, and whom a command is about."""

from __future__ import annotations

from typing import Final, cast

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity, check_subject
from chatlog.domain.names import Limits, check_remark, check_stored_room
from chatlog.domain.rights import Asker, Role, is_claim_due
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.kinds.command import Command, FirstPost, Known, Order, Target

TOKEN: Final = "(token)"  # noqa: S105 - a name
"""The user who gives the roles that a token grants."""


class PersonsCommand(Command):
    """A command of ``author``, who has proved who they are."""

    __slots__ = ()

    author: Identity

    @property
    def identity(self) -> Identity:
        """The person whose command it is."""
        return self.author


class CommandOfUser(Command):
    """A command of ``author``, or in open mode of whoever claims a ``username``."""

    __slots__ = ()

    author: Identity | None
    username: str

    @property
    def identity(self) -> Identity | None:
        """The person whose command it is, where people prove who they are."""
        return self.author

    @property
    def names(self) -> tuple[str, ...]:
        """The claimed name."""
        return () if self.author is not None else (self.username,)


class CommandAboutPerson(PersonsCommand):
    """A command of one person about another, for a ``reason``."""

    __slots__ = ()

    target: Target
    reason: str | None

    @property
    def targets(self) -> tuple[Target, ...]:
        """Whom it is about."""
        return (self.target,)

    @property
    def text(self) -> str | None:
        """The reason."""
        return self.reason


class OrderAboutPerson(Order, kw_only=True):
    """An order about somebody in a room, who is named by ``subject`` or by ``username``."""

    room: str
    subject: str | None = None
    username: str | None = None
    reason: str | None = None

    def check(self, limits: Limits) -> None:
        """Check the room's name, the reason, and that exactly one of the two names is given.

        Raises:
            Refused: with the rule that it breaks.
        """
        check_stored_room(self.room, limits)
        if self.reason is not None:
            check_remark("reason", self.reason)
        if (self.subject is None) == (self.username is None):
            raise Refused("bad_command", "Give either `subject` or `username`.")
        if self.subject is not None:
            check_subject(self.subject)

    @property
    def target(self) -> Target:
        """Whom it is about."""
        return Target(self.subject, self.username)


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

    A role that a person has given stands, and the last owner stays one.
    """
    role, subject = author.rooms.get(room.name), known.subject(author)
    given = () if subject is None else room.rights.of(subject.id)
    if role is None or not is_claim_due(given, role):
        return None
    if subject is not None and room.rights.is_last_owner(subject.id, known.time(room)):
        return None  # it claims less, or it would not be due
    return cast(Role, role)


def unchanged(room: Room) -> FirstPost:
    """Return the outcome of a command that changes nothing: the head, as a repeat."""
    return FirstPost(room.head, room.hash, "", None, room.name)
