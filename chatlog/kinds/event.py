"""The common part of all kinds of events: facts in the past tense, never changed.

A command produces an ``Event`` under the log's lock; ``Recorded`` is that event with its place in
the log, ``Proved`` with everything that a third party needs to verify it.
"""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, NamedTuple, Self, TypeVar, cast

import msgspec
import rfc8785

from chatlog.domain.room import Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User

if TYPE_CHECKING:
    from chatlog.kinds.command import Request

T = TypeVar("T")

ERASED_NAME: Final = "(erased)"

Hex16 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
MAX_SEQ: Final = 2**63 - 1
"""The largest seq that both databases can store."""

MAX_NUMBER: Final = 2**62
Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
# PostgreSQL stores no NUL, neither database a lone surrogate.
Word = Annotated[str, msgspec.Meta(pattern="^[^\\x00-\\x1f\\x7f]{1,200}$")]
At = Annotated[str, msgspec.Meta(description="UTC, RFC 3339 with microseconds.")]


def canonical(details: Mapping[str, Any]) -> str:
    """Return the details as canonical JSON (RFC 8785): equal details give the same text."""
    return rfc8785.dumps(dict(details)).decode()


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


class ContentLine(msgspec.Struct, omit_defaults=True):
    """A further content in ``proof``: its salt, and itself unless the frame shows it."""

    salt: Hex16
    content: str | None = None


class ProofLine(msgspec.Struct, omit_defaults=True):
    """``proof`` in an export: header fields that the frame does not show, commitments and salts.

    A kind with further facts that clients do not see adds them in a type of its own.
    """

    format: str
    hash: Hex32
    room_id: Hex16
    user_id: Hex16
    node: Word
    name_commitment: Hex32
    name_salt: Hex16 | None = None
    text_commitment: Hex32 | None = None
    text_salt: Hex16 | None = None
    session: Word | None = None
    details: str | None = None
    contents: dict[str, ContentLine] | None = None


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
    """Whether a person wrote it. It then has a ``text``, which can be redacted, and its frame shows
    the text as ``message``."""
    contents: ClassVar[tuple[str, ...]] = ()
    """Its fields that hold erasable contents besides ``text``: each a text that has a commitment of
    its own, or None. A frame that shows one does so under the same name. Erasing an event erases
    all of them; only a message is erased."""
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
    def times(self) -> tuple[str, ...]:
        """Its times, besides that of its place in the log."""
        return ()

    def of_user(self, user: User) -> Self:
        """Return this event, of another user."""
        changed: Self = replace(cast(Any, self), user=user)
        return changed

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
    def of_facts(cls, user: User, node: str, facts: Facts, text: str | None) -> Self:
        """Return the event that has these facts, still without its further contents.

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
    def of_line(cls, user: User, frame: Any, proof: Any) -> Self:
        """Return the event in a line of an export, given its frame and its ``proof_line``, still
        without its further contents.

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

    def apply(self, room: Room) -> None:
        """Change a room, whose head is this event already."""
        self.fold(room.sessions)

    def contradiction(self, seq: int, sessions: OpenSessions) -> str | None:
        """Explain in a clause why it cannot be at ``seq`` in a room with these open sessions."""
        return None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in its place: durable, and the same for everyone who asks.

    ``position`` grows along the log; ``seq`` is 1, 2, 3 … in the room; ``at`` is RFC 3339
    text of 27 characters; ``hash`` is the full chain hash (32 bytes).
    """

    position: int
    room: str
    seq: int
    at: str
    hash: bytes
    event: Event

    @property
    def hash_text(self) -> str:
        """The first 16 hexadecimal digits of the hash, as sent to clients."""
        return self.hash[:8].hex()

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Its room, seq, hash and time, with which most frames begin."""
        return self.room, self.seq, self.hash_text, self.at

    def apply(self, room: Room) -> None:
        """Move the room on to this event, which is its next."""
        room.head = self.seq
        room.hash = self.hash
        room.at = self.at
        self.event.apply(room)


@dataclass(frozen=True, slots=True)
class Proof:
    """The room's id, the commitments and salts of the event's erasable content, and its details.

    ``text_commitment`` (32 bytes) is None if the event has no text. A salt is None once its
    content has been erased. ``details`` are as stored, with the commitments to further contents;
    ``salts`` has those contents' salts by name, none once the event has been erased.
    """

    room_id: str
    name_salt: bytes | None
    text_commitment: bytes | None
    text_salt: bytes | None
    details: str | None = None
    salts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proved:
    """An event with everything that a third party needs to verify it."""

    recorded: Recorded
    proof: Proof


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
