"""Checkpoints: signed statements of all rooms' heads, to be kept elsewhere.

A chain reveals that a single event was changed; only a statement kept out of reach reveals
that the whole chain was recomputed or truncated. A checkpoint is one line of JSON;
``docs/log-format.md`` defines which of its bytes are signed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.evidence.signing import is_signed, public_half, with_signature, without_signature
from chatlog.audit.verification.check_events import Wrong
from chatlog.databases.schema import events, rooms, stored_bytes
from chatlog.domain.errors import ChatlogError
from chatlog.eventlog import lookup, read

FORMAT: Final = "chatlog-checkpoint-1"

_HEADS: Final = (
    sa.select(
        rooms.c.room,
        rooms.c.uuid.label("room_id"),
        events.c.seq,
        events.c.hash,
        events.c.at,
        events.c.position,
    )
    .select_from(rooms.join(events, events.c.room_id == rooms.c.id))
    .where(
        events.c.seq
        == sa.select(sa.func.max(events.c.seq))
        .where(events.c.room_id == rooms.c.id)
        .correlate(rooms)
        .scalar_subquery()
    )
    .order_by(rooms.c.id)
)
_AT: Final = (
    sa.select(rooms.c.room, events.c.seq, events.c.hash, events.c.at, events.c.position)
    .select_from(rooms.outerjoin(events, sa.and_(events.c.room_id == rooms.c.id,
                                                 events.c.seq == sa.bindparam("seq"))))
    .where(rooms.c.uuid == sa.bindparam("room_id"))
)  # fmt: skip


class BadCheckpoint(ChatlogError):
    """Not a checkpoint, or one whose signature does not match."""


@dataclass(frozen=True, slots=True)
class Head:
    """One room's head; ``hash`` is all 64 hexadecimal digits."""

    room: str
    room_id: str
    seq: int
    hash: str
    at: str
    position: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement about a log. ``log`` identifies the log; ``public_key`` is the raw 32 bytes."""

    log: str
    at: str
    position: int
    rooms: tuple[Head, ...]
    public_key: bytes


async def log_id(connection: AsyncConnection) -> str:
    """Return the log's public identifier, which reveals nothing of its secret."""
    secret = await lookup.name_secret(connection)
    return sha256(b"chatlog log identity\0" + secret).hexdigest()[:32]


async def read_checkpoint(connection: AsyncConnection, at: str, key: Ed25519PrivateKey) -> bytes:
    """Return one line: the signed statement of all heads in the caller's snapshot."""
    found = await connection.execute(_HEADS)
    heads = [
        Head(row.room, row.room_id, row.seq, stored_bytes(row.hash).hex(), row.at, row.position)
        for row in found
    ]
    said = {
        "type": "checkpoint",
        "format": FORMAT,
        "log": await log_id(connection),
        "at": at,
        "position": await read.end(connection),
        "rooms": [asdict(head) for head in heads],
        "public_key": public_half(key).hex(),
    }
    return with_signature(_encode(said), key)


def decode_checkpoint(line: bytes, public_key: bytes | None) -> Checkpoint:
    """Return a checkpoint after verifying its signature.

    Without ``public_key`` the signature is verified with the key in the line itself: that
    detects an accident, but not a forgery.

    Raises:
        BadCheckpoint: if it is not a checkpoint, or was not signed with this key.
    """
    parts = without_signature(line)
    if parts is None:
        raise BadCheckpoint("The file is not a checkpoint.")
    signed, signature = parts
    try:
        said = json.loads(signed + b"}")
        found = _checkpoint(said)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadCheckpoint(f"The file is not a checkpoint: {error!r}") from None
    if public_key is not None and found.public_key != public_key:
        raise BadCheckpoint("The checkpoint was signed with another key.")
    if not is_signed(found.public_key, signature, signed):
        raise BadCheckpoint("The signature does not match: the checkpoint was changed.")
    return found


def _checkpoint(said: dict[str, Any]) -> Checkpoint:
    if said["format"] != FORMAT:
        raise ValueError(f"its format is {said['format']!r}")
    heads = tuple(_head(head) for head in said["rooms"])
    key = bytes.fromhex(said["public_key"])
    return Checkpoint(said["log"], said["at"], said["position"], heads, key)


def _head(said: dict[str, Any]) -> Head:
    head = Head(**said)
    words = (head.room, head.room_id, head.hash, head.at)
    numbers = (head.seq, head.position)
    if not all(type(word) is str for word in words):
        raise TypeError(f"it says {said!r}")
    if not all(type(number) is int and 0 < number < 2**62 for number in numbers):
        raise TypeError(f"it says {said!r}")
    return head


def _encode(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


async def check_head(connection: AsyncConnection, head: Head) -> None:
    """Check that a room's event is still the one that a checkpoint states.

    The room is found by its id, and its position may be another one: it holds also after an
    export and an import.

    Raises:
        Wrong: if not, at the first seq that is known to differ.
    """
    asked = {"room_id": head.room_id, "seq": head.seq}
    row = (await connection.execute(_AT, asked)).first()
    if row is None:
        raise Wrong(1, "the room has been removed since the checkpoint")
    if row.seq is None:
        raise Wrong(
            await _end_of(connection, head.room_id) + 1,
            "it is missing: the room was truncated after the checkpoint",
        )
    if type(row.hash) is not bytes or row.hash.hex() != head.hash:
        raise Wrong(head.seq, "its hash differs from the checkpoint's: the room was rewritten")
    if (row.room, row.at) != (head.room, head.at):
        raise Wrong(head.seq, "its room name or time differs from the checkpoint's")


async def _end_of(connection: AsyncConnection, room_id: str) -> int:
    numbers = sa.select(rooms.c.id).where(rooms.c.uuid == room_id).scalar_subquery()
    last = sa.select(sa.func.coalesce(sa.func.max(events.c.seq), 0))
    return int((await connection.execute(last.where(events.c.room_id == numbers))).scalar_one())


async def check_log(connection: AsyncConnection, checkpoint: Checkpoint) -> str | None:
    """Return in a clause why rooms may differ: the checkpoint is of another log; otherwise None.

    A log that was restored from exports is another one too, with other positions, but its rooms
    do not differ.
    """
    if await log_id(connection) != checkpoint.log:
        return "the checkpoint is of another log"
    return None
