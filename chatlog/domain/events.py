"""Events: facts in the past tense, never changed.

They are stored and sent as ``join``, ``leave``, ``chat`` and ``erasure``. ``decide`` produces
a fact under the log's lock; ``Recorded`` is that fact with its place in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Cause = Literal["left", "disconnected", "timed_out", "shutdown", "kicked", "import_ended", "lapsed"]
EventType = Literal["chat", "join", "leave", "erasure"]

EVENT_TYPES: Final = ("chat", "join", "leave", "erasure")

MAX_SEQ: Final = 2**63 - 1
"""The largest seq that both databases can store."""


@dataclass(frozen=True, slots=True)
class User:
    """The owner of sessions: a random id created for a name at its first use.

    ``name`` is None once the person has been erased; ``commitment`` (32 bytes) stands
    for it in the hash chain, ``number`` for the user in the log's tables.
    """

    id: str
    name: str | None
    number: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Joined:
    """A session began. ``sessions`` counts the user's open ones after it."""

    user: User
    session: str
    node: str
    sessions: int
    replay_from: int


@dataclass(frozen=True, slots=True)
class Left:
    """A session ended. ``sessions`` counts the user's open ones after it.

    ``last_seen_at`` is set if the end is inferred (cause ``lapsed``): when the session was last
    known to be open.
    """

    user: User
    session: str
    node: str
    sessions: int
    cause: Cause
    last_seen_at: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A person wrote a message; ``message`` is None once it has been erased."""

    user: User
    session: str
    node: str
    message: str | None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """The content of the events ``of`` was erased by ``user``, for a ``reason``."""

    user: User
    node: str
    of: tuple[int, ...]
    reason: str | None


Event = Joined | Left | Posted | Erased


def text_of(event: Event) -> str | None:
    """Return the erasable text of an event, None where it has none or it is gone."""
    if isinstance(event, Posted):
        return event.message
    return event.reason if isinstance(event, Erased) else None


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
