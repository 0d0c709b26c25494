"""Proofs: what a third party needs to verify an event, and what its hash holds of people.

A ``Proof`` has the commitments and salts of an event's erasable content; ``ProofLine`` is its form
in an export. Erased content leaves its commitment, but no salt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from chatlog.domain.users import User

if TYPE_CHECKING:
    from chatlog.kinds.event import Facts, Recorded

Hex16 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
# Of bytes, which ``decode_proved`` compares with the text once more: each pattern costs 0.5 µs.
Bytes16 = Annotated[str, msgspec.Meta(min_length=32, max_length=32)]
Bytes32 = Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
# PostgreSQL stores no NUL, neither database a lone surrogate.
Word = Annotated[str, msgspec.Meta(pattern="^[^\\x00-\\x1f\\x7f]{1,200}$")]


class ContentLine(msgspec.Struct, omit_defaults=True):
    """A further content in ``proof``: its salt, and itself unless the frame shows it."""

    salt: Hex16
    content: str | None = None


class PersonLine(msgspec.Struct, omit_defaults=True):
    """A person whom the details commit to, in ``proof``: what has not been erased, with its salts.

    One who is not ``named`` is called by their subject, until they use a name.
    """

    name: str | None = None
    name_salt: Hex16 | None = None
    subject: str | None = None
    subject_salt: Hex16 | None = None
    named: bool = True


class ProofLine(msgspec.Struct, omit_defaults=True):
    """``proof`` in an export: header fields that the frame does not show, commitments and salts.

    A kind with further facts that clients do not see adds them in a type of its own.
    """

    format: str
    hash: Bytes32
    room_id: Hex16
    user_id: Hex16
    node: Word
    name_commitment: Bytes32
    name_salt: Bytes16 | None = None
    text_commitment: Bytes32 | None = None
    text_salt: Bytes16 | None = None
    session: Word | None = None
    of: str | None = None
    details: str | None = None
    contents: dict[str, ContentLine] | None = None
    people: dict[str, PersonLine] | None = None


class PersonSalts(NamedTuple):
    """The salts of a person's name and subject, None once erased; see ``PersonLine.named``."""

    name: bytes | None = None
    subject: bytes | None = None
    is_named: bool = True


class Proof(msgspec.Struct, frozen=True):
    """The room's id, the commitments and salts of the event's erasable content, and its details.

    ``text_commitment`` (32 bytes) is None if the event has no text. A salt is None once its
    content has been erased. ``details`` are as stored, with the commitments to further contents;
    ``salts`` has those contents' salts by name, none once the event has been erased; ``people``
    has those of the people whom the details commit to.
    """

    room_id: str
    name_salt: bytes | None
    text_commitment: bytes | None
    text_salt: bytes | None
    details: str | None = None
    salts: Mapping[str, bytes] = {}
    people: Mapping[str, PersonSalts] = {}


class Proved(msgspec.Struct, frozen=True):
    """An event with everything that a third party needs to verify it.

    ``facts`` are as stored and hashed, if the event has been compared with them already.
    """

    recorded: Recorded
    proof: Proof
    facts: Facts | None = None


def commitments(people: Mapping[str, User]) -> dict[str, dict[str, str]]:
    """Return what a hash needs to hold of people, and of the subjects behind them."""
    return {key: _held(user) for key, user in people.items()}


def _held(user: User) -> dict[str, str]:
    held = {"id": user.id, "name": user.commitment.hex()}
    if user.subject is not None:
        held |= {"subject_id": user.subject.id, "subject": user.subject.commitment.hex()}
    return held


def author(user: User) -> dict[str, User]:
    """Return the user who caused an event among its ``people``, if that is a known subject."""
    return {} if user.subject is None else {"by": user}


def with_subject(user: User, people: Mapping[str, User]) -> User:
    """Return the user who caused the event in an export's line, with the subject behind it."""
    return replace(user, subject=people["by"].subject) if "by" in people else user
