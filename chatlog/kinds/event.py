"""The common part of all kinds of events: facts in the past tense, never changed.

A command produces an ``Event`` under the log's lock; ``Recorded`` is that event with its place in
the log.
"""

from __future__ import annotations

import builtins
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, NamedTuple, Self, TypeVar, cast

import msgspec
import rfc8785

from chatlog.domain.rights import Rights
from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.proof import ProofLine

if TYPE_CHECKING:
    from chatlog.kinds.command import Request

T = TypeVar("T")

ERASED_NAME: Final = "(erased)"

MAX_SEQ: Final = 2**63 - 1
"""The largest seq that both databases can store."""

MAX_NUMBER: Final = 2**62
Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
At = Annotated[str, msgspec.Meta(description="UTC, RFC 3339 with microseconds.")]
Via = Annotated[
    str, msgspec.Meta(description="By which door it came, if not over a socket.", max_length=200)
]


def canonical(details: Mapping[str, Any]) -> str:
    """Return the details as canonical JSON (RFC 8785): equal details give the same text.

    Of plain details the standard library's encoder makes the same text in a tenth of the time,
    which is most of what reading an event about roles costs.
    """
    return _encode(details) if _is_plain(details) else rfc8785.dumps(dict(details)).decode()


_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _is_plain(value: object) -> bool:
    """Return whether a value is of printable ASCII texts, truths, nothing, and objects of these."""
    if isinstance(value, str):
        return value.isascii() and value.isprintable()
    if isinstance(value, dict):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    return value is None or isinstance(value, bool)


def seqs_text(seqs: Iterable[int]) -> str:
    """Return the seqs of other events as the fact ``of`` has them: joined by commas."""
    return ",".join(map(str, seqs))


def seqs_in(text: str) -> tuple[int, ...]:
    """Return the seqs in a fact ``of``.

    Raises:
        ValueError: if it has anything else.
    """
    return tuple(map(int, text.split(",")))


class Facts(NamedTuple):
    """An event's facts besides user, room and time, as they are stored and hashed.

    ``details`` holds a kind's own facts beyond these fields, as ``canonical`` writes them.
    """

    session: str | None = None
    client_id: str | None = None
    cause: str | None = None
    last_seen_at: str | None = None
    sessions: int | None = None
    replay_from: int | None = None
    of: str | None = None
    details: str | None = None


