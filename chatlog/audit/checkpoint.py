"""A checkpoint: what all rooms' heads were at a moment, signed, to be kept elsewhere.

A chain shows that nobody has changed one event; only a statement that lies out of reach
shows that nobody has computed the whole chain anew, or cut off its end. It is one line of
JSON; ``docs/log-format.md`` says which of its bytes are signed.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.chaincheck import Wrong
from chatlog.audit.signing import is_signed, public_half
from chatlog.domain.errors import ChatlogError
from chatlog.eventlog import lookup, read
from chatlog.eventlog.schema import events, rooms

FORMAT: Final = "chatlog-checkpoint-1"

_SIGNED: Final = re.compile(rb'(.*),"signature":"([0-9a-f]{128})"\}\n?', re.DOTALL)
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
    """A checkpoint that is none, or that its signature does not fit."""


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
    """What was said of a log. ``log`` tells logs apart; ``public_key`` is raw, 32 bytes."""

    log: str
    at: str
    position: int
    rooms: tuple[Head, ...]
    public_key: bytes


async def log_id(connection: AsyncConnection) -> str:
    """Return what tells this log apart from any other; it says nothing of its secret."""
    secret = await lookup.name_secret(connection)
    return sha256(b"chatlog log identity\0" + secret).hexdigest()[:32]


async def read_checkpoint(connection: AsyncConnection, at: str, key: Ed25519PrivateKey) -> bytes:
    """Return the signed statement of all heads in the caller's snapshot: one line."""
    found = await connection.execute(_HEADS)
    heads = [
        Head(row.room, row.room_id, row.seq, bytes(row.hash).hex(), row.at, row.position)
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
    signed = _encode(said)[:-1]
    return signed + b',"signature":"%b"}\n' % key.sign(signed).hex().encode()


def decode_checkpoint(line: bytes, public_key: bytes | None) -> Checkpoint:
    """Return what a checkpoint says, once its signature was found to be good.

    Without ``public_key`` the signature is held against the key that the line itself
    names: that shows an accident, and no forger.

    Raises:
        BadCheckpoint: if it is no checkpoint, or was not signed with this key.
    """
    parts = _SIGNED.fullmatch(line)
    if parts is None:
        raise BadCheckpoint("The file is no checkpoint.")
    signed, signature = parts[1], bytes.fromhex(parts[2].decode())
    try:
        said = json.loads(signed + b"}")
        found = _checkpoint(said)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadCheckpoint(f"The file is no checkpoint: {error!r}") from None
    if public_key is not None and found.public_key != public_key:
        raise BadCheckpoint("The checkpoint was signed with another key.")
    if not is_signed(found.public_key, signature, signed):
        raise BadCheckpoint("The signature does not fit: the checkpoint was changed.")
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
    """Check that a room's event is still what a checkpoint says of it.

    Raises:
        Wrong: if not; at the first seq that can be told to differ.
    """
    asked = {"room_id": head.room_id, "seq": head.seq}
    row = (await connection.execute(_AT, asked)).first()
    if row is None:
        raise Wrong(1, "the room is gone since the checkpoint")
    if row.seq is None:
        raise Wrong(await _end_of(connection, head.room_id) + 1, "it is cut off since then")
    if bytes(row.hash).hex() != head.hash:
        raise Wrong(head.seq, "the checkpoint has another hash: the room was written anew")
    if (row.room, row.at, row.position) != (head.room, head.at, head.position):
        raise Wrong(head.seq, "the checkpoint has another name, time or position")


async def _end_of(connection: AsyncConnection, room_id: str) -> int:
    numbers = sa.select(rooms.c.id).where(rooms.c.uuid == room_id).scalar_subquery()
    last = sa.select(sa.func.coalesce(sa.func.max(events.c.seq), 0))
    return int((await connection.execute(last.where(events.c.room_id == numbers))).scalar_one())


async def check_log(connection: AsyncConnection, checkpoint: Checkpoint) -> str | None:
    """Return what is wrong with the log as a whole, in a clause; None where nothing is."""
    if await log_id(connection) != checkpoint.log:
        return "it is another log than the checkpoint's"
    if await read.end(connection) < checkpoint.position:
        return "its end is cut off since the checkpoint"
    return None
