"""Certificates: what an erasure of a person erased where, to be handed to them.

A certificate names the events that record the erasure by seq and hash, and no person. The hash
chain proves that they are in the log; ``verify`` proves of every erasure in it that the content is
gone. ``docs/log-format.md`` defines the line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.evidence.checkpoint import log_id
from chatlog.audit.evidence.signing import is_signed, public_half, with_signature, without_signature
from chatlog.audit.verification.check_events import Wrong
from chatlog.databases.schema import events, rooms, stored_bytes
from chatlog.domain.errors import ChatlogError

FORMAT: Final = "chatlog-erasure-1"

_FOUND: Final = (
    sa.select(
        rooms.c.room,
        rooms.c.uuid.label("room_id"),
        events.c.seq,
        events.c.hash,
        events.c.at,
        events.c.of,
    )
    .select_from(rooms.join(events, events.c.room_id == rooms.c.id))
    .where(events.c.type == "erasure", events.c.seq == sa.bindparam("seq"))
)
_BY_NAME: Final = _FOUND.where(rooms.c.room == sa.bindparam("room"))
_BY_ID: Final = _FOUND.where(rooms.c.uuid == sa.bindparam("room_id"))


class BadCertificate(ChatlogError):
    """Not a certificate, or one whose signature does not match."""


@dataclass(frozen=True, slots=True)
class RoomErasure:
    """An event that records an erasure: the seqs ``of`` are erased in its room."""

    room: str
    room_id: str
    seq: int
    hash: str
    at: str
    of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A statement about an erasure; ``scrubbed`` tells whether it was out of the files at once."""

    log: str
    at: str
    by: str
    reason: str
    scrubbed: bool
    erasures: tuple[RoomErasure, ...]


async def read_certificate(
    connection: AsyncConnection,
    records: Sequence[tuple[str, int]],
    *,
    at: str,
    by: str,
    reason: str,
    scrubbed: bool,
    key: Ed25519PrivateKey | None,
) -> bytes:
    """Return one line: the statement on the erasures at these rooms and seqs, signed with a key."""
    found = []
    for room, seq in records:
        row = (await connection.execute(_BY_NAME, {"room": room, "seq": seq})).one()
        found.append(_erasure(row))
    told = Certificate(await log_id(connection), at, by, reason, scrubbed, tuple(found))
    said = {"type": "erasure-certificate", "format": FORMAT, **asdict(told)}
    if key is None:
        return _encode(said) + b"\n"
    return with_signature(_encode({**said, "public_key": public_half(key).hex()}), key)


def _erasure(row: Any) -> RoomErasure:
    of = tuple(map(int, row.of.split(",")))
    return RoomErasure(row.room, row.room_id, row.seq, stored_bytes(row.hash).hex(), row.at, of)


def _encode(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def decode_certificate(line: bytes, public_key: bytes | None) -> Certificate:
    """Return a certificate after verifying its signature, if it has one.

    With ``public_key`` it must have one, of this key.

    Raises:
        BadCertificate: if it is not a certificate, or its signature is not right.
    """
    parts = without_signature(line)
    try:
        said = json.loads(line if parts is None else parts[0] + b"}")
        found = _certificate(said)
        signer = bytes.fromhex(said.get("public_key", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadCertificate(f"The file is not a certificate of an erasure: {error!r}") from None
    if public_key is not None and (parts is None or signer != public_key):
        raise BadCertificate("The certificate is not signed with this key.")
    if (parts is None) != (signer == b"") or (parts and not is_signed(signer, parts[1], parts[0])):
        raise BadCertificate("The signature does not match: the certificate was changed.")
    return found


def _certificate(said: dict[str, Any]) -> Certificate:
    if said["format"] != FORMAT:
        raise ValueError(f"its format is {said['format']!r}")
    erasures = tuple(map(_stated, said["erasures"]))
    on_record = (said["log"], said["at"], said["by"], said["reason"])
    return Certificate(*on_record, said["scrubbed"], erasures)


def _stated(said: dict[str, Any]) -> RoomErasure:
    erasure = RoomErasure(**{**said, "of": tuple(said["of"])})
    words = (erasure.room, erasure.room_id, erasure.hash, erasure.at)
    if not all(type(word) is str for word in words):
        raise TypeError(f"it says {said!r}")
    if not all(type(seq) is int and 0 < seq < 2**62 for seq in (erasure.seq, *erasure.of)):
        raise TypeError(f"it says {said!r}")
    return erasure


async def check_erasure(connection: AsyncConnection, stated: RoomErasure) -> None:
    """Check that the log has this erasure. A log that was copied or imported has it as well.

    Raises:
        Wrong: if not.
    """
    asked = {"room_id": stated.room_id, "seq": stated.seq}
    row = (await connection.execute(_BY_ID, asked)).first()
    if row is None or type(row.hash) is not bytes or _erasure(row) != stated:
        raise Wrong(stated.seq, "it is not the erasure that the certificate states")
