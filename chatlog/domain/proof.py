"""The data needed, besides an event, to verify its place in the chain."""

from __future__ import annotations

from dataclasses import dataclass

from chatlog.domain.events import Recorded


@dataclass(frozen=True, slots=True)
class Proof:
    """The room's id, and the commitments and salts of the event's erasable content.

    ``text_commitment`` (32 bytes) is None if the event has no text. A salt is None once its
    content has been erased.
    """

    room_id: str
    name_salt: bytes | None
    text_commitment: bytes | None
    text_salt: bytes | None


@dataclass(frozen=True, slots=True)
class Proved:
    """An event with everything that a third party needs to verify it."""

    recorded: Recorded
    proof: Proof
