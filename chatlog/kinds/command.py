"""Commands: requests for an event, decided under the log's lock.

The rules are pure: the same room, command and knowledge always give the same outcome.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self, cast

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.domain.names import Limits
from chatlog.domain.room import Room
from chatlog.domain.users import Subject, User
from chatlog.kinds.event import Event


@dataclass(frozen=True, slots=True)
class FirstPost:
    """The event that already has an id. ``text`` is None once erased."""

    seq: int
    hash: bytes
    type: str
    text: str | None
    room: str

    def repeated(self, type: str, text: str) -> FirstPost | Refused:
        """Return this if a command of this type and text repeats it, otherwise a refusal."""
        if type == self.type and self.text in (None, text):
            return self
        return Refused("id_conflict", "You already sent another message with this id.")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a command is about: a subject, or the subject who has a username."""

    subject: str | None = None
    username: str | None = None


Decision = Event | FirstPost | Refused | Iterable[Event]
"""The outcome of a command. Each of several events is recorded before the next is made."""


class Known(Protocol):
    """Data from the log for this batch, read under the lock."""

    @property
    def node(self) -> str:
        """The node that appends."""

    def user(self, name: str) -> User:
        """Return the user of this name; a new user if there is none."""

    def first_post(self, room: Room, user: User, id: str) -> FirstPost | None:
        """Return the event that this user already sent to this room with this id."""

    def subject(self, identity: Identity) -> Subject | None:
        """Return a person's subject; None if the log has nothing of them."""

    def person(self, identity: Identity) -> User:
        """Return the subject's user under the name that counts now.

        Raises:
            Refused: ``username_taken`` if the name, or one that looks like it, is another's.
        """

    def target(self, target: Target) -> User | None:
        """Return the user whom a command is about; a new one for a subject not seen before."""

    def operator(self, name: str) -> User:
        """Return the operator of this name, a different user from the person of this name."""

    def time(self, room: Room) -> str:
        """Return the time of the room's next event."""

    def first_join(self, room: Room, user: User) -> int | None:
        """Return the seq of the first join of the user's subject."""

    def first_since(self, room: Room, at: str) -> int:
        """Return the seq of the room's first event not before a time."""

    def first_created(self, user: User, id: str) -> FirstPost | None:
        """Return the room event that this user's subject already caused with this id."""

    def hash_at(self, room: Room, seq: int) -> bytes | None:
        """Return the chain hash of the room's event at ``seq``."""


class Command(ABC):
    """A command of any kind, to one room.

    Only imports give ``at``, because their events keep their own times; all other events get the
    time of the database's clock at the commit.
    """

    __slots__ = ()

    room: str
    at: str | None

    is_urgent: ClassVar[bool] = False
    """Whether it is committed sooner than others where commands wait for each other."""

    @property
    def via(self) -> str | None:
        """The door by which it came; None is a socket, or the server itself."""
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """The usernames that ``decide`` looks up."""
        return ()

    @property
    def identity(self) -> Identity | None:
        """The person whose command it is, where people prove who they are."""
        return None

    @property
    def targets(self) -> tuple[Target, ...]:
        """The people whom ``decide`` looks up."""
        return ()

    def through(self, via: str | None) -> Self:
        """Return the command as it came by another door than a socket."""
        changed: Self = replace(cast(Any, self), via=via)
        return changed

    def by_admin(self) -> Command:
        """Return the command of somebody whose scope gives an owner's rights."""
        return self

    def must_look_up_id(self, room: Room | None) -> bool:
        """Return whether an event with its id may be where no index of the log prevents it."""
        return False

    @property
    def seen(self) -> int | None:
        """The seq whose hash ``decide`` looks up."""
        return None

    @property
    def client_id(self) -> str | None:
        """The id whose event ``decide`` looks up."""
        return None

    @property
    def text(self) -> str | None:
        """The text in it, which counts towards the memory of the queue."""
        return None

    @abstractmethod
    def decide(self, room: Room, known: Known) -> Decision:
        """Return the outcome, given the room at its head.

        Raises:
            Refused: likewise an outcome.
        """


class Form(msgspec.Struct, tag_field="type"):
    """Whatever a client can send: a type of its own, with its own tag, for each.

    ``wire.commands.decode`` checks its form, once, and nobody checks it again. What is left to
    refuse is known only to the connection (which rooms it is in) or to the log.
    """

    def check(self, limits: Limits) -> None:
        """Check what its types do not show: names, texts, fields that exclude each other.

        Raises:
            Refused: with the rule that it breaks.
        """


class Request(Form):
    """A command from a client that is in a room; by default the room it joined last.

    A kind that clients can send has a request type of its own.
    """

    room: str | None = None
    id: str | None = None

    def command(self, room: str, session: str) -> Command:
        """Return the command, to a room that the client is in."""
        raise NotImplementedError


class Order(Form, kw_only=True):
    """A command of a person who has proved who they are, about a room that they need not be in."""

    id: str | None = None
    room: str | None = None

    def command(self, author: Identity) -> Command:
        """Return the command."""
        raise NotImplementedError


def decide(room: Room, command: Command, known: Known) -> Decision:
    """Return the resulting events, the first one if this repeats it, or a refusal.

    The writer calls this under the log's lock, once per command, in the order of the batch.
    """
    if command.at is not None and command.at < room.at:
        return Refused("bad_command", "The room already has later events.")
    try:
        return command.decide(room, known)
    except Refused as refusal:
        return refusal


def check_resume(room: Room, after: int, seen: str | None, known: Known) -> None:
    """Refuse to resume a log that is not the one seen.

    Raises:
        Refused: ``after_unknown`` or ``diverged``.
    """
    if after > room.head:
        raise Refused("after_unknown", "The room has no event at `after`. Join without it.")
    if seen is None:
        return
    there = known.hash_at(room, after)
    if there is None or there[:8].hex() != seen:
        raise Refused("diverged", "This is not the log that you saw. Join without `after`.")
