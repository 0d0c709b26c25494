"""Commands: requests for an event, decided under the log's lock.

The rules are pure: the same room, command and knowledge always give the same outcome.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import msgspec

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.kinds.event import Event


@dataclass(frozen=True, slots=True)
class FirstPost:
    """The event that already has an id. ``text`` is None once erased."""

    seq: int
    hash: bytes
    type: str
    text: str | None

    def repeated(self, type: str, text: str) -> FirstPost | Refused:
        """Return this if a command of this type and text repeats it, otherwise a refusal."""
        if type == self.type and self.text in (None, text):
            return self
        return Refused("id_conflict", "You already sent another message with this id.")


class Known(Protocol):
    """Data from the log for this batch, read under the lock."""

    @property
    def node(self) -> str:
        """The node that appends."""

    def user(self, name: str) -> User:
        """Return the user of this name; a new user if there is none."""

    def first_post(self, room: Room, user: User, id: str) -> FirstPost | None:
        """Return the event that this user already sent to this room with this id."""

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

    @property
    def names(self) -> tuple[str, ...]:
        """The usernames that ``decide`` looks up."""
        return ()

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
    def decide(self, room: Room, known: Known) -> Event | FirstPost | Refused:
        """Return the outcome, given the room at its head."""


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


def decide(room: Room, command: Command, known: Known) -> Event | FirstPost | Refused:
    """Return the resulting event, the first one if this repeats it, or a refusal.

    The writer calls this under the log's lock, once per command, in the order of the batch.
    """
    if command.at is not None and command.at < room.at:
        return Refused("bad_command", "The room already has later events.")
    return command.decide(room, known)
