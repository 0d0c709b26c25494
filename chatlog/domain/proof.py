"""What an event needs besides itself so that its place in the chain can be checked."""

from __future__ import annotations

from dataclasses import dataclass

from chatlog.domain.events import Recorded


@dataclass(frozen=True, slots=True)
class Proof:
    """The room's id, and what seals the event's erasable content.

    ``text_commitment`` (32 bytes) is None where the event has no text. A salt is None
    once what it sealed has been erased.
    """

    room_id: str
    name_salt: bytes | None
    text_commitment: bytes | None
    text_salt: bytes | None


@dataclass(frozen=True, slots=True)
class Proved:
    """An event with all that a third party needs to verify it."""

    recorded: Recorded
    proof: Proof