class Event(ABC):
    """An event of any kind. Its own facts are those of the class."""

    __slots__ = ()

    type: ClassVar[str]
    """The kind's name in the log, in filters and in exports."""
    version: ClassVar[int] = 1
    """Another one for each change of what ``details`` hold."""
    upcasts: ClassVar[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = MappingProxyType(
        {}
    )
    """The functions that turn the details of each earlier version into those of the next. They are
    applied on reading: what is stored, hashed and exported stays as it was written."""
    is_message: ClassVar[bool] = False
    """Whether a person wrote it. It then has a ``text``, which its frame shows as ``message``."""
    is_redactable: ClassVar[bool] = False
    """Whether its ``text`` can be redacted, as that of a message can."""
    is_about_rights: ClassVar[bool] = False
    """Whether it says who may do what; a log with such an event is not served in open mode."""
    contents: ClassVar[tuple[str, ...]] = ()
    """Its fields that hold erasable contents besides ``text``: each a text that has a commitment of
    its own, or None. A frame that shows one does so under the same name. Erasing an event erases
    all of them."""
    request: ClassVar[builtins.type[Request] | None] = None
    """The command of a client in the room that appends it, if clients can."""
    frames: ClassVar[tuple[builtins.type[msgspec.Struct], ...]]
    """The types that ``frame`` returns. One that several kinds share has the kind's ``type`` as its
    ``event``; no other has a field of that name."""
    columns: ClassVar[tuple[str, ...]] = ()
    """The possible keys of ``cells``, in the order of a CSV file's columns."""
    proof_line: ClassVar[builtins.type[ProofLine]] = ProofLine

    user: User
    node: str

    @property
    def text(self) -> str | None:
        """Its erasable text; None if it has none or it was erased."""
        return None

    @property
    def client_id(self) -> str | None:
        """Its author's id for it; repeating the command with this id appends nothing."""
        return None

    @property
    def about(self) -> User | None:
        """The other user in it, whom it is about or who caused it."""
        return None

    @property
    def shown_as(self) -> str:
        """The name of its user as clients and readers get it."""
        return shown_name(self.user.name)

    @property
    def everybody(self) -> tuple[User, ...]:
        """The users in it."""
        about = self.about
        return (self.user,) if about is None else (self.user, about)

    @property
    def people(self) -> Mapping[str, User]:
        """The people whom its details commit to, by their names in the details."""
        return {}

    @property
    def times(self) -> tuple[str, ...]:
        """Its times, besides that of its place in the log."""
        return ()

    def further_contents(self) -> dict[str, str]:
        """Return those of its ``contents`` that it has, by name."""
        found = {name: getattr(self, name) for name in self.contents}
        return {name: content for name, content in found.items() if content is not None}

    def with_contents(self, contents: Mapping[str, str | None]) -> Self:
        """Return this event, with these of its ``contents``.

        Raises:
            ValueError: if its kind has no content of such a name.
        """
        if not contents:
            return self
        if unknown := contents.keys() - set(self.contents):
            raise ValueError(f"its type has no {min(unknown)}")
        changed: Self = replace(cast(Any, self), **contents)
        return changed

    @abstractmethod
    def facts(self) -> Facts:
        """Return its facts; with what all kinds add to ``details`` they are stored and hashed."""

    @classmethod
    @abstractmethod
    def of_facts(
        cls, user: User, node: str, facts: Facts, text: str | None, about: User | None = None
    ) -> Self:
        """Return the event that has these facts, still without its further contents.

        ``about`` is the user whose id is ``of``.

        Raises:
            ValueError: if no event of this kind has them.
        """

    @abstractmethod
    def frame(self, recorded: Recorded) -> msgspec.Struct:
        """Return the frame that clients get, live and replayed."""

    def hidden(self) -> Mapping[str, Any]:
        """Return the fields that ``proof_line`` adds to the common ones."""
        return {}

    @classmethod
    @abstractmethod
    def of_line(cls, user: User, frame: Any, proof: Any, people: Mapping[str, User]) -> Self:
        """Return the event in a line of an export, given its frame, its ``proof_line`` and its
        ``people``, still without its further contents.

        Raises:
            ValueError: if the line lacks something.
        """

    @abstractmethod
    def cells(self) -> Mapping[str, object]:
        """Return its cells in a CSV file, by column."""

    @abstractmethod
    def said(self) -> str:
        """Return the shell's text for it, which follows the user's name."""

    def fold(self, sessions: OpenSessions) -> None:
        """Change a room's open sessions."""

    def govern(self, rights: Rights, seq: int, at: str) -> None:
        """Change a room's rights, as the event at ``seq`` and ``at``."""

    def apply(self, room: Room) -> None:
        """Change a room, whose head is this event already."""
        self.fold(room.sessions)
        self.govern(room.rights, room.head, room.at)

    def contradiction(self, seq: int, at: str, sessions: OpenSessions) -> str | None:
        """Explain in a clause why it cannot be at ``seq`` in a room with these open sessions."""
        return None


class Recorded(msgspec.Struct, frozen=True):
    """An event in its place: durable, and the same for everyone who asks.

    ``position`` grows along the log; ``seq`` is 1, 2, 3 … in the room; ``at`` is RFC 3339
    text of 27 characters; ``hash`` is the full chain hash (32 bytes). ``via`` is the door by which
    its command came, such as ``http``; None is a socket, or the server itself.
    """

    position: int
    room: str
    seq: int
    at: str
    hash: bytes
    event: Event
    via: str | None = None

    @property
    def hash_text(self) -> str:
        """The first 16 hexadecimal digits of the hash, as sent to clients."""
        return self.hash[:8].hex()

    @property
    def place(self) -> dict[str, Any]:
        """The fields with which most frames begin: its room, seq, hash and time, and its door."""
        place = {"room": self.room, "seq": self.seq, "hash": self.hash_text, "at": self.at}
        return place if self.via is None else place | {"via": self.via}

    def moved(self, position: int) -> Recorded:
        """Return it at this position of another log."""
        return Recorded(position, self.room, self.seq, self.at, self.hash, self.event, self.via)

    def apply(self, room: Room) -> None:
        """Move the room on to this event, which is its next."""
        room.head = self.seq
        room.hash = self.hash
        room.at = self.at
        self.event.apply(room)


def required(value: T | None, field: str) -> T:
    """Return a field of a row or of an export's line, which every event of the kind has.

    Raises:
        ValueError: if it is absent.
    """
    if value is None:
        raise ValueError(f"it has no {field}")
    return value


def shown_name(name: str | None) -> str:
    """Return a user's name as clients and readers get it; None is an erased person's."""
    return ERASED_NAME if name is None else name
